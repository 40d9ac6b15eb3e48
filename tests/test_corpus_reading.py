import io
import json
import os
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import UnreadableDocument
from corpus.loading import Collection, give_ids, load_collection
from corpus.normalising import normalise
from corpus.reading import Limits, decode_text, parse_raw, read_file
from corpus.records import Document

BODY = "The member countries met for three days in Panama and agreed on a plan of work for the coming year."
SPANISH = "Los países miembros se reunieron durante tres días en Panamá y acordaron un plan de trabajo para el año próximo."


def load(folder: Path, limits: Limits | None = None, **files: bytes | str) -> Collection:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_collection([folder], limits)


def only(collection: Collection) -> Document:
    assert collection.skipped == []
    (document,) = collection.documents
    return document


def blocks(document: Document) -> list[tuple[str, str]]:
    return [(b.kind, document.text[b.start : b.end]) for b in document.blocks]


def reasons(collection: Collection) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in collection.skipped}


def make_pdf(pages: list[list[str]], *, title: str = "", encrypted: bool = False) -> bytes:
    """A PDF with one line of text for each string; `encrypted` asks for a password that nobody knows."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = "".join(f"({line}) Tj 0 -14 Td " for line in lines)
        stream = f"BT /F1 11 Tf 72 720 Td {shown}ET".encode("cp1252")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(b"%d 0 R" % kid for kid in kids))
    trailer = b"/Root 1 0 R"
    if title:
        objects.append(b"<< /Title (%s) >>" % title.encode("ascii"))
        trailer += b" /Info %d 0 R" % len(objects)
    if encrypted:
        objects.append(b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >>" % (b"41" * 32, b"42" * 32))
        trailer += b" /Encrypt %d 0 R /ID [<00> <00>]" % len(objects)
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    out.write(b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start))
    return out.getvalue()


def make_docx(fill: Callable[[docx.document.Document], object] | None = None, title: str = "") -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    if fill:
        fill(document)
    else:
        document.add_paragraph(BODY)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


TOML = f"""+++
id = "first"
title = "The first meeting"
lang = "en"
topics = ["history"]
[source]
title = "First Regional Conference"
publisher = "Example Ministry"
published = 1996-03-14
url = "https://example.org/a"
lang = "es"
kind = "communique"
[event]
edition = "I"
year = 1996
city = "Puebla"
+++

# Heading one

{BODY}

