"""`rcm-qa add` and `rcm-qa remove`: the user's own documents."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from qa.commands.build import build_index
from qa.commands.frame import HomeOption, ModelOption, run_command
from qa.library import add_files, remove_documents
from qa.settings import load_settings


def run(name: str, arguments: Sequence[str]) -> int:
    """Run one of the commands."""
    commands: dict[str, Callable[..., Any]] = {"add": add, "remove": remove}
    return run_command(commands[name], name, arguments)


def add(
    paths: Annotated[list[Path], typer.Argument(help="files or folders")], home: HomeOption = None, model: ModelOption = None
) -> None:
    """Put documents into your library under the home folder, then build."""
    settings = load_settings({"home": home, "model": model})
    for path in add_files(settings, paths):
        print(f"added {path.name}")
    build_index(settings)


def remove(
    document_ids: Annotated[list[str], typer.Argument(help="ids of documents in your library")],
    home: HomeOption = None,
    model: ModelOption = None,
) -> None:
    """Take documents out of your library, then build; nothing of them is kept, not even for rollback."""
    settings = load_settings({"home": home, "model": model})
    for path in remove_documents(settings, document_ids):
        print(f"removed {path.name}")
    build_index(settings, forget=True)
