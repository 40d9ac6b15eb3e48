"""Speed and memory of whole processes: cold starts, the server under clients, resident memory, size on disk."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from eval.bench_answers import Asked, quantiles
from eval.bench_memory import resident
from eval.errors import EvalError

ROOT = Path(__file__).resolve().parents[1]
START_S = 60.0  # longest wait for a server

# Says when it has come so far and waits to be looked at; it imports nothing for the measurement.
_ANSWERING = """
import json, sys
from pathlib import Path
from qa.live import open_engine
from qa.settings import load_settings
settings = load_settings({"home": Path(sys.argv[1])})
engine = open_engine(settings.home, settings)
texts = json.loads(sys.argv[2])
print("opened", flush=True)
sys.stdin.readline()
for text in texts:
    engine.answer(text)
print("answered", flush=True)
sys.stdin.readline()
"""


class BenchFailed(EvalError):
    """Something that is measured did not work; the reason is what it said last."""

    status = 1


class ServerFailed(BenchFailed):
    """The server ended or was not ready in time; the reason is what it said last."""


def folder_bytes(folder: Path) -> dict[str, int]:
    """Bytes of each file or folder directly in a folder."""
    return {
        part.name: sum(f.stat().st_size for f in (part.rglob("*") if part.is_dir() else [part]) if f.is_file())
        for part in sorted(folder.iterdir())
    }


def child_environment(**more: str) -> dict[str, str]:
    """The environment of a child process, which finds the same packages as this one."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HF_HUB_OFFLINE": "1", **more}


def measure_memory(home: Path, questions: Sequence[Asked], answers: int = 50) -> dict[str, Any]:
    """Resident memory of a fresh process when its engine is open and after it has answered."""
    texts = [questions[n % len(questions)][0] for n in range(answers)]
    found: dict[str, Any] = {"answers": answers}
    process = subprocess.Popen(
        [sys.executable, "-c", _ANSWERING, str(home.absolute()), json.dumps(texts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment(),
    )
    with process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        for stage in ("opened", "answered"):
            if process.stdout.readline().strip() != stage:
                raise BenchFailed(f"a process that answers could not be measured: {last_line(process.stderr.read())}")
            found[stage] = resident(process.pid)
            process.stdin.write("\n")
            process.stdin.flush()
    return found


def measure_ask(home: Path, question: str, times: int = 3) -> dict[str, Any]:
    """Seconds from the start of `rcm-qa ask` to its end."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "qa.cli", "ask", question, "--home", str(home.absolute())],
            capture_output=True,
            text=True,
            env=child_environment(),
            check=False,
        )
        seconds.append(time.perf_counter() - start)
        if done.returncode:
            raise BenchFailed(f"rcm-qa ask ended with {done.returncode}: {last_line(done.stderr)}")
    return {"best_s": min(seconds), "all_s": seconds}


def last_line(text: str) -> str:
    """The last line that says something, for a message of one line."""
    return next((line.strip()[:200] for line in reversed(text.splitlines()) if line.strip()), "no reason was given")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Server:
    """A running `rcm-qa serve` and how long its start took."""

    port: int
    pid: int
    ready_s: float  # to the first 200 of /health/ready
    full_s: float  # until that says that the model is loaded


@contextmanager
def serving(home: Path, workers: int = 1) -> Iterator[Server]:
    """`rcm-qa serve` in a process of its own on a free port, without a limit on the rate. Raises ServerFailed."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="rcm-bench-"))
    said = folder / "said"
    command = ["-m", "qa.cli", "serve", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    with said.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *command, "--home", str(home.absolute())],
            stdout=subprocess.DEVNULL,
            stderr=output,
            env=child_environment(RCM_QA_RATE_LIMIT="", RCM_QA_API_TOKENS="", RCM_QA_TRUSTED_HOSTS=""),
        )
    try:
        ready_s = full_s = 0.0
        while not full_s:
            now = time.perf_counter() - start
            stage = _stage(port)
            if stage is not None:
                ready_s = ready_s or now
                full_s = now if stage == "full" else 0.0
            if process.poll() is not None or now > START_S:
                raise ServerFailed(last_line(said.read_text(encoding="utf-8", errors="replace")))
            if not full_s:
                time.sleep(0.01)
        yield Server(port, process.pid, ready_s, full_s)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _stage(port: int) -> str | None:
    """What /health/ready says, None while it does not say 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        reply = connection.getresponse()
        body = reply.read()
        return str(json.loads(body).get("stage", "full")) if reply.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


@dataclass(slots=True)
class _Load:
    """What clients found out together."""

    took_ms: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0  # processor time of the clients themselves


class _Client:
    """One connection kept open, with hardly any work of its own: clients share the cores with what is measured."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: socket.socket | None = None

    def get(self, path: str) -> int:
        """The status of a request when all of its answer has come. Raises OSError."""
        if self._connection is None:
            self._connection = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nAccept: application/json\r\n\r\n"
        self._connection.sendall(request.encode("ascii"))
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._receive()
        head, _, body = head.partition(b"\r\n\r\n")
        status, length = re.match(rb"HTTP/1\.[01] (\d{3})", head), re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if status is None or length is None:
            raise OSError("what came back is no answer, or does not say how long it is")
        left = int(length[1]) - len(body)
        while left > 0:
            left -= len(self._receive())
        if not head.startswith(b"HTTP/1.1 ") or b"\r\nconnection: close" in head.lower():
            self.close()
        return int(status[1])

    def _receive(self) -> bytes:
        assert self._connection is not None
        part = self._connection.recv(65536)
        if not part:
            raise OSError("the connection ended in the middle of an answer")
        return part

    def close(self) -> None:
        """End the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def send(port: int, paths: Sequence[str], clients: int, requests: int, seconds: float) -> _Load:
    """Requests from `clients` threads at once, each over one connection kept open, at most so many in all and so long."""
    load = _Load()
    lock = threading.Lock()
    left = iter(range(requests))
    until = time.perf_counter() + seconds

    def work() -> None:
        client = _Client(port)
        while time.perf_counter() < until:
            with lock:
                number = next(left, None)
            if number is None:
                break
            start = time.perf_counter()
            try:
                good = client.get(paths[number % len(paths)]) == 200
            except OSError:
                client.close()
                good = False
            took_ms = (time.perf_counter() - start) * 1000
            with lock:
                if good:
                    load.took_ms.append(took_ms)
                else:
                    load.errors += 1
        client.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    start, start_cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds, load.cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    return load


def ask_paths(questions: Sequence[Asked], k: int) -> list[str]:
    """The address of each question's answer with at most `k` passages."""
    return [f"/api/v1/ask?{urlencode({'q': text, 'k': k})}" for text, _ in questions]


def measure_http(
    port: int, questions: Sequence[Asked], clients: Sequence[int], requests: int, seconds: float
) -> list[dict[str, Any]]:
    """Answers a second and their milliseconds for each number of clients; the clients run on the same machine."""
    # The server keeps its last answers: every question is asked for several numbers of passages before it comes again.
    paths = [path for k in (5, 4, 6, 3, 7) for path in ask_paths(questions, k)]
    send(port, paths, 2, min(requests, len(questions)), seconds)
    rows = []
    for count in clients:
        load = send(port, paths, count, requests, seconds)
        row: dict[str, Any] = {"clients": count, "requests": len(load.took_ms), "errors": load.errors}
        if load.took_ms:
            row.update(quantiles(load.took_ms), per_s=len(load.took_ms) / load.seconds, clients_cores=load.cpu_s / load.seconds)
        rows.append(row)
    return rows
