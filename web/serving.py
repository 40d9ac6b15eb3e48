"""`rcm-qa serve`: uvicorn with one or several processes, and an end that lets requests finish."""

import ctypes
import os
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from qa.settings import Settings
from web.cores import keep_to_a_core, one_core_each

if TYPE_CHECKING:
    from fastapi import FastAPI

GRACE_S = 15
_M_ARENA_MAX = -8  # of malloc.h
_HANDED_DOWN = "_RCM_SERVE_SETTINGS"  # to worker processes; not a setting of users


def serve(settings: Settings) -> int:
    """Serve until a signal: 0 when it ended in order, 1 when it could not start; one process alone ends in order and then by
    the signal. Raises BadSettings.
    """
    from web.journal import set_up_logging
    from web.security import check_settings

    app = make_app(settings) if settings.workers == 1 else None  # the parent of workers answers nothing itself
    check_settings(settings)
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        taken = f"{settings.host}:{settings.port} cannot be used ({error.strerror}); name another with --port"
        print(f"rcm-qa serve: {taken}", file=sys.stderr)  # noqa: T201
        return 1
    set_up_logging()
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"RCM Answers listens on http://{shown}:{listener.getsockname()[1]}", file=sys.stderr, flush=True)  # noqa: T201
    options: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_S,
        "timeout_keep_alive": 15,
        "lifespan": "on",
    }
    with listener:
        if app is not None:
            server = uvicorn.Server(uvicorn.Config(app, **options))
            server.run(sockets=[listener])
            return 0 if server.started else 1
        with tempfile.TemporaryDirectory(prefix="rcm-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            os.environ[_HANDED_DOWN] = settings.model_dump_json()
            config = uvicorn.Config("web.serving:make_worker_app", factory=True, workers=settings.workers, **options)
            Multiprocess(config, [listener]).run()
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on an address; port 0 takes a free one. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.set_inheritable(True)
    except OSError:
        listener.close()
        raise
    return listener


def make_app(settings: Settings) -> "FastAPI":
    """The application over the home of the settings. Raises BadSettings."""
    from index.generations import Home
    from qa.live import LiveEngine
    from web.app import create_app

    share_one_heap()
    return create_app(LiveEngine(Home(settings.home), settings), settings)


def share_one_heap() -> bool:
    """Have all threads take memory from one heap where the C library keeps several (glibc); whether it did.

    The interpreter lets one thread work at a time, and each heap keeps what it once took: about 3 MiB of a server.
    """
    with suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)) if sys.platform == "linux" else False
    return False


def make_worker_app() -> "FastAPI":
    """The application of one worker process, from the settings that its parent handed down."""
    from web.journal import set_up_logging

    set_up_logging()
    settings = Settings.model_validate_json(os.environ[_HANDED_DOWN])
    core = keep_to_a_core(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])) if one_core_each(settings) else None
    app = make_app(settings)
    app.state.core = core  # open as long as this process runs
    return app
