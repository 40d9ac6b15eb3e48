"""`rcm-qa add` and `rcm-qa remove`: the user's own documents."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from index.generations import Home
from qa.commands.build import build_index
from qa.commands.frame import HomeOption, ModelOption, run_command
from qa.errors import BadRequest
from qa.library import add_files, delete_files, find_in_library, read_all
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
    place = Home(settings.home)
    with place.build_lock():
        for path, replaced in add_files(settings, paths):
            print(f"{'replaced' if replaced else 'added'} {path.name}")
        build_index(settings, place)


def remove(
    document_ids: Annotated[
        list[str], typer.Argument(help="ids of documents in your library; names of files there that could not be read")
    ],
    home: HomeOption = None,
    model: ModelOption = None,
) -> None:
    """Take documents out of your library and the index; nothing of them is kept, not even for rollback."""
    settings = load_settings({"home": home, "model": model})
    place = Home(settings.home)
    if not place.library.is_dir():  # before the lock, which makes the folders of a home
        raise BadRequest(
            f"there is no library in {settings.home}; put documents into one with `rcm-qa add`, or name it with --home"
        )
    with place.build_lock():
        files = find_in_library(settings, document_ids)
        if read_all(settings, frozenset(files.values())).documents:
            build_index(settings, place, removed=files)
        else:
            place.clear()
            print("no document is left; there is no index until you add one")
        # Last: where the build fails, all is as it was and the command can be given again.
        delete_files(settings, files.values())
    for path in files.values():
        print(f"removed {path.name}")
