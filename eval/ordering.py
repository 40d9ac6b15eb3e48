"""Weights of the closer look at the first candidates, learnt on the dev split as a choice among them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.calibrating import folds_of
from eval.questions import RELEVANT, main_document
from eval.sets import QuestionSet
from qa.examining import RANKING_FEATURES, ranking_features
from qa.fusion import FusionWeights
from qa.retrieving import RetrievalSettings
from qa.timing import Timing

PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # L2, on standardised features, whole sample
LEAST_GAIN = 0.002  # of held-out mean RR@10 over the present weights; with less they stay
CUTOFF = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidates of one dev question that are looked at closely, in their fused order."""

    id: str
    group: str
    features: Floats  # (candidates, RANKING_FEATURES)
    relevant: NDArray[np.bool_]
    later: float  # reciprocal rank of the first relevant candidate behind them, 0 without one

    def reciprocal_rank(self, weights: Floats) -> float:
        """RR@10 after reordering, ties by the fused order."""
        order = np.argsort(-(self.features @ weights), kind="stable")[:CUTOFF]
        hits = np.flatnonzero(self.relevant[order])
        return 1 / (1 + float(hits[0])) if len(hits) else self.later


@dataclass(frozen=True, slots=True)
class OrderFit:
    """The weights found and mean RR@10: in fused order, with the weights before, after, and on held-out folds."""

    weights: dict[str, float]
    questions: int
    fused: float
    before: float
    after: float
    held_out: float
    kept: bool  # the weights before are as good, so they stay


def load_choices(sets: Sequence[QuestionSet], fusion: dict[str, FusionWeights]) -> list[Choice]:
    """Search every answerable question with the fusion weights and look at its first candidates."""
    choices: list[Choice] = []
    for part in sets:
        engine = part.engine(RetrievalSettings(weights=fusion))
        for question in part.questions:
            if not question.answerable:
                continue
            understood = engine.understand(question.question, history=question.history)
            candidates = engine.search(understood, Timing())
            if not len(candidates.ordinals):
                continue
            candidates, seen = engine.examine(understood, candidates)
            judged = part.judge.judge(part.places[question.id])
            relevant = np.asarray([judged.relevance.get(int(o), 0) >= RELEVANT for o in candidates.ordinals], dtype=np.bool_)
            behind = np.flatnonzero(relevant[len(seen) : CUTOFF])
            choices.append(
                Choice(
                    id=question.id,
                    group=main_document(question, part.places),
                    features=np.asarray([ranking_features(candidates, n, e) for n, e in enumerate(seen)], dtype=np.float64),
                    relevant=relevant[: len(seen)],
                    later=1 / (1 + len(seen) + float(behind[0])) if len(behind) else 0.0,
                )
            )
    return choices


def mean_rr(choices: Sequence[Choice], weights: Floats) -> float:
    """Mean RR@10 of the questions that have candidates."""
    return float(np.mean([choice.reciprocal_rank(weights) for choice in choices])) if choices else 0.0


def learn_weights(choices: Sequence[Choice], penalty: float) -> Floats:
    """Weights that make a relevant candidate the likely choice.

    Maximises sum over questions of ln(sum over relevant of e^(w x) / sum over all of e^(w x)) - penalty |w s|^2 / 2, with
    s the spread of a feature inside questions: the conditional logit of McFadden (1974), any relevant one being right.
    """
    from scipy.optimize import minimize

    usable = [c for c in choices if c.relevant.any() and not c.relevant.all()]
    if not usable:
        return np.zeros(len(RANKING_FEATURES))
    inside = np.concatenate([c.features - c.features.mean(axis=0) for c in usable])
    spread = inside.std(axis=0)
    spread[spread < 1e-6] = 1.0
    tables = [(c.features - c.features.mean(axis=0)) / spread for c in usable]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, gradient = penalty * float(weights @ weights) / 2, penalty * weights
        for table, choice in zip(tables, usable, strict=True):
            score = table @ weights
            likely = np.exp(score - score.max())
            right = np.where(choice.relevant, likely, 0.0)
            total -= float(np.log(right.sum() / likely.sum()))
            gradient = gradient - table.T @ (right / right.sum() - likely / likely.sum())
        return total, gradient

    found = minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B")
    return np.asarray(found.x / spread, dtype=np.float64)


def _held_out(choices: Sequence[Choice], penalty: float, seed: int = 0) -> float:
    folds = folds_of([choice.group for choice in choices], np.ones(len(choices), dtype=np.bool_), seed)
    values: list[float] = []
    for fold in range(int(folds.max()) + 1):
        weights = learn_weights([c for c, at in zip(choices, folds, strict=True) if at != fold], penalty)
        values += [c.reciprocal_rank(weights) for c, at in zip(choices, folds, strict=True) if at == fold]
    return float(np.mean(values))


def fit_order(choices: Sequence[Choice], before: Sequence[float]) -> OrderFit:
    """The weights with the penalty that does best on held-out folds; those before stay where that wins nothing."""
    present = np.asarray(before, dtype=np.float64)
    scores = {penalty: _held_out(choices, penalty) for penalty in PENALTIES}
    penalty = max(PENALTIES, key=lambda p: (scores[p], p))
    learnt = learn_weights(choices, penalty)
    if abs(learnt[0]) > 1e-6 and learnt[0] > 0:
        learnt = learnt / learnt[0]  # the score of the fusion keeps its unit
    kept = scores[penalty] < mean_rr(choices, present) + LEAST_GAIN
    weights = present if kept else learnt
    fused = np.zeros(len(RANKING_FEATURES))
    return OrderFit(
        weights={name: round(float(weight), 4) for name, weight in zip(RANKING_FEATURES, weights, strict=True)},
        questions=len(choices),
        fused=mean_rr(choices, fused),
        before=mean_rr(choices, present),
        after=mean_rr(choices, weights),
        held_out=scores[penalty],
        kept=kept,
    )
