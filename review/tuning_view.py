"""What a threshold would do, from counts that the database answers at any size: alerts a day, precision, recall, what comes and goes.

For cuts of severity alone: the scores stay, so nothing is judged again. Changes of weights are tried by `chipwatch tune try`.
"""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from detector.recall import Estimate, Recall, Sample, sample
from detector.tune import RIGHT, Rate, rate
from storage.overview import INDEXED_SCORE

if TYPE_CHECKING:
    from storage.store import Store

SHOWN = 40
"""Offers of a list that are written out; the rest is counted."""

STEP = 200
"""So many more are written out each time they are asked for."""

MOST = 2000
"""More than anybody reads before setting a threshold; Data has them all."""

CALLED = {"severity.medium": "alert from score", "severity.high": "high severity from score"}
"""What the desk calls the thresholds that it sets; other keys are called as in the file."""

GRID = tuple(round(at / 100, 2) for at in range(10, 101))
"""Thresholds of the curves."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a threshold gives: `precision` among reviewed offers, `recall` of all that is worthwhile, as random draws tell; with intervals."""

    score: float
    alerts: int
    per_day: float
    precision: Rate
    recall: Recall


class Past:
    """Scores of current offers and decisions on them. `counts` are (thousandths of the score, offers); `days` were observed; `taken` is
    what digests drew under the threshold in force, `medium`."""

    def __init__(
        self,
        counts: Iterable[tuple[int, int]],
        reviewed: Sequence[Mapping[str, Any]],
        days: int,
        taken: Sample,
        medium: float,
    ) -> None:
        self.days = max(days, 1)
        self.reviewed = reviewed
        self._recall = Estimate(reviewed, taken, medium)
        bins = [0] * 1002
        for at, offers in counts:
            bins[min(max(at, 0), 1000)] += offers
        # _over[k]: offers with a score of k thousandths or more.
        self._over = list(accumulate(reversed(bins)))[::-1]
        self._right = sorted(r["score"] for r in reviewed if r["action"] in RIGHT)
        self._wrong = sorted(r["score"] for r in reviewed if r["action"] not in RIGHT)

    @classmethod
    def of(cls, store: Store, medium: float) -> Past:
        """The history of a home where `medium` is the threshold in force."""
        return cls(store.score_counts(), store.reviewed(), len(store.days_observed()), sample(store.samples()), medium)

    def alerts(self, score: float) -> int:
        """Current offers that a threshold at `score` alerts."""
        return self._over[min(max(math.ceil(score * 1000 - 1e-6), 0), 1001)]

    def step(self, score: float) -> Step:
        """What a threshold at `score` gives."""
        right, wrong = _from(self._right, score), _from(self._wrong, score)
        alerts = self.alerts(score)
        return Step(
            score, alerts, alerts / self.days, rate(right, right + wrong), self._recall.at(score)
        )

    def curve(self) -> list[Step]:
        """A step for each threshold of the grid."""
        return [self.step(score) for score in GRID]

    def for_budget(self, per_day: float) -> float | None:
        """The lowest threshold, in steps of 0.005, that stays within so many alerts a day; None where none does."""
        lowest = math.ceil(INDEXED_SCORE * 1000)
        return next(
            (at / 1000 for at in range(lowest, 1001, 5) if self._over[at] / self.days <= per_day), None
        )


def _from(ordered: Sequence[float], score: float) -> int:
    """How many of ascending scores are at least `score`."""
    return len(ordered) - bisect_left(ordered, score)


@dataclass(frozen=True, slots=True)
class Trial:
    """A threshold tried against the one in force. `changed` offers come (`comes`) or go; `rows` are the first of them.

    `lost` are the first of the `losing` confirmed or escalated ones among those that go, the highest score first.
    """

    now: Step
    then: Step
    rows: tuple[Mapping[str, Any], ...]
    lost: tuple[Mapping[str, Any], ...]
    losing: int

    @property
    def comes(self) -> bool:
        return self.then.score < self.now.score

    @property
    def changed(self) -> int:
        return abs(self.then.alerts - self.now.alerts)

    @property
    def decided(self) -> dict[str, int]:
        """Of the written rows: how many carry which decision."""
        found: dict[str, int] = {}
        for row in self.rows:
            if row["decision"]:
                found[row["decision"]] = found.get(row["decision"], 0) + 1
        return found


def trial(store: Store, past: Past, now: float, then: float, shown: int = SHOWN) -> Trial:
    """Try the alert threshold `then` against `now`: what comes or goes, the nearest to the threshold in force first, at most `shown`."""
    low, high = sorted((now, then))
    actions = {row["listing"]: row["action"] for row in past.reviewed}
    rows = store.offers_scored(low, high, limit=shown, lowest_first=then > now) if then != now else []
    losing = losing_of(past.reviewed, now, then)
    lost = [{**row, "decision": actions[row["listing"]]} for row in store.offers_named(losing[:shown])]
    return Trial(
        past.step(now), past.step(then), tuple({**row, "decision": actions.get(row["listing"])} for row in rows), tuple(lost),
        len(losing),
    )  # fmt: skip


def losing_of(reviewed: Sequence[Mapping[str, Any]], now: float, then: float) -> list[str]:
    """Listings of confirmed or escalated offers, as `Store.reviewed` gives them, that are alerts at `now` and at `then` no more."""
    return [row["listing"] for row in reviewed if row["action"] in RIGHT and now <= row["score"] < then]


def to_decide(store: Store) -> list[str]:
    """Listings that digests drew at random and nobody has decided on."""
    return list(dict.fromkeys(row["listing"] for row in store.samples() if row["action"] is None))


@dataclass(frozen=True, slots=True)
class Version:
    """A logged version of the thresholds: who set it, when, why, and what it changed as `key: before -> after`."""

    hash: str
    at: str
    who: str
    why: str
    changes: tuple[str, ...]


def versions(rows: Sequence[Mapping[str, Any]]) -> list[Version]:
    """The versions that a person set, the one in force first."""
    out, before = [], None
    for row in rows:
        if not row["content"]:
            continue
        keys = flat(tomllib.loads(row["content"]["file"]))
        changes = () if before is None else tuple(_differences(before, keys))
        out.append(Version(row["hash"], row["at"], row["who"], row["why"], changes))
        before = keys
    return out[::-1]


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys of a thresholds file; rows of weights and pairs by their id."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and all(isinstance(row, Mapping) and "id" in row for row in value):
            found |= {f"{prefix}{key}.{row['id']}": row.get("weight") for row in value}
        else:
            found[prefix + key] = value
    return found


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield f"{CALLED.get(key, key)}: {before.get(key, 'as shipped')} → {after.get(key, 'as shipped')}"
