"""RSS and Atom feeds, and the JSON listing of a forum (`kind: Listing`): every entry is a listing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from crawler.decoding import decode
from crawler.dom import DEEPEST, too_deep
from crawler.families.answers import decode_json, plain_text, text_of
from crawler.families.cards import id_in
from crawler.families.start import search_pages
from crawler.page import Follow, Page, Reading
from storage.listing import Listing, ListingError

if TYPE_CHECKING:
    from config.schema.sites import Site

start = search_pages

MOST_NAMESPACES = 100
"""Different ones; a rich podcast feed declares some twenty."""
_NAMESPACE = re.compile(rb"xmlns:?[^=\s]{0,64}")
_ROOT = re.compile(rb"<[a-zA-Z]")
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]{0,200}\?>")


def read(page: Page, site: Site) -> Reading:
    """Entries of a feed as listings; a forum's JSON also leads to its next page."""
    if page.body.lstrip()[:1] in (b"{", b"["):
        return _forum(decode_json(page.body), page, site)
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
        except (ListingError, TypeError, ValueError) as error:
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
    url = urljoin(page.url, entry["link"]) if entry.get("link") else None
    content = entry.get("content") or [{}]
    when = entry.get("published_parsed") or entry.get("updated_parsed")
    tags = [text_of(tag.get("term")) for tag in entry.get("tags") or () if tag.get("term")]
    return Listing.from_dict({
        "site": site.key, "listing_id": id_in(url, site) or entry.get("id") or url, "url": url,
        "title": plain_text(entry.get("title")),
        "description": plain_text(content[0].get("value")) or plain_text(entry.get("summary")),
        "category": ", ".join(tags) or None, "seller_name": entry.get("author") or None,
        "country": site.country, "language": site.language,
        "posted_at": "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*when[:6]) if when else None,
        "observed_at": page.fetched_at,
    })  # fmt: skip


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
        except (ListingError, TypeError, ValueError) as error:
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
    seen = int(dict(parse_qsl(parts.query)).get("count", "0")) + 25
    url = parts._replace(query=urlencode([*query, ("after", after), ("count", seen)])).geturl()
    return (Follow(url, "list", page=seen // 25 + 1),)


def _post(post: dict[str, Any], page: Page, site: Site) -> Listing:
    created = post.get("created_utc")
    kept = ("link_flair_text", "domain", "score", "num_comments", "over_18", "locked", "subreddit")
    author = text_of(post.get("author_fullname")) or text_of(post.get("author")) or None
    return Listing.from_dict({
        "site": site.key, "listing_id": post.get("name") or post.get("id"),
        "url": urljoin(page.url, text_of(post["permalink"])) if post.get("permalink") else None,
        "title": plain_text(post.get("title")), "description": text_of(post.get("selftext")) or None,
        "category": text_of(post.get("link_flair_text")) or text_of(post.get("subreddit")) or None,
        "seller_id": author, "seller_name": text_of(post.get("author")) or author,
        "country": site.country, "language": site.language,
        "posted_at": _utc(float(created)) if isinstance(created, (int, str)) and created else None,
        "observed_at": page.fetched_at,
        "attributes": {key: post[key] for key in kept if post.get(key) not in (None, "")},
    })  # fmt: skip


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
