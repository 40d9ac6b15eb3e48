"""What each part brings: configurations of retrieval side by side, each tested against the product's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eval.measures import Figure, Values, question_values
from eval.outcomes import Run
from eval.running import Progress, make_run
from eval.sets import CONFIGURATIONS, QuestionSet, retrieval_settings
from eval.statistics import bootstrap_mean, holm, randomisation_test

MEASURES = ("Success@1", "Success@3", "RR@10", "nDCG@10", "R@5")


@dataclass(frozen=True, slots=True)
class Cell:
    """A measure of one configuration, and Holm's p of its difference from the product's (None for the product itself)."""

    figure: Figure
    adjusted: float | None


Table = dict[str, dict[str, Cell]]  # configuration -> measure -> cell


def run_ablation(
    sets: Sequence[QuestionSet],
    configurations: Sequence[str] = CONFIGURATIONS,
    progress: Progress = lambda done, total: None,
) -> dict[str, Run]:
    """A run of each configuration over the same questions."""
    runs: dict[str, Run] = {}
    for number, mode in enumerate(configurations):

        def shifted(done: int, total: int, number: int = number) -> None:
            progress(number * total + done, total * len(configurations))

        runs[mode] = make_run(mode, sets, retrieval_settings(mode), progress=shifted)
    return runs


def keep_lang(run: Run, lang: str | None) -> Run:
    """The run with the questions of one language only, or as it is."""
    return run if lang is None else replace(run, outcomes=tuple(o for o in run.outcomes if o.question.lang == lang))


def values_of(runs: Mapping[str, Run]) -> dict[str, Values]:
    """Configuration -> measure -> question -> value."""
    return {name: question_values(run.outcomes) for name, run in runs.items()}


def tabulate(values: Mapping[str, Values], measures: Sequence[str], baseline: str = "product") -> Table:
    """Figures with intervals, and tests against the baseline corrected over the whole table."""
    table: Table = {}
    tests: list[tuple[str, str, float]] = []
    for name, by_measure in values.items():
        for measure in measures:
            numbers = np.asarray(list(by_measure[measure].values()), dtype=np.float64)
            if name != baseline and baseline in values:
                other = np.asarray([values[baseline][measure][q] for q in by_measure[measure]], dtype=np.float64)
                tests.append((name, measure, randomisation_test(numbers, other)))
            low, high = bootstrap_mean(numbers)
            figure = Figure(float(numbers.mean()) if len(numbers) else float("nan"), low, high, len(numbers))
            table.setdefault(name, {})[measure] = Cell(figure, None)
    for (name, measure, _), adjusted in zip(tests, holm([p for *_, p in tests]), strict=True):
        table[name][measure] = Cell(table[name][measure].figure, adjusted)
    return table
