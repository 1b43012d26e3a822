"""Start addresses of the page families: each address with each search term."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from crawler.page import Follow

if TYPE_CHECKING:
    from config.schema.sites import Site


def search_pages(site: Site, terms: tuple[str, ...]) -> tuple[Follow, ...]:
    """`{term}` in a start address is replaced by each term, encoded for a query; addresses without it stand once."""
    urls = [
        url.replace("{term}", quote_plus(term)) if "{term}" in url else url
        for url in site.start
        for term in (terms if "{term}" in url else ("",))
    ]
    return tuple(Follow(url, "list") for url in dict.fromkeys(urls))
