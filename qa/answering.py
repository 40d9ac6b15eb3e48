"""The whole way of a question: understand, retrieve, fuse, extract, decide, cite."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from corpus.records import Lang
from index.filters import Filters
from index.searching import Index
from qa.answers import Answer, Evidence, Explanation, IndexInfo, Level, Question, Status
from qa.deciding import (
    empty_reason,
    features_of,
    load_calibration,
    make_confidence,
    reason_of,
    status_of,
    subject_of,
)
from qa.errors import BadQuestion
from qa.evidence import asked_to_define, make_highlights, show_matches
from qa.examining import DEFINED_DEPTH, NAME_WORDS, Examined, Examiner, depth_of, second_order
from qa.requests import asks_nothing
from qa.retrieving import Candidates, Reranker, RetrievalSettings, diversify, retrieve
from qa.suggesting import questions_about, suggest
from qa.timing import Timing
from qa.understanding import understand
from qa.versions import in_own_language
from qa.weights import load_ranking, load_weights

MAX_PASSAGES = 50
DEFAULT_PASSAGES = 5


@dataclass(frozen=True, slots=True)
class Scored:
    """What calibration learns from: the features of the best candidate."""

    features: dict[str, float]
    p: float


class Engine:
    """Answers questions from one open index; safe to share between threads."""

    def __init__(
        self,
        index: Index,
        *,
        settings: RetrievalSettings | None = None,
        reranker: Reranker | None = None,
        rerank_budget_ms: float = 300.0,
    ) -> None:
        self.index = index
        self.settings = settings or RetrievalSettings(weights=load_weights(), ranking=load_ranking())
        self._calibration = load_calibration()
        self._examiner = Examiner(index)
        self.suggested: dict[tuple[str, Lang], bool] = {}  # questions tried as suggestions: are they answered
        # Suggestions are made of the same names and headings again and again.
        self.questions_about = lru_cache(maxsize=4096)(partial(questions_about, index))
        self.terms_of = lru_cache(maxsize=4096)(index.analyzer.english_set)
        self._reranker = reranker
        self._budget_ms = rerank_budget_ms
        manifest = index.manifest
        self.info = IndexInfo(
            generation=manifest.generation,
            built_at=manifest.built_at,
            model=manifest.model.name,
            documents=manifest.counts.documents,
            passages=manifest.counts.passages,
            degraded=index.embedder is None,
        )

    def understand(
        self, text: str, *, lang: Lang | None = None, history: Sequence[str] = (), filters: Filters | None = None
    ) -> Question:
        """The question as it will be searched. Raises BadQuestion."""
        if filters is not None and (problem := filters.problem()):
            raise BadQuestion(problem)
        return understand(text, self.index, lang=lang, history=history, filters=filters)

    def search(self, question: Question, timing: Timing, pool: int = 64) -> Candidates:
        """The candidates of a question, best first, twins joined."""
        vector = asked = None
        if self.index.embedder is not None and self.settings.mode != "lexical":
            with timing.stage("understand"):
                text = self.index.embedded_text(question.search_text, question.search_lang)
            with timing.stage("embed"):
                vector, asked = self.index.encode_question(text, question.carries)
        candidates = replace(retrieve(self.index, question, self.settings, vector, timing, pool), asked=asked)
        if self._reranker is not None and len(candidates.ordinals):
            with timing.stage("rerank"):
                candidates = self._rerank(question, candidates)
        return candidates

    def _rerank(self, question: Question, candidates: Candidates, depth: int = 20) -> Candidates:
        """The first candidates in the reranker's order; past the time budget the first-stage order stands."""
        assert self._reranker is not None
        depth = min(depth, len(candidates.ordinals))
        passages = self.index.store.passages_at(candidates.ordinals[:depth].tolist())
        start = time.perf_counter()
        scores: list[float] = []
        for passage in passages:
            if (time.perf_counter() - start) * 1000 > self._budget_ms:
                note = {"en": "The reranker ran out of its time; the first order stands.",
                        "es": "El reordenador agotó su tiempo; se mantiene el primer orden."}[question.lang]  # fmt: skip
                return replace(candidates, notes=(*candidates.notes, note))
            scores.extend(self._reranker.score(question.search_text, [passage.text]))
        order = sorted(range(depth), key=lambda n: (-scores[n], n)) + list(range(depth, len(candidates.ordinals)))
        return candidates.take(np.asarray(order, dtype=np.int64))

    def answer(
        self,
        text: str,
        *,
        k: int = DEFAULT_PASSAGES,
        lang: Lang | None = None,
        history: Sequence[str] = (),
        filters: Filters | None = None,
        include_passages: bool = False,
        timing: Timing | None = None,
        suggestions: bool = True,
    ) -> Answer:
        """The answer to a question with at most `k` passages. Raises BadQuestion."""
        if not 1 <= k <= MAX_PASSAGES:
            raise BadQuestion(f"k={k} passages are asked for; ask for 1 to {MAX_PASSAGES}")
        timing = timing or Timing()
        with timing.stage("understand"):
            question = self.understand(text, lang=lang, history=history, filters=filters)
        nothing_asked = asks_nothing(question.text)
        candidates = self.search(question, timing) if include_passages or not nothing_asked else None
        if candidates is None or not len(candidates.ordinals):
            return self._nothing(question, suggest(self, question, candidates, "not_found") if suggestions else ())
        with timing.stage("extract"):
            candidates, seen = self.examine(question, candidates)
            shown = diversify(self.index, candidates, k)
            evidence = self._evidence(question, candidates, shown, seen)
        with timing.stage("decide"):
            p, status, level, reason = self._decide(question, candidates, seen, nothing_asked)
        with timing.stage("suggest"):
            leads = suggest(self, question, candidates, status) if suggestions and status != "answered" else ()
        return self._finish(question, candidates, evidence, status, p, level, reason, leads, include_passages)

    def score(self, text: str, **how: object) -> tuple[Question, Candidates, Scored | None]:
        """Question, candidates and features: what the evaluation and the calibration look at."""
        question = self.understand(text, **how)  # type: ignore[arg-type]
        candidates = self.search(question, Timing())
        if not len(candidates.ordinals):
            return question, candidates, None
        candidates, seen = self.examine(question, candidates)
        return question, candidates, self._score(question, candidates, seen)

    def examine(self, question: Question, candidates: Candidates) -> tuple[Candidates, list[Examined]]:
        """The first candidates seen closely, and all in the second order; only the product's own mode reorders."""
        subject = subject_of(self.index, question, candidates)
        only_name = 0 < len(asked_to_define(question, candidates.terms)) == len(candidates.terms.words) <= NAME_WORDS
        depth = DEFINED_DEPTH if only_name else depth_of(candidates.scores)
        seen = self._examiner.examine(question, candidates, subject, candidates.ordinals[:depth], twins=True)
        if self.settings.mode != "product" or self._reranker is not None or not self.settings.ranking:
            return candidates, seen
        candidates, seen = second_order(candidates, seen, self.settings.ranking)
        if not self.settings.twins:
            return candidates, seen
        return in_own_language(
            self.index,
            question,
            candidates,
            seen,
            lambda found, ordinals: self._examiner.examine(question, found, subject, ordinals, twins=True),
        )

    def _evidence(
        self, question: Question, candidates: Candidates, shown: Sequence[int], seen: Sequence[Examined]
    ) -> list[Evidence]:
        index = self.index
        rest: dict[int, Examined] = {}
        if later := [position for position in shown if position >= len(seen)]:
            subject = subject_of(index, question, candidates)
            rest = dict(
                zip(later, self._examiner.examine(question, candidates, subject, candidates.ordinals[later]), strict=True)
            )
        evidence: list[Evidence] = []
        for rank, position in enumerate(shown, start=1):
            examined = seen[position] if position < len(seen) else rest[position]
            document, passage = examined.document, examined.passage
            answers = examined.answers(question)
            place = explain_place(candidates, position)
            matched = show_matches(question, candidates.terms, passage, examined.matched)
            evidence.append(
                Evidence(
                    passage=passage,
                    document=document,
                    variants=index.store.variants(document),
                    rank=rank,
                    citation=rank,
                    highlights=make_highlights(answers, matched.spans, document.text),
                    explain=replace(
                        place,
                        matched_terms=matched.terms,
                        gloss=matched.gloss,
                        reason=why(question.lang, matched.terms, place.dense_rank, place.lexical_rank),
                    ),
                )
            )
        return evidence

    def _score(self, question: Question, candidates: Candidates, seen: Sequence[Examined]) -> Scored:
        first = seen[0]
        features = features_of(self.index, question, candidates, first, first.best_answer(question))
        return Scored(features, self._calibration[question.search_lang].probability(features))

    def _decide(
        self, question: Question, candidates: Candidates, seen: Sequence[Examined], nothing_asked: bool
    ) -> tuple[float, Status, Level, str]:
        """Probability, state, level and reason; a greeting is not answered, whatever passages are shown with it."""
        if nothing_asked:
            return 0.0, "not_found", "none", empty_reason(question, self.index)
        p = self._score(question, candidates, seen).p
        status, level = status_of(p, self._calibration[question.search_lang])
        return p, status, level, reason_of(self.index, question, candidates, status, level, list(seen[0].missing))

    def _finish(
        self,
        question: Question,
        candidates: Candidates,
        evidence: list[Evidence],
        status: Status,
        p: float,
        level: Level,
        reason: str,
        suggestions: tuple[str, ...],
        include_passages: bool,
    ) -> Answer:
        first = evidence[0]
        answered = status == "answered"
        spans = [h for h in first.highlights if h.kind == "answer"] if answered else []
        kept = tuple(evidence) if status != "not_found" or include_passages else ()
        # Only what the answer cites is marked as the answer; where nothing may be one, what comes nearest is pointed at.
        cited = (1,) if answered else ()
        kept = tuple(e if e.citation in cited else _without_answer(e, point=status == "related") for e in kept)
        return Answer(
            question=question,
            status=status,
            confidence=make_confidence(p, level, reason),
            text=" ".join(first.document.text[h.start : h.end] for h in spans),
            lang=first.document.lang if answered else None,
            citations=cited,
            passages=kept,
            suggestions=suggestions,
            facets=self._facets(candidates) if kept else {},
            index=self.info,
            notes=candidates.notes,
        )

    def _nothing(self, question: Question, suggested: tuple[str, ...]) -> Answer:
        return Answer(
            question=question,
            status="not_found",
            confidence=make_confidence(0.0, "none", empty_reason(question, self.index)),
            text="",
            lang=None,
            citations=(),
            passages=(),
            suggestions=suggested,
            facets={},
            index=self.info,
        )

    def _facets(self, candidates: Candidates) -> dict[str, dict[str, int]]:
        """How many of the candidates fall under each value of each filter."""
        rows, ordinals = self.index.attributes.rows, candidates.ordinals
        names = self.index.attributes.names
        facets: dict[str, dict[str, int]] = {}
        years = Counter(rows["year"][ordinals].tolist())
        facets["year"] = {str(year): count for year, count in sorted(years.items(), reverse=True) if year > 0}
        for key in ("lang", "kind", "publisher"):
            counts = Counter(rows[key][ordinals].tolist())
            ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            facets[key] = {names[key][number]: count for number, count in ordered if 0 <= number < len(names[key])}
        return facets


