"""The look for literal parts before patterns are tried: it must never hide a text that a pattern matches."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.extraction import words as w
from crawler.extraction.cues import Cues, needed

KNOWN = w.shipped()
GATED = {
    "pressed": (KNOWN.pressed, w.PRESSED), "others": (KNOWN.wording["heading_related"], w.OTHERS),
    "unpriced": (KNOWN.wording["unpriced"], w.UNPRICED), "on request": (KNOWN.wording["on_request"], w.UNPRICED),
} | {
    name: (pattern, bit) for pattern, name, bit in KNOWN.says
}
SUMS = {f"sum: {name}": (KNOWN.wording[name], KNOWN.wording_bits[name]) for name in w.SUMS}


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("add to (your |my )?(cart|basket)", {"add to "}), ("^sold\\b", {"sold"}), ("buy|köp\\b", {"buy", "köp"}), ("pre-?order", {"order"}),
        ("(is|are) (not|no longer)\\s?available", {"available"}), ("n[ro]\\.", None), ("\\d+ left", {" left"}), ("[abc]+", None), ("x?", None),
        ("(?:in stock){1,2}", {"in stock"}), ("(?=ab)cd", {"cd"}),
    ],
)  # fmt: skip
def test_what_every_match_holds(pattern: str, texts: set[str] | None) -> None:
    found = needed(pattern)
    assert (found is None or all(len(text) == 1 for text in found)) if texts is None else found == texts


@pytest.mark.parametrize("name", [*GATED, *SUMS])
def test_no_match_is_hidden(name: str) -> None:
    pattern, bit = (GATED | SUMS)[name]
    cues = KNOWN.cues if name in GATED else KNOWN.sums

    @settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern))
    def every_match_is_seen(text: str) -> None:
        text = re.sub(r"\s", " ", text)
        if pattern.search(text):
            assert cues.of(["before", text, "behind"])[1] & bit, text

    every_match_is_seen()


def test_no_wording_is_tried_on_every_text_of_a_page() -> None:
    assert KNOWN.cues.always == 0


def test_each_text_gets_its_own_bits_and_a_pattern_without_text_is_always_tried() -> None:
    cues = Cues({1: ("cart",), 2: ("stock", "left"), 4: ("\\d",)})
    assert cues.of(["a cart", "", "in stock, add to cart", "car", "t"]) == [5, 4, 7, 4, 4]
    assert cues.of([]) == []
