"""The demo's day: start the marketplace, crawl it over HTTP with the real spiders, detect, write the digest, tell.

Order: serve, write site files, crawl, detect, fit the forest once there is enough, digest, account.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from chipwatch.demo import home as demo_home
from chipwatch.demo.server import serve
from chipwatch.demo.world import observed_at

SITES = ("demo-dealer", "demo-board", "demo-api", "demo-gate")
API_KEYS = {"EBAY_CLIENT_ID": "demo", "EBAY_CLIENT_SECRET": "demo"}


@dataclass
class Account:
    """What a demo day did, for the person who ran it."""

    day: int
    sites: list[dict[str, Any]] = field(default_factory=list)
    offers: dict[str, int] = field(default_factory=dict)
    severities: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)
    listings: int = 0
    digest: str = ""
    database: str = ""
    seconds: float = 0.0


def run_day(home: Path, tell: Callable[[str], None]) -> Account:
    """Run the demo's next day in `home`. Raises OSError, CrawlError, StorageError."""
    import os

    from chipwatch.digests import make
    from config.loader import Config
    from crawler.run import crawl_sites
    from detector.refit import refit
    from detector.run import detect
    from storage.store import Store

    began, day = time.monotonic(), demo_home.next_day(home)
    when, seed = observed_at(day), demo_home.SEED
    os.environ.update(API_KEYS)  # the demo's API wants the client credentials that every API wants
    account = Account(day)
    tell(f"demo day {day} ({when.date()}): starting the marketplace on this machine")
    with Store.open(home):
        pass
    with serve(seed, day) as (_, urls):
        demo_home.write_sites(home, urls, day)
        config = Config(home)
        results = crawl_sites(SITES, home, config, when, on_result=lambda r: tell(f"  {r.site}: {r.outcome}, {r.pages} pages, {r.listings} listings"))
    account.sites = [{name: getattr(r, name) for name in ("site", "outcome", "pages", "listings", "new", "changed", "detail")} for r in results]
    stamp = _after(when)
    with Store.open(home) as store:
        tell("judging")
        done = detect(store, config, now=stamp)
        if store.active_model() is None and done.judged:
            refit(store, config, now=stamp, who="demo", why="the demo's first day")
            done = detect(store, config, now=stamp)
        made, path = make(store, config, now=stamp)
        account.offers, account.listings = dict(made.by_offer), made.listings
        account.alerts = {severity: made.counts.get(severity, 0) for severity in ("high", "medium")}
    demo_home.end_day(home, day, seed)
    account.digest, account.database = str(path), str(home / "chipwatch.db")
    account.seconds = round(time.monotonic() - began, 1)
    return account


def _after(when: datetime) -> str:
    from datetime import timedelta

    return (when + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Score:
    """Planted red flags against alerts of medium and high severity."""

    planted: int
    caught: int
    alerts: int
    right: int
    worth_a_look: int
    misses: tuple[dict[str, Any], ...]
    extras: tuple[dict[str, Any], ...]


def score(home: Path) -> Score:
    """Compare the home's standing judgements with what the demo planted on its last day."""
    from storage.store import Store

    planted = {(t["site"], t["listing_id"]): t for t in demo_home.read_truth(home)}
    with Store.open(home, create=False, readonly=True) as store:
        judged = {(_site(row), _plain_id(row)): row for row in store.iter_readings()}
    red = {key for key, t in planted.items() if t["grade"] == 2}
    flagged = {key for key, row in judged.items() if row["severity"] in ("medium", "high") and key in planted}
    misses = tuple({**planted[key], "score": judged[key]["score"] if key in judged else None} for key in sorted(red - flagged))
    extras = tuple({**planted[key], "score": judged[key]["score"]} for key in sorted(flagged - red))
    worth = sum(planted[key]["grade"] >= 1 for key in flagged)
    return Score(len(red), len(red & flagged), len(flagged), len(red & flagged), worth, misses, extras)


def _site(row: dict[str, Any]) -> str:
    return str(row["site"])


def _plain_id(row: dict[str, Any]) -> str:
    """The API wraps its ids: v1|3000001|0."""
    text = str(row["listing_id"])
    return text.split("|")[1] if text.startswith("v1|") else text
