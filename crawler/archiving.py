"""What of an answer goes into the archive: not the bytes of a page that asks not to be kept, and never our keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import Response

    from crawler.page import Page
    from storage.listing import Listing

WHY = "the page says noarchive"
NOT_KEPT = {"noarchive", "none"}
OURS = {"robots", "chipwatch"}
_LARGEST_HEAD = 1 << 20
"""Bytes of a page in which its head ends; shops put hundreds of kilobytes of style and script before their meta tags."""
_META = re.compile(rb"<meta\s([^<>]{1,500})>")
_ATTRIBUTE = re.compile(rb"([a-z-]{1,20})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_OF_A_DIRECTIVE = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
"""What a colon follows that is no name of a robot."""


def not_to_be_kept(page: Page) -> bool:
    """Does the page ask not to be archived, by header or meta tag?"""
    # Each header speaks for itself: a robot that one of them names is not meant by the next.
    if any(NOT_KEPT & _words(line) for line in page.headers.get("x-robots-tag", "").lower().split("\n")):
        return True
    end = next((at for sign in (b"<body", b"<BODY") if (at := page.body.find(sign, 0, _LARGEST_HEAD)) >= 0), _LARGEST_HEAD)
    head = page.body[:end].lower()
    return (b"robots" in head or b"chipwatch" in head) and any(NOT_KEPT & _of_tag(tag) for tag in _META.findall(head))


def _of_tag(tag: bytes) -> set[str]:
    """The directives of a meta tag that speaks to us, in whatever order its attributes stand."""
    told = {name: (a or b or c).decode("utf-8", "replace") for name, a, b, c in _ATTRIBUTE.findall(tag)}
    return set(re.split(r"[,;\s]+", told.get(b"content", ""))) if told.get(b"name", "").strip() in OURS else set()


def request_headers(response: Response) -> list[tuple[str, str]]:
    """The headers that were sent for an answer, without the secrets among them."""
    sent = response.request.headers.items() if response.request else ()
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, values in sent for value in values]
    return [(name, "(withheld)" if name.lower() in ("authorization", "accesskey") else value) for name, value in pairs]


def quotes(listings: Iterable[Listing]) -> list[str]:
    """The words of a page that the listings hold: all that is kept of it besides its digest."""
    return [
        text
        for entry in listings
        for text in (entry.title, entry.price_text, entry.description)
        if text
    ]


def tls(response: Response) -> dict[str, str] | None:
    """Digest and issuer of the server's certificate."""
    certificate = response.certificate
    if certificate is None:
        return None
    try:
        return {
            "certificate_sha256": certificate.digest("sha256").replace(":", "").lower(),
            "issuer": str(certificate.getIssuer()),
        }
    except Exception:
        return None


def _words(header: str) -> set[str]:
    """Directives of one X-Robots-Tag that speak to us: `noarchive`, `chipwatch: none`, but not `otherbot: none`."""
    found, agent = set(), ""
    for part in re.split("[,;]", header):
        name, sign, rest = part.strip().partition(":")
        # A clock time in a date has a colon, too.
        if sign and name.strip() not in _OF_A_DIRECTIVE and name[:1].isalpha():
            agent, part = name.strip(), rest
        if agent in ("", *OURS):
            found.add(part.strip())
    return found
