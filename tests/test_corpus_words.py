import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dates import read_date
from corpus.glossary import load_glossary
from corpus.language import guess_lang, spanish_share
from corpus.numerals import find_ordinals, ordinals_in, roman, to_roman
from corpus.words import ENGLISH_STOP_WORDS, SPANISH_STOP_WORDS, find_words, fold, folded_words


@pytest.mark.parametrize(
    "word, folded",
    [
        ("Migración", "migracion"),
        ("AÑO", "año"),
        ("an\u0303o", "an\u0303o".replace("n\u0303", "n")),
        ("niñez", "niñez"),
        ("Panamá", "panama"),
        ("vergüenza", "verguenza"),
        ("1,190", "1190"),
        ("1.190", "1190"),
        ("country's", "country"),
        ("country’s", "country"),
        ("U.S.", "us"),
        ("O'Brien", "obrien"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
    ],
)
def test_a_word_is_folded_to_lower_case_without_accents_but_with_its_tilde(word: str, folded: str) -> None:
    assert fold(word) == folded


@given(st.text(alphabet=st.one_of(st.sampled_from("bñÑáÉüÜç\u0301\u0303"), st.characters(categories=["L", "M", "N"]))))
def test_accents_go_as_unicode_takes_letters_apart(word: str) -> None:
    parts = unicodedata.normalize("NFD", word.casefold().replace("ñ", "\0"))
    plain = "".join(c for c in parts if not unicodedata.combining(c)).replace("\0", "ñ")
    assert fold(word) == (word.lower() if word.isascii() else plain)


@given(st.text(alphabet=st.sampled_from("abñÑáÉíóúüÜçX1.,'’-s "), max_size=12))
def test_folding_twice_is_folding_once(word: str) -> None:
    for found in find_words(word):
        assert fold(found.folded.strip(".,'")) == found.folded or "'" in found.surface or "’" in found.surface


@given(st.text(max_size=60))
def test_every_word_is_the_text_at_its_place_and_words_do_not_overlap(text: str) -> None:
    end = 0
    assert folded_words(text) == [word.folded for word in find_words(text)]
    for word in find_words(text):
        assert text[word.start : word.end] == word.surface
        assert end <= word.start < word.end
        end = word.end


def test_a_list_of_words_belongs_to_who_asked_for_it() -> None:
    find_words("Reunión de la CRM").clear()
    assert [word.folded for word in find_words("Reunión de la CRM")] == ["reunion", "de", "la", "crm"]


def test_acronyms_numbers_and_apostrophes_are_one_word_each() -> None:
    surfaces = [w.surface for w in find_words("The U.S.A. paid 1,190.50 for Mexico's well-known “RCM”.")]
    assert surfaces == ["The", "U.S.A.", "paid", "1,190.50", "for", "Mexico's", "well", "known", "RCM"]


def test_stop_words_are_folded_and_are_function_words() -> None:
    for words in (ENGLISH_STOP_WORDS, SPANISH_STOP_WORDS - {"qué"}):
        assert all(fold(word) == word for word in words)
    assert {"the", "which", "of"} <= ENGLISH_STOP_WORDS
    assert {"el", "cual", "segun"} <= SPANISH_STOP_WORDS
    subjects = {"migration", "migracion", "member", "miembro", "country", "pais", "meeting", "reunion", "women", "mujer", "work"}
    assert not subjects & (ENGLISH_STOP_WORDS | SPANISH_STOP_WORDS)


def ordinals(text: str) -> list[tuple[str, int]]:
    words = find_words(text)
    found = find_ordinals([w.surface for w in words], [w.folded for w in words])
    return [(text[words[a].start : words[b - 1].end], number) for a, b, number in found]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("the XV Annual Meeting", [("XV", 15)]),
        ("the 15th meeting", [("15th", 15)]),
        ("the fifteenth meeting", [("fifteenth", 15)]),
        ("the twenty-third meeting", [("twenty-third", 23)]),
        ("the twenty third meeting", [("twenty third", 23)]),
        ("la decimoquinta reunión", [("decimoquinta", 15)]),
        ("la décima quinta reunión", [("décima quinta", 15)]),
        ("la décimo quinta reunión", [("décimo quinta", 15)]),
        ("la vigésima tercera reunión", [("vigésima tercera", 23)]),
        ("la vigesimotercera reunión", [("vigesimotercera", 23)]),
        ("la vigésima reunión", [("vigésima", 20)]),
        ("la undécima y la duodécima", [("undécima", 11), ("duodécima", 12)]),
        ("la 15.ª reunión", [("15.ª", 15)]),
        ("la 15ª reunión", [("15ª", 15)]),
        ("la 3ra reunión y el 1er foro", [("3ra", 3), ("1er", 1)]),
        ("the XIX and the XX meetings", [("XIX", 19), ("XX", 20)]),
        ("the I Meeting of the group", [("I", 1)]),
        ("xv reunion", [("xv", 15)]),
        ("May I ask who paid?", []),
        ("What can I do about it", []),
        ("the XVII meeting of 2012", [("XVII", 17)]),
        ("in 2014 eleven countries met", []),
        ("el n.º 4 y 15 años", []),
        ("MIX and CIVIC are words", []),
    ],
)
def test_ordinals_of_both_languages_become_numbers(text: str, expected: list[tuple[str, int]]) -> None:
    assert ordinals(text) == expected
    assert ordinals_in(text) == {number for _, number in expected}


