"""Tables of the evaluation for the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from corpus.records import Lang
from eval.ablating import Table
from eval.calibrating import LanguageFit
from eval.checking import Check
from eval.comparing import Comparison
from eval.fitting import FusionFit
from eval.measures import question_values, summarise
from eval.ordering import OrderFit
from eval.outcomes import Outcome, Run
from eval.questions import RELEVANT
from qa.deciding import FEATURES


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table with the first column left, the others right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    for row in cells:
        first, *rest = row
        print("  ".join([first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:]))]).rstrip())


def print_calibration(fits: Mapping[Lang, LanguageFit]) -> None:
    """What calibration found, all figures from questions that the model had not seen."""
    names = next(iter(fits.values())).figures
    rows: list[list[object]] = [[name, *(f"{fit.figures[name]:.4g}" for fit in fits.values())] for name in names]
    rows.append(["better curve", *(_curve(fit) for fit in fits.values())])
    rows.append(["answered at", *(fit.model["answered"] for fit in fits.values())])
    rows.append(["related at", *(fit.model["related"] for fit in fits.values())])
    rows.append(["C", *(fit.strength for fit in fits.values())])
    rows.append(["weight of the other language", *(fit.borrowed for fit in fits.values())])
    print_table(["cross-validated on dev", *fits], rows)
    print()
    print_table(
        ["feature", *(f"{lang} {what}" for lang in fits for what in ("weight", "AUROC answerable", "AUROC right"))],
        ([name, *_feature_cells(fits.values(), n, name)] for n, name in enumerate(FEATURES)),
    )


def _feature_cells(fits: Iterable[LanguageFit], number: int, name: str) -> list[str]:
    cells: list[str] = []
    for fit in fits:
        cells += [f"{fit.model['weights'][number]:+.2f}", *(f"{value:.3f}" for value in fit.features[name])]
    return cells


def _curve(fit: LanguageFit) -> str:
    return "isotonic" if fit.model["curve"] else "logistic"


def print_fusion(fits: Mapping[Lang, FusionFit]) -> None:
    """The learnt weights and what they gain."""
    print_table(
        ["RR@10 on dev", "questions", "before", "learnt", "learnt, held out", "weights"],
        (
            [lang, fit.questions, *(f"{v:.4f}" for v in (fit.before, fit.after, fit.held_out)), "stay" if fit.kept else "new"]
            for lang, fit in fits.items()
        ),
    )
    rows = [
        (direction, asdict(weights))
        for lang, fit in fits.items()
        for direction, weights in fit.weights.items()
        if direction.startswith(f"{lang}-")
    ]
    print()
    print_table(["direction", *rows[0][1]], ([direction, *(f"{v:g}" for v in weights.values())] for direction, weights in rows))


def print_order(fit: OrderFit) -> None:
    """The weights of the closer look and what it gains over the fused order."""
    print()
    print_table(
        ["closer look, RR@10", "questions", "fused order", "before", "after", "held out"],
        [["dev", fit.questions, *(f"{v:.4f}" for v in (fit.fused, fit.before, fit.after, fit.held_out))]],
    )
    print("the weights stay as they are" if fit.kept else "new weights:", fit.weights)


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"


def print_figures(run: Run, slices: Mapping[str, Sequence[Outcome]], names: Sequence[str] | None = None) -> None:
    """Measures down, slices across; the interval of the first slice."""
    values = question_values(run.outcomes)
    summaries = {name: summarise(part, values) for name, part in slices.items()}
    first = next(iter(summaries.values()))
    rows = [
        [
            name,
            *(_number(summary[name].value) for summary in summaries.values()),
            f"{_number(first[name].low)} to {_number(first[name].high)}",
        ]
        for name in names or first
    ]
    print_table([f"{len(run.outcomes)} questions", *summaries, "95 % interval of all"], rows)
    unheld = [
        o.question.id for o in run.outcomes if o.question.answerable and not any(r >= RELEVANT for r in o.relevant.values())
    ]
    if unheld:
        print(f"\nno passage holds a judged place of: {', '.join(unheld)}")


def print_comparison(comparison: Comparison) -> None:
    """Differences and flipped questions."""
    print_table(
        ["measure", comparison.a, comparison.b, "difference", "95 % interval", "p", "p (Holm)", "n"],
        (
            [
                d.measure,
                _number(d.a),
                _number(d.b),
                f"{d.change:+.3f}",
                f"{d.low:+.3f} to {d.high:+.3f}",
                f"{d.p:.4f}",
                f"{d.adjusted:.4f}{' *' if d.adjusted < 0.05 else ''}",
                d.n,
            ]
            for d in comparison.differences
        ),
    )
    print(f"\n{len(comparison.flips)} questions flipped")
    for flip in comparison.flips:
        print(f"{'+' if flip.gained else '-'} {flip.id}  {flip.before} -> {flip.after}  {flip.question}")


def print_cells(table: Table, baseline: str = "product") -> None:
    """Configurations down, measures across; a star where the difference from the baseline is beyond chance."""
    measures = list(next(iter(table.values())))
    rows = []
    for name, cells in table.items():
        row: list[object] = [name]
        for cell in cells.values():
            star = "*" if cell.adjusted is not None and cell.adjusted < 0.05 else " "
            row.append(f"{_number(cell.figure.value)} [{_number(cell.figure.low)}, {_number(cell.figure.high)}]{star}")
        rows.append(row)
    print_table(["configuration", *measures], rows)
    if baseline in table:
        print(f"* differs from {baseline} (paired randomisation test, Holm-corrected p < 0.05)")


def print_checks(checks: Sequence[Check]) -> None:
    """Each measure now against its reference."""
    print_table(
        ["measure", "reference", "now", "p (Holm)", "n", ""],
        ([c.measure, _number(c.reference), _number(c.now), _number(c.adjusted), c.n, "LOST" if c.lost else "ok"] for c in checks),
    )
