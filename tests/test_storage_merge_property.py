"""Homes filled at random, each by its own people, merged in all orders, twice, in part and onto one of them: the same home.

Local by design, and so not compared: the home's own name and until when it has judged (`home`), the index of words (`search_*`),
what is derived and made again (`reading`, `reading_version`, `likeness`, `contact`, `market_reference`), and what a merged home took
out of files for another home's erasure (its own rows of `removal`, and their links in `chain`).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from storage.alerts import Filter
from storage.errors import StorageError
from storage.ids import listing_key
from storage.store import Store
from storage.verify import verify
from tests.test_storage import judge
from tests.test_storage_alerts import Facts, Intent
from tests.test_storage_merge import crawl, make

NOW = "2026-04-28T10:00:00Z"
LOCAL = {"home", "_sqlite_migrations", "sqlite_sequence", "search_doc", "reading", "reading_version", "likeness", "contact",
         "market_reference", "search_pending"}  # fmt: skip
NAMES = ("x", "y", "z")
PEOPLE = ("ann", "bob", "root")


def removed_in(homes: list[Path]) -> set[str]:
    """The removals that homes made before they were merged."""
    found = set[str]()
    for home in homes:
        with Store.open(home) as store:
            found |= {row[0] for row in store.db.rows("SELECT id FROM removal")}
    return found


def facts_of(store: Store, removals: set[str]) -> dict[str, list[str]]:
    """Every table that is not local by design, sorted; of removals and their links those named."""
    tables = [r[0] for r in store.db.rows("SELECT name FROM sqlite_master WHERE type='table'") if not r[0].startswith("search_text")]
    found = {}
    for name in sorted(set(tables) - LOCAL):
        rows = [dict(row) for row in store.db.rows(f"SELECT * FROM {name}")]
        if name in ("chain", "removal"):
            rows = [row for row in rows if row["kind"] == "run" or row.get("subject", row.get("id")) in removals]
        found[name] = sorted(json.dumps(row, sort_keys=True) for row in rows)
    return found


def told(store: Store) -> dict[str, Any]:
    """What a person sees: alerts with all that happened, conflicts, the readings."""
    judge(store)
    everything = Filter(states=None, muted=None)
    alerts = [{**row, "more": store.alert(row["listing"])} for row in store.alerts(everything)]
    return {
        "alerts": json.dumps(alerts), "conflicts": [asdict(one) for one in store.decision_conflicts()],
        "readings": [json.dumps(row) for row in store.export_readings()], "last digest": (store.last_digest("daily") or {}).get("id"),
        "model": (store.active_model() or {}).get("id"),
    }  # fmt: skip


class Desk:
    """A home and its people at work, one thing after another."""

    def __init__(self, store: Store, dice: random.Random, day: int) -> None:
        self.store, self.dice, self.second, self.day = store, dice, 0, day

    def now(self) -> str:
        # Few moments, so that homes meet in the same second.
        self.second += self.dice.choice((0, 1, 3))
        return f"2026-03-{self.day + self.second // 4:02d}T1{self.second % 4}:00:00Z"

    def step(self) -> None:
        do = self.dice.choice((
            self.crawl, self.crawl, self.program, self.program, self.program, self.decide, self.decide, self.decide, self.undo, self.mute,
            self.lift, self.erase, self.hold, self.digest, self.wake, self.model, self.thresholds,
        ))  # fmt: skip
        with contextlib.suppress(StorageError):  # what cannot be done just now
            do()

    def one(self) -> str:
        return listing_key("board", self.dice.choice(NAMES) * 5)

    def crawl(self) -> None:
        gone = self.store.erased_listings()  # of these nothing is stored again
        offers = {n: str(self.dice.randint(8, 10)) for n in NAMES if self.dice.random() < 0.7 and listing_key("board", n * 5) not in gone}
        self.second += 4
        crawl(self.store, "board", self.day + self.second // 4, offers, self.dice.choice(("ok", "ok", "changed")))
        judge(self.store)

    def program(self) -> None:
        key = self.one()
        seen = self.store.listing(key)
        standing = self.store.standing_alerts([key]).get(key)
        state = standing["state"] if standing else None
        kind = {None: "opened", "new": "closed", "closed": "reopened", "dismissed": "reopened"}.get(state)
        if kind and seen["observation"] and seen["state"] != "erased":
            score = self.dice.choice((0.7, 0.8, 0.9))
            now = self.now()
            muted = next((m["id"] for m in self.store.mutes(now) if m["value"] in ("board", key)), None)
            self.store.apply_intents([Intent(kind, Facts(key, seen["observation"], score=score), muted_by=muted)], now=now)

    def decide(self) -> None:
        action = self.dice.choice(("confirm", "dismiss", "snooze", "escalate", "note"))
        until = f"2026-03-{self.day + 2 + self.second // 4:02d}T00:00:00Z" if action == "snooze" else None
        self.store.decide(self.one(), action, who=self.dice.choice(PEOPLE), now=self.now(), until=until, note="seen")

    def undo(self) -> None:
        self.store.undo(self.one(), who=self.dice.choice(PEOPLE), now=self.now())

    def mute(self) -> None:
        scope, value = self.dice.choice((("site", "board"), ("listing", self.one()), ("signal", "serial_removed")))
        until = self.dice.choice(("2026-03-20T00:00:00Z", "2026-06-01T00:00:00Z"))
        self.store.mute(scope, value, reason="known", who=self.dice.choice(PEOPLE), now=self.now(), until=until)

    def lift(self) -> None:
        mutes = self.store.mutes()
        if mutes:
            self.store.lift_mute(self.dice.choice(mutes)["id"], who=self.dice.choice(PEOPLE), now=self.now())

    def erase(self) -> None:
        if self.dice.random() < 0.4:
            self.store.erase_listing(self.one(), who=self.dice.choice(PEOPLE), why=f"request {self.dice.random()}", now=self.now())

    def hold(self) -> None:
        held = self.store.held_runs(decided=True)
        if held:
            act = self.dice.choice((self.store.release_run, self.store.discard_run))
            act(self.dice.choice(held)["id"], who=self.dice.choice(PEOPLE), now=self.now(), why=self.dice.choice(("aa", "zz")))

    def digest(self) -> None:
        now = self.now()
        self.store.save_digest("daily", {"alerts": []}, since=None, until=now, now=now, alerts=0, channels=["mail"])
        self.store.mark_told(self.store.untold())

    def wake(self) -> None:
        self.store.wake(self.now())

    def model(self) -> None:
        name, now = self.dice.choice(("m0", "m1", "m2")), self.now()
        self.store.save_model(name, file=f"{name}.skops", sha256="0", fitted_at="2026-03-01", who="ann", why="x", rows=1, facts={})
        self.store.activate_model(name, now=now)
        self.store.log_version("model", name, who="ann", now=now, why="x")

    def thresholds(self) -> None:
        self.store.log_version("thresholds", self.dice.choice("ab"), who=self.dice.choice(PEOPLE), now=self.now(), why="x")


def homes_of(seed: int, folder: Path) -> list[Path]:
    """Three homes; two of them began with what a fourth had."""
    dice = random.Random(seed)
    common = folder / "common"
    with make(common) as store:
        desk = Desk(store, dice, 1)
        desk.crawl()
        for _ in range(4):
            desk.step()
    homes = []
    for number, name in enumerate("abc"):
        with make(folder / name) as store:
            if number != 2:
                store.merge(common, now="2026-03-09T10:00:00Z")
            desk = Desk(store, dice, 10)
            desk.crawl()
            for _ in range(14):
                desk.step()
        homes.append(folder / name)
    return homes


def compare(store: Store, expected: tuple[dict[str, list[str]], dict[str, Any]], removals: set[str], how: str) -> None:
    assert verify(store.home, store) == [], how
    assert store.db.rows("PRAGMA foreign_key_check") == [], how
    found = told(store)
    for name, value in expected[1].items():
        assert found[name] == value, (how, name)
    tables = facts_of(store, removals)
    for table, rows in expected[0].items():
        assert tables[table] == rows, (how, table)


@pytest.mark.parametrize("seed", range(12))
def test_any_order_twice_in_part_and_onto_one_of_them(seed: int, tmp_path: Path) -> None:
    homes = homes_of(seed, tmp_path / "homes")
    a, b, c = homes
    made, removals = itertools.count(), removed_in(homes)

    def merged(*order: Path, onto: Path | None = None) -> Store:
        folder = tmp_path / f"m{next(made)}"
        if onto:
            shutil.copytree(onto, folder)
        store = Store.open(folder) if onto else make(folder)
        for home in order:
            store.merge(home, now=NOW)
        return store

    with merged(a, b, c) as store:
        told(store)
        decisions = store.db.value("SELECT count(*) FROM decision")
        expected = facts_of(store, removals), told(store)
    ids = set[str]()
    for home in homes:
        with Store.open(home) as store:
            ids |= {row[0] for row in store.db.rows("SELECT id FROM decision")}
    assert decisions == len(ids)  # none is lost
    with merged(a, b) as part:
        pass
    ways: dict[str, Callable[[], Store]] = {
        **{" ".join(home.name for home in order): (lambda order=order: merged(*order)) for order in itertools.permutations(homes)},  # type: ignore[misc]
        "twice": lambda: merged(a, b, a, c, b, c, a),
        "in part": lambda: merged(part.home, c),
        "in part, the other way": lambda: merged(c, part.home, a),
        "onto a": lambda: merged(b, c, onto=a),
        "onto c": lambda: merged(a, b, onto=c),
    }
    for how, merge in ways.items():
        with merge() as store:
            compare(store, expected, removals, how)