def _without_answer(evidence: Evidence, point: bool) -> Evidence:
    """Evidence with nothing marked as the answer; what would be is what comes nearest, where that is pointed at."""
    matches = tuple(h for h in evidence.highlights if h.kind == "match")
    return replace(evidence, highlights=matches, nearest=evidence.pointed_at if point else ())


def explain_place(candidates: Candidates, position: int) -> Explanation:
    """Where a candidate stands in each arm and, by its score, in both; of two language versions joined the better rank counts."""
    ordinal, score = int(candidates.ordinals[position]), float(candidates.scores[position])
    versions = (ordinal, candidates.twins.get(ordinal))
    dense, lexical = (
        min((ranks[version] for version in versions if version in ranks), default=None)
        for ranks in (candidates.dense_ranks, candidates.lexical_ranks)
    )
    return Explanation(dense, lexical, 1 + int(np.count_nonzero(candidates.scores > score)), (), score)


_WHY: dict[Lang, dict[str, str]] = {
    "en": {
        "words": "Contains {words}",
        "no words": "Shares no word with the question",
        "both": ", ranks {dense} by meaning, {lexical} by words",
        "dense": ", ranks {dense} by meaning",
        "lexical": ", ranks {lexical} by words",
        "neither": "",
    },
    "es": {
        "words": "Contiene {words}",
        "no words": "No comparte palabras con la pregunta",
        "both": ", es el n.º {dense} por significado, el n.º {lexical} por palabras",
        "dense": ", es el n.º {dense} por significado",
        "lexical": ", es el n.º {lexical} por palabras",
        "neither": "",
    },
}


def why(lang: Lang, terms: Sequence[str], dense: int | None, lexical: int | None) -> str:
    """Why this passage, for people: the words that it shares with the question, and its ranks where an arm found it."""
    forms = _WHY[lang]
    found = ("both" if lexical else "dense") if dense else ("lexical" if lexical else "neither")
    said = forms["words" if terms else "no words"] + forms[found] + "."
    return said.format(words=", ".join(dict.fromkeys(terms[:6])), dense=dense, lexical=lexical)
