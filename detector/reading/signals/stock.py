"""bulk_inventory: more chips than a private person has, by number or by words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from detector.reading.model import Facts
from detector.reading.signals.scope import OBJECTS, TIGHT, Finding, Scope, finding
from detector.reading.signals.vocabulary import Hit
from detector.reading.text import fold_pattern

_COUNTED_WORD = re.compile(r"\+?[ \u00a0-]?(?:[x×] ?)?[a-z\u00c0-\u024f\u0400-\u04ff]{2,}(?![a-z\u00c0-\u024f\u0400-\u04ff])")
"""The word behind a number, in scripts that set words apart."""
_WORD_END = re.compile(r"(?![a-z\u00c0-\u024f\u0400-\u04ff\u0600-\u06ff])")
_PAUSE = re.compile(r"[,.;:!?|/()，。；：！？、（）\n]")
_MINIMUM_OF_ONE = re.compile(
    fold_pattern(
        r"(?:moq|min\w*\.? ?(?:order\w*|qty|quantity|purchase)|mindest(?:bestell|abnahme)\w*|(?:cantidad|pedido|compra|quantidade|encomenda) m[ií]nim[ao]|(?:quantité|commande) minim\w*|минимальн\w+ (?:заказ|парти)\w*|"
        r"minimum (?:sipariş|pemesanan|order)|(?:最小|最低)?(?:起订|起批|起购|起拍|订购|注文)(?:量|数)?|최소 ?(?:주문|구매)(?: ?수량)?)[^\d\n]{0,14}?(?<!\d)(?:1(?!\d|[.,]\d)|one\b|一)"
    )
)
"""A least order of one piece is no trader's."""
MOST_DIGITS = 8
_BEFORE = re.compile(r"(?<![\d.,])(\d{2,5})\s?$")
_NEXT_NUMBER = re.compile(r"\s(?=\d)")
NUMBER_TAIL = 8
"""Letters behind a number that name what it counts."""


def bulk_inventory(scopes: Sequence[Scope], text: str, facts: Facts, least: int, field: str) -> Iterator[Finding]:
    """Words of stock in a field; and where the chips are `least` or more, the places that state the number."""
    total = facts.total_chips or max((chip.count for chip in facts.chips), default=0)
    if total >= least:
        yield from _numbers(text, facts.counted.get(field, ()))
    if facts.price and facts.price.per == "lot" and 1 < total < least:
        return  # 'the whole lot' of four is no stock
    for scope in scopes:
        for hit in scope.s.of("bulk"):
            if (
                not scope.negated(hit)
                and not scope.hollow(hit)
                and not _disowned(scope, hit)
                and not any(o.start <= hit.start and hit.end <= o.end for o in scope.s.of("not_stock"))
            ):
                yield finding(hit)
                break
        else:
            yield from _many(scope)
        if facts.offer == "sale":
            yield from _supplied(scope, least)


def _disowned(scope: Scope, hit: Hit) -> bool:
    """`no me dedico a la venta al por mayor`, `Mengenrabatt gibt es nicht`, `도매 안 해요`: no trader."""
    s = scope.s
    denied = any(
        n.end <= hit.start and scope.near(n, hit) and not s.pauses_between(n, hit) and not s.between(n, hit, *OBJECTS) for n in s.of("not")
    )
    after = any(
        n.start >= hit.end and scope.near(n, hit, TIGHT) and not s.pauses_between(n, hit) and not s.between(hit, n, *OBJECTS)
        for n in s.of("none_after", "not_after", "no_channel")
    )
    return denied or after or scope.taken_back(hit)


def _many(scope: Scope) -> Iterator[Finding]:
    """`Dozens of cards`, `100+ pcs`: many, and of what."""
    s = scope.s
    for hit in s.of("bulk_weak"):
        if any(m.start() < hit.end and hit.start < m.end() for m in _MINIMUM_OF_ONE.finditer(s.text, s.start, s.end)):
            continue
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


def _supplied(scope: Scope, least: int) -> Iterator[Finding]:
    """`60 pcs per week`: no stock, but a supply."""
    s = scope.s
    for rate in s.of("rate"):
        for unit in s.of("unit"):
            number = _BEFORE.search(s.text, max(s.start, unit.start - MOST_DIGITS), unit.start)
            if (
                number
                and int(number[1]) >= least
                and scope.near(rate, unit, TIGHT)
                and not s.pauses_between(rate, unit)
                and not scope.hollow(rate)
                and not any(_apart(sold, rate) for sold in s.within(s.clause(unit), "not_stock"))
            ):
                yield Finding(min(number.start(1), rate.start), max(unit.end, rate.end), rate.languages[0])
                return


def _apart(first: Hit, second: Hit) -> bool:
    return first.end <= second.start or second.end <= first.start


def enough(facts: Facts, least: int) -> bool:
    """Whether the figures alone show the stock."""
    return (facts.total_chips or 0) >= least or max((chip.count for chip in facts.chips), default=0) >= least


def _numbers(text: str, places: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """The numbers of the reading where the field states them, with a word of what they count."""
    for start, end in places:
        # To the end of a word, and not past a pause: a quote cut inside either reads like a fault. `40 units no returns`: one word.
        counted = _COUNTED_WORD.match(text, end)
        tail = None if counted else _WORD_END.search(text, end + NUMBER_TAIL)
        last = counted.end() if counted else tail.start() if tail else len(text)
        pause = _PAUSE.search(text, end, last) or _NEXT_NUMBER.search(text, end, last)
        yield Finding(start, pause.start() if pause else last, "")
