"""Where the links of a page lead: addresses in full, by the base that the page states."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser


def base_of(tree: LexborHTMLParser, url: str) -> str:
    """What the links of a page are relative to: its `base` element where it has one, else its own address `url`."""
    stated = tree.css_first("base[href]")
    return (led_to(url, stated.attributes.get("href") or "") if stated is not None else None) or url


def led_to(base: str, link: str) -> str | None:
    """The http(s) address of a link; None for one that leads to no page (`javascript:`, `mailto:`) or to no host or port that can be.
    On a saved page that does not tell its address (`base` is of a file) links of files name what they lead to."""
    try:
        url = urljoin(base, link)
        parts = urlsplit(url)
        if parts.scheme == "file" and urlsplit(base).scheme == "file":
            return url
        return url if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None
