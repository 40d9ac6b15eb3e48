from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from corpus.tokens import packaged_model, packaged_tokens
from index.cache import EmbeddingCache
from index.embedders import SentenceTransformerEmbedder, fingerprint_model
from index.generations import Home
from index.graph import GraphEmbedder
from index.projecting import DIM, principal_directions, projection_of
from index.searching import Index, open_embedder
from index.tokens import ALONG, CARRIED, EXACT, SCALE, AskedWords, Encoded, TokenIndex, WordMatches, pack, write_tokens

EYE = np.eye(4, dtype=np.float32)


def rows(*directions: int) -> NDArray[np.float32]:
    """Unit rows that survive 8 bits: half of one axis would be cut, so each is spread over a pair of axes."""
    return np.asarray([[0.5 if n // 4 == d else 0.0 for n in range(16)] for d in directions], dtype=np.float32)


def asked(
    directions: list[int],
    words: list[int],
    pieces: list[int],
    index: TokenIndex,
    importance: list[tuple[float, float]] | None = None,
    stems: list[str] | None = None,
    asked_until: int | None = None,
) -> AskedWords:
    encoded = Encoded(
        vector=EYE[0],
        pieces=np.asarray(pieces, np.int32),
        words=np.asarray(words, np.int32),
        spans=tuple((n, n + 1) for n in range(max(words) + 1)),
        tokens=rows(*directions),
        importance=np.log(np.asarray(importance or [(1.0, 1.0)] * len(directions), np.float32)),
    )
    found = index.ask(encoded, stems or ["stem"] * (max(words) + 1), asked_until)
    assert found is not None
    return found


def matched(
    index: TokenIndex,
    words: AskedWords,
    passages: dict[int, list[int]],
    standing: list[list[float]] | None = None,
    heading: list[list[float]] | None = None,
) -> list[WordMatches]:
    """Matches of passages given with the numbers of their sentences; nothing stands there by spelling unless it is said."""
    sentences = np.asarray([n for numbers in passages.values() for n in numbers], np.int64)
    counts = np.asarray([len(numbers) for numbers in passages.values()], np.int64)
    size = len(words.stems)
    spelt = np.asarray(standing or np.zeros((len(sentences), size)), np.float32)
    over = np.asarray(heading or np.zeros((len(counts), size)), np.float32)
    return index.match(words, np.asarray([*passages], np.int64), sentences, counts, spelt, over)


@pytest.fixture
def two_passages(tmp_path: Path) -> TokenIndex:
    """Passage 0: header [0], sentences [1, 2] and [3]. Passage 1: no header, one sentence [1]."""
    write_tokens(
        tmp_path / "tokens",
        [np.asarray([7, 8, 9, 5], np.int32), np.asarray([8], np.int32)],
        [pack(rows(0, 1, 2, 3)), pack(rows(1))],
        [[2, 1], [1]],
    )
    return TokenIndex(tmp_path / "tokens")


def test_each_word_finds_its_best_partner_in_the_passage_and_in_each_sentence_or_the_header(two_passages: TokenIndex) -> None:
    words = asked([0, 1, 3], [0, 1, 2], [7, 8, 5], two_passages)
    found, other = matched(two_passages, words, {0: [0, 1], 1: [2]})
    assert found.passage == pytest.approx([1, 1, 1], abs=0.01)
    assert found.sentences == pytest.approx(np.asarray([[1, 1, 0], [1, 0, 1]]), abs=0.01)
    assert other.passage == pytest.approx([0, 1, 0], abs=0.01)
    assert other.sentences == pytest.approx(np.asarray([[0, 1, 0]]), abs=0.01)
    assert other.late == pytest.approx(words.weight[1] / words.weight.sum(), abs=0.01)
    assert found.late_sentences == pytest.approx(found.sentences @ words.rarity / words.rarity.sum(), abs=0.01)
    carried = np.asarray([[1, 1, 0], [1, CARRIED, 1]])
    assert found.late_in_context == pytest.approx(carried @ words.rarity / words.rarity.sum(), abs=0.01)
    assert other.late_in_context == pytest.approx(other.late_sentences)


def test_a_word_that_stands_there_lacks_less_in_its_sentence_and_under_a_header_in_all(two_passages: TokenIndex) -> None:
    words = asked([0, 3, 2], [0, 1, 2], [7, 5, 9], two_passages)
    plain, _ = matched(two_passages, words, {0: [0, 1], 1: [2]})
    assert plain.sentences == pytest.approx(np.asarray([[1, 0, 1], [1, 1, 0]]), abs=0.01)
    standing = [[0.5, 0.5, 0], [0, 0, 0], [0, 0.25, 0]]
    found, other = matched(two_passages, words, {0: [0, 1], 1: [2]}, standing, [[0, 0, 0.5], [0.5, 0, 0]])
    assert found.sentences == pytest.approx(np.asarray([[1, 0.5, 1], [1, 1, 0.5]]), abs=0.01)
    assert found.passage == pytest.approx([1, 1, 1], abs=0.01)
    assert other.sentences == pytest.approx(np.asarray([[0.5, 0.25, 0]]), abs=0.01)
    assert other.passage == pytest.approx([0.5, 0.25, 0], abs=0.01)
    assert other.late == pytest.approx(other.passage @ words.weight / words.weight.sum(), abs=0.01)


def test_a_number_finds_its_partner_only_where_it_stands_itself(two_passages: TokenIndex) -> None:
    words = asked([0, 1, 3], [0, 1, 2], [7, 8, 5], two_passages, stems=["2010", "meet", "2011"])
    standing = [[0, 0, 0], [0, 0, 0.5], [0, 0, 0]]
    found, _ = matched(two_passages, words, {0: [0, 1], 1: [2]}, standing)
    assert found.sentences == pytest.approx(np.asarray([[EXACT, 1, 0], [EXACT, 0, 1]]), abs=0.01)
    assert found.passage == pytest.approx([EXACT, 1, 1], abs=0.01)
    below, _ = matched(two_passages, words, {0: [0, 1], 1: [2]}, standing, [[0.5, 0, 0], [0, 0, 0]])
    assert below.passage == pytest.approx([1, 1, 1], abs=0.01)


def test_a_passage_matches_alike_alone_and_among_others(two_passages: TokenIndex) -> None:
    words = asked([0, 1, 3], [0, 1, 1], [7, 8, 5], two_passages)
    together = matched(two_passages, words, {1: [2], 0: [0, 1]})
    alone = matched(two_passages, words, {1: [2]}) + matched(two_passages, words, {0: [0, 1]})
    for one, other in zip(together, alone, strict=True):
        assert one.passage.tolist() == other.passage.tolist()
        assert one.sentences.tolist() == other.sentences.tolist()


def test_in_a_passage_without_tokens_no_word_finds_a_partner(tmp_path: Path) -> None:
    empty = np.empty(0, np.int32), np.empty((0, 16), np.int8), [0]
    parts = [empty, (np.asarray([7], np.int32), pack(rows(1)), [1]), empty]
    write_tokens(tmp_path / "tokens", *([part[n] for part in parts] for n in range(3)))  # type: ignore[arg-type]
    index = TokenIndex(tmp_path / "tokens")
    words = asked([1, 2], [0, 1], [7, 8], index)
    first, second, third = matched(index, words, {0: [0], 1: [1], 2: [2]})
    assert first.passage.tolist() == third.passage.tolist() == [-1, -1]
    assert first.sentences.tolist() == [[-1, -1]]
    assert second.passage == pytest.approx([1, 0], abs=0.01)
    [only] = matched(index, words, {2: [2]})
    assert only.passage.tolist() == [-1, -1]


def test_a_word_of_several_pieces_counts_with_their_mean(two_passages: TokenIndex) -> None:
    words = asked([1, 3, 0], [0, 0, 1], [8, 5, 7], two_passages)
    assert words.starts.tolist() == [0, 2]
    assert matched(two_passages, words, {1: [2]})[0].passage == pytest.approx([0.5, 0], abs=0.01)


def test_rarity_is_inverse_document_frequency_of_the_rarest_piece(two_passages: TokenIndex) -> None:
    words = asked([0, 1, 2, 3], [0, 1, 2, 2], [8, 7, 8, 4000], two_passages)
    in_both, in_one, in_none = np.log1p(0.5 / 2.5), np.log1p(1.5 / 1.5), np.log1p(2.5 / 0.5)
    assert words.weight == pytest.approx([in_both, in_one, in_none], abs=1e-6)


def test_a_word_weighs_its_rarity_times_the_geometric_mean_of_the_importance_of_its_pieces(two_passages: TokenIndex) -> None:
    plain = asked([0, 1, 2], [0, 1, 1], [8, 7, 8], two_passages)
    words = asked([0, 1, 2], [0, 1, 1], [8, 7, 8], two_passages, importance=[(0.5, 1), (4, 1), (1, 9)])
    assert plain.weight.tolist() == plain.need.tolist() == plain.rarity.tolist()
    assert words.weight == pytest.approx(plain.rarity * [0.5, 2.0])
    assert words.need == pytest.approx(plain.rarity * [1.0, 3.0])


def test_a_text_without_words_asks_nothing(two_passages: TokenIndex) -> None:
    none = np.empty(0, np.int32)
    nothing = Encoded(EYE[0], none, none, (), np.empty((0, 16), np.float32), np.empty((0, 2), np.float32))
    assert two_passages.ask(nothing, []) is None


def test_words_that_a_follow_up_carries_along_count_less_in_the_choice_of_the_sentence(two_passages: TokenIndex) -> None:
    whole, along = (asked([0, 1, 2], [0, 1, 2], [1, 2, 3], two_passages, asked_until=until) for until in (None, 1))
    assert along.focus.tolist() == (whole.rarity * np.array([1, 1, ALONG], np.float32)).tolist()
    assert whole.focus.tolist() == whole.rarity.tolist() == along.rarity.tolist()


def test_sentences_that_claim_more_tokens_than_there_are_stay_inside_the_passage(tmp_path: Path) -> None:
    write_tokens(tmp_path / "t", [np.asarray([1, 2], np.int32)], [pack(rows(0, 1))], [[5, 9]])
    index = TokenIndex(tmp_path / "t")
    [found] = matched(index, asked([0, 1], [0, 1], [1, 2], index), {0: [0, 1]})
    assert found.passage == pytest.approx([1, 1], abs=0.01)
    assert found.sentences.shape == (2, 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8), min_size=1, max_size=6))
def test_eight_bits_keep_unit_vectors_but_for_their_largest_components(values: list[list[float]]) -> None:
    made = np.asarray(values, dtype=np.float32)
    made[:, 0] += 0.01
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    back = pack(made).astype(np.float32) / SCALE
    assert np.abs(back - np.clip(made, -0.5, 0.5)).max() <= 0.5 / SCALE + 1e-6


def test_principal_directions_keep_what_lies_in_few_dimensions() -> None:
    generator = np.random.default_rng(1)
    plane = generator.normal(size=(200, 2)).astype(np.float32) @ generator.normal(size=(2, 9)).astype(np.float32)
    directions = principal_directions(plane, 2)
    assert directions.shape == (9, 2)
    assert np.linalg.norm(plane @ directions, axis=1) == pytest.approx(np.linalg.norm(plane, axis=1), rel=1e-4)


class Tokenwise:
    """A vector of counts, and one token a letter."""

    dim, fingerprint, precision = 4, "letters", "float32"

    def __init__(self) -> None:
        self.calls: list[str] = []

    def embed(self, texts: list[str], progress: object = None) -> NDArray[np.float32]:
        self.calls.extend(f"vector {text}" for text in texts)
        return np.asarray([[len(text), 1, 0, 0] for text in texts], dtype=np.float32)

    def encode(self, texts: list[str], progress: object = None) -> list[Encoded]:
        self.calls.extend(f"tokens {text}" for text in texts)
        return [
            Encoded(
                vector=np.asarray([len(text), 1, 0, 0], dtype=np.float32),
                pieces=np.asarray([ord(c) for c in text], np.int32),
                words=np.arange(len(text), dtype=np.int32),
                spans=tuple((n, n + 1) for n in range(len(text))),
                tokens=EYE[[ord(c) % 4 for c in text]] / 2,
                importance=np.zeros((len(text), 2), np.float32),
            )
            for text in texts
        ]


def test_tokens_are_kept_with_the_vectors_and_made_once(tmp_path: Path) -> None:
    embedder = Tokenwise()
    cache = EmbeddingCache(tmp_path, embedder)
    first = cache.embed(["abc", "d", "e"], with_tokens=2)
    cache.close()
    assert sorted(embedder.calls) == ["tokens abc", "tokens d", "vector e"]
    cache = EmbeddingCache(tmp_path, embedder)
    again = cache.embed(["abc", "d", "e"], with_tokens=2)
    assert again.fresh == 0 and sorted(embedder.calls) == ["tokens abc", "tokens d", "vector e"]
    assert [p.tolist() for p in again.pieces] == [p.tolist() for p in first.pieces] == [[97, 98, 99], [100]]
    assert all((a == b).all() for a, b in zip(first.tokens, again.tokens, strict=True))
    # A text that was embedded without tokens gets them when they are wanted.
    assert cache.embed(["e"], with_tokens=1).fresh == 1
    cache.close()
    assert embedder.calls[-1] == "tokens e"


@pytest.mark.model
def test_the_graphs_tokens_are_those_of_the_model_projected(bundled_home: Home) -> None:
    embedder = open_embedder(bundled_home.live_folder())
    assert isinstance(embedder, GraphEmbedder)
    reference = SentenceTransformerEmbedder(packaged_model())
    projection, importance = projection_of(fingerprint_model(packaged_model()), reference.model)
    text = "Which countries met in Puebla to discuss unaccompanied children?"
    encoded = embedder.encode([text])[0]
    [tokens] = reference.model.encode([text], output_value="token_embeddings", convert_to_numpy=False)
    tokens = tokens.numpy()[1:-1]
    assert encoded.importance == pytest.approx(tokens @ importance, abs=0.3)
    assert np.corrcoef(encoded.importance.ravel(), (tokens @ importance).ravel())[0, 1] > 0.97
    expected = tokens @ projection
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert encoded.tokens.shape == (len(encoded.pieces), DIM) == expected.shape
    assert np.einsum("ij,ij->i", encoded.tokens, expected).mean() > 0.97
    assert [text[a:b] for a, b in encoded.spans[:3]] == ["Which", "countries", "met"]
    assert embedder.embed([text])[0] == pytest.approx(encoded.vector, abs=1e-6)


@pytest.mark.model
def test_the_tokens_of_every_sentence_stand_where_the_index_says(bundled_home: Home) -> None:
    folder = bundled_home.live_folder()
    embedder = open_embedder(folder)
    with Index(folder, embedder) as index:
        assert index.tokens is not None and index.tokens.size == index.vectors.size
        starts = np.load(folder / "tokens" / "starts.npy")
        inside = np.load(folder / "tokens" / "sentences.npy")
        for ordinal in range(0, index.vectors.size, 97):
            passage = index.store.passages_at([ordinal])[0]
            text = index.store.document(passage.document_id).text
            first = int(index.attributes.rows["sentences"][ordinal])
            bounds = [*inside[first : first + len(passage.sentences)].tolist(), int(starts[ordinal + 1] - starts[ordinal])]
            counts = [packaged_tokens().count(index.gloss.gloss_text(text[a:b], passage.lang)) - 2 for a, b in passage.sentences]
            assert np.diff(bounds).tolist() == counts
