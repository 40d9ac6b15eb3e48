"""Ask judged questions through an engine, judge what was shown, and record what makes the run repeatable."""

import hashlib
import platform
import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

from eval.judging import JudgedPassages, count_facts, facts_held, judge_documents, relevance_of
from eval.outcomes import Outcome, Reference, Run, Shown
from eval.questions import JudgedQuestion, Place, question_json
from eval.sets import QuestionSet
from qa.answering import Engine
from qa.answers import Evidence
from qa.deciding import PATH as CALIBRATION
from qa.errors import QaError
from qa.retrieving import RetrievalSettings
from qa.timing import Timing

DEPTH = 10  # passages asked for

Progress = Callable[[int, int], None]


def _quiet(done: int, total: int) -> None:
    pass


def run_questions(part: QuestionSet, engine: Engine, *, depth: int = DEPTH, progress: Progress = _quiet) -> list[Outcome]:
    """Ask every question of a set; one that cannot be asked gives an outcome without passages, never none."""
    outcomes: list[Outcome] = []
    for number, question in enumerate(part.questions, start=1):
        outcomes.append(ask(part, engine, question, depth))
        progress(number, len(part.questions))
    return outcomes


def ask(part: QuestionSet, engine: Engine, question: JudgedQuestion, depth: int = DEPTH) -> Outcome:
    """The outcome of one question, asked as a user asks: its language is for the engine to find out."""
    places = part.places[question.id]
    judged = part.judge.judge(places)
    common: dict[str, Any] = {
        "question": question,
        "collection": part.name,
        "relevant": part.judge.items(judged),
        "documents": judge_documents(places),
        "facts": count_facts(places),
        "references": _references(part, places),
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
        took_ms = {**timing.took_ms, "total": (time.perf_counter() - start) * 1000}
        _, _, scored = engine.score(question.question, history=question.history)
        marked = _marked(engine, question, depth)
    except QaError as error:
        return Outcome(status="not_found", p=0.0, shown=(), error=str(error), **common)
    first = answer.passages[0] if answer.passages else None
    spans = _answer_spans(first) if first and answer.text else ()
    text = part.index.store.document(first.document.id).text if first else ""
    return Outcome(
        status=answer.status,
        p=scored.p if scored is not None else 0.0,
        shown=tuple(_shown(part, e, marked.get(e.passage.id, ()), judged, places) for e in answer.passages),
        understood_lang=answer.question.lang,
        interpreted_as=answer.question.interpreted_as,
        reason=answer.confidence.reason,
        answer=answer.text,
        answer_spans=spans,
        answer_verbatim=" ".join(text[a:b] for a, b in spans) == answer.text,
        features={name: round(value, 6) for name, value in scored.features.items()} if scored else {},
        took_ms={stage: round(value, 4) for stage, value in took_ms.items()},
        **common,
    )


def _marked(engine: Engine, question: JudgedQuestion, depth: int) -> dict[str, tuple[tuple[int, int], ...]]:
    """Passage id -> the sentences chosen from it. An answer marks them only where it is given, so nothing is refused here."""
    open_handed = copy(engine)
    open_handed._calibration = {lang: replace(c, answered=0.0, related=0.0) for lang, c in engine._calibration.items()}
    answer = open_handed.answer(question.question, k=depth, history=question.history, suggestions=False)
    return {evidence.passage.id: _answer_spans(evidence) for evidence in answer.passages}


def _references(part: QuestionSet, places: Sequence[Place]) -> tuple[Reference, ...]:
    found: list[Reference] = []
    for identifier, spans in part.judge.references(places):
        text = part.index.store.document(identifier).text
        found.append(Reference(identifier, spans, " ".join(text[a:b] for a, b in spans)))
    return tuple(found)


def _answer_spans(evidence: Evidence) -> tuple[tuple[int, int], ...]:
    return tuple((h.start, h.end) for h in evidence.highlights if h.kind == "answer")


def _shown(
    part: QuestionSet,
    evidence: Evidence,
    marked: tuple[tuple[int, int], ...],
    judged: JudgedPassages,
    places: Sequence[Place],
) -> Shown:
    passage, document = evidence.passage, evidence.document
    ordinal = part.judge.ordinal_of(passage)
    relevance = judged.relevance.get(ordinal, 0)
    facts = judged.facts.get(ordinal, frozenset())
    # Where only the other language version is judged, no sentence of this one can be; the passage's judgement stands in.
    own = any(place.document == passage.document_id for place in places)
    stored = part.index.store.document(passage.document_id).text
    return Shown(
        rank=evidence.rank,
        id=passage.id,
        item=part.judge.item_of(ordinal),
        document=document.id,
        variant=document.variant_of or document.id,
        start=passage.start,
        end=passage.end,
        score=round(evidence.explain.score, 6),
        relevance=relevance,
        facts=tuple(sorted(facts)),
        marked=marked,
        marked_relevance=relevance_of(places, passage.document_id, marked) if own else relevance,
        marked_facts=tuple(sorted(facts_held(places, passage.document_id, marked) if own else facts)),
        verbatim=stored[passage.start : passage.end] == passage.text,
        text=passage.text,
    )


def _shift(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)


def hash_questions(questions: Sequence[JudgedQuestion]) -> str:
    """SHA-256 of judged questions in canonical form."""
    digest = hashlib.sha256()
    for question in questions:
        digest.update(repr(question_json(question)).encode())
    return digest.hexdigest()


def describe(sets: Sequence[QuestionSet], retrieval: RetrievalSettings, **chosen: object) -> dict[str, Any]:
    """The manifest of a run: questions, indexes, settings and versions, nothing of this machine's paths."""
    return {
        "made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "sets": [
            {
                "name": part.name,
                "questions": len(part.questions),
                "questions_sha256": hash_questions(part.questions),
                "generation": part.index.manifest.generation,
                "index": part.index.manifest.model_dump(mode="json", exclude={"files", "seconds"}),
            }
            for part in sets
        ],
        "retrieval": {
            "mode": retrieval.mode,
            "twins": retrieval.twins,
            "ranking": retrieval.ranking,
            "weights": {direction: asdict(weights) for direction, weights in sorted(retrieval.weights.items())},
        },
        "calibration_sha256": hashlib.sha256(CALIBRATION.read_bytes()).hexdigest(),
        "chosen": chosen,
        "versions": {name: version(name) for name in ("rcm-qa", "numpy", "faiss-cpu", "onnxruntime", "ir_measures", "scipy")},
        "python": platform.python_version(),
    }


def make_run(
    name: str,
    sets: Sequence[QuestionSet],
    retrieval: RetrievalSettings,
    *,
    depth: int = DEPTH,
    engine: Callable[[QuestionSet], Engine] | None = None,
    progress: Progress = _quiet,
    **chosen: object,
) -> Run:
    """Ask the questions of all sets with one retrieval setting."""
    total = sum(len(part.questions) for part in sets)
    outcomes: list[Outcome] = []
    for part in sets:
        made = engine(part) if engine is not None else part.engine(retrieval)
        shifted: Progress = partial(_shift, progress, len(outcomes), total)
        outcomes += run_questions(part, made, depth=depth, progress=shifted)
    return Run(name, tuple(outcomes), describe(sets, retrieval, depth=depth, **chosen))
