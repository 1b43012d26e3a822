"""Scrapy's settings, hardened: what is fetched here is evidence from untrusted addresses.

Each line that differs from Scrapy's default says why. `for_plan` lays the limits of one run over them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.plan import Plan

BOT_NAME = "chipwatch"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

# Scrapy 2.14 to 2.19 breaks its limit per domain while the delay is 0 (a burst of 8 was measured): the delay is never 0,
# and one request at a time in the whole run leaves nothing to go wrong. The real pause is kept by Manners.
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 5.0
DOWNLOAD_DELAY_JITTER = 0.0
AUTOTHROTTLE_ENABLED = False
# Scrapy starts so many tasks for the output of every page, 100 by default; our spider gives requests alone, in order.
CONCURRENT_ITEMS = 1

REQUEST_FINGERPRINTER_CLASS = "crawler.asked.Fingerprinter"

# Manners reads robots.txt as RFC 9309 does; Scrapy's takes an unreachable one for permission.
ROBOTSTXT_OBEY = False
RETRY_ENABLED = False
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False
HTTPPROXY_ENABLED = False
COOKIES_ENABLED = False

# Remote control runs Python for whoever holds its token; the telnet console for whoever is on this machine.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS: dict[str, Any] = {"file": None, "ftp": None, "s3": None, "data": None}
TWISTED_DNS_RESOLVER = "crawler.politeness.resolver.PublicResolver"
DOWNLOAD_TIMEOUT = 60
DNS_TIMEOUT = 20
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_FAIL_ON_DATALOSS = True

_MIDDLEWARES = "scrapy.downloadermiddlewares"
# What Manners does in one step (hosts, time-out, headers) is not done again; a login we have nowhere. What goes through is
# counted by our own facts; sizes of heads and requests are no use to anybody.
_NOT_NEEDED = ("offsite.Offsite", "httpauth.HttpAuth", "downloadtimeout.DownloadTimeout", "defaultheaders.DefaultHeaders", "useragent.UserAgent")
DOWNLOADER_MIDDLEWARES: dict[str, Any] = {
    "crawler.middlewares.Manners": 50,
    "crawler.middlewares.Redirects": 40,
    f"{_MIDDLEWARES}.redirect.RedirectMiddleware": None,
} | {f"{_MIDDLEWARES}.{name}Middleware": None for name in _NOT_NEEDED}
DOWNLOADER_STATS = False
# Each stands in the way of every request that a page gives, once as a generator and once as an asynchronous one. Depth is
# counted by the spider, the length of an address by Manners; nobody here sends a Referer, copies meta or asks where a request began.
SPIDER_MIDDLEWARES: dict[str, Any] = {
    f"scrapy.spidermiddlewares.{name}Middleware": None
    for name in ("depth.Depth", "urllength.UrlLength", "referer.Referer", "start.StartSpider", "metacopy.MetaCopyDetection")
}
EXTENSIONS: dict[str, Any] = {"scrapy.extensions.logstats.LogStats": None, "crawler.memory.MemoryLimit": 0}
# It measures whoever started the process too; see crawler.memory.
MEMUSAGE_ENABLED = False
CLOSESPIDER_TIMEOUT = 7200
"""Scrapy's default is none."""
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.9,*/*;q=0.5"
}
STATS_DUMP = False
# It reads the source of every callback; the types are checked by mypy.
WARN_ON_GENERATOR_RETURN_VALUE = False
LOG_LEVEL = "INFO"
LOG_INSTALL_ROOT_HANDLER = False
LOG_VERSIONS: list[str] = []
FEED_EXPORT_ENCODING = "utf-8"


def for_plan(plan: Plan) -> dict[str, Any]:
    """All settings of one run, as a dict for Scrapy."""
    own = {name: value for name, value in globals().items() if name.isupper() and name != "TYPE_CHECKING"}
    return own | {
        "CHIPWATCH_PLAN": plan,
        "CHIPWATCH_LOOPBACK": plan.site.loopback,
        "USER_AGENT": plan.user_agent,
        "ASYNCIO_EVENT_LOOP": plan.event_loop,
        "DOWNLOAD_DELAY": plan.delay_s,
        "DOWNLOAD_TIMEOUT": plan.timeout_s,
        "DOWNLOAD_MAXSIZE": plan.max_body,
        "REDIRECT_MAX_TIMES": plan.max_redirects,
        # Its own end comes later than that of Manners, which can say why.
        "CLOSESPIDER_TIMEOUT": plan.max_seconds + plan.timeout_s + 60,
        "DEFAULT_REQUEST_HEADERS": DEFAULT_REQUEST_HEADERS
        | ({"Accept-Language": f"{plan.site.language}, en;q=0.5"} if plan.site.language else {}),
    }
