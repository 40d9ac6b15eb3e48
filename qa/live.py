"""The engine of the live generation: opened in stages, exchanged when a build switches, never in mid-answer."""

import threading
from pathlib import Path

from index.errors import IndexError_, NoIndex
from index.generations import Home
from index.searching import Index, open_embedder
from qa.answering import Engine
from qa.settings import Settings


class LiveEngine:
    """Hands out the engine of the generation that is live now. A request keeps the engine that it began with."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.home = home
        self._settings = settings
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._stamp: tuple[int, int] | None = None
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """Why there is no engine, or why a newer generation could not be opened; None when all is well."""
        return self._problem

    def open_lexical(self) -> None:
        """Open the live generation without its model, so that the first questions need not wait. Raises IndexError_."""
        engine = Engine(Index(self.home.live_folder(), None))
        with self._lock:
            if self._engine is None:
                self._engine = engine  # without a stamp: the next call of `engine` opens the whole of it

    def engine(self) -> Engine:
        """The engine of the live generation; a new one is opened when the generation was switched.

        Raises NoIndex before the first build. While a newer generation cannot be opened the old one answers on.
        """
        stamp = self.home.live_stamp()
        current = self._engine
        if current is not None and stamp == self._stamp:
            return current
        if not self._lock.acquire(blocking=current is None or self._stamp is None):
            assert current is not None
            return current  # another thread is opening the new generation
        try:
            if self._engine is not None and stamp == self._stamp:
                return self._engine
            try:
                self._engine = self._open()
                self._stamp, self._problem = stamp, None
            except IndexError_ as error:
                self._problem = str(error)
                if self._engine is None:
                    raise
                self._stamp = stamp
            return self._engine
        finally:
            self._lock.release()

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