- an item of *two* words
- a [link](https://example.org) in an item

| Year | City |
|------|------|
| 1996 | Puebla |

<div>no markup</div>
"""


def test_markdown_with_toml_front_matter(tmp_path: Path) -> None:
    document = only(load(tmp_path, a__md=TOML))
    assert (document.id, document.title, document.lang, document.topics) == ("first", "The first meeting", "en", ("history",))
    assert document.source.published == "1996-03-14"
    assert document.source.url == "https://example.org/a" and document.source.lang == "es"
    assert (document.event.edition, document.event.year, document.event.city) == ("I", 1996, "Puebla")
    assert blocks(document) == [
        ("heading", "Heading one"),
        ("paragraph", BODY),
        ("item", "• an item of two words"),
        ("item", "• a link in an item"),
        ("item", "Year | City"),
        ("item", "1996 | Puebla"),
    ]


def test_markdown_with_yaml_front_matter_keeps_the_precision_of_dates(tmp_path: Path) -> None:
    text = f"---\ntitle: La primera\nlang: es\nsource:\n  published: 2014\n  kind: news\n---\n\n{SPANISH}\n"
    document = only(load(tmp_path, b__md=text))
    assert (document.title, document.lang, document.source.published, document.source.kind) == (
        "La primera",
        "es",
        "2014",
        "news",
    )
    assert document.text == SPANISH


def test_a_rule_at_the_head_of_markdown_is_no_front_matter(tmp_path: Path) -> None:
    document = only(load(tmp_path, c__md=f"---\n{BODY}\n\n---\n\n{SPANISH}"))
    assert BODY in document.text and SPANISH in document.text
    assert document.title is None


@pytest.mark.parametrize(
    "head, named",
    [
        ('+++\ntitel = "x"\n+++\n', "titel"),
        ('+++\n[source]\npublishd = "2014"\n+++\n', "source.publishd"),
        ('+++\n[source]\npublished = "June 2014"\n+++\n', "June 2014"),
        ('+++\n[source]\npublished = "2014-02-31"\n+++\n', "2014-02-31"),
        ('+++\n[source]\nurl = "http://["\n+++\n', "http://["),
        ('+++\n[source]\nurl = "https://example.org/\\u001b[31m"\n+++\n', "is not a web address"),
        ('+++\n[source]\nurl = "javascript:alert(1)"\n+++\n', "javascript:alert(1)"),
        ('+++\nid = "no spaces here"\n+++\n', "no spaces here"),
        ('+++\nlang = "fr"\n+++\n', "lang"),
        ("+++\ntitle = \n+++\n", "does not parse"),
        ("---\ntitle: [unclosed\n---\n", "does not parse"),
        ("---\nsource:\n  published: 2014-13-45\n---\n", "month must be in 1..12"),
        ("---\nsource:\n  published: 2014-02-31\n---\n", "day is out of range"),
        ("+++\nx = " + "9" * 5000 + "\n+++\n", ""),
        ("---\nx: " + "9" * 5000 + "\n---\n", ""),
        ("---\n? {a: b}\n: c\n---\n", ""),
        ("---\nevent: 5\n---\n", "event"),
        ("---\ntitle: 5\n---\n", "title"),
    ],
)
def test_bad_front_matter_is_named_and_the_run_goes_on(tmp_path: Path, head: str, named: str) -> None:
    collection = load(tmp_path, bad__md=f"{head}\n{BODY}\n", good__md=f"{BODY}\n")
    assert [d.id for d in collection.documents] == ["good"]
    assert list(reasons(collection)) == ["bad.md"]
    assert named in reasons(collection)["bad.md"]
    assert "\n" not in reasons(collection)["bad.md"]


PAGE = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Meeting in Panama | Example Portal</title>
<meta property="og:title" content="Meeting in Panama"><meta property="og:site_name" content="Example Portal">
<meta property="article:published_time" content="2014-06-27T10:00:00Z">
<link rel="canonical" href="https://example.org/meeting"></head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/a">Who we are</a></li><li><a href="/n">News</a></li></ul></nav>
<header><a href="/login">Log in</a></header>
<main><article><h1>Meeting in Panama</h1><p>{BODY}</p><h2>What was agreed</h2>
<p>They agreed to strengthen the networks of liaison officers and to share information on visas in good time.</p>
<ul><li>A first point about the protection of migrants</li><li>A second point about return</li></ul></article></main>
<footer><p>Copyright 2014 Example Portal. All rights reserved.</p><script>var tracked = 1;</script></footer></body></html>"""


def test_a_web_page_gives_its_article_and_what_its_head_states(tmp_path: Path) -> None:
    document = only(load(tmp_path, page__html=PAGE))
    assert document.title == "Meeting in Panama"
    assert (document.source.publisher, document.source.published) == ("Example Portal", "2014-06-27")
    assert document.source.url == "https://example.org/meeting"
    assert document.lang == "en"
    assert ("paragraph", BODY) in blocks(document)
    assert ("heading", "What was agreed") in blocks(document)
    assert ("item", "• A second point about return") in blocks(document)
    for furniture in ("Who we are", "Log in", "rights reserved", "tracked"):
        assert furniture not in document.text


def test_the_date_of_a_page_is_not_guessed_from_its_text(tmp_path: Path) -> None:
    page = PAGE.replace('<meta property="article:published_time" content="2014-06-27T10:00:00Z">', "").replace(
        "They agreed", "On 3 May 2011 they agreed"
    )
    assert only(load(tmp_path, page__html=page)).source.published is None


def test_a_page_with_a_title_of_three_thousand_letters_is_read(tmp_path: Path) -> None:
    page = PAGE.replace("Meeting in Panama | Example Portal", "x" * 3000).replace(
        'content="Meeting in Panama"', f'content="{"word " * 600}"'
    )
    document = only(load(tmp_path, page__html=page))
    assert BODY in document.text and document.title is not None and len(document.title) <= 2000


def test_a_page_in_a_declared_encoding_is_read(tmp_path: Path) -> None:
    page = PAGE.replace("utf-8", "iso-8859-1").replace(BODY, SPANISH).encode("iso-8859-1")
    assert SPANISH in only(load(tmp_path, page__html=page)).text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-1"])
def test_plain_text_is_read_in_the_encodings_of_the_region(tmp_path: Path, encoding: str) -> None:
    assert only(load(tmp_path, a__txt=f"{SPANISH}\n".encode(encoding))).text == SPANISH


def test_plain_text_of_both_byte_orders_is_read() -> None:
    for codec, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        assert decode_text(mark + SPANISH.encode(codec)) == SPANISH
    with pytest.raises(UnreadableDocument, match="UTF-16"):
        decode_text(b"\xff\xfe\x00\xd8\x00")


def test_windows_quotation_marks_and_dashes_survive() -> None:
    assert decode_text("“Sí” – dijo él… y calló".encode("cp1252")) == "“Sí” – dijo él… y calló"


def test_text_is_composed_and_invisible_characters_go(tmp_path: Path) -> None:
    raw = "Reunio\u0301n\u00a0de\u200b Panama\u0301\ufeff y Belice con\u00adferencia\u202e fin\x07 de la reunión anual."
    document = only(load(tmp_path, a__txt=raw))
    assert document.text == "Reunión de Panamá y Belice conferencia fin de la reunión anual."
    assert unicodedata.is_normalized("NFC", document.text)


def is_clean(text: str) -> bool:
    hidden = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn") and c != "\n"]
    return not hidden and unicodedata.is_normalized("NFC", text)


TRICKY = "aeu \u0301\u0303\u00ad\u200b\u200d\u202e\u2066\ufeff\u00a0\u2028\u0085\u061c\u2126\u0958\n\r\t"


@given(st.text() | st.text(st.sampled_from(TRICKY)))
def test_normalising_leaves_no_control_character_and_is_stable(text: str) -> None:
    clean = normalise(text)
    assert is_clean(clean)
    assert normalise(clean) == clean
    clean.encode("utf-8")


def write_with(folder: Path, kind: str, text: str) -> None:
    """A file of a kind with a text in its body, its heading and its title; markup writes characters by their numbers."""
    written = "".join(f"&#{ord(c)};" for c in text)
    if kind == "md":
        content = f"+++\ntitle = {json.dumps(text)}\n+++\n\n# A {written} b\n\n{BODY} {written}\n\n- {written}\n".encode()
    elif kind == "html":
        content = (
            PAGE.replace("Meeting in Panama", f"Meeting {written} in Panama")
            .replace("in good time.", f"in good time. {written}")
            .replace("about return", f"about return {written}")
            .encode()
        )
    elif kind == "docx":
        content = make_docx(lambda d: (d.add_heading(f"A {text} b", 1), d.add_paragraph(f"{BODY} {text}")), title=f"x {text}")
    else:
        content = f"A heading {text}\n\n{BODY} {text}\n\n- {text}\n".encode()
    (folder / f"a.{kind}").write_bytes(content)
    (folder / f"a.{kind}.meta.toml").write_text(f"[source]\npublisher = {json.dumps(text)}\ntitle = {json.dumps(text)}\n")


@pytest.mark.parametrize("kind", ["md", "html", "docx", "txt"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from(TRICKY)))
def test_all_that_a_document_says_is_normalised_whoever_reads_it(tmp_path: Path, kind: str, text: str) -> None:
    write_with(tmp_path, kind, text)
    document = only(load_collection([tmp_path]))
    said = [document.title, document.source.title, document.source.publisher]
    assert is_clean(document.text)
    assert all(is_clean(value) and "\n" not in value for value in said if value)


@pytest.mark.parametrize("kind", ["md", "html"])
def test_characters_that_markup_writes_by_number_or_name_are_normalised(tmp_path: Path, kind: str) -> None:
    sentence = "The authority set a quo&shy;ta of trout for the cafe&#769; of lake Titi&#8203;caca in 2014 &#x202E;abc."
    text = sentence if kind == "md" else PAGE.replace(BODY, sentence)
    document = only(load(tmp_path, **{f"a__{kind}": text}))
    assert "The authority set a quota of trout for the café of lake Titicaca in 2014 abc." in document.text


def test_hard_wrapped_text_is_joined_and_lists_are_kept(tmp_path: Path) -> None:
    text = (
        "The annual meeting\n\n"
        "The member countries met for three days in Panama\nand agreed on a plan of work for the coming year. They\n"
        "also agreed to meet again in the spring of the year\nafter, when the new presidency takes over its work and\n"
        "the next declaration will be ready.\n\n- first point of it\n- second point of it\n"
    )
    document = only(load(tmp_path, a__txt=text))
    assert document.title == "The annual meeting"
    assert [kind for kind, _ in blocks(document)] == ["heading", "paragraph", "item", "item"]
    assert "in Panama and agreed" in document.text and "They also agreed" in document.text


def test_a_pdf_gives_its_text_with_the_page_of_each_span(tmp_path: Path) -> None:
    pdf = make_pdf(
        [
            ["The annual meeting", "", "The member countries met for three days in Panama City."],
            ["They agreed on a plan of work that began in the year 2015."],
        ],
        title="Report on the annual meeting",
    )
    document = only(load(tmp_path, report__pdf=pdf))
    assert document.title == "Report on the annual meeting"
    pages = {document.text[b.start : b.end].split(" ")[0]: b.page for b in document.blocks if b.kind == "paragraph"}
    assert pages == {"The": 1, "They": 2}


def test_a_pdf_over_the_limit_of_pages_is_named_with_the_limit(tmp_path: Path) -> None:
    collection = load(tmp_path, Limits(max_pages=1), long__pdf=make_pdf([["One line."], ["Another line."]]))
    assert "2 pages" in reasons(collection)["long.pdf"] and "max_pages" in reasons(collection)["long.pdf"]


def test_a_word_file_gives_headings_lists_and_tables_in_order(tmp_path: Path) -> None:
    def fill(made: docx.document.Document) -> None:
        made.add_heading("The annual meeting", 0)
        made.add_paragraph(BODY)
        made.add_heading("Points", 2)
        made.add_paragraph("first point", style="List Bullet")
        made.add_paragraph("second point", style="List Number")
        table = made.add_table(rows=2, cols=2)
        for row, values in zip(table.rows, (("Year", "City"), ("1996", "Puebla")), strict=True):
            for cell, value in zip(row.cells, values, strict=True):
                cell.text = value
        made.add_paragraph("After the table.")

    document = only(load(tmp_path, a__docx=make_docx(fill, title="Properties title")))
    assert document.title == "Properties title"
    assert blocks(document) == [
        ("heading", "The annual meeting"),
        ("paragraph", BODY),
        ("heading", "Points"),
        ("item", "• first point"),
        ("item", "• second point"),
        ("item", "Year | City"),
        ("item", "1996 | Puebla"),
        ("paragraph", "After the table."),
    ]


def bomb(expanded: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * expanded)
    return out.getvalue()


def broken_member() -> bytes:
    """A Word file whose main part does not have the checksum that the archive states."""
    data = bytearray(make_docx())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo("word/document.xml")
    start = info.header_offset + 30 + len(info.filename) + 8
    data[start : start + 40] = bytes(40)
    return bytes(data)


@pytest.mark.parametrize(
    "name, data, said",
    [
        ("damaged.pdf", b"%PDF-1.4 nothing of the sort", "damaged"),
        ("cut.pdf", make_pdf([["One line of it."]])[:60], "damaged"),
        ("locked.pdf", make_pdf([["One line of it."]], encrypted=True), "password"),
        ("scan.pdf", make_pdf([[]]), "no text"),
        ("damaged.docx", b"PK\x03\x04 nothing of the sort", "damaged"),
        ("checksum.docx", broken_member(), "damaged"),
        ("foreign.docx", bomb(10), "damaged"),
        ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
        ("bomb.docx", bomb(3_000_000), "unpacks to 3,000,000"),
        ("blank.docx", make_docx(lambda d: None), "no text"),
        ("empty.txt", b"", "empty"),
        ("blank.md", b" \n\n\t", "empty"),
        ("binary.txt", bytes(range(256)) * 8, "binary"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40), "binary"),
        ("big.txt", b"word " * 30_000, "max_file_bytes"),
        ("page.html", b"<html><body></body></html>", "no main content"),
        ("menu.txt", b"Home\nNews\nContact\nSearch\n", "nothing is left"),
        ("sheet.xlsx", b"PK", ".xlsx"),
        ("noname", b"text", "(none)"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_by_name_and_reason(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "good.txt").write_text(BODY)
    collection = load_collection([tmp_path], Limits(max_file_bytes=100_000, max_expansion=2_000_000))
    assert [d.id for d in collection.documents] == ["good"]
    assert list(reasons(collection)) == [name]
    assert said in reasons(collection)[name]


def test_a_text_over_the_limit_of_characters_is_named_with_the_limit(tmp_path: Path) -> None:
    for files in ({"a__md": BODY}, {"a__txt": BODY}, {"a__pdf": make_pdf([[BODY]])}, {"a__docx": make_docx()}):
        collection = load(tmp_path / next(iter(files)), Limits(max_text_chars=50), **files)
        assert "max_text_chars" in next(iter(reasons(collection).values()))


def test_a_file_that_may_not_be_opened_is_reported(tmp_path: Path) -> None:
    (tmp_path / "loop.md").symlink_to(tmp_path / "loop.md")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    (tmp_path / "good.md").write_text(BODY)
    assert [d.id for d in load_collection([tmp_path]).documents] == ["good"]
    with pytest.raises(UnreadableDocument, match="cannot be opened"):
        read_file(tmp_path / "gone.md", Limits())


def test_a_file_name_that_is_no_text_is_reported(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/bad\xff.txt"
    try:
        Path(os.fsdecode(path)).write_text(BODY)
    except OSError:
        pytest.skip("this file system takes no such name")
    (tmp_path / "good.md").write_text(BODY)
    collection = load_collection([tmp_path])
    assert [d.id for d in collection.documents] == ["good"]
    assert list(reasons(collection)) == ["bad\ufffd.txt"]


def test_an_id_that_is_taken_is_reported_and_the_first_file_keeps_it(tmp_path: Path) -> None:
    text = '+++\nid = "same"\n+++\n\n'
    collection = load(tmp_path, a__md=f"{text}{BODY}", b__md=f"{text}{SPANISH}")
    assert [(d.id, d.path) for d in collection.documents] == [("same", "a.md")]
    assert "'same' is taken" in reasons(collection)["b.md"]


def test_a_stated_id_comes_before_a_name(tmp_path: Path) -> None:
    collection = load(tmp_path, report__md=BODY, z__md=f'+++\nid = "report"\n+++\n\n{BODY} z')
    assert {d.id: d.path for d in collection.documents} == {"report": "z.md", "report.md": "report.md"}
    assert collection.files == {"report": tmp_path / "z.md", "report.md": tmp_path / "report.md"}


@pytest.mark.parametrize(
    "names, ids",
    [
        (["x/a.md", "y/b.md"], {"x/a.md": "x-a", "y/b.md": "y-b"}),
        (["x/a.md", "y/a.md"], {"x/a.md": "x-a", "y/a.md": "y-a"}),
        (["x/a.md", "a.md"], {"x/a.md": "x-a", "a.md": "a"}),
        (["a.md", "a.txt"], {"a.md": "a.md", "a.txt": "a.txt"}),
        (["x-a.md", "x/a.md", "y/a.md"], {"x-a.md": "x-a.md-3", "x/a.md": "x-a.md-2", "y/a.md": "y-a"}),
        (["a b.md", "a-b.md"], {"a b.md": "a-b.md-2", "a-b.md": "a-b.md-3"}),
    ],
)
def test_a_file_that_states_no_id_is_called_by_as_much_of_its_path_as_it_takes(
    tmp_path: Path, names: list[str], ids: dict[str, str]
) -> None:
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{BODY} {name}")
    documents = load_collection([tmp_path]).documents
    assert {d.path: d.id for d in documents} == ids
    assert all(d.variant_of == d.id for d in documents)


def test_a_file_is_no_language_version_of_a_document_that_states_its_id_elsewhere(tmp_path: Path) -> None:
    load(tmp_path / "x", report__md=f'+++\nid = "visas"\n+++\n\n{BODY}')
    load(tmp_path / "y", visas__es__md=SPANISH)
    collection = load_collection([tmp_path / "x", tmp_path / "y"])
    assert {d.id: d.variant_of for d in collection.documents} == {"visas": "visas", "visas.es.md": "visas.es.md"}


def test_the_same_path_in_two_folders_of_a_collection_gives_two_documents(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        load(tmp_path / folder, a__md=f"{BODY} {folder}")
    assert len({d.id for d in load_collection([tmp_path / "x", tmp_path / "y"]).documents}) == 2


NAMES = st.lists(
    st.sampled_from(["r.md", "r.es.md", "r.txt", "a/r.md", "a/r.es.md", "a/r.txt", "b/r.md", "b/r.es.md"]), unique=True
)


@given(NAMES, st.data())
def test_no_id_passes_from_one_file_of_a_name_to_another_when_one_comes(names: list[str], data: st.DataObject) -> None:
    def named(files: list[str]) -> dict[str, str]:
        return dict(zip(files, give_ids([(file, Path(file)) for file in files], ()), strict=True))

    now = named(names)
    assert len(set(now.values())) == len(names)
    if names:
        then = named([name for name in names if name != data.draw(st.sampled_from(names))])
        owners = {identifier: name for name, identifier in then.items()}
        assert all(owners.get(identifier, name) == name for name, identifier in now.items())


def test_the_language_versions_of_a_document_know_each_other_by_name(tmp_path: Path) -> None:
    collection = load(tmp_path, meeting__en__md=BODY, meeting__es__md=SPANISH)
    assert {d.id: d.variant_of for d in collection.documents} == {"meeting.en": "meeting", "meeting.es": "meeting"}
    assert {d.id: d.lang for d in collection.documents} == {"meeting.en": "en", "meeting.es": "es"}


def test_language_versions_keep_together_where_another_folder_has_files_of_their_name(tmp_path: Path) -> None:
    load(tmp_path / "x", meeting__en__md=BODY, meeting__es__md=SPANISH)
    load(tmp_path / "y", meeting__en__md=f"{BODY} Another one.")
    assert {d.id: d.variant_of for d in load_collection([tmp_path]).documents} == {
        "x-meeting.en": "x-meeting",
        "x-meeting.es": "x-meeting",
        "y-meeting.en": "y-meeting",
    }


def test_files_of_two_folders_are_no_language_versions_by_their_names(tmp_path: Path) -> None:
    load(tmp_path / "x", report__md=BODY, visas__en__md=BODY)
    load(tmp_path / "y", report__md=SPANISH, visas__es__md=SPANISH)
    variants = [d.variant_of for d in load_collection([tmp_path]).documents]
    assert variants == ["x-report", "x-visas", "y-report", "y-visas"]


HOSTILE = {
    "quotes.md": (">" * 20_000) + " deep\n\n" + BODY,
    "lists.md": "\n".join("  " * n + "- x" for n in range(400)) + f"\n\n{BODY}",
    "brackets.md": "[" * 50_000 + f"\n\n{BODY}",
    "stars.md": "*a **b " * 20_000 + f"\n\n{BODY}",
    "divs.html": "<html><body>" + "<div>" * 20_000 + f"<p>{BODY}</p>" + "</div>" * 20_000,
    "spans.html": f"<html><body><p>{BODY}</p>" + "<b><i>" * 20_000,
    "yaml.md": "---\ntitle: " + "[" * 20_000 + f"\n---\n\n{BODY}",
    "toml.md": "+++\ntopics = " + "[" * 20_000 + f"\n+++\n\n{BODY}",
    "alias.md": "---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
    f"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n---\n\n{BODY}",
    "line.txt": "word " * 40_000,
    "newlines.txt": "a\n\n" * 20_000,
    "pipes.md": "|" * 20_000 + "\n" + "|-" * 20_000 + f"\n\n{BODY}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_read_or_reported_but_never_stops_the_run(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HOSTILE[name])
    (tmp_path / "zz.txt").write_text(BODY)
    collection = load_collection([tmp_path])
    assert "zz" in [d.id for d in collection.documents]
    assert len(collection.documents) + len(collection.skipped) == 2


SEEDS = {
    ".pdf": make_pdf(
        [["The first line of the page.", "The second line of it."], ["Another page of text."]], title="A title of it"
    ),
    ".docx": make_docx(lambda d: (d.add_heading("Heading", 1), d.add_paragraph(BODY))),
    ".html": PAGE.encode(),
    ".md": TOML.encode(),
    ".txt": SPANISH.encode("cp1252"),
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_gives_a_document_or_a_reason(tmp_path: Path, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(sorted(SEEDS)))
    seed = bytearray(SEEDS[suffix])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(seed) - 1))
        piece = data.draw(st.binary(max_size=8))
        seed[at : at + data.draw(st.integers(0, 40))] = piece
        if not seed:
            break
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(bytes(seed))
    try:
        raw = parse_raw(read_file(path, Limits()), Limits())
    except UnreadableDocument as error:
        assert str(error)
    else:
        assert raw.blocks or raw.lines


def test_the_sidecar_wins_over_what_the_file_says(tmp_path: Path) -> None:
    sidecar = 'title = "The curator\'s title"\n[source]\npublisher = "Example Ministry"\npublished = 2010-05-20\n'
    document = only(load(tmp_path, page__html=PAGE, page__html__meta__toml=sidecar))
    assert document.title == "The curator's title"
    assert (document.source.publisher, document.source.published) == ("Example Ministry", "2010-05-20")
    assert document.source.url == "https://example.org/meeting"


def test_a_sidecar_may_be_named_after_the_stem(tmp_path: Path) -> None:
    assert only(load(tmp_path, a__txt=BODY, a__meta__toml='id = "stated"')).id == "stated"


@pytest.mark.parametrize("sidecar, named", [(b"titel = 1", "titel"), (b"\xff\xfe\x00", "parse"), (b"title = ", "parse")])
def test_a_bad_sidecar_is_reported_with_its_file(tmp_path: Path, sidecar: bytes, named: str) -> None:
    collection = load(tmp_path, a__txt=BODY, a__txt__meta__toml=sidecar)
    assert "a.txt.meta.toml" in reasons(collection)["a.txt"] and named in reasons(collection)["a.txt"]


def test_nothing_is_guessed(tmp_path: Path) -> None:
    text = f"{BODY} It was signed on 27 June 2014 in the city of Managua by all of them, as the text says.\n\nThe end of it."
    document = only(load(tmp_path, a__txt=text))
    assert document.title is None
    assert document.source == type(document.source)()
    assert document.year is None


def test_a_date_that_stands_alone_under_the_title_is_stated(tmp_path: Path) -> None:
    document = only(load(tmp_path, a__txt=f"The annual meeting in Panama\n\n27 June 2014\n\n{BODY}"))
    assert document.title == "The annual meeting in Panama"
    assert document.source.published == "2014-06-27"


def test_reading_the_same_files_twice_gives_the_same_documents(tmp_path: Path) -> None:
    load(tmp_path, a__md=TOML, b__html=PAGE, c__txt=SPANISH, d__docx=make_docx(), e__pdf=make_pdf([["One line of text."]]))
    first, second = load_collection([tmp_path]), load_collection([tmp_path])
    assert first.documents == second.documents and len(first.documents) == 5


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.md").write_text(BODY)
    (tmp_path / ".b.md").write_text(BODY)
    assert only(load(tmp_path, c__md=BODY)).id == "c"
