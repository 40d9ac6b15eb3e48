import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.loading import load_collection
from eval import bench, bench_peers, bench_processes
from eval.bench_answers import FEW_QUESTIONS, choose_questions, measure_answers, measure_ingestion, quantiles
from eval.bench_memory import resident
from eval.bench_printing import draw_report, print_report, tables
from eval.bench_processes import BenchFailed, ask_paths, folder_bytes, free_port, measure_http, send
from eval.bench_sizes import FILTERS, filter_mask, read_probes, recall_at, search_folder, search_lexical, write_probes
from eval.bench_synthetic import (
    DEPTH,
    Material,
    exact_best,
    gather_material,
    make_probes,
    make_vectors,
    measure_size,
    needs,
    vary_terms,
    write_size,
)
from eval.bench_updates import write_copies
from eval.errors import BadOption, BadQuestions
from index.generations import Home
from index.lexical import LexicalIndex
from index.searching import Index
from index.synonyms import searched_terms
from index.vectors import VectorIndex
from qa.answering import Engine
from qa.settings import Settings
from qa.timing import STAGES
from tests.conftest import WordEmbedder

QUANTILES = {"p50_ms", "p95_ms", "n"}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.bench.choose_questions", lambda most: list(FEW_QUESTIONS[:2] + FEW_QUESTIONS[5:6]))


@pytest.fixture(scope="module")
def report(tiny_home: Home, tiny_corpus: Path) -> Iterator[dict[str, Any]]:
    how = Settings(home=tiny_home.path, corpus=(tiny_corpus,), target_tokens=60)
    with pytest.MonkeyPatch.context() as patch, Index(tiny_home.live_folder(), WordEmbedder()) as index:
        patch.setattr("eval.bench.choose_questions", lambda most: list(FEW_QUESTIONS[:2] + FEW_QUESTIONS[5:6]))
        yield bench.measure(Engine(index), how, [100, 300], [100], quick=True, processes=False)


def with_processes(report: dict[str, Any]) -> dict[str, Any]:
    row = {"clients": 1, "workers": 1, "requests": 3, "errors": 0, "p50_ms": 2.0, "p95_ms": 3.0, "n": 3, "per_s": 500.0}
    failed = {"clients": 8, "workers": 2, "requests": 0, "errors": 5}
    return {
        **report,
        "http": [{**row, "p50_of_floor": 2.0, "p50_of_answer": 1.5, "of_cores": 0.5, "of_cores_left": 0.6}, failed],
        "cold_start_s": {"ask": 0.5},
        "memory": {"engine open": {"rss_mib": 100.0, "own_mib": 60.0}, "elsewhere": {"rss_mib": 90.0}},
        "left_out": ["a thing that failed"],
    }


def test_the_questions_are_the_same_every_time_in_both_languages_and_no_follow_ups(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    lines = [{"question": f"en {n}", "lang": "en"} for n in range(10)] + [{"question": f"es {n}", "lang": "es"} for n in range(2)]
    lines += [{"question": "and then?", "lang": "en", "history": ["what?"]}]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    assert choose_questions(path, most=3) == [("en 0", "en"), ("en 4", "en"), ("en 9", "en"), ("es 0", "es"), ("es 1", "es")]
    assert choose_questions(path, most=99) == [(d["question"], d["lang"]) for d in lines[:-1]]


def test_without_judged_questions_a_few_of_both_languages_are_asked(tmp_path: Path) -> None:
    assert choose_questions(tmp_path / "none.jsonl") == list(FEW_QUESTIONS)
    assert {lang for _, lang in FEW_QUESTIONS} == {"en", "es"}


@pytest.mark.parametrize("line", ["{", "[]", '"text"', '{"question": "what?"}'])
def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "what?", "lang": "en"}\n' + line, encoding="utf-8")
    with pytest.raises(BadQuestions, match="line 2 of"):
        choose_questions(path)


def test_the_median_and_the_95th_percentile_are_those_of_the_values() -> None:
    assert quantiles(list(range(101))) == {"p50_ms": 50.0, "p95_ms": 95.0, "n": 101}


