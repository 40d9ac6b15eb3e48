"""`rcm-qa bench`: speed and memory on this machine, as ratios to the bare model measured in the same run."""

import json
import os
import platform
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from eval.bench_answers import Asked, choose_questions, measure_answers, measure_ingestion, took_ms
from eval.bench_memory import resident
from eval.bench_printing import draw_report, print_report
from eval.bench_processes import (
    BenchFailed,
    ServerFailed,
    folder_bytes,
    measure_ask,
    measure_http,
    measure_memory,
    serving,
)
from eval.bench_synthetic import SYNTHESIS, gather_material, make_probes, measure_size
from eval.bench_updates import UPDATES, measure_update
from eval.commands import check_output
from eval.errors import BadOption
from qa.answering import Engine
from qa.commands.frame import HomeOption, run_command
from qa.live import open_engine
from qa.settings import Settings, load_settings

FORMAT = 1
CLIENTS = (1, 8, 32)
SIZES = "1000,10000,100000"
LEAST, MOST = 100, 10_000_000


def run(arguments: Sequence[str]) -> int:
    """Run `bench ARGUMENTS`: 0 done, 1 the work failed, 2 a mistake of the caller; one line on stderr, no traceback."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that what it has started ends with it
    return run_command(bench, "bench", arguments)


def read_sizes(text: str, option: str = "--sizes") -> list[int]:
    """Numbers of passages, ascending; `none` is no number at all. Raises BadOption."""
    if text == "none":
        return []
    sizes = set()
    for part in text.split(","):
        digits = part.strip().replace("_", "")
        size = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
        if not LEAST <= size <= MOST:
            raise BadOption(
                f"{option} holds {part.strip()[:20]!r}; expected numbers of passages from {LEAST} to {MOST:,} (digits only) "
                f"with commas between them, such as {SIZES}, or none"
            )
        sizes.add(size)
    return sorted(sizes)


def bench(
    home: HomeOption = None,
    sizes: Annotated[
        str, typer.Option("--sizes", help="numbers of passages of synthetic indexes, with commas; none leaves them out")
    ] = SIZES,
    updates: Annotated[
        str,
        typer.Option(
            "--updates", help="numbers of passages of collections that one document is changed in; none leaves them out"
        ),
    ] = "10000",
    json_: Annotated[Path | None, typer.Option("--json", help="file for all figures")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", help="file for a plot")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="fewer questions, requests and documents: a look, not a result")] = False,
) -> None:
    """Measure speed and memory on this machine, as ratios to the bare model forward."""
    wanted, changed = read_sizes(sizes), read_sizes(updates, "--updates")
    for path in (json_, svg):
        if path is not None and check_output(path).is_dir():
            raise BadOption(f"{path} is a folder; name a file")
    settings = load_settings({"home": home})
    engine = open_engine(settings.home, settings)
    report = measure(engine, settings, wanted, changed, quick=quick, say=lambda line: print(f"{line} ...", file=sys.stderr))
    print_report(report)
    if json_ is not None:
        write_text(json_, json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    if svg is not None:
        write_text(svg, draw_report(report))


def write_text(path: Path, text: str) -> None:
    """Write a file beside and rename it into place. Raises BadOption."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BadOption(f"{path} cannot be written ({error.strerror}); name another file") from None


