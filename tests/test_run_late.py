"""What is observed earlier and recorded later, judged twice or taken back: daily runs say what a rebuild says, alerts follow the page."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from detector.apply import apply, history
from detector.run import Run
from storage.alerts import Filter
from storage.listing import Listing
from storage.standing import standing
from storage.store import Store
from tests.older import older
from tests.test_run import NOW, PlainReader, export, judge, listing, record

CONFIG = Config(None)
COPIED = "Pulled from our decommissioned inference cluster, tested for a week under full load, ships insured next working day."
FLAG = ["serial_removed"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def come(store: Store, *some: Listing, now: str = NOW) -> Run:
    """The listings are recorded and judged."""
    record(store, list(some), now)
    return judge(store, CONFIG, now=now)


def alert(store: Store) -> dict[str, Any]:
    (row,) = store.alerts(limit=9)
    return store.alert(row["listing"])


def reasons(store: Store, number: int) -> list[str]:
    (row,) = (row for row in store.export_readings() if row["listing_id"] == str(number))
    return [reason["evidence"] for reason in row["reasons"] if reason["evidence"] != "bias"]


def same_after_a_rebuild(store: Store) -> None:
    daily = export(store)
    judge(store, CONFIG, rebuild=True)
    assert export(store) == daily


@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.parametrize(
    "page",
    [
        {"day": 0, "chip": False},
        {"day": 0, "usd": 4000},
        {"day": 0, "usd": 9000, "signals": ["parallel_import", "no_paperwork", "serial_removed"]},
        {"day": 15, "usd": 9000, "signals": ["parallel_import", "no_paperwork", "serial_removed"]},
    ],
)
def test_an_older_page_recorded_later_leaves_the_alert_alone(store: Store, page: dict[str, Any], decided: bool) -> None:
    come(store, listing(1, day=10, signals=FLAG))
    come(store, listing(1, day=20, signals=FLAG))  # seen again, the same
    key = alert(store)["listing"]
    store.mark_told(store.untold())
    if decided:
        store.decide(key, "dismiss", who="a", now=NOW, reason="lawful")
    before = store.alert(key)
    run = come(store, listing(1, **page), now="2025-09-02T00:00:00Z")
    after = store.alert(key)
    assert run.outcome.judged >= 1 and not store.untold()
    assert {n: after[n] for n in ("state", "score", "signals", "unit_usd")} == {n: before[n] for n in ("state", "score", "signals", "unit_usd")}
    same_after_a_rebuild(store)
    assert not store.untold() and store.alert(key)["state"] == before["state"]


def test_what_was_seen_twice_before_it_was_judged_is_news(store: Store) -> None:
    """The second sighting becomes a page of its own when something comes between: nobody has heard of either yet."""
    record(store, [listing(1, day=10, signals=FLAG)], NOW)
    record(store, [listing(1, day=20, signals=FLAG)], NOW)
    record(store, [listing(1, day=15, usd=25000)], NOW)
    record(store, [listing(1, day=30, signals=FLAG)], NOW)
    record(store, [listing(1, day=25, usd=25000)], NOW)
    judge(store, CONFIG)
    assert store.untold() and alert(store)["events"][0]["news"]


@pytest.mark.parametrize("daily", [False, True])
def test_a_search_card_between_two_pages_hides_no_edit(store: Store, daily: bool) -> None:
    """A site's lists show title and price alone; what a page's text dropped is told by the page before."""
    pages = [listing(1, description=f"{COPIED} Serial number on request."), listing(1, 9900, day=1, description=None), listing(1, 9900, day=2, description=COPIED)]
    for at, page in enumerate(pages, start=1):
        record(store, [page], f"2025-09-0{at}T00:00:00Z")
        if daily or at == len(pages):
            judge(store, CONFIG, now=f"2025-09-0{at}T00:00:00Z")
    assert "serial_words_dropped" in reasons(store, 1)
    same_after_a_rebuild(store)


def test_what_a_draw_found_is_no_alert_in_the_history(store: Store) -> None:
    come(store, listing(1), listing(2, signals=FLAG))
    for name in map(tuple, store.db.rows("SELECT id FROM listing")):
        store.decide(*name, "dismiss", who="a", now=NOW, reason="no-concern")
    assert sorted((one.drawn, one.severity) for one in history(store, CONFIG)) == [(False, "high"), (True, "none")]


def test_before_is_what_was_observed_before(store: Store) -> None:
    """The cut from 20,000 to 9,000 never was: 9,000 was asked first."""
    come(store, listing(1, 20000, day=10, description=f"{COPIED} Serial number on request."))
    come(store, listing(1, 9000, day=0, description=COPIED))
    come(store, listing(1, 8900, day=12, description=COPIED))
    assert {"price_dropped", "serial_words_dropped"} <= set(reasons(store, 1))
    first, *_ = sorted(store.iter_readings(current=False), key=lambda row: row["observed_at"])
    assert not {"price_dropped", "serial_words_dropped"} & {r["evidence"] for r in first["document"]["reasons"]}
    same_after_a_rebuild(store)


def goods(number: int, **change: Any) -> Listing:
    return listing(number, chip=False, seller_id="s", **change)


def test_a_sellers_offers_are_those_shown_as_the_sellers(store: Store) -> None:
    """A search card names no seller: the listings stay the seller's; and what came later was not there before."""
    come(store, *(goods(n) for n in range(1, 5)))
    come(store, *(listing(n, chip=False, seller_id=None, day=5, title="card") for n in range(1, 5)), now="2025-09-02T00:00:00Z")
    come(store, listing(9, day=8, seller_id="s"), now="2025-09-03T00:00:00Z")
    assert "first_chip_offer" in reasons(store, 9)
    come(store, listing(10, day=-30, seller_id="s"), now="2025-09-04T00:00:00Z")
    assert "first_chip_offer" not in reasons(store, 10), "the goods were offered later"
    same_after_a_rebuild(store)


