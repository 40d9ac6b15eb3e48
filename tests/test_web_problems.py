import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from qa.live import LiveEngine
from tests.web_fixtures import HTML, MEMBERS, serving
from web.problems import PROBLEMS, encode_json
from web.schemas import ProblemOut


@pytest.fixture
def client(tiny_live: LiveEngine) -> Iterator[TestClient]:
    with serving(tiny_live, max_body_bytes=5000) as client:
        yield client


def check_problem(reply: Any, status: int, slug: str) -> dict[str, Any]:
    assert reply.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = reply.json()
    ProblemOut.model_validate(body)
    assert (reply.status_code, body["status"], body["type"]) == (status, status, f"/problems/{slug}")
    assert body["title"] == PROBLEMS[slug][1]
    assert body["detail"]
    assert "Traceback" not in reply.text
    assert len(reply.headers["x-request-id"]) >= 8
    return body


WRONG: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/api/v1/ask", {}, 422, "invalid"),
    ("GET", "/api/v1/ask?q=", {}, 422, "invalid"),
    ("GET", "/api/v1/ask?q=?!", {}, 400, "bad-question"),
    ("GET", "/api/v1/ask?q=" + "x" * 1500, {}, 400, "bad-question"),
    ("GET", "/api/v1/ask?q=a&k=0", {}, 422, "invalid"),
    ("GET", "/api/v1/ask?q=a&k=51", {}, 422, "invalid"),
    ("GET", "/api/v1/ask?q=a&lang=fr", {}, 422, "invalid"),
    ("GET", "/api/v1/ask?q=a&year_form=2010", {}, 422, "invalid"),
    ("GET", "/api/v1/ask?q=a&year_from=2010&year_to=2009", {}, 400, "bad-question"),
    ("GET", "/api/v1/ask?q=a&year_from=99999999999999999999", {}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"json": {}}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"json": {"question": "a", "colour": 1}}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"json": {"question": "a", "filters": {"color": 1}}}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"json": {"question": "a", "history": ["b"] * 21}}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"json": ["a"]}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"content": b'{"question": "\\ud800"}', "headers": {"Content-Type": "application/json"}}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "malformed-json"),
    ("POST", "/api/v1/ask", {"content": b"\xff\xfe", "headers": {"Content-Type": "application/json"}}, 400, "malformed-json"),
    ("POST", "/api/v1/ask", {"content": b'{"question": "\xff"}', "headers": {"Content-Type": "application/json"}}, 400, "malformed-json"),
    ("POST", "/api/v1/ask", {"content": b"[" * 4000, "headers": {"Content-Type": "application/json"}}, 400, "malformed-json"),
    ("POST", "/api/v1/ask", {"content": b"9" * 4900, "headers": {"Content-Type": "application/json"}}, 400, "malformed-json"),
    ("POST", "/api/v1/ask", {"content": b'{"question": "a"}'}, 422, "invalid"),
    ("POST", "/api/v1/ask/batch", {"content": b"[]", "headers": {"Content-Type": "text/plain"}}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"json": {"question": "a", "k": True}}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"json": {"question": "a", "filters": {"year_from": "2010"}}}, 422, "invalid"),
    ("POST", "/api/v1/ask/batch", {"json": {}}, 422, "invalid"),
    ("POST", "/api/v1/ask", {"json": {"question": "x" * 6000}}, 413, "too-large"),
    ("GET", "/api/v1/search?q=a&limit=0", {}, 422, "invalid"),
    ("GET", "/api/v1/documents/nope", {}, 404, "not-found"),
    ("GET", "/api/v1/documents/nope/text", {}, 404, "not-found"),
    ("GET", "/api/v1/documents?limit=201", {}, 422, "invalid"),
    ("GET", "/api/v1/passages/nope", {}, 404, "not-found"),
    ("GET", "/api/v1/passages/nope:0-4", {}, 404, "not-found"),
    ("GET", "/api/v1/passages/puebla:900000-900004", {}, 404, "not-found"),
    ("GET", "/api/v1/passages/puebla:0-305/cite?style=apa", {}, 422, "invalid"),
    ("GET", "/api/v1/passages/puebla:0-305/cite?zzz=1", {}, 422, "invalid"),
    ("GET", "/passages/puebla:0-305/cite?style=apa", {}, 422, "invalid"),
    ("GET", "/documents/puebla/cite?style=apa", {}, 422, "invalid"),
    ("POST", "/api/v1/verify", {"json": {"quotation": "…"}}, 400, "bad-request"),
    ("POST", "/api/v1/verify", {"json": {"quotation": "a", "document": "nope"}}, 404, "not-found"),
    ("POST", "/api/v1/feedback", {"json": {"question": "a", "verdict": "meh"}}, 422, "invalid"),
    ("GET", "/api/v1/nothing", {}, 404, "not-found"),
    ("GET", "/nothing", {}, 404, "not-found"),
    ("GET", "/static/nothing.css", {}, 404, "not-found"),
    ("GET", "/static/../app.py", {}, 404, "not-found"),
    ("GET", "/problems/nothing", {}, 404, "not-found"),
    ("DELETE", "/api/v1/ask?q=a", {}, 405, "method-not-allowed"),
    ("POST", "/", {}, 405, "method-not-allowed"),
    ("PUT", "/mcp", {}, 405, "method-not-allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "address", "how", "status", "slug"), WRONG)
def test_every_mistake_is_answered_with_a_problem(
    client: TestClient, method: str, address: str, how: dict[str, Any], status: int, slug: str
) -> None:
    body = check_problem(client.request(method, address, **how), status, slug)
    if slug == "invalid" and address != "/api/v1/ask/batch":
        assert body["errors"][0]["field"]


def test_every_route_refuses_methods_that_it_does_not_have(client: TestClient) -> None:
    for path in client.get("/openapi.json").json()["paths"]:
        address = re.sub(r"\{[a-z_]+\}", "puebla", path)
        check_problem(client.delete(address), 405, "method-not-allowed")


def test_a_body_of_undeclared_length_is_stopped_too(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 1000

    check_problem(client.post("/api/v1/ask", content=chunks(), headers={"Content-Type": "application/json"}), 413, "too-large")


def test_a_person_gets_a_page_and_a_program_a_problem(client: TestClient) -> None:
    page = client.get("/documents/nope", headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such page" in page.text
    assert "no existe" in client.get("/documents/nope", headers={**HTML, "Accept-Language": "es"}).text
    check_problem(client.get("/documents/nope"), 404, "not-found")
    check_problem(client.get("/api/v1/documents/nope", headers=HTML), 404, "not-found")


def test_the_type_of_a_problem_leads_to_its_explanation(client: TestClient) -> None:
    manual = client.get("/docs").text
    for slug in PROBLEMS:
        reply = client.get(f"/problems/{slug}")
        assert (reply.status_code, reply.headers["location"]) == (303, f"/docs#problem-{slug}")
        assert f'id="problem-{slug}"' in manual


def test_too_many_requests_are_told_how_long_to_wait(tiny_live: LiveEngine) -> None:
    with serving(tiny_live, rate_limit="3/minute") as client:
        for _ in range(3):
            assert client.get("/api/v1/documents").status_code == 200
        reply = client.get("/api/v1/ask", params={"q": MEMBERS})
        check_problem(reply, 429, "too-many-requests")
        assert 1 <= int(reply.headers["retry-after"]) <= 61
        assert client.get("/", params={"q": MEMBERS}, headers=HTML).status_code == 429
        assert "Wait a minute" in client.get("/", params={"q": MEMBERS}, headers=HTML).text
        for free in ("/health/live", "/metrics", "/static/app.css"):
            assert client.get(free).status_code == 200


@pytest.mark.parametrize(
    "path", ["/?q=RCM", "/?%71=RCM", "/documents/puebla?q=RCM", "/documents/puebla/cite", "/documents?text=a", "/about"]
)
def test_every_request_for_work_counts_however_it_is_written(tiny_live: LiveEngine, path: str) -> None:
    with serving(tiny_live, rate_limit="2/minute") as client:
        assert [client.get(path).status_code for _ in range(3)] == [200, 200, 429]


def test_when_too_much_is_in_progress_requests_are_turned_away(tiny_live: LiveEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.app.MAX_IN_PROGRESS", 0)
    with serving(tiny_live) as client:
        reply = client.get("/api/v1/documents")
        check_problem(reply, 503, "overloaded")
        assert reply.headers["retry-after"] == "2"
        assert client.get("/health/ready").status_code == 200


def test_the_openapi_document_names_every_status_that_was_seen(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for method, address, how, status, _ in WRONG:
        path = address.partition("?")[0]
        for template, operations in paths.items():
            if re.fullmatch(re.sub(r"\{[a-z_]+\}", "[^/]+", template), path) and method.lower() in operations:
                assert str(status) in operations[method.lower()]["responses"], (method, address, how)


def test_a_query_is_read_as_its_model_says(client: TestClient) -> None:
    found = client.get("/api/v1/ask?q=a&k=0&lang=fr&h=b&h=c&colour=1")
    assert found.status_code == 422
    assert sorted(line["field"] for line in found.json()["errors"]) == ["query.colour", "query.k", "query.lang"]
    again = client.get("/api/v1/ask?q=first&q=Where was the first meeting?&h=What is the CRM?&h=And when?").json()
    assert again["question"]["text"] == "Where was the first meeting?"
    assert client.get("/api/v1/ask").json()["errors"] == [{"field": "query.q", "message": "Field required"}]


@pytest.mark.parametrize(
    ("how", "field", "said"),
    [
        ({"json": {"question": ""}}, "body.question", "at least 1 character"),
        ({"json": {"question": "x" * 4001}}, "body.question", "at most 4000 characters"),
        ({"json": {"question": "a", "k": "3"}}, "body.k", "valid integer"),
        ({"content": b'{"question": "a"}'}, "body", "Content-Type: application/json"),
    ],
)
def test_a_field_is_told_what_is_wrong_with_it(client: TestClient, how: dict[str, Any], field: str, said: str) -> None:
    [line] = client.post("/api/v1/ask", **how).json()["errors"]
    assert line["field"] == field
    assert said in line["message"]


@pytest.mark.parametrize("identifier", ["x" * 201, ["a"], True, 1.5])
def test_an_id_that_is_none_is_told_so_in_one_line(client: TestClient, identifier: object) -> None:
    reply = client.post("/api/v1/ask/batch", json=[{"id": identifier, "question": "a"}])
    [line] = json.loads(reply.text)["error"]["errors"]
    assert line == {"field": "id", "message": "Input should be a text of at most 200 characters or a whole number"}


def test_what_is_no_unicode_becomes_an_escape() -> None:
    assert encode_json({"a": "é\ud800", "b": [1, 0.5, None, True]}) == b'{"a":"\xc3\xa9\\ud800","b":[1,0.5,null,true]}'
    assert encode_json({"a": "é", "b": [1, 0.5, None, True]}) == b'{"a":"\xc3\xa9","b":[1,0.5,null,true]}'
