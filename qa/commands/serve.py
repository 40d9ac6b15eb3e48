"""`rcm-qa serve` and `rcm-qa mcp`: doors that stand open. The web stage is to the right, so it is loaded by name."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from index.generations import Home
from qa.commands.frame import HomeOption, run_command
from qa.live import LiveEngine
from qa.settings import load_settings


def run(name: str, arguments: Sequence[str]) -> int:
    """Run one of the commands."""
    commands: dict[str, Callable[..., Any]] = {"serve": serve, "mcp": mcp}
    return run_command(commands[name], name, arguments)


def serve(
    host: Annotated[str | None, typer.Option("--host", help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option("--port", help="port to listen on")] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="processes")] = None,
    home: HomeOption = None,
) -> int:
    """Serve the chat page, the JSON API and MCP."""
    settings = load_settings({"home": home, "host": host, "port": port, "workers": workers})
    status: int | None = import_module("web.serving").serve(settings)
    return status or 0


def mcp(home: HomeOption = None) -> int:
    """Speak the Model Context Protocol on standard input and output."""
    settings = load_settings({"home": home})
    live = LiveEngine(Home(settings.home), settings)
    live.engine()
    import_module("web.mcp_server").run_stdio(live)
    return 0
