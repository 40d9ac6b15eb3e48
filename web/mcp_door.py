"""The door of the Model Context Protocol: the SDK behind it loads with the first request, not with the server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup, TaskStatus
from starlette.types import Receive, Scope, Send

from web.problems import problem_response
from web.readiness import NotReady
from web.site import Site, problem_for

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class McpDoor:
    """The streamable HTTP transport as one ASGI endpoint, for POST: without sessions there is nothing to listen for or end."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._group: TaskGroup | None = None
        self._manager: StreamableHTTPSessionManager | None = None
        self._opening = anyio.Lock()

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Be open while the application lives; a manager runs only once, so each start makes its own."""
        async with anyio.create_task_group() as self._group:
            try:
                yield
            finally:
                self._group.cancel_scope.cancel()
                self._group = self._manager = None

    async def _serve(self, *, task_status: TaskStatus["StreamableHTTPSessionManager"]) -> None:
        manager = await anyio.to_thread.run_sync(self._load)
        async with manager.run():
            task_status.started(manager)
            await anyio.sleep_forever()

    def _load(self) -> "StreamableHTTPSessionManager":
        from web.mcp_server import make_manager

        return make_manager(self._site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the transport."""
        async with self._opening:
            if self._manager is None and self._group is not None:
                self._manager = await self._group.start(self._serve)
        if self._manager is None:
            problem = problem_for(NotReady("the server is starting or stopping"))
            await problem_response(problem, scope["path"])(scope, receive, send)
            return
        await self._manager.handle_request(scope, receive, send)
