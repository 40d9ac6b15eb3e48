"""What a build need not do twice: vectors by content, also after a killed build, and the compiled lexicon."""

import hashlib
import io
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus import gloss, glossary, lexicon, words
from index.embedders import Embedder, Vectors

STEP = 256  # texts that are embedded, then kept, at a time


def text_key(text: str) -> bytes:
    """The key of a text: its SHA-256."""
    return hashlib.sha256(text.encode()).digest()


class EmbeddingCache:
    """One SQLite file for each embedder, named by its fingerprint; what it lacks is embedded beside other work."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._embedder = embedder
        self._path = folder / f"{embedder.fingerprint}.sqlite"
        self._connection = sqlite3.connect(self._path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        self._worker = ThreadPoolExecutor(1, "embedding")
        self._asked: set[bytes] = set()
        self._waiting: dict[bytes, str] = {}  # of the next step
        self._steps: list[tuple[int, Future[None]]] = []  # number of texts

    def prepare(self, texts: Iterable[str]) -> None:
        """Have those of the texts that are not kept embedded in another thread, as soon as there are enough for a step."""
        new = {key: text for text in texts if (key := text_key(text)) not in self._asked}
        self._asked |= new.keys()
        for key, _ in self._find(list(new)):
            del new[key]
        for key, text in new.items():
            self._waiting[key] = text
            if len(self._waiting) == STEP:
                self._begin_step()

    def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] = lambda done, total: None) -> tuple[Vectors, int]:
        """(n, dim) float32 unit rows of the texts, and how many were embedded since the cache was opened.

        `progress` is told of the steps that were not done yet when this was asked.
        """
        self.prepare(texts)
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
        rows: dict[bytes, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(text_key(text), []).append(row)
        out = np.zeros((len(texts), self._embedder.dim), dtype=np.float32)
        for key, vector in self._find(sorted(rows)):
            out[rows[key]] = np.frombuffer(vector, dtype=np.float32)
        return out, sum(size for size, _ in self._steps)

    def _find(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """(key, vector) of those of the keys that are kept."""
        for start in range(0, len(keys), STEP):
            some = keys[start : start + STEP]
            marks = ",".join("?" * len(some))
            yield from self._connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some)

    def _begin_step(self) -> None:
        if self._waiting:
            self._steps.append((len(self._waiting), self._worker.submit(self._embed_step, self._waiting)))
            self._waiting = {}

    def _embed_step(self, texts: Mapping[bytes, str]) -> None:
        """Embed and keep; a killed build loses no more than this. Longest first: the last of a step to end are short."""
        step = sorted(texts.items(), key=lambda item: -len(item[1]))
        vectors = self._embedder.embed([text for _, text in step])
        with closing(sqlite3.connect(self._path)) as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                [(key, vector.tobytes()) for (key, _), vector in zip(step, vectors, strict=True)],
            )
            connection.commit()

    def keep_only(self, texts: Iterable[str]) -> None:
        """Forget every vector but those of these texts: what was deleted leaves no trace here either."""
        keys = {text_key(text) for text in texts}
        self._asked &= keys
        gone = [(key,) for (key,) in self._connection.execute("SELECT key FROM vectors") if key not in keys]
        if gone:
            self._connection.executemany("DELETE FROM vectors WHERE key = ?", gone)
            self._connection.commit()
            self._connection.execute("VACUUM")

    def close(self) -> None:
        """Close the file; what has not begun to be embedded is left."""
        self._worker.shutdown(cancel_futures=True)
        self._connection.close()


def language_files() -> list[Path]:
    """The files of the lexicon and the glossary, in order."""
    return sorted([*lexicon.FOLDER.glob("*.tsv"), glossary.PATH])


def compiled_lexicon(folder: Path, names: frozenset[str]) -> dict[str, NDArray[Any]]:
    """The lexicon compiled for a collection's names (see `pack_forms`), from `folder` where it was compiled before.

    One file is kept. It begins with a hash over what the lexicon is made of (language data, simplemma's dictionary, the
    code that compiles, the names) and what it became: a file that is damaged or of other input is written anew.
    """
    inputs = hashlib.sha256(f"{version('simplemma')}\n{' '.join(sorted(names))}\n".encode())
    for file in (*language_files(), *(Path(str(module.__file__)) for module in (gloss, glossary, lexicon, words))):
        inputs.update(file.name.encode() + file.read_bytes())
    path = folder / "lexicon"
    try:
        kept = path.read_bytes()
        digest, packed = kept[:32], kept[32:]
        if hashlib.sha256(inputs.digest() + packed).digest() == digest:
            with np.load(io.BytesIO(packed)) as arrays:
                return dict(arrays)
    except OSError:
        pass  # none is kept
    compiled = gloss.pack_forms(lexicon.compile_lexicon(names))
    archive = io.BytesIO()
    np.savez(archive, **compiled)  # type: ignore[arg-type]
    packed = archive.getvalue()
    temporary = path.with_name(".lexicon.new")
    temporary.write_bytes(hashlib.sha256(inputs.digest() + packed).digest() + packed)
    temporary.replace(path)
    return compiled
