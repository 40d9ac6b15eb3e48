"""The chat page: a question, its answer, and everything that can be done with it, without a script."""

import contextlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from corpus.records import Lang
from index.anchors import resolve_passage
from index.errors import UnknownId
from qa.answering import Engine
from qa.answers import Answer, Evidence
from qa.citing import cite, text_fragment_link
from qa.errors import BadQuestion
from qa.requests import asks_nothing
from qa.timing import Timing
from qa.understanding import MAX_QUESTION_CHARS, clean_question
from web.asking import AskParams, read_params
from web.citations import send_citation
from web.feedback import MAX_COMMENT_CHARS, Verdict
from web.i18n import N_, translate
from web.markdown import answer_markdown
from web.marking import Mark, Run, split_text
from web.problems import Problem
from web.rendering import THEME_COOKIE, THEMES, YEAR_S, lang_of, page
from web.security import is_safe_path
from web.site import Site, note, site_of

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Card:
    """One passage as the page shows it."""

    evidence: Evidence
    runs: list[Run]
    reader: str
    original: str | None
    exact: bool  # the link leads to the very sentence
    citations: dict[str, str]
    other: str | None  # reader address of the other language version


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, its answer, and what the template needs of both."""

    params: AskParams
    answer: Answer
    cards: list[Card]
    related: tuple[str, ...]
    took_ms: dict[str, float]
    quoted: list[str]  # the answer, one piece for each span

    @property
    def asks_nothing(self) -> bool:
        """Whether it is no question of what the documents say, but a greeting or a call for help."""
        return asks_nothing(self.params.q)


def answer_params(site: Site, engine: Engine, params: AskParams, request: Request, door: str) -> tuple[Answer, Timing]:
    """Ask the engine and count it. Raises BadQuestion."""
    timing = Timing()
    answer = site.kept.answer(
        engine, params.q, k=params.k, lang=params.lang, history=params.h, filters=params.filters, timing=timing
    )
    site.metrics.count_answer(answer, timing.took_ms, door)
    note(request.scope, question=params.q, answer=answer.status, lang=answer.question.lang)
    return answer, timing


def _turn(site: Site, engine: Engine, params: AskParams, request: Request, lang: Lang) -> Turn:
    answer, timing = answer_params(site, engine, params, request, "page")
    cards = [_card(evidence, params, lang) for evidence in answer.passages]
    quoted: list[str] = []
    if answer.status == "answered":
        first = answer.passages[0]
        quoted = [first.document.text[h.start : h.end] for h in first.highlights if h.kind == "answer"]
    return Turn(params, answer, cards, site.leads.related(engine, answer), timing.total(), quoted)


def _card(evidence: Evidence, params: AskParams, lang: Lang) -> Card:
    document, passage = evidence.document, evidence.passage
    start, end = evidence.place
    nearest = [Mark(a, b, "nearest") for a, b in evidence.nearest]
    quotation = evidence.wording if evidence.pointed_at and not nearest else None
    original = text_fragment_link(document, evidence.wording, passage.page)
    other = next(iter(evidence.variants.values()), None)
    return Card(
        evidence=evidence,
        runs=split_text(passage.text, passage.start, (*evidence.highlights, *nearest)),
        reader=params.address(f"/documents/{document.id}", "#hit", start=start, end=end),
        original=original,
        exact=bool(original and ":~:text=" in original),
        citations={style: cite(document, passage, style, lang, quotation) for style in ("text", "markdown")},
        other=params.address(f"/documents/{other}") if other else None,
    )


@router.get("/")
def ask_page(request: Request) -> Response:
    """The chat page, with or without a question."""
    site, lang = site_of(request), lang_of(request)
    params = read_params(request.query_params)
    engine = site.engine()
    fragment = request.query_params.get("fragment") == "1"
    thanks = request.query_params.get("thanks") == "1"
    context: dict[str, Any] = {
        "params": params,
        "turn": None,
        "problem": None,
        "thanks": thanks,
        "max_chars": MAX_QUESTION_CHARS,
        "number": _turn_number(request),
        "degraded": engine.info.degraded,
        "feedback": site.settings.max_feedback_rows > 0,
        "max_comment": MAX_COMMENT_CHARS,
    }
    status = 200
    if params.q:
        try:
            context["turn"] = _turn(site, engine, params, request, lang)
        except BadQuestion:
            context["problem"], status = translate(lang, _refusal(params)), 400
    if fragment:
        return page(request, site.renderer, "turn.html" if params.q else "error-note.html", status=status, **context)
    if context["turn"] is None:
        context.update(first=site.leads.first(engine, lang), catalogue=site.catalogues.of(engine), info=engine.info)
    return page(request, site.renderer, "ask.html", status=status, **context)


def _refusal(params: AskParams) -> str:
    """Why a question cannot be asked, as a message of the catalogue."""
    if not re.search(r"\w", params.q):
        return N_("The question is empty; write what you want to know.")
    if params.year_from and params.year_to and params.year_from > params.year_to:
        return N_("The first year is after the last; exchange them.")
    return N_("The question is too long; ask in at most 1,000 characters.")


def _turn_number(request: Request) -> int:
    text = request.query_params.get("n", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 1


@router.get("/answer.md")
def download_markdown(request: Request) -> Response:
    """The whole answer as Markdown."""
    site = site_of(request)
    params = read_params(request.query_params)
    engine = site.engine()
    answer, _ = answer_params(site, engine, params, request, "markdown")
    text = answer_markdown(answer, _base(request) + params.address())
    return Response(
        text.encode("utf-8"),
        media_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="answer.md"', "Cache-Control": "private, no-cache"},
    )


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


@router.get("/passages/{passage_id}/cite")
def download_citation(request: Request, passage_id: str) -> Response:
    """The citation of a passage, for the buttons of the pages."""
    site = site_of(request)
    engine = site.engine()
    _, passage, _ = resolve_passage(engine.index.store, site.live.home.anchors, passage_id)
    return send_citation(request, engine, engine.index.store.document(passage.document_id), passage, lang_of(request))


@router.post("/feedback")
async def send_feedback(request: Request) -> Response:
    """A verdict from the page's form, then back to where it came from."""
    site = site_of(request)
    body = (await request.body()).decode("utf-8", "replace")
    try:
        fields = {name: values[-1] for name, values in parse_qs(body, max_num_fields=20).items()}
    except ValueError:
        raise Problem("bad-request", "the form has too many fields") from None
    number = await run_in_threadpool(
        keep_feedback,
        site,
        fields.get("question", ""),
        fields.get("passage_id") or None,
        fields.get("verdict", ""),
        fields.get("comment") or None,
    )
    note(request.scope, feedback=number)
    if "application/json" in request.headers.get("accept", ""):
        return Response(status_code=204)
    back = fields.get("back", "/")
    if not is_safe_path(back):
        back = "/"
    path, hash_, fragment = back.partition("#")
    joint = "&" if "?" in path else "?"
    target = path if "thanks=1" in path else f"{path}{joint}thanks=1"
    return RedirectResponse(target + hash_ + fragment, 303)


