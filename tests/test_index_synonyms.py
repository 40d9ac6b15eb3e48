from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.errors import BadData
from corpus.lexicon import read_expressions, read_synonyms
from index.errors import IndexMismatch
from index.lexical import LexicalIndex, write_lexical
from index.searching import Index
from index.synonyms import Synonyms, relate_terms, searched_terms, stem_thesaurus, stem_words, write_synonyms
from index.tokens import AskedWords
from qa.answering import Engine
from qa.deciding import unknown_words
from qa.examining import PARTNER, partners
from qa.retrieving import SYNONYM, SYNONYMS, question_terms
from qa.timing import Timing
from tests.conftest import build, write_documents

LINES = [("shelters", ("refuge", "hostel")), ("border", ("frontier", "boundaries")), ("refuge", ("sanctuary", "shelter"))]
ONE_SIDED = 0.75


@contextmanager
def engine_over(folder: Path, document: str) -> Iterator[Engine]:
    """Over an index of one document, without a model."""
    home = build(folder / "home", write_documents(folder / "corpus", {"aid.md": document}))
    with Index(home.live_folder(), None) as index:
        yield Engine(index)


def test_words_stand_for_each_other_both_ways_the_closest_heaviest() -> None:
    related = relate_terms(LINES)
    both = (1 + 1 / 1.1) / 2
    assert related["refug"] == {"shelter": pytest.approx(both), "sanctuari": ONE_SIDED}
    assert related["shelter"] == {"refug": pytest.approx(both), "hostel": pytest.approx(ONE_SIDED / 1.1)}
    assert related["boundari"] == {"border": pytest.approx(ONE_SIDED / 1.1)}
    assert "border" not in related["refug"]


def test_only_terms_of_the_index_are_kept(tmp_path: Path) -> None:
    write_lexical(tmp_path / "english", [{"shelter": 1.0, "border": 1.0}, {"sanctuari": 1.0}])
    english = LexicalIndex(tmp_path / "english")
    write_synonyms(
        tmp_path / "synonyms", {term: number for number, term in enumerate(english.terms())}, stem_thesaurus(LINES, [])
    )
    synonyms = Synonyms(tmp_path / "synonyms", english)
    for _ in range(2):
        assert [term for term, _, _ in synonyms.near("refug")] == ["shelter", "sanctuari"]
        assert synonyms.near("hostel") == (("shelter", pytest.approx(ONE_SIDED / 1.1), english.idf("shelter")),)
        assert synonyms.near("shelter") == synonyms.near("unheard") == ()


def test_an_index_without_any_known_term_has_no_synonyms(tmp_path: Path) -> None:
    write_lexical(tmp_path / "english", [{"xyzzy": 1.0}])
    write_synonyms(tmp_path / "synonyms", {"xyzzy": 0}, stem_thesaurus(LINES, []))
    assert Synonyms(tmp_path / "synonyms", LexicalIndex(tmp_path / "english")).near("refug") == ()


@pytest.mark.parametrize("line", ["shelter", "shelter\t", "shelter\trefuge;hostel", "Shelter\trefuge", "a b\tc", "shelter\tx\ty"])
def test_a_malformed_line_of_synonyms_is_named_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "synonyms.tsv"
    path.write_text("border\tfrontier\n" + line + "\n")
    with pytest.raises(BadData, match=r"synonyms.tsv:2: expected a headword, a tab"):
        list(read_synonyms(path))


@pytest.mark.parametrize(
    "line", ["permit\tapproval", "green light\t", "green light\tgo ahead", "Green light\tapproval", "green  light\tpermit"]
)
def test_a_malformed_expression_is_named_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "expressions.tsv"
    path.write_text("take part\tjoin; attend\n" + line + "\n")
    with pytest.raises(BadData, match=r"expressions.tsv:2: expected an expression, a tab"):
        list(read_expressions(path))


