"""The terms of a passage with the weights of its fields: text, headings, title."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.chunking import header
from corpus.records import Document, Lang, Passage
from index.analysis import Analyzer, Term, weigh
from index.lexical import LexicalWriter
from index.places import PlacesWriter, place_terms

# Weights of the fields of a passage in the lexical index: the text counts full, what stands over it less.
TITLE_WEIGHT = 0.4
SECTION_WEIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Weighed:
    """The weighted terms of a document's passages in one lexical field, and where they stand."""

    terms: list[str]  # each once
    numbers: NDArray[np.intc]  # (weights,) which term
    weights: NDArray[np.float64]  # (weights,) passage after passage
    counts: NDArray[np.int32]  # (passages,) terms of each
    lengths: NDArray[np.float64]  # (passages,) sum of the weights of each
    places: NDArray[np.void]  # (places,) PLACE, passage after passage; `term` is which term
    place_counts: NDArray[np.int32]  # (passages,) places of each

    def by_passage(self) -> list[dict[str, float]]:
        """The weights of the terms of each passage."""
        pairs = zip((self.terms[number] for number in self.numbers.tolist()), self.weights.tolist(), strict=True)
        return [dict(next(pairs) for _ in range(count)) for count in self.counts.tolist()]


def weigh_english(analyzer: Analyzer, document: Document, passages: Sequence[Passage]) -> Weighed:
    """The terms in English space of the passages of a document."""
    return _weigh(analyzer.english_terms, document, passages)


def weigh_spanish(analyzer: Analyzer, document: Document, passages: Sequence[Passage]) -> Weighed:
    """The Spanish stems of the passages of a document, none of an English one."""
    return _weigh(analyzer.own_terms if document.lang == "es" else lambda text, lang: [], document, passages)


def _weigh(analyse: Callable[[str, Lang], list[Term]], document: Document, passages: Sequence[Passage]) -> Weighed:
    analyse_head = cache(analyse)  # the passages of a document have their title in common
    ids: dict[str, int] = {}
    numbers, counts, weights, lengths, places = array("i"), array("i"), array("d"), array("d"), []
    for passage in passages:
        body = analyse(passage.text, document.lang)
        terms = weigh(body)
        weigh(analyse_head(document.title or "", document.lang), TITLE_WEIGHT, terms)
        weigh(analyse_head(header(None, passage.section), document.lang), SECTION_WEIGHT, terms)
        numbers.extend(ids.setdefault(term, len(ids)) for term in terms)
        weights.extend(terms.values())
        counts.append(len(terms))
        lengths.append(sum(terms.values()))
        places.append(place_terms(body, ids))
    return Weighed(
        terms=list(ids),
        numbers=np.array(numbers, dtype=np.intc),
        weights=np.array(weights, dtype=np.float64),
        counts=np.array(counts, dtype=np.int32),
        lengths=np.array(lengths, dtype=np.float64),
        places=np.concatenate([place_terms((), ids), *places]),
        place_counts=np.array([len(rows) for rows in places], dtype=np.int32),
    )


class FieldWriter:
    """Collects one lexical field of the documents in turn, then writes its index and the places of its terms."""

    def __init__(self) -> None:
        self._lexical, self._places = LexicalWriter(), PlacesWriter()

    def add(self, found: Weighed) -> None:
        """The passages of the next document."""
        numbers = self._lexical.number(found.terms)
        self._lexical.add(numbers[found.numbers], found.weights, found.counts, found.lengths)
        self._places.add(found.places, numbers, found.place_counts)

    def write(self, folder: Path, name: str) -> None:
        """Write everything under the name of the field."""
        self._places.write(folder / f"{name}-places", self._lexical.write(folder / name))
