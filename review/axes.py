"""Scales, ticks and figures in words for the charts. Pure; nothing here knows of SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values from `low`..`high` to places `start`..`end` of the drawing; `log` needs a positive `low`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value; what lies outside stands at the edge."""
        value = min(max(value, self.low), self.high)
        if self.high == self.low:
            return (self.start + self.end) / 2
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, wanted: int = 5) -> list[float]:
        """Round values inside the scale, about `wanted` of them."""
        return (
            log_ticks(self.low, self.high, wanted) if self.log else linear_ticks(self.low, self.high, wanted)
        )


def linear_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten within the bounds."""
    if high <= low or wanted < 1:
        return [low]
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(at * step, 12) for at in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float, wanted: int) -> list[float]:
    """1, 2 and 5 times powers of ten within the bounds, thinned to powers alone where that is enough."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
        found = [s * 10.0**p for p in powers for s in steps if low * 0.999 <= s * 10.0**p <= high * 1.001]
        if len(found) >= min(wanted, 3):
            return found[:: max(len(found) // wanted, 1)]
    found = linear_ticks(low, high, wanted)
    return found if len(found) >= 3 else linear_ticks(low, high, 2 * wanted) or [low, high]


def around(
    values: Iterable[float], start: float, end: float, *, log: bool = False, room: float = 0.06
) -> Scale:
    """A scale that holds all values with some room on both sides. Without values 0 to 1; `log` passes over what is not positive."""
    held = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
    if not held:
        return Scale(1.0 if log else 0.0, 10.0 if log else 1.0, start, end, log)
    low, high = min(held), max(held)
    if log:
        factor = max((high / low) ** room, 1.05)
        return Scale(low / factor, high * factor, start, end, True)
    gap = (high - low) * room or abs(high) * room or 1.0
    return Scale(0.0 if 0 <= low <= high * 0.5 else low - gap, high + gap, start, end)


def money(usd: float) -> str:
    """US dollars as a person writes them: cents only where they matter."""
    return f"${usd:,.2f}" if abs(usd) < 100 else f"${usd:,.0f}"


def labels(ticks: Sequence[float], words: Callable[[float, int], str]) -> list[tuple[float, str]]:
    """Each tick with its words, in as few digits as tell all of them apart."""
    for digits in range(3, 9):
        told = [words(tick, digits) for tick in ticks]
        if len(set(told)) == len(told):
            break
    return list(zip(ticks, told, strict=True))


def short(value: float, digits: int = 3) -> str:
    """A figure short enough for an axis: 950, 1.2k, 16k, 3M."""
    for limit, name in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.{digits}g}{name}"
    return f"{value:.{digits}g}"


def short_money(usd: float, digits: int = 3) -> str:
    """US dollars short enough for an axis."""
    return f"${usd:.2f}" if abs(usd) < 10 and usd != int(usd) else f"${short(usd, digits)}"


def percent(share: float, digits: int = 3) -> str:
    """A share as per cent; more than three digits are decimals."""
    return f"{100 * share:.{digits - 3}f} %"


def day_words(day: date, *, year: bool = False) -> str:
    """A day as an axis shows it."""
    return f"{day.day} {MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")


def day_ticks(first: int, last: int, wanted: int = 5) -> list[int]:
    """Ordinal days evenly between two, both ends included where they are few."""
    span = last - first
    if span <= 0:
        return [first]
    step = max(math.ceil(span / wanted), 1)
    return list(range(first, last + 1, step))
