"""What a build need not do twice: vectors by content, also after a killed build, and the compiled lexicon."""

import hashlib
import io
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
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


def text_key(text: str) -> bytes:
    """The key of a text: its SHA-256."""
    return hashlib.sha256(text.encode()).digest()


class EmbeddingCache:
    """One SQLite file for each embedder, named by its fingerprint."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._embedder = embedder
        self._connection = sqlite3.connect(folder / f"{embedder.fingerprint}.sqlite")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, pieces BLOB, tokens BLOB) WITHOUT ROWID"
        )

    def embed(
        self, texts: Sequence[str], with_tokens: int = 0, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Embedded:
        """Vectors of the texts, and the tokens of the first `with_tokens` of them. Kept in steps, so a kill loses little.

        No tokens where the embedder does not give any.
        """
        encoder = self._embedder if with_tokens and isinstance(self._embedder, TokenEmbedder) else None
        with_tokens = with_tokens if encoder is not None else 0
        rows: dict[bytes, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(text_key(text), []).append(row)
        out = Embedded(np.zeros((len(texts), self._embedder.dim), dtype=np.float32), [], [], 0)
        pieces: dict[int, NDArray[np.int32]] = {}
        tokens: dict[int, Tokens] = {}
        missing: list[bytes] = []

        def take(key: bytes, vector: NDArray[np.float32], piece: NDArray[np.int32] | None, token: Tokens | None) -> None:
            out.vectors[rows[key]] = vector
            for row in rows[key]:
                if row < with_tokens and piece is not None and token is not None:
                    pieces[row], tokens[row] = piece, token

        for key, places in rows.items():
            found = self._connection.execute("SELECT vector, pieces, tokens FROM vectors WHERE key = ?", (key,)).fetchone()
            if found is None or (places[0] < with_tokens and found[1] is None):
                missing.append(key)
            elif found[1] is None:
                take(key, np.frombuffer(found[0], dtype=np.float32), None, None)
            else:
                piece = np.frombuffer(found[1], dtype=np.int32)
                width = len(found[2]) // max(len(piece), 1)
                take(
                    key,
                    np.frombuffer(found[0], dtype=np.float32),
                    piece,
                    np.frombuffer(found[2], dtype=np.int8).reshape(len(piece), width),
                )
        # Longest first: the time left shrinks faster than promised, not slower.
        missing.sort(key=lambda key: -len(texts[rows[key][0]]))
        done = 0
        progress(0, len(missing))
        for start in range(0, len(missing), 256):
            step = missing[start : start + 256]
            kept: list[tuple[bytes, bytes, bytes | None, bytes | None]] = []
            wanted = [key for key in step if rows[key][0] < with_tokens]
            if encoder is not None and wanted:
                for key, encoded in zip(wanted, encoder.encode([texts[rows[key][0]] for key in wanted]), strict=True):
                    packed = pack(encoded.tokens)
                    take(key, encoded.vector, encoded.pieces, packed)
                    kept.append((key, encoded.vector.tobytes(), encoded.pieces.tobytes(), packed.tobytes()))
            bare = [key for key in step if rows[key][0] >= with_tokens]
            for key, vector in zip(bare, self._embedder.embed([texts[rows[key][0]] for key in bare]), strict=True):
                take(key, vector, None, None)
                kept.append((key, vector.tobytes(), None, None))
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", kept)
            self._connection.commit()
            done += len(step)
            progress(done, len(missing))
        out.pieces.extend(pieces[row] for row in range(with_tokens))
        out.tokens.extend(tokens[row] for row in range(with_tokens))
        return replace(out, fresh=len(missing))

    def keep_only(self, texts: Iterable[str]) -> None:
        """Forget every vector but those of these texts: what was deleted leaves no trace here either."""
        keys = {text_key(text) for text in texts}
        gone = [(key,) for (key,) in self._connection.execute("SELECT key FROM vectors") if key not in keys]
        if gone:
            self._connection.executemany("DELETE FROM vectors WHERE key = ?", gone)
            self._connection.commit()
            self._connection.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
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
