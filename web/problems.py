"""Every error of the HTTP interface as one shape: problem details of RFC 9457, with stable slugs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"

# slug -> (status, title). `type` is /problems/SLUG, which leads to its line on the page /docs.
PROBLEMS: dict[str, tuple[int, str]] = {
    "bad-request": (400, "The request makes no sense"),
    "bad-question": (400, "The question cannot be asked"),
    "malformed-json": (400, "The body is not JSON"),
    "unknown-host": (400, "This server does not answer to that host name"),
    "unauthorized": (401, "A valid token is needed"),
    "foreign-origin": (403, "Requests from that web origin are not accepted"),
    "feedback-off": (403, "Feedback is switched off"),
    "not-found": (404, "There is no such thing here"),
    "method-not-allowed": (405, "The method is not allowed here"),
    "too-slow": (408, "The body did not come in time"),
    "too-large": (413, "The body is too large"),
    "invalid": (422, "The request has fields that are missing, unknown or out of range"),
    "too-many-requests": (429, "Too many requests"),
    "internal": (500, "Something went wrong on this side"),
    "not-ready": (503, "No index is open yet"),
    "overloaded": (503, "Too many requests are in progress"),
}
_BY_STATUS = {400: "bad-request", 401: "unauthorized", 403: "foreign-origin", 404: "not-found", 405: "method-not-allowed",
              408: "too-slow", 413: "too-large", 422: "invalid", 429: "too-many-requests", 503: "not-ready"}  # fmt: skip
_MACHINE_PATHS = ("/api/", "/mcp", "/health/", "/metrics", "/openapi.json")


class Problem(HTTPException):
    """An error with a stable slug, an explanation for people, and perhaps one line for each bad field."""

    def __init__(
        self, slug: str, detail: str, *, headers: Mapping[str, str] | None = None, errors: Sequence[dict[str, str]] = ()
    ) -> None:
        self.slug = slug
        self.errors = tuple(errors)
        super().__init__(PROBLEMS[slug][0], detail, dict(headers or {}))

    def as_json(self, instance: str) -> dict[str, Any]:
        """The body of RFC 9457."""
        status, title = PROBLEMS[self.slug]
        body: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": title,
            "status": status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return body


def field_errors(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """One line for each field that pydantic refuses, twenty at most; what was sent is not repeated."""
    lines = [{"field": ".".join(str(part) for part in e["loc"]) or "body", "message": str(e["msg"])[:300]} for e in errors]
    return lines[:20]


def problem_of(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem of a bare HTTP status."""
    if status not in _BY_STATUS:
        return Problem("internal" if status >= 500 else "bad-request", detail, headers=headers)
    return Problem(_BY_STATUS[status], detail, headers=headers)


def encode_json(value: Any) -> bytes:
    """UTF-8 JSON; what is no Unicode is written as an escape."""
    try:
        return to_json(value)
    except (ValueError, TypeError):  # half a surrogate pair
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def problem_response(problem: Problem, instance: str) -> Response:
    """The problem as a response."""
    return Response(encode_json(problem.as_json(instance)), problem.status_code, headers=problem.headers, media_type=MEDIA_TYPE)


def wants_page(path: str, accept: str) -> bool:
    """Whether an error goes to a person with a browser rather than to a program."""
    return not path.startswith(_MACHINE_PATHS) and "text/html" in accept
