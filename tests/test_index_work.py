import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.gloss import AskedGloss, Entry, Sense, pack_forms, write_gloss
from corpus.loading import load_collection
from corpus.reading import Limits
from corpus.words import add_counts, count_words, find_words
from index import work
from index.errors import BuildRefused
from index.generations import Home
from index.manifest import Manifest, read_manifest
from index.work import DocumentWork, WorkCache
from tests.conftest import TINY_DOCUMENTS, WordEmbedder, build, write_documents

SPANISH = "+++\nlang = 'es'\ntitle = 'Vida'\n+++\n\n"
DOCUMENTS = {
    **TINY_DOCUMENTS,
    "zorba.md": SPANISH + "La zorbacion fue grande en la costa. Otra frase habla de la casa y del perro.",
    "viaje.md": SPANISH + "Ana vino de País ayer. La trata de personas sigue en la costa.",
    "rain.md": "+++\nlang = 'en'\n+++\n\nRain fell on the coast. The house was dry.",
    "one.txt": "A page about rain\n\nThe usual bar of links here\n\nRain fell on the whole coast for three days.",
    "two.txt": "A page about wind\n\nThe usual bar of links here\n\nWind came over the coast in the night.",
}


EVERYTHING = {"words": len(DOCUMENTS), "passages": len(DOCUMENTS), "terms": len(DOCUMENTS), "thesaurus": 1}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_documents(tmp_path / "corpus", DOCUMENTS)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What builds make of documents, each time that they do."""
    counts: Counter[str] = Counter()
    find = DocumentWork.find

    def counted(self: DocumentWork, kind: str, inputs: bytes, make: Callable[[], list[bytes]], *rest: object) -> list[bytes]:
        def counting() -> list[bytes]:
            counts[kind] += 1
            return make()

        return find(self, kind, inputs, counting, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(DocumentWork, "find", counted)
    return counts


def files(home: Home) -> tuple[dict[str, str], str]:
    manifest: Manifest = read_manifest(home.live_folder())
    return manifest.files, manifest.input_hash


def assert_as_from_nothing(home: Home, corpus: Path, fresh: Path) -> None:
    found, expected = files(home), files(build(fresh, corpus))
    assert [name for name in expected[0] if found[0].get(name) != expected[0][name]] == []
    assert found == expected


def add_english_cognate(corpus: Path) -> None:
    write_documents(corpus, {"new.md": "+++\nlang = 'en'\n+++\n\nThe zorbation was a great one."})


def add_name(corpus: Path) -> None:
    write_documents(corpus, {"new.md": "+++\nlang = 'en'\n+++\n\nThey all came from Pais in a boat."})


def add_third_page(corpus: Path) -> None:
    page = "A page about snow\n\nThe usual bar of links here\n\nSnow fell on the hills in the north."
    write_documents(corpus, {"three.txt": page})


def change_words(corpus: Path) -> None:
    path = corpus / "managua.md"
    path.write_text(path.read_text(encoding="utf-8").replace("trafficking", "smuggling"), encoding="utf-8")


def change_spanish(corpus: Path) -> None:
    path = corpus / "viaje.md"
    path.write_text(path.read_text(encoding="utf-8") + " Nada cambia.", encoding="utf-8")


def change_title_alone(corpus: Path) -> None:
    path = corpus / "zorba.md"
    path.write_text(path.read_text(encoding="utf-8").replace("Vida", "Vida en la costa"), encoding="utf-8")


def state_in_sidecar(corpus: Path) -> None:
    (corpus / "one.txt.meta.toml").write_text('title = "Rain, as a curator calls it"\n', encoding="utf-8")


def remove_english(corpus: Path) -> None:
    (corpus / "puebla.md").unlink()


def rename(corpus: Path) -> None:
    change_words(corpus)
    (corpus / "tapachula.md").rename(corpus / "another-name.md")


@pytest.mark.slow
@pytest.mark.usefixtures("small_lexicon")
@pytest.mark.parametrize(
    "change, cut, weighed",
    [
        (change_words, 1, 1),
        (change_spanish, 1, 1),
        (change_title_alone, 1, 1),
        (state_in_sidecar, 1, 1),
        (remove_english, 1, 1),  # the Spanish version, whose names are in no English document now
        (rename, 1, 1),  # what a document is made of does not depend on the name of its file
        (add_english_cognate, 2, 2),  # the new one, and the Spanish one whose word is now known
        (add_name, 2, 2),  # the new one, and the Spanish one whose word is now a name
        (add_third_page, 3, 3),  # the new one, and the two that lose the line which all three hold
    ],
)
def test_an_update_gives_the_files_of_a_build_from_nothing_and_makes_only_what_changed(
    tmp_path: Path, corpus: Path, made: Counter[str], change: Callable[[Path], None], cut: int, weighed: int
) -> None:
    home = build(tmp_path / "home", corpus)
    assert made == EVERYTHING
    before = files(home)
    made.clear()
    change(corpus)
    build(home.path, corpus)
    assert (made["passages"], made["terms"], made["thesaurus"]) == (cut, weighed, 0)
    assert files(home) != before
    assert_as_from_nothing(home, corpus, tmp_path / "fresh")


@pytest.mark.usefixtures("small_lexicon")
@pytest.mark.slow
def test_many_changes_one_after_the_other_give_the_files_of_a_build_from_nothing(tmp_path: Path, corpus: Path) -> None:
    home = build(tmp_path / "home", corpus)
    for change in (add_name, add_third_page, remove_english, add_english_cognate, change_spanish, change_title_alone):
        change(corpus)
        build(home.path, corpus)
    assert_as_from_nothing(home, corpus, tmp_path / "fresh")
    write_documents(corpus, DOCUMENTS)
    for name in ("new.md", "three.txt"):
        (corpus / name).unlink()
    build(home.path, corpus)
    assert_as_from_nothing(home, corpus, tmp_path / "again")


@pytest.mark.usefixtures("small_lexicon")
def test_a_file_that_did_not_change_is_not_parsed_again(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = __import__("corpus.loading", fromlist=["parse_raw"]).parse_raw
    monkeypatch.setattr("corpus.loading.parse_raw", lambda file, limits: parsed.append(file.suffix) or parse(file, limits))
    with closing(WorkCache(tmp_path / "files.sqlite")) as kept:
        first = load_collection([corpus], kept=kept)
        assert len(parsed) == len(DOCUMENTS)
        again = load_collection([corpus], kept=kept)
        assert len(parsed) == len(DOCUMENTS)
        assert (again.documents, again.removed, again.skipped) == (first.documents, first.removed, first.skipped)
        load_collection([corpus], Limits(max_pages=7), kept=kept)
        assert len(parsed) == 2 * len(DOCUMENTS)


def test_a_page_of_nothing_but_menus_is_skipped_again_with_the_same_reason(tmp_path: Path) -> None:
    write_documents(tmp_path / "corpus", {"menu.txt": "Home\nSearch\nContact us\n", "b.txt": "Some words stand here."})
    with closing(WorkCache(tmp_path / "files.sqlite")) as kept:
        first, again = (load_collection([tmp_path / "corpus"], kept=kept) for _ in range(2))
    assert first.skipped == again.skipped and len(again.skipped) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("small_lexicon")
def test_what_a_failed_build_made_is_not_made_again(
    tmp_path: Path, corpus: Path, made: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(BuildRefused):
        patch.setattr("index.building._sync", full)
        build(tmp_path / "home", corpus)
    made.clear()
    build(tmp_path / "home", corpus)
    assert not made
    assert_as_from_nothing(Home(tmp_path / "home"), corpus, tmp_path / "fresh")


@pytest.mark.slow
@pytest.mark.usefixtures("small_lexicon")
def test_other_code_makes_everything_anew_and_what_the_old_code_made_is_forgotten(
    tmp_path: Path, corpus: Path, made: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = build(tmp_path / "home", corpus)
    made.clear()
    monkeypatch.setattr(work, "_code", lambda: b"another version")
    build(home.path, corpus, force=True)
    assert made == EVERYTHING
    with closing(sqlite3.connect(home.cache / "documents.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM work").fetchone() == (sum(EVERYTHING.values()),)


@pytest.mark.slow
@pytest.mark.usefixtures("small_lexicon")
def test_texts_whose_vectors_are_gone_are_cut_and_embedded_again(tmp_path: Path, corpus: Path) -> None:
    embedder = WordEmbedder()
    home = build(tmp_path / "home", corpus, embedder)
    embedded = embedder.texts
    (home.cache / f"{embedder.fingerprint}.sqlite").unlink()
    build(home.path, corpus, embedder, force=True)
    assert embedder.texts == 2 * embedded
    assert_as_from_nothing(home, corpus, tmp_path / "fresh")


@pytest.mark.slow
@pytest.mark.usefixtures("small_lexicon")
@pytest.mark.parametrize("name", ["documents.sqlite", "files.sqlite"])
@pytest.mark.parametrize("damage", ["garbage", "half", "empty", "bytes", "folder"])
def test_damaged_work_is_made_again_and_never_stops_a_build(tmp_path: Path, corpus: Path, name: str, damage: str) -> None:
    home = build(tmp_path / "home", corpus)
    path = home.cache / name
    data = bytearray(path.read_bytes())
    if damage == "folder":
        path.unlink()
        path.mkdir()
    elif damage == "bytes":
        for at in range(5000, len(data), 97):
            data[at] ^= 0x55
        path.write_bytes(bytes(data))
    else:
        path.write_bytes({"garbage": b"no database at all " * 500, "half": bytes(data[: len(data) // 2]), "empty": b""}[damage])
    change_words(corpus)
    build(home.path, corpus)
    assert_as_from_nothing(home, corpus, tmp_path / "fresh")


@pytest.mark.parametrize("at", range(0, 200, 23))
def test_a_value_that_is_not_what_was_put_is_not_there(tmp_path: Path, at: int) -> None:
    value = bytes(range(200))
    with closing(WorkCache(tmp_path / "work.sqlite")) as kept:
        kept.put(b"key", value)
        assert kept.get(b"key") == value
    with sqlite3.connect(tmp_path / "work.sqlite") as connection:
        ((stored,),) = connection.execute("SELECT value FROM work")
        spoilt = bytearray(stored)
        spoilt[at] ^= 1
        connection.execute("UPDATE work SET value = ?", (bytes(spoilt),))
    connection.close()
    with closing(WorkCache(tmp_path / "work.sqlite")) as kept:
        assert kept.get(b"key") is None
        kept.put(b"key", value)
        assert kept.get(b"key") == value


def test_what_is_forgotten_leaves_no_bytes_in_the_file(tmp_path: Path) -> None:
    with closing(WorkCache(tmp_path / "work.sqlite")) as kept:
        for number in range(50):
            kept.put(bytes([number]), f"zyzzyva {number} ".encode() * 300)
        kept.keep_only([bytes([7])])
        assert kept.get(bytes([7])) is not None and kept.get(bytes([8])) is None
    work.forget_leftovers(tmp_path)
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"zyzzyva 7 " in data and b"zyzzyva 8 " not in data


def test_what_cannot_be_deleted_one_by_one_is_forgotten_with_all_else(tmp_path: Path) -> None:
    with closing(WorkCache(tmp_path / "work.sqlite", timeout_s=0.05)) as kept:
        for key in (b"a", b"b"):
            kept.put(key, b"zyzzyva " + key)
        kept.keep_only([b"a", b"b"])
        other = sqlite3.connect(tmp_path / "work.sqlite")
        other.execute("BEGIN IMMEDIATE")
        kept.keep_only([b"a"])
        other.close()
        assert kept.get(b"b") is None
    assert b"zyzzyva b" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_leftovers_in_a_damaged_file_go_with_it_and_a_busy_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.sqlite").write_bytes(b"no database at all " * 500)
    work.forget_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with closing(WorkCache(tmp_path / "work.sqlite")) as kept:
        kept.put(b"a", b"1")
    monkeypatch.setattr(work, "_FORGET_TIMEOUT_S", 0.05)
    other = sqlite3.connect(tmp_path / "work.sqlite")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BuildRefused, match=r"work\.sqlite cannot be cleared"):
        work.forget_leftovers(tmp_path)
    other.close()


def test_a_file_that_another_process_writes_is_no_hindrance(tmp_path: Path) -> None:
    with closing(WorkCache(tmp_path / "work.sqlite")) as kept:
        kept.put(b"a", b"1")
    other = sqlite3.connect(tmp_path / "work.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with closing(WorkCache(tmp_path / "work.sqlite", timeout_s=0.05)) as kept:
            kept.put(b"b", b"2")
            assert kept.get(b"b") is None
    finally:
        other.rollback()
        other.close()
    with closing(WorkCache(tmp_path / "work.sqlite")) as kept:
        assert kept.get(b"a") == b"1"


FORMS = {
    "casa": Entry((Sense("house", 1.0),)),
    "perro": Entry((Sense("dog", 1.0),)),
    "trata": Entry((Sense("treaty", 1.0),), longest=3, follow=frozenset({"de"})),
    "trata de personas": Entry((Sense("trafficking", 1.0),)),
}


def gloss(folder: Path, forms: dict[str, Entry], *english: str) -> AskedGloss:
    write_gloss(folder, pack_forms(forms), english)
    return AskedGloss(folder)


@pytest.mark.parametrize(
    "forms, english, same",
    [
        (FORMS, ("other",), True),  # a word that no question is about
        ({**FORMS, "gato": Entry((Sense("cat", 1.0),))}, (), True),
        ({**FORMS, "casa": Entry((Sense("home", 1.0),))}, (), False),
        ({**FORMS, "casa": Entry(())}, (), False),
        ({**FORMS, "casa": Entry((Sense("house", 1.0),), verb_form=True)}, (), False),
        ({**FORMS, "zorbacion": Entry(())}, (), False),
        (FORMS, ("zorbation",), False),  # a cognate
        (FORMS, ("zorbacion",), True),  # as unknown as before: it stays as it is
    ],
)
def test_answers_are_the_same_where_the_gloss_of_the_words_asked_is(
    tmp_path: Path, forms: dict[str, Entry], english: tuple[str, ...], same: bool
) -> None:
    text = "La casa y la zorbación, la trata de personas"
    before, after = gloss(tmp_path / "before", FORMS), gloss(tmp_path / "after", forms, *english)
    glossed = before.gloss_text(text, "es")
    asked = sorted(before.asked)
    assert asked == ["La", "casa", "la", "trata", "y", "zorbación"]
    assert (before.answers(asked) == after.answers(asked)) is same
    assert (after.gloss_text(text, "es") == glossed) is same or forms["casa"].verb_form or "zorbacion" in forms


def test_a_question_whether_a_word_is_english_is_noted_apart_from_its_gloss(tmp_path: Path) -> None:
    before, after = gloss(tmp_path / "before", FORMS), gloss(tmp_path / "after", FORMS, "casa")
    assert not before.is_english("casa")
    assert before.asked == {" casa"}
    assert before.answers([" casa"]) != after.answers([" casa"])
    assert before.answers(["casa"]) == after.answers(["casa"])


@given(st.lists(st.tuples(st.text("aB .\nñ’s1,2", max_size=8), st.text("aB .\nñ’s1,2", max_size=30)), max_size=5))
def test_words_of_documents_add_up(texts: list[tuple[str, str]]) -> None:
    total = add_counts(count_words(title, text) for title, text in texts)
    titles: Counter[str] = Counter(word.surface for title, _ in texts for word in find_words(title))
    bodies: Counter[str] = Counter(word.surface for _, text in texts for word in find_words(text))
    found = {word: tuple(counts) for word, counts in zip(total.words, total.counts.tolist(), strict=True)}
    assert found.keys() == titles.keys() | bodies.keys()
    assert all(found[word][:2] == (titles[word], bodies[word]) for word in found)


def test_a_word_counts_as_capitalised_inside_a_sentence_alone() -> None:
    found = count_words("Puebla", "Puebla met. Puebla, and in Puebla: Puebla\nPuebla OIM • Puebla or Puebla")
    assert dict(zip(found.words, found.counts.tolist(), strict=True))["Puebla"] == [1, 7, 2]
    assert dict(zip(found.words, found.counts.tolist(), strict=True))["OIM"] == [0, 1, 0]


def test_parts_come_back_as_they_were_joined() -> None:
    for parts in ([], [b""], [b"", b"a", b""], [b"abc", bytes(1000)]):
        assert work._split(work._join(parts)) == parts


def test_the_hash_of_a_document_changes_with_everything_that_it_says_but_its_file(tmp_path: Path) -> None:
    write_documents(tmp_path, {"a.md": TINY_DOCUMENTS["puebla.md"]})
    (document,) = load_collection([tmp_path]).documents
    from dataclasses import replace

    changed = [
        replace(document, id="other"),
        replace(document, title=None),
        replace(document, lang="es"),
        replace(document, blocks=document.blocks[:-1]),
        replace(document, source=replace(document.source, url=None)),
        replace(document, event=replace(document.event, year=1997)),
        replace(document, topics=("x",)),
        replace(document, facts=("x",)),
        replace(document, summary=True),
    ]
    hashes = {work.hash_document(version) for version in (document, *changed)}
    assert len(hashes) == len(changed) + 1
    assert work.hash_document(replace(document, path="elsewhere.md")) == work.hash_document(document)
