"""How far a crawl goes: lists that overlap or run in circles, layouts half broken, shops larger than a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.loader import Config
from crawler.sites import reparse
from storage.store import Store
from tests.crawling import CARDS, add_site, card, crawl, new_home, observations, page, stats
from tests.servers.web import Answer, Asked, serve


def test_searches_that_overlap_are_each_read_to_their_end(tmp_path: Path) -> None:
    """The first page of the second search was all seen in the first search; its next pages hold what no other search gives."""
    home = new_home(tmp_path)
    shown = {"A100": [range(5)], "A100 80GB": [range(5), range(10, 15), range(20, 25)]}

    def search(asked: Asked) -> Answer:
        term, number = asked.query["q"], int(asked.query.get("page", 1))
        pages = shown[term]
        more = f'<a class=next href="/s?q={term.replace(" ", "+")}&page={number + 1}">next</a>'
        return Answer(page("".join(card(n) for n in pages[min(number, len(pages)) - 1]), more))

    with serve() as web:
        web.route("/s", search)
        add_site(home, "board", web.url + "/s?q={term}", more='[search]\nterms = ["A100", "A100 80GB"]\n' + CARDS)
        result = crawl(home, "board")
    assert (result.outcome, result.listings, result.pages) == ("ok", 15, 2 + 4)
    # The lists go on for ever with their last page: that they were left is told.
    assert "brought nothing new" in (result.detail or "") and "1 more" in (result.detail or "")
    assert len(stats(home, result)["remarks"]) == 2


def test_a_fall_to_nothing_is_held_back_until_a_person_says_that_it_is_right(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    offered = [20]
    with serve() as web:
        web.route("/list", lambda asked: Answer(page("".join(map(card, range(offered[0]))) or "<p class=none>nothing")))
        add_site(home, "board", web.url + "/list")
        runs = [crawl(home, "board", f"2026-11-0{day}T08:00:00+00:00") for day in (1, 2, 3)]
        offered[0] = 0
        runs += [crawl(home, "board", f"2026-11-0{day}T08:00:00+00:00") for day in (4, 5)]
        with Store.open(home) as store:
            store.release_run(runs[-1].run or "", who="ann", now="2026-11-05T09:00:00Z", why="they sold out")
        runs.append(crawl(home, "board", "2026-11-06T08:00:00+00:00"))
    assert [run.outcome for run in runs] == ["ok"] * 3 + ["changed"] * 2 + ["empty"]
    assert runs[3].quarantined and "0 listings, usually 20" in (runs[3].detail or "")


def test_cards_that_cannot_be_read_break_an_expectation(tmp_path: Path) -> None:
    """A layout changed for 29 of 30 cards leaves a listing, so that the page is still one that is known."""
    home = new_home(tmp_path)
    other = "".join(f'<li class=item data-id="{n}"><h4>A100 80GB</h4></li>' for n in range(2, 31))
    with serve() as web:
        web.route("/list", Answer(page(card(1) + other)))
        add_site(home, "board", web.url + "/list")
        result = crawl(home, "board")
    assert (result.outcome, result.quarantined) == ("changed", True)
    assert "29 of 30 entries could not be read" in (result.detail or "") and "card 2" in (result.detail or "")


def test_a_shop_larger_than_a_run_is_seen_whole_over_the_days_and_its_fall_is_seen(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    gone = range(0)

    def shown(asked: Asked) -> Answer:
        number = int(asked.path.rsplit("/", 1)[-1])
        offer = {"@type": "Offer", "price": "100", "priceCurrency": "USD"}
        product = {"@type": "Product", "name": f"A100 {number}", "sku": f"S{number}", "offers": offer}
        return Answer("gone", 404) if number in gone else Answer(f'<script type="application/ld+json">{json.dumps(product)}</script>')

    with serve() as web:
        locs = "".join(f"<url><loc>{web.url}/product/{n}</loc></url>" for n in range(30))
        web.route("/sitemap.xml", Answer(f"<urlset>{locs}</urlset>", headers={"Content-Type": "application/xml"}))
        web.route("/product/*", shown)
        add_site(home, "shop", web.url + "/", family="jsonld", top=f'sitemap = "{web.url}/sitemap.xml"', more='[detail]\nonly = ["/product/"]', pace="max_pages = 20")
        site = home / "config" / "sites" / "shop.toml"
        site.write_text("".join(row for row in site.read_text(encoding="utf-8").splitlines(True) if not row.startswith("start")), encoding="utf-8")
        days: list[set[str]] = []
        for day in range(1, 6):
            asked = len(web.log)
            if day == 5:
                gone = range(28)
            result = crawl(home, "shop", f"2026-11-0{day}T08:00:00+00:00")
            days.append({entry.path for entry in web.log[asked:] if "product" in entry.path})
            assert result.outcome == ("partial" if day < 5 else "changed"), result
    assert len(days[0]) == 18 and len(days[0] | days[1]) == 30
    # What was seen longest ago comes first.
    assert (days[0] - days[1]) <= days[2] and "usually 18" in (result.detail or "")


@pytest.mark.parametrize("pattern", ["", 'id_pattern = "/p/(\\\\d+)"'])
def test_offers_that_share_a_sku_are_told_apart_day_after_day(tmp_path: Path, pattern: str) -> None:
    """A dealer writes the maker's part number as SKU on a new and on a used card."""
    home = new_home(tmp_path)
    prices = {1: "15000", 2: "6000"}

    def shown(asked: Asked) -> Answer:
        number = int(asked.path.rsplit("/", 1)[-1])
        offer = {"@type": "Offer", "price": prices[number], "priceCurrency": "USD"}
        product = {"@type": "Product", "name": "NVIDIA A100 80GB", "sku": "900-21001", "offers": offer}
        return Answer(f'<script type="application/ld+json">{json.dumps(product)}</script>')

    with serve() as web:
        web.route("/p/*", shown)
        order = [1, 2]
        web.route("/list", lambda asked: Answer("".join(f'<a class=p href="/p/{n}">x</a>' for n in order)))
        add_site(home, "shop", web.url + "/list", family="jsonld", top=pattern, more='[list]\nlinks = "a.p::attr(href)"\n')
        first = crawl(home, "shop", "2026-11-01T08:00:00+00:00")
        order.reverse()
        second = crawl(home, "shop", "2026-11-02T08:00:00+00:00")
        again = reparse(second.run or "", home, Config(home), "2026-11-02T09:00:00+00:00")
    assert (first.outcome, first.listings, first.new) == ("ok", 2, 2)
    assert (second.listings, second.new, second.changed, second.seen) == (2, 0, 0, 2)
    assert (again.listings, again.new, again.changed) == (2, 0, 0)
    assert pattern or "900-21001 stands at several offers" in (first.detail or "")


