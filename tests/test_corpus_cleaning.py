from collections import Counter

import pytest

from corpus.cleaning import clean_lines, count_repeats, is_navigation


def clean(text: str, repeats: Counter[str] | None = None) -> list[tuple[str, str | None]]:
    lines = [(line, None) for line in text.strip("\n").split("\n")]
    reasons = clean_lines(lines, repeats or Counter())
    return [(line, reason) for (line, _), reason in zip(lines, reasons, strict=True) if line.strip()]


def kept(text: str, repeats: Counter[str] | None = None) -> list[str]:
    return [line for line, reason in clean(text, repeats) if reason is None]


BODY = "The member countries met for three days and agreed on a plan of work for the coming year."


def test_a_menu_at_the_head_goes_and_the_text_under_it_stays() -> None:
    page = f"Skip to main content\nHome\nWho we are\n-\nOur work\nNews\n\nThe annual meeting\n\n{BODY}"
    assert kept(page) == ["The annual meeting", BODY]
    assert {reason for _, reason in clean(page)} == {"menu", None}


def test_menu_labels_glued_to_their_teaser_go_with_the_menu() -> None:
    page = f"""WHO WE ARE
About the organization
About the organizationThe organization was founded long ago and works in many places of the world.
Our Work
Our WorkAs the leading organization it supports governments and migrants alike everywhere.
Contact us

The annual meeting

{BODY}"""
    assert kept(page) == ["The annual meeting", BODY]


def test_two_menu_words_alone_do_not_make_a_menu_of_the_lines_between() -> None:
    page = f"Home\nThe annual meeting of the conference\n{BODY}"
    assert kept(page) == ["The annual meeting of the conference", BODY]
    assert clean(page)[0] == ("Home", "navigation")


@pytest.mark.parametrize(
    "bar",
    [
        "This website uses cookies to improve your experience.",
        "We use cookies. Accept",
        "Este sitio utiliza cookies; al continuar usted acepta su uso.",
        "Cookie policy",
    ],
)
def test_cookie_bars_go(bar: str) -> None:
    assert kept(f"{BODY}\n\n{bar}") == [BODY]


def test_a_short_line_on_three_pages_goes_but_a_sentence_on_three_pages_stays() -> None:
    sentence = "All countries agreed on this."
    pages = [f"Regional portal of documents\n\n{BODY} {n}\n\n{sentence}" for n in range(3)]
    repeats = count_repeats(page.split("\n") for page in pages)
    assert repeats["regional portal of documents"] == 3
    assert kept(pages[0], repeats) == [f"{BODY} 0", sentence]
    assert clean(pages[0], repeats)[0] == ("Regional portal of documents", "repeated across documents")


def test_a_line_counts_once_for_each_document() -> None:
    assert count_repeats([["Same line", "same  LINE", ""], ["other"]]) == Counter({"same line": 1, "other": 1})


def test_running_headers_and_page_numbers_of_a_pdf_go_in_all_their_forms() -> None:
    lines: list[tuple[str, int | None]] = []
    subjects = ("Visas", "Consulates", "Refugees", "Remittances")
    for page, subject in enumerate(subjects, start=1):
        lines += [(f"Report on the meeting, page {page}", page), (f"{subject} come first here.", page), ("", page)]
        lines += [("More follows on the next page of this document.", page), (f"{page} of 4", page)]
    reasons = clean_lines(lines, Counter())
    assert [text for (text, _), reason in zip(lines, reasons, strict=True) if reason == "page header or footer"] == [
        text
        for page in range(1, 5)
        for text in (f"Report on the meeting, page {page}", "More follows on the next page of this document.", f"{page} of 4")
    ]
    assert [text for (text, _), reason in zip(lines, reasons, strict=True) if reason is None and text] == [
        f"{subject} come first here." for subject in subjects
    ]


def test_a_number_in_the_middle_of_a_page_is_no_page_number() -> None:
    lines = [(text, 1) for text in ("Title of it", "First line here.", "1996", "Another line here.", "Last line here.", "7")]
    reasons = clean_lines(lines, Counter())
    assert [reason for _, reason in zip(lines, reasons, strict=True)] == [None, None, None, None, None, "page header or footer"]


def test_the_contact_footer_goes_to_its_end() -> None:
    page = f"{BODY}\n\nFor more information, please contact:\n\nAna Example\nTel: +506 2222 3333\nana@example.org"
    assert kept(page) == [BODY]
    assert {reason for _, reason in clean(page)[1:]} == {"contact footer"}


def test_the_spanish_contact_footer_goes_too() -> None:
    page = f"{BODY}\n\nPara mayor información: Ana Ejemplo, correo electrónico ana@example.org, teléfono 2222-3333"
    assert kept(page) == [BODY]


def test_contact_words_followed_by_real_text_stay() -> None:
    page = f"For more information on rights, migrants turn to consulates.\n\n{BODY}\n\n{BODY}"
    assert len(kept(page)) == 3


@pytest.mark.parametrize(
    "line",
    [
        "Design by Example Studio",
        "Diseñado por Estudio Ejemplo",
        "Copyright © 2014 Example Organisation",
        "© Example Organisation",
        "Example Organisation. All rights reserved.",
        "Todos los derechos reservados",
    ],
)
def test_the_line_at_the_foot_of_a_site_goes(line: str) -> None:
    assert kept(f"{BODY}\n\n{line}") == [BODY]


@pytest.mark.parametrize("line", ["E-mail: ana@example.org", "Tel. +506 2222-3333", "www.example.org", "Fax 2222 3333"])
def test_a_line_that_is_only_a_way_to_reach_somebody_goes(line: str) -> None:
    assert kept(f"{BODY}\n{line}\n{BODY}") == [BODY, BODY]


@pytest.mark.parametrize(
    "sentence",
    [
        "The news of the agreement reached the consulates within a day.",
        "Noticias falsas sobre visas circularon en 2014.",
        "Consulates are the first contact of migrants abroad.",
        "Contact points in eleven countries exchange data every month.",
        "The home of the conference is Central America.",
        "Women baked cookies for the shelter in Tapachula.",
        "In 1996 the telephone of the secretariat did not stop ringing.",
        "More countries joined later.",
        "The search for missing migrants goes on in three countries.",
        "Language courses are offered to refugees.",
        "The budget was 1 250 000 dollars in 2010 and 2011.",
        "Developed by eleven countries, the plan began in 2015.",
        "Copyright law was not discussed.",
        "Home affairs ministers met too.",
    ],
)
def test_ordinary_sentences_with_menu_words_stay(sentence: str) -> None:
    assert not is_navigation(sentence)
    assert kept(f"{BODY}\n\n{sentence}\n\n{BODY}") == [BODY, sentence, BODY]


def test_lines_of_a_record_are_never_removed() -> None:
    lines = [("Contact", None), ("Ciudad: Managua", None), ("E-mail: ana@example.org", None)]
    assert clean_lines(lines, Counter(), keep=frozenset({0, 1, 2})) == [None, None, None]
    assert clean_lines(lines, Counter()) == ["navigation", None, "contact line"]
