"""Lines of plain text to blocks: paragraphs joined again, headings by shape, list items, records with their fields."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from corpus.cleaning import Line
from corpus.dates import read_date
from corpus.records import Block

_LABELS = frozenset(
    """ciudad|lugar|fecha|fechas|hora|sede|acerca del evento|institución coordinadora|instituciones coordinadoras|
    email|e-mail|correo|correo electrónico|teléfono|tel|país|organizador|organizadores|idioma|tema|objetivo|
    descripción|contacto|dirección|enlace|sitio web|city|place|venue|date|dates|time|location|about the event|
    coordinating institution|coordinating institutions|phone|telephone|country|organizer|organiser|organizers|language|
    theme|objective|description|contact|address|link|website""".replace("\n", "").split("|")
)
_LABELS = frozenset(label.strip() for label in _LABELS)
# Fields whose value is the running text of the record rather than a word or two.
_BODY_LABELS = frozenset({"acerca del evento", "about the event", "descripción", "description"})
_BULLET = re.compile(r"^\s*(?:[•●▪◦‣·*–—-]\s+|(?:\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S))")
_TERMINAL = re.compile(r"[.!?:;][\"'”’»)\]]*$")
_DATE_LINE = re.compile(r"^[\w.,/ ]{4,40}$")


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of several records: for each the line number of its title and its fields."""

    records: tuple["Record", ...]

    @property
    def lines(self) -> frozenset[int]:
        """Numbers of all title, label and value lines."""
        return frozenset(n for record in self.records for n in (record.title, *record.numbers))


@dataclass(slots=True)
class Record:
    """One record: where its title stands, its fields in order, the lines of its running text."""

    title: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    body: list[int] = field(default_factory=list)


def _label(text: str, known: frozenset[str]) -> tuple[str, str] | None:
    """Label and inline value of a line such as "Ciudad" or "City: Managua"; None for any other line."""
    line = text.strip()
    name, colon, value = line.partition(":")
    if name.strip().lower() in known and len(name) <= 40 and (colon or name == line):
        return name.strip(), value.strip()
    return None


def find_listing(lines: Sequence[Line]) -> Listing | None:
    """The records of a listing page (title line, then labelled fields, again and again); None for any other page."""
    texts = [text.strip() for text, _ in lines]
    found = {number: label for number, text in enumerate(texts) if text and (label := _label(text, _LABELS))}
    if not found:
        return None
    counts = Counter(name.lower() for name, _ in found.values())
    repeated = frozenset(name for name, count in counts.items() if count >= 2)
    found = {number: label for number, label in found.items() if label[0].lower() in repeated}
    if len(repeated) < 2 or not found:
        return None
    opener = found[min(found)][0].lower()
    starts = [number for number, (name, _) in found.items() if name.lower() == opener]
    records: list[Record] = []
    taken: set[int] = set()
    for position, start in enumerate(starts):
        title = next((n for n in range(start - 1, -1, -1) if texts[n] and n not in taken), None)
        if title is None or title in found:
            return None
        record = Record(title)
        end = starts[position + 1] if position + 1 < len(starts) else len(texts)
        following = next((n for n in range(end - 1, start, -1) if texts[n]), start) if end < len(texts) else end
        number = start
        while number < following:
            label = found.get(number)
            if label is None:
                record.body.append(number)
                number += 1
                continue
            name, value = label
            record.numbers.append(number)
            after = number + 1
            if not value and after < following and texts[after] and after not in found:
                if name.lower() in _BODY_LABELS:
                    number = after
                    continue
                value = texts[after]
                record.numbers.append(after)
                after += 1
            if value:
                record.fields.append((name, value))
            number = after
        taken.update({title, *record.numbers, *record.body})
        records.append(record)
    return Listing(tuple(records)) if len(records) >= 2 else None


