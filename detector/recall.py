"""What the alerts miss: unflagged listings drawn at random by digests, and the share of the worthwhile that is alerted.

Every listing that is no alert may be drawn, also one that was read as no offer of a restricted chip: a misreading hides
there. A listing counts once however often it was drawn, weighed by the probability that any digest drew it.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detector.tune import RIGHT, WRONG, wilson

STRATA = ("near", "unjudged", "far")
"""Judged offers near the threshold, listings without a score (no chip, no goods, no licence needed), judged offers far under it."""

NEAR = 0.5
"""Unflagged offers scoring at least this share of the alert threshold are `near` it."""


@dataclass(frozen=True, slots=True)
class Draw:
    """An unflagged listing drawn for a decision, and with which probability it was."""

    listing: str
    stratum: str
    probability: float


def draw(pool: Iterable[Mapping[str, Any]], medium: float, wanted: int, seed: int) -> list[Draw]:
    """Of the unflagged undecided listings (`Store.unflagged`) some at random, as many from each stratum.

    `seed` fixes the draw (take the digest's day). A stratum with too few leaves its draws to the others.
    """
    strata: dict[str, list[str]] = {name: [] for name in STRATA}
    for row in sorted(pool, key=lambda row: str(row["listing"])):
        near = "near" if row["score"] >= NEAR * medium else "far"
        strata[near if row["judged"] else "unjudged"].append(row["listing"])
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    portions = _portions({name: len(listings) for name, listings in strata.items()}, wanted)
    return [
        Draw(listing, name, n / len(strata[name]))
        for name, n in portions.items()
        for listing in sorted(chance.sample(strata[name], n))
    ]


def _portions(sizes: Mapping[str, int], wanted: int) -> dict[str, int]:
    given = dict.fromkeys(sizes, 0)
    for _ in range(min(wanted, sum(sizes.values()))):
        given[min((name for name in sizes if given[name] < sizes[name]), key=given.__getitem__)] += 1
    return given


@dataclass(frozen=True, slots=True)
class Drawn:
    """A listing that digests drew. `chance`: that any of them did; `score` is its present one, `right` None while undecided."""

    listing: str
    stratum: str
    chance: float
    score: float
    right: bool | None


@dataclass(frozen=True, slots=True)
class Sample:
    """All that digests drew, each listing once, and how many unflagged listings each stratum has."""

    drawn: tuple[Drawn, ...] = ()
    sizes: Mapping[str, float] | None = None


def sample(rows: Sequence[Mapping[str, Any]]) -> Sample:
    """From the draws of all digests, in the order in which those were made (`Store.samples`).

    A listing could be drawn by each digest since it became known, also by those that drew others. Digests of one day are
    one draw: they share a seed. A stratum has as many as the last digest that drew from it says, and those decided before.
    """
    days: dict[str, dict[str, float]] = defaultdict(dict)
    digests: dict[str, Counter[str]] = defaultdict(Counter)
    last: dict[str, Mapping[str, Any]] = {}
    own: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        stratum, day = row["stratum"], row["made_at"][:10]
        days[stratum][day] = max(row["probability"], days[stratum].get(day, 0.0))
        digests[stratum][row["digest"]] += 1
        last[stratum] = row
        own[row["listing"]].append(row)
    drawn = tuple(_drawn(draws, days[draws[-1]["stratum"]]) for draws in own.values())
    sizes = {}
    for stratum, row in last.items():
        members = [one for one in drawn if one.stratum == stratum]
        left = sum(one.right is not None and own[one.listing][-1]["decided_at"] < row["made_at"] for one in members)
        sizes[stratum] = max(digests[stratum][row["digest"]] / row["probability"] + left, len(members))
    return Sample(drawn, sizes)


def _drawn(draws: Sequence[Mapping[str, Any]], days: Mapping[str, float]) -> Drawn:
    row, drawn_on = draws[-1], {draw["made_at"][:10] for draw in draws}
    could = [p for day, p in days.items() if day >= row["known_from"][:10] or day in drawn_on]
    right = True if row["action"] in RIGHT else False if row["action"] in WRONG else None
    return Drawn(row["listing"], row["stratum"], 1 - math.prod(1 - p for p in could), row["score"] or 0.0, right)


@dataclass(frozen=True, slots=True)
class Recall:
    """Share of worthwhile listings that are alerted, with bounds. `found` are right alerts; `missed` is estimated; None before any
    draw was decided."""

    found: float
    missed: float | None
    value: float | None
    low: float
    high: float
    decided: int
    drawn: int


class Estimate:
    """Recall at any threshold, from the verdicts that stand (`Store.reviewed`) and the draws made under the threshold in force.

    A listing found by a draw is one that the alerts missed, though confirming it made it an alert. Undecided alerts are
    left out: with the queue undecided, recall is understated.
    """

    def __init__(self, reviewed: Iterable[Mapping[str, Any]], taken: Sample, in_force: float) -> None:
        self.drawn = [one for one in taken.drawn if one.score < in_force]
        self.sizes, self.in_force = taken.sizes or {}, in_force
        names = {one.listing for one in self.drawn}
        self._known = sorted(row["score"] for row in reviewed if row["action"] in RIGHT and row["listing"] not in names)
        self._decided: dict[str, list[Drawn]] = {stratum: [] for stratum in {one.stratum for one in self.drawn}}
        for one in self.drawn:
            if one.right is not None:
                self._decided[one.stratum].append(one)

    def at(self, cut: float) -> Recall:
        """What a threshold at `cut` finds of all that is worthwhile. Bounds take every stratum at its Wilson bound at once: wider than 95 %."""
        decided = sum(map(len, self._decided.values()))
        under = bisect_left(self._known, cut)
        found = float(len(self._known) - under)
        if not decided:
            return Recall(found, None, None, 0.0, 1.0, 0, len(self.drawn))
        missed = self._sum(-math.inf, min(cut, self.in_force), under)
        found_low, found_mid, found_high = self._sum(cut, self.in_force, found) if cut < self.in_force else (found,) * 3
        low, high = _part(found_low, missed[2]), _part(found_high, missed[0])
        return Recall(
            found_mid, missed[1], _part(found_mid, missed[1]), low or 0.0, 1.0 if high is None else high, decided, len(self.drawn)
        )

    def _sum(self, low: float, high: float, known: float) -> tuple[float, float, float]:
        """Least, likely and most worthwhile listings scoring between the two, `known` ones among them."""
        parts = [_hits(own, self.sizes[stratum], low, high) for stratum, own in self._decided.items()]
        least, likely, most = (known + sum(column) for column in zip(*parts, strict=True))
        return least, likely, most


def _part(found: float, missed: float) -> float | None:
    return found / (found + missed) if found + missed else None


def _hits(own: Sequence[Drawn], size: float, low: float, high: float) -> tuple[float, float, float]:
    """How many of a stratum's listings are worthwhile and score in [low, high). A stratum of which nothing was decided may hold
    anything: its middle is unknown, its upper bound is all."""
    if not own:
        return 0.0, 0.0, size
    hits = [one for one in own if one.right and low <= one.score < high]
    weight, squares = sum(1 / one.chance for one in own), sum(1 / one.chance**2 for one in own)
    share = sum(1 / one.chance for one in hits) / weight
    least, most = wilson(share, weight**2 / squares)
    # What was looked at is known for certain, which matters where that is much of the stratum.
    bottom, top = len(hits), size - (len(own) - len(hits))
    return max(size * least, bottom), min(max(size * share, bottom), top), max(min(size * most, top), bottom)
