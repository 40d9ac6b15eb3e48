"""The application, built from its arguments: layers, routes, errors. Nothing happens at import."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from brotli_asgi import BrotliMiddleware
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from corpus.errors import CorpusError
from index.errors import IndexError_
from qa.errors import QaError
from qa.live import LiveEngine
from qa.settings import Settings
from web import api, api_documents, collection, health, pages, reader
from web.caching import program_version
from web.inputs import BatchItemIn
from web.journal import Journal
from web.mcp_door import McpDoor
from web.problems import Problem, field_errors, problem_of, problem_response, wants_page
from web.readiness import NotReady
from web.rendering import FOLDER, page
from web.schemas import ProblemOut
from web.security import BodyLimit, HeadAsGet, HostCheck, Overload, RateLimit, SecurityHeaders, Tokens, trusted_hosts
from web.site import Site, make_site, problem_for

# Where a page runs no longer than milliseconds, more threads than this only take time from each other.
THREADS = 2 * (os.cpu_count() or 2)
MAX_IN_PROGRESS = 32 * (os.cpu_count() or 2)
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def create_app(live: LiveEngine, settings: Settings) -> FastAPI:
    """The pages, the API and MCP over one live engine. Raises BadSettings."""
    site = make_site(live, settings)
    door = McpDoor(site)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = max(4, THREADS)
        site.readiness.start()
        async with door.run():
            yield
        site.readiness.stop()

    app = FastAPI(
        title="RCM Answers",
        version=program_version(),
        summary="Passages that answer questions about the Regional Conference on Migration, each with its citation.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lifespan,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.site = site
    for module in (api, api_documents, health, pages, collection, reader):
        app.include_router(module.router)
    app.router.routes.append(Route("/mcp", door, methods=["POST"]))
    app.router.routes.append(Mount("/static", CachedFiles(directory=FOLDER / "static"), name="static"))
    app.openapi = lambda: describe_api(app)  # type: ignore[method-assign]
    _add_handlers(app)
    _add_layers(app, site)
    app.middleware_stack = app.build_middleware_stack()  # now, so that a setting that makes no sense stops the start
    return app


def _add_layers(app: FastAPI, site: Site) -> None:
    """The layers that a request passes, outermost last."""
    settings = site.settings
    app.add_middleware(HeadAsGet)
    app.add_middleware(Overload, most=MAX_IN_PROGRESS, refuse=refuse)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, refuse=refuse)
    app.add_middleware(RateLimit, rate=settings.rate_limit, refuse=refuse)
    app.add_middleware(Tokens, hashes=settings.api_tokens, refuse=refuse)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "If-None-Match",
                "X-Request-ID",
                "Mcp-Protocol-Version",
                "Mcp-Session-Id",
            ],
            expose_headers=["ETag", "Link", "Retry-After", "X-Request-ID"],
        )
    app.add_middleware(HostCheck, hosts=trusted_hosts(settings), origins=settings.cors_origins, refuse=refuse)
    app.add_middleware(BrotliMiddleware, minimum_size=600)
    app.add_middleware(Journal, metrics=site.metrics, refuse=refuse, log_questions=settings.log_questions)
    app.add_middleware(SecurityHeaders)


def _add_handlers(app: FastAPI) -> None:
    def known(request: Request, error: Exception) -> Response:
        return respond(request, problem_for(error))

    def bare(request: Request, error: Exception) -> Response:
        if isinstance(error, Problem):
            return respond(request, error)
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, (ValueError, RecursionError)):  # no UTF-8, numbers without end, deep nesting
            return respond(request, Problem("malformed-json", f"the body does not parse as JSON: {error.__cause__}"))
        detail = {404: f"there is nothing at {request.url.path[:200]}", 405: f"{request.method} is not allowed here"}
        headers = {"Allow": allowed_methods(app, request.scope)} if error.status_code == 405 else error.headers
        return respond(request, problem_of(error.status_code, detail.get(error.status_code, str(error.detail)), headers))

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = error.errors()
        if any(e["type"] == "json_invalid" for e in found):
            return respond(
                request, Problem("malformed-json", f"the body does not parse as JSON: {found[0].get('ctx', {}).get('error', '')}")
            )
        if any(isinstance(e.get("input"), bytes) for e in found):  # FastAPI leaves the body as it came
            unread = {"field": "body", "message": "send JSON, with Content-Type: application/json"}
            return respond(request, Problem("invalid", "the body is not said to be JSON", errors=[unread]))
        lines = field_errors(found)
        named = ", ".join(dict.fromkeys(line["field"] for line in lines))
        return respond(request, Problem("invalid", f"look at {named}", errors=lines))

    for kind in (QaError, IndexError_, CorpusError, NotReady):
        app.add_exception_handler(kind, known)
    app.add_exception_handler(HTTPException, bare)
    app.add_exception_handler(RequestValidationError, invalid)


def allowed_methods(app: FastAPI, scope: Scope) -> str:
    """The methods that some route takes at one path: a path that takes GET and POST is two routes."""

    def is_taken(method: str) -> bool:
        asked = {**scope, "method": "GET" if method == "HEAD" else method}
        return any(route.matches(asked)[0] is Match.FULL for route in app.routes)

    return ", ".join(filter(is_taken, METHODS))


def respond(request: Request, problem: Problem) -> Response:
    """A problem as a page for people and as problem details for programs."""
    site: Site = request.app.state.site
    if wants_page(request.url.path, request.headers.get("accept", "")) and problem.slug != "unknown-host":
        return page(
            request, site.renderer, "error.html", status=problem.status_code, headers=problem.headers, problem=problem,
            opening=problem.slug == "not-ready",
        )  # fmt: skip
    return problem_response(problem, request.url.path)


async def refuse(scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
    """Answer a request with a problem from within a layer."""
    await respond(Request(scope, receive), problem)(scope, receive, send)


class CachedFiles(StaticFiles):
    """Static files; an address with the file's hash may be kept for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file."""
        if scope["method"] != "GET":
            raise Problem("method-not-allowed", f"{scope['method']} is not allowed here", headers={"Allow": "GET, HEAD"})
        response = await super().get_response(path, scope)
        kept = scope.get("query_string", b"").startswith(b"v=")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "public, max-age=300"
        return response


def describe_api(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document with the schemas that no route refers to by itself."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes, license_info={"name": "Apache-2.0"}
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for model in (ProblemOut, BatchItemIn):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            for name, inner in schema.pop("$defs", {}).items():
                schemas.setdefault(name, inner)
            schemas[model.__name__] = schema
        document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{}, {"bearer": []}]
        app.openapi_schema = document
    return app.openapi_schema
