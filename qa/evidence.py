"""The sentences that answer, as spans of the passage, and the words that matched."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.dates import MONTHS
from corpus.records import Lang, Passage
from corpus.words import find_words
from index.analysis import stem
from index.searching import Index
from qa.answers import Highlight, Question
from qa.fusion import Scores
from qa.retrieving import QuestionTerms

MAX_SENTENCES = 3
_NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|twenty|dozens?|half|"
    r"un[oa]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|quince|veinte|mitad|decenas?)\b",
    re.IGNORECASE,
)
_YEAR_OR_DATE = re.compile(r"\b(1[89]|20)\d{2}\b|\b\d{1,2}(st|nd|rd|th)?\b")
_DEFINES = re.compile(
    r"\([A-ZÁÉÍÓÚÑ]{2,}[^)]{0,12}\)|\b(is|are|was|means|called|known as|es|son|era|significa|llamad[oa]|conocid[oa])\b (an?|the|also|as|un[oa]?s?|el|la|los|las|también)\b"
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
    """What of a question a text holds."""

    coverage: float  # share of the question's words by rarity, 0 to 1
    terms: tuple[str, ...]  # as the text writes them
    spans: tuple[tuple[int, int], ...]
    gloss: tuple[str, ...]  # "trata -> trafficking"


def answer_type_present(question: Question, text: str, question_words: frozenset[str]) -> bool:
    """Whether a sentence holds something of the sort that is asked for, beside what the question itself says."""
    match question.kind:
        case "when":
            if _YEAR_OR_DATE.search(text):
                return any(w.folded not in question_words for w in find_words(text) if w.folded[:1].isdigit())
            return any(word.folded in MONTHS and word.folded not in question_words for word in find_words(text))
        case "how_many":
            return any(m.group().lower() not in question_words for m in _NUMBER.finditer(text))
        case "who" | "where":
            words = find_words(text)
            return any(
                w.surface[:1].isupper() and w.folded not in question_words and n > 0 and not w.surface.isupper()
                for n, w in enumerate(words)
            )
        case "definition":
            return bool(_DEFINES.search(text))
        case "which":
            if _PLACES_ASKED.search(question.search_text):
                return sum(w.surface[:1].isupper() and w.folded not in question_words for w in find_words(text)) >= 4
            return text.count(",") >= 2 or text.rstrip().endswith(":") or text.lstrip().startswith("•")
        case "why":
            return bool(_CAUSE.search(text))
    return True


@dataclass(frozen=True, slots=True)
class TextTerms:
    """The terms of a text with their places, analysed once and looked at sentence by sentence."""

    text: str
    lang: Lang
    offset: int  # of the text in its document; places are of the document
    english: dict[str, list[tuple[int, int]]]
    own: dict[str, list[tuple[int, int]]]


def text_terms(index: Index, question: Question, text: str, lang: Lang, offset: int = 0) -> TextTerms:
    """Analyse a text for a question; the Spanish stems only where both are Spanish."""
    english: dict[str, list[tuple[int, int]]] = {}
    for term in index.analyzer.english_terms(text, lang):
        english.setdefault(term.term, []).append((term.start + offset, term.end + offset))
    own: dict[str, list[tuple[int, int]]] = {}
    if lang == question.lang == "es":
        for term in index.analyzer.own_terms(text, "es"):
            own.setdefault(term.term, []).append((term.start + offset, term.end + offset))
    return TextTerms(text, lang, offset, english, own)


def passage_terms(index: Index, question: Question, terms: QuestionTerms, ordinal: int, passage: Passage) -> TextTerms:
    """The question's terms in a passage, from the places kept at build time."""

    def shifted(found: dict[str, list[tuple[int, int]]]) -> dict[str, list[tuple[int, int]]]:
        return {term: [(a + passage.start, b + passage.start) for a, b in spans] for term, spans in found.items()}

    english = shifted(index.english_places.find(ordinal, terms.english_numbers))
    own: dict[str, list[tuple[int, int]]] = {}
    if passage.lang == question.lang == "es":
        own = shifted(index.spanish_places.find(ordinal, terms.own_numbers))
    return TextTerms(passage.text, passage.lang, passage.start, english, own)


def match_terms(question: Question, terms: QuestionTerms, there: TextTerms, within: tuple[int, int] | None = None) -> Matched:
    """Which words of a question a text, or a span of it, holds: by stem, alias or gloss."""
    asked = question.search_text
    total = covered = 0.0
    spans: set[tuple[int, int]] = set()
    gloss: list[str] = []

    def places(found: dict[str, list[tuple[int, int]]], term: str) -> list[tuple[int, int]]:
        listed = found.get(term, [])
        return listed if within is None else [span for span in listed if within[0] <= span[0] and span[1] <= within[1]]

    concepts = [term for group in terms.groups for term in group if term.term.startswith("@")]
    named = [term for term in concepts if places(there.english, term.term)]
    for term in named:
        spans.update(places(there.english, term.term))
    for group in terms.groups:
        plain = [term for term in group if not term.term.startswith("@")]
        if not plain:
            continue
        weight = max(terms.idf[term.term] * term.weight for term in plain)
        total += weight
        word = asked[group[0].start : group[0].end]
        hits = [(term, found) for term in plain if (found := places(there.english, term.term))]
        own_hits = places(there.own, stem(find_words(word)[0].folded, "es")) if there.own and " " not in word else []
        if hits or own_hits:
            covered += weight
            for _, found in hits:
                spans.update(found)
                written = there.text[found[0][0] - there.offset : found[0][1] - there.offset]
                if question.lang != there.lang and written.lower() != word.lower():
                    gloss.append(f"{word} → {written}")
            spans.update(own_hits)
        elif any(term.start <= group[0].start and group[0].end <= term.end for term in named):
            covered += weight  # the word stands inside the name of a concept that the text calls by another name
    ordered = sorted(spans)
    surface = tuple(dict.fromkeys(there.text[a - there.offset : b - there.offset] for a, b in ordered))
    return Matched(covered / total if total else 0.0, surface, tuple(ordered), tuple(dict.fromkeys(gloss)))


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
        if 0 <= neighbour < len(spans) and len(chosen) < MAX_SENTENCES and scores[neighbour] >= scores[best] * 0.93:
            chosen.add(neighbour)
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
