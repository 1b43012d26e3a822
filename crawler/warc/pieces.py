"""What a WARC file is made of for its readers: responses, places of damage, responses that are too large."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

LARGEST = 16 << 20
"""Bytes of a response that are read at all; the extraction looks at five million of them."""

BEGIN = (b"WARC/1.0\r\n", b"WARC/1.1\r\n", b"WARC/0.18\r\n", b"WARC/0.17\r\n", b"WARC/1.0\n", b"WARC/1.1\n")
"""How a record begins."""

TAILS = (b"\r\n\r\n", b"\n\n")
"""What stands behind a record's block, and behind its header."""

MOST_TAIL = 16
"""Bytes of line ends that are passed over behind a block: some writers leave them out, others write more than the two."""

_LINE_ENDS = re.compile(rb"[\r\n]{0,%d}" % MOST_TAIL)

_VERSION = rb"WARC/(?:1\.[01]|0\.1[78])\r?\n"
FIRST_LINES = re.compile(_VERSION + rb"WARC-[A-Z]")
"""The beginning of a record wherever it stands: behind what was cut there is no line end."""

NEXT = re.compile(rb"\n\r?\n(?=" + _VERSION + rb")|(?=" + FIRST_LINES.pattern + rb")")
"""What ends a record that does not tell its length, with the next one's beginning behind it."""

HEAD = 1 << 16
"""Bytes in which a record's header has to end."""

MOST_SKIPPED = 4 << 30
"""Bytes of one gzip member that are unpacked to find its end: seconds. Kept of it is no more than a response may have."""

_DIGITS = re.compile(r"^(\d{8})(\d{6})$")
"""A moment as indexes of archives and old writers have it."""

MAGIC = b"\x1f\x8b\x08"
"""How a gzip member begins."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A response: `offset` is the place of its gzip member or header in the file, `head` its WARC header, and `data[start:end]`
    its HTTP head and body as archived. Nothing is parsed or cut out before it is asked for: most records are looked at once
    and forgotten."""

    offset: int
    head: bytes
    data: bytes
    start: int
    end: int

    @property
    def block(self) -> bytes:
        """HTTP head and body."""
        return self.data[self.start : self.end]

    @property
    def url(self) -> str:
        """Where it was fetched from."""
        return told(self.head, b"WARC-Target-URI").strip("<>")

    @property
    def date(self) -> str:
        """When it was fetched, as the archive tells; figures alone as ISO 8601."""
        return _DIGITS.sub(r"\1T\2Z", told(self.head, b"WARC-Date"))

    @property
    def is_as_told(self) -> bool:
        """Whether the block is the one that its digest is of. One that tells none, or in a way that is not known, is."""
        name, _, value = told(self.head, b"WARC-Block-Digest").partition(":")
        name, value = name.lower().replace("-", ""), value.strip()
        if name not in ("md5", "sha1", "sha256", "sha512"):
            return True
        digest = hashlib.new(name, self.data[self.start : self.end], usedforsecurity=False)
        ways = (digest.hexdigest(), base64.b32encode(digest.digest()).decode().rstrip("="))
        return value.rstrip("=").lower() in [way.lower() for way in ways] or len(value.rstrip("=")) not in map(len, ways)

    @property
    def record_id(self) -> str:
        """The record's own name."""
        return told(self.head, b"WARC-Record-ID")


@dataclass(frozen=True, slots=True, eq=False)
class Torn(Record):
    """A response of which a part is missing or wrong: its member is broken, or the file ends within it. The damage is told behind it."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong at a place of the file; the records around it go on."""

    offset: int
    problem: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A response too large to be looked at."""

    offset: int
    length: int


Piece = Record | Damage | Passed


def told(head: bytes, name: bytes) -> str:
    """A field of a record's header; the empty string where it is not there."""
    at = head.find(b"\n" + name + b":")
    if at < 0:
        # Nearly everybody writes the names like this, but their case is free.
        at = head.lower().find(b"\n" + name.lower() + b":")
    if at < 0:
        return ""
    at += len(name) + 2
    end = head.find(b"\n", at)
    return head[at : end if end >= 0 else None].strip().decode("utf-8", "replace")


def head_end(data: bytes, at: int = 0) -> int:
    """Where the block of a record begins whose header begins at `at`, behind its empty line; -1 if there is no such line."""
    ends = [
        place + len(line)
        for line in TAILS
        if (place := data.find(line, at, at + HEAD)) >= 0
    ]
    return min(ends, default=-1)


def behind(data: bytes | bytearray, at: int) -> int:
    """Where the next record begins, if a block ends at `at`: behind the line ends, however many there are."""
    found = _LINE_ENDS.match(data, at)
    return max(found.end() if found else at, at)  # which may be more than there is


def told_length(head: bytes) -> int | None:
    """The length that a record's header tells, in bytes of its block; None if it tells none."""
    length = told(head, b"Content-Length")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None


def is_one(data: bytes) -> bool:
    """Whether no other record is seen to begin where the first one ends, as long as it tells, of bytes that may go on."""
    start = head_end(data)
    length = told_length(data[:start]) if data.startswith(BEGIN) and start >= 0 else None
    return length is None or not data.startswith(b"WARC/", behind(data, start + length))


def response(offset: int, head: bytes, data: bytes, start: int, end: int) -> Record | Passed | None:
    """The response with that header; None for records of other kinds."""
    if told(head, b"WARC-Type").lower() != "response":
        return None
    return Record(offset, head, data, start, end) if end - start <= LARGEST else Passed(offset, end - start)


def torn(found: Record | Passed | None) -> Record | Passed | None:
    """The same as one of which a part is missing or wrong."""
    return Torn(found.offset, found.head, found.data, found.start, found.end) if isinstance(found, Record) else found
