"""eBay Browse API: item_summary/search and getItem.

Source: developer.ebay.com/api-docs/buy/browse (search: q, limit up to 200, offset, `next`, `itemSummaries`).
`price` is in the marketplace's currency; where the seller asked in another one, `convertedFrom*` holds the original.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from crawler.families.answers import Answer, amount, decode_json, text_of
from crawler.page import Follow, Page, Reading, merged
from storage.listing import Listing, ListingError

if TYPE_CHECKING:
    from config.schema.sites import Site
    from crawler.families.answers import Keys

BASE = "https://api.ebay.com"
SEARCH, ITEM, TOKEN = (
    "/buy/browse/v1/item_summary/search",
    "/buy/browse/v1/item/",
    "/identity/v1/oauth2/token",
)
SCOPE = "https://api.ebay.com/oauth/api_scope"
KEYS = ("EBAY_CLIENT_ID", "EBAY_CLIENT_SECRET")
LIMIT = 200
"""The largest page the API gives."""
DEEPEST = 10_000
"""The API answers no offset beyond this."""

# What is read into fields, or is about the API and not the goods. Everything else stays in `attributes`.
_USED = frozenset({
    "itemId", "title", "price", "condition", "seller", "itemLocation", "itemWebUrl", "image", "additionalImages",
    "thumbnailImages", "itemCreationDate", "buyingOptions", "currentBidPrice", "bidCount", "itemEndDate", "categories",
    "categoryPath", "description", "shortDescription", "estimatedAvailabilities", "shipToLocations", "localizedAspects",
    "shippingOptions", "listingMarketplaceId",
})  # fmt: skip
_IGNORED = frozenset({
    "itemHref", "itemAffiliateWebUrl", "leafCategoryIds", "categoryIdPath", "categoryId", "adultOnly", "availableCoupons",
    "topRatedBuyingExperience", "priorityListing", "pickupOptions", "itemGroupHref", "eligibleForInlineCheckout",
    "enabledForGuestCheckout", "immediatePay", "paymentMethods", "taxes", "returnTerms", "sellerItemRevision", "color",
    "primaryItemGroup", "primaryProductReviewRating", "qualifiedPrograms", "unitPrice", "unitPricingMeasure", "warnings",
    "itemGroupType", "itemOriginDate",
})  # fmt: skip


def start(site: Site, terms: tuple[str, ...]) -> tuple[Follow, ...]:
    """One search for each marketplace and term. The marketplace rides as a fragment, which is never sent."""
    base = (site.base_url or BASE).rstrip("/")
    markets = site.search.markets or ("EBAY_US",)
    return tuple(
        Follow(f"{base}{SEARCH}?{urlencode({'q': term, 'limit': LIMIT, 'offset': 0})}#{market}", "list")
        for market in markets
        for term in terms
    )


def signed(url: str, keys: Keys) -> tuple[str, dict[str, str]]:
    """Address and headers of one call: bearer token and, from the fragment, the marketplace."""
    market = urlsplit(url).fragment or "EBAY_US"
    return url, {
        "Authorization": f"Bearer {keys.token}", "X-EBAY-C-MARKETPLACE-ID": market, "Accept": "application/json",
    }  # fmt: skip


def token_request(site: Site, keys: Keys) -> tuple[str, dict[str, str], bytes]:
    """Address, headers and body of the OAuth client-credentials call; its answer holds `access_token`, `expires_in`."""
    pair = b64encode(f"{keys.values['EBAY_CLIENT_ID']}:{keys.values['EBAY_CLIENT_SECRET']}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"grant_type": "client_credentials", "scope": SCOPE}).encode()
    return (site.base_url or BASE).rstrip("/") + TOKEN, headers, body


def detail(listing: Listing, site: Site, market: str) -> Follow:
    """The getItem call for a listing of a search."""
    base = (site.base_url or BASE).rstrip("/")
    return Follow(f"{base}{ITEM}{quote(listing.listing_id, safe='')}#{market}", "detail", listing)


def read(page: Page, site: Site) -> Reading:
    """Listings of a search answer or of one item; `follow` holds the next page and a getItem call for each listing."""
    data = decode_json(page.body)
    if not isinstance(data, dict):
        return Reading(recognised=False, problems=("the answer is no JSON object",))
    market = urlsplit(page.url).fragment or "EBAY_US"
    if "itemId" in data:
        return _item(data, page, site)
    if "itemSummaries" not in data and "total" not in data:
        return Reading(recognised=False, problems=(f"no itemSummaries: {_errors(data)}",))
    items = data.get("itemSummaries") or []
    if not isinstance(items, list):
        return Reading(recognised=False, problems=("itemSummaries is no list",))
    found, problems = [], []
    for item in items:
        try:
            found.append(listing_of(item, site, page.fetched_at))
        except (ListingError, TypeError, AttributeError) as error:
            problems.append(f"item {text_of(item.get('itemId')) if isinstance(item, dict) else '?'}: {error}")
    follow = [detail(listing, site, market) for listing in found] if site.detail.follow != "none" else []
    return Reading(tuple(found), (*_next(data, page, len(items)), *follow), problems=tuple(problems))


def _next(data: dict[str, Any], page: Page, count: int) -> tuple[Follow, ...]:
    """The next search page, computed from our own address: an answer may name any host in `next`."""
    query = parse_qs(urlsplit(page.url).query)
    offset, limit = int(query.get("offset", ["0"])[0]), int(query.get("limit", [str(LIMIT)])[0])
    more = data.get("next") or (isinstance(data.get("total"), int) and data["total"] > offset + limit)
    if not more or not count or offset + limit >= DEEPEST:
        return ()
    parts = urlsplit(page.url)
    onward = urlencode({"q": query.get("q", [""])[0], "limit": limit, "offset": offset + limit})
    return (Follow(parts._replace(query=onward).geturl(), "list", page=offset // limit + 2),)


def _item(data: dict[str, Any], page: Page, site: Site) -> Reading:
    try:
        listing = listing_of(data, site, page.fetched_at)
    except (ListingError, TypeError, AttributeError) as error:
        return Reading(recognised=False, problems=(str(error),))
    return Reading((merged(page.card, listing),))


def listing_of(item: dict[str, Any], site: Site, fetched_at: str) -> Listing:
    """One itemSummary or item as a raw listing. Raises ListingError if id or title is missing."""
    answer = Answer(item)
    seller, place = answer.dict("seller"), answer.dict("itemLocation")
    price, currency = amount(answer.dict("price"))
    attributes = {key: value for key, value in item.items() if key not in _USED and key not in _IGNORED}
    attributes.update(_sale(answer), **_aspects(item))
    if "feedbackPercentage" in seller:
        attributes["seller_feedback_percent"] = seller["feedbackPercentage"]
    shipping = [option for option in item.get("shippingOptions") or () if isinstance(option, dict)]
    if shipping:
        attributes["shipping"] = shipping[0].get("shippingCost") or shipping[0].get("shippingCostType")
    for name, key in (("marketplace", "listingMarketplaceId"),):
        if item.get(key):
            attributes[name] = item[key]
    return Listing.from_dict({
        "site": site.key, "listing_id": item.get("itemId"), "title": item.get("title"),
        "url": _address(item.get("itemWebUrl")), "description": _description(item),
        "price_amount": price, "price_currency": currency,
        "quantity": _quantity(item), "condition": item.get("condition"), "category": _category(item),
        "seller_id": seller.get("username") or None, "seller_name": seller.get("username") or None,
        "seller_ratings": seller.get("feedbackScore"),
        "location": ", ".join(text_of(place[key]) for key in ("city", "stateOrProvince", "postalCode", "country") if place.get(key)) or None,
        "country": place.get("country") or site.country, "language": site.language,
        "ships_to": _ships_to(answer.dict("shipToLocations")), "image_urls": _images(item),
        "posted_at": item.get("itemCreationDate"), "observed_at": fetched_at, "attributes": attributes,
    })  # fmt: skip


def _sale(answer: Answer) -> dict[str, Any]:
    """How it is sold: buying options, the state of an auction, the price before conversion."""
    item, out = answer.data, {}
    options = item.get("buyingOptions") or []
    if options:
        out["buying_options"] = options
    if "AUCTION" in options:
        bid, currency = amount(answer.dict("currentBidPrice"))
        out["auction"] = {
            "running": True, "bids": item.get("bidCount", 0), "current_bid": bid, "currency": currency,
            "ends_at": item.get("itemEndDate"), "buy_now": "FIXED_PRICE" in options,
        }  # fmt: skip
    price = answer.dict("price")
    if price.get("convertedFromValue"):
        out["price_original"] = {
            "amount": price["convertedFromValue"],
            "currency": price.get("convertedFromCurrency"),
        }
    return out


def _aspects(item: dict[str, Any]) -> dict[str, Any]:
    pairs = item.get("localizedAspects") or ()
    return {text_of(p["name"]): p.get("value") for p in pairs if isinstance(p, dict) and p.get("name")}


def _address(url: Any) -> str | None:
    """The item's address without the tracking that changes with each answer."""
    return text_of(url).split("?")[0] or None if url else None


