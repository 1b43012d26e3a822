"""Taking records out of an evidence file without moving the others.

A tombstone is a whole WARC record in exactly as many bytes as the record it stands for, so every pointer to a later record
stays true. It holds the digest of what it replaced, from which the hash chain over the file is computed as before. Its filling
is zeros, written as holes where the file system can, so that the disk gets the space back.
"""

from __future__ import annotations

import hashlib
import os
import struct
import uuid
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from storage.errors import EvidenceError, translated
from storage.warc import one_line, walk

REMOVED = "Chipwatch-Removed"
REMOVED_SHA256 = "Chipwatch-Removed-SHA256"

_MAX_EXTRA = 0xFFFF
_STORED = 0xFFFF
_HOLE = 4096


def tombstone(length: int, sha256: str, why: str, at: str) -> bytes:
    """A record of exactly `length` bytes that says what was removed. Raises EvidenceError if there is no room for it."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"chipwatch-removed:{sha256}")
    head = (
        f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:{name}>\r\nWARC-Date: {at}\r\n"
        f"{REMOVED}: {one_line(why)}\r\n{REMOVED_SHA256}: {sha256}\r\nContent-Length: "
    ).encode("utf-8", "replace")
    packed = _deflate(head + b"0\r\n\r\n\r\n\r\n")
    room = length - len(packed)
    if room < 0:
        raise EvidenceError(f"no room for a tombstone: {length} bytes, {len(packed)} needed", sha256)
    if room <= _MAX_EXTRA + 2:
        return _padded(packed, room)
    return _stored(head, length)


def _deflate(record: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(record) + packer.flush()


def _padded(packed: bytes, room: int) -> bytes:
    """Fill up inside the gzip header: an extra field of zeros, or a comment where there is one byte only."""
    if room == 0:
        return packed
    if room == 1:
        return packed[:3] + b"\x10" + packed[4:10] + b"\0" + packed[10:]
    return packed[:3] + b"\x04" + packed[4:10] + struct.pack("<H", room - 2) + b"\0" * (room - 2) + packed[10:]


def _stored(head: bytes, length: int) -> bytes:
    """A record filled with zeros, in deflate's stored blocks: as many bytes packed as plain, save five a block."""
    blocks = -(-(length - 18) // (_STORED + 5))
    plain = length - 18 - 5 * blocks
    digits = len(str(plain))
    fill = plain - len(head) - digits - 8
    record = head + str(fill).zfill(digits).encode() + b"\r\n\r\n" + b"\0" * fill + b"\r\n\r\n"
    out = [b"\x1f\x8b\x08\0\0\0\0\0\0\xff"]
    for at in range(0, plain, _STORED):
        part = record[at : at + _STORED]
        out += [struct.pack("<BHH", at + _STORED >= plain, len(part), len(part) ^ 0xFFFF), part]
    return b"".join([*out, struct.pack("<II", zlib.crc32(record), len(record) & 0xFFFFFFFF)])


def replace_records(path: Path, gone: Mapping[int, tuple[int, str]], why: str, at: str) -> int:
    """Put tombstones where `gone` (offset -> length, digest of the record) says; the bytes freed. Doing it again changes nothing.

    The file is written anew beside the old one and takes its place in one step. Raises EvidenceError, DiskFullError.
    """
    freed, half = 0, path.with_suffix(".part")
    standing = {found.offset: found.sha256 for found in walk(path)}
    with translated(path):
        with open(path, "rb") as old, open(half, "wb") as new:
            size = os.fstat(old.fileno()).st_size
            at_byte = 0
            for offset in sorted(gone):
                length, digest = gone[offset]
                if standing.get(offset) != digest:
                    continue
                _copy(old, new, at_byte, offset)
                _write_sparse(new, tombstone(length, digest, why, at))
                at_byte, freed = offset + length, freed + length
            _copy(old, new, at_byte, size)
            new.truncate(size)
            new.flush()
            os.fsync(new.fileno())
        os.replace(half, path)
    return freed


def _copy(old: BinaryIO, new: BinaryIO, start: int, end: int) -> None:
    old.seek(start)
    while start < end:
        data = old.read(min(1 << 20, end - start))
        _write_sparse(new, data)
        start += len(data)


def _write_sparse(new: BinaryIO, data: bytes) -> None:
    """Write, passing over whole pages of zeros."""
    for at in range(0, len(data), _HOLE):
        part = data[at : at + _HOLE]
        if len(part) == _HOLE and not part.strip(b"\0"):
            new.seek(_HOLE, 1)
        else:
            new.write(part)


def list_digest(digests: list[str]) -> str:
    """One digest over the digests of removed records, for the chain."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
