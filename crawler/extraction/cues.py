"""Which wordings may stand in which texts: one pass over a page with all their literal parts, before any pattern is tried.

A wording is an alternation of some sixty patterns, and Python tries each of them at every letter. Most texts hold none of
the words without which no pattern matches, so those are looked for first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

_parse: Any = re._parser.parse  # type: ignore[attr-defined]
_GAP = "\n"
"""Stands between texts; no pattern's literal part holds it."""


def needed(pattern: str) -> frozenset[str] | None:
    """Texts of which every match of the pattern holds at least one; None if there are none such."""
    return _of_sequence(_parse(pattern))


def _of_sequence(items: Any) -> frozenset[str] | None:
    """The best of what parts in a row need: the one whose shortest text is longest."""
    found: list[frozenset[str]] = []
    run = ""
    for kind, value in items:
        name = str(kind)
        if name == "LITERAL":
            run += chr(value)
            continue
        if name == "AT":
            continue
        found.append(frozenset((run,)))
        run = ""
        part = _of_part(name, value)
        if part:
            found.append(part)
    found.append(frozenset((run,)))
    best = max(found, key=lambda texts: min(map(len, texts)))
    return best if all(text and _GAP not in text for text in best) else None


def _of_part(name: str, value: Any) -> frozenset[str] | None:
    if name == "BRANCH":
        parts = [_of_sequence(branch) for branch in value[1]]
        return None if any(part is None for part in parts) else frozenset().union(*(part for part in parts if part))
    if name == "SUBPATTERN":
        return _of_sequence(value[3])
    if name in ("MAX_REPEAT", "MIN_REPEAT") and value[0] >= 1:
        return _of_sequence(value[2])
    return None


class Cues:
    """Finds, for sets of patterns by bit, the texts in which one of a set may match."""

    def __init__(self, sets: dict[int, tuple[str, ...]]) -> None:
        self.always = 0
        """Bits of sets with a pattern that needs no text."""
        bits: dict[str, int] = {}
        for bit, patterns in sets.items():
            parts = [needed(pattern) for pattern in patterns]
            if any(part is None for part in parts):
                self.always |= bit
            for text in frozenset().union(*(part for part in parts if part)):
                bits[text] = bits.get(text, 0) | bit
        self._bits = list(bits.values())
        self._finder = AhoCorasick(list(bits), matchkind=MatchKind.Standard)

    def of(self, texts: list[str]) -> list[int]:
        """The bits of each text, which is in lower case."""
        found = [self.always] * len(texts)
        starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
        for number, start, _ in self._finder.find_matches_as_indexes(_GAP.join(texts), overlapping=True):
            found[bisect_right(starts, start) - 1] |= self._bits[number]
        return found
