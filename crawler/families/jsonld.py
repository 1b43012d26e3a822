"""Listing pages that carry schema.org markup, reached from result pages or sitemaps; read by the generic extraction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler import dom
from crawler.decoding import decode
from crawler.families.cards import id_in, next_page
from crawler.families.sitemap import addresses
from crawler.families.start import search_pages
from crawler.links import base_of, led_to
from crawler.page import Follow, Page, Reading, Role, merged
from storage.listing import Listing, ListingError

if TYPE_CHECKING:
    from config.schema.sites import Site


def start(site: Site, terms: tuple[str, ...]) -> tuple[Follow, ...]:
    """Search pages and sitemaps."""
    return (*search_pages(site, terms), *(Follow(url, "sitemap") for url in site.sitemap))


def read(page: Page, site: Site) -> Reading:
    """A sitemap's or result page's addresses of listing pages, or the listing of a listing page."""
    if page.role == "sitemap" or (page.role is None and _is_sitemap(page.body)):
        return _sitemap(page, site)
    text, _ = decode(page.body, page.headers.get("content-type", ""), site.language)
    try:
        if page.role == "detail" or (page.role is None and _is_detail(page.url, text, site)):
            return _detail(text, page, site)
        return _list(text, page, site)
    except dom.TooDeep as error:
        return Reading(recognised=False, problems=(str(error),))


def _is_sitemap(body: bytes) -> bool:
    head = body[:512]
    return head[:2] == b"\x1f\x8b" or b"<urlset" in head or b"<sitemapindex" in head


def _is_detail(url: str, text: str, site: Site) -> bool:
    if site.detail.only:
        return _wanted(url, site)
    return id_in(url, site) is not None or '"Offer' in text


def _wanted(url: str, site: Site) -> bool:
    path = urlsplit(url).path
    return not site.detail.only or any(part in path for part in site.detail.only)


def _sitemap(page: Page, site: Site) -> Reading:
    kind, found = addresses(page.body)
    if kind is None:
        return Reading(recognised=False, problems=("no sitemap",))
    role: Role = "sitemap" if kind == "index" else "detail"
    chosen = [url for url in found if led_to(page.url, url) and (kind == "index" or _wanted(url, site))]
    return Reading(follow=tuple(Follow(url, role) for url in chosen))


def _list(text: str, page: Page, site: Site) -> Reading:
    from crawler.families.markup import item_list

    tree = dom.parse(text)
    root = tree.root
    base = base_of(tree, page.url)
    links = (
        list(dom.select(root, site.list.links)) if site.list.links and root is not None else item_list(tree)
    )
    follow = []
    for link in dict.fromkeys(led_to(base, link) for link in links):
        if link and _wanted(link, site):
            follow.append(Follow(link, "detail"))
    empty = site.list.empty is not None and bool(tree.css(site.list.empty))
    if not follow and not empty:
        if not site.list.links and _wanted(page.url, site):
            # Where the site file knows of no lists, a start address may be a listing page itself.
            found = _detail(text, page, site)
            if found.recognised:
                return found
        after = next_page(tree, page, site)
        return Reading(follow=after, recognised=False, problems=("no address of a listing on the page",))
    return Reading(follow=(*next_page(tree, page, site), *follow))


def _detail(text: str, page: Page, site: Site) -> Reading:
    from crawler.families.markup import extract

    listing = extract(text, page.url, site)
    if listing is None:
        return Reading(recognised=False, problems=("the page does not prove to be a listing",))
    try:
        return Reading((merged(page.card, _finished(listing, page, site)),))
    except ListingError as error:
        return Reading(recognised=False, problems=(str(error),))


def _finished(listing: Listing, page: Page, site: Site) -> Listing:
    """The extracted listing under the site's name: the id in the address, else the SKU (see `crawler.naming`), else the address itself."""
    import dataclasses

    sku = listing.attributes.get("sku")
    return dataclasses.replace(
        listing, site=site.key, listing_id=str(id_in(page.url, site) or sku or page.url), url=listing.url or page.url,
        country=site.country, language=listing.language or site.language, observed_at=page.fetched_at,
    )  # fmt: skip
