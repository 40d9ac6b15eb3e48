import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

from eval.abstention import aurc, auroc, calibration_error, reliability, risk_coverage
from eval.statistics import bootstrap, bootstrap_mean, holm, randomisation_test, swap_test

values = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)
judged = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.7, 0.9, 1.0]), st.booleans()), min_size=1, max_size=60)


def arrays(pairs: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray([p for p, _ in pairs]), np.asarray([good for _, good in pairs], dtype=np.bool_)


def test_five_questions_all_won_give_p_two_of_thirty_two() -> None:
    assert randomisation_test(np.ones(5), np.zeros(5)) == 2 / 32


def test_equal_systems_give_p_one() -> None:
    assert randomisation_test(np.asarray([0.1, 0.9]), np.asarray([0.1, 0.9])) == 1.0


def test_one_win_and_one_loss_of_equal_size_say_nothing() -> None:
    assert randomisation_test(np.asarray([1.0, 0.0]), np.asarray([0.0, 1.0])) == 1.0


def test_the_exact_test_is_scipys() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random(10), rng.random(10)
    found = permutation_test((a, b), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", vectorized=True)
    assert randomisation_test(a, b) == pytest.approx(float(found.pvalue), abs=1e-12)


def test_the_sampled_test_is_near_scipys() -> None:
    rng = np.random.default_rng(2)
    a = rng.random(60)
    b = np.clip(a + rng.normal(0.03, 0.12, 60), 0, 1)
    found = permutation_test(
        (a, b),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(3),
    )
    assert randomisation_test(a, b) == pytest.approx(float(found.pvalue), abs=0.02)


@given(values)
@settings(deadline=None, max_examples=40)
def test_p_lies_above_zero_and_up_to_one_and_knows_no_direction(pairs: list[tuple[float, float]]) -> None:
    a, b = np.asarray([x for x, _ in pairs]), np.asarray([y for _, y in pairs])
    p = randomisation_test(a, b, permutations=200)
    assert 0 < p <= 1
    assert p == randomisation_test(b, a, permutations=200)


def test_the_same_seed_gives_the_same_p_and_interval() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.random(50), rng.random(50)
    assert randomisation_test(a, b, seed=5) == randomisation_test(a, b, seed=5)
    assert bootstrap_mean(a, seed=5) == bootstrap_mean(a, seed=5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
@settings(deadline=None, max_examples=40)
def test_the_interval_of_a_mean_lies_inside_the_values_and_around_the_mean_of_equal_ones(numbers: list[float]) -> None:
    low, high = bootstrap_mean(np.asarray(numbers), resamples=200)
    assert min(numbers) - 1e-9 <= low <= high <= max(numbers) + 1e-9


def test_the_interval_of_a_mean_has_the_width_that_theory_gives() -> None:
    numbers = np.asarray([0.0, 1.0] * 200)
    low, high = bootstrap_mean(numbers)
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(400), abs=0.01)


def test_a_statistic_that_no_sample_defines_has_no_interval() -> None:
    assert all(math.isnan(x) for x in bootstrap(lambda rows: float("nan"), 5, resamples=20))
    assert all(math.isnan(x) for x in bootstrap_mean(np.empty(0)))


def test_holm_is_worked_as_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_leaves_out_what_has_no_p() -> None:
    adjusted = holm([0.02, float("nan"), 0.03])
    assert adjusted[0] == pytest.approx(0.04)
    assert math.isnan(adjusted[1])
    assert adjusted[2] == pytest.approx(0.04)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_makes_a_p_smaller_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=lambda n: p_values[n])
    assert all(adjusted[a] <= adjusted[b] for a, b in pairwise(order))


def test_exchanging_equal_systems_gives_p_one_for_any_statistic() -> None:
    pair = arrays([(0.9, True), (0.2, False), (0.4, True)])
    assert swap_test(auroc, pair, pair, permutations=50) == 1.0


def test_a_ranking_of_p_that_is_right_everywhere_beats_its_reverse() -> None:
    good = np.asarray([True] * 20 + [False] * 20)
    p = np.linspace(1, 0, 40)
    assert swap_test(auroc, (p, good), (1 - p, good), permutations=200) < 0.02


def test_auroc_is_worked_as_by_hand_ties_count_half() -> None:
    # positives 0.9, 0.5; negatives 0.5, 0.1: of four pairs three are won and one is tied
    assert auroc(*arrays([(0.9, True), (0.5, True), (0.5, False), (0.1, False)])) == 3.5 / 4


@given(judged)
@settings(deadline=None)
def test_auroc_is_scikit_learns(pairs: list[tuple[float, bool]]) -> None:
    from sklearn.metrics import roc_auc_score

    p, good = arrays(pairs)
    if good.all() or not good.any():
        assert math.isnan(auroc(p, good))
    else:
        assert auroc(p, good) == pytest.approx(roc_auc_score(good, p))


def test_the_area_under_the_risk_curve_is_worked_as_by_hand() -> None:
    # risks 0, 0, 1/3, 1/4
    assert aurc(*arrays([(0.9, True), (0.8, True), (0.7, False), (0.6, True)])) == pytest.approx((1 / 3 + 1 / 4) / 4)


def test_tied_probabilities_share_their_wrong_answers() -> None:
    coverage, risk = risk_coverage(*arrays([(0.5, False), (0.5, True)]))
    assert coverage.tolist() == [0.5, 1.0]
    assert risk.tolist() == [0.5, 0.5]


@given(judged)
@settings(deadline=None)
def test_the_area_lies_between_the_best_and_the_worst_order(pairs: list[tuple[float, bool]]) -> None:
    p, good = arrays(pairs)
    area = aurc(p, good)
    best = aurc(good.astype(float), good)
    worst = aurc(1 - good.astype(float), good)
    assert 0 <= best <= area + 1e-12
    assert area <= worst + 1e-12 <= 1 + 2e-12


def test_calibration_error_is_worked_as_by_hand_in_two_bins() -> None:
    pairs = [(0.1, False), (0.3, False), (0.8, True), (1.0, False)]
    # |0.2 - 0| and |0.9 - 0.5|, each half of the questions
    assert calibration_error(*arrays(pairs), bins=2) == pytest.approx(0.5 * 0.2 + 0.5 * 0.4)
    assert [n for *_, n in reliability(*arrays(pairs), bins=2)] == [2, 2]


@given(judged)
@settings(deadline=None)
def test_calibration_error_is_at_most_one_and_zero_for_certainty_that_is_right(pairs: list[tuple[float, bool]]) -> None:
    p, good = arrays(pairs)
    assert 0 <= calibration_error(p, good) <= 1
    assert calibration_error(good.astype(float), good, bins=len(p)) == 0
