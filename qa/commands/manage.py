"""`rcm-qa info`, `rollback` and `doctor`: the index itself."""

import os
import shutil
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from index.building import hash_file, roll_back
from index.errors import IndexError_
from index.generations import Home
from index.manifest import read_manifest
from index.searching import Index, open_embedder
from qa.commands.frame import HomeOption, run_command
from qa.settings import Settings, load_settings


def run(name: str, arguments: Sequence[str]) -> int:
    """Run one of the commands."""
    commands: dict[str, Callable[..., Any]] = {"info": info, "rollback": rollback, "doctor": doctor}
    return run_command(commands[name], name, arguments)


def info(json_: Annotated[bool, typer.Option("--json", help="print the whole manifest")] = False, home: HomeOption = None) -> int:
    """Say what the live index is."""
    settings = load_settings({"home": home})
    place = Home(settings.home)
    manifest = read_manifest(place.live_folder())
    if json_:
        print(manifest.model_dump_json(indent=1))
        return 0
    counts = manifest.counts
    years = f", {manifest.years[0]}-{manifest.years[1]}" if manifest.years else ""
    print(f"generation  {manifest.generation}, built {manifest.built_at}")
    print(f"previous    {place.previous_name() or 'none kept'}")
    print(f"documents   {counts.documents}{years}, {counts.words:,} words")
    print(f"passages    {counts.passages} with {counts.sentences} sentences, vectors {manifest.vector_kind}")
    print(
        f"model       {manifest.model.name}: {manifest.model.runtime}, {manifest.model.precision}, {manifest.model.dim} numbers, {manifest.model.max_tokens} tokens"
    )
    print(f"gloss       {'Spanish is embedded as its English gloss' if manifest.model.glossed else 'off for vectors'}")
    print(f"size        {sum(f.stat().st_size for f in place.live_folder().rglob('*') if f.is_file()) / 1e6:,.1f} MB")
    return 0


def rollback(home: HomeOption = None) -> int:
    """Make the previous generation live again."""
    settings = load_settings({"home": home})
    print(f"Generation {roll_back(Home(settings.home))} is live again.")
    return 0


def doctor(home: HomeOption = None) -> int:
    """Check files, hashes, model, disk and threads; exit status 1 when something is wrong."""
    settings = load_settings({"home": home})
    wrong = 0
    for name, check in _CHECKS.items():
        try:
            found = check(settings)
            print(f"ok     {name}: {found}")
        except (IndexError_, OSError, ValueError) as error:
            wrong += 1
            print(f"wrong  {name}: {' '.join(str(error).split())}")
    return 1 if wrong else 0


def _check_index(settings: Settings) -> str:
    manifest = read_manifest(Home(settings.home).live_folder())
    return f"generation {manifest.generation}, {manifest.counts.passages} passages"


def _check_files(settings: Settings) -> str:
    folder = Home(settings.home).live_folder()
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        if not (folder / name).is_file():
            raise ValueError(f"{name} is missing; run `rcm-qa build --force`")
        if hash_file(folder / name) != expected:
            raise ValueError(f"{name} is not what was built; run `rcm-qa build --force`")
    return f"{len(manifest.files)} files match their hashes"


def _check_model(settings: Settings) -> str:
    folder = Home(settings.home).live_folder()
    with Index(folder, open_embedder(folder)) as index:
        vector = index.encode_question("Which countries are members?")[0]
        ordinals, _ = index.vectors.search(vector, 1)
        return f"{index.manifest.model.fingerprint} embeds and finds passage number {int(ordinals[0])}"


def _check_disk(settings: Settings) -> str:
    home = Home(settings.home)
    free = shutil.disk_usage(home.path if home.path.exists() else ".").free
    if free < 500_000_000:
        raise ValueError(f"only {free / 1e6:,.0f} MB free; a build needs about 500 MB")
    return f"{free / 1e9:,.1f} GB free"


def _check_threads(settings: Settings) -> str:
    return f"{len(os.sched_getaffinity(0))} cores, {settings.workers} worker(s)"


def _check_data(settings: Settings) -> str:
    from corpus.glossary import load_glossary
    from corpus.lexicon import FOLDER, read_lexicon

    words = sum(1 for _ in read_lexicon(FOLDER / "words.tsv"))
    return f"{len(load_glossary())} glossary terms, {words:,} lexicon lines"


_CHECKS: dict[str, Callable[[Settings], str]] = {
    "index": _check_index,
    "files": _check_files,
    "model": _check_model,
    "language data": _check_data,
    "disk": _check_disk,
    "threads": _check_threads,
}