def measure(
    engine: Engine,
    settings: Settings,
    sizes: Sequence[int],
    updates: Sequence[int] = (),
    *,
    quick: bool = False,
    processes: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """All figures of a run, ready for JSON. `processes` is off where the index can be used in this process only."""
    questions = choose_questions(most=10 if quick else 60)
    report: dict[str, Any] = {
        "format": FORMAT,
        "quick": quick,
        "machine": _machine(),
        "generation": _generation(engine),
        "questions": {"en": sum(lang == "en" for _, lang in questions), "es": sum(lang == "es" for _, lang in questions)},
        "floors_ms": [],
        "notes": [],
        "left_out": [],
    }
    floors: list[float] = report["floors_ms"]
    say("answers")
    report["in_process"] = measure_answers(engine, questions, rounds=1 if quick else 3)
    floors.append(report["in_process"]["floor"]["p50_ms"])
    report["disk_bytes"] = folder_bytes(engine.index.folder)
    if processes:
        _measure_processes(report, engine, settings, questions, quick, say)
    if sizes:
        report["notes"].append(SYNTHESIS)
        material, probes = gather_material(engine), make_probes(engine, questions)
        report["sizes"] = []
        for size in sizes:
            say(f"an index of {size:,} passages")
            try:
                row = measure_size(material, probes, size, lambda: measure_floor(engine, questions), rounds=1 if quick else 2)
            except BenchFailed as error:
                report["left_out"].append(str(error))
                continue
            floors.append(row["floor_ms"])
            report["sizes"].append(row)
    say("ingestion")
    report["ingestion"] = measure_ingestion(engine, settings, most=20 if quick else None)
    floors.append(measure_floor(engine, questions))
    if updates:
        report["notes"].append(UPDATES)
        report["updates"] = []
        for size in updates:
            say(f"one document changed among {size:,} passages")
            try:
                report["updates"].append(measure_update(engine, settings, size))
            except BenchFailed as error:
                report["left_out"].append(str(error))
    report["machine"]["load_after"] = os.getloadavg()[0]
    return report


def measure_floor(engine: Engine, questions: Sequence[Asked]) -> float:
    """Median milliseconds of the bare forward of one question, now."""
    embedder = engine.index.embedder
    assert embedder is not None
    texts = [engine.index.embedded_text(text, lang) for text, lang in questions]
    embedder.embed(texts[:1])
    return float(np.median([took_ms(lambda text=text: embedder.embed([text])) for text in texts]))  # type: ignore[misc]


def _measure_processes(
    report: dict[str, Any],
    engine: Engine,
    settings: Settings,
    questions: Sequence[Asked],
    quick: bool,
    say: Callable[[str], None],
) -> None:
    home = settings.home
    say("cold starts and memory")
    report["cold_start_s"] = {"ask": measure_ask(home, questions[0][0])["best_s"]}
    memory = measure_memory(home, questions)
    report["memory"] = {"engine open": memory["opened"], f"after {memory['answers']} answers": memory["answered"]}
    report["http"] = []
    answer, cores = report["in_process"]["answer"], report["machine"]["cores"]
    starts: list[tuple[float, float]] = []
    try:
        for workers in sorted({1, cores}):
            say(f"HTTP, {workers} process{'es' if workers > 1 else ''}")
            before = measure_floor(engine, questions)
            with serving(home, workers) as server:
                if workers == 1:
                    starts.append((server.ready_s, server.full_s))
                rows = measure_http(server.port, questions, CLIENTS, requests=60 if quick else 600, seconds=5 if quick else 20)
                if workers == 1:
                    report["memory"]["server after these requests"] = resident(server.pid)
            floor = (before + measure_floor(engine, questions)) / 2
            report["floors_ms"].append(floor)
            for row in rows:
                if "p50_ms" in row:
                    row["p50_of_floor"] = row["p50_ms"] / floor
                    row["p50_of_answer"] = row["p50_ms"] / answer["p50_ms"]
                    row["of_cores"] = row["per_s"] * answer["mean_ms"] / 1000 / cores
                    row["of_cores_left"] = row["per_s"] * answer["mean_ms"] / 1000 / (cores - row["clients_cores"])
                report["http"].append({"workers": workers, **row})
        for _ in range(0 if quick else 2):
            with serving(home) as server:
                starts.append((server.ready_s, server.full_s))
    except ServerFailed as error:
        report["left_out"].append(f"HTTP, since `rcm-qa serve` did not come up: {error}")
    if starts:
        report["cold_start_s"]["serve, first 200 of /health/ready"] = min(ready for ready, _ in starts)
        report["cold_start_s"]["serve, model loaded"] = min(full for _, full in starts)


def _machine() -> dict[str, Any]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    info = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        if info.is_file()
        else []
    )
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": cores,
        "memory_gib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
        "load_after": os.getloadavg()[0],
    }


def _generation(engine: Engine) -> dict[str, Any]:
    manifest = engine.index.manifest
    return {
        "name": manifest.generation,
        "documents": manifest.counts.documents,
        "passages": manifest.counts.passages,
        "sentences": manifest.counts.sentences,
        "model": manifest.model.name,
        "runtime": manifest.model.runtime,
        "precision": manifest.model.precision,
        "vector_kind": manifest.vector_kind,
    }
