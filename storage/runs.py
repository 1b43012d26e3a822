"""Runs: who gathered what, when, and how it ended. A run that died is told from one that works by a lock it held."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from storage.base import Base
from storage.chain import Chain
from storage.errors import LockedError, MissingError, StorageError, translated
from storage.evidence import FOLDER, EvidenceRef, Sealed
from storage.ids import run_key, short_hash, utc
from storage.observation import as_json
from storage.readings import KNOWN
from storage.standing import KNEW_OF_RUN, RUN_DECIDED

OUTCOMES = ("ok", "partial", "blocked", "changed", "empty", "failed", "killed", "skipped")

HEALTHY = "ok"
"""Only a run that saw all it expected says anything about what is not there."""

_LOCKS: dict[str, IO[str]] = {}
"""Locks of the runs this process works on; the system lets go of them when it dies, however it dies."""


@dataclass(frozen=True, slots=True)
class Killed:
    """A run found dead. `cut_bytes` is the torn end that was cut off its evidence file."""

    run: str
    site: str
    started_at: str
    cut_bytes: int


class Runs(Chain, Base):
    """Beginning, ending and recovering runs."""

    def begin_run(self, site: str, kind: str = "crawl", *, now: str, site_name: str | None = None, country: str | None = None,
                  **facts: Any) -> str:  # fmt: skip
        """Begin a run; its id, which is also the stem of its evidence file. `facts` are kept with it."""
        now = utc(now, "now")
        run = run_key(site, self.home_id, now)
        with self.transaction():
            self.db.write(
                "INSERT INTO site (id, name, country) VALUES (?1, coalesce(?2, ?1), ?3) ON CONFLICT (id) DO UPDATE SET"
                " name=coalesce(?2, name), country=coalesce(?3, country)",
                [site, site_name, country],
            )
            self.db.write(
                "INSERT INTO run (id, site, kind, started_at, home, facts) VALUES (?,?,?,?,?,?)",
                [run, site, kind, now, self.home_id, as_json({**facts, "pid": os.getpid()})],
            )
            self._hold(run)
        return run

    def end_run(
        self, run: str, outcome: str, now: str, counts: Mapping[str, Any] | None = None, stats: Mapping[str, Any] | None = None,
        detail: str | None = None, *, evidence: Sealed | None = None, quarantine: bool | None = None,
    ) -> None:  # fmt: skip
        """End a run: its outcome, its numbers, and the seal on its evidence file.

        `counts` may hold pages, listings, new, changed and more. `evidence` is what the writer's `close` gave; without it the
        file is walked. A run with the outcome `changed` is quarantined unless `quarantine` says otherwise.
        Raises MissingError for an unknown run, StorageError for an unknown outcome or a run that has ended.
        """
        if outcome not in OUTCOMES:
            raise StorageError(f"{outcome!r} is no outcome; one of {', '.join(OUTCOMES)}", run)
        if self._run(run)["ended_at"]:
            raise StorageError("has ended already", run)
        sealed = evidence or self.walk_evidence(run)[0]
        numbers = dict(counts or {})
        hold = outcome == "changed" if quarantine is None else quarantine
        with self.transaction():
            if sealed.file:
                self.sync_file(self.home / FOLDER / sealed.file)
            self.db.write(
                "UPDATE run SET ended_at=?, outcome=?, detail=?, pages=?, listings=?, new=?, changed=?, counts=?, stats=?,"
                " evidence_file=?, evidence_records=?, evidence_bytes=?, evidence_head=? WHERE id=?",
                [utc(now, "now"), outcome, detail, *(numbers.get(name) for name in ("pages", "listings", "new", "changed")),
                 as_json(numbers), as_json(dict(stats or {})), sealed.file, sealed.records, sealed.bytes, sealed.head, run],
            )  # fmt: skip
            if sealed.file:
                self.link("run", run, utc(now, "now"), sealed)
            if hold:
                self.quarantine_run(run, "its site's expectations were broken" if outcome == "changed" else (detail or outcome))
        self._let_go(run)

    def recover_runs(self, now: str) -> list[Killed]:
        """End the runs that dead processes left open as `killed`, cut the torn end off their evidence, and seal it."""
        found = []
        for row in self.db.rows("SELECT id, site, started_at FROM run WHERE ended_at IS NULL ORDER BY started_at, id"):
            lock = None if row["id"] in _LOCKS else self._try_lock(row["id"])
            if lock is None:
                continue
            sealed, torn = self.walk_evidence(row["id"])
            if torn and sealed.file:
                with translated(self.home / FOLDER / sealed.file):
                    os.truncate(self.home / FOLDER / sealed.file, sealed.bytes)
            _LOCKS[row["id"]] = lock
            why = "the process died before the run ended" + (f"; {torn} torn bytes were cut off its evidence" if torn else "")
            self.end_run(row["id"], "killed", now, self._counted(row["id"]), detail=why, evidence=sealed)
            found.append(Killed(row["id"], row["site"], row["started_at"], torn))
        return found

    def go_on_with(self, before: str, run: str) -> None:
        """Let what a killed run saw count as seen by the run that went on with it, so that nothing of it is taken for vanished."""
        self.db.write("UPDATE listing SET last_run=? WHERE last_run=?", [run, before])

    def quarantine_run(self, run: str, why: str) -> None:
        """Keep a run's observations out of judging and out of the current state, until it is released.

        Where they were judged already, the next `detect` judges anew what was recorded since: it was measured against them.
        """
        with self.transaction():
            self.db.write("UPDATE run SET quarantined=1, quarantine_note=? WHERE id=?", [why, run])
            self._unjudge(run)
            self._restate(run)

    def release_run(self, run: str, *, who: str, now: str, why: str) -> None:
        """Let a quarantined run's observations count after all: the next `detect` judges them.

        A run that was discarded can still be released. Raises MissingError for an unknown run, StorageError for one that is not
        in quarantine or has no reason given.
        """
        with self.transaction():
            self._decide_run(run, "release", who=who, now=now, why=why)
            note = f"released by {who} on {utc(now, 'now')}: {why}"
            self.db.write("UPDATE run SET quarantined=0, quarantine_note=? WHERE id=?", [note, run])
            self._restate(run)
            self.db.write(_RESIGHT, [run])

    def discard_run(self, run: str, *, who: str, now: str, why: str) -> None:
        """Leave a quarantined run out for good; its rows and bytes stay as they are, and say so. Raises as `release_run`."""
        with self.transaction():
            self._decide_run(run, "discard", who=who, now=now, why=why)
            note = f"discarded by {who} on {utc(now, 'now')}: {why}"
            self.db.write("UPDATE run SET quarantined=1, quarantine_note=? WHERE id=?", [note, run])

    def held_runs(self, *, decided: bool = False) -> list[dict[str, Any]]:
        """Runs in quarantine that wait for a person, the latest first, with `observations`: how many they hold back.

        A run whose bytes a later, healthy run read again waits no more. With `decided` all runs in quarantine.
        """
        return [dict(row) for row in self.db.rows(
            "SELECT r.*, (SELECT count(*) FROM observation o WHERE o.run = r.id) AS observations FROM run r WHERE r.quarantined = 1"
            f" AND (? OR ({_WAITS})) ORDER BY r.started_at DESC, r.id DESC", [decided]
        )]  # fmt: skip

    def run_decisions(self, run: str | None = None) -> list[dict[str, Any]]:
        """What people decided on quarantined runs, oldest first: run, at, who, action (release, discard), why, was (the note before)."""
        return [dict(row) for row in self.db.rows(
            f"SELECT d.* FROM run_decision d WHERE d.run = coalesce(?, d.run) ORDER BY {RUN_DECIDED}", [run]
        )]  # fmt: skip

    def _decide_run(self, run: str, action: str, *, who: str, now: str, why: str) -> None:
        """Write down who decided what on a run in quarantine, and why, in the open transaction."""
        row, at = self._run(run), utc(now, "now")
        if not why.strip():
            raise StorageError("needs a reason: it is kept with the decision", run)
        if not row["quarantined"]:
            note = f": {row['quarantine_note']}" if row["quarantine_note"] else ""
            raise StorageError(f"is not in quarantine{note}", run, "see `chipwatch sites`")
        number = self.db.value("SELECT count(*) FROM run_decision WHERE run=?", [run])
        self.db.write(
            f"INSERT INTO run_decision (id, run, at, who, action, why, was, knew) VALUES (?,?,?,?,?,?,?,{KNEW_OF_RUN})",
            [short_hash("run decision", run, at, who, action, why, number), run, at, who, action, why, row["quarantine_note"], run],
        )

    def mark_vanished(self, site: str, run: str, now: str, healthy_runs: int = 3) -> int:
        """Mark listings of a site that its last `healthy_runs` healthy crawls did not see; how many. `run` is the last of them.

        Does nothing unless `run` itself ended healthy: a blocked run says nothing about what is gone. Runs of the same moment
        count as one: a day that was interrupted and run again looked once.
        """
        since = self.db.rows(
            "SELECT started_at, max(id=?) AS own FROM run WHERE site=? AND kind='crawl' AND outcome=? AND quarantined=0"
            " GROUP BY started_at ORDER BY started_at DESC LIMIT ?",
            [run, site, HEALTHY, healthy_runs],
        )
        if len(since) < healthy_runs or not any(row["own"] for row in since):
            return 0
        return self.db.write(
            "UPDATE listing SET state='vanished', vanished_at=? WHERE site=? AND state='live' AND last_run NOT IN"
            " (SELECT id FROM run WHERE site=? AND started_at >= ?)",
            [utc(now, "now"), site, site, since[-1]["started_at"]],
        )

    def runs(self, site: str | None = None, *, limit: int = 50) -> list[dict[str, Any]]:
        """Runs, the latest first."""
        where = "WHERE site = ?" if site else ""
        return [dict(row) for row in self.db.rows(
            f"SELECT * FROM run {where} ORDER BY started_at DESC, id DESC LIMIT ?", [*([site] if site else []), limit]
        )]  # fmt: skip

    def run(self, run: str) -> dict[str, Any]:
        """One run. Raises MissingError."""
        return self._run(run)

    def sites_first_read(self, since: str) -> list[str]:
        """Sites whose first run of any kind began after `since`."""
        return [row[0] for row in self.db.rows("SELECT site FROM run GROUP BY site HAVING min(started_at) > ? ORDER BY site", [since])]

    def coverage(self) -> list[dict[str, Any]]:
        """Every site with its last run that did anything: silence is never read as "no listings".

        What an import brought has the outcome `imported`. An import that brought nothing makes no site, and neither does the name that
        the runs of files of several sites are filed under; see `brought_sites` for those.
        """
        return [dict(row) for row in self.db.rows(_COVERAGE)]

    def brought_sites(self, *, limit: int = 50, site: str | None = None) -> tuple[list[dict[str, Any]], int]:
        """Sites that no run is filed under, since a file of several sites brought them, in the form of `coverage`, with the last run
        that did and what of it was theirs; the latest `limit` of them, and how many there are. With `site` that one, if it is such a site."""
        rows = [dict(row) for row in self.db.rows(_BROUGHT, [limit, site])]
        return rows, rows[0]["sites"] if rows else 0

    def sites_read(self, *, limit: int = 50) -> tuple[list[dict[str, Any]], int]:
        """Every site that anything was read of, in the form of `coverage`: those with runs of their own, and the latest `limit` of those that
        others brought; and how many of these are left out."""
        brought, sites = self.brought_sites(limit=limit)
        rows = [*(row for row in self.coverage() if row["run"]), *brought]
        return sorted(rows, key=lambda row: str(row["site"])), sites - len(brought)

    def find_payload(self, sha256: str) -> EvidenceRef | None:
        """An earlier full record with this body, for `EvidenceWriter(known=...)`."""
        row = self.db.row(
            "SELECT * FROM evidence WHERE sha256=? AND kind='response' AND gone_at IS NULL ORDER BY fetched_at LIMIT 1", [sha256]
        )
        if row is None or not (self.home / FOLDER / row["file"]).exists():
            return None
        return EvidenceRef(row["file"], row["offset"], row["length"], row["sha256"], row["url"], row["fetched_at"],
                           row["record_sha256"], row["kind"], row["status"])  # fmt: skip

    def _run(self, run: str) -> dict[str, Any]:
        row = self.db.row("SELECT * FROM run WHERE id=?", [run])
        if row is None:
            raise MissingError("there is no such run", run, "see `chipwatch sites`")
        return dict(row)

    def _counted(self, run: str) -> dict[str, Any]:
        new = self.db.value("SELECT count(*) FROM observation WHERE run=? AND changed=''", [run])
        changed = self.db.value("SELECT count(*) FROM observation WHERE run=? AND changed<>''", [run])
        return {"new": new, "changed": changed, "listings": self.db.value("SELECT count(*) FROM listing WHERE last_run=?", [run])}

    def _restate(self, run: str) -> None:
        """Make the current state of the listings a run touched the latest that is not in quarantine."""
        self.db.write(_RESTATE, [run, run])
        self.db.write("INSERT OR IGNORE INTO search_pending (listing) SELECT listing FROM observation WHERE run = ?", [run])
        self.db.write(_UNSIGHT, [run])

    def _unjudge(self, run: str) -> None:
        """Forget what was judged of a run, and doubt the first judgement that may have been measured against it."""
        since = self.db.value(_JUDGED_FROM, [run])
        if since is None:
            return
        self.db.write(KNOWN.format(chosen="AND o.run = ?"), [run])
        self.db.write("DELETE FROM reading WHERE observation IN (SELECT id FROM observation WHERE run=?)", [run])
        if self.db.write(_DOUBT, [since]):
            self.db.write("INSERT OR IGNORE INTO reading_version (version) VALUES ('')")

    def _lock_path(self, run: str) -> Path:
        folder = self.home / "locks"
        folder.mkdir(exist_ok=True)
        return folder / run

    def _hold(self, run: str) -> None:
        lock = self._try_lock(run)
        if lock is None:
            raise LockedError("another process works on it", run)
        _LOCKS[run] = lock

    def _try_lock(self, run: str) -> IO[str] | None:
        with translated(self.home):
            lock = open(self._lock_path(run), "w")  # noqa: SIM115 - held until the run ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return None
        return lock

    def _let_go(self, run: str) -> None:
        self._lock_path(run).unlink(missing_ok=True)
        lock = _LOCKS.pop(run, None)
        if lock:
            lock.close()


_DID = """coalesce({run}.outcome, '') <> 'skipped'
    AND NOT ({run}.kind = 'import' AND coalesce({run}.outcome = 'failed' OR {run}.listings = 0, 0))"""
"""Did a run do anything that says something of its site? One that was left out did not, nor did an import that brought nothing."""

_TOLD = "CASE WHEN r.kind = 'import' AND r.outcome IN ('ok', 'empty', 'partial') THEN 'imported' ELSE coalesce(r.outcome, {none}) END"
"""How a site's last run is told: of a file it is not to be said that a site was read whole or not."""

