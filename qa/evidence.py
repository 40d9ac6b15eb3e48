"""The sentences that answer, as spans of the passage, and the words that matched."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.records import Passage
from corpus.sentences import goes_on
from index.searching import Index
from qa.answers import Highlight, Question
from qa.expecting import is_called, says_what, says_which_sort, spells_out
from qa.fusion import Scores
from qa.kinds import find_defined
from qa.retrieving import QuestionTerms, QuestionWord, WordRows

MAX_SENTENCES = 3
HALF_NEAR = 15.0  # characters between two words at which their nearness counts half; chosen on the dev and the teaching questions
WITHIN_NAME = 20  # characters between two words of a name: " of ", " de la ", " (PPT) of the "
OPENING = 15  # characters into a sentence within which its subject begins
# What a definition counts: one that says of which sort a thing is, and one that only spells out its acronym; others count 1.
# A question with hardly another word than the name tells little by its words. Chosen on the dev questions.
GENUS = 3.0
SPELT = 0.5  # of a definition: what an acronym stands for
_IS = re.compile(r" (?:is|are|was|were|es|son|era|eran|fue) ")  # ends the name of what is to be defined
_ITEM = re.compile(r"(?:•|\(?\d{1,2}[.)]|\(?[a-z][.)])\s")  # of a list
# How a sentence begins that says nothing without the one before: "He ranked ...", "Su motivo era ...".
_LEANS = re.compile(
    r"(?:He|She|It|They|His|Her|Its|Their|This|These|Those|Both|Such|The (?:others?|latter|former|same)|There (?:was|were)|(?:Of|In|Among) (?:it|them|these|those)|"
    r"[ÉE]l(?= [^\W\dA-ZÁÉÍÓÚÑ]+(?:[óo]|aba|[ií]a)\b)|Ell[ao]s?|Sus?|Est[aeo]s?|Es[aeo]s?|Amb[ao]s|Dich[ao]s?|L[ao]s? otr[ao]s?|El otro|(?:De|En|Entre) ell[ao]s?|Les?|Eran?)\b"
    r"|[^.]*\b(?:among them|entre ell[ao]s)[.]?$"
)
PART_WITHIN = 0.2  # how far below the best a sentence may score that alone holds what another part of the question asks for
NEARLY = 0.05  # a sentence whose score is at most this below the best may answer too; chosen on the dev split


@dataclass(frozen=True, slots=True)
class Matched:
    """What of a question a passage holds."""

    coverages: Scores  # (sentences,) share of the question's words, by rarity, in each sentence, 0 to 1
    synonyms: Scores  # (sentences,) the same of words that the passage lacks and a synonym stands for
    found: frozenset[str]  # the question's terms in English space and their synonyms, those that stand in it
    stands: NDArray[np.bool_]  # (terms, sentences) which terms stand in which sentence, rows as in QuestionTerms
    places: Mapping[int, Sequence[tuple[int, int]]]  # row of a term -> where in the passage's text
    lacks: Sequence[bool]  # (words,) which words are absent
    proximity: float  # how near together neighbouring words of the question stand, 0 to 1


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
    proximities = _proximities(words, at, rows, starts, ends, len(passages))
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
            proximity=proximity,
        )
        for places, lacks, proximity, a, b in zip(
            placed, absent.T.tolist(), proximities.tolist(), firsts.tolist(), lasts.tolist(), strict=True
        )
    ]


def _proximities(
    words: WordRows,
    at: NDArray[np.intp],
    rows: NDArray[np.intp],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    passages: int,
) -> NDArray[np.float64]:
    """(passages,) how near together words that are neighbours in the question stand, from the places of its terms.

    The mean over the pairs of neighbours, by weight, of 1 / (1 + d / HALF_NEAR), d the fewest characters between the two: words
    of the question in one phrase of the passage say the same together, words far apart need not (Tao and Zhai 2007, SIGIR).
    """
    pairs = len(words.pair_weights)
    if not pairs or not len(at):
        return np.zeros(passages)
    order = np.argsort((at << 32) + starts)
    at, rows, starts, ends = at[order], rows[order], starts[order], ends[order]
    pair, here = np.nonzero(words.firsts[:, rows])
    other, there = np.nonzero(words.seconds[:, rows])
    # Groups, a pair in a passage each, one after the other; in each the places in order.
    group, groups = pair * passages + at[here], other * passages + at[there]
    keys, own = (groups << 32) + starts[there], (group << 32) + starts[here]
    reach = np.maximum.accumulate((groups << 32) + ends[there]) & 0xFFFFFFFF  # where the places so far have ended
    nearest = np.full(len(own), np.inf)
    before, after = np.searchsorted(keys, own, side="right") - 1, np.searchsorted(keys, own)
    for side, inside in ((before, before >= 0), (after, after < len(keys))):
        found = np.flatnonzero(inside)
        found = found[groups[side[found]] == group[found]]
        a, b = here[found], side[found]
        gap = starts[a] - reach[b] if side is before else starts[there[b]] - ends[a]
        nearest[found] = np.minimum(nearest[found], np.maximum(gap, 0))
    best = np.zeros(pairs * passages)
    np.maximum.at(best, group, 1 / (1 + nearest / HALF_NEAR))
    return np.asarray(words.pair_weights @ best.reshape(pairs, passages) / (words.pair_weights.sum() or 1.0))


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


def asked_to_define(question: Question, terms: QuestionTerms) -> list[int]:
    """Numbers of the words that say what a question wants defined; none in other questions."""
    span = find_defined(question.search_text)
    return [n for n, word in enumerate(terms.words) if span and word.start < span[1] and span[0] < word.end]


def mark_definitions(
    numbers: Sequence[int], terms: QuestionTerms, text: str, passage: Passage, matched: Matched, spell_out: bool = False
) -> NDArray[np.float32]:
    """(sentences,) 1 for those that open with what is to be defined, the words of these numbers, and go on to say what it is,
    GENUS where they say of which sort it is or what somebody calls it; SPELT for those that only spell out an acronym. With
    `spell_out` that is all that is wanted.

    `text` is the document's. Half of the words are enough: a thing is often called by a part of its name.
    """
    marks = np.zeros(len(passage.sentences), np.float32)
    says = terms.word_rows.says[numbers]
    named: dict[tuple[int, int], NDArray[np.bool_]] = {}  # place -> which of the words it says
    for row in np.flatnonzero(says.any(axis=0)).tolist():
        for place in matched.places.get(row, ()):
            named[place] = named[place] | says[:, row] if place in named else says[:, row]
    places = sorted(named)
    short = _acronym([terms.words[number] for number in numbers])
    if short is not None:
        marks += [spells_out(text[start:end], short) for start, end in passage.sentences]
        if spell_out:
            return marks
        marks *= SPELT
    for n, (start, end) in enumerate(passage.sentences):
        first, last = start - passage.start, end - passage.start
        sentence = text[start:end]
        at = bisect_left(places, (first, 0))
        if any(
            is_called(sentence, a - first, b - first)
            for a, b in places[at:]
            if a < last and 2 * named[a, b].sum() >= len(numbers)
        ):
            marks[n] = GENUS
            continue
        if at == len(places) or places[at][0] > min(first + OPENING, last - 1):
            continue
        said, stop = named[places[at]], places[at][1]
        while (
            at + 1 < len(places)
            and places[at + 1][0] <= min(stop + WITHIN_NAME, last - 1)
            and not _IS.search(text, passage.start + stop, passage.start + places[at + 1][0])
        ):
            at += 1
            said, stop = said | named[places[at]], max(stop, places[at][1])
        if 2 * said.sum() < len(numbers):
            continue
        if says_which_sort(sentence, stop - first):
            marks[n] = GENUS
        elif says_what(sentence, stop - first):
            marks[n] = 1
    return marks


def _acronym(words: Sequence[QuestionWord]) -> str | None:
    """What is to be defined where it is one word that may be an acronym, in capitals."""
    return words[0].text.upper() if len(words) == 1 and 2 <= len(words[0].text) <= 8 and words[0].text.isalpha() else None


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


def choose_sentences(
    question: Question,
    text: str,
    spans: Sequence[tuple[int, int]],
    scores: Scores,
    of_parts: NDArray[np.bool_] | None = None,
    nearly: float = NEARLY,
) -> list[tuple[int, int]]:
    """Spans of the answering sentences of a passage in order: at most three sentences, the lists among them whole.

    `text` is the document's, `spans` its sentences in the passage, `scores` (sentences,) how well each answers, `of_parts`
    (parts, sentences) whether it holds the sort of thing that a part of the question asks for. Those join in that score at most
    `nearly` below the best, beside it in its paragraph at most twice that.
    """
    best = int(scores.argmax())
    block = _list_around(text, spans, best)
    if block is not None and (
        question.kind in ("which", "what", "name", "how_many", "how") or text.endswith(":", 0, spans[best][1])
    ):
        return [spans[n] for n in block]
    chosen = {best}
    for holds in of_parts if of_parts is not None and len(of_parts) > 1 else ():
        others = np.flatnonzero(holds & (scores >= scores[best] - PART_WITHIN))
        if len(others) and not holds[list(chosen)].any() and len(chosen) < MAX_SENTENCES:
            chosen.add(int(others[scores[others].argmax()]))
    # Others join in when they score nearly as well: the answer may run over two sentences, or stand beside the one that repeats
    # the question, so that the two beside it may be twice as far below.
    near = scores >= scores[best] - nearly
    for number in (best - 1, best + 1):
        if 0 <= number < len(spans) and "\n" not in text[spans[min(number, best)][1] : spans[max(number, best)][0]]:
            near[number] = scores[number] >= scores[best] - 2 * nearly
    for number in np.argsort(-scores, kind="stable").tolist():
        if near[number] and len(chosen) < MAX_SENTENCES:
            chosen.add(number)
    for number in sorted(chosen):
        leans = number > 0 and len(chosen) < MAX_SENTENCES and _LEANS.match(text, *spans[number]) is not None
        if leans and "\n" not in text[spans[number - 1][1] : spans[number][0]]:
            chosen.add(number - 1)
    # Nothing is an answer without what it introduces, a list whole; what the next refers back to often only announces.
    for number in sorted(chosen):
        if text.endswith(":", *spans[number]):
            chosen.update(_list_around(text, spans, number) or ())
    while (last := max(chosen)) + 1 < len(spans) and len(chosen) < MAX_SENTENCES:
        introduces = text.endswith(":", *spans[last])
        if not introduces and not goes_on(text, spans[last + 1][0]):
            break
        chosen.update([last + 1, *((introduces and _list_around(text, spans, last)) or ())])
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
