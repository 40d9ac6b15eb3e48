"""Documents to passages: whole sentences, within the embedder's true token limit, lists with their lead-in."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from corpus.records import BlockSpan, Document, Lang, Passage, Section
from corpus.sentences import goes_on, split_sentences
from corpus.tokens import TokenCounter

Gloss = Callable[[str, Lang], str]


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """Sizes in tokens of the embedder. They are part of an index's identity."""

    target_tokens: int = 160  # of a passage's own text; fewer where a section is shorter
    overlap_tokens: int = 32  # a last sentence up to this long opens the next passage too
    header_tokens: int = 56  # title and heading path never take more of the limit than this
    fragment_tokens: int = 60  # a section shorter than this goes with its first sub-section


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, item or field, or a piece of one that alone exceeds the limit."""

    start: int
    end: int
    tokens: int
    block: BlockSpan
    lead_in: bool  # introduces the items that follow


def header(title: str | None, section: Sequence[str]) -> str:
    """Title and heading path as embedded and indexed with a passage, without repeats."""
    parts: list[str] = []
    for part in (title or "", *section):
        if part and part not in parts:
            parts.append(part)
    return " | ".join(parts)


def embedding_text(title: str | None, section: Sequence[str], text: str, lang: Lang, gloss: Gloss) -> str:
    """What the embedder reads of a passage: its header and its text, in English space."""
    head = header(title, section)
    return f"{gloss(head, lang)}\n{gloss(text, lang)}" if head else gloss(text, lang)


def no_gloss(text: str, lang: Lang) -> str:
    """The text as it stands: for embedders that know both languages."""
    return text


class Chunker:
    """Cuts documents into passages for one embedder."""

    def __init__(self, tokens: TokenCounter, settings: ChunkSettings | None = None, gloss: Gloss = no_gloss) -> None:
        self._tokens = tokens
        self._settings = settings or ChunkSettings()
        # A text is glossed and counted as a sentence, as a passage, then again as it is embedded.
        self.gloss = lru_cache(maxsize=1024)(gloss)
        self._count_text = lru_cache(maxsize=1024)(tokens.count)

    def chunk_document(self, document: Document) -> list[Passage]:
        """The passages of a document in order. Every word of its blocks other than headings is in one of them."""
        passages: list[Passage] = []
        for section in self._merge_fragments(document):
            path = tuple(part for part in section.path if part != document.title)
            passages.extend(self._chunk_section(document, section, path))
        return passages

    def _merge_fragments(self, document: Document) -> list[Section]:
        """Sections, a short one joined with the sub-section after it; the heading between them becomes text."""
        merged: list[Section] = []
        for section in document.sections:
            before = merged[-1] if merged else None
            if (
                before is not None
                and section.path[: len(before.path)] == before.path
                and section.path != before.path
                and any(part != document.title for part in before.path)
                and self.count(document.text[before.start : before.end], document.lang) < self._settings.fragment_tokens
            ):
                between = tuple(b for b in document.blocks if before.end <= b.start < section.start)
                blocks = (*before.blocks, *between, *section.blocks)
                merged[-1] = Section(before.path, before.start, section.end, blocks)
            else:
                merged.append(section)
        return merged

    def embedded(self, document: Document, passage: Passage) -> str:
        """What the embedder is given for a passage; at most `max_tokens` long."""
        return self._fit_header(document, passage.section, passage.text)

    def count(self, text: str, lang: Lang) -> int:
        """Tokens of the gloss of a text, without the special tokens."""
        return self._count_text(self.gloss(text, lang)) - 2

    def _fit_header(self, document: Document, section: Sequence[str], text: str) -> str:
        """Header and text; the header's outer parts give way first where it is too long."""
        title, parts = document.title, tuple(section)
        while True:
            embedded = embedding_text(title, parts, text, document.lang, self.gloss)
            if self._count_text(embedded) <= self._tokens.max_tokens or not (title or parts):
                return embedded
            if title and parts:
                title = None
            elif title:
                title = " ".join(title.split()[:-3]) or None
            elif len(parts) > 1:
                parts = parts[1:]
            else:
                parts = (" ".join(parts[0].split()[:-3]),) if len(parts[0].split()) > 3 else ()

    def _room(self, document: Document, path: Sequence[str]) -> int:
        """Tokens that the text of a passage may take under this heading path."""
        head = self.count(header(document.title, path), document.lang) + 1
        return self._tokens.max_tokens - 4 - min(head, self._settings.header_tokens)

    def _chunk_section(self, document: Document, section: Section, path: tuple[str, ...]) -> Iterator[Passage]:
        room = self._room(document, path)
        units = [unit for block in section.blocks for unit in self._units(document, block, section, room)]
        if not units:
            return
        limit = min(self._settings.target_tokens, room)
        first = 0
        while first < len(units):
            # Equal parts of what is left rather than full ones and a rest: no tiny fragment ends a section.
            left = sum(unit.tokens for unit in units[first:])
            share = left if left <= limit * 1.25 and left <= room else max(ceil(left / ceil(left / limit)), 1)
            last = self._last_unit(document, units, first, share, room)
            start = self._overlap_start(units, first, share, room, last)
            yield self._passage(document, units[start : last + 1], self._path(document, units, start, path))
            first = last + 1

    def _units(self, document: Document, block: BlockSpan, section: Section, room: int) -> Iterator[_Unit]:
        text = document.text
        following = section.blocks[section.blocks.index(block) + 1 :][:1]
        introduces = bool(following) and (
            block.kind == "heading" or (block.kind == "paragraph" and text.endswith(":", block.start, block.end))
        )
        whole = block.kind in ("field", "heading")
        spans = [(block.start, block.end)] if whole else split_sentences(text, block.start, block.end)
        for position, (start, end) in enumerate(spans):
            lead_in = introduces and position == len(spans) - 1
            tokens = self.count(text[start:end], document.lang)
            if tokens <= room:
                yield _Unit(start, end, tokens, block, lead_in)
                continue
            for a, b in self._split_long(text, start, end, document.lang, room):
                yield _Unit(a, b, self.count(text[a:b], document.lang), block, False)

    def _split_long(self, text: str, start: int, end: int, lang: Lang, room: int) -> Iterator[tuple[int, int]]:
        """Pieces of a sentence that alone is over the limit: at clauses where possible, else at words, else anywhere."""
        if self.count(text[start:end], lang) <= room or end - start < 2:
            yield start, end
            return
        middle = (start + end) // 2
        for pattern in (r"[;:]\s+", r",\s+", r"\s+"):
            cuts = [start + match.end() for match in re.finditer(pattern, text[start:end])]
            cuts = [cut for cut in cuts if start < cut < end]
            if cuts:
                cut = min(cuts, key=lambda c: abs(c - middle))
                if (end - start) // 5 < cut - start < (end - start) * 4 // 5 or pattern == r"\s+":
                    break
        else:
            cut = middle
        yield from self._split_long(text, start, start + len(text[start:cut].rstrip()), lang, room)
        yield from self._split_long(text, cut, end, lang, room)

    def _last_unit(self, document: Document, units: Sequence[_Unit], first: int, share: int, room: int) -> int:
        last = first
        tokens = units[first].tokens
        while last + 1 < len(units):
            more = units[last + 1].tokens
            # Stop at the share; a unit that lies more inside than outside still goes in.
            if tokens + more > room or (tokens + more / 2 > share and not units[last].lead_in):
                break
            last += 1
            tokens += more
        if units[last].lead_in and last > first and last + 1 < len(units):
            last -= 1  # the lead-in goes with its list
        last = self._whole_list(units, first, last, room)
        text = document.text
        following = units[last + 1] if last + 1 < len(units) else None
        if last > first and following and following.block is units[last].block and goes_on(text, following.start):
            last -= 1  # what announces goes with what is announced
        while last > first and self.count(text[units[first].start : units[last].end], document.lang) > room:
            last -= 1
        return last

    def _whole_list(self, units: Sequence[_Unit], first: int, last: int, room: int) -> int:
        """The last unit where a list with its lead-in would be cut: the one before them if what stands there is no mere fragment,
        else the end of the list if there is room.
        """
        start, end = last, last
        while start > first and units[start].block.kind == "item":
            start -= 1
        if not units[start].lead_in:
            return last
        while end + 1 < len(units) and units[end + 1].block.kind == "item":
            end += 1
        if end == last:
            return last
        before, listed = (sum(unit.tokens for unit in part) for part in (units[first:start], units[start : end + 1]))
        if start > first and before >= self._settings.fragment_tokens:
            return start - 1
        return end if before + listed <= room else last

    def _overlap_start(self, units: Sequence[_Unit], first: int, share: int, room: int, last: int) -> int:
        """The unit before `first` too, where it is a short sentence of the same running text."""
        if first == 0 or units[first].block.kind == "item":
            return first
        before = units[first - 1]
        tokens = before.tokens + sum(unit.tokens for unit in units[first : last + 1])
        if before.block.kind == "paragraph" and before.tokens <= self._settings.overlap_tokens and tokens <= room:
            return first - 1
        return first

    def _path(self, document: Document, units: Sequence[_Unit], start: int, path: tuple[str, ...]) -> tuple[str, ...]:
        """The heading path; a passage that begins inside a list names the lead-in of that list as its last part."""
        if units[start].block.kind != "item":
            return path
        for unit in reversed(units[:start]):
            if unit.block.kind != "item":
                lead = document.text[unit.start : unit.end]
                return (*path, lead.rstrip(":")) if unit.lead_in and len(lead) <= 160 else path
        return path

    def _passage(self, document: Document, units: Sequence[_Unit], path: tuple[str, ...]) -> Passage:
        start, end = units[0].start, units[-1].end
        return Passage(
            document_id=document.id,
            start=start,
            end=end,
            text=document.text[start:end],
            lang=document.lang,
            section=path,
            page=units[0].block.page,
            sentences=tuple((unit.start, unit.end) for unit in units),
        )
