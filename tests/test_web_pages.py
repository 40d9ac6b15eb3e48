import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from starlette.testclient import TestClient

from qa.answers import Highlight
from qa.live import LiveEngine
from tests.web_fixtures import HTML, MEMBERS, serving
from web.asking import AskParams, read_params
from web.catalogue import Selection
from web.charts import YEAR_HEIGHT, YEAR_WIDTH, name_bars, year_bars
from web.collection import read_report
from web.feedback import Feedback
from web.markdown import escape_markdown, quote_markdown
from web.marking import render_runs, split_text


@pytest.fixture
def client(tiny_live: LiveEngine) -> Iterator[TestClient]:
    with serving(tiny_live) as client:
        yield client


@pytest.fixture
def answering(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Answers whatever was found, so that the page does not depend on what was learnt about another collection."""
    monkeypatch.setattr("qa.answering.status_of", lambda p, calibration: ("answered", "high"))
    return client


def test_the_first_page_says_what_there_is_and_weighs_little(client: TestClient) -> None:
    page = client.get("/", headers={**HTML, "Accept-Encoding": "identity"})
    assert "3 documents on the years 1996 to 2014" in page.text
    weight = len(page.content)
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        reply = client.get(address, headers={"Accept-Encoding": "identity"})
        assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
        weight += len(reply.content)
    assert weight < 100_000, "uncompressed, everything that the first page loads"


def test_six_questions_greet_a_visitor_in_their_language_and_each_is_answered(answering: TestClient) -> None:
    site = answering.app.state.site  # type: ignore[attr-defined]
    site.leads._generation = None
    site.leads.prepare(site.engine())
    for lang, word in (("en", "Which countries"), ("es", "¿Qué países")):
        page = answering.get("/", headers={**HTML, "Accept-Language": lang}).text
        questions = re.findall(r'<li lang=".."><a href="(/\?q=[^"]+)"', page)
        assert len(questions) == 6
        assert word in page
        for address in questions:
            assert 'class="turn is-answered"' in answering.get(address, headers=HTML).text


def test_an_answer_is_marked_in_its_passage_and_cited(answering: TestClient) -> None:
    page = answering.get("/", params={"q": MEMBERS}, headers=HTML).text
    assert "Answered by the collection" in page
    quoted = re.search(r'<blockquote lang="en" id="t1-answer"><p>([^<]+)', page)
    assert quoted is not None
    assert re.search(r"<mark>" + re.escape(quoted[1][:40]), page)
    assert "Example Ministry" in page
    assert '<time datetime="1996-03-14">14 March 1996</time>' in page
    for style in ("bibtex", "ris", "csl-json"):
        address = re.search(rf'href="(/passages/[^"]+style={style})"', page)
        assert address is not None
        reply = answering.get(address[1])
        assert reply.status_code == 200
        assert "attachment" in reply.headers["content-disposition"]
    assert 'name="robots" content="noindex"' in page


def test_where_nothing_may_be_the_answer_nothing_is_marked_as_one(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.answering.status_of", lambda p, calibration: ("related", "low"))
    page = client.get("/", params={"q": MEMBERS}, headers=HTML).text
    assert "perhaps none of them answers" in page
    assert "<mark" not in page
    assert '<figure class="quote">' not in page
    assert '<span class="near">' in page and "The sentences that come nearest are set off" in page
    assert re.search(r'<span class="near">[^<]*(?:<span class="m">[^<]*</span>[^<]*)+</span>', page)


def test_a_question_without_an_answer_leads_on(client: TestClient) -> None:
    page = client.get("/", params={"q": MEMBERS, "year_from": "2999"}, headers=HTML).text
    assert "Nothing found with these filters" in page
    assert "Clear the filters" in page
    for question, said in (
        (MEMBERS, "Nothing found with these filters"),
        ("¿Qué países integran la CRM?", "Nada encontrado con estos filtros"),
    ):
        assert said in client.get("/answer.md", params={"q": question, "year_from": "2999"}).text


def test_the_address_reproduces_a_conversation(answering: TestClient) -> None:
    address = AskParams(q="And in 2014?", h=("Where was the annual meeting of the RCM held in 2010?",)).address()
    page = answering.get(address, headers=HTML).text
    assert "Understood as:" in page
    assert '<input type="hidden" name="h" value="Where was the annual meeting of the RCM held in 2010?">' in page
    assert '<input type="hidden" name="h" value="And in 2014?">' in page
    assert '<a href="/?q=Where%20was%20the%20annual%20meeting%20of%20the%20RCM%20held%20in%202010%3F">' in page


def test_filters_of_the_page_hold_and_blank_ones_count_as_absent(answering: TestClient) -> None:
    query = {"q": "meeting of the RCM", "year_from": "2014", "year_to": "", "kind": "", "publisher": "", "doc_lang": ""}
    page = answering.get("/", params=query, headers=HTML).text
    assert "/documents/managua" in page
    assert "/documents/tapachula" not in page
    assert 'name="year_from" inputmode="numeric" pattern="[0-9]{4}" maxlength="4" size="5" value="2014"' in page


def test_a_fragment_is_the_answer_alone(answering: TestClient) -> None:
    part = answering.get("/", params={"q": MEMBERS, "fragment": "1", "n": "3"}, headers=HTML).text
    assert part.lstrip().startswith('<article class="turn is-answered" id="t3"')
    assert "<html" not in part
    assert 'id="t3-c1"' in part


@pytest.mark.parametrize("question", ["?!", "x" * 1200])
def test_a_question_that_cannot_be_asked_is_explained_in_both_languages(client: TestClient, question: str) -> None:
    english = client.get("/", params={"q": question}, headers=HTML)
    spanish = client.get("/", params={"q": question, "hl": "es"}, headers=HTML)
    assert (english.status_code, spanish.status_code) == (400, 400)
    assert "The question is" in english.text
    assert "La pregunta" in spanish.text


def test_the_answer_as_markdown_quotes_and_cites(answering: TestClient) -> None:
    reply = answering.get("/answer.md", params={"q": MEMBERS})
    assert reply.headers["content-type"] == "text/markdown; charset=utf-8"
    assert reply.text.startswith(f"# {MEMBERS}\n\n**Answered by the collection.**")
    assert "\n> " in reply.text
    assert "\n[^1]: Example Ministry (14 March 1996). [First meeting" in reply.text
    assert reply.text.rstrip().endswith("<http://127.0.0.1:8000/?q=Which%20countries%20are%20members%20of%20the%20RCM%3F>")


def test_the_reader_marks_the_passage_and_names_its_record(client: TestClient) -> None:
    text = client.get("/api/v1/documents/puebla/text").json()["text"]
    start = text.index("Eleven")
    page = client.get(f"/documents/puebla?start={start}&end={len(text)}", headers=HTML).text
    assert '<mark id="hit">Eleven countries belong to it today.</mark>' in page
    assert page.count('id="hit"') == 1
    assert "<mark>• Belize and Canada</mark>" in page
    assert '<h3 id="s' in page or '<h2 id="s' in page
    for meta in (
        '<meta name="citation_title" content="First meeting of the regional conference">',
        '<meta name="citation_publisher" content="Example Ministry">',
        '<meta name="citation_publication_date" content="1996/03/14">',
        '<meta name="DC.date" content="1996-03-14">',
    ):
        assert meta in page
    assert 'type="application/x-bibtex"' in page
    for style in ("bibtex", "ris", "csl-json"):
        citation = client.get(f"/documents/puebla/cite?style={style}")
        assert (citation.status_code, citation.headers["content-disposition"].startswith('attachment; filename="puebla.')) == (
            200,
            True,
        )


@pytest.mark.parametrize(
    "span", ["start=9&end=3", "start=x&end=3", "start=-1&end=3", "start=99999999&end=999999999", "start=1", ""]
)
def test_the_reader_ignores_a_span_that_is_none(client: TestClient, span: str) -> None:
    page = client.get(f"/documents/puebla?{span}", headers=HTML)
    assert page.status_code == 200
    assert "<mark" not in page.text


def test_language_versions_are_linked_and_stand_side_by_side(tiny_live: LiveEngine, client: TestClient) -> None:
    store = tiny_live.engine().index.store
    variants = store.variants(store.document("puebla"))
    page = client.get("/documents/puebla?compare=1", headers=HTML).text
    if not variants:
        assert "compare=1" not in client.get("/documents/puebla", headers=HTML).text
        return
    assert f'hreflang="es" href="/documents/{variants["es"]}"' in page
    assert '<div lang="es"><p>La Conferencia Regional' in re.sub(r">\s+<", "><", page)


def test_the_reader_walks_through_the_hits_of_a_question(answering: TestClient) -> None:
    page = answering.get("/", params={"q": "meeting of the RCM"}, headers=HTML).text
    address = re.findall(r'<h3>.*?<a href="(/documents/[^"]+)"', page)[0].replace("&amp;", "&")
    seen = [address]
    for _ in range(20):
        page = answering.get(address, headers=HTML).text
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        address = following[1].replace("&amp;", "&")
        seen.append(address)
    total = re.search(r"(\d+) of (\d+)", page)
    assert total is not None
    assert total[1] == total[2] == str(len(seen))
    assert len(set(seen)) == len(seen) > 1
    assert "Back to the answer" in page


def test_the_collection_is_listed_filtered_and_drawn(client: TestClient) -> None:
    page = client.get("/documents", headers=HTML).text
    assert page.count("<rect") >= 3
    assert "4 texts in all" in page
    found = client.get("/documents", params={"lang": "es"}, headers=HTML).text
    assert "La primera reunión en Puebla" in found
    assert 'href="/documents/managua"' not in found
    assert "No document fits" in client.get("/documents", params={"text": "zebra"}, headers=HTML).text
    assert client.get("/documents", params={"page": "99"}, headers=HTML).status_code == 200


def test_a_long_listing_has_pages(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.collection.PAGE_SIZE", 3)
    first = client.get("/documents?year_from=1990", headers=HTML)
    assert first.headers["link"] == '</documents?year_from=1990&page=2>; rel="next"'
    second = client.get("/documents?year_from=1990&page=2", headers=HTML)
    assert second.headers["link"] == '</documents?year_from=1990>; rel="prev"'
    listed = [re.findall(r'<li>\s*<a href="/documents/([^"]+)"', page.text) for page in (first, second)]
    assert sorted(listed[0] + listed[1]) == ["managua", "puebla", "puebla.es", "tapachula"]


def test_the_about_page_shows_the_figures_of_a_report(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    monkeypatch.setattr("web.collection.REPORT", path)
    assert "No evaluation report" in client.get("/about", headers=HTML).text
    path.write_text("{broken", encoding="utf-8")
    assert read_report(path) is None
    path.write_text(
        '{"made_at": "2026-05-04T10:00:00Z", "generation": "other", "questions": 1234, '
        '"slices": {"all": {"Success@1": 0.5, "nDCG@10": 0.75, "odd": 1}, "es": {"Success@1": 0.25}}}',
        encoding="utf-8",
    )
    page = client.get("/about", headers=HTML).text
    assert "Measured on 1,234 questions" in page
    assert "4 May 2026" in page
    assert "<td>0.5</td><td>0.25</td>" in page
    assert "<td>0.75</td><td>–</td>" in page
    assert "odd" not in page
    assert "belong to the one before" in page


def test_the_choice_of_colours_and_language_is_remembered(client: TestClient) -> None:
    assert 'data-theme="auto"' in client.get("/", headers=HTML).text
    reply = client.get("/preferences?theme=dark&back=/about%3Fa%3D1")
    assert reply.headers["location"] == "/about?a=1"
    assert "samesite=lax" in reply.headers["set-cookie"].lower()
    assert 'data-theme="dark"' in client.get("/", headers=HTML).text
    client.get("/preferences?theme=pink")
    assert 'data-theme="dark"' in client.get("/", headers=HTML).text
    assert '<html lang="es"' in client.get("/?hl=es", headers=HTML).text
    assert '<html lang="es"' in client.get("/about", headers={**HTML, "Accept-Language": "en"}).text
    assert '<html lang="en"' in client.get("/about?hl=en", headers=HTML).text


@pytest.mark.parametrize(
    ("header", "lang"),
    [("es-MX,es;q=0.9,en;q=0.5", "es"), ("en;q=0.4,es;q=0.8", "es"), ("fr", "en"), ("", "en"), ("es-419", "es"),
     ("de, *;q=0.5", "en"), ("pt-BR,es;q=0.3", "es"), ("en,es;q=nonsense", "en")],
)  # fmt: skip
def test_the_language_of_the_browser_chooses_the_language_of_the_page(client: TestClient, header: str, lang: str) -> None:
    reply = client.get("/about", headers={**HTML, "Accept-Language": header})
    assert f'<html lang="{lang}"' in reply.text
    assert reply.headers["content-language"] == lang
    assert reply.headers["vary"].startswith("Accept-Language, Cookie")


def test_a_verdict_without_a_script_is_kept_and_leads_back(client: TestClient, tmp_path: Path) -> None:
    site = client.app.state.site  # type: ignore[attr-defined]
    site.feedback = Feedback(tmp_path / "feedback.sqlite", 10)
    passage = client.get("/api/v1/documents/puebla").json()["passages"][0]
    form = {
        "question": MEMBERS,
        "passage_id": passage,
        "verdict": "down",
        "comment": "no",
        "back": AskParams(q=MEMBERS).address("/", "#t1-c1"),
    }
    reply = client.post("/feedback", data=form, headers=HTML)
    assert reply.status_code == 303
    target = urlsplit(reply.headers["location"])
    assert parse_qs(target.query) == {"q": [MEMBERS], "thanks": ["1"]}
    assert target.fragment == "t1-c1"
    assert "Your verdict was kept" in client.get(f"{target.path}?{target.query}", headers=HTML).text
    assert client.post("/feedback", data=form, headers={"Accept": "application/json"}).status_code == 204
    connection = sqlite3.connect(tmp_path / "feedback.sqlite")
    assert connection.execute("SELECT count(*), min(verdict) FROM feedback").fetchone() == (2, "down")
    connection.close()


PARAMS = st.builds(
    AskParams,
    q=st.from_regex(r"[\w ?¿&=#+%áñ\"'<>]{0,20}", fullmatch=True).map(str.strip),
    h=st.lists(st.from_regex(r"\w[\w ?&]{0,8}\w", fullmatch=True), max_size=4).map(tuple),
    lang=st.sampled_from([None, "en", "es"]),
    year_from=st.none() | st.integers(1900, 2100),
    kind=st.none() | st.just("press-release"),
    publisher=st.none() | st.just("A & B = C"),
    k=st.integers(1, 50),
)


@given(PARAMS)
def test_an_address_gives_back_what_it_was_made_of(params: AskParams) -> None:
    assert read_params(QueryParams(urlsplit(params.address()).query)) == params


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from(["answer", "nearest", "match"])), max_size=6)


@given(st.text(max_size=50), st.integers(0, 10), SPANS)
def test_marked_text_is_still_the_text(text: str, offset: int, spans: list[tuple[int, int, str]]) -> None:
    highlights = [Highlight(min(a, b), max(a, b), kind) for a, b, kind in spans if a != b]  # type: ignore[arg-type]
    runs = split_text(text, offset, highlights)
    assert "".join(piece.text for run in runs for piece in run.pieces) == text
    whole = set(range(offset, offset + len(text)))
    answered, nearest = (
        {n for h in highlights if h.kind == kind for n in range(h.start, h.end)} & whole for kind in ("answer", "nearest")
    )
    at = offset
    for run in runs:
        for piece in run.pieces:
            inside = set(range(at, at + len(piece.text)))
            assert inside <= answered if run.kind == "answer" else not inside & answered
            assert run.kind == "answer" or (inside <= nearest if run.kind == "nearest" else not inside & nearest)
            at += len(piece.text)
    assert "<script" not in render_runs(split_text("<script>" + text, 0, []))


def test_bars_are_drawn_to_scale() -> None:
    bars = year_bars({2010: 1, 2013: 4})
    assert [(b.year, b.count) for b in bars] == [(2010, 1), (2011, 0), (2012, 0), (2013, 4)]
    assert [b.height for b in bars] == [YEAR_HEIGHT / 4, 0, 0, YEAR_HEIGHT]
    assert all(b.x >= 0 and b.x + b.width <= YEAR_WIDTH for b in bars)
    assert year_bars({}) == []
    rows = name_bars({"news": 10, "odd-kind": 5}, "es", "kind")
    assert [(r.name, r.width) for r in rows] == [("Noticia", 200), ("Odd kind", 100)]


def test_markdown_leaves_hostile_text_alone() -> None:
    assert escape_markdown("a *b* [c](d)\n# e | <x>") == r"a \*b\* \[c\](d) \# e \| \<x\>"
    assert quote_markdown("one\n\ntwo") == "> one  \n>\n> two"


def test_an_empty_selection_accepts_everything() -> None:
    assert Selection().pairs() == []


@pytest.mark.parametrize(
    "text, lang, heading",
    [("Hello!", "en", "Ask the documents a question"), ("Hola", "es", "Haga una pregunta a los documentos")],
)
def test_a_greeting_is_not_told_to_be_missing(client: TestClient, text: str, lang: str, heading: str) -> None:
    page = client.get("/", params={"q": text}, headers={**HTML, "Accept-Language": lang}).text
    assert heading in page and "Not in this collection" not in page and "No está en esta colección" not in page


def test_a_mistyped_value_is_as_if_it_were_not_there() -> None:
    assert read_params(QueryParams("q=a&year_from=0000&year_to=20x4&k=x")) == AskParams(q="a")
