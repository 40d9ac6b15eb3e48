import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.errors import BadQuestions
from eval.judging import Judge, count_facts, relevance_of
from eval.questions import (
    JudgedQuestion,
    Judgement,
    Place,
    find_quote,
    load_questions,
    parse_question,
    question_json,
    resolve,
    write_questions,
)
from index.searching import Index

GOOD = {
    "id": "q1",
    "lang": "en",
    "kind": "fact",
    "question": "Where was the RCM created?",
    "answerable": True,
    "judgements": [{"document": "puebla", "quote": "was created in Puebla, Mexico", "relevance": 3}],
    "split": "dev",
}


def question(*judgements: Judgement, identifier: str = "q1") -> JudgedQuestion:
    return JudgedQuestion(identifier, "en", "fact", "Where was the RCM created?", True, judgements)


def write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_questions_written_and_loaded_are_the_same(tmp_path: Path) -> None:
    made = [
        parse_question(GOOD, "here"),
        JudgedQuestion("q2", "es", "near-miss", "¿Y el hotel?", False, (), ("¿Dónde fue?",), "test"),
    ]
    write_questions(tmp_path / "q.jsonl", made)
    assert load_questions(tmp_path / "q.jsonl") == made
    assert "history" not in question_json(made[0])


@pytest.mark.parametrize(
    "change, said",
    [
        ({"lang": "fr"}, "lang"),
        ({"colour": "red"}, "colour"),
        ({"id": "a b"}, "id"),
        ({"answerable": "yes"}, "answerable"),
        ({"split": "train"}, "split"),
        ({"judgements": []}, "no judgement has relevance 2 or 3"),
        ({"answerable": False}, "not answerable, but a judgement has relevance 3"),
        ({"judgements": [{"quote": "x", "relevance": 3}]}, "either a document or a source"),
        ({"judgements": [{"document": "a", "source": "b", "quote": "x", "relevance": 3}]}, "either a document or a source"),
        ({"judgements": [{"document": "a", "start": 3, "relevance": 3}]}, "both start and end"),
        ({"judgements": [{"document": "a", "start": 5, "end": 5, "relevance": 3}]}, "behind the start"),
        ({"judgements": [{"document": "a", "quote": "x", "start": 1, "end": 2, "relevance": 3}]}, "not both"),
        ({"judgements": [{"document": "a", "quote": "x", "relevance": 4}]}, "relevance"),
    ],
)
def test_a_bad_line_is_refused_with_its_number_and_what_is_wrong(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = write(tmp_path / "q.jsonl", GOOD, {**GOOD, "id": "q2", **change})
    with pytest.raises(BadQuestions, match="line 2") as caught:
        load_questions(path)
    assert said in str(caught.value)


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadQuestions, match="line 2 is not JSON"):
        load_questions(write(tmp_path / "q.jsonl", GOOD, "{oh"))


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadQuestions, match="'q1' stands already in line 1"):
        load_questions(write(tmp_path / "q.jsonl", GOOD, GOOD))


def test_an_empty_or_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadQuestions, match="holds no question"):
        load_questions(write(tmp_path / "q.jsonl", ""))
    with pytest.raises(BadQuestions, match="cannot be read"):
        load_questions(tmp_path / "none.jsonl")


def test_a_quotation_is_found_whatever_its_white_space() -> None:
    assert find_quote("The  XV\nAnnual Meeting took place.", "XV Annual  Meeting") == [(5, 22)]


def test_a_quotation_resolves_to_its_span_and_the_document_text_there_is_the_quotation(tiny_index: Index) -> None:
    places = resolve([parse_question(GOOD, "here")], tiny_index.store)["q1"]
    text = tiny_index.store.document("puebla").text
    assert [text[p.start : p.end] for p in places] == ["was created in Puebla, Mexico"]


def test_a_quotation_that_no_longer_occurs_is_an_error_that_names_question_document_and_quotation(tiny_index: Index) -> None:
    wrong = question(Judgement(3, document="puebla", quote="was created in Quito"))
    with pytest.raises(BadQuestions) as caught:
        resolve([wrong], tiny_index.store)
    for part in ("'q1'", "'puebla'", "'was created in Quito'"):
        assert part in str(caught.value)


def test_a_quotation_that_occurs_twice_is_an_error(tiny_index: Index) -> None:
    with pytest.raises(BadQuestions, match="occurs 2 times"):
        resolve([question(Judgement(3, document="tapachula", quote="in 2010"))], tiny_index.store)


