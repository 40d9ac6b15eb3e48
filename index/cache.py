"""What a build need not do twice: vectors by content, also after a killed build."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embedders import Embedder, TokenEmbedder, Vectors
from index.errors import BuildRefused
from index.tokens import Tokens, pack


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the model makes of texts, in their order."""

    vectors: Vectors  # (n, dim) float32, unit rows
    pieces: list[NDArray[np.int32]]  # of the texts with tokens
    tokens: list[Tokens]
    fresh: int  # embedded anew


STEP = 256  # texts that are embedded, then kept, at a time


def remove_database(path: Path) -> None:
    """Remove an SQLite file and what stands beside it while it is written."""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def text_key(text: str) -> bytes:
    """The key of a text: its SHA-256."""
    return hashlib.sha256(text.encode()).digest()


class EmbeddingCache:
    """One SQLite file for each embedder, named by its fingerprint; what it lacks is embedded beside other work.

    A file that is damaged is begun anew: what it held is embedded again.
    """

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._embedder = embedder
        self._path = folder / f"{embedder.fingerprint}.sqlite"
        try:
            self._open()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._connection.close()
            remove_database(self._path)
            self._open()
        self._encoder = embedder if isinstance(embedder, TokenEmbedder) else None
        self._worker = ThreadPoolExecutor(1, "embedding")
        self._waiting: dict[bytes, tuple[str, bool]] = {}  # of the next step
        self._steps: list[tuple[int, Future[None]]] = []  # number of texts

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path)
        self._connection.execute("PRAGMA secure_delete=ON")  # what is forgotten is overwritten, not only marked as free
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, pieces BLOB, tokens BLOB)"
        )
        found = self._connection.execute("SELECT key, tokens IS NOT NULL FROM vectors")
        self._kept: dict[bytes, int] = dict(found)  # with tokens, or soon

    def prepare(self, texts: Iterable[str], with_tokens: bool = False) -> None:
        """Have those of the texts that are not kept embedded in another thread, as soon as there are enough for a step."""
        wanted = with_tokens and self._encoder is not None
        for text in texts:
            key = text_key(text)
            if self._kept.get(key, -1) < wanted:
                self._kept[key] = wanted
                self._waiting[key] = text, wanted
                if len(self._waiting) == STEP:
                    self._begin_step()

    def holds(self, keys: Iterable[bytes], with_tokens: bool = False) -> bool:
        """Whether all texts with these keys are kept, or about to be embedded."""
        wanted = with_tokens and self._encoder is not None
        return all(self._kept.get(key, -1) >= wanted for key in keys)

    def embed(
        self, texts: Sequence[str], with_tokens: int = 0, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Embedded:
        """What the model makes of the texts; tokens only of the first `with_tokens`, and where the embedder gives any."""
        self.prepare(texts[:with_tokens], with_tokens=True)
        self.prepare(texts[with_tokens:])
        return self.gather([text_key(text) for text in texts], with_tokens, progress)

    def gather(
        self, keys: Sequence[bytes], with_tokens: int = 0, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Embedded:
        """The same for texts that were prepared or are kept, by their keys.

        `progress` is told of the steps that were not done yet when this was asked.
        """
        self._begin_step()
        left = sum(size for size, step in self._steps if not step.done())
        done = 0
        progress(0, left)
        for size, step in self._steps:
            late = not step.done()
            step.result()
            if late:
                done += size
                progress(done, left)
        progress(left, left)
        vectors = np.empty((len(keys), self._embedder.dim), dtype=np.float32)
        first: dict[bytes, int] = {}
        rows = [first.setdefault(key, row) for row, key in enumerate(keys)]
        missing = len(first)
        # Nearly all that is kept is wanted: reading it in the order of the file is far faster than looking up each text.
        for key, vector in self._connection.execute("SELECT key, vector FROM vectors"):
            if key in first:
                vectors[first[key]] = np.frombuffer(vector, dtype=np.float32)
                missing -= 1
        if missing:
            raise BuildRefused(f"{self._path} has lost {missing:,} of its vectors; delete it and build again")
        for row, same in enumerate(rows):
            if row != same:
                vectors[row] = vectors[same]
        found = Embedded(vectors, [], [], sum(size for size, _ in self._steps))
        if with_tokens and self._encoder is not None:
            for key in keys[:with_tokens]:
                pieces, tokens = self._connection.execute("SELECT pieces, tokens FROM vectors WHERE key = ?", (key,)).fetchone()
                found.pieces.append(np.frombuffer(pieces, dtype=np.int32))
                found.tokens.append(np.frombuffer(tokens, dtype=np.int8).reshape(len(pieces) // 4, -1 if pieces else 0))
        return found

    def _begin_step(self) -> None:
        if self._waiting:
            self._steps.append((len(self._waiting), self._worker.submit(self._embed_step, self._waiting)))
            self._waiting = {}

    def _embed_step(self, texts: Mapping[bytes, tuple[str, bool]]) -> None:
        """Embed and keep; a killed build loses no more than this. Longest first: the last of a step to end are short."""
        step = sorted(texts.items(), key=lambda item: -len(item[1][0]))
        bare = [(key, text) for key, (text, wanted) in step if not wanted]
        whole = [(key, text) for key, (text, wanted) in step if wanted]
        rows: list[tuple[bytes, bytes, bytes | None, bytes | None]] = []
        if whole and self._encoder is not None:
            for (key, _), found in zip(whole, self._encoder.encode([text for _, text in whole]), strict=True):
                rows.append((key, found.vector.tobytes(), found.pieces.tobytes(), pack(found.tokens).tobytes()))
        for (key, _), vector in zip(bare, self._embedder.embed([text for _, text in bare]), strict=True):
            rows.append((key, vector.tobytes(), None, None))
        with closing(sqlite3.connect(self._path)) as connection:
            # In WAL mode this loses nothing to a killed process, and does not wait for the disk at each step.
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
            connection.commit()

    def keep_only(self, keys: Iterable[bytes]) -> None:
        """Forget every vector but those of the texts with these keys: what was deleted leaves no trace here either."""
        wanted = set(keys)
        gone = self._kept.keys() - wanted
        if gone:
            self._connection.executemany("DELETE FROM vectors WHERE key = ?", [(key,) for key in gone])
            self._connection.commit()
            self._kept = {key: tokens for key, tokens in self._kept.items() if key in wanted}
            if len(gone) > len(wanted):
                self._connection.execute("VACUUM")

    def close(self) -> None:
        """Close the file; what has not begun to be embedded is left."""
        self._worker.shutdown(cancel_futures=True)
        self._connection.close()
