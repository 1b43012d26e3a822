"""Homes that gathered apart, merged in any order, twice and in part: the same home, every chain true, no decision lost."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.errors import ErasedError, StorageError
from storage.evidence import EvidenceWriter, read
from storage.ids import listing_key
from storage.listing import Listing
from storage.retention import Retention
from storage.store import Store
from storage.verify import verify
from tests.test_storage import judge
from tests.test_storage_alerts import Facts, Intent

KEY = "11" * 32


def at(n: int, hour: int = 10) -> str:
    return f"2026-03-{n:02d}T{hour:02d}:00:00Z"


def make(folder: Path) -> Store:
    folder.mkdir(parents=True)
    (folder / "key").write_text(KEY)
    return Store.open(folder)


def crawl(store: Store, site: str, day: int, offers: dict[str, str], outcome: str = "ok") -> str:
    now = at(day)
    run = store.begin_run(site, now=now)
    with EvidenceWriter(store.home, run, now, known=store.find_payload) as writer:
        for name, price in offers.items():
            url = f"https://{site}.example/item/{name * 5}"
            ref = writer.write(url, 200, {}, f"<h1>H100 {name}</h1>{price}".encode() * 40, now, {"User-Agent": "chipwatch"})
            listing = Listing(site, name * 5, f"H100 {name}", url=url, price_text=price, seller_name=f"seller {name}", seller_ratings=day)
            store.record(listing, run=run, evidence=ref, now=now)
    store.end_run(run, outcome, now, {"pages": len(offers)}, evidence=writer.close())
    return run


def open_alert(store: Store, site: str, name: str, day: int, score: float = 0.9) -> str:
    key = listing_key(site, name * 5)
    observation = store.db.value("SELECT observation FROM listing WHERE id=?", [key])
    store.apply_intents([Intent("opened", Facts(key, observation, site=site, score=score))], now=at(day))
    return key


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[list[Path]]:
    """Three homes: overlapping sites, days and listings; the same page seen at the same second; a quarantine; decisions."""
    found = [tmp_path / name for name in "abc"]
    with make(found[0]) as a:
        crawl(a, "board", 1, {"x": "10", "y": "10"})
        crawl(a, "board", 4, {"x": "10", "y": "12", "z": "9"})
        crawl(a, "shop", 5, {"x": "1"})
        judge(a)
        key = open_alert(a, "board", "x", 6)
        a.decide(key, "confirm", who="ann", now=at(7), note="as seen")
        open_alert(a, "board", "y", 9)
        a.log_version("thresholds", "aa", who="ann", now=at(1), why="first")
    with make(found[1]) as b:
        crawl(b, "board", 2, {"x": "11", "y": "10"})
        crawl(b, "board", 4, {"x": "10", "y": "13"})
        bad = crawl(b, "board", 8, {"x": "999"}, "changed")
        b.discard_run(bad, who="bob", now=at(9), why="prices of the neighbours")
        judge(b)
        key = open_alert(b, "board", "x", 5, score=0.8)
        b.decide(key, "dismiss", who="bob", now=at(8), reason="lawful")
        b.decide(open_alert(b, "board", "y", 5), "snooze", who="bob", now=at(6), until=at(20))
        b.mute("site", "nowhere", reason="x", who="bob", now=at(6), until=at(20))
    with make(found[2]) as c:
        crawl(c, "shop", 3, {"x": "1", "w": "2"})
        crawl(c, "board", 6, {"y": "12", "z": "9", "q": "5"})
        judge(c)
        c.save_digest("daily", {"alerts": []}, since=None, until=at(7), now=at(7), alerts=0, channels=["mail"])
    yield found


def contents(store: Store) -> dict[str, list[str]]:
    """Everything in the database that is not this home's own name, sorted."""
    tables = [row[0] for row in store.db.rows("SELECT name FROM sqlite_master WHERE type='table' AND sql NOT LIKE '%fts5%'")]
    own = {"home", "_sqlite_migrations", "sqlite_sequence", "search_doc", "reading_version"}
    tables = [name for name in tables if name not in own and not name.startswith("search_text")]
    return {name: sorted(json.dumps(list(row)) for row in store.db.rows(f"SELECT * FROM {name}")) for name in sorted(tables)}


def merged(folder: Path, homes: list[Path]) -> Store:
    store = make(folder)
    for home in homes:
        store.merge(home, now=at(28))
    return store


