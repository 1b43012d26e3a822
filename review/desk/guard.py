"""The door: who may ask, from where, and what a browser may do with the answer. Wraps everything, Datasette's pages included.

In this order: the Host header (a strange one means DNS rebinding), the session, then for a change its origin. What passes
goes on with the session in the scope. Nothing is told to others but the sign-in page and the desk's style and script.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlencode

from review.desk.sessions import Session, Sessions

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = ("/sign-in", "/-/desk/static/")
"""What a person without a session may ask for: the sign-in page, and the files it is drawn with."""


MAX_FORM = 256 * 1024
"""Bytes of a form; a bulk decision on 200 alerts takes about 10 KB."""

POLICY = "; ".join(
    (
        "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "connect-src 'self'", "form-action 'self'",
        "base-uri 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip
"""No inline script or style, nothing from outside, no frame: were an element ever to escape, it could still do nothing."""

HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class Guard:
    """ASGI middleware. `hosts` are the Host headers the desk answers to, `cookie` its cookie's name; `takes_form` knows the paths
    of our own forms: Datasette is sent none."""

    def __init__(
        self, app: App, sessions: Sessions, hosts: frozenset[str], cookie: str, takes_form: Callable[[str], bool]
    ) -> None:  # fmt: skip
        self.app, self.sessions, self.hosts, self.cookie, self.takes_form = (
            app,
            sessions,
            hosts,
            cookie,
            takes_form,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers") or []}
        scope["desk_session"] = session = self.sessions.read(self._cookie(headers.get(b"cookie", "")))
        refusal = self._refusal(scope, headers, session)
        if refusal is None:
            await self.app(scope, receive, _sealed(send, session is not None))
        else:
            await _answer(_sealed(send, False), *refusal)

    def _cookie(self, header: str) -> str | None:
        try:
            found = SimpleCookie(header).get(self.cookie)
        except CookieError:
            return None
        return found.value if found else None

    def _refusal(
        self, scope: Scope, headers: dict[bytes, str], session: Session | None
    ) -> tuple[int, str, str | None] | None:
        """Status, words and where to go instead; None where the request may pass."""
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return (
                421,
                "This desk does not answer to that name. Use the address it printed when it started.",
                None,
            )
        method, path = scope["method"], _path(scope)
        if method not in ("GET", "HEAD", "POST"):
            return 405, "The desk knows GET and POST.", None
        if method == "POST":
            if not self.takes_form(path):
                return 405, "This page takes no form.", None
            if not self._from_here(headers):
                return 403, "This form was not sent from the desk's own page, so nothing was changed.", None
            if not _length_is_fine(headers):
                return 413, "This form is larger than any of the desk's.", None
        if session is None and not any(
            path == name or (name.endswith("/") and path.startswith(name)) for name in OPEN_PATHS
        ):
            if method == "GET" and "text/html" in headers.get(b"accept", ""):
                return 303, "", "/sign-in?" + urlencode({"to": _whole(scope)})
            return 401, "Sign in first, with the link that `chipwatch desk --person NAME` prints.", None
        return None

    def _from_here(self, headers: dict[bytes, str]) -> bool:
        origin = headers.get(b"origin")
        if origin not in (None, "null"):
            return (
                origin.lower() in {f"http://{host}" for host in self.hosts}
                and origin.lower() == f"http://{headers[b'host'].lower()}"
            )
        # Under our referrer policy browsers send "null"; they say in another header, which no page can set, whence it came.
        return headers.get(b"sec-fetch-site") == "same-origin"


def _path(scope: Scope) -> str:
    raw = scope.get("raw_path")
    path = raw.decode("latin-1").partition("?")[0] if raw else str(scope["path"])
    # The router matches the raw path, where nothing is resolved: neither is it here.
    return path if ".." not in path else "/.."


def _whole(scope: Scope) -> str:
    """Path and query as they were asked for, so that the person gets there after signing in."""
    query = (scope.get("query_string") or b"").decode("latin-1")
    return _path(scope) + (f"?{query}" if query else "")


def _length_is_fine(headers: dict[bytes, str]) -> bool:
    length = headers.get(b"content-length", "")
    return length.isdigit() and int(length) <= MAX_FORM


def _sealed(send: Send, private: bool) -> Send:
    """`send` that puts our headers on every answer, over whatever the answer says itself."""
    ours = {name for name, _ in HEADERS}

    async def sealed(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
            if private and not any(name.lower() == b"cache-control" for name, _ in kept):
                kept.append((b"cache-control", b"private, no-store"))
            message = {**message, "headers": [*kept, *HEADERS]}
        await send(message)

    return sealed


async def _answer(send: Send, status: int, words: str, elsewhere: str | None) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    if elsewhere:
        headers.append((b"location", elsewhere.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode() + b"\n" * bool(words)})
