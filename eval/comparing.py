"""Two runs over the same questions: differences with test and interval, and the questions that flipped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from eval.errors import BadRun
from eval.measures import ABSTENTION, LOWER_IS_BETTER, Values, abstention_arrays, question_values
from eval.outcomes import Outcome, Run
from eval.questions import RELEVANT
from eval.statistics import bootstrap, bootstrap_mean, holm, randomisation_test, swap_test

# What is tested where nothing else is asked for: each further measure makes Holm's correction harder on the others.
TESTED = (
    "Success@1", "Success@3", "RR@10", "nDCG@10", "R@5", "AP", "sentence Success@1", "document Success@1", "answer F1",
    "answered right", "false answers", "false refusals", "AUROC", "AURC", "ECE",
)  # fmt: skip
Pair = tuple[NDArray[np.float64], NDArray[np.bool_]]
Statistic = Callable[[NDArray[np.float64], NDArray[np.bool_]], float]


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure of run B minus that of run A."""

    measure: str
    a: float
    b: float
    low: float
    high: float
    p: float
    adjusted: float  # by Holm over all measures of the comparison
    n: int

    @property
    def change(self) -> float:
        """B minus A."""
        return self.b - self.a

    @property
    def worse(self) -> bool:
        """Whether B is worse than A."""
        return self.change > 0 if self.measure in LOWER_IS_BETTER else self.change < 0


@dataclass(frozen=True, slots=True)
class Flip:
    """A question whose first passage or status is right in one run only."""

    id: str
    question: str
    gained: bool
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A."""

    a: str
    b: str
    differences: list[Difference]
    flips: list[Flip]


def pair_outcomes(a: Run, b: Run) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes of both runs in the order of A. Raises BadRun when they do not ask the same questions."""
    theirs = {o.question.id: o for o in b.outcomes}
    mine = {o.question.id: o for o in a.outcomes}
    if mine.keys() != theirs.keys():
        odd = sorted(mine.keys() ^ theirs.keys())
        raise BadRun(f"{a.name} and {b.name} do not ask the same questions: {len(odd)} stand in one only, as {odd[0]!r}")
    for question, outcome in mine.items():
        if outcome.question != theirs[question].question:
            raise BadRun(f"{a.name} and {b.name} judge the question {question!r} differently; run both with one question file")
    return list(mine.values()), [theirs[question] for question in mine]


def compare_values(a: Values, b: Values, measures: Sequence[str]) -> list[tuple[str, float, float, float, float, float, int]]:
    """(measure, A, B, low, high, p, n) of those measures that have values for single questions."""
    rows: list[tuple[str, float, float, float, float, float, int]] = []
    for name in measures:
        ids = list(a.get(name, {}))
        one = np.asarray([a[name][i] for i in ids], dtype=np.float64)
        other = np.asarray([b[name][i] for i in ids], dtype=np.float64)
        if not len(ids):
            continue
        low, high = bootstrap_mean(other - one)
        rows.append((name, float(one.mean()), float(other.mean()), low, high, randomisation_test(other, one), len(ids)))
    return rows


def _difference(statistic: Statistic, one: Pair, other: Pair, rows: NDArray[np.int64]) -> float:
    """A statistic of (p, right) of the second pair minus that of the first, on a sample of questions."""
    return statistic(other[0][rows], other[1][rows]) - statistic(one[0][rows], one[1][rows])


def compare(a: Run, b: Run, measures: Sequence[str] = TESTED) -> Comparison:
    """Measures of B against A, and the questions that flipped. Raises BadRun when they do not ask the same questions."""
    first, second = pair_outcomes(a, b)
    rows = compare_values(question_values(first), question_values(second), measures)
    for name, statistic in ABSTENTION.items():
        if name not in measures:
            continue
        one, other = abstention_arrays(first, name), abstention_arrays(second, name)
        value_a, value_b = statistic(*one), statistic(*other)
        if np.isnan(value_a) or np.isnan(value_b):
            continue

        low, high = bootstrap(partial(_difference, statistic, one, other), len(first))
        rows.append((name, value_a, value_b, low, high, swap_test(statistic, one, other), len(first)))
    adjusted = holm([row[5] for row in rows])
    differences = [
        Difference(name, va, vb, low, high, p, q, n) for (name, va, vb, low, high, p, n), q in zip(rows, adjusted, strict=True)
    ]
    return Comparison(a.name, b.name, differences, find_flips(first, second))


def describe_outcome(outcome: Outcome) -> str:
    """Status, and where the first relevant passage stands."""
    if not outcome.question.answerable:
        return outcome.status
    rank = next((s.rank for s in outcome.shown if s.relevance >= RELEVANT), None)
    return f"{outcome.status}, {'not found' if rank is None else f'rank {rank}'}"


def _good(outcome: Outcome) -> bool:
    return outcome.right if outcome.question.answerable else outcome.status != "answered"


def find_flips(a: Sequence[Outcome], b: Sequence[Outcome]) -> list[Flip]:
    """The questions that are right in one of two runs only: lost ones first."""
    flips = [
        Flip(x.question.id, x.question.question, _good(y), describe_outcome(x), describe_outcome(y))
        for x, y in zip(a, b, strict=True)
        if _good(x) != _good(y)
    ]
    return sorted(flips, key=lambda flip: flip.gained)