def test_one_offer_at_two_addresses_is_one_listing_and_keeps_its_id_under_a_new_pattern(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    product = {"@type": "Product", "name": "A100", "sku": "S1", "offers": {"@type": "Offer", "price": "9", "priceCurrency": "USD"}}
    with serve() as web:
        web.route("/p/*", Answer(f'<script type="application/ld+json">{json.dumps(product)}</script>'))
        web.route("/list", Answer('<a class=p href="/p/1">x</a><a class=p href="/p/2">x</a>'))
        add_site(home, "shop", web.url + "/list", family="jsonld", more='[list]\nlinks = "a.p::attr(href)"\n')
        first = crawl(home, "shop", "2026-11-01T08:00:00+00:00")
        known = {o.listing.url for o in observations(home)}
        web.route("/list", Answer(f'<a class=p href="{known.pop()}">x</a>'))
        add_site(home, "shop", web.url + "/list", family="jsonld", top='id_pattern = "/p/(\\\\d+)"', more='[list]\nlinks = "a.p::attr(href)"\n')
        second = crawl(home, "shop", "2026-11-02T08:00:00+00:00")
    assert (first.outcome, first.listings, second.new, second.seen) == ("ok", 1, 0, 1)


def test_a_start_address_that_leads_to_one_asked_before_is_told(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer(page(card(1))))
        web.route("/other", Answer("", 302, {"Location": "/list"}))
        add_site(home, "board", [web.url + "/list", web.url + "/list#top", web.url + "/other"])
        result = crawl(home, "board")
    assert (result.outcome, result.listings) == ("ok", 1)
    assert [text.rsplit("/", 1)[-1] for text in stats(home, result)["remarks"]] == ["list#top", "other"]
