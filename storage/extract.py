"""Taking single records out of the archive, byte for byte, with what belongs to them and what proves where they stood.

A response is taken with its request, the notes on its host (TLS, robots.txt) and the record of who wrote the file; a revisit
with the record that holds its bytes. The members are copied as they are, so that each keeps the digest it was sealed with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, chain_next, chain_start, evidence_path
from storage.tombstone import REMOVED, REMOVED_SHA256
from storage.warc import Member, walk

_REMOVED, _REMOVED_SHA256 = REMOVED.lower(), REMOVED_SHA256.lower()


@dataclass(frozen=True, slots=True)
class Taken:
    """One record of the archive: where it stands (bytes), what it is, and the SHA-256 of the whole compressed record.

    `problem` is None where digests and length hold; a record removed on purpose or damaged has no bytes to copy.
    """

    file: str
    offset: int
    length: int
    sha256: str
    payload_sha256: str
    kind: str
    record_id: str
    url: str
    date: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class FileProof:
    """The digests of all records of a file in their order, and the link they lead to: what the run's seal must say."""

    file: str
    start: str
    records: tuple[str, ...]
    head: str


@dataclass(slots=True)
class Extract:
    """What was found for a set of pointers: records in the order of files and places, a proof for each file, problems."""

    records: list[Taken] = field(default_factory=list)
    proofs: list[FileProof] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def extract(
    home: Path, refs: Iterable[EvidenceRef], tell: Callable[[Path], None] = lambda path: None
) -> Extract:
    """Find the records that `refs` point to and those that belong to them. Reads each file once; keeps no body in memory.

    `tell` is called with each file before it is read, which takes about a second for each 10 to 30 MB.
    """
    wanted: dict[str, dict[int, str]] = {}
    for ref in refs:
        wanted.setdefault(ref.file, {})[ref.offset] = ref.record_sha256
    out, done = Extract(), set[str]()
    while waiting := sorted(set(wanted) - done):
        for file in waiting:
            done.add(file)
            for other, offset in _take_file(home, file, wanted[file], out, tell):
                # The bytes of a revisit may stand in a file that was walked already: that one is walked again.
                if offset not in wanted.setdefault(other, {}):
                    wanted[other][offset] = ""
                    done.discard(other)
    latest = {(taken.file, taken.offset): taken for taken in out.records}
    out.records = [latest[key] for key in sorted(latest)]
    out.proofs = sorted({proof.file: proof for proof in out.proofs}.values(), key=lambda proof: proof.file)
    out.problems = list(dict.fromkeys(out.problems))
    return out


def copy_bytes(home: Path, taken: Taken) -> bytes:
    """The compressed record, proved against its digest. Raises EvidenceError if it changed since it was found."""
    with open(evidence_path(home, taken.file), "rb") as file:
        file.seek(taken.offset)
        data = file.read(taken.length)
    if hashlib.sha256(data).hexdigest() != taken.sha256:
        raise EvidenceError(
            "changed while it was copied", taken.file, taken.offset, "run chipwatch evidence verify"
        )
    return data


def _take_file(
    home: Path, file: str, offsets: Mapping[int, str], out: Extract, tell: Callable[[Path], None]
) -> list[tuple[str, int]]:
    """Take what is wanted from one file; the places in other records that hold the bytes of its revisits."""
    path = evidence_path(home, file)
    if not path.exists():
        out.problems.append(f"{file}: the file is gone")
        return []
    tell(path)
    kept = _Kept(offsets)
    start = head = chain_start(file.removesuffix(".warc.gz"))
    digests = []
    for found in walk(path):
        if found.torn:
            break
        digest = found.headers.get(_REMOVED_SHA256) or found.sha256 or "0" * 64
        digests.append(digest)
        head = chain_next(head, digest)
        kept.see(found)
    out.proofs.append(FileProof(file, start, tuple(digests), head))
    for offset in sorted(set(offsets) - set(kept.named)):
        out.problems.append(f"{file} at {offset}: no record begins here")
    for found in kept.all():
        taken = _taken(file, found, offsets.get(found.offset, ""))
        out.records.append(taken)
        if taken.problem and found.offset in offsets:
            out.problems.append(f"{file} at {found.offset}: {taken.problem}")
    return [
        (found.headers["warc-refers-to-filename"], int(found.headers["warc-refers-to-file-offset"]))
        for found in kept.named.values()
        if found.headers.get("warc-type") == "revisit" and "warc-refers-to-file-offset" in found.headers
    ]


class _Kept:
    """What is wanted of a file while it goes by: the named records, what follows them, what was noted of a host, who wrote the file.

    A file has a million records and a handful of hosts: notes are kept for each host until it is known which are wanted.
    """

    def __init__(self, offsets: Mapping[int, str]) -> None:
        self.offsets = offsets
        self.named: dict[int, Member] = {}
        self._beside: list[Member] = []
        self._ids: set[str] = set()
        self._notes: dict[str, list[Member]] = {}

    def see(self, found: Member) -> None:
        """Look at the next record of the file; a request stands behind its response."""
        kind, partner = found.headers.get("warc-type"), found.headers.get("warc-concurrent-to")
        if found.offset in self.offsets:
            self.named[found.offset] = found
            self._ids.add(found.headers.get("warc-record-id", ""))
        elif kind == "warcinfo" or (partner and partner in self._ids):
            self._beside.append(found)
        elif kind == "metadata" and partner:
            self._notes.setdefault(_host(found), []).append(found)

    def all(self) -> list[Member]:
        """The records to be copied, in their order."""
        hosts = {_host(found) for found in self.named.values()}
        notes = [found for host in hosts for found in self._notes.get(host, ())]
        return sorted((*self.named.values(), *self._beside, *notes), key=lambda found: found.offset)


def _host(found: Member) -> str:
    return "/".join(found.headers.get("warc-target-uri", "").split("/", 3)[:3])


def _taken(file: str, found: Member, expected: str) -> Taken:
    headers, problem = found.headers, found.problem
    if not problem and _REMOVED in headers:
        problem = f"removed: {headers[_REMOVED]}"
    elif not problem and expected and expected != found.sha256:
        problem = "it is not the record that was written"
    return Taken(
        file, found.offset, found.length, found.sha256, found.payload_sha256, headers.get("warc-type", "unknown"),
        headers.get("warc-record-id", ""), headers.get("warc-target-uri", ""), headers.get("warc-date", ""), problem,
    )  # fmt: skip
