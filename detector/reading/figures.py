"""Numbers in a text: digits with their multipliers everywhere, words and characters beside a mark of money."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from detector.reading.money_book import Locale, Mark, MoneyBook, nearest
from detector.reading.numerals import CHINESE, read_chinese, read_figure, read_words

if TYPE_CHECKING:
    from config.schema.money import Multiplier

_DIGITS = r"\d(?:\d{0,2}(?:[ '’]\d{3})+(?!\d)(?:[.,]\d{1,2}(?!\d))?|\d*(?:[.,]\d+)*)"
_UNITS = "十百千万亿兆拾佰仟십백천만억조"
# Digits and characters mixed: 2万5, 1億2,500万, 4천5백만. A space is allowed inside where a unit follows.
_MIXED = re.compile(
    rf"(?:{_DIGITS}|[{CHINESE}])(?:\s{{0,2}}[{_UNITS}]|(?<=[{_UNITS}])\s?\d+(?:,\d{{3}})*(?=\s?[{_UNITS}])|(?<=[{_UNITS}])\d+|(?<!\d)[{CHINESE}])*"
)
_SCALES = {"万": 10**4, "만": 10**4, "亿": 10**8, "억": 10**8, "千": 1000, "천": 1000, "百": 100, "백": 100}
_HAS_UNIT = re.compile(rf"[{_UNITS}]")
_FIGURE = re.compile(_DIGITS)
_BEGINS = re.compile(rf"[\d{CHINESE}]")
"""What a mixed figure begins with; wherever it stands, one does."""
PIECES = re.compile(
    r"(?<=[万千百亿仟佰一二三四五六七八九])(?:一(?=(?:[张台片颗枚件]|块(?!不)|月(?!底|初)|个(?!人)|只(?![限要卖出收换])|套(?!装)|部(?!分)|对(?![刀方])|组(?!装)|天(?![河津])|周(?![末边日])|年(?!前)))|两(?=[张台块片颗枚件套]))"
)
"""Behind a sum what it is for: the 一 of 16万一张 and of 三万五一张 is no digit of it."""
_RUN = re.compile(rf"[{CHINESE}点](?:\s?[{CHINESE}点])*")
_TAIL = re.compile(r"\d{1,3}(?![\d.,]|[^\W\d_\u2e80-\u9fff])")
_SPOKEN = re.compile(r" \d{1,3}(?=\s{0,2}(?:$|[,;)\n/]|\.(?!\d)|đ|₫|vnd|vnđ|có |fix|bớt|bao |nhé|ạ))")
"""As `_TAIL`, said aloud: 1 tỷ 2. What more is said behind it would be counted: 12 triệu 2 card."""
_LONGEST_PART = 8
_LONGEST = 40
"""Characters of the longest figure that is read."""
MOST = 1000
"""Figures looked at in one text."""
GAP = re.compile(r"[ \t:\-\u2010\u2011]{0,3}")
"""What may stand between a figure and its mark."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number at folded positions, not yet multiplied by `times`; `tail` are digits behind the multiplier (4tr5)."""

    start: int
    end: int
    token: str
    value: Decimal | None = None
    """Known at once for words and characters; digits wait for their currency."""
    times: Decimal = Decimal(1)
    tail: str = ""
    doubtful: bool = False

    @property
    def scale(self) -> Decimal:
        """The multiplier written last, known for characters as well: 10000 in 16.8万."""
        return Decimal(_SCALES.get(self.token[-1], 1)) if self.times == 1 else self.times


def numbers(text: str, book: MoneyBook, locale: Locale, marks: list[Mark]) -> list[Number]:
    """Numbers in order, none over another."""
    ends = {m.end for m in marks}
    joined = {m.start for m in marks if m.times > 1}
    found = list(islice(_in_digits(text, book, locale, ends, joined), MOST))
    starts, stops = [n.start for n in found], {n.end for n in found}
    spelt = [n for m in marks for n in _spelt(text, m, book, locale, starts, stops)]
    merged: list[Number] = []
    for number in sorted([*found, *spelt], key=lambda n: (n.start, -n.end)):
        if not merged or number.start >= merged[-1].end:
            merged.append(number)
    return _in_steps(text, merged)


def _in_steps(text: str, found: list[Number]) -> list[Number]:
    """Falling multipliers side by side are one number: 1 tỷ 250 triệu, 2 crore 50 lakh."""
    out: list[Number] = []
    for number in found:
        last = out[-1] if out else None
        if last and last.times > number.times > 1 and number.start - last.end <= 1 and not last.tail:
            parts = [read_figure(n.token, decimal=None, fine=True) for n in (last, number)]
            if last.value is None and parts[0] is not None and parts[1] is not None:
                value = parts[0] * last.times + parts[1] * number.times
                out[-1] = replace(last, end=number.end, value=value, times=Decimal(1), tail="c")
                continue
        out.append(number)
    return out


