"""Ask judged questions and keep what was shown, judged: a run, all that measures and reports need."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.words import find_words
from eval.judging import Judge, JudgedPassages, facts_of, relevance_of
from eval.questions import JudgedQuestion, Place
from eval.sets import QuestionSet
from index.searching import Index
from qa.answering import Engine, Timing
from qa.answers import Answer, Evidence, Status
from qa.errors import QaError
from qa.evidence import choose_sentences
from qa.retrieving import Candidates

DEPTH = 10  # passages asked for
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as it was shown, with its judgement."""

    rank: int
    id: str
    item: str  # id that both language versions of the passage share
    document: str
    variant: str
    start: int
    end: int
    score: float
    relevance: int
    facts: tuple[int, ...]  # numbers of the judged facts that it holds
    marked: tuple[Span, ...]  # the sentences that answer best, also where the status keeps them unmarked
    marked_relevance: int
    marked_facts: tuple[int, ...]
    verbatim: bool  # its text is the document's text at its offsets
    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Sentences that a right answer may quote."""

    document: str
    spans: tuple[Span, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question and all that came of it."""

    question: JudgedQuestion
    collection: str
    status: Status
    p: float
    shown: tuple[Shown, ...]
    relevant: dict[str, int]  # item -> relevance, of every passage of the index that holds a judged place
    documents: dict[str, int]  # variant -> relevance
    facts: int
    references: tuple[Reference, ...]
    answer: str = ""
    answer_spans: tuple[Span, ...] = ()  # in the first passage's document
    answer_verbatim: bool = True
    interpreted_as: str | None = None
    reason: str = ""
    features: dict[str, float] = field(default_factory=dict)
    took_ms: dict[str, float] = field(default_factory=dict)
    error: str | None = None  # why the question could not be asked

    @property
    def right(self) -> bool:
        """Answerable, and the first passage holds a judged place."""
        from eval.questions import RELEVANT

        return self.question.answerable and bool(self.shown) and self.shown[0].relevance >= RELEVANT


@dataclass(frozen=True, slots=True)
class Run:
    """Outcomes in the order of the questions, and the record that makes them repeatable."""

    name: str
    outcomes: tuple[Outcome, ...]
    manifest: dict[str, Any]


Progress = Callable[[int, int], None]


def run_questions(
    part: QuestionSet,
    engine: Engine,
    *,
    depth: int = DEPTH,
    keep_features: bool = True,
    progress: Progress = lambda done, total: None,
) -> list[Outcome]:
    """Ask every question of a set; one that cannot be asked gives an outcome without passages."""
    outcomes: list[Outcome] = []
    for number, question in enumerate(part.questions, start=1):
        outcomes.append(_ask(part, engine, question, depth, keep_features))
        progress(number, len(part.questions))
    return outcomes


def _ask(part: QuestionSet, engine: Engine, question: JudgedQuestion, depth: int, keep_features: bool) -> Outcome:
    places = part.places[question.id]
    judged = part.judge.judge(places)
    names = _item_names(part.index, judged, part.judge)
    known: dict[str, Any] = {
        "question": question,
        "collection": part.name,
        "relevant": _relevant_items(judged, part.judge, names),
        "documents": _documents(places),
        "facts": judged.facts,
        "references": _references(part.index, part.judge, places),
    }
    timing = Timing()
    start = time.perf_counter()
    try:
        answer = engine.answer(
            question.question,
            k=depth,
            history=question.history,
            include_passages=True,
            timing=timing,
            suggestions=False,
        )
        took_ms = {**timing.total(), "whole": (time.perf_counter() - start) * 1000}
        _, candidates, scored = engine.score(question.question, history=question.history)
    except QaError as error:
        return Outcome(status="not_found", p=0.0, shown=(), error=str(error), **known)
    shown = tuple(_shown(part, evidence, answer, candidates, judged, places) for evidence in answer.passages)
    first = answer.passages[0] if answer.passages else None
    spans = tuple((h.start, h.end) for h in first.highlights if h.kind == "answer") if first and answer.text else ()
    return Outcome(
        status=answer.status,
        p=scored.p if scored is not None else 0.0,
        shown=shown,
        answer=answer.text,
        answer_spans=spans,
        answer_verbatim=_answer_verbatim(part.index, first, spans, answer.text),
        interpreted_as=answer.question.interpreted_as,
        reason=answer.confidence.reason,
        features={name: round(value, 6) for name, value in scored.features.items()} if scored and keep_features else {},
        took_ms={stage: round(value, 4) for stage, value in took_ms.items()},
        **known,
    )


def _shown(
    part: QuestionSet,
    evidence: Evidence,
    answer: Answer,
    candidates: Candidates,
    judged: JudgedPassages,
    places: Sequence[Place],
) -> Shown:
    passage, document, index = evidence.passage, evidence.document, part.index
    ordinal = part.judge.ordinal_of(passage)
    cosines = None
    if candidates.vector is not None:
        cosines = index.sentence_scores(candidates.vector, ordinal, len(passage.sentences))
    marked, _ = choose_sentences(index, answer.question, candidates.terms, document, passage, cosines)
    # Where only the other language version is judged, a marked sentence cannot be: the passage's judgement stands in.
    own = any(place.document == passage.document_id for place in places)
    relevance = judged.relevance.get(ordinal, 0)
    facts = judged.numbers.get(ordinal, frozenset())
    held = frozenset(p.number for p in places if p.number in facts and any(p.held_by(p.document, a, b) for a, b in marked))
    held = frozenset(
        p.number for p in places if p.number in facts and any(p.held_by(passage.document_id, a, b) for a, b in marked)
    )
    stored = index.store.document(passage.document_id).text
    return Shown(
        rank=evidence.rank,
        id=passage.id,
        item=_item(part.judge, ordinal, index),
        document=document.id,
        variant=document.variant_of or document.id,
        start=passage.start,
        end=passage.end,
        score=round(evidence.explain.score, 6),
        relevance=relevance,
        facts=tuple(sorted(facts)),
        marked=tuple(marked),
        marked_relevance=relevance_of(places, passage.document_id, marked) if own else relevance,
        marked_facts=tuple(sorted(held if own else facts)),
        verbatim=stored[passage.start : passage.end] == passage.text,
        text=passage.text,
    )
