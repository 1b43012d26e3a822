"""A site file for an address that nobody wrote one for: what robots.txt, sitemap, markup and feeds say, as TOML to review."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler import dom
from crawler.archiving import not_to_be_kept
from crawler.decoding import decode
from crawler.families import feed
from crawler.families.sitemap import addresses
from crawler.links import base_of, led_to
from crawler.page import Page
from crawler.sites.checking import save_sample
from crawler.sites.guessing import Links, folder_of, guess_listing_links, next_link, price_signs

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

    from config.loader import Config
    from config.schema.sites import Site
    from crawler.sites.probe import Look


_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
_FEED = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+<(?:rss|feed|rdf:RDF)[\s>]", re.S | re.I)
"""The root of a feed; much may stand before it."""
LOOPBACK_DELAY_S = 0.05
"""Pause at a server of one's own machine, which nobody else waits for."""
NO_TEXTS = (
    "no description is read, nor seller, place or condition: most signs are in those texts and will be missed. Where cards show them, add them to [list.fields];"
    " where the listing's own page does, add [detail] with follow = \"all\" and its [detail.fields], for which the file holds lines to fill in (docs/sites.md, family cards)"
)
"""Told of a proposal of cards, of which only title, price and address are guessed."""
_DETAIL = (
    "", "# No description, seller, place or condition is read yet: most signs are in those texts and will be missed.",
    "# Add to [list.fields] what the cards show of them; or let each listing's page be opened, with the selectors of that page:",
    "# [detail]", '# follow = "all"   # or "candidates": those whose title names a chip of the catalogue', "# [detail.fields]", '# description = "div.description"',
    '# seller_name = ".seller"', '# location = ".location"', '# condition = ".condition"',
)  # fmt: skip


class ProposeError(ValueError):
    """Raised if no site file can be proposed: the page cannot be had, or shows no listing in any way known here."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`text` is the site file, written to `path`; `samples` are saved pages; `listings` what they give; `notes` for the person."""

    key: str
    path: Path
    text: str
    samples: tuple[Path, ...]
    listings: int
    notes: tuple[str, ...]


