"""Exchange rates by date: the bank's, the config's, and how old they are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from config.loader import Config
from detector.fx import Exchange

EXCHANGE = Exchange(Config(None).market.rate)


@pytest.mark.parametrize(
    ("currency", "on", "per_usd", "source", "stale"),
    [
        ("USD", date(2025, 3, 27), 1, "USD", False),
        ("CNY", date(2025, 3, 27), 7.26, "ECB", False),
        ("JPY", date(2024, 7, 1), 161.4, "ECB", False),
        ("EUR", date(2025, 1, 15), 0.971, "ECB", False),
        ("CNY", date(2025, 1, 1), 7.30, "ECB", False),  # a holiday takes the working day before
        ("RUB", date(2021, 6, 1), 73.5, "ECB", False),
        ("RUB", date(2025, 3, 27), 90, "config", False),  # the bank stopped on 2022-03-01
        ("RUB", date(2022, 3, 5), 105.0, "ECB", False),  # of its last day, over the dollar of that day
        ("EUR", date(1998, 4, 20), 0.848, "ECB", True),  # before the euro: the first rate, nine months later
        ("RUB", date(2022, 6, 1), 105.0, "ECB", True),  # three months after the last rate, two years before the next
        ("TWD", date(2025, 3, 27), 32, "config", False),
        ("VND", date(2027, 9, 1), 25400, "config", True),
        ("AED", date(2012, 1, 1), 3.6725, "config", False),  # a peg does not age
    ],
)
def test_rate_of_a_day(currency: str, on: date, per_usd: float, source: str, stale: bool) -> None:
    found = EXCHANGE.to_usd(Decimal(1000), currency, on)
    assert found is not None
    assert float(found.rate) == pytest.approx(per_usd, rel=0.01)
    assert float(found.usd) == pytest.approx(1000 / per_usd, rel=0.01)
    assert (found.source, found.stale) == (source, stale)


def test_an_unknown_currency_is_no_guess() -> None:
    assert EXCHANGE.to_usd(Decimal(1), "XXX", date(2025, 1, 1)) is None
    assert Exchange().to_usd(Decimal(1), "TWD", date(2025, 1, 1)) is None


def test_the_rate_is_said_with_its_date() -> None:
    found = EXCHANGE.to_usd(Decimal(1), "RUB", date(2022, 6, 1))
    assert found is not None and found.text("RUB") == "RUB 105 ECB 2022-03-01 (stale)"
