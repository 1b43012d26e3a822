"""Archives wherever they lie: names, lists of names, and files that are read in patient pieces over a network."""

from __future__ import annotations

import gzip
import io
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from crawler.warc.package import PackageError, is_package, opened_at, places_in
from crawler.warc.readable import Readable

ARCHIVES = (".warc", ".warc.gz", ".wacz")
LISTS = (".txt", ".paths", ".lst")

TRIES = 5
FIRST_PAUSE_S = 0.5
"""After a failed read; doubled each time, so that five tries take some eight seconds of waiting."""
TIMEOUT_S = 60
PIECE = 4 << 20
"""Bytes asked for at a time over a network: some hundred pages, a second or less on a slow line."""
MOST_LISTED = 64 << 20
"""Bytes of a list of archives; that of the largest public crawl has some ten million."""

T = TypeVar("T")


class SourceError(Exception):
    """Raised if an archive or a list cannot be read: not there, no answer after all tries, not what its name says."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(name, problem)  # both, so that it can be sent between processes

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"


class PartError(SourceError):
    """Raised if a package's list of files, or one file inside it, is broken: asking again is of no use, the rest can be read."""


def is_url(name: str) -> bool:
    """Whether fsspec has to open it."""
    return "://" in name


def archives(words: Sequence[str], prefix: str = "") -> list[str]:
    """The archives that files, folders, lists and addresses name, each once however it is named, in order.

    Lines of a list that are no address stand beside the list, or after `prefix`. Raises SourceError.
    """
    found: dict[str, str] = {}
    for word in words:
        for name in map(_plainly, _expand(_plainly(word), prefix)):
            # What a link points to may be called anything: the link's own name tells the kind of archive.
            found.setdefault(name if is_url(name) else str(Path(name).resolve()), name)
    if not found:
        raise SourceError(", ".join(words), "names no archive")
    # What opens addresses of a kind may be missing: told before anything is sent to workers.
    for name in {name.partition("://")[0]: name for name in found if is_url(name)}.values():
        _place(name)
    return list(found.values())


def _is_archive(name: str) -> bool:
    return name.lower().endswith(ARCHIVES)


def _plainly(name: str) -> str:
    """A file by its path without detours, an address as it is."""
    if name.startswith("file://"):
        name = url2pathname(urlsplit(name).path)
    if is_url(name):
        return name
    path = Path(name).expanduser().absolute()
    return str(path.parent.resolve() / path.name) if path.name not in ("", "..") else str(path.resolve())


def _expand(word: str, prefix: str) -> Iterator[str]:
    if not is_url(word):
        path = Path(word)
        if path.is_dir():
            inside = sorted(str(entry) for entry in path.rglob("*") if _is_archive(entry.name) and not entry.is_dir())
            if not inside:
                raise SourceError(str(path), f"the folder holds none of {', '.join(ARCHIVES)}")
            yield from inside
            return
        if not path.is_file():
            raise SourceError(str(path), "no such file")
        word = str(path)
    plain = word.partition("?")[0] if is_url(word) else word
    if _is_archive(plain):
        yield word
    elif plain.lower().removesuffix(".gz").endswith(LISTS):
        yield from _listed(word, prefix)
    else:
        raise SourceError(
            word, f"is neither an archive ({', '.join(ARCHIVES)}) nor a list of them ({', '.join(LISTS)})"
        )


def _listed(name: str, prefix: str) -> Iterator[str]:
    with opened(name) as file:
        data = file.read(MOST_LISTED + 1)
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MOST_LISTED + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError(name, f"is a broken list: {error}") from error
    if len(data) > MOST_LISTED:
        raise SourceError(name, f"is longer than {MOST_LISTED >> 20} MB: split it")
    for line in data.decode("utf-8-sig", "replace").splitlines():
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        if not is_url(entry):
            entry = (
                f"{prefix}{entry}"
                if prefix
                else urljoin(name, entry)
                if is_url(name)
                else str(Path(name).parent / entry)
            )
        if not _is_archive(entry.partition("?")[0]):
            raise SourceError(name, f"names {entry!r}, which is none of {', '.join(ARCHIVES)}")
        yield entry