def propose(url: str, home: Path, config: Config, now: datetime | str | None = None, *, key: str | None = None) -> Proposal:
    """Look at a site and write HOME/config/sites/<key>.toml (disabled, access to be filled in), a page and its listings.

    Raises ProposeError, and FileExistsError if the home has such a file.
    """
    from crawler.sites.probe import look

    if led_to("", url) is None:
        raise ProposeError(f"{url}: is no http(s) address")
    if key and not _NAME.fullmatch(key):
        raise ProposeError(f"{key}: is no name of a site file; write it in letters, digits, '.', '_' and '-'")
    parts = urlsplit(url)
    assert parts.hostname
    loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
    # On loopback the port tells one site from another.
    name = key or _key(parts.netloc if loopback else parts.hostname)
    path = home / "config" / "sites" / f"{name}.toml"
    if path.exists():
        raise FileExistsError(str(path))
    if not loopback and not config.settings.identity.contact:
        raise ProposeError("no contact; set identity.contact in HOME/config/settings.toml so that the site's operator can reach you")
    visitor = _visitor(url, loopback)

    def ask(*urls: str) -> Look:
        return look(visitor, list(urls), home, config)

    found = ask(url)
    page = found.pages.get(url)
    if page is None:
        raise ProposeError(f"{url}: {found.failures.get(url, 'no answer')}")
    sitemaps = [s for host in found.robots.values() for s in host["sitemaps"] if led_to(url, s) and urlsplit(s).hostname == parts.hostname]
    table, notes, pages = _examine(page, ask, price_signs(config.money), sitemaps)
    if table["family"] == "jsonld" and table.get("detail_only") and sitemaps:
        table["sitemap"] = sitemaps[:3]
    text = _toml(table, url, loopback, found, page)
    site = _parsed(text, name)
    stamp = now if isinstance(now, str) else (now or datetime.now(UTC)).isoformat()
    samples = [save_sample(home, site, saved, stamp) for saved in pages if not not_to_be_kept(saved)]
    listings = sum(sample.listings for sample in samples)
    notes += [f"{saved.url} asks not to be kept (noarchive), so it is no saved page" for saved in pages if not_to_be_kept(saved)]
    if len(pages) == 1 and listings > 1:
        text = text.replace("listings = 1\n", f"listings = {listings // 2}   # half of the {listings} on the saved page: a run with fewer is held for a person to look at\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    notes.append(f"next: read robots.txt and the terms, fill in [access], set enabled = true, then `chipwatch sites check {name} --live`")
    return Proposal(name, path, text, tuple(sample.folder for sample in samples), listings, tuple(notes))


def _visitor(url: str, loopback: bool) -> Site:
    """The site of a first look: its one host, with the slowest pace."""
    from config.schema.sites import Access, Pace, Site

    pace = Pace(delay_s=LOOPBACK_DELAY_S) if loopback else Pace()
    access = Access(basis="demo" if loopback else "robots_and_terms")
    # Where the host must be left alone, this is the name to let it go on by.
    return Site(key=urlsplit(url).hostname or "look", title="look", family="feed", start=(url,), loopback=loopback, pace=pace, access=access)


def _examine(page: Page, ask: Callable[..., Look], prices: re.Pattern[str], sitemaps: list[str]) -> tuple[dict[str, Any], list[str], list[Page]]:
    """Which family reads the page, with its keys; what to tell the person; and the pages to save."""
    from crawler.families.markup import extract, item_list
    from crawler.sites.guessing import guess_cards

    if page.body.lstrip()[:1] in (b"{", b"[") or _FEED.match(page.body[:65_536]):
        read = feed.read(page, _visitor(page.url, loopback=False))
        if read.recognised:
            return {"family": "feed"}, ["the address itself is a feed"], [page]
        raise ProposeError(f"{page.url}: {'; '.join(read.problems)}")
    text, _ = decode(page.body, page.headers.get("content-type", ""))
    try:
        tree = dom.parse(text)
    except dom.TooDeep as error:
        raise ProposeError(f"{page.url}: {error}") from error
    facts = {"title": _title(tree), "language": _language(tree)}
    notes = [f"feed offered: {link}" for link in _feeds(tree, page.url)]
    if extract(text, page.url, None) is not None:
        folder = _folder(urlsplit(page.url).path)
        return facts | {"family": "jsonld", "detail_only": folder, "single": True}, [*notes, "the address is a single listing page; add result pages or a sitemap"], [page]
    listed = item_list(tree)
    if listed:
        return facts | {"family": "jsonld"}, [*notes, f"the page lists {len(listed)} addresses in an ItemList"], [page, *_one_of(listed, page, ask)]
    guess = guess_cards(tree, prices)
    if guess is not None:
        return facts | {"family": "cards", "guess": guess}, [*notes, f"{guess.cards} cards found; check the selectors", NO_TEXTS], [page]
    linked = _linked_listings(tree, page, ask)
    if linked is not None:
        links, detail = linked
        told = f"the page links to listing pages in {links.folder}, which are read by their markup"
        only = links.folder if links.folder != "/" else None
        return facts | {"family": "jsonld", "detail_only": only, "links": links.selector, "next": next_link(tree)}, [*notes, told], [page, detail]
    mapped = _in_sitemap(sitemaps, ask)
    if mapped is not None:
        folder, sitemap, detail = mapped
        only = folder if folder != "/" else None
        told = f"the sitemap leads to listing pages in {folder}, which are read by their markup"
        return facts | {"family": "jsonld", "detail_only": only, "sitemap": [sitemap], "single": True}, [*notes, told], [detail]
    if notes:
        address = _feeds(tree, page.url)[0]
        offered = ask(address).pages.get(address)
        if offered is not None:
            return facts | {"family": "feed", "feed": address}, notes, [offered]
    raise ProposeError(f"{page.url}: shows no markup, no cards and no feed; it may need a browser, then capture by hand and import")


def _one_of(addresses: list[str], page: Page, ask: Callable[..., Look]) -> list[Page]:
    """The first listing page of a list, to be saved beside it."""
    url = led_to(page.url, addresses[0])
    found = ask(url).pages.get(url) if url else None
    return [dataclasses.replace(found, role="detail")] if found else []


def _linked_listings(tree: LexborHTMLParser, page: Page, ask: Callable[..., Look]) -> tuple[Links, Page] | None:
    """The links of a page to listing pages, with one of those; None if no linked page proves to be one."""
    candidates = {links.example: links for links in guess_listing_links(tree, page.url)}
    proved = _proved(list(candidates), ask)
    return (candidates[proved[0]], proved[1]) if proved else None


def _in_sitemap(sitemaps: list[str], ask: Callable[..., Look]) -> tuple[str, str, Page] | None:
    """The folder of listing pages that a sitemap leads to, the sitemap, and one of the pages; None if no page proves to be one."""
    for sitemap in sitemaps[:1]:
        found = ask(sitemap).pages.get(sitemap)
        kind, urls = addresses(found.body) if found is not None else (None, [])
        if kind == "index" and urls:
            found = ask(urls[0]).pages.get(urls[0])
            kind, urls = addresses(found.body) if found is not None else (None, [])
        folders = Counter(folder_of(url) for url in urls)
        # The last of a folder: its first is often the folder's own page.
        examples = {[url for url in urls if folder_of(url) == folder][-1]: folder for folder, _ in folders.most_common(3)}
        proved = _proved(list(examples), ask)
        if proved:
            return examples[proved[0]], sitemap, proved[1]
    return None


def _proved(urls: list[str], ask: Callable[..., Look]) -> tuple[str, Page] | None:
    """The first of these addresses whose page proves to be a listing, with the page."""
    from crawler.families.markup import extract

    pages = ask(*urls).pages if urls else {}
    for url in urls:
        found = pages.get(url)
        if found is not None and extract(decode(found.body, found.headers.get("content-type", ""))[0], url, None) is not None:
            return url, dataclasses.replace(found, role="detail")
    return None


def _toml(table: dict[str, Any], url: str, loopback: bool, found: Look, page: Page) -> str:
    """The file, with comments that say what a person must look at."""
    guess = table.get("guess")
    start = table.get("feed") or url
    lines = [
        f"# Proposed from {_safe(url)}. Read robots.txt and the terms, then fill in [access] and set enabled = true.",
        *(f"# {host}: {_robots_words(facts)}, pause asked for {facts['delay_s']} s" for host, facts in found.robots.items()),
        f"title = {_quoted(table.get('title') or urlsplit(url).hostname or url)}",
        f"family = {_quoted(table['family'])}", "enabled = false",
    ]  # fmt: skip
    # A listing page is no list to start from; the sitemap leads to it as to all others.
    lines += [] if table.get("single") and table.get("sitemap") else [f"start = {_quoted(start)}"]
    if table.get("sitemap"):
        lines.append(f"sitemap = [{', '.join(map(_quoted, table['sitemap']))}]")
    country = _country(url)
    lines += [f"country = {_quoted(country)}"] if country else ['# country = "US"']
    lines += [f"language = {_quoted(table['language'])}"] if table.get("language") else ['# language = "en"']
    lines += ["loopback = true", "", "[pace]", f"delay_s = {LOOPBACK_DELAY_S}"] if loopback else []
    lines += ["", "[access]", f'basis = "{"demo" if loopback else "robots_and_terms"}"', '# reviewed_by = "your name"', "# reviewed_on = 2026-01-31"]
    lines += ["", "[expect]", "listings = 1", "pages = 1"]
    if guess is not None:
        lines += ["", "[list]", f"card = {_quoted(guess.card)}"] + ([f"next = {_quoted(guess.next)}"] if guess.next else [])
        lines += ["[list.fields]", f"title = {_quoted(guess.title)}"]
        lines += [f"id = {_quoted(guess.id)}"] if guess.id else []
        lines += [f"price = {_quoted(guess.price)}"] if guess.price else []
        lines += [f"url = {_quoted(guess.url)}"] if guess.url else []
        lines += _DETAIL
    if table.get("links"):
        lines += ["", "[list]", f"links = {_quoted(table['links'])}"] + ([f"next = {_quoted(table['next'])}"] if table.get("next") else [])
    if table.get("detail_only"):
        lines += ["", "[detail]", f"only = [{_quoted(table['detail_only'])}]"]
    return "\n".join(lines) + "\n"


def _robots_words(facts: dict[str, Any]) -> str:
    if facts["verdict"] == "unavailable":
        return f"there is no robots.txt (status {facts['status']}), so nothing is forbidden"
    return "robots.txt cannot be had, so nothing may be fetched" if facts["verdict"] == "unreachable" else "robots.txt is there"


def _parsed(text: str, key: str) -> Site:
    import tomllib

    from config.schema.sites import Site

    return Site.model_validate(tomllib.loads(text)).model_copy(update={"key": key})


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's for what is left here."""
    return json.dumps(_safe(text), ensure_ascii=False)


def _safe(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)[:500]


def _key(host: str) -> str:
    name = re.sub(r"^(www|shop|store|forums?)\.", "", host.lower())
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-")


def _title(tree: LexborHTMLParser) -> str:
    node = tree.css_first("title")
    return " ".join(node.text().split())[:120] if node is not None else ""


def _language(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first("html")
    value = (node.attributes.get("lang") or "").strip() if node is not None else ""
    return value if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value) else None


def _feeds(tree: LexborHTMLParser, url: str) -> list[str]:
    kinds = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json")
    nodes = tree.css("link[rel=alternate]")
    base = base_of(tree, url)
    found = [led_to(base, node.attributes.get("href") or "") for node in nodes if node.attributes.get("type") in kinds and node.attributes.get("href")]
    return [address for address in found if address][:5]


def _folder(path: str) -> str | None:
    """`/products/a100-80` -> `/products/`: where listing pages of a shop live."""
    parts = [part for part in path.split("/") if part]
    return f"/{parts[0]}/" if len(parts) > 1 else None


def _country(url: str) -> str | None:
    ending = (urlsplit(url).hostname or "").rsplit(".", 1)[-1].upper()
    return {"UK": "GB"}.get(ending, ending) if len(ending) == 2 and ending.isalpha() and ending not in ("IO", "AI", "CO", "TV", "ME") else None
