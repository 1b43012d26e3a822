"""Which listing a page is where a shop names it by its SKU alone: a part number may stand at several offers, new and used."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.outcome import Facts
    from storage.listing import Listing
    from storage.store import Store


class Names:
    """Gives a listing the id that it had; one whose SKU another offer bears takes its address into the id."""

    def __init__(self, store: Store, facts: Facts) -> None:
        self._store, self._facts = store, facts
        self._bearers: dict[tuple[str, str], dict[str, Any] | None] = {}

    def name(self, listing: Listing) -> Listing:
        """The listing under the id that tells it from every other of the site."""
        sku = str(listing.attributes.get("sku") or "")
        if not sku:
            return listing
        bearer = self._bearer(listing.site, sku)
        if listing.listing_id != sku:
            # Seen before the site file had an `id_pattern`: it keeps its history.
            return dataclasses.replace(listing, listing_id=sku) if bearer and bearer["url"] == listing.url else listing
        if bearer is None:
            self._bearers[listing.site, sku] = {name: getattr(listing, name) for name in ("url", *_OFFER)}
        elif bearer["url"] != listing.url and _offer(bearer) != _offer({name: getattr(listing, name) for name in _OFFER}):
            self._facts.remarks.append(f"SKU {sku} stands at several offers; the one at {listing.url} has its address in its id")
            return dataclasses.replace(listing, listing_id=f"{sku} {listing.url}")
        return listing

    def _bearer(self, site: str, sku: str) -> dict[str, Any] | None:
        from storage.errors import MissingError
        from storage.ids import listing_key

        if (site, sku) not in self._bearers:
            try:
                self._bearers[site, sku] = self._store.listing(listing_key(site, sku))
            except MissingError:
                self._bearers[site, sku] = None
        return self._bearers[site, sku]


_OFFER = ("title", "condition", "price_amount", "price_text")


def _offer(facts: dict[str, Any]) -> tuple[Any, ...]:
    """What two addresses of one offer share: a shop shows it in several of its departments."""
    return facts["title"], facts["condition"], float(facts["price_amount"]) if facts["price_amount"] is not None else facts["price_text"]
