"""A price's share of its market is one figure wherever it is shown: in the reasons, in the digest, on the desk."""

from __future__ import annotations

import random
import re
from types import SimpleNamespace

import pytest

from config.loader import Config
from detector.judge import Judge
from detector.market import Reference, compared, market_record
from review.desk.cards import price_of
from review.digest import DigestAlert

JUDGE = Judge.from_config(Config(None))


@pytest.mark.parametrize("seed", range(60))
def test_a_share_is_the_same_everywhere(seed: int) -> None:
    """Cards and chip-hours, a narrow market and a band, cheap and dear ones."""
    chance = random.Random(seed)
    low = chance.choice([0.4, 2.1, 900.0, 24_000.0]) * chance.uniform(0.8, 1.2)
    reference = Reference(low, low * chance.choice([1.0, 1.0, 1.3]), 0.25, 23, "us, used", 90, None)
    usd = round(chance.choice([low * chance.uniform(0.2, 0.6), reference.high * chance.uniform(1.6, 3.0)]), 2)
    signals, _ = JUDGE.compare(usd, "sale", reference, dear_is_normal=False)
    said = re.search(r"\d+ %", str(signals[0].detail))
    assert said is not None
    market = market_record(reference)
    told = DigestAlert.market_words.fget(  # type: ignore[attr-defined]
        SimpleNamespace(offer="sale", unit_usd=usd, market_usd=compared(usd, market), market_n=23, asked="")
    )
    assert f", {said.group()} of the market's" in told
    assert price_of({"market": market}, usd, None).words.startswith(f"{said.group()} of market")


def test_inside_a_band_the_middle_is_meant_and_without_a_market_nothing() -> None:
    market = {"centre": 10.0, "low": 8.0, "high": 12.5}
    assert [compared(usd, market) for usd in (4.0, 9.0, 20.0)] == [8.0, 10.0, 12.5]
    assert compared(4.0, {"n": 2, "note": "2 peers"}) is None
    assert compared(None, market) is None
