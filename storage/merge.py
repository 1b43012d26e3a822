"""Merging homes that gathered apart: the same in any order, twice, or in part.

Facts are joined by their keys, which come from content and origin (`storage.joins`); what follows from them is worked out anew
from all of them (`storage.settle`). Decisions are joined, never chosen from. Readings are derived and are made again. Homes to
be merged share a key, else one seller would be two.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from storage.database import FILE, Database, open_database
from storage.errors import StorageError, translated
from storage.evidence import FOLDER
from storage.ids import home_secret, utc
from storage.joins import FACTS, RUNS
from storage.observation import Row
from storage.settle import HalfErased, Settling
from storage.standing import RUN_DECIDED, apart, words


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two people decided otherwise without knowing of each other. Both decisions stand in the record; the later counts.

    `listing` is the listing's key; where they decided on a run in quarantine, the run.
    """

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


def check_homes(homes: Sequence[Path]) -> None:
    """Whether these homes may be joined; they are only read. One without a database is passed over: it is still to be made.

    Raises StorageError if they have different keys, a run is still open in one, or two went on from one copy.
    """
    secret: bytes | None = None
    links: dict[tuple[str, int], str] = {}
    for home in homes:
        if (home / "key").exists() or (home / FILE).exists():
            secret = _same_key(home, secret)
        if (home / FILE).exists():
            database = open_database(home / FILE, create=False, readonly=True, timeout=30.0)
            try:
                _refuse(home, database, links)
            finally:
                database.close()


def erasing_last(homes: Sequence[Path]) -> list[Path]:
    """The homes, those behind the others that erased a listing: what calls it by name is then there, and so is each page that does.
    Raises StorageError."""
    return sorted(homes, key=_has_erased)


def _has_erased(home: Path) -> bool:
    database = open_database(home / FILE, create=False, readonly=True, timeout=30.0)
    try:
        return bool(database.value("SELECT 1 FROM main.listing WHERE state='erased'"))
    finally:
        database.close()


def _same_key(home: Path, secret: bytes | None) -> bytes:
    if (home / "key").exists():
        own = home_secret(home, create=False)
        if secret in (None, own):
            return own
    raise StorageError(
        "has another key than this home, so the same seller would be two", home,
        "a home in use keeps its key; one that can be merged is made so: copy the file `key` of the other into an empty folder, then"
        " `chipwatch --home FOLDER init`",
    )  # fmt: skip


def _refuse(home: Path, database: Database, links: dict[tuple[str, int], str]) -> None:
    if database.value("SELECT 1 FROM main.run WHERE ended_at IS NULL"):
        raise StorageError("a run is still open in it", home, "wait for its end, or let `chipwatch doctor` recover it")
    for row in database.rows("SELECT origin, seq, link FROM main.chain ORDER BY origin, seq"):
        if links.setdefault((row["origin"], row["seq"]), row["link"]) != row["link"]:
            raise StorageError(
                f"both homes went on from one copy of {row['origin']} (link {row['seq']} differs)", home, "merge only one of them"
            )


