"""The responses of a WARC file, in order; what damage leaves is saved and the damage is told.

fastwarc reads as long as all is well. It holds one record back: that a record told a wrong length is only seen where the next
one ought to begin. Then the place is read again member by member, each record by its own gzip member, until a sound one comes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

LARGEST = 16 << 20
"""Bytes of a response that are read at all; the extraction looks at five million of them."""
STEP = 1 << 16
_MAGIC = b"\x1f\x8b\x08"
_BEGIN = (b"WARC/1.0\r\n", b"WARC/1.1\r\n", b"WARC/0.18\r\n", b"WARC/1.0\n", b"WARC/1.1\n")


@dataclass(frozen=True, slots=True)
class Record:
    """A response. `block` is its HTTP head and body as archived; `offset` the place of its gzip member or header in the file."""

    offset: int
    url: str
    date: str
    record_id: str
    block: bytes


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


def responses(file: BinaryIO) -> Iterator[Piece]:
    """Every response of the open WARC file, with the damage that was met. Errors of the file itself (SourceError) pass through."""
    at: int | None = 0
    while at is not None:
        held: Any = None
        file.seek(at)
        for step in _steps(file):
            if isinstance(step, tuple):
                if held is not None:
                    yield held
                held = None
                if isinstance(step[1], Damage):
                    at = step[0]
                    break
                held = step[1]
            else:
                # What the held record told of itself is in doubt: it is read again with the rest.
                at = held.offset if held is not None else at
                break
        else:
            if held is not None:
                yield held
            return
        at = yield from _salvage(file, at)


def _steps(file: BinaryIO) -> Iterator[tuple[int, Piece] | str]:
    """(offset, piece) for each response; a word of trouble at the end where fastwarc gives up."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    try:
        for found in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=False):
            offset, length = found.stream_pos, found.content_length
            if length > LARGEST:
                # Perhaps a wrong length, which would swallow the rest of the file: the member itself tells.
                yield offset, Damage(offset, "length")
                return
            block = found.reader.read()
            if len(block) != length:
                yield offset, Damage(offset, "length")
                return
            yield offset, Record(offset, *_named(found.headers), block)
    except OSError as error:
        yield str(error)
    except BaseException as error:
        # A panic of the library's own language is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        yield str(error)


def _named(headers: Any) -> tuple[str, str, str]:
    get = headers.get
    return (
        str(get("WARC-Target-URI") or "").strip("<>"),
        str(get("WARC-Date") or ""),
        str(get("WARC-Record-ID") or ""),
    )


def _salvage(file: BinaryIO, at: int) -> Any:
    """Yield what can be saved from `at` on, up to the first sound record behind a broken one; where that ends, None at the end."""
    hurt, start = False, at
    while True:
        found = member(file, start)
        if found is None:
            if not hurt:
                yield Damage(at, "is broken from here on")
            return None
        problem = found.problem
        if found.offset != start:
            hurt = True
            yield Damage(start, f"{found.offset - start} bytes are no record")
        for data, claimed in _split(found.data):
            piece, wrong = _parsed(found.offset, data, claimed)
            problem = problem or wrong
            if piece is not None:
                yield piece
        if problem:
            hurt = True
            yield Damage(found.offset, problem)
        elif hurt:
            return found.end
        if found.end is None:
            return None
        start = found.end


@dataclass(frozen=True, slots=True)
class Member:
    """One gzip member, or one record of an uncompressed file, as far as it can be read; `end` is where the next may begin."""

    offset: int
    data: bytes
    problem: str | None
    end: int | None


def member(file: BinaryIO, at: int) -> Member | None:
    """The first member at or behind `at` that holds a record; None if there is none."""
    file.seek(at)
    head = file.read(max(map(len, _BEGIN)))
    if head.startswith(_BEGIN):
        return _plain_member(file, at)
    start: int | None = at
    if not (head.startswith(_MAGIC) and _opens(file, at)):
        start = _next(file, at + 1)
        if start is None:
            return None
        file.seek(start)
        if not file.read(3).startswith(_MAGIC):
            return _plain_member(file, start)
    assert start is not None
    file.seek(start)
    unpacker, size = zlib.decompressobj(31), 0
    out: list[bytes] = []
    while not unpacker.eof and size <= 4 * LARGEST:
        chunk = file.read(STEP)
        if not chunk:
            return Member(start, b"".join(out), "the file is cut short", None)
        # Small bites, so that what stands before a broken byte is kept.
        for bite in range(0, len(chunk), 512):
            try:
                piece = unpacker.decompress(chunk[bite : bite + 512])
            except zlib.error:
                return Member(start, b"".join(out), "a gzip member is broken", _next(file, start + 1))
            out.append(piece)
            size += len(piece)
            if unpacker.eof:
                end = (
                    file.tell()
                    - len(chunk)
                    + bite
                    + len(chunk[bite : bite + 512])
                    - len(unpacker.unused_data)
                )
                return Member(start, b"".join(out), None, end if _more(file, end) else None)
    return Member(start, b"".join(out), "a record is too large", _next(file, start + 1))


