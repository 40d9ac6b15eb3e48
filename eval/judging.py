"""Which passages of an index hold the judged places of a question: relevance by overlap of spans."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.records import Passage
from eval.questions import RELEVANT, Place
from index.searching import Index


@dataclass(frozen=True, slots=True)
class JudgedPassages:
    """The passages of an index that hold places of one question, by ordinal. Language versions share their judgements."""

    relevance: dict[int, int]  # the highest of the places held
    numbers: dict[int, frozenset[int]]  # of the facts that a passage answers with
    facts: int  # how many facts there are


def relevance_of(places: Iterable[Place], document: str, spans: Iterable[tuple[int, int]]) -> int:
    """The highest relevance of a place held by one of the spans of a document, 0 without one."""
    held = (p.relevance for a, b in spans for p in places if p.held_by(document, a, b))
    return max(held, default=0)


def facts_of(places: Iterable[Place]) -> int:
    """How many different facts answer a question: places of language versions count once."""
    return len({place.number for place in places if place.relevance >= RELEVANT})


class Judge:
    """Judges the passages of one open index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._twins = index.attributes.rows["twin"]
        self._passages: dict[str, list[tuple[int, Passage]]] = {}

    def passages_of(self, document: str) -> list[tuple[int, Passage]]:
        """(ordinal, passage) of a document, kept."""
        if document not in self._passages:
            self._passages[document] = self.index.store.passages_of(document)
        return self._passages[document]

    def twin_of(self, ordinal: int) -> int | None:
        """The ordinal of the other language version of a passage, where each is the other's."""
        twin = int(self._twins[ordinal])
        return twin if twin >= 0 and int(self._twins[twin]) == ordinal else None

    def canonical(self, ordinal: int) -> int:
        """One ordinal for both language versions of a passage."""
        twin = self.twin_of(ordinal)
        return ordinal if twin is None else min(ordinal, twin)

    def ordinal_of(self, passage: Passage) -> int:
        """The ordinal of a passage of this index."""
        return next(n for n, p in self.passages_of(passage.document_id) if (p.start, p.end) == (passage.start, passage.end))

    def judge(self, places: Sequence[Place]) -> JudgedPassages:
        """Relevance and facts of every passage that holds a place, or whose other language version does."""
        relevance: dict[int, int] = defaultdict(int)
        numbers: dict[int, set[int]] = defaultdict(set)
        for place in places:
            for ordinal, passage in self.passages_of(place.document):
                if not place.held_by(passage.document_id, passage.start, passage.end):
                    continue
                twin = self.twin_of(ordinal)
                for version in (ordinal,) if twin is None else (ordinal, twin):
                    relevance[version] = max(relevance[version], place.relevance)
                    if place.relevance >= RELEVANT:
                        numbers[version].add(place.number)
        return JudgedPassages(dict(relevance), {n: frozenset(held) for n, held in numbers.items()}, facts_of(places))

    def sentences_of(self, places: Sequence[Place]) -> list[list[tuple[str, int, int]]]:
        """What a right answer may quote: the sentences of each place, and those of each document together.

        Each reference is a list of (document, start, end) in order; only places that answer count.
        """
        single: list[list[tuple[str, int, int]]] = []
        together: dict[str, set[tuple[str, int, int]]] = defaultdict(set)
        for place in places:
            if place.relevance < RELEVANT or place.whole:
                continue
            spans = {
                (place.document, start, end)
                for _, passage in self.passages_of(place.document)
                for start, end in passage.sentences
                if min(end, place.end) > max(start, place.start)
            }
            if spans:
                single.append(sorted(spans))
                together[place.document] |= spans
        references = single + [sorted(spans) for spans in together.values()]
        return [list(reference) for reference in dict.fromkeys(map(tuple, references))]
