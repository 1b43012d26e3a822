"""Judgements in words: every reason, the forest's figures, and why an offer was not flagged."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from config.loader import Config
from detector.explain import figure_words, forest_words, lines, why_not
from detector.reading.read import Reader
from storage.listing import Listing

CONFIG = Config(None)
PRICE = "unit price $4,100, 41 % of the market's $10,000, 23 peers in 90 days, us, used"
DOCUMENT: dict[str, Any] = {
    "score": 0.95, "severity": "high",
    "reasons": [
        {"evidence": "bias", "value": 1, "weight": -2.5, "contribution": -2.5},
        {"evidence": "price_below_market", "value": 1.1, "weight": 5, "contribution": 5.5, "detail": PRICE},
        {"evidence": "serial_removed", "value": 1, "weight": 5, "contribution": 5.0},
        {"evidence": "bulk_without_papers", "value": 1, "weight": 4, "contribution": 4.0},
        {"evidence": "forest", "value": 1.5, "weight": 0.9, "contribution": 1.35, "detail": {
            "tail": 0.003, "features": [{"feature": "stock", "share": 0.8, "value": 2.4}, {"feature": "pictures", "share": 0.1, "value": None}]}},
    ],
    "signals": [{"signal": "serial_removed", "field": "title", "start": 3, "end": 8, "text": "SN 磨掉", "language": "zh"}],
}  # fmt: skip


def test_reasons_come_heaviest_first_with_words_and_figures() -> None:
    found = lines(DOCUMENT, CONFIG)
    assert [line.evidence for line in found] == [
        "price_below_market",
        "serial_removed",
        "bulk_without_papers",
        "forest",
        "bias",
    ]
    assert found[0].words == PRICE and "SN 磨掉" in found[1].words
    assert found[2].innocent and "administrator" in found[2].innocent[0]


def test_the_forest_says_how_rare_and_because_of_what() -> None:
    words = forest_words(DOCUMENT["reasons"][4]["detail"])
    assert words == (
        "stranger than 99.7 % of the offers the forest knows: priced units on offer: about 251 times the usual; pictures shown: not stated"
    )


@pytest.mark.parametrize(
    ("feature", "value", "words"),
    [
        ("seller_days", -2.5, "age of the seller's account in days: about 0.32 % of the usual"),
        ("title_length", 0.5, "characters of the title: about 1.4 times the usual"),
        ("digit_share", 0.11, "share of digits in title and description: 11 points above the usual"),
        ("odd_characters", 0.07, "share of invisible, full-width or look-alike characters: 7 %"),
        ("price_deviation", -4.14, "unit price against the market's reference: 4.1 usual spreads below it"),
        ("price_move", 0.7, "price against the listing's price before: about 2.0 times it"),
        ("models", 2, "different chips in one listing: 2 above the usual"),
        ("of_another_version", 0.5, "of_another_version +0.50"),
    ],
)
def test_a_figure_of_the_forest_is_told_against_what_is_usual(feature: str, value: float, words: str) -> None:
    """In the reading stand logarithms and shares; a person reads how many times, or how far, from the usual."""
    assert forest_words({"features": [{"feature": feature, "value": value, "share": 1.0}]}) == f"strange: {words}"


def test_a_reason_quotes_all_words_that_carry_it() -> None:
    signals = [
        {"signal": "serial_removed", "field": field, "text": text, "start": 0, "end": 1}
        for field, text in (("description", "no serial"), ("description", "no label"), ("title", "no SN"), ("description", "no serial"))
    ]
    (line,) = lines({"reasons": [{"evidence": "serial_removed", "contribution": 4}], "signals": signals}, CONFIG)
    assert line.words == "“no serial”, “no label” in description; “no SN” in title"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"score": 0, "notes": {"judge": "accessory: no chip is offered"}}, "not judged: accessory"),
        (
            {"score": 0.08, "notes": {"price": "the price is a deposit figure"}},
            "no price sign: the price is a deposit figure",
        ),
        ({"score": 0.08, "reasons": []}, "score 0.08; alerts begin at 0.2 (medium)"),
        ({"score": 0.1996, "reasons": []}, "score 0.1996; alerts begin at 0.2 (medium)"),
        ({"score": 0.19999999, "reasons": []}, "score 0.2; alerts"),
        ({"score": 0.8799, "reasons": []}, "score 0.8799: high severity begins at 0.88"),
        ({"score": 0.08, "reasons": []}, "no signal holds"),
        (
            {"score": 0.13, "reasons": [{"evidence": "new_seller", "contribution": 0.6}]},
            "evidence for: new_seller",
        ),
        (
            {
                "score": 0.08,
                "price": {"unit_usd": 9500},
                "market": {"centre": 10000, "n": 23, "segment": "us, used"},
            },
            "lies within the market's usual range (reference $10,000.00, 23 peers, United States, used)",
        ),
        ({"score": 0.08, "notes": {"forest": "cold start: no forest yet"}}, "cold start"),
    ],
)
def test_why_not(document: dict[str, Any], words: str) -> None:
    assert words in "\n".join(why_not(document, CONFIG))


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        ({"signal": "repeated_text", "value": 0.97, "expected": 0.0, "n": 1}, "1 other listing with a text 97 % alike"),
        ({"signal": "repeated_text", "value": 1.0, "expected": 0.0, "n": 4}, "4 other listings with a text 100 % alike"),
        ({"signal": "seller_churn", "value": 9, "expected": 2.5, "n": 40}, "9 where 2.5 is usual, from 40"),
        ({"signal": "first_chip_offer", "value": 8, "expected": 0, "n": 1}, "8"),
    ],
)  # fmt: skip
def test_a_signals_figure_is_told_with_what_is_usual(signal: dict[str, Any], words: str) -> None:
    assert figure_words(signal) == words


def test_an_alert_is_told_what_is_missing_and_not_its_evidence_again() -> None:
    top = why_not(DOCUMENT | {"score": 0.998702}, CONFIG)
    assert top[0] == "score >.99: there is nothing higher"
    assert top[1] == "lower: no reason alone; without price below the market (-5.50), the strongest, it would still score >.99" and len(top) == 2
    high = why_not(DOCUMENT | {"notes": {"price": "the price is a deposit figure"}}, CONFIG)
    assert high[0].startswith("score 0.95: of high severity, the highest, from 0.88 on")
    assert high[2] == "no price sign: the price is a deposit figure"
    assert (
        "no papers" not in high[3]
        and "offered as another article" in high[3]
        and "serial number removed" not in high[3]
    )
    assert "evidence for" not in "\n".join(top + high)


def test_a_medium_alert_is_told_how_far_high_is_and_what_speaks_against_it() -> None:
    reasons = [
        {"evidence": "bias", "contribution": -2.5}, {"evidence": "no_paperwork", "contribution": 1.8}, {"evidence": "new_seller", "contribution": 0.18},
        {"evidence": "probable_scam", "contribution": -0.5}, {"evidence": "forest", "contribution": 0.0},
    ]  # fmt: skip
    words = why_not({"score": 0.265, "reasons": reasons}, CONFIG)
    assert words[0].startswith("score 0.27: high severity begins at 0.88, 3.0 more in log-odds")
    assert words[1] == "lower: without no papers (-1.80) no alert, 0.06"
    assert words[2:4] == [
        "speaks against it: probably a scam (-0.50)",
        "of 2 weak signs one counts in full, the others at 0.3",
    ]
    assert (
        "serial number removed" in words[4] and words[5] == "its figures are no odder than those of its peers"
    )


def test_an_alert_is_told_which_reason_it_stands_on() -> None:
    """What falls away takes the pairs along that it is part of; what a person reads is the severity that would be left."""
    held = [("bias", -2.5), ("price_below_market", 5.5), ("new_seller", 0.6)]
    one = why_not({"score": 0.97, "reasons": [{"evidence": name, "contribution": share} for name, share in held]}, CONFIG)
    assert one[1] == "lower: without price below the market (-5.50) no alert, 0.13"
    pair = [("bias", -2.5), ("serial_removed", 1.0), ("bulk_inventory", 1.0), ("no_paperwork", 0.5), ("bulk_without_papers", 4.0)]
    two = why_not({"score": 0.98, "reasons": [{"evidence": name, "contribution": share} for name, share in pair]}, CONFIG)
    assert two[1] == "lower: without stock no private person has (-5.00) of medium severity, 0.27; without no papers (-4.50) of medium severity, 0.38"
    some = [("bias", -2.5), ("serial_removed", 4.0), ("restricted_destination", 1.2)]
    three = why_not({"score": 0.94, "reasons": [{"evidence": name, "contribution": share} for name, share in some]}, CONFIG)
    assert three[1] == "lower: without serial number removed (-4.00) of medium severity, 0.21; without restricted destination (-1.20) of medium severity, 0.82"
    assert not [words for words in why_not({"score": 0.08, "reasons": []}, CONFIG) if words.startswith("lower")]


def test_a_place_that_is_a_hub_alone_is_told_to_be_no_restricted_destination() -> None:
    held = {"score": 0.9, "reasons": [{"evidence": "restricted_destination", "value": 1, "weight": 1.2, "contribution": 1.2}]}
    told = {country: "no restricted destination" in "\n".join(why_not(DOCUMENT, CONFIG, country)) for country in ("AE", "CN", "US", None)}
    assert told == {"AE": True, "CN": False, "US": False, None: False}
    assert "no restricted destination" not in "\n".join(why_not(held, CONFIG, "AE"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"location": "Shanghai", "country": "US"}, "China, by the listing's location"),
        ({"country": "CN"}, "China, by the listing's country"),
        ({"country": "US", "ships_to": "Russia"}, "Russia, by the listing's ships to"),
    ],
)
def test_a_restricted_destination_names_the_place_and_the_field(fields: dict[str, str], words: str) -> None:
    reading = Reader(CONFIG).read(Listing("s", "1", "NVIDIA H100 80GB PCIe", price_text="$20,000", **fields), date(2026, 3, 1))
    (signal,) = (signal.to_dict() for signal in reading.signals if signal.signal == "restricted_destination")
    reason = {"evidence": "restricted_destination", "value": 1, "weight": 1.2, "contribution": 1.2}
    assert lines({"signals": [signal], "reasons": [reason]}, CONFIG)[0].words == words
