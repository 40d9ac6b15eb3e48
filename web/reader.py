"""The reader: a document with the passage marked, its outline, its record, its other language version."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corpus.records import Document
from index.errors import UnknownId
from qa.answering import Engine
from qa.answers import Answer, Highlight, viewer_link
from qa.citing import cite, title_of
from qa.errors import BadQuestion
from web.asking import AskParams, read_params
from web.citations import send_citation
from web.marking import Run, split_text
from web.pages import answer_params
from web.rendering import lang_of, page
from web.site import Site, site_of

router = APIRouter(include_in_schema=False)

_HITS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One block of a document as pieces."""

    kind: str
    level: int
    start: int
    runs: list[Run]
    page: int | None  # set where a new page begins
    hit: bool  # the first marked block

    @property
    def text(self) -> str:
        """The block without marks."""
        return "".join(piece.text for run in self.runs for piece in run.pieces)


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks that belong together on the page: one heading or paragraph, or a whole list."""

    kind: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Hit:
    """A neighbour among the passages that a question found."""

    address: str
    title: str


def lay_out(document: Document, marks: Sequence[Highlight]) -> list[Line]:
    """Every block of a document with its marks."""
    lines: list[Line] = []
    page_now: int | None = None
    marked = False
    above: list[int] = []  # levels of the headings that the present one stands under, and its own
    for block in document.blocks:
        runs = split_text(document.text[block.start : block.end], block.start, marks)
        new_page = block.page if block.page is not None and block.page != page_now else None
        page_now = block.page if block.page is not None else page_now
        first = not marked and any(run.kind == "answer" for run in runs)
        marked = marked or first
        if block.kind == "heading":
            above = [level for level in above if level < block.level] + [block.level]
        depth = min(max(len(above), 1), 4)  # without gaps, whatever levels the document uses
        lines.append(Line(block.kind, depth, block.start, runs, new_page, first))
    return lines


def group_lines(lines: Sequence[Line]) -> list[Group]:
    """Items and fields in a row become lists."""
    groups: list[Group] = []
    for line in lines:
        together = line.kind in ("item", "field") and groups and groups[-1].kind == line.kind and line.page is None
        if together:
            groups[-1].lines.append(line)
        else:
            groups.append(Group(line.kind, [line]))
    return groups


def pair_versions(one: Sequence[Group], other: Sequence[Group]) -> list[tuple[Group, Group]] | None:
    """Two language versions of the same shape, group by group; None where their shapes differ."""

    def shape(groups: Sequence[Group]) -> list[tuple[str, int]]:
        return [(group.kind, group.lines[0].level) for group in groups]

    return list(zip(one, other, strict=True)) if shape(one) == shape(other) else None


def read_span(request: Request, document: Document) -> tuple[int, int] | None:
    """The span that an address asks to mark, cut to the document; None without one."""
    values = [request.query_params.get(name, "") for name in ("start", "end")]
    if not all(re.fullmatch(r"[0-9]{1,9}", value) for value in values):
        return None
    start, end = (min(int(value), len(document.text)) for value in values)
    return (start, end) if start < end else None


@router.get("/documents/{document_id}")
def reader_page(request: Request, document_id: str) -> Response:
    """The reader."""
    site, lang = site_of(request), lang_of(request)
    engine = site.engine()
    store = engine.index.store
    document = store.document(document_id)
    params = read_params(request.query_params)
    span = read_span(request, document)
    marks = [Highlight(*span, "answer")] if span else []
    variants = store.variants(document)
    other_id = next(iter(variants.values()), None)
    other = store.document(other_id) if other_id else None
    compare = request.query_params.get("compare") == "1" and other is not None
    lines = lay_out(document, marks)
    context: dict[str, Any] = {
        "document": document,
        "lines": lines,
        "groups": group_lines(lines),
        "outline": [line for line in lines if line.kind == "heading"],
        "span": span,
        "params": params,
        "variants": variants,
        "other": other,
        "compare": compare,
        "rows": None,
        "other_groups": None,
        "rests_on": [store.document(i) for i in document.rests_on if _held(engine, i)][:60],
        "citation": cite(document, None, "text", lang),
        "hits": _hits(site, engine, request, params, document.id, span) if params.q else None,
        "source_address": _without_span(params, document.id),
    }
    if compare and other is not None:
        other_groups = group_lines(lay_out(other, []))
        context["other_groups"] = other_groups
        context["rows"] = pair_versions(group_lines(lines), other_groups)
    return page(request, site.renderer, "reader.html", **context)


def _without_span(params: AskParams, document_id: str) -> str:
    return params.address(f"/documents/{document_id}")


def _held(engine: Engine, document_id: str) -> bool:
    try:
        engine.index.store.ordinal_of(document_id)
    except UnknownId:
        return False
    return True


def _hits(
    site: Site, engine: Engine, request: Request, params: AskParams, document_id: str, span: tuple[int, int] | None
) -> dict[str, Any] | None:
    """Where this passage stands among those that the question found, with the one before and after."""
    try:
        answer, _ = answer_params(site, engine, replace(params, k=_HITS), request, "reader")
    except BadQuestion:
        return None
    at = _position(answer, document_id, span)
    links = [Hit(_reader_address(params, viewer_link(evidence)), title_of(evidence.document)) for evidence in answer.passages]
    return {
        "at": at,
        "count": len(links),
        "previous": links[at - 1] if at is not None and at > 0 else None,
        "next": links[at + 1] if at is not None and at + 1 < len(links) else None,
        "first": links[0] if at is None and links else None,
    }


def _position(answer: Answer, document_id: str, span: tuple[int, int] | None) -> int | None:
    for n, evidence in enumerate(answer.passages):
        passage = evidence.passage
        if passage.document_id == document_id and (span is None or (span[0] < passage.end and span[1] > passage.start)):
            return n
    return None


def _reader_address(params: AskParams, viewer: str) -> str:
    path, _, rest = viewer.partition("?")
    span = dict(pair.split("=") for pair in rest.partition("#")[0].split("&"))
    return params.address(path, "#hit", **span)


@router.get("/documents/{document_id}/cite")
def cite_document(request: Request, document_id: str) -> Response:
    """The citation of a whole document."""
    engine = site_of(request).engine()
    return send_citation(request, engine, engine.index.store.document(document_id), lang=lang_of(request))
