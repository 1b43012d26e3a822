"""The Datasette plugin: our pages as routes, links from its rows to our pages, and a connection that can only read."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import sqlite3
import sys
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote

import markupsafe
from datasette import Response, hookimpl
from datasette.plugins import pm
from datasette.views.base import DatasetteError

from config.tables import ConfigError
from review.desk.pages import all_pages
from review.desk.unstyled import Unstyled
from review.desk.visit import Answer, NotHere, Page, Refused, Visit, local
from storage.errors import LockedError, MissingError, StorageError

if TYPE_CHECKING:
    from datasette.app import Datasette

    from review.desk.app import Desk

STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

LINKED = {"alert": "/alert/{}", "listing": "/alert/{}", "seller": "/sellers/{}"}
"""Rows of these tables, and cells of these names, lead to a page of ours."""

ROWS = {
    "site": "/sites/{id}", "run": "/sites/{site}", "evidence": "/evidence/{id}", "market_reference": "/market/{offer}/{chip}", "mute": "/mutes",
}  # fmt: skip
"""Rows of these tables do too, by their columns."""


def page_of(table: str, row: sqlite3.Row, key: str) -> str | None:
    """The address of our page about a table's row with this key, if there is one."""
    said = {name: quote(str(value), safe="") for name, value in dict(row).items()}
    return LINKED[table].format(quote(key, safe="")) if table in LINKED else ROWS[table].format(**said) if table in ROWS else None


def attach(datasette: Datasette, desk: Desk) -> None:
    """Make this plugin serve `desk` on `datasette`; other instances in the process are left as they are."""
    datasette._chipwatch_desk = desk
    datasette.jinja_env.loader = Unstyled(datasette.jinja_env.loader)
    if not pm.has_plugin("chipwatch-desk"):
        pm.register(sys.modules[__name__], "chipwatch-desk")


def _desk(datasette: Any) -> Desk | None:
    return getattr(datasette, "_chipwatch_desk", None)


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    """Our pages by address. Pages of one address differ by method."""
    if _desk(datasette) is None:
        return []
    routes: dict[str, dict[str, Page]] = {}
    for page in all_pages():
        routes.setdefault(page.path, {})[page.method] = page
    # An address with fixed parts goes before one with a `<name>` in their place.
    paths = sorted(routes, key=lambda path: [part.startswith("<") for part in path.split("/")])
    own = [(_pattern(path), partial(_visit, routes[path])) for path in paths]
    return [(r"^/-/desk/static/(?P<name>[\w.-]+)$", _static), (r"^/sign-in$", _sign_in), *own]


@hookimpl
def skip_csrf(datasette: Any, scope: Any) -> bool:
    """Our forms carry a key of their own, and the guard has looked at their origin."""
    return _desk(datasette) is not None and takes_form(scope["path"])


@cache
def _form_patterns() -> list[re.Pattern[str]]:
    return [re.compile(_pattern(page.path)) for page in all_pages() if page.method == "POST"]


def takes_form(path: str) -> bool:
    """Whether one of our forms is sent to this path."""
    return path == "/sign-in" or any(pattern.match(path) for pattern in _form_patterns())


@hookimpl
def actor_from_request(datasette: Any, request: Any) -> dict[str, str] | None:
    """The signed-in person, for Datasette's pages. Never its `root`, whatever the name."""
    session = request.scope.get("desk_session")
    return {"id": f"person:{session.person.name}", "display": session.person.name} if session else None


@hookimpl(tryfirst=True)
def permission_allowed(datasette: Any, actor: Any, action: str) -> bool | None:
    """Nobody sees anything without a session, even if the guard were taken off."""
    return False if _desk(datasette) is not None and actor is None else None


@hookimpl
def prepare_connection(conn: sqlite3.Connection, database: str, datasette: Any) -> None:
    """A second lock beside mode=ro: no statement writes, no other file is attached."""
    if _desk(datasette) is not None and database != "_internal":
        conn.execute("PRAGMA query_only=ON")
        if hasattr(conn, "setlimit"):
            conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)


