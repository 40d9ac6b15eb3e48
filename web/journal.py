"""Requests as JSON lines, with an id each, and the last resort for what nobody caught. Questions stay out unless wanted."""

import json
import logging
import re
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.metrics import Metrics
from web.problems import Problem
from web.security import Refuse

log = logging.getLogger("web.requests")
_encode = json.JSONEncoder(default=str).encode
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the fields of `extra={"fields": ...}`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return _encode(entry)


def set_up_logging() -> None:
    """Send everything to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in ("mcp", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)


def route_of(scope: Scope) -> str:
    """The template of the route that answered, so that labels stay few."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if isinstance(path, str) and path and "endpoint" in scope:
        return path
    for prefix in ("/static", "/mcp"):
        if scope["path"].startswith(prefix):
            return prefix
    return "other"


class Journal:
    """The layer around all that may fail: request id, log line, metrics, and a 500 without a stack trace."""

    def __init__(self, app: ASGIApp, metrics: Metrics, refuse: Refuse, log_questions: bool) -> None:
        self.app = app
        self._metrics = metrics
        self._refuse = refuse
        self._log_questions = log_questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on and write down how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        fields: dict[str, Any] = {}
        state["fields"] = fields
        method = scope["method"]
        status = 0
        start = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            log.exception("a request failed", extra={"fields": {"request_id": request_id}})
            if status == 0:
                problem = Problem("internal", f"the fault is on this side; the log has it under the request id {request_id}")
                await self._refuse(scope, receive, send_with_id, problem)
            else:
                raise
        finally:
            seconds = time.perf_counter() - start
            route = route_of(scope)
            self._metrics.count_request(route, method, status or 499, seconds)
            if not self._log_questions:
                fields.pop("question", None)
            log.info(
                "request",
                extra={
                    "fields": {
                        "request_id": request_id,
                        "method": method,
                        "route": route,
                        "status": status or 499,
                        "ms": round(seconds * 1000, 1),
                        **fields,
                    }
                },
            )
