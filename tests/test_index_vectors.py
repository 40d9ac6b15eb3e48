from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.errors import IndexMismatch
from index.vectors import VectorIndex, faiss, widen, write_vectors

DIM = 8


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def write(folder: Path, vectors: NDArray[np.float32]) -> VectorIndex:
    assert write_vectors(folder, vectors) == "Flat"
    return VectorIndex(folder, vectors.shape[1])


def random_vectors(seed: int, n: int) -> NDArray[np.float32]:
    return unit(np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32))


def test_every_finite_half_becomes_the_same_float() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    for numbers in (halves, halves.reshape(-1, 2), halves[:10]):
        expected = numbers.astype(np.float32)
        assert widen(numbers).dtype == np.float32 and widen(numbers).shape == numbers.shape
        assert np.array_equal(widen(numbers).view(np.uint32), expected.view(np.uint32))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 80), st.data())
def test_the_nearest_are_those_of_brute_force(
    tmp_path_factory: pytest.TempPathFactory, seed: int, n: int, limit: int, data: st.DataObject
) -> None:
    vectors = random_vectors(seed, n)
    index = write(tmp_path_factory.mktemp("vectors"), vectors)
    question = random_vectors(seed + 1, 1)[0]
    allowed = data.draw(st.none() | st.lists(st.booleans(), min_size=n, max_size=n))
    mask = np.ones(n, bool) if allowed is None else np.asarray(allowed)
    cosines = vectors @ question
    expected = [int(i) for i in np.lexsort((np.arange(n), -cosines)) if mask[i]][:limit]
    ordinals, scores = index.search(question, limit, None if allowed is None else mask)
    assert len(ordinals) == min(limit, int(mask.sum()))
    assert all(mask[ordinals])
    assert scores.tolist() == pytest.approx(cosines[expected].tolist(), abs=1e-6)
    assert cosines[ordinals].tolist() == pytest.approx(scores.tolist(), abs=1e-6)


@pytest.mark.parametrize("copies", [2, 9, 100])
def test_equal_vectors_are_ordered_by_ordinal_however_many_there_are(tmp_path: Path, copies: int) -> None:
    vectors = np.concatenate([random_vectors(1, 20), np.repeat(random_vectors(2, 1), copies, axis=0), random_vectors(3, 20)])
    index = write(tmp_path, vectors)
    ordinals, _ = index.search(vectors[20], 5)
    assert ordinals.tolist()[: min(copies, 5)] == list(range(20, 20 + min(copies, 5)))
    mask = np.ones(len(vectors), bool)
    mask[20] = False
    ordinals, _ = index.search(vectors[20], 3, mask)
    assert ordinals.tolist()[: min(copies - 1, 3)] == list(range(21, 21 + min(copies - 1, 3)))


def test_a_vector_finds_itself_and_its_score_is_one(tmp_path: Path) -> None:
    vectors = random_vectors(5, 30)
    index = write(tmp_path, vectors)
    for n in range(30):
        ordinals, scores = index.search(vectors[n], 1)
        assert ordinals.tolist() == [n] and scores[0] == pytest.approx(1.0, abs=1e-6)


def test_nothing_is_found_where_nothing_is_allowed_or_asked_for(tmp_path: Path) -> None:
    index = write(tmp_path, random_vectors(5, 10))
    question = random_vectors(6, 1)[0]
    assert index.search(question, 5, np.zeros(10, bool))[0].tolist() == []
    assert index.search(question, 0)[0].tolist() == []
    assert index.score(question, np.empty(0, np.int64)).tolist() == []


def test_vectors_and_scores_of_given_passages_come_in_the_order_asked_for(tmp_path: Path) -> None:
    vectors = random_vectors(5, 10)
    index = write(tmp_path, vectors)
    wanted = np.asarray([7, 0, 3])
    assert np.array_equal(index.vectors(wanted), vectors[wanted])
    question = random_vectors(6, 1)[0]
    assert index.score(question, wanted).tolist() == pytest.approx((vectors[wanted] @ question).tolist(), abs=1e-6)


def test_scores_do_not_depend_on_how_many_vectors_are_multiplied_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, question = random_vectors(5, 50), random_vectors(6, 1)[0]
    index = write(tmp_path, vectors)
    for count in (1, 7, 25, 50):
        monkeypatch.setattr("index.vectors._AT_ONCE", count)
        assert index.score(question, np.arange(50)).tolist() == pytest.approx((vectors @ question).tolist(), abs=1e-6)


def test_an_index_of_another_dimension_is_refused_naming_both(tmp_path: Path) -> None:
    write_vectors(tmp_path, random_vectors(5, 10))
    with pytest.raises(IndexMismatch, match=r"vectors of 8 numbers, the model makes 384"):
        VectorIndex(tmp_path, 384)


@pytest.mark.parametrize("content", [None, b"", b"no index at all", b"IxFI" + bytes(20)])
def test_a_file_that_is_no_index_is_refused_by_its_name(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "vectors.faiss").write_bytes(content)
    with pytest.raises(IndexMismatch, match=r"vectors\.faiss cannot be opened"):
        VectorIndex(tmp_path, DIM)


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[VectorIndex, NDArray[np.float32]]:
    """An index over so many vectors that it is searched by inverted lists; the bound is lowered, the rest is real."""
    monkeypatch.setattr("index.vectors.EXACT_UP_TO", 500)
    monkeypatch.setattr("index.vectors.EXACT_FILTERED", 200)
    vectors = random_vectors(9, 4000)
    kind = write_vectors(tmp_path, vectors)
    assert kind.startswith("IVF")
    return VectorIndex(tmp_path, DIM), vectors


def test_inverted_lists_find_nearly_all_of_the_best_and_score_them_exactly(
    listed: tuple[VectorIndex, NDArray[np.float32]],
) -> None:
    index, vectors = listed
    kept = []
    for question in random_vectors(10, 60):
        cosines = vectors @ question
        ordinals, scores = index.search(question, 10)
        assert len(set(ordinals.tolist())) == 10
        assert scores.tolist() == pytest.approx(cosines[ordinals].tolist(), abs=2e-3)
        assert scores.tolist() == sorted(scores.tolist(), reverse=True)
        kept.append(len(set(ordinals.tolist()) & set(np.argsort(-cosines)[:10].tolist())) / 10)
    assert np.mean(kept) >= 0.9


def test_mapped_lists_are_read_without_threads_of_their_own(listed: tuple[VectorIndex, NDArray[np.float32]]) -> None:
    lists = faiss.downcast_InvertedLists(faiss.downcast_index(listed[0]._index).invlists)
    assert type(lists).__name__ == "OnDiskInvertedLists"  # mapped, not read into memory
    assert lists.prefetch_nthread == 0


def test_a_filter_over_inverted_lists_leaves_only_what_it_allows(listed: tuple[VectorIndex, NDArray[np.float32]]) -> None:
    index, vectors = listed
    question = random_vectors(11, 1)[0]
    for share in (0.01, 0.3):
        mask = np.random.default_rng(1).random(len(vectors)) < share
        ordinals, _ = index.search(question, 10, mask)
        assert len(ordinals) == 10 and all(mask[ordinals])
        best = set(np.flatnonzero(mask)[np.argsort(-(vectors @ question)[mask])[:10]].tolist())
        assert len(best & set(ordinals.tolist())) >= 8
