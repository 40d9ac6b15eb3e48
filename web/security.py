"""What every request passes: headers, host names, tokens, rates, sizes. Each layer is one small ASGI class."""

import asyncio
import hashlib
import hmac
import ipaddress
import math
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import BadSettings
from qa.settings import Settings
from web.problems import Problem

Refuse = Callable[[Scope, Receive, Send, Problem], Awaitable[None]]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# As they go over the wire: every response passes here.
HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
TLS_HEADERS = (*HEADERS, (b"strict-transport-security", b"max-age=31536000"))
LOOPBACK = ("localhost", "127.0.0.1", "::1")
GUARDED = ("/api/", "/mcp")  # doors of programs: tokens, and requests from foreign web pages
FREE = ("/static/", "/health/", "/metrics")  # cost next to nothing; a monitor must come through when others do not
BODY_S = 10  # for a whole body to come


def check_settings(settings: Settings) -> None:
    """Raise BadSettings where the layers would refuse a setting, without building them into an application."""
    read_rate(settings.rate_limit)
    read_hashes(settings.api_tokens)


def read_rate(rate: str) -> RateLimitItem | None:
    """The rate of a setting, None for no limit. Raises BadSettings."""
    try:
        return parse(rate) if rate.strip() else None
    except ValueError:
        raise BadSettings(f"setting 'rate_limit' is {rate!r}; expected a rate such as 120/minute, or nothing") from None


def read_hashes(hashes: Sequence[str]) -> tuple[str, ...]:
    """The hashes of tokens in lower case. Raises BadSettings."""
    found = tuple(text.lower() for text in hashes)
    if bad := [text for text in found if not re.fullmatch(r"[0-9a-f]{64}", text)]:
        raise BadSettings(f"setting 'api_tokens' holds {bad[0][:12]!r}; expected SHA-256 hashes, 64 hexadecimal digits each")
    return found


def trusted_hosts(settings: Settings) -> tuple[str, ...]:
    """The host names that the server answers to. On a loopback address only its own names, against DNS rebinding."""
    if settings.trusted_hosts:
        return settings.trusted_hosts
    return LOOPBACK if settings.host in LOOPBACK else ()


def host_name(header: str) -> str:
    """The name of a Host header, lower case, without port and brackets."""
    match = re.fullmatch(r"\[([^\]]*)\](?::\d*)?|([^:]*)(?::\d*)?", header.strip())
    return ((match[1] or match[2] or "") if match else "").lower().rstrip(".")


def is_safe_path(path: str) -> bool:
    """Whether a redirect target stays on this site."""
    return re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", path) is not None


class SecurityHeaders:
    """The same protective headers on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, adding headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        protective = TLS_HEADERS if scope.get("scheme") == "https" else HEADERS

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                present = {name.lower() for name, _ in given}
                message["headers"] = given + [header for header in protective if header[0] not in present]
            await send(message)

        await self.app(scope, receive, send_with)


class HostCheck:
    """Refuses unknown host names, and requests of foreign web pages to the doors of programs and to forms."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str], origins: Sequence[str], refuse: Refuse) -> None:
        self.app = app
        self._hosts = tuple(host.lower() for host in hosts)
        self._origins = frozenset(origin.rstrip("/") for origin in origins)
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            name = host_name(headers.get("host", ""))
            if self._hosts and name not in self._hosts:
                detail = f"the host name {name[:80]!r} is not known here; the setting trusted_hosts lists those that are"
                await self._refuse(scope, receive, send, Problem("unknown-host", detail))
                return
            if not self._own_origin(scope, headers):
                detail = (
                    f"the origin {headers.get('origin', '')[:80]!r} may not call; the setting cors_origins lists those that may"
                )
                await self._refuse(scope, receive, send, Problem("foreign-origin", detail))
                return
        await self.app(scope, receive, send)

    def _own_origin(self, scope: Scope, headers: Headers) -> bool:
        guarded = scope["path"].startswith("/mcp") or (scope["method"] == "POST")
        origin = headers.get("origin")
        if not guarded or origin is None or origin.rstrip("/") in self._origins or "*" in self._origins:
            return True
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


