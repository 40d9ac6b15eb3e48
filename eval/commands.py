"""`rcm-qa eval ...`: the table of commands; each loads what it needs when it is called."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from eval.errors import BadOption, CheckFailed
from qa.commands.frame import run_app

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Measure, compare, report and calibrate answers.",
)

QuestionsOption = Annotated[
    list[Path] | None, typer.Option("--questions", help="file of judged questions; may be repeated; default: the bundled ones")
]
IndexOption = Annotated[
    list[Path] | None, typer.Option("--index", help="home of the index that is asked; one, or one for each --questions")
]
OriginalsOption = Annotated[
    Path | None, typer.Option("--originals", help="folder of the five scraped pages: their questions are asked too")
]
HomeOption = Annotated[Path | None, typer.Option("--home", help="folder of the index and of the runs")]


def run(arguments: Sequence[str]) -> int:
    """Run `eval ARGUMENTS`: 0 done, 1 the work failed, 2 a mistake of the caller; one line on stderr, no traceback."""
    return run_app(app, "rcm-qa eval", arguments)


SplitOption = Annotated[str | None, typer.Option("--split", help="dev or test; default: both")]
ConfigOption = Annotated[
    list[str] | None,
    typer.Option("--config", help="NAME=VALUE of retrieval: mode, twins, weights, depth, reranker; may be repeated"),
]


def check_choice(option: str, value: str | None, choices: Sequence[str]) -> None:
    """Raises BadOption for a value that is not one of the choices."""
    if value is not None and value not in choices:
        raise BadOption(f"{option} is {value[:40]!r}; expected {' or '.join(choices)}")


def check_output(path: Path) -> Path:
    """A file or folder to write, in a folder that exists. Raises BadOption."""
    if not path.absolute().parent.is_dir():
        raise BadOption(f"the folder {path.parent} does not exist; make it first, or name another output")
    return path


def check_name(name: str) -> str:
    """A run's name, which is a folder's too. Raises BadOption."""
    if not name or name.startswith(".") or "/" in name or "\\" in name:
        raise BadOption(f"--name is {name[:40]!r}; expected a name without slashes that does not begin with a dot")
    return name


@app.command("run")
def run_command(
    questions: QuestionsOption = None,
    index: IndexOption = None,
    originals: OriginalsOption = None,
    home: HomeOption = None,
    split: SplitOption = None,
    lang: Annotated[str | None, typer.Option("--lang", help="only questions in en or es")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="at most so many questions of each file")] = None,
    name: Annotated[str, typer.Option("--name", help="what the run is called")] = "run",
    config: ConfigOption = None,
    output: Annotated[Path | None, typer.Option("--output", help="folder of the run; default: HOME/eval/runs/NAME")] = None,
    beir: Annotated[Path | None, typer.Option("--beir", help="a BEIR folder to index and ask instead")] = None,
    precise: Annotated[
        bool, typer.Option("--precise", help="with --beir: the model alone in float32, by sentence-transformers")
    ] = False,
    no_gloss: Annotated[bool, typer.Option("--no-gloss", help="with --beir: embed Spanish as it stands")] = False,
) -> None:
    """Ask the judged questions and write a run: TREC files, JSON lines with spans, qrels, manifest."""
    if beir is not None:
        _run_beir(beir, home, precise, no_gloss)
        return
    from eval.configuring import make_configuration
    from eval.measures import slices
    from eval.outcomes import write_run
    from eval.printing import print_figures
    from eval.progress import progress_bar
    from eval.questions import select
    from eval.running import make_run
    from eval.sets import choose_pairs, open_sets, runs_folder

    configuration = make_configuration(config or [])
    check_choice("--split", split, ("dev", "test"))
    check_choice("--lang", lang, ("en", "es"))
    folder = output or runs_folder(home) / check_name(name)
    pairs = choose_pairs(questions, index, originals, home)
    wanted = partial(select, split=split, lang=lang, limit=limit)
    with open_sets(pairs, wanted) as sets, progress_bar("questions") as progress:
        made = make_run(
            name,
            sets,
            configuration.retrieval,
            depth=configuration.depth,
            engine=configuration.engine,
            progress=progress,
            split=split,
            lang=lang,
            limit=limit,
            reranker=configuration.reranker,
        )
    write_run(made, folder)
    parts = slices(made.outcomes)
    print_figures(made, {**parts["all"], **parts.get("language", {}), **parts.get("split", {})})
    print(f"\nwritten to {folder}")


def _run_beir(folder: Path, home: Path | None, precise: bool, no_gloss: bool) -> None:
    from eval.ablating import tabulate
    from eval.beir import beir_measures, build_index, read_beir, run_beir
    from eval.printing import print_cells
    from eval.progress import progress_bar
    from eval.sets import open_index
    from index.embedders import SentenceTransformerEmbedder, resolve_model
    from qa.settings import load_settings

    settings = load_settings({"home": home})
    collection = read_beir(folder)
    place = build_index(collection, settings.home, settings, gloss=False if no_gloss else None)
    with open_index(place) as index, progress_bar("questions") as progress:
        embedder = SentenceTransformerEmbedder(resolve_model(settings.model)) if precise else index.embedder
        assert embedder is not None
        vectors = settings.home / "eval" / "beir" / "vectors"
        found = run_beir(collection, index, alone=(embedder, vectors), progress=progress)
    print(
        f"{collection.name}: {len(collection.documents)} documents, {len(collection.questions)} questions; the index calculates "
        f"in {index.manifest.model.precision}, the model alone in {embedder.precision}"
    )
    print_cells(tabulate(found, list(beir_measures())))


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="folder of the run to compare with")],
    b: Annotated[Path, typer.Argument(help="folder of the run that is compared")],
) -> None:
    """Measure by measure B against A: difference, randomisation test with Holm's correction, interval, flipped questions."""
    from eval.comparing import compare as compare_runs
    from eval.outcomes import read_run
    from eval.printing import print_comparison

    print_comparison(compare_runs(read_run(a), read_run(b)))