def test_every_stage_of_every_answer_is_counted_and_the_first_pass_apart(tiny_engine: Engine) -> None:
    questions = list(FEW_QUESTIONS[:3])
    found = measure_answers(tiny_engine, questions, rounds=2)
    assert set(found) == {"floor", "search", "answer", "first_pass", "statuses", "stages"}
    assert {"understand", "embed", "lexical", "dense", "fuse", "extract", "decide"} <= set(found["stages"]) <= set(STAGES)
    assert [found[name]["n"] for name in ("floor", "search", "answer", "first_pass")] == [6, 6, 6, 3]
    assert sum(values["n"] for values in found["statuses"].values()) == 6
    for values in (found["floor"], found["search"], found["first_pass"], *found["stages"].values()):
        assert set(values) == QUANTILES
        assert 0 <= values["p50_ms"] <= values["p95_ms"]


def test_ingestion_counts_what_a_build_embeds_once_each(report: dict[str, Any], tiny_engine: Engine) -> None:
    found = report["ingestion"]
    counts = tiny_engine.index.manifest.counts
    assert (found["documents"], found["passages"], found["texts"]) == (counts.documents, counts.passages, counts.embedded)
    assert found["share_of_bare"] == pytest.approx(found["seconds_bare"] / found["seconds"])
    assert found["passages_per_s"] == pytest.approx(found["passages"] / found["seconds"])


def test_ingestion_takes_no_more_documents_than_it_was_told(tiny_engine: Engine, tiny_home: Home, tiny_corpus: Path) -> None:
    assert measure_ingestion(tiny_engine, Settings(home=tiny_home.path, corpus=(tiny_corpus,)), most=2)["documents"] == 2


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 99))
def test_synthetic_vectors_are_unit_rows_begin_with_the_real_ones_and_are_always_the_same(size: int, n: int, seed: int) -> None:
    real = np.random.default_rng(seed).normal(size=(n, 16)).astype(np.float32)
    real /= np.linalg.norm(real, axis=1, keepdims=True)
    made = make_vectors(real, size)
    assert made.shape == (size, 16) and made.dtype == np.float32
    assert np.array_equal(made[:n], real[:size])
    assert np.linalg.norm(made, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(made, make_vectors(real, size))
    assert len(np.unique(made[n:], axis=0)) == max(0, size - n)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), min_size=1, max_size=6), st.integers(0, 60))
def test_synthetic_passages_begin_with_the_real_ones_and_vary_only_by_terms_of_others(names: list[list[str]], size: int) -> None:
    real = [[(name, 1.5) for name in passage] for passage in names]
    made = list(vary_terms(real, size))
    assert len(made) == size
    assert made[: len(real)] == [dict(passage) for passage in real][:size]
    known = {name for passage in names for name in passage}
    for ordinal, terms in enumerate(made):
        new = set(terms) - known
        assert new <= {f"~{ordinal}"}
        assert bool(terms) == bool(real[ordinal % len(real)])
    assert made == list(vary_terms(real, size))


