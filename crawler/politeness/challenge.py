"""Is an answer a listing page, or a demand to prove oneself human or to log in?"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.schema.challenges import Mark

_TITLE = re.compile(rb"<title[^>]*>(.{0,300}?)</title", re.I | re.S)
_LOOK = 256 * 1024


def recognise(
    marks: list[Mark],
    asked: str,
    url: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    language: str | None = None,
) -> Mark | None:
    """The first sign that holds for an answer to `asked` which came from `url`; header names in lower case."""
    lines: list[str] | None = None
    title: str | None = None
    lowered: bytes | None = None
    for mark in marks:
        if (mark.statuses and status not in mark.statuses) or (
            mark.max_kb and len(body) > mark.max_kb * 1024
        ):
            continue
        text = mark.text.lower()
        if mark.where == "header":
            lines = (
                [f"{name}: {value}".lower() for name, value in headers.items()] if lines is None else lines
            )
            found = any(line == text or line.startswith((text + ":", text + ",")) for line in lines)
        elif mark.where == "title":
            title = _title(body, headers, language) if title is None else title
            found = text in title
        elif mark.where == "path":
            found = url != asked and _in_path(text, url) and not _in_path(text, asked)
        else:
            lowered = body[:_LOOK].lower() if lowered is None else lowered
            found = text.encode() in lowered
        if found:
            return mark
    return None


def _title(body: bytes, headers: Mapping[str, str], language: str | None) -> str:
    match = _TITLE.search(body[:_LOOK])
    if match is None:
        return ""
    from crawler.decoding import decode

    raw = match.group(1)
    text = (
        raw.decode("utf-8")
        if _is_utf8(raw)
        else decode(body[:_LOOK], headers.get("content-type", ""), language)[0]
    )
    if not _is_utf8(raw):
        inner = re.search(r"<title[^>]*>(.{0,300}?)</title", text, re.I | re.S)
        text = inner.group(1) if inner else ""
    return " ".join(html.unescape(text).split()).lower()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _in_path(text: str, url: str) -> bool:
    parts = urlsplit(url)
    return text in f"{parts.hostname or ''}{parts.path}".lower()
