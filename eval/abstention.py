"""Measures of the probability that an answer is right: ranking, risk against coverage, calibration. Pure functions."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
BINS = 10


def auroc(p: Floats, positive: Bools) -> float:
    """Probability that a positive scores above a negative, ties half (Mann-Whitney U / (n+ n-)); NaN without one of them."""
    from scipy.stats import rankdata

    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    ranks = rankdata(p)
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def risk_coverage(p: Floats, right: Bools) -> tuple[Floats, Floats]:
    """Coverage k/n and the share of wrong answers among the k most confident, k = 1..n; ties share their wrongs evenly."""
    n = len(p)
    order = np.argsort(-p, kind="stable")
    wrong = (~right[order]).astype(np.float64)
    ordered = p[order]
    edges = np.concatenate(([0], np.flatnonzero(np.diff(ordered)) + 1, [n]))
    for a, b in pairwise(edges):
        wrong[a:b] = wrong[a:b].mean()
    k = np.arange(1, n + 1)
    return k / n, np.cumsum(wrong) / k


def aurc(p: Floats, right: Bools) -> float:
    """Area under the risk-coverage curve, (1/n) sum over k of risk at coverage k/n (Geifman, Uziel and El-Yaniv 2019)."""
    return float(risk_coverage(p, right)[1].mean()) if len(p) else float("nan")


def reliability(p: Floats, right: Bools, bins: int = BINS) -> list[tuple[float, float, int]]:
    """(mean p, share right, count) of bins with equally many questions, lowest p first."""
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(p))) if len(part)] if len(p) else []
    return [(float(p[part].mean()), float(right[part].mean()), len(part)) for part in parts]


def calibration_error(p: Floats, right: Bools, bins: int = BINS) -> float:
    """Expected calibration error, sum of n_b/n |mean p - share right|, over equal-mass bins (Nixon et al. 2019)."""
    return (
        float(sum(n * abs(mean - share) for mean, share, n in reliability(p, right, bins)) / len(p)) if len(p) else float("nan")
    )
