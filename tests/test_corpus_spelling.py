"""English in one spelling and by its words: what a stemmer would keep apart, and what it must not bring together."""

import pytest

from corpus.lexicon import read_irregular
from corpus.spelling import unify
from index.analysis import stem


@pytest.mark.parametrize(
    "one, other",
    [
        ("organised", "organizing"),
        ("organisations", "organization"),
        ("analyse", "analyzed"),
        ("labour", "labor"),
        ("neighbouring", "neighbors"),
        ("programmes", "program"),
        ("centre", "centers"),
        ("defence", "defense"),
        ("women", "woman"),
        ("children", "child"),
        ("held", "holds"),
        ("chosen", "choosing"),
        ("undertook", "undertake"),
        ("fifteen", "15"),
    ],
)
def test_one_word_has_one_stem(one: str, other: str) -> None:
    assert stem(one, "en") == stem(other, "en")


@pytest.mark.parametrize(
    "one, other",
    [("found", "founded"), ("authorized", "author"), ("four", "for"), ("tour", "tor"), ("prize", "prise"), ("hour", "hor")],
)
def test_two_words_stay_two(one: str, other: str) -> None:
    assert stem(one, "en") != stem(other, "en")


def test_verbs_and_their_nouns_stay_together() -> None:
    assert stem("revised", "en") == stem("revision", "en")
    assert stem("supervising", "en") == stem("supervision", "en")


def test_every_irregular_form_becomes_its_word_and_nothing_else_does() -> None:
    for word, forms in read_irregular():
        assert {unify(form) for form in forms} == {unify(word)}
    assert [unify(word) for word in ("meeting", "founded", "conference", "basis")] == [
        "meeting",
        "founded",
        "conference",
        "basis",
    ]
