"""What of an answer goes into the archive: not the bytes of a page that asks not to be kept, and never our keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapy.http import Response

if TYPE_CHECKING:
    from crawler.page import Page, Reading

NOT_KEPT = ("noarchive", "none")
_META = re.compile(rb"<meta[^>]{0,200}name\s*=\s*[\"']?(?:robots|chipwatch)[^>]{0,200}noarchive")


def not_to_be_kept(page: Page) -> bool:
    """Does the page ask not to be archived, by header or meta tag?"""
    header = page.headers.get("x-robots-tag", "").lower()
    if any(word in _words(header) for word in NOT_KEPT):
        return True
    head = page.body[:32_768].lower()
    return b"noarchive" in head and _META.search(head) is not None


def request_headers(response: Response) -> list[tuple[str, str]]:
    """The headers that were sent for an answer, without the secrets among them."""
    sent = response.request.headers.items() if response.request else ()
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, values in sent for value in values]
    return [(name, "(withheld)" if name.lower() in ("authorization", "accesskey") else value) for name, value in pairs]


def quotes(reading: Reading) -> list[str]:
    """The words of a page that the listings hold: all that is kept of it besides its digest."""
    return [
        text
        for entry in reading.listings
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
    """Directives of X-Robots-Tag that speak to us: `noarchive`, `chipwatch: none`, but not `otherbot: none`."""
    found, agent = set(), ""
    for part in header.split(","):
        name, sign, rest = part.partition(":")
        if sign and name.strip() not in (
            "unavailable_after",
            "max-snippet",
            "max-image-preview",
            "max-video-preview",
        ):
            agent, part = name.strip(), rest
        if agent in ("", "chipwatch"):
            found.add(part.strip())
    return found
