"""Patterns tried only where a string that they need stands find what plain ones find."""

from __future__ import annotations

import re

import pytest

from config.loader import Config
from detector.reading.anchored import Anchored
from detector.reading.needles import anchors, needles
from detector.reading.price_words import PriceWords

ANCHORED = [
    (r"server|\bnodes?\b|(?:8|八)卡", {("server", 0, 0), ("node", 0, 0), ("卡", 1, 1)}),
    (r"(?:an? )?new (?P<what>card|gpu)s?", {("new ", 0, 3)}),
    (r"(?<![\d.])\d{1,3} pcs", {(" pcs", 1, 3)}),
    (r"[$€]\s?\d[\d.,]*k? each", {(digit, 1, 2) for digit in "0123456789"}),
    (r"\w+ lot|lot", set()),
]


@pytest.mark.parametrize(("pattern", "wanted"), ANCHORED, ids=[pattern for pattern, _ in ANCHORED])
def test_strings_are_named_with_their_distance(pattern: str, wanted: set[tuple[str, int, int]]) -> None:
    assert anchors(pattern) == wanted


TEXT = "a new card, new gpus: 12 pcs on 2 nodes; 八卡 server servers, 8卡, an new cards 1234 pcs $5 each €1,200k each nodes"


@pytest.mark.parametrize("pattern", [pattern for pattern, wanted in ANCHORED if wanted])
def test_the_same_is_found(pattern: str) -> None:
    plain = [m.span() for m in re.finditer(pattern, TEXT)]
    assert plain
    assert [m.span() for m in Anchored(pattern).finditer(TEXT)] == plain


def test_a_pattern_without_a_string_is_refused() -> None:
    with pytest.raises(ValueError, match="no string"):
        Anchored(r"\w+")


def test_braces_that_count_nothing_are_plain_text() -> None:
    assert needles("put {bar} down") == {"put {bar} down"}
    assert needles("a{2}bc") == {"bc"}


def test_every_phrase_of_a_price_compiles() -> None:
    assert all(choice.pattern for choice in PriceWords(Config().money)._choices)
