"""The sentences that answer, as spans of the passage, and the words that matched."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np

from corpus.records import Passage
from index.analysis import Term
from index.searching import Index
from qa.answers import Highlight, Question
from qa.fusion import Scores
from qa.retrieving import QuestionTerms

MAX_SENTENCES = 3
NEARLY = 0.02  # a neighbour whose score is less than this below the best answers too; chosen on the dev split


@dataclass(frozen=True, slots=True)
class Matched:
    """What of a question a passage holds."""

    coverages: Scores  # (sentences,) share of the question's words, by rarity, in each sentence, 0 to 1
    synonyms: Scores  # (sentences,) the same of words that the passage lacks and a synonym stands for
    terms: tuple[str, ...]  # as the text writes them
    spans: tuple[tuple[int, int], ...]  # in the document
    gloss: tuple[str, ...]  # "trata → trafficking"


def match_terms(
    index: Index, question: Question, terms: QuestionTerms, ordinal: int, passage: Passage
) -> tuple[Matched, Set[str]]:
    """The words of a question that a passage holds, by stem, alias, gloss or synonym, and the terms found, from the index."""
    english = index.english_places.find(ordinal, terms.english_numbers)
    own: dict[str, list[tuple[int, int]]] = {}
    if passage.lang == question.search_lang == "es":
        own = index.spanish_places.find(ordinal, terms.own_numbers)
    starts = [start - passage.start for start, _ in passage.sentences]
    spans: set[tuple[int, int]] = set()
    gloss: list[str] = []
    covered, by_synonym = np.zeros((2, len(starts)), dtype=np.float32)

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
                if question.search_lang != passage.lang:
                    written = passage.text[found[0][0] : found[0][1]]
                    if written.lower() != word.text.lower():
                        gloss.append(f"{word.text} → {written}")
        if own and (found := own.get(word.own_stem)):
            where |= sentences_of(found)
            spans.update(found)
        for concept, places in named:
            if concept.reaches_over(word.start, word.end):
                where |= places  # the word stands inside the name of a concept that the text calls by another name
        if where:
            covered[list(where)] += word.weight
            continue
        closest = np.zeros_like(by_synonym)
        for term in word.near:
            if found := english.get(term.term):
                spans.update(found)
                here = list(sentences_of(found))
                closest[here] = np.maximum(closest[here], word.weight * term.weight)
                gloss.append(f"{word.text} → {passage.text[found[0][0] : found[0][1]]}")
        by_synonym += closest
    ordered = sorted(spans)
    total = terms.total_weight or 1.0
    matched = Matched(
        coverages=covered / total,
        synonyms=by_synonym / total,
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
