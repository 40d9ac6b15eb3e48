"""The user's own documents under the home folder: put in, taken out, never half."""

import filecmp
import shutil
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from corpus.loading import BUNDLED, Collection, find_files, load_collection
from corpus.reading import SUFFIXES
from index.errors import IndexError_
from index.generations import Home
from index.manifest import read_manifest
from index.store import Store
from index.work import WorkCache
from qa.errors import BadRequest
from qa.settings import Settings


def roots(settings: Settings) -> list[Path]:
    """The folders that the index is made from: the collection, then the user's library."""
    folders = list(settings.corpus) or [BUNDLED]
    library = Home(settings.home).library
    return [*folders, library] if library.is_dir() else folders


def read_all(settings: Settings, without: Container[Path] = ()) -> Collection:
    """Every document of the collection and the library, as the last build read it where its file is the same.

    The files `without` are left out. Raises CorpusError when a folder does not exist.
    """
    with closing(WorkCache(Home(settings.home).cache / "files.sqlite")) as kept:
        return load_collection(roots(settings), settings.limits(), kept=kept, without=without)


def foretell(settings: Settings, home: Home, collection: Collection, removed: Container[str] = ()) -> Iterator[str]:
    """What a build of the collection takes from the live index, in sentences: its model, documents that are not in `removed`."""
    try:
        folder = home.live_folder()
        model = read_manifest(folder).model.name
        with closing(Store(folder / "documents.sqlite")) as store:
            gone = [i for i in store.document_ids() if i not in collection.files and i not in removed]
    except IndexError_:
        return
    if gone:
        more = f" and {len(gone) - 3:,} more" if len(gone) > 3 else ""
        read = ", ".join("the bundled collection" if folder == BUNDLED else str(folder) for folder in roots(settings))
        yield (
            f"no longer in the index after this build: {', '.join(gone[:3])}{more}; it is built from {read} "
            "(--corpus holds for one build, `corpus` in rcm-qa.toml for all)"
        )
    if model != settings.model:
        yield (
            f"the live index was built with the model {model}, this one is with {settings.model} "
            "(--model holds for one build, `model` in rcm-qa.toml for all)"
        )


def add_files(settings: Settings, paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """Copy files and folders into the library, each beside and renamed.

    Returns what was put in, each with whether it replaced a file of other content. Raises BadRequest before anything is put in.
    """
    home = Home(settings.home)
    home.create()
    files: dict[Path, Path] = {}  # place in the library -> file
    for path in paths:
        if not path.exists():
            raise BadRequest(f"{path} does not exist; name a file or a folder of documents")
        named = path if path.name not in ("", "..") else path.resolve()  # "." and ".." are no names for a place
        readable = [file for _, file in find_files([named]) if file.suffix.lower() in SUFFIXES]
        if not readable:
            raise BadRequest(f"{path} holds no document; kinds that are read: {', '.join(sorted(SUFFIXES))}")
        for file in readable:
            place = home.library / file.relative_to(named.parent)
            other = files.setdefault(place, file)
            if not other.samefile(file):
                raise BadRequest(
                    f"{other} and {file} would both be {place.relative_to(home.library)} in your library; "
                    "rename one, or add the folders that they are in"
                )
    added: list[tuple[Path, bool]] = []
    for target, file in files.items():
        added.append((target, target.is_file() and not filecmp.cmp(file, target, shallow=False)))
        sidecars = [file.with_name(file.name + ".meta.toml"), file.with_suffix(".meta.toml")]
        for source, place in [(file, target), *((s, target.with_name(s.name)) for s in sidecars if s.is_file())]:
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary = place.with_name(f".{place.name}.new")
            shutil.copyfile(source, temporary)
            temporary.replace(place)
    return added


def find_in_library(settings: Settings, names: Sequence[str]) -> dict[str, Path]:
    """The files of the library that documents with these ids were read from; what could not be read goes by its file's name.

    Raises BadRequest for a name that is neither.
    """
    library = Home(settings.home).library
    known = {path.relative_to(library).as_posix(): path for _, path in find_files([library])}
    in_library = frozenset(known.values())
    known |= {identifier: path for identifier, path in read_all(settings).files.items() if path in in_library}
    for name in names:
        if name not in known:
            raise BadRequest(
                f"there is no document {name!r} in your library; `rcm-qa documents` lists the ids, "
                "documents of the bundled collection cannot be removed"
            )
    return {name: known[name] for name in names}


def delete_files(settings: Settings, files: Iterable[Path]) -> None:
    """Delete files of the library with their sidecars, and folders that are empty then."""
    library = Home(settings.home).library
    for path in files:
        for file in (path, path.with_name(path.name + ".meta.toml"), path.with_suffix(".meta.toml")):
            file.unlink(missing_ok=True)
    for folder in sorted((p for p in library.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
