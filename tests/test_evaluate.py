"""Labelled listings go the whole way and are compared with their labels; the home that lends its market is not touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chipwatch.evaluating import figures, has_forest, judge_labelled
from config.loader import Config
from detector.evaluate import load
from detector.judge import Judge
from storage.store import Store
from tests.test_main_job import chipwatch

NOW = "2025-09-01T00:00:00Z"


def labelled(folder: Path) -> Path:
    """Three offers of our own making: a clear red flag, a fair one, and a cooler."""
    rows: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {
                "title": "NVIDIA H100 80GB PCIe",
                "description": "Serial number label removed.",
                "price_text": "$24,000",
            },
            {"offer": "sale", "grade": 2},
        ),
        (
            {"title": "NVIDIA H100 80GB PCIe", "description": "Used, with invoice.", "price_text": "$24,000"},
            {"offer": "sale", "grade": 0},
        ),
        (
            {"title": "Cooler for NVIDIA H100", "description": "New.", "price_text": "$40"},
            {"offer": "accessory", "grade": 0},
        ),
    ]
    plain = {"site": "board", "listing_id": "7", "country": "US", "observed_at": "2025-06-01T00:00:00Z"}
    gold = {
        "chips": [],
        "restricted": True,
        "price": None,
        "quantity": None,
        "condition": "used",
        "signals": [],
        "spans": {},
    }
    path = folder / "labelled.jsonl"
    path.write_text(
        "".join(json.dumps({"listing": plain | a, "gold": gold | b}) + "\n" for a, b in rows),
        encoding="utf-8",
    )
    return path


def test_the_whole_way_and_each_part_of_the_evidence(tmp_path: Path) -> None:
    cases, config = list(load([labelled(tmp_path)])), Config(None)
    judged = judge_labelled(cases, config, market=None, now=NOW)
    assert [one.severity for one in judged] == ["high", "none", "none"]
    judge = Judge.from_config(config)
    whole, words, price = (figures(judged, judge, part) for part in ("all", "signals", "price"))
    assert (whole.caught, whole.high_precision, whole.average_precision) == (1.0, 1.0, 1.0)
    assert words.caught == 1.0
    assert price.caught == 0.0, "the price alone is a fair one"
    assert not has_forest(judged)


def test_a_home_lends_its_market_and_stays_as_it_was(tmp_path: Path) -> None:
    home, path = tmp_path / "home", labelled(tmp_path)
    with Store.open(home):
        pass
    rows = json.loads(chipwatch(home, "evaluate", str(path), "--json").stdout.split("judging\n")[1])
    assert {row["home"] for row in rows} == {"fresh", str(home)}
    assert {row["evidence"] for row in rows} == {"all", "signals", "price"}
    with Store.open(home, readonly=True) as store:
        assert store.counts()["listing"] == 0