def _in_digits(text: str, book: MoneyBook, locale: Locale, ends: set[int], joined: set[int]) -> Iterator[Number]:
    pattern, known = book.multipliers(locale.base, locale.country)
    mixed, at = _HAS_UNIT.search(text), 0
    while match := (_next_mixed if mixed else _FIGURE.search)(text, at):
        start, end = match.span()
        if (start and start not in ends and _letter(text[start - 1])) or (start and text[start - 1].isdigit()):
            at = _run_end(text, start)  # part of a name: a100, rtx4090
            continue
        token, at = match.group(), end
        if mixed and PIECES.match(text, end - 1):
            token, end = token[:-1], end - 1
        if not token[0].isdigit() and not any(c.isdigit() for c in token):
            continue  # characters alone count beside a mark only
        if len(token) > _LONGEST:
            continue  # no sum, and not worth a second look
        if not _FIGURE.fullmatch(token):
            tidy = re.sub(r"[\s,]", "", token)
            value = read_chinese(tidy)
            if value is not None:
                yield Number(start, end, token, value, Decimal(1), "c")
                continue
            end = _FIGURE.match(text, start).end()  # type: ignore[union-attr]
            token, at = text[start:end], end
        number = Number(start, end, token)
        if end not in joined:  # the k of k€ is the mark's
            number = _with_part(text, number, book, lambda n: multiplied(text, n, pattern, known))
        at = number.end
        yield number


def _next_mixed(text: str, at: int) -> re.Match[str] | None:
    first = _BEGINS.search(text, at)
    return _MIXED.match(text, first.start()) if first else None


def _run_end(text: str, at: int) -> int:
    end = at
    while end < len(text) and text[end].isdigit():
        end += 1
    return max(end, at + 1)


def _letter(char: str) -> bool:
    return char.isalpha() and (char.isascii() or "\u00c0" <= char <= "\u04ff" or "\u1e00" <= char <= "\u1eff")


def multiplied(text: str, number: Number, pattern: re.Pattern[str], known: dict[str, Multiplier]) -> Number:
    """The number with the multipliers behind it, up to three (10 mil millones)."""
    for _ in range(3):
        match = pattern.match(text, number.end)
        if match is None:
            break
        row, end = known[match[2]], match.end()
        tail = (_TAIL.match(text, end) if row.tail else None) or (_SPOKEN.match(text, end) if row.spoken else None)
        if (row.close and match[1]) or (_letter(text[end - 1]) and end < len(text) and _letter(text[end])):
            break
        if not tail and end < len(text) and text[end].isdigit() and _letter(text[end - 1]):
            break
        number = replace(
            number, end=tail.end() if tail else end, times=number.times * row.value,
            tail=tail.group().strip() if tail else "", doubtful=number.doubtful or (row.doubtful and not tail),
        )  # fmt: skip
        if tail:
            break
    return number


def _with_part(text: str, number: Number, book: MoneyBook, multiply: Callable[[Number], Number]) -> Number:
    """The number multiplied, with the words that add half or a quarter of the multiplier: साढ़े 7 लाख, 2 buçuk milyon, 12 triệu rưỡi."""
    between, decimals = book.parts["between"]
    if inside := between.match(text, number.end):
        whole = multiply(replace(number, end=inside.end()))
        return replace(whole, tail=decimals[inside[1]]) if whole.times > 1 and not whole.tail else multiply(number)
    whole = multiply(number)
    if whole.times == 1 or whole.tail:
        return whole
    behind, decimals = book.parts["behind"]
    if after := behind.match(text, whole.end):
        return replace(whole, end=after.end(), tail=decimals[after[1]])
    ahead, decimals = book.parts["ahead"]
    before = ahead.search(text, max(0, whole.start - _LONGEST_PART), whole.start)
    return replace(whole, start=before.start(), tail=decimals[before[1]]) if before else whole


def _spelt(text: str, mark: Mark, book: MoneyBook, locale: Locale, starts: list[int], stops: set[int]) -> Iterator[Number]:
    """Numbers in characters or words that touch a mark: before it, and behind a sign that leads."""
    gap = GAP.match(text, mark.end)
    after = gap.end() if gap else mark.end
    if mark.place != "after" and after < len(text) and not text[after].isdigit():
        yield from _spelt_in(text, after, min(len(text), after + 80), book, locale, leading=True)
    before = len(text[max(0, mark.start - 40) : mark.start].rstrip(" -")) + max(0, mark.start - 40)
    if mark.place == "before" or before in stops or not before:
        return
    low = max(0, before - 80)
    previous = nearest(starts, before - 1)
    if previous >= 0:
        low = max(low, starts[previous])
    yield from _spelt_in(text, low, before, book, locale, leading=False)


def _spelt_in(text: str, low: int, high: int, book: MoneyBook, locale: Locale, *, leading: bool) -> Iterator[Number]:
    edge = text[low] if leading else text[high - 1]
    if edge in CHINESE:
        for match in _RUN.finditer(text, low, high):
            if match.start() == low if leading else match.end() == high:
                value = read_chinese(re.sub(r"\s", "", match.group()))
                if value is not None:
                    yield Number(match.start(), match.end(), match.group(), value, Decimal(1), "c")
                return
    elif edge.isalpha() and (words := book.number_words(locale.base)):
        run, one, values, tens = words
        for match in run.finditer(text, low, high):
            if match.start() == low if leading else _reaches(text, match.end(), high, book):
                value = read_words(one.findall(match.group()), values, tens=tens)
                yield Number(match.start(), match.end(), match.group(), value, Decimal(1), "c")
                return


def _reaches(text: str, end: int, high: int, book: MoneyBook) -> bool:
    between = text[end:high].strip(" -")
    return not between or between in ("de", "d'", "di") or bool(book.qualifiers.fullmatch(between))
