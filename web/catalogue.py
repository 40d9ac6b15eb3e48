"""What a generation holds, as light records without texts: for listings, counts and charts."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from corpus.records import Document
from corpus.words import find_words
from qa.answering import Engine


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a listing."""

    id: str
    title: str | None
    lang: str
    publisher: str | None
    published: str | None
    year: int | None
    kind: str | None
    url: str | None
    source_title: str | None
    source_lang: str | None
    summary: bool
    variant: str
    words: int
    topics: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The record of the API's listing."""
        return {
            "id": self.id,
            "title": self.title,
            "lang": self.lang,
            "publisher": self.publisher,
            "published": self.published,
            "year": self.year,
            "kind": self.kind,
            "url": self.url,
            "summary": self.summary,
            "words": self.words,
            "topics": list(self.topics),
        }


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents of a listing are wanted."""

    lang: str | None = None
    kind: str | None = None
    publisher: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    text: str | None = None  # in the title or publisher, accents and case aside

    def pairs(self) -> list[tuple[str, str]]:
        """Names and values of what is set."""
        values = (
            ("lang", self.lang), ("kind", self.kind), ("publisher", self.publisher),
            ("year_from", self.year_from), ("year_to", self.year_to), ("text", self.text),
        )  # fmt: skip
        return [(name, str(value)) for name, value in values if value is not None]

    def accepts(self, entry: Entry) -> bool:
        """Whether an entry is wanted."""
        if any(value is not None and getattr(entry, key) != value
               for key, value in (("lang", self.lang), ("kind", self.kind), ("publisher", self.publisher))):  # fmt: skip
            return False
        if self.year_from is not None and (entry.year is None or entry.year < self.year_from):
            return False
        if self.year_to is not None and (entry.year is None or entry.year > self.year_to):
            return False
        if self.text:
            words = {w.folded for part in (entry.title, entry.source_title, entry.publisher) if part for w in find_words(part)}
            return all(any(have.startswith(w.folded) for have in words) for w in find_words(self.text))
        return True


class Catalogue:
    """All entries of one generation, in order of id."""

    def __init__(self, generation: str, documents: Iterable[Document]) -> None:
        self.generation = generation
        self.entries = tuple(make_entry(document) for document in documents)

    def select(self, selection: Selection) -> list[Entry]:
        """The entries that a selection wants: newest first, undated ones last."""
        chosen = [entry for entry in self.entries if selection.accepts(entry)]
        return sorted(chosen, key=lambda e: (-(e.year or 0), e.published is None, _descending(e.published), e.id))

    @cached_property
    def years(self) -> dict[int, int]:
        """Year -> documents, counting language versions once."""
        return dict(sorted(Counter(e.year for e in self._one_each() if e.year is not None).items()))

    @cached_property
    def kinds(self) -> dict[str, int]:
        """Kind -> documents, most first."""
        return self._count(lambda e: e.kind)

    @cached_property
    def publishers(self) -> dict[str, int]:
        """Publisher -> documents, most first."""
        return self._count(lambda e: e.publisher)

    @cached_property
    def langs(self) -> dict[str, int]:
        """Language of the text -> documents; each version counts."""
        return dict(Counter(e.lang for e in self.entries).most_common())

    @cached_property
    def source_langs(self) -> dict[str, int]:
        """Language of the original -> documents."""
        return self._count(lambda e: e.source_lang)

    @cached_property
    def distinct(self) -> int:
        """Documents, counting language versions once."""
        return len(self._one_each())

    @cached_property
    def gaps(self) -> dict[str, int]:
        """How many documents lack what a reader would want to know."""
        each = self._one_each()
        return {
            "undated": sum(e.published is None for e in each),
            "no_year": sum(e.year is None for e in each),
            "no_publisher": sum(e.publisher is None for e in each),
            "no_url": sum(e.url is None for e in each),
            "one_lang": len(each) - sum(len(group) > 1 for group in self._groups().values()),
            "summaries": sum(e.summary for e in each),
        }

    @cached_property
    def missing_years(self) -> list[int]:
        """Years between the first and the last of which nothing tells."""
        if not self.years:
            return []
        return [year for year in range(min(self.years), max(self.years) + 1) if year not in self.years]

    def _groups(self) -> dict[str, list[Entry]]:
        groups: dict[str, list[Entry]] = {}
        for entry in self.entries:
            groups.setdefault(entry.variant, []).append(entry)
        return groups

    def _one_each(self) -> list[Entry]:
        return [group[0] for group in self._groups().values()]

    def _count(self, key: Callable[[Entry], str | None]) -> dict[str, int]:
        counts = Counter(value for value in map(key, self._one_each()) if value)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _descending(published: str | None) -> tuple[int, ...]:
    return tuple(-int(part) for part in published.split("-")) if published else ()


def make_entry(document: Document) -> Entry:
    """The light record of one document."""
    source = document.source
    return Entry(
        id=document.id,
        title=document.title or source.title,
        lang=document.lang,
        publisher=source.publisher,
        published=source.published,
        year=document.year,
        kind=source.kind,
        url=source.url,
        source_title=source.title,
        source_lang=source.lang,
        summary=document.summary,
        variant=document.variant_of or document.id,
        words=len(document.text.split()),
        topics=document.topics,
    )


class Catalogues:
    """The catalogue of the newest generation asked for, made once."""

    def __init__(self) -> None:
        self._latest: Catalogue | None = None

    def of(self, engine: Engine) -> Catalogue:
        """The catalogue of an engine's generation."""
        latest = self._latest
        if latest is None or latest.generation != engine.info.generation:
            latest = self._latest = Catalogue(engine.info.generation, engine.index.store.documents())
        return latest