def keep_feedback(site: Site, question: str, passage_id: str | None, verdict: str, comment: str | None) -> int:
    """Check a verdict and keep it; returns its number. Raises Problem, BadQuestion or UnknownId."""
    if site.settings.max_feedback_rows == 0:
        raise Problem("feedback-off", "this server keeps no feedback")
    if verdict not in ("up", "down"):
        raise Problem("bad-request", f"the verdict is {verdict[:20]!r}; expected up or down")
    kind: Verdict = "up" if verdict == "up" else "down"
    text = clean_question(question)
    engine = site.engine()
    lang, quote, identifier = None, None, None
    if passage_id is not None:
        _, passage, _ = resolve_passage(engine.index.store, site.live.home.anchors, passage_id)
        quote, identifier = passage.text, passage.id
    with contextlib.suppress(BadQuestion, UnknownId):
        lang = engine.understand(text).lang
    number = site.feedback.add(question=text, lang=lang, passage_id=identifier, quote=quote, verdict=kind, comment=comment)
    site.metrics.feedback.labels(verdict).inc()
    return number


@router.get("/preferences")
def set_preferences(request: Request) -> Response:
    """Remember the colours that a visitor chose, then back."""
    back = request.query_params.get("back", "/")
    response = RedirectResponse(back if is_safe_path(back) else "/", 303)
    theme = request.query_params.get("theme", "auto")
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, httponly=True, samesite="lax")
    return response