class Merging(Settling):
    """Taking another home in."""

    def merge(self, other: Path, *, now: str) -> Merged:
        """Take in what the home at `other` holds and this one does not; it is only read.

        Afterwards all readings wait: run `detect` with rebuild. Raises StorageError if the homes have different keys, a run is
        still open in one of them, or both went on from one copy; nothing is changed then.
        """
        other, now = other.absolute(), utc(now, "now")
        open_database(other / FILE, create=False, readonly=True, timeout=self.db.timeout).close()
        home_secret(self.home, create=True)
        with self.transaction():
            check_homes([self.home, other])
        self.db.rows("ATTACH DATABASE ? AS other", [f"{(other / FILE).as_uri()}?mode=ro"])
        try:
            before = self._counts_of()
            files = self._copy_files(other)
            with self.transaction():
                _refuse(self.home, self.db, {})
                self.db.rows("PRAGMA defer_foreign_keys=ON")
                self.db.rows("PRAGMA secure_delete=ON")
                named = self._named_by_one()
                self._join(named, now)
            files += self._copy_models(other)
        finally:
            self.db.rows("DETACH DATABASE other")
        if named:
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
        """Decisions on listings and on runs in quarantine that contradict each other and were made without knowing of each other."""
        found = []
        for _, rows in groupby(self.db.rows(_DECIDED_OTHERWISE), key=lambda row: row["listing"]):
            found += _conflicts(words(rows))
        for _, rows in groupby(self.db.rows(_RUNS_DECIDED_OTHERWISE), key=lambda row: row["listing"]):
            found += _conflicts(rows)
        return found

    def _copy_files(self, other: Path) -> int:
        """Evidence files this home lacks, or has not as long as they were sealed; whole or not at all."""
        wanted = [(Path(row[0]).name, row[1]) for row in self.db.rows(
            "SELECT evidence_file, evidence_bytes FROM other.run WHERE evidence_file IS NOT NULL AND evidence_gone = 0 AND id NOT IN"
            " (SELECT id FROM main.run WHERE evidence_gone = 1) ORDER BY 1"
        )]  # fmt: skip
        lacks = [(other / FOLDER / name, self.home / FOLDER / name, sealed) for name, sealed in wanted]
        with translated(self.home):
            return sum(_copy(source, target) for source, target, sealed in lacks if not _is_as_good(source, target, sealed))

    def _copy_models(self, other: Path) -> int:
        """Models as the joined rows have them: the file of this name may be that of another fit."""
        copied = 0
        with translated(self.home):
            for row in self.db.rows("SELECT file, sha256 FROM main.model JOIN other.model USING (id, file, sha256) ORDER BY file"):
                source, target = (home / "models" / Path(row["file"]).name for home in (other, self.home))
                if _digest(target) != row["sha256"] and _digest(source) == row["sha256"]:
                    copied += _copy(source, target)
        return copied

    def _join(self, named: HalfErased, now: str) -> None:
        """Bring in the other home's facts, and let what was judged wait where more is known than it was measured against."""
        new = self.db.value("SELECT count(*) FROM other.observation WHERE id NOT IN (SELECT id FROM main.observation)")
        held, known = self._held(), {row[0] for row in self.db.rows("SELECT id FROM main.run")}
        for statement in RUNS:
            self.db.write(statement)
        self._settle_runs()
        for statement in FACTS:
            self.db.write(statement)
        self._owe_removals()
        self._settle_erasures(named, now)
        self._settle_listings()
        self._settle_models()
        self._settle_alerts(now)
        self._order_digests()
        if new or held != self._held() & known:
            self.wipe_readings()
            self.db.write("INSERT OR IGNORE INTO search_pending (listing) SELECT id FROM other.listing WHERE state <> 'erased'")
        # What the other home has judged was news there, and is none here.
        self.db.write(_KNOWN_THERE)


def _conflicts(rows: Iterable[Row]) -> list[Conflict]:
    return [Conflict(one["listing"], one["title"], _said(one), _said(other)) for one, other in apart(list(rows))]


def _said(row: Row) -> str:
    return f"{row['action']} by {row['who']} at {row['at']}"


def _is_as_good(source: Path, target: Path, sealed: int) -> bool:
    """Whether the file here need not be replaced: one of the sealed length goes before any other, then the longer one."""
    if not source.exists() or not target.exists():
        return not source.exists()
    here, there = target.stat().st_size, source.stat().st_size
    return (here == sealed, here) >= (there == sealed, there)


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def _copy(source: Path, target: Path) -> int:
    if not source.exists():
        return 0
    target.parent.mkdir(exist_ok=True)
    half = target.with_suffix(".part")
    shutil.copyfile(source, half)
    half.replace(target)
    return 1


_DECIDED_OTHERWISE = """SELECT d.*, l.title FROM decision d JOIN listing l ON l.id = d.listing WHERE d.listing IN
    (SELECT listing FROM decision WHERE action NOT IN ('note', 'undo') GROUP BY listing HAVING count(DISTINCT action) > 1)
  ORDER BY d.listing, d.at, d.seq, d.id"""

_RUNS_DECIDED_OTHERWISE = f"""SELECT d.*, d.run AS listing, 'a run of ' || r.site || ' in quarantine' AS title
  FROM run_decision d JOIN run r ON r.id = d.run WHERE d.run IN
    (SELECT run FROM run_decision GROUP BY run HAVING count(DISTINCT action) > 1)
  ORDER BY d.run, {RUN_DECIDED}"""

_KNOWN_THERE = """UPDATE main.pending SET known=1 WHERE known=0 AND observation IN
    (SELECT observation FROM other.reading UNION SELECT observation FROM other.pending WHERE known=1)"""
