"""What a build need not do twice: vectors by content, also after a killed build, and the compiled lexicon."""

import hashlib
import io
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus import gloss, glossary, lexicon, words
from index.embedders import Embedder, TokenEmbedder, Vectors
from index.tokens import Tokens, pack


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the model makes of texts, in their order."""

    vectors: Vectors  # (n, dim) float32, unit rows
    pieces: list[NDArray[np.int32]]  # of the texts with tokens
    tokens: list[Tokens]
    fresh: int  # embedded anew


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
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, pieces BLOB, tokens BLOB) WITHOUT ROWID"
        )
        self._encoder = embedder if isinstance(embedder, TokenEmbedder) else None
        self._worker = ThreadPoolExecutor(1, "embedding")
        self._asked: dict[bytes, bool] = {}  # with tokens
        self._waiting: dict[bytes, tuple[str, bool]] = {}  # of the next step
        self._steps: list[tuple[int, Future[None]]] = []  # number of texts

    def prepare(self, texts: Iterable[str], with_tokens: bool = False) -> None:
        """Have those of the texts that are not kept embedded in another thread, as soon as there are enough for a step."""
        wanted = with_tokens and self._encoder is not None
        for text in texts:
            key = text_key(text)
            if key in self._asked and self._asked[key] >= wanted:
                continue
            self._asked[key] = wanted
            kept = self._find(key)
            if kept is None or (wanted and kept[1] is None):
                self._waiting[key] = text, wanted
                if len(self._waiting) == STEP:
                    self._begin_step()

    def embed(
        self, texts: Sequence[str], with_tokens: int = 0, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Embedded:
        """What the model makes of the texts; tokens only of the first `with_tokens`, and where the embedder gives any.

        `progress` is told of the steps that were not done yet when this was asked.
        """
        self.prepare(texts[:with_tokens], with_tokens=True)
        self.prepare(texts[with_tokens:])
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
        found = Embedded(
            np.zeros((len(texts), self._embedder.dim), dtype=np.float32), [], [], sum(size for size, _ in self._steps)
        )
        for row, text in enumerate(texts):
            vector, pieces, tokens = self._find(text_key(text)) or (b"", None, None)
            found.vectors[row] = np.frombuffer(vector, dtype=np.float32)
            if row < with_tokens and pieces is not None and tokens is not None:
                found.pieces.append(np.frombuffer(pieces, dtype=np.int32))
                found.tokens.append(np.frombuffer(tokens, dtype=np.int8).reshape(len(pieces) // 4, -1 if pieces else 0))
        return found

    def _find(self, key: bytes) -> tuple[bytes, bytes | None, bytes | None] | None:
        """Vector, pieces and tokens of a text that is kept."""
        return self._connection.execute("SELECT vector, pieces, tokens FROM vectors WHERE key = ?", (key,)).fetchone()  # type: ignore[no-any-return]

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
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
            connection.commit()

    def keep_only(self, texts: Iterable[str]) -> None:
        """Forget every vector but those of these texts: what was deleted leaves no trace here either."""
        keys = {text_key(text) for text in texts}
        self._asked = {key: wanted for key, wanted in self._asked.items() if key in keys}
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