def test_every_order_gives_the_same_home(homes: list[Path], tmp_path: Path) -> None:
    seen = []
    for number, order in enumerate(itertools.permutations(homes)):
        with merged(tmp_path / f"m{number}", list(order)) as store:
            assert verify(store.home, store) == []
            assert store.db.rows("PRAGMA foreign_key_check") == []
            judge(store)
            export = [json.dumps(row) for row in store.export_readings()]
            files = {path.name: path.read_bytes() for path in (store.home / "evidence").glob("*.warc.gz")}
            seen.append((contents(store), export, files))
            for observation in store.iter_observations(quarantined=True):
                assert observation.evidence is not None and read(store.home, observation.evidence)
    first = seen[0]
    assert len(first[1]) == 6 and len(first[2]) == 8
    for other in seen[1:]:
        for table in first[0]:
            assert other[0][table] == first[0][table], table
        assert other == first


def test_twice_and_in_part_and_onto_one_of_them(homes: list[Path], tmp_path: Path) -> None:
    a, b, c = homes
    with merged(tmp_path / "whole", [a, b, c]) as whole, merged(tmp_path / "again", [a, b, a, c, b]) as again:
        judge(whole)
        judge(again)
        assert contents(whole) == contents(again)
        done = again.merge(b, now=at(28))
        assert (done.runs, done.listings, done.observations, done.decisions, done.files) == (0, 0, 0, 0, 0)
        assert len(list(again.export_readings())) == 6  # nothing new came: nothing was wiped
        expected = contents(whole)
    shutil.copytree(a, tmp_path / "onto")
    with Store.open(tmp_path / "onto") as onto:
        onto.merge(b, now=at(28))
        onto.merge(c, now=at(28))
        judge(onto)
        assert contents(onto) == expected
        assert verify(onto.home, onto) == []


def test_a_merge_of_merges(homes: list[Path], tmp_path: Path) -> None:
    a, b, c = homes
    with merged(tmp_path / "ab", [a, b]):
        pass
    with merged(tmp_path / "left", [tmp_path / "ab", c]) as left, merged(tmp_path / "right", [c, b, a]) as right:
        judge(left)
        judge(right)
        assert contents(left) == contents(right)


def test_growing_homes_are_merged_again(homes: list[Path], tmp_path: Path) -> None:
    with merged(tmp_path / "m", homes[:2]) as store:
        with Store.open(homes[0]) as a:
            crawl(a, "board", 9, {"x": "8"})
        done = store.merge(homes[0], now=at(28))
        assert (done.runs, done.observations, done.files) == (1, 1, 1)
        assert store.listing(listing_key("board", "xxxxx"))["price_text"] == "8"
        assert verify(store.home, store) == []


def test_histories_are_joined_and_the_latest_counts(homes: list[Path], tmp_path: Path) -> None:
    with merged(tmp_path / "m", homes) as store:
        key = listing_key("board", "xxxxx")
        prices = [(o.observed_at[8:10], o.listing.price_text) for o in store.history(key) if not o.run_quarantined]
        assert prices == [("01", "10"), ("02", "11"), ("04", "10")]
        row = store.listing(key)
        assert (row["first_seen"], row["price_text"]) == (at(1), "10")
        # Day 4: one home saw 12, the other 13, at the same second; day 6 saw 12 again.
        assert store.listing(listing_key("board", "yyyyy"))["price_text"] == "12"
        assert store.counts()["site"] == 2 and len(store.coverage()) == 2


def test_conflicting_decisions_are_shown_and_none_is_lost(homes: list[Path], tmp_path: Path) -> None:
    key = listing_key("board", "xxxxx")
    for number, order in enumerate((homes, homes[::-1])):
        with make(tmp_path / f"m{number}") as store:
            shown = [store.merge(home, now=at(28)).conflicts for home in order]
            (conflict,) = shown[-1]
            assert (conflict.listing, conflict.first, conflict.second) == (
                key, f"confirm by ann at {at(7)}", f"dismiss by bob at {at(8)}",
            )  # fmt: skip
            assert [d["action"] for d in store.alert(key)["decisions"]] == ["confirm", "dismiss"]
            assert store.alert(key)["state"] == "dismissed"
            assert store.alert(listing_key("board", "yyyyy"))["state"] == "snoozed"  # the other home opened it later
            # Somebody who sees both settles it.
            store.decide(key, "confirm", who="cat", now=at(27))
            assert len(store.decision_conflicts()) == 1
            store.undo(key, who="cat", now=at(27))
            assert store.alert(key)["state"] == "dismissed"