def test_words_of_the_index_stand_for_an_expression_in_all_its_forms(tmp_path: Path) -> None:
    write_lexical(tmp_path / "english", [{"attend": 1.0, "join": 1.0}])
    english = LexicalIndex(tmp_path / "english")
    numbers = {term: number for number, term in enumerate(english.terms())}
    expressions = [("take part", ["participate", "attend", "joined"]), ("look into", ["examine"])]
    write_synonyms(tmp_path / "synonyms", numbers, stem_thesaurus((), expressions))
    synonyms = Synonyms(tmp_path / "synonyms", english)
    assert [(term, weight) for term, weight, _ in synonyms.near(stem_words(["taking", "parts"]))] == [
        ("attend", pytest.approx(ONE_SIDED / 1.1)),
        ("join", pytest.approx(ONE_SIDED / 1.2)),
    ]
    assert synonyms.near(stem_words(["look", "into"])) == synonyms.near("take") == synonyms.near("attend") == ()


def test_a_synonym_that_many_passages_hold_puts_no_candidates_forward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lexical(tmp_path / "english", [{"often": 1.0, "asked": 1.0}, {"often": 1.0, "asked": 1.0}, {"seldom": 1.0}])
    english = LexicalIndex(tmp_path / "english")
    near = {"often": 0.5, "seldom": 0.7}
    assert searched_terms(english, {"asked": 1.0}, near) == {"asked": 1.0, **near}
    monkeypatch.setattr("index.synonyms._FEW", 1)
    assert searched_terms(english, {"asked": 1.0}, near) == {"asked": 1.0, "seldom": 0.7}


@pytest.mark.parametrize("name, made", [("weights.npy", np.ones(1, np.float32)), ("near.npy", np.full(3, 9, np.int32))])
def test_damaged_synonyms_are_told_when_they_are_opened(tmp_path: Path, name: str, made: NDArray[np.float32]) -> None:
    write_lexical(tmp_path / "english", [{"shelter": 1.0, "border": 1.0}, {"sanctuari": 1.0}])
    english = LexicalIndex(tmp_path / "english")
    write_synonyms(
        tmp_path / "synonyms", {term: number for number, term in enumerate(english.terms())}, stem_thesaurus(LINES[:2], [])
    )
    np.save(tmp_path / "synonyms" / name, made)
    with pytest.raises(IndexMismatch, match="do not fit the index"):
        Synonyms(tmp_path / "synonyms", english)


DOCUMENTS = {
    "aid.md": "# Aid\n\nThe shelter near the border received mattresses. Doctors visited it twice.\n",
    "talks.md": "# Talks\n\nThe officials discussed visas at length. Their hotel stands by the lake.\n",
    "family.md": "# Families\n\nMothers spoke of their journey. A lawyer took notes.\n",
}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    home = build(tmp_path / "home", write_documents(tmp_path / "corpus", DOCUMENTS))
    return Engine(Index(home.live_folder(), None))


@pytest.mark.parametrize(
    "question, words",
    [
        ("Which refuge stands at the frontier?", {"refuge → shelter", "frontier → border"}),
        ("¿Qué refugio hay en la frontera?", set()),
    ],
)
def test_a_question_in_other_words_finds_the_text_and_shows_why(engine: Engine, question: str, words: set[str]) -> None:
    answer = engine.answer(question, include_passages=True)
    first = answer.passages[0]
    assert first.passage.document_id == "aid"
    assert words <= set(first.explain.gloss)
    document = engine.index.store.document("aid")
    marked = {document.text[mark.start : mark.end] for mark in first.highlights if mark.kind == "match"}
    assert {"shelter", "border"} <= marked


def test_a_synonym_counts_only_where_the_word_itself_is_absent_and_never_more(engine: Engine) -> None:
    index = engine.index
    terms = question_terms(index, "Which shelter stands at the frontier?", "en")
    by_word = {word.text: [term.term for term in word.near] for word in terms.words}
    assert by_word["frontier"] == ["border"]
    assert all(len(near) <= SYNONYMS for near in by_word.values())
    assert not set(terms.near) & set(terms.english)
    assert all(0 < weight < 1 for weight in terms.near.values())

    def lexical(question: str) -> float:
        found = engine.search(engine.understand(question), Timing())
        assert index.store.passages_at([int(found.ordinals[0])])[0].document_id == "aid"
        return float(found.english[0])

    assert 0 < lexical("Where is the frontier?") < lexical("Where is the border?")
    both = question_terms(index, "Where are the border and the frontier?", "en")
    assert not any(word.near for word in both.words)  # the border is asked for already


