import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.embedders import Embedder
from index.errors import BadModel
from index.generations import Home
from qa.answering import Engine
from qa.cli import main
from qa.live import LiveEngine
from qa.settings import Settings
from tests.conftest import TINY_DOCUMENTS, WordEmbedder, build, write_documents
from tests.web_fixtures import HTML, MEMBERS, listening, serving, wait_for_server, wait_until_ready
from web.cores import keep_to_a_core, one_core_each
from web.journal import JsonLines
from web.site import answer_threads


def test_all_threads_take_memory_from_one_heap_where_there_are_several() -> None:
    script = "import platform, web.serving as s; print(s.share_one_heap(), platform.libc_ver()[0])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    shared, library = [*done.stdout.split(), ""][:2]
    assert shared == str(library == "glibc")


@pytest.fixture
def served(tiny_live: LiveEngine) -> Iterator[str]:
    with listening(tiny_live) as base:
        yield base


def live_over(path: Path) -> LiveEngine:
    return LiveEngine(Home(path), Settings(home=path))


@pytest.fixture
def copied_home(tiny_home: Home, tmp_path: Path) -> Home:
    shutil.copytree(tiny_home.path, tmp_path / "home")
    return Home(tmp_path / "home")


def test_without_an_index_the_process_lives_but_is_not_ready(tmp_path: Path) -> None:
    with serving(live_over(tmp_path / "empty"), ready=False) as client:
        assert client.get("/health/live").json() == {"status": "live"}
        reply = client.get("/health/ready")
        assert (reply.status_code, reply.json()["type"]) == (503, "/problems/not-ready")
        assert int(reply.headers["retry-after"]) >= 1
        for _ in range(200):
            reply = client.get("/health/ready")
            if "rcm-qa build" in reply.json()["detail"]:
                break
            time.sleep(0.02)
        assert "rcm-qa build" in reply.json()["detail"]
        assert client.get("/api/v1/ask", params={"q": MEMBERS}).status_code == 503
        page = client.get("/", headers=HTML)
        assert page.status_code == 503
        assert '<meta http-equiv="refresh"' in page.text


