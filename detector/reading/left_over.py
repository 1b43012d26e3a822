"""Numbers that a text leaves to be worked out: what is left when some are gone, and what boxes hold together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from detector.reading.counts import Count, counts
from detector.reading.no_stock import MEASURE, PAUSES, clause
from detector.reading.page import Page
from detector.reading.text import fold_pattern

_FAR = 110
"""Letters from the number there was to the one that is gone."""
_STEP = 34
"""Letters of a clause around a number."""
_EACH = re.compile(
    fold_pattern(
        r"\beach\b|\bper\b|\bevery\b|\beine?[rs]?\b|\bje\b|\bpro\b|\bjede\w*|кажд\w+|\bпо\b|\bв (?:одно\w+|короб\w+|ящик\w+)|每|一(?=箱|盒|托|个|個)|1(?=箱|盒|托|ケース|トレー|パレット)|各|一つ|한 |(?<!\d)1(?=박스|트레이)|박스당|당"
        r"|cada|\bpor\b|\bbaşına|her(?:\s?bir)?|mỗi|một|setiap|\bse(?=kotak|dus|peti)|tiap|satu|كل|بكل|har\b|\bek\b"
    )
)


def left_over(page: Page, name: str, counted: Callable[[Count], bool]) -> Iterator[tuple[int, int]]:
    """(number, place) of what is left: the number there was, less the numbers that are gone, where the text goes on to speak of
    the rest or names no other number. `counted` says whether a number counts articles."""
    hits = page.hits(name)
    gone = hits["gone"]
    if not gone:
        return
    text = hits.text
    found = [c for c in counts(page, name) if not MEASURE.match(text, c.end)]
    less = [c for c in found if any(_one_clause(text, c, hit.start, hit.end) for hit in gone)]
    for at, first in enumerate(found):
        if first in less or not counted(first) or not _of_articles(page, name, first):
            continue
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


def packed(page: Page, name: str, counted: Callable[[Count], bool]) -> Iterator[tuple[int, int]]:
    """(number, place) of boxes times what each holds: 'three cartons, 4 pcs per carton', '1箱に6枚入り、全部で8箱'."""
    hits = page.hits(name)
    boxes = hits["container"]
    if len(boxes) < 2 and not (boxes and _EACH.search(hits.text)):
        return
    text = hits.text
    found = [c for c in counts(page, name) if not MEASURE.match(text, c.end)]
    many = [c for c in found if c.value > 1 and any(0 <= hit.start - c.end <= 2 for hit in boxes)]
    many.sort(key=lambda c: not any(_one_clause(text, c, hit.start, hit.end) for hit in hits["left"]))
    for number in many:
        for each in found:
            if each is number or each.value < 2 or abs(each.start - number.start) > _FAR or each in many or not counted(each):
                continue
            low, high = _clause(text, each)
            beside = [hit for hit in boxes if low <= hit.start and hit.end <= high and not 0 <= hit.start - number.end <= 2]
            if beside and any(_EACH.search(text, max(low, hit.start - 10), min(high, hit.end + 8)) for hit in beside):
                yield number.value * each.value, number.start
                return


def _of_articles(page: Page, name: str, count: Count) -> bool:
    """Whether a number surely counts articles: a counter stands behind it or a word of having before it, or it is a plain word."""
    hits = page.hits(name)
    if any(0 <= hit.start - count.end <= 2 for cue in ("counter-card", "counter-any", "counter-machine", "had-after") for hit in hits[cue]):
        return True
    if any(0 <= count.start - hit.end <= 12 for cue in ("had", "stock") for hit in hits[cue]):
        return count.value <= _MOST_BARE
    return not (count.digits or count.doubtful or hits.text[count.start] > "\u2e7f")


_MOST_BARE = 500
"""A larger number without a counter is more often a model or a year."""


def _clause(text: str, count: Count) -> tuple[int, int]:
    return clause(text, count.start, count.end, _STEP, PAUSES + ".:")


def _one_clause(text: str, count: Count, start: int, end: int) -> bool:
    low, high = _clause(text, count)
    return low <= start and end <= high

