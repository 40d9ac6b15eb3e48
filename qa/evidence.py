"""The sentences that answer, as spans of the passage, and the words that matched."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from corpus.dates import MONTHS
from corpus.glossary import load_glossary
from corpus.records import LANGS, Passage
from corpus.words import find_words, fold
from index.analysis import Term
from index.searching import Index
from qa.answers import Highlight, Question, QuestionKind
from qa.fusion import Scores
from qa.retrieving import QuestionTerms

MAX_SENTENCES = 3
NEARLY = 0.02  # a neighbour whose score is less than this below the best answers too; chosen on the dev split
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)*|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|twenty|dozens?|half|"
    r"dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|quince|veinte|mitad|decenas?)\b",
    re.IGNORECASE,
)
_MONEY_ASKED = re.compile(
    r"\b(how much (money|aid|funding|did|does|do|was|were|is|would|has|have)|costs?|fees?|salary|price|budget|in dollars|"
    r"cu[aá]nto (dinero|cost|cuesta|pag|gan|aport|don|vale|recib)\w*|presupuesto|sueldo|salario|precio|cuota|monto)\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"[$€£]|\b(USD|dollars?|d[oó]lares?|euros?|pesos?|colones|lempiras?|quetzales?|per ?cent|por ciento)\b|%", re.IGNORECASE
)
_AGE_ASKED = re.compile(r"\b(how old|what age|edad|cu[aá]ntos años ten[ií]a)\b", re.IGNORECASE)
_AGE = re.compile(r"\b\d{1,3}[- ](years?[- ]old|años de edad)\b|\b(aged|age of|edad de) \d", re.IGNORECASE)
_UNIT_ASKED = re.compile(
    r"\b(?:how many|cu[aá]nt[oa]s) (?P<unit>days?|weeks?|months?|hours?|minutes?|d[ií]as?|semanas?|mes(?:es)?|horas?|minutos?)\b",
    re.IGNORECASE,
)
_SPAN_OF_TIME = re.compile(
    r"[- ](days?|weeks?|months?|hours?|minutes?|d[ií]as?|semanas?|mes(es)?|horas?|minutos?)\b|\b\d{1,2}(st|nd|rd|th)? (to|and|al?|y) (the )?\d{1,2}\b",
    re.IGNORECASE,
)
_TELEPHONE_ASKED = re.compile(r"\b(tele)?phone number|tel[eé]fono|hotline number|n[uú]mero de la l[ií]nea\b", re.IGNORECASE)
_TELEPHONE = re.compile(r"\+?\d[\d ()-]{6,}\d")
_MONTH = "|".join(sorted((name for name in MONTHS if len(name) > 3 or name == "may"), key=len, reverse=True))
_DAYS = r"\d{1,2}(?:st|nd|rd|th)?(?:(?:,| to| and| al?| y|[-–])\s?\d{1,2}(?:st|nd|rd|th)?)*"
_DATE = re.compile(
    rf"\b{_DAYS}(?: of| de)? (?:{_MONTH})\b|\b(?:{_MONTH}) {_DAYS}\b|\b(?:19|20)\d\d(?:[-–/]\d{{2,4}})?\b", re.IGNORECASE
)
_YEAR_OR_DATE = re.compile(r"\b(1[89]|20)\d{2}\b|\b\d{1,2}(st|nd|rd|th)?\b")
_NAME = re.compile(r"(?<=[\w,;:(»”\"] )[A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*|(?<=• )[A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*")
_PLACE = re.compile(
    r"\b(?:in|at|to|from|near|en|a|desde|sede|hotel|hosted by)\s+(?:the |la |el |los |las )?(?:city of |ciudad de )?"
    r"([A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*)|(?<=, )([A-ZÁÉÍÓÚÑ][a-záéíóúñü][\w'’]*)"
)
_CITY_ASKED = re.compile(r"\b(city|cities|town|ciudad|ciudades|capital|hotel|venue|building|edificio)\b", re.IGNORECASE)
_WHERE_TOO = re.compile(r"\b(and where|where and|y d[oó]nde|d[oó]nde y)\b", re.IGNORECASE)
_PERSON = re.compile(r"\b[A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+(?: (?:de|del|de la|von|van|[A-Z]\.))?(?: [A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+)+")
_DEFINES = re.compile(
    r"\b(is|are|was|were|means|called|known as|es|son|era|fue|significa|llamad[oa]|conocid[oa])\b (also |tambi[eé]n )?"
    r"(an?|the|also|as|how|un[oa]?s?|el|la|los|las|lo|como|quien)\b"
)
_SPELT_OUT = re.compile(r"\([A-ZÁÉÍÓÚÑ]{2,}[^)]{0,12}\)|\b(means|stands for|called|known as|significa|llamad[oa]|conocid[oa])\b")
_ACRONYM_ASKED = re.compile(
    r"\b(stands? for|short for|abbreviation|acronym|mean|significa|siglas?|names?|called|known|nombres?|llama|conoce|denomina)\b",
    re.I,
)
_PLACES_ASKED = re.compile(
    r"\b(countries|nations|states|governments|organi[sz]ations|pa[ií]ses|naciones|estados|gobiernos|organi[sz]aciones)\b", re.I
)
_CAUSE = re.compile(
    r"\b(because|since|due to|in order to|so that|to (help|ensure|promote|strengthen|protect)|reason|purpose|aim|"
    r"porque|debido a|a fin de|para que|con el fin|motivo|raz[oó]n|prop[oó]sito|objetivo|ya que|puesto que)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Matched:
    """What of a question a passage holds."""

    coverages: Scores  # (sentences,) share of the question's words, by rarity, in each sentence, 0 to 1
    terms: tuple[str, ...]  # as the text writes them
    spans: tuple[tuple[int, int], ...]  # in the document
    gloss: tuple[str, ...]  # "trata → trafficking"


def find_counts(text: str, question_words: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Spans of the numbers of a text, in figures or words, that are no dates and that the question does not name."""
    dates = [match.span() for match in _DATE.finditer(text)]
    for match in _NUMBER.finditer(text):
        if fold(match.group()) not in question_words and not any(a <= match.start() < b for a, b in dates):
            yield match.span()


