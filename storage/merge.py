"""Merging homes that gathered apart: the same in any order, twice, or in part.

Facts are joined by their keys, which come from content and origin; where two homes hold the same key, one of the two rows is
chosen by a rule that knows no "ours" and "theirs". Readings are derived and are made again. Decisions are joined, never chosen
from, and the state of an alert follows from all of them. Homes to be merged share a key, else one seller would be two.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.database import FILE, open_database
from storage.decisions import STATE_AFTER, Decisions
from storage.errors import StorageError, translated
from storage.evidence import FOLDER
from storage.ids import home_secret, utc
from storage.named import Named
from storage.retention import Removal
from storage.warc import walk


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two people decided on one listing without knowing of each other. Both decisions stand in the record; the later counts."""

    listing: str
    title: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What came in. All noughts: the other home held nothing new."""

    runs: int
    listings: int
    observations: int
    decisions: int
    files: int
    conflicts: tuple[Conflict, ...]


class Merging(Removal, Decisions):
    """Taking another home in."""

    def merge(self, other: Path, *, now: str) -> Merged:
        """Take in what the home at `other` holds and this one does not; it is only read.

        Afterwards all readings wait: run `detect` with rebuild. Raises StorageError if the homes have different keys, a run is
        still open in the other, or both went on from one copy; nothing is changed then.
        """
        other = other.absolute()
        open_database(other / FILE, create=False, readonly=True, timeout=self.db.timeout).close()
        self._same_key(other)
        self.db.rows("ATTACH DATABASE ? AS other", [f"{(other / FILE).as_uri()}?mode=ro"])
        try:
            self._refuse(other)
            before = self._counts_of()
            files = self._copy_files(other)
            with self.transaction():
                self.db.rows("PRAGMA defer_foreign_keys=ON")
                erased = self._erased_in_one()
                self._join()
                for row, names, who, why in erased:
                    self._erase_rows(row, names, who=who, why=why, now=utc(now, "now"))
        finally:
            self.db.rows("DETACH DATABASE other")
        if erased:
            self._finish_erasure()
        self.finish_removals()
        after = self._counts_of()
        new = {f"{name}s": after[name] - before[name] for name in after}
        return Merged(**new, files=files, conflicts=tuple(self.decision_conflicts()))

    def _counts_of(self) -> dict[str, int]:
        """Rows of the tables that a merge is told by."""
        tables = ("run", "listing", "observation", "decision")
        return {table: self.db.value(f"SELECT count(*) FROM main.{table}") for table in tables}

    def decision_conflicts(self) -> list[Conflict]:
        """Decisions that were made without knowing of one before them, as it happens in homes apart."""
        found = []
        rows = self.db.rows(
            "SELECT d.*, l.title FROM decision d JOIN listing l ON l.id = d.listing WHERE d.listing IN"
            " (SELECT listing FROM decision WHERE action <> 'note' GROUP BY listing HAVING count(DISTINCT who) > 1)"
            " ORDER BY d.listing, d.at, d.seq, d.id"
        )
        last: dict[str, Any] = {}
        for row in rows:
            before = last.get(row["listing"])
            if row["action"] in STATE_AFTER:
                if (
                    before is not None
                    and _unaware(before, row)
                    and not self._moved(row["listing"], before["at"], row["at"])
                ):
                    found.append(Conflict(row["listing"], row["title"], _said(before), _said(row)))
                last[row["listing"]] = row
            elif row["action"] == "undo":
                last.pop(row["listing"], None)
        return found

    def _moved(self, listing: str, since: str, until: str) -> bool:
        """Whether the program itself opened or closed the alert in between."""
        sql = "SELECT 1 FROM alert_event WHERE listing=? AND at > ? AND at <= ? AND kind IN ('reopened', 'closed', 'woke')"
        return self.db.value(sql, [listing, since, until]) is not None

    def _same_key(self, other: Path) -> None:
        if not (other / "key").exists() or home_secret(other, create=False) != home_secret(
            self.home, create=True
        ):
            raise StorageError(
                "has another key than this home, so the same seller would be two", other,
                "make homes that are to be merged with the same `key` file",
            )  # fmt: skip

    def _refuse(self, other: Path) -> None:
        if self.db.value("SELECT 1 FROM other.run WHERE ended_at IS NULL"):
            raise StorageError(
                "a run is still open in it", other, "wait for its end, or let `chipwatch doctor` recover it"
            )
        fork = self.db.row(
            "SELECT a.origin, a.seq FROM main.chain a JOIN other.chain b USING (origin, seq) WHERE a.link <> b.link ORDER BY 1, 2"
        )
        if fork:
            raise StorageError(
                f"both homes went on from one copy of {fork['origin']} (link {fork['seq']} differs)",
                other,
                "merge only one of them",
            )

    def _copy_files(self, other: Path) -> int:
        """Evidence files this home lacks, and models; whole or not at all."""
        copied = 0
        wanted = [row[0] for row in self.db.rows(
            "SELECT evidence_file FROM other.run WHERE evidence_file IS NOT NULL AND evidence_gone = 0 AND id NOT IN"
            " (SELECT id FROM main.run WHERE evidence_gone = 1) ORDER BY 1"
        )]  # fmt: skip
        with translated(self.home):
            for folder, names in (
                (FOLDER, wanted),
                ("models", [r[0] for r in self.db.rows("SELECT file FROM other.model")]),
            ):
                (self.home / folder).mkdir(exist_ok=True)
                for name in names:
                    copied += _copy(other / folder / Path(name).name, self.home / folder / Path(name).name)
        return copied

    def _erased_in_one(self) -> list[tuple[dict[str, Any], Named, str, str]]:
        """Listings that one of the homes erased and the other still names."""
        found = []
        for mine, theirs in (("main", "other"), ("other", "main")):
            for row in self.db.rows(
                f"SELECT t.* FROM {mine}.listing m JOIN {theirs}.listing t USING (id) WHERE m.state='erased' AND t.state<>'erased'"
            ):
                removal = self.db.row(
                    f"SELECT who, why FROM {mine}.removal WHERE kind='erasure' ORDER BY at LIMIT 1"
                )
                who, why = (
                    (removal["who"], removal["why"]) if removal else ("chipwatch", "erased in a merged home")
                )
                found.append((dict(row), self._names_of(row, theirs), who, why))
        return found

    def _join(self) -> None:
        new = self.db.value(
            "SELECT count(*) FROM other.observation WHERE id NOT IN (SELECT id FROM main.observation)"
        )
        requarantined = self.db.value(
            "SELECT 1 FROM main.run a JOIN other.run b USING (id) WHERE a.quarantined <> b.quarantined AND"
            " coalesce(a.quarantine_note, '') < coalesce(b.quarantine_note, '')"
        )
        for statement in JOINS:
            self.db.write(statement)
        self.db.write(_CURRENT)
        self._owe_removals()
        listings = [row[0] for row in self.db.rows("SELECT listing FROM other.alert")]
        for listing in listings:
            self._restate_alert(listing)
        if new or requarantined:
            # What was judged is to be measured against more than was known then.
            self.wipe_readings()
            self.db.write(
                "INSERT OR IGNORE INTO search_pending (listing) SELECT id FROM other.listing WHERE state <> 'erased'"
            )

    def _owe_removals(self) -> None:
        """Removals of the other home that this home's copies of the files have not seen."""
        for row in self.db.rows("SELECT id, records FROM main.removal WHERE places IS NULL"):
            digests = set(json.loads(row["records"]))
            files = [r[0] for r in self.db.rows(
                "SELECT DISTINCT file FROM main.evidence WHERE record_sha256 IN (SELECT value FROM json_each(?))", [row["records"]]
            )]  # fmt: skip
            owed: dict[str, dict[int, tuple[int, str]]] = {}
            for file in files:
                path = self.home / FOLDER / file
                standing = (
                    {m.offset: (m.length, m.sha256) for m in walk(path) if m.sha256 in digests}
                    if path.exists()
                    else {}
                )
                if standing:
                    owed[file] = standing
            if owed:
                self.db.write(
                    "UPDATE main.removal SET places=? WHERE id=?",
                    [json.dumps(owed, sort_keys=True), row["id"]],
                )

    def _restate_alert(self, listing: str) -> None:
        """The alert's state as it follows from all events and decisions, in whichever home they were made."""
        rows: Iterable[Any] = self.db.rows(_LOG, [listing, listing])
        undone = {row["undoes"] for row in rows if row["kind"] == "undo"}
        state, until, why, count = "new", None, None, 0
        for row in rows:
            count += 1
            # That another home opened it too is nothing new to who decided here.
            if row["kind"] in ("reopened", "woke") or (
                row["kind"] == "opened" and state not in STATE_AFTER.values()
            ):
                state, until, why = "new", None, None
            elif row["kind"] == "closed":
                state, until, why = "closed", None, row["why"]
            elif row["kind"] in STATE_AFTER and row["id"] not in undone:
                state, until = STATE_AFTER[row["kind"]], row["until"]
        self.db.write(
            "UPDATE main.alert SET state=?, snooze_until=?, closed_why=?, version=? WHERE listing=? AND closed_why IS NOT 'erased on request'",
            [state, until, why, count, listing],
        )


