"""bulk_inventory: more chips than a private person has, by number or by words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from detector.reading.model import Facts
from detector.reading.signals.scope import TIGHT, Finding, Scope, finding

_WORD_END = re.compile(r"(?![a-z\u00c0-\u024f\u0400-\u04ff\u0600-\u06ff])")
_PAUSE = re.compile(r"[,.;:!?|/()，。；：！？、（）\n]")
_COUNTING = {"unit", "bulk", "bulk_weak"}
MOST_COUNTS = 4
BEFORE = 8
"""Letters around a word that counts, in which its number stands."""
NUMBER_TAIL = 8
"""Letters behind a number that name what it counts."""


def bulk_inventory(scopes: Sequence[Scope], text: str, facts: Facts, least: int) -> Iterator[Finding]:
    """Words of stock; and where the chips are `least` or more, the places that state the number."""
    total = facts.total_chips or max((chip.count for chip in facts.chips), default=0)
    if total >= least:
        yield from _numbers(text, facts)
        yield from islice((place for scope in scopes for place in _counted(scope)), MOST_COUNTS)
    if facts.price and facts.price.per == "lot" and 1 < total < least:
        return  # 'the whole lot' of four is no stock
    for scope in scopes:
        for hit in scope.s.of("bulk"):
            if (
                not scope.negated(hit)
                and not scope.hollow(hit)
                and not any(o.start <= hit.start and hit.end <= o.end for o in scope.s.of("not_stock"))
            ):
                yield finding(hit)
                break
        else:
            yield from _many(scope)


def _counted(scope: Scope) -> Iterator[Finding]:
    """Where cards or machines are counted, in figures or in words: `七台`, `qty 30`, `больше сорока единиц`."""
    s = scope.s
    for unit in s.of("unit"):
        clause = s.clause(unit)
        start, end = max(clause.start, unit.start - BEFORE), min(clause.end, unit.end + BEFORE)
        numbers = _COUNT.finditer(s.text, start, end)
        count = next((n for n in numbers if not _of_other_things(scope, n.start(), n.end())), None)
        if count and not any(scope.near(n, unit, 2) for n in s.of("not_stock")):
            yield Finding(min(count.start(), unit.start), max(count.end(), unit.end), unit.languages[0], 0.5)


def _of_other_things(scope: Scope, start: int, end: int) -> bool:
    """Whether a number counts what is no stock (`30 days`), or is part of a phrase with a meaning of its own (`七天内有问题可以退`)."""
    s = scope.s
    if any(hit.start <= start and end < hit.end and hit.concept not in _COUNTING for hit in s.hits):
        return True
    for word in s.of("not_stock"):
        if word.start == end or (word.start == end + 1 and s.text[end] == " " and s.text[word.start] < "\u2fff"):
            return True
    return False


def _many(scope: Scope) -> Iterator[Finding]:
    """`Dozens of cards`, `100+ pcs`: many, and of what."""
    s = scope.s
    for hit in s.of("bulk_weak"):
        apart = [u for u in s.of("unit") if u.start >= hit.end or u.end <= hit.start]
        units = [u for u in apart if scope.near(u, hit, TIGHT) and not s.pauses_between(u, hit)]
        if (
            units
            and not s.within(s.clause(hit), "not_stock")
            and not scope.negated(hit)
            and not scope.hollow(hit)
        ):
            yield finding(hit, units[0])
            return


def enough(facts: Facts, least: int) -> bool:
    """Whether the figures alone show the stock."""
    return (facts.total_chips or 0) >= least or max((chip.count for chip in facts.chips), default=0) >= least


def _numbers(text: str, places: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """The numbers of the reading where the field states them, with a word of what they count."""
    for start, end in places:
        # To the end of a word: a quote cut inside one reads like a fault.
        tail = _WORD_END.search(text, end + NUMBER_TAIL)
        yield Finding(start, tail.start() if tail else len(text), "")
