"""Retention and erasure: bytes that must not be kept any longer are replaced by tombstones, and the chain says so.

The database is told first, then the files are changed; whoever is interrupted finishes the work by `finish_removals`.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from storage.errors import MissingError
from storage.evidence import FOLDER, MAX_RECORD, Sealed
from storage.ids import short_hash, utc
from storage.named import Named
from storage.observation import as_json
from storage.runs import Runs
from storage.search import Search
from storage.tombstone import list_digest, replace_records
from storage.warc import Member, walk

ERASED = "(erased)"

NAMING = ("digests", "packs", "samples", "state", "logs")
"""Folders of a home whose files may name a listing."""

_KEPT_WHOLE = ("warcinfo",)


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that evidence is kept by what became of its listings; None is for good. The longest need of a record counts."""

    confirmed_days: int | None
    flagged_days: int | None
    other_days: int | None


@dataclass(frozen=True, slots=True)
class Removed:
    """What a removal took away. `observations` lost their bytes; `mentions` are files beside the database that name the listing."""

    id: str | None
    records: int
    bytes: int
    observations: int
    mentions: tuple[str, ...] = ()


Gone = dict[str, dict[int, tuple[int, str]]]
"""file -> offset -> (length, digest) of records to be removed."""


class Removal(Runs, Search):
    """Expiring evidence, erasing a listing."""

    def expire_evidence(self, policy: Retention, *, now: str, who: str = "chipwatch", dry_run: bool = False) -> Removed:
        """Remove evidence that is older than the policy keeps it; with `dry_run` only say how much.

        Observations stay, their bytes go. A body that a kept revisit points to is kept.
        """
        now = utc(now, "now")
        gone: Gone = {}
        for run in self.db.rows("SELECT id, evidence_file FROM run WHERE evidence_records > 0 AND evidence_gone = 0 ORDER BY id"):
            found = self._expired(run, policy, now)
            if found:
                gone[run["evidence_file"]] = found
        why = f"kept as long as the retention says, then removed on {now[:10]}"
        return self._remove("expiry", gone, who=who, why=why, now=now, listings=0, dry_run=dry_run)

    def _expired(self, run: Any, policy: Retention, now: str) -> dict[int, tuple[int, str]]:
        path = self.home / FOLDER / run["evidence_file"]
        limits = {
            "confirmed": _before(now, policy.confirmed_days), "flagged": _before(now, policy.flagged_days),
            "other": _before(now, policy.other_days),
        }  # fmt: skip
        newest = max(limits.values())
        if not path.exists() or not self.db.value("SELECT 1 FROM run WHERE id=? AND started_at < ?", [run["id"], newest]):
            return {}
        rows = {row["offset"]: row for row in self.db.rows(_NEEDS, [run["evidence_file"]])}
        kept, found, ids = set[str](), dict[int, tuple[int, str]](), dict[str, int]()
        members = [m for m in walk(path) if not m.problem]
        for m in members:
            row = rows.get(m.offset)
            old = (row["fetched_at"] if row else m.headers.get("warc-date", "")) < limits[row["need"] if row else "other"]
            if not old or (row and row["repeated"]):
                kept.add(m.headers.get("warc-record-id", ""))
        for m in members:
            ids[m.headers.get("warc-record-id", "")] = m.offset
            stays = kept & {m.headers.get("warc-record-id", ""), m.headers.get("warc-concurrent-to", "-")}
            if not stays and m.headers.get("warc-type") not in _KEPT_WHOLE and "chipwatch-removed" not in m.headers:
                found[m.offset] = (m.length, m.sha256)
        return found

    def erase_listing(self, key: str, *, who: str, why: str, now: str, named: Sequence[str] = ()) -> Removed:
        """Erase what is kept of a listing, on request: its texts, readings and every stored page that names it.

        What stays: its key, dates, and who decided what; a tombstone in the evidence; the reason. It is not recorded again.
        Other listings of the same pages keep their observations and lose those bytes. Backups and files outside the home are
        for the desk to see to; files beside the database that name it (see NAMING) are told in `mentions`. `named` are more words
        that pages name it by: of one that was erased before nothing else is known. Raises MissingError.
        """
        row = self.db.row("SELECT * FROM listing WHERE id=?", [key])
        if row is None:
            raise MissingError("there is no such listing", key)
        if row["state"] == "erased" and not named:
            return Removed(None, 0, 0, 0)
        return self._erase_names(dict(row), self._names_of(row, "main", named), who=who, why=why, now=utc(now, "now"))

    def erased_listings(self) -> frozenset[str]:
        """Keys of the listings that were erased on request, of which nothing may be stored again."""
        return frozenset(row[0] for row in self.db.rows("SELECT id FROM listing WHERE state='erased'"))

    def _names_of(self, row: Any, database: str, more: Sequence[str] = ()) -> Named:
        """What pages name a listing by, as the given database has it."""
        given = [word for word in more if "://" not in word]
        if row["state"] == "erased":
            return Named((word for word in more if "://" in word), (), (), given=given)
        seen = self.db.rows(f"SELECT DISTINCT url, title FROM {database}.observation WHERE listing=?", [row["id"]])
        addresses = {r["url"] for r in seen} | {row["url"], *(word for word in more if "://" in word)}
        titles = {r["title"] for r in seen} | {row["title"]}
        # A title that others bear too names none of them; nor does a word of theirs.
        own = {title for title in titles if title and not self.db.value(
            f"SELECT 1 FROM {database}.listing WHERE site=? AND id<>? AND instr(title, ?)", [row["site"], row["id"], title]
        )}  # fmt: skip
        return Named(filter(None, addresses), filter(None, [row["listing_id"]]), own, filter(None, titles - own), given)

    def _erase_names(self, row: dict[str, Any], names: Named, *, who: str, why: str, now: str) -> Removed:
        """Erase a listing that pages call by these names."""
        mentions = tuple(self._mentions(names))
        self.db.rows("PRAGMA secure_delete=ON")
        removed = self._erase_rows(row, names, who=who, why=why, now=now)
        self._finish_erasure()
        return Removed(removed.id, removed.records, removed.bytes, removed.observations, mentions)

    def _erase_rows(self, row: dict[str, Any], names: Named, *, who: str, why: str, now: str) -> Removed:
        """The database's part of it; `_finish_erasure` does the files'."""
        with self.transaction():
            removed = self._remove(
                "erasure", self._pages_naming(row, names), who=who, why=why, now=now, listings=1, act=False
            )
            self.db.write("UPDATE removal SET listing=? WHERE id=?", [row["id"], removed.id])
            self._scrub(row, now)
        return removed

    def _finish_erasure(self) -> None:
        """Take the erased words out of the index, the files and the log of the database."""
        self.db.write("INSERT INTO search_text (search_text) VALUES ('optimize')")
        self.finish_removals()
        self.db.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def _pages_naming(self, listing: Any, names: Named) -> Gone:
        own = {(r["file"], r["offset"]) for r in self.db.rows(
            "SELECT file, offset FROM evidence WHERE id IN (SELECT evidence FROM observation WHERE listing=?1)"
            " OR id IN (?2, ?3)", [listing["id"], listing["last_evidence"], listing["prior_evidence"]]
        )}  # fmt: skip
        files = [row[0] for row in self.db.rows(
            "SELECT DISTINCT evidence_file FROM run WHERE (site=? AND evidence_file IS NOT NULL)"
            " OR evidence_file IN (SELECT value FROM json_each(?))", [listing["site"], json.dumps(sorted({f for f, _ in own}))]
        )]  # fmt: skip
        gone: Gone = {}
        for file in files:
            path = self.home / FOLDER / file
            if path.exists() and (found := dict(_naming(path, names, {at for name, at in own if name == file}))):
                gone[file] = found
        return gone

    def _mentions(self, names: Named) -> Iterator[str]:
        for folder in NAMING:
            for path in sorted((self.home / folder).rglob("*")):
                if path.is_file() and any(names.in_(text) for text in _texts(path)):
                    yield str(path.relative_to(self.home))

    def _scrub(self, row: Any, now: str) -> None:
        key = row["id"]
        self._unindex([key])
        self.db.write(
            "UPDATE observation SET title=?, description=NULL, price_text=NULL, location=NULL, ships_to=NULL, url=NULL, seller=NULL,"
            " extra=NULL, condition=NULL, category=NULL, erased_at=coalesce(erased_at, ?) WHERE listing=?", [ERASED, now, key]
        )  # fmt: skip
        self.db.write(
            "UPDATE listing SET listing_id='erased ' || id, title=?, url=NULL, seller=NULL, latest=NULL, state='erased' WHERE id=?",
            [ERASED, key],
        )
        self.db.write("DELETE FROM reading WHERE listing=?", [key])
        self.db.write("DELETE FROM likeness WHERE ? IN (listing, other)", [key])
        self.db.write("DELETE FROM contact WHERE listing=?", [key])
        self.db.write("DELETE FROM pending WHERE observation IN (SELECT id FROM observation WHERE listing=?)", [key])
        self.db.write("DELETE FROM search_pending WHERE listing=?", [key])
        self.db.write(
            "UPDATE alert SET title=?, seller=NULL, signals='', state='closed', closed_why='erased on request', version=version+1"
            " WHERE listing=?", [ERASED, key]
        )  # fmt: skip
        self.db.write("UPDATE decision SET note=NULL WHERE listing=?", [key])
        self.db.write("UPDATE alert_event SET why=NULL WHERE listing=?", [key])
        if row["seller"] and not self.db.value("SELECT 1 FROM listing WHERE seller=?", [row["seller"]]):
            self.db.write("DELETE FROM screening_candidate WHERE seller=?", [row["seller"]])
            self.db.write("UPDATE observation SET seller=NULL WHERE seller=?", [row["seller"]])
            self.db.write("DELETE FROM seller WHERE id=?", [row["seller"]])
            self.db.write("UPDATE link_decision SET seen=NULL WHERE ? IN (one, two)", [row["seller"]])
        for digest in self.db.rows("SELECT id, document FROM digest"):
            cut = as_json(_without(json.loads(digest["document"]), {key}, (row["site"], row["listing_id"])))
            self.db.write("UPDATE digest SET document=? WHERE id=? AND document<>?", [cut, digest["id"], cut])

    def _remove(
        self, kind: str, gone: Gone, *, who: str, why: str, now: str, listings: int, dry_run: bool = False, act: bool = True
    ) -> Removed:  # fmt: skip
        digests = sorted(digest for records in gone.values() for _, digest in records.values())
        size = sum(length for records in gone.values() for length, _ in records.values())
        concerned = sum(
            self.db.value("SELECT count(*) FROM observation o JOIN evidence e ON e.id = o.evidence WHERE e.file=? AND e.offset=?", place)
            for place in ((file, offset) for file, records in gone.items() for offset in records)
        )
        if dry_run or not (digests or listings):
            return Removed(None, len(digests), size, concerned)
        with self.transaction():
            # The number tells two erasures of one second apart that took no bytes.
            number = self.db.value("SELECT count(*) FROM removal WHERE at=?", [now])
            name = short_hash("removal", kind, now, who, why, *digests, *([number] if number else []))
            self.db.write(
                "INSERT INTO removal (id, kind, at, who, why, origin, records, places, listings, observations) VALUES (?,?,?,?,?,?,?,?,?,?)",
                [name, kind, now, who, why, self.home_id, json.dumps(digests), json.dumps(gone, sort_keys=True), listings, concerned],
            )
            for file, records in gone.items():
                self.db.write_many(
                    "UPDATE evidence SET gone_at=?1, gone_why=?2, url=iif(?2 = 'erasure', NULL, url) WHERE file=?3 AND offset=?4",
                    [(now, kind, file, at) for at in records],
                )
            self.link(kind, name, now, Sealed(None, len(digests), size, list_digest(digests)))
        if act:
            self.finish_removals()
        return Removed(name, len(digests), size, concerned)

    def finish_removals(self) -> int:
        """Do what removals still owe the files, after an interruption too; the bytes freed."""
        freed = 0
        for row in self.db.rows("SELECT id, kind, at, why, places FROM removal WHERE places IS NOT NULL ORDER BY at, id"):
            for file, records in json.loads(row["places"]).items():
                path = self.home / FOLDER / file
                path.with_suffix(".part").unlink(missing_ok=True)
                if path.exists():
                    places = {int(at): (length, digest) for at, (length, digest) in records.items()}
                    # An erasure's reason may itself say too much; the file only tells which removal it was.
                    freed += replace_records(path, places, f"{row['kind']} {row['id']}", row["at"])
                    self._drop_if_empty(path)
            self.db.write("UPDATE removal SET places=NULL WHERE id=?", [row["id"]])
        return freed

    def _drop_if_empty(self, path: Path) -> None:
        """A file of tombstones alone proves nothing that the chain does not."""
        for found in walk(path):
            if found.problem or not (found.headers.get("warc-type") in _KEPT_WHOLE or "chipwatch-removed" in found.headers):
                return
        self.db.write("UPDATE run SET evidence_gone=1 WHERE evidence_file=?", [path.name])
        path.unlink()


