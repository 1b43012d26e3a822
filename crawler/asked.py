"""When two requests of a run are the same, so that an address is asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.utils.request import fingerprint

if TYPE_CHECKING:
    from scrapy.http import Request


class Fingerprinter:
    """Scrapy's, which leaves fragments out, but for signed requests: their fragment is what a header tells the API (see `ebay_browse`)."""

    def fingerprint(self, request: Request) -> bytes:
        """What is equal for two requests that would bring the same answer."""
        return fingerprint(request, keep_fragments="Authorization" in request.headers)
