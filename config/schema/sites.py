"""One marketplace a file (`config/sites/<key>.toml`): what it is, how and on what basis it may be read, what is healthy."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from config.schema.schedule import known_zone
from config.tables import Table

Family = Literal["api", "jsonld", "cards", "feed", "archive", "files"]
Dialect = Literal["ebay_browse", "yahoo_shopping_jp", "rakuten_ichiba"]
Basis = Literal["official_api", "robots_and_terms", "permission", "own_capture", "demo"]
FIELDS = Literal[
    "title", "description", "price", "quantity", "condition", "category", "seller_id", "seller_name", "seller_since",
    "seller_ratings", "location", "ships_to", "image_urls", "posted_at", "url",
]  # fmt: skip
"""Fields whose share of filled values can be expected; `price` means text or amount."""

Share = Annotated[float, Field(ge=0, le=1)]


class Access(Table):
    """On what basis the site may be read, and who last looked at that. Without it no run starts."""

    basis: Basis
    reviewed_by: str | None = None
    """Who reviewed robots.txt and terms; None in shipped files, so that each desk does it itself."""
    reviewed_on: date | None = None
    statistics: bool = True
    """May the prices of this site enter the market reference?"""
    terms_url: str | None = None
    notes: str = ""


class Search(Table):
    """What is searched for: `{term}` in a start address is replaced by each term."""

    terms: tuple[str, ...] = ()
    catalogue: Literal["none", "datacentre", "all"] = "none"
    """Take the chip names of the catalogue besides: those of one market, or all."""
    markets: tuple[str, ...] = ()
    """For the api family: the API's own marketplace names, e.g. EBAY_US."""
    max_terms: Annotated[int, Field(ge=1, le=500)] = 100


class Pace(Table):
    """How fast and how far. Pauses under the floor of settings.toml are raised to it; a longer Crawl-delay wins."""

    delay_s: Annotated[float, Field(gt=0, le=3600)] | None = None
    max_pages: Annotated[int, Field(ge=1)] | None = None
    """Pages of one run; None = the limit of settings.toml."""
    max_minutes: Annotated[float, Field(gt=0)] | None = None
    max_depth: Annotated[int, Field(ge=1)] | None = None
    """Pages of one result list, or links from a start address."""
    daily_requests: Annotated[int, Field(ge=1)] | None = None
    """Requests of a UTC day at most, over all runs, for APIs with a daily quota."""
    hours: tuple[Annotated[int, Field(ge=0, le=23)], ...] = ()
    """Hours of the day in which a crawl may begin; empty = any. The schedule moves its starts into them."""
    timezone: str = "UTC"
    """Whose hours these are, e.g. 'Europe/Berlin'."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return known_zone(value)

    def open_at(self, moment: datetime) -> bool:
        """May a crawl begin at this moment?"""
        from zoneinfo import ZoneInfo

        return not self.hours or moment.astimezone(ZoneInfo(self.timezone)).hour in self.hours


class Selectors(Table):
    """CSS selectors, in Scrapy's form (`a::attr(href)`, `::text`). A bare element gives its text.

    Fields inside a card or a detail page; several selectors of one field are tried in order.
    """

    id: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    description: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    quantity: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    seller_id: tuple[str, ...] = ()
    seller_name: tuple[str, ...] = ()
    seller_since: tuple[str, ...] = ()
    seller_ratings: tuple[str, ...] = ()
    location: tuple[str, ...] = ()
    ships_to: tuple[str, ...] = ()
    image_urls: tuple[str, ...] = ()
    posted_at: tuple[str, ...] = ()

    @field_validator("*", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("*")
    @classmethod
    def _compiles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_checked(selector) for selector in value)


class Lists(Table):
    """A result list: where its cards are, how it goes on, how it says that it is empty."""

    card: str | None = None
    """Selector of one card (cards family)."""
    fields: Selectors = Selectors()
    next: str | None = None
    """Selector of the address of the next page."""
    links: str | None = None
    """Selector of the addresses of listing pages (jsonld family)."""
    empty: str | None = None
    """Selector that is there when a search has no results; without it a page without cards counts as changed."""

    @field_validator("card", "next", "links", "empty")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        return None if value is None else _checked(value)


class Detail(Table):
    """Pages of single listings."""

    follow: Literal["none", "candidates", "all"] = "none"
    """Which listings of a list are opened: those whose title names a chip of the catalogue, or all."""
    fields: Selectors = Selectors()
    """Cards family: fields of the detail page, laid over those of the card."""
    only: tuple[str, ...] = ()
    """jsonld family: a listing page's path must contain one of these; empty = any."""


