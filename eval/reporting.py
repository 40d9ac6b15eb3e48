"""A run as one self-contained HTML page for people and a small JSON for the web page about quality."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.comparing import Comparison
from eval.measures import LOWER_IS_BETTER, Figure, Values, question_values, slices, summarise
from eval.outcomes import Outcome, Run, Shown
from eval.plotting import (
    confidence_histogram,
    kind_plot,
    latency_plot,
    latency_rows,
    reliability_diagram,
    risk_curve,
    success_curve,
)
from eval.questions import RELEVANT

TEMPLATES = Path(__file__).parent / "templates"
MOST_FAILURES = 80  # of one sort that are shown
EXPLAINED = {
    "Success@1": "the first passage holds a judged place",
    "Success@3": "one of the first three does",
    "RR@10": "1 / rank of the first passage that does",
    "nDCG@10": "graded, discounted by rank",
    "R@5": "share of the judged facts in the first five passages; language versions count once",
    "AP": "average precision over the passages shown",
    "answer F1": "words of the answer given against the nearest judged sentence; 0 when none is given",
    "answer span F1": "the same in characters at their place in the document",
    "answer precision": "of the answers given, how many have a first passage that holds a judged place",
    "answered right": "answered, and the first passage holds a judged place",
    "citation integrity": "every quoted word stands at its offsets in the document",
    "false answers": "unanswerable questions that were answered",
    "false refusals": "answerable questions with status not_found",
    "language": "the language of the question was recognised",
    "AUROC": "confidence p tells answerable from unanswerable questions",
    "AURC": "area under the risk-coverage curve",
    "ECE": "expected calibration error of p, ten bins of equal mass",
}
HEADLINES = ("Success@1", "Success@3", "sentence Success@1", "AUROC", "false answers", "false refusals", "citation integrity")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a passage's text, marked or not."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that went wrong, with what was expected and what was shown instead."""

    outcome: Outcome
    expected: list[tuple[str, str]]  # (document, quote)
    found_at: int | None  # rank of the first relevant passage
    pieces: list[Piece]


def make_pieces(shown: Shown) -> list[Piece]:
    """A passage's text cut at its marked sentences."""
    pieces: list[Piece] = []
    at = shown.start
    for start, end in shown.marked:
        if start > at:
            pieces.append(Piece(shown.text[at - shown.start : start - shown.start], False))
        pieces.append(Piece(shown.text[start - shown.start : end - shown.start], True))
        at = end
    if at < shown.end:
        pieces.append(Piece(shown.text[at - shown.start :], False))
    return pieces


def make_failure(outcome: Outcome) -> Failure:
    """An outcome as it is listed among the failures."""
    expected = [
        (judgement.document or judgement.source or "", judgement.quote or f"{judgement.start}-{judgement.end}")
        for judgement in outcome.question.judgements
        if judgement.relevance >= RELEVANT
    ]
    found_at = next((s.rank for s in outcome.shown if s.relevance >= RELEVANT), None)
    return Failure(outcome, expected, found_at, make_pieces(outcome.shown[0]) if outcome.shown else [])


def sort_failures(outcomes: Sequence[Outcome]) -> list[tuple[str, str, list[Failure]]]:
    """(title, what it means, failures) of each sort."""
    asked = [o for o in outcomes if o.question.answerable]
    sorts = [
        (
            "Wrong first passage",
            "answerable, but the first passage holds none of the judged places",
            [o for o in asked if not o.right],
        ),
        (
            "Answered without an answer",
            "the collection does not answer these questions, but a sentence was marked as the answer",
            [o for o in outcomes if not o.question.answerable and o.status == "answered"],
        ),
        (
            "Refused with the answer at hand",
            "status not_found, although the first passage holds a judged place",
            [o for o in asked if o.right and o.status == "not_found"],
        ),
        (
            "Right passage, wrong sentence",
            "the first passage holds a judged place, the sentences chosen from it do not",
            [o for o in asked if o.right and o.shown[0].marked_relevance < RELEVANT],
        ),
    ]
    return [(title, meaning, [make_failure(o) for o in found]) for title, meaning, found in sorts]


def kind_rows(outcomes: Sequence[Outcome], values: Values) -> list[dict[str, Any]]:
    """One row for each kind of question: how many, and the measures that tell kinds apart."""
    rows: list[dict[str, Any]] = []
    for kind, part in slices(outcomes).get("kind", {}).items():
        figures = summarise(part, values)
        rows.append({"kind": kind, "n": len(part), "figures": figures})
    return sorted(rows, key=lambda row: (math.isnan(row["figures"]["Success@1"].value), row["kind"]))


