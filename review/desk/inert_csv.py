"""Datasette's CSV on its way out: no cell of it may become a formula in a spreadsheet, numbers stay numbers.

Rewritten here and not in SQL or in Datasette, so that it holds for tables, rows, views and typed-in queries alike.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from review.spreadsheet import inert

if TYPE_CHECKING:
    from review.desk.guard import App, Receive, Scope, Send

_CELL = re.compile(r'("(?:[^"]++|"")*+"|[^,"\r\n]*+)(,|\r?\n|\Z)')
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE)


class InertCsv:
    """ASGI middleware: answers of 200 to addresses that end in .csv have their cells made inert, a record at a time."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a `send` that rewrites where it is for CSV."""
        await self.app(scope, receive, _rewriting(send) if str(scope.get("path", "")).endswith(".csv") else send)


def _rewriting(send: Send) -> Send:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    is_csv, waiting = False, ""

    async def rewritten(message: MutableMapping[str, Any]) -> None:
        nonlocal is_csv, waiting
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message.get("headers", [])}
            is_csv = message["status"] == 200 and headers.get(b"content-type", b"").startswith((b"text/csv", b"text/plain"))
            if is_csv:  # the length changes
                message = {**message, "headers": [pair for pair in message["headers"] if pair[0].lower() != b"content-length"]}
        elif is_csv:
            more = message.get("more_body", False)
            waiting += decoder.decode(message.get("body", b""), final=not more)
            # A line's end within quotes does not end a record.
            whole = not more or (waiting.endswith("\n") and waiting.count('"') % 2 == 0)
            message = {**message, "body": records(waiting).encode() if whole else b""}
            waiting = "" if whole else waiting
        await send(message)

    return rewritten


def records(text: str) -> str:
    """Whole records with their cells inert and every text quoted; what is no CSV becomes one inert cell."""
    out, at = [], 0
    for match in _CELL.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        out.append(_cell(match[1]) + match[2])
    return "".join(out) if at == len(text) else _quoted(text)


def _cell(written: str) -> str:
    if written.startswith('"'):
        return _quoted(written[1:-1].replace('""', '"'))
    return written if not written or _NUMBER.fullmatch(written) else _quoted(written)


def _quoted(text: str) -> str:
    return '"' + str(inert(text)).replace('"', '""') + '"'
