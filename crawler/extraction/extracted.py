"""What the generic extraction sees on one page, and how it becomes a listing of the exchange format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from crawler.extraction.merge import Conflict
from storage.listing import Listing


@dataclass(frozen=True, slots=True)
class Extracted:
    """Facts of the page's article; None is what the page does not say. `origins` gives each field's source.

    `availability` is a bare schema.org name. `is_product` says whether the page proves to offer one article, `reason` why
    or why not. `problems` names what could not be read. `digest` is of the page's address, else of its content.
    """

    url: str | None = None
    title: str | None = None
    description: str | None = None
    price_text: str | None = None
    price_amount: Decimal | None = None
    price_currency: str | None = None
    availability: str | None = None
    sku: str | None = None
    brand: str | None = None
    gtin: str | None = None
    mpn: str | None = None
    seller_name: str | None = None
    condition: str | None = None
    location: str | None = None
    image_urls: tuple[str, ...] = ()
    category: str | None = None
    quantity: int | None = None
    language: str | None = None
    country: str | None = None
    origins: dict[str, str] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[str, ...] = ()
    is_product: bool = False
    reason: str = ""
    digest: str = ""

    def to_listing(
        self, site: str | None = None, listing_id: str | None = None, observed_at: str | None = None
    ) -> Listing:
        """The listing; `site` defaults to the host, `listing_id` to the SKU, else a digest of the address.

        Raises ListingError if the page shows no title.
        """
        facts = {name: getattr(self, name) for name in ("availability", "sku", "brand", "gtin", "mpn")}
        return Listing.from_dict({
            "site": site or host(self.url) or "page", "listing_id": listing_id or self.sku or self.digest, "url": self.url,
            "title": self.title, "description": self.description, "price_text": self.price_text,
            "price_amount": self.price_amount, "price_currency": self.price_currency, "quantity": self.quantity,
            "condition": self.condition, "category": self.category, "seller_name": self.seller_name,
            "location": self.location, "country": self.country, "language": self.language,
            "image_urls": list(self.image_urls), "observed_at": observed_at,
            "attributes": {name: value for name, value in facts.items() if value},
        })  # fmt: skip

    def to_line(self, observed_at: str | None = None) -> dict[str, Any]:
        """What `chipwatch extract` prints: the listing with an explicit price, origins, conflicts and the page's proof."""
        line = self.to_listing(observed_at=observed_at).to_dict()
        line.setdefault("price_amount", None)
        return line | {
            "origins": self.origins, "conflicts": [_row(conflict) for conflict in self.conflicts],
            "is_product": self.is_product, "reason": self.reason, "problems": list(self.problems),
        }  # fmt: skip


def host(url: str | None) -> str | None:
    """The host of an address in lower case; None if it has none."""
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


def digest(text: str | bytes) -> str:
    """16 hex digits that stand for an address or a page."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return hashlib.sha256(data).hexdigest()[:16]


def _row(conflict: Conflict) -> dict[str, str]:
    return {
        "field": conflict.field, "kept": conflict.kept, "kept_from": conflict.kept_from, "other": conflict.other,
        "other_from": conflict.other_from,
    }  # fmt: skip
