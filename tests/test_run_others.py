"""What a run learns from other listings: whose voice an offer is, and how a listing changed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from detector.changes import Said, price_dropped, stock_changed
from detector.others import new_seller
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
    voices = {peer[6] for peer in store.known_peers()}
    listings = {peer[7] for peer in store.known_peers()}
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


def reasons(store: Store) -> dict[str, Any]:
    (document,) = documents(store)
    return {reason["evidence"]: reason.get("detail") for reason in document["reasons"]}


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_price_cut_and_a_risen_stock_are_reasons_at_a_cold_start(store: Store, rebuild: bool) -> None:
    for day, (usd, quantity) in enumerate([(10000, 1), (6800, 200)], start=1):
        record(store, [listing(1, usd, day=day, quantity=quantity)], f"2025-09-0{day}T00:00:00Z")
        judge(store, CONFIG)
    if rebuild:
        judge(store, CONFIG, rebuild=True)
    found = reasons(store)
    assert found["price_dropped"] == "unit price $6,800, 32 % under the $10,000 asked before"
    assert found["stock_changed"] == "200 chips on offer, 1 before"
    (document,) = documents(store)
    assert not {"price_dropped", "stock_changed"} & {signal["signal"] for signal in document["signals"]}


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"usd": 10000, "quantity": 1}, {"usd": 8100, "quantity": 4}),
        ({"usd": 6800, "quantity": 200}, {"usd": 10000, "quantity": 1}),
        ({"usd": 10000, "quantity": None}, {"usd": 10000, "quantity": 200}),
        ({"usd": 10000, "quantity": 2}, {"usd": 10000, "quantity": 9}),
    ],
)
def test_small_changes_and_unsaid_figures_are_none(store: Store, first: dict[str, Any], then: dict[str, Any]) -> None:
    for day, change in enumerate((first, then), start=1):
        record(store, [listing(1, day=day, **change)], f"2025-09-0{day}T00:00:00Z")
        judge(store, CONFIG)
    assert not {"price_dropped", "stock_changed"} & reasons(store).keys()


def test_another_chip_under_the_same_number_is_no_price_cut() -> None:
    settings = CONFIG.signals.settings
    before, now = Said("nvidia-h100", 24000, 1), Said("nvidia-a100", 9000, 50)
    assert price_dropped(before, now, settings) is None and stock_changed(before, now, settings) is None
    assert price_dropped(None, now, settings) is None and stock_changed(None, now, settings) is None
    assert Said.from_record(asdict(now)) == now


@pytest.mark.parametrize(
    ("seen", "since", "ratings", "detail"),
    [
        ("2025-05-01T08:00:00+09:00", "2025-05-01", 900, "account 0 days old"),
        ("2025-05-01T20:00:00+09:00", "2025-05-01", 900, "account 0 days old"),
        ("2025-05-02T08:00:00Z", "2025-05-01", 900, "account 1 day old"),
        ("2025-05-01T08:00:00Z", "2025-05-03", 900, None),
        ("2025-05-01T08:00:00Z", "2015-05-03", 0, "0 ratings"),
        ("2025-05-01T08:00:00Z", "2015-05-03", 900, None),
        ("2025-05-01T08:00:00Z", None, 1, "1 rating"),
        ("2025-05-01T08:00:00Z", None, None, None),
    ],
)
def test_a_new_account_is_young_or_has_few_ratings(seen: str, since: str | None, ratings: int | None, detail: str | None) -> None:
    """A site's date is of its own place: Seoul's tomorrow is no error."""
    found = new_seller(listing(1, observed_at=seen, seller_since=since, seller_ratings=ratings), CONFIG.signals.settings)
    assert (found.detail if found else None) == detail
