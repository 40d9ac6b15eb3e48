"""The engine of the live generation: exchanged when a build switches, never in mid-answer."""

import logging
import threading
import time
from dataclasses import replace
from math import inf
from pathlib import Path

from index.errors import IndexError_, NoIndex
from index.generations import Home
from index.searching import Index, open_embedder
from qa.answering import Engine
from qa.settings import Settings

RETRY_S = 30.0  # after which a newer generation that could not be opened is tried again

log = logging.getLogger("qa.live")


class LiveEngine:
    """Hands out the engine of the generation that is live now. A request keeps the engine that it began with."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.home = home
        self._settings = settings
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._stamp: tuple[int, int] | None = None  # of the generation that was opened or tried last
        self._again_s = inf  # when it is tried again
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """Why there is no engine, or why a newer generation could not be opened; None when all is well."""
        return self._problem

    def engine(self) -> Engine:
        """The engine of the live generation; a new one is opened when the generation was switched.

        Raises NoIndex before the first build. While a newer generation cannot be opened the old one answers on, `stale`, and
        it is tried again from time to time.
        """
        stamp = self.home.live_stamp()
        current = self._engine
        if current is not None and self._is_current(stamp):
            return current
        if not self._lock.acquire(blocking=current is None):
            assert current is not None
            return current  # another thread is opening the new generation
        try:
            if self._engine is None or not self._is_current(stamp):
                self._exchange(stamp)
            assert self._engine is not None
            return self._engine
        finally:
            self._lock.release()

    def _is_current(self, stamp: tuple[int, int] | None) -> bool:
        return stamp == self._stamp and time.monotonic() < self._again_s

    def _exchange(self, stamp: tuple[int, int] | None) -> None:
        try:
            self._engine = self._open()
            self._stamp, self._problem, self._again_s = stamp, None, inf
        except Exception as error:
            self._problem = str(error) or type(error).__name__
            if self._engine is None:
                raise
            expected = isinstance(error, IndexError_)
            log.warning("the live generation cannot be opened: %s", self._problem, exc_info=not expected)
            self._engine.info = replace(self._engine.info, stale=True)
            self._stamp, self._again_s = stamp, time.monotonic() + RETRY_S

    def _open(self) -> Engine:
        folder = self.home.live_folder()
        reranker = None
        if self._settings.reranker:
            from qa.reranking import CrossEncoderReranker

            reranker = CrossEncoderReranker(self._settings.reranker)
        index = Index(folder, open_embedder(folder))
        return Engine(index, reranker=reranker, rerank_budget_ms=self._settings.rerank_budget_ms)


def open_engine(home: Path, settings: Settings) -> Engine:
    """The engine of the live generation of a home folder. Raises NoIndex or another IndexError_."""
    if not home.is_dir():
        raise NoIndex(f"there is no index in {home}; run `rcm-qa build` first, or name its folder with --home")
    return LiveEngine(Home(home), settings).engine()
