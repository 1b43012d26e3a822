"""Numbers that a text leaves to be worked out: what is left when some are gone, and what boxes hold together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from detector.reading.counts import Count, counts
from detector.reading.cues import Hit
from detector.reading.no_stock import MEASURE, PAUSES, clause
from detector.reading.page import Page
from detector.reading.text import fold_pattern

_FAR = 110
"""Letters from the number there was to the one that is gone."""
_PAUSED = re.compile(f"[{PAUSES}]")
_AMONG = re.compile(fold_pattern(r"\s?(?:장|개|대|枚|台|個|张|片|块|颗)?\s?(?:중|中(?!古)|里面?|当中|のうち|うち)"))
"""'5장 중 2장': what is gone is the next number."""
_LEFT_REACH = 6
_STEP = 34
"""Letters of a clause around a number."""
_EACH = re.compile(
    fold_pattern(
        r"\beach\b|/(?=\s?(?:箱|盒|托|ctn|carton|box|case|kotak|thùng))|\bper\b|\bevery\b|\beine?[rs]?\b|\bje\b|\bpro\b|\bjede\w*|кажд\w+|\bпо\b|\bв (?:одно\w+|короб\w+|ящик\w+)|每|一(?=箱|盒|托|个|個)|1(?=箱|盒|托|ケース|トレー|パレット)|各|入り|入数|ずつ|一つ|한 |(?<!\d)1(?=박스|트레이)|박스당|당"
        r"|cada|\bpor\b|\bbaşına|her(?:\s?bir)?|mỗi|một|setiap|\bse(?=kotak|dus|peti)|tiap|satu|كل|بكل|har\b|\bek\b"
    )
)

_OF = re.compile(
    fold_pattern(
        r"\s?(?:of|à|a|@|x|×|zu(?: je)?|mit(?: je)?|je|по|de|con|com|di|isi|berisi|içinde|mỗi thùng|各|装|入り?|当たり|with|holding|holds?|each holding|with)?\s?"
    )
)
"""From a number of boxes to what each holds: 'zwei Paletten à acht', '3 коробки по 6'."""


def left_over(page: Page, name: str, counted: Callable[[Count], bool]) -> Iterator[tuple[int, int]]:
    """(number, place) of what is left: the number there was, less the numbers that are gone, where the text goes on to speak of
    the rest or names no other number. `counted` says whether a number counts articles."""
    hits = page.hits(name)
    gone = hits["gone"]
    if not gone:
        return
    text = hits.text
    found = [c for c in counts(page, name) if not MEASURE.match(text, c.end)]
    less = [c for hit in gone for c in _taken(text, found, hit)]
    for at, first in enumerate(found):
        if first in less or not counted(first) or not _of_articles(page, name, first):
            continue
        if any(0 <= hit.start - first.end <= _LEFT_REACH and _one_clause(text, first, hit.start, hit.end) for hit in hits["left"]):
            continue  # '3장 남음, 5장 중 2장 판매완료': it is what is left
        taken: list[Count] = []
        for count in found[at + 1 :]:
            if count.start - (taken[-1] if taken else first).end > _FAR:
                break
            if count in less and count.value < first.value:
                taken.append(count)
        left = first.value - sum(count.value for count in taken)
        if taken and left > 0:
            rest = any(hit.start > first.end for hit in hits["rest"])
            others = [c for c in found if c.start > taken[0].end and c not in less and c.value != left and counted(c)]
            if rest or not others:
                yield left, first.start
            return


def _taken(text: str, found: Sequence[Count], gone: Hit) -> list[Count]:
    """The numbers that a word of going speaks of: those of its clause on the side of the nearest. '6 promised, so 16 free'."""
    inside = [c for c in found if _one_clause(text, c, gone.start, gone.end) and not _AMONG.match(text, c.end)]
    before, after = [c for c in inside if c.end <= gone.start], [c for c in inside if c.start >= gone.end]
    if before and after:
        return before if gone.start - before[-1].end <= after[0].start - gone.end else after
    return inside


@dataclass(frozen=True, slots=True)
class Packed:
    """Boxes and what each holds; `at`: where their number stands."""

    boxes: int
    each: int
    at: int


def packed(page: Page, name: str, counted: Callable[[Count], bool]) -> Packed | None:
    """Boxes and what each holds: 'three cartons, 4 pcs per carton', 'zwei Paletten à acht', '1箱に6枚入り、全部で8箱'."""
    hits = page.hits(name)
    boxes, text = hits["container"], hits.text
    found = [c for c in counts(page, name) if not MEASURE.match(text, c.end)]
    many = [c for c in found if c.value > 1 and any(_counts_box(text, c, hit) for hit in boxes)]
    many.sort(key=lambda c: not any(_one_clause(text, c, hit.start, hit.end) for hit in hits["left"]))
    for number in many:
        beside = next(hit for hit in boxes if _counts_box(text, number, hit))
        for each in found:
            if 0 <= each.start - beside.end <= 12 and each.value > 1 and _OF.fullmatch(text, beside.end, each.start):
                return Packed(number.value, each.value, number.start)
    if len(boxes) < 2 and not (boxes and _EACH.search(text)):
        return None
    for number in many:
        for each in found:
            if abs(each.start - number.start) <= _FAR and each not in many and counted(each) and _in_one(text, boxes, each, number):
                return Packed(number.value, each.value, number.start)
    return None


def in_a_box(page: Page, name: str, counted: Callable[[Count], bool]) -> int | None:
    """How many one box holds, where no number of boxes is told: 'mỗi thùng 6 con', '4枚入り1箱'."""
    hits = page.hits(name)
    text, boxes = hits.text, hits["container"]
    found = [c for c in counts(page, name) if not MEASURE.match(text, c.end)]
    filled = (c for c in found for hit in boxes if c.value > 1 and 0 < c.start - hit.end <= 12 and _OF.fullmatch(text, hit.end, c.start))
    return next((c.value for c in (*filled, *(c for c in found if counted(c) and _in_one(text, boxes, c, None)))), None)


def _counts_box(text: str, count: Count, box: Hit) -> bool:
    """Whether a number stands right before a box; that of `10片/箱` is what one holds."""
    return 0 <= box.start - count.end <= 2 and "/" not in text[count.end : box.start]


def _in_one(text: str, boxes: Sequence[Hit], each: Count, number: Count | None) -> bool:
    """Whether a number is what one box holds: a box with 'each' or 'per' stands in its clause, and it counts no boxes."""
    if each.value < 2 or any(_counts_box(text, each, hit) and not _PAUSED.search(text, each.end, hit.start) for hit in boxes):
        return False
    low, high = _clause(text, each)
    beside = [h for h in boxes if low <= h.start and h.end <= high and not (number and _counts_box(text, number, h))]
    return any(_EACH.search(text, max(low, hit.start - 10), min(high, hit.end + 8)) for hit in beside)


def _of_articles(page: Page, name: str, count: Count) -> bool:
    """Whether a number surely counts articles: a counter stands behind it or a word of having before it, or it is a plain word."""
    hits = page.hits(name)
    if any(0 <= hit.start - count.end <= 2 for cue in ("counter-card", "counter-any", "counter-machine", "had-after") for hit in hits[cue]):
        return True
    if any(0 <= count.start - hit.end <= 12 for cue in ("had", "stock") for hit in hits[cue]):
        return count.value <= _MOST_BARE
    if _CAME.search(hits.text, max(0, count.start - 24), count.start) or _CAME.match(hits.text, count.end):
        return count.value <= _MOST_BARE
    return not (count.digits or count.doubtful or hits.text[count.start] > "\u2e7f")


_CAME = re.compile(
    fold_pattern(
        r"\s?(?:\b(?:bought|got|received|ordered|started with|had|took in|came in|compramos|comprei|compré|recibimos|llegaron|chegaram|vieram|vinieron|entraram|купил\w*|взял\w*|пришло|привезли|было|kauften|bekamen|erhielten|hatten|kamen|waren|mua|nhập|về|beli|masuk|dapat|aldık|geldi\w*|başladık|çıkmıştı|vardı|اشترينا|استلمنا|وصلنا|وصل|liye|aaye)\b|买了?|进了?|到了?|拿了?|收了?|原有|原来|入荷|仕入|ありました|들여|입고|구매|있었)\W{0,3}$|\s?(?:came|arrived|çıkmıştı|geldi|vardı|aaye|the\b|있었)"
    )
)
"""Words of what came in, before a number or behind it."""
_MOST_BARE = 500
"""A larger number without a counter is more often a model or a year."""


def _clause(text: str, count: Count) -> tuple[int, int]:
    return clause(text, count.start, count.end, _STEP, PAUSES + ".:")


def _one_clause(text: str, count: Count, start: int, end: int) -> bool:
    low, high = _clause(text, count)
    return low <= start and end <= high