class Tokens:
    """Where hashes of tokens are set, the doors of programs open only to a bearer of one."""

    def __init__(self, app: ASGIApp, hashes: Sequence[str], refuse: Refuse) -> None:
        self.app = app
        self._hashes = read_hashes(hashes)
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] == "http" and self._hashes and scope["path"].startswith(GUARDED) and scope["method"] != "OPTIONS":
            token = bearer_token(Headers(scope=scope))
            if token is None or not self._knows(token):
                said = "the token is not valid" if token is not None else "no token came with the request"
                problem = Problem(
                    "unauthorized", f"{said}; send Authorization: Bearer TOKEN", headers={"WWW-Authenticate": "Bearer"}
                )
                await self._refuse(scope, receive, send, problem)
                return
        await self.app(scope, receive, send)

    def _knows(self, token: str) -> bool:
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = False
        for known in self._hashes:  # all of them, so that the time says nothing
            found |= hmac.compare_digest(digest, known)
        return found


def bearer_token(headers: Headers) -> str | None:
    """The token of an Authorization header."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def client_key(scope: Scope) -> str:
    """Who counts as one client: an address, of IPv6 its /64 network."""
    host = (scope.get("client") or ("unknown", 0))[0]
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


class RateLimit:
    """So many requests of one client in a time; each process counts for itself."""

    def __init__(self, app: ASGIApp, rate: str, refuse: Refuse) -> None:
        self.app = app
        self._refuse = refuse
        self._rate = read_rate(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse with the seconds to wait."""
        if self._rate is not None and scope["type"] == "http" and not scope["path"].startswith(FREE):
            who = client_key(scope)
            if not self._limiter.hit(self._rate, who):
                reset = self._limiter.get_window_stats(self._rate, who).reset_time
                wait_s = max(1, math.ceil(reset - time.time()))
                problem = Problem(
                    "too-many-requests",
                    f"more than {self._rate} came from one client; wait {wait_s} seconds",
                    headers={"Retry-After": str(wait_s)},
                )
                await self._refuse(scope, receive, send, problem)
                return
        await self.app(scope, receive, send)


class BodyLimit:
    """Takes a body in whole before anything is done for it: none larger than the limit, none that comes too slowly."""

    def __init__(self, app: ASGIApp, max_bytes: int, refuse: Refuse) -> None:
        self.app = app
        self._max = max_bytes
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body = await self._read(Request(scope, receive))
        except Problem as problem:
            await self._refuse(scope, receive, send, problem)
            return
        except ClientDisconnect:
            return
        taken: list[Message] = [{"type": "http.request", "body": body}]

        async def receive_taken() -> Message:
            return taken.pop() if taken else await receive()

        await self.app(scope, receive_taken, send)

    async def _read(self, request: Request) -> bytes:
        close = {"Connection": "close"}  # the rest of the body stays unread
        too_large = Problem("too-large", f"the body may have at most {self._max:,} bytes", headers=close)
        declared = request.headers.get("content-length", "0")
        if not declared.isdigit() or int(declared[:18]) > self._max:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_S):
                async for piece in request.stream():
                    body += piece
                    if len(body) > self._max:
                        raise too_large
        except TimeoutError:
            raise Problem("too-slow", f"the body did not come within {BODY_S} seconds; send it again", headers=close) from None
        return bytes(body)


class Overload:
    """Turns requests away when far more are in progress than the cores can answer, instead of letting all wait.

    Inside BodyLimit, so that work counts and not a client that sends slowly.
    """

    def __init__(self, app: ASGIApp, most: int, refuse: Refuse) -> None:
        self.app = app
        self._room = asyncio.Semaphore(most)
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] != "http" or scope["path"].startswith(FREE):
            await self.app(scope, receive, send)
            return
        if self._room.locked():
            problem = Problem("overloaded", "too many requests are in progress; try again", headers={"Retry-After": "2"})
            await self._refuse(scope, receive, send, problem)
            return
        async with self._room:
            await self.app(scope, receive, send)


class HeadAsGet:
    """HEAD is GET without the body, which the server leaves out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a HEAD request on as GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        as_get = {**scope, "method": "GET"}  # a copy: the server reads in its own whether a body is due
        try:
            await self.app(as_get, receive, send)
        finally:
            scope.update(as_get, method="HEAD")  # the layers outside read what the router leaves in the scope
