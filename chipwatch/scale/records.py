"""The responses of a WARC file, in order; what damage leaves is saved and the damage is told.

As long as all is well, a packed file is read member by member, each record being one: isal unpacks half as fast again as what
fastwarc has built in, and a header is only looked at for the few fields that a scan needs. Files that are not packed, or packed
as one stream, are read by fastwarc. Where either finds trouble, `salvage` reads on to the next sound record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from chipwatch.scale.pieces import BEGIN, LARGEST, Damage, Passed, Piece, Record, response, told_length
from chipwatch.scale.salvage import member, parsed, salvage, split

try:
    import isal.isal_zlib as inflate
except ImportError:  # machines for which it is not built
    import zlib as inflate  # type: ignore[no-redef]

BROKEN: type[Exception] = inflate.error  # type: ignore[assignment]
READ = 1 << 20
"""Bytes of the file in memory."""
STEP = 1 << 14
"""Bytes that are unpacked at a time: what stands behind a member's end is copied by the library, so no more than a record has."""
_HEAD = 1 << 16
"""Bytes in which a record's header has to end."""


def responses(file: BinaryIO) -> Iterator[Piece]:
    """Every response of the open WARC file, with the damage that was met. Errors of the file itself (SourceError) pass through."""
    packed = _is_packed_apart(file)
    at: int | None = 0
    while at is not None:
        at = yield from _members(file, at) if packed else _stream(file, at)
        if at is not None:
            at = yield from salvage(file, at, behind=not packed)


def _is_packed_apart(file: BinaryIO) -> bool:
    """Whether the first record is a gzip member by itself."""
    file.seek(0)
    unpacker, data = inflate.decompressobj(31), b""
    try:
        while not unpacker.eof and len(data) <= LARGEST:
            chunk = file.read(STEP)
            if not chunk:
                break
            data += unpacker.decompress(chunk)
    except BROKEN:
        pass
    if not data.startswith(BEGIN):
        # Junk before the first record: it is salvaged, and what follows is found as it is.
        file.seek(0)
        return file.read(5) != b"WARC/"
    head = data.find(b"\r\n\r\n", 0, _HEAD)
    length = told_length(data[: head + 2]) if head >= 0 else None
    return length is None or not data.startswith(b"WARC/", head + 8 + length)


def _members(file: BinaryIO, at: int) -> Any:
    """Yield the responses of sound members; the place of the first other one, None at the end."""
    file.seek(at)
    data, place = memoryview(b""), 0
    base = at
    while True:
        unpacker, out, size = inflate.decompressobj(31), [], 0
        begin = base + place
        while not unpacker.eof:
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
            if size > LARGEST + _HEAD:
                return begin
        place -= len(unpacker.unused_data)
        sound, found = _alone(begin, out[0] if len(out) == 1 else b"".join(out))
        if not sound:
            return begin
        if found is not None:
            yield found


def _alone(offset: int, data: bytes) -> tuple[bool, Record | Passed | None]:
    """Whether a member holds just one record, as long as it tells; and the record if it is a response."""
    start = data.find(b"\r\n\r\n", 0, _HEAD) + 4
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


def _stream(file: BinaryIO, at: int) -> Any:
    """Yield the responses that fastwarc reads; the place from which on there is trouble, None at the end.

    One record is held back: that it told a wrong length is only seen where the next one ought to begin.
    """
    held: Any = None
    file.seek(at)
    for step in _steps(file):
        if not isinstance(step, tuple):
            # What the held record told of itself is in doubt: it is read again with the rest.
            return held.offset if held is not None else at
        if held is not None:
            yield held
        held = None
        if isinstance(step[1], Damage):
            return step[0]
        held = step[1]
    if held is not None:
        yield held
    return None


def _steps(file: BinaryIO) -> Iterator[tuple[int, Record | Damage] | str]:
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
            yield offset, Record(offset, _head(found.headers), block, 0, length)
    except OSError as error:
        yield str(error)
    except BaseException as error:
        # A panic of the library's own language is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        yield str(error)


def _head(headers: Any) -> bytes:
    """A record's header as it is written."""
    return b"".join(f"\n{name}: {value}".encode() for name, value in headers.items()) + b"\n"


def record_at(file: BinaryIO, offset: int, record_id: str) -> Record | None:
    """The response of that name at or behind an offset that `responses` gave; None if it is not there any more."""
    found = member(file, offset)
    if found is not None and found.offset == offset:
        for data, claimed in split(found.data):
            piece, _ = parsed(offset, data, claimed)
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