@lru_cache(maxsize=1)
def _institutional_words() -> frozenset[str]:
    """Folded words of the glossary's names: bodies, meetings, countries. Persons are named otherwise."""
    return frozenset(
        word.folded for term in load_glossary() for lang in LANGS for form in term.forms(lang) for word in find_words(form)
    )


@lru_cache(maxsize=1)
def _country_words() -> frozenset[str]:
    """Folded words of the glossary's countries."""
    countries = [term for term in load_glossary() if term.kind == "country"]
    return frozenset(
        word.folded for term in countries for lang in LANGS for form in term.forms(lang) for word in find_words(form)
    )


def answer_type_present(
    question: Question, text: str, question_words: frozenset[str], is_common: Callable[[str], bool] = lambda word: False
) -> bool:
    """Whether a sentence holds something of the sort that is asked for, beside what the question itself says.

    "When and where" asks for both. `is_common` tells words that are not only parts of names.
    """
    if question.kind == "when" and _WHERE_TOO.search(question.search_text):
        return all(_holds(kind, question, text, question_words, is_common) for kind in ("when", "where"))
    return _holds(question.kind, question, text, question_words, is_common)


def _holds(
    kind: QuestionKind, question: Question, text: str, question_words: frozenset[str], is_common: Callable[[str], bool]
) -> bool:
    if text.startswith(("Note:", "Nota:")):
        return False  # a remark about other sources, not the statement itself
    if _AGE_ASKED.search(question.search_text):
        return bool(_AGE.search(text))
    if _TELEPHONE_ASKED.search(question.search_text):
        return bool(_TELEPHONE.search(text))
    if kind in ("how_many", "how", "what", "which") and _MONEY_ASKED.search(question.search_text):
        return bool(_MONEY.search(text))
    match kind:
        case "when":
            if _YEAR_OR_DATE.search(text):
                return any(w.folded not in question_words for w in find_words(text) if w.folded[:1].isdigit())
            return any(word.folded in MONTHS and word.folded not in question_words for word in find_words(text))
        case "how_many" if _UNIT_ASKED.search(question.search_text):
            return bool(_SPAN_OF_TIME.search(text) and _NUMBER.search(text))
        case "how_many":
            return any(True for _ in find_counts(text, question_words))
        case "who":
            # Two capitalised words that are never written small, neither asked about nor part of the name of a body or
            # country, are most likely a person.
            known = question_words | _institutional_words()
            return any(
                sum((folded := fold(word)) not in known and not is_common(folded) for word in name.split()) >= 2
                for name in _PERSON.findall(text)
            )
        case "where":
            known = question_words | (_country_words() if _CITY_ASKED.search(question.search_text) else frozenset())
            return any(
                fold(place) not in known and fold(place) not in MONTHS
                for match in _PLACE.finditer(text)
                for place in [match[1] or match[2]]
            )
        case "definition":
            return bool((_SPELT_OUT if _ACRONYM_ASKED.search(question.search_text) else _DEFINES).search(text))
        case "which":
            if _PLACES_ASKED.search(question.search_text):
                named = sum(fold(name) not in question_words for name in _NAME.findall(text))
                return text.rstrip().endswith(":") or (text.count(",") >= 2 and named >= 4)
            return text.count(",") >= 2 or text.rstrip().endswith(":") or text.lstrip().startswith("•")
        case "why":
            return bool(_CAUSE.search(text))
    return True


