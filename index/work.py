"""What a build makes of one document by itself, or of the lexicon, and how it is kept so that the next build need not make it again.

The same bytes are read whether they were made now or kept, so that both give the same index.
"""

import hashlib
import json
import sqlite3
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.gloss import AskedGloss
from corpus.records import Document, Passage, document_record
from corpus.words import WordCounts
from index.cache import remove_database
from index.errors import BuildRefused
from index.places import PLACE
from index.synonyms import Thesaurus
from index.weighing import Weighed

_PACKAGES = (
    "trafilatura", "lxml", "jusText", "htmldate", "pypdfium2", "python-docx", "markdown-it-py", "PyYAML", "charset-normalizer",
    "pydantic", "tokenizers", "PyStemmer", "numpy",
)  # fmt: skip
_KEY_SIZE = 32
_FORGET_TIMEOUT_S = 30.0
_COMMIT_EVERY = 256  # values: a killed build loses no more


@cache
def _code() -> bytes:
    """Hash of the code that reads, cuts and analyses documents: what another version of it made is not used."""
    digest = hashlib.sha256(sys.version.encode())
    for package in _PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    root = Path(__file__).parents[1]
    for stage in ("corpus", "index"):
        for file in sorted((root / stage).glob("*.py")):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()


class WorkCache:
    """Values by a hash of what they were made of, in one SQLite file; each with a hash of its own.

    Only ever a help: what is damaged is not there, a file that is no database is begun anew, and what cannot be written
    is not kept.
    """

    def __init__(self, path: Path, timeout_s: float = 5.0) -> None:
        """`timeout_s` is how long to wait for another process that writes."""
        self._path = path
        self._timeout_s = timeout_s
        self._new = 0
        self._connection: sqlite3.Connection | None = None
        try:
            self._open()
        except sqlite3.DatabaseError:
            self._begin_anew()

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, timeout=self._timeout_s)
            # What is deleted is overwritten. Nothing is synced: a value that a failing machine spoils is found by its hash.
            self._connection.executescript(
                "PRAGMA secure_delete=ON; PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
                "CREATE TABLE IF NOT EXISTS work (key BLOB PRIMARY KEY, value BLOB NOT NULL)"
            )
        except (OSError, sqlite3.OperationalError):
            self.close()

    def _begin_anew(self) -> None:
        """Another file in place of one that is damaged."""
        self.close()
        with suppress(OSError):
            remove_database(self._path)
            self._open()

    def _run(self, statement: str, *values: bytes) -> list[tuple[bytes, ...]]:
        """What a statement finds, nothing where the file is damaged, busy or full."""
        if self._connection is None:
            return []
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError:
            return []
        except sqlite3.DatabaseError:
            self._begin_anew()
            return []

    def get(self, key: bytes) -> bytes | None:
        """What is kept under a key."""
        stored = _code_key(key)
        for (value,) in self._run("SELECT value FROM work WHERE key = ?", stored):
            if hashlib.sha256(stored + value[_KEY_SIZE:]).digest() == value[:_KEY_SIZE]:
                return value[_KEY_SIZE:]
        return None

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value."""
        stored = _code_key(key)
        self._run("INSERT OR REPLACE INTO work VALUES (?, ?)", stored, hashlib.sha256(stored + value).digest() + value)
        self._new += 1
        if self._new % _COMMIT_EVERY == 0:
            self._commit()

    def keep_only(self, keys: Iterable[bytes]) -> None:
        """Forget all but the values under these keys; everything, where the others cannot be deleted."""
        if self._connection is None:
            return
        wanted = set(map(_code_key, keys))
        try:
            kept = {key for (key,) in self._connection.execute("SELECT key FROM work")}
            self._connection.executemany("DELETE FROM work WHERE key = ?", [(key,) for key in kept - wanted])
            self._connection.commit()
            if len(kept) > 2 * len(wanted):
                self._connection.execute("VACUUM")
        except sqlite3.DatabaseError:
            self._begin_anew()

    def _commit(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.DatabaseError):
                self._connection.commit()

    def close(self) -> None:
        """Keep what was put, close the file."""
        self._commit()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _code_key(key: bytes) -> bytes:
    return hashlib.sha256(_code() + key).digest()


def forget_leftovers(folder: Path) -> None:
    """Write the databases of a cache folder anew, so that nothing of what was deleted is left in them.

    Raises BuildRefused when another process uses one.
    """
    for path in filter(Path.is_file, sorted(folder.glob("*.sqlite"))):
        try:
            with closing(sqlite3.connect(path, timeout=_FORGET_TIMEOUT_S)) as connection:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise BuildRefused(f"{path} cannot be cleared of what was removed ({error}); try again") from None
        except sqlite3.DatabaseError:
            remove_database(path)  # damaged: nothing of it is of use


@dataclass(frozen=True, slots=True)
class Cut:
    """The passages of a document, and what is embedded of it: a text for each passage, one for each of their sentences."""

    passages: list[Passage]
    embedded: list[bytes]  # key of the text of each passage
    sentences: list[bytes]  # key of the text of each sentence of each passage
    tokens: list[int]  # of each of these sentences, without the special tokens


def pack_words(found: WordCounts) -> list[bytes]:
    """The words of a document as bytes."""
    return [json.dumps(found.words).encode(), found.counts.tobytes()]


def unpack_words(parts: Sequence[bytes]) -> WordCounts:
    """The words that were packed."""
    return WordCounts(json.loads(parts[0]), np.frombuffer(parts[1], np.int64).reshape(-1, 3))


def pack_passages(passages: Sequence[Passage]) -> bytes:
    """Passages as bytes, without what their document says."""
    return json.dumps([(p.start, p.end, p.section, p.page, p.sentences) for p in passages]).encode()


def pack_cut(cut: Cut) -> list[bytes]:
    """How a document is cut as bytes."""
    tokens = np.array(cut.tokens, np.int32)
    return [pack_passages(cut.passages), b"".join(cut.embedded), b"".join(cut.sentences), tokens.tobytes()]


def unpack_cut(document: Document, parts: Sequence[bytes]) -> Cut:
    """How a document is cut, as it was packed."""
    passages, _, _, tokens = parts
    embedded, sentences = unpack_keys(parts)
    return Cut(
        [
            Passage(
                document_id=document.id,
                start=start,
                end=end,
                text=document.text[start:end],
                lang=document.lang,
                section=tuple(section),
                page=page,
                sentences=tuple((a, b) for a, b in spans),
            )
            for start, end, section, page, spans in json.loads(passages)
        ],
        embedded,
        sentences,
        np.frombuffer(tokens, np.int32).tolist(),
    )


def unpack_keys(parts: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The keys of the texts of passages and of sentences alone, of a packed cut."""
    embedded, sentences = (
        [joined[at : at + _KEY_SIZE] for at in range(0, len(joined), _KEY_SIZE)] for joined in (parts[1], parts[2])
    )
    return embedded, sentences