def test_an_index_that_appears_later_is_opened(tiny_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.live.open_embedder", lambda folder: WordEmbedder())
    monkeypatch.setattr("web.readiness._PAUSES_S", (0.05,))
    with serving(live_over(tmp_path / "home"), ready=False) as client:
        assert client.get("/health/ready").status_code == 503
        shutil.copytree(tiny_home.path, tmp_path / "home")
        wait_until_ready(client)


def test_words_are_searched_until_the_model_is_loaded(tiny_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = threading.Event()

    def open_slowly(folder: Path) -> Embedder:
        assert loaded.wait(20)
        return WordEmbedder()

    monkeypatch.setattr("qa.live.open_embedder", open_slowly)
    with serving(live_over(tiny_home.path), ready=False) as client:
        wait_until_ready(client, "lexical")
        answer = client.get("/api/v1/ask", params={"q": MEMBERS})
        assert answer.json()["index"]["degraded"] is True
        assert answer.json()["took_ms"]["embed"] == 0
        assert "model is still being loaded" in client.get("/", params={"q": MEMBERS}, headers=HTML).text
        registry = client.app.state.site.metrics.registry  # type: ignore[attr-defined]
        assert registry.get_sample_value("rcm_ready") == 1, "whichever process is asked for the metrics"
        loaded.set()
        wait_until_ready(client)
        full = client.get("/api/v1/ask", params={"q": MEMBERS}, headers={"If-None-Match": answer.headers["etag"]})
        assert full.status_code == 200, "the answer by words alone is not passed off as the full one"
        assert full.json()["index"]["degraded"] is False
        assert "rcm_ready 2.0" in client.get("/metrics").text


def test_a_model_that_cannot_be_loaded_leaves_the_search_by_words(tiny_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> Embedder:
        raise BadModel("the model file is damaged; build again")

    monkeypatch.setattr("qa.live.open_embedder", refuse)
    with serving(live_over(tiny_home.path), ready=False) as client:
        wait_until_ready(client, "lexical")
        for _ in range(100):
            problem = client.get("/health/ready").json()["problem"]
            if problem:
                break
            time.sleep(0.02)
        assert problem == "the model file is damaged; build again"
        assert client.get("/api/v1/ask", params={"q": MEMBERS}).status_code == 200


def test_a_new_generation_is_served_without_dropping_a_request_and_old_links_lead_on(
    copied_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.live.open_embedder", lambda folder: WordEmbedder())
    with serving(live_over(copied_home.path)) as client:
        before = client.get("/api/v1/ask", params={"q": MEMBERS})
        old_link = client.get("/api/v1/documents/managua").json()["passages"][0]
        statuses: list[int] = []
        generations: set[str] = set()
        stop = threading.Event()

        def keep_asking() -> None:
            while not stop.is_set():
                reply = client.get("/api/v1/ask", params={"q": MEMBERS})
                statuses.append(reply.status_code)
                generations.add(reply.json()["index"]["generation"])

        threads = [threading.Thread(target=keep_asking) for _ in range(2)]
        for thread in threads:
            thread.start()
        changed = TINY_DOCUMENTS["managua.md"].replace("The XIX Annual", "In June, long before this, the XIX Annual")
        build(copied_home.path, write_documents(tmp_path / "corpus", {**TINY_DOCUMENTS, "managua.md": changed}))
        now = copied_home.live_name()
        for _ in range(400):
            if now in generations:
                break
            time.sleep(0.02)
        stop.set()
        for thread in threads:
            thread.join()
        assert set(statuses) == {200}
        assert generations == {before.json()["index"]["generation"], now}
        same = client.get("/api/v1/ask", params={"q": MEMBERS}, headers={"If-None-Match": before.headers["etag"]})
        assert same.status_code == 200, "an answer of the old generation is not kept as the new one's"
        found = client.get(f"/api/v1/passages/{old_link}").json()
        assert found["moved"] is True
        assert found["requested"] == old_link != found["passage"]["id"]
        assert found["changed"] is True and found["said_before"].startswith("The XIX Annual")
        assert "XIX Annual Meeting" in found["passage"]["text"]


@pytest.fixture
def lines() -> Iterator[list[str]]:
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    handler = Keep()
    handler.setFormatter(JsonLines())
    log = logging.getLogger("web")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield found
    log.removeHandler(handler)
    log.setLevel(level)


def test_the_log_says_how_a_request_went_but_not_what_was_asked(tiny_live: LiveEngine, lines: list[str]) -> None:
    with serving(tiny_live) as client:
        client.get("/api/v1/ask", params={"q": "secretquestion about migration"}, headers={"X-Request-ID": "abcdefgh"})
        client.get("/", params={"q": "secretquestion again"})
        client.post("/api/v1/ask", json={"question": "secretquestion thrice"})
    entries = [json.loads(line) for line in lines]
    entry = next(e for e in entries if e.get("request_id") == "abcdefgh")
    assert (entry["method"], entry["route"], entry["status"], entry["lang"]) == ("GET", "/api/v1/ask", 200, "en")
    assert entry["ms"] > 0
    assert not any("secretquestion" in line for line in lines)


def test_the_log_holds_questions_when_the_settings_say_so(tiny_live: LiveEngine, lines: list[str]) -> None:
    with serving(tiny_live, log_questions=True) as client:
        client.get("/api/v1/ask", params={"q": "openquestion about migration"})
    assert any(json.loads(line).get("question") == "openquestion about migration" for line in lines)


def test_metrics_count_routes_by_their_template_and_never_hold_a_question(tiny_live: LiveEngine) -> None:
    with serving(tiny_live) as client:
        client.get("/api/v1/ask", params={"q": "secretquestion one"})
        client.get("/api/v1/documents/puebla")
        client.get("/api/v1/documents/tapachula")
        for n in range(5):
            client.get(f"/no/such/place/{n}")
        client.request("BREW", "/health/live")
        text = client.get("/metrics").text
    assert 'rcm_http_requests_total{method="GET",route="/api/v1/documents/{document_id}",status="200"} 2.0' in text
    assert 'rcm_http_requests_total{method="GET",route="other",status="404"} 5.0' in text
    assert 'method="other"' in text
    assert "rcm_documents 4.0" in text
    assert 'door="api"' in text
    assert "secretquestion" not in text
    assert "such/place" not in text


def test_an_error_that_nobody_expected_is_a_problem_without_a_trace(
    tiny_live: LiveEngine, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the secret inside")

    with serving(tiny_live) as client:
        monkeypatch.setattr("qa.answering.Engine.answer", fail)
        reply = client.get("/api/v1/ask", params={"q": MEMBERS}, headers={"X-Request-ID": "find-me-1"})
    assert (reply.status_code, reply.headers["content-type"]) == (500, "application/problem+json")
    assert "secret inside" not in reply.text
    assert "find-me-1" in reply.json()["detail"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert any("secret inside" in line and "find-me-1" in line for line in lines)


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_serve_takes_a_free_port_answers_and_ends_in_order_on_a_signal(tiny_home: Home, workers: int) -> None:
    environ = {**os.environ, "RCM_QA_HOME": str(tiny_home.path), "RCM_QA_WORKERS": str(workers), "PYTHONPATH": "."}
    process = subprocess.Popen(
        [sys.executable, "-m", "qa", "serve", "--port", "0"], env=environ, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        base = process.stderr.readline().rpartition(" ")[2].strip()
        assert base.startswith("http://127.0.0.1:")
        wait_for_server(base)
        # The tiny index was made by a fake embedder, so it is served by words alone.
        assert httpx.get(f"{base}/health/ready", timeout=5).json()["degraded"] is True
        assert httpx.get(f"{base}/api/v1/ask", params={"q": MEMBERS}, timeout=20).json()["passages"]
        for _ in range(200):  # until the slower process has opened the index too
            metrics = httpx.get(f"{base}/metrics", timeout=5).text
            if "rcm_ready 1.0" in metrics:
                break
            time.sleep(0.1)
        assert "rcm_ready 1.0" in metrics
        assert "rcm_documents 4.0" in metrics
        assert 'rcm_answers_total{door="api"' in metrics
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in errors
    assert all(json.loads(line) for line in errors.splitlines())


def test_a_port_that_is_taken_is_named_in_one_line(tiny_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert main(["serve", "--port", str(port), "--home", str(tiny_home.path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert f"127.0.0.1:{port}" in lines[0]
    assert "--port" in lines[0]


def test_a_setting_that_makes_no_sense_stops_serve_in_one_line(
    tiny_home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCM_QA_RATE_LIMIT", "often")
    assert main(["serve", "--home", str(tiny_home.path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "rate_limit" in lines[0]


@pytest.mark.parametrize("workers, reranker, expected", [(1, None, 2), (4, None, 1), (9, None, 1), (4, "some-cross-encoder", 2)])
def test_one_answer_at_a_time_where_every_core_has_a_process(
    monkeypatch: pytest.MonkeyPatch, workers: int, reranker: str | None, expected: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert answer_threads(Settings(workers=workers, reranker=reranker)) == expected


def test_a_core_is_taken_by_one_process_and_free_again_when_that_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept: list[set[int]] = []
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {5, 2})
    monkeypatch.setattr("os.sched_setaffinity", lambda pid, cores: kept.append(cores))
    first, second = keep_to_a_core(tmp_path), keep_to_a_core(tmp_path)
    assert first is not None and second is not None
    assert kept == [{2}, {5}]
    assert keep_to_a_core(tmp_path) is None
    second.close()
    third = keep_to_a_core(tmp_path)
    assert third is not None
    assert kept == [{2}, {5}, {5}]
    first.close()
    third.close()


def test_where_a_process_may_not_choose_its_core_it_runs_on_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(pid: int, cores: set[int]) -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr("os.sched_setaffinity", refuse)
    assert keep_to_a_core(tmp_path) is None
    assert keep_to_a_core(tmp_path / "missing") is None


@pytest.mark.slow
@pytest.mark.skipif(not 2 <= (os.cpu_count() or 1) <= 8 or len(os.sched_getaffinity(0)) != os.cpu_count(), reason="few cores")
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are not kept to a core")
def test_with_a_process_for_every_core_each_keeps_to_its_own(tiny_home: Home) -> None:
    cores = os.cpu_count() or 1
    assert one_core_each(Settings(workers=cores)) and not one_core_each(Settings(workers=cores - 1))
    process = subprocess.Popen(
        [sys.executable, "-m", "qa", "serve", "--port", "0", "--workers", str(cores)],
        env={**os.environ, "RCM_QA_HOME": str(tiny_home.path), "PYTHONPATH": "."},
        stderr=subprocess.PIPE,
        text=True,
    )
    kept: list[set[int]] = []
    try:
        for _ in range(200):
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            with suppress(ProcessLookupError):  # one that helps to start the others has ended meanwhile
                kept = sorted((c for c in (os.sched_getaffinity(int(child)) for child in children) if len(c) == 1), key=min)
            if len(kept) == cores:
                break
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert kept == [{core} for core in sorted(os.sched_getaffinity(0))]


def test_head_is_answered_without_a_body_an_error_or_a_lost_connection(
    tiny_live: LiveEngine, caplog: pytest.LogCaptureFixture, lines: list[str]
) -> None:
    with listening(tiny_live) as base:
        connection = HTTPConnection(base.removeprefix("http://"), timeout=20)
        connection.connect()
        first = connection.sock
        for path in ("/health/live", "/api/v1/documents/puebla", "/", "/static/app.css", "/nothing", "/mcp"):
            replies = []
            for method in ("HEAD", "GET"):
                connection.request(method, path, headers={"X-Request-ID": "head-or-get"})
                reply = connection.getresponse()
                body = reply.read()
                assert (body == b"") is (method == "HEAD")
                assert connection.sock is first
                replies.append((reply.status, reply.headers["Content-Length"], reply.headers["Content-Type"]))
            assert replies[0] == replies[1]
        connection.close()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    entries = [entry for entry in map(json.loads, lines) if entry.get("request_id") == "head-or-get"]
    heads, gets = (sorted(e["route"] for e in entries if e["method"] == method) for method in ("HEAD", "GET"))
    assert heads == gets == sorted(["/health/live", "/api/v1/documents/{document_id}", "/", "/static", "other", "/mcp"])


@pytest.mark.parametrize(
    "path, allowed",
    [
        ("/api/v1/ask", "GET, HEAD, POST"),
        ("/api/v1/ask/batch", "POST"),
        ("/api/v1/documents/puebla", "GET, HEAD"),
        ("/health/live", "GET, HEAD"),
        ("/", "GET, HEAD"),
        ("/documents", "GET, HEAD"),
        ("/documents/puebla", "GET, HEAD"),
        ("/feedback", "POST"),
        ("/openapi.json", "GET, HEAD"),
        ("/static/app.css", "GET, HEAD"),
        ("/mcp", "POST"),
    ],
)
def test_a_method_that_is_not_allowed_is_told_those_that_are(served: str, path: str, allowed: str) -> None:
    for method in {"OPTIONS", "DELETE", "PUT", "GET", "HEAD", "POST"} - set(allowed.split(", ")):
        reply = httpx.request(method, served + path)
        assert (reply.status_code, reply.headers["allow"]) == (405, allowed)


@pytest.mark.slow
@pytest.mark.parametrize(
    "request_",
    [
        "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n",
        "POST /api/v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
)
def test_connections_that_only_wait_turn_nobody_away(
    tiny_live: LiveEngine, monkeypatch: pytest.MonkeyPatch, request_: str
) -> None:
    monkeypatch.setattr("web.app.MAX_IN_PROGRESS", 2)
    with listening(tiny_live) as base, ExitStack() as held:
        for _ in range(4):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2]))))
            connection.sendall(request_.encode())
        statuses = [httpx.get(f"{base}/api/v1/documents").status_code for _ in range(30)]
        assert statuses[-10:] == [200] * 10


def test_a_body_that_comes_too_slowly_is_refused_and_one_in_pieces_is_not(
    tiny_live: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps({"question": MEMBERS}).encode()
    head = (
        f"POST /api/v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with listening(tiny_live) as base:
        address = ("127.0.0.1", int(base.rpartition(":")[2]))
        with socket.create_connection(address, timeout=20) as connection:
            for piece in (head.encode(), body[:5], body[5:]):
                connection.sendall(piece)
                time.sleep(0.05)
            assert connection.recv(12) == b"HTTP/1.1 200"
        monkeypatch.setattr("web.security.BODY_S", 0.1)
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(head.encode() + body[:5])
            reply = b"".join(iter(lambda: connection.recv(4096), b""))
    assert reply.startswith(b"HTTP/1.1 408")
    assert b"/problems/too-slow" in reply


def test_other_requests_do_not_wait_behind_answers(tiny_live: LiveEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()
    answer = Engine.answer

    def slow(engine: Engine, text: str, **how: Any) -> Any:
        begun.release()
        assert go_on.wait(20)
        return answer(engine, text, **how)

    with serving(tiny_live) as client:
        monkeypatch.setattr(Engine, "answer", slow)
        asked = [threading.Thread(target=client.get, args=(f"/api/v1/ask?q=Where+{n}",)) for n in range(8)]
        for thread in asked:
            thread.start()
        for _ in range(answer_threads(Settings())):
            assert begun.acquire(timeout=20)
        assert not begun.acquire(timeout=0.3), "no more answers at once than threads that answer"
        assert client.get("/health/live").status_code == 200
        assert client.get("/api/v1/documents").status_code == 200
        go_on.set()
        for thread in asked:
            thread.join(20)
            assert not thread.is_alive()


@pytest.mark.parametrize("setting", ["RCM_QA_RATE_LIMIT=sometimes", "RCM_QA_API_TOKENS=abc"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_setting_that_makes_no_sense_stops_the_start(
    tiny_home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], setting: str, workers: str
) -> None:
    monkeypatch.setenv(*setting.split("="))
    assert main(["serve", "--home", str(tiny_home.path), "--port", "0", "--workers", workers]) == 2
    assert setting.split("=")[0].removeprefix("RCM_QA_").lower() in capsys.readouterr().err
