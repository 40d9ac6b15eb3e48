"""From a file to blocks and stated metadata: which reader, which encoding, which limits."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from corpus.errors import UnreadableDocument
from corpus.frontmatter import FrontMatter, find_sidecar, parse_sidecar
from corpus.records import Block


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost to read."""

    max_file_bytes: int = 50_000_000
    max_pages: int = 2_000
    max_text_chars: int = 5_000_000
    max_expansion: int = 200_000_000  # bytes that an archive (DOCX) may unpack to


@dataclass(slots=True)
class RawDocument:
    """What a reader found: blocks not yet cleaned, and metadata as far as the file states it."""

    blocks: list[Block]
    front: FrontMatter = field(default_factory=FrontMatter)
    scraped: bool = False  # plain text whose menus and line breaks are still to be dealt with
    lines: list[tuple[str, int | None]] = field(default_factory=list)  # (line, page), of scraped text


Reader = Callable[[bytes, Limits], RawDocument]

# Loaded only when a file of the kind turns up: trafilatura and python-docx take a second to import.
_READERS = {
    ".md": "corpus.markdown",
    ".markdown": "corpus.markdown",
    ".html": "corpus.html",
    ".htm": "corpus.html",
    ".xhtml": "corpus.html",
    ".txt": "corpus.plain",
    ".text": "corpus.plain",
    ".pdf": "corpus.pdf",
    ".docx": "corpus.docx",
}
SUFFIXES = frozenset(_READERS)


def decode_text(data: bytes) -> str:
    """Bytes as text: UTF-8 or UTF-16 by mark, UTF-8 if valid, else the likeliest encoding.

    Raises UnreadableDocument when the bytes are no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise UnreadableDocument("the file is marked as UTF-16 but is not; save it as UTF-8") from None
    if b"\0" in data[:4096]:
        raise UnreadableDocument("the file is binary, not text; supported kinds: " + ", ".join(sorted(SUFFIXES)))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    # Legacy text of this region is Windows-1252 nearly always; the guess is asked only where that makes no sense.
    western = data.decode("cp1252", errors="replace")
    odd = sum(not (c.isprintable() or c in "\r\n\t\f") or c == "\ufffd" for c in western)
    if odd <= len(western) // 1000:
        return western
    best = from_bytes(data).best()
    if best is None:
        raise UnreadableDocument("the encoding of the text is not recognised; save it as UTF-8")
    return str(best)


def check_archive(data: bytes, limits: Limits) -> None:
    """Refuse an archive that is damaged or unpacks to more than it may. Raises UnreadableDocument."""
    import io

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(item.file_size for item in archive.infolist())
    except zipfile.BadZipFile:
        raise UnreadableDocument("the file is damaged: it is not a readable archive") from None
    if total > limits.max_expansion:
        raise UnreadableDocument(
            f"the file unpacks to {total:,} bytes, more than the limit of {limits.max_expansion:,} (max_expansion)"
        )


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file and its sidecar as they lie on the disk."""

    suffix: str
    data: bytes
    sidecar: tuple[str, bytes] | None  # name, content


def read_file(path: Path, limits: Limits) -> RawFile:
    """The bytes of one file and of its sidecar. Raises UnreadableDocument with the reason."""
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise UnreadableDocument(f"files of kind {suffix or '(none)'!r} are not read; kinds: {', '.join(sorted(SUFFIXES))}")
    try:
        size = path.stat().st_size
        if size > limits.max_file_bytes:
            raise UnreadableDocument(
                f"the file has {size:,} bytes, more than the limit of {limits.max_file_bytes:,} (max_file_bytes)"
            )
        data = path.read_bytes()
        sidecar = find_sidecar(path)
        file = RawFile(suffix, data, (sidecar.name, sidecar.read_bytes()) if sidecar else None)
    except OSError as error:
        raise UnreadableDocument(f"the file cannot be opened: {error.strerror or error}") from None
    if not data.strip():
        raise UnreadableDocument("the file is empty")
    return file


def parse_raw(file: RawFile, limits: Limits) -> RawDocument:
    """The blocks and stated metadata of a file that was read. Raises UnreadableDocument with the reason."""
    reader: Reader = import_module(_READERS[file.suffix]).read
    raw = reader(file.data, limits)
    chars = sum(len(block.text) for block in raw.blocks) + sum(len(line) for line, _ in raw.lines)
    if chars > limits.max_text_chars:
        raise UnreadableDocument(
            f"the text has {chars:,} characters, more than the limit of {limits.max_text_chars:,} (max_text_chars)"
        )
    if file.sidecar is not None:
        raw.front = _merge(raw.front, parse_sidecar(*file.sidecar))
    return raw


def _merge(found: FrontMatter, stated: FrontMatter) -> FrontMatter:
    """What the curator states in a sidecar wins over what the file itself says."""
    merged = found.model_dump()
    for key, value in stated.model_dump(exclude_unset=True).items():
        if isinstance(value, dict):
            merged[key] = {**merged[key], **value}
        else:
            merged[key] = value
    return FrontMatter.model_validate(merged)
