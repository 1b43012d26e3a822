"""The crawl beside a bare Scrapy download of the same pages: `python -m bench.crawl [--pages 600] [--rounds 3]`.

Ratios by the clock and by processor time; beside a busy neighbour the latter is the truer one. What limits ours: it asks for one
page at a time, so each costs a round of the event loop that the rival's sixteen share, and it reads and archives in the same
process: of its processor time about half is Scrapy's engine, a quarter reading (half of that the parser), a sixth the archive.
The lean loop is ours on uvloop, where that is installed (`health.event_loop`); a faster download handler that would go round the
check of host names is no choice.

A server process on loopback gives product pages of some 59 KB with JSON-LD. The rival is a spider with Scrapy's default
settings (16 at once) that reads nothing. Ours is the real worker: manners, robots.txt, WARC record, generic extraction or
card selectors, observation in SQLite; one request at a time with a pause of a microsecond. Each in its own process, in turn.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
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


def ours(url: str, kind: str, pages: int, site: str, settings: str = "") -> tuple[float, float]:
    """Pages a second from page to stored observation, by the clock and by processor time."""
    from storage.store import Store

    home = Path(tempfile.mkdtemp(prefix="bench-crawl-"))
    try:
        (home / "config" / "sites").mkdir(parents=True)
        (home / "config" / "sites" / "bench.toml").write_text(site.format(url=url, kind=kind), encoding="utf-8")
        (home / "config" / "settings.toml").write_text(settings, encoding="utf-8")
        result = crawl_site("bench", home, Config(home))
        assert (result.outcome, result.listings) == ("ok", pages), result
        with Store.open(home, readonly=True) as store:
            stats = json.loads(store.run(result.run or "")["stats"])
        return pages / float(stats["elapsed_time_seconds"]), pages / float(stats["cpu_s"])
    finally:
        shutil.rmtree(home, ignore_errors=True)


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
    print(f"{given.rounds} rounds of {given.pages} pages, times a bare Scrapy: median (least to most)")
    for (loop, name, kind), rows in found.items():
        clock, cpu = (f"{median(column):.2f} ({min(column):.2f} to {max(column):.2f})" for column in zip(*rows, strict=True))
        print(f"  {loop:8}{name:10}{kind:6} of {sizes[kind] / 1000:.0f} KB: {cpu} by processor time, {clock} by the clock; goal {GOALS[loop]}")


if __name__ == "__main__":
    main()
