"""What can be saved of a damaged WARC file of gzip members: each record by its own member."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from crawler.warc.pieces import (
    BEGIN,
    FIRST_LINES,
    LARGEST,
    MAGIC,
    MOST_SKIPPED,
    NEXT,
    TAILS,
    Damage,
    Passed,
    Piece,
    behind,
    head_end,
    is_one,
    response,
    told,
    told_length,
    torn,
)

STEP = 1 << 16
_KEPT = 4 * LARGEST
"""Bytes of one member that are kept: it may hold several records."""
_NEAR = max(map(len, BEGIN))
CUT, BROKEN_MEMBER = "the file is cut short", "a gzip member is broken"
_SIGN = re.compile(re.escape(MAGIC) + rb"|WARC/")


def salvage(file: BinaryIO, at: int) -> Any:
    """Yield what can be saved from `at` on, up to the first sound member; where that ends, or where records stand unpacked or too
    many in one member; None at the end."""
    hurt, start = False, at
    while True:
        place = next_record(file, start)
        if place is None:
            if not hurt or _more(file, start):
                yield Damage(start, "is broken from here on")
            return None
        if place != start:
            hurt = True
            yield Damage(start, f"{place - start} bytes are no record")
        if is_plain(file, place):
            return place
        found = member(file, place)
        if found.size > len(found.data) and place != at and not is_one(found.data):
            return place  # many records in one member, which are read one behind the other
        problem = found.problem
        for piece, wrong in found.pieces():
            problem = problem or wrong
            if piece is not None:
                yield piece
        if not problem or found.end is None:
            if problem:
                yield Damage(found.offset, problem)
            return found.end
        hurt, start = True, found.end
        yield Damage(found.offset, problem)


def is_plain(file: BinaryIO, at: int) -> bool:
    """Whether an unpacked record begins there."""
    file.seek(at)
    return file.read(_NEAR).startswith(BEGIN)


@dataclass(frozen=True, slots=True)
class Member:
    """One gzip member as far as it can be read: its bytes, or the first of them where `size` is more; `end` is where the next
    may begin."""

    offset: int
    data: bytes
    size: int
    problem: str | None
    end: int | None

    def pieces(self) -> Iterator[tuple[Piece | None, str | None]]:
        """Its responses, None for other records, each with what is wrong with its length."""
        if self.size > len(self.data):
            yield self._large()
            return
        for data, claimed in split(self.data):
            yield parsed(self.offset, data, claimed, self.problem)

    def _large(self) -> tuple[Piece | None, str | None]:
        start = max(head_end(self.data), 0)
        length = self.size - start - 4
        claimed = told_length(self.data[:start])
        wrong = None if claimed == length else f"a record tells {claimed} bytes and has {length}"
        is_response = told(self.data[:start], b"WARC-Type").lower() == "response"
        return (Passed(self.offset, length) if is_response else None), wrong


def member(file: BinaryIO, start: int) -> Member:
    """The gzip member at `start`."""
    file.seek(start)
    unpacker, size = zlib.decompressobj(31), 0
    out: list[bytes] = []
    while not unpacker.eof and size <= MOST_SKIPPED:
        chunk = file.read(STEP)
        if not chunk:
            # Where a wrong byte hid its end, it has run over those behind it up to the end of the file.
            later = next_record(file, start + 1)
            return Member(start, b"".join(out), size, CUT if later is None else BROKEN_MEMBER, later)
        # Small bites, so that what stands before a broken byte is kept.
        for bite in range(0, len(chunk), 512):
            try:
                piece = unpacker.decompress(chunk[bite : bite + 512])
            except zlib.error:
                return Member(start, b"".join(out), size, BROKEN_MEMBER, next_record(file, start + 1))
            size += len(piece)
            if size <= _KEPT:
                out.append(piece)
            if unpacker.eof:
                behind = len(chunk) - bite - len(chunk[bite : bite + 512]) + len(unpacker.unused_data)
                end = file.tell() - behind
                return Member(start, b"".join(out), size, None, end if _more(file, end) else None)
    return Member(start, b"".join(out), size, "a record is too large", next_record(file, start + 1))


def _more(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    return bool(file.read(1))


def _opens(file: BinaryIO, at: int) -> bool:
    """Whether a gzip member at `at` begins with a WARC header."""
    file.seek(at)
    try:
        return zlib.decompressobj(31).decompress(file.read(1024), 64).startswith(b"WARC/")
    except zlib.error:
        return False


def next_record(file: BinaryIO, at: int) -> int | None:
    """Where the next record begins, in a gzip member of its own or unpacked at the beginning of a line."""
    for place, sign in _signs(file, at):
        if sign == MAGIC and _opens(file, place):
            return place
        if sign != MAGIC:
            file.seek(max(0, place - 1))
            before = file.read(1) if place else b"\n"
            if (place == at or before == b"\n") and file.read(_NEAR).startswith(BEGIN):
                return place
    return None


def _signs(file: BinaryIO, at: int) -> Iterator[tuple[int, bytes]]:
    """Every place from `at` on that may be the beginning of a record, with what stands there."""
    kept, base = b"", at
    while True:
        file.seek(base + len(kept))
        chunk = file.read(1 << 20)
        if not chunk:
            return
        data = kept + chunk
        last = 0
        for found in _SIGN.finditer(data):
            yield base + found.start(), found[0]
            last = found.end()
        kept = data[max(last, len(data) - 4) :]
        base += len(data) - len(kept)


def split(data: bytes) -> Iterator[tuple[bytes, int | None]]:
    """The records of a member, usually one, each with the length that it tells. Where that is wrong, a record ends where the
    next header stands, or with the member."""
    at = 0
    while data.startswith(b"WARC/", at):
        start = head_end(data, at)
        if start >= 0 and FIRST_LINES.search(data, at + 1, start):
            start = -1  # it is cut in its header, and the empty line is the next one's
        claimed = told_length(data[at:start]) if start >= 0 else None
        end = behind(data, start + claimed) if claimed is not None else -1
        if end != len(data) and not data.startswith(b"WARC/", max(end, at + 1)):
            later = NEXT.search(data, max(start, at + 1))
            end = later.end() if later else len(data)
        yield data[at:end], claimed
        at = end


def parsed(offset: int, data: bytes, claimed: int | None, problem: str | None = None) -> tuple[Piece | None, str | None]:
    """The response of one record's bytes, None for other kinds; and what is wrong with its length. `problem` is that of its member."""
    start = head_end(data)
    if start < 0:
        return None, "a record is cut short"
    tail = next((len(line) for line in TAILS if data.endswith(line, start)), 0)
    end = len(data) - tail
    if claimed is not None and behind(data, start + claimed) == len(data):
        end = start + claimed
    wrong = None
    if claimed is None:
        wrong = "a record does not tell its length"
    elif claimed != end - start:
        wrong = f"a record tells {claimed} bytes and has {end - start}"
    # Which byte of a broken member is wrong nobody can say; of one that is cut, what is there as long as it tells is whole. What
    # is shorter and has no line ends behind it was cut before it was packed.
    is_short = claimed is not None and claimed > end - start
    is_torn = problem == BROKEN_MEMBER or bool(problem and wrong) or (is_short and not tail)
    found = response(offset, data[:start], data, start, end)
    return torn(found) if is_torn else found, wrong
