"""The figures of a benchmark as tables for people and as a plot. Ratios to the bare model come first."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.bench_memory import MIB
from eval.plotting import BAD, GOOD, draw
from eval.printing import print_table


@dataclass(frozen=True, slots=True)
class Section:
    """One table with its title."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def _times(value: float) -> str:
    return f"{value:,.2f} x" if value < 100 else f"{value:,.0f} x"


def _ms(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def tables(report: dict[str, Any]) -> list[Section]:
    """The tables of a report, those that were measured."""
    parts = (
        _answers(report),
        _ingestion(report.get("ingestion")),
        _updates(report.get("updates") or []),
        _http(report.get("http") or []),
        _processes(report),
        _sizes(report.get("sizes") or []),
        _filtered(report.get("sizes") or []),
    )
    return [part for part in parts if part is not None and part.rows]


def _answers(report: dict[str, Any]) -> Section:
    found = report["in_process"]
    floor = found["floor"]["p50_ms"]
    lines = {
        "bare model forward": found["floor"],
        "search alone": found["search"],
        "full answer": found["answer"],
        **{f"  of status {name}": values for name, values in found["statuses"].items()},
        **{f"  stage {name}": values for name, values in found["stages"].items()},
        "full answer, first time asked": found["first_pass"],
    }
    rows: list[tuple[str, ...]] = [
        (name, _times(v["p50_ms"] / floor), _times(v["p95_ms"] / floor), _ms(v["p50_ms"]), _ms(v["p95_ms"]), f"{v['n']:,}")
        for name, v in lines.items()
    ]
    title = f"One question in process ({report['questions']['en']} English, {report['questions']['es']} Spanish)"
    return Section(title, ("", "p50", "p95", "p50 ms", "p95 ms", "n"), rows)


def _ingestion(found: dict[str, Any] | None) -> Section | None:
    if found is None:
        return None
    per_passage = found["texts"] / found["passages"]
    rows: list[tuple[str, ...]] = [
        (
            "files to searchable",
            f"{found['share_of_bare']:.2f}",
            f"{found['share_of_bare_cpu']:.2f}",
            f"{found['passages_per_s']:,.1f}",
            f"{found['texts_per_s']:,.1f}",
        ),
        (
            "bare embedder, same texts",
            "1.00",
            "1.00",
            f"{found['texts_per_s_bare'] / per_passage:,.1f}",
            f"{found['texts_per_s_bare']:,.1f}",
        ),
    ]
    title = f"Ingestion ({found['documents']} documents, {found['passages']:,} passages, {found['texts']:,} texts embedded)"
    return Section(title, ("", "of bare rate", "by processor time", "passages/s", "texts/s"), rows)


def _updates(found: Sequence[dict[str, Any]]) -> Section:
    rows: list[tuple[str, ...]] = [
        (
            f"{row['passages']:,}",
            f"{row['seconds'] / row['first']['seconds']:.2f}",
            f"{row['seconds']:,.1f}",
            f"{row['cpu_s']:,.1f}",
            str(row["embedded"]),
            ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in row["stages_s"].items() if seconds >= 0.05),
        )
        for row in found
    ]
    head = ("passages", "of the first build", "s", "processor s", "texts embedded", "s by stage")
    return Section("One document changed, to a live index; the model not counted", head, rows)


def _http(found: Sequence[dict[str, Any]]) -> Section | None:
    rows = []
    for row in found:
        name = f"{row['workers']} process{'es' if row['workers'] > 1 else ''}, {row['clients']} client{'s' if row['clients'] > 1 else ''}"
        if "p50_ms" not in row:
            rows.append((name, *["-"] * 7, str(row["errors"])))
            continue
        rows.append(
            (
                name,
                _times(row["p50_of_floor"]),
                _times(row["p50_of_answer"]),
                f"{100 * row['of_cores']:.0f} %",
                f"{100 * row['of_cores_left']:.0f} %",
                f"{row['per_s']:,.1f}",
                _ms(row["p50_ms"]),
                _ms(row["p95_ms"]),
                str(row["errors"]),
            )
        )
    head = ("", "p50", "p50 of in-process", "of cores/service", "less clients", "answers/s", "p50 ms", "p95 ms", "errors")
    return Section("Answers over HTTP (clients on the same machine)", head, rows)


def _processes(report: dict[str, Any]) -> Section | None:
    floor = report["in_process"]["floor"]["p50_ms"]
    rows: list[tuple[str, ...]] = []
    for name, seconds in report.get("cold_start_s", {}).items():
        rows.append((f"cold start, {name}", _times(seconds * 1000 / floor), f"{seconds:.2f} s"))
    for name, found in report.get("memory", {}).items():
        own = f" ({found['own_mib']:,.0f} without mapped files)" if "own_mib" in found else ""
        rows.append((f"resident, {name}", "", f"{found['rss_mib']:,.0f} MiB{own}"))
    disk = report["disk_bytes"]
    whole = sum(disk.values())
    rows.append(("index on disk", "", f"{whole / MIB:,.1f} MiB ({disk.get('model', 0) / MIB:,.1f} of them the model)"))
    return Section("Processes", ("", "of bare forward", ""), rows)


