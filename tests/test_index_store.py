import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from corpus.chunking import Chunker
from corpus.loading import load_collection
from corpus.records import Document, Passage
from corpus.words import folded_words
from index.analysis import stem
from index.cache import EmbeddingCache, text_key
from index.errors import IndexMismatch, UnknownId
from index.filters import Attributes, Filters, make_attributes
from index.store import Store, write_store


class WordTokens:
    max_tokens = 64

    def count(self, text: str) -> int:
        return 2 + len(text.split())


@pytest.fixture(scope="module")
def made(tiny_corpus: Path) -> tuple[list[Document], list[tuple[int, Passage]]]:
    documents = load_collection([tiny_corpus]).documents
    cutter = Chunker(WordTokens())
    return documents, [(n, p) for n, d in enumerate(documents) for p in cutter.chunk_document(d)]


@pytest.fixture(scope="module")
def store(made: tuple[list[Document], list[tuple[int, Passage]]], tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("store") / "documents.sqlite"
    write_store(path, *made)
    return Store(path)


def test_documents_come_back_as_they_went_in(store: Store, made: tuple[list[Document], list[tuple[int, Passage]]]) -> None:
    documents, _ = made
    assert list(store.documents()) == documents
    assert [store.document(d.id) for d in documents] == documents
    assert [store.document_at(n) for n in range(len(documents))] == documents
    assert [store.document(d.id).sha256 for d in documents] == [d.sha256 for d in documents]
    assert store.documents_count == len(documents) == 4


def test_passages_come_back_in_the_order_asked_for(store: Store, made: tuple[list[Document], list[tuple[int, Passage]]]) -> None:
    passages = [p for _, p in made[1]]
    order = [*reversed(range(len(passages))), 0]
    assert store.passages_at(order) == [passages[n] for n in order]
    for n, document in enumerate(made[0]):
        assert store.passages_of(document.id) == [(o, p) for o, (at, p) in enumerate(made[1]) if at == n]
    assert list(store.passage_ids()) == [(p.id, p.text) for p in passages]


def test_what_is_kept_in_memory_is_what_was_written(store: Store, made: tuple[list[Document], list[tuple[int, Passage]]]) -> None:
    passages = [p for _, p in made[1]]
    halves = [list(range(0, len(passages), 2)), list(range(len(passages)))]
    for _ in range(2):
        for order in halves:
            assert store.passages_at(order) == [passages[n] for n in order]
        store.variants(store.document("puebla")).clear()
        assert store.variants(store.document("puebla")) == {"es": "puebla.es"}
        assert [store.ordinal_of(d.id) for d in made[0]] == list(range(len(made[0])))
    assert store.passages_at([]) == []


def test_texts_are_found_by_what_they_hold(store: Store, made: tuple[list[Document], list[tuple[int, Passage]]]) -> None:
    for strings in (["Puebla"], ["meeting", "2014"], ["MEETING"], ["a", "b", "%", "_"], ["nowhere"]):
        held = [(n, d.text) for n, d in enumerate(made[0]) if all(string in d.text for string in strings)]
        assert list(store.texts_with(strings)) == held


def says(words: list[str], wanted: list[str]) -> bool:
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words)))


def test_every_run_of_words_is_found_in_every_passage_that_says_it(
    store: Store, made: tuple[list[Document], list[tuple[int, Passage]]]
) -> None:
    said = [(folded_words(p.text), p.lang) for _, p in made[1]]
    over = [folded_words(p.section[-1]) if p.section else [] for _, p in made[1]]
    assert store.passages_saying(["members"]) == [n for n, words in enumerate(over) if words == ["members"]] != []
    for words, lang in said:
        for count in (1, 2, 3, 7, len(words)):
            for at in range(0, len(words) - count + 1, 3):
                run = words[at : at + count]
                assert store.passages_saying(run) == [
                    n for n, (others, _) in enumerate(said) if says(others, run) or says(over[n], run)
                ]
                stems = [stem(word, lang) for word in run]
                assert store.passages_saying(stems, lang) == [
                    n
                    for n, (others, other_lang) in enumerate(said)
                    if other_lang == lang and says([stem(word, lang) for word in others], stems)
                ]


def test_a_run_of_common_words_is_found_among_many_passages_that_have_them(tmp_path: Path) -> None:
    texts = ["The conference of the ministers on migration."] * 1500
    texts[1200] = "On migration: the ministers, of the Conference."
    passages = [(0, Passage("a", n, n + len(text), text, "en")) for n, text in enumerate(texts)]
    write_store(tmp_path / "a.sqlite", [Document("a", "", "en", None, ())], passages)
    store = Store(tmp_path / "a.sqlite")
    assert store.passages_saying("migration the ministers of the conference".split()) == [1200]
    assert store.passages_saying("of the".split()) == list(range(1500))


@pytest.mark.parametrize("text", ["año ano", "x_y", "NEAR AND or NOT", "½ ②", "𞤀𞤣 a", "U.S. 1,190 l'été", "移民 رحلة", "Ⅻ ª ſ ß"])
def test_words_of_any_script_are_found_and_told_apart(tmp_path: Path, text: str) -> None:
    write_store(tmp_path / "a.sqlite", [Document("a", text, "en", None, ())], [(0, Passage("a", 0, len(text), text, "en"))])
    store = Store(tmp_path / "a.sqlite")
    assert store.passages_saying(folded_words(text)) == [0]
    assert store.passages_saying([*folded_words(text), "b"]) == []
    assert (store.passages_saying(["ano"]) == [0]) == (text == "año ano")


