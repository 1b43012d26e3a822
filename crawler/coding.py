"""A stored answer's body out of its chunks and compression, up to a bound: three kilobytes may hold three gigabytes.

Browsers and crawlers are given codings that the header does not tell, or tells twice; what is no coding at all stays as it is.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

HEADERS = ("content-encoding", "transfer-encoding", "content-length")
"""Headers that no longer hold of a body whose codings are undone."""
MOST_CODINGS = 4
"""Codings of one body that are undone; a server has one or two."""
_BITE = 512
"""Packed bytes that are given at a time, so that what stands before a broken byte is kept, and a member's rest is copied once."""
_CHUNK = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f]")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<", b"{\0", b"\0{", b"[\0", b"\0[")
_LOOK = 256
_GZIP = b"\x1f\x8b"
_CUT = "is cut short"


class CodingError(ValueError):
    """Raised if a body is in a coding that is not undone here, in too many, or broken from its first byte."""


@dataclass(frozen=True, slots=True)
class Body:
    """What came out, at most so many bytes as were asked for; whether there was more; and what is broken, so that the rest is
    missing."""

    data: bytes
    cut: bool = False
    problem: str | None = None


def codings(content: str, transfer: str) -> list[str]:
    """The codings that the two headers name, in the order in which they were put on."""
    told = (token.partition(";")[0].strip().lower() for token in f"{content},{transfer}".split(","))
    return [token for token in told if token not in ("", "identity", "none")]


def undone(body: bytes, named: Sequence[str], most: int) -> Body:
    """The body without the codings that are named in the order in which they were put on. Raises CodingError."""
    if len(named) > MOST_CODINGS:
        raise CodingError(f"the body is in {len(named)} codings")
    data, cut, problems = body, False, []
    for name in reversed(named):
        way = _WAYS.get(name)
        found = way(data, most) if way is not None else Body(b"", problem="is not known here")
        # A header that was kept though the coding was undone, or names what is none. A page cut among its chunks is text as well.
        if found.problem and _is_plain(data) and not (name == "chunked" and found.problem == _CUT):
            continue
        if found.problem and not found.data:
            raise CodingError(f"the body's coding {name[:20]!r} {found.problem}")
        data, cut = found.data, cut or found.cut
        problems += [f"the body's {name} {found.problem}"] if found.problem else []
    return Body(data, cut, problems[0] if problems else None)


def _is_plain(data: bytes) -> bool:
    """Whether these are the bytes of a text, in one byte a letter or two: what is packed is full of control characters."""
    return data.startswith(_WIDE) or not _CONTROL.search(data, 0, _LOOK)


def _gzip(data: bytes, most: int) -> Body:
    return _inflated(data, most, 31)


def _deflate(data: bytes, most: int) -> Body:
    # Half of the servers leave out the header that the standard asks for.
    headed = len(data) > 1 and data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
    return _inflated(data, most, 15 if headed else -15)


def _inflated(data: bytes, most: int, kind: int) -> Body:
    out: list[bytes] = []
    size = place = 0
    unpacker = zlib.decompressobj(kind)
    while place < len(data):
        if unpacker.eof:
            if kind != 31 or not data.startswith(_GZIP, place):
                break  # what stands behind the end is no matter of the body
            unpacker = zlib.decompressobj(kind)
        bite = data[place : place + _BITE]
        place += len(bite)
        try:
            out.append(unpacker.decompress(bite, most - size + 1))
        except zlib.error:
            return Body(b"".join(out), problem="is broken")
        size += len(out[-1])
        if size > most:
            return Body(b"".join(out)[:most], cut=True)
        place -= len(unpacker.unused_data)
    return Body(b"".join(out), problem=None if unpacker.eof or not data else _CUT)


def _brotli(data: bytes, most: int, finely: int | None = None) -> Body:
    """`finely` is where bytes are given one by one: the bite that is broken, or has something behind the body's end."""
    import brotli

    out: list[bytes] = []
    size, place, unpacker = 0, 0, brotli.Decompressor()
    try:
        while place < len(data):
            bite: Any = data[place : place + (_BITE if finely is None or place < finely else 1)]
            length = len(bite)
            while bite is not None:
                out.append(unpacker.process(bite, output_buffer_limit=most - size + 1))
                size += len(out[-1])
                if size > most:
                    return Body(b"".join(out)[:most], cut=True)
                bite = None if unpacker.can_accept_more_data() else b""
            if unpacker.is_finished():
                return Body(b"".join(out))
            place += length
    except brotli.error:
        return _brotli(data, most, place) if finely is None else Body(b"".join(out), problem="is broken")
    return Body(b"".join(out), problem=_CUT if data else None)


def _chunked(data: bytes, most: int) -> Body:
    """Out of chunks, which make nothing larger; the lengths between them are no part of it."""
    out: list[bytes] = []
    place = 0
    while place < len(data):
        told = _CHUNK.match(data, place)
        if told is None and not place:
            return Body(data)  # a header that was kept though the chunks were taken away; what is in them may still be packed
        if told is None:
            return Body(b"".join(out), problem="is broken")
        length, place = int(told[1], 16), told.end()
        if not length:
            return Body(b"".join(out))
        out.append(data[place : place + length])
        if len(out[-1]) < length:
            # The first one that is too short may be no chunk at all.
            return Body(b"".join(out), problem=_CUT if len(out) > 1 else "is broken")
        place += length
        # One that counts wrong would have the next length read out of the page.
        place += 2 if data.startswith(b"\r\n", place) else 1 if data.startswith(b"\n", place) else 0
    return Body(b"".join(out), problem=_CUT if data else None)


_WAYS: dict[str, Callable[[bytes, int], Body]] = {
    "gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "chunked": _chunked,
}  # fmt: skip
