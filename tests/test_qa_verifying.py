import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.words import find_words
from index.errors import UnknownId
from index.generations import Home
from index.searching import Index, open_embedder
from qa.answering import Engine
from qa.answers import as_json
from qa.errors import BadRequest
from qa.verifying import MAX_QUOTATION_CHARS, find_quotation, verify_answer, verify_quotation
from tests.test_qa_answering import QUESTIONS

SENTENCE = "Its subject was migration and the family."


def text_of(index: Index, document: str) -> str:
    return index.store.document(document).text


def test_every_sentence_of_the_collection_is_exact_at_its_place(tiny_index: Index) -> None:
    for document in tiny_index.store.documents():
        for _, passage in tiny_index.store.passages_of(document.id):
            for start, end in passage.sentences:
                found = verify_quotation(tiny_index, document.text[start:end])
                assert found.verdict == "exact"
                assert found.document_id is not None and found.start is not None and found.end is not None
                assert text_of(tiny_index, found.document_id)[found.start : found.end] == found.found == document.text[start:end]


def test_words_that_stand_in_another_document_than_claimed_are_exact_elsewhere(tiny_index: Index) -> None:
    found = verify_quotation(tiny_index, SENTENCE, "managua")
    assert (found.verdict, found.document_id, found.found) == ("exact_elsewhere", "tapachula", SENTENCE)
    assert verify_quotation(tiny_index, SENTENCE, "tapachula").verdict == "exact"


def test_words_that_differ_a_little_are_shown_as_they_are_now(tiny_index: Index) -> None:
    found = verify_quotation(tiny_index, "The XIX Annual Meeting of the RCM took place in Managua, Honduras, in 2013.", "managua")
    assert (found.verdict, found.document_id) == ("changed", "managua")
    assert found.found is not None and "Managua, Nicaragua, in 2014" in found.found
    assert text_of(tiny_index, "managua")[found.start : found.end] == found.found


def test_words_that_stand_nowhere_are_not_found(tiny_index: Index) -> None:
    for quotation in ("The moon is made of green cheese and of nothing else.", "xyzzy", "green cheese", "¿y?"):
        found = verify_quotation(tiny_index, quotation)
        assert (found.verdict, found.document_id, found.found) == ("not_found", None, None)


@pytest.mark.parametrize(
    "quotation",
    [
        "Its  subject\n was\tmigration and the family.",
        "  Its subject was migration and the family. ",
        "Its\u00a0subject was migration and the family.",
    ],
)
def test_white_space_does_not_matter(tiny_index: Index, quotation: str) -> None:
    found = verify_quotation(tiny_index, quotation)
    assert (found.verdict, found.found) == ("exact", SENTENCE)


def test_composed_and_decomposed_letters_are_the_same(tiny_index: Index) -> None:
    assert verify_quotation(tiny_index, "fue creada en Puebla, Me\u0301xico, en marzo de 1996").verdict == "exact"


def test_the_shape_of_quotation_marks_and_dashes_does_not_matter() -> None:
    text = "They said “yes – it’s so” to all."
    span = find_quotation(text, 'said "yes - it\'s so" to')
    assert span is not None and text[slice(*span)] == "said “yes – it’s so” to"
    assert find_quotation(text, "said «yes — it’s so» to") == span
    assert find_quotation(text, "yes: it's so") is None


@pytest.mark.parametrize(
    "around", ['"{}"', "“{}”", "«{}»", "'{}'", "…{}…", "... {} ...", "[…] {} [...]", "“...{}” ", "{}....", '"“{}”"']
)
def test_quotation_marks_and_ellipses_around_a_quotation_do_not_matter(tiny_index: Index, around: str) -> None:
    words = "subject was migration and the family"
    found = verify_quotation(tiny_index, around.format(words))
    assert (found.verdict, found.found) == ("exact", words)