def format_figure(figure: Figure, name: str = "") -> str:
    """A figure to three places; a dash where no question counts."""
    return "–" if math.isnan(figure.value) else f"{figure.value:.3f}"


def format_interval(figure: Figure) -> str:
    """The 95 % interval, empty where there is none."""
    return "" if math.isnan(figure.low) else f"{figure.low:.3f}–{figure.high:.3f}"


def render_report(run: Run, comparison: Comparison | None = None) -> str:
    """The page: no script, no address from elsewhere, everything of a document or question escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(figure=format_figure, interval=format_interval)
    values = question_values(run.outcomes)
    parts = slices(run.outcomes)
    columns = {**parts["all"], **parts.get("language", {}), **parts.get("split", {}), **parts.get("language and split", {})}
    columns.update(parts.get("collection", {}))
    summaries = {name: summarise(part, values) for name, part in columns.items()}
    latencies = latency_rows(run.outcomes)
    kinds = kind_rows(run.outcomes, values)
    plots = {
        "success": ("Success@k", success_curve(run.outcomes)),
        "risk": ("Risk against coverage", risk_curve(run.outcomes)),
        "reliability": ("Reliability of the confidence", reliability_diagram(run.outcomes)),
        "confidence": ("Confidence by answerability", confidence_histogram(run.outcomes)),
        "latency": ("Time per stage", latency_plot(latencies) if latencies else ""),
        "kinds": ("Success@1 by kind of question", kind_plot(_kind_shares(kinds))),
    }
    return environment.get_template("report.html.j2").render(
        run=run,
        columns=columns,
        summaries=summaries,
        headlines=HEADLINES,
        explained=EXPLAINED,
        lower=LOWER_IS_BETTER,
        plots={name: (title, Markup(svg)) for name, (title, svg) in plots.items() if svg},
        latencies=latencies,
        kinds=kinds,
        failures=sort_failures(run.outcomes),
        most=MOST_FAILURES,
        comparison=comparison,
        relevant=RELEVANT,
    )


def _kind_shares(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float, float, int]]:
    shares: dict[str, tuple[float, float, float, int]] = {}
    for row in rows:
        figure: Figure = row["figures"]["Success@1"]
        if figure.n:
            shares[row["kind"]] = (figure.value, figure.low, figure.high, figure.n)
    return shares


# Names of the page about quality -> measures here.
_PUBLIC = {
    "MRR@10": "RR@10",
    "answer_right": "sentence Success@1",
    "answered_right": "answer precision",
    "refused_wrong": "false refusals",
}


def report_json(run: Run) -> dict[str, Any]:
    """The figures for the web page: all questions and each language; what has no value is left out.

    `slices` holds a number for each measure, `intervals` its 95 % interval under the same name.
    """
    values = question_values(run.outcomes)
    slices_: dict[str, dict[str, float | int]] = {}
    intervals: dict[str, dict[str, list[float]]] = {}
    for name in ("all", "en", "es"):
        part = [o for o in run.outcomes if name in ("all", o.question.lang)]
        figures = summarise(part, values)
        figures.update({public: figures[measure] for public, measure in _PUBLIC.items()})
        wrong = figures["false answers"]
        figures["abstain_right"] = Figure(1 - wrong.value, 1 - wrong.high, 1 - wrong.low, wrong.n)
        known = {measure: figure for measure, figure in figures.items() if not math.isnan(figure.value)}
        slices_[name] = {"questions": len(part), **{measure: round(figure.value, 4) for measure, figure in known.items()}}
        intervals[name] = {
            measure: [round(figure.low, 4), round(figure.high, 4)]
            for measure, figure in known.items()
            if not math.isnan(figure.low)
        }
    return {
        "made_at": run.manifest["made_at"],
        "generation": run.manifest["sets"][0]["generation"],
        "questions": len(run.outcomes),
        "slices": slices_,
        "intervals": intervals,
    }


def write_report(run: Run, folder: Path, comparison: Comparison | None = None) -> Path:
    """Write `report.html` and `report.json` into a folder; returns the page."""
    page = folder / "report.html"
    page.write_text(render_report(run, comparison), encoding="utf-8")
    write_json(run, folder / "report.json")
    return page


def write_json(run: Run, path: Path) -> None:
    """Write the figures beside and rename them into place."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(report_json(run), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
