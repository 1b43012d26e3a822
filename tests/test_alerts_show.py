"""What `alerts show` tells of an alert: how it stands, what holds it back, what it is a relist of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.loader import Config
from detector.run import detect
from review.desk.cards import Names
from review.show import as_text, everything
from storage.listing import Listing
from storage.store import Store

TEXT = "Serial number label has been scratched off. Pulled from our own servers, tested for three days, no errors, ships tomorrow."


def offer(number: int, day: int, text: str = TEXT) -> Listing:
    return Listing(
        "board", str(number), "NVIDIA H100 80GB PCIe", description=text, price_text="US $24,000", price_amount="24000", price_currency="USD",
        country="US", seller_id="alice", condition="Used", observed_at=f"2026-03-0{day}T08:00:00Z",
    )  # fmt: skip


def gather(store: Store, one: Listing) -> None:
    now = one.observed_at or ""
    run = store.begin_run("board", now=now)
    store.record_many([(one, None)], run=run, now=now)
    store.end_run(run, "ok", now, {})
    detect(store, Config(store.home), now=now)


def shown(store: Store, number: int) -> str:
    config = Config(store.home)
    return "\n".join(as_text(everything(store, config, store.find_listing(f"board/{number}")), Names(config)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        gather(opened, offer(1, 1))
        yield opened


def test_a_relist_is_shown_with_the_offer_it_goes_back_to(store: Store) -> None:
    gather(store, offer(2, 2))
    assert "alert: new, opened 2026-03-01" in shown(store, 1) and "relisted as" in shown(store, 1)
    told = shown(store, 2)
    assert "without notice" in told and "relist of an offer that waits" in told and "relist of " + store.find_listing("board/1") in told


def test_a_snooze_a_mute_and_a_close_are_shown_with_their_reasons(store: Store) -> None:
    key = store.find_listing("board/1")
    store.mute("site", "board", reason="known dealers", who="ana", now="2026-03-01T09:00:00Z", until="2026-04-01")
    assert "muted until 2026-04-01 by ana (site board): known dealers" in shown(store, 1)
    store.decide(key, "snooze", who="ana", now="2026-03-01T10:00:00Z", until="2026-03-20")
    assert "alert: snoozed until 2026-03-20" in shown(store, 1)
    gather(store, offer(1, 3, "With invoice and warranty, serial number intact on the label."))
    assert "alert: closed" in shown(store, 1) and shown(store, 1).count("closed: the page changed: score") == 1
    gather(store, offer(3, 3, "With invoice."))
    assert "no alert" in shown(store, 3)


def test_a_decision_is_shown_with_its_reason_and_its_note_where_it_has_any(store: Store) -> None:
    key = store.find_listing("board/1")
    store.decide(key, "dismiss", who="ana", now="2026-03-01T09:00:00Z", reason="misread", note="test")
    store.undo(key, who="root", now="2026-03-01T10:00:00Z")
    store.decide(key, "note", who="ana", now="2026-03-01T11:00:00Z", note="asked again")
    told = [line.strip() for line in shown(store, 1).splitlines() if " decided " in line]
    assert told == [
        "decided 2026-03-01T09:00:00Z dismiss by ana (misread): test",
        "decided 2026-03-01T10:00:00Z undo by root",
        "decided 2026-03-01T11:00:00Z note by ana: asked again",
    ]


def test_what_became_news_of_an_alert_is_shown_in_words(store: Store) -> None:
    gather(store, replace(offer(1, 2), price_text="US $12,000", price_amount="12000"))
    told = shown(store, 1)
    assert "alert: new, opened 2026-03-01T08:00:00Z (high: serial number removed" in told
    assert "    2026-03-02 08:00 updated: new evidence: price below the market" in told


def test_what_moved_nothing_is_a_step_once_somebody_had_seen_the_alert(store: Store) -> None:
    quiet = replace(offer(1, 2), price_text="US $23,900", price_amount="23900")
    gather(store, quiet)
    assert "updated: score or page changed" not in shown(store, 1)
    store.decide(store.find_listing("board/1"), "note", who="ana", now="2026-03-02T09:00:00Z", note="seen")
    assert "updated: score or page changed" not in shown(store, 1)
    gather(store, replace(quiet, price_text="US $23,800", price_amount="23800", observed_at="2026-03-04T08:00:00Z"))
    assert "    2026-03-04 08:00 updated: score or page changed, nothing material" in shown(store, 1)


def test_the_rule_that_made_a_chip_restricted_on_the_day_is_shown(store: Store) -> None:
    told = shown(store, 1)
    assert "law on 2026-03-01: NVIDIA H100 80 GB PCIe: 3A090.a" in told and "by rule 2023-11-17 3A090.a.1 (88 FR 73458" in told
    assert "codified for: any destination" in told and "enforced for: Country Groups D:1, D:4, D:5" in told
    assert "case by case, under conditions" in told and "91 FR 1684" in told


def test_a_listing_without_a_price_is_told_in_words(store: Store) -> None:
    gather(store, replace(offer(5, 3), title="Water block for H100", description="accessory", price_text=None, price_amount=None, price_currency=None))
    told = shown(store, 5)
    assert "  not judged: accessory: no chip is offered" in told and "severity none" not in told and "higher or lower" not in told
    assert "2026-03-03T08:00:00Z  no price" in told and "None" not in told and "is a accessory" not in told
