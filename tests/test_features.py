"""Figures of an offer: each has a meaning, a missing state, and the value a person would work out."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from detector.changes import Said
from detector.features import FEATURES, NAMES, History, figures, segment
from detector.market import NotEnough, Reference
from detector.reading.model import ChipOffer, Price, Reading
from storage.listing import Listing

MARKET = Reference(10000, 10000, 0.25, 9, "us", 90, None)
FULL: dict[str, Any] = {
    "site": "ebay", "listing_id": "1", "title": "A100 80GB", "description": "x" * 31, "country": "US", "image_urls": ("a", "b", "c"),
    "posted_at": "2025-05-23T00:00:00Z", "observed_at": "2025-06-01T00:00:00Z", "seller_since": "2025-02-21T00:00:00Z",
    "seller_ratings": 99,
}  # fmt: skip

NOTHING = History()


def measure(history: History = NOTHING, *, bare: bool = False, title: str | None = None, **change: Any) -> dict[str, float]:
    fields = {key: FULL[key] for key in ("site", "listing_id", "title")} if bare else FULL
    listing = Listing(**{**fields, **({"title": title} if title else {}), **change})
    usd = Decimal(5000)
    reading = Reading(
        "ebay", "1", "sale", (ChipOffer("a", 8, "title", 0, 4, restricted=True),), True,
        None if bare else Price("asking", Decimal(40000), "USD", "unit", usd), None if bare else 9, "used",
    )  # fmt: skip
    return figures(listing, reading, NotEnough(0, "") if bare else MARKET, history)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price_deviation", math.log(0.5) / 0.25), ("chips_per_unit", 3), ("stock", 1), ("total_chips", math.log10(73)),
        ("models", 1), ("title_length", math.log2(10)), ("text_length", 5), ("digit_share", 5 / 41), ("odd_characters", 0),
        ("foreign_letters", 0), ("pictures", 2), ("round_price", 0.8), ("posted_days", 1), ("seller_days", math.log10(101)),
        ("seller_ratings", 2), ("seller_offers", 3), ("seller_unlike", 6 / 7), ("price_move", math.log(0.5)),
    ],
)  # fmt: skip
def test_values(name: str, value: float) -> None:
    assert measure(History(7, 6, Said(usd=10000.0)))[name] == pytest.approx(value)


def test_what_the_page_does_not_say_is_missing_not_nought() -> None:
    bare = measure(bare=True)
    known = {name for name, value in bare.items() if not math.isnan(value)}
    assert known == {"chips_per_unit", "total_chips", "models", "title_length", "digit_share", "odd_characters"}


@pytest.mark.parametrize(
    ("title", "country", "odd", "foreign"),
    [
        ("H\u200b100", "US", True, False), ("Ｈ１００", "JP", True, False), ("H100 显卡", "CN", False, False),
        ("H100 显卡", "US", False, True), ("Н100 видеокарта", "RU", False, False), ("Н100", "US", False, True),
        ("グラボ H100", "JP", False, False), ("그래픽 H100", "KR", False, False), ("Grafikkarte für Büro", "DE", False, False),
    ],
)  # fmt: skip
def test_scripts(title: str, country: str, odd: bool, foreign: bool) -> None:
    found = measure(title=title, country=country, description=None)
    assert (found["odd_characters"] > 0, found["foreign_letters"] > 0) == (odd, foreign)


def test_every_feature_has_a_meaning_and_a_value() -> None:
    assert len(set(NAMES)) == len(NAMES) and all(len(feature.meaning) > 15 for feature in FEATURES)
    assert set(measure()) == set(NAMES)


def test_the_segment_is_offer_kind_and_region() -> None:
    assert segment(Reading("x", "1", "rental"), "cn") == "rental/cn" and segment(Reading("x", "1", "sale"), "us") == "sale/us"
