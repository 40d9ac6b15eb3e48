"""A closer look at the first candidates: sentence by sentence, with what stands over the passage; a learnt second order."""

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from corpus.numerals import ordinals_in
from corpus.records import Document, Lang, Passage
from corpus.words import find_words
from index.searching import Index
from index.synonyms import Synonyms
from index.tokens import AskedWords, WordMatches
from qa.answers import Question
from qa.evidence import NEARLY, Matched, asked_to_define, choose_sentences, mark_definitions, match_terms
from qa.expecting import NOTE, YEAR, asks_about_sources, expect, is_remark
from qa.kinds import speaks_for_an_answer
from qa.retrieving import SYNONYM, Candidates, QuestionTerms
from qa.rewording import asks_to_spell_out

T = TypeVar("T")
# What covered words and the fitting kind add to a sentence's cosine, and, where late interaction says how alike the words
# are, what kind, words that a synonym stands for and cosine add to that; chosen on the dev and the teaching questions.
COVERED, TYPED = 0.4, 0.3
CHOSEN_TYPED, CHOSEN_SYNONYMS = 0.06, 0.2
MOST_COSINE, COSINE_OF_FEW = 0.15, 3.0  # the least of the first and the second by the question's words squared
# How much of what a word's cosine lacks is made up for where the word itself stands; chosen on the teaching questions.
PARTNER = 0.6
# What a sentence loses that names years, but none of those asked for; chosen on the dev and the teaching questions.
OTHER_YEAR = 0.1
REMARK = 0.2  # what a remark about the sources loses: it repeats the question's words without saying the thing itself
IN_NOTE = 0.1  # what goes on in a note loses, unless the question may be about what sources say; the opening is a remark
COUNTED = 2.0  # what the sort of answer counts where a number is asked for: a passage without one cannot say how many
# Candidates that are looked at: those whose fused score is hardly below the best; the others keep their place behind them.
# Chosen on the dev and the teaching questions: the passages that come first after the closer look lie within.
LEAST_DEPTH, MOST_DEPTH, WITHIN = 6, 16, 0.25
OPENING_CHARS = 400
DEFINED_DEPTH = 48  # where a question says nothing but a name, of NAME_WORDS at most: all that speaks of it is alike then
NAME_WORDS = 4