_ARRAYS: tuple[Any, ...] = (np.intc, np.float64, np.int32, np.float64, PLACE, np.int32)


def pack_weighed(found: Weighed) -> list[bytes]:
    """Weighted terms as bytes."""
    arrays = (found.numbers, found.weights, found.counts, found.lengths, found.places, found.place_counts)
    return [json.dumps(found.terms).encode(), *(array.tobytes() for array in arrays)]


def unpack_weighed(parts: Sequence[bytes]) -> Weighed:
    """The weighted terms that were packed."""
    arrays: list[NDArray[Any]] = [np.frombuffer(part, dtype) for part, dtype in zip(parts[1:], _ARRAYS, strict=True)]
    return Weighed(json.loads(parts[0]), *arrays)


def pack_thesaurus(found: Thesaurus) -> list[bytes]:
    """The stemmed thesaurus as bytes."""
    return [json.dumps(found.stems).encode(), *(array.tobytes() for array in (found.terms, found.near, found.weights))]


def unpack_thesaurus(parts: Sequence[bytes]) -> Thesaurus:
    """The thesaurus that was packed."""
    arrays = [np.frombuffer(part, dtype) for part, dtype in zip(parts[1:], (np.uint64, np.int32, np.float32), strict=True)]
    return Thesaurus(json.loads(parts[0]), *arrays)


def hash_document(document: Document) -> bytes:
    """Hash of everything that a document says; where it was read from is no part of it."""
    record = [document.id, document.lang, document.text, {**document_record(document), "path": None}]
    return hashlib.sha256(json.dumps(record).encode()).digest()


class DocumentWork:
    """Finds what was made of a document in an earlier build, or has it made and keeps it."""

    def __init__(self, kept: WorkCache, settings: bytes) -> None:
        """`settings` stand for all that decides what is made, beside the document and the answers of the gloss."""
        self._kept = kept
        self._settings = settings
        self._used: set[bytes] = set()

    def find(
        self,
        kind: str,
        inputs: bytes,
        make: Callable[[], list[bytes]],
        gloss: AskedGloss | None = None,
        usable: Callable[[list[bytes]], bool] = lambda parts: True,
    ) -> list[bytes]:
        """What `make` returned for these inputs (a hash of the document), now or in an earlier build.

        What was made with the help of the gloss is used where the gloss still gives the answers that it gave then.
        """
        key = hashlib.sha256(kind.encode() + self._settings + inputs).digest()
        self._used.add(key)
        found = self._kept.get(key)
        if found is not None:
            asked, answers, *parts = _split(found)
            if _answers(gloss, json.loads(asked)) == answers and usable(parts):
                return parts
        if gloss is not None:
            gloss.asked.clear()
        parts = make()
        questions = sorted(gloss.asked) if gloss is not None else []
        self._kept.put(key, _join([json.dumps(questions).encode(), _answers(gloss, questions), *parts]))
        return parts

    def forget_others(self) -> None:
        """Forget what belongs to no document of this build."""
        self._kept.keep_only(self._used)


def _answers(gloss: AskedGloss | None, questions: Sequence[str]) -> bytes:
    return gloss.answers(questions) if gloss is not None else b""


def _join(parts: Sequence[bytes]) -> bytes:
    return struct.pack(f"<{len(parts) + 1}Q", len(parts), *map(len, parts)) + b"".join(parts)


def _split(joined: bytes) -> list[bytes]:
    (count,) = struct.unpack_from("<Q", joined)
    at = 8 * (count + 1)
    parts: list[bytes] = []
    for size in struct.unpack_from(f"<{count}Q", joined, 8):
        parts.append(joined[at : at + size])
        at += size
    return parts
