"""Whoever asks in a language reads passages of that language where a document has them, though its versions are cut otherwise."""

from collections.abc import Iterator

import pytest

from index.filters import Filters
from index.generations import Home
from index.searching import Index, open_embedder
from qa.answering import Engine
from qa.examining import Examined
from qa.retrieving import Candidates, RetrievalSettings
from qa.timing import Timing
from qa.weights import load_ranking, load_weights

pytestmark = pytest.mark.model
QUESTIONS = (
    ("What is the theme of the XX meeting?", "en"),
    ("main topic of the RCM annual meeting in Tapachula", "en"),
    ("What warning do IOM campaigns give mothers and fathers?", "en"),
    ("¿Cuál es el tema de la XX reunión?", "es"),
    ("¿Cómo llega un gobierno a ser país campeón del PMM?", "es"),
)


@pytest.fixture(scope="module")
def engine(bundled_home: Home) -> Iterator[Engine]:
    folder = bundled_home.live_folder()
    with Index(folder, open_embedder(folder)) as index:
        yield Engine(index)


def look(engine: Engine, text: str, **how: object) -> tuple[Candidates, list[Examined]]:
    question = engine.understand(text, **how)  # type: ignore[arg-type]
    return engine.examine(question, engine.search(question, Timing()))


@pytest.mark.parametrize("text, lang", QUESTIONS)
def test_no_passage_is_shown_in_the_other_language_where_its_document_is_there_in_the_askers(
    engine: Engine, text: str, lang: str
) -> None:
    found, seen = look(engine, text)
    assert len(set(found.ordinals.tolist())) == len(found.ordinals)
    assert [one.ordinal for one in seen] == found.ordinals[: len(seen)].tolist()
    for one in seen:
        assert one.passage.lang == lang or lang not in engine.index.store.variants(one.document)
        if one.twin is not None:
            assert found.twins[one.ordinal] == one.twin.ordinal
            assert one.document.id in engine.index.store.variants(one.twin.document).values()


def test_what_takes_a_place_was_cut_otherwise_and_says_what_the_answer_said(engine: Engine) -> None:
    plain = Engine(engine.index, settings=RetrievalSettings(load_weights(), twins=False, ranking=load_ranking()))
    replaced = 0
    for text, lang in QUESTIONS:
        before, _ = look(plain, text)
        _, seen = look(engine, text)
        rows = engine.index.attributes.rows
        for one in seen:
            if one.twin is not None and rows["twin"][one.ordinal] != one.twin.ordinal:
                assert one.twin.ordinal in before.ordinals and one.passage.lang == lang != one.twin.passage.lang
                replaced += 1
    assert replaced


def test_filters_and_quotations_are_kept_to(engine: Engine) -> None:
    _, seen = look(engine, "What is the theme of the XX meeting?", filters=Filters(lang="es"))
    assert seen and all(one.passage.lang == "es" for one in seen)
    _, seen = look(engine, 'Which document has the title "Por una región libre de trata de personas"?')
    assert all("libre de trata" in one.passage.text for one in seen)
    rows = engine.index.attributes.rows
    assert engine.index.nearest_passage(0, [0], rows["twin"][:0]) is None
