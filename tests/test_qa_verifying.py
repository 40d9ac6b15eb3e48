import pytest

from index.errors import UnknownId
from index.searching import Index
from qa.answering import Engine
from qa.answers import as_json
from qa.errors import BadRequest
from qa.verifying import MAX_QUOTATION_CHARS, find_quotation, verify_answer, verify_quotation

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


def test_the_shape_of_quotation_marks_and_dashes_does_not_matter(tiny_index: Index) -> None:
    from corpus.records import Document

    document = Document("a", "They said “yes – it’s so” to all.", "en", None, ())
    span = find_quotation(document, '"yes - it\'s so"')
    assert span is not None and document.text[slice(*span)] == "“yes – it’s so”"
    assert find_quotation(document, "«yes — it’s so»") == span
    assert find_quotation(document, "yes: it's so") is None


def test_a_changed_word_or_case_is_not_exact(tiny_index: Index) -> None:
    for quotation in (SENTENCE.lower(), SENTENCE.replace("subject", "subjects"), SENTENCE.replace("family.", "family!")):
        assert verify_quotation(tiny_index, quotation).verdict == "changed"


def test_an_empty_or_endless_quotation_and_an_unknown_document_are_refused(tiny_index: Index) -> None:
    for empty in ("", "   ", "?!—"):
        with pytest.raises(BadRequest, match="is empty"):
            verify_quotation(tiny_index, empty)
    with pytest.raises(BadRequest, match="20,001 characters"):
        verify_quotation(tiny_index, "a" * (MAX_QUOTATION_CHARS + 1))
    with pytest.raises(UnknownId, match="'nowhere'"):
        verify_quotation(tiny_index, SENTENCE, "nowhere")


def test_stop_words_alone_are_looked_for_everywhere(tiny_index: Index) -> None:
    assert verify_quotation(tiny_index, "was").verdict == "exact"


def test_every_quotation_of_an_answer_is_verified(tiny_index: Index, tiny_engine: Engine) -> None:
    answer = as_json(tiny_engine.answer("When and where was the RCM created?"))
    found = verify_answer(tiny_index, answer)
    assert [f.verdict for f in found] == ["exact"] * len(answer["passages"])
    answer["passages"][0]["text"] += " And something that nobody wrote."
    assert verify_answer(tiny_index, answer)[0].verdict == "changed"
    answer["answer"]["text"] = "Something else that nobody ever wrote anywhere."
    assert verify_answer(tiny_index, answer)[-1].verdict == "not_found"


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
