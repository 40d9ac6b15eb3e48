"""The JSON API for questions: ask, many at once, search, verify, feedback."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from index.errors import IndexError_
from qa.answering import Engine, explain_place
from qa.answers import Evidence, as_json, evidence_json
from qa.deciding import empty_reason
from qa.errors import QaError
from qa.retrieving import Candidates
from qa.timing import Timing
from qa.verifying import verify_quotation
from web.examples import ANSWER, BATCH_LINES, SEARCH
from web.inputs import Asked, AskIn, AskQuery, BatchItemIn, FeedbackIn, SearchQuery, VerifyIn
from web.pages import keep_feedback
from web.problems import Problem, encode_json, field_errors
from web.querying import query_parameters, read_query
from web.responding import documented, page_links, tagged
from web.schemas import AnswerOut, FeedbackOut, SearchOut, VerificationOut
from web.site import Site, note, problem_for, site_of

router = APIRouter(prefix="/api/v1")

SEARCH_POOL = 400  # passages that each arm puts forward for paging


def _answer(site: Site, engine: Engine, request: Request, asked: Asked) -> dict[str, Any]:
    timing = Timing()
    answer = site.kept.answer(
        engine,
        asked.question,
        k=asked.k,
        lang=asked.lang,
        history=asked.history,
        filters=asked.filters,
        include_passages=asked.include_passages,
        timing=timing,
    )
    site.metrics.count_answer(answer, timing.took_ms, "api")
    note(request.scope, question=asked.question, answer=answer.status, lang=answer.question.lang)
    return as_json(answer, timing.total())


def _reply(request: Request, asked: Asked, body: str = "") -> Response:
    site = site_of(request)
    engine = site.engine()  # here and not before: a new generation may have to be opened
    return tagged(request, engine, lambda: _answer(site, engine, request, asked), body=body)


@router.get(
    "/ask",
    response_model=AnswerOut,
    responses=documented(400, example=ANSWER),
    tags=["questions"],
    operation_id="ask",
    openapi_extra=query_parameters(AskQuery),
)
async def ask(request: Request) -> Response:
    """Ask a question: status, the verbatim answer, ranked passages with citations."""
    asked = read_query(request, AskQuery).as_asked()
    return await site_of(request).in_turn(lambda: _reply(request, asked))


@router.post(
    "/ask",
    response_model=AnswerOut,
    responses=documented(400, 403, 408, 413, example=ANSWER),
    tags=["questions"],
    operation_id="ask_with_history",
)
async def ask_with_history(
    request: Request,
    ask: Annotated[
        AskIn,
        Body(openapi_examples={"follow-up": {"value": {
            "question": "And who presided in 2014?",
            "history": ["Who held the presidency of the RCM in 2022?"],
            "k": 3,
            "filters": {"year_from": 2010},
        }}}),
    ],
) -> Response:  # fmt: skip
    """Ask a question of a conversation: earlier questions complete it, and `interpreted_as` shows how."""
    asked, body = ask.as_asked(), ask.model_dump_json()
    return await site_of(request).in_turn(lambda: _reply(request, asked, body))


@router.post(
    "/ask/batch",
    responses=documented(400, 403, 408, 413, example=BATCH_LINES, media_type="application/x-ndjson"),
    response_class=StreamingResponse,
    tags=["questions"],
    operation_id="ask_batch",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"anyOf": [{"$ref": "#/components/schemas/BatchItemIn"}, {"description": "gets an error line"}]},
                    },
                    "example": [
                        {"id": "a", "question": "What is the Puebla Process?"},
                        {"id": "b", "question": "¿Qué es la CRM?"},
                    ],
                }
            },
        }
    },
)
def ask_batch(request: Request, items: Annotated[list[Any], Body()]) -> Response:
    """Ask many questions: one line of JSON for each, `{"id", "result"}` or `{"id", "error"}`, in the same order."""
    site = site_of(request)
    most = site.settings.max_batch
    if not items:
        raise Problem("invalid", "the batch is empty; send a list of questions")
    if len(items) > most:
        raise Problem("too-large", f"the batch has {len(items):,} questions; send at most {most}")
    engine = site.engine()  # one generation for the whole batch
    tag_body = json.dumps(items, sort_keys=True)

    def lines() -> Iterator[bytes]:
        for number, item in enumerate(items, start=1):
            yield encode_json(_batch_line(site, engine, request, number, item)) + b"\n"

    response = StreamingResponse(lines(), media_type="application/x-ndjson")
    response.headers["ETag"] = tagged(request, engine, lambda: b"", body=tag_body).headers["etag"]
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _batch_line(site: Site, engine: Engine, request: Request, number: int, item: Any) -> dict[str, Any]:
    given = item.get("id") if isinstance(item, dict) else None
    identifier = given if isinstance(given, (str, int)) and not isinstance(given, bool) else number
    instance = f"{request.url.path}#{number}"
    try:
        wanted = BatchItemIn.model_validate(item).as_asked()
        return {"id": identifier, "result": _answer(site, engine, request, wanted)}
    except ValidationError as error:
        found = field_errors(error.errors(include_url=False, include_input=False, include_context=False))
        problem = Problem("invalid", "the question has fields that are missing, unknown or out of range", errors=found)
    except (QaError, IndexError_) as error:
        problem = problem_for(error)
    return {"id": identifier, "error": problem.as_json(instance)}


@router.get(
    "/search",
    response_model=SearchOut,
    responses=documented(400, example=SEARCH),
    tags=["questions"],
    operation_id="search",
    openapi_extra=query_parameters(SearchQuery),
)
def search(request: Request) -> Response:
    """Search passages: ranked, paginated (`Link`), with no answer and nothing held back."""
    query = read_query(request, SearchQuery)
    engine = site_of(request).engine()
    question = engine.understand(query.q, lang=query.lang, filters=query.as_filters())
    note(request.scope, question=query.q, lang=question.lang)
    candidates = engine.search(question, Timing(), pool=SEARCH_POOL)
    total = len(candidates.ordinals)

    def make() -> dict[str, Any]:
        return {
            "question": {
                "text": question.text,
                "lang": question.lang,
                "interpreted_as": question.interpreted_as,
                "filters": question.filters.as_dict(),
            },
            "passages": [evidence_json(e) for e in _ranked(engine, candidates, query.offset, query.limit)],
            "total": total,
            "limit": query.limit,
            "offset": query.offset,
            "notes": [*candidates.notes] if total else [empty_reason(question, engine.index)],
            "index": index_json(engine),
        }

    return tagged(request, engine, make, headers=page_links(request, query.limit, query.offset, total))


def index_json(engine: Engine) -> dict[str, Any]:
    """The `index` object of every answer."""
    info = engine.info
    return {name: getattr(info, name) for name in info.__slots__}


def _ranked(engine: Engine, candidates: Candidates, offset: int, limit: int) -> list[Evidence]:
    store = engine.index.store
    ordinals = candidates.ordinals[offset : offset + limit].tolist()
    if not ordinals:
        return []
    out = []
    for rank, passage in enumerate(store.passages_at(ordinals), start=offset + 1):
        document = store.document(passage.document_id)
        out.append(Evidence(passage, document, store.variants(document), rank, rank, (), explain_place(candidates, rank - 1)))
    return out


@router.post(
    "/verify",
    response_model=VerificationOut,
    responses=documented(400, 403, 404, 408, 413, example={
        "quotation": "eleven member countries", "verdict": "exact", "document": "crm-about-us", "start": 128, "end": 151,
        "found": "eleven member countries", "viewer": "/documents/crm-about-us?start=128&end=151#hit",
    }),
    tags=["quotations"],
    operation_id="verify",
)  # fmt: skip
async def verify(request: Request, body: Annotated[VerifyIn, Body()]) -> Response:
    """Check a quotation: exact, exact elsewhere, changed since, or not found."""
    site = site_of(request)

    def reply() -> Response:
        engine = site.engine()
        return tagged(request, engine, lambda: check(engine), body=body.model_dump_json())

    def check(engine: Engine) -> dict[str, Any]:
        found = verify_quotation(engine.index, body.quotation, body.document)
        viewer = f"/documents/{found.document_id}?start={found.start}&end={found.end}#hit" if found.document_id else None
        return {**found.as_json(), "viewer": viewer}

    return await site.in_turn(reply)


@router.post(
    "/feedback",
    status_code=201,
    response_model=FeedbackOut,
    responses=documented(400, 403, 404, 408, 413, status=201, tagged=False, example={"id": 1}),
    tags=["quotations"],
    operation_id="feedback",
)
def feedback(request: Request, body: Annotated[FeedbackIn, Body()]) -> Response:
    """Say whether a passage answers a question; it is kept on this machine and can become part of the evaluation."""
    number = keep_feedback(site_of(request), body.question, body.passage_id, body.verdict, body.comment)
    return Response(encode_json({"id": number}), 201, media_type="application/json")
