import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


def wait_until_ready(client: TestClient, stage: str = "full") -> None:
    for _ in range(400):
        reply = client.get("/health/ready")
        if reply.status_code == 200 and reply.json()["stage"] == stage:
            return
        time.sleep(0.02)
    raise AssertionError(f"not ready: {reply.text}")
