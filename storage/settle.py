"""What follows from the joined facts: worked out anew from all of them after each merge, so that no order of merging shows in it.

Runs in quarantine, the current state of listings, what changed from one observation to the next, erasures, alerts, mutes, models.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from storage.decisions import Decisions
from storage.evidence import FOLDER
from storage.mutes import covering
from storage.named import Named
from storage.observation import CONTENT, NAMES
from storage.queue import MOVED, MOVES
from storage.retention import Gone, Removal
from storage.standing import RUN_DECIDED, Standing, run_note, standing
from storage.warc import walk

HalfErased = list[tuple[dict[str, Any], Named]]
"""Listings that one home erased and the other still names: the row that names them, and what pages call them."""

ERASED = Standing("closed", None, "erased on request")


class Settling(Removal, Decisions):
    """Working out what the joined facts say."""

    def _settle_runs(self) -> None:
        """The last decision on a run counts, in whichever home it was made."""
        last = {row["run"]: row for row in self.db.rows(f"SELECT * FROM main.run_decision d ORDER BY d.run, {RUN_DECIDED}")}
        self.db.write_many(
            "UPDATE main.run SET quarantined=?, quarantine_note=? WHERE id=?",
            [(row["action"] == "discard", run_note(row), run) for run, row in last.items()],
        )

    def _held(self) -> set[str]:
        return {row[0] for row in self.db.rows("SELECT id FROM main.run WHERE quarantined=1")}

    def _settle_listings(self) -> None:
        for statement in (_CURRENT, _NOTHING_CURRENT, _SIGHTED, _CHANGED):
            self.db.write(statement)

    def _named_by_one(self) -> HalfErased:
        """What one of the homes erased and the other still names, before they are joined."""
        found: HalfErased = []
        for mine, theirs in (("main", "other"), ("other", "main")):
            for row in self.db.rows(
                f"SELECT t.* FROM {mine}.listing m JOIN {theirs}.listing t USING (id) WHERE m.state='erased' AND t.state<>'erased'"
            ):
                found.append((dict(row), self._names_of(row, theirs)))
        return found

    def _settle_erasures(self, named: HalfErased, now: str) -> None:
        """Erase here too what either home erased, as whoever asked for it; what is erased already is left as it is."""
        for row, names in named:
            fact = self.db.row("SELECT * FROM main.removal WHERE listing=? AND kind='erasure' ORDER BY at, id LIMIT 1", [row["id"]])
            who, why, at = (fact["who"], fact["why"], fact["at"]) if fact else ("chipwatch", "erased in a merged home", now)
            if gone := self._not_removed(self._pages_naming(row, names)):
                removed = self._remove("erasure", gone, who=who, why=why, now=now, listings=1, act=False)
                self.db.write("UPDATE main.removal SET listing=? WHERE id=?", [row["id"], removed.id])
            self._scrub(row, at)
        for statement in (_ERASED_AT, _ERASED_NOTES, _ERASED_REASONS):
            self.db.write(statement)

    def _not_removed(self, gone: Gone) -> Gone:
        """Those records that no removal names yet."""
        known = {digest for row in self.db.rows("SELECT records FROM main.removal") for digest in json.loads(row["records"])}
        left = {file: {at: one for at, one in records.items() if one[1] not in known} for file, records in gone.items()}
        return {file: records for file, records in left.items() if records}

    def _owe_removals(self) -> None:
        """Removals of the other home that this home's copies of the files have not seen."""
        owing = [(row, set(json.loads(row["records"]))) for row in self.db.rows("SELECT id, records FROM main.removal WHERE places IS NULL")]
        all_owed: set[str] = set().union(*(digests for _, digests in owing))
        # By file, where records of these removals stand: several may speak of one file, which is gone through once.
        walked: dict[str, dict[int, tuple[int, str]]] = {}
        for row, digests in owing:
            files = [r[0] for r in self.db.rows(
                "SELECT DISTINCT file FROM main.evidence WHERE record_sha256 IN (SELECT value FROM json_each(?))", [row["records"]]
            )]  # fmt: skip
            owed: dict[str, dict[int, tuple[int, str]]] = {}
            for file in files:
                if file not in walked:
                    path = self.home / FOLDER / file
                    found = walk(path) if path.exists() else ()
                    walked[file] = {m.offset: (m.length, m.sha256) for m in found if m.sha256 in all_owed}
                if places := {offset: one for offset, one in walked[file].items() if one[1] in digests}:
                    owed[file] = places
            if owed:
                self.db.write(
                    "UPDATE main.removal SET places=? WHERE id=?",
                    [json.dumps(owed, sort_keys=True), row["id"]],
                )

    def _settle_alerts(self, now: str) -> None:
        """State, version and mute of every alert as they follow from all that happened and was decided, and the mutes in force."""
        live = self.mutes(now)
        events = _grouped(self.db.stream(f"SELECT e.* {MOVES} ORDER BY e.listing, {MOVED}"))
        said = _grouped(self.db.stream("SELECT * FROM decision ORDER BY listing, at, seq, id"))
        happened, decided = next(events, _END), next(said, _END)
        fresh = []
        for row in self.db.rows("SELECT a.*, l.state AS listing_state FROM alert a JOIN listing l ON l.id = a.listing ORDER BY a.listing"):
            while happened[0] < row["listing"]:
                happened = next(events, _END)
            while decided[0] < row["listing"]:
                decided = next(said, _END)
            moves = happened[1] if happened[0] == row["listing"] else []
            decisions = decided[1] if decided[0] == row["listing"] else []
            one = ERASED if row["listing_state"] == "erased" else standing(decisions, moves)
            # What no mute in force covers any more is back in the queue, and is told where no digest has told it.
            muted = covering(row, live) if one.state == "new" else None
            version = max(len(moves) + sum(decision["action"] != "note" for decision in decisions), 1)
            settled = (one.state, one.until, one.why, muted, version)
            if settled != tuple(row[name] for name in ("state", "snooze_until", "closed_why", "muted_by", "version")):
                fresh.append((*settled, row["listing"]))
        self.db.write_many(
            "UPDATE alert SET state=?, snooze_until=?, closed_why=?, muted_by=?, version=? WHERE listing=?", fresh
        )

    def _settle_models(self) -> None:
        """One model is in force: the one that was put in force last. The others retired when the next one came."""
        came: dict[str, list[str]] = {}
        for row in self.db.rows(_MODELS_IN_FORCE):
            came.setdefault(row["id"], []).append(row["at"])
        last = {name: max(moments) for name, moments in came.items()}
        in_force = max(last, key=lambda name: (last[name], name), default=None)
        for name, since in last.items():
            after = [at for other, moments in came.items() if other != name for at in moments if at > since]
            retired = None if name == in_force else min(after, default=since)
            self.db.write("UPDATE main.model SET active_from=?, retired_at=? WHERE id=?", [min(came[name]), retired, name])

    def _order_digests(self) -> None:
        """The last digest is the one that was made last, not the one that came in last."""
        names = [(at, row[0]) for at, row in enumerate(self.db.rows("SELECT id FROM main.digest ORDER BY created_at, until, id"), 1)]
        self.db.write("UPDATE main.digest SET rowid=-rowid")
        self.db.write_many("UPDATE main.digest SET rowid=? WHERE id=?", names)