def test_an_unknown_document_or_source_is_an_error(tiny_index: Index) -> None:
    for judgement in (Judgement(3, document="quito", quote="x"), Judgement(3, source="https://example.org/none", quote="x")):
        with pytest.raises(BadQuestions, match="the index has no document"):
            resolve([question(judgement)], tiny_index.store)


def test_all_broken_judgements_are_told_at_once(tiny_index: Index) -> None:
    broken = [question(Judgement(3, document="puebla", quote=f"no {n}"), identifier=f"q{n}") for n in range(7)]
    with pytest.raises(BadQuestions, match=r"'q0'.*'q4'.*and 2 more"):
        resolve(broken, tiny_index.store)


def test_a_source_judges_each_of_its_documents_that_has_the_quotation(tiny_index: Index) -> None:
    asked = question(Judgement(3, source="http://www.example.org/puebla/#x", quote="fue creada en Puebla"))
    assert [place.document for place in resolve([asked], tiny_index.store)["q1"]] == ["puebla.es"]


def test_a_judgement_without_a_place_judges_the_whole_document(tiny_index: Index) -> None:
    (place,) = resolve([question(Judgement(2, document="managua"))], tiny_index.store)["q1"]
    assert place.whole
    judged = Judge(tiny_index).judge([place])
    assert judged.relevance == {ordinal: 2 for ordinal, _ in tiny_index.store.passages_of("managua")}


def test_places_of_language_versions_are_one_fact(tiny_index: Index) -> None:
    asked = question(
        Judgement(3, document="puebla", quote="was created in Puebla, Mexico"),
        Judgement(3, document="puebla.es", quote="fue creada en Puebla, México"),
        Judgement(2, document="tapachula", quote="took place in Tapachula"),
    )
    places = resolve([asked], tiny_index.store)["q1"]
    assert count_facts(places) == 2


def test_a_span_holds_a_place_from_half_of_it_on() -> None:
    place = Place("d", "d", "en", 100, 110, 3)
    assert place.held_by("d", 0, 105)
    assert not place.held_by("d", 0, 104)
    assert place.held_by("d", 105, 300)
    assert not place.held_by("d", 106, 300)
    assert not place.held_by("e", 0, 300)


def test_a_passage_has_the_highest_relevance_of_the_places_that_it_holds() -> None:
    places = [Place("d", "d", "en", 0, 10, 1), Place("d", "d", "en", 20, 30, 3), Place("d", "d", "en", 50, 60, 2)]
    assert relevance_of(places, "d", [(0, 40)]) == 3
    assert relevance_of(places, "d", [(0, 15)]) == 1
    assert relevance_of(places, "d", [(0, 15), (48, 70)]) == 2
    assert relevance_of(places, "d", [(11, 19)]) == 0


@st.composite
def cut_documents(draw: st.DrawFn) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """A place and the passages of a document in the order of the text, none shorter than the place."""
    length = draw(st.integers(1, 40))
    sizes = draw(st.lists(st.integers(length, 120), min_size=1, max_size=8))
    edges = [0]
    for size in sizes:
        edges.append(edges[-1] + size)
    start = draw(st.integers(0, edges[-1] - length))
    return (start, start + length), list(pairwise(edges))


@given(cut_documents())
def test_however_a_document_is_cut_some_passage_holds_a_place_that_is_no_longer_than_a_passage(
    case: tuple[tuple[int, int], list[tuple[int, int]]],
) -> None:
    (start, end), passages = case
    place = Place("d", "d", "en", start, end, 3)
    assert any(place.held_by("d", a, b) for a, b in passages)


@given(st.lists(st.text("abcé", min_size=1, max_size=5), min_size=1, max_size=30), st.data())
def test_words_cut_from_a_text_are_found_where_they_were_cut(words: list[str], data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.sampled_from([" ", "\n", "  ", "\n\n"]), min_size=len(words), max_size=len(words)))
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=True))
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    start = sum(len(w) + len(g) for w, g in zip(words[:first], gaps[:first], strict=True))
    end = start + len("".join(w + g for w, g in zip(words[first:last], gaps[first:last], strict=True)) + words[last])
    spans = find_quote(text, " ".join(words[first : last + 1]))
    assert all(text[a:b].split() == words[first : last + 1] for a, b in spans)
    assert any(a <= start and b <= end for a, b in spans)
