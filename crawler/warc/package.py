"""WARC files inside a WACZ package, read without the package's own checks: one wrong byte costs its record, not the package."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from crawler.warc.readable import Readable

PACKAGE = ".wacz"
"""How a package inside a package is called."""
DEEPEST = 2
"""Packages within packages; a collection of crawls is one package of packages."""
READ = 1 << 20
_BITE = 512
"""Packed bytes that are given at a time, so that what stands before a broken byte is kept."""
_LOCAL = struct.Struct("<4s22xHH")
"""Of a file's header in the package: its sign, and the lengths of name and extra field, behind which the bytes stand."""


class PackageError(Exception):
    """Raised if a package's list of files cannot be read, or a file inside it cannot be opened."""


def names_in(file: BinaryIO, *, nested: bool = False) -> list[str]:
    """The WARC files of a package, in order of their names; if `nested`, the packages in it as well. Raises PackageError."""
    return sorted(
        name
        for name in _directory(file).NameToInfo
        if (name.startswith("archive/") and name.lower().endswith((".warc", ".warc.gz"))) or (nested and is_package(name))
    )


def is_package(name: str) -> bool:
    """Whether a file is called like a package."""
    return name.lower().endswith(PACKAGE)


def places_in(file: BinaryIO, deepest: int = DEEPEST) -> list[str]:
    """The WARC files of a package and of those in it, as `opened_at` takes them. A package inside that has no list of such files, or
    is too deep, stands for itself: it is read as it lies. Raises PackageError."""
    found = []
    for name in names_in(file, nested=True):
        inside: list[str] = []
        if is_package(name) and deepest:
            with suppress(PackageError), opened_in(file, name) as inner:
                inside = [f"{name}/{place}" for place in places_in(inner, deepest - 1)]
        found += inside or [name]
    return found


@contextmanager
def opened_at(file: BinaryIO, place: str) -> Iterator[BinaryIO]:
    """A file that `places_in` named, as `opened_in` gives it. Raises PackageError."""
    held = _directory(file).NameToInfo
    ends = [] if place in held else [at for at in range(len(place)) if place[at] == "/" and place[:at] in held]
    if not ends:
        with opened_in(file, place) as found:
            yield found
        return
    with opened_in(file, place[: ends[0]]) as inner, opened_at(inner, place[ends[0] + 1 :]) as found:
        yield found


@contextmanager
def opened_in(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """A file of the package, seekable; `broken` tells afterwards how it fared. Raises PackageError."""
    info = _directory(file).NameToInfo.get(name)
    if info is None:
        raise PackageError("is not in the package")
    if info.flag_bits & 1:
        raise PackageError("is encrypted")
    file.seek(max(0, info.header_offset))
    head = file.read(_LOCAL.size)
    if info.header_offset < 0 or len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        raise PackageError("does not stand where the package says")
    _, named, extra = _LOCAL.unpack(head)
    stored = Stretch(file, info.header_offset + _LOCAL.size + named + extra, info.compress_size)
    if info.compress_type == zipfile.ZIP_STORED:
        kind: io.RawIOBase = stored
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        kind = Inflated(io.BufferedReader(stored, READ), info.CRC)
    else:
        raise PackageError(f"is packed in way {info.compress_type}, which is not undone here")
    with io.BufferedReader(kind, READ) as found:
        yield found


def _directory(file: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError) as error:
        raise PackageError(f"is no WACZ: {error}") from error


class Stretch(Readable):
    """So many bytes of a file from a place on, as a file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__(size)
        self._file, self._start = file, start

    def take(self, most: int) -> bytes:
        """Bytes from here on."""
        self._file.seek(self._start + self.at)
        return self._file.read(min(most, max(0, self.size - self.at)))


class Inflated(Readable):
    """A deflated stretch unpacked, a piece at a time; going back begins anew. It ends where it is broken."""

    def __init__(self, packed: io.BufferedReader, checksum: int) -> None:
        super().__init__(0)
        self._packed, self._checksum = packed, checksum
        self.problem: str | None = None
        """What was found to be broken, in this or an earlier going through."""
        self._begin()

    def _begin(self) -> None:
        self._packed.seek(0)
        self._unpacker, self.at, self._crc, self._over = zlib.decompressobj(-15), 0, 0, False

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move by reading on, or from the beginning."""
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end is not known before it is read")
        target = offset + (self.at if whence == io.SEEK_CUR else 0)
        if target < self.at:
            self._begin()
        while self.at < target and (passed := len(self.take(min(READ, target - self.at)))):
            self.at += passed
        return self.at

    def take(self, most: int) -> bytes:
        """Bytes from here on, unpacked."""
        data = b""
        while not data and not self._unpacker.eof and not self._over:
            packed = self._unpacker.unconsumed_tail or self._packed.read(_BITE)
            try:
                data = self._unpacker.decompress(packed, most)
            except zlib.error:
                self.problem, self._over = f"is broken behind byte {self.at}", True
            if not packed:
                self.problem, self._over = "is cut short", True
        self._crc = zlib.crc32(data, self._crc)
        if self._unpacker.eof and not data and self._crc != self._checksum:
            self.problem = "holds other bytes than when it was packed"
        return data


def broken(file: BinaryIO) -> str | None:
    """What was found to be broken of a file of a package while it was read: it ended there."""
    return getattr(getattr(file, "raw", None), "problem", None)
