import re
from pathlib import Path

import pytest

from corpus.chunking import Chunker
from corpus.loading import Collection, load_collection
from corpus.records import Document, Passage
from corpus.tokens import packaged_tokens


@pytest.fixture(scope="module")
def collection(originals: Path) -> Collection:
    return load_collection([originals])


@pytest.fixture(scope="module")
def passages(collection: Collection) -> list[tuple[Document, Passage]]:
    cutter = Chunker(packaged_tokens())
    return [(d, p) for d in collection.documents for p in cutter.chunk_document(d)]


def test_no_passage_contains_site_navigation(passages: list[tuple[Document, Passage]]) -> None:
    menu = re.compile(
        r"WHO WE ARE|Who we are|Skip to main content|Where we work|Take Action|Get involved|Design by|^\W*2030 Agenda$", re.M
    )
    for _, passage in passages:
        assert not menu.search(passage.text)
        assert not any(menu.search(part) for part in passage.section)


def test_no_passage_is_mainly_a_contact_block(passages: list[tuple[Document, Passage]]) -> None:
    for _, passage in passages:
        lines = [line for line in passage.text.split("\n") if line.strip()]
        contact = [line for line in lines if re.search(r"@|\btel\b|teléfono", line, re.I)]
        assert len(contact) * 2 < len(lines) or not contact
        assert "jgallo" not in passage.text and "sgutierrez" not in passage.text


def test_hard_line_breaks_inside_paragraphs_are_joined(collection: Collection) -> None:
    for document in collection.documents:
        for span in document.blocks:
            assert "\n" not in document.text[span.start : span.end]
        for before, after in re.findall(r"(\w)\n+([a-z])", document.text):
            pytest.fail(f"a sentence of {document.id} is broken between {before!r} and {after!r}")


def test_the_events_page_has_ten_records_headed_by_their_titles(
    collection: Collection, passages: list[tuple[Document, Passage]]
) -> None:
    document = next(d for d in collection.documents if any(b.kind == "field" for b in d.blocks))
    titles = [document.text[b.start : b.end] for b in document.blocks if b.kind == "heading" and b.level == 1]
    assert len(titles) == 10
    assert len(set(titles)) == 10
    own = [p for d, p in passages if d.id == document.id]
    assert {p.section[0] for p in own} == set(titles)
    for title in titles:
        first = next(p for p in own if p.section[0] == title)
        assert re.search(r"^Ciudad: \S", first.text, re.M)
        assert re.search(r"^Lugar: \S", first.text, re.M)
        assert re.search(r"^Institución Coordinadora: \S", first.text, re.M)
    assert document.title is None


def test_no_word_of_real_content_is_lost(originals: Path, collection: Collection) -> None:
    for document in collection.documents:
        raw = (originals / str(document.path)).read_text(encoding="utf-8")
        gone = " ".join(r.text for r in collection.removed if r.path == document.path)
        count = lambda text: sorted(re.findall(r"\w+", text))  # noqa: E731
        kept = count(document.text + " " + gone)
        original = count(raw)
        missing = list(original)
        for word in kept:
            if word in missing:
                missing.remove(word)
        # Labels without a value ("Fecha") and the label of the running text stand for nothing.
        assert set(missing) <= {"Fecha", "Acerca", "del", "evento"}


def test_what_was_removed_is_menu_contact_or_footer(collection: Collection) -> None:
    for removed in collection.removed:
        if len(removed.text) > 160:
            assert re.match(r"WHO WE ARE|Our Work|For ", removed.text), removed


def test_titles_and_dates_are_found_where_the_pages_state_them(collection: Collection) -> None:
    found = {d.path[:3]: (d.title, d.source.published, d.lang) for d in collection.documents if d.path}
    assert found["000"][0].startswith("The Mesoamerica Program") and found["000"][1] == "2017-12-04"
    assert found["002"][0].startswith("XV Annual Meeting") and found["002"][1] is None
    assert found["003"][0].startswith("IOM Director General")
    assert {lang for _, _, lang in found.values()} == {"en"}
