"""The measures of a run: by ir_measures where the field has a definition, else a formula that is written here."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.words import find_words
from eval.abstention import aurc, auroc, calibration_error
from eval.outcomes import Outcome, run_documents, run_items, run_marked_items
from eval.questions import RELEVANT
from eval.statistics import bootstrap, bootstrap_mean

RANKING = ("Success@1", "Success@3", "RR@10", "nDCG@10", "R@5", "AP")
LEVELS = ("passage", "sentence", "document")
RECALL_CUTOFF = 5
ABSTENTION: dict[str, Callable[[NDArray[np.float64], NDArray[np.bool_]], float]] = {
    "AUROC": auroc,  # of p, answerable against not
    "AURC": aurc,  # risk: the first passage holds no judged place
    "ECE": calibration_error,
}
LOWER_IS_BETTER = frozenset({"AURC", "ECE", "false answers", "false refusals"})

Values = dict[str, dict[str, float]]  # measure -> question id -> value


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure over some questions with its 95 % interval; NaN where no question counts."""

    value: float
    low: float
    high: float
    n: int


def measure_name(level: str, measure: str) -> str:
    """The name of a ranking measure at a level; that of passages goes without saying."""
    return measure if level == "passage" else f"{level} {measure}"


@lru_cache(maxsize=1)
def _definitions() -> dict[str, Any]:
    """The measures as ir_measures defines them; binary ones ask for a relevance that answers."""
    from ir_measures import AP, RR, R, Success, nDCG

    rel = RELEVANT
    return {
        "Success@1": Success(rel=rel) @ 1,
        "Success@3": Success(rel=rel) @ 3,
        "RR@10": RR(rel=rel) @ 10,
        "nDCG@10": nDCG @ 10,
        "R@5": R(rel=rel) @ RECALL_CUTOFF,
        "AP": AP(rel=rel),
    }


def rank_measures(
    rankings: Mapping[str, Sequence[str]],
    judged: Mapping[str, Mapping[str, int]],
    measures: Mapping[str, Any] | None = None,
) -> Values:
    """Measure -> question -> value, by ir_measures. Every ranked question has a value: without a hit it is zero."""
    import ir_measures

    measures = measures or _definitions()
    values: Values = {name: dict.fromkeys(rankings, 0.0) for name in measures}
    names = {measure: name for name, measure in measures.items()}
    qrels = [
        ir_measures.Qrel(question, item, relevance)
        for question in rankings
        for item, relevance in judged.get(question, {}).items()
    ]
    run = [
        ir_measures.ScoredDoc(question, item, 1.0 / rank)
        for question, items in rankings.items()
        for rank, item in enumerate(items, start=1)
    ]
    if qrels and run:
        for metric in ir_measures.iter_calc(list(measures.values()), qrels, run):
            values[names[metric.measure]][metric.query_id] = float(metric.value)
    return values


def fact_recall(outcome: Outcome, *, marked: bool = False, cutoff: int = RECALL_CUTOFF) -> float:
    """Share of the judged facts held by the first passages: a passage may hold several, language versions count once."""
    held = {fact for shown in outcome.shown[:cutoff] for fact in (shown.marked_facts if marked else shown.facts)}
    return len(held) / outcome.facts if outcome.facts else 0.0


def ranking_values(outcomes: Sequence[Outcome]) -> Values:
    """The ranking measures of all levels over the answerable questions."""
    asked = [outcome for outcome in outcomes if outcome.question.answerable]
    levels: dict[str, tuple[Callable[[Outcome], list[str]], str]] = {
        "passage": (run_items, "relevant"),
        "sentence": (run_marked_items, "relevant"),
        "document": (run_documents, "documents"),
    }
    values: Values = {}
    for level, (ranking, judged) in levels.items():
        found = rank_measures({o.question.id: ranking(o) for o in asked}, {o.question.id: getattr(o, judged) for o in asked})
        if level != "document":
            found["R@5"] = {o.question.id: fact_recall(o, marked=level == "sentence") for o in asked}
        values.update({measure_name(level, name): by_question for name, by_question in found.items()})
    return values


def _f1(overlap: float, found: float, wanted: float) -> float:
    return 2 * overlap / (found + wanted) if found and wanted else 0.0


def token_f1(answer: str, reference: str) -> float:
    """F1 of the bags of words, case and accents aside (Rajpurkar et al. 2016, without their removal of articles)."""
    a, b = (Counter(word.folded for word in find_words(text)) for text in (answer, reference))
    return _f1(float((a & b).total()), float(a.total()), float(b.total()))


def span_f1(spans: Iterable[tuple[int, int]], reference: Iterable[tuple[int, int]]) -> float:
    """F1 of the characters of two sets of spans of one document."""
    a = {at for start, end in spans for at in range(start, end)}
    b = {at for start, end in reference for at in range(start, end)}
    return _f1(float(len(a & b)), float(len(a)), float(len(b)))


