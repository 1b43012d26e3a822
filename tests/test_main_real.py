"""The main job on recorded marketplace answers: crawled over loopback with the real spider, judged, told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.servers.ebay import Browse
from tests.servers.web import serve
from tests.test_crawl_ebay import browse_site, recorded
from tests.test_main_job import chipwatch


@pytest.fixture(scope="module")
def real(
    tmp_path_factory: pytest.TempPathFactory, shared: Path
) -> tuple[Path, dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """A home after one crawl and one detect; the recorded items and our readings, both by item id."""
    files = recorded(shared / "data" / "ebay-browse" / "search")
    home = tmp_path_factory.mktemp("real") / "home"
    chipwatch(home, "init")
    with pytest.MonkeyPatch.context() as patch, serve() as web:
        patch.setenv("EBAY_CLIENT_ID", "id")
        patch.setenv("EBAY_CLIENT_SECRET", "secret")
        Browse(web, files)
        browse_site(home, web, list(files))
        chipwatch(home, "crawl", "browse")
    chipwatch(home, "detect")
    items: dict[str, dict[str, Any]] = {}
    for name in sorted(files):
        for row in files[name]:
            # The same item may come with another title from a later search: a run takes what it saw first.
            items.setdefault(row["itemId"], row)
    readings = {
        row["listing_id"]: row
        for row in map(json.loads, chipwatch(home, "export", "readings").stdout.splitlines())
    }
    return home, items, readings


def test_every_recorded_item_is_read(real: tuple[Path, dict[str, Any], dict[str, Any]]) -> None:
    _, items, readings = real
    assert readings.keys() == items.keys()
    assert all(reading["evidence"]["sha256"] for reading in readings.values())


def test_offers_of_a100_and_h100_from_china_are_found_and_judged(
    real: tuple[Path, dict[str, Any], dict[str, Any]],
) -> None:
    home, items, readings = real
    told = json.loads(chipwatch(home, "alerts", "--limit", "500", "--json").stdout)
    alerts = {alert["title"] for alert in told}
    offered = {
        key
        for key, item in items.items()
        if item["itemLocation"]["country"] == "CN"
        and any(c["chip"].startswith(("nvidia-a100", "nvidia-h100")) for c in readings[key]["chips"])
    }
    assert len(offered) >= 20
    assert {"A100", "H100"} <= {word for key in offered for word in items[key]["title"].upper().split()}
    for key in offered:
        assert readings[key]["restricted"] and readings[key]["score"] > 0
    assert {items[key]["title"] for key in offered} <= alerts


@pytest.mark.parametrize(("price", "word"), [("5.99", "Cable"), ("24.98", "Shroud")])
def test_a_cable_and_a_shroud_for_such_chips_are_accessories(
    real: tuple[Path, dict[str, Any], dict[str, Any]], price: str, word: str
) -> None:
    _, items, readings = real
    found = [key for key, item in items.items() if item["price"]["value"] == price and word in item["title"]]
    assert found
    for key in found:
        assert (readings[key]["offer"], readings[key]["severity"]) == ("accessory", "none")


def test_lanes_of_a_bus_are_no_stock(real: tuple[Path, dict[str, Any], dict[str, Any]]) -> None:
    _, items, readings = real
    told = [key for key, item in items.items() if " x16" in item["title"].lower()]
    assert len(told) > 20
    assert all(readings[key]["quantity"] != 16 for key in told)


def test_the_digest_tells_of_them_with_their_evidence(
    real: tuple[Path, dict[str, Any], dict[str, Any]],
) -> None:
    home, items, _ = real
    digest = json.loads(chipwatch(home, "digest", "--form", "json").stdout)
    assert [site["outcome"] for site in digest["coverage"]] == ["ok"]
    told = digest["alerts"]
    assert len(told) >= 20
    assert all(alert["listing_id"] in items and alert["evidence"] for alert in told)
