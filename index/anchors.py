"""Permalinks that outlive a rebuild: a passage id that is gone is found again by what it quoted, one that says something else told."""

import sqlite3
from pathlib import Path

from rapidfuzz import fuzz

from corpus.records import Passage
from index.errors import UnknownId
from index.store import Store

_MIN_LIKENESS = 60.0


def keep_anchors(path: Path, generation: str, before: Store, after: Store) -> None:
    """Keep the text of every id under which `after` has nothing or something else; forget those of documents that are gone.

    What was kept of an id first stays: it is what the oldest links quote.
    """
    if path.is_file() and not _readable(path):
        path.unlink()  # a damaged file of anchors must not stop builds; older permalinks resolve by place instead
    now = {identifier: hash(text) for identifier, text in after.passage_ids()}  # not the texts: they may be many
    documents = set(after.document_ids())
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten, not only marked as free
        connection.execute("CREATE TABLE IF NOT EXISTS anchors (id TEXT PRIMARY KEY, document TEXT, text TEXT, generation TEXT)")
        connection.executemany(
            "INSERT OR IGNORE INTO anchors VALUES (?, ?, ?, ?)",
            (
                (identifier, identifier.rpartition(":")[0], text, generation)
                for identifier, text in before.passage_ids()
                if now.get(identifier) != hash(text) and identifier.rpartition(":")[0] in documents
            ),
        )
        held = {row[0] for row in connection.execute("SELECT DISTINCT document FROM anchors")}
        connection.executemany("DELETE FROM anchors WHERE document = ?", [(d,) for d in held - documents])
    connection.close()


def _readable(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("PRAGMA quick_check").fetchone()[0] == "ok")
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def parse_passage_id(identifier: str) -> tuple[str, int, int]:
    """Document id, start and end of a passage id. Raises UnknownId for another shape."""
    document, _, span = identifier.rpartition(":")
    start, dash, end = span.partition("-")
    if not (document and dash and start.isascii() and end.isascii() and start.isdigit() and end.isdigit() and len(span) <= 24):
        raise UnknownId(f"{identifier[:120]!r} is not a passage id; it looks like DOCUMENT:START-END")
    return document, int(start), int(end)


def resolve_passage(store: Store, anchors: Path, identifier: str) -> tuple[int, Passage, bool]:
    """(ordinal, passage, moved): the passage of an id, or the one that holds most of what it quoted. Raises UnknownId."""
    document, start, end = parse_passage_id(identifier)
    passages = store.passages_of(document)
    if not passages:
        raise UnknownId(f"there is no document {document[:120]!r} in the index; `rcm-qa documents` lists the ids")
    for ordinal, passage in passages:
        if (passage.start, passage.end) == (start, end):
            return ordinal, passage, False
    quoted = _anchor(anchors, identifier)
    if quoted is not None:
        ordinal, passage = max(passages, key=lambda item: fuzz.token_set_ratio(item[1].text, quoted))
        if fuzz.token_set_ratio(passage.text, quoted) >= _MIN_LIKENESS:
            return ordinal, passage, True
        raise UnknownId(f"the passage {identifier!r} is gone: its document was changed and no longer holds it")
    overlaps = [(min(end, p.end) - max(start, p.start), -o, p) for o, p in passages]
    overlap, negative, passage = max(overlaps, key=lambda item: (item[0], item[1]))
    if overlap <= 0:
        raise UnknownId(f"the document {document!r} has no passage at {start}-{end}")
    return -negative, passage, True


def said_before(store: Store, anchors: Path, identifier: str, passage: Passage) -> str | None:
    """What an id quoted at first, where its document no longer says that there; None where that is not known.

    Words that are only cut otherwise were not changed.
    """
    quoted = _anchor(anchors, identifier)
    if quoted is None or quoted == passage.text:
        return None
    around = slice(max(0, passage.start - len(quoted)), passage.end + len(quoted))
    return None if quoted in store.document(passage.document_id).text[around] else quoted


def _anchor(path: Path, identifier: str) -> str | None:
    if not path.is_file():
        return None
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT text FROM anchors WHERE id = ?", (identifier,)).fetchone()
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()
    return row[0] if row else None