def _sizes(found: Sequence[dict[str, Any]]) -> Section:
    rows = []
    for row in found:
        search, floor = row["search"], row["floor_ms"]
        ratios = [f"{search[arm][p] / floor:.2f} x" for arm in ("dense", "lexical", "both") for p in ("p50_ms", "p95_ms")]
        both = search["both"]
        rows.append((f"{row['passages']:,}", *ratios, _ms(both["p50_ms"]), _ms(both["p95_ms"]), *_weights(row)))
    head = (
        "passages",
        "dense p50",
        "p95",
        "lexical p50",
        "p95",
        "both p50",
        "p95",
        "both p50 ms",
        "p95 ms",
        "resident MiB",
        "disk MiB",
        "build s",
    )
    return Section("Search by size of the index, model not counted", head, rows)


def _weights(row: dict[str, Any]) -> tuple[str, str, str]:
    return (
        f"{row['memory']['rss_mib']:,.0f}",
        f"{sum(row['bytes'].values()) / MIB:,.1f}",
        f"{sum(row['build_s'].values()):,.1f}",
    )


def _filtered(found: Sequence[dict[str, Any]]) -> Section:
    rows = []
    for row in found:
        search, floor = row["search"], row["floor_ms"]
        cells: list[str] = []
        for name, recall in row["recall_at_10"].items():
            cells.append(f"{recall:.3f}")
            if name != "all":
                cells.append(f"{search[f'both, {name}']['p95_ms'] / floor:.2f} x")
        synthetic = 1 - row["real_vectors"] / row["passages"]
        rows.append((f"{row['passages']:,}", *cells, f"{100 * synthetic:.0f} %", row["vector_kind"]))
    head = ("passages", "R@10", "R@10, 30 %", "both p95, 30 %", "R@10, 1 %", "both p95, 1 %", "synthetic vectors", "vector index")
    return Section("Recall of the ten nearest vectors against exact search, with filters that leave 30 % and 1 %", head, rows)


def print_report(report: dict[str, Any]) -> None:
    """Tables on standard output: drawn on a terminal, plain lines elsewhere."""
    machine, generation = report["machine"], report["generation"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']:.0f} GiB; "
        f"load {machine['load_before']:.1f} before, {machine['load_after']:.1f} after",
        f"index {generation['name']}: {generation['documents']} documents, {generation['passages']:,} passages, "
        f"{generation['sentences']:,} sentences; {generation['model']} ({generation['runtime']}, {generation['precision']}), "
        f"vectors {generation['vector_kind']}",
        "x is the median of the bare model forward of one question, measured in this run; "
        f"it was {' / '.join(_ms(v) for v in report['floors_ms'])} ms through the run",
    ]
    notes = [*report["notes"], *(f"left out: {line}" for line in report["left_out"])]
    if not sys.stdout.isatty():
        print("\n".join(lines))
        for section in tables(report):
            print(f"\n{section.title}")
            print_table(section.head, section.rows)
        print()
        print("\n".join(notes))
        return
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for line in lines:
        console.print(escape(line))
    for section in tables(report):
        table = Table(title=section.title, title_justify="left", box=box.SIMPLE_HEAD)
        for number, name in enumerate(section.head):
            table.add_column(name, justify="right" if number else "left")
        for row in section.rows:
            table.add_row(*map(escape, row))
        console.print(table)
    for line in notes:
        console.print(escape(line))


def draw_report(report: dict[str, Any]) -> str:
    """The stages of an answer, and search by size where it was measured, as one SVG; equal figures give equal bytes."""
    found = report["in_process"]
    floor = found["floor"]["p50_ms"]
    sizes = report.get("sizes") or []

    def paint(axes: Any) -> None:
        figure = axes.figure
        axes.remove()
        places = figure.subplots(1, 2 if sizes else 1, squeeze=False)[0]
        _paint_stages(places[0], found, floor)
        if sizes:
            _paint_sizes(places[1], sizes)

    svg = draw("bench", paint, (9.2 if sizes else 4.8, 3.6))
    head, close, rest = svg.partition(">")
    return f'{head}{close}<title id="bench-title">Latency as a multiple of the bare model forward</title>{rest}'


def _paint_stages(axes: Any, found: dict[str, Any], floor: float) -> None:
    bars = {"bare model": found["floor"], **found["stages"], "search": found["search"], "answer": found["answer"]}
    places = np.arange(len(bars))
    high = [v["p95_ms"] / floor for v in bars.values()]
    middle = [v["p50_ms"] / floor for v in bars.values()]
    axes.barh(places, high[::-1], color="#cfe0e6", label="95 %")
    axes.barh(places, middle[::-1], color=GOOD, height=0.5, label="median")
    axes.set_yticks(places, list(bars)[::-1])
    axes.set(xlabel="x bare model forward", title="one question in process")
    axes.grid(visible=False, axis="y")
    axes.legend(loc="upper right")


def _paint_sizes(axes: Any, sizes: Sequence[dict[str, Any]]) -> None:
    passages = [row["passages"] for row in sizes]
    for arm, colour in (("dense", GOOD), ("lexical", BAD), ("both", "#3d4451")):
        middle = [row["search"][arm]["p50_ms"] / row["floor_ms"] for row in sizes]
        high = [row["search"][arm]["p95_ms"] / row["floor_ms"] for row in sizes]
        axes.plot(passages, middle, marker="o", markersize=4, color=colour, label=arm)
        axes.plot(passages, high, linestyle="--", linewidth=1, color=colour)
    axes.set(xscale="log", yscale="log", xlabel="passages", title="search without the model (dashed: 95 %)")
    axes.legend(loc="upper left")