def test_roman_numerals_read_as_their_definition_up_to_forty_nine() -> None:
    def spell(number: int) -> str:
        tens, units = divmod(number, 10)
        return ("X" * tens if tens < 4 else "XL") + ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"][units]

    assert [roman(spell(n)) for n in range(1, 50)] == list(range(1, 50))
    assert [to_roman(n) for n in range(51)] == [None, *(spell(n) for n in range(1, 50)), None]
    assert [roman(token) for token in ("", "IIII", "VX", "xv", "A", "L", "IC", "XVI.")] == [None] * 8


@pytest.mark.parametrize(
    "text, date",
    [
        ("27 June 2014", "2014-06-27"),
        ("June 27, 2014", "2014-06-27"),
        ("June 27th, 2014", "2014-06-27"),
        ("27 de junio de 2014", "2014-06-27"),
        ("1º de mayo de 1996", "1996-05-01"),
        ("27 de junio del 2014", "2014-06-27"),
        ("setiembre de 2003", "2003-09"),
        ("March 1996", "1996-03"),
        ("12/04/17", None),
        ("04 Dec. 2017", "2017-12-04"),
        ("published 2017-12-01 in print", "2017-12-01"),
        ("in 1996", None),
        ("32 June 2014", "2014-06"),
        ("31 February 2014", "2014-02"),
        ("2014-02-31", None),
        ("no date at all", None),
    ],
)
def test_dates_are_read_with_the_precision_that_they_have(text: str, date: str | None) -> None:
    assert read_date(text) == date


@pytest.mark.parametrize(
    "text, lang",
    [
        ("who are the members", "en"),
        ("quiénes son los miembros", "es"),
        ("quienes son los miembros", "es"),
        ("¿RCM?", "es"),
        ("What is the CRM?", "en"),
        ("¿Qué es la CRM?", "es"),
        ("que es la crm", "es"),
        ("trata de personas", "es"),
        ("human trafficking", "en"),
        ("año de la primera reunión", "es"),
        ("meeting in San José, Costa Rica", "en"),
        ("dónde fue la reunión de Tapachula", "es"),
        ("define coyote", "en"),
    ],
)
def test_the_language_of_short_questions_is_guessed(text: str, lang: str) -> None:
    assert guess_lang(text) == lang


def test_text_without_evidence_takes_the_default() -> None:
    assert spanish_share("RCM 2014") == 0.5
    assert guess_lang("RCM 2014", "es") == "es"
    assert guess_lang("RCM 2014", "en") == "en"


def test_the_glossary_loads_and_names_every_concept_in_both_languages() -> None:
    terms = load_glossary()
    names = {term.en: term for term in terms}
    rcm = names["Regional Conference on Migration"]
    assert rcm.es == "Conferencia Regional sobre Migración"
    assert "RCM" in rcm.forms("en") and "CRM" in rcm.forms("es")
    assert rcm.name("es") == rcm.es and rcm.definition("en") == rcm.definition_en
    assert len(names) == len(terms)
    assert {"Mexico", "Panama", "Belize"} <= {term.en for term in terms if term.kind == "country"}
