"""A small web server that logs every request: when it came, when it was answered, how many were under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request as the server saw it."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    method: str
    body: bytes
    began: float
    ended: float = 0.0
    in_flight: int = 1


@dataclass
class Answer:
    """What to send. `raw` handlers write to the socket themselves."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


Route = Callable[[Asked], "Answer | Callable[[BaseHTTPRequestHandler], None]"]


class Web:
    """Routes by path (longest prefix), a log, and an address."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.log: list[Asked] = []
        self.lock = threading.Lock()
        self.flying = 0
        self.url = ""

    def route(self, path: str, answer: Answer | Route) -> None:
        """Answer a path, or all that begin with it if it ends with a `*`."""
        self.routes[path] = answer if callable(answer) else lambda asked: answer

    def find(self, path: str) -> Route:
        if path in self.routes:
            return self.routes[path]
        stars = [key for key in self.routes if key.endswith("*") and path.startswith(key[:-1])]
        if stars:
            return self.routes[max(stars, key=len)]
        return lambda asked: Answer("not here", 404)

    def paths(self, *, robots: bool = False) -> list[str]:
        """Paths asked for, in order; robots.txt only if wanted."""
        return [asked.path for asked in self.log if robots or asked.path != "/robots.txt"]

    def most_in_flight(self) -> int:
        return max((asked.in_flight for asked in self.log), default=0)

    def pauses(self) -> list[float]:
        """Seconds between the end of an answer and the next request."""
        return [b.began - a.ended for a, b in zip(self.log, self.log[1:], strict=False)]


@contextmanager
def serve() -> Iterator[Web]:
    """A server on a free port of loopback for the time of a block."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()}, {k.lower(): v for k, v in self.headers.items()},
                self.command, self.rfile.read(length), time.monotonic(),
            )  # fmt: skip
            with web.lock:
                web.flying += 1
                asked.in_flight = web.flying
                web.log.append(asked)
            try:
                answer = web.find(parts.path)(asked)
                if isinstance(answer, Answer):
                    time.sleep(answer.delay)
                    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                    self.send_response(answer.status)
                    names = {name.lower() for name in answer.headers}
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    if "content-type" not in names:
                        self.send_header("Content-Type", "text/html; charset=utf-8")
                    if "content-length" not in names:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                else:
                    self.close_connection = True
                    answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                with web.lock:
                    web.flying -= 1
                    asked.ended = time.monotonic()

        do_GET = do_POST = do_HEAD = handle_any

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
