"""The overview pages' figures: market by region, thresholds on the desk's history, sites by day; against what judging says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from detector import apply, tune
from detector.judge import Judge
from detector.recall import Sample
from detector.run import detect
from review import market_view, sites_view, tuning_view
from storage.listing import Listing
from storage.store import Store

DAYS = tuple(f"2026-03-0{day}T08:00:00Z" for day in (2, 3, 4))
WORDS = (
    "Serial numbers removed, no invoice.",
    "No licence needed, customs handled.",
    "With invoice and warranty.",
    "Message me on Telegram @seller_77a",
)
MEDIUM = Config(None).thresholds.severity.medium
COUNTRIES = ("US", "US", "DE", "CN")


def offers(day: int) -> list[Listing]:
    """Forty offers a day of one chip at varied prices, texts and countries; and few of another, for rent."""
    out = []
    for n in range(40):
        usd = 20000 + 400 * (n % 17) if n % 9 else 3000
        out.append(
            Listing(
                "board", f"{day}-{n}", f"NVIDIA H100 80GB PCIe no {day}{n:02d}", description=WORDS[n % 4], price_text=f"US ${usd:,}", price_amount=str(usd),
                price_currency="USD", country=COUNTRIES[n % 4], seller_id=f"s{n}", condition="Used", observed_at=DAYS[day],
            )
        )  # fmt: skip
    out.append(
        Listing(
            "board", f"{day}-rent", "Rent NVIDIA H100 80GB SXM5 GPU cloud by the hour", price_text="US $2.10 / GPU hour", price_amount="2.10",
            price_currency="USD", country="US", seller_id="cloud", observed_at=DAYS[day],
        )
    )  # fmt: skip
    return out


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overview") / "home"
    with Store.open(folder) as store:
        for day, now in enumerate(DAYS):
            run = store.begin_run("board", now=now)
            store.record_many([(one, None) for one in offers(day)], run=run, now=now)
            store.end_run(run, "ok", now, {"pages": 3, "listings": 41, "new": 41, "changed": 0})
            blocked = store.begin_run("gate", now=now)
            store.end_run(blocked, "blocked", now, {"pages": 0, "listings": 0}, detail="challenge page")
            detect(store, Config(folder), now=now)
        held = store.begin_run("board", now="2026-03-04T20:00:00Z")
        store.record(
            Listing("board", "odd", "Product page", observed_at="2026-03-04T20:00:00Z"),
            run=held,
            evidence=None,
            now="2026-03-04T20:00:00Z",
        )
        store.end_run(
            held,
            "changed",
            "2026-03-04T20:01:00Z",
            {"pages": 1, "listings": 1, "new": 1},
            detail="price filled in 0%",
        )
        alerts = sorted(
            row["listing"] for row in store.iter_readings() if row["severity"] in ("medium", "high")
        )
        for n, listing in enumerate(alerts[::3]):
            store.decide(
                listing,
                "confirm" if n % 2 else "dismiss",
                who="ana",
                now="2026-03-04T10:00:00Z",
                reason="stock",
            )
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home, readonly=True) as opened:
        yield opened


# -- thresholds


@pytest.fixture
def history(store: Store) -> list[tune.Past]:
    return apply.history(store, Config(store.home))


@pytest.mark.parametrize("cut", [0.1, 0.12, 0.2, 0.205, 0.5, 0.88, 0.95, 1.0])
def test_counts_over_a_threshold_are_those_of_the_history(
    store: Store, history: list[tune.Past], cut: float
) -> None:
    step = tuning_view.Past.of(store, MEDIUM).step(cut)
    over = [past for past in history if past.score >= cut]
    right = sum(past.right is True for past in over)
    assert step.alerts == len(over) and step.per_day == pytest.approx(len(over) / 3)
    assert step.precision == tune.rate(right, sum(past.right is not None for past in over))
    assert step.recall.found == right and step.recall.value is None  # no digest has drawn anything yet


@pytest.mark.parametrize("cut", [0.12, 0.15, 0.35, 0.6, 0.9, 0.99])
def test_what_comes_and_goes_is_what_a_replay_says(
    store: Store, home: Path, history: list[tune.Past], cut: float
) -> None:
    now = Config(home).thresholds.severity.medium
    changes = {"severity.medium": cut} | ({"severity.high": cut} if cut > 0.88 else {})
    replay = tune.replay(history, apply.preview(Config(home), changes))
    tried = tuning_view.trial(store, tuning_view.Past.of(store, MEDIUM), now, cut)
    expected = {change.past.listing for change in (replay.appear if cut < now else replay.vanish)}
    assert tried.changed == len(expected) and tried.comes == (cut < now)
    assert {row["listing"] for row in tried.rows} <= expected and len(tried.rows) == min(
        len(expected), tuning_view.SHOWN
    )
    assert {row["listing"] for row in tried.lost} == {change.past.listing for change in replay.lost}


def test_the_fixture_has_alerts_to_lose_and_to_gain(history: list[tune.Past], home: Path) -> None:
    cut = Config(home).thresholds.severity.medium
    assert (
        any(0.1 <= past.score < cut for past in history)
        and any(past.right for past in history)
        and any(past.right is False for past in history)
    )
    assert Judge.from_config(Config(home)).severity(cut) == "medium"


def test_reviewed_are_the_verdicts_that_stand(home: Path, tmp_path: Path) -> None:
    with Store.open(Path(shutil.copytree(home, tmp_path / "home"))) as store:
        keys = [row["listing"] for row in store.reviewed()][:5]
        at = "2026-03-05T10:00:00Z"
        store.undo(keys[0], who="ben", now=at)
        store.decide(keys[1], "escalate", who="ben", now=at)
        store.decide(keys[2], "snooze", who="ben", now=at, until="2026-04-01T00:00:00Z")
        store.decide(keys[3], "note", who="ben", now=at, note="asked")
        store.decide(keys[4], "confirm", who="ben", now=at)
        store.decide(keys[4], "dismiss", who="ben", now=at)
        store.undo(keys[4], who="ben", now=at)
        standing = {
            (row["listing"], row["action"])
            for row in store.decisions(standing=True)
            if row["action"] != "snooze"
        }
        told = store.reviewed()
        assert {(row["listing"], row["action"]) for row in told} == standing and len(told) == len(standing)
        actions = {row["listing"]: row["action"] for row in told}
        assert [actions.get(key) for key in keys] == [None, "escalate", None, actions[keys[3]], "confirm"]


def test_a_budget_finds_the_lowest_threshold_that_keeps_it(store: Store) -> None:
    past = tuning_view.Past.of(store, MEDIUM)
    for budget in (0.5, 5, 10, 30):
        found = past.for_budget(budget)
        if found is None:
            assert past.alerts(1.0) / past.days > budget
        else:
            assert past.alerts(found) / past.days <= budget
            assert found == 0.1 or past.alerts(round(found - 0.005, 3)) / past.days > budget


def test_nothing_reviewed_is_unknown_and_not_nought() -> None:
    step = tuning_view.Past([(500, 3)], [], 0, Sample(), MEDIUM).step(0.4)
    assert step.alerts == 3 and step.per_day == 3
    assert step.precision.value is None and step.recall.value is None


def version(at: str, file: str, why: str = "x") -> dict[str, Any]:
    return {"hash": at, "at": at, "who": "ana", "why": why, "content": {"file": file}}


def test_versions_tell_what_each_changed() -> None:
    rows = [
        version("1", ""), version("2", "[severity]\nmedium = 0.3\n"), {**version("3", ""), "content": None},
        version("4", '[severity]\nmedium = 0.3\n[[weight]]\nid = "no_paperwork"\nweight = 2\nwhy = "w"\n'), version("5", ""),
    ]  # fmt: skip
    assert [v.changes for v in tuning_view.versions(rows)] == [
        ("alert from score: 0.3 → as shipped", "weight.no_paperwork: 2 → as shipped"),
        ("weight.no_paperwork: as shipped → 2",),
        ("alert from score: as shipped → 0.3",),
        (),
    ]


# -- markets

H100 = "nvidia-h100-pcie-80gb"


@pytest.fixture(params=["stored", "judged"])
def told(request: pytest.FixtureRequest, home: Path, tmp_path: Path) -> Iterator[Store]:
    """A home with stored references, and one of before they were stored."""
    copy = Path(shutil.copytree(home, tmp_path / "home"))
    with Store.open(copy) as opened:
        if request.param == "judged":
            opened.db.write("DELETE FROM market_reference")
        yield opened


def test_references_by_region_are_those_offers_were_judged_against(told: Store, home: Path) -> None:
    rows, _ = market_view.references(told, Config(home), "sale", H100, "")
    regions = market_view.by_region(rows)
    judged = {
        reading["observed_at"][:10]: market for reading in told.iter_readings(current=False)
        if reading["chip"] == H100 and (market := reading["document"].get("market") or {}).get("segment") == "us, used"
    }  # fmt: skip
    assert judged and [r.day for r in regions["us"]] == [day[:10] for day in DAYS]
    for row in regions["us"]:
        # An offer is no peer of its own, so what one was measured against may be a seller short.
        assert row.enough and row.low == pytest.approx(judged[row.day]["low"], rel=0.02)
        assert abs(row.n - judged[row.day]["n"]) <= 1


def test_too_few_peers_are_said(told: Store, home: Path) -> None:
    rows, _ = market_view.references(told, Config(home), "rental", "nvidia-h100-sxm5-80gb", "")
    assert rows and not any(row.enough for row in rows)
    (market,) = [m for m in market_view.markets(told, Config(home)) if m.offer == "rental"]
    assert (
        market.now is not None
        and not market.now.enough
        and market.now.low == 2.4
        and market.unit == "a chip-hour"
    )


def stored(day: str, region: str, n: int, low: float | None, condition: str = "all") -> dict[str, Any]:
    return {
        "as_of": day, "offer": "sale", "chip": H100, "form": "all", "condition": condition, "region": region, "centre_usd": low, "low_usd": low,
        "high_usd": low and low * 1.1, "spread": 0.2, "n": n, "seed_usd": 25000, "source": "a list",
    }  # fmt: skip


def test_stored_references_go_before_what_offers_tell(tmp_path: Path) -> None:
    with Store.open(tmp_path / "home") as store:
        store.save_market(
            [
                stored("2026-03-02", "us", 9, 24000),
                stored("2026-03-03", "us", 10, 24500),
                stored("2026-03-03", "us", 6, 23000, "used"),
                stored("2026-03-03", "cn", 2, None),
            ]
        )
        config = Config(store.home)
        rows, known = market_view.references(store, config, "sale", H100, "2026-03-03")
        assert known and [(r.region, r.condition, r.n, r.low) for r in rows] == [
            ("cn", "any", 2, None),
            ("us", "any", 10, 24500),
            ("us", "used", 6, 23000),
        ]
        assert [r.n for r in market_view.by_region(rows)["us"]] == [10]
        (market,) = market_view.markets(store, config)
        assert market.now is not None and (
            market.now.region,
            market.now.n,
            market.regions,
            market.offers,
        ) == ("us", 10, 1, 0)


def test_offers_that_say_no_condition_are_not_taken_for_their_whole_region(tmp_path: Path) -> None:
    """Chart and table of a market page once told of one day 5 sellers with a price, and 1 without."""
    day = "2026-11-30"
    with Store.open(tmp_path / "home") as store:
        store.save_market([stored(day, "other", 5, 13261.6), stored(day, "other", 1, None, "any"), stored(day, "other", 4, None, "used")])
        rows, _ = market_view.references(store, Config(store.home), "sale", H100, day)
    latest = market_view.latest_by_region(rows)
    assert [(r.condition, r.n) for r in latest] == [("any", 5), ("used", 4), (market_view.NOT_SAID, 1)]
    assert market_view.told(latest) == market_view.by_region(rows)["other"]


@pytest.mark.parametrize(
    ("n", "low", "seeded"), [(4, 25000, True), (40, 25000, True), (40, 24000, False), (4, None, False)]
)
def test_a_list_price_is_never_shown_as_what_peers_ask(
    tmp_path: Path, n: int, low: float | None, seeded: bool
) -> None:
    with Store.open(tmp_path / "home") as store:
        store.save_market([stored("2026-03-03", "all", n, low)])
        ((row,), _) = market_view.references(store, Config(store.home), "sale", H100, "")
        assert (row.region, row.condition, row.seeded, row.enough) == (
            market_view.EVERYWHERE,
            "any",
            seeded,
            low == 24000,
        )


def test_all_stored_markets_are_found_by_stepping(tmp_path: Path) -> None:
    with Store.open(tmp_path / "home") as store:
        store.save_market(
            [
                {**stored(f"2026-03-0{d}", "us", 5, 1.0), "chip": chip, "offer": offer}
                for d in (1, 2)
                for chip in "abc"
                for offer in ("rental", "sale")
            ]
        )
        assert [(m["offer"], m["chip"], m["as_of"]) for m in store.markets()] == [
            (o, c, "2026-03-02") for o in ("rental", "sale") for c in "abc"
        ]


# -- sites


def test_a_site_stands_as_its_last_run_ended(store: Store, home: Path) -> None:
    found = sites_view.standing(store, Config(home), "2026-03-06T00:00:00Z")
    rows = {row.key: row for row in found.sites}
    assert (rows["gate"].tone, rows["gate"].outcome, rows["gate"].covered) == ("bad", "blocked", 0)
    assert (rows["board"].tone, rows["board"].held) == ("warn", 1) and "held back" in rows["board"].why
    assert found.sites[0].key == "gate" and found.troubled == 2 and found.idle == 2
    assert rows["ebay"].outcome == "never" and not rows["ebay"].enabled


def test_days_without_a_run_are_shown_as_such(store: Store, home: Path) -> None:
    row = next(
        r for r in sites_view.standing(store, Config(home), "2026-03-06T00:00:00Z").sites if r.key == "board"
    )
    assert len(row.cells) == sites_view.DAYS and [cell.tone for cell in row.cells[-4:]] == [
        "none",
        "good",
        "good",
        "good",
    ]
    assert row.covered == 3 and "no run" in row.cells[0].label
    assert "ok, changed, 1 held back" in row.cells[-1].label and row.cells[-1].sign == ""


DAY_RUNS = [
    (("ok", "failed", "ok"), "good", "ok, failed"), (("empty", "blocked"), "good", "empty, blocked"), (("partial", "failed"), "bad", "failed, partial"),
    (("changed",), "warn", "changed, held back"), (("skipped",), "none", "skipped"),
]  # fmt: skip


@pytest.mark.parametrize(("outcomes", "tone", "told"), DAY_RUNS, ids=["+".join(row[0]) for row in DAY_RUNS])
def test_a_day_is_whole_if_any_of_its_runs_was(tmp_path: Path, outcomes: tuple[str, ...], tone: str, told: str) -> None:
    with Store.open(tmp_path / "home") as store:
        for hour, outcome in enumerate(outcomes):
            now = f"2026-03-02T0{hour}:00:00Z"
            store.end_run(store.begin_run("shop", now=now), outcome, now, {"listings": 3})
        days = ["2026-03-01", "2026-03-02"]
        found = {row["day"]: row for row in store.runs_by_day(days[0])}
    before, day = sites_view.strip(found, days)
    assert (before.tone, day.tone) == ("none", tone) and day.label.startswith(f"2026-03-02: {told}, 3 listings")


def test_a_held_run_tells_why_and_what_it_saw(store: Store, home: Path) -> None:
    (held,) = sites_view.standing(store, Config(home), "2026-03-06T00:00:00Z").held
    assert held.run["observations"] == 1 and [s["title"] for s in held.seen] == ["Product page"]
    assert held.why == "its site's expectations were broken; price filled in 0%"
