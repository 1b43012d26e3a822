"""OpenGraph, product and Twitter card tags of the head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.extraction.claims import Claim

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_MOST = 500
_NAMES = {
    "name": ("og:title", "twitter:title"),
    "description": ("og:description", "twitter:description", "description"),
    "price": ("product:sale_price:amount", "product:price:amount", "og:price:amount", "og:price", "product:price", "twitter:price"),
    "currency": ("product:sale_price:currency", "product:price:currency", "og:price:currency", "product:currency"),
    "availability": ("product:availability", "og:availability"),
    "sku": ("product:retailer_item_id", "product:sku", "og:sku", "product:retailer_part_no"),
    "brand": ("product:brand", "og:brand", "brand"),
    "mpn": ("product:mfr_part_no", "product:mpn"),
    "gtin": ("product:ean", "product:upc", "product:isbn", "og:upc", "product:gtin"),
    "condition": ("product:condition", "og:condition"),
    "category": ("product:category",),
    "url": ("og:url",),
}  # fmt: skip


def read(tree: LexborHTMLParser) -> dict[str, str]:
    """Content of every meta element by its name or property in lower case; the first wins, the empty never."""
    found: dict[str, str] = {}
    for element in tree.css("meta[content]")[:_MOST]:
        attributes = element.attributes
        name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
        content = (attributes.get("content") or "").strip()
        if name and content:
            found.setdefault(name, content[:10_000])
    return found


def claim(found: dict[str, str]) -> Claim:
    """What the tags say of the article."""
    said = Claim("opengraph")
    for field, names in _NAMES.items():
        for name in names:
            said.put(field, found.get(name), 10_000 if field == "description" else 400)
    for number in ("1", "2"):
        # Twitter's product card writes pairs of label and value.
        label = found.get(f"twitter:label{number}", "").lower()
        if label in ("price", "availability", "brand"):
            said.put(label, found.get(f"twitter:data{number}"))
    said.images = [
        found[name] for name in ("og:image", "og:image:secure_url", "twitter:image") if name in found
    ][:1]
    return said