def copy(number: int, **change: Any) -> Listing:
    return listing(number, title="A100 80GB PCIe", description=COPIED, seller_id=f"c{number}", **change)


def test_copies_outside_the_window_hide_none_inside(store: Store) -> None:
    come(store, copy(1, site="alpha"))
    come(store, *(copy(n, day=-500) for n in range(10, 24)), now="2025-09-02T00:00:00Z")
    come(store, copy(2, site="gamma", day=9), now="2025-09-03T00:00:00Z")
    assert "repeated_text" in reasons(store, 2)
    same_after_a_rebuild(store)


@pytest.mark.parametrize("copies", [3, 13, 150])
def test_a_relist_is_linked_however_many_copied_the_text(store: Store, copies: int) -> None:
    def own(number: int, day: int) -> Listing:
        return listing(number, title="A100 80GB PCIe", description=COPIED, seller_id="s", day=day, signals=FLAG)

    come(store, copy(5))
    come(store, own(1, 0))
    first = next(row["listing"] for row in store.alerts() if FLAG[0] in row["signals"])
    store.decide(first, "dismiss", who="a", now=NOW, reason="lawful")
    come(store, *(copy(n, day=1) for n in range(10, 10 + copies)))
    store.mark_told(store.untold())
    come(store, own(2, 2))
    (relist,) = [row for row in store.alerts(limit=500) if row["relist_of"]]
    assert relist["relist_of"] == first and relist["news_at"] is None


def test_what_comes_in_a_second_that_was_judged_comes_after_it(store: Store) -> None:
    """A detection beside a running crawl: the offers of both halves are recorded in one second."""
    come(store, *(listing(n, 9000 + n) for n in range(6)))
    before = {row["observation"]: row["document"] for row in store.iter_readings()}
    come(store, *(listing(n, 20000 + n) for n in range(10, 18)))
    after = {row["observation"]: row["document"] for row in store.iter_readings()}
    assert {name: after[name] for name in before} == before
    same_after_a_rebuild(store)


