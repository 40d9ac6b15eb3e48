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
        """`answer`, `nearest` or `match`."""
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """A span that only a page marks."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text and whether it matched words of the question."""

    text: str
    match: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Pieces that are inside the answer together, inside what comes nearest, or outside both."""

    kind: str  # `answer`, `nearest` or empty
    pieces: tuple[Piece, ...]


def split_text(text: str, offset: int, spans: Sequence[Span]) -> list[Run]:
    """The text cut at the borders of its spans; `offset` is where it stands in its document."""
    end = offset + len(text)
    inside = [s for s in spans if s.start < end and s.end > offset]
    borders = sorted({offset, end, *(p for s in inside for p in (s.start, s.end) if offset < p < end)})
    runs: list[tuple[str, list[Piece]]] = []
    for a, b in itertools.pairwise(borders):
        covering = {s.kind for s in inside if s.start <= a and s.end >= b}
        kind = next((kind for kind in ("answer", "nearest") if kind in covering), "")
        piece = Piece(text[a - offset : b - offset], "match" in covering)
        if not runs or runs[-1][0] != kind:
            runs.append((kind, []))
        pieces = runs[-1][1]
        if pieces and pieces[-1].match == piece.match:
            pieces[-1] = Piece(pieces[-1].text + piece.text, piece.match)
        else:
            pieces.append(piece)
    return [Run(kind, tuple(pieces)) for kind, pieces in runs]


def render_runs(runs: Sequence[Run], id: str | None = None) -> Markup:
    """The pieces as HTML: answers in <mark>, the first of them with an id, what comes nearest and words of the question set off."""
    out: list[str] = []
    name = Markup(' id="{}"').format(id) if id else ""
    for run in runs:
        if run.kind == "answer":
            out.append(f"<mark{name}>{escape(''.join(piece.text for piece in run.pieces))}</mark>")
            name = ""
            continue
        inside = "".join(f'<span class="m">{escape(p.text)}</span>' if p.match else str(escape(p.text)) for p in run.pieces)
        out.append(f'<span class="near">{inside}</span>' if run.kind else inside)
    return Markup("".join(out))
