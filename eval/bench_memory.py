"""Memory of a process and of the machine, as the system tells it."""

import os
import subprocess
from pathlib import Path

MIB = 1 << 20


def resident(pid: int | None = None) -> dict[str, float]:
    """Resident memory of a process in MiB: all of it, and where the system tells, what is not pages of mapped files."""
    number = os.getpid() if pid is None else pid
    status = Path(f"/proc/{number}/status")
    if not status.is_file():
        found = subprocess.run(["ps", "-o", "rss=", "-p", str(number)], capture_output=True, text=True, check=True).stdout
        return {"rss_mib": int(found) / 1024}
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines() if ":" in line)
    return {"rss_mib": int(lines["VmRSS"].split()[0]) / 1024, "own_mib": int(lines["RssAnon"].split()[0]) / 1024}


def available_bytes() -> int | None:
    """Memory that is free for use, None where the system does not tell."""
    path = Path("/proc/meminfo")
    if not path.is_file():
        return None
    lines = dict(line.split(":", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return int(lines["MemAvailable"].split()[0]) * 1024