_COVERAGE = f"""SELECT s.id AS site, s.name, s.country, r.id AS run, r.kind, r.started_at, r.ended_at,
    {_TOLD.format(none="CASE WHEN r.id IS NULL THEN 'never' ELSE 'running' END")} AS outcome, r.detail, r.pages, r.listings, r.new, r.changed,
    r.quarantined, (SELECT max(started_at) FROM run WHERE site = s.id AND outcome = 'ok' AND kind <> 'import') AS last_ok
  FROM site s LEFT JOIN run r ON r.id = (SELECT id FROM run AS o WHERE site = s.id AND {_DID.format(run="o")} ORDER BY kind = 'import', started_at DESC, id DESC LIMIT 1)
  WHERE EXISTS (SELECT 1 FROM listing WHERE site = s.id) OR NOT EXISTS (SELECT 1 FROM run WHERE site = s.id AND kind = 'import' AND ended_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM run WHERE site = s.id AND kind <> 'import')
  ORDER BY s.id"""

_BROUGHT = f"""WITH brought AS (
    SELECT site, max(run) AS run, listings FROM (
      SELECT l.site, l.last_run AS run, count(*) AS listings FROM site s CROSS JOIN listing l ON l.site = s.id
      WHERE (?2 IS NULL OR s.id = ?2) AND NOT EXISTS (SELECT 1 FROM run AS o WHERE site = s.id AND {_DID.format(run="o")})
      GROUP BY l.site, l.last_run) GROUP BY site),
  latest AS (SELECT *, (SELECT count(*) FROM brought) AS sites FROM brought ORDER BY run DESC, site LIMIT ?1)
  SELECT b.site, b.sites, r.id AS run, r.kind, r.started_at, {_TOLD.format(none="'running'")} AS outcome, r.quarantined, 0 AS pages, b.listings,
    sum(o.changed = '') AS new, sum(o.changed <> '') AS changed, 'brought by a run of ' || r.site AS detail
  FROM latest b JOIN run r ON r.id = b.run LEFT JOIN listing l ON l.site = b.site LEFT JOIN observation o ON o.listing = l.id AND o.run = b.run
  GROUP BY b.site ORDER BY b.site"""

