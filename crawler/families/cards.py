"""Result lists without structured data: every card is a listing, by the selectors of the site file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from crawler import dom
from crawler.decoding import decode
from crawler.families.start import search_pages
from crawler.links import base_of, led_to
from crawler.page import Follow, Page, Reading, merged
from storage.listing import Listing, ListingError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from config.schema.sites import Selectors, Site

start = search_pages
_ONE_LINE = frozenset(
    ("title", "price", "condition", "category", "seller_id", "seller_name", "location", "id")
)


def read(page: Page, site: Site) -> Reading:
    """Listings of a list page or of a detail page; a page whose role is not known is a list if it holds cards."""
    text, _ = decode(page.body, page.headers.get("content-type", ""), site.language)
    try:
        tree = dom.parse(text)
    except dom.TooDeep as error:
        return Reading(recognised=False, problems=(str(error),))
    cards = [] if page.role == "detail" else tree.css(site.list.card or "")
    if page.role == "detail" or (page.role is None and not cards and site.detail.follow != "none"):
        return _detail(tree, page, site)
    return _list(tree, cards, page, site)


def _list(tree: LexborHTMLParser, cards: list[LexborNode], page: Page, site: Site) -> Reading:
    if not cards:
        empty = site.list.empty is not None and bool(tree.css(site.list.empty))
        if empty:
            return Reading()
        # Its next pages are fetched all the same: once the site file is mended, their stored bytes give the listings.
        return Reading(follow=next_page(tree, page, site), recognised=False, problems=("no card on the page",))
    found: list[Listing] = []
    problems: list[str] = []
    base = base_of(tree, page.url)
    for number, card in enumerate(cards, 1):
        try:
            found.append(_listing(card, site.list.fields, page, base, site))
        except ListingError as error:
            problems.append(f"card {number}: {error}")
    follow = list(next_page(tree, page, site))
    if site.detail.follow != "none":
        follow += [Follow(card.url, "detail", card) for card in found if card.url]
    # Cards without any readable title mean that the inside of the card has changed.
    return Reading(tuple(found), tuple(follow), bool(found), tuple(problems))


def _detail(tree: LexborHTMLParser, page: Page, site: Site) -> Reading:
    root = tree.root
    values = fields_of(root, site.detail.fields, base_of(tree, page.url)) if root is not None else {}
    if not values or not (page.card or values.get("title")):
        return Reading(recognised=False, problems=("no field of a listing on the page",))
    try:
        values.setdefault("title", page.card.title if page.card else None)
        if page.card:
            values["listing_id"] = page.card.listing_id
        listing = _finished(values, page, site)
    except ListingError as error:
        return Reading(recognised=False, problems=(str(error),))
    return Reading((merged(page.card, listing),))


def _listing(card: LexborNode, selectors: Selectors, page: Page, base: str, site: Site) -> Listing:
    values = fields_of(card, selectors, base)
    values.setdefault("url", None)
    return _finished(values, page, site)


def _finished(values: dict[str, Any], page: Page, site: Site) -> Listing:
    url = values.get("url") or (page.url if page.role == "detail" else None)
    listing_id = values.pop("id", None) or values.get("listing_id") or id_in(url, site) or url
    return Listing.from_dict({
        **values, "site": site.key, "listing_id": listing_id, "url": url, "country": site.country,
        "language": site.language, "observed_at": page.fetched_at,
    })  # fmt: skip


def fields_of(node: LexborNode, selectors: Selectors, base: str) -> dict[str, Any]:
    """Values of all given selectors inside a node, under the names of a listing's fields; `base` is what its links are relative to."""
    values: dict[str, Any] = {}
    for name in type(selectors).model_fields:
        tried: tuple[str, ...] = getattr(selectors, name)
        if name == "image_urls":
            pictures = [led_to(base, value) for selector in tried for value in dom.select(node, selector)]
            values[name] = tuple(dict.fromkeys(filter(None, pictures)))
            continue
        value: Any = dom.first(node, tried) if tried else None
        if value is None:
            continue
        if name in _ONE_LINE:
            value = " ".join(value.split())
        if name == "url":
            value = led_to(base, value)
        elif name in ("quantity", "seller_ratings"):
            value = whole_number(value)
        values["price_text" if name == "price" else name] = value
    return {name: value for name, value in values.items() if value not in (None, "", ())}


def whole_number(text: str) -> int | None:
    """The only whole number in a short text ("1,204 ratings", "库存 8 件"); None if there is none or more than one."""
    found = re.findall(r"\d{1,3}(?:[,.\u00a0 ]\d{3})+(?!\d)|\d+", text)
    if len(found) != 1:
        return None
    digits = re.sub(r"\D", "", found[0])
    return int(digits) if len(digits) < 12 else None


def id_in(url: str | None, site: Site) -> str | None:
    """The listing id in an address, by the site's `id_pattern`."""
    if not url or not site.id_pattern:
        return None
    match = re.search(site.id_pattern, url)
    return match.group(1) if match else None


def next_page(tree: LexborHTMLParser, page: Page, site: Site) -> tuple[Follow, ...]:
    """The next page of a list, if the site file says where its address stands."""
    root = tree.root
    if not site.list.next or root is None:
        return ()
    address = next(dom.select(root, site.list.next), None)
    if not address:
        return ()
    url = led_to(base_of(tree, page.url), address)
    return () if url is None or url == page.url else (Follow(url, "list", page=_number(url)),)


def _number(url: str) -> int:
    """The page number that an address states, at least 2."""
    for values in parse_qs(urlsplit(url).query).values():
        if values[0].isdecimal() and 1 < int(values[0]) < 10_000:
            return int(values[0])
    return 2