def test_seeing_and_then_differing_is_no_conflict(tmp_path: Path) -> None:
    with make(tmp_path / "one") as store:
        crawl(store, "board", 1, {"x": "1"})
        key = open_alert(store, "board", "x", 2)
        store.decide(key, "dismiss", who="ann", now=at(3))
        store.decide(key, "confirm", who="bob", now=at(4))
        assert store.decision_conflicts() == []


def test_other_keys_open_runs_and_forks_are_refused_untouched(homes: list[Path], tmp_path: Path) -> None:
    with merged(tmp_path / "m", homes[:1]) as store:
        before = contents(store)
        (homes[1] / "key").write_text("22" * 32)
        with pytest.raises(StorageError, match="has another key"):
            store.merge(homes[1], now=at(28))
        (homes[1] / "key").write_text(KEY)
        with Store.open(homes[1]) as b:
            run = b.begin_run("board", now=at(9))
            with pytest.raises(StorageError, match="a run is still open"):
                store.merge(homes[1], now=at(28))
            b.end_run(run, "empty", at(9))
        # Two homes that went on from one copy.
        shutil.copytree(homes[0], tmp_path / "copy")
        for home, price in ((homes[0], "1"), (tmp_path / "copy", "2")):
            with Store.open(home) as one:
                crawl(one, "board", 9, {"x": price})
        assert contents(store) == before
        store.merge(homes[0], now=at(28))
        with pytest.raises(StorageError, match="went on from one copy"):
            store.merge(tmp_path / "copy", now=at(28))
        assert verify(store.home, store) == []
        with pytest.raises(StorageError, match="no home here"):
            store.merge(tmp_path / "nowhere", now=at(28))


@pytest.mark.parametrize("erased_first", [True, False])
def test_what_one_home_erased_is_erased_in_the_merged(homes: list[Path], tmp_path: Path, erased_first: bool) -> None:
    key = listing_key("board", "xxxxx")
    with Store.open(homes[0]) as a:
        a.erase_listing(key, who="ann", why="request", now=at(20))
    order = homes if erased_first else homes[::-1]
    with merged(tmp_path / "m", order) as store:
        assert verify(store.home, store) == []
        assert store.listing(key)["title"] == "(erased)"
        assert {row[0] for row in store.db.rows("SELECT title FROM observation WHERE listing=?", [key])} == {"(erased)"}
        for row in store.db.rows("SELECT e.* FROM evidence e JOIN observation o ON o.evidence = e.id WHERE o.listing=?", [key]):
            assert row["gone_at"] is not None
        store.db.raw().execute("VACUUM")
        assert "board.example/item/xxxxx" not in "\n".join(store.db.raw().iterdump())
        for path in (store.home / "evidence").glob("*"):
            import gzip

            assert b"board.example/item/xxxxx" not in gzip.decompress(path.read_bytes())


def test_what_one_home_let_expire_expires_in_the_merged(homes: list[Path], tmp_path: Path) -> None:
    with merged(tmp_path / "m", homes) as store:
        with Store.open(homes[2]) as c:
            ref = next(o.evidence for o in c.iter_observations())
            assert ref is not None
            c.expire_evidence(Retention(None, 1, 1), now=at(7))
            assert not (homes[2] / "evidence" / ref.file).exists()
        store.merge(homes[2], now=at(28))
        with pytest.raises((ErasedError, StorageError)):
            read(store.home, ref)
        assert verify(store.home, store) == []


def test_a_file_that_is_no_longer_as_it_was_sealed_replaces_none_that_is(tmp_path: Path) -> None:
    with make(tmp_path / "sound") as store:
        crawl(store, "board", 1, {"x": "10", "y": "10"})
    for name, change in (("longer", lambda data: data + b"junk"), ("cut", lambda data: data[:-100])):
        (file,) = (shutil.copytree(tmp_path / "sound", tmp_path / name) / "evidence").iterdir()
        file.write_bytes(change(file.read_bytes()))
    for order in itertools.permutations(("sound", "longer", "cut")):
        with merged(tmp_path / "-".join(order), [tmp_path / name for name in order]) as store:
            assert verify(store.home, store) == [], order
