"""Model Context Protocol: four read-only tools over the same engine, by streamable HTTP or standard input and output."""

from collections.abc import Callable
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field, ValidationError

from corpus.records import Document, Passage
from index.anchors import parse_passage_id, resolve_passage, said_before
from index.errors import IndexError_, UnknownId
from index.filters import Filters
from index.generations import Home
from qa.answering import DEFAULT_PASSAGES, Engine
from qa.answers import as_json
from qa.citing import Style, text_fragment_link, title_of
from qa.citing import cite as make_citation
from qa.errors import QaError
from qa.live import LiveEngine
from qa.timing import Timing
from web.caching import program_version
from web.inputs import LangCode
from web.kept import KeptAnswers
from web.problems import field_errors
from web.readiness import NotReady
from web.schemas import AnswerOut
from web.site import Site

INSTRUCTIONS = (
    "Verbatim passages about the Regional Conference on Migration (RCM, Puebla Process), in English and Spanish, with "
    "citations. Nothing is generated: quote the texts as they are and cite them. `ask` says whether the collection answers "
    "a question at all; when its status is not `answered`, say so instead of answering from the passages."
)
MAX_TEXT_CHARS = 100_000
RESULTS = 10
READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


class Result(BaseModel):
    """One passage found."""

    id: str
    title: str
    url: str | None
    text: str


class Results(BaseModel):
    """What a search found."""

    results: list[Result]


class Fetched(BaseModel):
    """A passage or a whole document."""

    id: str
    title: str
    text: str
    url: str | None
    metadata: dict[str, Any]


class Cited(BaseModel):
    """A citation ready to paste."""

    id: str
    style: str
    citation: str


class Tools:
    """The four tools over whatever engine is live; `reader` says whether its documents can be read at /documents."""

    def __init__(
        self,
        engine: Callable[[], Engine],
        home: Home,
        *,
        reader: bool,
        kept: KeptAnswers | None = None,
        count: Callable[..., None] | None = None,
    ) -> None:
        self._engine = engine
        self._home = home
        self._reader = reader
        self._kept = kept or KeptAnswers()
        self._count = count

    def search(
        self, query: Annotated[str, Field(description="what to look for, English or Spanish", min_length=1, max_length=4000)]
    ) -> Results:
        """Find passages about the Regional Conference on Migration, best first. Fetch an id for more."""
        engine = self._open()
        question = engine.understand(query)
        ordinals = engine.search(question, Timing()).ordinals[:RESULTS].tolist()
        store = engine.index.store
        found = store.passages_at(ordinals) if ordinals else []
        return Results(
            results=[
                Result(
                    id=passage.id,
                    title=_title(document := store.document(passage.document_id), passage),
                    url=self._url(document, passage),
                    text=passage.text,
                )
                for passage in found
            ]
        )

    def fetch(
        self, id: Annotated[str, Field(description="id of a passage (DOCUMENT:START-END) or of a document", max_length=300)]
    ) -> Fetched:
        """Read one passage, or a whole document, with its bibliographic record."""
        engine = self._open()
        store = engine.index.store
        passage: Passage | None = None
        moved = False
        if _is_passage_id(id):
            _, passage, moved = resolve_passage(store, self._home.anchors, id)
        document = store.document(passage.document_id if passage else id)
        text = passage.text if passage else document.text
        source = document.source
        metadata: dict[str, Any] = {
            "document": document.id,
            "publisher": source.publisher,
            "published": source.published,
            "kind": source.kind,
            "lang": document.lang,
            "source_url": source.url,
            "summary_of_source": document.summary,
            "variants": store.variants(document),
            "citation": make_citation(document, passage, "text"),
            "truncated": len(text) > MAX_TEXT_CHARS,
        }
        if passage is not None:
            metadata |= {"section": list(passage.section), "page": passage.page, "moved": moved}
            metadata["said_before"] = said_before(store, self._home.anchors, id, passage)
        return Fetched(
            id=passage.id if passage else document.id,
            title=_title(document, passage),
            text=text[:MAX_TEXT_CHARS],
            url=self._url(document, passage),
            metadata=metadata,
        )

    def ask(
        self,
        question: Annotated[str, Field(description="the question, English or Spanish", min_length=1, max_length=4000)],
        lang: Annotated[LangCode | None, Field(description="language of the question; guessed where left out")] = None,
    ) -> AnswerOut:
        """Answer a question by verbatim quotation, or say that the collection does not answer it."""
        timing = Timing()
        answer = self._kept.answer(
            self._open(), question, k=DEFAULT_PASSAGES, lang=lang, history=(), filters=Filters(), timing=timing
        )
        if self._count is not None:
            self._count(answer, timing.took_ms, "mcp")
        return AnswerOut.model_validate(as_json(answer, timing.total()))

    def cite(
        self,
        id: Annotated[str, Field(description="id of a passage or of a document", max_length=300)],
        style: Annotated[Style, Field(description="form of the citation")] = "text",
    ) -> Cited:
        """Make the citation of a passage or document, ready to paste."""
        store = self._open().index.store
        passage: Passage | None = None
        if _is_passage_id(id):
            _, passage, _ = resolve_passage(store, self._home.anchors, id)
        document = store.document(passage.document_id if passage else id)
        return Cited(id=passage.id if passage else document.id, style=style, citation=make_citation(document, passage, style))

    def _open(self) -> Engine:
        return self._engine()

    def _url(self, document: Document, passage: Passage | None) -> str | None:
        """The original where it is known, else the reader of this site, else nothing."""
        original = text_fragment_link(document, passage.text if passage else "", passage.page if passage else None)
        span = f"?start={passage.start}&end={passage.end}#hit" if passage else ""
        return original or (f"/documents/{document.id}{span}" if self._reader else None)


