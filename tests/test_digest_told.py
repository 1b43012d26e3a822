"""What a digest tells, once: by no clock, nothing lost by an empty one, its counts those of the queue, earlier decisions named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chipwatch.cli import app
from chipwatch.digests import make
from config.loader import Config
from detector.run import detect
from review import mail_page, plain, render
from storage.alerts import Filter
from storage.listing import Listing
from storage.store import Store
from tests import handover
from tests.older import older

MORNING = "2026-03-03T09:00:00Z"
YEARS_LATER = "2031-01-01T09:00:00Z"
THIRD = "2026-03-04T08:00:00Z"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return handover.build(tmp_path / "home")


def bring(home: Path, number: str, now: str, *, price: str = "9000", seller: str = "s7") -> None:
    """Another red flag is seen and judged."""
    with Store.open(home) as store:
        run = store.begin_run("board", now=now)
        offer = {
            **handover.OFFERS[0],
            "listing_id": number,
            "price_amount": price,
            "price_text": f"US ${price}",
            "seller_id": seller,
        }
        if number != "1":
            offer |= {
                "title": f"NVIDIA H100 80GB PCIe no {number}",
                "description": f"The labels were peeled off, crate {int(number) * 7919}.",
            }
        store.record(
            Listing(site="board", url=f"https://board.example/item/{number}", observed_at=now, **offer),
            run=run,
            evidence=None,
            now=now,
        )
        store.end_run(run, "ok", now)
        detect(store, Config(home), now=now)


def test_a_digest_made_by_another_clock_takes_nothing_from_the_next(home: Path) -> None:
    with Store.open(home) as store:
        first, _ = make(store, Config(home), now=MORNING)
        by_hand, _ = make(store, Config(home), now=YEARS_LATER)
    bring(home, "7", THIRD)
    with Store.open(home) as store:
        made, _ = make(store, Config(home), now="2026-03-04T09:00:00Z")
        later, _ = make(store, Config(home), now="2026-03-04T09:30:00Z")
    assert (first.told, by_hand.told, made.told, later.told) == (2, 0, 1, 0)
    assert made.since == handover.DAYS[0], "the moment of what was told last, not of the digest by hand"


def test_an_empty_digest_leads_to_the_last_that_held_something(home: Path) -> None:
    with Store.open(home) as store:
        first, latest = make(store, Config(home), now=MORNING)
        kept = latest.parent / "20260303T090000Z.html"
        before = kept.read_text(encoding="utf-8")
        empty, _ = make(store, Config(home), now=MORNING)
        assert kept.read_text(encoding="utf-8") == before, "made within the same second"
        kept.unlink()
        empty, latest = make(store, Config(home), now="2026-03-03T10:00:00Z")
    assert empty.told == 0 and empty.previous == {"made": MORNING, "alerts": 2, "file": "20260303T090000Z"}
    page = latest.read_text(encoding="utf-8")
    assert (
        '<a href="20260303T090000Z.html">' in page
        and "The last digest with alerts is of 2026-03-03 09:00 UTC, with 2." in page
    )
    again = kept.read_text(encoding="utf-8")
    assert again[again.index("<main>") :] == before[before.index("<main>") :], (
        "a lost file is written again from the record"
    )
    assert "The last digest with alerts" in mail_page.html(
        empty
    ) and "The last digest with alerts" in plain.text(empty)
    assert "20260303T090000Z.md" in render.markdown(empty)
    assert first.previous is None and "The last digest" not in before


def test_its_counts_are_those_of_the_queue_with_what_was_opened_in_silence(home: Path) -> None:
    with Store.open(home) as store:
        # As a rescore leaves it: opened, and no news.
        store.db.write("UPDATE alert SET news_at=NULL WHERE listing=?", [handover.key(store, "2")])
        made, _ = make(store, Config(home), now=MORNING)
        assert (made.told, made.silent, sum(made.queue.values())) == (1, 1, 2)
        words = "2 alerts in the queue: 1 in this digest, 1 opened without notice"
        for form in (render.html(made), plain.text(made), mail_page.html(made), render.markdown(made)):
            assert words in form and "silent" in form
        assert '/?silent=1">on the desk</a>' in render.html(made)
        second, _ = make(store, Config(home), now="2026-03-03T10:00:00Z")
        assert "2 alerts in the queue: 1 told before, 1 opened without notice" in second.queue_words
        whole, _ = make(store, Config(home), now="2026-03-03T11:00:00Z", everything=True)
        assert whole.told == 2 and "opened without notice" in {alert.why_now for alert in whole.alerts}
    listed = CliRunner().invoke(app, ["--home", str(home), "alerts", "--silent", "--json"])
    assert [row["title"] for row in json.loads(listed.stdout)] == [handover.OFFERS[1]["title"]]


def test_news_by_a_clock_that_runs_ahead_is_not_told_as_of_a_day_to_come(home: Path) -> None:
    with Store.open(home) as store:
        key = handover.key(store, "1")
        mute = store.mute("listing", key, reason="audit", who="a", now=MORNING, until="2040-01-01")
        store.lift_mute(mute, who="a", now=YEARS_LATER)
        make(store, Config(home), now=YEARS_LATER)
        made, _ = make(store, Config(home), now="2026-03-04T09:00:00Z")
    assert made.since == YEARS_LATER and made.since_words.startswith("New since the last digest. ")


def test_an_alert_that_was_told_before_says_what_is_new_of_it(home: Path) -> None:
    with Store.open(home) as store:
        make(store, Config(home), now=MORNING)
    bring(home, "1", THIRD, price="5000")
    bring(home, "7", THIRD)
    with Store.open(home) as store:
        made, _ = make(store, Config(home), now="2026-03-04T09:00:00Z")
        kept = store.alert(handover.key(store, "1"))
    assert kept["events"][-1]["kind"] == "updated" and kept["news_at"] == THIRD
    of = {alert.listing_id: alert.before for alert in made.alerts}
    assert of["7"] is None and of["1"] == "News since it was opened on 2026-03-02: unit price fell from $9,000 to $5,000"
    for form in (render.html(made), plain.text(made), mail_page.html(made), render.markdown(made)):
        assert "ews since it was opened" in form


def test_an_alert_dismissed_before_says_by_whom_and_what_has_changed(home: Path) -> None:
    with Store.open(home) as store:
        make(store, Config(home), now=MORNING)
        store.decide(
            handover.key(store, "1"),
            "dismiss",
            who="Ana",
            now=YEARS_LATER,
            reason="papers-seen",
            note="invoice of a dealer, mail a.b@shop.example",
        )
    bring(home, "1", THIRD, price="4000", seller="s1")
    with Store.open(home) as store:
        made, _ = make(store, Config(home), now="2026-03-04T09:00:00Z")
    (alert,) = made.alerts
    assert alert.before is not None
    assert alert.before.startswith(
        "Dismissed before by Ana on 2031-01-01 at score >.99 (Papers seen: invoice, warranty or licence): “invoice of a dealer, mail"
    )
    assert (
        "Opened again: unit price fell from $7,500 to $4,000" in alert.before
        and "shop.example" not in alert.before
    )
    for form in (
        render.html(made),
        plain.text(made),
        mail_page.html(made),
        render.markdown(made).replace("\\", ""),
    ):
        assert "ismissed before by Ana" in form


def test_a_dismissal_taken_back_is_no_earlier_decision(home: Path) -> None:
    with Store.open(home) as store:
        store.decide(handover.key(store, "1"), "dismiss", who="Ana", now=MORNING, reason="misread")
        store.undo(handover.key(store, "1"), who="Ana", now=MORNING)
        made, _ = make(store, Config(home), now=MORNING)
    assert [alert.before for alert in made.alerts] == [None, None]


def test_the_muted_are_counted_and_the_command_that_is_named_lists_them(home: Path) -> None:
    with Store.open(home) as store:
        store.mute(
            "listing",
            handover.key(store, "2"),
            reason="known stock",
            who="Ana",
            now=MORNING,
            until="2099-01-01",
        )
        made, _ = make(store, Config(home), now=MORNING)
    assert (made.told, made.muted, sum(made.queue.values())) == (1, 1, 1)
    assert "1 alerts are held back by mutes: `chipwatch alerts --muted`" in render.markdown(made)
    listed = CliRunner().invoke(app, ["--home", str(home), "alerts", "--muted", "--json"])
    assert [row["title"] for row in json.loads(listed.stdout)] == [handover.OFFERS[1]["title"]]


def test_what_was_snoozed_or_muted_comes_back_on_its_day_and_says_so(home: Path) -> None:
    with Store.open(home) as store:
        make(store, Config(home), now=MORNING)
        store.decide(handover.key(store, "1"), "snooze", who="Ana", now=MORNING, until="2026-03-06")
        store.mute(
            "listing",
            handover.key(store, "2"),
            reason="known stock",
            who="Ana",
            now=MORNING,
            until="2026-03-07",
        )
        told = [make(store, Config(home), now=f"2026-03-0{day}T09:00:00Z")[0] for day in (5, 6, 7, 8)]
    assert [(made.told, made.muted) for made in told] == [(0, 1), (1, 1), (1, 0), (0, 0)]
    (woke,) = told[1].alerts
    assert woke.before == (
        "Snoozed before by Ana on 2026-03-03 at score >.99. Opened again: snoozed until 2026-03-06T00:00:00Z"
    )


def test_detection_wakes_them_too(home: Path) -> None:
    with Store.open(home) as store:
        key = handover.key(store, "1")
        store.decide(key, "snooze", who="Ana", now=MORNING, until="2026-03-06")
        detect(store, Config(home), now="2026-03-05T08:00:00Z")
        assert store.alert(key)["state"] == "snoozed"
        detect(store, Config(home), now="2026-03-06T08:00:00Z")
        assert store.alert(key)["state"] == "new"


def test_a_home_of_before_has_told_what_its_last_digest_told(home: Path) -> None:
    bring(home, "7", THIRD)
    with Store.open(home) as store:
        store.save_digest("daily", {}, since=None, until=MORNING, now=MORNING, alerts=1)
        path = store.db.path
    older(path, "m005_told")  # moments of digests told news from old
    with Store.open(home) as store:
        assert [row["listing"] for row in store.news()] == [handover.key(store, "7")]
        assert sum(store.count_alerts("severity", Filter()).values()) == 3
