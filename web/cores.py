"""A core of its own for each server process, where every core has a process."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from qa.settings import Settings


def one_core_each(settings: Settings) -> bool:
    """Whether there is a process for every core, and none that wants several at once."""
    return settings.workers >= (os.cpu_count() or 1) and settings.reranker is None


def keep_to_a_core(folder: Path) -> IO[str] | None:
    """Stay on the first core that no other process took in this folder; None where all are taken or nothing can be had.

    A request goes from the thread that reads it to the one that answers and back. Where those are on different cores they
    take the caches from each other, which costs a tenth of the processor time. The core is taken as long as the file that
    comes back is open: a process that ends, however it ends, leaves its core to the one that follows it.
    """
    if sys.platform != "linux":
        return None
    import fcntl

    for core in sorted(os.sched_getaffinity(0)):
        with suppress(OSError):
            taken = (folder / f"core-{core}").open("w")
            try:
                fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.sched_setaffinity(0, {core})
                return taken
            except OSError:
                taken.close()
                raise
    return None
