"""Real titles of recorded searches, labelled by hand (`labelled/ebay-titles.jsonl`): the learning part row by row, the
untouched part as one figure."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from detector.reading.model import Reading
from detector.reading.read import Reader
from storage.listing import Listing
from tests.conftest import SHARED

LABELS = [
    json.loads(line)
    for line in (Path(__file__).parent / "labelled" / "ebay-titles.jsonl").read_text().splitlines()
]
RECORDED = SHARED / "data" / "ebay-browse" / "search"


def _train() -> list[Any]:
    """Ids are the items' own: the titles belong to the recorded data."""
    return [pytest.param(row, id=row["item_id"]) for row in LABELS if row["part"] == "train"]


@pytest.fixture(scope="module")
def items(shared: Path) -> dict[str, dict[str, Any]]:
    """Recorded items by id; the first of several copies."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(RECORDED.glob("*.json")):
        for item in json.loads(path.read_text(encoding="utf-8")):
            found.setdefault(item["itemId"], item)
    return found


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def read(reader: Reader, item: dict[str, Any]) -> Reading:
    price = item.get("price") or {}
    record = {
        "site": "ebay", "listing_id": item["itemId"], "title": item["title"], "condition": item.get("condition"), "country": "US",
        "price_text": " ".join(filter(None, (price.get("currency"), price.get("value")))) or None,
        "price_amount": float(price["value"]) if "value" in price else None, "price_currency": price.get("currency"),
    }  # fmt: skip
    return reader.read(Listing.from_dict(record), date(2025, 11, 1))


def right(found: Reading, label: dict[str, Any]) -> tuple[bool, bool]:
    """(offer kind, chips with their counts) as labelled."""
    wanted = sorted((chip["chip"], chip["count"]) for chip in label["chips"])
    return found.offer == label["offer"], sorted((chip.chip, chip.count) for chip in found.chips) == wanted


@pytest.mark.parametrize("label", _train())
def test_a_title_of_the_learning_part(
    reader: Reader, items: dict[str, dict[str, Any]], label: dict[str, Any]
) -> None:
    found = read(reader, items[label["item_id"]])
    assert right(found, label) == (True, True), (found.offer, found.chips, label)
    assert found.condition == label["condition"]


def test_the_untouched_part_as_a_figure(reader: Reader, items: dict[str, dict[str, Any]]) -> None:
    results = [right(read(reader, items[row["item_id"]]), row) for row in LABELS if row["part"] == "heldout"]
    assert len(results) >= 60
    for which in (0, 1):
        assert sum(result[which] for result in results) / len(results) >= 0.97
