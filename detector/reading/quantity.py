"""How many priced units are on offer: the field, and what the text says."""

from __future__ import annotations

from collections.abc import Sequence, Set

from detector.reading import counts
from detector.reading.lots import grouped, groups
from detector.reading.machines import chips_in_machine, is_machine
from detector.reading.model import Price
from detector.reading.page import Page
from detector.reading.stock import PARTING, STOCK, Said, stated

_NODE = 10
"""Chips of the largest common node: a larger plain number in a rental is the fleet's."""
_NO_STOCK_BUT_MONEY = 30
"""From here up a number that equals the price is the price; smaller ones may be both."""


def read_quantity(page: Page, *, offer: str, price: Price | None, chips: int, boxed: bool = False) -> int | None:
    """Priced units on offer: the field, unless it is absent or says 1 and the text plainly says more. `boxed`: full boxes
    are what is priced."""
    if offer in ("wanted", "service"):
        return None
    field, per = page.doc.listing.quantity, price.per if price else None
    if per == "lot":
        if not boxed or field not in (None, 1):
            return field if field is not None else 1
        held = price.articles if price else None
        if held and grouped(page) == held and (several := groups(page, held)):
            return several
        return _choose([s for s in stated(page, machine=False) if s.kind != "packed" and s.number != held], 1) or 1
    by_chip = per in ("gpu_hour", "gpu_month")
    said = [s for s in stated(page, machine=is_machine(page) and not by_chip) if not _restates(s, price)]
    if offer == "rental":
        said = [s for s in said if s.firm > 1 or ((s.kind == "machine" or s.number > _NODE) and s.number > 1)]
        if by_chip and any(s.kind != "machine" and s.number > 1 for s in said):
            said = [s for s in said if s.kind != "machine"]  # '24 cards in three racks', let by the card
    if field == 1 and not (page.title["each"] or page.description["each"]):
        said = [s for s in said if s.firm > 1]  # against the field only stock that is said to be
    best = _choose(said, chips)
    if field is None or (field == 1 and best is not None and best > 1):
        return best
    if best == 1 < field and is_machine(page) and not by_chip and field == chips_in_machine(page, None):
        return 1  # the form counts the chips of the one machine that the text speaks of
    return field


def _restates(said: Said, price: Price | None) -> bool:
    """Whether a number is the price once more: '8200 ea', 七块一小时, 95个 for 950,000."""
    if price is None or price.amount is None:
        return False
    if said.number == price.amount:
        return said.number >= _NO_STOCK_BUT_MONEY or said.mark == "块"
    return said.mark == "个" and said.number * 10_000 == price.amount


def _choose(said: Sequence[Said], chips: int) -> int | None:
    if not said:
        return None
    firm = [s for s in said if s.firm == max(s.firm for s in said)]
    machines = [s for s in said if s.number > 1 and s.kind == "machine"]
    if machines and firm[0].firm < PARTING and all(s.number == 1 for s in firm):
        firm = machines  # 'got one full rack, 4 boards'
    if chips > 1:
        for some in (said, firm):
            for name in ("title", "description"):  # each may list them
                listed = {s.at: s.number for s in some if s.number < 1000 and s.field == name}
                if len(listed) == chips:
                    return sum(listed.values())
            both = {(s.field, s.at): s.number for s in some if s.number < 1000}
            if len(both) == chips:
                return sum(both.values())
    return max(s.number for s in firm)


def counted(page: Page, numbers: Set[int | None]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Where title and description state any of `numbers`, what they are worked out from, or another stock: folded spans by
    field, larger first."""
    sources = {(s.field, s.at) for s in stated(page, machine=is_machine(page)) if s.number in numbers or s.firm >= STOCK}
    return {
        name: tuple(
            (c.start, c.end)
            for c in sorted(counts.counts(page, name), key=lambda c: -c.value)
            if c.value in numbers or (c.value > 1 and (name, c.start) in sources)
        )
        for name in ("title", "description")
        if name in page.doc.fields
    }
