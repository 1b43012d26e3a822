"""Links as pages have them: relative to a base, to nowhere, broken; none of them costs more than itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.extraction.extract import extract_page
from crawler.families.markup import item_list
from crawler.links import base_of, led_to
from tests.crawling import CARDS, add_site, crawl, new_home, observations, page
from tests.servers.web import Answer, serve

ALL = CARDS + '[detail]\nfollow = "all"\n[detail.fields]\ndescription = "p"\n'
LINKED = '[list]\nlinks = "a.more::attr(href)"\nnext = "a.next::attr(href)"\n'
NOWHERE = (
    # Seen on the last page of shops' lists, and on buttons.
    "javascript:void(0)", "javascript:;", "mailto:sales@shop.example", "tel:+123", "#",
    # Broken, or made to break whoever follows it.
    "http://[bad]/", "//[", "http://127.0.0.1:99999/", "http://127.0.0.1:port/", "http://℀.example/", "http:////", "data:text/html,x", "about:blank",
)  # fmt: skip


def _row(number: int, link: str) -> str:
    return f'<li class=item data-id="{number}"><h3>A100 {number}</h3><span class=price>¥6.5万</span><a class=more href="{link}">more</a></li>'


@pytest.mark.parametrize("family", ["cards", "jsonld"])
def test_a_link_to_nowhere_costs_itself_alone(tmp_path: Path, family: str) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        rows = [_row(number, f"/i/{number}") for number in (1, 2)]
        broken = [_row(100 + number, link) for number, link in enumerate(NOWHERE)]
        for number, link in enumerate(NOWHERE):
            web.route(f"/list/{number}", Answer(page("".join([rows[0], *broken, rows[1]]), f'<a class=next href="{link}">next</a>')))
        web.route("/i/*", lambda asked: Answer(_offer(asked.path)))
        starts = [f"{web.url}/list/{number}" for number in range(len(NOWHERE))]
        add_site(home, "s", starts, family=family, more=ALL if family == "cards" else LINKED, top='id_pattern = "/i/(\\\\d+)"')
        result = crawl(home, "s")
        assert result.outcome == "ok", result.detail
        assert {path for path in web.paths() if path.startswith("/i/")} == {"/i/1", "/i/2"}
    assert {"1", "2"} <= {o.listing.listing_id for o in observations(home)}


def _offer(path: str) -> str:
    return (
        f'<html><head><title>A100</title><script type="application/ld+json">{{"@type":"Product","name":"A100 {path}","image":"http://[bad]/",'
        '"offers":{"@type":"Offer","price":"100","priceCurrency":"USD"}}</script></head><body><h1>A100</h1><p>new</p></body></html>'
    )


@pytest.mark.parametrize("family", ["cards", "jsonld"])
def test_links_are_relative_to_the_base_that_the_page_states(tmp_path: Path, family: str) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        first = page(_row(1, "i/1"), '<a class=next href="list2">next</a>').replace("<head>", '<head><base href="/shop/">')
        web.route("/cat/list", Answer(first))
        web.route("/shop/list2", Answer(page(_row(2, "/shop/i/2"))))
        web.route("/shop/i/*", lambda asked: Answer(_offer(asked.path)))
        add_site(home, "s", f"{web.url}/cat/list", family=family, more=ALL if family == "cards" else LINKED)
        assert crawl(home, "s").outcome == "ok"
        assert sorted(web.paths()) == ["/cat/list", "/shop/i/1", "/shop/i/2", "/shop/list2"]


@pytest.mark.parametrize(
    ("head", "base"),
    [
        ("", "https://shop.example/a/b"),
        ('<base href="/x/">', "https://shop.example/x/"),
        ('<base target=_blank><base href="https://cdn.example/">', "https://cdn.example/"),
        ('<base href="javascript:x">', "https://shop.example/a/b"),
        ('<base href="http://[">', "https://shop.example/a/b"),
        ("<base href>", "https://shop.example/a/b"),
    ],
)  # fmt: skip
def test_the_base_of_a_page(head: str, base: str) -> None:
    assert base_of(LexborHTMLParser(f"<html><head>{head}</head></html>"), "https://shop.example/a/b") == base


def test_where_links_lead() -> None:
    assert [led_to("https://shop.example/a/b", link) for link in NOWHERE if link not in ("#", "http:////")] == [None] * (len(NOWHERE) - 2)
    assert led_to("https://shop.example/a/b", "?page=2") == "https://shop.example/a/b?page=2"


def test_a_list_of_addresses_in_broken_json_is_read() -> None:
    script = '{"@type":"ItemList","name":"19" racks","itemListElement":[{"url":"/i/1"},{"item":{"@id":"/i/2"}},]}'
    assert item_list(LexborHTMLParser(f'<script type="application/ld+json">{script}</script>')) == ["/i/1", "/i/2"]


def test_a_page_full_of_broken_links_is_read() -> None:
    cards = "".join(f'<div class=card><a href="{link}">A100</a><span>$5.00</span></div>' for link in NOWHERE)
    found = extract_page(_offer("/i/1").replace("</body>", f"{cards}</body>"), url="https://shop.example/i/1")
    assert (str(found.price_amount), found.image_urls) == ("100", ())