@app.command()
def report(
    folder: Annotated[Path | None, typer.Argument(help="folder of a run; default: HOME/eval/runs/run")] = None,
    against: Annotated[Path | None, typer.Option("--against", help="folder of a run to compare with")] = None,
    home: HomeOption = None,
    publish: Annotated[bool, typer.Option("--publish", help="also write eval/data/report.json, for the page /about")] = False,
) -> None:
    """One self-contained HTML page of a run, and its figures as report.json, in the run's folder."""
    from eval.comparing import compare as compare_runs
    from eval.outcomes import read_run
    from eval.questions import DATA
    from eval.reporting import write_json, write_report
    from eval.sets import runs_folder

    place = folder or runs_folder(home) / "run"
    made = read_run(place)
    comparison = compare_runs(read_run(against), made) if against is not None else None
    print(f"written to {write_report(made, place, comparison)}")
    if publish:
        write_json(made, DATA / "report.json")
        print(f"written to {DATA / 'report.json'}")


@app.command()
def ablate(
    questions: QuestionsOption = None,
    index: IndexOption = None,
    originals: OriginalsOption = None,
    home: HomeOption = None,
    split: SplitOption = None,
) -> None:
    """Dense, lexical, plain fusion, the product's fusion, and with its closer look, side by side; runs are kept."""
    from eval.ablating import MEASURES, keep_lang, run_ablation, tabulate, values_of
    from eval.outcomes import write_run
    from eval.printing import print_cells
    from eval.progress import progress_bar
    from eval.questions import select
    from eval.sets import choose_pairs, open_sets, runs_folder

    check_choice("--split", split, ("dev", "test"))
    pairs = choose_pairs(questions, index, originals, home)
    with open_sets(pairs, partial(select, split=split)) as sets, progress_bar("questions") as progress:
        runs = run_ablation(sets, progress=progress)
    for name, made in runs.items():
        write_run(made, runs_folder(home) / f"ablation-{name}")
    for lang in (None, "en", "es"):
        part = {name: keep_lang(made, lang) for name, made in runs.items()}
        if all(made.outcomes for made in part.values()):
            print(f"{lang or 'all'}: {len(part['product'].outcomes)} questions")
            print_cells(tabulate(values_of(part), MEASURES))
            print()


@app.command()
def calibrate(
    questions: QuestionsOption = None,
    index: IndexOption = None,
    originals: OriginalsOption = None,
    home: HomeOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="report only; write nothing")] = False,
) -> None:
    """Learn the calibrated probability and its operating points on the dev split; writes qa/calibration.json."""
    from eval.calibrating import calibrate as fit_all
    from eval.calibrating import load_features, usable_calibration, write_calibration
    from eval.printing import print_calibration
    from eval.sets import dev_sets

    with usable_calibration(), dev_sets(questions, index, originals, home) as sets:
        fits = fit_all(load_features(sets))
        print_calibration(fits)
        if not dry_run:
            write_calibration({lang: fit.model for lang, fit in fits.items()})


