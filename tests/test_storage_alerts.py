"""Alerts: the detector's wishes applied, the queue, decisions and their undoing, mutes, what the digest tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from storage.alerts import Filter
from storage.errors import ConflictError, MissingError, StorageError
from storage.ids import listing_key
from storage.listing import Listing
from storage.store import Store

DAY = "2026-03-{:02d}T10:00:00Z"


@dataclass(frozen=True)
class Facts:
    listing: str
    observation: str
    site: str = "board"
    title: str = "H100"
    score: float = 0.9
    severity: str = "high"
    signals: tuple[str, ...] = ("serial_removed", "no_paperwork")
    country: str | None = "CN"
    chip: str | None = "nvidia-h100-sxm-80gb"
    seller: str | None = None
    unit_usd: float | None = 21000.0
    relist_of: str | None = None


@dataclass(frozen=True)
class Intent:
    kind: str
    facts: Facts
    news: bool = True
    why: str = "high: serial_removed"
    muted_by: str | None = None
    known: Any = None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        run = opened.begin_run("board", now=DAY.format(1))
        names = [
            Listing("board", str(n), f"H100 {n}", description="序列号已打磨" if n % 2 else "clean")
            for n in range(10)
        ]
        opened.record_many([(one, None) for one in names], run=run, now=DAY.format(1))
        opened.end_run(run, "ok", DAY.format(1))
        yield opened


def facts(store: Store, n: int, **fields: Any) -> Facts:
    key = listing_key("board", str(n))
    return Facts(key, store.db.value("SELECT observation FROM listing WHERE id=?", [key]), **fields)


def opened(store: Store, n: int, day: int = 2, **fields: Any) -> str:
    fact = facts(store, n, **fields)
    store.apply_intents([Intent("opened", fact)], now=DAY.format(day))
    return fact.listing


def test_an_alert_opens_updates_closes_and_opens_again(store: Store) -> None:
    fact = facts(store, 1)
    assert store.apply_intents([Intent("opened", fact)], now=DAY.format(2))["opened"] == 1
    assert store.apply_intents([Intent("opened", fact)], now=DAY.format(2))["opened"] == 0
    alert = store.alert(fact.listing)
    assert (alert["state"], alert["version"], alert["news_at"], alert["signals"]) == (
        "new", 1, DAY.format(2), ("serial_removed", "no_paperwork"),
    )  # fmt: skip
    store.apply_intents(
        [Intent("updated", replace(fact, score=0.7, severity="medium"), news=False)], now=DAY.format(3)
    )
    alert = store.alert(fact.listing)
    assert (alert["severity"], alert["rank"], alert["news_at"], alert["version"]) == (
        "medium",
        2,
        DAY.format(2),
        2,
    )
    store.apply_intents(
        [Intent("closed", replace(fact, score=0.1, severity="none"), news=False, why="sold")],
        now=DAY.format(4),
    )
    assert (store.alert(fact.listing)["state"], store.alert(fact.listing)["closed_why"]) == ("closed", "sold")
    store.apply_intents([Intent("reopened", fact, why="price fell")], now=DAY.format(5))
    alert = store.alert(fact.listing)
    assert (alert["state"], alert["opened_at"], alert["news_at"], alert["closed_why"]) == (
        "new",
        DAY.format(2),
        DAY.format(5),
        None,
    )
    assert [event["kind"] for event in alert["events"]] == ["opened", "updated", "closed", "reopened"]


def test_an_update_leaves_a_decision_standing(store: Store) -> None:
    key = opened(store, 1)
    store.decide(key, "confirm", who="ann", now=DAY.format(3))
    store.apply_intents([Intent("updated", facts(store, 1, score=0.95), news=False)], now=DAY.format(4))
    assert (store.alert(key)["state"], store.alert(key)["score"]) == ("confirmed", 0.95)


@pytest.mark.parametrize(
    ("action", "options", "state"),
    [
        ("confirm", {}, "confirmed"),
        ("dismiss", {"reason": "accessory", "note": "only a cooler"}, "dismissed"),
        ("snooze", {"until": "2026-04-01"}, "snoozed"),
        ("escalate", {}, "escalated"),
        ("note", {"note": "ask the broker"}, "new"),
    ],
)
def test_a_decision_says_who_when_why_and_what_was_seen(
    store: Store, action: str, options: dict[str, Any], state: str
) -> None:
    key = opened(store, 1)
    store.decide(key, action, who="ann", now=DAY.format(3), **options)
    alert = store.alert(key)
    assert alert["state"] == state
    (decision,) = alert["decisions"]
    assert (decision["who"], decision["at"], decision["action"], decision["state_before"]) == (
        "ann",
        DAY.format(3),
        action,
        "new",
    )
    assert (decision["observation"], decision["score"], decision["severity"]) == (
        alert["observation"],
        0.9,
        "high",
    )
    assert all(decision[name] == value or name == "until" for name, value in options.items())
    assert alert["snooze_until"] == ("2026-04-01T00:00:00Z" if action == "snooze" else None)


def test_wrong_decisions_are_refused(store: Store) -> None:
    key = opened(store, 1)
    for action, options in (
        ("delete", {}),
        ("undo", {}),
        ("snooze", {}),
        ("confirm", {"until": "2026-04-01"}),
    ):
        with pytest.raises(StorageError):
            store.decide(key, action, who="ann", now=DAY.format(3), **options)
    with pytest.raises(MissingError):
        store.decide("nothing", "confirm", who="ann", now=DAY.format(3))
    assert store.alert(key)["decisions"] == []


def test_two_people_do_not_overwrite_each_other(store: Store) -> None:
    key = opened(store, 1)
    seen = store.alert(key)["version"]
    store.decide(key, "dismiss", who="ann", now=DAY.format(3), expected_version=seen)
    with pytest.raises(ConflictError, match="dismiss by ann at 2026-03-03T10:00:00Z") as caught:
        store.decide(key, "confirm", who="bob", now=DAY.format(3), expected_version=seen)
    assert (caught.value.who, caught.value.action, caught.value.version) == ("ann", "dismiss", seen + 1)
    with pytest.raises(ConflictError):
        store.undo(key, who="bob", now=DAY.format(3), expected_version=seen)
    store.decide(key, "confirm", who="bob", now=DAY.format(4), expected_version=caught.value.version)
    assert [d["who"] for d in store.alert(key)["decisions"]] == ["ann", "bob"]
    # The program changing the alert meanwhile is a conflict as well.
    seen = store.alert(key)["version"]
    store.apply_intents([Intent("updated", facts(store, 1, score=0.5))], now=DAY.format(5))
    with pytest.raises(ConflictError, match="updated by chipwatch"):
        store.decide(key, "dismiss", who="ann", now=DAY.format(5), expected_version=seen)


def test_undoing_goes_back_step_by_step(store: Store) -> None:
    key = opened(store, 1)
    store.decide(key, "snooze", who="ann", now=DAY.format(3), until="2026-04-01")
    store.decide(key, "note", who="ann", now=DAY.format(3), note="hm")
    store.decide(key, "dismiss", who="bob", now=DAY.format(4))
    assert (store.last_decision(key) or {})["action"] == "dismiss"
    store.undo(key, who="ann", now=DAY.format(5))
    alert = store.alert(key)
    assert (alert["state"], alert["snooze_until"]) == ("snoozed", "2026-04-01T00:00:00Z")
    store.undo(key, who="ann", now=DAY.format(5))
    assert (store.alert(key)["state"], store.last_decision(key)) == ("new", None)
    with pytest.raises(MissingError, match="no decision to undo"):
        store.undo(key, who="ann", now=DAY.format(5))
    assert [d["action"] for d in store.alert(key)["decisions"]] == [
        "snooze",
        "note",
        "dismiss",
        "undo",
        "undo",
    ]


def test_the_record_keeps_the_order_of_one_second(store: Store) -> None:
    """Ids are hashes: over several listings their order would swap some decision with its undoing."""
    for number in range(10):
        key = listing_key("board", str(number))
        store.decide(key, "confirm", who="ann", now=DAY.format(4))
        store.undo(key, who="ann", now=DAY.format(4))
        assert [d["action"] for d in store.decisions() if d["listing"] == key] == ["confirm", "undo"]


def test_the_same_decision_made_undone_and_made_again_within_a_second(store: Store) -> None:
    key = opened(store, 1)
    for _ in range(2):
        store.decide(key, "confirm", who="ann", now=DAY.format(3))
        store.undo(key, who="ann", now=DAY.format(3))
    store.decide(key, "confirm", who="ann", now=DAY.format(3))
    assert store.alert(key)["state"] == "confirmed"
    assert [d["action"] for d in store.decisions(standing=True)] == ["confirm"]


def test_what_has_moved_on_is_not_undone(store: Store) -> None:
    key = opened(store, 1)
    store.decide(key, "dismiss", who="ann", now=DAY.format(3))
    store.apply_intents([Intent("reopened", facts(store, 1, score=0.97))], now=DAY.format(4))
    with pytest.raises(StorageError, match="the alert is new by now"):
        store.undo(key, who="ann", now=DAY.format(5))


def test_snoozed_alerts_wake_as_news(store: Store) -> None:
    key, other = opened(store, 1), opened(store, 2)
    store.decide(key, "snooze", who="ann", now=DAY.format(3), until=DAY.format(10))
    store.decide(other, "snooze", who="ann", now=DAY.format(3), until=DAY.format(20))
    assert store.wake_snoozed(DAY.format(9)) == 0
    assert store.wake_snoozed(DAY.format(10)) == 1
    assert store.wake_snoozed(DAY.format(10)) == 0
    assert [a["listing"] for a in store.news()] == [key]
    assert store.alert(key)["events"][-1]["kind"] == "woke" and store.alert(other)["state"] == "snoozed"


def test_the_digest_tells_news_by_severity_and_only_once(store: Store) -> None:
    opened(store, 1, score=0.5, severity="medium")
    opened(store, 2, score=0.9)
    opened(store, 3, score=0.95)
    store.apply_intents([Intent("opened", facts(store, 4), news=False)], now=DAY.format(2))
    decided = opened(store, 5)
    store.decide(decided, "confirm", who="ann", now=DAY.format(2))
    opened(store, 6, day=3)
    assert [row["score"] for row in store.news()] == [0.95, 0.9, 0.9, 0.5]
    assert store.count_news() == {"high": 3, "medium": 1}
    assert len(store.news(limit=1)) == 1
    assert len(store.news(everything=True)) == 5 and store.count_news(everything=True) == {
        "high": 4,
        "medium": 1,
    }
    store.mark_told([(key, at) for key, at in store.untold() if at <= DAY.format(2)])
    assert [row["listing"] for row in store.news()] == [listing_key("board", "6")]
    assert store.count_alerts("state", Filter(silent=True)) == {"new": 1}


@pytest.mark.parametrize("day", [1, 9])
def test_news_is_told_once_whatever_the_clock_says(store: Store, day: int) -> None:
    key = opened(store, 1, day=5)
    store.mark_told(store.untold())
    assert store.news() == []
    opened(store, 2, day=day)
    assert [row["listing"] for row in store.news()] == [listing_key("board", "2")]
    meanwhile = store.untold()
    store.apply_intents([Intent("updated", facts(store, 1, score=0.99), news=True)], now=DAY.format(day))
    store.mark_told(meanwhile)
    assert [row["listing"] for row in store.news()] == [key], (
        "what happened after the digest looked is told by the next"
    )


def test_an_alert_opened_again_in_silence_is_no_old_news(store: Store) -> None:
    key = opened(store, 1)
    store.mark_told(store.untold())
    store.apply_intents(
        [Intent("closed", facts(store, 1, score=0.1, severity="none"), news=False)], now=DAY.format(3)
    )
    store.apply_intents([Intent("reopened", facts(store, 1), news=False)], now=DAY.format(4))
    assert store.news() == [] and [row["listing"] for row in store.alerts(Filter(silent=True))] == [key]


def test_the_digest_query_is_answered_by_the_partial_index(store: Store) -> None:
    from storage.queue import _CHOSEN, _NEWS

    plan = " ".join(
        row["detail"]
        for row in store.db.rows(f"EXPLAIN QUERY PLAN {_NEWS.format(chosen=_CHOSEN[False])}", [50])
    )
    assert "alert_untold" in plan
    assert "SCAN l" not in plan and "SCAN o" not in plan and "SCAN r" not in plan


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (Filter(), "0123"),
        (Filter(states=None), "01234"),
        (Filter(states=("confirmed",)), "4"),
        (Filter(severities=("high",)), "012"),
        (Filter(chip="nvidia-h200"), "3"),
        (Filter(country="HK"), "1"),
        (Filter(signal="no_paperwork"), "01"),
        (Filter(signal="no_paper"), ""),
        (Filter(site="board", signal="serial_removed"), "012"),
        (Filter(seller="s"), ""),
        (Filter(since=DAY.format(4)), "3"),
        (Filter(until=DAY.format(3)), "012"),
        (Filter(text="打磨"), "13"),
        (Filter(text="打磨", states=None, severities=("high",)), "1"),
        (Filter(states=()), ""),
    ],
)
def test_the_queue_is_filtered(store: Store, chosen: Filter, numbers: str) -> None:
    opened(store, 0)
    opened(store, 1, country="HK")
    opened(store, 2, signals=("serial_removed",))
    opened(store, 3, day=4, severity="medium", chip="nvidia-h200", signals=("bulk_inventory",))
    store.decide(opened(store, 4), "confirm", who="ann", now=DAY.format(3))
    wanted = {listing_key("board", n) for n in numbers}
    assert {row["listing"] for row in store.alerts(chosen)} == wanted
    assert sum(store.count_alerts("state", chosen).values()) == len(numbers)


def test_pages_of_the_queue_neither_miss_nor_double(store: Store) -> None:
    for n in range(10):
        opened(store, n, score=(0.9, 0.5)[n % 2], severity=("high", "medium")[n % 3 == 0])
    whole = [row["listing"] for row in store.alerts(limit=99)]
    pages, after = [], None
    while page := store.alerts(after=after, limit=3):
        pages += [row["listing"] for row in page]
        after = page[-1]["cursor"]
    assert pages == whole and len(set(whole)) == 10
    assert store.count_alerts("signal") == {"no_paperwork": 10, "serial_removed": 10}
    with pytest.raises(StorageError):
        store.count_alerts("title; DROP TABLE alert")


@pytest.mark.parametrize(
    ("scope", "value"), [("site", "board"), ("chip", "nvidia-h100-sxm-80gb"), ("listing", None)]
)
def test_mutes_hide_are_counted_and_end(store: Store, scope: str, value: str | None) -> None:
    key = opened(store, 1)
    other = opened(store, 2, chip="x", site="board")
    mute = store.mute(
        scope, value or key, reason="known dealer", who="ann", now=DAY.format(3), until=DAY.format(9)
    )
    hidden = 2 if scope == "site" else 1
    assert len(store.alerts()) == 2 - hidden and len(store.alerts(Filter(muted=True))) == hidden
    assert [(m["id"], m["hits"]) for m in store.mutes(DAY.format(4))] == [(mute, hidden)]
    store.apply_intents([Intent("opened", facts(store, 5), news=False, muted_by=mute)], now=DAY.format(4))
    assert store.mutes(DAY.format(4))[0]["hits"] == hidden + 1
    assert store.end_mutes(DAY.format(8)) == 0
    assert store.end_mutes(DAY.format(9)) == hidden + 1
    assert store.mutes(DAY.format(9)) == [] and len(store.mutes()) == 1
    assert other in {row["listing"] for row in store.alerts()}
    assert key in {row["listing"] for row in store.news()}


def test_a_mute_that_ends_is_told_with_its_reason_and_another_one_still_covers(store: Store) -> None:
    key = opened(store, 1)
    store.mark_told(store.untold())
    store.mute("listing", key, reason="own test", who="ann", now=DAY.format(3), until=DAY.format(9))
    longer = store.mute("site", "board", reason="audit", who="ann", now=DAY.format(3), until=DAY.format(12))
    assert not store.anything_due(DAY.format(8)) and store.wake(DAY.format(8)) == 0
    assert store.anything_due(DAY.format(9)) and store.wake(DAY.format(9)) == 0
    assert [(m["id"], m["hits"]) for m in store.mutes(DAY.format(9))] == [(longer, 1)] and store.news() == []
    assert store.wake(DAY.format(12)) == 1 and not store.anything_due(DAY.format(12))
    assert store.alert(key)["events"][-1]["why"] == f"a mute (audit) ended on {DAY.format(12)[:10]}"
    assert [row["listing"] for row in store.news()] == [key]


def test_each_mute_of_one_second_is_kept_as_it_was_asked_for(store: Store) -> None:
    """Another day, another reason, and one set again after it was lifted; the very same again is the one that is there."""
    key, now = opened(store, 1), DAY.format(3)
    first = store.mute("listing", key, reason="known", who="ann", now=now, until=DAY.format(9))
    longer = store.mute("listing", key, reason="known", who="ann", now=now, until=DAY.format(12))
    other = store.mute("listing", key, reason="audit", who="ann", now=now, until=DAY.format(9))
    assert store.mute("listing", key, reason="known", who="ann", now=now, until=DAY.format(9)) == first
    kept = {row["id"]: (row["reason"], row["expires_at"]) for row in store.mutes(now)}
    assert kept == {first: ("known", DAY.format(9)), longer: ("known", DAY.format(12)), other: ("audit", DAY.format(9))}
    assert store.wake(DAY.format(9)) == 0 and store.alert(key)["muted_by"] == longer
    assert store.wake(DAY.format(12)) == 1
    store.lift_mute(store.mute("site", "board", reason="x", who="ann", now=DAY.format(13), until=DAY.format(20)), who="ann", now=DAY.format(13))
    again = store.mute("site", "board", reason="x", who="ann", now=DAY.format(13), until=DAY.format(20))
    assert [row["id"] for row in store.mutes(DAY.format(13))] == [again] == [store.alert(key)["muted_by"]]


def test_a_muted_signal_hides_only_what_it_alone_carries(store: Store) -> None:
    both, alone = opened(store, 1), opened(store, 2, signals=("no_paperwork",))
    first = store.mute(
        "signal", "no_paperwork", reason="noise", who="ann", now=DAY.format(3), until=DAY.format(9)
    )
    assert [row["listing"] for row in store.alerts()] == [both]
    second = store.mute(
        "signal", "serial_removed", reason="noise", who="ann", now=DAY.format(4), until=DAY.format(9)
    )
    assert store.alerts() == []
    store.lift_mute(second, who="bob", now=DAY.format(5))
    assert [row["listing"] for row in store.alerts()] == [both]
    store.lift_mute(first, who="bob", now=DAY.format(5))
    assert {row["listing"] for row in store.alerts()} == {both, alone}
    with pytest.raises(MissingError):
        store.lift_mute(first, who="bob", now=DAY.format(6))
    with pytest.raises(StorageError, match="cannot be muted"):
        store.mute("country", "CN", reason="x", who="ann", now=DAY.format(3), until=DAY.format(9))


def test_what_was_put_off_stays_hidden_by_a_mute_that_covers_it_by_then(store: Store) -> None:
    """A mute takes what waits in the queue; what comes into the queue while it is in force is taken then."""
    asleep, dismissed = opened(store, 1), opened(store, 2)
    store.mark_told(store.untold())
    store.decide(asleep, "snooze", who="ann", now=DAY.format(3), until=DAY.format(10))
    store.decide(dismissed, "dismiss", who="ann", now=DAY.format(3), reason="misread")
    mute = store.mute("site", "board", reason="audit", who="ann", now=DAY.format(4), until=DAY.format(20))
    store.undo(dismissed, who="ann", now=DAY.format(5))
    assert store.wake(DAY.format(10)) == 1
    for key in (asleep, dismissed):
        assert {name: store.alert(key)[name] for name in ("state", "muted_by")} == {"state": "new", "muted_by": mute}
    assert store.news() == [] and store.alerts() == [] and store.alert(asleep)["events"][-1]["news"] == 0
    assert [m["hits"] for m in store.mutes(DAY.format(10))] == [2]
    assert store.wake(DAY.format(20)) == 2 and {row["listing"] for row in store.news()} == {asleep, dismissed}


def test_a_mute_hides_nothing_that_was_decided(store: Store) -> None:
    key = opened(store, 1)
    mute = store.mute("site", "board", reason="audit", who="ann", now=DAY.format(3), until=DAY.format(9))
    store.decide(key, "confirm", who="ann", now=DAY.format(4))
    assert [row["listing"] for row in store.alerts(Filter(states=("confirmed",)))] == [key]
    store.undo(key, who="ann", now=DAY.format(5))
    assert store.alert(key)["muted_by"] == mute and store.alerts() == []
    store.apply_intents([Intent("closed", facts(store, 1, score=0.1, severity="none"))], now=DAY.format(6))
    assert [row["listing"] for row in store.alerts(Filter(states=("closed",)))] == [key]
    assert store.wake(DAY.format(9)) == 0 and store.untold() == []


def test_an_update_hides_and_shows_by_the_mutes_of_now(store: Store) -> None:
    key = opened(store, 1, signals=("serial_removed",))
    store.mark_told(store.untold())
    mute = store.mute("signal", "serial_removed", reason="audit", who="ann", now=DAY.format(3), until=DAY.format(20))
    assert store.alert(key)["muted_by"] == mute
    store.apply_intents([Intent("updated", facts(store, 1))], now=DAY.format(4))
    assert store.alert(key)["muted_by"] is None and [row["listing"] for row in store.news()] == [key]
    less = facts(store, 1, signals=("serial_removed",))
    for day in (5, 6):
        store.apply_intents([Intent("updated", less, news=False, muted_by=mute)], now=DAY.format(day))
    assert store.alert(key)["muted_by"] == mute and store.alerts() == []
    assert [m["hits"] for m in store.mutes(DAY.format(6))] == [2], "once for each time that it was hidden"


def test_what_is_closed_and_opened_again_under_a_mute_was_hidden_once(store: Store) -> None:
    """A threshold that is tried and put back closes and opens much of the queue."""
    mute = store.mute("site", "board", reason="audit", who="ann", now=DAY.format(1), until=DAY.format(20))
    store.apply_intents([Intent("opened", facts(store, 1), news=False, muted_by=mute)], now=DAY.format(2))
    store.apply_intents([Intent("closed", facts(store, 1, score=0.1, severity="none"), news=False)], now=DAY.format(3))
    store.apply_intents([Intent("reopened", facts(store, 1), news=False, muted_by=mute)], now=DAY.format(4))
    assert [m["hits"] for m in store.mutes(DAY.format(5))] == [1]
