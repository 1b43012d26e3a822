"""Words of money (`config/money.toml`): currencies, multipliers, what a price is for, and prices that are none."""

from __future__ import annotations

from typing import Literal

from config.loader import Row, Table


class Currency(Row):
    """One currency. `words` are sure; `signs` are ambiguous ones that the site's country decides."""

    KEY = "code"
    code: str
    words: tuple[str, ...]
    signs: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    """Countries whose sites mean this currency by an ambiguous sign or a bare figure."""
    reason: str = ""


class Multiplier(Row):
    """A word after a figure that multiplies it."""

    id: str
    words: tuple[str, ...]
    factor: str
    reason: str = ""


class Phrases(Row):
    """Patterns (regular expressions on folded text) with one meaning."""

    id: str
    meaning: Literal["negotiable", "placeholder", "deposit", "hour", "month", "server", "gpu", "lot", "each", "not_price", "asking"]
    patterns: tuple[str, ...]
    reason: str = ""


class Money(Table):
    """money.toml"""

    currency: list[Currency] = []
    multiplier: list[Multiplier] = []
    phrases: list[Phrases] = []
    placeholders: tuple[str, ...] = ()
    """Figures that are no price wherever they stand as one."""
