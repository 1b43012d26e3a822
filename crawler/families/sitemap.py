"""Addresses of a sitemap or a sitemap index, without an XML parser: entities that explode are never expanded."""

from __future__ import annotations

import html
import re
import zlib
from typing import Literal

MAX_BYTES = 50 * 1024 * 1024
"""sitemaps.org: a sitemap holds at most 50 MB uncompressed and 50,000 addresses."""
MAX_URLS = 50_000
_LOC = re.compile(rb"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]{1,2000}?)\s*(?:\]\]>)?\s*</loc>", re.I)


def addresses(body: bytes) -> tuple[Literal["urls", "index"] | None, list[str]]:
    """What kind of sitemap it is and its http(s) addresses, in order; (None, []) if it is none."""
    if body[:2] == b"\x1f\x8b":
        try:
            body = zlib.decompressobj(47).decompress(body, MAX_BYTES)
        except zlib.error:
            return None, []
    head = body[:4096].lower()
    kind: Literal["urls", "index"] | None = (
        "index" if b"<sitemapindex" in head else "urls" if b"<urlset" in head else None
    )
    if kind is None:
        return None, []
    found = []
    for match in _LOC.finditer(body):
        url = html.unescape(match.group(1).decode("utf-8", "replace"))
        if url.startswith(("http://", "https://")):
            found.append(url)
        if len(found) >= MAX_URLS:
            break
    return kind, found
