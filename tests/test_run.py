"""The detector's run: daily and rebuilt alike, killed and resumed, no hindsight, no notice for a rescore."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from detector.alerts import Intent
from detector.apply import apply, undo
from detector.errors import ChangeError
from detector.model import Model, fit
from detector.reading.model import ChipOffer, Price, Reading, Signal
from detector.refit import put_back, refit, row_of, told
from detector.run import Run, moved
from storage.alerts import Filter
from storage.listing import Listing
from storage.store import Store

A100 = "nvidia-a100-pcie-80gb"
NOW = "2025-09-01T00:00:00Z"


class PlainReader:
    """Reads what the tests' listings state in their attributes: a stand-in for text, not for the store or the judge."""

    def read(self, listing: Listing, today: date) -> Reading:
        usd = Decimal(str(listing.attributes["usd"]))
        chips = (
            (ChipOffer(A100, 1, "title", 0, 4, restricted=True),)
            if listing.attributes.get("chip", True)
            else ()
        )
        signals = tuple(Signal(name) for name in listing.attributes.get("signals", ()))
        return Reading(
            listing.site, listing.listing_id, "sale" if chips else "other", chips, bool(chips),
            Price("asking", usd, "USD", "unit", usd), listing.quantity, "used", signals,
        )  # fmt: skip


def listing(number: int, usd: float = 10000, *, day: int = 0, **change: Any) -> Listing:
    seen = (date(2025, 6, 1) + timedelta(days=day)).isoformat()
    words = " ".join(f"word{(number * 7919 + at * 104729) % 997}" for at in range(30))
    attributes = {"usd": usd, "signals": change.pop("signals", []), "chip": change.pop("chip", True)}
    plain: dict[str, Any] = {
        "site": "ebay", "listing_id": str(number), "title": f"A100 80GB {number}", "description": words,
        "price_text": f"${usd}", "seller_id": f"s{number % 17}", "country": "US", "quantity": 1 + number % 3,
        "observed_at": f"{seen}T10:{number % 60:02}:00Z", "seller_ratings": 100 + number,
    }  # fmt: skip
    return Listing(**{**plain, **change}, attributes=attributes)


