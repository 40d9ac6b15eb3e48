"""What the collection holds and what it lacks, how answers are made, and how sure the figures are."""

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from corpus.glossary import load_glossary
from corpus.records import LANGS
from web.catalogue import Selection
from web.charts import YEAR_HEIGHT, YEAR_WIDTH, name_bars, year_bars
from web.i18n import N_, known_lang
from web.manual import describe
from web.problems import PROBLEMS, Problem
from web.rendering import lang_of, page
from web.site import site_of

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 25
REPORT = Path(__file__).parents[1] / "eval" / "data" / "report.json"

# Measures of an evaluation report that people can read, with what they mean.
MEASURES = {
    "Success@1": N_("The first passage answers the question"),
    "Success@3": N_("One of the first three passages answers"),
    "Success@5": N_("One of the first five passages answers"),
    "R@5": N_("Share of all answering passages among the first five"),
    "MRR@10": N_("Mean reciprocal rank of the first answering passage"),
    "nDCG@10": N_("Quality of the order of the first ten"),
    "answer_right": N_("The marked sentence holds the answer"),
    "answered_right": N_("Of the answers given, share that are right"),
    "abstain_right": N_("Unanswerable questions that are not answered"),
    "refused_wrong": N_("Answerable questions that are turned away"),
    "questions": N_("Questions"),
}
SLICES = {"all": N_("All questions"), "en": N_("English"), "es": N_("Spanish")}


def read_selection(query: QueryParams) -> Selection:
    """The filters of the listing; what makes no sense counts as absent."""

    def year(name: str) -> int | None:
        value = query.get(name, "").strip()
        return int(value) if re.fullmatch(r"[0-9]{4}", value, re.ASCII) else None

    def text(name: str) -> str | None:
        return query.get(name, "").encode("utf-8", "replace").decode().strip()[:200] or None

    return Selection(
        known_lang(query.get("lang")), text("kind"), text("publisher"), year("year_from"), year("year_to"), text("text")
    )


@router.get("/documents")
def documents_page(request: Request) -> Response:
    """What the collection holds, with filters and charts."""
    site, lang = site_of(request), lang_of(request)
    engine = site.engine()
    catalogue = site.catalogues.of(engine)
    selection = read_selection(request.query_params)
    chosen = catalogue.select(selection)
    text = request.query_params.get("page", "1")
    pages = max(1, -(-len(chosen) // PAGE_SIZE))
    number = min(max(int(text), 1), pages) if re.fullmatch(r"[0-9]{1,6}", text) else 1

    def address(number: int, changed: Selection = selection) -> str:
        pairs = changed.pairs() + ([("page", str(number))] if number > 1 else [])
        return "/documents" + (f"?{urlencode(pairs, quote_via=quote)}" if pairs else "")

    def narrowed(**values: Any) -> str:
        return address(1, replace(selection, **values))

    headers = {}
    links = [(number - 1, "prev"), (number + 1, "next")]
    if found := [f'<{address(n)}>; rel="{rel}"' for n, rel in links if 1 <= n <= pages]:
        headers["Link"] = ", ".join(found)
    return page(
        request,
        site.renderer,
        "documents.html",
        headers=headers,
        catalogue=catalogue,
        selection=selection,
        entries=chosen[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        total=len(chosen),
        number=number,
        pages=pages,
        first=(number - 1) * PAGE_SIZE + 1,
        address=address,
        narrowed=narrowed,
        years=year_bars(catalogue.years),
        year_width=YEAR_WIDTH,
        year_height=YEAR_HEIGHT,
        kinds=name_bars(catalogue.kinds, lang, "kind"),
        publishers=name_bars(catalogue.publishers, lang, "publisher", 8),
        langs=name_bars(catalogue.langs, lang, "lang"),
        source_langs=name_bars(catalogue.source_langs, lang, "lang"),
        info=engine.info,
    )


def read_report(path: Path) -> dict[str, Any] | None:
    """The evaluation's report as a table: rows of measures, a column for each slice; None where there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        slices = {name: data["slices"][name] for name in ("all", *LANGS) if name in data["slices"]}
        names = list(dict.fromkeys(name for values in slices.values() for name, v in values.items() if _is_figure(v)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    rows = [(name, MEASURES.get(name), [values.get(name) for values in slices.values()]) for name in names]
    return {
        "made_at": str(data.get("made_at", ""))[:10],
        "generation": data.get("generation"),
        "questions": data.get("questions"),
        "slices": [SLICES[name] for name in slices],
        "rows": [row for row in rows if row[1] is not None],
    }


def _is_figure(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@router.get("/about")
def about_page(request: Request) -> Response:
    """Scope, gaps, build date, model, how an answer is made, figures, glossary."""
    site, lang = site_of(request), lang_of(request)
    engine = site.engine()
    manifest = engine.index.manifest
    report = read_report(REPORT)
    return page(
        request,
        site.renderer,
        "about.html",
        catalogue=site.catalogues.of(engine),
        info=engine.info,
        manifest=manifest,
        built=_day(manifest.built_at),
        report=report,
        same_generation=report is not None and report["generation"] == engine.info.generation,
        terms=sorted((t for t in load_glossary() if t.definition(lang)), key=lambda t: t.name(lang).casefold()),
    )


def _day(moment: str) -> str:
    try:
        return datetime.fromisoformat(moment).date().isoformat()
    except ValueError:
        return moment[:10]


@router.get("/docs")
def manual_page(request: Request) -> Response:
    """The API in words: routes, parameters, examples, errors; made from the OpenAPI document."""
    site = site_of(request)
    base = f"{request.url.scheme}://{request.url.netloc}"
    return page(
        request,
        site.renderer,
        "manual.html",
        routes=describe(request.app.openapi()),
        problems=[(slug, *PROBLEMS[slug]) for slug in PROBLEMS],
        base=base,
        guarded=bool(site.settings.api_tokens),
        rate=site.settings.rate_limit,
    )


@router.get("/problems/{slug}")
def explain_problem(slug: str) -> Response:
    """Where the `type` of a problem leads."""
    if slug not in PROBLEMS:
        raise Problem("not-found", f"there is no problem type {slug[:60]!r}")
    return RedirectResponse(f"/docs#problem-{slug}", 303)


@router.get("/robots.txt")
def robots() -> Response:
    """Documents may be indexed, single questions need not."""
    return Response("User-agent: *\nDisallow: /api/\nDisallow: /mcp\nDisallow: /answer.md\n", media_type="text/plain")