def size_of(name: str) -> int | None:
    """Bytes of an archive; None where its place does not tell. Raises SourceError."""
    if not is_url(name):
        try:
            return Path(name).stat().st_size
        except OSError as error:
            raise SourceError(name, error.strerror or str(error)) from error
    fs, path = _place(name)
    size = _patiently(name, partial(fs.info, path)).get("size")
    return None if size is None else int(size)


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The file, seekable. Raises SourceError here and while it is read."""
    if is_url(name):
        size = size_of(name)
        if size is None:
            raise SourceError(name, "its place does not tell how long it is, so it cannot be read in pieces")
        with io.BufferedReader(Pieces(name, size), PIECE) as pieces:
            yield pieces
        return
    try:
        file = open(name, "rb", buffering=1 << 20)  # noqa: SIM115 - closed below, after the caller's own errors
    except OSError as error:
        raise SourceError(name, error.strerror or str(error)) from error
    with file:
        yield file


@dataclass(frozen=True, slots=True)
class Part:
    """One WARC file: an archive itself, or one inside a WACZ package."""

    archive: str
    inner: str | None = None

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The WARC file, seekable. Raises SourceError; PartError where it is this file that cannot be read."""
        with opened(self.archive) as file:
            if self.inner is None:
                yield file
                return
            try:
                with opened_at(file, self.inner) as inner:
                    yield inner
            except PackageError as error:
                raise PartError(self.archive, str(error)) from error


def parts(archive: str) -> list[Part]:
    """The WARC files of an archive: itself, or those of a WACZ and of the packages in it in the order of their names. Raises SourceError; PartError where
    the package's list of files is broken, so that its bytes have to be read as they lie."""
    if not is_package(archive.partition("?")[0]):
        return [Part(archive)]
    with opened(archive) as file:
        try:
            names = places_in(file)
        except PackageError as error:
            raise PartError(archive, str(error)) from error
    if not names:
        raise SourceError(archive, "is no WACZ: it has no archive/*.warc.gz")
    return [Part(archive, name) for name in names]


class Pieces(Readable):
    """A file at an fsspec address, read by ranges; each range is asked for again a bounded number of times."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__(size)
        self.name = name
        self._fs, self._path = _place(name)

    def take(self, most: int) -> bytes:
        """Fetch bytes from here on. Raises SourceError after the last try."""
        end = min(self.size, self.at + most)
        return _patiently(self.name, partial(self._fetch, self.at, end)) if end > self.at else b""

    def _fetch(self, start: int, end: int) -> bytes:
        data: bytes = self._fs.cat_file(self._path, start=start, end=end)
        if len(data) != end - start:
            raise OSError(f"{len(data)} bytes came of {end - start}")
        return data


def _place(name: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    options: dict[str, Any] = {}
    if name.startswith(("http://", "https://")):
        import aiohttp

        options = {"client_kwargs": {"timeout": aiohttp.ClientTimeout(total=TIMEOUT_S)}}
    try:
        fs, path = url_to_fs(name, **options)
    except (ValueError, ImportError) as error:
        raise SourceError(name, f"cannot be opened: {error}") from error
    return fs, path


def _patiently(name: str, act: Callable[[], T], pauses: Sequence[float] | None = None) -> T:
    """What `act` gives, tried again after pauses. Raises SourceError after the last try, at once for what is not there."""
    waits = [FIRST_PAUSE_S * 2**n for n in range(TRIES - 1)] if pauses is None else list(pauses)
    for wait in (*waits, None):
        try:
            return act()
        except Exception as error:  # every file system of fsspec has errors of its own
            if _is_final(error):
                raise SourceError(name, "is not there, or may not be read") from error
            if wait is None:
                why = str(error.__cause__ or error) or type(error).__name__
                raise SourceError(name, f"could not be read in {TRIES} tries: {why}") from error
        time.sleep(wait)
    raise AssertionError("the last try returns or raises")


def _is_final(error: Exception) -> bool:
    """Whether asking again is of no use. fsspec says "not found" of a server that is away or overworked, too; the cause tells."""
    status = getattr(error.__cause__, "status", None)
    known = isinstance(error, (FileNotFoundError, PermissionError))
    return known and (
        error.__cause__ is None or (status is not None and 400 <= status < 500 and status != 429)
    )
