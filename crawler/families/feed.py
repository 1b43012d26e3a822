"""RSS (0.9 to 2.0) and Atom feeds, JSON Feed, and the JSON listing of a forum (`kind: Listing`): every entry is a listing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from crawler.decoding import decode
from crawler.dom import DEEPEST, too_deep
from crawler.families.answers import decode_json, plain_text, text_of
from crawler.families.cards import id_in
from crawler.families.start import search_pages
from crawler.links import led_to
from crawler.page import Follow, Page, Reading
from storage.listing import Listing, ListingError

if TYPE_CHECKING:
    from config.schema.sites import Site

start = search_pages

MOST_NAMESPACES = 100
"""Different ones; a rich podcast feed declares some twenty."""
JSON_FEED = "https://jsonfeed.org/version/"
TITLE = 120
"""Letters of a text that stand for the title of an entry without one."""
_NAMESPACE = re.compile(rb"xmlns:?[^=\s]{0,64}")
_ROOT = re.compile(rb"<[a-zA-Z]")
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]{0,200}\?>")


_ODD = (ListingError, TypeError, ValueError, ArithmeticError, KeyError, AttributeError)
"""What an odd entry may raise: it is set aside, and the others are read."""


def read(page: Page, site: Site) -> Reading:
    """Entries of a feed as listings; JSON also leads to its next page."""
    if page.body.lstrip()[:1] in (b"{", b"["):
        data = decode_json(page.body)
        if isinstance(data, dict) and text_of(data.get("version")).startswith(JSON_FEED):
            return _json_feed(data, page, site)
        return _forum(data, page, site)
    return _feed(page, site)


def _feed(page: Page, site: Site) -> Reading:
    import feedparser

    # The encoding that is declared may be a lie, which feedparser would believe: it gets UTF-8, and no declaration.
    text, _ = decode(page.body, page.headers.get("content-type", ""), site.language)
    body = _DECLARATION.sub("", text, count=1).encode("utf-8", "replace")
    trap = _trap(body)
    if trap:
        return Reading(recognised=False, problems=(trap,))
    # Given bytes, feedparser fetches nothing; given no base address, it leaves identifiers as they are.
    parsed = feedparser.parse(body, response_headers={"content-type": "application/xml; charset=utf-8"})
    if not parsed.get("version"):
        return Reading(recognised=False, problems=("neither RSS nor Atom",))
    if not parsed.entries and parsed.bozo:
        return Reading(recognised=False, problems=(f"the feed is broken: {parsed.bozo_exception}"[:200],))
    found: list[Listing] = []
    problems: list[str] = []
    for number, entry in enumerate(parsed.entries, 1):
        try:
            found.append(_entry(entry, page, site))
        except _ODD as error:
            problems.append(f"entry {number}: {error}")
    return Reading(tuple(found), problems=tuple(problems))


def _trap(body: bytes) -> str | None:
    """Why the feed would cost its parser minutes (its time grows with the square of depth and of namespaces), or None."""
    root = _ROOT.search(body)
    if b"<!ENTITY" in body[: root.start() if root else len(body)]:
        return "the feed declares entities"
    if len(set(_NAMESPACE.findall(body))) > MOST_NAMESPACES:
        return f"the feed declares more than {MOST_NAMESPACES} namespaces"
    if too_deep(body):
        return f"elements nest deeper than {DEEPEST}"
    return None


def _entry(entry: Any, page: Page, site: Site) -> Listing:
    url = led_to(page.url, entry["link"]) if entry.get("link") else None
    content = entry.get("content") or [{}]
    when = entry.get("published_parsed") or entry.get("updated_parsed")
    text = plain_text(content[0].get("value")) or plain_text(entry.get("summary"))
    tags = [text_of(tag.get("term")) for tag in entry.get("tags") or () if tag.get("term")]
    return Listing.from_dict({
        "site": site.key, "listing_id": id_in(url, site) or entry.get("id") or url, "url": url,
        "title": plain_text(entry.get("title")) or _first_words(text), "description": text,
        # What a feed for merchants says (xmlns:g="http://base.google.com/ns/1.0"), under the names that feedparser gives it.
        "price_text": text_of(entry.get("g_sale_price")) or text_of(entry.get("g_price")) or None,
        "condition": text_of(entry.get("g_condition")) or None,
        "category": ", ".join(tags) or None, "seller_name": entry.get("author") or None,
        "country": site.country, "language": site.language,
        "posted_at": "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*when[:6]) if when else None,
        "observed_at": page.fetched_at,
    })  # fmt: skip


def _json_feed(data: dict[str, Any], page: Page, site: Site) -> Reading:
    """A JSON Feed, version 1 or 1.1 (jsonfeed.org)."""
    items = data.get("items")
    if not isinstance(items, list):
        return Reading(recognised=False, problems=("the JSON Feed has no items",))
    found: list[Listing] = []
    problems: list[str] = []
    for number, item in enumerate(items, 1):
        try:
            found.append(_json_item(item, page, site))
        except _ODD as error:
            problems.append(f"item {number}: {error}")
    after = led_to(page.url, text_of(data["next_url"])) if data.get("next_url") else None
    return Reading(tuple(found), (Follow(after, "list"),) if after else (), problems=tuple(problems))


def _json_item(item: Any, page: Page, site: Site) -> Listing:
    if not isinstance(item, dict):
        raise ListingError("item", "is no object")
    url = led_to(page.url, text_of(item["url"])) if item.get("url") else None
    text = plain_text(item.get("content_html")) or text_of(item.get("content_text")) or text_of(item.get("summary")) or None
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    author = text_of(authors[0].get("name")) if authors and isinstance(authors[0], dict) else ""
    tags = item.get("tags")
    return Listing.from_dict({
        "site": site.key, "listing_id": id_in(url, site) or text_of(item.get("id")) or url, "url": url,
        "title": text_of(item.get("title")) or _first_words(text), "description": text,
        "category": ", ".join(filter(None, map(text_of, tags if isinstance(tags, list) else ()))) or None, "seller_name": author or None,
        "country": site.country, "language": text_of(item.get("language")) or site.language,
        "posted_at": text_of(item.get("date_published")) or None, "observed_at": page.fetched_at,
    })  # fmt: skip


def _first_words(text: str | None) -> str | None:
    """The beginning of a text, cut between words."""
    line = " ".join((text or "").split())
    return line if len(line) <= TITLE else line[:TITLE].rpartition(" ")[0] or line[:TITLE]


def _forum(data: Any, page: Page, site: Site) -> Reading:
    body = data.get("data") if isinstance(data, dict) else None
    children = body.get("children") if isinstance(body, dict) else None
    if not isinstance(children, list):
        return Reading(recognised=False, problems=("the answer is no forum listing",))
    found: list[Listing] = []
    problems: list[str] = []
    for child in children:
        post = child.get("data") if isinstance(child, dict) else None
        if not isinstance(post, dict):
            problems.append("a child without data")
            continue
        try:
            found.append(_post(post, page, site))
        except _ODD as error:
            problems.append(f"post {text_of(post.get('name'))}: {error}")
    return Reading(
        tuple(found), _after(body, page) if isinstance(body, dict) else (), problems=tuple(problems)
    )


def _after(body: dict[str, Any], page: Page) -> tuple[Follow, ...]:
    after = text_of(body.get("after"))
    if not after:
        return ()
    parts = urlsplit(page.url)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in ("after", "count")]
    count = dict(parse_qsl(parts.query)).get("count", "0")
    seen = (int(count) if count.isdecimal() else 0) + 25
    url = parts._replace(query=urlencode([*query, ("after", after), ("count", seen)])).geturl()
    return (Follow(url, "list", page=seen // 25 + 1),)


def _post(post: dict[str, Any], page: Page, site: Site) -> Listing:
    created = post.get("created_utc")
    kept = ("link_flair_text", "domain", "score", "num_comments", "over_18", "locked", "subreddit")
    author = text_of(post.get("author_fullname")) or text_of(post.get("author")) or None
    return Listing.from_dict({
        "site": site.key, "listing_id": post.get("name") or post.get("id"),
        "url": led_to(page.url, text_of(post["permalink"])) if post.get("permalink") else None,
        "title": plain_text(post.get("title")), "description": text_of(post.get("selftext")) or None,
        "category": text_of(post.get("link_flair_text")) or text_of(post.get("subreddit")) or None,
        "seller_id": author, "seller_name": text_of(post.get("author")) or author,
        "country": site.country, "language": site.language,
        "posted_at": _utc(created),
        "observed_at": page.fetched_at,
        "attributes": {key: post[key] for key in kept if post.get(key) not in (None, "")},
    })  # fmt: skip


def _utc(seconds: Any) -> str | None:
    """The date of a moment in seconds; None for one that no calendar has: the post stands without it."""
    try:
        when = datetime.fromtimestamp(float(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")
