"""Texts to weighted terms: stems of their own language, and terms in English space where all passages meet."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import Stemmer

from corpus.gloss import Sense
from corpus.glossary import Term as GlossaryTerm
from corpus.numerals import find_ordinals
from corpus.records import LANGS, Lang
from corpus.spelling import unify
from corpus.words import ENGLISH_STOP_WORDS, SPANISH_STOP_WORDS, Word, find_words, fold

STOP_WORDS: dict[Lang, frozenset[str]] = {"en": ENGLISH_STOP_WORDS, "es": SPANISH_STOP_WORDS}
_STEMMERS = {"en": Stemmer.Stemmer("english"), "es": Stemmer.Stemmer("spanish")}


class Term(NamedTuple):
    """A term of a text and the place that it comes from; `text[start:end]` is what a reader sees."""

    term: str
    start: int
    end: int
    weight: float = 1.0

    def reaches_over(self, start: int, end: int) -> bool:
        """Whether a stretch of the text lies in its place: a word inside the name of a concept."""
        return self.start <= start and end <= self.end


class Lexicon(Protocol):
    """What analysis needs of the gloss: the English for a run of Spanish words."""

    def senses(self, words: Sequence[Word], at: int) -> tuple[int, tuple[Sense, ...]]:
        """(how many words from `at` on are one unit, its senses, best first); no senses for an unknown word."""
        ...

    def units(self, words: Sequence[Word]) -> list[tuple[int, int, tuple[Sense, ...]]]:
        """(first word, how many words, senses) of every unit of a text in order."""
        ...

    def is_english(self, word: str) -> bool:
        """Whether a folded word is an English word known to the model."""
        ...


def _starts_line(words: Sequence[Word], at: int) -> bool:
    """Whether a word stands at the head of a line or sentence, where a capital does not make it a name."""
    return at == 0 or words[at].start - words[at - 1].end > 1


_LABEL = re.compile(r"[^\W\d]+(?: [^\W\d]+){0,3}: ")


def _in_label(text: str, at: int) -> bool:
    """Whether a place lies in the label of a field, "Institución Coordinadora: IOM", whose words may all have capitals."""
    match = _LABEL.match(text, text.rfind("\n", 0, at) + 1)
    return match is not None and at < match.end()


@lru_cache(maxsize=100_000)
def stem(folded: str, lang: Lang) -> str:
    """The stem of a folded word. Spanish endings whose accent the stemmer needs get it back first, English gets one spelling."""
    if lang == "en":
        folded = unify(folded)
    else:
        for ending, accented in (("cion", "ción"), ("sion", "sión"), ("logia", "logía")):
            if folded.endswith(ending):
                folded = folded[: -len(ending)] + accented
                break
    return fold(_STEMMERS[lang].stemWord(folded))


@lru_cache(maxsize=16_384)
def stems_of_sense(english: str) -> tuple[str, ...]:
    """The stems of the English of a Spanish word, without stop words."""
    return tuple(stem(word.folded, "en") for word in find_words(english) if word.folded not in ENGLISH_STOP_WORDS)


class Analyzer:
    """Makes terms the same way for passages and for questions."""

    def __init__(self, glossary: Iterable[GlossaryTerm] = (), lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon
        self._concepts: dict[str, list[tuple[tuple[str, ...], str, bool]]] = {}
        self.proper: set[str] = set()  # concepts that are names
        for entry in glossary:
            concept = self.concept_of(entry)
            if entry.proper:
                self.proper.add(concept)
            for lang in LANGS:
                for form in entry.forms(lang):
                    words = tuple(word.folded for word in find_words(form))
                    if words:
                        capitals = len(words) == 1 and len(words[0]) <= 2
                        self._concepts.setdefault(words[0], []).append((words, concept, capitals))
        for forms in self._concepts.values():
            forms.sort(key=lambda form: (-len(form[0]), form[1]))

    @staticmethod
    def concept_of(entry: GlossaryTerm) -> str:
        """The term that stands for a concept of the glossary, `@` and its English name."""
        return "@" + "-".join(word.folded for word in find_words(entry.en))

    def own_terms(self, text: str, lang: Lang) -> list[Term]:
        """Stems of the text's own language without stop words, ordinals as `#15`."""
        words = find_words(text)
        stop = STOP_WORDS[lang]
        terms = [Term(stem(folded, lang), start, end) for _, folded, start, end in words if folded not in stop]
        return terms + self._ordinals(words)

    def english_terms(self, text: str, lang: Lang) -> list[Term]:
        """Terms in English space: English stems, glossed where the text is Spanish, concepts as `@...`, ordinals as `#15`."""
        words = find_words(text)
        terms = self._concept_terms(words) + self._ordinals(words)
        if lang == "en" or self._lexicon is None:
            stop = STOP_WORDS[lang]
            terms += [Term(stem(folded, "en"), start, end) for _, folded, start, end in words if folded not in stop]
            return terms + self._foreign_terms(text, words) if lang == "en" else terms
        for at, length, senses in self._lexicon.units(words):
            _, folded, start, end = words[at]
            if length > 1:
                end = words[at + length - 1].end
            elif folded in SPANISH_STOP_WORDS or (senses and not stems_of_sense(senses[0].english)):
                continue  # "tiene" is above all "has"
            else:
                terms.append(Term(stem(folded, "en"), start, end, 0.5 if senses else 1.0))
            for sense in senses:
                terms += [Term(term, start, end, sense.weight) for term in stems_of_sense(sense.english)]
        return terms

    def _foreign_terms(self, text: str, words: Sequence[Word]) -> list[Term]:
        """The English of Spanish words in an English text: labels of a form, titles of documents, names of bodies."""
        if self._lexicon is None:
            return []
        found: list[Term] = []
        for at, word in enumerate(words):
            if len(word.folded) < 4 or not word.folded.isalpha() or self._lexicon.is_english(word.folded):
                continue
            is_name = word.surface[:1].isupper() and not _starts_line(words, at) and not _in_label(text, word.start)
            for sense in self._lexicon.senses(words, at)[1] if not is_name else ():
                found += [Term(term, word.start, word.end, sense.weight) for term in stems_of_sense(sense.english)]
        return found

    def english_set(self, text: str, lang: Lang) -> frozenset[str]:
        """The terms of a text in English space, wherever they stand."""
        return frozenset(term.term for term in self.english_terms(text, lang))

    def concepts(self, text: str) -> list[Term]:
        """The glossary's concepts that a text names, longest names first, each once per place."""
        return self._concept_terms(find_words(text))

    def _concept_terms(self, words: Sequence[Word]) -> list[Term]:
        found: list[Term] = []
        folded = [word.folded for word in words]
        concepts = self._concepts
        free = 0  # where the next name may begin
        for at in [at for at, word in enumerate(folded) if word in concepts]:
            if at < free:
                continue
            for form, concept, capitals in concepts[folded[at]]:
                end = at + len(form)
                if tuple(folded[at:end]) == form and (not capitals or words[at].surface.isupper()):
                    found.append(Term(concept, words[at].start, words[end - 1].end))
                    free = end
                    break
        return found

    @staticmethod
    def _ordinals(words: Sequence[Word]) -> list[Term]:
        return [
            Term(f"#{number}", words[first].start, words[last - 1].end)
            for first, last, number in find_ordinals([w.surface for w in words], [w.folded for w in words])
        ]


def weigh(terms: Iterable[Term], factor: float = 1.0, into: dict[str, float] | None = None) -> dict[str, float]:
    """Sum of the weights of each term, times a factor, added to `into`."""
    weights = {} if into is None else into
    for term in terms:
        weights[term.term] = weights.get(term.term, 0.0) + factor * term.weight
    return weights
