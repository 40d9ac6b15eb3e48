import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.records import Lang
from corpus.words import folded_words
from index.filters import Filters
from index.generations import Home
from index.searching import Index
from qa.answering import Engine, explain_place, why
from qa.answers import Answer, as_json
from qa.deciding import AROUND, features_of, subject_of
from qa.errors import BadQuestion
from qa.examining import COUNTED, LEAST_DEPTH, MOST_DEPTH, WITHIN, Name, choice_scores, depth_of, ranking_features
from qa.timing import STAGES, Timing
from tests.conftest import WordEmbedder, build, write_documents

QUESTIONS = [
    "When and where was the RCM created?",
    "Which countries are members of the RCM?",
    "How many countries belong to the RCM?",
    "What was the theme of the XIX Annual Meeting?",
    "Who coordinated the Technical Secretariat in 2010?",
    "Where did the fifteenth meeting take place?",
    "What does the collection say about unaccompanied children?",
    "¿Cuándo y dónde fue creada la CRM?",
    "¿Qué países integran la CRM?",
    "¿Cuántos países la integran?",
    "¿Cuál fue el tema de la XIX reunión?",
    "¿Dónde se celebró la decimoquinta reunión?",
    "trata de personas",
    "human trafficking in Managua",
    'who said "migration changes families"?',
    "weather in Tapachula",
    "How do I renew my passport?",
    "¿Cómo renuevo mi pasaporte?",
    "RCM",
    "2014",
    "the of and",
    "Belize",
    "xyzzy plugh",
]
HOSTILE = [
    "a" * 1000,
    "migration " * 99,
    "RCM\x00\x07\x1b[31m created \u202e when",
    "<script>alert(1)</script> RCM",
    "'; DROP TABLE documents; -- RCM",
    "{{7*7}} ${jndi:ldap://x} RCM",
    "\ud800 RCM",
    "RCM 🦋🦋🦋",
    "رحلة RCM 移民",
    '"""""" RCM "',
    "“” «» RCM",
    '"' + "x " * 90 + '"',
    "0" * 500,
    "I I I I I V V X X",
    "@regional-conference-on-migration #15",
    "ﬁ ½ ² Ⅻ",
    "a.b.c.d.e.f " * 50,
]


@pytest.fixture(scope="module")
def engine(tiny_home: Home) -> Iterator[Engine]:
    with Index(tiny_home.live_folder(), WordEmbedder()) as index:
        yield Engine(index)


def check_laws(engine: Engine, answer: Answer, k: int) -> None:
    store = engine.index.store
    body = as_json(answer)
    assert json.loads(json.dumps(body)) == body
    assert 0 <= answer.confidence.p <= 1
    assert len(body["passages"]) <= k
    assert [p["rank"] for p in body["passages"]] == list(range(1, len(body["passages"]) + 1))
    assert [p["citation"] for p in body["passages"]] == [p["rank"] for p in body["passages"]]
    assert len({p["id"] for p in body["passages"]}) == len(body["passages"])
    for passage in body["passages"]:
        text = store.document(passage["document"]["id"]).text
        assert passage["text"] == text[passage["start"] : passage["end"]]
        assert passage["id"] == f"{passage['document']['id']}:{passage['start']}-{passage['end']}"
        assert passage["document"]["sha256"] == store.document(passage["document"]["id"]).sha256
        for kind in ("answer", "match"):
            at = passage["start"]
            for mark in (h for h in passage["highlights"] if h["kind"] == kind):
                assert at <= mark["start"] < mark["end"] <= passage["end"]
                at = mark["end"]
    places = [(p["explain"]["fused_rank"], p["explain"]["score"]) for p in body["passages"]]
    for rank, score in places:
        assert all((rank < other) == (score > less) for other, less in places if score != less)
    marks = [
        store.document(p["document"]["id"]).text[h["start"] : h["end"]]
        for p in body["passages"]
        for h in p["highlights"]
        if h["kind"] == "answer" and p["rank"] in answer.citations
    ]
    assert body["answer"]["text"] == " ".join(marks)
    if answer.status == "answered":
        assert body["answer"]["text"] and body["answer"]["citations"] == [1]
        assert body["answer"]["lang"] == body["passages"][0]["lang"]
        assert answer.confidence.level in ("high", "medium")
    else:
        assert body["answer"] == {"text": "", "lang": None, "citations": []}
        assert answer.confidence.level in ("low", "none")
    assert bool(answer.passages) == (answer.status != "not_found")
    assert answer.confidence.reason
    assert body["facets"].keys() <= {"year", "lang", "kind", "publisher"}