RANKING_FEATURES = (
    "fused",  # score of the fusion
    "coverage",  # share of the question's words, by rarity, in the passage and what stands over it
    "typed",  # some sentence holds the sort of thing that is asked for: 1, COUNTED where that is a number; more for a definition
    "missing",  # names, acronyms and numbers of the question that neither passage nor document record holds
    "late",  # late interaction: mean over the question's words, by weight, of the best cosine with a word of the passage
    "choice",  # the score of the sentence that answers best
    "proximity",  # how near together neighbouring words of the question stand
    "heading",  # share of the words of the headings over the passage, by rarity, that the question says
    "unasked_event",  # the document is about an event of which the question names neither year nor edition nor city
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name, acronym or number of a question."""

    text: str  # as written
    words: tuple[frozenset[str], ...]  # for each of its words the terms that stand for it, synonyms included
    rarities: tuple[float, ...]  # of each word
    concept: str | None = None  # the glossary's term for it

    def stands_in(self, present: Set[str]) -> bool:
        """Whether terms hold it: its concept or all of its words; of another name half of them, by rarity, as a person is often
        called by a part of the name, but no "process" is the Colombo Process.
        """
        found = [bool(terms & present) for terms in self.words]
        if self.concept is not None:
            return self.concept in present or (bool(found) and all(found))
        return 2 * sum(rarity for rarity, stands in zip(self.rarities, found, strict=True) if stands) >= sum(self.rarities)


@dataclass(frozen=True, slots=True)
class Subject:
    """The names, acronyms and numbers of a question: what an answer must be about."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """One candidate seen closely. Arrays are (sentences,)."""

    ordinal: int
    passage: Passage
    document: Document
    matched: Matched
    cosines: NDArray[np.float32]
    typed: NDArray[np.bool_]  # holds the sort of thing that is asked for and is no remark
    of_parts: NDArray[np.bool_]  # (parts, sentences) the same for each part of the question
    header: frozenset[str]  # terms of the title, headings and record of the document
    coverage: float  # of the passage together with its header
    missing: tuple[str, ...]  # of the names, acronyms and numbers asked for, those that are not here
    words: WordMatches | None  # by late interaction; None where the index or the question has no tokens
    heading: float  # share of the words of its headings, by rarity, that the question says
    unasked_event: bool  # its document is about an event of which the question names neither year nor edition nor city
    preferred: float  # 1 or COUNTED where some sentence is typed and that speaks for an answer; more where one defines
    choice: NDArray[np.float32]  # how well each sentence answers after the one before it
    best: float  # how well the best sentence answers by itself; comparable between the passages of a question
    twin: "Examined | None" = None  # the version in the other language, which candidates show this one for

    def answers(self, question: Question, nearly: float = NEARLY) -> list[tuple[int, int]]:
        """Spans of the sentences that answer, with those that score at most `nearly` below the best."""
        return choose_sentences(question, self.document.text, self.passage.sentences, self.choice, self.of_parts, nearly)

    def best_answer(self, question: Question) -> list[tuple[int, int]]:
        """Spans of the best sentence and what belongs to it. The decision rests on these: with more, a near miss looks like an answer."""
        return self.answers(question, nearly=0.0)

    @property
    def versions(self) -> tuple["Examined", ...]:
        """The passage itself, then its twin."""
        return (self,) if self.twin is None else (self, self.twin)


def choice_scores(
    late: NDArray[np.float32] | None,
    cosines: NDArray[np.float32],
    coverages: NDArray[np.float32],
    synonyms: NDArray[np.float32],
    preferred: NDArray[np.float32],
    remarks: NDArray[np.float64],
    elsewhen: NDArray[np.bool_],
    words: int,
) -> NDArray[np.float32]:
    """(sentences,) how well each sentence answers; all arrays are (sentences,), `late` by late interaction or None.

    Words find their partners in context, so the sentence that says the rest of what the question says wins over the one
    that repeats it. The cosine of the whole sentence adds to that where the question has few `words`: their number squared
    divides it. `preferred` counts what speaks for a sentence: the sort of thing asked for, a definition that is asked for;
    `remarks` are what remarks and notes lose; `elsewhen`, which name only years or editions that are not asked for, lose too.
    """
    if late is None:
        # A quarter, so that a difference means about as much as one of late interaction.
        scores = (cosines + COVERED * coverages + TYPED * preferred) / 4 - remarks
    else:
        scores = late + min(MOST_COSINE, COSINE_OF_FEW / max(words, 1) ** 2) * cosines + CHOSEN_TYPED * preferred - remarks
    return np.asarray(scores + CHOSEN_SYNONYMS * synonyms - OTHER_YEAR * elsewhen, dtype=np.float32)


def header_text(document: Document, passage: Passage) -> str:
    """What stands over a passage: titles, headings, publisher, and the record of the event."""
    event = document.event
    parts = (
        document.title, *passage.section, document.source.title, document.source.publisher, document.year, event.name,
        event.edition, event.city, event.country, event.theme, event.presidency, event.next_presidency,
    )  # fmt: skip
    return " | ".join(str(part) for part in parts if part)


class Examiner:
    """Looks at candidates of one index; what it works out of headers, and of sentences whatever is asked, is kept."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._header = lru_cache(maxsize=4096)(self._header_terms)
        self._opening = lru_cache(maxsize=4096)(self._opening_terms)
        self._heading = lru_cache(maxsize=4096)(self._heading_words)
        self._event = lru_cache(maxsize=4096)(self._event_terms)
        self._remarks = lru_cache(maxsize=1024)(self._find_remarks)
        self._editions = lru_cache(maxsize=4096)(self._find_editions)

    def _header_terms(self, document_id: str, section: tuple[str, ...]) -> frozenset[str]:
        document = self._index.store.document(document_id)
        probe = Passage(document_id, 0, 0, "", document.lang, section)
        text = header_text(document, probe)
        analyzer = self._index.analyzer
        return analyzer.english_set(text, document.lang) | analyzer.english_set(text, "en")

    def _opening_terms(self, document_id: str) -> frozenset[str]:
        """Terms of the beginning of a document, which says where and when what it goes on to tell took place."""
        document = self._index.store.document(document_id)
        return self._index.analyzer.english_set(document.text[:OPENING_CHARS], document.lang)

    def _heading_words(self, section: tuple[str, ...], lang: Lang) -> list[tuple[frozenset[str], float]]:
        """The words of headings that passages hold: the terms that stand for each, and its share of their rarity.

        A word is as rare as the rarest of its terms, by inverse document frequency.
        """
        english = self._index.english
        words: dict[tuple[int, int], set[str]] = {}
        for term in self._index.analyzer.english_terms(" | ".join(section), lang):
            if not term.term.startswith("@"):
                words.setdefault((term.start, term.end), set()).add(term.term)
        known = [frozenset(term for term in terms if english.frequency(term)) for terms in words.values()]
        rarities = [(terms, max(map(english.idf, terms))) for terms in known if terms]
        total = sum(rarity for _, rarity in rarities)
        return [(terms, rarity / total) for terms, rarity in rarities]

    def _said_of_heading(self, terms: QuestionTerms, passage: Passage) -> float:
        """Share of the words of a passage's headings, by rarity, that a question says."""
        return sum((share for here, share in self._heading(passage.section, passage.lang) if here & terms.rows.keys()), 0.0)

    def _event_terms(self, document_id: str) -> frozenset[str]:
        """Terms of what tells a document's event from others, beside its year: edition and city."""
        document = self._index.store.document(document_id)
        text = " | ".join(filter(None, (document.event.edition, document.event.city)))
        return self._index.analyzer.english_set(text, document.lang)

    def _is_of_unasked_event(self, years: Set[str], terms: QuestionTerms, document: Document) -> bool:
        """Whether a document is about an event of which a question names neither edition nor city, nor these years around it."""
        year = document.event.year
        if year is None or (years and min(years) <= str(year) <= max(years)):
            return False
        return not self._event(document.id) & terms.rows.keys()

    def _find_remarks(self, ordinal: int) -> NDArray[np.uint8]:
        """(sentences,) of a passage: 1 for those that are remarks about the sources, 2 for those that open a note, 3 for those
        that go on in one.
        """
        [passage] = self._index.store.passages_at([ordinal])
        text = self._index.store.document(passage.document_id).text

        def sort_of(a: int, b: int) -> int:
            if is_remark(text[a:b]):
                return 1
            if not text.startswith(NOTE, text.rfind("\n", 0, a) + 1):
                return 0
            return 2 if text.startswith(NOTE, a) else 3

        return np.array([sort_of(a, b) for a, b in passage.sentences], np.uint8)

    def _find_editions(self, ordinal: int) -> tuple[frozenset[int], ...]:
        """The editions of meetings that each sentence of a passage names."""
        [passage] = self._index.store.passages_at([ordinal])
        at = passage.start
        return tuple([_editions(passage.text[a - at : b - at]) for a, b in passage.sentences])

    def examine(
        self, question: Question, candidates: Candidates, subject: Subject, ordinals: NDArray[np.int64], twins: bool = False
    ) -> list[Examined]:
        """Candidates seen closely, in the order asked for; with `twins` each beside its version in the other language."""
        index, terms, asked = self._index, candidates.terms, candidates.asked
        shown: list[int] = ordinals.tolist()
        numbers = shown + [candidates.twins[number] for number in shown if twins and number in candidates.twins]
        ordinals = np.array(numbers, dtype=np.int64)
        passages = index.store.passages_at(numbers)
        documents = [index.store.document(passage.document_id) for passage in passages]
        matched = match_terms(index, question, terms, numbers, passages)
        headers = [self._header(passage.document_id, passage.section) for passage in passages]
        present = [header | one.found for header, one in zip(headers, matched, strict=True)]
        covered = covered_shares(terms, present)
        words = late = alone = None
        if asked is not None:
            words = index.word_matches(asked, ordinals, *partners(index.synonyms, terms, asked, matched, headers))
            if words is not None:
                late = np.concatenate([one.late_in_context for one in words])
                alone = np.concatenate([one.late_sentences for one in words])
        # From here on all sentences together, one passage after the other.
        lasts = np.cumsum([len(passage.sentences) for passage in passages])
        bounds = list(pairwise([0, *lasts.tolist()]))
        cosines = np.zeros(lasts[-1], np.float32)
        if candidates.vector is not None:
            cosines = index.sentence_scores(candidates.vector, ordinals)
        expected = expect(question, index.vocabulary.is_common)
        texts = [document.text[a:b] for passage, document in zip(passages, documents, strict=True) for a, b in passage.sentences]
        of_parts = np.array([[holds(text) for text in texts] for holds in expected], dtype=np.bool_)
        sorts = np.concatenate([self._remarks(number) for number in numbers])
        sources_asked = asks_about_sources(question.search_text)
        remarks = (sorts == 1) | ((sorts == 2) & (not sources_asked))
        of_parts &= ~remarks
        typed = np.asarray(of_parts.any(axis=0), dtype=np.bool_)
        preferred = typed if speaks_for_an_answer(question) else np.zeros_like(typed)
        defines = np.zeros(lasts[-1], np.float32)
        if to_define := asked_to_define(question, terms):
            spell_out = asks_to_spell_out(question.text)
            marks = [
                mark_definitions(to_define, terms, document.text, passage, one, spell_out)
                for document, passage, one in zip(documents, passages, matched, strict=True)
            ]
            defines = np.concatenate(marks) * ~remarks
            if question.kind == "definition":
                typed, preferred = defines > 0, np.zeros_like(typed)
        years = set(YEAR.findall(question.search_text))
        editions = _editions(question.search_text)
        elsewhen = np.zeros(lasts[-1], np.bool_)
        if years or editions:
            follows = np.concatenate([_follows(d.text, p.sentences) for d, p in zip(documents, passages, strict=True)])
            elsewhen |= _names_others(years, map(YEAR.findall, texts), follows)
            elsewhen |= _names_others(editions, chain.from_iterable(map(self._editions, numbers)), follows)
        coverages = np.concatenate([one.coverages for one in matched])
        synonyms = np.concatenate([one.synonyms for one in matched])
        choice = choice_scores(
            late,
            cosines,
            coverages,
            synonyms,
            preferred.astype(np.float32) + defines,
            REMARK * remarks + (0.0 if sources_asked else IN_NOTE) * (sorts == 3),
            elsewhen,
            len(find_words(question.search_text)),
        )
        # What the sentence before says helps to choose among the sentences of a passage, not among passages.
        by_itself = choice if late is None or alone is None else choice - late + alone
        counts = COUNTED if question.kind == "how_many" else 1.0

        def seen(n: int, twin: Examined | None) -> Examined:
            a, b = bounds[n]
            named = present[n] | self._opening(documents[n].id) if subject.names else present[n]
            return Examined(
                ordinal=numbers[n],
                passage=passages[n],
                document=documents[n],
                matched=matched[n],
                cosines=cosines[a:b],
                typed=typed[a:b],
                header=headers[n],
                coverage=covered[n],
                missing=tuple([name.text for name in subject.names if not name.stands_in(named)]),
                words=words[n] if words is not None else None,
                heading=self._said_of_heading(terms, passages[n]),
                unasked_event=self._is_of_unasked_event(years, terms, documents[n]),
                preferred=counts * float(preferred[a:b].any()) + float(defines[a:b].max()),
                of_parts=of_parts[:, a:b],
                choice=choice[a:b],
                best=float(by_itself[a:b].max()),
                twin=twin,
            )

        others = {numbers[n]: seen(n, None) for n in range(len(shown), len(numbers))}
        return [seen(n, others.get(candidates.twins.get(number, -1))) for n, number in enumerate(shown)]


def _editions(text: str) -> frozenset[int]:
    """The editions of meetings that a text names; "first" is more often a word for the beginning."""
    return frozenset(ordinals_in(text) - {1})


def _follows(text: str, spans: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """(sentences,) which sentences of a passage go on in the paragraph of the one before."""
    return np.array([False, *("\n" not in text[end:start] for (_, end), (start, _) in pairwise(spans))])


def _names_others(asked: Set[T], named: Iterable[Collection[T]], follows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(sentences,) which sentences name years or editions, but none that is asked for, or name none and go on after one that
    does; `named` is read only where one is asked for.
    """
    others = np.zeros(len(follows), np.bool_)
    for n, found in enumerate(named if asked else ()):
        others[n] = asked.isdisjoint(found) if found else follows[n] and others[n - 1]
    return others


def partners(
    synonyms: Synonyms, terms: QuestionTerms, asked: AskedWords, matched: Sequence[Matched], headers: Sequence[Set[str]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What each word of a question has by spelling: (sentences, words) in each sentence, (passages, words) over each passage.

    PARTNER where the word itself stands, less where a synonym does, by how close it is.
    """
    numbers: list[int] = []  # of words that have a partner among the terms
    starts: list[int] = []
    rows: list[int] = []
    shares: list[float] = []
    for number, stem in enumerate(asked.stems):
        near = (
            [(terms.rows[other], closeness) for other, closeness, _ in synonyms.near(stem) if other in terms.rows] if stem else []
        )
        if near or stem in terms.rows:
            numbers.append(number)
            starts.append(len(rows))
            if stem in terms.rows:
                rows.append(terms.rows[stem])
                shares.append(PARTNER)
            rows += [row for row, _ in near]
            shares += [PARTNER * SYNONYM * closeness for _, closeness in near]
    stands = np.concatenate([one.stands for one in matched], axis=1)
    standing = np.zeros((stands.shape[1], len(asked.stems)), np.float32)
    if rows:
        counted = np.array(shares, np.float32)[:, None] * stands[rows]
        standing[:, numbers] = np.maximum.reduceat(counted, starts, axis=0).T
    heading = np.array([[PARTNER * (stem in header) for stem in asked.stems] for header in headers], np.float32)
    return standing, heading


def covered_shares(terms: QuestionTerms, present: Sequence[Set[str]]) -> list[float]:
    """Share of the question's words, by rarity, that stand among the terms of each passage.

    A synonym of a word counts as it is close.
    """
    if not terms.total_weight:
        return [0.0] * len(present)
    stands = np.array([[term in here for here in present] for term in terms.rows], dtype=np.bool_)
    words = terms.word_rows
    shares = np.logical_or.reduceat(stands[words.standing], words.starts, axis=0).astype(np.float64)
    closest = np.maximum.reduceat(words.closeness * stands[words.near], words.near_starts, axis=0)
    shares[words.near_words] = np.maximum(shares[words.near_words], closest)
    found: list[float] = ((words.weights * shares).sum(axis=0) / terms.total_weight).tolist()
    return found


def ranking_features(candidates: Candidates, position: int, examined: Examined) -> tuple[float, ...]:
    """The values of RANKING_FEATURES for one candidate, all but the first the mean of its versions: two say more than one."""
    of_versions = [
        (
            one.coverage,
            one.preferred,
            float(len(one.missing)),
            one.words.late if one.words else 0.0,
            one.best,
            one.matched.proximity,
            one.heading,
            float(one.unasked_event),
        )
        for one in examined.versions
    ]
    return (float(candidates.scores[position]), *(sum(values) / len(of_versions) for values in zip(*of_versions, strict=True)))


def depth_of(scores: NDArray[np.float32]) -> int:
    """How many of the candidates are looked at closely, from their fused scores (n,) in the order of the candidates."""
    near = int(np.count_nonzero(scores[:MOST_DEPTH] >= scores.max(initial=-np.inf) - WITHIN))
    return min(max(near, LEAST_DEPTH), len(scores))


def second_order(candidates: Candidates, seen: Sequence[Examined], weights: Sequence[float]) -> tuple[Candidates, list[Examined]]:
    """The candidates with the examined ones reordered by a linear model; the rest follow in their order."""
    scores = [sum(w * f for w, f in zip(weights, ranking_features(candidates, n, e), strict=True)) for n, e in enumerate(seen)]
    order = sorted(range(len(seen)), key=lambda n: (-scores[n], n))
    whole = np.asarray(order + list(range(len(seen), len(candidates.ordinals))), dtype=np.int64)
    return candidates.take(whole), [seen[n] for n in order]
