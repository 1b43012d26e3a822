"""The real Browse API spider against recorded search results, served on loopback."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crawler.run import RunResult
from storage.store import Store
from tests.crawling import crawl, new_home, observations
from tests.servers.ebay import Browse
from tests.servers.web import Answer, Web, serve

SITE = """title = "Browse API"
family = "api"
dialect = "ebay_browse"
loopback = true
base_url = "{url}"
[search]
terms = {terms}
markets = ["EBAY_US"]
[pace]
delay_s = 0.01
[access]
basis = "demo"
"""


def browse_site(home: Path, web: Web, terms: list[str]) -> None:
    text = SITE.format(url=web.url, terms=json.dumps(terms))
    (home / "config" / "sites" / "browse.toml").write_text(text, encoding="utf-8")


def recorded(folder: Path) -> dict[str, list[dict[str, Any]]]:
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    return {name.removeprefix("search-listings-"): rows for name, rows in files.items()}


def test_every_recorded_item_is_stored_once_as_it_was(tmp_path: Path, shared: Path) -> None:
    files = recorded(shared / "data" / "ebay-browse" / "search")
    assert len(files) == 24
    home = new_home(tmp_path)
    with serve() as web:
        Browse(web, files)
        browse_site(home, web, list(files))
        result = crawl(home, "browse")
    expected: dict[str, dict[str, Any]] = {}
    for name in sorted(files):
        for row in files[name]:
            # Overlapping searches disagree on one price and some ratings: a run takes what it saw first.
            expected.setdefault(row["itemId"], row)
    assert (result.outcome, result.listings) == ("ok", len(expected))
    with Store.open(home, readonly=True) as store:
        assert store.db.value("SELECT count(*) FROM listing") == len(expected)
    current = {o.listing.listing_id: o.listing for o in observations(home)}
    assert current.keys() == expected.keys()
    for key, item in expected.items():
        found = current[key]
        assert Decimal(found.price_amount or "nan") == Decimal(item["price"]["value"]), key
        assert found.price_currency == item["price"]["currency"]
        assert found.country == item["itemLocation"]["country"]
        assert found.seller_ratings == item["seller"]["feedbackScore"]
        assert found.title == item["title"]
        assert found.condition == item["condition"]
        assert ("auction" in found.attributes) == ("AUCTION" in item["buyingOptions"])
    assert web.most_in_flight() == 1
    assert all(asked.headers["x-ebay-c-marketplace-id"] == "EBAY_US" for asked in web.log if "search" in asked.path)


QUERIES = ["nvidia-t4", "nvidia-a10", "nvidia-a100-pcie", "nvidia-h100-pcie", "nvidia-rtx-a5000"]


def days_of(shared: Path, query: str) -> list[list[dict[str, Any]]]:
    """A query's recordings, oldest first; the last is the one in `search/`."""
    folder = shared / "data" / "ebay-browse"
    names = (f"search-listings-{query}.json", f"ml-shop-gpu-{query}-listings.json")
    files = [path for day in sorted((folder / "re-observed").iterdir()) for path in sorted(day.iterdir()) if path.name in names]
    return [json.loads(path.read_text(encoding="utf-8")) for path in (*files, folder / "search" / names[0])]


def test_days_in_order_give_exactly_the_price_changes_in_the_data(tmp_path: Path, shared: Path) -> None:
    recordings = {query: days_of(shared, query) for query in QUERIES}
    home = new_home(tmp_path)
    expected: dict[str, list[str]] = {}
    longest = max(len(days) for days in recordings.values())
    runs: list[RunResult] = []
    for day in range(longest):
        served = {query: days[day - longest + len(days)] for query, days in recordings.items() if day >= longest - len(days)}
        for rows in served.values():
            for item in rows:
                prices = expected.setdefault(item["itemId"], [])
                if not prices or Decimal(prices[-1]) != Decimal(item["price"]["value"]):
                    prices.append(item["price"]["value"])
        with serve() as web:
            Browse(web, served)
            browse_site(home, web, list(served))
            runs.append(crawl(home, "browse", f"2023-12-{day + 1:02}T08:00:00+00:00"))
    assert [run.outcome for run in runs] == ["ok"] * longest
    got: dict[str, list[str]] = {}
    for observation in observations(home):
        prices = got.setdefault(observation.listing.listing_id, [])
        if not prices or "price" in observation.changed:
            prices.append(observation.listing.price_amount)
    assert {k: [Decimal(p) for p in v] for k, v in got.items()} == {k: [Decimal(p) for p in v] for k, v in expected.items()}
    assert sum(len(prices) - 1 for prices in expected.values()) > 40


def item(number: int, **more: Any) -> dict[str, Any]:
    return {
        "itemId": f"v1|{number}|0", "title": f"NVIDIA A100 {number}", "price": {"value": "100.00", "currency": "USD"},
        "condition": "Used", "seller": {"username": "x", "feedbackScore": 3}, "itemLocation": {"country": "CN"},
        "buyingOptions": ["FIXED_PRICE"], "itemWebUrl": f"https://www.ebay.com/itm/{number}?hash=abc", **more,
    }  # fmt: skip


