"""The responses of a WARC file, in order; what damage leaves is saved and the damage is told.

As long as all is well, a packed file is read member by member, each record being one: isal unpacks half as fast again as other
libraries, and a header is only looked at for the few fields that are needed. Files that are not packed, or packed as one stream,
are read as `stream` does. Where members are in trouble, `salvage` reads on to the next sound one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from crawler.warc.inflating import BROKEN, READ, STEP, decompressor
from crawler.warc.pieces import (
    BEGIN,
    HEAD,
    LARGEST,
    MAGIC,
    Damage,
    Passed,
    Piece,
    Record,
    is_one,
    response,
    told_length,
)
from crawler.warc.salvage import is_plain, member, salvage
from crawler.warc.stream import stream


def responses(file: BinaryIO) -> Iterator[Piece]:
    """Every response of the open WARC file, with the damage that was met. Errors of the file itself (SourceError) pass through."""
    file.seek(0)
    if not file.read(1):
        yield Damage(0, "the file is empty")
        return
    apart = _is_packed_apart(file)
    at: int | None = 0
    while at is not None:
        if is_plain(file, at):
            at = yield from stream(file, at, packed=False)
        elif not apart:
            # Behind what is broken in it, the next members are found by themselves.
            at, apart = (yield from stream(file, at, packed=True)), True
        else:
            at = yield from _members(file, at)
            if at is not None and not is_plain(file, at):
                at = yield from salvage(file, at)


def _is_packed_apart(file: BinaryIO) -> bool:
    """Whether the first record is a gzip member by itself, or is none."""
    file.seek(0)
    unpacker, data = decompressor(), b""
    try:
        while not unpacker.eof and len(data) <= LARGEST:
            chunk = file.read(STEP)
            if not chunk:
                break
            data += unpacker.decompress(chunk)
    except BROKEN:
        pass
    # Junk before the first record is salvaged, and what follows is found as it is.
    return is_one(data)


def _members(file: BinaryIO, at: int) -> Any:
    """Yield the responses of sound members; the place of the first other one, None at the end."""
    file.seek(at)
    data, place = memoryview(b""), 0
    base = at
    while True:
        unpacker, out, size = decompressor(), [], 0
        begin = base + place
        while not unpacker.eof and size <= LARGEST + HEAD:
            if place >= len(data):
                base, data, place = base + len(data), memoryview(file.read(READ)), 0
                if not data:
                    return None if begin == base else begin
            bite = data[place : place + STEP]
            place += len(bite)
            try:
                out.append(unpacker.decompress(bite))
            except BROKEN:
                return begin
            size += len(out[-1])
        if size > LARGEST + HEAD:
            if not is_one(b"".join(out)):
                # Files may be put together of one that is packed apart and one that is not.
                return (yield from stream(file, begin, packed=True))
            behind_it = yield from _large(file, begin)
            if behind_it is None or behind_it == begin:
                return behind_it
            file.seek(behind_it)
            base, data, place = behind_it, memoryview(b""), 0
            continue
        place -= len(unpacker.unused_data)
        if not size:
            continue  # a member without content, as some writers end their files
        sound, found = _alone(begin, out[0] if len(out) == 1 else b"".join(out))
        if not sound:
            return begin
        if found is not None:
            yield found


def _large(file: BinaryIO, at: int) -> Any:
    """Yield the responses of a member that is larger than a response may be; where the next begins, `at` if it is not sound."""
    whole = member(file, at)
    pieces = [] if whole.problem else list(whole.pieces())
    if whole.problem or any(wrong for _, wrong in pieces):
        return at
    yield from (piece for piece, _ in pieces if piece is not None)
    return whole.end


def _alone(offset: int, data: bytes) -> tuple[bool, Record | Passed | None]:
    """Whether a member holds just one record, as long as it tells; and the record if it is a response."""
    start = data.find(b"\r\n\r\n", 0, HEAD) + 4
    head = data[:start]
    length = told_length(head)
    if (
        start < 4
        or length is None
        or not data.startswith(BEGIN)
        or len(data) != start + length + 4
        or not data.endswith(b"\r\n\r\n")
    ):
        return False, None
    return True, response(offset, head, data, start, start + length)


def records_at(file: BinaryIO, offset: int, record_id: str) -> Iterator[Record]:
    """The responses of that name at an offset that `responses` gave; of records without a name there may be several."""
    if is_plain(file, offset):
        found: Iterator[Any] = stream(file, offset, packed=False)
        yield from _named([next(found, None)], offset, record_id)
    else:
        file.seek(offset)
        if file.read(len(MAGIC)) == MAGIC:
            yield from _named([piece for piece, _ in member(file, offset).pieces()], offset, record_id)
    # Where a gzip stream is longer than what is kept of it, the whole file is walked.
    yield from _named(responses(file), offset, record_id)


def _named(pieces: Iterable[Piece | None], offset: int, record_id: str) -> Iterator[Record]:
    for piece in pieces:
        if isinstance(piece, Record) and (piece.offset, piece.record_id) == (offset, record_id):
            yield piece
