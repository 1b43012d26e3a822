"""Numbers that may count articles, each with its place: digits, Chinese numerals, words of every language."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from detector.reading.languages import languages
from detector.reading.numerals import read_chinese
from detector.reading.page import Page
from detector.reading.text import fold_pattern

MOST = 20000
"""A larger number is no stock of cards."""

# A figure that is part of money, a date, a version or a model is no count. What stands before is looked at behind the first digit, so
# that other letters are passed over fast.
_DIGITS = re.compile(r"\d(?<!\d:\d)(?<![\d.,/\-–$€£¥₽₹~₫a-z]\d)(?!(?<=1)[0-5][1-9]00k[sf]{0,2}\b)(?:\d?,\d{3}(?![\d,])|\d{0,4}(?![\d]|[.,]\d))")
_CHINESE = re.compile(
    r"(?<![一二三四五六七八九十百千第几半周])(?<![零一二三四五六七八九十\d]点)(?=[一二两三四五六七八九十百千俩仨廿卅])"
    r"(?:[一二两三四五六七八九]千零?)?(?:[一二两三四五六七八九]?百零?)?(?:[一二三四五六七八九]?十|廿|卅)?[一二两三四五六七八九俩仨]?(?![一二三四五六七八九十百千万点])"
)
_NUMERAL = re.compile("[一二两三四五六七八九十百千俩仨廿卅]")
"""Begins a Chinese numeral."""
_TENS_GAP = re.compile(r"[\s-]|\s(?:y|e|and|و)\s?")
_DOZEN = re.compile(fold_pattern(r"dozens?|dutzend|дюжин[аыу]?|docenas?|dúzias?|douzaines?|düzine|lusin|darjan|درزن|دزينة"))
_SPECIAL = {"俩": 2, "仨": 3, "廿": 20, "卅": 30}
_HANGUL = re.compile(r"[\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Count:
    """A number at folded positions. `doubtful`: the word means something else as often; `digits`: typed in figures."""

    start: int
    end: int
    value: int
    digits: bool = False
    doubtful: bool = False


def counts(page: Page, name: str) -> list[Count]:
    """Numbers of a field that may count articles, in order of place; those inside a chip's name are none."""
    key = f"counts {name}"
    if key not in page.memo:
        page.memo[key] = _counts(page, name)
    found: list[Count] = page.memo[key]
    return found


def _counts(page: Page, name: str) -> list[Count]:
    hits = page.hits(name)
    text = hits.text
    found = [
        Count(m.start(), m.end(), int(m.group().replace(",", "")), digits=True)
        for m in _DIGITS.finditer(text)
    ]
    if _NUMERAL.search(text):
        found += [Count(m.start(), m.end(), chinese(m.group())) for m in _CHINESE.finditer(text) if m.end() > m.start()]
    here = _languages(page)
    for hit in hits["number"]:
        if hit.start and _HANGUL.match(text[hit.start]) and _HANGUL.match(text[hit.start - 1]):
            continue
        value, doubtful = page.cues.numbers[text[hit.start : hit.end]]
        if not doubtful or not here or here & doubtful:
            found.append(Count(hit.start, hit.end, value, doubtful=bool(doubtful)))
    named = [(m.start, m.end) for m in page.named if m.field == name]
    kept = [c for c in found if 1 <= c.value <= MOST and not any(a <= c.start < b for a, b in named)]
    return _compounds(sorted(kept, key=lambda c: c.start), text)


def _languages(page: Page) -> frozenset[str]:
    """Languages whose doubtful words may be numbers: English `on card` is no ten. Empty, if nobody says what is spoken."""
    if "languages" not in page.memo:
        page.memo["languages"] = languages(page.doc) if page.doc.listing.language else frozenset()
    spoken: frozenset[str] = page.memo["languages"]
    return spoken


def _compounds(found: list[Count], text: str) -> list[Count]:
    """'forty-two', 'двадцать две', 'treinta y dos': a number word of tens and one of units make one number; 'fünf Dutzend' too."""
    out: list[Count] = []
    for count in found:
        last = out[-1] if out else None
        tens = last is not None and not last.digits and 20 <= last.value < 100 and last.value % 10 == 0
        if (
            last
            and tens
            and not count.digits
            and count.value < 10
            and _TENS_GAP.fullmatch(text, last.end, count.start)
        ):
            out[-1] = Count(last.start, count.end, last.value + count.value)
        elif last and 1 < last.value < 20 and text[last.end : count.start] == " " and _DOZEN.fullmatch(text, count.start, count.end):
            out[-1] = Count(last.start, count.end, last.value * 12)
        else:
            out.append(count)
    return out


def chinese(text: str) -> int:
    """Value of a Chinese numeral up to thousands, 0 where it is none."""
    if text in _SPECIAL:
        return _SPECIAL[text]
    if text[0] in "廿卅":
        return _SPECIAL[text[0]] + (chinese(text[1:]) if len(text) > 1 else 0)
    value = read_chinese(text.replace("俩", "两").replace("仨", "三"))
    return int(value) if value is not None else 0


def before(
    found: Sequence[Count], place: int, text: str, gap: re.Pattern[str], reach: int = 30
) -> Count | None:
    """The last number that ends at or before `place` with nothing but `gap` between, at most `reach` characters away."""
    at = bisect_right(found, place, key=lambda c: c.end) - 1
    while at >= 0 and place - found[at].end <= reach:
        if gap.fullmatch(text, found[at].end, place):
            return found[at]
        at -= 1
    return None


def after(
    found: Sequence[Count], place: int, text: str, gap: re.Pattern[str], reach: int = 12
) -> Count | None:
    """The first number at or after `place` with nothing but `gap` between."""
    at = bisect_right(found, place - 1, key=lambda c: c.start)
    if at < len(found) and found[at].start - place <= reach and gap.fullmatch(text, place, found[at].start):
        return found[at]
    return None
