"""What people decided in homes apart, merged: nothing that was decided is hidden, lost, or overruled by a home that knew nothing of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pytest

from storage.errors import StorageError
from storage.evidence import EvidenceWriter
from storage.ids import listing_key
from storage.listing import Listing
from storage.standing import apart
from storage.store import Store
from storage.verify import verify
from tests.test_storage import judge
from tests.test_storage_alerts import Facts, Intent
from tests.test_storage_merge import at, crawl, make, merged, open_alert

KEY = listing_key("board", "xxxxx")
OTHER = listing_key("board", "yyyyy")


def opened(store: Store, day: int) -> None:
    open_alert(store, "board", "x", day)


def closed(store: Store, day: int) -> None:
    seen = store.listing(KEY)["observation"]
    store.apply_intents([Intent("closed", Facts(KEY, seen, score=0.1), why="score 0.1")], now=at(day))


def reopened(store: Store, day: int) -> None:
    seen = store.listing(KEY)["observation"]
    store.apply_intents([Intent("reopened", Facts(KEY, seen, score=0.95))], now=at(day))


def decided(action: str, who: str) -> Callable[[Store, int], None]:
    def decide(store: Store, day: int) -> None:
        store.decide(KEY, action, who=who, now=at(day), until=at(day + 1) if action == "snooze" else None)

    return decide


def undone(store: Store, day: int) -> None:
    store.undo(KEY, who="bob", now=at(day))


def woke(store: Store, day: int) -> None:
    assert store.wake_snoozed(at(day)) == 1


confirm, dismiss, escalate = decided("confirm", "ann"), decided("dismiss", "bob"), decided("escalate", "ann")
Deeds = dict[int, Callable[[Store, int], None]]

APART: dict[str, tuple[tuple[Deeds, ...], str, int]] = {
    "a listing decided on where it had no alert": (({3: opened}, {7: dismiss}), "dismissed", 0),
    "and opened elsewhere later": (({8: opened}, {7: dismiss}), "dismissed", 0),
    "but opened again by who knew of it": (({3: opened, 4: dismiss, 9: reopened}, {3: opened}), "new", 0),
    "reopened after one dismissal of two": (({3: opened, 4: dismiss, 9: reopened}, {3: opened, 6: dismiss}), "new", 0),
    "two who differ": (({3: opened, 5: confirm}, {3: opened, 9: dismiss}), "dismissed", 1),
    "two who agree": (({3: opened, 5: confirm}, {3: opened, 9: decided("confirm", "bob")}), "confirmed", 0),
    "one name on two machines": (({3: opened, 5: decided("confirm", "root")}, {3: opened, 9: decided("dismiss", "root")}), "dismissed", 1),
    "one who thought better of it": (({3: opened, 10: confirm}, {3: opened, 9: decided("confirm", "bob"), 11: dismiss}), "dismissed", 1),
    "one who came round": (({3: opened, 10: confirm}, {3: opened, 9: dismiss, 11: decided("confirm", "bob")}), "confirmed", 0),
    "taken back": (({3: opened, 5: confirm}, {3: opened, 7: dismiss, 8: undone}), "confirmed", 0),
    "taken back and said otherwise": (({3: opened, 6: confirm}, {3: opened, 7: decided("escalate", "bob"), 8: undone, 9: dismiss}), "dismissed", 1),
    "closed by a third home between": (({3: opened, 5: confirm}, {4: opened, 9: dismiss}, {2: opened, 7: closed}), "dismissed", 1),
    "closed by a home that knew nothing": (({3: opened, 5: escalate}, {2: opened, 7: closed}), "escalated", 0),
    "woke from another home's snooze": (({3: opened, 5: confirm}, {2: opened, 3: decided("snooze", "cat"), 7: woke}), "confirmed", 1),
    "an opening taken back, opened by the program elsewhere": (({3: opened}, {5: confirm, 6: undone}), "new", 0),
    "an opening taken back": (({5: confirm, 6: undone}, {}), "closed", 0),
}  # fmt: skip


@pytest.mark.parametrize("what", APART)
def test_decisions_made_apart(what: str, tmp_path: Path) -> None:
    deeds, state, conflicts = APART[what]
    homes = []
    for number, one in enumerate(deeds):
        homes.append(tmp_path / f"h{number}")
        with make(homes[-1]) as store:
            crawl(store, "board", 1 + number, {"x": "10"})
            judge(store)
            for day, do in one.items():
                do(store, day)
    for number, order in enumerate(permutations(homes)):
        with merged(tmp_path / f"m{number}", [*order, order[0]]) as store:
            assert (store.alert(KEY)["state"], len(store.decision_conflicts())) == (state, conflicts)
            said = {action for one in deeds for action in map(_action, one.values()) if action}
            assert {row["action"] for row in store.alert(KEY)["decisions"]} == said


def _action(deed: Callable[[Store, int], None]) -> str | None:
    if deed is undone:
        return "undo"
    return deed.__closure__[0].cell_contents if deed.__closure__ else None


def test_a_decision_that_knew_both_settles_them_and_the_pair_stays_in_the_record() -> None:
    rows = [
        {"id": "a", "action": "confirm", "knew": ""}, {"id": "b", "action": "dismiss", "knew": ""},
        {"id": "c", "action": "dismiss", "knew": "a b"},
    ]  # fmt: skip
    assert [(one["id"], other["id"]) for one, other in apart(rows)] == [("a", "b")]


@pytest.mark.parametrize(("first", "second", "held"), [("release", "discard", 1), ("discard", "release", 0), ("discard", "discard", 1)])
def test_the_later_decision_on_a_run_counts_and_a_contradiction_is_shown(first: str, second: str, held: int, tmp_path: Path) -> None:
    with make(tmp_path / "c") as store:
        crawl(store, "board", 1, {"x": "10"})
        run = crawl(store, "board", 2, {"x": "999"}, "changed")
    for name, action, who, day in (("a", first, "ann", 6), ("b", second, "bob", 8)):
        with make(tmp_path / name) as store:
            store.merge(tmp_path / "c", now=at(5))
            getattr(store, f"{action}_run")(run, who=who, now=at(day), why="zz" if name == "a" else "aa")
    for order in permutations([tmp_path / "a", tmp_path / "b"]):
        with merged(tmp_path / "".join(home.name for home in order), [*order, order[0]]) as store:
            row = store.run(run)
            assert (row["quarantined"], row["quarantine_note"]) == (held, f"{second}{'ed' if second == 'discard' else 'd'} by bob on {at(8)}: aa")
            assert store.listing(KEY)["price_text"] == ("10" if held else "999")
            assert store.listing(KEY)["last_seen"] == at(1 if held else 2)
            assert [one.listing for one in store.decision_conflicts()] == ([run] if first != second else [])
            assert len(store.run_decisions(run)) == 2


def test_of_two_decisions_of_one_second_the_one_that_knew_of_the_other_counts(tmp_path: Path) -> None:
    make(tmp_path / "empty").close()
    with make(tmp_path / "a") as store:
        runs = [crawl(store, "board", day, {"x": f"{day}"}, "changed") for day in range(1, 13)]
        for run in runs:
            for act in (store.discard_run, store.release_run):
                act(run, who="ann", now=at(20), why="in one second")
        store.merge(tmp_path / "empty", now=at(21))
        assert not store.held_runs(decided=True) and not store.decision_conflicts()
        assert all([row["action"] for row in store.run_decisions(run)] == ["discard", "release"] for run in runs)


def test_a_mute_covers_what_other_homes_bring_and_who_lifted_it_first_lifted_it(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    with make(a) as store:
        crawl(store, "board", 1, {"x": "10"})
        opened(store, 3)
    with make(b) as store:
        mute = store.mute("site", "board", reason="known", who="cat", now=at(4), until=at(30))
    for number, order in enumerate(([a, b], [b, a])):
        with merged(tmp_path / f"m{number}", order) as store:
            assert (store.alert(KEY)["muted_by"], store.alerts(), store.mutes()[0]["hits"]) == (mute, [], 1)
    for home, who, day in ((a, "ann", 6), (tmp_path / "m0", "bob", 8)):
        with Store.open(home) as store:
            store.merge(b, now=at(5))
            store.lift_mute(mute, who=who, now=at(day))
    for number, order in enumerate(permutations([a, b, tmp_path / "m0"])):
        with merged(tmp_path / f"l{number}", list(order)) as store:
            (row,) = store.mutes()
            assert (row["lifted_at"], row["lifted_by"], store.alert(KEY)["muted_by"]) == (at(6), "ann", None)


def test_what_is_known_of_a_seller_in_one_home_alone_is_kept(tmp_path: Path) -> None:
    for name, since in (("a", "2020-01-01"), ("b", None)):
        with make(tmp_path / name) as store:
            run = store.begin_run("board", now=at(1))
            with EvidenceWriter(store.home, run, at(1)) as writer:
                ref = writer.write(f"https://board.example/{name}", 200, {}, b"page" * 50, at(1))
                one = Listing("board", name, "H100", seller_id="s", seller_ratings=5, seller_since=since)
                store.record(one, run=run, evidence=ref, now=at(1))
            store.end_run(run, "ok", at(1), evidence=writer.close())
    for number, order in enumerate(permutations([tmp_path / "a", tmp_path / "b"])):
        with merged(tmp_path / f"m{number}", list(order)) as store:
            assert [row[0] for row in store.db.rows("SELECT since FROM seller")] == ["2020-01-01"]


def test_an_erasure_keeps_its_person_and_reason_and_is_done_once(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    with make(a) as store:
        crawl(store, "board", 1, {"x": "10", "y": "10"})
        store.erase_listing(KEY, who="ann", why="request of x", now=at(3))
        store.erase_listing(OTHER, who="bob", why="request of y", now=at(4))
    with make(b) as store:
        crawl(store, "board", 2, {"y": "11"})
        open_alert(store, "board", "y", 5)
    for number, order in enumerate(permutations([a, b])):
        with merged(tmp_path / f"m{number}", list(order)) as store:
            seen = [(row["who"], row["why"]) for row in store.db.rows("SELECT * FROM removal ORDER BY at, origin")]
            assert seen == [("ann", "request of x"), ("bob", "request of y"), ("bob", "request of y")]
            before = list(store.db.raw().iterdump())
            for home in (b, a, b):
                store.merge(home, now=at(29))
            assert [line for line in store.db.raw().iterdump() if line not in before] == []
            assert (store.alert(OTHER)["state"], store.alert(OTHER)["closed_why"]) == ("closed", "erased on request")
            assert verify(store.home, store) == []


def test_the_same_empty_digest_of_two_homes_pins_both_chains(tmp_path: Path) -> None:
    for name, day in (("a", 1), ("b", 2)):
        with make(tmp_path / name) as store:
            crawl(store, "board", day, {"x": "10"})
            store.save_digest("daily", {"alerts": []}, since=None, until=at(7), now=at(7 + day), alerts=0)
    seen = []
    for order in permutations([tmp_path / "a", tmp_path / "b"]):
        with merged(tmp_path / "".join(home.name for home in order), list(order)) as store:
            assert len({row["pinned"] for row in store.db.rows("SELECT pinned FROM digest")}) == 2
            last = store.last_digest("daily")
            seen.append(last and last["created_at"])
    assert seen == [at(9), at(9)]


@pytest.mark.parametrize("logged", [True, False])
def test_one_model_is_in_force(logged: bool, tmp_path: Path) -> None:
    for name, fits in (("a", {5: "mA"}), ("b", {2: "m0", 4: "mB", 6: "m0"})):
        with make(tmp_path / name) as store:
            for day, model in fits.items():
                store.save_model(model, file=model, sha256="0", fitted_at=at(1), who="ann", why="x", rows=1, facts={})
                store.activate_model(model, now=at(day))
                if logged:
                    store.log_version("model", model, who="ann", now=at(day), why="x")
    for number, order in enumerate(permutations([tmp_path / "a", tmp_path / "b"])):
        with merged(tmp_path / f"m{number}", list(order)) as store:
            standing = {row["id"]: row["retired_at"] for row in store.models()}
            # Putting an older one back is known from the log of versions alone.
            assert standing == ({"m0": None, "mA": at(6), "mB": at(5)} if logged else {"m0": at(4), "mA": None, "mB": at(5)})


def test_of_two_fits_under_one_name_row_and_file_go_together(tmp_path: Path) -> None:
    fits = {"a": b"one", "b": b"another", "c": b"a third, longer"}
    for name, fit in fits.items():
        with make(tmp_path / name) as store:
            (store.home / "models").mkdir()
            (store.home / "models" / "m.skops").write_bytes(fit)
            store.save_model("m", file="m.skops", sha256=sha256(fit).hexdigest(), fitted_at=at(1), who="ann", why="x", rows=1, facts={})
    seen = set()
    for number, order in enumerate(permutations([tmp_path / name for name in fits])):
        with merged(tmp_path / f"m{number}", [*order, order[0]]) as store:
            fit = (store.home / "models" / "m.skops").read_bytes()
            assert store.models()[0]["sha256"] == sha256(fit).hexdigest()
            seen.add(fit)
    assert len(seen) == 1


def test_what_changed_is_told_against_the_joined_history(tmp_path: Path) -> None:
    for name, days in (("a", {1: "10", 5: "12"}), ("b", {3: "12"})):
        with make(tmp_path / name) as store:
            for day, price in days.items():
                crawl(store, "board", day, {"x": price})
    with merged(tmp_path / "m", [tmp_path / "b", tmp_path / "a"]) as store:
        assert [(o.listing.price_text, o.changed) for o in store.history(KEY)] == [("10", ()), ("12", ("price",)), ("12", ())]


def test_a_home_with_a_run_of_its_own_open_takes_nothing_in(tmp_path: Path) -> None:
    with make(tmp_path / "a") as store:
        crawl(store, "board", 1, {"x": "10"})
    with make(tmp_path / "m") as store:
        store.begin_run("board", now=at(2))
        with pytest.raises(StorageError, match="a run is still open"):
            store.merge(tmp_path / "a", now=at(3))
        assert store.counts()["listing"] == 0 and not list((store.home / "evidence").glob("*"))


def test_a_home_of_before_knows_what_its_decisions_knew(tmp_path: Path) -> None:
    """The seventh step of the schema fills in what the order of a home's own record says."""
    with make(tmp_path / "a") as store:
        crawl(store, "board", 1, {"x": "10"})
        opened(store, 2)
        for day, do in ((3, dismiss), (5, reopened), (6, confirm)):
            do(store, day)
        run = crawl(store, "board", 7, {"y": "10"}, "changed")
        for act in (store.discard_run, store.release_run):
            act(run, who="ann", now=at(8), why="in one second")
        before = [dict(row) for table in ("decision", "alert_event", "run_decision") for row in store.db.rows(f"SELECT * FROM {table} ORDER BY at")]
        for table in ("decision", "alert_event", "run_decision"):
            store.db.write(f"ALTER TABLE {table} DROP COLUMN knew")
        store.db.write("DROP INDEX removal_listing")
        store.db.write("ALTER TABLE removal DROP COLUMN listing")
        store.db.write("DELETE FROM _sqlite_migrations WHERE name='m007_knew'")
        store.db.write("PRAGMA user_version=6")
    with Store.open(tmp_path / "a") as store:
        after = [dict(row) for table in ("decision", "alert_event", "run_decision") for row in store.db.rows(f"SELECT * FROM {table} ORDER BY at")]
        assert after == before


