"""Proving the evidence: every byte that an observation points to, every file against its seal, every seal against the chain.

Streams the files, so memory does not grow with them; a damaged record is named and the rest is still proved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage import tombstone
from storage.chain import GENESIS, link_hash
from storage.evidence import FOLDER, chain_next, chain_start
from storage.warc import Member, walk

if TYPE_CHECKING:
    from storage.store import Store

GZIP_HEADER, NO_TIME = 10, bytes(4)
"""Bytes of a gzip header (RFC 1952), the fourth to seventh of which are a time; records bear none."""
REMOVED, REMOVED_DIGEST = tombstone.REMOVED.lower(), tombstone.REMOVED_SHA256.lower()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold. `offset` is the record's place in the file, None for the file as a whole; `observations`
    are the ids of those that point to it. `serious` is False for what is only to be known (a torn end nobody points to)."""

    file: str
    offset: int | None
    problem: str
    observations: tuple[str, ...] = ()
    serious: bool = True

    def __str__(self) -> str:
        place = f"{self.file} at {self.offset}" if self.offset is not None else self.file
        concerned = f"; observations concerned: {', '.join(self.observations)}" if self.observations else ""
        return f"{place}: {self.problem}{concerned}"


def verify(home: Path, store: Store) -> list[Problem]:
    """Everything about the evidence that does not hold, in the order of files and places; an empty list proves all of it."""
    return list(iter_problems(home, store))


def iter_problems(home: Path, store: Store) -> Iterator[Problem]:
    """The same, as they are found."""
    yield from _chain_problems(store)
    known = set()
    for run in store.db.rows("SELECT * FROM run ORDER BY id"):
        for file in _files_of(store, run):
            known.add(file)
            yield from _File(home, store, run, file).problems()
    for row in store.db.rows("SELECT id FROM observation WHERE evidence IS NOT NULL AND NOT EXISTS"
                             " (SELECT 1 FROM evidence e WHERE e.id = observation.evidence)"):  # fmt: skip
        yield Problem(FOLDER, None, "the observation's evidence is not in the database", (row["id"],))
    for path in sorted((home / FOLDER).glob("*")):
        if path.name not in known:
            yield Problem(path.name, None, "no run of this home wrote this file", serious=False)


def _files_of(store: Store, run: Any) -> list[str]:
    gone = "AND gone_at IS NULL" if run["evidence_gone"] else ""
    rows = store.db.rows(f"SELECT DISTINCT file FROM evidence WHERE run = ? {gone} ORDER BY file", [run["id"]])
    named = {row["file"] for row in rows}
    if run["evidence_records"] and not run["evidence_gone"]:
        named.add(run["evidence_file"])
    return sorted(name for name in named if name)


def _chain_problems(store: Store) -> Iterator[Problem]:
    ever: set[str] = {GENESIS}
    prev: dict[str, Any] = {}
    for row in store.db.rows("SELECT * FROM chain ORDER BY origin, seq"):
        last = prev.get(row["origin"], {"link": GENESIS, "seq": 0})
        where = f"chain of {row['origin']}, link {row['seq']}"
        if row["seq"] != last["seq"] + 1:
            yield Problem(where, None, f"link {last['seq'] + 1} is missing before it")
        elif row["prev"] != last["link"] or link_hash(row["prev"], dict(row)) != row["link"]:
            yield Problem(where, None, f"the {row['kind']} {row['subject']} was changed after it was sealed")
        yield from _seal_problems(store, row) if row["kind"] == "run" else _removal_problems(store, row)
        ever.add(row["link"])
        prev[row["origin"]] = row
    for run in store.db.rows("SELECT id FROM run WHERE evidence_records > 0 AND id NOT IN (SELECT subject FROM chain WHERE kind='run')"):
        yield Problem(f"run {run['id']}", None, "its seal is missing from the chain")
    for digest in store.db.rows("SELECT id, chain_head, pinned FROM digest"):
        pinned = json.loads(digest["pinned"])
        if not ever.issuperset(pinned.values()):
            yield Problem(f"digest {digest['id']}", None, "it pins a chain head that the chain does not hold: links were cut off")


def _seal_problems(store: Store, link: Any) -> Iterator[Problem]:
    run = store.db.row("SELECT * FROM run WHERE id = ?", [link["subject"]])
    if run is None:
        yield Problem(f"run {link['subject']}", None, "the chain holds its seal, the database does not hold the run")
    elif (run["evidence_records"], run["evidence_bytes"], run["evidence_head"]) != (link["records"], link["bytes"], link["head"]):
        yield Problem(f"run {link['subject']}", None, "its seal differs from the one in the chain")


def _removal_problems(store: Store, link: Any) -> Iterator[Problem]:
    row = store.db.row("SELECT records FROM removal WHERE id = ?", [link["subject"]])
    if row is None or tombstone.list_digest(json.loads(row["records"])) != link["head"]:
        yield Problem(f"{link['kind']} {link['subject']}", None, "what it removed is not what the chain says it removed")