def answer_f1(outcome: Outcome) -> tuple[float, float]:
    """(token F1, span F1) of the answer given against the reference that it is nearest to; 0 without an answer."""
    if not outcome.answer or not outcome.shown:
        return 0.0, 0.0
    document = outcome.shown[0].document
    tokens = max((token_f1(outcome.answer, r.text) for r in outcome.references), default=0.0)
    spans = max((span_f1(outcome.answer_spans, r.spans) for r in outcome.references if r.document == document), default=0.0)
    return tokens, spans


def is_verbatim(outcome: Outcome) -> bool:
    """Whether every passage and the answer are the documents' text at their offsets."""
    return outcome.answer_verbatim and all(shown.verbatim for shown in outcome.shown)


def question_values(outcomes: Sequence[Outcome]) -> Values:
    """Every measure that has a value for a single question: those of ranking, answer, citation and status."""
    values = ranking_values(outcomes)
    judged = [o for o in outcomes if o.question.answerable and o.references]
    pairs = {o.question.id: answer_f1(o) for o in judged}
    values["answer F1"] = {question: tokens for question, (tokens, _) in pairs.items()}
    values["answer span F1"] = {question: spans for question, (_, spans) in pairs.items()}
    values["answered right"] = {
        o.question.id: float(o.status == "answered" and o.right) for o in outcomes if o.question.answerable
    }
    values["citation integrity"] = {o.question.id: float(is_verbatim(o)) for o in outcomes}
    values["false answers"] = {o.question.id: float(o.status == "answered") for o in outcomes if not o.question.answerable}
    values["false refusals"] = {o.question.id: float(o.status == "not_found") for o in outcomes if o.question.answerable}
    values["language"] = {o.question.id: float(o.understood_lang == o.question.lang) for o in outcomes}
    return values


def abstention_arrays(outcomes: Sequence[Outcome], measure: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """P of every question, and whether it counts as good for a measure: answerable (AUROC), else right at rank 1."""
    p = np.asarray([o.p for o in outcomes], dtype=np.float64)
    good = [o.question.answerable if measure == "AUROC" else o.right for o in outcomes]
    return p, np.asarray(good, dtype=np.bool_)


def summarise(outcomes: Sequence[Outcome], values: Values | None = None) -> dict[str, Figure]:
    """Measure -> figure over some outcomes. `values` of a larger run may be given, so that they are computed once."""
    values = question_values(outcomes) if values is None else values
    inside = {o.question.id for o in outcomes}
    figures: dict[str, Figure] = {}
    for name, by_question in values.items():
        figures[name] = _mean_figure([value for question, value in by_question.items() if question in inside])
    # Of the answers given; the questions that are answered differ between systems, so this one is not for paired tests.
    figures["answer precision"] = _mean_figure([float(o.right) for o in outcomes if o.status == "answered"])
    for name, statistic in ABSTENTION.items():
        figures[name] = _abstention_figure(outcomes, name, statistic)
    return figures


def _mean_figure(values: Sequence[float]) -> Figure:
    kept = np.asarray(values, dtype=np.float64)
    low, high = bootstrap_mean(kept)
    return Figure(float(kept.mean()) if len(kept) else float("nan"), low, high, len(kept))


def _abstention_figure(
    outcomes: Sequence[Outcome], name: str, statistic: Callable[[NDArray[np.float64], NDArray[np.bool_]], float]
) -> Figure:
    p, good = abstention_arrays(outcomes, name)
    value = statistic(p, good)
    if np.isnan(value):
        return Figure(value, float("nan"), float("nan"), len(p))
    low, high = bootstrap(lambda rows: statistic(p[rows], good[rows]), len(p))
    return Figure(value, low, high, len(p))


def slices(outcomes: Sequence[Outcome]) -> dict[str, dict[str, list[Outcome]]]:
    """Dimension -> value -> outcomes: language, split, both together, kind, collection; `all` first."""
    dimensions: dict[str, Callable[[Outcome], str]] = {
        "language": lambda o: o.question.lang,
        "split": lambda o: o.question.split,
        "language and split": lambda o: f"{o.question.lang} {o.question.split}",
        "collection": lambda o: o.collection,
        "kind": lambda o: o.question.kind,
    }
    found: dict[str, dict[str, list[Outcome]]] = {"all": {"all": list(outcomes)}}
    for dimension, key in dimensions.items():
        parts: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            parts.setdefault(key(outcome), []).append(outcome)
        if len(parts) > 1 or dimension in ("language", "kind"):
            found[dimension] = dict(sorted(parts.items()))
    return found
