"""What a run learns from other listings: whose voice an offer is, and how a listing changed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from detector.voices import Names, Peer
from storage.listing import Listing
from storage.store import Store
from tests.test_run import NOW, days, export, judge, listing, record

CONFIG = Config(None)
POOL = "Pulled from our decommissioned inference cluster, tested for a week under full load, ships insured next working day."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def unnamed(number: int, usd: float, **change: Any) -> Listing:
    return listing(number, usd, seller_id=None, **change)


def documents(store: Store) -> list[dict[str, Any]]:
    return [row["document"] for row in store.iter_readings()]


@pytest.mark.parametrize("n", [6, 20])
def test_copies_of_unnamed_sellers_on_one_site_are_one_voice(store: Store, n: int) -> None:
    """Imported at once they would be the market that they are measured against."""
    record(store, [unnamed(at, 5000, title="A100 80GB PCIe", description=POOL) for at in range(n)], NOW)
    judge(store, CONFIG)
    for document in documents(store):
        assert document["market"]["n"] == 0 and document["market"]["low"] == 10000
        assert [s["signal"] for s in document["signals"]] == ["price_below_market"] and document["severity"] == "high"


def test_unnamed_sellers_with_words_of_their_own_are_voices(store: Store) -> None:
    record(store, [unnamed(at, 9000) for at in range(20)], NOW)
    judge(store, CONFIG)
    assert {document["market"]["n"] for document in documents(store)} == {19}


def test_copies_on_two_sites_are_two_voices(store: Store) -> None:
    """A maker's description stands in many shops that are surely not one."""
    record(store, [unnamed(at, 9000, site=f"shop-{at}", title="A100 80GB PCIe", description=POOL) for at in range(8)], NOW)
    judge(store, CONFIG)
    assert {document["market"]["n"] for document in documents(store)} == {7}


def test_daily_runs_name_the_voices_of_a_rebuild(store: Store) -> None:
    """Copies, other words, the same listing again after days, weeks and more than the window; some without a price."""
    chance = random.Random(5)
    some = []
    for at in range(260):
        words = f"{POOL} {chance.choice('abcd') * 40}" if chance.random() < 0.6 else None
        change = {"description": words, "title": "A100 80GB PCIe"} if words else {}
        some.append(unnamed(chance.randrange(90), chance.choice([0, 6000, 9000, 11000]), day=at * 2, **change))
    seen = sorted({one.observed_at: one for one in some}.values(), key=lambda one: one.observed_at or "")
    for day, group in days(seen):
        record(store, group, f"{day}T23:00:00Z")
        judge(store, CONFIG, now=f"{day}T23:30:00Z")
    daily = export(store)
    judge(store, CONFIG, rebuild=True)
    assert export(store) == daily
    voices = {row["peer"][6] for row in store.judged_before(None, "") if row["peer"]}
    listings = {row["peer"][7] for row in store.judged_before(None, "") if row["peer"]}
    assert 10 < len(voices) < len(listings)


def peer(name: str, day: int, seller: str) -> Peer:
    return Peer("chip", "sale", "us", "used", 1.0, day, seller, name)


def test_a_listing_keeps_its_voice_within_the_window() -> None:
    names = Names(180)
    names.take("o1", peer("x/1", 10, "x/1"))
    assert names.of("x/2", 20, ["o1"]) == "x/1" and names.of("x/2", 20, ["o0"]) == "x/2"
    names.take("o2", peer("x/2", 20, "x/1"))
    assert names.of("x/2", 30, []) == "x/1", "its copies need not be met again"
    assert names.of("x/2", 201, []) == "x/2", "what a daily run does not load decides nothing"
    names.take("o3", peer("x/1", 5, "late"))
    assert names.of("x/1", 30, []) == "x/1", "late news of the past does not rename"
