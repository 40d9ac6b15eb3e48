"""What all commands share: options read by typer, one clear line on stderr, exit status."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from corpus.errors import CorpusError
from index.errors import IndexError_, UnknownId
from qa.errors import QaError

HomeOption = Annotated[Path | None, typer.Option("--home", help="folder of the index and of your library")]
ModelOption = Annotated[str | None, typer.Option("--model", help="sentence-transformers model, by name or folder")]
CorpusOption = Annotated[
    list[Path] | None, typer.Option("--corpus", help="folder of documents instead of the bundled collection; may be repeated")
]
LangOption = Annotated[str | None, typer.Option("--lang", help="language of the question: en or es")]


def run_command(function: Callable[..., Any], name: str, arguments: Sequence[str]) -> int:
    """Run one command: 0 done, 1 the work failed, 2 a mistake of the caller; no traceback for either."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name)(function)
    return run_app(app, f"rcm-qa {name}", arguments)


def run_app(app: typer.Typer, name: str, arguments: Sequence[str]) -> int:
    """Run one command or a table of commands as `name` with arguments; what it ends with as for `run_command`."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what it cannot write, such as half a surrogate pair, as an escape
    try:
        result = typer.main.get_command(app).main(list(arguments), prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except QaError as error:
        return _fail(name, error, error.status)
    except (CorpusError, UnknownId) as error:
        return _fail(name, error, 2)
    except IndexError_ as error:
        return _fail(name, error, 1)
    except KeyboardInterrupt:
        return _fail(name, "interrupted; what was live is as it was", 130)
    except BrokenPipeError:
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        place = f"{error.filename}: " if error.filename else ""
        return _fail(name, f"{place}{error.strerror or error}", 1)
    except UnicodeEncodeError as error:  # where the caller's words go into a file name or a query
        return _fail(name, f"{error.object[error.start : error.end]!r} is no character; write in UTF-8", 2)
    except Exception as error:
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        text = message()
        if text.lstrip().startswith("Usage:"):  # no command of a table was named: the list is shown, line by line
            print(text, file=sys.stderr)
            return 2
        return _fail(name, text, 2)
    return result if isinstance(result, int) else 0


def _drop_output() -> None:
    """Write what is left of the output; where that fails drop it, or it would fail once more when the program ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(name: str, error: object, status: int) -> int:
    text = " ".join(str(error).split())
    print(f"{name}: {text}", file=sys.stderr)
    return status


def check_lang(lang: object) -> Any:
    """`en`, `es` or None. Raises QaError for another value."""
    if lang not in (None, "en", "es"):
        raise QaError(f"--lang is {str(lang)[:20]!r}; expected en or es")
    return lang
