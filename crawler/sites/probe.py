"""A few requests to look at a site, with the manners of a crawl: `python -m crawler.sites.probe` reads a request on
standard input ({"site": {...}, "urls": [...], "home": DIR}) and writes one JSON line an answer, and robots.txt last."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.page import Page

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.sites import Site

MOST = 12
"""Requests of one look; whoever wants more wants a crawl."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a site gave: answers by asked address, failures by asked address, and robots.txt by host.

    `refused` says why nothing was asked at all: a host is at rest, or a crawl of it goes on. Then each address failed for that.
    """

    pages: dict[str, Page]
    failures: dict[str, str]
    robots: dict[str, dict[str, Any]]
    refused: str | None = None
    busy: bool = False
    """It was refused because a crawl goes on."""


def look(site: Site, urls: list[str], home: Path, config: Config) -> Look:
    """Fetch a few pages of a site in a process of its own, unless a crawl might not. What goes wrong is a failure of the address."""
    from crawler.run import only_crawl
    from crawler.sites import at_rest

    why = at_rest(site, home, datetime.now(UTC), config.settings.politeness.rest_hours)
    if why:
        return Look({}, dict.fromkeys(urls, why), {}, why)
    with only_crawl(site, home) as held:
        if held.busy:
            why = f"a crawl of {held.busy} is still running; try again when it has ended"
            return Look({}, dict.fromkeys(urls, why), {}, why, busy=True)
        return _look(site, urls, home, config, held.locks)


def _look(site: Site, urls: list[str], home: Path, config: Config, locks: tuple[int, ...]) -> Look:
    order = {"site": site.model_dump(mode="json"), "urls": urls[:MOST], "home": str(home)}
    child = subprocess.run(
        [sys.executable, "-m", "crawler.sites.probe"], input=json.dumps(order), capture_output=True, text=True,
        timeout=MOST * (config.settings.politeness.timeout_s + 60), check=False, pass_fds=locks,
    )  # fmt: skip
    pages: dict[str, Page] = {}
    failures: dict[str, str] = {}
    robots: dict[str, dict[str, Any]] = {}
    for line in child.stdout.splitlines():
        record = json.loads(line)
        if "robots" in record:
            robots = record["robots"]
        elif "why" in record:
            failures[record["asked"]] = record["why"]
        else:
            body = base64.b64decode(record["body"])
            pages[record["asked"]] = Page(record["url"], body, record["at"], record["status"], record["headers"])
    if child.returncode:
        last = (child.stderr.strip().splitlines() or ["nothing was said"])[-1]
        failures.update({url: last for url in urls if url not in pages})
    return Look(pages, failures, robots)


def main() -> int:
    """Answer one order."""
    from config.loader import Config
    from config.schema.sites import Site
    from crawler.plan import plan_run

    order = json.load(sys.stdin)
    site = Site.model_validate(order["site"])
    plan = plan_run(site, Config(Path(order["home"])), datetime.now(UTC))
    for record in _fetch(plan, order["urls"]):
        print(json.dumps(record))
    described = {
        host: found.facts() | {"delay_s": str(found.delay_s), "sitemaps": list(found.rules.sitemaps) if found.rules else []}
        for host, found in plan.robots.items()
    }
    print(json.dumps({"robots": described}))
    return 0


def _fetch(plan: Any, urls: list[str]) -> list[dict[str, Any]]:
    from scrapy.crawler import AsyncCrawlerProcess

    from crawler.settings import for_plan

    records: list[dict[str, Any]] = []
    process = AsyncCrawlerProcess(for_plan(plan))
    process.crawl(_spider(), urls=urls, plan=plan, records=records)
    process.start()
    return records


def _spider() -> Any:
    """The spider class; Scrapy is imported only in the child."""
    import scrapy

    from crawler.middlewares import plain_headers
    from crawler.spiders.market import _cause

    class ProbeSpider(scrapy.Spider):
        name = "probe"

        def __init__(self, *, urls: list[str], plan: Any, records: list[dict[str, Any]], **more: Any) -> None:
            super().__init__(**more)
            self.urls, self.plan, self.records = urls, plan, records

        async def start(self) -> Any:
            for url in self.urls:
                yield scrapy.Request(url, callback=self.parse, errback=self.failed, cb_kwargs={"asked": url}, dont_filter=True)

        def parse(self, response: scrapy.http.Response, asked: str) -> None:
            self.records.append({
                "asked": asked, "url": response.url, "status": response.status, "headers": plain_headers(response),
                "body": base64.b64encode(response.body).decode("ascii"), "at": self.plan.stamp(),
            })  # fmt: skip

        def failed(self, failure: Any) -> None:
            self.records.append({"asked": failure.request.cb_kwargs["asked"], "why": _cause(failure.value)})

    return ProbeSpider


if __name__ == "__main__":
    sys.exit(main())
