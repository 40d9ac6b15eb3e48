import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from corpus.gloss import Entry, Sense, pack_forms
from index import cache
from index.embedders import Vectors
from index.errors import BadModel
from tests.conftest import WordEmbedder

FORMS = {"pais": Entry((Sense("country", 1.0),)), "paises": Entry((Sense("country", 1.0),)), "el": Entry((), function=True)}


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[str]]:
    """The names of every compilation."""
    asked: list[frozenset[str]] = []

    def compile_lexicon(names: frozenset[str]) -> dict[str, Entry]:
        asked.append(names)
        return {**FORMS, **{name: Entry(()) for name in sorted(names)}}

    monkeypatch.setattr("corpus.lexicon.compile_lexicon", compile_lexicon)
    return asked


def lexicon(folder: Path, *names: str) -> dict[str, list[int]]:
    return {name: array.tolist() for name, array in cache.compiled_lexicon(folder, frozenset(names)).items()}


def test_the_lexicon_is_compiled_once_for_the_same_names(tmp_path: Path, compiled: list[frozenset[str]]) -> None:
    first = lexicon(tmp_path, "managua", "puebla")
    assert first == {
        name: array.tolist() for name, array in pack_forms({**FORMS, "managua": Entry(()), "puebla": Entry(())}).items()
    }
    assert lexicon(tmp_path, "puebla", "managua") == first
    assert len(compiled) == 1
    assert lexicon(tmp_path, "managua") != first
    assert len(compiled) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["lexicon"]


def test_the_lexicon_is_compiled_again_when_its_files_change(
    tmp_path: Path, compiled: list[frozenset[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lexicon(tmp_path)
    changed = tmp_path / "words.tsv"
    changed.write_text("país\tn\tland\n", encoding="utf-8")
    monkeypatch.setattr(cache, "language_files", lambda: [changed])
    lexicon(tmp_path)
    monkeypatch.setattr(cache, "version", lambda package: "0")
    lexicon(tmp_path)
    assert len(compiled) == 3


@pytest.mark.parametrize("at", [0, 31, 32, 40, -1, None])
def test_a_damaged_lexicon_is_compiled_again_and_replaced(tmp_path: Path, compiled: list[frozenset[str]], at: int | None) -> None:
    expected = lexicon(tmp_path)
    path = tmp_path / "lexicon"
    good = path.read_bytes()
    bad = bytearray(good)
    if at is None:
        bad = bad[: len(bad) // 2]
    else:
        bad[at] ^= 1
    path.write_bytes(bytes(bad))
    assert lexicon(tmp_path) == expected
    assert path.read_bytes() == good
    assert len(compiled) == 2


def test_entries_that_say_the_same_are_written_once_and_forms_stand_in_order_of_their_hashes() -> None:
    packed = pack_forms(FORMS)
    assert np.all(np.diff(packed["forms.npy"].astype(object)) > 0)
    assert sorted(packed["entries.npy"].tolist()) == [0, 0, 1]
    assert packed["entry_offsets.npy"][-1] == len(packed["entries.bin"])


class SlowEmbedder(WordEmbedder):
    """Waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        assert self.go.wait(20)
        return super().embed(texts, progress)


def test_texts_are_embedded_while_others_are_still_being_made(tmp_path: Path) -> None:
    texts = [f"text number {n}" for n in range(3 * cache.STEP + 5)]
    embedder = SlowEmbedder()
    seen: list[tuple[int, int]] = []
    with closing(cache.EmbeddingCache(tmp_path, embedder)) as kept:
        for text in texts:
            kept.prepare([text, text])  # nothing waits for the embedder
        assert embedder.texts == 0
        embedder.go.set()
        found = kept.embed(texts[::-1], progress=lambda done, left: seen.append((done, left)))
        vectors = found.vectors
        assert kept.embed(texts[:2]).fresh == found.fresh == len(texts) == embedder.texts
    assert np.array_equal(vectors[::-1], WordEmbedder().embed(texts))
    assert seen[0][0] == 0 and seen[-1][0] == seen[-1][1] and seen == sorted(seen)
    with closing(cache.EmbeddingCache(tmp_path, embedder)) as kept:
        again = kept.embed(texts)
        assert again.fresh == 0 and np.array_equal(again.vectors, vectors[::-1])


def test_what_the_embedder_raises_comes_out_and_the_steps_before_are_kept(tmp_path: Path) -> None:
    class Failing(WordEmbedder):
        def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
            if any("bad" in text for text in texts):
                raise BadModel("the model fell over")
            return super().embed(texts, progress)

    good = [f"good {n}" for n in range(cache.STEP)]
    with closing(cache.EmbeddingCache(tmp_path, Failing())) as kept, pytest.raises(BadModel, match="fell over"):
        kept.embed([*good, "bad"])
    with closing(cache.EmbeddingCache(tmp_path, WordEmbedder())) as kept:
        assert kept.embed([*good, "bad"]).fresh == 1


def test_closing_does_not_wait_for_texts_that_have_not_begun(tmp_path: Path) -> None:
    embedder = SlowEmbedder()
    kept = cache.EmbeddingCache(tmp_path, embedder)
    kept.prepare(f"text number {n}" for n in range(4 * cache.STEP))
    threading.Timer(0.1, embedder.go.set).start()
    kept.close()
    assert embedder.texts == cache.STEP
    with closing(cache.EmbeddingCache(tmp_path, embedder)) as again:
        assert again.embed([f"text number {n}" for n in range(4 * cache.STEP)]).fresh == 3 * cache.STEP
