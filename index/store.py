"""Documents and passages in SQLite: written once by a build, read-only afterwards."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from corpus.records import Document, Lang, Passage, document_from_record, document_record
from corpus.words import folded_words
from index.analysis import stem
from index.errors import IndexMismatch, UnknownId

K = TypeVar("K")
V = TypeVar("V")

_SCHEMA = """
CREATE TABLE documents (
    ordinal INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, variant TEXT NOT NULL, lang TEXT NOT NULL,
    record TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX documents_variant ON documents (variant);
CREATE TABLE passages (
    ordinal INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    section TEXT NOT NULL, page INTEGER, sentences TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX passages_document ON passages (document, start);
-- The folded words of each passage and of the heading over it, and the stems of its words; only where they stand is kept.
CREATE VIRTUAL TABLE sayings USING fts5 (words, heading, en, es, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0');
"""


def write_store(path: Path, documents: Sequence[Document], passages: Sequence[tuple[int, Passage]]) -> None:
    """Write documents, and passages as (document ordinal, passage), each in order of its ordinal."""
    connection = sqlite3.connect(path)
    try:
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
        connection.executemany(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)",
            (
                (n, d.id, d.variant_of or d.id, d.lang, json.dumps(document_record(d), ensure_ascii=False), d.text)
                for n, d in enumerate(documents)
            ),
        )
        connection.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    ordinal,
                    document,
                    p.start,
                    p.end,
                    json.dumps(p.section, ensure_ascii=False),
                    p.page,
                    ",".join(f"{a}-{b}" for a, b in p.sentences),
                    p.text,
                )
                for ordinal, (document, p) in enumerate(passages)
            ),
        )
        connection.executemany(
            "INSERT INTO sayings (rowid, words, heading, en, es) VALUES (?, ?, ?, ?, ?)",
            ((ordinal, *_sayings(passage)) for ordinal, (_, passage) in enumerate(passages)),
        )
        connection.execute("INSERT INTO sayings (sayings) VALUES ('optimize')")
        connection.commit()
        connection.execute("ANALYZE")
        connection.commit()
    finally:
        connection.close()


def _sayings(passage: Passage) -> tuple[str, str, str, str]:
    words = folded_words(passage.text)
    heading = " ".join(folded_words(passage.section[-1])) if passage.section else ""
    stems = " ".join(stem(word, passage.lang) for word in words)
    return " ".join(words), heading, stems if passage.lang == "en" else "", stems if passage.lang == "es" else ""


def _document(identifier: str, lang: str, record: str, text: str) -> Document:
    return document_from_record(identifier, lang, text, json.loads(record))


def _keep(kept: dict[K, V], key: K, value: V, most: int) -> V:
    """Remember a value, beginning anew where that would be more than `most`; several threads may do so at once."""
    if len(kept) >= most:
        kept.clear()
    kept[key] = value
    return value


class Store:
    """Read access to the documents and passages of one generation; safe to use from several threads.

    The file is opened once and stays readable when its generation is deleted: a request ends with the one it began with.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise IndexMismatch(f"{path} is missing; run `rcm-qa build --force`")
        self._path = path
        self._lock = threading.Lock()
        try:
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from None
        self._documents: dict[int, Document] = {}
        self._passages: dict[int, Passage] = {}
        self._ordinals: dict[str, int] = {}
        self._variants: dict[str, dict[str, str]] = {}
        self.documents_count: int = self._rows("SELECT count(*) FROM documents")[0][0]

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: sqlite3.DatabaseError) -> IndexMismatch:
        return IndexMismatch(f"{self._path} cannot be read ({error}); run `rcm-qa build --force`")

    def document_at(self, ordinal: int) -> Document:
        """The document with this ordinal; the few hundred last used are kept."""
        document = self._documents.get(ordinal)
        if document is None:
            rows = self._rows("SELECT id, lang, record, text FROM documents WHERE ordinal = ?", (ordinal,))
            if not rows:
                raise UnknownId(f"there is no document number {ordinal}")
            document = _document(*rows[0])
            _keep(self._documents, ordinal, document, 512)
        return document

    def ordinal_of(self, document_id: str) -> int:
        """The ordinal of a document. Raises UnknownId."""
        known = self._ordinals.get(document_id)
        if known is not None:
            return known
        rows = self._rows("SELECT ordinal FROM documents WHERE id = ?", (document_id,))
        if not rows:
            raise UnknownId(f"there is no document {document_id!r} in the index; `rcm-qa documents` lists the ids")
        return _keep(self._ordinals, document_id, int(rows[0][0]), 4096)

    def document(self, document_id: str) -> Document:
        """The document with this id. Raises UnknownId."""
        return self.document_at(self.ordinal_of(document_id))

    def documents(self) -> Iterator[Document]:
        """All documents in order of id."""
        for row in self._rows("SELECT id, lang, record, text FROM documents ORDER BY ordinal"):
            yield _document(*row)

    def texts_with(self, strings: Sequence[str]) -> Iterator[tuple[int, str]]:
        """(ordinal, text) of the documents whose text holds each of these strings, in order."""
        condition = " AND ".join("instr(text, ?)" for _ in strings)
        for (ordinal,) in self._rows(f"SELECT ordinal FROM documents WHERE {condition} ORDER BY ordinal", strings):
            yield ordinal, self._rows("SELECT text FROM documents WHERE ordinal = ?", (ordinal,))[0][0]

    def document_ids(self) -> list[str]:
        """The ids of all documents in order."""
        return [identifier for (identifier,) in self._rows("SELECT id FROM documents ORDER BY ordinal")]

    def variants(self, document: Document) -> dict[str, str]:
        """Language -> id of the other language versions of a document."""
        known = self._variants.get(document.id)
        if known is None:
            wanted = (document.variant_of or document.id,)
            rows = self._rows("SELECT lang, id FROM documents WHERE variant = ? ORDER BY id", wanted)
            others = {lang: identifier for lang, identifier in rows if identifier != document.id}
            known = _keep(self._variants, document.id, others, 4096)
        return dict(known)

    def passages_at(self, ordinals: Sequence[int]) -> list[Passage]:
        """The passages with these ordinals, in the order asked for; the thousand last used are kept."""
        wanted = [int(ordinal) for ordinal in ordinals]
        found = {ordinal: passage for ordinal in wanted if (passage := self._passages.get(ordinal)) is not None}
        missing = [ordinal for ordinal in wanted if ordinal not in found]
        if missing:
            marks = ",".join("?" * len(missing))
            for row in self._rows(
                f"SELECT p.ordinal, d.id, d.lang, p.start, p.end, p.section, p.page, p.sentences, p.text "
                f"FROM passages p JOIN documents d ON d.ordinal = p.document WHERE p.ordinal IN ({marks})",
                missing,
            ):
                found[row[0]] = _keep(self._passages, row[0], _passage(row[1:]), 1024)
        return [found[ordinal] for ordinal in wanted]

    def passages_saying(self, words: Sequence[str], stems_of: Lang | None = None) -> list[int]:
        """Ordinals of the passages that hold these folded words one after the other, or in the heading over them, in order; with
        a language, of those in it that hold words of these stems.
        """
        query = "SELECT rowid FROM sayings WHERE sayings MATCH ? ORDER BY rowid"
        columns = stems_of or "{words heading}"
        return [ordinal for (ordinal,) in self._rows(query, (f'{columns} : "{" ".join(words)}"',))]

    def passages_of(self, document_id: str) -> list[tuple[int, Passage]]:
        """(ordinal, passage) of a document, in order."""
        rows = self._rows(
            "SELECT p.ordinal, d.id, d.lang, p.start, p.end, p.section, p.page, p.sentences, p.text "
            "FROM passages p JOIN documents d ON d.ordinal = p.document WHERE d.id = ? ORDER BY p.start, p.end",
            (document_id,),
        )
        return [(row[0], _passage(row[1:])) for row in rows]

    def passage_ids(self) -> Iterator[tuple[str, str]]:
        """(id, text) of every passage."""
        for identifier, start, end, text in self._rows(
            "SELECT d.id, p.start, p.end, p.text FROM passages p JOIN documents d ON d.ordinal = p.document ORDER BY p.ordinal"
        ):
            yield f"{identifier}:{start}-{end}", text

    def close(self) -> None:
        """Close the file; nothing can be read any more."""
        self._connection.close()


def _passage(row: tuple[Any, ...]) -> Passage:
    identifier, lang, start, end, section, page, sentences, text = row
    return Passage(
        document_id=identifier,
        start=start,
        end=end,
        text=text,
        lang="es" if lang == "es" else "en",
        section=tuple(json.loads(section)),
        page=page,
        sentences=tuple((int(a), int(b)) for a, b in (pair.split("-") for pair in sentences.split(",") if pair)),
    )
