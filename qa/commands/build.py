"""`rcm-qa build`: progress while it runs, a report at the end."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from corpus.loading import Collection
from index.building import BuildReport, BuildSettings, build_generation
from index.generations import Home
from qa.commands.frame import CorpusOption, HomeOption, ModelOption, run_command
from qa.library import foretell, read_all
from qa.settings import Settings, load_settings

_STAGES = {
    "read": "reading",
    "gloss": "lexicon",
    "chunk": "chunking",
    "model": "model",
    "embed": "embedding",
    "terms": "terms",
    "check": "checking",
}


def run(name: str, arguments: Sequence[str]) -> int:
    """Run the command."""
    return run_command(build, name, arguments)


def build(
    corpus: CorpusOption = None,
    home: HomeOption = None,
    model: ModelOption = None,
    force: Annotated[bool, typer.Option("--force", help="build even if nothing changed")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="print nothing unless something is wrong")] = False,
) -> None:
    """Read the documents, build a new index generation beside the live one, check it, switch to it."""
    settings = load_settings({"corpus": corpus or None, "home": home, "model": model})
    build_index(settings, force=force, quiet=quiet)


def build_index(
    settings: Settings,
    home: Home | None = None,
    *,
    removed: Mapping[str, Path] | None = None,
    force: bool = False,
    quiet: bool = False,
) -> BuildReport:
    """Build with progress and report; what `build`, `add` and `remove` do.

    `home` is the one by which the caller holds the build lock already. Documents that are `removed` (id -> file) are left
    out, and nothing of them is kept.
    """
    home = home or Home(settings.home)
    removed = removed or {}
    how = BuildSettings(settings.model, settings.chunking(), settings.glossed())
    lines: list[str] = []
    with home.build_lock():  # before reading: what another build takes out meanwhile must not come back with this one
        start = time.perf_counter()
        collection = read_all(settings, frozenset(removed.values()))
        reading = time.perf_counter() - start
        build = partial(build_generation, collection, home, how, force=force, forget=bool(removed), say=lines.append)
        if quiet:
            return build()
        for line in foretell(settings, home, collection, removed):
            print(line, file=sys.stderr)
        if sys.stderr.isatty():
            report = _with_bars(lambda progress: build(progress=progress))
        else:
            report = build(progress=_PlainProgress())
    print_report(report, collection, reading, lines)
    return report


class _PlainProgress:
    """A line when a stage begins and ends, and one every ten seconds of a long one."""

    def __init__(self) -> None:
        self._stage = ""
        self._start = self._last = 0.0
        self._first = 0  # done when the stage began: a stage may go on after another one

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._start, self._last, self._first = stage, now, now, done
            print(f"{_STAGES.get(stage, stage)} ...", file=sys.stderr)
        elif now - self._last > 10 and done > self._first:
            rate = (done - self._first) / (now - self._start)
            left = (total - done) / rate
            print(f"  {done:,} of {total:,}, {rate:,.0f} a second, {left:,.0f} s left", file=sys.stderr)
            self._last = now


def _with_bars(work: Callable[[Callable[[str, int, int], None]], BuildReport]) -> BuildReport:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, tuple[TaskID, float]] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = (bars.add_task(_STAGES.get(stage, stage), total=total or 1, rate=""), time.monotonic())
            task, start = tasks[stage]
            seconds = max(time.monotonic() - start, 1e-6)
            rate = f"{done / seconds:,.0f}/s" if total > 1 and done else ""
            bars.update(task, total=total or 1, completed=done if total else 1, rate=rate)

        return work(progress)


def print_report(report: BuildReport, collection: Collection, reading: float, lines: Sequence[str]) -> None:
    """What was read, skipped, removed, built, and how long it took."""
    for line in lines:
        print(line, file=sys.stderr)
    counts = report.manifest.counts
    if report.unchanged:
        print(f"Nothing changed: generation {report.generation} with {counts.documents} documents stays live.")
    else:
        print(f"Generation {report.generation} is live.")
        print(f"  documents  {counts.documents} read, {counts.skipped} skipped, {counts.words:,} words")
        print(f"  passages   {counts.passages} with {counts.sentences} sentences, {counts.embedded} texts embedded anew")
        print(f"  model      {report.manifest.model.name} ({report.manifest.model.runtime}, {report.manifest.model.precision})")
        stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in {"read": reading, **report.manifest.seconds}.items())
        print(f"  seconds    {stages}")
    if collection.removed:
        reasons = Counter(item.reason for item in collection.removed)
        what = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        print(f"  cleaning   took out {len(collection.removed)} lines: {what} (python -m corpus --removed lists them)")
    for skipped in collection.skipped:
        print(f"  skipped    {skipped.path}: {skipped.reason}")