def test_a_writer_whose_clock_went_back_by_hours_keeps_its_time(store: Store) -> None:
    come(store, listing(1))
    come(store, listing(2), now="2025-08-31T20:00:00Z")
    moments = {row.listing.listing_id: row.recorded_at for row in store.iter_observations()}
    assert moments == {"1": NOW, "2": "2025-08-31T20:00:00Z"}
    same_after_a_rebuild(store)


@pytest.mark.parametrize("page_before", [False, True])
def test_a_run_judged_before_its_quarantine_speaks_no_more(store: Store, page_before: bool) -> None:
    if page_before:
        come(store, listing(0, 11600, day=-1), now="2025-08-31T00:00:00Z")
    run = store.begin_run("ebay", now=NOW)
    offers = [listing(n, 11500, day=0, signals=FLAG if n == 0 else []) for n in range(8)]
    store.record_many([(one, None) for one in offers], run=run, now=NOW)
    judge(store, CONFIG)
    key = alert(store)["listing"]
    store.mark_told(store.untold())
    come(store, listing(20, 24000, day=1), now="2025-09-02T00:00:00Z")
    market = {row["listing_id"]: row["market"]["n"] for row in store.export_readings()}
    store.quarantine_run(run, "half of the listings are gone")
    store.end_run(run, "changed", NOW)
    judge(store, CONFIG, now="2025-09-03T00:00:00Z")
    assert market["20"] > 1 >= {row["listing_id"]: row["market"]["n"] for row in store.export_readings()}["20"]
    held = store.alert(key)
    assert held["state"] == "closed" and ("score" if page_before else "quarantine") in held["closed_why"]
    same_after_a_rebuild(store)
    store.release_run(run, who="a", now="2025-09-04T00:00:00Z", why="the shop was cleared")
    judge(store, CONFIG, now="2025-09-04T00:00:00Z")
    assert store.alert(key)["state"] == "new" and key not in {name for name, _ in store.untold()}
    same_after_a_rebuild(store)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("rebuild", [True, False])
def test_a_killed_run_makes_no_news_of_what_was_judged(store: Store, monkeypatch: pytest.MonkeyPatch, rebuild: bool) -> None:
    """Killed in a rebuild, or while what a late page may have touched is judged anew."""
    import detector.run

    come(store, *(listing(n, day=n, signals=FLAG if n % 3 == 0 else []) for n in range(40)))
    keys = [row["listing"] for row in store.news()]
    for key in keys:
        store.decide(key, "dismiss", who="a", now=NOW, reason="lawful")
    record(store, [listing(50, 3000, signals=FLAG), listing(3, 9000, day=-9, signals=["no_paperwork"])], "2025-08-01T00:00:00Z")

    def kill(done: int, total: int) -> None:
        raise Killed

    monkeypatch.setattr(detector.run, "BATCH", 15)
    with pytest.raises(Killed):
        Run(store, CONFIG, None, now=NOW, reader=PlainReader()).go(rebuild=rebuild, progress=kill)
    judge(store, CONFIG, now="2025-09-03T00:00:00Z")
    assert [row["listing"] for row in store.news()] == [row["listing"] for row in store.alerts()]
    assert {store.alert(key)["state"] for key in keys} == {"dismissed"}
    assert len(store.untold()) == 1, "the offer that was never judged, and nothing else"
    same_after_a_rebuild(store)


def test_small_cuts_wake_what_was_put_off(store: Store) -> None:
    """Each by less than a fifth, together by more; measured by the price that was decided on."""
    come(store, listing(1, 14000, signals=FLAG))
    key = alert(store)["listing"]
    store.decide(key, "snooze", who="a", now=NOW, until="2026-09-01T00:00:00Z")
    states = []
    for day, usd in enumerate((12500, 11250, 10600, 10100), start=1):
        come(store, listing(1, usd, day=day, signals=FLAG), now=f"2025-09-0{day + 1}T00:00:00Z")
        states.append(store.alert(key)["state"])
    assert states == ["snoozed", "snoozed", "new", "new"]
    why = [event["why"] for event in store.alert(key)["events"] if event["kind"] == "reopened"]
    assert why == ["unit price fell from $14,000 to $10,600"]


