"""Filters on passages: language, years, kind, publisher, document; pushed into both arms as one bitmap."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.mapped import map_array
from corpus.records import LANGS, Document, Passage

ATTRIBUTES = np.dtype(
    [("document", "<i4"), ("variant", "<i4"), ("lang", "u1"), ("year", "<i2"), ("kind", "<i2"), ("publisher", "<i2"),
     ("sentences", "<i8"), ("sentence_count", "<i4"), ("twin", "<i4")]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """What an answer may come from; None and empty mean no restriction. Years are inclusive."""

    lang: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    kind: str | None = None
    publisher: str | None = None
    document: str | None = None
    phrases: tuple[str, ...] = ()  # quoted in the question: must occur word for word
    without: tuple[str, ...] = ()  # documents to leave out: how the evaluation makes a question unanswerable

    def problem(self) -> str | None:
        """What is wrong with a value that no document can have, and what was expected; None where all make sense."""
        if self.lang is not None and self.lang not in LANGS:
            return f"lang={self.lang[:20]!r} is no language of the documents; expected {' or '.join(LANGS)}"
        for name, year in (("year_from", self.year_from), ("year_to", self.year_to)):
            if year is not None and not 1 <= year <= 9999:
                return f"{name}={year} is no year; expected one such as 2014"
        if self.year_from and self.year_to and self.year_from > self.year_to:
            return f"year_from={self.year_from} is after year_to={self.year_to}; exchange them"
        return None

    @property
    def chosen(self) -> bool:
        """Whether whoever asks restricts what an answer may come from, otherwise than by quoted words."""
        return any(getattr(self, name) is not None for name in ("lang", "year_from", "year_to", "kind", "publisher", "document"))

    def as_dict(self) -> dict[str, object]:
        """The filters that restrict something."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) not in (None, ())}


def make_attributes(
    documents: list[Document], passages: list[tuple[int, Passage]]
) -> tuple[NDArray[np.void], dict[str, list[str]]]:
    """One row a passage (dtype ATTRIBUTES; -1 for unknown) and the names behind its numbers."""
    names: dict[str, list[str]] = {
        "lang": list(LANGS),
        "kind": sorted({d.source.kind for d in documents if d.source.kind}),
        "publisher": sorted({d.source.publisher for d in documents if d.source.publisher}),
    }
    variants = {v: n for n, v in enumerate(sorted({d.variant_of or d.id for d in documents}))}
    rows = np.zeros(len(passages), dtype=ATTRIBUTES)
    number = {key: {name: n for n, name in enumerate(values)} for key, values in names.items()}
    first = 0
    for ordinal, (at, passage) in enumerate(passages):
        document = documents[at]
        rows[ordinal] = (
            at,
            variants[document.variant_of or document.id],
            number["lang"][passage.lang],
            document.year or -1,
            number["kind"].get(document.source.kind or "", -1),
            number["publisher"].get(document.source.publisher or "", -1),
            first,
            len(passage.sentences),
            -1,
        )
        first += len(passage.sentences)
    return rows, names


class Attributes:
    """The attributes of all passages, mapped, and the bitmaps that filters make of them."""

    def __init__(self, path: Path, names: dict[str, list[str]], document_ids: list[str]) -> None:
        self.rows = map_array(path)
        self.names = names
        self._documents = {identifier: n for n, identifier in enumerate(document_ids)}

    def unknown(self, filters: Filters) -> tuple[str, str, list[str]] | None:
        """Field, value and the values that there are, where a filter asks for what no document is; None where none does."""
        for field, known in (
            ("document", [*self._documents]),
            ("kind", self.names["kind"]),
            ("publisher", self.names["publisher"]),
        ):
            value = getattr(filters, field)
            if value is not None and value not in known:
                return field, value, known
        return None

    def bitmap(self, filters: Filters) -> NDArray[np.bool_] | None:
        """(n,) which passages the filters leave; None where they leave all."""
        rows = self.rows
        allowed: NDArray[np.bool_] | None = None

        def narrow(mask: NDArray[np.bool_]) -> None:
            nonlocal allowed
            allowed = mask if allowed is None else allowed & mask

        for key in ("lang", "kind", "publisher"):
            value = getattr(filters, key)
            if value is not None:
                narrow(rows[key] == (self.names[key].index(value) if value in self.names[key] else -2))
        if filters.year_from is not None:
            narrow(rows["year"] >= max(filters.year_from, 0))
        if filters.year_to is not None:
            narrow((rows["year"] <= filters.year_to) & (rows["year"] >= 0))
        if filters.document is not None:
            narrow(rows["document"] == self._documents.get(filters.document, -2))
        if filters.without:
            narrow(~np.isin(rows["document"], [self._documents.get(identifier, -2) for identifier in filters.without]))
        return allowed
