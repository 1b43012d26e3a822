"""The queue's columns in memory say what the database says, before and after decisions, mutes and new alerts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from review.desk import facets as module
from review.desk.facets import Choice, Facets
from storage.alerts import Filter
from storage.listing import Listing
from storage.store import Store
from tests.desking import Clock

NOW = "2026-03-02T08:00:00Z"
SIGNALS = ("serial_removed", "no_paperwork", "transit_route", "bulk_inventory", "forest")
SITES, COUNTRIES, CHIPS = ("ebay", "board", "shop"), ("CN", "HK", None), ("h100", "a100", None)


@dataclass(frozen=True)
class Facts:
    listing: str
    observation: str
    site: str
    score: float
    severity: str
    signals: tuple[str, ...]
    country: str | None
    chip: str | None
    title: str = "x"
    seller: str | None = None
    unit_usd: float | None = None
    relist_of: str | None = None


@dataclass(frozen=True)
class Wish:
    kind: str
    facts: Facts
    news: bool = True
    why: str = "x"
    muted_by: str | None = None
    known: Any = None


@dataclass
class Home:
    store: Store
    chance: random.Random
    facts: dict[str, Facts] = field(default_factory=dict)
    made: int = 0

    def add(self, count: int, now: str = NOW) -> None:
        """New alerts of random kinds."""
        run = self.store.begin_run("ebay", now=now)
        listings = [
            Listing(self.chance.choice(SITES), str(self.made + n), "x", observed_at=now) for n in range(count)
        ]
        self.made += count
        done = [self.store.record(one, run=run, evidence=None, now=now) for one in listings]
        self.store.end_run(run, "ok", now)
        fresh = [
            self.facts_of(one.site, made.listing_id, made.observation_id)
            for one, made in zip(listings, done, strict=True)
        ]
        self.facts |= {one.listing: one for one in fresh}
        self.store.apply_intents([Wish("opened", one) for one in fresh], now=now)

    def facts_of(self, site: str, listing: str, observation: str) -> Facts:
        chance = self.chance
        severity = chance.choice(("high", "medium"))
        signals = tuple(sorted(chance.sample(SIGNALS, chance.randint(1, 4))))
        # Few different scores, so that the order of equal ones is tried too.
        return Facts(
            listing,
            observation,
            site,
            chance.choice((0.3, 0.5, 0.9, 0.95)),
            severity,
            signals,
            chance.choice(COUNTRIES),
            chance.choice(CHIPS),
        )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Store.open(tmp_path / "home") as store:
        made = Home(store, random.Random(7))
        made.add(120)
        yield made


def choices(chance: random.Random, count: int) -> Iterator[Choice]:
    for _ in range(count):
        some: Any = lambda values: tuple(chance.sample(values, 1)) if chance.random() < 0.4 else ()  # noqa: E731
        yield Choice(
            state=chance.choice((("new",), ("confirmed",), ("dismissed",), ())), severity=some(("high", "medium")), site=some(SITES), country=some(COUNTRIES[:2]), chip=some(CHIPS[:2]),
            signal=some(SIGNALS), since=chance.choice(("", "", "2026-03-03T00:00:00Z")), muted=chance.random() < 0.2,
        )  # fmt: skip


def plain(chosen: Choice) -> Filter:
    one = {
        name: getattr(chosen, name)[0] if getattr(chosen, name) else None
        for name in ("site", "country", "chip", "signal")
    }
    return Filter(
        states=chosen.state or None,
        severities=chosen.severity or None,
        since=chosen.since or None,
        muted=chosen.muted,
        **one,
    )


def same(home: Home, facets: Facets, count: int = 60) -> None:
    """Keys, order and counts are the database's, for many choices."""
    for chosen in choices(home.chance, count):
        found = facets.find(home.store, chosen)
        wanted = [row["listing"] for row in home.store.alerts(plain(chosen), limit=10_000)]
        assert found.part(0, 10_000) == wanted, chosen
        assert len(found) == len(wanted)
        for name in ("state", "severity", "site", "country", "chip", "signal"):
            others = replace(chosen, **{name: ()})
            assert found.counts[name] == home.store.count_alerts(name, plain(others)), (name, chosen)
        if not chosen.muted:
            assert found.muted == sum(
                home.store.count_alerts("site", plain(replace(chosen, muted=True))).values()
            )


def test_what_is_chosen_ordered_and_counted_is_the_databases(home: Home) -> None:
    same(home, Facets(Clock()))


def test_it_follows_decisions_new_alerts_rescores_mutes_and_their_end(home: Home) -> None:
    facets, clock = Facets(clock := Clock()), clock
    same(home, facets, 5)
    keys = list(home.facts)
    for at, key in enumerate(keys[:40]):
        home.store.decide(key, ("confirm", "dismiss")[at % 2], who="ana", now=NOW)
    same(home, facets, 20)
    home.store.undo(keys[0], who="ana", now=NOW)
    home.add(30, "2026-03-03T08:00:00Z")
    same(home, facets, 20)
    home.store.apply_intents(
        [Wish("updated", replace(home.facts[key], score=0.97, signals=("forest",))) for key in keys[60:70]],
        now="2026-03-04T08:00:00Z",
    )
    same(home, facets, 20)
    mute = home.store.mute("site", "board", reason="x", who="ana", now=NOW, until="2026-03-05")
    home.store.mute("listing", keys[50], reason="x", who="ana", now=NOW, until="2026-03-05")
    same(home, facets, 20)
    home.store.lift_mute(mute, who="ana", now=NOW)
    same(home, facets, 20)
    home.store.end_mutes("2026-03-06T00:00:00Z")
    same(home, facets, 20)
    home.store.db.write("UPDATE alert SET state='closed' WHERE listing=?", [keys[1]])  # without an event: seen at the next full reading
    clock.now += module.FULL_EVERY_S + 1
    same(home, facets, 20)


def test_what_did_not_change_is_not_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    facets, asked = Facets(Clock()), list[Any]()
    facets.find(home.store, Choice())
    answer = home.store.alert_facts
    monkeypatch.setattr(home.store, "alert_facts", lambda since=None: asked.append(since) or answer(since))
    facets.find(home.store, Choice(site=("ebay",)))
    assert asked == []
    home.store.decide(next(iter(home.facts)), "note", who="ana", now=NOW, note="x")
    facets.find(home.store, Choice())
    assert len(asked) == 1 and asked[0] is not None


def test_the_places_around_an_alert(home: Home) -> None:
    found = Facets(Clock()).find(home.store, Choice())
    keys = found.part(0, 1000)
    assert found.around(keys[0]) == (1, None, keys[1])
    assert found.around(keys[5]) == (6, keys[4], keys[6])
    assert found.around(keys[-1]) == (len(keys), keys[-2], None)
    assert found.around("nothing") == (None, None, keys[0])


def test_an_empty_home(tmp_path: Path) -> None:
    with Store.open(tmp_path / "home") as store:
        found = Facets(Clock()).find(store, Choice(site=("x",), signal=("y",)))
        assert len(found) == 0 and found.around("x") == (None, None, None) and found.counts["signal"] == {}