class _File:
    """Walks one evidence file beside the rows that point into it."""

    def __init__(self, home: Path, store: Store, run: Any, file: str) -> None:
        self.store, self.run, self.file = store, run, file
        self.path = home / FOLDER / file
        self.removed = {digest for row in store.db.rows("SELECT records FROM removal") for digest in json.loads(row["records"])}
        self.rows = store.db.stream("SELECT id, offset, record_sha256, sha256, gone_at FROM evidence WHERE file=? ORDER BY offset", [file])
        self.next: Any = next(self.rows, None)
        self.head, self.records, self.damaged = chain_start(run["id"]), 0, False
        self.named: set[int] = set()
        """Where damaged records begin that were named."""

    def problems(self) -> Iterator[Problem]:
        if not self.path.exists():
            yield Problem(self.file, None, "the file is gone", self._all_concerned())
            return
        for found in walk(self.path):
            if found.torn:
                yield from self._torn(found)
                break
            yield from self._passed_over(found.offset)
            self.records += 1
            yield from self._check(found)
        else:
            yield from self._passed_over(None)
        yield from self._against_seal()

    def _check(self, found: Member) -> Iterator[Problem]:
        row = self.next if self.next and self.next["offset"] == found.offset else None
        if row:
            self.next = next(self.rows, None)
        problem = found.problem
        digest = found.sha256
        if not problem and REMOVED in found.headers:
            digest = found.headers.get(REMOVED_DIGEST, "")
            if digest not in self.removed:
                problem = "it was replaced by a tombstone that the database knows nothing of"
        elif not problem and row and row["gone_at"]:
            problem = "its bytes are to be gone and are still here"
        elif not problem and row and found.sha256 != row["record_sha256"]:
            problem = "it is not the record that was written"
        elif not problem and row and found.headers.get("warc-type") in ("response", "resource") and found.payload_sha256 != row["sha256"]:
            problem = "its payload is not the one that was read"
        self.head = chain_next(self.head, digest or GENESIS)
        if problem:
            self.damaged = True
            self.named.add(found.offset)
            yield Problem(self.file, found.offset, problem, self._concerned(row))

    def _torn(self, found: Member) -> Iterator[Problem]:
        beyond = self.next is None or self.next["offset"] < found.offset
        if beyond and not self.run["ended_at"]:
            yield Problem(self.file, found.offset, "the end is torn; no observation points there", serious=False)
            return
        self.damaged = True
        yield Problem(self.file, found.offset, "the file is cut short", self._rest_concerned())

    def _passed_over(self, offset: int | None) -> Iterator[Problem]:
        """Rows that point between the records, or behind the last of them."""
        while self.next and (offset is None or self.next["offset"] < offset):
            yield Problem(self.file, self.next["offset"], "no record begins here", self._concerned(self.next))
            self.damaged = True
            self.next = next(self.rows, None)

    def _against_seal(self) -> Iterator[Problem]:
        """The chain over the file; said once where no single record was named."""
        run = self.run
        if not run["evidence_records"] or self.file != run["evidence_file"]:
            return
        if self.damaged:
            yield from (Problem(self.file, offset, "its gzip header was changed") for offset in self._odd_heads() if offset not in self.named)
        elif self.records < run["evidence_records"]:
            yield Problem(self.file, None, f"it holds {self.records} records, its seal is over {run['evidence_records']}: the end was cut")
        elif self.records > run["evidence_records"]:
            yield Problem(self.file, None, f"it holds {self.records} records, its seal is over {run['evidence_records']}: some were added")
        elif self.head != run["evidence_head"]:
            changed = list(self._odd_heads())
            yield from (Problem(self.file, offset, "its gzip header was changed") for offset in changed)
            if not changed:
                yield Problem(self.file, None, "the chain over its records does not reach the sealed head: a record was changed")

    def _odd_heads(self) -> Iterator[int]:
        """Records whose gzip header is not like that of the others: bytes that neither a checksum nor a digest of the content covers."""
        heads: dict[bytes, list[int]] = {}
        with open(self.path, "rb") as file:
            for found in walk(self.path):
                if REMOVED not in found.headers and not found.problem:
                    file.seek(found.offset)
                    heads.setdefault(file.read(GZIP_HEADER), []).append(found.offset)
        usual = max(heads, key=lambda head: (head[4:8] == NO_TIME, len(heads[head])), default=b"")
        yield from sorted(offset for head, offsets in heads.items() if head != usual for offset in offsets)

    def _concerned(self, row: Any) -> tuple[str, ...]:
        if row is None:
            return ()
        return tuple(r[0] for r in self.store.db.rows("SELECT id FROM observation WHERE evidence=? ORDER BY id", [row["id"]]))

    def _rest_concerned(self) -> tuple[str, ...]:
        at = self.next["offset"] if self.next else 0
        return tuple(r[0] for r in self.store.db.rows(
            "SELECT o.id FROM observation o JOIN evidence e ON e.id = o.evidence WHERE e.file=? AND e.offset >= ? ORDER BY o.id",
            [self.file, at],
        )) if self.next else ()  # fmt: skip

    def _all_concerned(self) -> tuple[str, ...]:
        return tuple(r[0] for r in self.store.db.rows(
            "SELECT o.id FROM observation o JOIN evidence e ON e.id = o.evidence WHERE e.file=? ORDER BY o.id", [self.file]
        ))  # fmt: skip
