"""One crawl in a process of its own: `python -m crawler.worker --home DIR --site KEY [--now ISO]`.

It writes evidence and observations itself, and on standard output one JSON line after another: progress, and at the end
the result. It ends when its standard input closes, so that no crawl outlives whoever started it. Its exit status says
nothing about the crawl; the outcome does.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler import health
from crawler.outcome import decide
from crawler.plan import Plan, PlanError, plan_run
from crawler.resuming import kept_by_killed_runs

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from config.loader import Config
    from config.schema.sites import Site
    from storage.store import Store

PROGRESS_S = 1.0
YOUNG_OBJECTS = 5_000
"""New objects before the collector looks for circles among them; Python's 700 are a tenth of a page."""
STOP_ASKED_S = 0.02
"""Between two looks at whether the engine can be stopped by now."""


def main(argv: list[str] | None = None) -> int:
    """Run one crawl. 0 whenever an outcome was recorded."""
    parser = argparse.ArgumentParser(prog="crawler.worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--site", required=True)
    parser.add_argument("--now", default=None, help="the moment that all of the run bears (ISO 8601); default: the clock")
    given = parser.parse_args(argv)
    now = datetime.fromisoformat(given.now) if given.now else datetime.now(UTC)
    from config.loader import Config

    config = Config(given.home)
    if given.site in config.broken_sites:
        raise config.broken_sites[given.site]
    say(crawl(config.sound_sites[given.site], given.home, config, now, frozen=given.now is not None))
    return 0


def say(record: dict[str, Any]) -> None:
    """One line to whoever started us; if nobody listens any more that is no reason to fail."""
    try:
        sys.stdout.write(json.dumps(record, ensure_ascii=True) + "\n")
        sys.stdout.flush()
    except OSError:
        # Python closes standard output once more at exit; give it somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def crawl(site: Site, home: Path, config: Config, now: datetime, *, frozen: bool = False) -> dict[str, Any]:
    """Crawl and record; the result as a plain record (see run.RunResult)."""
    from crawler.screening import screen
    from storage.store import Store

    settings = config.settings
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with Store.open(
        home, timeout=settings.health.writer_wait_s, keep_seller_names=not settings.privacy.hash_sellers
    ) as store:
        store.recover_runs(stamp)
        screen(store, config)
        kept = kept_by_killed_runs(store, home, site.key, now, settings.health.resume_h)
        run = store.begin_run(
            site.key, "crawl", now=stamp, site_name=site.title, country=site.country, family=site.family,
            basis=site.access.basis if site.access else None, statistics=site.access.statistics if site.access else None,
            goes_on_with=list(kept.runs),
        )  # fmt: skip
        try:
            plan = plan_run(site, config, now, frozen=frozen)
            plan.kept = kept
        except (PlanError, LookupError) as error:
            store.end_run(run, "failed", stamp, detail=str(error))
            return {"result": True, "site": site.key, "run": run, "outcome": "failed", "detail": str(error)}
        return _crawl(plan, store, run, home, config)


def _crawl(plan: Plan, store: Store, run: str, home: Path, config: Config) -> dict[str, Any]:
    from crawler.conditional import Validators
    from crawler.recorder import Recorder
    from storage.evidence import EvidenceWriter

    writer = EvidenceWriter(
        home,
        run,
        plan.stamp(),
        facts={"site": plan.site.key, "robot": plan.user_agent},
        known=store.find_payload,
    )
    recorder = Recorder(store, run, writer, plan.facts, Validators.load(home, plan.site.key))
    try:
        stats = run_spider(plan, recorder)
    except Exception as error:
        logging.getLogger(__name__).exception("the crawl failed")
        plan.facts.errors.append(f"{type(error).__name__}: {error}")
        stats = {}
    sealed = recorder.close()
    for before in plan.kept.runs if plan.kept and plan.facts.kept else ():
        store.go_on_with(before, run)
    outcome = decide(plan.facts, plan.site, health.usual(store, plan.site.key, config.settings.health.runs, plan.facts.limits))
    numbers = health.numbers(plan.facts)
    store.end_run(
        run, outcome.name, plan.stamp(), numbers, stats | health.notes(plan.facts, outcome) | _of_process(plan), outcome.detail, evidence=sealed,
        quarantine=outcome.quarantine,
    )  # fmt: skip
    vanished = store.mark_vanished(plan.site.key, run, plan.stamp(), config.settings.health.vanish_after)
    return {
        "result": True, "site": plan.site.key, "run": run, "outcome": outcome.name, "detail": outcome.detail,
        "quarantined": outcome.quarantine, "vanished": vanished, **numbers,
    }  # fmt: skip