def test_a_home_of_before_forgets_what_a_run_in_quarantine_was_judged(tmp_path: Path) -> None:
    with Store.open(tmp_path / "home") as store:
        run = store.begin_run("ebay", now=NOW)
        store.record_many([(listing(n, 21000), None) for n in range(8)], run=run, now=NOW)
        judge(store, CONFIG)
        come(store, listing(20, 24000, day=1), now="2025-09-02T00:00:00Z")
        store.end_run(run, "ok", NOW)
        path = store.db.path
    older(path, "m006_known")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE run SET quarantined=1 WHERE id=?", [run])
        db.execute("UPDATE listing SET observation=NULL WHERE id IN (SELECT listing FROM observation WHERE run=?)", [run])
    db.close()
    with Store.open(tmp_path / "home") as store:
        judge(store, CONFIG, now="2025-09-03T00:00:00Z")
        (row,) = store.export_readings()
        assert row["market"]["n"] == 0
        same_after_a_rebuild(store)


UNTIL = "2099-01-01T00:00:00Z"


def test_new_evidence_is_not_hidden_by_a_mute_of_another_sign(store: Store) -> None:
    come(store, listing(1, signals=FLAG))
    key = alert(store)["listing"]
    store.mute("signal", FLAG[0], reason="audit", who="a", now=NOW, until=UNTIL)
    assert store.alert(key)["muted_by"]
    come(store, listing(1, day=1, title="A100, new words", signals=[*FLAG, "export_evasion"]), now="2025-09-02T00:00:00Z")
    assert store.alert(key)["muted_by"] is None and [row["listing"] for row in store.news()] == [key]


def test_what_is_muted_while_a_run_reads_is_muted_in_it(store: Store) -> None:
    class Muting(PlainReader):
        def read(self, listing: Listing, today: Any) -> Any:
            if not store.mutes(NOW):
                store.mute("site", "ebay", reason="audit", who="a", now=NOW, until=UNTIL)
            return super().read(listing, today)

    record(store, [listing(1, signals=FLAG)], NOW)
    Run(store, CONFIG, None, now=NOW, reader=Muting()).go()
    (row,) = store.alerts(Filter(muted=True))
    assert row["listing"] and not store.untold()


def test_what_the_program_learns_of_a_dismissed_page_never_opens_it_later(store: Store) -> None:
    """A weight makes more of the page that was dismissed; the next small edit of it is no news for that. A large one is."""
    come(store, listing(1, 10000, signals=["no_paperwork"]))
    key = alert(store)["listing"]
    store.decide(key, "dismiss", who="a", now=NOW, reason="papers-seen")
    apply(store, Config(store.home), {"weight.no_paperwork": 4.0}, why="t", who="a", now=NOW)
    config, states = Config(store.home), []
    for day, change in enumerate(({}, {"title": "A100 80 GB, mended"}, {"title": "A100", "usd": 7900})):
        record(store, [listing(1, **{"usd": 10000, "day": day, "signals": ["no_paperwork"], **change})], f"2025-09-0{day + 2}T00:00:00Z")
        judge(store, config, now=f"2025-09-0{day + 2}T00:00:00Z")
        states.append(store.alert(key)["state"])
    assert states == ["dismissed", "dismissed", "new"]
    assert store.alert(key)["events"][-1]["why"] == "unit price fell from $10,000 to $7,900"