class Expect(Table):
    """What a healthy run looks like. A run that breaks it is `changed` and quarantined."""

    listings: Annotated[int, Field(ge=0)] = 0
    """At least so many; 0 lets a run without any be `empty`, unless the last healthy runs had some."""
    pages: Annotated[int, Field(ge=0)] = 1
    fill: dict[FIELDS, Share] = {}
    """Least share of listings that bear a field."""
    fall: Share = 0.5
    """A run with fewer listings than this share of the usual (median of the last healthy runs) is `changed`."""
    failures: Share = 0.02
    """Up to this share of requests may fail or be forbidden by robots.txt before a run counts as `partial`."""


class Site(Table):
    """One site file. `key` is the file's name and the listings' `site`."""

    key: str = ""
    title: str
    family: Family
    dialect: Dialect | None = None
    """api family: whose answers these are."""
    enabled: bool = True
    loopback: bool = False
    """The site is a demo or test server on this machine: only loopback addresses, and only with basis `demo`."""
    home_url: str | None = None
    start: tuple[str, ...] = ()
    """Where to begin; `{term}` stands for a search term. Not needed for api (see `base_url`) and files."""
    base_url: str | None = None
    """api family: the API's address if it is not the official one."""
    sitemap: tuple[str, ...] = ()
    """jsonld family: sitemaps to take listing pages from."""
    hosts: tuple[str, ...] = ()
    """Hosts besides those of the start addresses that may be asked."""
    country: str | None = None
    language: str | None = None
    currency: str | None = None
    """What an ambiguous sign such as ¥ or $ means here."""
    id_pattern: str | None = None
    """Regular expression with one group: the listing id in a listing's address."""
    columns: dict[str, str] = {}
    """files family: column of a CSV -> field of a listing."""
    search: Search = Search()
    pace: Pace = Pace()
    list: Lists = Lists()
    detail: Detail = Detail()
    access: Access | None = None
    expect: Expect = Expect()
    never: tuple[FIELDS, ...] = ()
    """Fields the site never gives: their absence is no problem."""

    @field_validator("start", "sitemap", "hosts", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("id_pattern")
    @classmethod
    def _pattern(cls, value: str | None) -> str | None:
        import re

        if value is not None:
            try:
                groups = re.compile(value).groups
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from error
            if groups != 1:
                raise ValueError("needs exactly one group, the listing id")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Site:
        if self.family == "api" and self.dialect is None:
            raise ValueError("family 'api' needs the key 'dialect'")
        if self.family == "cards" and not (self.list.card and self.list.fields.title):
            raise ValueError("family 'cards' needs list.card and list.fields.title")
        if self.family in ("cards", "feed") and not self.start:
            raise ValueError(f"family {self.family!r} needs the key 'start'")
        if self.family == "jsonld" and not (self.start or self.sitemap):
            raise ValueError("family 'jsonld' needs 'start' or 'sitemap'")
        if self.loopback and (self.access is None or self.access.basis != "demo"):
            raise ValueError("loopback = true is for sites whose access.basis is 'demo'")
        for url in (*self.start, *self.sitemap, *([self.base_url] if self.base_url else [])):
            if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
                raise ValueError(f"{url!r} is no http(s) address")
        return self


def _checked(selector: str) -> str:
    """The selector, if it is one in the small dialect of docs/sites.md. Raises ValueError."""
    from selectolax.lexbor import LexborHTMLParser

    path, sign, part = selector.partition("::")
    if (
        sign
        and part != "text"
        and not (part.startswith("attr(") and part.endswith(")") and part[5:-1].strip())
    ):
        raise ValueError(f"{selector!r}: after '::' only text and attr(name) are known")
    if path.strip():
        try:
            LexborHTMLParser("<p>").css(path)
        except Exception as error:
            raise ValueError(f"{selector!r} is no CSS selector") from error
    return selector
