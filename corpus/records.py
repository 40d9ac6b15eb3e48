"""The words of the corpus stage as records: source, block, document, passage."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Lang = Literal["en", "es"]
LANGS: tuple[Lang, ...] = ("en", "es")

BlockKind = Literal["heading", "paragraph", "item", "field"]


@dataclass(frozen=True, slots=True)
class Source:
    """Bibliographic record of the original. What is not known is None, never guessed."""

    title: str | None = None
    publisher: str | None = None
    published: str | None = None  # 2014, 2014-06 or 2014-06-27: the precision that is known
    url: str | None = None
    lang: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """The meeting or activity that a document is about, as far as its source states it."""

    name: str | None = None
    edition: str | None = None
    year: int | None = None
    dates: str | None = None
    city: str | None = None
    country: str | None = None
    theme: str | None = None
    presidency: str | None = None
    next_presidency: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document before its text is final: one heading, paragraph, list item or labelled field."""

    kind: BlockKind
    text: str
    level: int = 0  # of a heading, from 1
    page: int | None = None  # from 1, of paged originals


@dataclass(frozen=True, slots=True)
class BlockSpan:
    """Where a block stands in the final text: `document.text[start:end]`, code points, half-open."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A run of blocks under one heading path; `start` and `end` leave the heading itself out."""

    path: tuple[str, ...]
    start: int
    end: int
    blocks: tuple[BlockSpan, ...]


@dataclass(frozen=True)
class Document:
    """One text, final (NFC): every offset of the product refers to `text`."""

    id: str
    text: str
    lang: Lang
    title: str | None
    blocks: tuple[BlockSpan, ...]
    source: Source = field(default_factory=Source)
    event: Event = field(default_factory=Event)
    topics: tuple[str, ...] = ()
    variant_of: str | None = None  # what the language versions of one document have in common
    summary: bool = False  # written for the collection as a summary of its source
    rests_on: tuple[str, ...] = ()  # ids of the documents that an overview is drawn from
    facts: tuple[str, ...] = ()
    path: str | None = None  # the file that it was read from, relative to its collection

    @cached_property
    def sha256(self) -> str:
        """Hash of the text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def year(self) -> int | None:
        """The year that the document is about: its event's, else its publication's."""
        if self.event.year is not None:
            return self.event.year
        match = re.match(r"\d{4}", self.source.published or "")
        return int(match.group()) if match else None

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The runs of blocks between headings, in order, each with its heading path."""
        return tuple(self._walk_sections())

    def _walk_sections(self) -> Iterator[Section]:
        path: list[tuple[int, str]] = []
        run: list[BlockSpan] = []
        for block in (*self.blocks, None):
            if block is not None and block.kind != "heading":
                run.append(block)
                continue
            if run:
                yield Section(tuple(text for _, text in path), run[0].start, run[-1].end, tuple(run))
                run = []
            if block is not None:
                while path and path[-1][0] >= block.level:
                    path.pop()
                path.append((block.level, self.text[block.start : block.end]))


def document_record(document: Document) -> dict[str, Any]:
    """All that a document is beside its id, language and text, as plain values."""
    return {
        "title": document.title,
        "blocks": [[b.kind, b.start, b.end, b.level, b.page] for b in document.blocks],
        "source": _fields(document.source),
        "event": _fields(document.event),
        "topics": document.topics,
        "variant_of": document.variant_of,
        "summary": document.summary,
        "rests_on": document.rests_on,
        "facts": document.facts,
        "path": document.path,
    }


def _fields(record: Source | Event) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def document_from_record(identifier: str, lang: str, text: str, record: dict[str, Any]) -> Document:
    """The document that `document_record` was made of."""
    return Document(
        id=identifier,
        text=text,
        lang="es" if lang == "es" else "en",
        title=record["title"],
        blocks=tuple(BlockSpan(*block) for block in record["blocks"]),
        source=Source(**record["source"]),
        event=Event(**record["event"]),
        topics=tuple(record["topics"]),
        variant_of=record["variant_of"],
        summary=record["summary"],
        rests_on=tuple(record["rests_on"]),
        facts=tuple(record["facts"]),
        path=record["path"],
    )


@dataclass(frozen=True, slots=True)
class Passage:
    """A half-open span of one document: `document.text[start:end] == text`."""

    document_id: str
    start: int
    end: int
    text: str
    lang: Lang
    section: tuple[str, ...] = ()  # heading path, outermost first, without the document's title
    page: int | None = None
    sentences: tuple[tuple[int, int], ...] = ()  # spans in the document, in order, inside start..end

    @property
    def id(self) -> str:
        """The permalink: `document:start-end`."""
        return f"{self.document_id}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Removed:
    """Text that cleaning took out of a document, and why: it can always be listed."""

    path: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that could not be read, and why."""

    path: str
    reason: str


def assemble(blocks: list[Block]) -> tuple[str, tuple[BlockSpan, ...]]:
    """Lay blocks out as the final text with their spans: items and fields on lines, the rest in paragraphs."""
    parts: list[str] = []
    spans: list[BlockSpan] = []
    at = 0
    before: Block | None = None
    for block in blocks:
        if before is not None:
            tight = block.kind == before.kind and block.kind in ("item", "field")
            gap = "\n" if tight or (block.kind == "item" and before.text.endswith(":")) else "\n\n"
            parts.append(gap)
            at += len(gap)
        parts.append(block.text)
        spans.append(BlockSpan(block.kind, at, at + len(block.text), block.level, block.page))
        at += len(block.text)
        before = block
    return "".join(parts), tuple(spans)