def run_spider(plan: Plan, recorder: Any) -> dict[str, Any]:
    """Run the family's spider in this process until it ends; Scrapy's own stats. Can be called once a process."""
    from scrapy import signals
    from scrapy.crawler import AsyncCrawlerProcess

    from crawler.settings import for_plan

    process = AsyncCrawlerProcess(for_plan(plan))
    crawler = process.create_crawler(plan.site.family)
    crawler.signals.connect(_settle, signal=signals.spider_opened)
    task = process.crawl(crawler, plan=plan, recorder=recorder)
    loop = asyncio.get_event_loop()
    _stop_on_signal(plan, crawler, task, loop)
    _report(plan, loop)
    process.start(install_signal_handlers=False)
    _raise_unexpected(task, crawler, plan)
    return {
        key: value
        for key, value in (crawler.stats.get_stats() if crawler.stats else {}).items()
        if _plain(value)
    }


def _settle() -> None:
    """What is loaded by now lives as long as the process: the collector need not walk it again for every few pages."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def _stop_on_signal(plan: Plan, crawler: Crawler, task: Any, loop: asyncio.AbstractEventLoop) -> None:
    """SIGTERM, SIGINT and a closed standard input stop the run after the answer it is waiting for."""

    async def end() -> None:
        # Asked to stop before its engine runs, Scrapy forgets that it was asked, and never ends.
        while not task.done():
            if crawler.crawling and crawler.engine.running:
                await crawler.stop_async()
                return
            await asyncio.sleep(STOP_ASKED_S)

    def stop(name: str) -> None:
        if not plan.stopping.is_set():
            plan.facts.signal = name
            plan.stopping.set()
            plan.tasks.add(loop.create_task(end()))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, signal.Signals(number).name)

    def watch() -> None:
        # Not through sys.stdin: a thread waiting in its buffer would keep the interpreter from ending.
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop, "the end of its parent")

    if os.environ.get("CHIPWATCH_WATCH_STDIN"):
        threading.Thread(target=watch, daemon=True).start()


def _report(plan: Plan, loop: asyncio.AbstractEventLoop) -> None:
    def tell() -> None:
        say({"pages": plan.facts.pages, "listings": plan.facts.listings, "requests": plan.facts.requests})
        loop.call_later(PROGRESS_S, tell)

    loop.call_later(PROGRESS_S, tell)


def _raise_unexpected(task: Any, crawler: Crawler, plan: Plan) -> None:
    """A callback or a start that raised leaves Scrapy content; we want it in the outcome."""
    stats = crawler.stats.get_stats() if crawler.stats else {}
    raised = {
        k.rsplit("/", 1)[-1]: v
        for k, v in stats.items()
        if k.startswith("spider_exceptions/") and isinstance(v, int)
    }
    raised.pop("count", None)
    for name, number in raised.items():
        plan.facts.errors += [f"{name} while reading a page"] * number
    if stats.get("finish_reason") == "start_error":
        plan.facts.errors.append("the start addresses could not be made")
    if task.done() and not task.cancelled() and task.exception() is not None:
        raise task.exception()


def _of_process(plan: Plan) -> dict[str, Any]:
    from crawler.memory import peak_mb

    spent = round(time.process_time() - plan.cpu_started, 3)
    return {"peak_mb": peak_mb(), "cpu_s": spent, "robots": {host: found.facts() for host, found in plan.robots.items()}}


def _plain(value: Any) -> bool:
    return isinstance(value, (int, float, str, bool))


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    # Scrapy lowers the root level; what it says of every page is in the archive already.
    logging.getLogger().handlers[0].setLevel(logging.INFO)
    sys.exit(main())
