"""Where a page is from: its address, country and language; they decide what `$` or `kr` means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction.extracted import host
from crawler.extraction.prices import Place

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

GENERIC = frozenset(
    ("io", "co", "me", "tv", "ai", "cc", "to", "gg", "fm", "am", "ly", "eu", "ws", "la", "sh", "is", "im")
)
"""Two-letter endings that shops use without being of the country."""
_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z]{4})?(?:[-_]([a-z]{2}))?\b", re.I)


def canonical(tree: LexborHTMLParser, heads: dict[str, str]) -> str | None:
    """The page's address as it states it itself; None if it does not."""
    link = tree.css_first('link[rel~="canonical"]')
    stated = (link.attributes.get("href") if link is not None else None) or heads.get("og:url") or ""
    return stated if stated.startswith(("http://", "https://")) and host(stated) else None


def of(tree: LexborHTMLParser, heads: dict[str, str], url: str | None, currency: str | None = None) -> Place:
    """Country by the address's ending, else by the language tag's region; language by the page's own statement."""
    root = tree.root
    stated = (
        (root.attributes.get("lang") if root is not None else None)
        or heads.get("og:locale")
        or heads.get("language")
        or ""
    )
    tag = _TAG.match(stated.strip())
    language = tag[1].lower() if tag else None
    region = tag[2].upper() if tag and tag[2] else None
    ending = (host(url) or "").rsplit(".", 1)[-1]
    country = ending.upper() if len(ending) == 2 and ending.isalpha() and ending not in GENERIC else region
    country = "GB" if country == "UK" else country
    return Place(country, f"{language}-{region}" if language and region else language, currency)
