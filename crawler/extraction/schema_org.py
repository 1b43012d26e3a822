"""schema.org nodes, whichever syntax carried them, as claims: Product and its kin, Offer, AggregateOffer, PriceSpecification."""

from __future__ import annotations

import html
import re
from typing import Any

from crawler.extraction.claims import Claim

Node = dict[str, Any]

PRODUCTS = frozenset((
    "product", "productgroup", "productmodel", "individualproduct", "someproducts", "vehicle", "car", "motorcycle", "book",
    "event", "softwareapplication", "mobileapplication", "videogame", "movie", "service", "course", "apartment", "house",
    "realestatelisting", "musicevent", "theaterevent", "creativework", "musicalbum",
))  # fmt: skip
OFFERS = frozenset(("offer", "aggregateoffer", "demand", "offerforpurchase", "offerforlease"))
FORMER = frozenset(("listprice", "strikethroughprice", "msrp", "srp", "suggestedretailprice", "regularprice"))
"""schema.org PriceTypeEnumeration values that are not the asked price."""
CHARGES = frozenset(("deliverychargespecification", "paymentchargespecification"))
COMPONENTS = frozenset(("activationfee", "cleaningfee", "distancefee", "downpayment", "installment", "subscription"))
"""schema.org PriceComponentTypeEnumeration: parts of a price."""
TIMES = frozenset(("SEC", "MIN", "HUR", "DAY", "WEE", "MON", "QAN", "ANN", "HOUR", "WEEK", "MONTH", "YEAR"))
"""Units of time, UN/CEFACT codes and words: such a price is paid over and over."""
GTINS = ("gtin", "gtin13", "gtin14", "gtin12", "gtin8", "ean", "isbn")
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_MANY = 200
"""Offers of one product that are looked at."""


def kinds(node: Node) -> set[str]:
    """Bare type names in lower case; prefixes and addresses of the vocabulary fall away."""
    found = node.get("@type")
    rows = found if isinstance(found, list) else [found]
    return {re.split(r"[/#:]", row)[-1].lower() for row in rows if isinstance(row, str)}


def is_product(node: Node) -> bool:
    """Is the node an article, or something else that is offered?"""
    types = kinds(node)
    if types & {
        "product",
        "productgroup",
        "productmodel",
        "individualproduct",
        "someproducts",
        "vehicle",
        "car",
        "motorcycle",
    }:
        return True
    return bool(types & PRODUCTS) and isinstance(node.get("offers"), (dict, list))


def rows(value: Any) -> list[Any]:
    """A value or a list of values as a list."""
    return [value] if not isinstance(value, list) else value[:_MANY]


def text(value: Any) -> str:
    """A literal, or the name of a node; '' if neither."""
    for row in rows(value):
        if isinstance(row, dict):
            row = next(
                (
                    row[key]
                    for key in ("name", "@value", "value", "title", "@id")
                    if isinstance(row.get(key), (str, int, float))
                ),
                "",
            )
        if isinstance(row, (str, int, float)) and not isinstance(row, bool) and str(row).strip():
            return str(row).strip()
    return ""


def plain(value: str) -> str:
    """Text without markup and entities."""
    return " ".join(html.unescape(_TAGS.sub(" ", html.unescape(value))).split())


def product_claim(node: Node, origin: str) -> Claim:
    """What a product node says, its first offer's facts beside its own; further offers are variants."""
    claim = Claim(origin)
    claim.put("name", plain(text(node.get("name"))))
    claim.put("description", plain(text(node.get("description"))), 10_000)
    claim.put("sku", text(node.get("sku")))
    claim.product = _number(text(node.get("productID") or node.get("productId"))) or None
    claim.put("mpn", text(node.get("mpn")))
    claim.put("gtin", next((text(node[key]) for key in GTINS if node.get(key)), None))
    claim.put("brand", plain(text(node.get("brand")) or text(node.get("manufacturer"))))
    claim.put("category", plain(text(node.get("category"))))
    claim.put("condition", text(node.get("itemCondition")))
    claim.put("url", text(node.get("url")))
    claim.images = [address for row in rows(node.get("image")) if (address := _address(row))]
    offers = [offer for row in rows(node.get("offers")) for offer in _offers(row)]
    if not offers and node.get("hasVariant"):
        offers = [
            o
            for v in rows(node["hasVariant"])
            if isinstance(v, dict)
            for r in rows(v.get("offers"))
            for o in _offers(r)
        ]
    for place, offer in enumerate(offers):
        said = claim if place == 0 else Claim(origin)
        _read_offer(said, offer)
        if place:
            claim.variants.append(said)
    claim.put("price", text(node.get("price")))
    claim.put("currency", text(node.get("priceCurrency")))
    claim.put("availability", text(node.get("availability")))
    return claim


