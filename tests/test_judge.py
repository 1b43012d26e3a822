"""The score is an exact sum of reasons, and severities follow the grades of the labelling guide."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from config.loader import Config
from config.schema.thresholds import Thresholds, Weight
from detector.judge import Judge, Judgement, Opinion, Weights, sigmoid, with_judgement
from detector.market import NotEnough, Reference
from detector.reading.model import ChipOffer, Price, Reading, Signal

CONFIG = Config(None)
STRONG = ("serial_removed", "relabelled", "export_evasion", "disguised_goods")
WEAK = (
    "no_paperwork", "off_platform_contact", "bulk_inventory", "restricted_destination", "transit_route", "engineering_sample",
    "modified_hardware",
)  # fmt: skip
JUDGE = Judge.from_config(CONFIG)
MARKET = Reference(10000, 10000, 0.25, 23, "us, used", 90, "a100-80gb")


def reading(usd: float | None = 10000, signals: Iterable[str] = (), **change: Any) -> Reading:
    price = Price("asking", Decimal(str(usd)), "USD", "unit", Decimal(str(usd))) if usd is not None else None
    plain = Reading(
        "ebay", "1", "sale", (ChipOffer("nvidia-a100-pcie-80gb", 1, "title", 7, 16, restricted=True),), True, price, 1,
        "used", tuple(Signal(name, text=name) for name in signals),
    )  # fmt: skip
    return replace(plain, **change)


def judged(usd: float | None = 10000, signals: Iterable[str] = (), opinion: Opinion | None = None, **change: Any) -> Judgement:
    return JUDGE.judge(reading(usd, signals, **change), MARKET, opinion)


def evidence(judgement: Judgement) -> dict[str, float]:
    return {reason.evidence: reason.contribution for reason in judgement.reasons}


@pytest.mark.parametrize("name", STRONG)
def test_one_strong_sign_is_high(name: str) -> None:
    assert judged(signals=[name]).severity == "high"


@pytest.mark.parametrize("name", WEAK)
def test_one_weak_sign_is_medium(name: str) -> None:
    assert judged(signals=[name]).severity == "medium"


@pytest.mark.parametrize("names", list(itertools.combinations([name for name in WEAK if name != "bulk_inventory"], 4)))
def test_several_weak_signs_together_stay_medium(names: tuple[str, ...]) -> None:
    assert judged(signals=names).severity == "medium"


def test_more_weak_signs_score_higher() -> None:
    scores = [judged(signals=WEAK[:n]).score for n in range(3)]
    assert scores == sorted(set(scores))


@pytest.mark.parametrize("other", ["no_paperwork", "transit_route", "restricted_destination"])
def test_bulk_with_no_papers_hub_or_restricted_destination_is_high(other: str) -> None:
    assert judged(signals=["bulk_inventory", other]).severity == "high"


@pytest.mark.parametrize("other", ["off_platform_contact", "modified_hardware", "engineering_sample"])
def test_bulk_with_other_weak_signs_is_not(other: str) -> None:
    assert judged(signals=["bulk_inventory", other]).severity == "medium"


@pytest.mark.parametrize(
    ("usd", "severity", "signals"),
    [
        (10000, "none", set()),
        (7600, "none", set()),
        (7500, "medium", {"price_below_market"}),
        (6100, "medium", {"price_below_market"}),
        (6000, "high", {"price_below_market"}),
        (1600, "high", {"price_below_market"}),
        (1400, "medium", {"price_below_market", "probable_scam"}),
        (15000, "none", set()),
        (15100, "medium", {"price_above_market"}),
        (40000, "medium", {"price_above_market"}),
        (20, "none", set()),  # five hundred times off: misread
        (5_000_000, "none", set()),
    ],
)
def test_price_cuts(usd: float, severity: str, signals: set[str]) -> None:
    found = judged(usd)
    assert (found.severity, {signal.signal for signal in found.signals}) == (severity, signals)


def test_a_price_signal_carries_value_expected_and_sample_size_in_words_too() -> None:
    (signal,) = judged(4100).signals
    assert signal.to_dict() == {
        "signal": "price_below_market", "value": 4100, "expected": 10000, "n": 23,
        "detail": "unit price $4,100, 41 % of the market's $10,000, 23 peers in 90 days, United States, used",
    }  # fmt: skip


def test_a_cheap_rental_has_its_own_signal() -> None:
    hour = Reference(2.4, 2.4, 0.25, 0, "all markets", 90, "h100")
    found = JUDGE.judge(reading(0.95, offer="rental"), hour)
    assert [signal.signal for signal in found.signals] == ["rental_below_market"] and found.severity == "high"
    assert str(found.signals[0].detail).endswith(", a list price, no peers in 90 days")
    found = JUDGE.judge(reading(0.95, offer="rental"), replace(hour, heard=3))
    assert str(found.signals[0].detail).endswith(", a list price, 3 peers in 90 days: too few")


def test_dear_where_dear_is_normal_says_less() -> None:
    there = JUDGE.judge(reading(20000), MARKET, dear_is_normal=True)
    assert 0 < evidence(there)["price_above_market"] < evidence(judged(20000))["price_above_market"]


def test_without_peers_the_price_gives_no_sign_and_the_note_says_why() -> None:
    found = JUDGE.judge(reading(10), NotEnough(2, "2 peers in 90 days and no seed price"))
    assert not found.signals and found.notes["price"].startswith("not enough peers: 2 peers")


def test_a_running_auction_is_no_low_price() -> None:
    bid = replace(reading(100).price, bid=True)  # type: ignore[type-var]
    found = JUDGE.judge(reading(price=bid), MARKET)
    assert found.severity == "none" and "auction" in found.notes["price"]


@pytest.mark.parametrize(
    "change",
    [
        {"offer": "accessory", "chips": (), "restricted": False}, {"offer": "wanted", "chips": (), "restricted": False},
        {"offer": "other", "chips": (), "restricted": False}, {"restricted": False}, {"chips": ()},
    ],
)  # fmt: skip
def test_nothing_to_judge_has_score_nought_and_no_reasons(change: dict[str, Any]) -> None:
    found = judged(1000, [*STRONG, *WEAK], **change)
    assert (found.score, found.severity, found.reasons) == (0.0, "none", ())
    assert found.notes["judge"]


@pytest.mark.parametrize("tail", [0.5, 0.1, 0.01, 0.001, 1e-6])
@pytest.mark.parametrize("signals", [(), ("serial_removed",), WEAK])
def test_the_score_is_exactly_the_sum_of_the_reasons(signals: tuple[str, ...], tail: float) -> None:
    found = judged(4000, signals, Opinion(tail, 1.0, (("stock", 1.0, 2.0),), "m1"))
    assert found.score == pytest.approx(sigmoid(math.fsum(reason.contribution for reason in found.reasons)), abs=5e-7)
    for reason in found.reasons:
        assert reason.contribution == pytest.approx(reason.value * reason.weight, abs=1e-6)
    assert found.reasons[0].evidence == "bias"


def test_the_forest_alone_raises_the_odd_offer_but_never_to_high() -> None:
    usual, odd = judged(opinion=Opinion(0.5, 0, (), "m")), judged(opinion=Opinion(1e-6, 3, (), "m"))
    assert usual.score == judged().score
    assert odd.severity == "medium"
    assert judged(signals=["transit_route"], opinion=Opinion(1e-6, 3, (), "m")).severity == "medium"


def test_the_forests_reason_names_model_tail_and_features() -> None:
    found = judged(opinion=Opinion(0.002, 2.5, (("stock", 0.71234, 2.1), ("pictures", 0.2, None)), "m1"))
    reason = next(reason for reason in found.reasons if reason.evidence == "forest")
    assert reason.detail == {
        "tail": 0.002, "model": "m1",
        "features": [{"feature": "stock", "share": 0.7123, "value": 2.1}, {"feature": "pictures", "share": 0.2, "value": None}],
    }  # fmt: skip


def test_a_cold_start_is_named() -> None:
    assert "cold start" in judged().notes["forest"]


def test_a_signal_said_twice_counts_once() -> None:
    assert judged(signals=["serial_removed", "serial_removed"]).score == judged(signals=["serial_removed"]).score


def test_the_desks_weights_lie_over_the_cards() -> None:
    mine = Weights({"a": 1.0, "b": 2.0}, Thresholds(weight=[Weight(id="a", weight=-1, why="seen often")]))
    assert (mine["a"], mine["b"], mine["unknown"]) == (-1, 2.0, 0.6)


def test_doubt_that_a_chip_is_offered_at_all_lowers_the_score_and_says_so() -> None:
    """A reason of its own, the larger the doubt; none for what is surely an offer, or was never asked."""
    scores = [judged(signals=["serial_removed"], goods=goods).score for goods in (None, 0.95, 0.85, 0.75, 0.0)]
    assert scores[0] == scores[1] and scores[1:] == sorted(scores[1:], reverse=True) and len(set(scores)) == 4
    doubted = judged(signals=["serial_removed"], goods=0.75)
    reason = next(reason for reason in doubted.reasons if reason.evidence == "doubtful_offer")
    assert reason.contribution < 0 and "75%" in reason.detail
    assert doubted.score == pytest.approx(sigmoid(sum(reason.contribution for reason in doubted.reasons)), abs=1e-6)
    assert not any(signal.signal == "doubtful_offer" for signal in doubted.signals), "it is no signal of the exchange format"
    assert judged(signals=["serial_removed"], goods=0.0).severity == "medium", "what the text proves stays an alert"
    kept = {"offer": "sale", "goods": 0.75, "evidence": [["serial_removed", 1.0]], "usd": 10000.0, "market": [10000, 10000, 0.25, 23], "tail": None, "dear": False}
    assert JUDGE.again(kept)[0] == doubted.score


def test_judging_again_from_what_was_kept_gives_the_same() -> None:
    found = judged(4000, ["serial_removed", "transit_route"], Opinion(0.003, 2, (), "m"))
    kept = {
        "offer": "sale", "evidence": [["serial_removed", 1.0], ["transit_route", 1.0]], "usd": 4000.0,
        "market": [10000, 10000, 0.25, 23], "tail": 0.003, "dear": False,
    }  # fmt: skip
    score, severity, reasons = JUDGE.again(kept)
    assert (score, severity) == (found.score, found.severity)
    assert [(r.evidence, r.contribution) for r in reasons] == [(r.evidence, r.contribution) for r in found.reasons]


def test_the_exchange_form_has_every_field_of_the_contract() -> None:
    document = with_judgement(reading(4000, ["serial_removed"]), judged(4000, ["serial_removed"]), {"knowledge": "k", "model": None, "thresholds": "t"})
    assert {"site", "listing_id", "offer", "chips", "restricted", "price", "quantity", "condition", "signals", "score", "severity", "reasons", "versions"} <= set(document)
    assert document["versions"] == {"knowledge": "k", "model": None, "thresholds": "t"}
    assert set(document["reasons"][0]) >= {"evidence", "value", "weight", "contribution"}


def test_pairs_and_cuts_are_the_labelling_guides() -> None:
    pairs = {frozenset(pair.signals) for pair in CONFIG.thresholds.pair}
    assert pairs == {frozenset(("bulk_inventory", other)) for other in ("no_paperwork", "transit_route", "restricted_destination")}
    cuts = CONFIG.thresholds.price
    assert (cuts.below, cuts.somewhat_below, cuts.above, cuts.scam) == (0.60, 0.75, 1.50, 0.15)
