"""`rcm-qa eval ...`: the table of commands; each loads what it needs when it is called."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from corpus.errors import CorpusError
from eval.errors import CheckFailed, EvalError
from index.errors import BuildRefused, IndexError_
from qa.errors import QaError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, no_args_is_help=True, help=__doc__)

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
    command = typer.main.get_command(app)
    try:
        result = command.main(list(arguments), prog_name="rcm-qa eval", standalone_mode=False)
    except (CheckFailed, BuildRefused) as error:
        return _fail(error, 1)
    except (EvalError, QaError, CorpusError) as error:
        return _fail(error, 2)
    except IndexError_ as error:
        return _fail(error, 1)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        text = message()
        if text:
            return _fail(text, 2)
        return 2  # no command was named: typer has shown the list
    return result if isinstance(result, int) else 0


def _fail(error: object, status: int) -> int:
    print(f"rcm-qa eval: {' '.join(str(error).split())}", file=sys.stderr)
    return status


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
    """Learn the weights of fusion by direction on the dev split; writes qa/weights.json. Calibrate afterwards."""
    from eval.fitting import fit_fusion, load_asked, merge_fits, write_weights
    from eval.printing import print_fusion
    from eval.sets import dev_sets
    from qa.weights import load_weights

    with dev_sets(questions, index, originals, home) as sets:
        before = load_weights()
        fits = fit_fusion(load_asked(sets), before)
        print_fusion(fits)
        if not dry_run:
            write_weights(merge_fits(fits, before))
