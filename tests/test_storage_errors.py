"""Every way the database can refuse becomes one line that says what, where and what to do; every method was tried on a locked one."""

from __future__ import annotations

import inspect
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import database
from storage.alerts import Filter
from storage.errors import (
    CorruptError,
    DiskFullError,
    LockedError,
    MissingError,
    NewerSchemaError,
    OlderSchemaError,
    ReadOnlyError,
    StorageError,
)
from storage.evidence import EvidenceWriter
from storage.ids import listing_key
from storage.judging import Moment
from storage.listing import Listing
from storage.retention import Retention
from storage.store import Store
from storage.verify import verify

NOW = "2026-03-28T10:00:00Z"
LISTING = Listing("board", "1", "H100")


class Wish:
    """What a detector asks for."""

    kind, news, why, muted_by, known = "opened", True, "because", None, None

    class facts:
        listing, observation, site, title, score, severity = "l", "o", "board", "t", 0.9, "high"
        signals, country, chip, seller, unit_usd, relist_of = (), None, None, None, None, None


def missing(ask: Callable[[str], Any], name: str) -> None:
    """Asking for what is not there."""
    with pytest.raises(MissingError):
        ask(name)


def other_home(store: Store) -> Path:
    """A home that may be merged into this one."""
    folder = store.home.parent / "other"
    folder.mkdir()
    (folder / "key").write_bytes((store.home / "key").read_bytes())
    Store.open(folder).close()
    return folder


