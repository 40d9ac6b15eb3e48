"""Terms that may stand for each other: a question that says it in other words finds the text all the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.gloss import form_hash
from corpus.lexicon import read_expressions, read_synonyms
from corpus.mapped import map_array
from index.analysis import stem
from index.errors import IndexMismatch
from index.lexical import LexicalIndex

_FALL = 0.1  # the word at rank r of a headword, from 0, counts 1 / (1 + _FALL * r)
_ONE_SIDED = 0.75  # what a pair counts that only one of the two names; both chosen on the teaching questions
_FEW = 4096  # a synonym that more passages hold puts no candidates forward: it says little and takes long to add up


def stem_words(words: Iterable[str]) -> str:
    """The stems of the folded English words of an expression, with one space between."""
    return " ".join([stem(word, "en") for word in words])


def relate_terms(lines: Iterable[tuple[str, Sequence[str]]]) -> dict[str, dict[str, float]]:
    """Stem -> stems that may stand for it, with weights in (0, 1]; each pair both ways."""
    named: dict[tuple[str, str], float] = {}
    for headword, words in lines:
        head = stem(headword, "en")
        for rank, word in enumerate(words):
            pair = head, stem(word, "en")
            named[pair] = max(named.get(pair, 0.0), 1 / (1 + _FALL * rank))
    related: dict[str, dict[str, float]] = {}
    for (head, other), weight in named.items():
        if head != other:
            back = named.get((other, head))
            weight = _ONE_SIDED * weight if back is None else (weight + back) / 2
            related.setdefault(head, {})[other] = related.setdefault(other, {})[head] = weight
    return related


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """What may stand for what, in stems, whatever an index holds. Arrays are (pairs,)."""

    stems: list[str]
    terms: NDArray[np.uint64]  # hash of a stem, or of the stems of an expression
    near: NDArray[np.int32]  # which of the stems may stand for it
    weights: NDArray[np.float32]


def stem_thesaurus(
    words: Iterable[tuple[str, Sequence[str]]] | None = None, expressions: Iterable[tuple[str, Sequence[str]]] | None = None
) -> Thesaurus:
    """The thesaurus of words and of expressions, by default those on board."""
    rows: list[tuple[int, str, float]] = []
    for term, near in relate_terms(read_synonyms() if words is None else words).items():
        rows += [(form_hash(term), other, weight) for other, weight in near.items()]
    for expression, others in read_expressions() if expressions is None else expressions:
        found: dict[str, float] = {}
        for rank, word in enumerate(others):
            found.setdefault(stem(word, "en"), _ONE_SIDED / (1 + _FALL * rank))
        key = form_hash(stem_words(expression.split(" ")))
        rows += [(key, other, weight) for other, weight in found.items()]
    stems = {other: number for number, other in enumerate(dict.fromkeys(other for _, other, _ in rows))}
    return Thesaurus(
        list(stems),
        np.array([row[0] for row in rows], dtype=np.uint64),
        np.array([stems[row[1]] for row in rows], dtype=np.int32),
        np.array([row[2] for row in rows], dtype=np.float32),
    )


def write_synonyms(folder: Path, numbers: Mapping[str, int], thesaurus: Thesaurus) -> None:
    """Write what stands for each term, and for each expression, among the terms of an index, given with their numbers there."""
    number_of = np.array([numbers.get(other, -1) for other in thesaurus.stems], dtype=np.int32)
    known = np.flatnonzero(number_of[thesaurus.near] >= 0)
    terms, near, weights = thesaurus.terms[known], number_of[thesaurus.near[known]], thesaurus.weights[known]
    order = np.lexsort((near, -weights, terms))
    folder.mkdir(parents=True)
    np.save(folder / "terms.npy", terms[order])
    np.save(folder / "near.npy", near[order])
    np.save(folder / "weights.npy", weights[order])


class Synonyms:
    """What was written, mapped; `english` is the index whose numbers it holds. Raises IndexMismatch for another."""

    def __init__(self, folder: Path, english: LexicalIndex) -> None:
        self._terms: NDArray[np.uint64] = map_array(folder / "terms.npy")
        self._near: NDArray[np.int32] = map_array(folder / "near.npy")
        self._weights: NDArray[np.float32] = map_array(folder / "weights.npy")
        if not len(self._terms) == len(self._near) == len(self._weights) or (self._near >= english.count).any():
            raise IndexMismatch(f"the synonyms in {folder} do not fit the index; run `rcm-qa build --force`")
        self._english = english
        self._known: dict[str, tuple[tuple[str, float, float], ...]] = {}

    def near(self, term: str) -> tuple[tuple[str, float, float], ...]:
        """(term, weight, idf) of the terms of the index that may stand for one or for an expression, heaviest first."""
        found = self._known.get(term)
        if found is None:
            wanted = np.uint64(form_hash(term))
            first, last = self._terms.searchsorted(wanted, "left"), self._terms.searchsorted(wanted, "right")
            pairs = zip(self._near[first:last].tolist(), self._weights[first:last].tolist(), strict=True)
            named = [(self._english.name(number), weight) for number, weight in pairs]
            found = tuple((name, weight, self._english.idf(name)) for name, weight in named)
            if len(self._known) > 4_000:
                self._known.clear()
            self._known[term] = found
        return found


def searched_terms(english: LexicalIndex, terms: Mapping[str, float], near: Mapping[str, float]) -> dict[str, float]:
    """What puts candidates forward: a question's terms, and those of their synonyms that few passages hold, with weights."""
    return {**{term: weight for term, weight in near.items() if english.frequency(term) <= _FEW}, **terms}
