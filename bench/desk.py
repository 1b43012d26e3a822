"""The desk at two sizes of home, as ratios in one run: `python -m bench.desk [--big] [--keep FOLDER]`.

Each home is asked by a desk in a process of its own: queue, filtered queue, alert, search, record, overview pages, and the digest's
query: median of 15 requests through the whole ASGI application, in milliseconds of processor time (what a shared machine leaves
comparable) and by the clock; and the process's memory. Usual sizes are
5,000 listings with 250 alerts and 50,000 with 2,500; `--big` takes 10,000 with 500 and 1,000,000 with 50,000 (some twenty
minutes and 4 GB of disk). `--keep` leaves the homes there and uses them again.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from bench.storage import NOW, alerting, fill
from storage.listing import Listing
from storage.store import Store

ROUNDS = 15
SIZES, BIG = (5_000, 50_000), (10_000, 1_000_000)


def build(home: Path, count: int) -> None:
    """A judged and indexed home of `count` listings, one in twenty of them with an alert."""
    with Store.open(home) as store:
        fill(store, count)
        run = store.begin_run("site0", now=NOW)
        store.record(Listing("site0", "rare", "罕见 H100"), run=run, evidence=None, now=NOW)
        store.end_run(run, "ok", NOW)
        alerting(store)
        store.save_market(references())
        store.index_search()
        store.db.raw().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def references() -> Iterator[dict[str, Any]]:
    """A year of market references for two chips: everywhere, and in twelve regions by three conditions."""
    for day, chip in product(range(365), ("nvidia-h100-sxm-80gb", "nvidia-a100-pcie-80gb")):
        places = [("all", "all"), *product((f"region{n}" for n in range(12)), ("all", "new", "used"))]
        for n, (region, condition) in enumerate(places):
            yield {
                "as_of": (date(2025, 3, 29) + timedelta(day)).isoformat(), "offer": "sale", "chip": chip, "form": "all", "condition": condition,
                "region": region, "centre_usd": 20000 + day, "low_usd": 20000 + day, "high_usd": 20000 + day, "spread": 0.2, "n": n + 5,
            }  # fmt: skip


def ask(home: Path) -> dict[str, tuple[float, float]]:
    """The figures of one home, in this process: milliseconds of processor and of clock."""
    import httpx

    from review.desk.app import Desk

    desk = Desk(home, frozenset({"127.0.0.1:8100"}))
    token = desk.people.invite("bench", NOW)
    with Store.open(home, readonly=True) as store:
        keys = [row["listing"] for row in store.alerts(limit=ROUNDS)]
        sellers = [row["seller"] for row in store.sellers_ranked(limit=ROUNDS)]
        store.news()
        figures = {"digest query": timed(lambda _: store.news())}

    async def requests() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=desk.app), base_url="http://127.0.0.1:8100"
        ) as client:
            await client.get("/sign-in", params={"token": token})
            for name, paths in questions(keys, sellers).items():
                times = []
                for number in range(ROUNDS + 1):
                    begin = time.process_time(), time.perf_counter()
                    answer = await client.get(paths[number % len(paths)])
                    times.append(since_(begin))
                    assert answer.status_code == 200, (name, answer.status_code, answer.text[:200])
                figures[f"{name}, first"] = times[0]
                figures[name] = medians(times[1:])

    asyncio.run(requests())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures["memory, MB"] = memory, memory
    desk.close()
    return figures


def questions(keys: list[str], sellers: list[str]) -> dict[str, list[str]]:
    """Addresses by what they ask."""
    return {
        "queue": ["/"],
        "queue, filtered": ["/?site=site3&country=HK&state=any"],
        "alert": [f"/alert/{key}" for key in keys],
        "search, a rare word": ["/search?q=%E7%BD%95%E8%A7%81"],
        "search, a common word": ["/search?q=%E5%BA%8F%E5%88%97"],
        "record of decisions": ["/record"],
        "market": ["/market"],
        "market of a chip": ["/market/sale/nvidia-h100-sxm-80gb"],
        "tuning": [f"/tuning?medium={at / 100}" for at in range(20, 20 + ROUNDS)],
        "sites": ["/sites"],
        "sellers": [f"/sellers?page={page}" for page in range(3)],
        "seller": [f"/sellers/{key}" for key in sellers],
    }


def timed(work: Callable[[int], Any]) -> tuple[float, float]:
    """Milliseconds of processor and of clock, medians."""
    times = []
    for number in range(ROUNDS):
        begin = time.process_time(), time.perf_counter()
        work(number)
        times.append(since_(begin))
    return medians(times)


def since_(begin: tuple[float, float]) -> tuple[float, float]:
    """Milliseconds of processor and of clock since a moment."""
    return (time.process_time() - begin[0]) * 1e3, (time.perf_counter() - begin[1]) * 1e3


def medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    """The median of each of the two."""
    return statistics.median(cpu for cpu, _ in times), statistics.median(clock for _, clock in times)


def run(words: list[str] | None = None) -> None:
    """Print the figures of both homes and their ratio."""
    words = words or []
    sizes = BIG if "--big" in words else SIZES
    kept = Path(words[words.index("--keep") + 1]) if "--keep" in words else None
    with tempfile.TemporaryDirectory() as name:
        folder = kept or Path(name)
        found = []
        for count in sizes:
            home = folder / f"desk{count}"
            if not (home / "chipwatch.db").exists():
                build(home, count)
            told = subprocess.run(
                [sys.executable, "-m", "bench.desk", "--ask", str(home)],
                capture_output=True,
                text=True,
                check=True,
            )
            found.append(json.loads(told.stdout))
    small, large = found
    print(
        f"desk: {sizes[0]:,} and {sizes[1]:,} listings, one in twenty with an alert; ms of processor (by the clock)"
    )
    for question, (cpu, clock) in small.items():
        more_cpu, more_clock = large[question]
        print(
            f"  {question:30} {cpu:8.2f} ({clock:8.2f}) {more_cpu:8.2f} ({more_clock:8.2f})  {more_cpu / cpu:5.2f} x ({more_clock / clock:5.2f} x)"
        )


if __name__ == "__main__":
    if "--ask" in sys.argv:
        print(json.dumps(ask(Path(sys.argv[-1]))))
    else:
        run(sys.argv[1:])
