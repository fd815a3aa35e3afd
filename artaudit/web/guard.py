"""Stands before every request: this machine's address, this page's origin, a session, a limit, and safe headers.

DNS rebinding: https://owasp.org/www-community/attacks/DNS_Rebinding . Headers:
https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from artaudit.web.doors import COOKIE, Doors, Session

REQUEST_BYTES = 1024**3
"""Largest body of one request; a picture in it may have as much as every picture file."""

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
ENTER, STATIC = "/enter", "/static/"
_SAFE = ("GET", "HEAD")
_CLOSED = (
    "This page opens with the link that `audit serve` printed, once for each browser.\n"
    "It prints a new link when one was used.\n"
)


class TooLargeError(Exception):
    """A request whose body goes beyond the limit."""


class Guard:
    """Lets requests of the page's own browsers through, and answers all others itself."""

    def __init__(self, app: ASGIApp, doors: Doors, port: int, limit: int = REQUEST_BYTES) -> None:
        """Guard `app`, which listens on `port` of 127.0.0.1; bodies have at most `limit` bytes."""
        self._app, self._doors, self._limit = app, doors, limit
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        answer = self._refusal(scope)
        keep = scope["path"].startswith(STATIC)
        await (answer or self._app)(scope, self._counted(receive), _with_headers(send, keep=keep))

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a request that stays out; put the session of one that comes in into its scope."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse("This page has another address.\n", 421)
        if scope["method"] not in _SAFE and not _is_own(headers, host):
            return PlainTextResponse("This request comes from another page.\n", 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._limit:
            return too_large(self._limit)
        if scope["path"] == ENTER:
            return self._entered(scope)
        session = self._doors.session(_cookie(headers))
        if session is None:
            return None if scope["path"].startswith(STATIC) else PlainTextResponse(_CLOSED, 403)
        scope.setdefault("state", {})["session"] = session
        return None

    def _entered(self, scope: Scope) -> Response:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        session: Session | None = self._doors.enter(token) if scope["method"] == "GET" else None
        if session is None:
            return PlainTextResponse(f"This link was used already, or is not one of this page.\n{_CLOSED}", 403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, session.key, httponly=True, samesite="strict", path="/")
        return answer

    def _counted(self, receive: Receive) -> Receive:
        """Return a `receive` that raises TooLargeError as soon as a body has gone beyond the limit."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise TooLargeError(self._limit)
            return message

        return counted


def _is_own(headers: Headers, host: str) -> bool:
    """Tell whether a request that changes something was made by a page of this very host."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    return origin == f"http://{host}"


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def too_large(limit: int) -> Response:
    """Return the answer to a body of more than `limit` bytes."""
    text = f"This is more than the {limit:,} bytes that one request may have: add fewer or smaller files at once.\n"
    return PlainTextResponse(text, 413, headers={"connection": "close"})


def _with_headers(send: Send, *, keep: bool) -> Send:
    """Return a `send` that adds the safe headers; only what the package itself ships may be kept by browsers."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["cache-control"] = "no-cache" if keep else "no-store"
        await send(message)

    return sent
