"""The crawl beside a bare Scrapy download of the same pages: `python -m bench.crawl [--pages 400] [--rounds 5]`.

Ours is the real worker: manners, robots.txt, WARC record, card selectors (title, price, description) or the generic
extraction, observation in SQLite; one request at a time with a pause of a microsecond. The rival is a spider with Scrapy's
default settings (16 at once) that reads nothing. Each runs in its own process, in turn, and each ratio is of one round: by
processor time, which a neighbour on the machine leaves fairly alone, and by the clock, which it does not.

What limits ours, by processor time of a page of 58 KB with selectors: half is Scrapy's engine, which turns some nine times for a page
where the rival shares these turns among sixteen; a fifth the archive (packing, two digests of the body, two records); a sixth parsing
and reading; a tenth manners, of which the look for challenge pages is the most. The generic extraction walks every node of the page in
Python: as dear as all the rest on an ordinary page, four times as dear on one of small cells alone. The lean loop is ours on uvloop, where
that is installed (`health.event_loop`). Middlewares that do nothing for us are left out of both. A faster download handler that would go
round the check of host names is no choice.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from bench._shop import KINDS
from config.loader import Config
from crawler.run import crawl_site

BARE = """
import sys, time, scrapy
from scrapy.crawler import AsyncCrawlerProcess
class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        began["cpu"] = time.process_time()
        for n in range(int(sys.argv[2])):
            yield scrapy.Request(f"{sys.argv[1]}/{n}")
    def parse(self, response):
        pass
began = {}
process = AsyncCrawlerProcess({"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False})
crawler = process.create_crawler(Bare)
process.crawl(crawler)
process.start()
stats = crawler.stats.get_stats()
print(stats["response_received_count"], stats["elapsed_time_seconds"], time.process_time() - began["cpu"])
"""

CARDS = """title = "Bench"
family = "cards"
start = "{url}/list/{kind}"
loopback = true
[list]
card = "a.p"
[list.fields]
title = "::text"
id = "::text"
url = "::attr(href)"
[detail]
follow = "all"
[detail.fields]
title = "h1"
price = "p.price"
description = "div.description"
[pace]
delay_s = 0.000001
max_pages = 100000
[access]
basis = "demo"
"""

GENERIC = """title = "Bench"
family = "jsonld"
start = "{url}/list/{kind}"
loopback = true
[list]
links = "a.p::attr(href)"
[detail]
only = ["/{kind}/"]
[pace]
delay_s = 0.000001
max_pages = 100000
[access]
basis = "demo"
"""

GOALS = {"default": 0.9, "lean": 1.3}
"""Times a bare Scrapy download: what a prototype reached that read one layout, and on uvloop without any of Scrapy's middlewares."""

LEAN = '[health]\nevent_loop = "uvloop.Loop"\n'


@contextmanager
def server(pages: int) -> Any:
    """The server's address and the size of a page of each kind, for the time of a block."""
    child = subprocess.Popen([sys.executable, "-m", "bench._shop", str(pages)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        port, *sizes = child.stdout.readline().split()
        yield f"http://127.0.0.1:{port}", dict(zip(KINDS, map(int, sizes), strict=True))
    finally:
        child.kill()
        child.wait()


def bare(url: str, kind: str, pages: int) -> tuple[float, float]:
    """Pages a second of a bare Scrapy spider with default settings, by the clock and by processor time."""
    out = subprocess.run([sys.executable, "-c", BARE, f"{url}/{kind}", str(pages)], capture_output=True, text=True, check=True).stdout.split()
    assert int(out[0]) == pages
    return pages / float(out[1]), pages / float(out[2])


@contextmanager
def crawled(url: str, kind: str, pages: int, site: str, settings: str = "") -> Iterator[tuple[Path, Config, dict[str, Any]]]:
    """A home after a crawl of the pages, its config, and what the run noted of itself; for the time of a block."""
    from storage.store import Store

    home = Path(tempfile.mkdtemp(prefix="bench-crawl-"))
    try:
        (home / "config" / "sites").mkdir(parents=True)
        (home / "config" / "sites" / "bench.toml").write_text(site.format(url=url, kind=kind), encoding="utf-8")
        (home / "config" / "settings.toml").write_text(settings, encoding="utf-8")
        config = Config(home)
        result = crawl_site("bench", home, config)
        assert (result.outcome, result.listings) == ("ok", pages), result
        with Store.open(home, readonly=True) as store:
            yield home, config, json.loads(store.run(result.run or "")["stats"])
    finally:
        shutil.rmtree(home, ignore_errors=True)


def ours(url: str, kind: str, pages: int, site: str, settings: str = "") -> tuple[float, float]:
    """Pages a second from page to stored observation, by the clock and by processor time."""
    with crawled(url, kind, pages, site, settings) as (_, _, stats):
        return pages / float(stats["elapsed_time_seconds"]), pages / float(stats["cpu_s"])


def judging(url: str, kind: str, pages: int) -> tuple[float, float]:
    """Listings a second of processor time that `detect` judges, and that the spider gathered."""
    from detector.run import detect
    from storage.store import Store

    with crawled(url, kind, pages, CARDS) as (home, config, stats), Store.open(home) as store:
        detect(store, config, now="2026-01-01T00:00:00Z")
        begun = time.process_time()
        # Again, so that the lexicon is loaded.
        outcome = detect(store, config, now="2026-01-01T00:00:00Z", rebuild=True)
        return outcome.judged / (time.process_time() - begun), pages / float(stats["cpu_s"])


def main() -> None:
    """Print each ratio: its median over the rounds and its span."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    works = {("default", name, kind): (site, "") for kind in KINDS for name, site in (("selectors", CARDS), ("generic", GENERIC))}
    if find_spec("uvloop"):
        works |= {("lean", name, "shop"): (site, LEAN) for (_, name, kind), (site, _) in works.items() if kind == "shop"}
    else:
        print("uvloop is not installed: the lean loop is not measured")
    found: dict[tuple[str, str, str], list[tuple[float, float]]] = {work: [] for work in works}
    with server(given.pages) as (url, sizes):
        for _ in range(given.rounds):
            plain = {kind: bare(url, kind, given.pages) for kind in KINDS}
            for work, (site, settings) in works.items():
                full, rival = ours(url, work[2], given.pages, site, settings), plain[work[2]]
                found[work].append((full[0] / rival[0], full[1] / rival[1]))
            print(", ".join(f"{' '.join(work)} {rows[-1][1]:.2f}" for work, rows in found.items()), flush=True)
        judged, gathered = judging(url, "shop", given.pages)
    print(f"{given.rounds} rounds of {given.pages} pages, times a bare Scrapy: median (least to most)")
    for (loop, name, kind), rows in found.items():
        clock, cpu = (f"{median(column):.2f} ({min(column):.2f} to {max(column):.2f})" for column in zip(*rows, strict=True))
        print(f"  {loop:8}{name:10}{kind:6} of {sizes[kind] / 1000:.0f} KB: {cpu} by processor time, {clock} by the clock; goal {GOALS[loop]}")
    print(f"  detect judges {judged:.0f} listings a second of processor time, {judged / gathered:.2f} of what a spider without pauses gathers")


if __name__ == "__main__":
    main()