@app.command()
def fit(
    questions: QuestionsOption = None,
    index: IndexOption = None,
    originals: OriginalsOption = None,
    home: HomeOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="report only; write nothing")] = False,
) -> None:
    """Learn the weights of fusion and of the closer look on the dev split; writes qa/weights.json. Calibrate afterwards."""
    from eval.fitting import fit_fusion, load_asked, merge_fits, write_weights
    from eval.ordering import fit_order, load_choices
    from eval.printing import print_fusion, print_order
    from eval.sets import dev_sets
    from qa.weights import load_ranking, load_weights

    with dev_sets(questions, index, originals, home) as sets:
        before = load_weights()
        fits = fit_fusion(load_asked(sets), before)
        print_fusion(fits)
        fusion = merge_fits(fits, before)
        order = fit_order(load_choices(sets, fusion), load_ranking())
        print_order(order)
        if not dry_run:
            write_weights(fusion, order.weights)


@app.command()
def check(
    questions: QuestionsOption = None,
    index: IndexOption = None,
    home: HomeOption = None,
    update: Annotated[bool, typer.Option("--update", help="make the present values the reference")] = False,
) -> None:
    """A quick subset against the committed reference values; exit status 1 on a loss beyond chance."""
    from eval.checking import REFERENCE, check_run, quick_subset, read_reference, write_reference
    from eval.printing import print_checks
    from eval.running import make_run
    from eval.sets import choose_pairs, open_sets, retrieval_settings

    reference = None if update else read_reference()
    with open_sets(choose_pairs(questions, index, None, home), quick_subset) as sets:
        made = make_run("check", sets, retrieval_settings())
    if reference is None:
        write_reference(made)
        print(f"written to {REFERENCE}")
        return
    checks = check_run(made, reference)
    print_checks(checks)
    lost = [c.measure for c in checks if c.lost]
    if lost:
        raise CheckFailed(f"worse than the reference of {reference.made_at}: {', '.join(lost)}; mend it, or --update on purpose")


@app.command("import-beir")
def import_beir(
    folder: Annotated[Path, typer.Argument(help="folder in BEIR layout")],
    output: Annotated[Path, typer.Option("--output", help="file of judged questions to write")],
    split: Annotated[str, typer.Option("--split", help="which qrels: test, dev or train")] = "test",
) -> None:
    """A BEIR folder's questions as judged questions; documents are judged whole."""
    from eval.beir import as_questions, read_beir
    from eval.questions import write_questions

    check_choice("--split", split, ("test", "dev", "train"))
    made = as_questions(read_beir(folder, split))
    write_questions(check_output(output), made)
    print(f"{len(made)} questions written to {output}")


@app.command("export-beir")
def export_beir_command(
    folder: Annotated[Path, typer.Argument(help="folder to write")],
    questions: QuestionsOption = None,
    index: IndexOption = None,
    home: HomeOption = None,
) -> None:
    """The judged questions and the passages of their index in BEIR layout, for other systems."""
    from eval.beir import export_beir
    from eval.sets import choose_pairs, open_sets

    pairs = choose_pairs(questions, index, None, home)
    if len(pairs) > 1:
        raise BadOption(f"{len(pairs)} question files are named; a BEIR folder holds one, export them one by one")
    check_output(folder)
    with open_sets(pairs) as sets:
        counts = export_beir(sets[0], folder)
    print(f"{counts['questions']} questions and {counts['passages']} passages written to {folder}")


@app.command("import-feedback")
def import_feedback(
    output: Annotated[Path, typer.Option("--output", help="file of judged questions to write")],
    feedback: Annotated[Path | None, typer.Argument(help="feedback file; default: feedback.sqlite of the home folder")] = None,
    home: HomeOption = None,
) -> None:
    """The thumbs of users as judged questions: up is relevance 2, down is 0."""
    from eval.feedback import as_questions, read_verdicts
    from eval.questions import write_questions
    from index.generations import Home
    from index.store import Store
    from qa.settings import load_settings

    place = Home(load_settings({"home": home}).home)
    verdicts = read_verdicts(feedback or place.feedback)
    store = Store(place.live_folder() / "documents.sqlite")
    try:
        imported = as_questions(verdicts, store)
    finally:
        store.close()
    write_questions(check_output(output), imported.questions)
    print(f"{len(verdicts)} verdicts, {len(imported.questions)} questions written to {output}")
    for question, reason in imported.left_out:
        print(f"left out: {question}: {reason}")
