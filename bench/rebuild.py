"""Judging at scale: a rebuild of N listings, a daily run over two per cent, one listing by itself.

`python -m bench.rebuild [N]`. Listings are made from the labelled examples: other numbers, prices, sellers and days,
so that texts, languages and prices are as mixed as there. Each size runs in a process of its own for its peak memory.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[1] / "tests" / "labelled"

FIRST = date(2025, 1, 1)
DAYS = 180
DAILY_SHARE = 0.02


def listings(n: int, seed: int = 1) -> Iterator[Any]:
    """n listings in the order of their days."""
    from storage.listing import Listing

    chance = random.Random(seed)
    examples = [
        json.loads(line)["listing"] for path in sorted(EXAMPLES.glob("train-*.jsonl")) for line in path.read_text().splitlines()
    ]
    for number in range(n):
        record = dict(chance.choice(examples))
        day = FIRST + timedelta(days=number * DAYS // n)
        words = record.get("description") or record["title"]
        record |= {
            "listing_id": str(10_000_000 + number),
            "title": f"{record['title']} {chance.choice('ABCDEFGH')}{chance.randrange(999)}",
            "description": f"{words} {' '.join(chance.sample(words.split() or ['-'], min(5, len(words.split()) or 1)))}",
            "seller_id": f"s{chance.randrange(n // 3 + 1)}",
            "observed_at": f"{day.isoformat()}T{number % 24:02}:{number % 60:02}:00Z", "posted_at": None,
        }  # fmt: skip
        yield Listing.from_dict(record)


def fill(store: Any, some: list[Any], now: str) -> None:
    """Record listings under one run a site."""
    by_site: dict[str, list[Any]] = {}
    for one in some:
        by_site.setdefault(one.site, []).append((one, None))
    for site, items in sorted(by_site.items()):
        run = store.begin_run(site, kind="import", now=now)
        store.record_many(items, run=run, now=now)
        store.end_run(run, "ok", now)


def measure(n: int) -> dict[str, Any]:
    """All figures for n listings, in this process."""
    from config.loader import Config
    from detector.refit import refit
    from detector.run import detect
    from storage.store import Store

    config, out = Config(None), {"listings": n}
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        made = list(listings(n))
        cut = int(n * (1 - DAILY_SHARE))
        out["record_s"] = _timed(lambda: fill(store, made[:cut], "2025-07-01T00:00:00Z"))
        out["detect_s"] = _timed(lambda: detect(store, config, now="2025-07-01T01:00:00Z"))
        out["refit_s"] = _timed(lambda: refit(store, config, now="2025-07-01T02:00:00Z", who="bench", why="bench"))
        out["rebuild_s"] = _timed(lambda: detect(store, config, now="2025-07-01T03:00:00Z", rebuild=True))
        fill(store, made[cut:], "2025-07-02T00:00:00Z")
        out["daily_s"] = _timed(lambda: detect(store, config, now="2025-07-02T01:00:00Z"))
        out["nothing_new_s"] = _timed(lambda: detect(store, config, now="2025-07-02T02:00:00Z"))
        out["rebuild_us_per_listing"] = round(1e6 * out["rebuild_s"] / cut)
        out["daily_share"] = round(out["daily_s"] / out["rebuild_s"], 4)
        out |= _single(store, config, made[-1])
    out["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return out


def _single(store: Any, config: Any, listing: Any) -> dict[str, float]:
    """One listing judged with reasons after loading, beside one single-row score of scikit-learn's forest of that size."""
    import numpy as np

    from detector.inspect import Inspector

    inspector = Inspector(config, store)
    assert inspector.model is not None
    theirs, row = inspector.model.forest.isolation_, np.zeros((1, inspector.model.forest.n_features_in_))
    ours_s = theirs_s = float("inf")
    for _ in range(20):
        ours_s = min(ours_s, _timed(lambda: inspector.inspect(listing, FIRST), 6))
        theirs_s = min(theirs_s, _timed(lambda: theirs.score_samples(row), 6))
    return {
        "inspect_ms": round(1e3 * ours_s, 2), "sklearn_one_row_ms": round(1e3 * theirs_s, 2), "ratio": round(ours_s / theirs_s, 2),
    }  # fmt: skip


def _timed(act: Any, places: int = 2) -> float:
    start = time.perf_counter()
    act()
    return round(time.perf_counter() - start, places)


def main(sizes: list[int]) -> None:
    """Each size in its own process."""
    for n in sizes:
        code = f"import json; from bench.rebuild import measure; print(json.dumps(measure({n})))"
        print(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip(), flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10_000, 100_000])