def test_a_word_that_the_collection_lacks_asks_for_no_more_than_its_synonym(engine: Engine) -> None:
    def weight(text: str) -> float:
        [word] = question_terms(engine.index, text, "en").words
        return word.weight

    assert weight("the frontier") == weight("the border") < weight("the zeppelins")


def test_an_expression_of_several_words_finds_the_word_that_the_text_uses(tmp_path: Path) -> None:
    documents = {
        "vote.md": "# Vote\n\nThe plan was approved on Monday.\n",
        "walk.md": "# Walk\n\nThe officials walked home at noon.\n",
        "lamp.md": "# Lamp\n\nThey bought a lamp on Tuesday.\n",
    }
    home = build(tmp_path / "home", write_documents(tmp_path / "corpus", documents))
    with Index(home.live_folder(), None) as index:
        words = question_terms(index, "Did the plan get the green light?", "en").words
        near = {word.text: {term.term for term in word.near} for word in words}
        assert "approv" in near["green"] and "approv" in near["light"] and "approv" not in near["plan"]
        alone = question_terms(index, "Was the light green?", "en").words
        assert not any(term.term == "approv" for word in alone for term in word.near)
        first = Engine(index).answer("Who gave the green light?", include_passages=True).passages[0]
    assert first.passage.document_id == "vote" and "green → approved" in first.explain.gloss


def test_a_word_with_a_synonym_in_the_collection_is_not_called_unknown(engine: Engine) -> None:
    question = engine.understand("Is there a refuge for zeppelins at the frontier?")
    assert unknown_words(engine.index, question, engine.search(question, Timing())) == ["zeppelins"]


def test_of_several_synonyms_of_a_word_the_closest_counts(tmp_path: Path) -> None:
    text = "The assistance, aid, support, backing, relief and succour went on."
    with engine_over(tmp_path, f"# Notes\n\n{text}\n") as engine:
        question = engine.understand("Was there any help?")
        _, seen = engine.examine(question, engine.search(question, Timing()))
    assert 0 < seen[0].matched.synonyms.max() <= 1


def test_a_word_or_its_synonym_is_a_partner_where_it_stands(tmp_path: Path) -> None:
    text = "The assistance went on.\n\nNobody came to help in June.\n\nIt rained."
    with engine_over(tmp_path, f"# Notes in June\n\n{text}\n") as engine:
        question = engine.understand("Was there help in June?")
        found = engine.search(question, Timing())
        [seen] = engine.examine(question, found)[1]
        none = np.zeros(5, np.float32)
        asked = AskedWords(none, none, none, none, none, none, none, ("", "", "help", "", "june"))
        standing, heading = partners(engine.index.synonyms, found.terms, asked, [seen.matched], [seen.header])
        closeness = {term: weight for term, weight, _ in engine.index.synonyms.near("help")}["assist"]
    assert standing[:, 2] == pytest.approx([PARTNER * SYNONYM * closeness, PARTNER, 0])
    assert standing[:, 4] == pytest.approx([0, PARTNER, 0])
    assert heading.tolist() == [pytest.approx([0, 0, 0, 0, PARTNER])]
    assert not standing[:, [0, 1, 3]].any()


def test_a_spanish_question_is_put_forward_what_a_synonym_finds(tmp_path: Path) -> None:
    many = {f"m{n}.md": f"# Talk {n}\n\nThe minister spoke about subject {n}.\n" for n in range(90)}
    home = build(tmp_path / "home", write_documents(tmp_path / "corpus", {**many, "aid.md": DOCUMENTS["aid.md"]}))
    with Index(home.live_folder(), None) as index:
        engine = Engine(index)
        found = engine.search(engine.understand("¿Qué asilo nombró el ministro?", lang="es"), Timing())
        first = index.store.passages_at(found.ordinals[:1].tolist())[0]
    assert first.document_id == "aid"


def test_the_words_of_a_concept_have_no_synonyms(engine: Engine) -> None:
    terms = question_terms(engine.index, "What is the Regional Conference on Migration?", "en")
    assert terms.concepts and not any(word.near for word in terms.words)
