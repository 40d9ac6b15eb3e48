"""The user's own documents under the home folder: put in, taken out, never half."""

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from corpus.loading import BUNDLED, Collection, find_files, load_collection
from corpus.reading import SUFFIXES
from index.generations import Home
from index.work import WorkCache
from qa.errors import BadRequest
from qa.settings import Settings


def roots(settings: Settings) -> list[Path]:
    """The folders that the index is made from: the collection, then the user's library."""
    folders = list(settings.corpus) or [BUNDLED]
    library = Home(settings.home).library
    return [*folders, library] if library.is_dir() else folders


def read_all(settings: Settings) -> Collection:
    """Every document of the collection and the library, as the last build read it where its file is the same.

    Raises CorpusError when a folder does not exist.
    """
    with closing(WorkCache(Home(settings.home).cache / "files.sqlite")) as kept:
        return load_collection(roots(settings), settings.limits(), kept=kept)


def add_files(settings: Settings, paths: Sequence[Path]) -> list[Path]:
    """Copy files and folders into the library, each beside and renamed; returns what was put in. Raises BadRequest."""
    home = Home(settings.home)
    home.create()
    files: list[tuple[Path, Path]] = []
    for path in paths:
        if not path.exists():
            raise BadRequest(f"{path} does not exist; name a file or a folder of documents")
        base = path.parent
        found = [file for _, file in find_files([path])]
        readable = [file for file in found if file.suffix.lower() in SUFFIXES]
        if not readable:
            raise BadRequest(f"{path} holds no document; kinds that are read: {', '.join(sorted(SUFFIXES))}")
        files += [(file, home.library / file.relative_to(base)) for file in readable]
    added: list[Path] = []
    for file, target in files:
        sidecars = [file.with_name(file.name + ".meta.toml"), file.with_suffix(".meta.toml")]
        for source, place in [(file, target), *((s, target.with_name(s.name)) for s in sidecars if s.is_file())]:
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary = place.with_name(f".{place.name}.new")
            shutil.copyfile(source, temporary)
            temporary.replace(place)
        added.append(target)
    return added


def remove_documents(settings: Settings, ids: Sequence[str]) -> list[Path]:
    """Take documents out of the library by id; returns their files. Raises BadRequest for one that is not in it."""
    home = Home(settings.home)
    collection = load_collection([home.library], settings.limits()) if home.library.is_dir() else Collection()
    by_id = {document.id: document for document in collection.documents}
    for identifier in ids:
        if identifier not in by_id:
            raise BadRequest(
                f"there is no document {identifier!r} in your library; `rcm-qa documents` lists the ids, "
                "documents of the bundled collection cannot be removed"
            )
    removed: list[Path] = []
    for identifier in ids:
        path = home.library / str(by_id[identifier].path)
        for file in (path, path.with_name(path.name + ".meta.toml"), path.with_suffix(".meta.toml")):
            file.unlink(missing_ok=True)
        removed.append(path)
    for folder in sorted((p for p in home.library.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return removed
