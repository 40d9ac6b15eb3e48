import json
import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.records import Document, Passage, Source
from qa.citing import STYLES, cite, csl, text_fragment_link, title_of
from qa.dating import format_date
from qa.errors import BadRequest

SOURCE = Source(
    title="First meeting: rights & duties",
    publisher="Example Ministry",
    published="1996-03-14",
    url="https://example.org/puebla?x=1&y=2",
    lang="en",
    kind="report",
)
DOCUMENT = Document("puebla", "The conference was created in Puebla.", "en", "The first meeting", (), source=SOURCE)
PASSAGE = Passage("puebla", 0, 37, DOCUMENT.text, "en", page=4)


def with_source(**changes: object) -> Document:
    return replace(DOCUMENT, source=replace(SOURCE, **changes))


def test_plain_text_in_both_languages() -> None:
    assert cite(DOCUMENT, PASSAGE, "text") == (
        "Example Ministry (14 March 1996). “First meeting: rights & duties”. https://example.org/puebla?x=1&y=2. "
        "p. 4, document puebla:0-37."
    )
    assert cite(DOCUMENT, PASSAGE, "text", "es") == (
        "Example Ministry (14 de marzo de 1996). «First meeting: rights & duties». https://example.org/puebla?x=1&y=2. "
        "p. 4, documento puebla:0-37."
    )
    assert cite(DOCUMENT, None, "text").endswith("document puebla.")
    assert cite(DOCUMENT, PASSAGE, "text", quotation="was created").startswith("“was created” Example Ministry")


def test_what_is_not_known_is_said_or_left_out_and_never_made_up() -> None:
    bare = Document("a", "x", "en", None, ())
    assert cite(bare, None, "text") == "(n.d.). “Untitled document”. document a."
    assert cite(bare, None, "text", "es") == "(s. f.). «Documento sin título». documento a."
    assert "year" not in cite(bare, None, "bibtex") and "author" not in cite(bare, None, "bibtex")
    assert "PY" not in cite(bare, None, "ris") and "UR" not in cite(bare, None, "ris")
    assert not {"issued", "author", "URL", "page"} & set(csl(bare, None))


def test_a_document_is_called_by_its_source_its_title_or_its_file() -> None:
    assert title_of(DOCUMENT) == "First meeting: rights & duties"
    assert title_of(with_source(title=None)) == "The first meeting"
    assert title_of(replace(with_source(title=None), title=None, path="a/b.txt")) == "a/b.txt"
    assert title_of(replace(with_source(title=None), title=None, path="a/\u202eb.txt")) == "a/b.txt"


def test_a_summary_is_said_to_be_one() -> None:
    summary = replace(DOCUMENT, summary=True)
    assert "Summary in RCM Answers, document puebla:0-37" in cite(summary, PASSAGE, "text")
    assert "Summary in RCM Answers" in cite(summary, PASSAGE, "bibtex")
    assert "Summary in RCM Answers" in cite(summary, PASSAGE, "ris")
    assert "Summary in RCM Answers" in csl(summary, PASSAGE)["note"]


@pytest.mark.parametrize(
    "published, en, es, ris, parts, month",
    [
        ("1996-03-14", "14 March 1996", "14 de marzo de 1996", "1996/03/14/", [1996, 3, 14], True),
        ("1996-03", "March 1996", "marzo de 1996", "1996/03//", [1996, 3], True),
        ("1996", "1996", "1996", "1996///", [1996], False),
    ],
)
def test_dates_keep_their_precision_in_every_style(
    published: str, en: str, es: str, ris: str, parts: list[int], month: bool
) -> None:
    document = with_source(published=published)
    assert (format_date(published, "en"), format_date(published, "es")) == (en, es)
    assert f"({en})" in cite(document, None, "text")
    assert f"DA  - {ris}\r\n" in cite(document, None, "ris") and "PY  - 1996\r\n" in cite(document, None, "ris")
    assert csl(document, None)["issued"] == {"date-parts": [parts]}
    bibtex = cite(document, None, "bibtex")
    assert f"date = {{{published}}}" in bibtex and "year = {1996}" in bibtex
    assert ("month = {3}" in bibtex) is month


HOSTILE = "[a](javascript:x) *b* _c_ `d` <script> \\ & % $ # { } ~ ^ “q”"


def test_markdown_is_escaped_and_links_to_the_source() -> None:
    document = with_source(title=HOSTILE, publisher="A_B [c]")
    text = cite(document, PASSAGE, "markdown")
    assert "](https://example.org/puebla?x=1&y=2)" in text
    assert "A\\_B \\[c\\]" in text
    unescaped = re.sub(r"\\.", "", text)
    assert unescaped.count("[") == unescaped.count("]") == unescaped.count("(https") == 1
    assert not re.search(r"[*_`<>]", unescaped.split("](https")[0])


def test_a_markdown_link_cannot_be_left_by_its_address() -> None:
    document = with_source(url="https://example.org/a) [x](javascript:alert(1)")
    target = re.search(r"\]\((\S*)\)\.", cite(document, None, "markdown"))
    assert target is not None
    assert not set("()[] <>") & set(target[1])
    assert unquote(target[1]).startswith("https://example.org/a)")


def test_markdown_without_an_address_sets_the_title_in_italics() -> None:
    assert ". *First meeting: rights & duties*." in cite(with_source(url=None), None, "markdown")


