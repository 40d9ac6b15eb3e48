import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.errors import IndexMismatch
from qa.live import LiveEngine
from tests.web_fixtures import MEMBERS, serving
from web.examples import ANSWER, SEARCH
from web.schemas import AnswerOut, DocumentRecordOut, DocumentsOut, DocumentTextOut, OnePassageOut, SearchOut, VerificationOut


@pytest.fixture
def client(tiny_live: LiveEngine) -> Iterator[TestClient]:
    with serving(tiny_live) as client:
        yield client


def text_of(client: TestClient, document: str) -> str:
    return str(client.get(f"/api/v1/documents/{document}/text").json()["text"])


def test_an_answer_has_the_shape_of_the_contract_and_quotes_its_document(client: TestClient) -> None:
    answer = client.get("/api/v1/ask", params={"q": MEMBERS}).json()
    AnswerOut.model_validate(answer)
    assert answer["passages"], "the tiny collection names the members"
    for passage in answer["passages"]:
        text = text_of(client, passage["document"]["id"])
        assert text[passage["start"] : passage["end"]] == passage["text"]
    if answer["status"] == "answered":
        first = answer["passages"][0]
        text = text_of(client, first["document"]["id"])
        marked = [text[h["start"] : h["end"]] for h in first["highlights"] if h["kind"] == "answer"]
        assert answer["answer"]["text"] == " ".join(marked)


def test_the_example_of_the_documentation_is_an_answer() -> None:
    AnswerOut.model_validate(ANSWER)
    SearchOut.model_validate(SEARCH)


def test_post_and_get_give_the_same_answer(client: TestClient) -> None:
    got = client.get("/api/v1/ask", params={"q": MEMBERS, "k": 2, "doc_lang": "en"}).json()
    posted = client.post("/api/v1/ask", json={"question": MEMBERS, "k": 2, "filters": {"lang": "en"}}).json()
    del got["took_ms"], posted["took_ms"]
    assert got == posted
    assert len(got["passages"]) <= 2


def test_a_follow_up_is_completed_from_the_history(client: TestClient) -> None:
    body = {"question": "And in 2014?", "history": ["Where was the annual meeting of the RCM held in 2010?"]}
    answer = client.post("/api/v1/ask", json=body).json()
    assert "2014" in answer["question"]["interpreted_as"]
    assert "annual meeting" in answer["question"]["interpreted_as"]
    address = client.get("/api/v1/ask", params={"q": body["question"], "h": body["history"]}).json()
    assert address["question"] == answer["question"]


def test_filters_hold(client: TestClient) -> None:
    answer = client.get("/api/v1/ask", params={"q": "meeting of the RCM", "year_from": 2014, "include": "passages"}).json()
    assert {p["document"]["id"] for p in answer["passages"]} == {"managua"}
    assert answer["question"]["filters"] == {"year_from": 2014}
    none = client.get("/api/v1/ask", params={"q": MEMBERS, "kind": "memo"}).json()
    assert none["status"] == "not_found" and "press-release" in none["confidence"]["reason"]
    found = client.get("/api/v1/search", params={"q": MEMBERS, "kind": "memo"}).json()
    assert (found["total"], found["notes"]) == (0, [none["confidence"]["reason"]])


