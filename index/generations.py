"""The home folder: which generation is live, the switch by atomic rename, the lock of a build, the way back."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import BuildRefused, NoIndex

_LIVE = "live"
_PREVIOUS = "previous"


class Home:
    """A folder with generations, the user's library and caches. Nothing in it belongs to the code."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generations = path / "generations"
        self.library = path / "library"
        self.cache = path / "cache"
        self.anchors = path / "anchors.sqlite"
        self.feedback = path / "feedback.sqlite"
        self._locked = False

    def create(self) -> None:
        """Make the folders. Raises BuildRefused when that is not allowed."""
        try:
            for folder in (self.generations, self.library, self.cache):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BuildRefused(
                f"the home folder {self.path} cannot be made ({error.strerror}); name another with --home"
            ) from None

    def live_name(self) -> str | None:
        """Name of the live generation, None before the first build."""
        return self._read(_LIVE)

    def previous_name(self) -> str | None:
        """Name of the generation that was live before, as long as it is kept."""
        return self._read(_PREVIOUS)

    def live_stamp(self) -> tuple[int, int] | None:
        """Changes whenever the live generation does; cheap enough for every request."""
        try:
            status = (self.path / _LIVE).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def live_folder(self) -> Path:
        """Folder of the live generation. Raises NoIndex."""
        name = self.live_name()
        if name is None:
            raise NoIndex(f"there is no index in {self.path}; run `rcm-qa build` first, or name its folder with --home")
        folder = self.generations / name
        if not folder.is_dir():
            raise NoIndex(f"the live generation {name} is missing from {self.generations}; run `rcm-qa build`")
        return folder

    def previous_folder(self) -> Path:
        """Folder of the generation that was live before. Raises NoIndex when none is kept."""
        name = self.previous_name()
        if name is None or not (self.generations / name).is_dir():
            raise NoIndex(f"there is no previous generation in {self.path} to go back to")
        return self.generations / name

    def _read(self, pointer: str) -> str | None:
        try:
            name = (self.path / pointer).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return name if name and "/" not in name and not name.startswith(".") else None

    def _write(self, pointer: str, name: str | None) -> None:
        path = self.path / pointer
        if name is None:
            path.unlink(missing_ok=True)
            return
        temporary = path.with_name(f".{pointer}.new")
        with temporary.open("w", encoding="ascii") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def switch(self, name: str) -> None:
        """Make a complete generation live; the one before stays for the way back, older ones go."""
        before = self.live_name()
        if before != name:
            self._write(_PREVIOUS, before)
        self._write(_LIVE, name)
        self.prune()

    def rollback(self) -> str:
        """Make the previous generation live again and return its name. Raises NoIndex when none is kept."""
        previous = self.previous_folder().name
        self._write(_PREVIOUS, self.live_name())
        self._write(_LIVE, previous)
        return previous

    def forget_previous(self) -> None:
        """Drop the previous generation: what was removed from the collection must leave no trace."""
        self._write(_PREVIOUS, None)
        self.prune()

    def clear(self) -> None:
        """Drop all generations, permalinks and what is kept between builds: no document is left."""
        self._write(_LIVE, None)
        self.forget_previous()
        self.anchors.unlink(missing_ok=True)
        shutil.rmtree(self.cache, ignore_errors=True)

    def prune(self) -> None:
        """Delete generations that are neither live nor previous, and what killed builds left."""
        keep = {self.live_name(), self.previous_name()}
        for folder in self.generations.iterdir() if self.generations.is_dir() else ():
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def build_lock(self) -> Iterator[None]:
        """Held while a build runs; who holds it may take it again by the same `Home`.

        Raises BuildRefused when another process holds it; a killed one holds nothing.
        """
        if self._locked:
            yield
            return
        self.create()
        with (self.path / ".build.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise BuildRefused(
                    f"another build (process {holder}) is running on {self.path}; wait until it ends and try again"
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            self._locked = True
            try:
                yield
            finally:
                self._locked = False