def _unaware(before: Any, row: Any) -> bool:
    """Whether a decision contradicts one of somebody else that it did not see."""
    return bool(
        before["who"] != row["who"]
        and before["action"] != row["action"]
        and row["state_before"] != STATE_AFTER[before["action"]]
    )


def _said(row: Any) -> str:
    return f"{row['action']} by {row['who']} at {row['at']}"


def _copy(source: Path, target: Path) -> int:
    if not source.exists() or (target.exists() and target.stat().st_size >= source.stat().st_size):
        return 0
    half = target.with_suffix(".part")
    shutil.copyfile(source, half)
    half.replace(target)
    return 1


def _union(table: str, columns: str, *rules: str) -> str:
    """Rows the other home has; `rules` settle a key that both have."""
    settle = f"DO UPDATE SET {', '.join(rules)}" if rules else "DO NOTHING"
    return f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM other.{table} WHERE true ON CONFLICT {settle}"


def _chosen(rule: str, columns: str) -> list[str]:
    """Take the other's columns where the rule holds."""
    return [f"{name}=iif({rule}, excluded.{name}, {name})" for name in columns.split(", ")]


_RUN = ("site, kind, started_at, ended_at, outcome, detail, quarantined, quarantine_note, pages, listings, new, changed, counts, stats,"
        " facts, home, evidence_file, evidence_records, evidence_bytes, evidence_head")  # fmt: skip
