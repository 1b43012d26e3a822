"""The one place where manners are carried out, for every request: listed and public hosts, robots.txt, one request at a
time with a pause, Retry-After and back-off, and leaving a host alone.

Scrapy's own retry and robots middlewares are off: the first knows no Retry-After, the second reads a robots.txt that
cannot be had as permission. Requests of a run are made one after the other (CONCURRENT_REQUESTS = 1), so a pause
here pauses everything.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import DownloadTimeoutError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from crawler.plan import Plan
from crawler.politeness import causes, challenge, hosts, robots
from crawler.politeness.head import bound_heads, too_large
from crawler.politeness.pause import Pause, retry_after
from storage.errors import StorageError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

REFUSALS = (401, 403, 429)
AGAIN = (408, 429, 500, 502, 503, 504)
"""Answers that may be better a moment later."""
_ROBOTS = "robots_txt"
STORED = "stored_page"
"""Key of a request's meta: (page, pointer) of a killed run that stand in for the answer."""
ROBOTS_BYTES = 32 * 1024 * 1024
"""A robots.txt may be larger than a page; only its beginning is read (RFC 9309 section 2.5), but it must arrive."""


class Refused(IgnoreRequest):
    """Raised if an address is not asked or its answer not taken; `kind` is robots, host, stopped, limit, challenge, redirect."""

    def __init__(self, kind: str, why: str) -> None:
        self.kind, self.why = kind, why
        super().__init__(why)


class Redirects(RedirectMiddleware):
    """Scrapy's redirects without Referer, which no request of ours carries; after Manners, which counts each answer and its pause."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The request that a redirect leads to, or the answer. Raises Refused for one that leads nowhere that may be asked."""
        found = super().process_response(request, response)
        if isinstance(found, Response) and 300 <= found.status < 400 and found.status != 304 and not request.meta.get(_ROBOTS):
            raise Refused("redirect", "redirect refused: leads to no http(s) address")
        return found

    def handle_referer(self, request: Request, response: Response) -> None:
        """Leave the header out."""
        request.headers.pop("Referer", None)