def test_the_exact_best_are_those_of_brute_force_over_blocks_and_filters(
    tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.bench_synthetic.BLOCK", 64)
    probes = make_probes(tiny_engine, FEW_QUESTIONS[:2])
    vectors = make_vectors(np.random.default_rng(1).normal(size=(50, 64)).astype(np.float32), 300)
    found = exact_best(vectors, probes)
    assert found.shape == (len(FILTERS), 2, DEPTH)
    for at, name in enumerate(FILTERS):
        mask = filter_mask(name, 300)
        inside = np.arange(300) if mask is None else np.flatnonzero(mask)
        for row, probe in zip(found[at], probes):
            cosines = vectors[inside] @ probe.vector
            best = np.sort(cosines)[::-1][:DEPTH]
            given_back = row[row >= 0]
            assert len(given_back) == min(DEPTH, len(inside))
            assert set(given_back) <= set(inside)
            assert vectors[given_back] @ probe.vector == pytest.approx(best, abs=1e-6)


def test_a_filter_leaves_its_share_and_always_the_same_passages() -> None:
    assert filter_mask("all", 1000) is None
    for name, share in (("30 %", 0.3), ("1 %", 0.01)):
        mask, again = filter_mask(name, 100_000), filter_mask(name, 100_000)
        assert mask is not None and again is not None
        assert mask.mean() == pytest.approx(share, rel=0.1)
        assert np.array_equal(mask, again)


def test_recall_is_the_mean_share_of_the_exact_best_and_a_question_without_any_is_left_out() -> None:
    def rows(*values: list[float]) -> list[Any]:
        return [np.asarray(row, dtype=np.float32) for row in values]

    exact = rows([0.9, 0.8], [0.7, 0.6], [])
    assert recall_at(rows([0.9, 0.8], [0.7, 0.5], []), exact) == pytest.approx((1 + 0.5) / 2)
    assert recall_at(rows([0.9, 0.8], [], []), exact) == pytest.approx(1 / 2)
    assert recall_at([], []) == 1.0


def test_probes_survive_the_way_through_files(tiny_engine: Engine, tmp_path: Path) -> None:
    probes = make_probes(tiny_engine, FEW_QUESTIONS)
    write_probes(tmp_path, probes)
    for before, after in zip(probes, read_probes(tmp_path), strict=True):
        assert np.array_equal(before.vector, after.vector)
        assert (before.english, before.own) == (after.english, after.own)
        assert (before.possible_english, before.possible_own) == (after.possible_english, after.possible_own)
    assert any(probe.own for probe in probes)


def test_the_material_is_what_the_index_was_made_of(tiny_engine: Engine, tmp_path: Path) -> None:
    index = tiny_engine.index
    material = gather_material(tiny_engine)
    assert len(material.english) == len(material.spanish) == index.vectors.size
    assert len(material.vectors) == index.vectors.size + len(index.sentences)
    probes = make_probes(tiny_engine, FEW_QUESTIONS)
    row = write_size(tmp_path, material, probes, index.vectors.size)
    assert row["real_vectors"] == row["passages"] == index.vectors.size
    english, spanish = LexicalIndex(tmp_path / "english"), LexicalIndex(tmp_path / "spanish")
    for probe in probes:
        searched = searched_terms(english, probe.english, probe.near)
        built = index.english.search(searched, 50)
        again = english.search(searched, 50)
        assert built[0].tolist() == again[0].tolist()
        assert built[1] == pytest.approx(again[1], abs=1e-6)
        if not probe.own:
            assert search_lexical(english, spanish, probe).tolist() == built[0].tolist()


def test_a_size_is_built_and_searched_in_a_process_of_its_own(tiny_engine: Engine) -> None:
    material, probes = gather_material(tiny_engine), make_probes(tiny_engine, FEW_QUESTIONS[:3])
    row = measure_size(material, probes, 400, lambda: 2.5, rounds=1)
    assert row["passages"] == 400 and row["real_vectors"] == len(material.vectors) and row["floor_ms"] == 2.5
    assert row["vector_kind"] == "Flat"
    assert row["recall_at_10"] == {"all": 1.0, "30 %": 1.0, "1 %": 1.0}
    arms = ("dense", "lexical", "both")
    assert set(row["search"]) == {*arms, *(f"{arm}, {name}" for arm in arms for name in ("30 %", "1 %"))}
    assert all(set(values) == QUANTILES and values["n"] == 3 for values in row["search"].values())
    assert set(row["build_s"]) == set(row["bytes"]) == {"vectors", "lexical"}
    assert row["bytes"]["vectors"] >= 400 * 64 * 4
    assert row["memory"]["rss_mib"] > 0


def test_memory_is_measured_while_the_index_is_open(tiny_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[weakref.ref[VectorIndex]] = []

    def opening(folder: Path, dim: int) -> VectorIndex:
        index = VectorIndex(folder, dim)
        opened.append(weakref.ref(index))
        return index

    write_size(tmp_path, gather_material(tiny_engine), make_probes(tiny_engine, FEW_QUESTIONS[:1]), 100)
    monkeypatch.setattr("eval.bench_sizes.VectorIndex", opening)
    monkeypatch.setattr("eval.bench_sizes.resident", lambda: {"open": sum(index() is not None for index in opened)})
    assert search_folder(tmp_path, rounds=1)["memory"] == {"open": 1}
    assert opened[0]() is None


def test_equal_vectors_stand_for_each_other_but_a_farther_one_is_a_loss(
    tiny_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = gather_material(tiny_engine)
    twice = np.repeat(make_vectors(own.vectors, 100), 2, axis=0)
    probes = make_probes(tiny_engine, FEW_QUESTIONS[:3])
    write_size(tmp_path, Material(twice, own.english, own.spanish), probes, 200)
    exact = np.load(tmp_path / "exact.npy")
    np.save(tmp_path / "exact.npy", exact ^ 1)  # the twin of each
    assert search_folder(tmp_path, rounds=1)["recall_at_10"]["all"] == 1.0
    search = VectorIndex.search

    def blunt(self: VectorIndex, vector: Any, limit: int, allowed: Any = None) -> Any:
        ordinals, scores = search(self, vector, limit + 10, allowed)
        return ordinals[limit // 2 : limit // 2 + limit], scores[limit // 2 : limit // 2 + limit]

    monkeypatch.setattr(VectorIndex, "search", blunt)
    assert search_folder(tmp_path, rounds=1)["recall_at_10"]["all"] <= 0.6


def test_a_size_that_memory_cannot_hold_is_refused_before_anything_is_built(
    tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    material, probes = gather_material(tiny_engine), make_probes(tiny_engine, FEW_QUESTIONS[:1])
    assert needs(material, 2_000_000)[0] > 1.5 * needs(material, 1_000_000)[0]
    monkeypatch.setattr("eval.bench_synthetic.available_bytes", lambda: 1 << 20)
    with pytest.raises(BenchFailed, match=r"400 passages need .* GiB of memory"):
        measure_size(material, probes, 400, lambda: 1.0)


def test_a_report_has_one_shape_and_survives_json(report: dict[str, Any]) -> None:
    again = json.loads(json.dumps(report))
    assert again == report
    assert again["format"] == bench.FORMAT and again["quick"] is True
    assert again["questions"] == {"en": 2, "es": 1}
    assert set(again) == {
        "format", "quick", "machine", "generation", "questions", "floors_ms", "notes", "left_out",
        "in_process", "disk_bytes", "sizes", "ingestion", "updates",
    }  # fmt: skip
    assert [row["passages"] for row in again["sizes"]] == [100, 300]
    assert len(again["floors_ms"]) == 4
    assert sum(again["disk_bytes"].values()) > 0
    assert again["generation"]["documents"] == 4
    assert any("synthesised" in note for note in again["notes"])


def test_a_changed_document_is_found_among_copies_that_differ_and_little_is_embedded(report: dict[str, Any]) -> None:
    row = report["updates"][0]
    assert 70 <= row["passages"] <= 140 and row["documents"] >= 50
    assert 1 <= row["embedded"] <= 4
    assert row["seconds"] > 0 and row["first"]["seconds"] > 0 and {"read", "chunk", "terms"} <= set(row["stages_s"])


def test_copies_of_documents_are_read_as_documents_of_their_own(tiny_index: Index, tmp_path: Path) -> None:
    documents = list(tiny_index.store.documents())
    files = write_copies(tmp_path, documents, 30, 2.0)
    read = load_collection([tmp_path])
    assert len(files) == len(read.documents) == 15 and not read.skipped
    assert [d.text for d in read.documents[: len(documents)]] == [d.text for d in documents]
    assert len({d.text for d in read.documents}) == 15
    assert {d.lang for d in read.documents} == {"en", "es"}


def test_the_tables_have_as_many_cells_as_columns_and_put_ratios_before_times(report: dict[str, Any]) -> None:
    sections = tables(with_processes(report))
    assert len(sections) == 7
    for section in sections:
        assert all(len(row) == len(section.head) for row in section.rows), section.title
    answers = sections[0]
    assert answers.rows[0][:2] == ("bare model forward", "1.00 x")
    assert answers.head.index("p50") < answers.head.index("p50 ms")
    fewer = tables({**report, "sizes": [], "updates": []})
    assert [s.title for s in fewer] == [s.title for s in (sections[0], sections[1], sections[4])]


def test_plain_lines_say_what_is_synthetic_and_what_was_left_out(
    report: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    print_report(with_processes(report))
    out = capsys.readouterr().out
    assert "synthesised" in out and "left out: a thing that failed" in out
    assert "cold start, ask" in out and "1 process, 1 client" in out and "100 MiB (60 without mapped files)" in out
    assert "\x1b" not in out and "┃" not in out


def test_a_terminal_gets_the_same_cells(
    report: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    print_report(with_processes(report))
    out = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    for section in tables(with_processes(report)):
        for row in section.rows:
            assert all(cell.strip() in out for cell in row), row


@pytest.mark.slow
def test_the_plot_is_a_whole_svg_and_equal_for_equal_figures(report: dict[str, Any]) -> None:
    svg = draw_report(report)
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"bare model", "fuse", "passages"} <= texts
    assert svg == draw_report(report)
    assert "passages" not in draw_report({**report, "sizes": []})


@pytest.mark.parametrize(
    "text, expected", [("none", []), ("1000", [1000]), ("10_000, 1000,1000", [1000, 10_000]), ("1000000", [1_000_000])]
)
def test_sizes_are_read(text: str, expected: list[int]) -> None:
    assert bench.read_sizes(text) == expected


@pytest.mark.parametrize("text", ["", "99", "1e6", "-1000", "1000,,2000", "٣٠٠٠", "99999999999", "many"])
def test_sizes_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(BadOption, match="--sizes"):
        bench.read_sizes(text)


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--sizes", "few"], "--sizes"),
        (["--updates", "7"], "--updates"),
        (["--json", "no/such/folder/b.json"], "no/such/folder"),
        (["--svg", "."], "is a folder"),
        (["--nonsense"], "--nonsense"),
        (["more"], "more"),
    ],
)
def test_a_mistake_gives_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert bench.run(["--home", str(tmp_path), *arguments]) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1


def test_a_home_without_an_index_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(["--home", str(tmp_path)]) == 1
    assert "rcm-qa build" in capsys.readouterr().err


def test_the_command_writes_json_and_svg_in_one_step(
    tiny_engine: Engine,
    tiny_home: Home,
    report: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("eval.bench.open_engine", lambda home, how: tiny_engine)
    monkeypatch.setattr("eval.bench.measure", lambda *args, **how: report)
    files = [tmp_path / "b.json", tmp_path / "b.svg"]
    assert bench.run(["--home", str(tiny_home.path), "--json", str(files[0]), "--svg", str(files[1])]) == 0
    assert json.loads(files[0].read_text(encoding="utf-8")) == report
    assert ElementTree.parse(files[1]).getroot().tag.endswith("svg")
    assert sorted(tmp_path.iterdir()) == files
    assert "full answer" in capsys.readouterr().out


def test_a_file_that_cannot_be_written_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "b.json").mkdir()
    with pytest.raises(BadOption, match="cannot be written"):
        bench.write_text(tmp_path / "b.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.seen.append(self.path)
        body = b'{"stage": "full"}'
        self.send_response(500 if "fail" in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    _Answers.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def test_clients_send_so_many_requests_and_no_more(port: int) -> None:
    load = send(port, ["/a", "/b"], clients=3, requests=20, seconds=30)
    assert (len(load.took_ms), load.errors) == (20, 0)
    assert sorted(_Answers.seen) == ["/a"] * 10 + ["/b"] * 10


def test_answers_other_than_200_and_refused_connections_are_errors_not_times(port: int) -> None:
    load = send(port, ["/ok", "/fail"], clients=2, requests=10, seconds=30)
    assert (len(load.took_ms), load.errors) == (5, 5)
    nobody = send(free_port(), ["/"], clients=2, requests=4, seconds=30)
    assert (nobody.took_ms, nobody.errors) == ([], 4)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"no answer\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nof what length",
                                  b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])  # fmt: skip
def test_what_is_no_whole_answer_is_an_error(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        load = send(listener.getsockname()[1], ["/"], clients=1, requests=2, seconds=30)
        thread.join()
    assert (load.took_ms, load.errors) == ([], 2)


def test_clients_keep_their_connection() -> None:
    reply = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                for _ in range(3):
                    assert connection.recv(4096).startswith(b"GET /a HTTP/1.1\r\nHost: 127.0.0.1:")
                    connection.sendall(reply[:20])
                    connection.sendall(reply[20:])

        thread = threading.Thread(target=answer)
        thread.start()
        load = send(listener.getsockname()[1], ["/a"], clients=1, requests=3, seconds=30)
        thread.join()
    assert (len(load.took_ms), load.errors) == (3, 0)


def test_no_request_is_sent_when_the_time_is_over(port: int) -> None:
    assert send(port, ["/a"], clients=2, requests=10, seconds=0).took_ms == []


def test_each_number_of_clients_gives_a_row(port: int) -> None:
    rows = measure_http(port, FEW_QUESTIONS, (1, 4), requests=12, seconds=30)
    assert [(row["clients"], row["requests"], row["errors"]) for row in rows] == [(1, 12, 0), (4, 12, 0)]
    assert all(row["per_s"] > 0 and set(row) >= QUANTILES for row in rows)
    assert bench_processes._stage(port) == "full"
    assert bench_processes._stage(free_port()) is None


def test_questions_travel_in_the_address_whole() -> None:
    assert ask_paths([("¿Qué es la CRM? a&b", "es")], 5) == ["/api/v1/ask?q=%C2%BFQu%C3%A9+es+la+CRM%3F+a%26b&k=5"]


def test_a_server_that_does_not_start_is_a_line_in_the_report(
    tiny_engine: Engine, tiny_home: Home, few: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "qa").mkdir()
    (tmp_path / "qa" / "__init__.py").write_text("")
    (tmp_path / "qa" / "cli.py").write_text("import sys; sys.exit('the web layer is missing')")
    monkeypatch.setattr(bench_processes, "ROOT", tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    memory = {"rss_mib": 1.0}
    monkeypatch.setattr("eval.bench.measure_ask", lambda home, question: {"best_s": 1.0})
    monkeypatch.setattr("eval.bench.measure_memory", lambda home, qs: {"answers": 50, "opened": memory, "answered": memory})
    monkeypatch.setattr("eval.bench.measure_ingestion", lambda engine, how, most: None)
    report = bench.measure(tiny_engine, Settings(home=tiny_home.path), [], quick=True)
    assert report["http"] == []
    assert report["left_out"] == ["HTTP, since `rcm-qa serve` did not come up: the web layer is missing"]
    assert report["cold_start_s"] == {"ask": 1.0}
    assert set(report["memory"]) == {"engine open", "after 50 answers"}


def test_resident_memory_is_that_of_the_process_asked_for() -> None:
    own, given_by_number = resident(), resident(os.getpid())
    assert own["rss_mib"] == pytest.approx(given_by_number["rss_mib"], rel=0.2)
    assert 5 < own["rss_mib"] < 100_000


def test_bytes_of_a_folder_are_given_by_its_parts(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    (tmp_path / "c").write_bytes(b"123")
    assert folder_bytes(tmp_path) == {"a": 5, "c": 3}


def test_a_free_port_can_be_listened_on() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))


@pytest.mark.model
@pytest.mark.slow
def test_the_whole_run_over_the_bundled_collection(bundled_home: Home, tmp_path: Path, few: None) -> None:
    path = tmp_path / "b.json"
    assert bench.run(["--home", str(bundled_home.path), "--quick", "--sizes", "1000", "--json", str(path)]) == 0
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["left_out"] == []
    assert {(row["workers"], row["clients"]) for row in report["http"]} >= {(1, 1), (1, 8), (1, 32)}
    assert sum(row["errors"] for row in report["http"]) == 0
    assert report["sizes"][0]["recall_at_10"] == {"all": 1.0, "30 %": 1.0, "1 %": 1.0}
    assert report["in_process"]["floor"]["n"] == 3


def test_peers_that_are_not_installed_are_named_and_skipped(tiny_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.live.open_embedder", lambda folder: WordEmbedder())
    monkeypatch.setattr(bench_peers, "PEERS", {"Chroma": bench_peers.PEERS["Chroma"]})
    said: list[str] = []
    report = bench_peers.measure(sys.executable, tiny_home.path, 1, 1, said.append)
    assert "chromadb" in report["skipped"]["Chroma"]
    assert (report["rows"], len(said)) == ([], 1)
    assert "skipped: Chroma" in bench_peers.show(report)


def test_the_table_of_peers_compares_what_had_equally_many_threads() -> None:
    row = {"p50_ms": 2.0, "p95_ms": 3.0, "first_s": 0.5, "rss_mib": 100.0, "passages_per_s": 50.0, "threads": "one"}
    rows = [{**row, "name": bench_peers.OURS[0]}, {**row, "name": "Chroma", "p50_ms": 6.0}]
    rows += [{**each, "threads": "default", "p50_ms": 4.0} for each in rows]
    lines = bench_peers.show({"rows": rows, "skipped": {}}).splitlines()
    assert [line.split()[-4] for line in lines[1:]] == ["1.00", "3.00", "1.00", "1.00"]


def test_a_killed_bench_takes_its_server_along(tiny_home: Home) -> None:
    code = (
        "import sys, time; from pathlib import Path; from eval import bench, bench_processes\n"
        "def measure(*args, **kwargs):\n"
        "    with bench_processes.serving(Path(sys.argv[1])) as server: print(server.pid, flush=True); time.sleep(60)\n"
        "bench_processes._stage = lambda port: 'full'; bench.open_engine = lambda *args: None; bench.measure = measure\n"
        "sys.exit(bench.run(['--home', sys.argv[1]]))"
    )
    environment = bench_processes.child_environment()
    with subprocess.Popen([sys.executable, "-c", code, str(tiny_home.path)], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        server = int(process.stdout.readline())
        process.terminate()
    assert process.returncode == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
