"""The second opinion on offer kinds: the shipped table is the one its files give, and it earns its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from config.loader import Config
from detector.evaluate import load
from detector.learn_offers import learn
from detector.reading.offer_vote import vote
from detector.reading.read import Reader
from storage.listing import Listing
from tests.conftest import SHARED

LABELLED = Path(__file__).parent / "labelled"


def test_the_shipped_table_is_rebuilt_from_its_files(shared: Path) -> None:
    config = Config()
    shipped = config.offers.vote
    assert shipped is not None
    folders = {"dev.jsonl": SHARED / "data" / "listings"}
    files = [folders.get(name, LABELLED) / name for name in shipped.files]
    cases = [(case.listing, str(case.gold["offer"])) for case in load(files, "train")]
    assert len(cases) == shipped.examples
    table = learn(cases, Reader(config))
    assert table["kinds"] == shipped.kinds
    assert table["weights"].keys() == shipped.weights.keys()
    for name, row in table["weights"].items():
        assert row == pytest.approx(shipped.weights[name], abs=0.05), name


def test_a_table_overrules_only_when_sure() -> None:
    table = Config().offers.vote
    assert table is not None
    kind, chance = vote(
        table,
        {
            "title accessory": 2.0,
            "accessory after chip": 1.0,
            "price under 1 %": 1.0,
            "title without-chip": 2.0,
        },
    )
    assert (kind, chance > table.sure) == ("accessory", True)
    assert vote(table, {})[1] < 0.95


def test_words_no_rule_joins_are_still_weighed() -> None:
    record = {
        "site": "x",
        "listing_id": "1",
        "title": "RTX 4090",
        "price_text": "$29",
        "country": "US",
        "description": "Only the fans, cooler and cable, no card",
    }
    assert Reader(Config()).read(Listing.from_dict(record), date(2025, 6, 1)).offer == "accessory"
