"""Lots of a size that nobody says: what one article of them costs cannot be worked out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from detector.reading.machines import is_machine
from detector.reading.quantity import stated

if TYPE_CHECKING:
    from detector.reading.model import ChipOffer, Price
    from detector.reading.page import Page

UNKNOWN_LOT = "a lot of unknown size"


def is_unknown_lot(page: Page, price: Price, chips: Sequence[ChipOffer], lot: int | None) -> bool:
    """Whether the price covers several articles and neither it nor the text says how many. `lot`: how many others read."""
    if not (page.title["lot"] or page.title["undivided"] or page.price["lot"]):
        return False
    if (price.articles or lot or 1) > 1 or any(chip.count > 1 for chip in chips):
        return False
    # The money reader calls a lot whose size nobody says one unit.
    if price.per != "unit" or page.disguised or is_machine(page):
        return False
    if (page.doc.listing.quantity or 1) > 1:
        return False  # stock, by the site's own field: the price is for one
    if page.price["each"] or page.title["each"] or page.description["each"]:
        return False
    return not any(True for _ in stated(page, machine=False))
