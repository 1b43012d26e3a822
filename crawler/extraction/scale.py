"""Words and letters of scale behind a figure: `18.5万`, `11.5 lakh`, `84 mil`, `14k`, `7,5 k€`, `49万8千円`.

What a word means may depend on the language (`mil` is a thousand in Spanish, a million in English); where the page's language
is none of a word's, nobody can say by what it multiplies, and the figure is no price.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from config.schema.money import Money, Multiplier

_BLANKS = frozenset(" \u00a0\u202f")
_DIGITS = re.compile(r"\d{1,12}")
_MOST = 4
"""Parts of a figure with words of scale, at most: `1億2千万` has three."""


class Scale(NamedTuple):
    """What stands behind a figure: it is multiplied by `factor`, `plus` is added, at `end` all is read. A `factor` of None
    is one that is not known here."""

    factor: Decimal | None
    plus: Decimal
    end: int


class Scales:
    """The multipliers of `config/money`, found at a place of a text."""

    def __init__(self, money: Money) -> None:
        self._languages = {row.id: row.language for row in money.home}
        self._rows: dict[str, list[Multiplier]] = {}
        """One word may be several multipliers, by language."""
        for row in money.multiplier:
            for mark in row.marks:
                self._rows.setdefault(mark.casefold(), []).append(row)
        self._joined = {f"{row.id}{mark}".casefold(): row.value for row in money.joined for mark in row.marks}
        """Letters that are written together with the currency behind them: k€, tkr."""
        self._lengths: dict[str, tuple[int, ...]] = {}
        for word in sorted({*self._rows, *self._joined}, key=len, reverse=True):
            self._lengths[word[0]] = tuple(dict.fromkeys((*self._lengths.get(word[0], ()), len(word))))
        self._behind = {mark: part.value for part in money.part if part.place == "behind" for mark in part.marks}

    def language(self, language: str | None, country: str | None) -> str | None:
        """The language that decides, in lower case: the page's, else the one of most sites of its country."""
        return language.lower() if language else self._languages.get(country or "")

    def of(self, text: str, end: int, language: str | None, money: Callable[[str, int], str]) -> Scale:
        """The scale of the figure that ends at `end`. `money` gives the mark of a currency that follows a place, '' if none."""
        factor, stop = self._one(text, end, language, money)
        if factor is None or factor == 1:
            return Scale(factor, Decimal(0), end)
        plus = Decimal(0)
        smaller: Decimal | None = factor
        for _ in range(_MOST):
            more = _DIGITS.match(text, stop)
            if more is None:
                break
            last = smaller or factor
            smaller, stop = self._one(text, more.end(), language, money)
            part = _part(more[0], smaller, last)
            if part is None:
                return Scale(None, plus, stop)
            plus += part
        for mark, share in self._behind.items():
            if text.startswith(mark, stop + 1):
                plus, stop = plus + share * factor, stop + 1 + len(mark)
        return Scale(factor, plus, stop)

    def _one(
        self, text: str, end: int, language: str | None, money: Callable[[str, int], str], *, first: bool = True
    ) -> tuple[Decimal | None, int]:
        """The factor of one word of scale, or of two that multiply each other (千万), and where it ends; 1 if there is none."""
        start = end + (text[end : end + 1] in _BLANKS)
        for length in self._lengths.get(text[start : start + 1].casefold(), ()):
            word = text[start : start + length].casefold()
            if len(word) < length:
                continue
            if word in self._joined and money(text, start + 1):
                return self._joined[word], start + 1
            if word in self._rows and _ends(text, start + length, start > end, word, money):
                factor = self._factor(self._rows[word], language, start > end, text[start + length : start + length + 1])
                if factor is None or factor == 1 or word[-1].isascii() or not first:
                    return factor, start + length if factor != 1 else end
                again, stop = self._one(text, start + length, language, money, first=False)
                return (again * factor, stop) if again is not None and again > factor else (factor, start + length)
        return Decimal(1), end

    def _factor(self, rows: list[Multiplier], language: str | None, apart: bool, follows: str) -> Decimal | None:
        base = (language or "").split("-")[0]
        row = next((row for row in rows if not row.languages or base in row.languages or language in row.languages), None)
        if row is None:
            # A letter that is also a measure's says nothing in a language that does not count in it.
            return Decimal(1) if all(row.doubtful for row in rows) else None
        if row.close and apart:
            return Decimal(1) if row.doubtful or follows.isdigit() else None
        return row.value if row.tail or not follows.isdigit() or not row.marks[0].isascii() else Decimal(1)


def _ends(text: str, stop: int, apart: bool, word: str, money: Callable[[str, int], str]) -> bool:
    """Does a word of scale end here? Letters go on a longer word (`k` of `kg`), unless they are a currency's. East Asian signs
    that touch the figure need no end: `18.5万起`."""
    follows = text[stop : stop + 1]
    if not follows.isalpha():
        return not (follows == "-" and text[stop + 1 : stop + 2].isalpha())
    cased = word[-1].lower() != word[-1].upper()
    return (not apart and not cased) or bool(money(text, stop))


def _part(digits: str, factor: Decimal | None, last: Decimal) -> Decimal | None:
    """What digits behind a word of scale add: `8千` 8000, `2` behind 万 two tenths of it, `8000` there themselves; None if
    they may be anything."""
    if factor is None or factor >= last:
        return None
    if factor > 1:
        return int(digits) * factor
    zeros = len(str(int(last))) - 1
    return Decimal(digits) if len(digits) == zeros else Decimal(f"0.{digits}") * last if len(digits) < zeros else None
