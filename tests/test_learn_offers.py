"""Votes on offer kinds: the shipped file is the one its listings give, and it weighs what no rule joins."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from config.loader import Config
from detector.evaluate import load
from detector.learn_offers import cases_version, learn
from detector.reading.read import Reader
from detector.reading.votes import Votes
from storage.listing import Listing
from tests.conftest import SHARED

LABELLED = Path(__file__).parent / "labelled"
FILES = ["offers.jsonl", "short.jsonl"]
KINDS = ("accessory", "other", "rental", "sale", "service", "wanted")


def listing(title: str, description: str = "", price: str = "$24,000") -> Listing:
    return Listing.from_dict(
        {
            "site": "x",
            "listing_id": "1",
            "title": title,
            "price_text": price,
            "country": "US",
            "description": description,
        }
    )


def test_the_shipped_votes_were_made_from_the_listings_as_they_stand(shared: Path) -> None:
    files = [
        SHARED / "data" / "listings" / "dev.jsonl",
        *(LABELLED / name for name in FILES),
        *LABELLED.glob("train-*.jsonl"),
    ]
    path = Config().learned("offers")
    with np.load(path, allow_pickle=False) as stored:
        assert str(stored["made_from"]) == cases_version(list(load(sorted(files), "train"))), (
            "listings were changed: make learn"
        )
    assert Votes(path).labels == KINDS


def test_learning_finds_most_kinds_in_listings_it_has_not_seen(tmp_path: Path) -> None:
    cases = list(load([LABELLED / name for name in FILES], "train"))[::3]
    commonest = max(sum(case.gold["offer"] == kind for case in cases) for kind in KINDS) / len(cases)
    share = learn(cases, tmp_path / "offers.npz")
    assert share > commonest + 0.2


def test_words_no_rule_joins_are_still_weighed() -> None:
    fans = listing("RTX 4090", "Only the fans, cooler and cable, no card", "$29")
    assert Reader(Config()).read(fans, date(2025, 6, 1)).offer == "accessory"


def test_a_plain_card_stays_a_sale_whatever_stands_in_the_file(tmp_path: Path) -> None:
    """Votes that are not sure overrule nothing."""
    config = Config()
    with np.load(config.learned("offers"), allow_pickle=False) as stored:
        flat = {name: stored[name] for name in stored.files}
    flat["weights"] = np.zeros_like(flat["weights"])
    flat["bias"] = np.zeros_like(flat["bias"])
    np.savez_compressed(tmp_path / "flat.npz", **flat)
    reader = Reader(config)
    reader.votes = Votes(tmp_path / "flat.npz")
    assert reader.read(listing("NVIDIA A100 80GB PCIe"), date(2025, 6, 1)).offer == "sale"
