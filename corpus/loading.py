"""Files to documents: a collection is read, cleaned against itself, and given final texts and ids."""

import hashlib
import itertools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, Protocol

from corpus.cleaning import REPEATED, Line, clean_lines, count_repeats, may_repeat
from corpus.dates import read_date
from corpus.errors import CorpusError, UnreadableDocument
from corpus.language import guess_lang
from corpus.reading import SUFFIXES, Limits, RawDocument, RawFile, parse_raw, read_file
from corpus.records import Block, Document, Removed, Skipped, assemble, document_from_record, document_record
from corpus.structure import build_blocks, find_listing, is_date_line

BUNDLED = Path(__file__).parent / "documents"


@dataclass(slots=True)
class Collection:
    """What reading a set of folders gave: documents in order of id, what cleaning removed, what was skipped."""

    documents: list[Document] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)  # where each document was read from, by its id


def find_files(roots: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """(root, file) of every file under the roots that a reader may know, in order. Raises CorpusError for no such path."""
    for root in roots:
        if root.is_file():
            yield root.parent, root
        elif root.is_dir():
            for path in sorted(root.rglob("*")):
                hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
                if path.is_file() and not hidden and not path.name.endswith(".meta.toml"):
                    yield root, path
        else:
            raise CorpusError(f"{root} does not exist; name a file or a folder of documents")


class Kept(Protocol):
    """Work of earlier builds, by a hash of what it was made of."""

    def get(self, key: bytes) -> bytes | None:
        """What is kept under a key."""
        ...

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value."""
        ...

    def keep_only(self, keys: Iterable[bytes]) -> None:
        """Forget all else."""
        ...


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file that was read: parsed now, or with what became of it in an earlier build."""

    name: str
    path: Path
    key: bytes
    lines: list[str]  # folded, those that other documents may repeat
    raw: RawDocument | None
    before: dict[str, Any] | None = None


def load_collection(
    roots: Sequence[Path],
    limits: Limits | None = None,
    progress: Callable[[str], None] = lambda name: None,
    kept: Kept | None = None,
    without: Container[Path] = (),
) -> Collection:
    """Read every document under the roots, but for the files `without`. One unreadable file is reported and skipped; the run goes on.

    A file is not parsed again when `kept` holds what became of the same bytes among documents that repeat the same of its
    lines; what became of this collection's files is kept, all else forgotten.
    """
    limits = limits or Limits()
    collection = Collection()
    readings: list[_Reading] = []
    for root, path in find_files(roots):
        if path in without:
            continue
        name = path.relative_to(root).as_posix()
        shown = "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs") else c for c in name)
        if shown != name:
            collection.skipped.append(Skipped(shown, "the name of the file is no readable text; rename it"))
            continue
        progress(name)
        if path.suffix.lower() not in SUFFIXES:
            collection.skipped.append(Skipped(name, f"files of kind {path.suffix or '(none)'!r} are not read"))
            continue
        try:
            readings.append(_read(path, name, limits, kept))
        except UnreadableDocument as error:
            collection.skipped.append(Skipped(name, str(error)))
        except (RecursionError, MemoryError) as error:
            collection.skipped.append(Skipped(name, f"the file is too deep or too large to read ({type(error).__name__})"))
    repeats = Counter(line for reading in readings for line in reading.lines)
    stated: dict[str, tuple[Document, Path]] = {}
    unnamed: list[tuple[Document, Path]] = []
    for reading in readings:
        try:
            document, removed = _make(reading, repeats, limits, kept)
        except UnreadableDocument as error:
            collection.skipped.append(Skipped(reading.name, str(error)))
            continue
        if not document.id:
            unnamed.append((document, reading.path))
        elif document.id not in stated:
            stated[document.id] = document, reading.path
        else:
            skipped = Skipped(reading.name, f"the id {document.id!r} is taken by another document; give it its own")
            collection.skipped.append(skipped)
            continue
        collection.removed.extend(removed)
    if kept is not None:
        kept.keep_only(reading.key for reading in readings)
    ids = give_ids([(str(document.path), path) for document, path in unnamed], stated)
    named = [(replace(document, id=identifier), path) for identifier, (document, path) in zip(ids, unnamed, strict=True)]
    for document, path in sorted([*stated.values(), *named], key=lambda item: item[0].id):
        collection.documents.append(replace(document, variant_of=document.variant_of or without_lang(document.id)))
        collection.files[document.id] = path
    return collection


def _read(path: Path, name: str, limits: Limits, kept: Kept | None) -> _Reading:
    """A file with its lines; parsed unless it is known what became of it. Raises UnreadableDocument."""
    file = read_file(path, limits)
    key = _reading_key(file, name, limits)
    found = kept.get(key) if kept is not None else None
    if found is not None:
        before = json.loads(found)
        return _Reading(name, path, key, before["lines"], None, before)
    raw = parse_raw(file, limits)
    lines = [] if raw.front.summary else sorted(filter(may_repeat, count_repeats([[text for text, _ in raw_lines(raw)]])))
    return _Reading(name, path, key, lines, raw)


def _reading_key(file: RawFile, name: str, limits: Limits) -> bytes:
    """Hash of all that a document is made of, but for what other documents repeat of it."""
    sidecar, stated = file.sidecar or ("", b"")
    sizes = (len(file.data), len(stated))
    return hashlib.sha256(json.dumps([name, asdict(limits), sidecar, sizes]).encode() + file.data + stated).digest()


