"""How a listing changed since it was judged before: its price, the stock that it claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.comparable import unit_price
from detector.reading.model import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.schema.signals import Settings
    from detector.reading.model import Reading


@dataclass(frozen=True, slots=True)
class Said:
    """What a listing offered: the chip, USD for one where it can be compared, how many of it where that is said."""

    chip: str | None = None
    usd: float | None = None
    chips: int | None = None

    @classmethod
    def of(cls, reading: Reading) -> Said:
        """What a reading says."""
        total = sum(chip.count for chip in reading.chips) * reading.quantity if reading.quantity is not None else None
        return cls(reading.chips[0].chip if reading.chips else None, unit_price(reading), total or None)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Said:
        """What was kept of a reading."""
        return cls(record.get("chip"), record.get("usd"), record.get("chips"))


def price_dropped(before: Said | None, now: Said, settings: Settings) -> Signal | None:
    """The unit price of the same chip fell to `price_drop` of what it was, or under."""
    if before is None or before.chip != now.chip or not before.usd or not now.usd or now.usd > settings.price_drop * before.usd:
        return None
    words = f"unit price ${_dollars(now.usd)}, {100 * (1 - now.usd / before.usd):.0f} % under the ${_dollars(before.usd)} asked before"
    return Signal("price_dropped", value=now.usd, expected=before.usd, n=1, detail=words)


def stock_changed(before: Said | None, now: Said, settings: Settings) -> Signal | None:
    """The stock claimed of the same chip is that of a dealer now, and `stock_rise` times what it was."""
    if before is None or before.chip != now.chip or not before.chips or not now.chips:
        return None
    if now.chips < max(settings.bulk_chips, settings.stock_rise * before.chips):
        return None
    words = f"{now.chips:,} chips on offer, {before.chips:,} before"
    return Signal("stock_changed", value=now.chips, expected=before.chips, n=1, detail=words)


def _dollars(usd: float) -> str:
    return f"{usd:,.{2 if usd < 100 else 0}f}"
