"""Ready in stages: live, then answering by words alone, then with the model; loading never blocks a request."""

import logging
import threading
from collections.abc import Callable
from typing import Literal

from index.errors import IndexError_
from index.searching import Index
from qa.answering import Engine
from qa.live import LiveEngine

Stage = Literal["starting", "lexical", "full"]
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

log = logging.getLogger("web.readiness")


class NotReady(Exception):
    """No index is open yet; the reason is for people."""


class Readiness:
    """Opens the live generation in the background and hands out the best engine that there is."""

    def __init__(self, live: LiveEngine, on_stage: Callable[[Stage, Engine], None] = lambda stage, engine: None) -> None:
        self.live = live
        self.stage: Stage = "starting"
        self._on_stage = on_stage
        self._problem: str | None = None
        self._lexical: Engine | None = None
        self._stamp: tuple[int, int] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def problem(self) -> str | None:
        """Why the stage is not a higher one, or why a newer generation could not be opened."""
        return self._problem or self.live.problem

    def start(self) -> None:
        """Begin to open the index in a thread."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="opening", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Give up waiting for an index."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=5)

    def _run(self) -> None:
        tries = 0
        while not self._stop.is_set():
            try:
                self.open_lexical()
                self.open_full()
                return
            except IndexError_ as error:
                self._problem = str(error)
            except Exception:
                log.exception("the index could not be opened")
                self._problem = "the index could not be opened; the log says why"
            self._stop.wait(_PAUSES_S[min(tries, len(_PAUSES_S) - 1)])
            tries += 1

    def open_lexical(self) -> None:
        """Open the live generation without its model. Raises IndexError_."""
        stamp = self.live.home.live_stamp()
        if self.stage == "full" or (self._lexical is not None and stamp == self._stamp):
            return
        engine = Engine(Index(self.live.home.live_folder(), None))
        self._lexical, self._stamp, self.stage = engine, stamp, "lexical"
        self._on_stage(self.stage, engine)

    def open_full(self) -> None:
        """Open the live generation with its model. Raises IndexError_."""
        engine = self.live.engine()
        self.stage, self._problem, self._lexical = "full", None, None
        self._on_stage(self.stage, engine)

    def engine(self) -> Engine:
        """The engine that answers now; a request keeps the one that it began with. Raises NotReady or IndexError_."""
        lexical = self._lexical
        if self.stage == "full":
            return self.live.engine()
        if lexical is not None:
            return lexical
        raise NotReady(self._problem or "the index is being opened; try again in a moment")
