"""Labelled listings go the whole way and are compared with their labels; the home that lends its market is not touched."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from chipwatch.evaluating import LABELLED, figures, has_forest, judge_labelled
from config.loader import Config
from detector.evaluate import evaluate, load
from detector.gold import SIGNALS, Other
from detector.judge import Judge
from detector.reading.read import Reader
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
    ((stage, judged),) = judge_labelled(cases, config, market=None, now=NOW)
    assert stage == "detect", "three offers are too few for a forest"
    assert [one.severity for one in judged] == ["high", "none", "none"]
    judge = Judge.from_config(config)
    whole, words, price = (figures(judged, judge, part) for part in ("all", "signals", "price"))
    assert (whole.caught, whole.high_precision, whole.average_precision) == (1.0, 1.0, 1.0)
    assert words.caught == 1.0
    assert price.caught == 0.0, "the price alone is a fair one"
    assert not has_forest(judged)
    told = replace(cases[0], gold={**cases[0].gold, "signals": ["serial_removed"]})
    by_label = [replace(judged[0], case=told, replay=None), *judged[1:]]
    assert figures(by_label, judge, LABELLED).caught == 1.0, "what was not read at all is judged as its label says"
    assert figures(judged, judge, LABELLED).caught == 0.0, "and what its label does not say is no signal"


def test_with_offers_enough_a_forest_is_fitted_and_judges_too(tmp_path: Path) -> None:
    """Two hundred honest offers and the three: the forest alone ranks nothing it should not, and speaks."""
    (clear, fair, cooler), config = load([labelled(tmp_path)]), Config(None)
    many = [
        replace(
            fair,
            listing={
                **fair.listing,
                "description": f"Used, with invoice. Box {n}.",
                "price_text": f"${23_000 + 11 * n}",
            },
        )
        for n in range(200)
    ]
    stages = dict(judge_labelled([clear, cooler, *many], config, market=None, now=NOW))
    assert list(stages) == ["detect", "refit"]
    assert not has_forest(stages["detect"]) and has_forest(stages["refit"])
    judge = Judge.from_config(config)
    assert figures(stages["refit"], judge, "forest").high == 0, "the forest alone makes no high alert"
    assert figures(stages["refit"], judge, "all").caught == 1.0


def test_a_home_lends_its_market_and_stays_as_it_was(tmp_path: Path) -> None:
    home, path = tmp_path / "home", labelled(tmp_path)
    with Store.open(home):
        pass
    done = chipwatch(home, "evaluate", str(path), "--market", str(home), "--json")
    told = json.loads(done.stdout)  # and nothing but the document
    assert "no forest spoke" in done.stderr
    assert told["reading"]["listings"] == 3
    assert {row["market"] for row in told["judging"]} == {"none", str(home)}
    assert {row["evidence"] for row in told["judging"]} == {"all", LABELLED, "signals", "price"}
    with Store.open(home, readonly=True) as store:
        assert store.counts()["listing"] == 0


def test_recorded_search_answers_lend_their_market(tmp_path: Path) -> None:
    """Twelve cards at half the seed's price: with them known the fair price is a dear one, without them it is not."""
    folder = tmp_path / "answers"
    folder.mkdir()
    items = [
        {
            "itemId": f"v1|{n}|0", "title": "NVIDIA H100 80GB PCIe", "price": {"value": str(9_000 + n), "currency": "USD"},
            "condition": "Used", "seller": {"username": "made_up"}, "itemLocation": {"country": "US"},
            "buyingOptions": ["FIXED_PRICE"], "itemCreationDate": "2025-05-30T00:00:00.000Z",
        }
        for n in range(12)
    ]  # fmt: skip
    (folder / "h100.json").write_text(json.dumps(items), encoding="utf-8")
    cases, config = list(load([labelled(tmp_path)])), Config(None)

    def fair(market: Path | None) -> float | None:
        ((_, judged),) = judge_labelled(cases, config, market=market, now=NOW)
        assert judged[1].replay is not None
        return judged[1].replay["market"][1]

    with_them, without = fair(folder), fair(None)
    assert with_them is not None and without is not None and with_them < 0.9 * without


def test_one_part_of_the_files_and_its_errors(tmp_path: Path) -> None:
    """Every third line of a file that names no part is kept untouched: its errors are never listed."""
    home, path = tmp_path / "home", labelled(tmp_path)
    told = json.loads(
        chipwatch(home, "evaluate", str(path), "--part", "heldout", "--errors", "--json").stdout
    )
    assert told["reading"]["listings"] == 1 and not told["errors"]
    assert {row["n"] for row in told["judging"]} == {1}
    shown = chipwatch(home, "evaluate", str(path), "--part", "train", "--errors").stdout
    assert shown.startswith("reading\nlistings                    2")
    assert "chip: 2" in shown and "judging" in shown, "the made-up gold names no chip"


@pytest.mark.parametrize(
    ("gold", "problem"),
    [
        ({}, "gold.offer: Field required"),
        ({"offer": "sales"}, "gold.offer: Input should be 'sale', 'rental'"),
        ({"offer": "sale"}, "gold: a sale names its chips"),
        ({"offer": "sale", "chips": [{"chip": "nvidia-h100"}]}, "gold.chips.0.count"),
        ({"offer": "other", "signals": ["serial_remove"]}, "gold.signals.0"),
        ({"offer": "other", "condition": "mint"}, "gold.condition"),
        ({"offer": "other", "grade": 3}, "gold.grade"),
    ],
)
def test_a_wrong_label_is_told_with_its_line(tmp_path: Path, gold: dict[str, Any], problem: str) -> None:
    """A slip of the pen in a label must not count as a fault of the reading."""
    row = {"listing": {"site": "board", "listing_id": "7", "title": "H100"}}
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text(json.dumps(row | {"gold": {"offer": "other"}}) + "\n" + json.dumps(row | {"gold": gold}) + "\n", encoding="utf-8")
    said = chipwatch(tmp_path / "home", "evaluate", str(wrong), expect=2).stderr
    assert f"{wrong}:2: not a labelled listing: {problem}" in said and "Traceback" not in said


def test_what_a_label_leaves_out_is_not_measured(tmp_path: Path) -> None:
    bare = tmp_path / "train-bare.jsonl"
    listing = {"site": "board", "listing_id": "7", "title": "NVIDIA H100 PCIe 80GB, serial removed", "description": "As\u2028seen.", "price_text": "$9,000", "country": "US"}
    bare.write_text(json.dumps({"listing": listing, "gold": {"offer": "sale", "chips": [{"chip": "nvidia-h100-pcie-80gb", "count": 1}]}}, ensure_ascii=False), encoding="utf-8")
    table = evaluate(load([bare]), Reader(Config(None)), date(2025, 6, 1))
    assert set(table.shares) == {"offer", "count"} and table.chips.f1 == 1.0 and not table.errors and not table.signals


def test_every_signal_may_stand_in_a_label() -> None:
    assert {card.id for card in Config(None).signals.signal} == {*SIGNALS, *get_args(Other)}


def test_what_is_no_labelled_file_is_told(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"title": "H100"}\n', encoding="utf-8")
    done = chipwatch(tmp_path / "home", "evaluate", str(wrong), expect=2)
    assert f"{wrong}:1" in done.stderr and "Traceback" not in done.stderr
    assert (
        "no such"
        in chipwatch(
            tmp_path / "home", "evaluate", "--market", "/nowhere", str(labelled(tmp_path)), expect=2
        ).stderr
    )
