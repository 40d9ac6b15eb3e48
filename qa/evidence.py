"""The sentences that answer, as spans of the passage, and the words that matched."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.records import Passage
from index.searching import Index
from qa.answers import Highlight, Question
from qa.fusion import Scores
from qa.retrieving import QuestionTerms

MAX_SENTENCES = 3
_ITEM = re.compile(r"(?:•|\(?\d{1,2}[.)]|\(?[a-z][.)])\s")  # of a list
NEARLY = 0.02  # a neighbour whose score is less than this below the best answers too; chosen on the dev split


@dataclass(frozen=True, slots=True)
class Matched:
    """What of a question a passage holds."""

    coverages: Scores  # (sentences,) share of the question's words, by rarity, in each sentence, 0 to 1
    synonyms: Scores  # (sentences,) the same of words that the passage lacks and a synonym stands for
    found: frozenset[str]  # the question's terms in English space and their synonyms, those that stand in it
    stands: NDArray[np.bool_]  # (terms, sentences) which terms stand in which sentence, rows as in QuestionTerms
    places: Mapping[int, Sequence[tuple[int, int]]]  # row of a term -> where in the passage's text
    lacks: Sequence[bool]  # (words,) which words are absent


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader is shown of it."""

    terms: tuple[str, ...]  # as the text writes them
    spans: tuple[tuple[int, int], ...]  # in the document
    gloss: tuple[str, ...]  # "trata → trafficking"


def match_terms(
    index: Index, question: Question, terms: QuestionTerms, ordinals: Sequence[int], passages: Sequence[Passage]
) -> list[Matched]:
    """The words of a question that each passage holds, by stem, alias, gloss or synonym, from the index."""
    counts = [len(passage.sentences) for passage in passages]
    lasts = np.cumsum(counts, dtype=np.int64)
    firsts = lasts - counts
    at, rows, starts, ends = _find_places(index, question, terms, ordinals, passages)
    stands = np.zeros((len(terms.rows) + len(terms.own_rows), sum(counts)), np.bool_)
    stands[rows, _sentences_of(passages, firsts, at, starts)] = True
    words = terms.word_rows
    where = np.logical_or.reduceat(stands[words.standing], words.starts, axis=0)
    where[words.own_words] |= stands[words.own]
    absent = ~np.logical_or.reduceat(where, firsts, axis=1)  # (words, passages)
    closest = np.maximum.reduceat(words.near_weights.astype(np.float32) * stands[words.near], words.near_starts, axis=0)
    closest *= absent[words.near_words].repeat(counts, axis=1)
    total = terms.total_weight or 1.0
    coverages = (words.weights.astype(np.float32) * where).sum(axis=0) / total
    synonyms = closest.sum(axis=0) / total
    placed: list[dict[int, list[tuple[int, int]]]] = [{} for _ in passages]
    for passage, row, start, end in zip(at.tolist(), rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        placed[passage].setdefault(row, []).append((start, end))
    return [
        Matched(
            coverages=coverages[a:b],
            synonyms=synonyms[a:b],
            found=frozenset([term for term, row in terms.rows.items() if row in places]),
            stands=stands[:, a:b],
            places=places,
            lacks=lacks,
        )
        for places, lacks, a, b in zip(placed, absent.T.tolist(), firsts.tolist(), lasts.tolist(), strict=True)
    ]


def _find_places(
    index: Index, question: Question, terms: QuestionTerms, ordinals: Sequence[int], passages: Sequence[Passage]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
    """Where the terms stand: position of the passage, row of the term, start and end in the passage's text, all (places,)."""
    at, rows, places = index.english_places.find(ordinals, index.english.numbers(terms.rows))
    spanish = [n for n, passage in enumerate(passages) if passage.lang == question.search_lang == "es"]
    if spanish and terms.own_rows:
        numbers = index.spanish.numbers(terms.own_rows)
        own_at, own_rows, own_places = index.spanish_places.find([ordinals[n] for n in spanish], numbers)
        at = np.concatenate((at, np.take(spanish, own_at)))
        rows = np.concatenate((rows, len(terms.rows) + own_rows))
        places = np.concatenate((places, own_places))
    starts = places["start"].astype(np.int64)
    return at, rows, starts, starts + places["length"]


def _sentences_of(
    passages: Sequence[Passage], firsts: NDArray[np.int64], at: NDArray[np.intp], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(places,) the sentence that each place is in, counted over all passages; `firsts` are the first of each passage."""
    begins = [(n << 32) + start - passage.start for n, passage in enumerate(passages) for start, _ in passage.sentences]
    return np.maximum(np.searchsorted(begins, (at << 32) + starts, side="right") - 1, firsts[at])


def show_matches(question: Question, terms: QuestionTerms, passage: Passage, matched: Matched) -> Shown:
    """The words of a question that a passage holds, and what stands for those that it lacks."""
    text, english, every, placed = passage.text, len(terms.english), len(terms.rows), matched.places
    counted = {row for row in placed if not english <= row < every}
    gloss: dict[str, None] = {}
    translated = question.search_lang != passage.lang
    for word, absent in zip(terms.words, matched.lacks, strict=True):
        for row in word.near_rows if absent else word.rows if translated else ():
            if row in placed:
                start, end = placed[row][0]
                if absent or text[start:end].lower() != word.text.lower():
                    gloss[f"{word.text} → {text[start:end]}"] = None
                if absent:
                    counted.add(row)
    spans = sorted({place for row in counted for place in placed[row]})
    return Shown(
        terms=tuple(dict.fromkeys([text[a:b] for a, b in spans])),
        spans=tuple([(a + passage.start, b + passage.start) for a, b in spans]),
        gloss=tuple(gloss),
    )


def choose_sentences(question: Question, text: str, spans: Sequence[tuple[int, int]], scores: Scores) -> list[tuple[int, int]]:
    """Spans of the answering sentences of a passage in order: a list whole, else at most three sentences.

    `text` is the document's, `spans` its sentences in the passage, `scores` (sentences,) how well each answers.
    """
    best = int(scores.argmax())
    block = _list_around(text, spans, best)
    if block is not None and (question.kind in ("which", "what", "how_many", "how") or text.endswith(":", 0, spans[best][1])):
        return [spans[n] for n in block]
    chosen = {best}
    # A neighbour joins in when it scores nearly as well, that is when the answer runs over two sentences.
    for neighbour in (best + 1, best - 1):
        if 0 <= neighbour < len(spans) and len(chosen) < MAX_SENTENCES and scores[neighbour] >= scores[best] - NEARLY:
            chosen.add(neighbour)
    # A sentence that introduces a list is no answer without it.
    last = max(chosen)
    if text.endswith(":", *spans[last]):
        chosen.update(_list_around(text, spans, last) or ())
    return [spans[n] for n in sorted(chosen)]


def _is_item(text: str, span: tuple[int, int]) -> bool:
    return _ITEM.match(text, *span) is not None


def _list_around(text: str, spans: Sequence[tuple[int, int]], at: int) -> list[int] | None:
    """Numbers of the sentences of the list that a sentence introduces or belongs to, lead-in first; None without one."""
    first = at
    if _is_item(text, spans[at]):
        while first > 0 and _is_item(text, spans[first - 1]):
            first -= 1
        if first > 0 and text.endswith(":", *spans[first - 1]):
            first -= 1
    elif not text.endswith(":", *spans[at]):
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
