"""Codes and figures are told in words: what stands in the database stays there."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from chipwatch.app import _cell
from config.loader import Config
from detector.market import segment_words
from review import charts, wording
from review.desk import diffs
from review.desk.cards import Names
from review.desk.decide import reasons
from review.desk.words import a_day
from review.tuning_view import CALLED

CONFIG = Config(None)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ("CNY 6.88254 ECB 2026-03-02", "6.88254 CNY a US dollar, ECB of 2026-03-02"),
        ("RUB 92.1 Bank of Russia 2022-03-01 (stale)", "92.1 RUB a US dollar, the Bank of Russia rate of 2022-03-01, the last one known"),
        ("USD 1 USD 2026-03-04", ""),
        (None, ""),
        ("of another form", "of another form"),
    ],
)
def test_an_exchange_rate(rate: str | None, words: str) -> None:
    assert wording.rate_words(rate) == words


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"accessory": 91, "sale": 425, "rental": 37, "service": 1}, "425 for sale, 91 accessories, 37 for rent, 1 service"),
        ({"wanted": 2, "other": 2, "accessory": 1}, "2 other, 2 wanted, 1 accessory"),
        ({}, ""),
    ],
)
def test_offers_of_each_kind_the_most_first(counts: dict[str, int], words: str) -> None:
    assert wording.kinds_words(counts) == words


def test_the_codes_of_an_events_reason_become_titles() -> None:
    """What an event stores names signals and pairs by their codes."""
    told = wording.titled("high: bulk_to_restricted, forest, new_seller; judged anew, no news", Names(CONFIG).signals)
    assert told == "high: bulk stock in or to a restricted destination, odd figures, new account; judged anew, no news"


def test_no_signal_or_pair_is_without_a_title() -> None:
    names = Names(CONFIG).signals
    for code in [card.id for card in CONFIG.signals.signal] + [pair.id for pair in CONFIG.thresholds.pair]:
        assert "_" not in names[code], code


def test_a_region_is_told_by_its_title() -> None:
    titles = CONFIG.market.titles
    assert segment_words("cn, used", titles) == "China with Hong Kong and Macau, used"
    assert (segment_words("us, any", titles), segment_words("all markets", titles)) == ("United States", "all markets")


@pytest.mark.parametrize(("value", "words"), [(215.0, "215"), (33.625, "33.6"), (12.0, "12"), (1234.5, "1,234")])
def test_so_many_a_day(value: float, words: str) -> None:
    assert a_day(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(16127.7574, "16,128"), (0.999963, "0.99996"), (0.999999, ">.99999"), (1.0, "1"), (0.5833, "0.583"), (850.26, "850"), (None, "None"), ("a\x1b", "a\\x1b")],
)
def test_a_cell_of_a_terminals_table(value: object, words: str) -> None:
    assert _cell(value) == words


def test_the_thresholds_that_the_desk_sets_have_names() -> None:
    assert CALLED.keys() == {"severity.medium", "severity.high"}


def test_of_a_change_what_stood_there_comes_first() -> None:
    assert diffs.changes("7310", "7430") == [("del", "7310"), ("ins", "7430")]
    kinds = [kind for kind, _ in diffs.changes("one two three", "one 2 three 4")]
    assert kinds == ["same", "del", "ins", "same", "ins"]


def test_an_alert_is_not_dismissed_as_rightly_not_flagged() -> None:
    """That is for offers that digests drew at random; of an alert it would say nothing."""
    alert, drawn = (dict(reasons(CONFIG, flagged=flagged)["dismiss"]) for flagged in (True, False))
    assert drawn.keys() - alert.keys() == {"rightly-not"} and len(alert) <= 9, "each has a digit of its own"


def test_the_name_of_a_bar_is_wrapped_and_not_cut() -> None:
    names = [pair.title for pair in CONFIG.thresholds.pair] + [card.title for card in CONFIG.signals.signal]
    tree = ElementTree.fromstring(charts.bars([charts.Bar(name, 1.0) for name in names], title="t", total="sum"))
    told = [(float(node.attrib["y"]), node.text or "") for node in tree.iter() if "c-bar-name" in node.attrib.get("class", "")]
    assert " ".join(text for _, text in told) == " ".join([*names, "sum"])
    assert max(len(text) for _, text in told) <= 24
    places = [y for y, _ in told]
    assert all(after - before >= 15 for before, after in pairwise(places)), "no line covers another"
    assert float(tree.attrib["viewBox"].split()[3]) > places[-1]


@pytest.mark.parametrize("usd", [500.0, 3000.0, 90000.0])
def test_the_price_of_the_offer_stands_over_all_dots_and_inside(usd: float) -> None:
    dots = [charts.Dot(3000 + n) for n in range(40)] + [charts.Dot(usd, own=True)]
    drawn = charts.strip(dots, title="t", low=2900, high=3100, n=9, height=124)
    tree = ElementTree.fromstring(drawn)
    (label,) = [node for node in tree.iter() if node.attrib.get("class") == "c-own-label"]
    assert float(label.attrib["y"]) < min(float(node.attrib["cy"]) - 3 for node in tree.iter("circle"))
    x, side = float(label.attrib["x"]), label.attrib["text-anchor"]
    assert {"start": x < 500, "end": x > 60, "middle": 60 <= x <= 500}[side]
    assert re.search(r"\$[\d,]+", label.text or "")