@hookimpl(hookwrapper=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Iterator[None]:
    """Put our answer in place of Datasette's, which writes every local variable, cookies among them, into the log."""
    outcome = yield
    if _desk(datasette) is not None:
        outcome.force_result([partial(_explain, datasette, request, exception)])  # type: ignore[attr-defined]


NO_DATABASE = "Database not found"
"""What Datasette says of each address that is no page: it takes the first part for the name of a database."""


async def _explain(datasette: Any, request: Any, exception: Exception) -> Response:
    status, words = getattr(exception, "status", 500), str(exception.args[0] if exception.args else exception)
    if status == 500 and not isinstance(exception, DatasetteError):
        logging.getLogger("chipwatch.desk").error("%s %s", request.method, request.path, exc_info=exception)
        words = f"unexpected {type(exception).__name__}; the terminal that runs the desk says more"
    if isinstance(exception, DatasetteError):
        # Its one message in HTML is about a query that was stopped, with a script in it.
        words = (
            "The query took too long and was stopped."
            if exception.message_is_html
            else str(exception.message)
        )
    if status == 404 and words == NO_DATABASE:
        words = "The desk has no page at this address."
    title = getattr(exception, "title", None) or ("Not here" if status == 404 else "That did not work")
    if request.path.endswith(".json"):
        return Response.json({"ok": False, "error": words, "status": status, "title": title}, status=status)
    page = await datasette.render_template(
        "error.html", {"title": title, "error": words, "status": status}, request=request
    )
    return Response.html(page, status=status)


@hookimpl
def render_cell(value: Any, column: str, table: str | None, datasette: Any) -> Any:
    """A listing's or seller's key leads to our page about it."""
    if (
        _desk(datasette) is None
        or column not in LINKED
        or not isinstance(value, str)
        or table in (None, column)
    ):
        return None
    return markupsafe.Markup('<a href="{}">{}</a>').format(
        LINKED[column].format(quote(value, safe="")), value
    )


@hookimpl
def extra_template_vars(datasette: Any, request: Any) -> dict[str, Any]:
    """What the frame round Datasette's pages needs."""
    desk = _desk(datasette)
    if desk is None:
        return {}
    from review.desk.app import navigation

    session = request.scope.get("desk_session") if request else None
    key = desk.sessions.form_key(session) if session else ""
    return {
        "desk_nav": navigation(),
        "desk_session": session,
        "desk_asset": asset,
        "desk_page_of": page_of,
        "desk_form_key": key,
    }


def _pattern(path: str) -> str:
    parts = [
        f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("<") else part for part in path.strip("/").split("/")
    ]
    return "^/" + "/".join(parts) + "$"


async def _visit(pages: dict[str, Page], request: Any, datasette: Any) -> Response:
    """Answer a request with the page of its address and method."""
    desk: Desk = datasette._chipwatch_desk
    page = pages.get("GET" if request.method == "HEAD" else request.method)
    if page is None:
        return Response.text("This address does not take that method.\n", status=405)
    args = parse_qs(request.query_string, keep_blank_values=True)
    form = (
        parse_qs((await request.post_body()).decode("utf-8", "replace"), keep_blank_values=True)
        if page.method == "POST"
        else {}
    )
    names = {name: unquote(value) for name, value in request.url_vars.items()}
    future = desk.read(
        lambda store: _answer(
            desk, page, Visit(desk, request.scope["desk_session"], store, request.path, args, form, names)
        )
    )
    answer: Answer = await asyncio.wrap_future(future)
    return Response(answer.body, answer.status, dict(answer.headers), answer.kind)


def _answer(desk: Desk, page: Page, visit: Visit) -> Answer:
    if page.method != "POST":
        return _tried(page, visit)[0]
    back, key = visit.value("back", page.back), visit.value("form_key")
    if visit.value("choose"):
        _keep(visit)
        return visit.go(back, notice(page.choose))
    if not desk.sessions.spend(visit.session, key):
        _keep(visit)
        words = "This form was sent before, or is from before the desk was started: nothing was changed. Here is how things stand."
        return visit.go(back, notice(words))
    answer, done = _tried(page, visit)
    if not done:
        desk.sessions.give_back(key)
        _keep(visit)
    return answer


def _keep(visit: Visit) -> None:
    """Show what was typed again on the page that the person is led back to."""
    visit.desk.sessions.keep_typed(visit.session, visit.value("form", visit.path), visit.form)


def _tried(page: Page, visit: Visit) -> tuple[Answer, bool]:
    """The page's answer, and whether it did what was asked for."""
    back = visit.value("back", page.back)
    try:
        return page.view(visit), True
    except (NotHere, MissingError) as error:
        answer = visit.page("problem.html", status=404, title="Not here", words=str(error))
    except Refused as error:
        answer = visit.go(back, notice(str(error)))
    except ConfigError as error:
        answer = visit.page("problem.html", status=500, title="The configuration cannot be used", words=str(error))
    except LockedError:
        words = "A crawl or another command is writing. Nothing was changed: go back and send it again."
        answer = visit.page("problem.html", status=503, title="Busy", words=words, back=local(back) if page.method == "POST" else None)
    except StorageError as error:
        answer = visit.page("problem.html", status=500, title="That did not work", words=str(error))
    return answer, False


def notice(text: str) -> Any:
    """A notice of something not done."""
    from review.desk.sessions import Notice

    return Notice(text, "problem")


async def _sign_in(request: Any, datasette: Any) -> Response:
    """Take a token, from the printed link or from the form, and give a session for it."""
    desk: Desk = datasette._chipwatch_desk
    if request.method == "POST":
        said = parse_qs((await request.post_body()).decode("utf-8", "replace"))
    else:
        said = parse_qs(request.query_string)
    token, to = ((said.get(name) or [""])[0].strip() for name in ("token", "to"))
    person = desk.people.by_token(token) if token else None
    if person is None:
        words = "This token is not, or no longer, known here." if token else ""
        page = desk.render("desk/sign-in.html", None, {"words": words, "to": local(to)})
        return Response.html(page, status=403 if token else 200, headers={"Cache-Control": "no-store"})
    answer = Response("", 303, {"Location": local(to), "Cache-Control": "no-store"})
    # Lax: a link in the morning's digest must find the session; what changes anything is a POST, which never carries it from elsewhere.
    answer.set_cookie(desk.cookie, desk.sessions.open(person), httponly=True, samesite="lax", path="/")
    return answer


async def _static(request: Any) -> Response:
    name = request.url_vars["name"]
    known = _files()
    if name not in known:
        return Response.text("no such file\n", status=404)
    body, _ = known[name]
    return Response(body, 200, {"Cache-Control": "private, max-age=86400"}, KINDS[Path(name).suffix])


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    found = [path for path in STATIC.iterdir() if path.suffix in KINDS]
    return {
        path.name: (path.read_bytes(), hashlib.sha256(path.read_bytes()).hexdigest()[:12]) for path in found
    }


def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it."""
    return f"/-/desk/static/{name}?{_files()[name][1]}"
