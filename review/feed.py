"""The digests as an Atom feed (RFC 4287): a file for any reader, rewritten with each digest."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from review.outgoing import outgoing
from review.plain import unlinked

ATOM = "http://www.w3.org/2005/Atom"

ENTRIES = 30
"""Digests in the feed: a month of mornings."""


def feed(rows: Iterable[Mapping[str, Any]], home: str, *, updated: str, desk: str = "") -> bytes:
    """The feed of these stored digests (rows of `Store.digest`), the latest first. `updated` stands where there is none yet."""
    from lxml import etree

    rows = list(rows)
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    _add(root, "id", _urn(home))
    _add(root, "title", "chipwatch digests")
    _add(
        root,
        "subtitle",
        "What is new, and which sites were not read whole. A signal is a reason to look, never a verdict.",
    )
    _add(root, "updated", rows[0]["created_at"] if rows else updated)
    _add(_add(root, "author"), "name", "chipwatch")
    if desk:
        _add(root, "link", rel="alternate", href=f"{desk}/")
    for row in rows:
        _entry(root, row, home)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return text


def _entry(root: Any, row: Mapping[str, Any], home: str) -> None:
    out = outgoing(row, home)
    entry = _add(root, "entry")
    _add(entry, "id", _urn(f"{home}/{row['id']}"))
    _add(entry, "title", unlinked(out.headline))
    _add(entry, "updated", row["created_at"])
    _add(entry, "category", term=row["kind"])
    # Escaped HTML, not XHTML: one text node, in which nothing can open or close an element of the feed.
    _add(entry, "content", out.fragment, type="html")


def _add(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    from lxml import etree

    child = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = _xml(text) if text is not None else None
    return child


def _xml(text: str) -> str:
    """Text without the characters that XML 1.0 forbids."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000"
    )


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"chipwatch:{name}").urn