@pytest.mark.parametrize("k", [1, 3, 5, 50])
@pytest.mark.parametrize("text", QUESTIONS)
def test_the_laws_of_an_answer_hold_for_every_question(engine: Engine, text: str, k: int) -> None:
    check_laws(engine, engine.answer(text, k=k), k)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_laws_hold_for_hostile_questions(engine: Engine, text: str) -> None:
    check_laws(engine, engine.answer(text), 5)
    check_laws(engine, engine.answer(text, history=[text, "Where was the RCM created?"], lang="es"), 5)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            "RCM CRM when dónde 2014 XV Managua países “trata de personas » ? . the it y and Canada, \x07".split(" ")
        ),
        max_size=9,
    ).map(" ".join)
)
def test_the_laws_hold_for_any_mixture_of_words(engine: Engine, text: str) -> None:
    try:
        answer = engine.answer(text, history=["Where was the RCM created?"])
    except BadQuestion:
        assert not any(c.isalnum() for c in text)
    else:
        check_laws(engine, answer, 5)


def test_questions_about_the_collection_are_answered_from_the_right_document(engine: Engine) -> None:
    expected = {
        "When and where was the RCM created?": ("puebla", "March 1996"),
        "¿Cuándo y dónde fue creada la CRM?": ("puebla.es", "marzo de 1996"),
        "Where did the XIX Annual Meeting take place?": ("managua", "Nicaragua"),
        "Who coordinated the Technical Secretariat in 2010?": ("tapachula", "Jorge Example"),
        "Where did the fifteenth meeting take place?": ("tapachula", "Tapachula"),
    }
    for text, (document, words) in expected.items():
        first = engine.answer(text, include_passages=True).passages[0]
        assert first.document.id == document, text
        assert words in first.passage.text, text


def test_questions_beside_the_subject_are_not_answered(engine: Engine) -> None:
    for text in ("xyzzy plugh", "grommets of zymurgy"):  # the calibration knows the real model; nothing subtler here
        answer = engine.answer(text)
        assert answer.status != "answered", text
        for suggestion in answer.suggestions:
            assert engine.answer(suggestion).status == "answered"


def test_equal_questions_have_equal_answers(engine: Engine, tiny_home: Home) -> None:
    with Index(tiny_home.live_folder(), WordEmbedder()) as index:
        other = Engine(index)
        for text in QUESTIONS:
            first = engine.answer(text)
            assert first == engine.answer(text) == other.answer(text)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(lang="es"),
        Filters(lang="en"),
        Filters(year_from=2010),
        Filters(year_to=2010),
        Filters(year_from=2010, year_to=2013),
        Filters(kind="press-release"),
        Filters(publisher="Example Ministry"),
        Filters(document="managua"),
        Filters(lang="en", kind="communique"),
    ],
)
def test_filters_hold_for_every_passage(engine: Engine, filters: Filters) -> None:
    shown = 0
    for text in QUESTIONS:
        answer = engine.answer(text, filters=filters, include_passages=True, k=50)
        for evidence in answer.passages:
            document = evidence.document
            shown += 1
            assert filters.lang in (None, document.lang)
            assert filters.kind in (None, document.source.kind)
            assert filters.publisher in (None, document.source.publisher)
            assert filters.document in (None, document.id)
            assert filters.year_from is None or (document.year is not None and document.year >= filters.year_from)
            assert filters.year_to is None or (document.year is not None and document.year <= filters.year_to)
    assert shown > 0


def test_filters_that_leave_nothing_are_told_as_the_reason(engine: Engine) -> None:
    answer = engine.answer("When was the RCM created?", filters=Filters(document="managua", year_to=2010))
    assert (answer.status, answer.passages) == ("not_found", ())
    assert "filters" in answer.confidence.reason
    spanish = engine.answer("¿Cuándo se creó la CRM?", filters=Filters(lang="es", year_from=2020))
    assert spanish.status == "not_found" and "filtros" in spanish.confidence.reason