_OBSERVATION = ("listing, observed_at, recorded_at, run, evidence, changed, content, title, description, price_text, price_amount,"
                " price_currency, quantity, condition, category, location, ships_to, country, language, url, posted_at, seller, extra,"
                " erased_at")  # fmt: skip
_LISTING = ("title, url, country, seller, vanished_at, last_seen, last_run, last_evidence, prior_seen, prior_run, prior_evidence,"
            " observation, content, extra_hash, latest")  # fmt: skip
_ALERT = "title, severity, rank, score, site, country, chip, unit_usd, seller, signals, observation"

_NEWER_LISTING = ("(excluded.last_seen, excluded.state = 'live', excluded.last_run, coalesce(excluded.extra_hash, ''))"
                  " > (last_seen, state = 'live', last_run, coalesce(extra_hash, ''))")  # fmt: skip
_EARLIER_OBSERVATION = ("(excluded.erased_at IS NULL, (SELECT quarantined FROM run WHERE id = excluded.run), excluded.recorded_at,"
                        " excluded.run) < (erased_at IS NULL, (SELECT quarantined FROM run WHERE id = observation.run), recorded_at,"
                        " observation.run)")  # fmt: skip
_LATER_ALERT = """((SELECT observed_at FROM main.observation WHERE id = excluded.observation), excluded.observation, excluded.score,
    excluded.severity, excluded.signals) > ((SELECT observed_at FROM main.observation WHERE id = alert.observation), alert.observation,
    score, severity, signals)"""

