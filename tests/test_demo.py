"""The demo marketplace: the same two numbers give the same goods, each day moves, the corners misbehave."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter
from itertools import pairwise

import pytest

from chipwatch.demo import world as demo
from chipwatch.demo.server import serve


def test_a_world_is_a_function_of_seed_and_day() -> None:
    assert demo.world(1, 3) == demo.world(1, 3)
    assert demo.world(1, 1) != demo.world(2, 1)


def test_there_are_some_600_listings_with_planted_truth_and_traps() -> None:
    goods = demo.world(1, 1)
    offers = Counter(g.offer for g in goods)
    assert len(goods) == 600
    assert min(offers[kind] for kind in ("sale", "rental", "wanted", "accessory", "service", "other")) > 0
    assert 30 <= sum(g.grade == 2 for g in goods) <= 150
    assert any("intact" in g.description for g in goods if "serial_removed" not in g.signals)
    assert len({(g.site, g.listing_id) for g in goods}) == 600


def test_a_day_changes_prices_relists_edits_removes_and_adds() -> None:
    before = {(g.site, g.listing_id): g for g in demo.world(1, 1)}
    after = {(g.site, g.listing_id): g for g in demo.world(1, 2)}
    both = before.keys() & after.keys()
    assert before.keys() - after.keys() and after.keys() - before.keys()
    assert any("r2" in listing_id for _, listing_id in after)
    assert any(before[k].price != after[k].price for k in both)
    assert any(before[k].description != after[k].description for k in both)


def test_a_price_moves_by_some_per_cent_a_day_that_of_a_chip_hour_too() -> None:
    days = [{(g.site, g.listing_id): g for g in demo.world(1, day)} for day in (1, 2, 3)]
    for before, after in pairwise(days):
        for name in before.keys() & after.keys():
            was, is_now = before[name].price, after[name].price
            assert abs(is_now - was) <= 0.08 * was + (0.01 if before[name].offer == "rental" else 1), (name, was, is_now)


def test_grade_follows_from_what_was_planted() -> None:
    for g in demo.world(3, 1):
        if g.grade:
            assert g.chip in demo.RESTRICTED and g.signals
        if g.offer not in ("sale", "rental"):
            assert not g.signals and g.grade == 0


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def test_the_sites_answer_and_the_corners_misbehave() -> None:
    with serve(1, 1) as (asked, urls):
        assert b"Disallow: /private/" in get(urls["demo-dealer"] + "/robots.txt")[2]
        assert b"application/ld+json" in get(urls["demo-dealer"] + "/product/1000001")[2]
        assert get(urls["demo-board"] + "/list")[2].decode().count('class="card"') == 25
        assert get(urls["demo-gate"] + "/list")[0] == 403
        with pytest.raises(UnicodeDecodeError):
            get(urls["demo-board"] + "/notice")[2].decode("gb18030")
        search = urls["demo-api"] + "/buy/browse/v1/item_summary/search?q=card&limit=20"
        assert get(search)[0] == 401
        status, headers, _ = get(search, Authorization="Bearer demo-token")
        assert (status, headers["Retry-After"]) == (429, "2")
        answer = json.loads(get(search, Authorization="Bearer demo-token")[2])
        assert len(answer["itemSummaries"]) == 20 and answer["next"].endswith("offset=20")
        assert asked.requests["demo-dealer /robots.txt"] == 1