def test_merging_an_empty_home_leaves_alerts_as_they_are(tmp_path: Path) -> None:
    """The state that follows from the record is the one that a home arrives at by itself."""
    make(tmp_path / "empty").close()
    with make(tmp_path / "a") as store:
        crawl(store, "board", 1, {"x": "10"})
        states = []
        for day, do in ((2, opened), (3, dismiss), (5, reopened), (6, confirm), (7, undone), (8, decided("snooze", "ann")), (10, woke), (11, closed), (12, reopened)):
            do(store, day)
            states.append((store.alert(KEY)["state"], store.alert(KEY)["snooze_until"]))
            store.merge(tmp_path / "empty", now=at(12))
            assert (store.alert(KEY)["state"], store.alert(KEY)["snooze_until"]) == states[-1]
        assert [state for state, _ in states] == ["new", "dismissed", "new", "confirmed", "new", "snoozed", "new", "closed", "new"]


def test_copies_that_decided_apart_are_two_sides(tmp_path: Path) -> None:
    with make(tmp_path / "a") as store:
        crawl(store, "board", 1, {"x": "10"})
        opened(store, 2)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for name, do in (("a", decided("confirm", "root")), ("b", decided("dismiss", "root"))):
        with Store.open(tmp_path / name) as store:
            do(store, 5)
    with merged(tmp_path / "m", [tmp_path / "a", tmp_path / "b"]) as store:
        assert len(store.decision_conflicts()) == 1
