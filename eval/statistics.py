"""Honest comparison of two systems on the same questions: randomisation test, bootstrap interval, Holm correction."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[NDArray[np.int64]], float]  # of the rows of a sample of questions

RESAMPLES = 2000
PERMUTATIONS = 10_000
EXACT_UP_TO = 14  # questions that differ: 2^14 sign patterns are all tried
SEED = 20_240
LEVEL = 0.95
_SLACK = 1e-12


def randomisation_test(a: Floats, b: Floats, *, permutations: int = PERMUTATIONS, seed: int = SEED) -> float:
    """Two-sided p of the mean difference of paired values under exchange of the two systems per question.

    Exact where at most EXACT_UP_TO questions differ; else (1 + times as extreme) / (1 + permutations) (Smucker, Allan
    and Carterette 2007; Phipson and Smyth 2010).
    """
    difference = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    difference = difference[np.abs(difference) > _SLACK]
    n = len(difference)
    if not n:
        return 1.0
    observed = abs(difference.sum()) - _SLACK * n
    if n <= EXACT_UP_TO:
        signs = np.asarray(list(product((1.0, -1.0), repeat=n)))
        return float((np.abs(signs @ difference) >= observed).mean())
    rng = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, permutations, 1000):
        size = min(1000, permutations - start)
        signs = rng.integers(0, 2, size=(size, n)) * 2.0 - 1.0
        extreme += int((np.abs(signs @ difference) >= observed).sum())
    return (1 + extreme) / (1 + permutations)


def swap_test(
    statistic: Callable[[Floats, NDArray[np.bool_]], float],
    a: tuple[Floats, NDArray[np.bool_]],
    b: tuple[Floats, NDArray[np.bool_]],
    *,
    permutations: int = 1000,
    seed: int = SEED,
) -> float:
    """Two-sided p of the difference of a statistic of (p, right) over all questions, systems exchanged per question."""
    observed = abs(statistic(*a) - statistic(*b))
    if np.isnan(observed):
        return float("nan")
    rng = np.random.default_rng(seed)
    extreme = 0
    for _ in range(permutations):
        swap = rng.random(len(a[0])) < 0.5
        one = statistic(np.where(swap, b[0], a[0]), np.where(swap, b[1], a[1]))
        other = statistic(np.where(swap, a[0], b[0]), np.where(swap, a[1], b[1]))
        extreme += abs(one - other) >= observed - _SLACK
    return (1 + extreme) / (1 + permutations)


def bootstrap_mean(values: Floats, *, resamples: int = RESAMPLES, seed: int = SEED, level: float = LEVEL) -> tuple[float, float]:
    """Percentile interval of a mean over questions; of a difference, give the differences."""
    if not len(values):
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    for start in range(0, resamples, 500):
        size = min(500, resamples - start)
        means[start : start + size] = values[rng.integers(0, len(values), size=(size, len(values)))].mean(axis=1)
    return _percentiles(means, level)


def bootstrap(
    statistic: Statistic, count: int, *, resamples: int = RESAMPLES // 4, seed: int = SEED, level: float = LEVEL
) -> tuple[float, float]:
    """Percentile interval of any statistic of `count` questions; samples where it is not defined are left out."""
    if not count:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    values = np.asarray([statistic(rng.integers(0, count, size=count)) for _ in range(resamples)])
    values = values[~np.isnan(values)]
    return _percentiles(values, level) if len(values) else (float("nan"), float("nan"))


def _percentiles(values: Floats, level: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values in the order given: max over smaller ones of (m - i) p, at most 1 (Holm 1979); NaN stays NaN."""
    numbered = sorted((p, n) for n, p in enumerate(p_values) if not np.isnan(p))
    adjusted = [float("nan")] * len(p_values)
    highest = 0.0
    for position, (p, n) in enumerate(numbered):
        highest = max(highest, min(1.0, (len(numbered) - position) * p))
        adjusted[n] = highest
    return adjusted