def test_a_dismissed_alert_says_what_its_page_says_when_it_comes_back(store: Store) -> None:
    """Small steps leave it dismissed, and are what stands in the queue when the decision is taken back."""
    come(store, listing(1, 10000, signals=FLAG))
    key = alert(store)["listing"]
    store.decide(key, "dismiss", who="a", now=NOW, reason="misread")
    come(store, listing(1, 9000, day=1, title="Two weeks only", signals=FLAG), now="2025-09-02T00:00:00Z")
    assert store.alert(key)["state"] == "dismissed" and not store.untold()
    same_after_a_rebuild(store)
    store.undo(key, who="a", now="2025-09-03T00:00:00Z")
    row = store.alert(key)
    assert (row["state"], row["title"], row["unit_usd"]) == ("new", "Two weeks only", 9000.0)


def test_a_dismissed_alert_leaves_a_page_in_quarantine_as_others_do(store: Store) -> None:
    come(store, listing(1, 10000, signals=FLAG))
    key = alert(store)["listing"]
    store.decide(key, "dismiss", who="a", now=NOW, reason="misread")
    run = store.begin_run("ebay", kind="import", now="2025-09-02T00:00:00Z")
    store.record_many([(listing(1, 9000, day=1, title="Two weeks only", signals=FLAG), None)], run=run, now="2025-09-02T00:00:00Z")
    store.end_run(run, "ok", "2025-09-02T00:00:00Z", {}, {}, None)
    judge(store, CONFIG, now="2025-09-02T00:00:00Z")
    assert store.alert(key)["unit_usd"] == 9000.0
    store.quarantine_run(run, "half of its listings are gone")
    judge(store, CONFIG, now="2025-09-04T00:00:00Z")
    row = store.alert(key)
    assert (row["state"], row["unit_usd"]) == ("dismissed", 10000.0)


def test_an_alert_that_a_page_in_quarantine_closed_is_open_again(store: Store) -> None:
    """A run that misread its pages closes what it reads nothing in; once it is in quarantine, what was there before stands."""
    come(store, listing(1, signals=FLAG), listing(2, signals=FLAG))
    store.mark_told(store.untold())
    run = store.begin_run("ebay", kind="import", now="2025-09-02T00:00:00Z")
    record_in = [(listing(n, day=1, title="A100", description="a page half read"), None) for n in (1, 2)]
    store.record_many(record_in, run=run, now="2025-09-02T00:00:00Z")
    store.end_run(run, "ok", "2025-09-02T00:00:00Z", {}, {}, None)
    judge(store, CONFIG, now="2025-09-02T00:00:00Z")
    assert store.count_alerts("state", Filter(states=None)) == {"closed": 2}
    store.quarantine_run(run, "half of its text is gone")
    judge(store, CONFIG, now="2025-09-04T00:00:00Z")
    assert store.count_alerts("state", Filter(states=None)) == {"new": 2} and not store.untold()
    assert judge(store, CONFIG, now="2025-09-05T00:00:00Z").outcome.alerts.total() == 0
    same_after_a_rebuild(store)


@pytest.mark.parametrize("action", ["dismiss", "confirm"])
def test_what_fell_silent_while_it_was_decided_is_closed_when_that_is_taken_back(store: Store, action: str) -> None:
    """No later judging would close it: its page was judged already. It opens again as any closed alert does."""
    come(store, listing(1, signals=FLAG))
    key = alert(store)["listing"]
    store.decide(key, action, who="a", now=NOW, reason="misread" if action == "dismiss" else None)
    come(store, listing(1, day=1, title="A100, mended"), now="2025-09-02T00:00:00Z")
    store.undo(key, who="a", now="2025-09-03T00:00:00Z")
    row = store.alert(key)
    assert (row["state"], row["events"][-1]["kind"]) == ("closed", "closed") and "severity none" in row["closed_why"]
    assert standing(row["decisions"], row["events"]).state == "closed", "as a merged home would have it"
    come(store, listing(1, day=2, title="A100, as before", signals=FLAG), now="2025-09-04T00:00:00Z")
    assert store.alert(key)["state"] == "new" and [name for name, _ in store.untold()] == [key]
