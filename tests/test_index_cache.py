import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index import cache
from index.embedders import Vectors
from index.errors import BadModel
from tests.conftest import WordEmbedder


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


@pytest.mark.parametrize("damage", ["header", "pages", "end"])
def test_a_damaged_file_is_begun_anew_and_what_it_held_is_embedded_again(damage: str, tmp_path: Path) -> None:
    texts = [f"text number {n}" for n in range(600)]
    with closing(cache.EmbeddingCache(tmp_path, WordEmbedder())) as kept:
        vectors = kept.embed(texts).vectors
    [path] = tmp_path.glob("*.sqlite")
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:100] = b"x" * 100
    elif damage == "pages":
        content[4096:] = b"x" * (len(content) - 4096)
    else:
        del content[4096:]
    path.write_bytes(content)
    with closing(cache.EmbeddingCache(tmp_path, WordEmbedder())) as kept:
        again = kept.embed(texts)
        assert again.fresh == len(texts)
        assert np.array_equal(again.vectors, vectors)
    with closing(cache.EmbeddingCache(tmp_path, WordEmbedder())) as kept:
        assert kept.embed(texts).fresh == 0