@pytest.mark.parametrize(
    "quotation, held",
    [
        ("eleven member countries", True),
        ("eleven member countr", False),
        ("leven member", False),
        ("in 19", False),
        ("in 1996", True),
        ("190 people", False),
        ("1", False),
        ("1,190", True),
        ("5 per cent", False),
        ("The RCM", False),
        ("The RCM’s", True),
        ("s eleven", False),
        ("x_y", True),
        ("y.", True),
        ("the U.S.", True),
        ("the U.S", True),
        ("go, go, stop", True),
        ("go, stop", True),
        ("go , go", False),
    ],
)
def test_words_and_numbers_are_held_whole(quotation: str, held: bool) -> None:
    text = "The RCM’s eleven member countries met in 1996: 1,190 people, 2.5 per cent from the U.S. and x_y. Go, go, go, stop."
    span = find_quotation(text, quotation)
    assert (span is not None) == held
    assert span is None or text[slice(*span)].replace("’", "'") == quotation.replace("’", "'")


def whole_words(text: str) -> list[tuple[int, int]]:
    return [(word.start, word.end) for word in find_words(text)]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_span_of_whole_words_is_exact(tiny_index: Index, data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(list(tiny_index.store.documents())))
    words = whole_words(document.text)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    quotation = document.text[words[first][0] : words[last][1]]
    found = verify_quotation(tiny_index, quotation)
    assert (found.verdict, found.found) == ("exact", quotation)
    there = verify_quotation(tiny_index, " ".join(quotation.split()), document.id)
    assert (there.verdict, there.document_id) == ("exact", document.id)


@pytest.mark.slow
def test_every_span_of_whole_words_of_the_bundled_collection_is_exact(bundled_home: Home) -> None:
    pick = random.Random(7)
    with Index(bundled_home.live_folder(), None) as index:
        for document in index.store.documents():
            words = whole_words(document.text)
            for count in (1, 1, 2, 2, 3, 4, 5, 8, 15, 40, 150):
                first = pick.randrange(max(1, len(words) - count))
                quotation = document.text[words[first][0] : words[first : first + count][-1][1]]
                assert verify_quotation(index, quotation).verdict == "exact", (document.id, quotation)


def test_a_changed_word_or_case_is_not_exact(tiny_index: Index) -> None:
    for quotation in (SENTENCE.lower(), SENTENCE.replace("subject", "subjects"), SENTENCE.replace("family.", "family!")):
        assert verify_quotation(tiny_index, quotation).verdict == "changed"


def test_an_empty_or_endless_quotation_and_an_unknown_document_are_refused(tiny_index: Index) -> None:
    for empty in ("", "   ", "?!—"):
        with pytest.raises(BadRequest, match="is empty"):
            verify_quotation(tiny_index, empty)
    with pytest.raises(BadRequest, match="20,001 characters"):
        verify_quotation(tiny_index, "a" * (MAX_QUOTATION_CHARS + 1))
    with pytest.raises(BadRequest, match="half a surrogate pair"):
        verify_quotation(tiny_index, "the \ud800 family")
    with pytest.raises(UnknownId, match="'nowhere'"):
        verify_quotation(tiny_index, SENTENCE, "nowhere")


def test_of_a_long_quotation_the_beginning_is_looked_for(tiny_index: Index) -> None:
    text = text_of(tiny_index, "tapachula")
    found = verify_quotation(tiny_index, text.replace("subject", "topic") + " And so on." * 10)
    assert (found.verdict, found.document_id) == ("changed", "tapachula")
    for endless in ("the regional conference on migration " * 540, "of the " * 2800, "a" * 20_000, "RCM 移民 " * 2000):
        found = verify_quotation(tiny_index, endless)
        assert (found.verdict, found.quotation) == ("not_found", endless.strip())


def test_stop_words_alone_are_looked_for_everywhere(tiny_index: Index) -> None:
    assert verify_quotation(tiny_index, "was").verdict == "exact"


def verdicts(index: Index, answer: dict[str, Any]) -> list[str]:
    return [found.verdict for found in verify_answer(index, answer)]


