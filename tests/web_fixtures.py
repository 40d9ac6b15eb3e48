import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from starlette.testclient import TestClient

from qa.live import LiveEngine
from qa.settings import Settings
from web.app import create_app

BASE = "http://127.0.0.1:8000"
HTML = {"Accept": "text/html"}
MEMBERS = "Which countries are members of the RCM?"


def settings_for(live: LiveEngine, **values: Any) -> Settings:
    return Settings(home=live.home.path, **{"rate_limit": "", **values})


@contextmanager
def serving(live: LiveEngine, *, ready: bool = True, **values: Any) -> Iterator[TestClient]:
    """The whole application over a live engine, asked as a browser or program would."""
    app = create_app(live, settings_for(live, **values))
    with TestClient(app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False) as client:
        if ready:
            wait_until_ready(client)
            site = app.state.site
            site.leads.prepare(site.engine())  # the questions to go on with are made in the background otherwise
        yield client


@contextmanager
def listening(live: LiveEngine, **values: Any) -> Iterator[str]:
    """The application behind a real socket; the address of its start page without the last slash."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(live, settings_for(live, **values)), log_config=None, access_log=False, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        site = config.app.state.site  # type: ignore[union-attr]
        site.leads.prepare(live.engine())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=20)


def wait_until_ready(client: TestClient, stage: str = "full") -> None:
    for _ in range(400):
        reply = client.get("/health/ready")
        if reply.status_code == 200 and reply.json()["stage"] == stage:
            return
        time.sleep(0.02)
    raise AssertionError(f"not ready: {reply.text}")


def wait_for_server(base: str, seconds: float = 60) -> None:
    """Until a server in another process says at an address that it is ready."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if httpx.get(f"{base}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{base} was not ready in {seconds} s")