def offer_claim(node: Node, origin: str) -> Claim:
    """An offer that stands alone, with the article it is for."""
    claim = Claim(origin)
    _read_offer(claim, node)
    item = next((row for row in rows(node.get("itemOffered")) if isinstance(row, dict)), {})
    claim.put("name", plain(text(item.get("name") or node.get("name"))))
    return claim


def _number(value: str) -> str:
    """`sku:123` -> `123`."""
    return re.sub(r"^(sku|mpn|asin|isbn|gtin\d*)\s*:\s*", "", value, flags=re.I)


def _address(row: Any) -> str:
    if isinstance(row, dict):
        row = row.get("url") or row.get("contentUrl") or row.get("@id")
    return row.strip() if isinstance(row, str) else ""


def _offers(row: Any) -> list[Node]:
    """An offer, or the offers inside an AggregateOffer if it gives no price of its own."""
    if not isinstance(row, dict):
        return []
    inner = [offer for offer in rows(row.get("offers")) if isinstance(offer, dict)]
    return [row] if not inner or row.get("price") or row.get("lowPrice") else inner


def _specifications(offer: Node) -> list[Node]:
    """Its price specifications, those for the fewest articles first."""
    return sorted((row for row in rows(offer.get("priceSpecification")) if isinstance(row, dict)), key=_least)


def _least(said: Node) -> float:
    """How many articles must be bought for a price (`eligibleQuantity`); 1 if nothing is said."""
    quantity = next((row for row in rows(said.get("eligibleQuantity")) if isinstance(row, dict)), {})
    try:
        return float(text(quantity.get("minValue") or quantity.get("value")) or 1)
    except ValueError:
        return 1.0


def _last(value: Any) -> str:
    """The name at the end of an address, in lower case."""
    return re.split(r"[/#:]", text(value))[-1].lower()


def _for_something_else(said: Node) -> bool:
    """Is this what is paid each month, what sending or paying costs, or a part of the price?"""
    return (
        bool(text(said.get("billingDuration")) or text(said.get("billingIncrement")) or text(said.get("billingStart")))
        or any(text(said.get(name)).upper() in TIMES for name in ("unitCode", "unitText"))
        or bool(kinds(said) & CHARGES)
        or _last(said.get("priceComponentType")) in COMPONENTS
    )


def _read_offer(claim: Claim, offer: Node) -> None:
    for said in (offer, *_specifications(offer)):
        if _last(said.get("priceType")) in FORMER or _for_something_else(said):
            continue
        if said is not offer and said.get("referenceQuantity") and ("price" in claim.facts):
            continue
        claim.put("price", text(said.get("price")))
        claim.put("currency", text(said.get("priceCurrency") or said.get("pricecurrency")))
    claim.put("price", text(offer.get("lowPrice")))
    claim.put("availability", text(offer.get("availability")))
    claim.put("condition", text(offer.get("itemCondition")))
    claim.put("sku", text(offer.get("sku")))
    claim.put("mpn", text(offer.get("mpn")))
    claim.put("gtin", next((text(offer[key]) for key in GTINS if offer.get(key)), None))
    claim.put("seller_name", plain(text(offer.get("seller") or offer.get("offeredBy"))))
    claim.put("location", plain(text(offer.get("availableAtOrFrom"))))
    claim.put("url", text(offer.get("url")))
    claim.put(
        "quantity",
        text(
            next(
                (r.get("value") for r in rows(offer.get("inventoryLevel")) if isinstance(r, dict)),
                offer.get("inventoryLevel"),
            )
        ),
    )
