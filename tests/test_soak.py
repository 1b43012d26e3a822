"""Hundreds of scheduled crawls of the demo in a row, some killed at random: outcomes right, memory flat, nothing lost or doubled.

CHIPWATCH_SOAK_RUNS shortens it; CHIPWATCH_SEED repeats one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from chipwatch import schedule
from chipwatch.demo.home import write_sites
from chipwatch.demo.run import API_KEYS
from chipwatch.demo.server import Demo, serve
from config.loader import Config
from config.schema.schedule import Job, Schedule
from crawler.memory import held_mb
from crawler.run import crawl_sites
from storage.store import Store
from storage.verify import verify

RUNS = int(os.environ.get("CHIPWATCH_SOAK_RUNS", "200"))
SEED = int(os.environ.get("CHIPWATCH_SEED", "20261128"))
SITES = ("demo-board", "demo-api")
DAY = 10
"""Runs a day of the demo: prices move and goods vanish between two days."""
KILLED = 0.5
"""Share of the runs that are killed."""


def next_day(demo: Demo, day: int) -> None:
    """Let the demo's goods be those of another day."""
    fresh = Demo(demo.seed, day)
    demo.day, demo.goods = day, fresh.goods
    demo.throttled.clear()


def kill(crawl: int, chance: random.Random) -> None:
    """Kill the worker, the command with its worker, or ask the command to stop."""
    how = chance.choice(("worker", "both", "term"))
    told = Path(f"/proc/{crawl}/task/{crawl}/children")
    workers = [int(pid) for pid in told.read_text().split()] if told.exists() else []
    for pid in {"worker": workers, "both": [crawl, *workers], "term": [crawl]}[how]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM if how == "term" else signal.SIGKILL)


async def storm(home: Path, demo: Demo, chance: random.Random) -> tuple[list[bool], list[int]]:
    """All runs; which were disturbed, and the supervisor's memory after each, in MB."""
    supervisor = schedule.Supervisor(home, Schedule())
    job = Job(id="crawl", run="crawl", cron="0 * * * *", sites=SITES)
    disturbed, memory = [], []
    for number in range(RUNS):
        next_day(demo, 1 + number // DAY)
        running = asyncio.create_task(supervisor.run_job(job))
        disturbed.append(chance.random() < KILLED and number < RUNS - 1)
        if disturbed[-1]:
            await asyncio.sleep(chance.uniform(0.5, 5.0))
            if job.id in supervisor.children:
                kill(supervisor.children[job.id].pid, chance)
        await running
        memory.append(held_mb())
    return disturbed, memory


def known(home: Path) -> dict[str, tuple[str, str, str | None]]:
    """What is on offer: title and price of every listing that the last run of its site saw."""
    with Store.open(home, readonly=True) as store:
        last: dict[str, str] = {}
        for row in store.runs(limit=10_000):
            last.setdefault(row["site"], row["id"])
        found = store.db.rows(
            "SELECT l.site, l.listing_id, o.title, coalesce(o.price_text, o.price_amount) AS price FROM listing l"
            f" JOIN observation o ON o.id = l.observation WHERE l.last_run IN ({','.join('?' * len(last))})", list(last.values())
        )  # fmt: skip
    return {f"{row['site']}/{row['listing_id']}": (row["title"], row["price"], row["site"]) for row in found}


def doubled(home: Path) -> list[Any]:
    """Observations that say what the one before them of the same listing said."""
    with Store.open(home, readonly=True) as store:
        rows = store.db.rows(
            "SELECT listing, content FROM observation ORDER BY listing, observed_at, length(coalesce(description, ''))"
        )
    return [
        a["listing"]
        for a, b in itertools.pairwise(rows)
        if a["listing"] == b["listing"] and a["content"] == b["content"]
    ]


@pytest.mark.soak
def test_scheduled_crawls_in_a_row_some_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in API_KEYS.items():
        monkeypatch.setenv(name, value)
    home, calm = tmp_path / "home", tmp_path / "calm"
    for folder in (home, calm):
        Store.open(folder).close()
    with serve(5, 1) as (demo, urls):
        write_sites(home, urls, 1)
        write_sites(calm, urls, 1)
        disturbed, memory = asyncio.run(storm(home, demo, random.Random(SEED)))
        crawl_sites(SITES, calm, Config(calm))
    ledger = schedule.read_ledger(home)
    assert len(ledger) == RUNS
    for number, (entry, hurt) in enumerate(zip(ledger, disturbed, strict=True)):
        assert hurt or (entry.status, entry.detail) == ("done", "demo-board ok, demo-api ok"), (
            f"run {number}: {entry}"
        )
    with Store.open(home, readonly=True) as store:
        runs = store.runs(limit=10_000)
        sizes = store.sizes()
        counts = store.counts()
    assert {run["outcome"] for run in runs} <= {"ok", "killed"}
    killed = sum(run["outcome"] == "killed" for run in runs)
    assert killed >= sum(disturbed) // 3
    # What is known in the end is what a fresh home sees on that day; nothing is told twice; all evidence proves.
    assert known(home) == known(calm)
    assert doubled(home) == []
    with Store.open(home, readonly=True) as store:
        assert verify(home, store) == []
    peaks = [
        json.loads(run["stats"])["peak_mb"]
        for run in reversed(runs)
        if run["stats"] and "peak_mb" in run["stats"]
    ]
    print(
        f"\n{RUNS} runs, {sum(disturbed)} disturbed, {killed} site runs killed; supervisor {memory[0]} -> {memory[-1]} MB,"
        f" crawl {peaks[0]} -> {peaks[-1]} MB (most {max(peaks)}); {counts['observation']} observations,"
        f" {sizes['evidence_bytes_per_observation']:.0f} bytes of evidence each"
    )
    assert memory[-1] - memory[len(memory) // 10] <= 20
    assert max(peaks) - min(peaks) <= 40
