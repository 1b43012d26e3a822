"""What the desk's tests share: a judged home, a desk on it, and browsers that keep cookies and read pages."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser

from review.desk.app import Desk
from review.desk.serve import hosts

PORT = 8100
HERE = f"http://127.0.0.1:{PORT}"


class Clock:
    """A clock that only moves when told."""

    def __init__(self, now: float = 1_772_600_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Opened:
    """A desk on a copy of a home, with one event loop for all its requests."""

    def __init__(self, home: Path, target: Path) -> None:
        self.home = Path(shutil.copytree(home, target))
        self.clock = Clock()
        self.loop = asyncio.new_event_loop()
        self.desk = Desk(self.home, hosts(PORT), clock=self.clock)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def person(self, name: str | None = "ana") -> Browser:
        """A browser in which this person is signed in, or nobody."""
        browser = Browser(self)
        if name:
            token = self.desk.people.invite(name, "2026-03-01T00:00:00Z")
            assert browser.get("/sign-in", params={"token": token}).status_code == 303
        return browser

    def close(self) -> None:
        self.desk.close()
        self.loop.close()


class Browser:
    """Cookies, and pages as trees."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=opened.desk.app), base_url=HERE)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.opened.run(self.client.get(path, **options))

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.opened.run(self.client.request(method, path, **options))

    def post(
        self, path: str, form: dict[str, Any], *, origin: str | None = HERE, **headers: str
    ) -> httpx.Response:
        told = {**({"origin": origin} if origin is not None else {}), **headers}
        return self.opened.run(self.client.post(path, data=form, headers=told))

    def page(self, path: str) -> LexborHTMLParser:
        answer = self.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 200, (answer.status_code, answer.text[:300])
        return LexborHTMLParser(answer.text)

    def form(self, path: str, action: str) -> dict[str, str]:
        """The hidden fields of the page's form with this action."""
        form = self.page(path).css_first(f'form[action="{action}"]')
        assert form is not None, f"no form {action} on {path}"
        return {
            field.attributes["name"] or "": field.attributes.get("value") or ""
            for field in form.css("input[type=hidden]")
        }

    def decide(self, key: str, **fields: str) -> httpx.Response:
        """Open an alert and send its form."""
        return self.post(
            f"/alert/{key}/decide", {**self.form(f"/alert/{key}", f"/alert/{key}/decide"), **fields}
        )

    def notices(self, path: str = "/") -> list[str]:
        return [node.text(strip=True) for node in self.page(path).css(".notice p")]


@contextmanager
def serving(home: Path, person: str) -> Iterator[tuple[str, str]]:
    """The address of a desk that the command line serves on a home for the time of a block, and this person's link."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--home", str(home), "desk", "--person", person, "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "chipwatch.cli", *words], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("starting")
        link = re.search(rf"{re.escape(person)}: (http://\S+)", process.stderr.readline())
        assert link is not None and process.stderr.readline().startswith("stop with")
        yield f"http://127.0.0.1:{port}", link[1]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