class Manners:
    """Downloader middleware; the plan of the run rides in the setting CHIPWATCH_PLAN."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.plan: Plan = crawler.settings["CHIPWATCH_PLAN"]
        self.facts = self.plan.facts
        self.headers = {**crawler.settings.getdict("DEFAULT_REQUEST_HEADERS"), "User-Agent": self.plan.user_agent}
        self.pause = Pause(self.plan.delay_s)
        self.robots: dict[str, robots.Robots] = {}
        self.refusals: Counter[str] = Counter()
        self.stopped: dict[str, str] = {}
        self._recalled: set[str] = set()
        bound_heads()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Manners:
        """Made by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> Response | None:
        """Let a request pass after its pause, or answer it from what a killed run stored. Raises Refused."""
        stored = self._stored(request)
        if stored is not None:
            return stored
        plan, host = self.plan, urlsplit(request.url).netloc
        problem = hosts.refused(request.url, plan.hosts, loopback=plan.site.loopback)
        if problem:
            kind = "redirect" if request.meta.get("redirect_times") else "host"
            raise Refused(kind, f"redirect refused: {problem}" if kind == "redirect" else problem)
        self._check_stopped(host)
        if not request.meta.get(_ROBOTS):
            self._check_limits()
            if plan.obey_robots and not request.meta.get("no_robots"):
                await self._check_robots(request, host)
            self._check_stopped(host)
        request.meta["download_timeout"] = plan.timeout_s
        for name, value in self.headers.items():
            request.headers.setdefault(name, value)
        self._recall(host)
        await self._wait(self.pause.before(host, self._now()))
        self.facts.requests += 1
        if plan.asked is not None:
            plan.asked.add(plan.day())
        self.pause.asked(host, self._now())
        return None

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Take an answer, ask again, or leave the host alone. Raises Refused."""
        if STORED in request.meta:
            return response
        host = urlsplit(request.url).netloc
        self._ended(host)
        self.facts.bytes += len(response.body)
        if request.meta.get(_ROBOTS):
            return response
        headers = plain_headers(response)
        rest_s = self._rest(host, headers.get("retry-after")) if response.status >= 300 else None
        if 300 <= response.status < 400 and response.status != 304:
            return response
        asked = request.meta.get("redirect_urls", [request.url])[0]
        mark = challenge.recognise(
            self.plan.marks,
            asked,
            response.url,
            response.status,
            headers,
            response.body,
            self.plan.site.language,
        )
        if mark is not None:
            self._stop(host, f"{mark.kind} page ({mark.id})", mark.kind)
        if response.status in REFUSALS:
            self.refusals[host] += 1
            if self.refusals[host] >= self.plan.refusals_in_a_row:
                self._stop(
                    host,
                    f"{self.refusals[host]} refusals in a row, the last with status {response.status}",
                    "refusals",
                )
        elif response.status < 500:
            self.refusals[host] = 0
        if response.status in AGAIN:
            return self._again(request, host, f"status {response.status}", rest_s) or response
        return response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Ask again after a back-off where an answer failed to come."""
        if isinstance(exception, IgnoreRequest):
            return None
        host = urlsplit(request.url).netloc
        self._ended(host)
        if request.meta.get(_ROBOTS) or not _passing(exception):
            return None
        return self._again(request, host, type(exception).__name__)

    def _stored(self, request: Request) -> Response | None:
        """The answer that a killed run stored, as it was, with (page, pointer) in the request's meta; None if there is none."""
        follow = request.cb_kwargs.get("follow")
        if not self.plan.kept or follow is None or follow.fully:
            return None
        # Addresses of an API are stored without their keys; others are found behind a redirect too.
        found = self.plan.kept.page(follow.url if self.plan.keys is not None else request.url)
        if found is None:
            return None
        request.meta[STORED] = found
        page, _ = found
        # The stored body is the decoded one.
        headers = {name: value for name, value in page.headers.items() if name not in ("content-encoding", "transfer-encoding")}
        return Response(page.url, status=page.status, headers=headers, body=page.body, request=request)

    # -- deciding

    def _check_stopped(self, host: str) -> None:
        if host in self.stopped:
            raise Refused("stopped", f"{host} is left alone: {self.stopped[host]}")
        if self.plan.stopping.is_set():
            raise Refused("stopped", "the run is being stopped")

    def _check_limits(self) -> None:
        limit = self.plan.limit(self.facts.requests, self._now())
        if limit:
            if limit not in self.facts.limits:
                self.facts.limits.append(limit)
            raise Refused("limit", limit)

    async def _check_robots(self, request: Request, host: str) -> None:
        if host not in self.robots:
            self.robots[host] = await self._fetch_robots(request)
            self.pause.at_least(host, self.robots[host].delay_s)
        rules = self.robots[host]
        if rules.absent:
            self._stop(host, f"not reachable: {rules.why}; nothing may be fetched without its robots.txt", "robots", self.facts.absent)
        if rules.verdict == "unreachable":
            self._stop(host, f"robots.txt cannot be had ({rules.why}), so nothing may be fetched", "robots")
        if rules.delay_s > robots.MAX_DELAY_S:
            self._stop(host, f"robots.txt asks for a pause of {rules.delay_s:.0f} s; no crawl waits longer than {robots.MAX_DELAY_S:.0f}", "robots")
        if not rules.allows(request.url):
            raise Refused("robots", "forbidden by robots.txt")

    async def _fetch_robots(self, request: Request) -> robots.Robots:
        parts = urlsplit(request.url)
        url = f"{parts.scheme}://{parts.netloc}/robots.txt"
        asked = Request(url, callback=NO_CALLBACK, meta={_ROBOTS: True, "download_maxsize": ROBOTS_BYTES}, dont_filter=True)
        agent, max_kb = self.plan.robot_name, self.plan.robots_max_kb
        try:
            assert self.crawler.engine is not None
            response = await self.crawler.engine.download_async(asked)
        except Exception as error:
            why = getattr(error, "why", None) or causes.in_words(error)
            absent = causes.not_reached(error, answered="download_latency" in asked.meta)
            found = robots.judge(url, None, b"", agent, why=why, absent=absent)
        else:
            found = robots.judge(url, response.status, response.body, agent, max_kb=max_kb)
        self.plan.robots[parts.netloc] = found
        return found

    def _stop(self, host: str, why: str, kind: str, told: list[str] | None = None) -> None:
        """Leave a host alone for the rest of the run, and longer (see rest.py). Always raises Refused. `told` is where it is counted, by default `stops`."""
        self.stopped[host] = why
        (self.facts.stops if told is None else told).append(f"{host}: {why}")
        try:
            self.plan.leave_alone(host, kind, why)
        except (StorageError, OSError) as error:
            self.facts.errors.append(f"later runs will not know that {host} is to be left alone: {error}")
        logger.warning("%s is left alone: %s", host, why)
        raise Refused("stopped", f"{host} is left alone: {why}")

    def _rest(self, host: str, after: str | None) -> float | None:
        """Keep the pause that an answer asks for, for whatever is asked next, by this run or another; how long it is."""
        wait = retry_after(after, datetime.now(UTC))
        if wait is None:
            return None
        if wait > self.plan.retry_after_max_s:
            self._stop(host, f"asks to come back in {wait:.0f} s", "retry_after")
        self.pause.rest(host, self._now(), wait)
        if self.plan.last is not None:
            self.plan.last.note(host, wait)
        return wait

    def _again(self, request: Request, host: str, why: str, rest_s: float | None = None) -> Request | None:
        """The request for another try, after the rest that the server asked for or a doubling pause; None if tries are used up."""
        tries = request.meta.get("tries", 0) + 1
        if tries > self.plan.retries or self.plan.stopping.is_set():
            return None
        if rest_s is None:
            self.pause.rest(host, self._now(), self.plan.delay_s * 2**tries)
        logger.info("again after %s: %s", why, request.url)
        copy = request.copy()
        copy.meta["tries"] = tries
        copy.dont_filter = True
        copy.priority = request.priority + 1
        return copy

    # -- time

    def _recall(self, host: str) -> None:
        """At the first request to a host: keep the pause from the last one of another run, too."""
        if self.plan.last is not None and host not in self._recalled:
            self._recalled.add(host)
            ago = self.plan.last.ago(host, self.plan.retry_after_max_s)
            if ago is not None and ago < self.pause.of(host):
                self.pause.rest(host, self._now(), self.pause.of(host) - ago)

    def _ended(self, host: str) -> None:
        self.pause.asked(host, self._now())
        if self.plan.last is not None:
            self.plan.last.note(host)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _wait(self, seconds: float) -> None:
        """Sleep, unless the run is told to stop meanwhile."""
        if seconds <= 0:
            return
        self.facts.waited_s += seconds
        try:
            await asyncio.wait_for(self.plan.stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Refused("stopped", "the run is being stopped")


def plain_headers(response: Response) -> dict[str, str]:
    """Headers as text by lower-case name; repeated ones line by line, since a comma may stand in each."""
    found: dict[str, str] = {}
    for name, values in response.headers.items():
        text = "\n".join(value.decode("latin-1") for value in values if value is not None)
        found[name.decode("latin-1").lower()] = text
    return found


def _passing(exception: Exception) -> bool:
    """Is it a failure that may pass: a broken connection, a time-out, a cut answer? A too large answer or head is not."""
    from scrapy import exceptions as known

    kinds: tuple[Any, ...] = (
        DownloadTimeoutError, known.DownloadConnectionRefusedError, known.DownloadFailedError, known.ResponseDataLossError,
    )  # fmt: skip
    return isinstance(exception, kinds) and not too_large(exception)
