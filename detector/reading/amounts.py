"""Amounts of money in any text: `find_amounts`. Pure and linear; what can be read two ways has no value, with the reason.

1. marks (signs, words, codes) by one automaton pass; 2. figures in digits with their multipliers, and numbers in words
or characters beside a mark; 3. each figure takes the mark beside it; 4. hundredths behind a sum join it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from detector.reading.figures import GAP, Number, multiplied
from detector.reading.figures import numbers as numbers_in
from detector.reading.money_book import Locale, Mark, MoneyBook, nearest
from detector.reading.numerals import read_figure
from detector.reading.text import Folded, fold

_ARABIC = {0x066B: ".", 0x066C: ","}
_ZERO = dict.fromkeys(map(ord, "oоο"), "0")
_DIGIT_O = re.compile(r"\d[.,]?[oоο]")
# In groups of three, behind a sign of money, or three in a row: '5o' may be anything.
_LETTER_ZEROS = re.compile(
    r"(?<![^\W_])\d[\doоο]{0,2}(?:[.,][\doоο]{3})+(?:[.,][\doоο]{2})?(?![^\W_])|(?<=[$€£¥₽₹])\d[\doоο]{2,7}(?![^\W_])|(?<![^\W_])\d{1,3}[oоο]{3}(?![^\W_])"
)
_CENTS = re.compile(r"[ -]{0,2}(?:(?:and|und|y|con|e|et|en|et|と|и|&|ve)[ -]{1,2}|と|,)?")
_JOIN = re.compile(r"[ -]{0,2}(?:(?:and|und|y|con|e|et|en|ve)[ -]{1,2}|と)?")
_ENDS = re.compile(r"\s*(?:$|[.!?;)\]]|です)")


TIME_NEAR = 18
_TIME_BESIDE = re.compile(r"hour|\bhrs?\b|/ ?h\b|gpu-?h|month|/ ?mo\b|\bcloud\b|stund|/ ?std|hora|час|heure|時間|小时|卡时|/ ?时|时租|시간|giờ|\bsaat|\bjam\b|ساعة|rent|miete|alquil|alug|аренд|credit")
"""Words of time and rent: a sum beside them may well have three decimals."""
Of = Literal["any", "rent", "goods"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure at `start` to `end` of its text. `value` is None where it can be read two ways, `currency` where the
    mark means several; `reason` says which. `mark` is the sign or word as folded, None for a bare figure. `minor`:
    counted in parts of an unnamed currency (50 centavos), each worth this much of it. `doubtful`: only if the place speaks of money
    (350w). `scale`: the multiplier behind it (10000 in 16.8万)."""

    start: int
    end: int
    value: Decimal | None
    currency: str | None = None
    mark: str | None = None
    reason: str | None = None
    minor: Decimal | None = None
    doubtful: bool = False
    scale: Decimal = Decimal(1)


def find_amounts(text: str, book: MoneyBook, *, language: str | None = None, country: str | None = None) -> list[Amount]:
    """Sums of money in `text` that carry a currency's mark, in order, at code points of the raw text."""
    folded = fold(text)
    found = [a for a in scan(folded, book, book.locale(language, country)) if a.mark is not None]
    spans = (folded.span(a.start, a.end) for a in found)
    return [replace(a, start=span[0], end=span[1]) for a, span in zip(found, spans, strict=True)]


def scan(folded: Folded, book: MoneyBook, locale: Locale, *, of: Of = "any") -> list[Amount]:
    """All figures of a folded text, with and without a mark, at folded positions. `of` what they are sums: of `rent` three decimals are
    likely, of `goods` what could be three decimals is thousands, unless the currency has thousandths."""
    text = folded.text
    text = _zeros(text.translate(_ARABIC) if "\u066b" in text or "\u066c" in text else text)
    marks = book.marks(folded, locale)
    numbers = numbers_in(text, book, locale, marks)
    return _with_cents(text, list(_pair(text, numbers, marks, book, locale, of)))


def _zeros(text: str) -> str:
    """The text with the letter o of a sum as 0: $7,5OO; same length."""
    if not _DIGIT_O.search(text):
        return text
    return _LETTER_ZEROS.sub(lambda found: found.group().translate(_ZERO), text)


def _pair(
    text: str, numbers: list[Number], marks: list[Mark], book: MoneyBook, locale: Locale, of: Of
) -> Iterator[Amount]:
    """Each number with the mark beside it. A mark serves one number; the one it leads, if it leads one."""
    starts = [m.start for m in marks]
    used: set[int] = set()
    for at, number in enumerate(numbers):
        next_start = numbers[at + 1].start if at + 1 < len(numbers) else None
        i = nearest(starts, number.start - 1)
        left = marks[i] if i >= 0 and i not in used and _leads(text, marks[i], number) else None
        j = nearest(starts, number.end - 1) + 1
        right, word = None, ""
        if j < len(marks):
            right, word = _follows(text, number, marks[j], book, next_start)
        leads_next = right is not None and next_start is not None and bool(GAP.fullmatch(text[right.end : next_start]))
        if left and right and (leads_next or not _agree(left, right, book, locale)):
            closer = right.start == number.end and left.end < number.start
            left, right = (None, right) if closer and not leads_next else (left, None)
        elif right and leads_next and right.place != "after" and _nearer_next(text[number.end : right.start], right.end == next_start):
            right = None
        if left is not None:
            used.add(i)
        if right is not None:
            used.add(j)
        yield _amount(text, number, left, right, word, book, locale, of)


def _nearer_next(gap: str, touches: bool) -> bool:
    """Whether a sign after a gap belongs to the figure behind it: RTX 5090 $1.9k."""
    return "-" in gap or (touches and bool(gap))