_END: tuple[str, list[Any]] = ("~", [])
"""Sorts after every key."""


def _grouped(rows: Iterable[Any]) -> Iterator[tuple[str, list[Any]]]:
    return ((listing, list(part)) for listing, part in groupby(rows, key=itemgetter("listing")))


# The current state of a listing is that of its latest observation that is not in quarantine, wherever it was made.
_CURRENT = """UPDATE main.listing SET (observation, content, title, url, country, seller) = (
    SELECT o.id, o.content, o.title, o.url, o.country, o.seller FROM main.observation o JOIN main.run r ON r.id = o.run
    WHERE o.listing = listing.id AND r.quarantined = 0
    ORDER BY o.observed_at DESC, length(coalesce(o.description, '')) DESC, o.content DESC LIMIT 1)
  WHERE id IN (SELECT id FROM other.listing) AND EXISTS (
    SELECT 1 FROM main.observation o JOIN main.run r ON r.id = o.run WHERE o.listing = listing.id AND r.quarantined = 0)"""

_NOTHING_CURRENT = """UPDATE main.listing SET observation=NULL, content=NULL, extra_hash=NULL, latest=NULL
  WHERE observation IN (SELECT o.id FROM main.observation o JOIN main.run r ON r.id = o.run WHERE r.quarantined = 1)"""

# A listing was last seen by its current observation at the least; a sighting by a run in quarantine is none.
_SIGHTED = """UPDATE main.listing SET (last_seen, last_run, last_evidence) = (
    SELECT o.observed_at, o.run, o.evidence FROM main.observation o WHERE o.id = listing.observation)
  WHERE observation IS NOT NULL AND ((SELECT quarantined FROM main.run WHERE id = last_run) = 1
    OR last_seen < (SELECT observed_at FROM main.observation WHERE id = listing.observation))"""

_OTHER_THAN_BEFORE = " || ".join(
    f"iif({' OR '.join(f'o.{field} IS NOT b.{field}' for field in CONTENT if NAMES.get(field, field) == name)}, ' {name}', '')"
    for name in dict.fromkeys(NAMES.get(field, field) for field in CONTENT)
)
# What an observation changed against the one before it that is not in quarantine, now that another home's may stand between
# them. One that says what the one before it says changed nothing.
_CHANGED = f"""UPDATE main.observation SET changed = fresh.changed FROM (
    SELECT o.id, iif(b.id IS NULL OR o.erased_at IS NOT NULL, '', ltrim({_OTHER_THAN_BEFORE})) AS changed
    FROM main.observation o LEFT JOIN main.observation b ON b.id = (
      SELECT p.id FROM main.observation p JOIN main.run r ON r.id = p.run WHERE p.listing = o.listing AND r.quarantined = 0
        AND (p.observed_at, length(coalesce(p.description, '')), p.content) < (o.observed_at, length(coalesce(o.description, '')), o.content)
      ORDER BY p.observed_at DESC, length(coalesce(p.description, '')) DESC, p.content DESC LIMIT 1)
  ) AS fresh WHERE fresh.id = observation.id AND fresh.changed <> observation.changed"""

_ERASED_AT = """UPDATE main.observation SET erased_at = (SELECT min(at) FROM main.removal WHERE listing = observation.listing)
  WHERE listing IN (SELECT listing FROM main.removal WHERE kind='erasure' AND listing IS NOT NULL) AND erased_at IS NOT NULL"""

_ERASED_NOTES = "UPDATE main.decision SET note=NULL WHERE note IS NOT NULL AND listing IN (SELECT id FROM main.listing WHERE state='erased')"
_ERASED_REASONS = "UPDATE main.alert_event SET why=NULL WHERE why IS NOT NULL AND listing IN (SELECT id FROM main.listing WHERE state='erased')"

_MODELS_IN_FORCE = """SELECT id, active_from AS at FROM main.model WHERE active_from IS NOT NULL
  UNION SELECT m.id, v.at FROM main.version v JOIN main.model m ON m.id = v.hash WHERE v.kind = 'model'"""