def test_pages_quota_and_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """450 items come in three pages; a 429 is waited out; keys and token appear nowhere in the home."""
    monkeypatch.setenv("EBAY_CLIENT_ID", "own-client-id")
    monkeypatch.setenv("EBAY_CLIENT_SECRET", "own-client-secret")
    home = new_home(tmp_path)
    with serve() as web:
        api = Browse(web, {"A100": [item(n) for n in range(450)]})
        api.fail_next.append(Answer('{"errors":[]}', 429, {"Retry-After": "1"}))
        browse_site(home, web, ["A100"])
        result = crawl(home, "browse")
        searches = [asked for asked in web.log if "search" in asked.path]
    assert (result.outcome, result.listings, result.pages) == ("ok", 450, 3)
    assert [asked.query["offset"] for asked in searches] == ["0", "0", "200", "400"]
    assert searches[1].began - searches[0].ended >= 1.0
    import gzip

    for path in home.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            text = gzip.decompress(raw) if path.suffix == ".gz" else raw
            assert b"t0ken" not in text and b"own-client" not in text, path


def test_every_market_is_asked_to_its_end_and_an_item_of_two_is_opened_once(tmp_path: Path) -> None:
    """The markets share their addresses: a header, which is no part of them, tells one from the other."""
    home = new_home(tmp_path)
    lamps = [item(n, title=f"Desk lamp {n}") for n in range(500)]
    offered = {"EBAY_US": [item(900), *lamps[:250]], "EBAY_DE": [item(900), *lamps[250:]]}
    with serve() as web:
        shops = {market: Browse(web, {"A100": rows}) for market, rows in offered.items()}
        web.route("/buy/browse/v1/item_summary/search", lambda asked: shops[asked.headers["x-ebay-c-marketplace-id"]].search(asked))
        web.route("/buy/browse/v1/item/*", lambda asked: Answer(json.dumps(item(900))))
        browse_site(home, web, ["A100"])
        path = home / "config" / "sites" / "browse.toml"
        both = path.read_text(encoding="utf-8").replace('["EBAY_US"]', '["EBAY_US", "EBAY_DE"]')
        path.write_text(both + '[detail]\nfollow = "candidates"\n', encoding="utf-8")
        result = crawl(home, "browse")
        searches = [(asked.headers["x-ebay-c-marketplace-id"], asked.query["offset"]) for asked in web.log if "search" in asked.path]
        opened = [asked.path for asked in web.log if "/item/" in asked.path]
    assert sorted(searches) == [("EBAY_DE", "0"), ("EBAY_DE", "200"), ("EBAY_US", "0"), ("EBAY_US", "200")]
    assert (result.outcome, result.listings, len(opened)) == ("ok", 501, 1)


def test_a_refused_key_is_blocked_and_says_so(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/identity/v1/oauth2/token", Answer('{"error":"invalid_client"}', 401))
        browse_site(home, web, ["A100"])
        result = crawl(home, "browse")
    assert result.outcome == "blocked"
    assert "token" in (result.detail or "")


def test_no_results_is_empty_and_a_strange_answer_is_changed(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        Browse(web, {})
        browse_site(home, web, ["A100"])
        assert crawl(home, "browse").outcome == "empty"
        web.route("/buy/browse/v1/item_summary/search", Answer('{"warnings": []}'))
        assert crawl(home, "browse").outcome == "changed"


def test_details_are_fetched_for_candidates_only(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    rows = [item(1), item(2, title="Desk lamp")]
    with serve() as web:
        Browse(web, {"A100": rows})
        detail = rows[0] | {
            "description": "<p>Serial <b>removed</b></p>", "estimatedAvailabilities": [{"estimatedAvailableQuantity": 7}],
            "shipToLocations": {"regionIncluded": [{"regionName": "Worldwide"}], "regionExcluded": [{"regionName": "Ukraine"}]},
        }  # fmt: skip
        web.route("/buy/browse/v1/item/*", lambda asked: Answer(json.dumps(detail)))
        browse_site(home, web, ["A100"])
        path = home / "config" / "sites" / "browse.toml"
        path.write_text(path.read_text(encoding="utf-8") + '[detail]\nfollow = "candidates"\n', encoding="utf-8")
        result = crawl(home, "browse")
        asked = [entry.path for entry in web.log if "/item/" in entry.path]
    assert asked == ["/buy/browse/v1/item/v1%7C1%7C0"]
    found = {o.listing.listing_id: o.listing for o in observations(home)}
    assert (result.outcome, len(found)) == ("ok", 2)
    first = found["v1|1|0"]
    assert (first.description, first.quantity, first.ships_to) == ("Serial removed", 7, "Worldwide (not: Ukraine)")
    assert found["v1|2|0"].description is None