def _before(now: str, days: int | None) -> str:
    """The moment before which something is too old; nothing is before ""."""
    if days is None:
        return ""
    moment = datetime.fromisoformat(now).astimezone(UTC) - timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _naming(path: Path, names: Named, own: set[int]) -> Iterator[tuple[int, tuple[int, str]]]:
    """Records that are pointed to or hold a name, and the request and facts that belong to them."""
    taken = set[str]()
    with open(path, "rb") as file:
        for found in walk(path):
            if found.problem or found.headers.get("warc-type") in _KEPT_WHOLE or "chipwatch-removed" in found.headers:
                continue
            belongs = found.headers.get("warc-concurrent-to") in taken
            if belongs or found.offset in own or _holds(file, found, names):
                taken.add(found.headers.get("warc-record-id", ""))
                yield found.offset, (found.length, found.sha256)


def _holds(file: Any, found: Member, names: Named) -> bool:
    file.seek(found.offset)
    plain = zlib.decompressobj(31).decompress(file.read(found.length), MAX_RECORD)
    return names.in_(plain)


def _without(value: Any, keys: set[str], place: tuple[str, str]) -> Any:
    """A document without the entries that are about a listing."""
    if isinstance(value, Mapping):
        return {name: _without(inner, keys, place) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, keys, place) for inner in value if not _about(inner, keys, place)]
    return value


