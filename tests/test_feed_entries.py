"""The feed family: odd entries cost themselves alone, and what a feed says is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.schema.sites import Site
from crawler.families import feed
from crawler.page import Page, Reading

SITE = Site(key="forum", title="F", family="feed", start=("https://forum.example/new.json",), language="en")


def read(body: str, url: str = "https://forum.example/new.json") -> Reading:
    return feed.read(Page(url, body.encode(), "2026-11-02T08:00:00Z"), SITE)


def posts(*created: Any) -> str:
    children = [{"data": {"name": f"t3_{n}", "title": f"H100 {n}", "created_utc": when}} for n, when in enumerate(created)]
    return json.dumps({"kind": "Listing", "data": {"after": "t3_9", "children": children}})


@pytest.mark.parametrize("odd", [1e30, -1e30, "1e400", "soon", [1], {}, True])
def test_a_post_of_no_calendar_costs_its_date_alone(odd: Any) -> None:
    found = read(posts(1762070400, odd, 1762070401.5))
    assert [entry.listing_id for entry in found.listings] == ["t3_0", "t3_1", "t3_2"]
    assert [entry.posted_at for entry in found.listings][::2] == ["2025-11-02T08:00:00Z", "2025-11-02T08:00:01Z"]


@pytest.mark.parametrize(("count", "page"), [("abc", 2), ("-5", 2), ("25", 3), ("", 2)])
def test_the_next_page_is_counted_whatever_the_address_says(count: str, page: int) -> None:
    assert [entry.page for entry in read(posts(1), f"https://forum.example/new.json?count={count}").follow] == [page]


def test_an_entry_without_a_title_has_the_beginning_of_its_text() -> None:
    text = "Selling four H100 80GB, sealed. " * 10
    found = read(f"<rss version='2.0'><channel><title>f</title><item><description>{text}</description><link>https://x.example/1</link></item></channel></rss>")
    [entry] = found.listings
    assert entry.title.startswith("Selling four H100 80GB, sealed. Selling") and len(entry.title) <= feed.TITLE


def test_a_feed_for_merchants_says_price_and_condition() -> None:
    found = read(
        "<rss version='2.0' xmlns:g='http://base.google.com/ns/1.0'><channel><title>f</title><item><title>A100</title>"
        "<link>https://x.example/1</link><g:price>9800.00 USD</g:price><g:condition>used</g:condition></item></channel></rss>"
    )
    assert [(entry.price_text, entry.condition) for entry in found.listings] == [("9800.00 USD", "used")]


def test_a_json_feed_is_read_and_leads_to_its_next_page() -> None:
    item = {"id": "7", "url": "/t/7", "content_html": "<p>Two <b>H100</b></p>", "date_published": "2026-11-01T10:00:00Z", "authors": [{"name": "Ann"}], "tags": ["gpu", 3]}
    found = read(json.dumps({"version": "https://jsonfeed.org/version/1", "next_url": "/feed?page=2", "items": [item, "odd", {"title": 5}]}))
    entry = found.listings[0]
    assert (entry.url, entry.title, entry.seller_name, entry.posted_at) == ("https://forum.example/t/7", "Two H100", "Ann", "2026-11-01T10:00:00Z")
    assert len(found.problems) == 2 and [follow.url for follow in found.follow] == ["https://forum.example/feed?page=2"]