def match_terms(
    index: Index, question: Question, terms: QuestionTerms, ordinal: int, passage: Passage
) -> tuple[Matched, Set[str]]:
    """Which words of a question a passage holds, by stem, alias or gloss, and the terms found; places come from the index."""
    english = index.english_places.find(ordinal, terms.english_numbers)
    own: dict[str, list[tuple[int, int]]] = {}
    if passage.lang == question.lang == "es":
        own = index.spanish_places.find(ordinal, terms.own_numbers)
    starts = [start - passage.start for start, _ in passage.sentences]
    spans: set[tuple[int, int]] = set()
    gloss: list[str] = []
    covered = np.zeros(len(starts), dtype=np.float32)

    def sentences_of(found: Iterable[tuple[int, int]]) -> set[int]:
        return {max(bisect_right(starts, start) - 1, 0) for start, _ in found}

    named: list[tuple[Term, set[int]]] = []
    for term in terms.concepts:
        if found := english.get(term.term):
            named.append((term, sentences_of(found)))
            spans.update(found)
    for word in terms.words:
        where: set[int] = set()
        for term in word.terms:
            if found := english.get(term.term):
                where |= sentences_of(found)
                spans.update(found)
                if question.lang != passage.lang:
                    written = passage.text[found[0][0] : found[0][1]]
                    if written.lower() != word.text.lower():
                        gloss.append(f"{word.text} → {written}")
        if own and (found := own.get(word.own_stem)):
            where |= sentences_of(found)
            spans.update(found)
        for concept, places in named:
            if concept.start <= word.start and word.end <= concept.end:
                where |= places  # the word stands inside the name of a concept that the text calls by another name
        if where:
            covered[list(where)] += word.weight
    ordered = sorted(spans)
    matched = Matched(
        coverages=covered / terms.total_weight if terms.total_weight else covered,
        terms=tuple(dict.fromkeys(passage.text[a:b] for a, b in ordered)),
        spans=tuple((a + passage.start, b + passage.start) for a, b in ordered),
        gloss=tuple(dict.fromkeys(gloss)),
    )
    return matched, english.keys()


def choose_sentences(question: Question, text: str, spans: Sequence[tuple[int, int]], scores: Scores) -> list[tuple[int, int]]:
    """Spans of the answering sentences of a passage in order: a list whole, else at most three sentences.

    `text` is the document's, `spans` its sentences in the passage, `scores` (sentences,) how well each answers.
    """
    best = int(scores.argmax())
    block = _list_around(text, spans, best)
    if block is not None and (question.kind in ("which", "what", "how_many", "how") or text[: spans[best][1]].endswith(":")):
        return [spans[n] for n in block]
    chosen = {best}
    # A neighbour joins in when it scores nearly as well, that is when the answer runs over two sentences.
    for neighbour in (best + 1, best - 1):
        if 0 <= neighbour < len(spans) and len(chosen) < MAX_SENTENCES and scores[neighbour] >= scores[best] - NEARLY:
            chosen.add(neighbour)
    # A sentence that introduces a list is no answer without it.
    last = max(chosen)
    if text[spans[last][0] : spans[last][1]].endswith(":"):
        chosen.update(_list_around(text, spans, last) or ())
    return [spans[n] for n in sorted(chosen)]


def _is_item(text: str, span: tuple[int, int]) -> bool:
    return bool(re.match(r"(?:•|\(?\d{1,2}[.)]|\(?[a-z][.)])\s", text[span[0] : span[1]]))


def _list_around(text: str, spans: Sequence[tuple[int, int]], at: int) -> list[int] | None:
    """Numbers of the sentences of the list that a sentence introduces or belongs to, lead-in first; None without one."""
    first = at
    if _is_item(text, spans[at]):
        while first > 0 and _is_item(text, spans[first - 1]):
            first -= 1
        if first > 0 and text[spans[first - 1][0] : spans[first - 1][1]].endswith(":"):
            first -= 1
    elif not text[spans[at][0] : spans[at][1]].endswith(":"):
        return None
    last = at if at > first else first
    while last + 1 < len(spans) and _is_item(text, spans[last + 1]):
        last += 1
    return list(range(first, last + 1)) if last > first else None


def merge_spans(spans: Sequence[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Spans with only white space between them as one."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and not text[merged[-1][1] : start].strip():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def make_highlights(answers: Sequence[tuple[int, int]], matches: Sequence[tuple[int, int]], text: str) -> tuple[Highlight, ...]:
    """Answer spans joined where they touch, then the matched words in order."""
    marks = [Highlight(a, b, "answer") for a, b in merge_spans(answers, text)]
    return tuple(marks + [Highlight(a, b, "match") for a, b in merge_match_spans(matches)])


def merge_match_spans(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping spans as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
