"""ETags: an answer is a function of the index generation and the request, so its tag is known before it is made."""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from qa.answering import Engine


@cache
def program_version() -> str:
    """The version of this program."""
    try:
        return version("rcm-qa")
    except PackageNotFoundError:
        return "0"


def make_etag(engine: Engine, parts: Sequence[str]) -> str:
    """Weak, because the times inside an answer differ: generation, state and request, hashed."""
    info = engine.info
    digest = hashlib.sha256()
    for part in (info.generation, str(info.degraded), str(info.stale), program_version(), *parts):
        digest.update(part.encode("utf-8", "backslashreplace") + b"\0")
    return f'W/"{digest.hexdigest()[:32]}"'


def matches(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names a tag, by weak comparison."""
    if not header:
        return False
    if header.strip() == "*":
        return True
    bare = etag.removeprefix("W/")
    return bare in re.findall(r'"[^"]*"', header)
