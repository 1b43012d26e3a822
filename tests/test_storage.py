"""Runs and their outcomes, what vanishes, quarantine; readings; search; what the house writes down; backup; the file as others see it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.errors import MissingError, StorageError
from storage.ids import listing_key
from storage.listing import Listing
from storage.readings import Judged
from storage.search import match, terms
from storage.store import Store
from storage.verify import verify

DAY = "2026-03-{:02d}T10:00:00Z"
NOW = DAY.format(28)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def crawl(
    store: Store,
    day: int,
    offers: dict[str, str],
    outcome: str = "ok",
    *,
    site: str = "board",
    **options: Any,
) -> str:
    """A crawl of a day that sees these listings at these prices."""
    now = DAY.format(day)
    run = store.begin_run(site, now=now)
    store.record_many(
        [(Listing(site, name, f"H100 {name}", price_text=price), None) for name, price in offers.items()],
        run=run,
        now=now,
    )
    store.end_run(run, outcome, now, {"pages": 1, "listings": len(offers)}, **options)
    return run


def document(**fields: Any) -> dict[str, Any]:
    return {
        "offer": "sale", "restricted": True, "chips": [{"chip": "nvidia-h100-sxm-80gb"}], "price": {"unit_usd": 21000.5}, "quantity": 8,
        "condition": "used", "score": 0.8, "severity": "high", "signals": [{"signal": "serial_removed"}, {"signal": "serial_removed"}],
        "versions": {"knowledge": "k1", "model": None, "thresholds": "t1"}, **fields,
    }  # fmt: skip


def judge(store: Store, knowledge: str = "k1", **fields: Any) -> int:
    """Judge what waits, all alike."""
    versions = {"knowledge": knowledge, "model": None, "thresholds": "t1"}
    waiting = store.observations_to_read(knowledge, None, "t1")
    return store.save_judgements(
        Judged.from_document(
            o, document(site=o.listing.site, listing_id=o.listing.listing_id, versions=versions, **fields)
        )
        for o in waiting
    )


# Runs


def test_a_run_is_kept_with_its_outcome_and_numbers(store: Store) -> None:
    run = crawl(store, 1, {"a": "1", "b": "2"})
    row = store.run(run)
    assert (row["outcome"], row["pages"], row["listings"], row["ended_at"]) == ("ok", 1, 2, DAY.format(1))
    (coverage,) = store.coverage()
    assert (coverage["site"], coverage["outcome"], coverage["last_ok"]) == ("board", "ok", DAY.format(1))
    assert store.home_id[:4] in run and "board" in run


def test_coverage_tells_running_never_and_passes_over_skipped(store: Store) -> None:
    crawl(store, 1, {}, "blocked", detail="robots.txt answers 503")
    crawl(store, 2, {}, "skipped")
    store.begin_run("shop", now=NOW)
    assert {row["site"]: row["outcome"] for row in store.coverage()} == {
        "board": "blocked",
        "shop": "running",
    }


def test_sites_that_came_in_with_others_are_told_by_their_last_run(store: Store) -> None:
    crawl(store, 1, {"a": "1"})
    for day, sites in ((2, ("mine", "shop", "board")), (3, ("mine", "mine", "shop"))):
        run = store.begin_run("import", "import", now=DAY.format(day))
        for n, site in enumerate(sites):
            store.record(Listing(site, f"{n}", f"H100 at ${day}", observed_at=DAY.format(day)), run=run, evidence=None, now=DAY.format(day))
        store.end_run(run, "ok", DAY.format(day))
    rows, sites = store.brought_sites()
    assert [(row["site"], row["run"], row["listings"], row["new"], row["changed"]) for row in rows] == [("mine", run, 2, 1, 1), ("shop", run, 1, 1, 0)]
    assert sites == 2 and store.brought_sites(limit=1) == ([rows[0] | {"sites": 2}], 2)


def imported(store: Store, day: int, label: str, outcome: str, sites: tuple[str, ...]) -> str:
    run = store.begin_run(label, "import", now=DAY.format(day))
    for site in sites:
        store.record(Listing(site, "1", "H100", observed_at=DAY.format(day)), run=run, evidence=None, now=DAY.format(day))
    store.end_run(run, outcome, DAY.format(day), {"listings": len(sites)})
    return run


def test_what_was_imported_is_told_once_and_an_import_that_failed_makes_no_site(store: Store) -> None:
    imported(store, 1, "failed", "failed", ())
    imported(store, 1, "nothing", "empty", ())
    imported(store, 2, "import", "partial", ("mine", "yours"))
    whole = imported(store, 2, "own", "ok", ("own",))
    imported(store, 3, "own", "failed", ())
    imported(store, 3, "yours", "failed", ())
    crawl(store, 2, {"a": "1"})
    imported(store, 3, "board", "failed", ())
    rows, more = store.sites_read()
    assert [(row["site"], row["outcome"], row["listings"]) for row in rows] == [
        ("board", "ok", 1), ("mine", "imported", 1), ("own", "imported", 1), ("yours", "imported", 1),
    ]  # fmt: skip
    assert more == 0 and rows[2]["run"] == whole
    assert [row["site"] for row in store.coverage()] == ["board", "mine", "own", "yours"]
    assert [row["site"] for row in store.brought_sites(site="yours")[0]] == ["yours"] and store.brought_sites(site="own") == ([], 0)
    assert [row["site"] for row in store.sites_read(limit=1)[0]] == ["board", "mine", "own"] and store.sites_read(limit=1)[1] == 1
    assert {row["site"] for row in store.runs_by_day(DAY.format(1)[:10])} == {"board", "import", "nothing", "own"}


def test_unknown_outcomes_and_second_endings_are_refused(store: Store) -> None:
    run = store.begin_run("board", now=NOW)
    with pytest.raises(StorageError, match="is no outcome; one of ok, partial"):
        store.end_run(run, "fine", NOW)
    store.end_run(run, "ok", NOW)
    with pytest.raises(StorageError, match="has ended already"):
        store.end_run(run, "ok", NOW)
    with pytest.raises(MissingError):
        store.end_run("nothing", "ok", NOW)


def test_a_reader_of_a_home_just_made_knows_sellers_apart(tmp_path: Path) -> None:
    home = tmp_path / "new"
    Store.open(home).close()
    with Store.open(home, create=False, readonly=True) as reader:
        one, other = (reader.seller_key(Listing("s", "1", "H100", seller_name=name)) for name in "ab")
    assert one and other and one != other
    assert not (home / "key").exists()


def test_a_day_that_is_run_again_looked_once(store: Store) -> None:
    crawl(store, 1, {"a": "1", "b": "1"})
    crawl(store, 2, {"a": "1"})
    again = crawl(store, 2, {"a": "1"})
    assert store.mark_vanished("board", again, DAY.format(2), healthy_runs=2) == 0
    later = crawl(store, 3, {"a": "1"})
    assert store.mark_vanished("board", later, DAY.format(3), healthy_runs=2) == 1


@pytest.mark.parametrize(
    ("outcomes", "gone"),
    [
        (("ok", "ok"), True),
        (("ok",), False),  # not often enough
        (("ok", "blocked"), False),  # a blocked run says nothing
        (("partial", "partial", "partial"), False),
        (("ok", "blocked", "ok"), True),
    ],
)
def test_a_listing_vanishes_after_healthy_runs_without_it(
    store: Store, outcomes: tuple[str, ...], gone: bool
) -> None:
    crawl(store, 1, {"a": "1", "b": "1"})
    for day, outcome in enumerate(outcomes, 2):
        run = crawl(store, day, {"a": "1"}, outcome)
    assert store.mark_vanished("board", run, DAY.format(9), healthy_runs=2) == gone
    states = {row["listing_id"]: row["state"] for row in store.db.rows("SELECT * FROM listing")}
    assert states == {"a": "live", "b": "vanished" if gone else "live"}


def test_vanished_is_said_once_by_site_and_taken_back_when_seen(store: Store) -> None:
    crawl(store, 1, {"a": "1"})
    crawl(store, 1, {"a": "1"}, site="shop")
    for day in (2, 3):
        run = crawl(store, day, {})
    assert store.mark_vanished("board", run, DAY.format(3), healthy_runs=2) == 1
    assert store.mark_vanished("board", run, DAY.format(3), healthy_runs=2) == 0
    assert store.db.value("SELECT state FROM listing WHERE site='shop'") == "live"
    # An older file turns up: that is no sighting.
    late = store.begin_run("board", "import", now=DAY.format(4))
    store.record(
        Listing("board", "a", "H100 a", price_text="0", observed_at="2026-02-01"),
        run=late,
        evidence=None,
        now=DAY.format(4),
    )
    assert store.listing(listing_key("board", "a"))["state"] == "vanished"
    crawl(store, 5, {"a": "1"})
    assert store.listing(listing_key("board", "a"))["state"] == "live"


def test_a_run_in_quarantine_does_not_count_until_released(store: Store) -> None:
    crawl(store, 1, {"a": "10", "b": "10"})
    bad = crawl(store, 2, {"a": "999", "b": "10", "c": "999"}, "changed")
    assert store.run(bad)["quarantined"] == 1
    assert [o.listing.price_text for o in store.iter_observations()] == ["10", "10"]
    assert judge(store) == 2
    assert [row["site"] + "/" + row["listing_id"] for row in store.export_readings()] == [
        "board/a",
        "board/b",
    ]
    a, b = listing_key("board", "a"), listing_key("board", "b")
    assert store.listing(a)["price_text"] == "10"
    assert store.listing(a)["last_seen"] == store.listing(b)["last_seen"] == DAY.format(1)
    store.release_run(bad, who="ann", now=NOW, why="the layout is right after all")
    assert store.listing(a)["price_text"] == "999"
    assert (store.listing(a)["last_seen"], store.listing(b)["last_seen"]) == (DAY.format(2), DAY.format(1))
    assert judge(store) == 2
    assert "ann" in store.run(bad)["quarantine_note"]


def test_who_released_or_discarded_a_run_and_why_is_kept(store: Store) -> None:
    crawl(store, 1, {"a": "10"})
    bad = crawl(store, 2, {"a": "999"}, "changed")
    assert [(row["id"], row["observations"]) for row in store.held_runs()] == [(bad, 1)]
    store.discard_run(bad, who="ann", now=DAY.format(3), why="prices of the neighbours")
    assert store.held_runs() == [] and [row["id"] for row in store.held_runs(decided=True)] == [bad]
    assert judge(store) == 1
    store.release_run(bad, who="bob", now=DAY.format(4), why="they were right")
    assert store.held_runs(decided=True) == []
    assert [(row["who"], row["at"], row["action"], row["why"]) for row in store.run_decisions(bad)] == [
        ("ann", DAY.format(3), "discard", "prices of the neighbours"), ("bob", DAY.format(4), "release", "they were right"),
    ]  # fmt: skip
    assert store.run_decisions()[0]["was"] == "its site's expectations were broken"
    assert judge(store) == 1


def test_a_run_that_is_not_held_or_without_reason_is_not_decided(store: Store) -> None:
    good, bad = crawl(store, 1, {"a": "10"}), crawl(store, 2, {"a": "999"}, "changed")
    for decide in (store.release_run, store.discard_run):
        with pytest.raises(StorageError, match="is not in quarantine"):
            decide(good, who="ann", now=NOW, why="x")
        with pytest.raises(StorageError, match="needs a reason"):
            decide(bad, who="ann", now=NOW, why=" ")
        with pytest.raises(MissingError):
            decide("nothing", who="ann", now=NOW, why="x")
    assert store.run_decisions() == [] and store.run(bad)["quarantined"] == 1


def test_a_released_run_does_not_undo_what_was_seen_since(store: Store) -> None:
    crawl(store, 1, {"a": "10"})
    bad = crawl(store, 2, {"a": "999"}, "changed")
    last = crawl(store, 3, {"a": "12"})
    store.release_run(bad, who="ann", now=NOW, why="it was right")
    row = store.db.row("SELECT * FROM listing WHERE listing_id='a'")
    assert row is not None and (row["last_seen"], row["last_run"]) == (DAY.format(3), last)
    assert store.listing(row["id"])["price_text"] == "12"
    assert [o.listing.price_text for o in store.history(row["id"])] == ["10", "999", "12"]


def test_after_a_quarantine_the_next_good_run_goes_on(store: Store) -> None:
    crawl(store, 1, {"a": "10"})
    crawl(store, 2, {"a": "999"}, "changed")
    crawl(store, 3, {"a": "10"})
    key = listing_key("board", "a")
    assert [o.listing.price_text for o in store.history(key) if not o.run_quarantined] == ["10"]
    row = store.listing(key)
    assert (row["price_text"], row["last_seen"]) == ("10", DAY.format(3))


def test_stored_bytes_read_again_take_the_place_of_the_quarantined(store: Store) -> None:
    crawl(store, 1, {"a": "10"})
    crawl(store, 2, {"a": "999"}, "changed")
    again = store.begin_run("board", "reparse", now=DAY.format(3))
    result = store.record(
        Listing("board", "a", "H100 a", price_text="9", observed_at=DAY.format(2)),
        run=again,
        evidence=None,
        now=DAY.format(3),
    )
    assert (result.kind, result.changed) == ("changed", ("price",))
    assert store.listing(listing_key("board", "a"))["price_text"] == "9"


# Readings


def test_what_waits_is_read_once_by_time_and_again_by_other_versions(store: Store) -> None:
    crawl(store, 3, {"b": "1"})
    crawl(store, 1, {"a": "1"}, site="shop")
    waiting = list(store.observations_to_read("k1", None, "t1"))
    assert [o.observed_at for o in waiting] == [DAY.format(1), DAY.format(3)]
    assert judge(store) == 2
    assert list(store.observations_to_read("k1", None, "t1")) == []
    assert len(list(store.observations_to_read("k2", None, "t1"))) == 2
    crawl(store, 4, {"b": "2"})
    assert [o.listing.price_text for o in store.observations_to_read("k1", None, "t1")] == ["2"]
    assert judge(store, "k2") == 3


def test_reading_while_saving_misses_and_doubles_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import storage.readings

    monkeypatch.setattr(storage.readings, "CHUNK", 7)
    crawl(store, 1, {str(n): "1" for n in range(40)})
    for threshold in (200_000, 3):
        monkeypatch.setattr(storage.readings, "KNOWN_PENDING", threshold)
        seen = []
        for observation in store.observations_to_read(f"k{threshold}", None, "t1"):
            seen.append(observation.id)
            fields = document(versions={"knowledge": f"k{threshold}", "model": None, "thresholds": "t1"})
            store.save_judgements([Judged.from_document(observation, fields)])
        assert len(seen) == len(set(seen)) == 40
        store.wipe_readings()


def test_a_reading_is_columns_and_the_whole_document(store: Store) -> None:
    run = crawl(store, 1, {"a": "1"})
    judge(store)
    (observation,) = store.iter_observations()
    row = store.reading(observation.id)
    assert row is not None
    assert (row["chip"], row["unit_usd"], row["signals"], row["severity"]) == (
        "nvidia-h100-sxm-80gb",
        21000.5,
        "serial_removed",
        "high",
    )
    assert row["document"]["listing_id"] == "a"
    (exported,) = store.export_readings()
    assert (exported["observation"], exported["observed_at"], exported["evidence"]) == (
        observation.id,
        DAY.format(1),
        None,
    )
    assert "judged_at" not in exported and run not in json.dumps(exported)


def test_the_export_is_the_current_reading_sorted_and_the_same_after_a_rebuild(store: Store) -> None:
    crawl(store, 1, {"b": "1", "a": "1", "B": "1"}, site="zoo")
    crawl(store, 2, {"b": "2", "a": "1"}, site="zoo")
    crawl(store, 3, {"é": "1"})
    judge(store)
    before = [json.dumps(row) for row in store.export_readings()]
    keys = [(row["site"], row["listing_id"]) for row in store.export_readings()]
    assert keys == sorted(keys) and len(keys) == 4
    assert {row["observation"] for row in store.export_readings()} < {o.id for o in store.iter_observations()}
    store.wipe_readings()
    assert list(store.export_readings()) == []
    judge(store)
    assert [json.dumps(row) for row in store.export_readings()] == before


# Search

TEXTS = {
    "zh": "全新现货 H100 80GB 显卡 序列号已打磨",
    "near": "序号列表 打磨机出售",
    "ja": "NVIDIA A100 グラフィックボード 新品未開封",
    "ko": "엔비디아 H200 서버용 미개봉",
    "ru": "Видеокарта без серийного номера, новая",
    "de": "Grafikkarte H100SXM, Rechnung fehlt",
    "wide": "Ｈ１００ ＰＣＩｅ",
}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("打磨", {"zh", "near"}),
        ("序列", {"zh"}),
        ("序列号", {"zh"}),
        ("列号已打", {"zh"}),
        ("号列", {"near"}),
        ("序列表", set()),  # both pairs stand in "near", the word does not
        ("显", {"zh"}),
        ("磨", {"zh", "near"}),
        ("卡", {"zh"}),
        ("h100", {"zh", "de", "wide"}),
        ("H100 打磨", {"zh"}),
        ("100", {"zh", "ja", "de", "wide"}),
        ("80gb", {"zh"}),
        ("sxm", {"de"}),
        ("グラフ", {"ja"}),
        ("未開封", {"ja"}),
        ("미개봉", {"ko"}),
        ("серийного номер", {"ru"}),
        ("ВИДЕО", {"ru"}),
        ("rechnung fehlt", {"de"}),
        ("echnung", set()),  # words are found by their beginning
        ("", set()),
        ('"; DROP TABLE listing; --', set()),
        ("NEAR(打磨, 2) OR *", set()),
    ],
)
def test_search_finds_words_of_every_script(store: Store, asked: str, found: set[str]) -> None:
    run = store.begin_run("board", now=NOW)
    store.record_many(
        [(Listing("board", name, "x", description=text), None) for name, text in TEXTS.items()],
        run=run,
        now=NOW,
    )
    names = {listing_key("board", name): name for name in TEXTS}
    assert {names[key] for key in store.search(asked)} == found
    with Store.open(store.home, readonly=True) as reader:
        assert {names[key] for key in reader.search(asked)} == found


def test_search_before_indexing_and_after_a_change(store: Store) -> None:
    crawl(store, 1, {"a": "1"})
    run = store.begin_run("board", now=DAY.format(2))
    with Store.open(store.home, readonly=True) as reader:
        assert reader.search("H100") == [listing_key("board", "a")]
    assert store.index_search() == 1
    store.record(
        Listing("board", "a", "A100 现货", observed_at=DAY.format(2)),
        run=run,
        evidence=None,
        now=DAY.format(2),
    )
    assert store.search("H100") == []
    assert store.search("现货") == [listing_key("board", "a")]
    assert store.db.value("SELECT count(*) FROM search_text WHERE search_text MATCH 'h100'") == 0


def test_a_number_is_found_whole_unless_a_star_asks_for_its_beginning(store: Store) -> None:
    titles = ("NVIDIA H20 96GB", "NVIDIA H200 NVL", "H20及H200现货", "HGX-H20SXM", "RTX4090")
    run = store.begin_run("board", now=DAY.format(1))
    for title in titles:
        store.record(Listing("board", title, title, observed_at=DAY.format(1)), run=run, evidence=None, now=DAY.format(1))
    names = {listing_key("board", title): title for title in titles}

    def found(asked: str) -> list[int]:
        with Store.open(store.home, readonly=True) as reader:
            return sorted(titles.index(names[key]) for key in reader.search(asked))

    for _ in range(2):  # what waits for the index, and what it holds
        assert (found("H20"), found("h20*"), found("h200"), found("20")) == ([0, 2, 3], [0, 1, 2, 3], [1, 2], [0, 2, 3])
        assert (found("4090"), found("409"), found("090"), found("nvid 96")) == ([4], [], [], [0])
        store.index_search()


def test_terms_and_queries() -> None:
    assert list(terms("H100卡 已打磨!")) == ["h100", "100", "卡", "已打", "打磨", "磨"]
    assert match("打磨 H100") == '"打磨" "h100"*'
    assert match("!!! ***") == ""


# What the house writes down


def test_versions_are_logged_when_they_change(store: Store) -> None:
    assert store.log_version(
        "thresholds", "aa", who="ann", now=DAY.format(1), why="first", content={"high": 0.7}
    )
    assert not store.log_version("thresholds", "aa", who="bob", now=DAY.format(2), why="again")
    assert store.log_version("thresholds", "bb", who="bob", now=DAY.format(3), why="too many")
    assert store.log_version("thresholds", "aa", who="ann", now=DAY.format(4), why="put back")
    assert [(v["hash"], v["who"]) for v in store.versions("thresholds")] == [
        ("aa", "ann"),
        ("bb", "bob"),
        ("aa", "ann"),
    ]
    at = store.version_in_force("thresholds", at=DAY.format(2))
    assert at is not None and at["content"] == {"high": 0.7}
    assert store.version_in_force("knowledge") is None


def test_one_model_is_in_force(store: Store) -> None:
    for name in ("m1", "m2"):
        store.save_model(
            name,
            file=f"{name}.skops",
            sha256="0" * 64,
            fitted_at=NOW,
            who="ann",
            why="weekly",
            rows=9,
            facts={"trees": 300},
        )
    assert store.active_model() is None
    store.activate_model("m1", now=DAY.format(1))
    store.activate_model("m2", now=DAY.format(2))
    active = store.active_model()
    assert active is not None and active["id"] == "m2" and active["facts"] == {"trees": 300}
    store.activate_model("m1", now=DAY.format(3))
    assert (store.active_model() or {})["id"] == "m1"
    with pytest.raises(MissingError):
        store.activate_model("m9", now=NOW)
    assert (store.active_model() or {})["id"] == "m1"


def test_a_digest_is_sent_once_and_a_failed_sending_tried_again(store: Store) -> None:
    name, new = store.save_digest(
        "daily", {"alerts": [1]}, since=None, until=NOW, now=NOW, alerts=1, channels=["mail", "chat"]
    )
    assert new and store.save_digest(
        "daily", {"alerts": [1]}, since=None, until=NOW, now=DAY.format(29), alerts=1
    ) == (name, False)
    assert len(store.deliveries(due=True)) == 2
    store.note_delivery(name, "mail", now=NOW)
    store.note_delivery(name, "chat", now=NOW, error="no route")
    assert [(d["channel"], d["state"], d["tries"]) for d in store.deliveries()] == [
        ("chat", "failed", 1),
        ("mail", "sent", 1),
    ]
    assert [d["channel"] for d in store.deliveries(due=True)] == ["chat"]
    assert store.deliveries(due=True, max_tries=1) == []
    other, new = store.save_digest(
        "daily", {"alerts": []}, since=NOW, until=DAY.format(29), now=DAY.format(29), alerts=0
    )
    assert new and (store.last_digest("daily") or {})["id"] == other


def test_samples_carry_the_decision_that_stands(store: Store) -> None:
    crawl(store, 1, {"a": "1", "b": "1"})
    judge(store)
    digest, _ = store.save_digest("daily", {}, since=None, until=NOW, now=NOW, alerts=0)
    store.save_samples(digest, [(o.listing_key, o.id, "sale", 0.25) for o in store.iter_observations()])
    a = listing_key("board", "a")
    store.decide(a, "confirm", who="ann", now=NOW)
    assert {row["listing"]: row["action"] for row in store.samples()} == {
        a: "confirm",
        listing_key("board", "b"): None,
    }
    store.undo(a, who="ann", now=NOW)
    assert {row["action"] for row in store.samples()} == {None}
    assert next(store.decisions())["source"] == "sample"


def test_screening_lists_are_replaced_whole(store: Store) -> None:
    rows = [
        {"id": "1", "name": "ACME", "aliases": ["Ａcme"], "countries": ["CN"]},
        {"id": "2", "name": "BETA", "program": "EL"},
    ]
    assert store.load_screening("csl", rows, title="Consolidated", sha256="0", now=NOW) == 2
    assert store.load_screening("csl", rows[:1], title="Consolidated", sha256="1", now=NOW) == 1
    (entry,) = store.screening_entries()
    assert (entry["aliases"], entry["countries"]) == (["Ａcme"], ["CN"])


def test_listings_are_found_by_what_a_person_has(store: Store) -> None:
    run = store.begin_run("board", now=NOW)
    store.record_many(
        [(Listing("board", name, "H100", url=f"https://b.example/{name}", seller_name="s"), None) for name in ("77", "x/y")],
        run=run, now=NOW,
    )  # fmt: skip
    store.record(Listing("shop", "77", "H100"), run=run, evidence=None, now=NOW)
    key = listing_key("board", "77")
    for text in (key, key[:6], key[:6].upper(), "board/77", "https://b.example/77"):
        assert store.find_listing(text) == key
    assert store.find_listing("board/x/y") == listing_key("board", "x/y")
    with pytest.raises(StorageError, match="names several"):
        store.find_listing("77")
    store.record(Listing("ebay", "v1|3000178|0", "H100"), run=run, evidence=None, now=NOW)
    assert store.find_listing("ebay/3000178") == listing_key("ebay", "v1|3000178|0")
    seller = store.listing(key)["seller"]
    assert {row["listing_id"] for row in store.seller(seller)["listings"]} == {"77", "x/y"}


# The file as others see it


def test_a_backup_is_whole_and_restores(store: Store, tmp_path: Path) -> None:
    crawl(store, 1, {"a": "1", "b": "2"})
    with store.transaction():
        store.db.write("UPDATE site SET name='half done'")
        files = Store.open(store.home, readonly=True).backup(tmp_path / "copy" / "chipwatch.db")
    assert [path.name for path in files] == ["key"]
    (tmp_path / "copy" / "key").write_bytes((store.home / "key").read_bytes())
    with Store.open(tmp_path / "copy", create=False) as copy:
        assert copy.counts() == store.counts() and copy.home_id == store.home_id
        assert copy.db.value("SELECT name FROM site") == "board"
        assert copy.db.value("PRAGMA integrity_check") == "ok" and verify(copy.home, copy) == []
        crawl(copy, 2, {"a": "3"})
    with pytest.raises(StorageError, match="is there already"):
        store.backup(tmp_path / "copy" / "chipwatch.db")


def test_foreign_keys_hold_and_are_real(store: Store) -> None:
    crawl(store, 1, {"a": "1"})
    judge(store)
    assert store.db.rows("PRAGMA foreign_key_check") == []
    with pytest.raises(StorageError, match="FOREIGN KEY"):
        store.db.write("INSERT INTO pending (observation) VALUES ('nothing')")
    linked = {row["table"] for row in store.db.rows("PRAGMA foreign_key_list(observation)")}
    assert linked == {"listing", "run", "evidence", "seller"}


def test_views_read_in_pandas(store: Store) -> None:
    import pandas as pd

    crawl(store, 1, {"a": "1", "b": "2"})
    judge(store)
    with sqlite3.connect(store.db.path) as connection:
        frame = pd.read_sql("SELECT * FROM listing_view ORDER BY listing_id", connection)
    assert list(frame["listing_id"]) == ["a", "b"] and frame["unit_usd"].dtype == "float64"
    assert list(frame["chip"]) == ["nvidia-h100-sxm-80gb"] * 2


def test_the_file_opens_in_datasette(store: Store) -> None:
    crawl(store, 1, {"a": "1"})
    judge(store)
    for page in ("/chipwatch/listing_view.json?_shape=array", "/chipwatch/observation.json?_shape=array&_labels=on",
                 "/chipwatch/coverage_view.json?_shape=array"):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "datasette", str(store.db.path), "--get", page],
            capture_output=True,
            text=True,
            check=True,
        )
        (row,) = json.loads(done.stdout)
        if "observation.json" in page:
            assert row["listing"]["label"] == "H100 a" and row["run"]["value"]


def test_sqlite_utils_reads_it_and_names_the_migrations(store: Store) -> None:
    import sqlite_utils

    db = sqlite_utils.Database(store.db.path)
    assert [row["name"] for row in db["_sqlite_migrations"].rows] == [
        "m001_ground",
        "m002_run_decision",
        "m003_ties",
        "m004_sellers",
        "m005_told",
        "m006_known",
        "m007_knew",
    ]


def test_sizes_are_told(store: Store) -> None:
    crawl(store, 1, {str(n): "1" for n in range(10)})
    sizes = store.sizes()
    assert (
        sizes["observations"] == 10
        and sizes["database_bytes"] > 0
        and sizes["evidence_bytes_per_observation"] == 0
    )