def build_blocks(lines: Sequence[Line], dropped: Sequence[str | None], listing: Listing | None) -> list[Block]:
    """Blocks of the lines that stay. Of a listing, each record is a heading, its fields, then its running text."""
    kept = [(text, page) if dropped[n] is None else ("", page) for n, (text, page) in enumerate(lines)]
    if listing is None:
        return _paragraphs(kept, level=1)
    first = listing.records[0].title
    blocks = _paragraphs(kept[:first], level=1)
    for record in listing.records:
        if dropped[record.title] is not None:
            continue
        blocks.append(Block("heading", " ".join(kept[record.title][0].split()), level=1, page=kept[record.title][1]))
        blocks.extend(Block("field", f"{name}: {value}") for name, value in record.fields)
        blocks.extend(_paragraphs([kept[n] for n in record.body], level=2))
    return blocks


def _wrap_width(texts: Sequence[str]) -> int | None:
    """The column at which the text was hard-wrapped; None where a line is a paragraph."""
    pairs = [(a, b) for a, b in itertools.pairwise(texts) if a.strip() and b.strip() and not _BULLET.match(b) and len(a) > 20]
    running = [a for a, b in pairs if not _TERMINAL.search(a.strip()) and b.strip()[0].islower()]
    if len(pairs) < 4 or len(running) < max(3, len(pairs) * 0.2):
        return None
    lengths = sorted(len(a.rstrip()) for a in running)
    return lengths[int(len(lengths) * 0.9)]


def _joins(before: str, line: str, width: int | None) -> bool:
    """Whether a line goes on with the sentence of the line before it."""
    if _BULLET.match(line):
        return False
    ended = bool(_TERMINAL.search(before))
    if line[0].islower() and not ended:
        return True
    if width is None:
        return False
    if len(before) > width * 1.25:  # a line of its own, longer than the text is wrapped
        return False
    if not ended:  # a short line without a stop is a heading; a longer one goes on
        return len(before) > width * 0.6
    # After a stop the break was meant if the next word would still have fitted.
    return len(before) + 1 + len(line.split()[0]) > width


def _paragraphs(lines: Sequence[Line], level: int) -> list[Block]:
    width = _wrap_width([text for text, _ in lines])
    runs: list[tuple[str, int | None, bool]] = []  # text, page, item
    before = ""
    open_run = False
    for text, page in lines:
        line = text.strip()
        if not line:
            # A page break inside a sentence is not a paragraph break.
            if not (page is not None and runs and open_run and not _TERMINAL.search(before)):
                open_run = False
            continue
        if open_run and _joins(before, line, width):
            joined, first_page, item = runs[-1]
            if width is not None and re.search(r"\w-$", joined) and line[0].islower():
                joined = joined[:-1] + line
            else:
                joined = f"{joined} {line}"
            runs[-1] = (joined, first_page, item)
        else:
            runs.append((line, page, bool(_BULLET.match(line))))
        before = text.rstrip() if not text[:1].isspace() else line
        open_run = True
    return _shape([(" ".join(text.split()), page, item) for text, page, item in runs], level)


def _shape(runs: list[tuple[str, int | None, bool]], level: int) -> list[Block]:
    blocks: list[Block] = []
    for number, (text, page, item) in enumerate(runs):
        following = next((t for t, _, _ in runs[number + 1 : number + 2]), "")
        if item:
            blocks.append(Block("item", re.sub(r"^[●▪◦‣·*–—-]\s+", "• ", text), page=page))
        elif looks_like_heading(text, following):
            first = level == 1 and not any(block.kind == "heading" for block in blocks)
            blocks.append(Block("heading", text, level=level if first else max(level, 2), page=page))
        else:
            blocks.append(Block("paragraph", text, page=page))
    return blocks


def looks_like_heading(text: str, following: str) -> bool:
    """Whether a line alone has the shape of a heading: short, no closing stop, capital or digit first, text after it."""
    words = text.split()
    if not following or len(words) > 22 or len(text) > 150 or _TERMINAL.search(text) or text.endswith(","):
        return False
    if not (text[0].isupper() or text[0].isdigit() or text[0] in '¿¡"“«'):
        return False
    if len(words) == 1 and len(text) < 4:
        return False
    if is_date_line(text):
        return False
    return len(following.split()) >= 6 or bool(_BULLET.match(following)) or following.endswith(":") or is_date_line(following)


def is_date_line(text: str) -> bool:
    """Whether a line is a date and nothing else, as pages print it under their title."""
    return bool(re.search(r"\b\d{4}\b", text) and _DATE_LINE.match(text) and len(text.split()) <= 6 and read_date(text))