@pytest.mark.parametrize("text", QUESTIONS)
def test_every_quotation_of_an_answer_is_exact(tiny_index: Index, tiny_engine: Engine, text: str) -> None:
    answer = as_json(tiny_engine.answer(text, include_passages=True))
    marked = [h for passage in answer["passages"] for h in passage["highlights"] if h["kind"] == "answer"]
    assert verdicts(tiny_index, answer) == ["exact"] * (len(answer["passages"]) + len(marked))


@pytest.mark.slow
def test_every_quotation_of_every_answer_from_the_bundled_collection_is_exact(bundled_home: Home) -> None:
    lines = (Path(__file__).parent.parent / "eval" / "data" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["question"] for line in lines[::10]]
    folder, several = bundled_home.live_folder(), 0
    with Index(folder, open_embedder(folder)) as index:
        engine = Engine(index)
        for text in [*texts, "What did the workshop on migrant children recommend?", "How many people attended and who paid?"]:
            answer = as_json(engine.answer(text, include_passages=True))
            assert set(verdicts(index, answer)) <= {"exact"}, text
            several += len([h for h in answer["passages"][0]["highlights"] if h["kind"] == "answer"]) > 1
    assert several


def change(answer: dict[str, Any], **fields: object) -> None:
    answer["passages"][0].update(fields)


@pytest.mark.parametrize(
    "invent, caught",
    [
        (lambda a: a["answer"].update(text="The RCM was dissolved in 2019 by its members."), ["not_found"]),
        (lambda a: a["answer"].update(text=SENTENCE), ["exact_elsewhere"]),
        (lambda a: a["answer"].update(text=a["answer"]["text"].replace("1996", "1999")), ["changed"]),
        (lambda a: a.update(passages=[]), ["exact_elsewhere"]),
        (lambda a: change(a, highlights=[]), ["exact_elsewhere"]),
        (lambda a: change(a, highlights=[{"start": 3, "end": 20, "kind": "answer"}]), ["exact_elsewhere"]),
        (lambda a: change(a, id="puebla:0-9"), ["exact_elsewhere"]),
        (lambda a: change(a, document={"id": "invented"}), ["exact_elsewhere", "exact_elsewhere"]),
        (lambda a: change(a, document={"id": "managua"}), ["exact_elsewhere", "exact_elsewhere"]),
        (lambda a: change(a, start=a["passages"][0]["start"] + 1), ["exact_elsewhere", "exact_elsewhere"]),
        (lambda a: change(a, text=a["passages"][0]["text"] + " And nobody wrote this."), ["changed"]),
        (lambda a: change(a, text="Nobody wrote these words about anything."), ["not_found", "exact_elsewhere"]),
    ],
)  # fmt: skip
def test_what_is_invented_in_an_answer_is_caught(
    tiny_index: Index, tiny_engine: Engine, invent: Callable[[dict[str, Any]], None], caught: list[str]
) -> None:
    answer = as_json(tiny_engine.answer("When and where was the RCM created?"))
    assert answer["answer"]["text"] and answer["passages"][0]["document"]["id"] == "puebla"
    invent(answer)
    assert [verdict for verdict in verdicts(tiny_index, answer) if verdict != "exact"] == caught


@pytest.mark.parametrize(
    "wrong",
    [None, [], "x", {}, {"passages": []}, {"passages": [{}], "answer": {"text": ""}}, {"passages": 5, "answer": {"text": ""}},
     {"passages": [{"document": {"id": 1}, "text": "x"}], "answer": {"text": ""}}, {"passages": [], "answer": {"text": None}}],
)  # fmt: skip
def test_what_is_no_answer_is_refused(tiny_index: Index, wrong: object) -> None:
    with pytest.raises(BadRequest, match="no ANSWER object"):
        verify_answer(tiny_index, wrong)


def test_a_verification_as_an_object_has_the_keys_of_the_interface(tiny_index: Index) -> None:
    assert verify_quotation(tiny_index, SENTENCE).as_json() == {
        "quotation": SENTENCE,
        "verdict": "exact",
        "document": "tapachula",
        "start": text_of(tiny_index, "tapachula").index(SENTENCE),
        "end": text_of(tiny_index, "tapachula").index(SENTENCE) + len(SENTENCE),
        "found": SENTENCE,
    }
