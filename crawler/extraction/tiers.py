"""Prices by quantity: of a table `1-4 $14,000, 5-9 $13,500, 10+ $13,000` the first is what one article costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction import words as w

if TYPE_CHECKING:
    from crawler.extraction.candidate import Candidate
    from crawler.extraction.dom import Shown

Label = tuple[int, bool]
"""The least quantity, and whether it is a bare number."""
Tier = tuple[Label, "Candidate"]
FURTHER = 3.0
"""Points that a price for more articles loses."""
FOR_SEVERAL = 1.0
"""Points that the first price loses where it is for two or more: one that is shown without a quantity goes before it."""
_BRACKET = re.compile(r"\(([^()]{1,24})\)")
_LONGEST = 24
"""Characters of a label."""
_BARE = 3
"""So many bare numbers before falling prices are quantities; two may be anything."""
_BETWEEN = 2
"""Texts between a row of quantities and the row of their prices, at most."""


def weigh(shown: Shown, found: list[Candidate]) -> None:
    """Take points from prices that are asked for several articles. `found` is in the order of the page."""
    labelled = _in_columns(shown, found) or [
        (label, candidate) for candidate in found if (label := _label(shown, _before(shown, candidate))) is not None
    ]
    run: list[Tier] = []
    for row in labelled:
        if run and not _goes_on(run[-1], row):
            _weigh(run)
            run = []
        run.append(row)
    _weigh(run)


def _goes_on(last: Tier, row: Tier) -> bool:
    """Does a price follow another in one table? The same one may be found twice, in its cell and in its row."""
    (least, _), (former, _) = row[0], last[0]
    amount, above = row[1].price.amount, last[1].price.amount
    return (least > former and amount <= above) or (least == former and amount == above)


def _weigh(run: list[Tier]) -> None:
    starts = {least for (least, _), _ in run}
    if len(starts) < _BARE and all(bare for (_, bare), _ in run):
        return
    for (least, _), candidate in run:
        candidate.points -= FURTHER if least > min(starts) else FOR_SEVERAL if least > 1 else 0.0


def _before(shown: Shown, candidate: Candidate) -> str:
    """The words before a figure in its text, else those in brackets behind it, else the text before it."""
    lead, bracket = candidate.lead.lower().strip(w.AROUND), _BRACKET.search(candidate.trail.lower())
    return lead or (bracket[1] if bracket else shown.lower[candidate.order - 1] if candidate.order else "")


def _label(shown: Shown, text: str) -> Label | None:
    """What a label of a quantity says; None if it is none."""
    found = shown.words.tier.fullmatch(text.strip(w.AROUND)) if len(text) <= _LONGEST else None
    return (int(found[1]), found[0].isdigit()) if found else None


def _in_columns(shown: Shown, found: list[Candidate]) -> list[Tier]:
    """Prices in a row under a row of their quantities; nothing if there are none such."""
    by_order = {candidate.order: candidate for candidate in found}
    for first in sorted(by_order):
        count = next(n for n in range(1, len(by_order) + 1) if first + n not in by_order)
        if count < 2 or first - 1 in by_order:
            continue
        for gap in range(_BETWEEN + 1):
            start = first - gap - count
            labels = [_label(shown, shown.lower[order]) for order in range(start, start + count)] if start >= 0 else []
            rows = [(label, by_order[first + n]) for n, label in enumerate(labels) if label is not None]
            if len(rows) == count:
                return rows
    return []