def test_passages_of_an_unanswerable_question_come_only_when_asked_for(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.answering.status_of", lambda p, calibration: ("not_found", "none"))
    plain = client.get("/api/v1/ask", params={"q": MEMBERS}).json()
    assert (plain["status"], plain["passages"], plain["answer"]["text"]) == ("not_found", [], "")
    shown = client.get("/api/v1/ask", params={"q": MEMBERS, "include": "passages"}).json()
    assert shown["status"] == "not_found"
    assert shown["passages"]
    assert client.get("/api/v1/ask", params={"q": MEMBERS, "year_from": 2999}).json()["status"] == "not_found"


def test_an_etag_saves_the_second_answer(client: TestClient) -> None:
    first = client.get("/api/v1/ask", params={"q": MEMBERS})
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    again = client.get("/api/v1/ask", params={"q": MEMBERS}, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/api/v1/ask", params={"q": MEMBERS}, headers={"If-None-Match": "*"}).status_code == 304
    other = client.get("/api/v1/ask", params={"q": MEMBERS, "k": 1}, headers={"If-None-Match": tag})
    assert other.status_code == 200
    assert other.headers["etag"] != tag


def test_every_answer_carries_a_request_id_and_keeps_one_that_is_given(client: TestClient) -> None:
    one, two = (client.get("/api/v1/ask", params={"q": MEMBERS}).headers["x-request-id"] for _ in range(2))
    assert one != two
    assert client.get("/health/live", headers={"X-Request-ID": "my-request-1"}).headers["x-request-id"] == "my-request-1"
    assert client.get("/health/live", headers={"X-Request-ID": 'a"}{ b'}).headers["x-request-id"] != 'a"}{ b'


def test_a_batch_answers_line_by_line_in_order_and_goes_on_past_a_bad_one(client: TestClient) -> None:
    batch = [
        {"id": "a", "question": MEMBERS},
        {"id": "b", "question": "?!"},
        {"question": "x", "colour": "red"},
        "no object",
        {"id": 9, "question": "¿Qué es la CRM?", "lang": "es"},
    ]
    reply = client.post("/api/v1/ask/batch", json=batch)
    assert reply.headers["content-type"].startswith("application/x-ndjson")
    assert "etag" in reply.headers
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert [line["id"] for line in lines] == ["a", "b", 3, 4, 9]
    assert [sorted(set(line) - {"id"}) for line in lines] == [["result"], ["error"], ["error"], ["error"], ["result"]]
    AnswerOut.model_validate(lines[0]["result"])
    assert lines[1]["error"]["type"] == "/problems/bad-question"
    assert lines[2]["error"]["errors"][0]["field"] == "colour"
    assert lines[4]["result"]["question"]["lang"] == "es"


def test_a_batch_has_a_line_for_every_question_whatever_the_index_says(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **how: object) -> None:
        raise IndexMismatch("documents.sqlite cannot be read")

    monkeypatch.setattr("qa.answering.Engine.answer", refuse)
    reply = client.post("/api/v1/ask/batch", json=[{"id": "a", "question": "A?"}, {"id": "b", "question": "B?"}])
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert [(line["id"], line["error"]["type"]) for line in lines] == [("a", "/problems/not-ready"), ("b", "/problems/not-ready")]


def test_a_batch_is_bounded(tiny_live: LiveEngine) -> None:
    with serving(tiny_live, max_batch=2) as client:
        assert client.post("/api/v1/ask/batch", json=[{"question": "a"}] * 2).status_code == 200
        reply = client.post("/api/v1/ask/batch", json=[{"question": "a"}] * 3)
        assert (reply.status_code, reply.json()["type"]) == (413, "/problems/too-large")
        assert client.post("/api/v1/ask/batch", json=[]).status_code == 422


def test_search_pages_through_all_passages_without_repeating_one(client: TestClient) -> None:
    address = "/api/v1/search?q=RCM%20meeting&limit=2"
    seen: list[str] = []
    while address:
        reply = client.get(address)
        SearchOut.model_validate(reply.json())
        seen += [p["id"] for p in reply.json()["passages"]]
        links = dict(part.split(">; rel=")[::-1] for part in reply.headers["link"].split(", "))
        address = links.get('"next"', "").lstrip("<")
    assert len(seen) == len(set(seen)) == reply.json()["total"] > 2
    assert next(p["rank"] for p in client.get("/api/v1/search?q=RCM%20meeting&limit=2&offset=2").json()["passages"]) == 3


def test_a_link_to_the_page_before_exists_only_after_the_first(client: TestClient) -> None:
    assert 'rel="prev"' not in client.get("/api/v1/documents?limit=2").headers["link"]
    link = client.get("/api/v1/documents?limit=2&offset=1&lang=en").headers["link"]
    assert '</api/v1/documents?lang=en&limit=2&offset=0>; rel="prev"' in link
    assert 'rel="next"' not in client.get("/api/v1/documents?limit=2&offset=2").headers["link"]


def test_documents_are_listed_newest_first_and_filtered(client: TestClient) -> None:
    listing = client.get("/api/v1/documents").json()
    DocumentsOut.model_validate(listing)
    assert [d["id"] for d in listing["documents"]] == ["managua", "tapachula", "puebla", "puebla.es"]
    assert listing["total"] == 4

    def ids(**wanted: object) -> list[str]:
        return [d["id"] for d in client.get("/api/v1/documents", params=wanted).json()["documents"]]  # type: ignore[arg-type]

    assert ids(lang="es") == ["puebla.es"]
    assert ids(kind="press-release", year_to=2012) == ["tapachula"]
    assert ids(publisher="Example Ministry") == ["puebla", "puebla.es"]
    assert ids(text="REUNION") == ["puebla.es"]
    assert ids(text="zebra") == []


def test_one_document_has_its_record_its_sections_and_passages_that_resolve(client: TestClient) -> None:
    record = client.get("/api/v1/documents/puebla").json()
    DocumentRecordOut.model_validate(record)
    assert record["variants"] == {"es": "puebla.es"} or record["variants"] == {}
    assert ["Members"] in [section["path"] for section in record["sections"]]
    assert record["published"] == "1996-03-14"
    text = client.get("/api/v1/documents/puebla/text").json()
    DocumentTextOut.model_validate(text)
    assert text["sha256"] == record["sha256"]
    assert len(text["text"]) == record["characters"]
    for identifier in record["passages"]:
        assert client.get(f"/api/v1/passages/{identifier}").status_code == 200


def test_a_passage_comes_with_its_neighbours(client: TestClient) -> None:
    ids = client.get("/api/v1/documents/puebla").json()["passages"]
    assert len(ids) >= 2
    first, second = (client.get(f"/api/v1/passages/{i}").json() for i in ids[:2])
    OnePassageOut.model_validate(first)
    assert (first["previous"], first["next"]["id"]) == (None, ids[1])
    assert second["previous"]["id"] == ids[0]
    assert (first["moved"], first["passage"]["id"], first["requested"]) == (False, ids[0], ids[0])
    assert (first["changed"], first["said_before"]) == (False, None)


@pytest.mark.parametrize(
    ("style", "media", "inside"),
    [
        ("text", "text/plain", "Example Ministry (14 March 1996)"),
        ("markdown", "text/markdown", "](https://example.org/puebla)"),
        ("bibtex", "application/x-bibtex", "@misc{puebla"),
        ("ris", "application/x-research-info-systems", "TY  - "),
        ("csl-json", "application/vnd.citationstyles.csl+json", '"date-parts"'),
    ],
)
def test_a_citation_comes_in_every_style(client: TestClient, style: str, media: str, inside: str) -> None:
    identifier = client.get("/api/v1/documents/puebla").json()["passages"][0]
    reply = client.get(f"/api/v1/passages/{identifier}/cite", params={"style": style})
    assert reply.headers["content-type"].startswith(media)
    assert inside in reply.text


def test_a_quotation_is_verified(client: TestClient) -> None:
    reply = client.post("/api/v1/verify", json={"quotation": "Eleven countries belong to it today."})
    VerificationOut.model_validate(found := reply.json())
    other = client.post("/api/v1/verify", json={"quotation": "Eleven countries belong to it."})
    assert reply.headers["etag"] != other.headers["etag"]
    assert (found["verdict"], found["document"]) == ("exact", "puebla")
    assert found["viewer"] == f"/documents/puebla?start={found['start']}&end={found['end']}#hit"
    elsewhere = {"quotation": "Eleven countries belong to it today.", "document": "managua"}
    assert client.post("/api/v1/verify", json=elsewhere).json()["verdict"] == "exact_elsewhere"
    absent = client.post("/api/v1/verify", json={"quotation": "Nobody ever wrote these words down here."}).json()
    assert (absent["verdict"], absent["viewer"]) == ("not_found", None)


def test_feedback_is_kept_with_the_words_judged_and_bounded(tiny_live: LiveEngine, tmp_path: Path) -> None:
    with serving(tiny_live, max_feedback_rows=3) as client:
        path = tmp_path / "feedback.sqlite"
        client.app.state.site.feedback.path = path  # type: ignore[attr-defined]
        identifier = client.get("/api/v1/documents/puebla").json()["passages"][0]
        for n in range(5):
            body = {"question": f"What is the RCM? {n}", "passage_id": identifier, "verdict": "up", "comment": "bien ñ"}
            reply = client.post("/api/v1/feedback", json=body)
            assert (reply.status_code, reply.json()) == (201, {"id": n + 1})
        missing = client.post("/api/v1/feedback", json={"question": "x", "passage_id": "nope:0-4", "verdict": "down"})
        assert missing.status_code == 404
        whole = client.post("/api/v1/feedback", json={"question": "What about zebras?", "verdict": "down"})
        assert whole.status_code == 201
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT question, lang, passage_id, quote, verdict, comment FROM feedback ORDER BY id").fetchall()
    connection.close()
    assert len(rows) == 3
    passage = "The Regional Conference on Migration (RCM) was created in Puebla"
    assert rows[0][:3] == ("What is the RCM? 3", "en", identifier)
    assert rows[0][3].startswith(passage)
    assert rows[0][4:] == ("up", "bien ñ")
    assert rows[2] == ("What about zebras?", "en", None, None, "down", None)


def test_feedback_can_be_switched_off(tiny_live: LiveEngine, tmp_path: Path) -> None:
    with serving(tiny_live, max_feedback_rows=0) as client:
        client.app.state.site.feedback.path = tmp_path / "feedback.sqlite"  # type: ignore[attr-defined]
        reply = client.post("/api/v1/feedback", json={"question": "x", "verdict": "up"})
        assert (reply.status_code, reply.json()["type"]) == (403, "/problems/feedback-off")
        assert "/feedback" not in client.get("/", params={"q": MEMBERS}).text
    assert list(tmp_path.iterdir()) == []


def test_answers_are_compressed_for_those_who_ask(client: TestClient) -> None:
    for encoding in ("br", "gzip"):
        reply = client.get("/api/v1/ask", params={"q": MEMBERS}, headers={"Accept-Encoding": encoding})
        assert reply.headers["content-encoding"] == encoding
        assert reply.json()["question"]["text"] == MEMBERS
    assert "content-encoding" not in client.get("/health/live").headers


def test_head_is_get_without_a_body(client: TestClient) -> None:
    reply = client.head("/api/v1/documents/puebla")
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["etag"] == client.get("/api/v1/documents/puebla").headers["etag"]
