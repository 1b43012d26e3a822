"""Listings that were erased on request: no word of them goes into the archive again, whoever shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from storage.ids import listing_key

if TYPE_CHECKING:
    from crawler.page import Reading
    from storage.listing import Listing
    from storage.store import Store

WHY = "the page names a listing that was erased on request"


class Erased:
    """The home's erased listings, as they were when a run began."""

    def __init__(self, store: Store) -> None:
        self._keys = store.erased_listings()
        self.met: set[str] = set()
        """Keys of those that this run met."""

    def left(self, listings: Iterable[Listing]) -> tuple[Listing, ...]:
        """The listings without the erased ones."""
        return tuple(listing for listing in listings if not self._is(listing))

    def cut(self, reading: Reading) -> Reading:
        """The reading without the erased ones, which are not opened either; the same object where it names none."""
        if not self._keys:
            return reading
        listings = self.left(reading.listings)
        follow = tuple(entry for entry in reading.follow if entry.card is None or not self._is(entry.card))
        if len(listings) == len(reading.listings) and len(follow) == len(reading.follow):
            return reading
        return dataclasses.replace(reading, listings=listings, follow=follow)

    def _is(self, listing: Listing) -> bool:
        key = listing_key(listing.site, listing.listing_id) if self._keys else ""
        if key in self._keys:
            self.met.add(key)
        return key in self._keys