@given(st.text(alphabet=st.sampled_from('ab{}\\%&$#_~^"@, \né'), max_size=30))
def test_braces_of_bibtex_balance_whatever_the_title_is(title: str) -> None:
    entry = cite(with_source(title=title or "x", publisher=title or None, url="https://example.org/" + title), PASSAGE, "bibtex")
    depth = 0
    for character in entry:  # BibTeX counts those after a backslash too
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0


def test_bibtex_is_an_entry_with_a_clean_key_and_escaped_fields() -> None:
    entry = cite(with_source(title=HOSTILE), PASSAGE, "bibtex")
    assert entry.startswith("@techreport{puebla:0-37,\n")
    assert (
        "\\textbackslash{} \\& \\% \\$ \\# \\textbraceleft{} \\textbraceright{} \\textasciitilde{} \\textasciicircum{}" in entry
    )
    assert "institution = {{Example Ministry}}" in entry
    assert "url = {https://example.org/puebla?x=1&y=2}" in entry
    assert cite(replace(DOCUMENT, id="a.b_c"), None, "bibtex").startswith("@techreport{a.b_c,")
    assert cite(with_source(kind="news"), None, "bibtex").startswith("@misc{")


def test_passages_of_one_document_are_entries_of_their_own() -> None:
    other = replace(PASSAGE, start=4)
    assert cite(DOCUMENT, other, "bibtex").startswith("@techreport{puebla:4-37,\n")
    assert [csl(DOCUMENT, passage)["id"] for passage in (PASSAGE, other, None)] == ["puebla:0-37", "puebla:4-37", "puebla"]


def test_the_address_in_bibtex_leads_where_the_source_stands() -> None:
    entry = cite(with_source(url="https://example.org/y={z}\\foo bar?q=é%20(1)#x"), None, "bibtex")
    assert "url = {https://example.org/y=%7Bz%7D%5Cfoo%20bar?q=%C3%A9%20(1)#x}" in entry


def test_ris_is_one_tag_a_line_and_ends_the_record() -> None:
    record = cite(with_source(title="Two\nlines\r\nTY  - FAKE"), PASSAGE, "ris")
    lines = record.split("\r\n")
    assert lines[0] == "TY  - RPRT" and lines[-2] == "ER  - " and lines[-1] == ""
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", line) for line in lines[:-1])
    assert [line for line in lines if line.startswith("TY")] == ["TY  - RPRT"]
    assert "SP  - 4" in lines and "PB  - Example Ministry" in lines


def test_csl_json_is_a_list_of_one_item() -> None:
    (item,) = json.loads(cite(with_source(title=HOSTILE), PASSAGE, "csl-json"))
    assert item["title"] == HOSTILE
    assert item["type"] == "report"
    assert item["author"] == [{"literal": "Example Ministry"}]
    assert item["URL"] == SOURCE.url and item["page"] == "4" and item["language"] == "en"


@pytest.mark.parametrize("style", STYLES)
def test_every_style_cites_a_document_with_everything_and_one_with_nothing(style: str) -> None:
    assert "First meeting" in cite(DOCUMENT, PASSAGE, style)
    assert cite(Document("a", "x", "es", None, ()), None, style)


def test_an_unknown_style_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadRequest, match="'apa' is not a citation style; use one of text, markdown"):
        cite(DOCUMENT, PASSAGE, "apa")


def test_a_link_scrolls_to_the_quotation() -> None:
    link = text_fragment_link(DOCUMENT, "was created – in Puebla", None)
    assert link == "https://example.org/puebla?x=1&y=2#:~:text=was%20created%20%E2%80%93%20in%20Puebla"
    words = " ".join(f"w{n}" for n in range(20))
    assert str(text_fragment_link(DOCUMENT, words, None)).endswith("text=w0%20w1%20w2%20w3%20w4,w15%20w16%20w17%20w18%20w19")


def test_marks_of_the_fragment_syntax_in_a_quotation_are_encoded() -> None:
    link = str(text_fragment_link(DOCUMENT, "vice-ministers, law & order", None))
    fragment = link.partition(":~:text=")[2]
    assert not set("-,&") & set(fragment)
    assert unquote(fragment) == "vice-ministers, law & order"


def test_an_address_with_an_anchor_or_fragment_keeps_one_of_each() -> None:
    anchored = with_source(url="https://example.org/a#part")
    assert text_fragment_link(anchored, "some words", None) == "https://example.org/a#part:~:text=some%20words"
    marked = with_source(url="https://example.org/a#:~:text=old")
    assert text_fragment_link(marked, "some words", None) == "https://example.org/a#:~:text=some%20words"


def test_a_pdf_is_opened_at_its_page_and_a_summary_at_its_head() -> None:
    pdf = with_source(url="https://example.org/a.PDF?v=2#x")
    assert text_fragment_link(pdf, "some words", 4) == "https://example.org/a.PDF?v=2#page=4"
    assert text_fragment_link(replace(DOCUMENT, summary=True), "some words", None) == SOURCE.url


@pytest.mark.parametrize(
    "url", [None, "javascript:alert(1)", "data:text/html,x", "//example.org", "ftp://example.org/a", " https://a"]
)
def test_no_link_is_made_of_an_unsafe_address(url: str | None) -> None:
    assert text_fragment_link(with_source(url=url), "some words", None) is None


def test_no_style_links_to_an_unsafe_address() -> None:
    for style in STYLES:
        assert "](javascript" not in cite(with_source(url="javascript:alert(1)"), PASSAGE, style)
