"""Lots: how many articles one price covers, and lots of a size that nobody says, of which no article's price can be worked out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from detector.reading import counts
from detector.reading.left_over import in_a_box, packed
from detector.reading.machines import is_machine
from detector.reading.no_stock import MEASURE
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

_MOST_GROUPED = 16
"""More articles that are sold together are a lot, not one of several groups."""
_PRICE_BY = re.compile(
    fold_pattern(
        r"(?:\b(?:price[ds]?|rate|preis|цена|precio|preço|prix|prezzo|harga|fiyat\w*|giá|السعر)|[$€£₽]\s?[\d.,]+\s?k?)\W{0,2}(?:is |gilt |указана |es )?"
        r"(?:for (?:each|every)|per|je|pro|für je|за кажд\w+|por cada|por|par|per ogni|setiap|untuk setiap|her|cho mỗi|mỗi|لكل) (?:(?:set|group|bundle|batch|stack|bunch|satz|комплект|juego|conjunto|bộ) (?:of|von|из|de|à) )?$"
    )
)
"""Before the number of a group that is priced: 'one price for each four', 'Preis je vier'."""
_A_CARD = re.compile(fold_pattern(r"\bper (?:1 )?(?:card|gpu|piece|module|unit)\b|\beach card\b|pro (?:karte|stück|modul)|je karte|单[张片颗块](?=[价\d])|每[张片颗块](?=[价\d])|за (?:карту|штуку)|por (?:tarjeta|placa)|mỗi card|장당"))
"""A price for one card, said besides: no group is priced."""
_GROUP_ENDS = re.compile(fold_pattern(r"\s?(?:$|[.,;!?)\n]|(?:modules?|cards?|pcs|pieces|gpus|of them|together|stück|karten|module|шт\w*|карт\w*|модул\w*|tarjetas|placas|módulos|cartes|keping|unit|adet|con|cái)\b)"))
_EVERY = re.compile(r"每$")
_ONE_PRICE = re.compile(fold_pattern(r"(?:张|片|块|颗|枚|个)\s?(?:一|1)?(?:个|口)?价"))
_GROUP_PRICED = re.compile(
    fold_pattern(
        r"(?:张|片|块|颗|枚|个)(?:一|为一|1)(?:组|套|捆|份)(?:的?(?:价|报价|售价)|，?(?:价格?|标价|售价|报价)(?:是|为|按)?(?:一|每)(?:组|套|捆|份))|枚(?:1|一)?(?:組|セット)(?:あたり)?(?:の|で)(?:価格|値段|金額|お値段)|장 ?(?:씩 )?(?:한|1) ?(?:세트|묶음)(?:의|당)? ?(?:가격|값)"
    )
)
"""Behind it, where the words of price follow: 四张一组的价."""


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


def grouped(page: Page) -> int | None:
    """How many loose articles one price covers where they are sold by so many: 'tied up in fours, one price for each four', 每4张一个价."""
    if is_machine(page):
        return None
    for name in ("title", "description"):
        if name not in page.doc.fields:
            continue
        text = page.hits(name).text
        if _A_CARD.search(text):
            continue
        for count in counts.counts(page, name):
            if not 2 <= count.value <= _MOST_GROUPED or count.doubtful:
                continue
            before, after = text[max(0, count.start - 40) : count.start], text[count.end : count.end + 24]
            if not MEASURE.match(text, count.end) and (
                (_PRICE_BY.search(before) and _GROUP_ENDS.match(after)) or (_EVERY.search(before) and _ONE_PRICE.match(after)) or _GROUP_PRICED.match(after)
            ):
                return count.value
    return None


def groups(page: Page, each: int) -> int | None:
    """How many groups of `each` there are, by what the text says there is in all; None where that is no multiple."""
    wholes = [s.number for s in stated(page, machine=False) if s.number > each and s.kind != "packed"]
    return max(wholes) // each if wholes and max(wholes) % each == 0 else None


def box_size(page: Page, priced: bool) -> int | None:
    """How many a box holds, where the box is what is priced: a lot of so many. `priced`: the price is said to be for a box. A group
    that has one price is as good as a box."""
    if not priced or is_machine(page):
        return None if page.disguised else grouped(page)
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