JOINS = (
    _union("site", "id, name, country", "name=max(name, excluded.name)", "country=max(coalesce(country, excluded.country),"
           " coalesce(excluded.country, country))"),
    _union("run", f"id, {_RUN}, evidence_gone", *_chosen("coalesce(excluded.quarantine_note, '') > coalesce(quarantine_note, '')", _RUN),
           "evidence_gone=max(evidence_gone, excluded.evidence_gone)"),
    _union("chain", "origin, seq, kind, subject, at, records, bytes, head, prev, link"),
    _union("evidence", "id, run, kind, file, offset, length, record_sha256, sha256, url, status, fetched_at, gone_at, gone_why",
           "gone_at=min(coalesce(gone_at, excluded.gone_at), coalesce(excluded.gone_at, gone_at))",
           "gone_why=coalesce(min(gone_why, excluded.gone_why), gone_why, excluded.gone_why)",
           "url=iif('erasure' IN (coalesce(gone_why, ''), coalesce(excluded.gone_why, '')), NULL, url)"),
    # The other home has no claim on this one's files: what it still owes its own is done there.
    _union("removal", "id, kind, at, who, why, origin, records, listings, observations"),
    _union("seller", "id, site, label, since, ratings, as_of",
           *_chosen("(excluded.as_of, excluded.label, coalesce(excluded.ratings, -1)) > (as_of, label, coalesce(ratings, -1))",
                    "label, since, ratings, as_of")),
    _union("observation", f"id, {_OBSERVATION}", *_chosen(_EARLIER_OBSERVATION, _OBSERVATION)),
    _union("listing", f"id, site, listing_id, state, first_seen, {_LISTING}", "first_seen=min(first_seen, excluded.first_seen)",
           f"state=iif('erased' IN (state, excluded.state), 'erased', iif({_NEWER_LISTING}, excluded.state, state))",
           *_chosen(_NEWER_LISTING, _LISTING)),
    _union("mute", "id, scope, value, reason, who, created_at, expires_at, lifted_at, lifted_by, hits",
           "lifted_at=min(coalesce(lifted_at, excluded.lifted_at), coalesce(excluded.lifted_at, lifted_at))",
           "lifted_by=coalesce(lifted_by, excluded.lifted_by)", "hits=max(hits, excluded.hits)"),
    _union("alert", f"listing, state, opened_at, news_at, told, snooze_until, closed_why, relist_of, muted_by, version, {_ALERT}",
           "opened_at=min(opened_at, excluded.opened_at)",
           "news_at=max(coalesce(news_at, excluded.news_at), coalesce(excluded.news_at, news_at))",
           # Told in either home is told: there was one reader, or each has read it.
           "told=max(coalesce(told, excluded.told), coalesce(excluded.told, told))",
           "relist_of=max(coalesce(relist_of, excluded.relist_of), coalesce(excluded.relist_of, relist_of))",
           "muted_by=min(coalesce(muted_by, excluded.muted_by), coalesce(excluded.muted_by, muted_by))",
           "closed_why=iif('erased on request' IN (coalesce(closed_why, ''), coalesce(excluded.closed_why, '')), 'erased on request',"
           " closed_why)", *_chosen(_LATER_ALERT, _ALERT)),
    _union("alert_event", "id, listing, at, kind, observation, score, severity, news, why"),
    _union("decision", "id, listing, at, seq, who, action, reason, note, until, undoes, observation, score, severity, signals, versions,"
           " state_before, source"),
    _union("run_decision", "id, run, at, who, action, why, was"),
    _union("link_decision", "id, one, two, at, seq, who, action, why, seen"),
    _union("version", "id, kind, hash, at, who, why, content"),
    _union("model", "id, file, sha256, fitted_at, who, why, rows, facts, active_from, retired_at",
           "active_from=max(coalesce(active_from, excluded.active_from), coalesce(excluded.active_from, active_from))",
           "retired_at=min(retired_at, excluded.retired_at)"),
    _union("market_reference", "as_of, offer, chip, form, condition, region, centre_usd, low_usd, high_usd, spread, n, seed_usd, source"),
    _union("digest", "id, kind, created_at, since, until, content_hash, chain_head, pinned, alerts, document"),
    _union("delivery", "digest, channel, state, tries, last_at, error", "state=iif('sent' IN (state, excluded.state), 'sent', min(state, excluded.state))", "tries=max(tries, excluded.tries)"),
    _union("sample", "digest, listing, observation, stratum, probability"),
    _union("screening_list", "id, name, loaded_at, sha256, rows"),
    _union("screening_entry", "id, list, name, aliases, countries, program, source, document"),
    _union("screening_candidate", "seller, entry, name, score, at, detail", "score=max(score, excluded.score)", "at=min(at, excluded.at)"),
)  # fmt: skip

# The current state of a listing is that of its latest observation that is not in quarantine, wherever it was made.
_CURRENT = """UPDATE main.listing SET (observation, content, title, url, country, seller) = (
    SELECT o.id, o.content, o.title, o.url, o.country, o.seller FROM main.observation o JOIN main.run r ON r.id = o.run
    WHERE o.listing = listing.id AND r.quarantined = 0
    ORDER BY o.observed_at DESC, length(coalesce(o.description, '')) DESC, o.content DESC LIMIT 1)
  WHERE state <> 'erased'
    AND id IN (SELECT id FROM other.listing) AND EXISTS (
    SELECT 1 FROM main.observation o JOIN main.run r ON r.id = o.run WHERE o.listing = listing.id AND r.quarantined = 0)"""

_LOG = """SELECT id, at, kind, why, NULL AS until, NULL AS undoes, -1 AS seq FROM main.alert_event WHERE listing = ?
  UNION ALL SELECT id, at, action, reason, until, undoes, seq FROM main.decision WHERE listing = ?
  ORDER BY at, seq, id"""