def _make(reading: _Reading, repeats: Counter[str], limits: Limits, kept: Kept | None) -> tuple[Document, list[Removed]]:
    """The document of a file, with the id that it states, and what cleaning removed. Raises UnreadableDocument."""
    repeated = [line for line in reading.lines if repeats[line] >= REPEATED]
    made, raw = reading.before, reading.raw
    if made is None or made["repeated"] != repeated:
        if raw is None:
            file = read_file(reading.path, limits)
            raw = parse_raw(file, limits)
            if _reading_key(file, reading.name, limits) != reading.key:
                kept = None  # the file was written between the two looks
        made = {"lines": reading.lines, "repeated": repeated, "error": None}
        try:
            document, removed = make_document(raw, reading.name, repeats)
            made["document"] = (document.id, document.lang, document.text, document_record(document))
            made["removed"] = [(item.reason, item.text) for item in removed]
        except UnreadableDocument as error:
            made["error"] = str(error)
        if kept is not None:
            kept.put(reading.key, json.dumps(made).encode())
    if made["error"] is not None:
        raise UnreadableDocument(made["error"])
    removed = [Removed(reading.name, reason, text) for reason, text in made["removed"]]
    return document_from_record(*made["document"]), removed


def give_ids(files: Sequence[tuple[str, Path]], stated: Iterable[str]) -> list[str]:
    """An id for each file (its name relative to its root, its path) that states none, beside those that are stated.

    A file is called by its path without the suffix; where several have that, each by its whole path. None gets what several
    might be called: the id of one must not become that of another when a further file comes. Language versions (`NAME.en`,
    `NAME.es` in one folder) are called alike, and only they.
    """
    taken = set(stated)
    versions = {without_lang(identifier) for identifier in taken}
    ids: dict[int, str] = {}
    for level in range(2):
        wanted: dict[int, str] = {}
        alike: dict[str, list[int]] = {}
        for number, path in enumerate(PurePath(name) for name, _ in files):
            if number not in ids:
                wanted[number] = slug(str((path.with_suffix(""), path)[level]))
                alike.setdefault(without_lang(wanted[number]), []).append(number)
        for called, group in alike.items():
            found = {wanted[number] for number in group}
            folders = {files[number][1].parent for number in group}
            if len(found) == len(group) and len(folders) == 1 and called not in versions and taken.isdisjoint(found):
                ids |= {number: wanted[number] for number in group}
        taken.update(wanted.values())
    for number, (name, _) in enumerate(files):  # the same path in two roots, or paths that differ in what no id can hold
        if number not in ids:
            ids[number] = next(i for n in itertools.count(2) if (i := f"{slug(name)}-{n}") not in taken)
            taken.add(ids[number])
    return [ids[number] for number in range(len(files))]


def without_lang(identifier: str) -> str:
    """What the language versions of a document are called together: an id without its `.en` or `.es`."""
    return re.sub(r"(?<=.)\.(en|es)$", "", identifier)


def slug(name: str) -> str:
    """A file's name as an id: ASCII letters, digits, '.', '_', '-'; folders become '-'."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain.replace("/", "-")).strip("-._")[:120] or "document"


def raw_lines(raw: RawDocument) -> list[Line]:
    """The lines that cleaning looks at: those of scraped text, else the text of each block."""
    return raw.lines if raw.scraped else [(block.text, block.page) for block in raw.blocks]


def make_document(raw: RawDocument, name: str, repeats: Counter[str]) -> tuple[Document, list[Removed]]:
    """The document of a file, with the id that it states, and what cleaning took out of it.

    Raises UnreadableDocument if nothing is left.
    """
    lines = raw_lines(raw)
    if raw.front.summary:  # written for the collection: nothing of it is a menu
        reasons: list[str | None] = [None] * len(lines)
        blocks = raw.blocks
    elif raw.scraped:
        listing = find_listing(lines)
        reasons = clean_lines(lines, repeats, keep=listing.lines if listing else frozenset())
        blocks = build_blocks(lines, reasons, listing)
    else:
        reasons = clean_lines(lines, repeats)
        blocks = [block for block, reason in zip(raw.blocks, reasons, strict=True) if reason is None]
    removed = [Removed(name, reason, text.strip()) for (text, _), reason in zip(lines, reasons, strict=True) if reason]
    blocks = [replace(block, text=" ".join(block.text.split())) for block in blocks if block.text.strip()]
    if not any(block.kind != "heading" for block in blocks):
        raise UnreadableDocument("nothing is left after menus and contact lines are taken out")
    front = raw.front
    title = front.title or _title(blocks, listing=raw.scraped and any(block.kind == "field" for block in blocks))
    source = front.as_source()
    if source.published is None and not front.summary:
        source = replace(source, published=_published(blocks))
    text, spans = assemble(blocks)
    document = Document(
        id=front.id or "",  # one that is not stated depends on the names of the other files
        text=text,
        lang=front.lang or guess_lang(text),
        title=title,
        blocks=spans,
        source=source,
        event=front.as_event(),
        topics=front.topics,
        variant_of=front.variant_of,
        summary=front.summary,
        rests_on=front.rests_on,
        facts=front.facts,
        path=name,
    )
    return document, removed


def _title(blocks: list[Block], *, listing: bool) -> str | None:
    """The heading that the text opens with; a listing page has records, not a title."""
    if listing or not blocks or blocks[0].kind != "heading":
        return None
    return blocks[0].text


def _published(blocks: list[Block]) -> str | None:
    """The date that stands alone under the title, as pages print it; dates inside sentences say something else."""
    for block in blocks[:4]:
        if block.kind == "paragraph" and is_date_line(block.text):
            return read_date(block.text)
    return None
