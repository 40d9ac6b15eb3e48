"""What all API routes do alike: tags, 304, links between pages, and how OpenAPI tells of errors."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from qa.answering import Engine
from web.caching import make_etag, matches
from web.problems import MEDIA_TYPE, encode_json

_MEANINGS = {
    400: "the question or request makes no sense",
    401: "a token is needed and missing or wrong",
    403: "the caller's web origin is not accepted, or the function is switched off",
    404: "there is no such document or passage",
    408: "the body did not come in time",
    413: "the body is too large",
    422: "a field is missing, unknown or out of range; `errors` names it",
    429: "too many requests of one client; `Retry-After` says how long to wait",
    503: "no index is open yet, or too many requests are in progress; `Retry-After` says when to try again",
}
_ID_HEADER = {"X-Request-ID": {"description": "id of the request, also in the log", "schema": {"type": "string"}}}
_TAG_HEADERS = {**_ID_HEADER, "ETag": {"description": "index generation and request", "schema": {"type": "string"}}}


def documented(
    *statuses: int, example: Any = None, media_type: str = "application/json", status: int = 200, tagged: bool = True
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: its success with headers and example, and its errors as problem details."""
    out: dict[int | str, dict[str, Any]] = {status: {"headers": _TAG_HEADERS if tagged else _ID_HEADER, "description": "done"}}
    if example is not None:
        out[status]["content"] = {media_type: {"example": example}}
    if tagged:
        out[304] = {"description": "not changed since the ETag sent as If-None-Match"}
    for code in sorted({*statuses, 401, 422, 429, 503}):
        out[code] = {
            "description": _MEANINGS[code],
            "headers": _ID_HEADER,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
        }
    return out


def tagged(
    request: Request,
    engine: Engine,
    make: Callable[[], Any],
    *,
    body: str = "",
    media_type: str = "application/json",
    headers: dict[str, str] | None = None,
) -> Response:
    """The JSON (or bytes) that `make` returns, or 304 where the caller has it already; made only when needed."""
    tag = make_etag(engine, [request.method, request.scope["path"], request.scope["query_string"].decode("latin-1"), body])
    common = {"ETag": tag, "Cache-Control": "private, no-cache", **(headers or {})}
    if request.method == "GET" and matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=common)
    made = make()
    return Response(made if isinstance(made, bytes) else encode_json(made), media_type=media_type, headers=common)


def page_links(request: Request, limit: int, offset: int, total: int) -> dict[str, str]:
    """The Link header of one page: first, prev, next, last."""
    pairs = [(k, v) for k, v in request.query_params.multi_items() if k not in ("limit", "offset")]

    def address(at: int) -> str:
        query = urlencode([*pairs, ("limit", str(limit)), ("offset", str(at))], quote_via=quote)
        return f"<{request.url.path}?{query}>"

    links: Sequence[tuple[str, int | None]] = (
        ("first", 0),
        ("prev", max(offset - limit, 0) if offset > 0 else None),
        ("next", offset + limit if offset + limit < total else None),
        ("last", max((total - 1) // limit, 0) * limit),
    )
    return {"Link": ", ".join(f'{address(at)}; rel="{rel}"' for rel, at in links if at is not None)}
