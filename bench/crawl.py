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
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from config.loader import Config
from crawler.run import crawl_site

SERVER = """
import asyncio, json, sys
PAGES, HTML = {}, int(sys.argv[1])
def product(n):
    data = {"@context": "https://schema.org", "@type": "Product", "name": f"NVIDIA A100 80GB PCIe {n}", "sku": f"S{n}", "description": "Tested for a week. " * 5,
            "offers": {"@type": "Offer", "price": f"{9000 + n}.00", "priceCurrency": "USD", "availability": "https://schema.org/InStock"}}
    rows = "".join(f"<tr><td>Property {i}</td><td>Value {i * n % 997} of some kind</td></tr>" for i in range(420))
    side = "".join(f'<li class="rel"><a href="/r/{i}">Related {i}</a><span class="price">${i}.99</span></li>' for i in range(150))
    return (f'<!DOCTYPE html><html><head><title>A100 {n}</title><script type="application/ld+json">{json.dumps(data)}</script></head><body><h1>NVIDIA A100 80GB PCIe {n}</h1>'
            f'<p class="price">${9000 + n}.00</p><button>Add to cart</button><table>{rows}</table><ul>{side}</ul></body></html>' + "<!-- " + "x" * 12000 + " -->").encode()
def answer(path):
    if path.startswith("/p/"):
        return product(int(path[3:]))
    if path.startswith("/list"):
        return "".join(f'<a class="p" href="/p/{n}">{n}</a>' for n in range(HTML)).encode()
    return b""
for n in range(HTML):
    PAGES[f"/p/{n}"] = answer(f"/p/{n}")
PAGES["/list"] = answer("/list")
async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            body = PAGES.get(head.split(b" ", 2)[1].decode(), None)
            status = b"200 OK" if body is not None else b"404 Not Found"
            body = body or b""
            writer.write(b"HTTP/1.1 " + status + b"\\r\\nContent-Type: text/html; charset=utf-8\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], len(PAGES["/p/1"]), flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

BARE = """
import sys, time, scrapy
from scrapy.crawler import AsyncCrawlerProcess
class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        began["cpu"] = time.process_time()
        for n in range(int(sys.argv[2])):
            yield scrapy.Request(f"{sys.argv[1]}/p/{n}")
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
start = "{url}/list"
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
[pace]
delay_s = 0.000001
max_pages = 100000
[access]
basis = "demo"
"""

GOALS = {"default": 0.9, "lean": 1.3}
"""Times a bare Scrapy download: what a prototype reached that read one layout, and on uvloop without any of Scrapy's middlewares."""

TABLE = CARDS.replace('price = "p.price"', 'price = "p.price"\ndescription = "table"')
"""A description of 420 rows besides: what is visible of 2,500 nodes is put together one by one, which costs as much as the rest."""

SITE = """title = "Bench"
family = "jsonld"
start = "{url}/list"
loopback = true
[list]
links = "a.p::attr(href)"
[detail]
only = ["/p/"]
[pace]
delay_s = 0.000001
max_pages = 100000
[access]
basis = "demo"
"""


@contextmanager
def server(pages: int) -> Any:
    """The server's address and the size of a page, for the time of a block."""
    child = subprocess.Popen([sys.executable, "-c", SERVER, str(pages)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        port, size = child.stdout.readline().split()
        yield f"http://127.0.0.1:{port}", int(size)
    finally:
        child.kill()
        child.wait()


def bare(url: str, pages: int) -> tuple[float, float]:
    """Pages a second of a bare Scrapy spider with default settings, by the clock and by processor time."""
    out = subprocess.run([sys.executable, "-c", BARE, url, str(pages)], capture_output=True, text=True, check=True).stdout.split()
    assert int(out[0]) == pages
    return pages / float(out[1]), pages / float(out[2])


def ours(url: str, pages: int, site: str, settings: str = "") -> tuple[float, float, dict[str, Any]]:
    """Pages a second from page to stored observation, by the clock and by processor time, and what the run noted of itself."""
    from storage.store import Store

    home = Path(tempfile.mkdtemp(prefix="bench-crawl-"))
    try:
        (home / "config" / "sites").mkdir(parents=True)
        (home / "config" / "sites" / "bench.toml").write_text(site.format(url=url), encoding="utf-8")
        (home / "config" / "settings.toml").write_text(settings, encoding="utf-8")
        result = crawl_site("bench", home, Config(home))
        assert (result.outcome, result.listings) == ("ok", pages), result
        with Store.open(home, readonly=True) as store:
            stats = json.loads(store.run(result.run or "")["stats"])
        return pages / float(stats["elapsed_time_seconds"]), pages / float(stats["cpu_s"]), stats
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Print the rates and their ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    lean = '[health]\nevent_loop = "uvloop.Loop"\n' if find_spec("uvloop") else None
    works = {"selectors": (CARDS, ""), "selectors, long table": (TABLE, ""), "generic extraction": (SITE, "")}
    if lean:
        works |= {"lean loop, selectors": (CARDS, lean), "lean loop, generic": (SITE, lean)}
    else:
        print("uvloop is not installed: the lean loop is not measured")
    ratios: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    with server(given.pages) as (url, size):
        for _ in range(given.rounds):
            plain, plain_cpu = bare(url, given.pages)
            print(f"{'bare Scrapy':22} {plain:6.0f} pages/s {plain_cpu:6.0f} pages/s of processor time")
            for name, (site, settings) in works.items():
                full, cpu, stats = ours(url, given.pages, site, settings)
                ratios[name].append((full / plain, cpu / plain_cpu))
                print(f"{name:22} {full:6.0f} pages/s {cpu:6.0f} pages/s of processor time   peak {stats['peak_mb']} MB")
    for name, found in ratios.items():
        clock, cpu = (statistics.median(column) for column in zip(*found, strict=True))
        goal = GOALS["lean" if name.startswith("lean") else "default"]
        print(f"{given.pages} pages of {size / 1000:.0f} KB, {given.rounds} rounds, {name}: {clock:.2f} x bare Scrapy, {cpu:.2f} x by processor time (goal {goal})")


if __name__ == "__main__":
    main()
