from collections.abc import Mapping, Sequence
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index import lexical
from index.errors import IndexMismatch
from index.lexical import LexicalIndex, best, write_lexical

K1, B = 1.2, 0.6


def bm25(passages: Sequence[Mapping[str, float]], terms: Mapping[str, float]) -> list[float]:
    n = len(passages)
    lengths = [sum(p.values()) for p in passages]
    mean = sum(lengths) / n if any(lengths) else 1.0
    scores = []
    for passage, length in zip(passages, lengths, strict=True):
        score = 0.0
        for term, weight in terms.items():
            if term in passage:
                df = sum(term in p for p in passages)
                idf = log(1 + (n - df + 0.5) / (df + 0.5))
                tf = passage[term]
                score += weight * idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / mean))
        scores.append(score)
    return scores


def ranking(scores: Sequence[float], limit: int, allowed: Sequence[bool] | None = None) -> list[tuple[int, float]]:
    found = [(n, s) for n, s in enumerate(scores) if s > 0 and (allowed is None or allowed[n])]
    return sorted(found, key=lambda item: (-item[1], item[0]))[:limit]


def write(folder: Path, passages: Sequence[Mapping[str, float]]) -> LexicalIndex:
    number = sum(1 for _ in folder.iterdir())
    write_lexical(folder / f"i{number}", passages)
    return LexicalIndex(folder / f"i{number}")


letters = st.sampled_from("abcdefghñ")
weights = st.sampled_from([0.4, 0.6, 1.0, 2.0, 3.0, 7.0])
corpora = st.lists(st.dictionaries(letters, weights, max_size=6), min_size=1, max_size=40)
questions = st.dictionaries(st.sampled_from("abcdefghñxyz"), st.sampled_from([0.25, 0.5, 1.0, 2.0]), max_size=6)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(corpora, questions, st.integers(1, 12), st.data())
def test_the_best_passages_are_those_of_the_formula(
    tmp_path_factory: pytest.TempPathFactory,
    passages: list[dict[str, float]],
    terms: dict[str, float],
    limit: int,
    data: st.DataObject,
) -> None:
    index = write(tmp_path_factory.mktemp("lexical"), passages)
    allowed = data.draw(st.none() | st.lists(st.booleans(), min_size=len(passages), max_size=len(passages)))
    expected_scores = bm25(passages, terms)
    expected = ranking(expected_scores, limit, allowed)
    ordinals, scores = index.search(terms, limit, None if allowed is None else np.asarray(allowed))
    assert scores.tolist() == pytest.approx([score for _, score in expected], rel=1e-5)
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    for ordinal, score in zip(ordinals.tolist(), scores.tolist(), strict=True):
        assert score == pytest.approx(expected_scores[ordinal], rel=1e-5)
        assert allowed is None or allowed[ordinal]
    assert len(set(ordinals.tolist())) == len(ordinals)
    for (a, x), (b, y) in zip(
        zip(ordinals.tolist(), scores.tolist(), strict=True),
        list(zip(ordinals.tolist(), scores.tolist(), strict=True))[1:],
        strict=False,
    ):
        assert x > y or a < b


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    rng = np.random.default_rng(5)
    # Rare terms with high bounds beside frequent ones: the case that the pruning is made for. Few values make many ties.
    chance = {f"t{n}": min(0.98, 1.5 / (1 + n) ** 1.4) for n in range(24)}
    passages = [{term: float(rng.integers(1, 4)) for term, p in chance.items() if rng.random() < p} for _ in range(3000)]
    return write(tmp_path_factory.mktemp("varied"), passages)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from([f"t{n}" for n in range(24)]), st.floats(0.05, 3.0), min_size=1, max_size=24),
    st.integers(1, 80),
    st.sampled_from([None, 0.9, 0.3, 0.02, 0.0]),
    st.integers(0, 2**32 - 1),
)
@pytest.mark.slow
def test_leaving_out_what_cannot_win_changes_nothing(
    varied: LexicalIndex, terms: dict[str, float], limit: int, share: float | None, seed: int
) -> None:
    allowed = None if share is None else np.random.default_rng(seed).random(varied.size) < share
    everything = np.arange(varied.size)
    whole = varied.score(terms, everything)
    expected = [n for n in np.lexsort((everything, -whole)).tolist() if whole[n] > 0 and (allowed is None or allowed[n])][:limit]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexical, "_SMALL", 0)
        ordinals, scores = varied.search(terms, limit, allowed)
    assert ordinals.tolist() == expected
    assert scores.tolist() == whole[expected].tolist()
    added_up, sums = varied.search(terms, limit, allowed)  # in one go: sums are the same but for rounding
    assert sums.tolist() == pytest.approx(scores.tolist(), rel=1e-5)
    assert whole[added_up].tolist() == pytest.approx(sums.tolist(), rel=1e-5)
    assert allowed is None or allowed[added_up].all()
    weights = np.array(list(terms.values()), dtype=np.float32)
    assert weights @ varied.impacts(list(terms), everything) == pytest.approx(whole, rel=1e-5)


