"""The plots of a report as SVG fragments; matplotlib is imported here only, and only when a report is made."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from eval.abstention import reliability, risk_coverage
from eval.measures import abstention_arrays
from eval.outcomes import Outcome
from eval.questions import RELEVANT

COLOURS = {"all": "#3d4451", "en": "#1f6f8b", "es": "#c2571a"}
GOOD, BAD = "#1f6f8b", "#c2571a"
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a909c",
    "axes.labelcolor": "#3d4451",
    "axes.grid": True,
    "grid.color": "#e6e8ec",
    "xtick.color": "#5b6270",
    "ytick.color": "#5b6270",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def draw(name: str, paint: Callable[[Any], None], size: tuple[float, float] = (4.6, 3.3)) -> str:
    """An SVG element painted on one pair of axes; equal data give equal bytes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure, axes = pyplot.subplots(figsize=size)
        try:
            paint(axes)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        finally:
            pyplot.close(figure)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Names inside an SVG are shared by the whole page that it stands in.
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\1{name}-", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-labelledby="{name}-title" ', 1)


def _parts(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    parts = {"all": list(outcomes)}
    for lang in ("en", "es"):
        inside = [o for o in outcomes if o.question.lang == lang]
        if inside and len(inside) < len(outcomes):
            parts[lang] = inside
    return parts


def success_at(outcomes: Sequence[Outcome], depth: int = 10) -> list[float]:
    """Share of answerable questions with a relevant passage among the first k, for k = 1..depth."""
    asked = [o for o in outcomes if o.question.answerable]
    ranks = [next((s.rank for s in o.shown if s.relevance >= RELEVANT), depth + 1) for o in asked]
    return [sum(rank <= k for rank in ranks) / len(asked) if asked else 0.0 for k in range(1, depth + 1)]


def success_curve(outcomes: Sequence[Outcome], depth: int = 10) -> str:
    """Success@k against k, by question language."""

    def paint(axes: Any) -> None:
        lowest = 1.0
        for name, part in _parts(outcomes).items():
            values = success_at(part, depth)
            lowest = min(lowest, values[0])
            axes.plot(range(1, depth + 1), values, marker="o", markersize=4, color=COLOURS[name], label=name)
        axes.set(xlabel="passages shown (k)", ylabel="Success@k", xlim=(0.7, depth + 0.3), xticks=range(1, depth + 1))
        axes.set_ylim(max(0.0, np.floor(lowest * 10) / 10 - 0.05), 1.01)
        axes.legend(loc="lower right")

    return draw("success", paint)


def risk_curve(outcomes: Sequence[Outcome]) -> str:
    """Share of wrong answers against the share of questions answered, the most probable first."""

    def paint(axes: Any) -> None:
        for name, part in _parts(outcomes).items():
            coverage, risk = risk_coverage(*abstention_arrays(part, "AURC"))
            axes.plot(coverage, risk, color=COLOURS[name], label=name)
        answered = [o for o in outcomes if o.status == "answered"]
        if answered:
            share = len(answered) / len(outcomes)
            axes.plot([share], [sum(not o.right for o in answered) / len(answered)], "D", color="#3d4451", label="as answered")
        axes.set(xlabel="coverage (questions answered)", ylabel="risk (first passage wrong)", xlim=(0, 1.01), ylim=(0, None))
        axes.legend(loc="upper left")

    return draw("risk", paint)


def reliability_diagram(outcomes: Sequence[Outcome]) -> str:
    """Share of right first passages against the probability given, in bins of equally many questions."""

    def paint(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color="#8a909c", linewidth=1, linestyle="--")
        for name, part in _parts(outcomes).items():
            points = reliability(*abstention_arrays(part, "ECE"))
            axes.plot(
                [mean for mean, _, _ in points],
                [share for _, share, _ in points],
                marker="o",
                markersize=4,
                color=COLOURS[name],
                label=name,
            )
        axes.set(xlabel="confidence p, mean of bin", ylabel="right at rank 1", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(loc="upper left")

    return draw("reliability", paint)


def confidence_histogram(outcomes: Sequence[Outcome]) -> str:
    """How p is spread over answerable and unanswerable questions."""

    def paint(axes: Any) -> None:
        sides = {
            "answerable": ([o.p for o in outcomes if o.question.answerable], GOOD),
            "unanswerable": ([o.p for o in outcomes if not o.question.answerable], BAD),
        }
        for name, (values, colour) in sides.items():
            if values:
                weights = np.full(len(values), 1 / len(values))
                axes.hist(values, bins=np.linspace(0, 1, 21), weights=weights, color=colour, alpha=0.6, label=name)
        axes.set(xlabel="confidence p", ylabel="share of the questions", xlim=(0, 1))
        axes.legend()

    return draw("confidence", paint)


def latency_rows(outcomes: Sequence[Outcome]) -> list[tuple[str, float, float, float]]:
    """(stage, median, 95th and 99th percentile) in milliseconds, in the order of the stages, the total last."""
    stages = dict.fromkeys(stage for o in outcomes for stage in o.took_ms)
    ordered = [*(s for s in stages if s != "total"), *(s for s in stages if s == "total")]
    rows = []
    for stage in ordered:
        values = [o.took_ms[stage] for o in outcomes if stage in o.took_ms]
        median, high, highest = np.quantile(values, [0.5, 0.95, 0.99])
        rows.append((stage, float(median), float(high), float(highest)))
    return rows


def latency_plot(rows: Sequence[tuple[str, float, float, float]]) -> str:
    """Median and 95th percentile per stage."""

    def paint(axes: Any) -> None:
        names = [stage for stage, *_ in rows][::-1]
        places = np.arange(len(names))
        axes.barh(places, [high for _, _, high, _ in rows][::-1], color="#cfe0e6", label="95 %")
        axes.barh(places, [median for _, median, _, _ in rows][::-1], color=GOOD, height=0.5, label="median")
        axes.set_yticks(places, names)
        axes.set(xlabel="milliseconds")
        axes.grid(visible=False, axis="y")
        axes.legend(loc="upper right")

    return draw("latency", paint)


def kind_plot(shares: Mapping[str, tuple[float, float, float, int]]) -> str:
    """Success@1 with its interval by kind of question."""

    def paint(axes: Any) -> None:
        names = list(shares)[::-1]
        places = np.arange(len(names))
        values = [shares[name] for name in names]
        low = [v - a for v, a, _, _ in values]
        high = [b - v for v, _, b, _ in values]
        axes.errorbar([v for v, *_ in values], places, xerr=[low, high], fmt="o", color=GOOD, ecolor="#9dbfca", capsize=3)
        axes.set_yticks(places, [f"{name} ({shares[name][3]})" for name in names])
        axes.set(xlabel="Success@1, 95 % interval", xlim=(0, 1.03))

    return draw("kinds", paint, (4.6, max(2.2, 0.32 * len(shares) + 0.9)))
