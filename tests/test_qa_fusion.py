import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.fusion import FusionWeights, fuse, possible_score, reciprocal_rank_fusion, share_of_possible
from qa.weights import load_weights


def array(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


shares = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8)
weight = st.floats(0, 2)


@given(shares, weight, weight, weight, st.floats(0, 1))
def test_fusion_is_the_weighted_sum_of_the_arms(
    values: list[float], dense: float, sentence: float, lexical: float, own: float
) -> None:
    one, two = array(*values), array(*values[::-1])
    fused = fuse(one, two, two, one, FusionWeights(dense, sentence, lexical, own))
    for n, score in enumerate(fused.tolist()):
        expected = dense * one[n] + sentence * two[n] + lexical * ((1 - own) * two[n] + own * one[n])
        assert score == pytest.approx(float(expected), abs=1e-4)


def test_fusion_of_one_passage_does_not_depend_on_the_others() -> None:
    weights = FusionWeights(0.3, 0.2, 0.9, 0.4)
    arms = [np.random.default_rng(n).random(6).astype(np.float32) for n in range(4)]
    together = fuse(*arms, weights)
    alone = [float(fuse(*[arm[n : n + 1] for arm in arms], weights)[0]) for n in range(6)]
    assert together.tolist() == pytest.approx(alone)


@given(st.lists(st.permutations(range(6)), min_size=1, max_size=3), st.integers(0, 100))
def test_reciprocal_rank_fusion_is_its_definition(rankings: list[list[int]], k: int) -> None:
    fused = reciprocal_rank_fusion(rankings, k)
    for item in range(6):
        assert fused[item] == pytest.approx(sum(1 / (k + ranking.index(item) + 1) for ranking in rankings))


def test_what_one_ranking_lacks_counts_from_the_other_alone() -> None:
    assert reciprocal_rank_fusion([[1, 2], [2]], 60) == pytest.approx({1: 1 / 61, 2: 1 / 62 + 1 / 61})
    assert reciprocal_rank_fusion([]) == {}


def test_the_possible_score_is_that_of_the_best_form_of_every_word() -> None:
    groups = [{"a": 1.0, "b": 0.5}, {"c": 0.5}]
    idf = {"a": 1.0, "b": 4.0, "c": 2.0}
    assert possible_score(groups, idf) == pytest.approx((2.0 + 1.0) * 2.2)
    assert possible_score([], {}) == 0


def test_a_share_is_of_what_is_possible_and_at_most_one() -> None:
    assert share_of_possible(array(0, 1, 2, 5), 4).tolist() == [0, 0.25, 0.5, 1]
    assert share_of_possible(array(1, 2), 0).tolist() == [0, 0]


def test_the_learnt_weights_cover_every_direction_with_sensible_numbers() -> None:
    weights = load_weights()
    assert set(weights) == {"en-en", "en-es", "es-en", "es-es"}
    for found in weights.values():
        assert min(found.dense, found.sentence, found.lexical) >= 0
        assert found.dense + found.sentence + found.lexical > 0
        assert 0 <= found.own <= 1
