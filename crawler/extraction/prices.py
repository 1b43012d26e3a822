"""Prices as shops show and mark them: text in, amount and currency out; amounts are Decimal, never float.

A figure with one separator before exactly three digits is read as thousands: no shop prices to the thousandth, except in
the dinars and rials that have three decimals. A word of scale behind a figure multiplies it (`scale`); where it is not known
by what, the figure is no price. What cannot be read is None, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from crawler.extraction.scale import Scales

if TYPE_CHECKING:
    from config.schema.extraction import LocalMark
    from config.schema.money import Money
    from crawler.extraction.scale import Scale

THREE_DECIMALS = frozenset(("KWD", "BHD", "OMR", "JOD", "TND", "LYD", "IQD"))
"""Currencies with thousandths, ISO 4217."""
LARGEST = Decimal(10) ** 13
"""No article costs more in any currency; longer digit strings are numbers of other things."""
_FIGURE = r"\d{1,3}(?:[ \u00a0\u202f\u2009]\d{3}(?!\d))+(?:[.,]\d{1,2}(?!\d))?|\d[\d.,'’٬٫]{0,24}\d|\d"
_TAIL = r"(?:\s?[.,:]?[-–—]{1,2}(?!\s?[^\s\d]{0,4}\s?\d)|,=)?"
DASHES = tuple(point + dash for point in ".,:" for dash in "-–—")
"""A dash in the place of cents: `129,-`, `1 299:-`."""
_SIGNS = r"[$£¥￥﷼\u20a0-\u20cf]"
_CENTS = re.compile(rf"([.,])?\s?({_SIGNS})?\s?(\d\d)(\s?(?:{_SIGNS}?\*?|[^\W\d_]{{2,3}}))$")
"""A part of a price that is its cents: point, sign before, cents, sign or word behind; no `10 %`."""
_WHOLE = re.compile(rf"({_SIGNS}\s?)?(\d[\d.,'’\s]*?)([.,]?)(\s?{_SIGNS})?$")
_WIDE = re.compile("[\uff0c\uff0e\uff10-\uff19]")
_NARROW = {wide: wide - 0xFEE0 for wide in (0xFF0C, 0xFF0E, *range(0xFF10, 0xFF1A))}
"""Figures in the full width of East Asian type: `９，０００`."""
_SIGN_INSIDE = re.compile(r"(?<=\d)€(?=\d\d(?!\d))")
"""`1 299€99`."""
_MACHINE = re.compile(r"-?\d+(?:\.\d+)?$")
_LONGEST_SCALE = 12
"""Characters of a word of scale."""
_ONLY_FIGURES = re.compile(r"[\d\s.,'’\u00a0\u202f–-]{1,16}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is from: ISO 3166 country and BCP 47 language, where known; they decide shared signs, unless it is known
    which currency (ISO 4217) they stand for here."""

    country: str | None = None
    language: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A price in a text: `text` as shown, `currency` ISO 4217 or None, `mark` the sign shown ('' if none)."""

    text: str
    amount: Decimal
    currency: str | None
    mark: str
    start: int
    end: int
    scaled: bool = False
    """A word of scale multiplied the figure."""


def figure(text: str, *, whole: bool = False, thousandths: bool = False) -> Decimal | None:
    """`1.599,00` -> 1599.00, `21,50,000` -> 2150000, `0.999` -> 0.999; None if it is no figure."""
    digits = re.sub(r"[\s'’\u00a0\u202f\u2009٬]", "", text).replace("٫", ".")
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        decimal = "." if digits.rfind(".") > digits.rfind(",") else ","
        if digits.count(decimal) > 1:
            return None
        digits = digits.replace("," if decimal == "." else ".", "").replace(decimal, ".")
    elif points + commas > 1:
        parts = re.split("[.,]", digits)
        if any(len(part) not in (2, 3) for part in parts[1:]) or len(parts[-1]) != 3:
            return None
        digits = "".join(parts)
    elif points + commas == 1:
        head, tail = re.split("[.,]", digits)
        thousands = len(tail) == 3 and len(head) <= 3 and head.lstrip("0") != "" and not thousandths
        digits = head + tail if thousands or (whole and len(tail) == 3) else f"{head}.{tail}"
    return _decimal(digits)


def joined(text: str, more: str) -> str:
    """A text and the next part of it, which may be the cents of the figure it ends with: `9,000` `99`, `9.000` `,99 €`, `9 000 €`
    `99` are 9,000.99."""
    cents = _CENTS.match(more)
    whole = _WHOLE.search(text) if cents else None
    between = (cents[2] or whole[4] or "").strip() if cents and whole else ""
    # In `£ 50` `£` `60` the second sign begins another price.
    if cents and whole and not (between and whole[1]):
        point = cents[1] or whole[3] or ("," if "." in whole[2] else ".")
        return f"{text[: whole.end(2)]}{point}{cents[3]}{' ' if between else ''}{between}{cents[4]}"
    if more in (".", ",") and text[-1:].isdigit():
        return text + more
    return f"{text} {more}" if text and more else text + more


def machine(value: str) -> Decimal | None:
    """A price in markup or state, where a point is the decimal sign; shops that write it as shown are read so too."""
    text = value.strip()
    if _MACHINE.match(text):
        return _decimal(text)
    found = re.search(_FIGURE, text)
    return figure(found.group()) if found and len(text) <= 60 else None


def _decimal(digits: str) -> Decimal | None:
    try:
        amount = Decimal(digits)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < LARGEST else None


class PriceReader:
    """Finds prices in shown texts by the marks of `config/money`: a figure first, then the marks on its two sides."""

    def __init__(self, money: Money, local: Iterable[LocalMark] = ()) -> None:
        self.whole = {row.id for row in money.currency if row.whole}
        self.codes = {row.id for row in money.currency}
        self.sure = {mark.casefold(): row.id for row in money.currency for mark in (*row.marks, *row.after)}
        local = tuple(local)
        at_home = {mark for row in local for mark in (*row.before, *row.after)}
        self.shared = {
            mark.casefold(): row for row in money.shared for mark in row.marks if not (row.known_only and mark in at_home)
        }
        self.sure |= {
            f"{mark[:-1]} $": code for mark, code in self.sure.items() if len(mark) > 1 and mark.endswith("$")
        }
        self.only_after = {mark.casefold() for row in money.currency for mark in row.after}
        self.only_after |= {
            mark.casefold() for row in money.shared if row.place == "after" for mark in row.marks
        }
        self.only_before: set[str] = set()
        self.home = {country: row.id for row in money.currency for country in row.countries}
        """The currency of a country, by ISO codes."""
        self._look_up()
        self.scales = Scales(money)
        self.pattern = re.compile(rf"(?<![\w.,#])(?<!\d[-/])(?P<figure>{_FIGURE})(?P<tail>{_TAIL})")
        self._rows = {row.id: row for row in local}
        self._local: dict[str, PriceReader] = {}
        """Readers of countries with marks of their own, once asked for."""

    def _look_up(self) -> None:
        """Make the tables by which marks are found."""
        marks = (*self.sure, *self.shared, *self.codes)
        self.marks = sorted({mark.lower() for mark in marks})
        """All of them in lower case; a text that holds none shows no price."""
        self._by_last = _lengths(marks, -1)
        self._by_first = _lengths(marks, 0)

    def _with(self, row: LocalMark) -> PriceReader:
        """A reader that knows a country's own marks as well."""
        reader = copy(self)
        reader.sure = self.sure | dict.fromkeys((*row.before, *row.after), row.currency)
        reader.only_after = self.only_after | (set(row.after) - set(row.before))
        reader.only_before = set(row.before) - set(row.after)
        reader._look_up()
        return reader

    def of(self, place: Place) -> PriceReader:
        """The reader for a page's country."""
        row = self._rows.get(place.country or "")
        if row is None:
            return self
        if row.id not in self._local:
            self._local[row.id] = self._with(row)
        return self._local[row.id]

    def find(self, text: str, place: Place, *, bare: bool = False) -> list[Price]:
        """The prices of a short text in order; figures without a mark only where `bare`, or with a dash in the place of cents
        in a country whose currency is known."""
        if _WIDE.search(text):
            text = text.translate(_NARROW)
        sign = _SIGN_INSIDE.search(text)
        if sign:
            text = joined(text[: sign.end()], text[sign.end() :])
        found = []
        language = self.scales.language(place.language, place.country)
        for match in self.pattern.finditer(self._parted(text)):
            scale = self.scales.of(text, match.end(), language, self._after)
            before = self._before(text, match.start())
            after = "" if before else self._after(text, scale.end) or self._dash(match["tail"], place)
            if scale.factor is None or not (before or after or bare):
                continue
            price = self._price(text, match, scale, before, after, place)
            if price is not None:
                found.append(price)
        return found

    def _price(self, text: str, match: re.Match[str], scale: Scale, before: str, after: str, place: Place) -> Price | None:
        mark = (before or after).strip()
        code = self.home[place.country or ""] if mark in DASHES else self.currency(mark, place)
        scaled = scale.factor != 1
        # `1.250万` has a decimal point: who counts in ten thousands groups no thousands.
        amount = figure(match["figure"], whole=code in self.whole and not scaled, thousandths=code in THREE_DECIMALS)
        unknown = code is None and mark.casefold() in self.shared and self.shared[mark.casefold()].known_only
        if amount is None or scale.factor is None or unknown:
            return None
        amount = amount * scale.factor + scale.plus
        start, end = match.start() - len(before), scale.end + (0 if mark in DASHES else len(after))
        return Price(text[start:end].strip(), amount, code, mark, start, end, scaled) if amount < LARGEST else None

    def only_figures(self, text: str, place: Place) -> bool:
        """Is a text nothing but figures, a word of scale behind them at most?"""
        figures = _ONLY_FIGURES.match(text)
        if figures is None or figures.end() == len(text):
            return figures is not None
        end = len(figures[0].rstrip())
        if end == 0 or len(text) - end > _LONGEST_SCALE:
            return False
        scale = self.scales.of(text, end, self.scales.language(place.language, place.country), self._after)
        return scale.factor not in (None, 1) and scale.end == len(text)

    def marked(self, value: str, place: Place) -> Decimal | None:
        """A price in markup or state (`machine`), which shops write with a word of scale at times."""
        shown = None if _MACHINE.match(value.strip()) or len(value) > 60 else self.find(value, place, bare=True)
        return shown[0].amount if shown and shown[0].scaled else machine(value)

    def _parted(self, text: str) -> str:
        """The text with marks that touch a figure made blanks, so that the figure stands alone: `Rs23`, not `H100`."""
        return _TOUCHING.sub(lambda found: " " * len(found[0]) if self._known(found[0]) else found[0], text)

    def _known(self, mark: str) -> bool:
        folded = mark.casefold()
        return folded in self.sure or folded in self.shared or mark in self.codes

    def has_mark(self, text: str) -> bool:
        """Is a text a currency's mark, or a mark beside figures?"""
        return self._known(text.strip(" .\u00a0\u202f")) or any(
            self._known(part) for part in _MARKS.findall(text)
        )

    def _before(self, text: str, at: int) -> str:
        """The mark that ends before the figure, with the blanks between; '' if none."""
        stop = at
        while stop > 0 and at - stop < 3 and text[stop - 1] in " \u00a0\u202f\t:":
            stop -= 1
        for length in self._by_last.get(text[stop - 1], ()) if stop else ():
            if length > stop:
                continue
            mark = text[stop - length : stop]
            alone = not mark[0].isalpha() or stop == length or not text[stop - length - 1].isalpha()
            if alone and self._known(mark) and mark.casefold() not in self.only_after:
                return text[stop - length : at]
        return ""

    def _dash(self, tail: str, place: Place) -> str:
        return tail if tail in DASHES and place.country in self.home else ""

    def _after(self, text: str, end: int) -> str:
        """The mark that follows the figure, with the blanks between; '' if none."""
        start = end
        while start < len(text) and start - end < 3 and text[start] in " \u00a0\u202f\t":
            start += 1
        for length in self._by_first.get(text[start], ()) if start < len(text) else ():
            mark = text[start : start + length]
            follows = text[start + length : start + length + 1]
            alone = not (mark[-1].isalpha() and mark[-1].isascii()) or not follows.isalpha()
            # In 'A100 $9,999' the sign belongs to the next figure.
            if alone and not follows.isdigit() and self._known(mark) and mark.casefold() not in self.only_before:
                return text[end : start + length]
        return ""

    def currency(self, mark: str, place: Place) -> str | None:
        """ISO code of a sign, word or code; None where country and language do not decide."""
        if not mark:
            return None
        folded = mark.casefold()
        if folded in self.sure:
            return self.sure[folded]
        if folded.upper() in self.codes:
            return folded.upper()
        row = self.shared.get(folded)
        if row is None:
            return None
        if place.currency in self.meanings(mark):
            return place.currency
        if place.country in row.by_country:
            return row.by_country[place.country or ""]
        if place.country:
            return row.abroad or row.otherwise
        language = (place.language or "").lower()
        return row.by_language.get(language) or row.by_language.get(language.split("-")[0]) or row.otherwise

    def meanings(self, mark: str) -> frozenset[str]:
        """All currencies that a shared sign stands for somewhere; none for other marks."""
        row = self.shared.get(mark.casefold())
        if row is None:
            return frozenset()
        codes = (*row.by_country.values(), *row.by_language.values(), row.abroad, row.otherwise)
        return frozenset(code for code in codes if code)


def _lengths(marks: tuple[str, ...], end: int) -> dict[str, tuple[int, ...]]:
    """How long the marks are that begin (0) or end (-1) with a sign, longest first; `casefold` may lengthen a mark."""
    found: dict[str, set[int]] = {}
    for mark in marks:
        for sign in (mark[end].lower(), mark[end].upper()):
            found.setdefault(sign, set()).add(len(mark))
    return {sign: tuple(sorted(lengths, reverse=True)) for sign, lengths in found.items()}


_TOUCHING = re.compile(r"(?<![^\W_])[^\W\d_]{1,4}(?=\d)")
_MARKS = re.compile(r"[^\W\d_]+\$?\.?|[^\w\s.,]")
