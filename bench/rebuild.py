"""Judging at scale: a rebuild of N listings, a daily run over two per cent, one listing by itself.

`python -m bench.rebuild [N...]` (default 5,000 and 20,000; 100,000 take some eight minutes of one core, nearly all of it reading).
Listings are made from the labelled examples, the demo's goods and, where they are there, recorded search results: other
numbers, words, prices, sellers and days, so that texts, languages and prices are as mixed as there. They are recorded day by
day, as a desk's are. Each size runs in a process of its own for its peak memory; `_s` are seconds of processor time, which a
shared machine leaves comparable, `_wall_s` those of the clock.
"""

from __future__ import annotations

import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import date, timedelta
from itertools import groupby, islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "tests" / "labelled"
RECORDED = ROOT.parent / "shared" / "data" / "ebay-browse" / "search"

FIRST = date(2025, 1, 1)
DAYS = 180
DAILY_SHARE = 0.02
START = 2000
"""Listings that the forest in force during the rebuild is fitted on."""
COPIES = 0.1
"""Listings whose words are those of another but for a few; the others have words of their own among them."""


def sources() -> list[dict[str, Any]]:
    """What listings are made from, as exchange records."""
    found = [
        json.loads(line)["listing"]
        for path in sorted(EXAMPLES.glob("train-*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    return found + _of_the_demo() + _recorded()


def _of_the_demo() -> list[dict[str, Any]]:
    from chipwatch.demo.world import world

    planted = ("price", "price_suffix", "currency", "seller", "offer", "chip", "signals", "grade")
    return [
        {k: v for k, v in asdict(goods).items() if k not in planted}
        | {"price_text": f"{'¥' if goods.currency == 'CNY' else '$'}{goods.price:,.2f}{goods.price_suffix}"}
        for goods in world(1, 1)
    ]


def _recorded() -> list[dict[str, Any]]:
    """eBay items as its API's parser gives them; none where the recordings are absent."""
    from chipwatch.recorded import recorded_listings
    from config.loader import Config

    return (
        [listing.to_dict() for listing in recorded_listings(RECORDED, Config(None))]
        if RECORDED.is_dir()
        else []
    )


def listings(n: int, seed: int = 1) -> Iterator[Any]:
    """n listings in the order of their days."""
    from storage.listing import Listing

    chance, some = random.Random(seed), sources()
    for number in range(n):
        record = dict(chance.choice(some))
        day = FIRST + timedelta(days=number * DAYS // n)
        digit = str(chance.randrange(10))
        for key in ("price_text", "price_amount"):
            if (
                record.get(key) is not None
            ):  # the second digit alone: whatever the price looks like, it stays of its size
                record[key] = re.sub(r"(\d)\d", rf"\g<1>{digit}", str(record[key]), count=1)
        words = (record.get("description") or record["title"]).split() or ["-"]
        for _ in range(2 + (0 if chance.random() < COPIES else len(words) // 4)):
            words.insert(chance.randrange(len(words) + 1), _word(chance))
        record |= {
            "listing_id": str(10_000_000 + number),
            "title": f"{record['title']} {chance.choice('ABCDEFGH')}{chance.randrange(999)}",
            "description": " ".join(words), "seller_id": f"s{chance.randrange(n // 3 + 1)}",
            "observed_at": f"{day.isoformat()}T{number % 24:02}:{number % 60:02}:00Z", "posted_at": None,
        }  # fmt: skip
        yield Listing.from_dict(record)


def _word(chance: random.Random) -> str:
    """A word that says nothing."""
    return "".join(chance.choice("bdfglmnprstv") + chance.choice("aeiou") for _ in range(3))


def fill(store: Any, some: list[Any], now: str) -> None:
    """Record listings under one run a site."""
    by_site: dict[str, list[Any]] = {}
    for one in some:
        by_site.setdefault(one.site, []).append((one, None))
    for site, items in sorted(by_site.items()):
        run = store.begin_run(site, kind="import", now=now)
        store.record_many(items, run=run, now=now)
        store.end_run(run, "ok", now)


def fill_by_day(store: Any, some: Iterable[Any]) -> None:
    """Record listings each in the night after the day of its observation."""
    for day, own in groupby(some, key=lambda one: one.observed_at[:10]):
        with store.transaction():
            fill(store, list(own), f"{date.fromisoformat(day) + timedelta(days=1)}T00:30:00Z")


def measure(n: int) -> None:
    """Print the figures for n listings, measured in this process, each as soon as it is known."""
    from config.loader import Config
    from detector.refit import refit
    from detector.run import detect
    from storage.store import Store

    config = Config(None)
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        made, first, cut = listings(n), min(START, n // 2), int(n * (1 - DAILY_SHARE))
        fill_by_day(store, islice(made, first))
        detect(store, config, now="2025-06-30T23:00:00Z")
        refit(store, config, now="2025-06-30T23:00:00Z", who="bench", why="bench")
        _tell(n, "record", _spent(lambda: fill_by_day(store, islice(made, cut - first))))
        rebuilt = _spent(lambda: detect(store, config, now="2025-07-01T03:00:00Z", rebuild=True))
        _tell(n, "rebuild", rebuilt, us_per_listing=round(1e6 * rebuilt[0] / cut))
        new = list(made)
        fill(store, new, "2025-07-02T00:00:00Z")
        daily = _spent(lambda: detect(store, config, now="2025-07-02T01:00:00Z"))
        _tell(n, "daily", daily, new=len(new), share_of_rebuild=round(daily[0] / rebuilt[0], 4))
        _tell(n, "nothing_new", _spent(lambda: detect(store, config, now="2025-07-02T02:00:00Z")))
        _tell(
            n,
            "refit",
            _spent(
                lambda: refit(
                    store, config, now="2025-07-02T03:00:00Z", who="bench", why="bench", activate=False
                )
            ),
        )
        print(json.dumps({"listings": n, **_single(store, config, new[-1])}), flush=True)


def _single(store: Any, config: Any, listing: Any) -> dict[str, float]:
    """One listing judged with reasons after loading, beside one single-row score of scikit-learn's forest of that size."""
    import numpy as np

    from detector.inspect import Inspector

    inspector = Inspector(config, store)
    assert inspector.model is not None
    theirs, row = inspector.model.forest.isolation_, np.zeros((1, inspector.model.forest.n_features_in_))
    ours_s = theirs_s = float("inf")
    for _ in range(20):
        ours_s = min(ours_s, _spent(lambda: inspector.inspect(listing, FIRST))[0])
        theirs_s = min(theirs_s, _spent(lambda: theirs.score_samples(row))[0])
    return {
        "inspect_ms": round(1e3 * ours_s, 2), "sklearn_one_row_ms": round(1e3 * theirs_s, 2), "ratio": round(ours_s / theirs_s, 2),
    }  # fmt: skip


def _spent(act: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of processor time, and of the clock."""
    clock, own = time.perf_counter(), time.process_time()
    act()
    return time.process_time() - own, time.perf_counter() - clock


def _tell(n: int, what: str, spent: tuple[float, float], **more: float) -> None:
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    figures = {f"{what}_s": round(spent[0], 2), f"{what}_wall_s": round(spent[1], 2), "peak_mb": peak, **more}
    print(json.dumps({"listings": n, **figures}), flush=True)


def main(sizes: list[int]) -> None:
    """Each size in its own process."""
    for n in sizes or [5000, 20_000]:
        subprocess.run([sys.executable, "-c", f"from bench.rebuild import measure; measure({n})"], check=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
