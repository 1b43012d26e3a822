"""The spiders: one class does the work for every family, whose parser is a module of `crawler.families`.

Order of a page: archive it, read it, record its listings, follow what it leads to. `scrapy crawl cards -a site=KEY -O
out.jsonl` runs one without a home and gives its listings as items.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import scrapy
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.spidermiddlewares.httperror import HttpError

from crawler import archiving, erased
from crawler.families.answers import Keys
from crawler.memory import REASON as MEMORY
from crawler.middlewares import STORED, Refused, plain_headers
from crawler.page import Follow, Page, Reading
from crawler.politeness.causes import in_words
from crawler.politeness.head import too_large

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from crawler.plan import Plan
    from crawler.recorder import Recorder
    from storage.evidence import EvidenceRef

GONE = (404, 410)


class MarketSpider(scrapy.Spider):
    """Reads one site by its family's parser."""

    name = "market"

    def __init__(
        self, *args: Any, plan: Plan | None = None, recorder: Recorder | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.recorder = recorder
        self._plan = plan
        self._lists: dict[str, int] = {}
        self._on_list: dict[str, set[str]] = {}
        """What the pages of a list held so far, by the address of each of its pages."""
        self._opened: set[str] = set()
        """Listings whose own pages were asked for: their ids, or addresses where a list gives no more."""
        self._seen_on: dict[str, EvidenceRef] = {}
        """Evidence of the list on which a listing stood whose own page is opened, by listing id."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> MarketSpider:
        """Made by Scrapy; the plan comes in the setting CHIPWATCH_PLAN."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider._plan = spider._plan or crawler.settings["CHIPWATCH_PLAN"]
        crawler.signals.connect(spider._dropped, signal=scrapy.signals.request_dropped)
        return spider

    @property
    def plan(self) -> Plan:
        """What this run was planned to do."""
        if self._plan is None:
            raise ValueError("start this spider with `chipwatch crawl SITE`")
        return self._plan

    async def start(self) -> AsyncIterator[Request]:
        """The site's start addresses; an API's token is fetched first."""
        plan = self.plan
        plan.cpu_started = time.process_time()
        if plan.keys is not None and hasattr(plan.family, "token_request") and not await self._fetch_token():
            return
        for follow in plan.family.start(plan.site, plan.terms):
            request = self._request(follow)
            request.meta["is_start_request"] = True  # the scheduler keeps the order of these, of others it takes the last first
            yield request

    async def _fetch_token(self) -> bool:
        """Client credentials for a token, which stays in memory. A refusal ends the run as blocked."""
        plan = self.plan
        assert plan.keys is not None
        url, headers, body = plan.family.token_request(plan.site, plan.keys)  # type: ignore[attr-defined]
        request = Request(
            url,
            method="POST",
            headers=headers,
            body=body,
            callback=NO_CALLBACK,
            dont_filter=True,
            meta={"no_robots": True},
        )
        try:
            assert self.crawler.engine is not None
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            plan.facts.failed[f"token: {_cause(error)}"] += 1
            return False
        token = _token(response)
        if token is None:
            plan.facts.stops.append(
                f"the API gave no token (status {response.status}); check the keys in the environment"
            )
            return False
        plan.keys = Keys(plan.keys.values, token)
        return True

    def _request(self, follow: Follow) -> Request:
        plan = self.plan
        url, headers = follow.url, None
        if plan.keys is not None:
            url, headers = plan.family.signed(follow.url, plan.keys)  # type: ignore[attr-defined]
        if self.recorder is not None and plan.keys is None and not follow.fully:
            headers = self.recorder.validators.headers(url)
        return Request(
            url, headers=headers, callback=self.parse, meta={"handle_httpstatus_list": [304]}, dont_filter=follow.fully, errback=self.failed, cb_kwargs={"follow": follow},
            priority=self._priority(follow),
        )  # fmt: skip

    def _priority(self, follow: Follow) -> int:
        """New listings first: what a list promised may be gone when the list is done. Then lists, then what was asked for longest ago."""
        if follow.role != "detail":
            return 0
        return self.plan.visits.priority(follow.url) if self.plan.visits else 1

    def _visited(self, follow: Follow) -> None:
        if follow.role == "detail" and self.plan.visits:
            self.plan.visits.note(follow.url, self.plan.moment())

    def parse(self, response: Response, follow: Follow) -> Iterator[Any]:
        """One answer: archive, read, record, follow."""
        self._visited(follow)
        page = Page(
            self._own_url(response, follow), response.body, self.plan.stamp(), response.status, plain_headers(response),
            follow.role, follow.card,
        )  # fmt: skip
        stored: tuple[Page, EvidenceRef] | None = response.meta.get(STORED)
        if stored is not None:
            page = dataclasses.replace(stored[0], role=follow.role, card=follow.card)
            self.plan.facts.kept += 1
        if page.status == 304:
            known = self.recorder.validators.stored(page, follow.url) if self.recorder else None
            if known is None:
                # The bytes of the last time are gone: ask for the whole page, once.
                if _conditional(response.request):
                    yield self._request(dataclasses.replace(follow, fully=True))
                else:
                    self._without_page(follow, "status 304 to a request that set no condition")
                return
            self.plan.facts.unchanged += 1
            page = known
        reading = self.plan.family.read(page, self.plan.site)
        self._count(reading, page, follow)
        if self.recorder is not None:
            whole, reading = reading, self.recorder.without_erased(reading)
            evidence = stored[1] if stored else self._archive(page, response, whole, reading)
            if evidence is not None:
                self.recorder.validators.remember(follow.url, page, evidence)
                self._record(reading, evidence)
            if not reading.recognised and follow.card is not None:
                self.recorder.take_card(follow.card, self._seen_on.get(follow.card.listing_id))
        else:
            yield from (listing.to_dict() for listing in reading.listings)
        yield from self._follow(reading, follow)

    def _own_url(self, response: Response, follow: Follow) -> str:
        """The address that is stored: without keys of an API, and after redirects where there were any."""
        return follow.url if self.plan.keys is not None else response.url

    def _count(self, reading: Reading, page: Page, follow: Follow) -> None:
        self.plan.facts.count_page(page.url, reading)
        self.plan.facts.lists += reading.recognised and follow.role != "detail"

    def _archive(self, page: Page, response: Response, whole: Reading, reading: Reading) -> EvidenceRef | None:
        """Keep the page, or what may be kept of it: of one that is about an erased listing alone, nothing, its address included."""
        assert self.recorder is not None
        cut = reading is not whole
        if cut and not reading.listings and not reading.follow:
            return None
        rules = self.plan.robots.get(urlsplit(page.url).netloc)
        return self.recorder.keep(
            page, request_headers=archiving.request_headers(response), ip=str(response.ip_address) if response.ip_address else None,
            robots=rules.facts() if rules else None, tls=archiving.tls(response),
            quotes=archiving.quotes(reading.listings) if cut or archiving.not_to_be_kept(page) else None,
            why=erased.WHY if cut else archiving.WHY,
        )  # fmt: skip

    def _record(self, reading: Reading, evidence: EvidenceRef) -> None:
        """Record what the page completes: a listing whose own page is opened next waits for that page."""
        assert self.recorder is not None
        opened = {f.card.listing_id for f in reading.follow if f.card is not None and self._opens(f)}
        self._seen_on.update((entry, evidence) for entry in opened if entry not in self._seen_on)
        self.recorder.take(
            [entry for entry in reading.listings if entry.listing_id not in opened], evidence
        )

    def _opens(self, follow: Follow) -> bool:
        if follow.card is None or self.plan.site.detail.follow != "candidates":
            return True
        return self.plan.candidate(follow.card.title)

    def _follow(self, reading: Reading, follow: Follow) -> Iterator[Request]:
        for entry in reading.follow:
            if entry.role == "detail" and self._opens(entry):
                name = entry.card.listing_id if entry.card else entry.url
                if name not in self._opened:
                    self._opened.add(name)
                    yield from self._asking(entry)
        # Judged by this list alone: another search may have shown its first pages already, and not those that come after.
        held = {entry.listing_id for entry in reading.listings} | {f.url for f in reading.follow if f.role == "detail"}
        before = self._on_list.setdefault(follow.url, set())
        again = held <= before
        before |= held
        for entry in reading.follow:
            if entry.role == "detail":
                continue
            depth = self._lists[entry.url] = self._lists.get(follow.url, 1) + 1
            if depth > self.plan.max_depth:
                limit = f"stopped at page {self.plan.max_depth} of a list"
                if limit not in self.plan.facts.limits:
                    self.plan.facts.limits.append(limit)
            elif again and reading.recognised and "sitemap" not in (entry.role, follow.role):
                # A list whose page brought nothing new goes in circles; one that cannot be read is kept whole, for `reparse`.
                self.plan.facts.remarks.append(f"a list was left at page {depth - 1}, which brought nothing new: {follow.url}")
            else:
                self._on_list.setdefault(entry.url, before)
                yield from self._asking(entry)

    def _asking(self, follow: Follow) -> Iterator[Request]:
        """The request for an address that a page gave; what is none costs itself alone."""
        try:
            request = self._request(follow)
        except ValueError:
            self._without_page(follow, "is no address")
            return
        yield request

    def _without_page(self, follow: Follow, why: str) -> None:
        """Count a page that cannot be had, and record what its list said of the listing."""
        self.plan.facts.failed[why] += 1
        if follow.card is not None and self.recorder is not None:
            self.recorder.take_card(follow.card, self._seen_on.get(follow.card.listing_id))

    def failed(self, failure: Failure) -> None:
        """A request without a usable answer: count it by cause, so that the outcome can name it."""
        facts, error = self.plan.facts, failure.value
        follow = failure.request.cb_kwargs.get("follow") if hasattr(failure, "request") else None
        gone = isinstance(error, HttpError) and error.response.status in GONE
        if follow is not None and follow.card is not None and self.recorder is not None and not gone:
            self.recorder.take_card(follow.card, self._seen_on.get(follow.card.listing_id))
        if isinstance(error, Refused):
            if error.kind == "robots":
                facts.robots += 1
            elif error.kind in ("host", "redirect"):
                facts.refused[error.why] += 1
                if error.kind == "redirect" or (follow is not None and follow.role == "list"):
                    facts.failed[error.why] += 1
            return
        if follow is not None:
            self._visited(follow)
        if (
            isinstance(error, HttpError)
            and error.response.status in GONE
            and follow is not None
            and follow.role == "detail"
        ):
            facts.gone += 1
            return
        facts.failed[_cause(error)] += 1

    def _dropped(self, request: Request) -> None:
        """Scrapy drops an address asked before without a word: a redirect back to itself is a failure, a start a thing to tell."""
        if request.url in request.meta.get("redirect_urls", ()):
            self.plan.facts.failed["redirect loop"] += 1
        elif request.meta.get("is_start_request"):
            self.plan.facts.remarks.append(f"a start address is or leads to one asked before: {request.cb_kwargs['follow'].url}")

    def closed(self, reason: str) -> None:
        """Take Scrapy's own reasons over into the facts."""
        if reason == "shutdown" and not self.plan.facts.signal:
            self.plan.facts.signal = "SIGTERM"
        elif reason == MEMORY:
            self.plan.facts.limits.append(f"stopped: the crawl held more than {self.plan.memory_mb} MB of memory")
        elif reason not in ("finished", "shutdown"):
            self.plan.facts.limits.append(f"stopped: {reason}")
        if self.plan.visits:
            self.plan.visits.save()  # last: a full disk must not hide why the run ended


class ApiSpider(MarketSpider):
    """Official APIs."""

    name = "api"


class JsonldSpider(MarketSpider):
    """Listing pages with schema.org markup."""

    name = "jsonld"


class CardsSpider(MarketSpider):
    """Result lists of plain cards."""

    name = "cards"


class FeedSpider(MarketSpider):
    """RSS, Atom, forum listings."""

    name = "feed"


def _conditional(request: Request | None) -> bool:
    """Did a request ask for a page only if it has changed?"""
    return request is not None and any(name in request.headers for name in ("If-None-Match", "If-Modified-Since"))


def _token(response: Response) -> str | None:
    if response.status != 200:
        return None
    try:
        data = json.loads(response.body)
    except ValueError:
        return None
    token = data.get("access_token") if isinstance(data, dict) else None
    return token if isinstance(token, str) and token.isascii() and token.isprintable() else None


def _cause(error: Any) -> str:
    """A failure in few words, the same for the same cause."""
    if isinstance(error, HttpError):
        return f"status {error.response.status}"
    if isinstance(error, DownloadCancelledError):
        return "answer too large"
    if too_large(error):
        return "headers too large"
    if isinstance(error, Refused):
        return error.why
    if isinstance(error, IgnoreRequest):
        text = str(error)
        return "answer too large after decompression" if "decompress" in text else text[:80] or "ignored"
    return in_words(error)