def _more(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    return bool(file.read(1))


def _plain_member(file: BinaryIO, at: int) -> Member:
    """From a header of an uncompressed file to the next one."""
    end = _next_plain(file, at + 1)
    file.seek(at)
    data = file.read((end - at) if end is not None else 4 * LARGEST)
    return Member(at, data, None, end)


def _opens(file: BinaryIO, at: int) -> bool:
    """Whether a gzip member at `at` begins with a WARC header."""
    file.seek(at)
    try:
        return zlib.decompressobj(31).decompress(file.read(1024), 64).startswith(b"WARC/")
    except zlib.error:
        return False


def _next(file: BinaryIO, at: int) -> int | None:
    """Where the next gzip member with a record begins, or else the next uncompressed record."""
    for place in _places(file, at, _MAGIC):
        if _opens(file, place):
            return place
    return _next_plain(file, at)


def _next_plain(file: BinaryIO, at: int) -> int | None:
    for place in _places(file, at, b"WARC/"):
        file.seek(max(0, place - 1))
        before = file.read(1) if place else b"\n"
        if before == b"\n" and file.read(12).startswith(_BEGIN):
            return place
    return None


def _places(file: BinaryIO, at: int, needle: bytes) -> Iterator[int]:
    """Every place of a needle from `at` on."""
    kept, base = b"", at
    while True:
        file.seek(base + len(kept))
        chunk = file.read(1 << 20)
        if not chunk:
            return
        data = kept + chunk
        found = data.find(needle)
        while found >= 0:
            yield base + found
            found = data.find(needle, found + 1)
        kept = data[-(len(needle) - 1) :]
        base += len(data) - len(kept)


def _split(data: bytes) -> Iterator[tuple[bytes, int | None]]:
    """The records of a member, usually one, each with the length that it tells. Where that is wrong, a record ends where the
    next header stands, or with the member."""
    at = 0
    while data.startswith(b"WARC/", at):
        head = data.find(b"\r\n\r\n", at)
        claimed = _claimed(data[at:head]) if head >= 0 else None
        end = head + 8 + claimed if claimed is not None else -1
        if end != len(data) and not data.startswith(b"WARC/", max(end, at + 1)):
            later = [place for mark in _BEGIN if (place := data.find(b"\r\n\r\n" + mark, at)) >= 0]
            end = min(later) + 4 if later else len(data)
        yield data[at:end], claimed
        at = end


def _claimed(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return None


def _parsed(offset: int, data: bytes, claimed: int | None) -> tuple[Piece | None, str | None]:
    """The response of one record's bytes, None for other kinds; and what is wrong with its length."""
    head, mark, block = data.partition(b"\r\n\r\n")
    if not mark:
        return None, "a record is cut short"
    wrong = None
    block = block.removesuffix(b"\r\n\r\n")
    if claimed is None:
        wrong = "a record does not tell its length"
    elif claimed != len(block):
        wrong = f"a record tells {claimed} bytes and has {len(block)}"
    fields = {}
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip().decode("utf-8", "replace")
    if fields.get(b"warc-type") != "response":
        return None, wrong
    if len(block) > LARGEST:
        return Passed(offset, len(block)), wrong
    names = (
        fields.get(b"warc-target-uri", "").strip("<>"),
        fields.get(b"warc-date", ""),
        fields.get(b"warc-record-id", ""),
    )
    return Record(offset, *names, block), wrong


def record_at(file: BinaryIO, offset: int, record_id: str) -> Record | None:
    """The response of that name at or behind an offset that `responses` gave; None if it is not there any more."""
    found = member(file, offset)
    if found is not None and found.offset == offset:
        for data, claimed in _split(found.data):
            piece, _ = _parsed(offset, data, claimed)
            if isinstance(piece, Record) and piece.record_id == record_id:
                return piece
    # Where the file is one gzip stream, or records have no names of their own, the whole file is walked.
    return next(
        (
            p
            for p in responses(file)
            if isinstance(p, Record) and (p.offset, p.record_id) == (offset, record_id)
        ),
        None,
    )