def _description(item: dict[str, Any]) -> str | None:
    from crawler.families.answers import plain_text

    return plain_text(item.get("description")) or plain_text(item.get("shortDescription"))


def _quantity(item: dict[str, Any]) -> int | None:
    stock = item.get("estimatedAvailabilities") or ()
    first = stock[0] if stock and isinstance(stock[0], dict) else {}
    return first.get("estimatedAvailableQuantity")


def _category(item: dict[str, Any]) -> str | None:
    if item.get("categoryPath"):
        return text_of(item["categoryPath"]).replace("|", " > ")
    names = [text_of(c.get("categoryName")) for c in item.get("categories") or () if isinstance(c, dict)]
    # A search lists the leaf first and the ancestors after it.
    return names[0] if names else None


def _ships_to(regions: dict[str, Any]) -> str | None:
    def names(key: str) -> list[str]:
        rows = regions.get(key) or ()
        return [text_of(r.get("regionName")) for r in rows if isinstance(r, dict) and r.get("regionName")]

    included, excluded = names("regionIncluded"), names("regionExcluded")
    if not included:
        return None
    return ", ".join(included) + (f" (not: {', '.join(excluded)})" if excluded else "")


def _images(item: dict[str, Any]) -> list[str]:
    rows = [item.get("image"), *(item.get("additionalImages") or ())]
    return [text_of(row["imageUrl"]) for row in rows if isinstance(row, dict) and row.get("imageUrl")]


def _errors(data: dict[str, Any]) -> str:
    errors = data.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return text_of(errors[0].get("message"))[:200]
    return "unknown shape"