def listings() -> list[Listing]:
    """Sixty days of offers: three a day at prices that drift, some odd ones, some changed later."""
    made = [listing(n, 9000 + 37 * (n * 31 % 90), day=n // 3) for n in range(180)]
    made += [listing(n, 5500, day=n // 3 + 2, signals=["serial_removed"]) for n in range(0, 180, 20)]
    return sorted(made, key=lambda one: one.observed_at or "")


def record(store: Store, some: list[Listing], now: str) -> None:
    run = store.begin_run("ebay", kind="import", now=now)
    store.record_many([(one, None) for one in some], run=run, now=now)
    store.end_run(run, "ok", now, {}, {}, None)


def judge(
    store: Store, config: Config, *, model: Model | None = None, rebuild: bool = False, now: str = NOW
) -> Run:
    run = Run(store, config, model, now=now, reader=PlainReader())
    run.go(rebuild=rebuild)
    return run


def export(store: Store) -> str:
    return "\n".join(json.dumps(row, sort_keys=True) for row in store.export_readings())


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture(scope="module")
def forest() -> Model:
    """A small forest over the tests' own offers, so that its share is in the readings too."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        record(store, listings(), NOW)
        judge(store, Config(None))
        rows = [row_of(offer) for offer in store.offers_for_fit()]
    options = Config(None).thresholds.forest.model_copy(update={"min_rows": 50, "trees": 30})
    model = fit(rows, options, now=NOW, days=("2025-06-01", "2025-08-01"), knowledge="k")
    assert model is not None
    return model


def days(some: list[Listing]) -> list[tuple[str, list[Listing]]]:
    by_day: dict[str, list[Listing]] = {}
    for one in some:
        by_day.setdefault((one.observed_at or "")[:10], []).append(one)
    return sorted(by_day.items())


def test_daily_runs_and_one_rebuild_give_the_same_bytes(store: Store, config: Config, forest: Model) -> None:
    for day, some in days(listings()):
        record(store, some, f"{day}T23:00:00Z")
        judge(store, config, model=forest, now=f"{day}T23:30:00Z")
    daily = export(store)
    judge(store, config, model=forest, rebuild=True)
    assert export(store) == daily
    rows = [json.loads(line) for line in daily.splitlines()]
    assert max(row["market"]["n"] for row in rows) > 10
    assert (
        sum(
            reason["evidence"] == "forest" and reason["contribution"] > 0
            for row in rows
            for reason in row["reasons"]
        )
        > 3
    )


def test_after_a_rescore_nothing_is_judged_by_earlier_versions(
    store: Store, config: Config, forest: Model
) -> None:
    record(store, listings(), NOW)
    judge(store, config)
    first = set(store.judged_by())
    judge(store, config, model=forest)
    assert len(first) == 1 and len(store.judged_by()) == 1 and not first & set(store.judged_by())


def test_what_the_markets_said_is_kept_by_day_and_region(store: Store, config: Config) -> None:
    for day, some in days(listings()):
        record(store, some, f"{day}T23:00:00Z")
        judge(store, config)
    daily = store.market()
    judge(store, config, rebuild=True)
    assert store.market() == daily
    latest = {(row["region"], row["condition"]): row for row in daily if row["as_of"] == daily[-1]["as_of"]}
    assert set(latest) == {("all", "all"), ("us", "all"), ("us", "used")}
    assert 9000 < latest["us", "used"]["centre_usd"] < 13000 and latest["us", "used"]["n"] == 17
    first = [row for row in daily if row["as_of"] == daily[0]["as_of"]]
    # Three voices are too few for a market of their own; everywhere the seed stands in, and its source is told.
    assert [row["centre_usd"] for row in first if row["region"] == "us"] == [None, None]
    assert [
        row["centre_usd"] is not None and bool(row["source"]) for row in first if row["region"] == "all"
    ] == [True]


def test_one_import_and_daily_imports_give_the_same_judgements(
    store: Store, config: Config, tmp_path: Path
) -> None:
    for day, some in days(listings()):
        record(store, some, f"{day}T23:00:00Z")
        judge(store, config)
    with Store.open(tmp_path / "other") as other:
        other_key = (store.home / "key").read_bytes()
        (other.home / "key").write_bytes(other_key)
        shuffled = sorted(listings(), key=lambda one: one.description or "")
        record(other, shuffled, NOW)
        judge(other, config)
        assert export(other) == export(store)


def test_a_later_observation_changes_no_earlier_judgement(store: Store, config: Config) -> None:
    record(store, listings()[:100], "2025-07-20T00:00:00Z")
    judge(store, config)
    before = {row["observation"]: row["document"] for row in store.iter_readings(current=False)}
    # Late news about the past, and news of today, all at a quarter of the price.
    record(
        store, [listing(n, 2500, day=n - 500, site="other") for n in range(500, 560)], "2025-08-20T00:00:00Z"
    )
    judge(store, config)
    after = {row["observation"]: row["document"] for row in store.iter_readings(current=False)}
    assert {name: after[name] for name in before} == before
    judge(store, config, rebuild=True)
    again = {row["observation"]: row["document"] for row in store.iter_readings(current=False)}
    assert again == after


def test_a_run_killed_between_batches_goes_on(
    store: Store, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    import detector.run

    monkeypatch.setattr(detector.run, "BATCH", 25)
    record(store, listings(), NOW)
    judge(store, config)
    whole = export(store)
    store.wipe_readings()

    class Killed(BaseException):
        pass

    def kill(done: int, total: int) -> None:
        if done >= 75:
            raise Killed

    with pytest.raises(Killed):
        Run(store, config, None, now=NOW, reader=PlainReader()).go(progress=kill)
    run = judge(store, config)
    assert run.outcome.judged == 189 - 75
    assert export(store) == whole


def test_alerts_open_once_and_a_rescore_notifies_nobody(store: Store, config: Config) -> None:
    record(store, [listing(1), listing(2, signals=["serial_removed"]), listing(3, 4000)], NOW)
    run = judge(store, config)
    assert run.outcome.alerts["opened"] == 2
    news = {row["listing"] for row in store.news()}
    assert len(news) == 2
    for row in list(news):
        store.decide(row, "dismiss", who="a", now="2025-09-02T00:00:00Z", reason="lawful", note=None)
    again = judge(store, config, rebuild=True, now="2025-09-03T00:00:00Z")
    assert not again.outcome.alerts.total()
    assert store.count_news() == {}


def test_a_threshold_put_back_brings_its_alerts_back(store: Store, config: Config) -> None:
    record(store, [listing(1), listing(2, signals=["serial_removed"]), listing(3, 4000)], NOW)
    judge(store, config)
    store.mark_told(store.untold())
    before = {row["listing"]: row["state"] for row in store.alerts()}
    tuned = apply(
        store,
        Config(store.home),
        {"severity.medium": 0.999, "severity.high": 0.999},
        why="w",
        who="a",
        now="2025-09-02T00:00:00Z",
    )
    raised = judge(store, Config(store.home), now="2025-09-02T00:00:01Z")
    undo(store, why="w", who="a", now="2025-09-02T00:00:02Z")
    lowered = judge(store, Config(store.home), now="2025-09-02T00:00:03Z")
    assert tuned != Config(store.home).thresholds_version
    assert raised.outcome.alerts["closed"] == lowered.outcome.alerts["reopened"] == 2
    assert {row["listing"]: row["state"] for row in store.alerts()} == before
    assert store.count_news() == {}


def test_what_falls_after_a_dismissal_reopens(store: Store, config: Config) -> None:
    record(store, [listing(2, signals=["serial_removed"])], NOW)
    judge(store, config)
    (alert,) = store.news()
    store.decide(alert["listing"], "dismiss", who="a", now="2025-09-02T00:00:00Z", reason="lawful")
    record(store, [listing(2, 7000, day=95, signals=["serial_removed"])], "2025-09-05T00:00:00Z")
    run = judge(store, config, now="2025-09-05T01:00:00Z")
    assert run.outcome.alerts["reopened"] == 1
    found = store.alert(alert["listing"])
    assert found["state"] == "new" and "price_below_market" in found["events"][-1]["why"]


def test_copies_relists_and_unlike_goods_are_seen(store: Store, config: Config) -> None:
    words = (
        "A100 80GB pulled from our own servers, tested for three days, no errors, ships tomorrow from stock"
    )
    record(store, [
        listing(1, description=words, seller_id="a"), listing(2, day=1, title="A100 80GB 1", description=words, seller_id="b"),
        listing(3, day=2, title="A100 80GB 1", description=words + "!", seller_id="a"),
        *(listing(10 + n, day=n, chip=False, seller_id="shoes") for n in range(4)), listing(20, day=9, seller_id="shoes"),
    ], NOW)  # fmt: skip
    judge(store, config)
    rows = {row["listing_id"]: row["document"] for row in store.iter_readings()}
    named = {key: [s["signal"] for s in row["signals"]] for key, row in rows.items()}
    assert named["1"] == [] and named["2"] == ["repeated_text"]
    assert named["3"] == ["repeated_text"]  # of b's copy; its own relist is linked below
    assert "first_chip_offer" in {reason["evidence"] for reason in rows["20"]["reasons"]}
    assert named["20"] == []


@pytest.mark.parametrize("decision", [None, "dismiss", "confirm"])
def test_relists_of_an_offer_are_linked_and_told_once(store: Store, config: Config, decision: str | None) -> None:
    words = "A100 80GB pulled from our own servers, tested for three days, no errors, ships tomorrow from stock"
    again = {"title": "A100 80GB", "description": words, "seller_id": "a", "signals": ["serial_removed"]}
    record(store, [listing(1, **again)], NOW)
    judge(store, config)
    (told,) = store.news()
    store.mark_told(store.untold())
    if decision:
        store.decide(told["listing"], decision, who="a", now="2025-09-02T00:00:00Z", reason="lawful")
    for number in (2, 3, 4):
        record(store, [listing(number, day=number, **again)], f"2025-09-0{number}T01:00:00Z")
        judge(store, config, now=f"2025-09-0{number}T02:00:00Z")
    assert store.news() == []
    linked = [store.alert(row["listing"]) for row in store.alerts(Filter(silent=True))]
    assert len(linked) == 3 and all(row["relist_of"] for row in linked)
    record(store, [listing(5, 7000, day=5, **again)], "2025-09-05T01:00:00Z")
    judge(store, config, now="2025-09-05T02:00:00Z")
    assert len(store.news()) == 1  # cheaper by a third: another matter


def test_an_alert_put_off_wakes_on_what_the_page_says_anew(store: Store, config: Config) -> None:
    record(store, [listing(1, signals=["transit_route"])], NOW)
    judge(store, config)
    (alert,) = store.news()
    store.mark_told(store.untold())
    store.decide(alert["listing"], "snooze", who="a", now="2025-09-02T00:00:00Z", until="2027-01-01")
    record(store, [listing(1, day=95, description="Label scratched off.", signals=["serial_removed", "transit_route"])], "2025-09-05T00:00:00Z")
    judge(store, config, now="2025-09-05T01:00:00Z")
    (row,) = store.news()
    assert (row["state"], row["severity"]) == ("new", "high") and store.alert(row["listing"])["snooze_until"] is None


def test_a_serial_dropped_from_the_text_is_a_reason(store: Store, config: Config) -> None:
    record(store, [listing(1, description="Serial number 1234 on the label, tested, ships in a day.")], NOW)
    judge(store, config)
    record(
        store,
        [listing(1, day=3, description="Label is what it is, tested, ships in a day.")],
        "2025-09-02T00:00:00Z",
    )
    judge(store, config)
    (row,) = store.iter_readings()
    assert "serial_words_dropped" in {reason["evidence"] for reason in row["document"]["reasons"]}


def test_the_market_and_the_seller_are_figures_of_the_reading(store: Store, config: Config) -> None:
    record(store, listings(), NOW)
    judge(store, config)
    last = list(store.iter_readings())[-1]
    assert last["document"]["market"]["n"] > 5 and last["document"]["market"]["segment"] == "us, used"
    assert last["features"]["figures"]["seller_offers"] > 1


def test_refit_puts_a_forest_in_force_and_compares_with_the_old_one(store: Store, tmp_path: Path) -> None:
    (store.home / "config").mkdir()
    (store.home / "config" / "thresholds.toml").write_text("[forest]\nmin_rows = 50\ntrees = 20\n")
    config = Config(store.home)
    record(store, listings(), NOW)
    judge(store, config)
    first = refit(store, config, now=NOW, who="a", why="first")
    assert first.old is None and first.activated and (store.home / "models" / f"{first.model}.skops").exists()
    from detector.run import model_in_force

    model = model_in_force(store)
    assert model is not None and model.version == first.model
    run = judge(store, config, model=model)
    assert run.outcome.judged == 189 and run.versions["model"] == first.model
    record(store, [listing(n, 3000, day=70) for n in range(300, 340)], "2025-09-02T00:00:00Z")
    judge(store, config, model=model)
    second = refit(store, config, now="2025-09-02T00:00:00Z", who="a", why="drift", activate=False)
    assert second.old == first.model and not second.activated and second.agreement is not None
    assert second.drift["price_deviation"] > 0
    assert "takes over" in told(first, 0.1)[-1] and "there was none before it" in told(first, 0.1)
    words = "\n".join(told(second, 0.1))
    assert f"beside {first.model}: ranks agree to" in words and "unit price against the market's reference" in words
    assert "nothing was changed" in words and in_force(store) == first.model
    assert put_back(store, second.model[:6], now=NOW, who="a", why="it was right") == second.model == in_force(store)
    with pytest.raises(ChangeError, match=f"known are: {first.model}.*first"):
        put_back(store, "nosuch", now=NOW, who="a", why="x")
    with pytest.raises(ChangeError, match="in force already"):
        put_back(store, second.model, now=NOW, who="a", why="x")
    assert put_back(store, first.model, now=NOW, who="a", why="undone") == first.model == in_force(store)
    seen: list[str | None] = []
    refit(store, config, now=NOW, who="a", why="third", tell=lambda done: seen.extend([done.old, in_force(store)]))
    assert seen == [first.model, first.model] and in_force(store) == second.model  # told while the old one still judged
    (store.home / "models" / f"{second.model}.skops").write_bytes(b"torn")
    record(store, [listing(900, 3000, day=71)], "2025-09-03T00:00:00Z")
    torn = refit(store, config, now="2025-09-03T00:00:00Z", who="a", why="torn", activate=False)
    assert "could not be read" in told(torn, 0.1)[1]


def in_force(store: Store) -> str | None:
    row = store.active_model()
    return row and row["id"]


def test_offers_unlike_those_of_the_fit_ask_for_a_refit(store: Store, config: Config, tmp_path: Path) -> None:
    record(store, [listing(n, 9000 + n) for n in range(200)], NOW)
    judge(store, config)
    options = config.thresholds.forest.model_copy(update={"trees": 20})
    rows = [row_of(o) for o in store.offers_for_fit()]
    model = fit(rows, options, now=NOW, days=("2025-06-01", "2025-06-01"), knowledge="k")
    assert model is not None
    alike = judge(store, config, model=model)
    assert len(alike.rows) == 200 and moved(model, alike.rows, config) == {}
    unlike = [listing(n, 9000 + n, title="x" * 300, seller_id=f"t{n}") for n in range(300, 520)]
    record(store, unlike, "2025-09-02T00:00:00Z")
    other = judge(store, config, model=model, now="2025-09-02T00:00:00Z")
    assert "title_length" in moved(model, other.rows, config)
    assert moved(model, list(other.rows)[:50], config) == {}, "too few to say so"


def test_intents_are_frozen() -> None:
    assert Intent.__dataclass_params__.frozen  # type: ignore[attr-defined]