_JUDGED_FROM = "SELECT min(o.recorded_at) FROM observation o JOIN reading g ON g.observation = o.id WHERE o.run = ?"

_DOUBT = """UPDATE reading SET version='' WHERE observation = (SELECT o.id FROM observation o JOIN run r ON r.id = o.run
    JOIN reading g ON g.observation = o.id WHERE o.recorded_at >= ? AND r.quarantined = 0
    ORDER BY o.recorded_at, o.observed_at, o.id LIMIT 1)"""

_WAITS = """NOT EXISTS (SELECT 1 FROM run_decision d WHERE d.run = r.id AND d.action = 'discard')
  AND NOT EXISTS (SELECT 1 FROM run n WHERE n.site = r.site AND n.kind = 'reparse' AND n.outcome = 'ok' AND n.quarantined = 0
    AND json_extract(n.facts, '$.reparsed') = r.id)"""

_GOOD = """SELECT o.{column} FROM observation o JOIN run r ON r.id = o.run WHERE o.listing = listing.id AND r.quarantined = 0
    ORDER BY o.observed_at DESC, length(coalesce(o.description, '')) DESC, o.content DESC LIMIT 1"""

_RESTATE = f"""UPDATE listing SET (observation, content, extra_hash, latest) =
    (({_GOOD.format(column="id")}), ({_GOOD.format(column="content")}), NULL, NULL)
  WHERE id IN (SELECT listing FROM observation WHERE run = ?) OR last_run = ?"""

_UNSIGHT = """UPDATE listing SET last_seen=coalesce(prior_seen, last_seen), last_run=coalesce(prior_run, last_run),
    last_evidence=coalesce(prior_evidence, last_evidence), prior_seen=NULL, prior_run=NULL, prior_evidence=NULL
  WHERE last_run=? AND (SELECT quarantined FROM run WHERE id = listing.last_run)"""

# What a released run saw was seen on that day, and stands under the name it bore then if nothing was seen since.
_RESIGHT = """UPDATE listing SET (title, url, country, seller, last_seen, last_run, last_evidence, state, vanished_at) =
    (SELECT o.title, o.url, o.country, o.seller, max(listing.last_seen, o.observed_at), iif(newer.yes, o.run, listing.last_run),
            iif(newer.yes, o.evidence, listing.last_evidence), iif(newer.yes, 'live', listing.state), iif(newer.yes, NULL, listing.vanished_at)
     FROM observation o, (SELECT c.observed_at >= listing.last_seen AS yes FROM observation c WHERE c.id = listing.observation) AS newer
     WHERE o.id = listing.observation)
  WHERE state <> 'erased' AND observation IN (SELECT id FROM observation WHERE run = ?)"""