def _about(value: Any, keys: set[str], place: tuple[str, str]) -> bool:
    if not isinstance(value, Mapping):
        return value in keys if isinstance(value, str) else False
    named = {inner for inner in value.values() if isinstance(inner, str)}
    return bool(keys & named) or (value.get("site"), value.get("listing_id")) == place


# The longest need of each record: confirmed or escalated, flagged, other. `repeated`: a kept revisit holds no body of its own.
_NEEDS = """SELECT e.offset, e.fetched_at, CASE max(CASE WHEN a.state IN ('confirmed', 'escalated') THEN 2 WHEN a.listing IS NOT NULL
      THEN 1 ELSE 0 END) WHEN 2 THEN 'confirmed' WHEN 1 THEN 'flagged' ELSE 'other' END AS need,
    e.kind = 'response' AND EXISTS (SELECT 1 FROM evidence v WHERE v.sha256 = e.sha256 AND v.kind = 'revisit' AND v.gone_at IS NULL)
      AS repeated
  FROM evidence e LEFT JOIN observation o ON o.evidence = e.id LEFT JOIN alert a ON a.listing = o.listing
  WHERE e.file = ? AND e.gone_at IS NULL GROUP BY e.id"""


def _texts(path: Path) -> Iterator[bytes]:
    """A file's bytes; of a zip file those of each file in it."""
    if path.suffix != ".zip" or not zipfile.is_zipfile(path):
        yield path.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        yield from (archive.read(name) for name in archive.namelist())
