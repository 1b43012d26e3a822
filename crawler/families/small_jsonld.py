"""A small reader of JSON-LD Product and Offer, behind the call of the generic extraction."""

from __future__ import annotations

from typing import Any

from crawler import dom
from crawler.families.answers import decode_json, plain_text, text_of
from crawler.families.markup import objects, types_of
from storage.listing import Listing, ListingError

_CONDITIONS = {
    "NewCondition": "New",
    "UsedCondition": "Used",
    "RefurbishedCondition": "Refurbished",
    "DamagedCondition": "Damaged",
}


def extract_page(text: str, url: str) -> Listing | None:
    """The first Product with an offer on the page, or None."""
    tree = dom.parse(text)
    for script in tree.css('script[type="application/ld+json"]'):
        data = decode_json((script.text(deep=True) or "").strip().encode("utf-8", "replace"))
        for node in objects(data):
            if types_of(node) & {"Product", "ProductGroup", "IndividualProduct"}:
                try:
                    return _listing(node, url)
                except (ListingError, TypeError, AttributeError):
                    continue
    return None


def _first(value: Any) -> dict[str, Any]:
    row = value[0] if isinstance(value, list) and value else value
    return row if isinstance(row, dict) else {}


def _name(value: Any) -> str | None:
    return text_of(_first(value).get("name")) or text_of(value) or None


def _listing(node: dict[str, Any], url: str) -> Listing:
    offer = _first(node.get("offers"))
    seller = offer.get("seller") or node.get("seller")
    images = node.get("image")
    condition = text_of(offer.get("itemCondition") or node.get("itemCondition")).rsplit("/", 1)[-1]
    stock = _first(offer.get("inventoryLevel"))
    attributes = {
        "sku": text_of(node.get("sku") or offer.get("sku")) or None, "mpn": text_of(node.get("mpn")) or None,
        "brand": _name(node.get("brand")), "availability": text_of(offer.get("availability")).rsplit("/", 1)[-1] or None,
        "gtin": next((text_of(node[key]) for key in ("gtin", "gtin13", "gtin12", "gtin14", "gtin8") if node.get(key)), None),
    }  # fmt: skip
    return Listing.from_dict({
        "site": "page", "listing_id": attributes["sku"] or url, "title": text_of(node.get("name")),
        "url": text_of(node.get("url")) or url, "description": plain_text(node.get("description")),
        "price_amount": text_of(offer.get("price") or offer.get("lowPrice")) or None,
        "price_currency": text_of(offer.get("priceCurrency")) or None,
        "quantity": stock.get("value"), "condition": _CONDITIONS.get(condition, condition) or None,
        "category": _name(node.get("category")), "seller_name": _name(seller),
        "image_urls": [text_of(i) for i in (images if isinstance(images, list) else [images]) if text_of(i)],
        "attributes": {key: value for key, value in attributes.items() if value},
    })  # fmt: skip
