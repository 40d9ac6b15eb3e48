"""What of a question a follow-up can exchange: its question word, years, numbers of meetings, countries, names."""

import re
from dataclasses import dataclass

from corpus.numerals import find_ordinals
from corpus.words import STOP_WORDS_OF_EITHER, find_words
from index.searching import Index
from qa.expecting import YEAR

QUESTION_WORD = re.compile(
    r"\b(when|where|who|why|how many|how|which|what|cu[aá]ndo|d[oó]nde|qui[eé]n(?:es)?|por qu[eé]|cu[aá]nt[oa]s?|c[oó]mo|cu[aá]l(?:es)?|qu[eé])\b",
    re.IGNORECASE,
)
QUESTION_WORDS = frozenset(
    "when where who why how which what cuando donde quien quienes por cuanto cuantos cuantas como cual cuales que".split()
)


@dataclass(frozen=True, slots=True)
class Slot:
    """Something of a question that a follow-up can exchange."""

    kind: str  # year, ordinal (the number of a meeting), country, concept (of the glossary) or name
    start: int
    end: int


def find_slots(text: str, index: Index) -> list[Slot]:
    """The parts of a text that a follow-up can exchange, in order: names that stand side by side are one."""
    words = find_words(text)
    slots = [Slot("year", m.start(), m.end()) for m in YEAR.finditer(text)]
    for first, last, _ in find_ordinals([w.surface for w in words], [w.folded for w in words]):
        slots.append(Slot("ordinal", words[first].start, words[last - 1].end))
    for term in index.analyzer.concepts(text):
        kind = "country" if term.term in index.countries else "concept"
        slots.append(Slot(kind, term.start, term.end))
    known = {(s.start, s.end) for s in slots}
    for word in words:
        entry = index.gloss.entry(word.folded)
        named = (word.surface[:1].isupper() and word.start > 0) or (
            entry is not None and not entry.senses and not entry.function and not index.gloss.is_english(word.folded)
        )
        if (
            named
            and not any(s <= word.start < e for s, e in known)
            and word.folded in index.vocabulary
            and word.folded not in QUESTION_WORDS
            and word.folded not in STOP_WORDS_OF_EITHER
        ):
            slots.append(Slot("name", word.start, word.end))
    joined: list[Slot] = []
    for slot in sorted(slots, key=lambda s: s.start):
        before = joined[-1] if joined else None
        if before is not None and text[before.end : slot.start] == " " and {before.kind, slot.kind} <= {"name", "country"}:
            joined[-1] = Slot(before.kind, before.start, slot.end)  # "Guatemala City" is one place
        else:
            joined.append(slot)
    return joined
