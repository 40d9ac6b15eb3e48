"""`rcm-qa serve`: uvicorn with one or several processes, and an end that lets requests finish."""

import logging
import os
import sys
import tempfile
from typing import Any

import uvicorn
from fastapi import FastAPI

from index.generations import Home
from qa.live import LiveEngine
from qa.settings import Settings

GRACE_S = 15
_HANDED_DOWN = "_RCM_SERVE_SETTINGS"  # to worker processes; not a setting of users


def serve(settings: Settings) -> int:
    """Serve until a signal. 0 when it ended in order."""
    from web.app import create_app
    from web.journal import set_up_logging

    set_up_logging()
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_S,
        "timeout_keep_alive": 15,
        "h11_max_incomplete_event_size": 65_536,
        "http": "auto",
        "loop": "auto",
    }
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"RCM Answers listens on http://{shown}:{settings.port}", file=sys.stderr)  # noqa: T201
    if settings.workers == 1:
        server = uvicorn.Server(uvicorn.Config(make_app(settings, create_app), **options))
        server.run()
        return 0 if server.started else 1
    with tempfile.TemporaryDirectory(prefix="rcm-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        os.environ[_HANDED_DOWN] = settings.model_dump_json()
        uvicorn.run("web.serving:make_worker_app", factory=True, workers=settings.workers, **options)
    return 0


def make_app(settings: Settings, create: Any) -> FastAPI:
    """The application over the home of the settings."""
    app: FastAPI = create(LiveEngine(Home(settings.home), settings), settings)
    return app


def make_worker_app() -> FastAPI:
    """The application of one worker process, from the settings that its parent handed down."""
    from web.app import create_app
    from web.journal import set_up_logging

    set_up_logging()
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
    return make_app(Settings.model_validate_json(os.environ[_HANDED_DOWN]), create_app)
