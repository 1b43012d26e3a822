"""What a page is given and what it gives back. A page module exports `PAGES`; see docs/desk.md."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from review.desk.sessions import Notice

if TYPE_CHECKING:
    from config.loader import Config
    from review.desk.app import Desk
    from review.desk.cards import Names
    from review.desk.sessions import Session
    from storage.store import Store

T = TypeVar("T")

MAX_WHY = 300
"""Characters of a reason: a sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. `headers` are added to the desk's own."""

    body: bytes
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class NotHere(Exception):
    """Raised by a page if what was asked for does not exist; shown as a page with status 404."""


class Refused(Exception):
    """Raised by a page if a form cannot be acted on; its words are shown on the page the person came from."""


@dataclass(frozen=True, slots=True)
class Page:
    """One address of the desk: `path` may hold `<name>` parts, `view` answers, in a thread of its own.

    `nav` puts it into the header, in the order of `order`. A page with method POST is called only after the form's
    one-time key was spent; `back` is where its refusals are shown. `choose` is told where Enter sent a form that decides:
    its first button, which Enter presses, does nothing (`enter` in `_parts.html`).
    """

    path: str
    view: Callable[[Visit], Answer]
    method: str = "GET"
    nav: str | None = None
    order: int = 100
    back: str = "/"
    choose: str = "Enter alone does nothing here: press the button of what you want. Nothing was changed."


@dataclass
class Visit:
    """One request. `args` is the query, `form` the posted fields (both: every value, in order), `vars` the path's parts."""

    desk: Desk
    session: Session
    store: Store
    path: str
    args: Mapping[str, list[str]]
    form: Mapping[str, list[str]] = field(default_factory=dict)
    vars: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        """Shipped config with the home's rows laid over it, as the files are now."""
        return self.desk.config

    @property
    def person(self) -> str:
        """Who is asking; the name every decision carries."""
        return self.session.person.name

    @property
    def address(self) -> str:
        """Path and query of this page, for coming back to it."""
        from urllib.parse import urlencode

        query = urlencode([(name, value) for name, values in self.args.items() for value in values])
        return self.path + (f"?{query}" if query else "")

    @property
    def now(self) -> str:
        """This moment, ISO 8601 UTC."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.desk.sessions.clock()))

    @property
    def names(self) -> Names:
        """Titles of chips, signals and countries."""
        return self.desk.names

    def arg(self, name: str, default: str = "") -> str:
        """The first value of a query argument, trimmed."""
        return (self.args.get(name) or [default])[0].strip()

    def value(self, name: str, default: str = "") -> str:
        """The first value of a form's field, trimmed."""
        return (self.form.get(name) or [default])[0].strip()

    def text(self, name: str, most: int, what: str) -> str:
        """Words that a person typed, line ends as \\n. Raises Refused where there are more than `most` characters."""
        text = self.value(name).replace("\r\n", "\n")
        if len(text) > most:
            raise Refused(f"{what} has {len(text):,} characters, and {most:,} are kept at most: nothing was changed.")
        return text

    def write(self, change: Callable[[Store], T]) -> T:
        """Change the home: `change` runs alone, with a store open for writing. Keep it short, everybody waits for it."""
        return self.desk.write(change)

    def page(self, template: str, *, status: int = 200, **facts: Any) -> Answer:
        """A page from `templates/desk/<template>`."""
        return Answer(self.desk.render(f"desk/{template}", self, facts).encode("utf-8", "replace"), status)

    def go(self, path: str, *notices: str | Notice) -> Answer:
        """On to another page of the desk, which shows the notices."""
        for notice in notices:
            self.desk.sessions.tell(self.session, notice if isinstance(notice, Notice) else Notice(notice))
        return Answer(b"", 303, headers=(("Location", local(path)),))


def local(path: str) -> str:
    """`path` if it leads to a page of this desk, else the queue: an address from a form never leads away."""
    plain = (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and path.isprintable()
        and path.isascii()
        and "\\" not in path
    )
    return path if plain else "/"
