"""The evidence archive: every response that gave an observation, as it came, in one WARC file a run.

A writer only appends, and only to a file it made itself. The database is told of a record after the record is on the disk
(`Store` syncs the files before it commits), so a killed run leaves at worst records that nobody points to.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.errors import ErasedError, EvidenceError, StorageError, translated
from storage.ids import utc
from storage.warc import LEVEL, digest_label, member, one_line, parse_headers, safe_uri

FOLDER = "evidence"

MAX_RECORD = 512 << 20
"""Decompressed bytes of one record at most: far over the largest page kept, far under what breaks a small machine."""

# What the fetcher already undid; the names are kept so that the page's own words are.
_UNDONE = {"content-encoding", "transfer-encoding", "content-length"}

_HIDDEN = {"authorization", "cookie", "proxy-authorization", "set-cookie", "set-cookie2"}
"""Headers whose values open a session: of a browser's recording it is the analyst's own."""

Pairs = Mapping[Any, Any] | Iterable[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """Where bytes stand. `sha256` is of the payload (the body), `record_sha256` of the compressed record; offsets in bytes."""

    file: str
    offset: int
    length: int
    sha256: str
    url: str
    fetched_at: str
    record_sha256: str = ""
    kind: str = "response"
    status: int | None = None
    date: str | None = None
    """The record's WARC-Date where it is not `fetched_at`."""

    @property
    def id(self) -> str:
        """The key of this record in every home: from its own digest."""
        from storage.ids import short_hash

        return short_hash("evidence", self.record_sha256 or f"{self.file}@{self.offset}")

    def to_dict(self) -> dict[str, Any]:
        """The pointer as exports show it."""
        return {"file": self.file, "offset": self.offset, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished file: how many records and bytes, and the last link of the chain over them (None without a file)."""

    file: str | None
    records: int
    bytes: int
    head: str | None


def chain_start(run_id: str) -> str:
    """The chain's first link, which binds the file to its run."""
    return hashlib.sha256(f"chipwatch run {run_id}".encode()).hexdigest()


def chain_next(link: str, record_sha256: str) -> str:
    """The chain after one more record."""
    return hashlib.sha256(bytes.fromhex(link) + bytes.fromhex(record_sha256)).hexdigest()


def evidence_path(home: Path, file: str) -> Path:
    """The file inside the home's archive. Raises EvidenceError for a name that would lead elsewhere."""
    if not file.endswith(".warc.gz") or "/" in file or "\\" in file or file.startswith("."):
        raise EvidenceError("is no file name of the archive", repr(file))
    return home / FOLDER / file


class EvidenceWriter:
    """Appends the run's responses to its own file. Not for use by two threads at once.

    `known` finds an earlier record with the same payload digest (`Store.find_payload`), so that identical bodies are stored
    once and a revisit record points to them. `level` is the gzip level.
    """

    def __init__(
        self, home: Path, run_id: str, now: str, *, facts: Mapping[str, str] | None = None,
        known: Callable[[str], EvidenceRef | None] | None = None, level: int = LEVEL,
    ) -> None:  # fmt: skip
        self.home, self.run_id, self.level = home, run_id, level
        self.file = f"{run_id}.warc.gz"
        self.path = evidence_path(home, self.file)
        self.records, self.size, self.head = 0, 0, chain_start(run_id)
        self._known, self._facts, self._began = known, dict(facts or {}), now
        self._seen: dict[str, EvidenceRef] = {}
        self._handle: int | None = None
        self._last_id = ""
        self._told_hosts: set[tuple[str, str]] = set()

    def __enter__(self) -> EvidenceWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def write(
        self, url: str, status: int, headers: Pairs, body: bytes, fetched_at: str, request_headers: Pairs | None = None,
        ip: str | None = None, *, method: str = "GET", reason: str = "", tls: Mapping[str, str] | None = None,
        robots: Mapping[str, str] | None = None, truncated: str | None = None, unchanged: EvidenceRef | None = None,
    ) -> EvidenceRef:  # fmt: skip
        """Keep a response with its request; the pointer to it.

        `body` is the body after content decoding. `tls` may hold `version`, `cipher`, `certificate_sha256`, `issuer`;
        `robots` what robots.txt said (`url`, `verdict`, `sha256`, ...); `truncated` is a WARC reason (length, time, disconnect).
        `unchanged` goes with a 304: where the `body` stands that the server meant.
        Raises EvidenceError where the file is not this writer's own, DiskFullError.
        """
        payload = hashlib.sha256(body).digest()
        date = utc(fetched_at, "fetched_at")
        target = safe_uri(url)
        head = _http_head(f"HTTP/1.1 {status} {one_line(reason)}".rstrip(), headers, None if unchanged else body)
        common = [("WARC-Target-URI", target), ("WARC-Date", date)]
        if ip:
            common.append(("WARC-IP-Address", ip))
        extra = [("WARC-Payload-Digest", digest_label(payload))]
        if tls and tls.get("version"):
            extra.append(("WARC-Protocol", tls["version"]))
        if tls and tls.get("cipher"):
            extra.append(("WARC-Cipher-Suite", tls["cipher"]))
        if truncated:
            extra.append(("WARC-Truncated", truncated))
        ref = self._response(common + extra, head, body, payload.hex(), target, date, status, unchanged)
        response_id = self._last_id
        if request_headers is not None:
            block = _request_head(method, url, request_headers)
            self._append("request", [*common, ("WARC-Concurrent-To", response_id)], block, "application/http; msgtype=request")
        self._tell_host(target, common, response_id, tls, robots)
        return ref

    def write_resource(self, uri: str, content_type: str, body: bytes, fetched_at: str) -> EvidenceRef:
        """Keep a file that somebody gave us (an import, a saved page); the pointer to it."""
        digest = hashlib.sha256(body).digest()
        date, target = utc(fetched_at, "fetched_at"), safe_uri(uri)
        headers = [("WARC-Target-URI", target), ("WARC-Date", date), ("WARC-Payload-Digest", digest_label(digest))]
        return self._append("resource", headers, body, content_type, digest.hex(), target, date)

    def write_quotes(self, url: str, body: bytes, quotes: Iterable[str], fetched_at: str, why: str) -> EvidenceRef:
        """Keep only the digest of a page that asks not to be archived, and the words that were quoted from it."""
        date, target = utc(fetched_at, "fetched_at"), safe_uri(url)
        lines = [f"not-kept: {one_line(why)}", f"payload-sha256: {hashlib.sha256(body).hexdigest()}", f"payload-length: {len(body)}"]
        block = "\r\n".join(lines + [f"quote: {one_line(quote)}" for quote in quotes]).encode("utf-8", "replace") + b"\r\n"
        headers = [("WARC-Target-URI", target), ("WARC-Date", date)]
        digest = hashlib.sha256(block).hexdigest()
        return self._append("metadata", headers, block, "application/warc-fields", digest, target, date)

    def sync(self) -> None:
        """Put everything written so far on the disk."""
        if self._handle is not None:
            with translated(self.path):
                os.fsync(self._handle)

    def close(self) -> Sealed:
        """Finish the file: nothing is appended to it any more."""
        if self._handle is not None:
            self.sync()
            os.close(self._handle)
            self._handle = None
        return Sealed(self.file, self.records, self.size, self.head) if self.records else Sealed(None, 0, 0, None)

    def _response(
        self, headers: list[tuple[str, str]], head: bytes, body: bytes, sha256: str, url: str, date: str, status: int,
        unchanged: EvidenceRef | None,
    ) -> EvidenceRef:  # fmt: skip
        http = "application/http; msgtype=response"
        first = self._seen.get(sha256) or (self._known(sha256) if self._known and body else None) or unchanged
        if first is None or not body:
            ref = self._append("response", headers, head + body, http, sha256, url, date, status)
            if body:
                self._seen[sha256] = ref
            return ref
        profile = "server-not-modified" if unchanged else "identical-payload-digest"
        headers = [
            *headers,
            ("WARC-Profile", f"http://netpreserve.org/warc/1.1/revisit/{profile}"),
            ("WARC-Refers-To-Target-URI", first.url), ("WARC-Refers-To-Date", first.date or first.fetched_at),
            ("WARC-Refers-To-Filename", first.file), ("WARC-Refers-To-File-Offset", str(first.offset)),
        ]  # fmt: skip
        return self._append("revisit", headers, head, http, sha256, url, date, status)

    def _tell_host(
        self, url: str, common: list[tuple[str, str]], response_id: str, tls: Mapping[str, str] | None, robots: Mapping[str, str] | None
    ) -> None:  # fmt: skip
        """TLS and robots facts go in once for a host and run, and again when they change."""
        facts = {**{f"tls-{k}": v for k, v in (tls or {}).items()}, **{f"robots-{k}": v for k, v in (robots or {}).items()}}
        block = "".join(f"{one_line(k.replace('_', '-'))}: {one_line(v)}\r\n" for k, v in sorted(facts.items()))
        host = "/".join(url.split("/", 3)[:3])
        if block and (host, block) not in self._told_hosts:
            self._told_hosts.add((host, block))
            headers = [*common, ("WARC-Concurrent-To", response_id)]
            self._append("metadata", headers, block.encode("utf-8", "replace"), "application/warc-fields")

    def _append(
        self, kind: str, headers: list[tuple[str, str]], block: bytes, content_type: str, sha256: str = "", url: str = "",
        date: str = "", status: int | None = None,
    ) -> EvidenceRef:  # fmt: skip
        if self._handle is None:
            self._start()
        # Named by run and place: the same crawl written twice gives the same bytes.
        self._last_id = f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'chipwatch:{self.run_id}:{self.records}')}>"
        headers = [("WARC-Type", kind), ("WARC-Record-ID", self._last_id), ("Content-Type", content_type), *headers]
        data = member(headers, block, level=self.level)
        offset = self._put(data)
        record = hashlib.sha256(data).hexdigest()
        self.head, self.records = chain_next(self.head, record), self.records + 1
        return EvidenceRef(self.file, offset, len(data), sha256, url, date, record, kind, status)

    def _start(self) -> None:
        with translated(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            except FileExistsError as error:
                raise EvidenceError("belongs to another writer", self.path, do="begin a new run") from error
            fcntl.flock(self._handle, fcntl.LOCK_EX)
        info = {
            "software": "chipwatch", "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": self.run_id, **self._facts,
        }  # fmt: skip
        block = "".join(f"{one_line(k)}: {one_line(v)}\r\n" for k, v in info.items()).encode("utf-8", "replace")
        headers = [("WARC-Date", utc(self._began, "now")), ("WARC-Filename", self.file)]
        self._append("warcinfo", headers, block, "application/warc-fields")

    def _put(self, data: bytes) -> int:
        assert self._handle is not None
        offset, view = self.size, memoryview(data)
        try:
            with translated(self.path):
                while view:
                    view = view[os.write(self._handle, view) :]
        except (StorageError, OSError):
            # A half-written record must not stand before the next one, whatever kept it from being whole.
            os.ftruncate(self._handle, offset)
            raise
        self.size += len(data)
        return offset


def _pairs(headers: Pairs) -> Iterable[tuple[str, str]]:
    for name, values in headers.items() if isinstance(headers, Mapping) else headers:
        for value in values if isinstance(values, (list, tuple)) else (values,):
            # A name that came more than once holds its values line by line, as browsers record them too.
            for line in _word(value).split("\n"):
                yield one_line(_word(name)), one_line(line)


def _word(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _http_head(first: str, headers: Pairs, body: bytes | None) -> bytes:
    """The head of an answer as it came, with the length of the decoded `body`; a 304 has none."""
    lines = [first]
    for name, value in _pairs(headers):
        if name:
            told = "(withheld)" if name.lower() in _HIDDEN else value
            lines.append(f"{'X-Archive-Orig-' if name.lower() in _UNDONE else ''}{name.replace(':', '')}: {told}")
    lines += [f"Content-Length: {len(body)}"] if body is not None else []
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n"


def _request_head(method: str, url: str, headers: Pairs) -> bytes:
    path = "/" + "/".join(safe_uri(url).split("/", 3)[3:])
    lines = [f"{one_line(method)} {path.partition('#')[0]} HTTP/1.1"]
    lines += [f"{n.replace(':', '')}: {'(withheld)' if n.lower() in _HIDDEN else v}" for n, v in _pairs(headers) if n]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n"


def read_record(home: Path, ref: EvidenceRef) -> bytes:
    """The compressed record as it stands in the file: by itself a valid WARC file. Raises EvidenceError."""
    path = evidence_path(home, ref.file)
    try:
        with open(path, "rb") as file:
            file.seek(ref.offset)
            data = file.read(ref.length)
    except FileNotFoundError as error:
        raise EvidenceError("the file is gone", path, do="restore it from a backup") from error
    if len(data) < ref.length:
        raise EvidenceError("the file is cut short", path, ref.offset, "restore it from a backup")
    return data


def read(home: Path, ref: EvidenceRef) -> bytes:
    """The payload, proved against its SHA-256; a revisit is followed to the record that holds the bytes.

    Raises EvidenceError if the bytes are not what was written, ErasedError if they were taken away on purpose.
    """
    return read_answer(home, ref)[1]


def read_answer(home: Path, ref: EvidenceRef) -> tuple[dict[str, str], bytes]:
    """The payload as `read` gives it, with the answer's headers by lower-case name, repeated ones by line; none for a file that was given.

    Headers of a revisit are laid over those of the record that it repeats, as RFC 9111 has it for "304 Not Modified".
    """
    headers, answered, payload = _unpack(home, ref)
    if headers.get("warc-type") == "metadata" and "chipwatch-removed" in headers:
        raise ErasedError(f"was removed: {headers['chipwatch-removed']}", ref.file, ref.offset)
    if headers.get("warc-type") == "revisit":
        try:
            file, offset = headers["warc-refers-to-filename"], int(headers["warc-refers-to-file-offset"])
        except (KeyError, ValueError) as error:
            raise EvidenceError("does not say which record it repeats", ref.file, ref.offset) from error
        length = _length_at(evidence_path(home, file), offset)
        before, payload = read_answer(home, EvidenceRef(file, offset, length, ref.sha256, ref.url, ref.fetched_at))
        return before | answered, payload
    if hashlib.sha256(payload).hexdigest() != ref.sha256:
        raise EvidenceError("is not what was written: its SHA-256 differs", ref.file, ref.offset, "restore it from a backup")
    return answered, payload


def _length_at(path: Path, offset: int) -> int:
    from storage.warc import walk

    for found in walk(path, offset) if path.exists() else ():
        if not found.problem:
            return found.length
        break
    raise EvidenceError("the record it repeats cannot be read", path, offset, "restore it from a backup")


def _unpack(home: Path, ref: EvidenceRef) -> tuple[dict[str, str], dict[str, str], bytes]:
    """A record's WARC headers, the HTTP headers of an answer, and the payload."""
    data = read_record(home, ref)
    unpacker = zlib.decompressobj(31)
    try:
        whole = unpacker.decompress(data, MAX_RECORD)
    except zlib.error as error:
        raise EvidenceError(f"cannot be decompressed ({error})", ref.file, ref.offset, "restore it from a backup") from error
    if not unpacker.eof:
        raise EvidenceError("is cut short or larger than any record of ours", ref.file, ref.offset, "restore it from a backup")
    head, _, rest = whole.partition(b"\r\n\r\n")
    headers = parse_headers(head)
    block = rest[: int(headers.get("content-length", "0") or 0)]
    if not headers.get("content-type", "").startswith("application/http"):
        return headers, {}, block
    head, _, payload = block.partition(b"\r\n\r\n")
    return headers, _answered(head), payload


def _answered(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        key, value = name.strip().lower(), value.strip()
        found[key] = f"{found[key]}\n{value}" if key in found else value
    return found
