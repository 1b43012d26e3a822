"""Yahoo! Shopping Japan, item search V3. Written from the documentation; untested live.

Source: developer.yahoo.co.jp/webapi/shopping/v3/itemsearch.html (query, results up to 50, start; start + results <= 1000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from crawler.families.answers import Answer, decode_json, plain_text, text_of
from crawler.page import Follow, Page, Reading
from storage.listing import Listing, ListingError

if TYPE_CHECKING:
    from config.schema.sites import Site
    from crawler.families.answers import Keys

BASE = "https://shopping.yahooapis.jp"
SEARCH = "/ShoppingWebService/V3/itemSearch"
KEYS = ("YAHOO_JP_APPID",)
RESULTS, DEEPEST = 50, 1000


def start(site: Site, terms: tuple[str, ...]) -> tuple[Follow, ...]:
    """One search a term."""
    base = (site.base_url or BASE).rstrip("/")
    return tuple(
        Follow(f"{base}{SEARCH}?{urlencode({'query': term, 'results': RESULTS, 'start': 1})}", "list")
        for term in terms
    )


def signed(url: str, keys: Keys) -> tuple[str, dict[str, str]]:
    """The application id goes into the query; the stored address stays without it."""
    return f"{url}&{urlencode({'appid': keys.values['YAHOO_JP_APPID']})}", {"Accept": "application/json"}


def read(page: Page, site: Site) -> Reading:
    """Listings of a search answer and the next page."""
    data = decode_json(page.body)
    hits = data.get("hits") if isinstance(data, dict) else None
    if not isinstance(hits, list):
        return Reading(recognised=False, problems=("the answer has no list 'hits'",))
    found, problems = [], []
    for hit in hits:
        try:
            found.append(_listing(hit, site, page.fetched_at))
        except (ListingError, TypeError, AttributeError) as error:
            problems.append(f"hit: {error}")
    return Reading(tuple(found), _next(data, page, len(hits)), problems=tuple(problems))


def _next(data: dict[str, Any], page: Page, count: int) -> tuple[Follow, ...]:
    parts = urlsplit(page.url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items() if key != "appid"}
    first = int(query.get("start", "1")) + RESULTS
    total = data.get("totalResultsAvailable")
    if not count or not isinstance(total, int) or first > total or first + RESULTS > DEEPEST:
        return ()
    onward = parts._replace(query=urlencode({**query, "start": first})).geturl()
    return (Follow(onward, "list", page=first // RESULTS + 1),)


def _listing(hit: dict[str, Any], site: Site, fetched_at: str) -> Listing:
    answer = Answer(hit)
    seller, review = answer.dict("seller"), Answer(answer.dict("seller")).dict("review")
    genres = [*(hit.get("parentGenreCategories") or ()), answer.dict("genreCategory")]
    attributes = {
        key: hit[key]
        for key in ("inStock", "janCode", "releaseDate", "shipping")
        if hit.get(key) not in (None, "")
    }
    if answer.dict("brand").get("name"):
        attributes["brand"] = answer.dict("brand")["name"]
    price = text_of(hit.get("price"))
    return Listing.from_dict({
        "site": site.key, "listing_id": hit.get("code"), "title": hit.get("name"), "url": hit.get("url"),
        "description": plain_text(hit.get("description")),
        "price_amount": price or None, "price_currency": "JPY" if price else None,
        "condition": hit.get("condition"),
        "category": " > ".join(text_of(g.get("name")) for g in genres if isinstance(g, dict) and g.get("name")) or None,
        "seller_id": seller.get("sellerId"), "seller_name": seller.get("name"), "seller_ratings": review.get("count"),
        "country": site.country or "JP", "language": site.language or "ja",
        "image_urls": [u for u in (answer.dict("image").get("medium"),) if u],
        "observed_at": fetched_at, "attributes": attributes,
    })  # fmt: skip
