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
    facts: dict[int, frozenset[int]]  # numbers of the facts that a passage answers with


def relevance_of(places: Iterable[Place], document: str, spans: Iterable[tuple[int, int]]) -> int:
    """The highest relevance of a place held by one of the spans of a document, 0 without one."""
    listed = list(spans)
    return max((p.relevance for p in places if any(p.held_by(document, a, b) for a, b in listed)), default=0)


def facts_held(places: Iterable[Place], document: str, spans: Iterable[tuple[int, int]]) -> frozenset[int]:
    """The numbers of the facts that spans of a document answer with."""
    listed = list(spans)
    return frozenset(p.number for p in places if p.relevance >= RELEVANT and any(p.held_by(document, a, b) for a, b in listed))


def count_facts(places: Iterable[Place]) -> int:
    """How many different facts answer a question: places of language versions count once."""
    return len({place.number for place in places if place.relevance >= RELEVANT})


def judge_documents(places: Iterable[Place]) -> dict[str, int]:
    """What language versions have in common -> highest relevance of a place in one of them."""
    relevance: dict[str, int] = {}
    for place in places:
        relevance[place.variant] = max(relevance.get(place.variant, 0), place.relevance)
    return relevance


class Judge:
    """Judges the passages of one open index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._twins = index.attributes.rows["twin"]
        self._passages: dict[str, list[tuple[int, Passage]]] = {}
        self._items: dict[int, str] = {}

    def passages_of(self, document: str) -> list[tuple[int, Passage]]:
        """(ordinal, passage) of a document, kept."""
        if document not in self._passages:
            self._passages[document] = self.index.store.passages_of(document)
        return self._passages[document]

    def ordinal_of(self, passage: Passage) -> int:
        """The ordinal of a passage of this index."""
        return next(n for n, p in self.passages_of(passage.document_id) if (p.start, p.end) == (passage.start, passage.end))

    def twin_of(self, ordinal: int) -> int | None:
        """The ordinal of the other language version of a passage, where each is the other's."""
        twin = int(self._twins[ordinal])
        return twin if twin >= 0 and int(self._twins[twin]) == ordinal else None

    def item_of(self, ordinal: int) -> str:
        """One id for both language versions of a passage: that of the first."""
        twin = self.twin_of(ordinal)
        first = ordinal if twin is None else min(ordinal, twin)
        if first not in self._items:
            self._items[first] = self.index.store.passages_at([first])[0].id
        return self._items[first]

    def judge(self, places: Sequence[Place]) -> JudgedPassages:
        """Relevance and facts of every passage that holds a place, or whose other language version does."""
        relevance: dict[int, int] = defaultdict(int)
        facts: dict[int, set[int]] = defaultdict(set)
        for place in places:
            for ordinal, passage in self.passages_of(place.document):
                if not place.held_by(passage.document_id, passage.start, passage.end):
                    continue
                twin = self.twin_of(ordinal)
                for version in (ordinal,) if twin is None else (ordinal, twin):
                    relevance[version] = max(relevance[version], place.relevance)
                    if place.relevance >= RELEVANT:
                        facts[version].add(place.number)
        return JudgedPassages(dict(relevance), {ordinal: frozenset(held) for ordinal, held in facts.items()})

    def items(self, judged: JudgedPassages) -> dict[str, int]:
        """Item -> relevance: the qrels of a question over this index."""
        relevance: dict[str, int] = {}
        for ordinal in sorted(judged.relevance):
            item = self.item_of(ordinal)
            relevance[item] = max(relevance.get(item, 0), judged.relevance[ordinal])
        return relevance

    def references(self, places: Sequence[Place]) -> list[tuple[str, tuple[tuple[int, int], ...]]]:
        """(document, sentence spans) of what a right answer may quote: the sentences of each place, and of each document.

        Only places that answer count, and none that judge a whole document.
        """
        single: list[tuple[str, tuple[tuple[int, int], ...]]] = []
        together: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for place in places:
            if place.relevance < RELEVANT or place.whole:
                continue
            spans = {
                (start, end)
                for _, passage in self.passages_of(place.document)
                for start, end in passage.sentences
                if min(end, place.end) > max(start, place.start)
            }
            if spans:
                single.append((place.document, tuple(sorted(spans))))
                together[place.document] |= spans
        return list(dict.fromkeys([*single, *((document, tuple(sorted(spans))) for document, spans in together.items())]))