WRITES: dict[str, Callable[[Store, str], Any]] = {
    "begin_run": lambda s, run: s.begin_run("board", now=NOW),
    "end_run": lambda s, run: s.end_run(run, "ok", NOW),
    "recover_runs": lambda s, run: (s._let_go(run), s.recover_runs(NOW)),
    "go_on_with": lambda s, run: s.go_on_with("x", run),
    "quarantine_run": lambda s, run: s.quarantine_run(run, "x"),
    "release_run": lambda s, run: s.release_run(run, who="a", now=NOW, why="x"),
    "discard_run": lambda s, run: s.discard_run(run, who="a", now=NOW, why="x"),
    "mark_vanished": lambda s, run: s.mark_vanished("shop", s.runs("shop")[0]["id"], NOW, 1),
    "link": lambda s, run: s.link("run", run, NOW, s.walk_evidence(run)[0]),
    "record": lambda s, run: s.record(LISTING, run=run, evidence=None, now=NOW),
    "record_many": lambda s, run: s.record_many([(LISTING, None)], run=run, now=NOW),
    "transaction": lambda s, run: s.transaction().__enter__(),
    "save_judgements": lambda s, run: s.save_judgements([]),
    "forget_versions": lambda s, run: s.forget_versions("v") or s.wipe_readings(),
    "wipe_readings": lambda s, run: s.wipe_readings(),
    "take_up": lambda s, run: s.take_up("v"),
    "apply_intents": lambda s, run: s.apply_intents([Wish()], now=NOW),  # type: ignore[list-item]
    "wake_snoozed": lambda s, run: s.wake_snoozed(NOW),
    "decide": lambda s, run: s.decide("l", "confirm", who="a", now=NOW),
    "undo": lambda s, run: s.undo("l", who="a", now=NOW),
    "mute": lambda s, run: s.mute("site", "board", reason="x", who="a", now=NOW, until="2027-01-01"),
    "lift_mute": lambda s, run: s.lift_mute("m", who="a", now=NOW),
    "wake": lambda s, run: s.wake(NOW),
    "end_mutes": lambda s, run: s.end_mutes(NOW),
    "log_version": lambda s, run: s.log_version("thresholds", "x", who="a", now=NOW, why="x"),
    "save_model": lambda s, run: s.save_model(
        "m", file="f", sha256="0", fitted_at=NOW, who="a", why="x", rows=1, facts={}
    ),
    "activate_model": lambda s, run: s.activate_model("m", now=NOW),
    "save_market": lambda s, run: s.save_market([]),
    "save_digest": lambda s, run: s.save_digest("daily", {}, since=None, until=NOW, now=NOW, alerts=0),
    "note_delivery": lambda s, run: s.note_delivery("d", "mail", now=NOW),
    "save_samples": lambda s, run: s.save_samples("d", []),
    "load_screening": lambda s, run: s.load_screening("csl", [], title="CSL", sha256="0", now=NOW),
    "expire_evidence": lambda s, run: s.expire_evidence(Retention(None, 1, 1), now="2027-01-01T00:00:00Z"),
    "erase_listing": lambda s, run: s.erase_listing(listing_key("board", "0"), who="a", why="x", now=NOW),
    "merge": lambda s, run: s.merge(other_home(s), now=NOW),
    "finish_removals": lambda s, run: s.finish_removals(),
    "decide_link": lambda s, run: s.decide_link("a", "b", "unlink", who="a", now=NOW, why="x"),
    "mark_told": lambda s, run: s.mark_told([("l", NOW)]),
    "index_search": lambda s, run: s.index_search(),
    "search": lambda s, run: s.search("h100"),
}
READS: dict[str, Callable[[Store, str], Any]] = {
    "runs": lambda s, run: s.runs("board"),
    "run": lambda s, run: s.run(run),
    "held_runs": lambda s, run: s.held_runs(decided=True),
    "run_decisions": lambda s, run: s.run_decisions(run),
    "coverage": lambda s, run: s.coverage(),
    "brought_sites": lambda s, run: s.brought_sites(),
    "sites_read": lambda s, run: s.sites_read(),
    "find_payload": lambda s, run: s.find_payload("0"),
    "erased_listings": lambda s, run: s.erased_listings(),
    "chain_heads": lambda s, run: s.chain_heads(),
    "chain_head": lambda s, run: s.chain_head(),
    "walk_evidence": lambda s, run: s.walk_evidence(run),
    "observations_to_read": lambda s, run: list(s.observations_to_read("k", None, "t")),
    "iter_observations": lambda s, run: list(s.iter_observations()),
    "observation": lambda s, run: s.observation("o"),
    "history": lambda s, run: s.history("l"),
    "reading": lambda s, run: s.reading("o"),
    "may_be_stale": lambda s, run: s.may_be_stale("v"),
    "current_reading": lambda s, run: s.current_reading("l"),
    "iter_readings": lambda s, run: list(s.iter_readings()),
    "export_readings": lambda s, run: list(s.export_readings()),
    "standing_alerts": lambda s, run: s.standing_alerts(["l"]),
    "alert": lambda s, run: missing(s.alert, "l"),
    "alerts": lambda s, run: s.alerts(Filter()),
    "count_alerts": lambda s, run: s.count_alerts("severity"),
    "news": lambda s, run: s.news(),
    "count_news": lambda s, run: s.count_news(),
    "anything_due": lambda s, run: s.anything_due(NOW),
    "untold": lambda s, run: s.untold(),
    "opened_because": lambda s, run: s.opened_because("l"),
    "news_because": lambda s, run: s.news_because("l"),
    "last_telling": lambda s, run: s.last_telling("daily"),
    "mutes": lambda s, run: s.mutes(NOW),
    "last_decision": lambda s, run: s.last_decision("l"),
    "decision_conflicts": lambda s, run: s.decision_conflicts(),
    "decisions": lambda s, run: list(s.decisions(standing=True)),
    "version_in_force": lambda s, run: s.version_in_force("thresholds"),
    "versions": lambda s, run: s.versions(),
    "active_model": lambda s, run: s.active_model(),
    "models": lambda s, run: s.models(),
    "market": lambda s, run: s.market(),
    "last_digest": lambda s, run: s.last_digest("daily"),
    "digest": lambda s, run: missing(s.digest, "d"),
    "digests": lambda s, run: s.digests(),
    "deliveries": lambda s, run: s.deliveries(due=True),
    "samples": lambda s, run: s.samples(),
    "strange": lambda s, run: list(s.strange(0.01, now=NOW)),
    "unflagged": lambda s, run: list(s.unflagged(0.2)),
    "screening_entries": lambda s, run: s.screening_entries(),
    "screening_candidates": lambda s, run: s.screening_candidates(),
    "listing": lambda s, run: missing(s.listing, "l"),
    "find_listing": lambda s, run: missing(s.find_listing, "nothing"),
    "find_seller": lambda s, run: missing(s.find_seller, "nobody"),
    "seller": lambda s, run: missing(s.seller, "s"),
    "counts": lambda s, run: s.counts(),
    "sizes": lambda s, run: s.sizes(),
    "stranded_alerts": lambda s, run: s.stranded_alerts(),
    "to_judge": lambda s, run: s.to_judge("v"),
    "observations": lambda s, run: s.observations(["o"]),
    "judged_before": lambda s, run: list(s.judged_before(Moment(NOW, NOW, "o"), NOW)),
    "known_peers": lambda s, run: list(s.known_peers()),
    "offers_of_sellers": lambda s, run: s.offers_of_sellers(["s"], Moment(NOW, NOW, "o")),
    "last_before": lambda s, run: s.last_before(["l"], Moment(NOW, NOW, "o")),
    "texts": lambda s, run: s.texts(["o"]),
    "listed_parties": lambda s, run: s.listed_parties(["s"]),
    "offers_for_fit": lambda s, run: list(s.offers_for_fit()),
    "tied_by_text": lambda s, run: s.tied_by_text("s"),
    "tied_by_contact": lambda s, run: s.tied_by_contact("listing:l"),
    "parties": lambda s, run: s.parties(["s"]),
    "link_decisions": lambda s, run: s.link_decisions(),
    "unlinked": lambda s, run: s.unlinked(["s"]),
    "score_counts": lambda s, run: s.score_counts(),
    "stamp": lambda s, run: s.stamp(),
    "offers_named": lambda s, run: s.offers_named(["l"]),
    "days_observed": lambda s, run: s.days_observed(),
    "reviewed": lambda s, run: s.reviewed(),
    "offers_scored": lambda s, run: s.offers_scored(0.2, 0.4, limit=5),
    "judged_by": lambda s, run: s.judged_by(),
    "runs_by_day": lambda s, run: s.runs_by_day("2026-01-01"),
    "seen_in": lambda s, run: s.seen_in(run),
    "markets": lambda s, run: s.markets(),
    "market_days": lambda s, run: s.market_days("sale", "c", ""),
    "markets_judged": lambda s, run: s.markets_judged(),
    "references_judged": lambda s, run: s.references_judged("sale", "c", ""),
    "prices": lambda s, run: s.prices("sale", "c"),
    "sellers_ranked": lambda s, run: s.sellers_ranked(),
    "find_sellers": lambda s, run: s.find_sellers("abcd"),
    "offers_of": lambda s, run: s.offers_of(["s"]),
    "alert_stamp": lambda s, run: s.alert_stamp(),
    "alert_facts": lambda s, run: list(s.alert_facts(s.alert_stamp())),
    "alerts_by_key": lambda s, run: s.alerts_by_key(["l"]),
    "listings_by_key": lambda s, run: s.listings_by_key(["l"]),
    "peers": lambda s, run: s.peers("c", "sale"),
    "offers_of_seller": lambda s, run: s.offers_of_seller("s"),
    "relists": lambda s, run: s.relists("l", "s"),
    "copies": lambda s, run: s.copies("l"),
    "title_of": lambda s, run: missing(s.title_of, "l"),
    "decisions_on": lambda s, run: s.decisions_on("l"),
    "decision_record": lambda s, run: s.decision_record(),
    "evidence_of": lambda s, run: missing(s.evidence_of, "e"),
    "waits_for_search": lambda s, run: s.waits_for_search(),
    "chain_links": lambda s, run: s.chain_links(["a.warc.gz"]),
    "flagged": lambda s, run: s.flagged("2026-01-01", NOW),
    "gathered": lambda s, run: s.gathered("2026-01-01", NOW),
    "last_sight": lambda s, run: s.last_sight(listing_key("board", "0")),
    "offer_counts": lambda s, run: s.offer_counts(),
    "queue": lambda s, run: s.queue(),
    "queued_since": lambda s, run: s.queued_since("mail", "daily", "2026-01-01"),
    "runs_by_site": lambda s, run: s.runs_by_site("2026-01-01", NOW),
    "sites_first_read": lambda s, run: s.sites_first_read("2026-01-01"),
    "unknown_accelerators": lambda s, run: s.unknown_accelerators(None),
    "backup": lambda s, run: s.backup(s.home / "copy.db"),
}
ELSEWHERE = {"open", "close", "seller_key", "sync_file"}
"""Tried elsewhere, or without the database."""


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[Store, str]]:
    """A store whose write lock another process holds, so to speak: another connection."""
    with Store.open(tmp_path / "home", timeout=0.05) as store:
        shop = store.begin_run("shop", now=NOW)
        with EvidenceWriter(store.home, shop, NOW) as writer:
            writer.write("https://shop.example/", 200, {}, b"page", NOW)
        store.end_run(shop, "ok", NOW)
        store.db.write("INSERT INTO removal VALUES ('r', 'expiry', ?, 'a', 'x', '', '[]', '{}', 0, 0, NULL)", [NOW])
        run = store.begin_run("board", now=NOW)
        store.record(Listing("board", "0", "A100"), run=run, evidence=None, now=NOW)
        other = sqlite3.connect(store.db.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield store, run
        other.close()


def test_every_method_is_tried() -> None:
    public = {name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")}
    assert public | {"open"} == WRITES.keys() | READS.keys() | ELSEWHERE


@pytest.mark.parametrize("name", WRITES)
def test_a_write_waits_and_then_says_so(locked: tuple[Store, str], name: str) -> None:
    store, run = locked
    with pytest.raises(
        LockedError, match=r"chipwatch\.db: is locked by another process; wait for the other command"
    ):
        WRITES[name](store, run)
    assert not store.db.raw().in_transaction


@pytest.mark.parametrize("name", READS)
def test_readers_are_never_blocked(locked: tuple[Store, str], name: str) -> None:
    READS[name](*locked)


def test_a_lock_that_is_let_go_in_time_is_no_error(tmp_path: Path) -> None:
    import threading

    with Store.open(tmp_path, timeout=10) as store:
        other = sqlite3.connect(store.db.path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, other.rollback)
        timer.start()
        store.begin_run("board", now=NOW)
        timer.join()
        other.close()


def test_a_full_disk_is_said_and_leaves_the_database_whole(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        run = store.begin_run("board", now=NOW)
        pages = store.db.value("PRAGMA page_count")
        store.db.raw().execute(f"PRAGMA max_page_count={pages + 4}")
        with pytest.raises(DiskFullError, match="free some disk space"):
            store.record_many(
                [(Listing("board", str(n), "H100 " * 99), None) for n in range(400)], run=run, now=NOW
            )
        store.db.raw().execute("PRAGMA max_page_count=1000000")
        assert store.counts()["observation"] == 0
        store.record(LISTING, run=run, evidence=None, now=NOW)
        assert store.db.value("PRAGMA integrity_check") == "ok"


def test_what_a_full_disk_undid_is_stored_whole_the_next_time(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        run = store.begin_run("board", now=NOW)
        writer = EvidenceWriter(tmp_path, run, NOW)
        batch = [(Listing("board", str(n), "H100 " * 99), writer.write(f"https://board.example/{n}", 200, {}, b"%d" % n, NOW)) for n in range(400)]
        pages = store.db.value("PRAGMA page_count")
        store.db.raw().execute(f"PRAGMA max_page_count={pages + 100}")
        with pytest.raises(DiskFullError):
            store.record_many(batch, run=run, now=NOW)
        store.db.raw().execute("PRAGMA max_page_count=1000000")
        assert len(store.record_many(batch, run=run, now=NOW)) == 400
        assert store.db.value("SELECT count(*) FROM observation o JOIN evidence e ON e.id = o.evidence") == 400
        store.end_run(run, "ok", NOW, evidence=writer.close())
        assert verify(tmp_path, store) == []


@pytest.mark.parametrize(
    "content", [b"this is a text of more than sixteen bytes\n" * 40, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_what_is_no_database_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "chipwatch.db").write_bytes(content)
    with pytest.raises(CorruptError, match=r"chipwatch\.db"):
        Store.open(tmp_path)
    assert (tmp_path / "chipwatch.db").read_bytes() == content


def test_another_programs_database_is_not_touched(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "chipwatch.db") as other:
        other.execute("CREATE TABLE recipes (id)")
    with pytest.raises(CorruptError, match="is not a chipwatch database"):
        Store.open(tmp_path)
    with sqlite3.connect(tmp_path / "chipwatch.db") as other:
        assert [row[0] for row in other.execute("SELECT name FROM sqlite_master")] == ["recipes"]


def test_damage_in_the_middle_is_said_and_not_passed_over(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        run = store.begin_run("board", now=NOW)
        store.record_many(
            [(Listing("board", str(n), f"H100 {n}", description="x" * 900), None) for n in range(600)],
            run=run,
            now=NOW,
        )
        store.db.raw().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = tmp_path / "chipwatch.db"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40_000] = b"\xa5" * 40_000
    path.write_bytes(data)
    with (
        Store.open(tmp_path) as store,
        pytest.raises(CorruptError, match="is damaged; restore the last backup"),
    ):
        list(store.iter_observations())


def test_a_newer_schema_is_refused_untouched(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "chipwatch.db") as other:
        other.execute("PRAGMA user_version=99")
    with pytest.raises(NewerSchemaError, match="schema 99, this one knows"):
        Store.open(tmp_path)


def test_an_older_schema_is_migrated_or_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage import migrations

    Store.open(tmp_path).close()
    monkeypatch.setattr(database, "SCHEMA_VERSION", database.SCHEMA_VERSION + 1)
    with pytest.raises(OlderSchemaError, match="older chipwatch"):
        Store.open(tmp_path, readonly=True)
    grown = migrations.Migrations("chipwatch")
    grown._migrations = list(migrations.MIGRATIONS._migrations)

    @grown()
    def m999_more(db: Any) -> None:
        db.execute("CREATE TABLE more (id TEXT PRIMARY KEY)")
        db.execute(f"PRAGMA user_version={database.SCHEMA_VERSION}")

    monkeypatch.setattr(migrations, "MIGRATIONS", grown)
    with Store.open(tmp_path) as store:
        assert store.db.value("SELECT count(*) FROM more") == 0
    with Store.open(tmp_path, readonly=True) as store:
        assert store.db.value("SELECT count(*) FROM more") == 0


def test_a_migration_that_breaks_leaves_the_old_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage import migrations

    Store.open(tmp_path).close()
    grown = migrations.Migrations("chipwatch")
    grown._migrations = list(migrations.MIGRATIONS._migrations)

    @grown()
    def m999_broken(db: Any) -> None:
        db.execute("CREATE TABLE more (id TEXT PRIMARY KEY)")
        db.execute("SELECT * FROM nowhere")

    with monkeypatch.context() as patch:
        patch.setattr(database, "SCHEMA_VERSION", database.SCHEMA_VERSION + 1)
        patch.setattr(migrations, "MIGRATIONS", grown)
        with pytest.raises(StorageError, match="nowhere"):
            Store.open(tmp_path)
    with Store.open(tmp_path) as store:
        assert store.db.value("SELECT count(*) FROM sqlite_master WHERE name='more'") == 0


def test_the_number_of_migrations_is_the_schema_version() -> None:
    from storage.migrations import MIGRATIONS

    assert len(MIGRATIONS._migrations) == database.SCHEMA_VERSION


def test_a_missing_home_is_said_and_not_made(tmp_path: Path) -> None:
    for options in ({"create": False}, {"readonly": True}):
        with pytest.raises(MissingError, match="there is no home here; make one with `chipwatch init`"):
            Store.open(tmp_path / "nowhere", **options)
    assert not (tmp_path / "nowhere").exists()


def test_reading_alone_writes_nothing(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    with Store.open(tmp_path, readonly=True) as store:
        with pytest.raises(ReadOnlyError, match="opened for reading alone"):
            store.begin_run("board", now=NOW)
        with pytest.raises(ReadOnlyError):
            store.db.raw().execute("PRAGMA query_only=ON")
            from storage.errors import translated

            with translated(store.db.path):
                store.db.raw().execute("DELETE FROM home")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ReadOnlyError):
        Store.open(tmp_path)


def test_two_processes_make_one_home(tmp_path: Path) -> None:
    code = f"from pathlib import Path; from storage.store import Store; s = Store.open(Path({str(tmp_path)!r}) / 'h'); print(s.home_id)"
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
        for _ in range(2)
    ]
    names = {process.communicate()[0] for process in both}
    assert len(names) == 1 and names != {b""}


def test_reading_does_not_load_what_only_migrating_needs(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    code = (
        "import sys; from pathlib import Path; from storage.store import Store\n"
        f"s = Store.open(Path({str(tmp_path)!r})); s.counts(); s.alerts()\n"
        "print([m for m in ('sqlite_utils', 'pandas', 'numpy', 'warcio', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        check=True,
    )
    assert done.stdout.strip() == "[]"