def test_language_versions_are_found_from_each_other(store: Store) -> None:
    assert store.variants(store.document("puebla")) == {"es": "puebla.es"}
    assert store.variants(store.document("puebla.es")) == {"en": "puebla"}
    assert store.variants(store.document("managua")) == {}


def test_unknown_documents_are_refused_by_name(store: Store) -> None:
    for unknown in ("nowhere", "", "puebla'; DROP TABLE documents; --"):
        with pytest.raises(UnknownId, match="there is no document"):
            store.document(unknown)
    with pytest.raises(UnknownId, match="number 99"):
        store.document_at(99)
    assert store.passages_of("nowhere") == []


def test_the_store_cannot_be_written(store: Store) -> None:
    with pytest.raises(IndexMismatch, match="readonly"):
        store._rows("DELETE FROM documents")


def test_several_threads_read_at_once(store: Store, made: tuple[list[Document], list[tuple[int, Passage]]]) -> None:
    found: list[int] = []

    def read() -> None:
        for _ in range(20):
            found.append(len(list(store.documents())))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [4] * 80


def test_a_store_that_is_open_can_be_read_from_any_thread_after_its_file_is_deleted(
    tmp_path: Path, made: tuple[list[Document], list[tuple[int, Passage]]]
) -> None:
    write_store(tmp_path / "documents.sqlite", *made)
    store = Store(tmp_path / "documents.sqlite")
    (tmp_path / "documents.sqlite").unlink()
    with ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: list(store.documents())).result() == list(store.documents()) == made[0]
    store.close()
    with pytest.raises(IndexMismatch, match="closed"):
        store.document_ids()


@pytest.mark.parametrize("content", [None, b"no database", b""])
def test_a_file_that_is_no_store_is_refused_by_its_name(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "documents.sqlite").write_bytes(content)
    with pytest.raises(IndexMismatch, match=r"documents\.sqlite"):
        Store(tmp_path / "documents.sqlite")


@pytest.fixture(scope="module")
def attributes(made: tuple[list[Document], list[tuple[int, Passage]]], tmp_path_factory: pytest.TempPathFactory) -> Attributes:
    path = tmp_path_factory.mktemp("attributes") / "attributes.npy"
    rows, names = make_attributes(*made)
    np.save(path, rows)
    return Attributes(path, names, [d.id for d in made[0]])


@pytest.mark.parametrize(
    "filters, documents",
    [
        (Filters(), None),
        (Filters(lang="es"), {"puebla.es"}),
        (Filters(lang="fr"), set()),
        (Filters(year_from=2010), {"tapachula", "managua"}),
        (Filters(year_to=2010), {"puebla", "puebla.es", "tapachula"}),
        (Filters(year_from=2010, year_to=2010), {"tapachula"}),
        (Filters(kind="press-release"), {"tapachula", "managua"}),
        (Filters(kind="press"), set()),
        (Filters(publisher="Example Ministry", lang="en"), {"puebla"}),
        (Filters(document="managua"), {"managua"}),
        (Filters(document="nowhere"), set()),
        (Filters(document="managua", lang="es"), set()),
    ],
)
def test_filters_leave_exactly_the_passages_of_the_documents_they_name(
    attributes: Attributes,
    made: tuple[list[Document], list[tuple[int, Passage]]],
    filters: Filters,
    documents: set[str] | None,
) -> None:
    allowed = attributes.bitmap(filters)
    if documents is None:
        assert allowed is None
    else:
        assert allowed is not None
        assert allowed.tolist() == [p.document_id in documents for _, p in made[1]]


def test_a_document_without_a_year_is_left_out_by_any_filter_on_years(tmp_path: Path) -> None:
    documents = [Document("a", "x", "en", None, ())]
    rows, names = make_attributes(documents, [(0, Passage("a", 0, 1, "x", "en"))])
    np.save(tmp_path / "a.npy", rows)
    attributes = Attributes(tmp_path / "a.npy", names, ["a"])
    for filters in (Filters(year_from=0), Filters(year_from=-5), Filters(year_to=3000)):
        allowed = attributes.bitmap(filters)
        assert allowed is not None and allowed.tolist() == [False]


def test_only_filters_that_restrict_are_told() -> None:
    assert Filters().as_dict() == {}
    assert Filters(lang="es", year_from=2010, phrases=("a b",)).as_dict() == {
        "lang": "es",
        "year_from": 2010,
        "phrases": ("a b",),
    }


class Counting:
    dim = 4
    fingerprint = "counting"
    precision = "float32"

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: list[str], progress: object = None) -> np.ndarray:
        self.seen.extend(texts)
        return np.asarray([[len(t), 1, 2, 3] for t in texts], dtype=np.float32)


def test_a_text_is_embedded_once_ever(tmp_path: Path) -> None:
    embedder = Counting()
    cache = EmbeddingCache(tmp_path, embedder)
    found = cache.embed(["aa", "b", "aa"])
    assert (found.vectors[:, 0].tolist(), found.fresh) == ([2, 1, 2], 2)
    cache.close()
    cache = EmbeddingCache(tmp_path, embedder)
    found = cache.embed(["b", "ccc"])
    cache.close()
    assert (found.vectors[:, 0].tolist(), found.fresh) == ([1, 3], 1)
    assert sorted(embedder.seen) == ["aa", "b", "ccc"]


def test_what_is_not_kept_is_forgotten(tmp_path: Path) -> None:
    embedder = Counting()
    cache = EmbeddingCache(tmp_path, embedder)
    cache.embed(["aa", "b"])
    cache.keep_only([text_key("b")])
    cache.embed(["aa", "b"])
    cache.close()
    assert sorted(embedder.seen) == ["aa", "aa", "b"]
    assert text_key("aa") != text_key("b") and len(text_key("aa")) == 32
