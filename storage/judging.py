"""What judging asks of the history: the order in which things became known, and what was known before a moment.

Known order: by time recorded, then time observed, then name. Observations of one import carry one recording time, so a
file read at once and the same file read day by day come in the same order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from storage.observation import SELECT, Observation, observation_of
from storage.readings import Readings

PART = 500
"""Names in one question; SQLite takes at least 999 parameters everywhere."""

WINDOW = 5000
"""Observations that are held at once to be measured against each other."""

_NEVER = "9"
"""Sorts after every date."""

_ORDER = "o.recorded_at, o.observed_at, o.id"


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in the known order."""

    recorded_at: str
    observed_at: str
    observation: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An observation to be judged. `fresh`: what it says was never judged before. `current`: it is its listing's latest.
    `doubted`: its reading is by the version in force, and was measured without what is known now.

    Observations of one `window` became known together: they were recorded at the same time (at most WINDOW of them).
    """

    moment: Moment
    fresh: bool
    current: bool
    doubted: bool
    window: tuple[str, int]


class Judging(Readings):
    """Questions of the detector's run."""

    def to_judge(self, version: str) -> tuple[int, list[Waiting]]:
        """How many observations at the start of the known order are judged by `version`, and all that come after them.

        One that is not judged by this version makes all later ones wait, since they may have been measured against it.
        Observations in quarantine and erased ones are passed over.
        """
        since = "" if self.may_be_stale(version) else self.db.value(_FIRST_PENDING) or _NEVER
        before = self.db.value("SELECT count(*) FROM observation WHERE recorded_at < ?", [since])
        rows = self.db.rows(
            f"""SELECT o.id, o.recorded_at, o.observed_at, g.version, l.observation = o.id AS current,
                g.observation IS NULL AND coalesce(p.known, 0) = 0 AS fresh
                FROM observation o JOIN run r ON r.id = o.run JOIN listing l ON l.id = o.listing
                LEFT JOIN reading g ON g.observation = o.id LEFT JOIN pending p ON p.observation = o.id
                WHERE o.recorded_at >= ? AND r.quarantined = 0 AND o.erased_at IS NULL ORDER BY {_ORDER}""",
            [since],
        )
        done = next((at for at, row in enumerate(rows) if row["version"] != version), len(rows))
        waiting, group, first = [], "", 0
        for at, row in enumerate(rows):
            if row["recorded_at"] != group:
                group, first = row["recorded_at"], at
            if at >= done:
                moment = Moment(group, row["observed_at"], row["id"])
                window = group, (at - first) // WINDOW
                waiting.append(Waiting(moment, bool(row["fresh"]), bool(row["current"]), row["version"] == version, window))
        return before + done, waiting

    def take_up(self, version: str) -> tuple[int, list[Waiting]]:
        """`to_judge`, noting what is judged from now on: what is recorded meanwhile comes after it, and a run that is killed leaves
        no reading that it had doubts about."""
        with self.transaction():
            done, waiting = self.to_judge(version)
            if waiting:
                self.db.write("UPDATE home SET judged_to=?", [waiting[-1].moment.recorded_at])
            doubted = [(one.moment.observation,) for one in waiting if one.doubted]
            if doubted:
                self.db.write_many("UPDATE reading SET version='' WHERE observation=?", doubted)
                self.db.write("INSERT OR IGNORE INTO reading_version (version) VALUES ('')")
        return done, waiting

    def observations(self, names: Sequence[str]) -> list[Observation]:
        """The named observations, in the given order."""
        found: dict[str, Observation] = {}
        for part in _parts(names):
            marks = ",".join("?" * len(part))
            found |= {row["id"]: observation_of(row) for row in self.db.rows(f"{SELECT} WHERE o.id IN ({marks})", part)}
        return [found[name] for name in names if name in found]

    def judged_before(self, moment: Moment | None, since: str) -> Iterable[tuple[str, str, str, str | None, str, str | None, bytes | None]]:
        """What earlier judging left for later judging: observation, listing, site, seller, observed_at, peer (JSON), sketch.

        Plain rows, since a daily run takes in a hundred thousand of them. Those before `moment` (None: all) in the known order that were observed on or after `since`, in that order.
        """
        last = (moment.recorded_at, moment.observed_at, moment.observation) if moment else (_NEVER, "", "")
        return cast(Any, self.db.stream(
            f"""SELECT o.id, o.listing, l.site, o.seller, o.observed_at, json_extract(g.features, '$.peer'), g.sketch
                FROM reading g JOIN observation o ON o.id = g.observation JOIN listing l ON l.id = o.listing
                WHERE o.observed_at >= ? AND g.features IS NOT NULL
                  AND (o.recorded_at, o.observed_at, o.id) < (?, ?, ?) ORDER BY {_ORDER}""",
            [since, *last],
        ))  # fmt: skip

    def known_peers(self) -> Iterator[list[Any]]:
        """The peers that all judging left, in the known order."""
        for *_, peer, _ in self.judged_before(None, ""):
            if peer is not None:
                yield json.loads(peer)

    def offers_of_sellers(self, sellers: Iterable[str], moment: Moment) -> list[dict[str, Any]]:
        """What these sellers' listings were when they were judged, before `moment` and in its order: seller, listing, observed_at,
        chip (None where none is offered)."""
        found: list[dict[str, Any]] = []
        for part in _parts(sorted(sellers)):
            found += map(dict, self.db.rows(
                f"""SELECT o.seller, o.listing, o.observed_at, g.chip FROM observation o JOIN reading g ON g.observation = o.id
                    WHERE o.seller IN ({','.join('?' * len(part))}) AND (o.recorded_at, o.observed_at, o.id) < (?, ?, ?)
                    ORDER BY {_ORDER}""",
                [*part, moment.recorded_at, moment.observed_at, moment.observation],
            ))  # fmt: skip
        return found

    def last_before(self, listings: Iterable[str], moment: Moment) -> list[dict[str, Any]]:
        """Judged observations of these listings before `moment`, in order: listing, observed_at, title, description, and what was
        said (chip, usd, chips)."""
        found: list[dict[str, Any]] = []
        for part in _parts(sorted(listings)):
            found += map(dict, self.db.rows(
                f"""SELECT o.listing, o.observed_at, o.title, o.description, json_extract(g.features, '$.said.chip') AS chip,
                    json_extract(g.features, '$.said.usd') AS usd, json_extract(g.features, '$.said.chips') AS chips FROM observation o JOIN reading g ON g.observation = o.id
                    WHERE o.listing IN ({','.join('?' * len(part))}) AND (o.recorded_at, o.observed_at, o.id) < (?, ?, ?)
                    ORDER BY {_ORDER}""",
                [*part, moment.recorded_at, moment.observed_at, moment.observation],
            ))  # fmt: skip
        return found

    def texts(self, names: Iterable[str]) -> dict[str, tuple[str, str | None]]:
        """Title and description of observations."""
        found: dict[str, tuple[str, str | None]] = {}
        for part in _parts(sorted(names)):
            marks = ",".join("?" * len(part))
            for row in self.db.rows(f"SELECT id, title, description FROM observation WHERE id IN ({marks})", part):
                found[row["id"]] = row["title"], row["description"]
        return found

    def listed_parties(self, sellers: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """Screening candidates by seller: entry, name, score, at, detail (which list); best first."""
        found: dict[str, list[dict[str, Any]]] = {}
        for part in _parts(sorted(sellers)):
            for row in self.db.rows(
                f"""SELECT seller, entry, name, score, at, detail FROM screening_candidate WHERE seller IN ({','.join('?' * len(part))})
                    ORDER BY seller, score DESC, entry""", part
            ):  # fmt: skip
                found.setdefault(row["seller"], []).append(dict(row))
        return found

    def offers_for_fit(self) -> Iterator[dict[str, Any]]:
        """Site, observed_at and features of the current reading of every listing that offers a chip, by observation name."""
        for row in self.db.stream(
            """SELECT l.site, o.observed_at, g.features FROM listing l JOIN reading g ON g.observation = l.observation
               JOIN observation o ON o.id = g.observation
               WHERE g.chip IS NOT NULL AND g.features IS NOT NULL ORDER BY o.id"""
        ):
            yield {"site": row["site"], "observed_at": row["observed_at"], "features": json.loads(row["features"])}


# Readings of what was recorded before are all by one version, so nothing there waits: the history is not walked again.
_FIRST_PENDING = """SELECT min(o.recorded_at) FROM pending p JOIN observation o ON o.id = p.observation JOIN run r ON r.id = o.run
    WHERE r.quarantined = 0 AND o.erased_at IS NULL"""


def _parts(names: Sequence[str]) -> Iterator[list[str]]:
    for at in range(0, len(names), PART):
        yield list(names[at : at + PART])