def _is_passage_id(identifier: str) -> bool:
    try:
        parse_passage_id(identifier)
    except UnknownId:
        return False
    return True


def _title(document: Document, passage: Passage | None) -> str:
    parts = [title_of(document), *(passage.section if passage else ())]
    return " – ".join(dict.fromkeys(parts))


class _Server(MCPServer[Any]):
    async def call_tool(self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None) -> Any:
        """What the SDK returns; arguments that it refuses are named in one sentence."""
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            lines = field_errors(error.__cause__.errors(include_url=False, include_input=False, include_context=False))
            said = "; ".join(f"{line['field']}: {line['message']}" for line in lines)
            raise ToolError(f"The arguments of {name} do not fit: {said}") from error.__cause__


def make_server(tools: Tools) -> MCPServer[Any]:
    """The server with its four tools; errors reach the caller as one sentence."""
    functions = (tools.search, tools.fetch, tools.ask, tools.cite)
    return _Server(
        "rcm-answers", title="RCM Answers", version=program_version(), instructions=INSTRUCTIONS, log_level="WARNING",
        tools=[_make_tool(function) for function in functions],
    )  # fmt: skip


def _make_tool(function: Callable[..., Any]) -> Tool:
    """The tool of a function; arguments that it does not have are refused instead of passed over."""
    tool = Tool.from_function(_spoken(function), annotations=READ_ONLY, structured_output=True)
    accepted = tool.fn_metadata.arg_model
    accepted.model_config["extra"] = "forbid"
    accepted.model_rebuild(force=True)
    tool.parameters = accepted.model_json_schema(by_alias=True)
    return tool


def _spoken(function: Callable[..., Any]) -> Callable[..., Any]:
    """The tool with the errors of the stages as errors of the tool."""
    from functools import wraps

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (QaError, IndexError_, NotReady) as error:
            raise ToolError(str(error)) from None

    return call


def run_stdio(live: LiveEngine) -> None:
    """Serve over standard input and output until the input ends."""
    anyio.run(make_server(Tools(live.engine, live.home, reader=False)).run_stdio_async)


def make_manager(site: Site) -> StreamableHTTPSessionManager:
    """The streamable HTTP transport over the engine of a site. No sessions: every request stands alone."""
    tools = Tools(site.engine, site.live.home, reader=True, kept=site.kept, count=site.metrics.count_answer)
    server = make_server(tools)
    server.streamable_http_app(
        json_response=True, stateless_http=True, max_request_body_size=site.settings.max_body_bytes, host=site.settings.host
    )
    manager = server.session_manager
    manager.security_settings = None  # hosts and origins are checked for all doors alike, in web.security
    return manager
