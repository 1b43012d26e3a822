"""Rakuten Ichiba, item search. Written from the documentation; untested live.

Source: webservice.rakuten.co.jp, Ichiba Item Search (keyword, hits up to 30, page up to 100). Since 2026 an access key is
asked for besides the application id. Both shapes of answers are read: `{"Item": {...}}` (formatVersion 1) and bare (2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from crawler.families.answers import decode_json, plain_text, text_of
from crawler.page import Follow, Page, Reading
from storage.listing import Listing, ListingError

if TYPE_CHECKING:
    from config.schema.sites import Site
    from crawler.families.answers import Keys

BASE = "https://openapi.rakuten.co.jp"
SEARCH = "/ichibams/api/IchibaItem/Search/20260701"
KEYS = ("RAKUTEN_APPLICATION_ID", "RAKUTEN_ACCESS_KEY")
HITS, LAST_PAGE = 30, 100


def start(site: Site, terms: tuple[str, ...]) -> tuple[Follow, ...]:
    """One search a term."""
    base = (site.base_url or BASE).rstrip("/")
    return tuple(
        Follow(
            f"{base}{SEARCH}?{urlencode({'keyword': term, 'hits': HITS, 'page': 1, 'formatVersion': 2})}",
            "list",
        )
        for term in terms
    )


def signed(url: str, keys: Keys) -> tuple[str, dict[str, str]]:
    """The application id goes into the query, the access key into a header; the stored address has neither."""
    headers = {"Accept": "application/json", "accessKey": keys.values["RAKUTEN_ACCESS_KEY"]}
    return f"{url}&{urlencode({'applicationId': keys.values['RAKUTEN_APPLICATION_ID']})}", headers


def read(page: Page, site: Site) -> Reading:
    """Listings of a search answer and the next page."""
    data = decode_json(page.body)
    items = data.get("Items", data.get("items")) if isinstance(data, dict) else None
    if not isinstance(items, list):
        return Reading(recognised=False, problems=("the answer has no list 'Items'",))
    found, problems = [], []
    for item in items:
        try:
            found.append(_listing(item.get("Item", item), site, page.fetched_at))
        except (ListingError, TypeError, AttributeError) as error:
            problems.append(f"item: {error}")
    return Reading(tuple(found), _next(data, page, len(items)), problems=tuple(problems))


def _next(data: dict[str, Any], page: Page, count: int) -> tuple[Follow, ...]:
    parts = urlsplit(page.url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items() if key != "applicationId"}
    number, pages = int(query.get("page", "1")) + 1, data.get("pageCount")
    if not count or not isinstance(pages, int) or number > min(pages, LAST_PAGE):
        return ()
    return (Follow(parts._replace(query=urlencode({**query, "page": number})).geturl(), "list", page=number),)


def _listing(item: dict[str, Any], site: Site, fetched_at: str) -> Listing:
    images = item.get("mediumImageUrls") or ()
    price = text_of(item.get("itemPrice"))
    kept = (
        "availability",
        "taxFlag",
        "postageFlag",
        "shipOverseasFlag",
        "reviewCount",
        "genreId",
        "catchcopy",
        "shopUrl",
    )
    return Listing.from_dict({
        "site": site.key, "listing_id": item.get("itemCode"), "title": item.get("itemName"), "url": item.get("itemUrl"),
        "description": plain_text(item.get("itemCaption")),
        "price_amount": price or None, "price_currency": "JPY" if price else None,
        "seller_id": item.get("shopCode"), "seller_name": item.get("shopName"),
        "ships_to": text_of(item.get("shipOverseasArea")) or None,
        "country": site.country or "JP", "language": site.language or "ja",
        "image_urls": [text_of(i.get("imageUrl") if isinstance(i, dict) else i) for i in images],
        "observed_at": fetched_at, "attributes": {key: item[key] for key in kept if item.get(key) not in (None, "")},
    })  # fmt: skip