def test_impacts_are_the_same_whether_a_list_is_short_or_long(varied: LexicalIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinals = np.array([2999, 0, 17, 1500], dtype=np.int64)
    terms = ["t0", "unknown", "t9", "t23", "t3"]
    found = varied.impacts(terms, ordinals)
    assert found.shape == (5, 4) and not found[1].any() and found[0].any()
    for times in (0, 1_000_000):
        monkeypatch.setattr(lexical, "_SHORT", times)
        assert (varied.impacts(terms, ordinals) == found).all()
    assert varied.impacts(terms, ordinals[:0]).shape == (5, 0)


@pytest.mark.parametrize("share", [None, 0.5])
def test_a_long_list_that_can_hardly_matter_is_probed_for_the_few_candidates_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float | None
) -> None:
    passages = [{"often": 1.0 + n % 3} | ({"rare": 1.0} if n % 100 == 0 else {}) for n in range(2000)]
    index = write(tmp_path, passages)
    allowed = None if share is None else np.random.default_rng(1).random(2000) < share
    probed: list[int] = []

    def watched(passages: NDArray[np.int32], impacts: NDArray[np.float32], ordinals: NDArray[np.int64]) -> object:
        probed.append(len(ordinals))
        return probe(passages, impacts, ordinals)

    probe = lexical._probe
    monkeypatch.setattr(lexical, "_probe", watched)
    monkeypatch.setattr(lexical, "_SMALL", 0)
    ordinals, _ = index.search({"rare": 1.0, "often": 1.0}, 5, allowed)
    assert len(ordinals) == 5 and all(n % 100 == 0 for n in ordinals.tolist())
    assert len(probed) == 1 and 5 <= probed[0] <= 20


def test_ties_are_ordered_by_ordinal(tmp_path: Path) -> None:
    index = write(tmp_path, [{"a": 1.0, "b": 1.0} for _ in range(50)])
    ordinals, scores = index.search({"a": 1.0, "b": 0.5}, 7)
    assert ordinals.tolist() == list(range(7))
    assert len(set(scores.tolist())) == 1


def test_passages_without_any_term_are_left_out_and_nothing_is_padded(tmp_path: Path) -> None:
    index = write(tmp_path, [{"a": 1.0}, {"b": 1.0}, {"a": 2.0, "b": 1.0}])
    assert index.search({"a": 1.0}, 10)[0].tolist() == [2, 0]
    for terms, limit in (({}, 10), ({"zz": 1.0}, 10), ({"a": 0.0}, 10), ({"a": 1.0}, 0)):
        ordinals, scores = index.search(terms, limit)
        assert len(ordinals) == len(scores) == 0


def test_the_files_do_not_depend_on_how_many_impacts_are_worked_out_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passages = [{"b": 1.0, "a": 2.0}, {}, {"c": 0.4, "b": 3.0, "a": 1.0}, {"a": 1.0}]
    write_lexical(tmp_path / "whole", passages)
    monkeypatch.setattr("index.lexical._BLOCK", 2)
    write_lexical(tmp_path / "parts", iter(passages))
    whole, parts = ({f.name: f.read_bytes() for f in (tmp_path / name).iterdir()} for name in ("whole", "parts"))
    assert whole == parts


def test_an_index_without_passages_or_terms_is_searched(tmp_path: Path) -> None:
    for passages in ([], [{}, {}]):
        index = write(tmp_path, passages)
        assert index.size == len(passages)
        assert index.search({"a": 1.0}, 5)[0].tolist() == []
        assert list(index.terms()) == []


@given(st.sets(st.text(min_size=1, max_size=6).filter(lambda t: t.isprintable()), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_every_term_is_found_under_its_number_and_no_other_is(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    folder = tmp_path_factory.mktemp("terms")
    numbers = write_lexical(folder / "i", [dict.fromkeys(names, 1.0), {min(names): 1.0}])
    index = LexicalIndex(folder / "i")
    assert {term: index.number(term) for term in names} == numbers
    assert sorted(index.terms()) == sorted(names)
    assert all(name in index for name in names) and "\0" not in index
    assert index.frequency(min(names)) == 2
    assert all(index.frequency(name) == 1 for name in names - {min(names)})


def test_scores_of_given_passages_are_those_of_the_formula_in_any_order(tmp_path: Path) -> None:
    passages = [{"a": 1.0}, {"b": 2.0, "c": 1.0}, {"a": 3.0, "b": 0.4}, {}]
    index = write(tmp_path, passages)
    terms = {"a": 1.0, "b": 0.5, "z": 1.0}
    order = np.asarray([3, 2, 0, 1])
    expected = bm25(passages, terms)
    assert index.score(terms, order).tolist() == pytest.approx([expected[n] for n in order.tolist()], rel=1e-5)


def test_the_rarity_of_a_term_is_that_of_the_formula(tmp_path: Path) -> None:
    index = write(tmp_path, [{"a": 1.0}, {"a": 1.0, "b": 1.0}, {"a": 1.0}])
    assert index.idf("b") == pytest.approx(log(1 + 2.5 / 1.5))
    assert index.idf("a") == pytest.approx(log(1 + 0.5 / 3.5))
    assert index.idf("unknown") == pytest.approx(log(1 + 3.5 / 0.5))


@pytest.mark.parametrize("size", [1, 8, 9, 200])
def test_the_best_are_by_score_then_ordinal(size: int) -> None:
    rng = np.random.default_rng(size)
    ordinals = rng.permutation(size * 3)[:size].astype(np.int64)
    scores = rng.integers(0, 4, size).astype(np.float32)
    pairs = sorted(zip(ordinals.tolist(), scores.tolist(), strict=True), key=lambda p: (-p[1], p[0]))
    for limit in (1, 3, size):
        found, values = best(ordinals, scores, limit)
        assert list(zip(found.tolist(), values.tolist(), strict=True)) == pairs[:limit]


def test_an_index_that_lacks_a_file_is_refused_by_its_name(tmp_path: Path) -> None:
    write_lexical(tmp_path / "i", [{"a": 1.0}])
    (tmp_path / "i" / "impacts.npy").unlink()
    with pytest.raises(IndexMismatch, match=r"impacts\.npy"):
        LexicalIndex(tmp_path / "i")