def _leads(text: str, mark: Mark, number: Number) -> bool:
    gap = text[mark.end : number.start]
    return mark.place != "after" and len(gap) <= mark.reach and bool(GAP.fullmatch(gap))


def _follows(text: str, number: Number, mark: Mark, book: MoneyBook, next_start: int | None) -> tuple[Mark | None, str]:
    """The mark, if it stands right behind the number, and the country's adjective between or behind, if any."""
    if mark.place == "before" or mark.start - number.end > 30:
        return None, ""
    gap = text[number.end : mark.start]
    if len(gap) <= mark.reach and GAP.fullmatch(gap):
        behind = text[mark.end : mark.end + 24].lstrip(" ")
        behind = behind.removeprefix("de ").removeprefix("d'")
        found = book.qualifiers.match(behind) if mark.shared else None
        return mark, found.group() if found else ""
    between = gap.strip(" -")
    if between in ("de", "d'", "di"):
        return mark, ""
    between = between.removeprefix("de ")
    return (mark, between) if book.qualifiers.fullmatch(between) else (None, "")


def _agree(left: Mark, right: Mark, book: MoneyBook, locale: Locale) -> bool:
    if right.minor is not None:
        return False
    mine, theirs = (m.iso or (book.shared(m.shared, locale) if m.shared else None) for m in (left, right))
    named = {*left.shared.by_country.values(), left.shared.abroad} if left.shared else set()
    return mine == theirs or theirs in named or (right.shared is not None and mine in right.shared.by_country.values())


def _amount(
    text: str, number: Number, left: Mark | None, right: Mark | None, word: str, book: MoneyBook, locale: Locale, of: Of
) -> Amount:
    start, end = left.start if left else number.start, right.end if right else number.end
    minor = right.minor if right else None
    chosen = next((m for m in (left, right) if m is not None and m.iso), left or right)
    currency, reason = _currency(chosen, word, book, locale)
    if right and not number.doubtful:
        pattern, known = book.multipliers(locale.base, locale.country)
        late = multiplied(text, replace(number, end=right.end), pattern, known) if number.times == 1 else None
        if late and late.times > 1 and not late.doubtful and not late.tail and text[right.end : right.end + 1] == " ":
            number, end = replace(late, end=number.end), late.end
    if right and right.times > 1 and number.times == 1:
        number = replace(number, times=right.times)
    value = number.value
    if value is None:
        scaled = number.times > 1
        whole = book.whole(currency) and not scaled
        for sign in _decimals(number, currency, book, locale):
            value = read_figure(number.token, decimal=sign, whole=whole, fine=of == "rent" or scaled)
            if value is not None:
                break
        if value is None and of == "goods" and book.hundredths(currency) and not _TIME_BESIDE.search(text, max(0, start - TIME_NEAR), end + TIME_NEAR):
            value = read_figure(number.token, decimal=None, whole=True)
        if value is None:
            reason = f"{number.token} can be read two ways"
    if value is not None and number.tail != "c":
        value = value * number.times + Decimal(number.tail or 0) * number.times / 10 ** len(number.tail)
    if minor and right and not right.alone:
        chosen = None  # 5分 by itself is minutes
    at_least = chosen.shared.at_least if chosen and chosen.shared else Decimal(0)
    mark = chosen.text if chosen and (value is None or value >= at_least) else None
    scale = number.scale
    if mark is None:
        end = end if minor else number.end
        return Amount(number.start, end, value, None, None, reason, minor, number.doubtful, scale)
    return Amount(start, end, value, currency, mark, reason, minor, False, scale)


def _decimals(number: Number, iso: str | None, book: MoneyBook, locale: Locale) -> Iterator[str | None]:
    """Decimal sign of the writer, then of the currency's country: 49.000 € is plain in Zürich, where it looks like a
    decimal, because the euro's own countries write it so; then of the seller's country: 1.650 USD by an Istanbul dealer
    who writes English. 万 is East Asian whoever writes."""
    if number.times in (10**4, 10**8):
        yield "."
        return
    own = book.decimal(locale)
    row = book.currencies.get(iso or "")
    theirs = book.decimal(book.locale(None, row.countries[0])) if row and row.countries else None
    yield own or theirs
    if own and theirs:
        yield theirs
    if own and locale.country:
        yield book.decimal(book.locale(None, locale.country))


def _currency(mark: Mark | None, word: str, book: MoneyBook, locale: Locale) -> tuple[str | None, str | None]:
    if mark is None:
        return None, None
    if mark.minor is not None:
        return None, f"{mark.text}: a part of a currency that is not named"
    if mark.iso:
        return mark.iso, None
    named = book.qualified(word, mark.shared) if word else None
    iso = named or (book.shared(mark.shared, locale) if mark.shared else None)
    return iso, None if iso else f"{mark.text} is used by several currencies, and the place is not known"


def _with_cents(text: str, found: list[Amount]) -> list[Amount]:
    """Hundredths join the sum before them: 2ドル3セント, fünf Euro fünfzig, 5元3角."""
    out: list[Amount] = []
    for amount in found:
        joined = _joined(text, out[-1], amount) if out else None
        if joined is None:
            out.append(amount)
        else:
            out[-1] = joined
    return out


def _joined(text: str, whole: Amount, part: Amount) -> Amount | None:
    if whole.mark is None or whole.minor or whole.value is None or part.value is None:
        return None
    gap = text[whole.end : part.start]
    if part.minor and part.value < 100 and _CENTS.fullmatch(gap):
        return replace(whole, end=part.end, value=whole.value + part.value * part.minor)
    if part.mark is not None or not 10 <= part.value < 100 or part.value % 1 or not gap or not _JOIN.fullmatch(gap) or not _ENDS.match(text, part.end):
        return None
    return replace(whole, end=part.end, value=whole.value + part.value / 100)
