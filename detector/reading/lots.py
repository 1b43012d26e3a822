"""Lots: how many articles one price covers, and lots of a size that nobody says, of which no article's price can be worked out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from detector.reading import counts
from detector.reading.left_over import in_a_box, packed
from detector.reading.machines import is_machine
from detector.reading.page import Page
from detector.reading.stock import LOT_AFTER, TO_COUNTER, counts_goods, stated
from detector.reading.text import fold_pattern

if TYPE_CHECKING:
    from detector.reading.model import ChipOffer, Price

UNKNOWN_LOT = "a lot of unknown size"
_LOT_OF = re.compile(r"(?:lot of|all) (\d{1,2})(?!\s?(?:gpu|x|gb|card))")
_CATALOGUED = re.compile(r"\s?(?:[:：|–—]|- )")
_NO_COUNT_AFTER = re.compile(r"\s?(?:gb|%)")
_PAIR = re.compile(
    fold_pattern(
        r"pair|both|一对|成对|两张|两|二枚|2枚|두 장|парой|пара|paar|ambas|las dos|as duas|cặp|sepasang|dua-dua|çift|ikisi|الاثنين|الثنتين|deux"
    )
)


def lot_size(page: Page) -> int | None:
    """How many articles the displayed price covers, where the text says that it covers them together."""
    title, text = page.title, page.description
    lot = title["lot"] or title["undivided"]
    if not (lot or text["lot"] or text["undivided"]) or title["each"] or page.disguised:
        return None
    if text["each"] and not lot:
        return None
    if is_machine(page):
        found = _LOT_OF.search(title.text) or _LOT_OF.search(text.text)
        return int(found[1]) if found else None
    for name in ("title", "description"):
        if name in page.doc.fields and (number := _lot_number(page, name)):
            return number
    said = [s for s in stated(page, machine=False) if s.number > 1]
    if said:
        return max(said, key=lambda s: s.firm).number
    pairs = (_PAIR.search(hits.text[h.start : h.end]) for hits in (title, text) for h in hits["lot"])
    return 2 if any(pairs) else None


def _lot_number(page: Page, name: str) -> int | None:
    """The number beside a word of selling together: 'lot of 5', '5枚まとめて'."""
    hits, found = page.hits(name), counts.counts(page, name)
    for hit in hits["lot"]:
        count = counts.after(found, hit.end, hits.text, LOT_AFTER)
        if count and _CATALOGUED.match(hits.text, count.end):
            continue  # 'Lot 214: ...' of an auction
        if count and _NO_COUNT_AFTER.match(hits.text, count.end):
            count = None
        count = count or counts.before(found, hit.start, hits.text, TO_COUNTER, 6)
        if count and 2 <= count.value <= 1000:
            return count.value
    return None


def box_size(page: Page, priced: bool) -> int | None:
    """How many a box holds, where the box is what is priced: a lot of so many. `priced`: the price is said to be for a box."""
    if not priced or is_machine(page):
        return None
    for name in ("title", "description"):
        if name in page.doc.fields:
            text = page.hits(name).text
            counted = counts_goods(text)
            boxes = packed(page, name, counted)
            if number := boxes.each if boxes else in_a_box(page, name, counted):
                return number
    return None


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
