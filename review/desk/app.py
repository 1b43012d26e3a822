"""The desk itself: one home's database behind Datasette, our pages before it, the guard around both."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from datasette.app import Datasette

from config.loader import Config
from review.desk import plugin, words
from review.desk.cards import Names
from review.desk.facets import Facets
from review.desk.glossary import Glossary
from review.desk.guard import Guard
from review.desk.inert_csv import InertCsv
from review.desk.pages import all_pages
from review.desk.people import People
from review.desk.sessions import Sessions, Typed
from review.desk.visit import Visit
from storage.database import FILE
from storage.errors import StorageError
from storage.store import Store

T = TypeVar("T")

HERE = Path(__file__).parent

READERS = 4
"""Pages made at once; each thread holds a connection and its cache."""

INDEX_PART = 500
"""Listings indexed in one turn of the writer: about a fifth of a second."""

WRITER_WAIT_S = 10.0
"""How long a decision waits for a crawl's transaction before the person is told to send it again."""

LOOK_WAIT_S = 0.5
"""Seconds that a page waits for a change which only time has brought about."""


class Desk:
    """One running desk. `hosts` are the Host headers it answers to, e.g. 127.0.0.1:8100."""

    def __init__(self, home: Path, hosts: frozenset[str], *, clock: Callable[[], float] = time.time) -> None:
        self.home, self.hosts = home, hosts
        self.people = People(home)
        self.sessions = Sessions(self.people, clock)
        port = min(hosts).rpartition(":")[2]
        # Cookies are told to every port of a machine: the name keeps two desks apart.
        self.cookie = f"chipwatch_desk_{port}"
        self._local = threading.local()
        self._readers = ThreadPoolExecutor(READERS, "desk-read")
        self._writer = ThreadPoolExecutor(1, "desk-write")
        self._config: tuple[Any, tuple[Config, Names, Glossary]] | None = None
        self.facets = Facets(clock, self.read)
        self._lock = threading.Lock()
        self._closing = False
        self._soon: Future[Any] | None = None
        self.datasette = self._datasette()

    def _datasette(self) -> Datasette:
        # Opened once for writing, so that an older home is brought up to date before anybody only reads.
        Store.open(self.home, create=False).close()
        served = Datasette(
            files=[str(self.home / FILE)],
            template_dir=str(HERE / "templates"),
            settings={
                "allow_download": False,
                "allow_csv_stream": True,
                "num_sql_threads": 3,
                "default_cache_ttl": 0,
                "suggest_facets": False,
            },
            metadata={"databases": {Path(FILE).stem: {"title": "chipwatch data", "tables": _TABLES}}},
        )
        plugin.attach(served, self)
        return served

    @cached_property
    def app(self) -> Guard:
        """The ASGI application."""
        return Guard(InertCsv(self.datasette.app()), self.sessions, self.hosts, self.cookie, plugin.takes_form)

    @property
    def config(self) -> Config:
        """The home's config, loaded anew when one of its files changed."""
        return self._loaded()[0]

    @property
    def names(self) -> Names:
        """Titles of chips, signals and countries by the config as it is now."""
        return self._loaded()[1]

    @property
    def glossary(self) -> Glossary:
        """The lexicon turned round, to tell what marked words mean."""
        return self._loaded()[2]

    def _loaded(self) -> tuple[Config, Names, Glossary]:
        files = sorted((self.home / "config").rglob("*.toml"))
        stamp = tuple((str(file), file.stat().st_mtime_ns) for file in files)
        with self._lock:
            if self._config is None or self._config[0] != stamp:
                config = Config(self.home)
                self._config = stamp, (config, Names(config), Glossary(config))
            return self._config[1]

    @cached_property
    def templates(self) -> Any:
        """Jinja with escaping on and undefined names refused."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        env = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        env.filters.update(words.FILTERS)
        return env

    def render(self, template: str, visit: Visit | None, facts: Mapping[str, Any]) -> str:
        """A page as HTML. Templates also see `visit`, `nav`, `notices`, `form_key`, `typed` and `asset`."""
        common: dict[str, Any] = {
            "visit": visit,
            "nav": navigation(),
            "asset": plugin.asset,
            "notices": (),
            "form_key": "",
            "typed": lambda form: Typed({}),
        }
        if visit is not None:
            common |= {
                "notices": self.sessions.told(visit.session),
                "form_key": self.sessions.form_key(visit.session),
                "typed": lambda form: self.sessions.typed(visit.session, form),
            }
        return str(self.templates.get_template(template).render({**common, **facts}))

    def read(self, make: Callable[[Store], T]) -> Any:
        """A future of `make`, run in a reading thread with a store that cannot write."""
        return self._readers.submit(lambda: make(self._reader()))

    def _reader(self) -> Store:
        if not hasattr(self._local, "store"):
            self._local.store = Store.open(self.home, create=False, readonly=True)
        return self._local.store

    def write(self, change: Callable[[Store], T]) -> T:
        """Run `change` in the one writing thread and wait for it."""
        return self._writer.submit(lambda: change(self._write_store())).result()

    def write_soon(self, change: Callable[[Store], Any]) -> None:
        """Run `change` in the writing thread, and wait for it a moment only: who looks is not held up by a crawl that writes.

        While one such change still waits, no other is put behind it: the next look brings it again.
        """
        with self._lock:
            if self._soon is None or self._soon.done():
                self._soon = self._writer.submit(lambda: change(self._write_store()))
            soon = self._soon
        with contextlib.suppress(StorageError, TimeoutError):
            soon.result(timeout=LOOK_WAIT_S)

    def index_search(self) -> None:
        """Bring the search index up to date in the background, in parts, so that a decision need not wait for all of it."""

        def part() -> None:
            with contextlib.suppress(StorageError):
                if self._write_store().index_search(INDEX_PART) == INDEX_PART and not self._closing:
                    self._writer.submit(part)

        self._writer.submit(part)

    def _write_store(self) -> Store:
        if not hasattr(self._local, "writer"):
            self._local.writer = Store.open(self.home, create=False, timeout=WRITER_WAIT_S)
        return self._local.writer

    def close(self) -> None:
        """Wait for what runs and let go of the threads."""
        self._closing = True
        self._readers.shutdown()
        self._writer.shutdown()


def navigation() -> tuple[tuple[str, str], ...]:
    """The header: name and address of each page in it, Datasette's database last."""
    return (*((page.nav, page.path) for page in all_pages() if page.nav), ("Data", f"/{Path(FILE).stem}"))


_TABLES: dict[str, dict[str, Any]] = {
    "_sqlite_migrations": {"hidden": True},
    "reading_version": {"hidden": True},
    "search_pending": {"hidden": True},
    "search_doc": {"hidden": True},
    "alert": {"label_column": "title"},
    "listing": {"label_column": "title"},
    "seller": {"label_column": "label"},
    "site": {"label_column": "name"},
}
