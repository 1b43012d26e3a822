"""Name resolution that gives public addresses only, so that a name which points inside (or changes to) never connects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.error import DNSLookupError

from crawler.politeness.hosts import address_refused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred


class PublicResolver(CachingThreadedResolver):
    """The connection goes to the very address that was checked here: there is no second look-up to lie to."""

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.loopback = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> PublicResolver:
        """Made by Scrapy; CHIPWATCH_LOOPBACK tells a demo site."""
        resolver = super().from_crawler(crawler, reactor)
        resolver.loopback = crawler.settings.getbool("CHIPWATCH_LOOPBACK")
        return resolver

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:
        """The address of a name. Fails with DNSLookupError for one that may not be asked."""
        return super().getHostByName(name, timeout).addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        problem = address_refused(address, loopback=self.loopback)
        if problem:
            raise DNSLookupError(f"{name}: {problem}")
        return address