@pytest.mark.parametrize(
    "text, filters, said",
    [
        ("RCM", Filters(kind="memo"), "There is no document of the kind “memo”; there are: communique; press-release."),
        ("¿Qué es la CRM?", Filters(kind="memo"), "No hay ningún documento del tipo «memo»; hay: communique; press-release."),
        ("RCM", Filters(publisher="example ministry"), "of the publisher “example ministry”; nearest are: Example Ministry"),
        ("¿Qué es la CRM?", Filters(document="manago"), "con el id «manago»; los más parecidos son: managua"),
        ('"no such words"', Filters(document="manago"), "There is no document with the id “manago”"),
    ],
)
def test_a_filter_on_what_no_document_is_gets_what_there_is(
    engine: Engine, text: str, filters: Filters, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.deciding.FEW", 2 if filters.kind else 1)
    answer = engine.answer(text, filters=filters)
    assert answer.status == "not_found" and said in answer.confidence.reason


@pytest.mark.parametrize(
    "filters, said",
    [
        (Filters(lang="fr"), "lang='fr' is no language of the documents; expected en or es"),
        (Filters(year_from=-5), "year_from=-5 is no year"),
        (Filters(year_to=0), "year_to=0 is no year"),
        (Filters(year_to=10**30), "is no year"),
        (Filters(year_from=2014, year_to=2010), "year_from=2014 is after year_to=2010"),
    ],
)
def test_a_filter_that_no_document_can_pass_is_refused(engine: Engine, filters: Filters, said: str) -> None:
    with pytest.raises(BadQuestion, match=said):
        engine.answer("RCM", filters=filters)


def test_quoted_words_are_in_every_passage_shown(engine: Engine) -> None:
    answer = engine.answer('who said "migration changes families"?', include_passages=True)
    assert answer.passages and all("migration changes families" in e.passage.text for e in answer.passages)
    nothing = engine.answer('who said "families change migration"?')
    assert nothing.status == "not_found" and "families change migration" in nothing.confidence.reason


@pytest.mark.parametrize(
    "phrase", ["to it", "ELEVEN COUNTRIES BELONG", "Mexico, in", "was a", "la integran", "mexico, en marzo de"]
)
def test_a_quoted_phrase_is_found_whatever_its_words(engine: Engine, phrase: str) -> None:
    answer = engine.answer(f'Where does it say "{phrase}"?', include_passages=True)
    assert answer.passages and not answer.notes
    wanted = folded_words(phrase)
    for evidence in answer.passages:
        assert f" {' '.join(wanted)} " in f" {' '.join(folded_words(evidence.passage.text))} "


@pytest.mark.parametrize(
    "text, said",
    [
        ('who said "migrations changed family"?', "No passage has “migrations changed family” word for word"),
        ('¿quién habló de los "países miembro"?', "Ningún pasaje contiene «países miembro» al pie de la letra"),
    ],
)
def test_quoted_words_that_stand_nowhere_so_are_found_in_other_forms_and_it_is_said(engine: Engine, text: str, said: str) -> None:
    answer = engine.answer(text, include_passages=True)
    assert answer.passages and answer.notes[0].startswith(said)
    kept = ("migration changes families", "países miembros", "member countries")
    assert all(any(form in e.passage.text for form in kept) for e in answer.passages)


def test_a_related_passage_points_at_its_nearest_sentences_and_marks_none(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = engine.answer("Who coordinated the Technical Secretariat in 2010?")
    assert answered.status == "answered" and not any(e.nearest for e in answered.passages)
    assert all(not entry["explain"]["nearest"] for entry in as_json(answered)["passages"])
    monkeypatch.setattr("qa.answering.status_of", lambda p, calibration: ("related", "low"))
    related = engine.answer("Who coordinated the Technical Secretariat in 2010?")
    assert related.text == "" and not any(h.kind == "answer" for e in related.passages for h in e.highlights)
    for evidence, entry in zip(related.passages, as_json(related)["passages"], strict=True):
        assert entry["explain"]["nearest"] == [{"start": a, "end": b} for a, b in evidence.nearest]
        assert evidence.passage.start <= evidence.nearest[0][0] and evidence.nearest[-1][1] <= evidence.passage.end
    first = related.passages[0]
    assert [first.document.text[a:b] for a, b in first.nearest] == [answered.text]
    assert f"start={first.nearest[0][0]}&end={first.nearest[-1][1]}" in as_json(related)["passages"][0]["links"]["viewer"]


@pytest.mark.parametrize("text, said", [("Hi there!", "This searches"), ("¡Hola!", "Aquí se busca"), ("thanks", "This searches")])
def test_a_greeting_is_told_what_is_here_and_what_may_be_asked(engine: Engine, text: str, said: str) -> None:
    answer = engine.answer(text, history=["Where was the XIX Annual Meeting held?"])
    assert (answer.status, answer.passages, answer.question.interpreted_as) == ("not_found", (), None)
    shown = engine.answer(text, history=["Where was the XIX Annual Meeting held?"], include_passages=True)
    assert shown.passages and shown == replace(answer, passages=shown.passages, facets=shown.facets)
    assert said in answer.confidence.reason and f" {engine.info.documents} " in answer.confidence.reason
    assert all(engine.answer(suggested).status == "answered" for suggested in answer.suggestions)


@pytest.mark.parametrize("dense, lexical", [(2, 3), (2, None), (None, 3), (None, None)])
@pytest.mark.parametrize(
    "lang, terms, has, ranks",
    [
        ("en", ("RCM", "2014", "RCM"), "Contains RCM, 2014", ("ranks 2 by meaning, 3 by words", "ranks 2 by meaning", "ranks 3 by words")),
        ("en", (), "Shares no word with the question", ("ranks 2 by meaning, 3 by words", "ranks 2 by meaning", "ranks 3 by words")),
        ("es", ("CRM",), "Contiene CRM", ("es el n.º 2 por significado, el n.º 3 por palabras", "es el n.º 2 por significado", "es el n.º 3 por palabras")),
    ],
)  # fmt: skip
def test_why_a_passage_is_shown_is_a_whole_sentence(
    lang: Lang, terms: tuple[str, ...], has: str, ranks: tuple[str, str, str], dense: int | None, lexical: int | None
) -> None:
    both, by_meaning, by_words = ranks
    found = (both if lexical else by_meaning) if dense else (by_words if lexical else "")
    assert why(lang, terms, dense, lexical) == (f"{has}, {found}." if found else f"{has}.")


def test_a_passage_that_is_there_in_both_languages_has_the_better_ranks_of_the_two(engine: Engine) -> None:
    candidates = engine.search(engine.understand("Where was the RCM created?"), Timing())
    shown, twin = next(iter(candidates.twins.items()))
    position = candidates.ordinals.tolist().index(shown)
    for ranks, best in (({twin: 4}, 4), ({shown: 2, twin: 4}, 2), ({shown: 5, twin: 4}, 4), ({}, None)):
        place = explain_place(replace(candidates, dense_ranks=ranks, lexical_ranks={shown: 7}), position)
        assert (place.dense_rank, place.lexical_rank) == (best, 7)


@pytest.mark.parametrize("k", [0, -1, 51])
def test_a_number_of_passages_out_of_range_is_refused(engine: Engine, k: int) -> None:
    with pytest.raises(BadQuestion, match=f"k={k} passages"):
        engine.answer("RCM", k=k)


def test_two_language_versions_of_a_passage_are_shown_once_in_the_language_of_the_question(engine: Engine) -> None:
    for text, lang in (("Where was the RCM created?", "en"), ("¿Dónde fue creada la CRM?", "es")):
        answer = engine.answer(text, include_passages=True)
        assert answer.passages[0].passage.lang == lang
        assert answer.passages[0].variants == ({"es": "puebla.es"} if lang == "en" else {"en": "puebla"})


def test_without_the_model_the_lexical_arm_answers_alone(tiny_home: Home) -> None:
    with Index(tiny_home.live_folder(), None) as index:
        degraded = Engine(index)
        assert degraded.info.degraded
        for text in QUESTIONS:
            answer = degraded.answer(text)
            check_laws(degraded, answer, 5)
            assert all(e.explain.dense_rank is None for e in answer.passages)
        first = degraded.answer("When and where was the RCM created?", include_passages=True).passages[0]
        assert first.document.id == "puebla"


def test_a_collection_that_holds_no_word_of_a_question_nor_of_any_suggestion_says_so(tmp_path: Path) -> None:
    home = build(tmp_path / "home", write_documents(tmp_path / "corpus", {"soup.md": "# Soup\n\nBoil three onions slowly.\n"}))
    with Index(home.live_folder(), None) as index:
        answer = Engine(index).answer("Who piloted the zeppelin?")
    assert (answer.status, answer.passages, answer.suggestions) == ("not_found", (), ())


@pytest.mark.parametrize(
    "text, reason",
    [
        (
            "oliver bridge email",
            "“oliver bridge” stands only in menus or contact lines of “Onion soup”, which are not searched; see its source.",
        ),
        (
            "¿Cuál es el teléfono de Oliver Bridge?",
            "«Oliver Bridge» solo figura en menús o líneas de contacto de «Onion soup», en los que no se busca; véase su fuente.",
        ),
        ("oliver twist email", "“oliver” stands only in menus"),
        (
            "Where does Twist fly his zeppelin?",
            "The collection is about the Regional Conference on Migration; nothing in it concerns “Twist”, “fly” or “zeppelin”.",
        ),
    ],
)
def test_what_cleaning_took_out_is_not_said_to_be_missing(text: str, reason: str, tmp_path: Path) -> None:
    page = "Onion soup\n\nBoil three onions slowly. Stir them well.\n\nFor more information contact Oliver Bridge, Tel. 555 123 456\n"
    home = build(tmp_path / "home", write_documents(tmp_path / "corpus", {"soup.txt": page}))
    with Index(home.live_folder(), WordEmbedder()) as index:
        assert Engine(index).answer(text).confidence.reason.startswith(reason)


EXECUTIVE = (frozenset({"execut"}), frozenset({"secretariat"}))


@pytest.mark.parametrize(
    "name, present, stands",
    [
        (Name("Gustavo Mohar", (frozenset({"gustavo"}), frozenset({"mohar"})), (5.0, 6.0)), {"mohar"}, True),
        (Name("Colombo Process", (frozenset({"colombo"}), frozenset({"process"})), (7.0, 2.0)), {"process"}, False),
        (Name("15", (frozenset({"15"}),), (3.0,)), {"16"}, False),
        (Name("Executive Secretariat", EXECUTIVE, (4.0, 2.0), "@executive"), {"secretariat"}, False),
        (Name("Executive Secretariat", EXECUTIVE, (4.0, 2.0), "@executive"), {"@executive"}, True),
        (
            Name("Lima Process", (frozenset({"lima"}), frozenset({"process", "procedur"})), (4.0, 2.0), "@lima"),
            {"lima", "procedur"},
            True,
        ),
        (Name("SACM", (), (), "@sacm"), {"lima"}, False),
    ],
)
def test_a_name_stands_where_its_concept_or_enough_of_its_words_do(name: Name, present: set[str], stands: bool) -> None:
    assert name.stands_in(present) is stands


@pytest.mark.parametrize(
    "text, apart",
    [
        ("How many countries belong to the RCM?", 0.0),
        ("¿Cuántos lo aprobaron en 2014?", 0.0),
        ("How many subjects did it have in 2014?", 1.0),
    ],
)
def test_a_number_is_looked_for_near_what_is_counted(text: str, apart: float, tiny_engine: Engine) -> None:
    _, _, scored = tiny_engine.score(text)
    assert scored is not None and scored.features["number_apart"] == apart


@pytest.mark.parametrize(
    "fact, apart",
    [
        ("They were over 68,000 in 2014 and some 59,000 in 2016.", 0.0),
        ("Storms drove out 59,000 of them.", 0.0),
        ("Each was given 100 dollars or USD 1,000.", 1.0),
        ("They stayed 14 days.", 1.0),
    ],
)
def test_a_number_may_count_what_the_sentence_before_names(fact: str, apart: float, tmp_path: Path) -> None:
    text = f"+++\nlang = 'en'\n+++\nThe office tells of llamas at the northern border. {fact}\n"
    home = build(tmp_path / "home", write_documents(tmp_path / "corpus", {"llamas.md": text}))
    with Index(home.live_folder(), WordEmbedder()) as index:
        engine = Engine(index)
        question = engine.understand("How many llamas were there in 2016?")
        candidates, seen = engine.examine(question, engine.search(question, Timing()))
        last = seen[0].passage.sentences[-1]
        assert features_of(index, question, candidates, seen[0], [last])["number_apart"] == apart


def test_a_general_notion_is_no_name_that_a_passage_must_hold(tiny_engine: Engine) -> None:
    question = tiny_engine.understand("the Lima Process on reintegration by NGOs in Ruritania, fifteen times")
    candidates = tiny_engine.search(question, Timing())
    subject = subject_of(tiny_engine.index, question, candidates)
    assert [name.text for name in subject.names] == ["Lima Process", "Ruritania"]


@pytest.mark.parametrize("text, counts", [("How many countries belong to the RCM?", COUNTED), ("When was the RCM created?", 1.0)])
def test_a_number_counts_more_where_one_is_asked_for(engine: Engine, text: str, counts: float) -> None:
    question = engine.understand(text)
    _, seen = engine.examine(question, engine.search(question, Timing()))
    assert {examined.preferred for examined in seen} == {0.0, counts}


@pytest.mark.parametrize("text, lang", [("Where was the RCM created?", "en"), ("¿Dónde fue creada la CRM?", "es")])
def test_a_passage_in_both_languages_is_judged_by_both_and_shown_in_the_askers(engine: Engine, text: str, lang: str) -> None:
    question = engine.understand(text)
    found, seen = engine.examine(question, engine.search(question, Timing()))
    assert any(one.twin for one in seen)
    for position, one in enumerate(seen):
        alone = [ranking_features(found, position, replace(version, twin=None)) for version in one.versions]
        assert ranking_features(found, position, one) == pytest.approx(np.mean(alone, axis=0))
        if one.twin is not None:
            assert one.passage.lang == lang != one.twin.passage.lang
            assert found.twins[one.ordinal] == one.twin.ordinal


def test_time_is_told_beside_the_answer_and_not_in_it(engine: Engine) -> None:
    timing = Timing()
    answer = engine.answer("RCM", timing=timing)
    total = timing.total()
    assert total["total"] == pytest.approx(sum(v for stage, v in total.items() if stage != "total"))
    assert {stage for stage, took in total.items() if took} >= {"understand", "embed", "lexical", "dense", "fuse", "extract"}
    assert list(Timing().total()) == [*STAGES, "total"], "a stage that had nothing to do is there too"
    assert "took_ms" not in repr(answer)


@pytest.mark.model
def test_an_explanation_shows_the_gloss_that_matched(bundled_home: Home) -> None:
    with Index(bundled_home.live_folder(), None) as index:
        answer = Engine(index).answer(
            "¿Qué acordaron sobre la trata de personas?", filters=Filters(lang="en"), include_passages=True
        )
    gloss = [line.lower() for passage in answer.passages for line in passage.explain.gloss]
    assert any("trata" in line.partition(" → ")[0] and line.endswith("→ trafficking") for line in gloss)


@pytest.mark.model
def test_how_far_the_first_is_ahead_is_unknown_where_filters_leave_few(bundled_home: Home) -> None:
    with Index(bundled_home.live_folder(), None) as index:
        engine = Engine(index)
        _, _, scored = engine.score("Which countries are members of the RCM?")
        assert scored is not None and 0 < scored.features["ahead"] < 2
        few = Filters(document="crm-member-countries")
        _, candidates, scored = engine.score("Which countries are members of the RCM?", filters=few)
        assert 0 < len(candidates.ordinals) < AROUND
        assert scored is not None and "ahead" not in scored.features


@pytest.mark.parametrize(
    "scores, depth",
    [
        ([], 0),
        ([1.0], 1),
        ([1.0] + [0.0] * 40, LEAST_DEPTH),
        ([1.0] * 40, MOST_DEPTH),
        ([1.0] * 9 + [0.99 - WITHIN] * 9, 9),
    ],
)
def test_candidates_are_looked_at_that_score_hardly_below_the_best(scores: list[float], depth: int) -> None:
    assert depth_of(np.array(scores, np.float32)) == depth


def test_the_cosine_of_a_sentence_counts_more_where_a_question_has_few_words() -> None:
    none = np.zeros(2, np.float32)
    late, cosines = np.array([0.51, 0.5], np.float32), np.array([0.3, 0.5], np.float32)
    no = none.astype(np.bool_)
    short, long = (choice_scores(late, cosines, none, none, none, none, no, words) for words in (4, 20))
    assert short.argmax() == 1
    assert long.argmax() == 0


def test_a_sentence_that_names_only_other_years_comes_after_one_that_names_none() -> None:
    none, no = np.zeros(2, np.float32), np.zeros(2, np.bool_)
    late = np.array([0.51, 0.5], np.float32)
    for scores in (late, None):
        assert choice_scores(scores, late, none, none, none, none, np.array([True, False]), 9).argmax() == 1
        assert choice_scores(scores, late, none, none, none, none, no, 9).argmax() == 0


@pytest.mark.parametrize(
    "text, lost", [("When was the meeting in Sucre?", [False, True, True]), ("Was it 3 May or 4 May in Sucre?", [False] * 3)]
)
def test_a_note_on_the_sources_comes_after_what_they_say(text: str, lost: list[bool], tmp_path: Path) -> None:
    said = "The meeting in Sucre was on 3 May 2011.\n\nNote: dates of the meeting in Sucre differ. A release says 4 May 2011.\n"
    home = build(tmp_path / "home", write_documents(tmp_path / "corpus", {"sucre.md": said}))
    with Index(home.live_folder(), WordEmbedder()) as index:
        engine = Engine(index)
        question = engine.understand(text)
        [seen] = engine.examine(question, engine.search(question, Timing()))[1]
    size, no = len(seen.choice), np.zeros(len(seen.choice), np.bool_)
    plain = choice_scores(
        None, seen.cosines, seen.matched.coverages, seen.matched.synonyms, seen.typed.astype(np.float32), np.zeros(size), no, 9
    )
    assert (seen.choice < plain - 0.05).tolist() == lost


@pytest.mark.parametrize(
    "text, lost",
    [
        ("the meeting in 2010", []),
        ("the meeting in 2011", [0, 1, 2, 3]),
        ("the meeting", []),
        ("the sixteenth meeting", [0, 1]),
        ("the XV meeting", []),
        ("the first meeting", []),
    ],
)
def test_only_sentences_of_other_years_or_editions_than_the_question_lose(
    text: str, lost: list[int], tiny_engine: Engine
) -> None:
    question = tiny_engine.understand(text)
    candidates = tiny_engine.search(question, Timing())
    [seen] = [one for one in tiny_engine.examine(question, candidates)[1] if one.document.id == "tapachula"]
    years = np.array(["2010" in seen.document.text[a:b] for a, b in seen.passage.sentences])
    assert years.tolist() == [True, False, True, False]
    size = len(years)
    plain = choice_scores(
        None,
        seen.cosines,
        seen.matched.coverages,
        seen.matched.synonyms,
        seen.typed.astype(np.float32),
        np.zeros(size),
        np.zeros(size, np.bool_),
        len(text.split()),
    )
    below = np.flatnonzero(seen.choice < plain - 1e-6).tolist()
    assert below == lost


@pytest.mark.parametrize(
    "text, shares",
    [
        ("members of the conference", {1.0}),
        ("miembros de la conferencia", {1.0}),
        ("the conference in Puebla", {0.0}),
    ],
)
def test_headings_count_by_what_of_them_the_question_says(text: str, shares: set[float], tiny_engine: Engine) -> None:
    question = tiny_engine.understand(text)
    _, seen = tiny_engine.examine(question, tiny_engine.search(question, Timing()))
    assert {one.heading for one in seen if one.passage.section} == shares
    assert {one.heading for one in seen if not one.passage.section} == {0.0}


@pytest.mark.parametrize(
    "text, unasked",
    [
        ("a meeting about the family", True),
        ("a meeting about the family in 2014", True),
        ("a meeting about the family in 2010", False),
        ("meetings about the family between 2008 and 2012", False),
        ("the meeting in Tapachula", False),
        ("the XV meeting", False),
        ("la decimoquinta reunión", False),
    ],
)
def test_an_event_that_is_not_asked_for_is_known_by_year_edition_and_city(text: str, unasked: bool, tiny_engine: Engine) -> None:
    question = tiny_engine.understand(text)
    _, seen = tiny_engine.examine(question, tiny_engine.search(question, Timing()))
    assert {one.unasked_event for one in seen if one.document.id == "tapachula"} == {unasked}
