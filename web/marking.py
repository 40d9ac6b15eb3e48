"""Spans as pieces of text that a template can mark; the pieces joined are the text, always."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup, escape


class Span(Protocol):
    """A half-open span of a document."""

    @property
    def start(self) -> int:
        """First code point."""
        ...

    @property
    def end(self) -> int:
        """One past the last."""
        ...

    @property
    def kind(self) -> str:
        """`answer` or `match`."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text and whether it matched words of the question."""

    text: str
    match: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Pieces that are inside the answer together, or outside."""

    answer: bool
    pieces: tuple[Piece, ...]


def split_text(text: str, offset: int, spans: Sequence[Span]) -> list[Run]:
    """The text cut at the borders of its spans; `offset` is where it stands in its document."""
    end = offset + len(text)
    inside = [s for s in spans if s.start < end and s.end > offset]
    borders = sorted({offset, end, *(p for s in inside for p in (s.start, s.end) if offset < p < end)})
    runs: list[tuple[bool, list[Piece]]] = []
    for a, b in itertools.pairwise(borders):
        covering = {s.kind for s in inside if s.start <= a and s.end >= b}
        answer, piece = "answer" in covering, Piece(text[a - offset : b - offset], "match" in covering)
        if not runs or runs[-1][0] != answer:
            runs.append((answer, []))
        pieces = runs[-1][1]
        if pieces and pieces[-1].match == piece.match:
            pieces[-1] = Piece(pieces[-1].text + piece.text, piece.match)
        else:
            pieces.append(piece)
    return [Run(answer, tuple(pieces)) for answer, pieces in runs]


def render_runs(runs: Sequence[Run], id: str | None = None) -> Markup:
    """The pieces as HTML: answers in <mark>, the first of them with an id, and words of the question marked as such."""
    out: list[str] = []
    name = Markup(' id="{}"').format(id) if id else ""
    for run in runs:
        if run.answer:
            out.append(f"<mark{name}>{escape(''.join(piece.text for piece in run.pieces))}</mark>")
            name = ""
        else:
            out += [f'<span class="m">{escape(p.text)}</span>' if p.match else str(escape(p.text)) for p in run.pieces]
    return Markup("".join(out))
