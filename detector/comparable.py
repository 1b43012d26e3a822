"""Which offers can be measured against a market and speak for it, and in which market and at which price."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detector.reading.model import Reading

CONDITION_GROUPS = {"new": "new", "used": "used", "refurbished": "used"}


def why_not_compared(reading: Reading) -> str | None:
    """Why no price sign can be drawn from this offer and why it is no peer; None where it can."""
    price = reading.price
    if reading.offer not in ("sale", "rental"):
        return f"is {'an' if reading.offer[0] in 'aeiou' else 'a'} {reading.offer} post, not an offer of a chip"
    if not reading.chips:
        return "names no chip the catalogue knows"
    if len({chip.chip for chip in reading.chips}) > 1:
        return "several chips at one price"
    if price is None or price.unit_usd is None:
        return (price.reason if price else None) or "shows no price that can be compared"
    if price.kind not in ("asking", "range"):
        return f"the price is a {price.kind} figure"
    if reading.condition == "parts":
        return "is for parts"
    if reading.notes.get("goods") == "whole_pc":
        return "is a whole PC"
    if price.unit_usd <= 0:
        return "the price is not positive"
    if price.bid:
        return "the price is the bid of a running auction"
    return None


def unit_price(reading: Reading) -> float | None:
    """USD for one chip or chip-hour where it can be compared, else None."""
    if why_not_compared(reading) is not None or reading.price is None or reading.price.unit_usd is None:
        return None
    return float(reading.price.unit_usd)


def offer_kind(reading: Reading) -> str:
    """Which market: chip-hours are rental, everything else is sale."""
    return "rental" if reading.offer == "rental" else "sale"


def condition_group(reading: Reading) -> str:
    """new or used; any where it is not said or does not apply."""
    return CONDITION_GROUPS.get(reading.condition, "any")
