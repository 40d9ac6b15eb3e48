import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from index.generations import Home
from qa.live import LiveEngine
from tests.web_fixtures import MEMBERS, listening, serving
from web.schemas import AnswerOut

Connect = Callable[[], Any]

# The tiny index was made by the fake embedder; the process that serves it is to use the same.
_STDIO = """
import sys
import qa.live
from tests.conftest import WordEmbedder
qa.live.open_embedder = lambda folder: WordEmbedder()
from qa.cli import main
sys.exit(main(["mcp", "--home", sys.argv[1]]))
"""


@pytest.fixture
def http_address(tiny_live: LiveEngine) -> Iterator[str]:
    with listening(tiny_live) as base:
        yield f"{base}/mcp"


@pytest.fixture(params=["http", "stdio"])
def connect(request: pytest.FixtureRequest, tiny_home: Home) -> Connect:
    @asynccontextmanager
    async def by_stdio() -> AsyncIterator[Client]:
        root = str(Path(__file__).parents[1])
        environ = {**os.environ, "PYTHONPATH": root}
        server = StdioServerParameters(command=sys.executable, args=["-c", _STDIO, str(tiny_home.path)], env=environ, cwd=root)
        async with Client(stdio_client(server)) as client:
            yield client

    if request.param == "stdio":
        return by_stdio
    address = request.getfixturevalue("http_address")

    @asynccontextmanager
    async def by_http() -> AsyncIterator[Client]:
        async with Client(address) as client:
            yield client

    return by_http


def talk(connect: Connect, conversation: Callable[[Client], Any]) -> Any:
    async def run() -> Any:
        async with connect() as client:
            return await conversation(client)

    # In a thread of its own: the thread of the tests may be inside another event loop.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, run).result(timeout=60)


def test_the_four_tools_are_there_read_only_and_described(connect: Connect) -> None:
    async def look(client: Client) -> Any:
        return await client.list_tools()

    tools = {tool.name: tool for tool in talk(connect, look).tools}
    assert list(tools) == ["search", "fetch", "ask", "cite"]
    for tool in tools.values():
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert tool.description
        assert all(field.get("description") for field in tool.input_schema["properties"].values())
        assert tool.input_schema["additionalProperties"] is False
    assert list(tools["search"].input_schema["properties"]) == ["query"]
    assert list(tools["fetch"].input_schema["properties"]) == ["id"]
    assert tools["ask"].input_schema["required"] == ["question"]


def test_a_conversation_searches_fetches_asks_and_cites(connect: Connect) -> None:
    async def converse(client: Client) -> list[Any]:
        found = await client.call_tool("search", {"query": MEMBERS})
        first = found.structured_content["results"][0]["id"]
        return [
            found,
            await client.call_tool("fetch", {"id": first}),
            await client.call_tool("fetch", {"id": "puebla"}),
            await client.call_tool("ask", {"question": MEMBERS, "lang": "en"}),
            await client.call_tool("cite", {"id": first, "style": "bibtex"}),
        ]

    replies = talk(connect, converse)
    for reply in replies:
        assert not reply.is_error
        assert [item.type for item in reply.content] == ["text"]
        assert json.loads(reply.content[0].text) == reply.structured_content
    found, passage, document, answer, citation = (reply.structured_content for reply in replies)
    assert list(found) == ["results"]
    assert all(list(result) == ["id", "title", "url", "text"] for result in found["results"])
    assert list(passage) == ["id", "title", "text", "url", "metadata"]
    assert passage["id"] == found["results"][0]["id"]
    assert passage["text"] == found["results"][0]["text"]
    assert passage["text"] in document["text"] or passage["metadata"]["document"] != "puebla"
    assert document["url"] == "https://example.org/puebla"
    assert document["metadata"]["published"] == "1996-03-14"
    AnswerOut.model_validate(answer)
    assert answer["question"]["text"] == MEMBERS
    assert citation["citation"].startswith("@")


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("fetch", {"id": "nope"}, "there is no document 'nope'"),
        ("fetch", {"id": "puebla:900000-900009"}, "has no passage at"),
        ("search", {"query": "?!"}, "the question is empty"),
        ("cite", {"id": "puebla", "style": "apa"}, "style"),
        ("ask", {"question": "x" * 1500}, "at most 1,000"),
        ("ask", {"question": "a", "lang": "fr"}, "lang: Input should be 'en' or 'es'"),
        ("ask", {}, "The arguments of ask do not fit: question: Field required"),
        ("search", {"query": "Puebla", "limit": "3"}, "limit: Extra inputs are not permitted"),
    ],
)
def test_mistakes_come_back_as_errors_of_the_tool(http_address: str, tool: str, arguments: dict[str, str], said: str) -> None:
    @asynccontextmanager
    async def connect() -> AsyncIterator[Client]:
        async with Client(http_address) as client:
            yield client

    async def err(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    reply = talk(connect, err)
    assert reply.is_error is True
    assert said in reply.content[0].text
    assert len(reply.content[0].text.splitlines()) == 1
    assert "Traceback" not in reply.content[0].text
    assert "pydantic" not in reply.content[0].text


def test_a_link_leads_somewhere_or_is_left_out(connect: Connect, request: pytest.FixtureRequest) -> None:
    async def fetch(client: Client) -> Any:
        return await client.call_tool("fetch", {"id": "managua"})

    by_http = request.node.callspec.params["connect"] == "http"
    assert talk(connect, fetch).structured_content["url"] == ("/documents/managua" if by_http else None)


def test_plain_json_rpc_of_an_older_client_is_answered(tiny_live: LiveEngine) -> None:
    headers = {"Accept": "application/json, text/event-stream"}
    opening = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    with serving(tiny_live) as client:
        reply = client.post("/mcp", json=opening, headers=headers)
        assert reply.status_code == 200
        assert reply.json()["result"]["serverInfo"]["name"] == "rcm-answers"
        call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "search", "arguments": {"query": "Puebla"}}}
        reply = client.post("/mcp", json=call, headers={**headers, "MCP-Protocol-Version": "2025-06-18"})
        assert reply.json()["result"]["structuredContent"]["results"]
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert 'route="/mcp"' in client.get("/metrics").text
