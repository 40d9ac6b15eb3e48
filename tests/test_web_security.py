import hashlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from qa.errors import BadSettings
from qa.live import LiveEngine
from qa.settings import Settings
from tests.conftest import TINY_DOCUMENTS, build, write_documents
from tests.web_fixtures import BASE, HTML, MEMBERS, serving, settings_for
from web.app import create_app
from web.security import client_key, host_name, is_safe_path

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{1337*7331}}${1337*7331}'
PAGES = ("/", f"/?q={MEMBERS}", "/documents", "/documents/puebla", "/about", "/docs", "/nothing", "/api/v1/documents",
         "/static/app.css", "/health/live", "/openapi.json")  # fmt: skip


@pytest.fixture
def client(tiny_live: LiveEngine) -> Iterator[TestClient]:
    with serving(tiny_live) as client:
        yield client


class Elements(HTMLParser):
    """Everything of a page that a browser could run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.handlers: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "script":
            self.scripts.append(values.get("src"))
        self.handlers += [name for name in values if name.startswith("on") or name == "style"]
        self.handlers += [tag] if tag in ("style", "iframe", "object", "embed", "base") else []
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action", "formaction")]


def elements(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    return found


@pytest.mark.parametrize("address", PAGES)
def test_every_response_carries_the_protective_headers(client: TestClient, address: str) -> None:
    headers = client.get(address, headers=HTML).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


def test_protective_headers_come_once_and_a_response_may_set_its_own(tiny_live: LiveEngine) -> None:
    app = create_app(tiny_live, settings_for(tiny_live))
    app.router.routes.append(Route("/framed", lambda request: Response("ok", headers={"X-Frame-Options": "SAMEORIGIN"})))
    with TestClient(app, base_url=BASE) as client:
        for address, tls in ((BASE, False), (BASE.replace("http:", "https:"), True)):
            headers = client.get(f"{address}/framed").headers
            assert headers.get_list("x-frame-options") == ["SAMEORIGIN"]
            assert headers.get_list("cross-origin-resource-policy") == ["same-origin"]
            assert headers.get_list("strict-transport-security") == (["max-age=31536000"] if tls else [])


@pytest.mark.parametrize("address", [p for p in PAGES if not p.startswith(("/api", "/static", "/health", "/openapi"))])
def test_no_page_runs_or_fetches_anything_from_elsewhere(client: TestClient, address: str) -> None:
    found = elements(client.get(address, headers=HTML).text)
    assert found.handlers == []
    assert len(found.scripts) == 1
    assert str(found.scripts[0]).startswith("/static/app.js?v=")


@pytest.mark.parametrize(
    "address", ["/?q={}", "/?q=a&h={}", "/?q=a&kind={}&publisher={}", "/documents?text={}&kind={}", "/documents/{}", "/documents/puebla?q={}",
                "/?q=a&hl={}", "/?q=RCM&fragment=1&n={}", "/preferences?back={}&theme={}", "/passages/{}/cite?style={}"]
)  # fmt: skip
def test_hostile_questions_and_parameters_stay_text(client: TestClient, address: str) -> None:
    page = client.get(address.replace("{}", EVIL), headers=HTML)
    assert page.status_code < 500
    found = elements(page.text)
    assert found.handlers == []
    assert len(found.scripts) <= 1
    assert "<script>alert" not in page.text
    assert "9801547" not in page.text, "a template in a question is text, never worked out"


def test_hostile_documents_stay_text(tiny_live: LiveEngine, tmp_path: Path) -> None:
    hostile = f'''+++
id = "evil"
title = "{EVIL.replace('"', "'")}"
lang = "en"
[source]
title = "</title><script>alert(3)</script>"
publisher = "<b onmouseover=alert(4)>Publisher</b>"
kind = "news"
url = "https://example.org/?a=\\"><script>alert(5)</script>"
+++

## A heading <script>alert(6)</script>

The RCM was created by </blockquote></mark><script>alert(7)</script> in 1996 & <a href="javascript:alert(8)">so on</a>.

- An item <svg onload=alert(9)>
'''
    corpus = write_documents(tmp_path / "corpus", {**TINY_DOCUMENTS, "evil.md": hostile})
    home = build(tmp_path / "home", corpus)
    with serving(LiveEngine(home, Settings(home=home.path))) as client:
        assert client.get("/documents/evil").status_code == 200
        for address in (
            "/documents/evil",
            "/documents/evil?start=0&end=90#hit",
            "/documents",
            "/?q=created by script alert",
            "/?q=heading item",
        ):
            found = elements(client.get(address, headers=HTML).text)
            assert found.handlers == []
            assert len(found.scripts) == 1
            assert not any(a.lower().startswith("javascript:") for a in found.addresses)
        text = client.get("/answer.md", params={"q": "who created the RCM script alert"}).text
        assert "<script>" not in text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "evil", "", "/ok\r\nX: y"]
)
def test_no_redirect_leaves_the_site(client: TestClient, back: str) -> None:
    reply = client.get("/preferences", params={"theme": "dark", "back": back})
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    form = {"question": MEMBERS, "verdict": "up", "back": back}
    client.app.state.site.feedback.max_rows = 0  # type: ignore[attr-defined]
    reply = client.post("/feedback", data=form)
    assert (reply.status_code, reply.headers["location"]) == (303, "/?thanks=1")


@given(st.text(max_size=30))
def test_a_safe_path_never_names_another_host(path: str) -> None:
    from urllib.parse import urljoin, urlsplit

    if is_safe_path(path):
        assert urlsplit(urljoin("http://here.example/x", path)).netloc == "here.example"
        assert "\n" not in path
        assert "\\" not in path


def test_tokens_open_the_doors_of_programs_and_the_page_stays_open(tiny_live: LiveEngine) -> None:
    digest = hashlib.sha256(b"open-sesame").hexdigest()
    with serving(tiny_live, api_tokens=(hashlib.sha256(b"other").hexdigest(), digest)) as client:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Bearer {digest}"},
            {"Authorization": "Basic x"},
        ):
            reply = client.get("/api/v1/documents", headers=headers)
            assert (reply.status_code, reply.json()["type"]) == (401, "/problems/unauthorized")
            assert reply.headers["www-authenticate"] == "Bearer"
        assert client.post("/mcp", json={}).status_code == 401
        assert client.get("/api/v1/documents", headers={"Authorization": "Bearer open-sesame"}).status_code == 200
        for free in ("/", "/health/ready", "/documents"):
            assert client.get(free).status_code == 200


@pytest.mark.parametrize(
    ("values", "named"),
    [({"api_tokens": ("plain-token",)}, "api_tokens"), ({"rate_limit": "often"}, "rate_limit")],
)
def test_settings_that_make_no_sense_stop_the_start(tiny_live: LiveEngine, values: dict[str, object], named: str) -> None:
    with pytest.raises(BadSettings, match=named):
        create_app(tiny_live, settings_for(tiny_live, **values))


def test_on_a_loopback_address_only_local_names_are_answered(client: TestClient) -> None:
    reply = client.get("/", headers={"Host": "evil.example:8000"})
    assert (reply.status_code, reply.json()["type"]) == (400, "/problems/unknown-host")
    for name in ("localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"):
        assert client.get("/health/live", headers={"Host": name}).status_code == 200


def test_named_hosts_are_answered_and_others_not(tiny_live: LiveEngine) -> None:
    with serving(tiny_live, ready=False, trusted_hosts=("answers.example.org",)) as client:
        assert client.get("/health/live", headers={"Host": "answers.example.org"}).status_code == 200
        assert client.get("/health/live", headers={"Host": "127.0.0.1"}).status_code == 400
    with serving(tiny_live, ready=False, host="0.0.0.0") as client:
        assert client.get("/health/live", headers={"Host": "anything.example"}).status_code == 200


def test_other_sites_may_not_call_unless_the_settings_name_them(tiny_live: LiveEngine, client: TestClient) -> None:
    foreign = {"Origin": "https://evil.example"}
    assert "access-control-allow-origin" not in client.get("/api/v1/documents", headers=foreign).headers
    for address in ("/api/v1/ask", "/feedback", "/mcp"):
        reply = client.post(address, json={"question": MEMBERS}, headers=foreign)
        assert (reply.status_code, reply.json()["type"]) == (403, "/problems/foreign-origin")
    own = {"Origin": "http://127.0.0.1:8000"}
    assert client.post("/api/v1/ask", json={"question": MEMBERS}, headers=own).status_code == 200
    with serving(tiny_live, cors_origins=("https://friend.example",)) as open_client:
        friend = {"Origin": "https://friend.example"}
        reply = open_client.post("/api/v1/ask", json={"question": MEMBERS}, headers=friend)
        assert reply.headers["access-control-allow-origin"] == "https://friend.example"
        asked = {**friend, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        assert open_client.options("/api/v1/ask", headers=asked).status_code == 200
        assert open_client.post("/api/v1/ask", json={"question": MEMBERS}, headers=foreign).status_code == 403


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("a.example:80", "a.example"),
        ("[::1]:8000", "::1"),
        ("[::1]", "::1"),
        ("A.Example.", "a.example"),
        ("", ""),
        ("a:b:c", ""),
    ],
)
def test_the_name_of_a_host_header(header: str, name: str) -> None:
    assert host_name(header) == name


def test_an_ipv6_network_counts_as_one_client() -> None:
    keys = {client_key({"client": (f"2001:db8:1:2::{n:x}", 5)}) for n in range(1, 9)}
    assert keys == {"2001:db8:1:2::"}
    assert client_key({"client": ("192.0.2.7", 5)}) == "192.0.2.7"
    assert client_key({"client": None}) == "unknown"


def test_an_oversized_or_broken_feedback_form_is_refused(client: TestClient) -> None:
    many = "&".join(f"f{n}=1" for n in range(50))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/feedback", content=many, headers=headers).status_code == 400
    assert client.post("/feedback", content="question=a&verdict=maybe", headers=headers).status_code == 400
    assert client.post("/feedback", content=b"\xff\xfe\x00", headers=headers).status_code == 400
