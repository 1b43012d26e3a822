"""Web archives, WARC files and WACZ packages, by the reader that a scan has: what is damaged costs itself and is named, the rest is read.

A record that is broken or cut short, or has other bytes than its digest is of, is named and not taken, as nobody can say which of
its bytes were sent. One that tells a wrong length is taken and named: where it ends is known by the next one, or by its gzip member.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from crawler.coding import CodingError
from crawler.importing.captured import Captured, FileRefused
from crawler.importing.pages import MAX_FILE, read_page
from crawler.page import Page
from crawler.warc.http import message
from crawler.warc.package import DEEPEST, PackageError, broken, is_package, names_in, opened_in
from crawler.warc.pieces import Damage, Passed, Record, Torn, told
from crawler.warc.records import responses
from crawler.warc.salvage import next_record

if TYPE_CHECKING:
    from config.loader import Config

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a page that is read, out of its codings."""
MOST_HELD = 50
"""Places of damage that are kept back until a record shows that the file is an archive: what is none is told in one line."""
_BUFFER = 1 << 20


def read_warc(path: Path, config: Config, site: str | None) -> Iterator[Captured]:
    """Every answer of a WARC file that a parser takes, with each damaged place as an error. Raises FileRefused."""
    with _opened(path) as file:
        yield from _Archive(path, config, site).answers(file, path.name)


def read_wacz(path: Path, config: Config, site: str | None) -> Iterator[Captured]:
    """The same of the WARC files in a WACZ package, and of those in the packages inside it. Raises FileRefused."""
    read, problem = 0, ""
    with _opened(path) as file:
        for piece in _Archive(path, config, site).package(file):
            read += piece.error is None or piece.page is not None
            problem = piece.error or problem
            yield piece
    if not read and problem:
        raise FileRefused(path, f"holds no WARC file that could be read: {problem}")


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with open(path, "rb", buffering=_BUFFER) as file:
            yield file
    except OSError as error:
        raise FileRefused(path, f"cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class _Archive:
    """A file that is imported, and by what its pages are read."""

    path: Path
    config: Config
    site: str | None

    def package(self, file: BinaryIO, within: str = "", depth: int = 0) -> Iterator[Captured]:
        """The answers of a package; `within` is the package that it stands in, as the beginning of a name. Raises FileRefused."""
        try:
            names = names_in(file, nested=True)
        except PackageError as error:
            yield from self._as_it_lies(file, within, error)
            return
        if not names:
            raise FileRefused(self.path, "is no WACZ: it holds no WARC file under archive/")
        for name in names:
            place = f"{within}{name}"
            try:
                yield from self._inside(file, name, place, depth)
            except FileRefused as error:
                yield Captured(error=error.problem, uri=place)
            except PackageError as error:
                yield Captured(error=str(error), uri=place)
            except OSError as error:
                yield Captured(error=f"cannot be read: {error.strerror or error}", uri=place)

    def _as_it_lies(self, file: BinaryIO, within: str, error: PackageError) -> Iterator[Captured]:
        """Without its list of files, what a package holds unpacked is found where it lies."""
        name = within.rstrip("/") or self.path.name
        try:
            yield from self.answers(file, name)
        except FileRefused as nothing:
            raise FileRefused(self.path, str(error)) from nothing
        yield Captured(error=f"{error}; read as it lies", uri=name)

    def _inside(self, file: BinaryIO, name: str, place: str, depth: int) -> Iterator[Captured]:
        """One file of a package. Raises FileRefused, PackageError, OSError."""
        with opened_in(file, name) as inner:
            if not is_package(name):
                yield from self.answers(inner, place)
                return
            if depth == DEEPEST:
                raise PackageError("is nested too deep")
            held = inner.read(MAX_FILE + 1)
            if len(held) > MAX_FILE:
                raise PackageError(f"is larger than {MAX_FILE >> 20} MB")
            if problem := broken(inner):
                yield Captured(error=problem, uri=place)
        yield from self.package(io.BytesIO(held), f"{place}/", depth + 1)

    def answers(self, file: BinaryIO, name: str) -> Iterator[Captured]:
        """The answers of a WARC file, with its damage by name and offset. Raises FileRefused if no record could be read."""
        held: list[Captured] = []
        sound = hurt = False
        for piece in responses(file):
            if isinstance(piece, Damage):
                hurt = True
                held.append(Captured(error=piece.problem, uri=f"{name}@{piece.offset}"))
            elif not isinstance(piece, Torn):
                sound = True
                if (answer := self._answer(piece, name)) is not None:
                    yield answer
            if sound or len(held) > MOST_HELD:
                yield from held
                held = []
        if problem := broken(file):
            hurt = True
            held.append(Captured(error=problem, uri=name))
        if hurt and not sound:
            raise FileRefused(self.path, "holds no record that could be read" + (f": {held[-1].error}" if held else ""))
        if not sound and next_record(file, 0) is None:
            raise FileRefused(self.path, "holds no WARC record")
        yield from held

    def _answer(self, piece: Record | Passed, name: str) -> Captured | None:
        """A sound response with what it says, or with what is wrong with its page; None where no parser takes its kind."""
        if isinstance(piece, Passed):
            return Captured(uri=f"{name}@{piece.offset}")
        url = piece.url.replace(" ", "%20")
        if not url.lower().startswith(("http:", "https:")):
            return None
        try:
            return self._page(url, piece)
        except CodingError as error:
            return Captured(error=str(error), uri=url)
        except Exception as error:  # one page must not cost the archive; it is named
            return Captured(error=f"page could not be read: {type(error).__name__}: {error}"[:300], uri=url)

    def _page(self, url: str, record: Record) -> Captured | None:
        """What the page says; one that is too large to be read counts as unread. Raises CodingError."""
        found = message(record.data, record.start, record.end, MAX_BODY)
        if found is None:
            return None
        if not record.is_as_told:
            return Captured(error="has other bytes than its digest is of", uri=url)
        if found.cut or found.end - found.start > MAX_BODY:
            return Captured(uri=url)
        page = Page(url, found.body, record.date, 200, found.headers)
        ip = told(record.head, b"WARC-IP-Address") or None
        return Captured(read_page(page, self.config, self.site).listings, found.problem, page=page, ip=ip)
