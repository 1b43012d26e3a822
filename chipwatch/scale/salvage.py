"""What can be saved of a damaged WARC file: each record by its own gzip member, or by where the next header stands."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from chipwatch.scale.pieces import BEGIN, LARGEST, MAGIC, Damage, Piece, response, told_length

STEP = 1 << 16


def salvage(file: BinaryIO, at: int, *, behind: bool = False) -> Any:
    """Yield what can be saved from `at` on, up to the first sound member; where that ends, None at the end.

    `behind`: the trouble may lie behind the member at `at`, which is sound itself.
    """
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
        for data, claimed in split(found.data):
            piece, wrong = parsed(found.offset, data, claimed)
            problem = problem or wrong
            if piece is not None:
                yield piece
        if problem:
            hurt = True
            yield Damage(found.offset, problem)
        elif hurt or not behind:
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
    head = file.read(max(map(len, BEGIN)))
    if head.startswith(BEGIN):
        return _plain_member(file, at)
    start: int | None = at
    if not (head.startswith(MAGIC) and _opens(file, at)):
        start = _next(file, at + 1)
        if start is None:
            return None
        file.seek(start)
        if not file.read(3).startswith(MAGIC):
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
    for place in _places(file, at, MAGIC):
        if _opens(file, place):
            return place
    return _next_plain(file, at)


def _next_plain(file: BinaryIO, at: int) -> int | None:
    for place in _places(file, at, b"WARC/"):
        file.seek(max(0, place - 1))
        before = file.read(1) if place else b"\n"
        if before == b"\n" and file.read(12).startswith(BEGIN):
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


def split(data: bytes) -> Iterator[tuple[bytes, int | None]]:
    """The records of a member, usually one, each with the length that it tells. Where that is wrong, a record ends where the
    next header stands, or with the member."""
    at = 0
    while data.startswith(b"WARC/", at):
        head = data.find(b"\r\n\r\n", at)
        claimed = told_length(data[at:head]) if head >= 0 else None
        end = head + 8 + claimed if claimed is not None else -1
        if end != len(data) and not data.startswith(b"WARC/", max(end, at + 1)):
            later = [place for mark in BEGIN if (place := data.find(b"\r\n\r\n" + mark, at)) >= 0]
            end = min(later) + 4 if later else len(data)
        yield data[at:end], claimed
        at = end


def parsed(offset: int, data: bytes, claimed: int | None) -> tuple[Piece | None, str | None]:
    """The response of one record's bytes, None for other kinds; and what is wrong with its length."""
    start = data.find(b"\r\n\r\n") + 4
    if start < 4:
        return None, "a record is cut short"
    end = len(data) - 4 if data.endswith(b"\r\n\r\n", start) else len(data)
    wrong = None
    if claimed is None:
        wrong = "a record does not tell its length"
    elif claimed != end - start:
        wrong = f"a record tells {claimed} bytes and has {end - start}"
    return response(offset, data[:start], data, start, end), wrong
