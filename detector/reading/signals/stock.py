"""bulk_inventory: more chips than a private person has, by number or by words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from detector.reading.model import Facts
from detector.reading.signals.scope import TIGHT, Finding, Scope, finding

_WORDS = {
    2: "two|两|二|두|zwei|dos|duas|dois|deux|iki|hai|две|два|dua|اثنين", 3: "three|三|세|drei|tres|três|trois|üç|ba|три|tiga",
    4: "four|四|네|vier|cuatro|quatro|quatre|dört|четыре|empat", 5: "five|五|다섯|fünf|cinco|cinq|beş|пять|lima",
    6: "six|六|sechs|seis|alti|шесть|enam", 8: "eight|八|acht|ocho|oito|huit|sekiz|восемь|delapan|lapan",
    10: "ten|十|열|zehn|diez|dez|dix|on|десять|десяток|sepuluh|chục|عشرة|عشر", 12: "twelve|dozen|十二|一打|zwölf|doce|doze|douze|dutzend|docena|dúzia|düzine|дюжин\\w*|двенадцать|dua belas|lusin",
    15: "fifteen|十五|fünfzehn|quince|quinze|пятнадцать", 16: "sixteen|十六|sechzehn|шестнадцать", 20: "twenty|二十|廿|스무|zwanzig|veinte|vinte|vingt|yirmi|двадцать|dua puluh|hai chục",
    24: "two dozen|二十四", 30: "thirty|三十|卅|dreißig|treinta|trinta|trente|otuz|тридцать", 40: "forty|四十|卌", 50: "fifty|五十|半百|пятьдесят|полсотни", 100: "hundred|一百|百|сотня|сотню",
}  # fmt: skip
# A number of its own: no part of a name (L40), a memory size or a price.
_COUNT = re.compile(
    r"(?<![a-z0-9.,$€£¥])\d{1,5}(?![a-z0-9]|[.,]\d|\s?(?:g|гб)|%)|[一二三四五六七八九十百廿卅两俩几]+|\b(?:"
    + "|".join(
        word for words in _WORDS.values() for word in words.split("|") if word.isascii() or len(word) > 3
    )
    + r")\b"
)
_WORD_END = re.compile(r"(?![a-z\u00c0-\u024f\u0400-\u04ff\u0600-\u06ff])")
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
        count = _COUNT.search(s.text, start, end)
        if count and not any(scope.near(n, unit, 2) for n in s.of("not_stock")):
            yield Finding(min(count.start(), unit.start), max(count.end(), unit.end), unit.languages[0], 0.5)


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


def _numbers(text: str, facts: Facts) -> Iterator[Finding]:
    for number in sorted(
        {facts.quantity or 0, facts.total_chips or 0, *(chip.count for chip in facts.chips)} - {0, 1},
        reverse=True,
    ):
        pattern = re.compile(
            rf"(?<![\d.,a-zа-я])(?:{number}|{_WORDS.get(number, '0x')})(?![\d.,]\d|\d|\s?gb?\b|\s?g\b|\s?гб)"
        )
        for match in pattern.finditer(text):
            # To the end of a word: a quote cut inside one reads like a fault.
            tail = _WORD_END.search(text, match.end() + NUMBER_TAIL)
            yield Finding(match.start(), tail.start() if tail else len(text), "")
