"""Files of captured pages: saved HTML, MHTML, a browser's HAR recording, web archives.

The address decides who reads a page: a configured site whose hosts it belongs to, else the generic extraction, which takes
a page for a listing only if it proves to be one.
"""

from __future__ import annotations

import base64
import dataclasses
import email
import email.message
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler.coding import HEADERS, CodingError, codings, undone
from crawler.importing.captured import Captured, FileRefused
from crawler.page import Page, Reading

if TYPE_CHECKING:
    from zipfile import ZipFile

    from config.loader import Config
    from config.schema.sites import Site

MAX_FILE = 256 * 1024 * 1024
"""A saved page or HAR is read at once; a larger file is an archive and belongs into a WARC."""
DEEPEST = 2
"""Packages within packages; a collection of crawls is one package of packages."""
MAX_BODY = 8 * 1024 * 1024
_MHTML = (".mhtml", ".mht")
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)\s*(\S{1,2000}?)\s*-->", re.I)
_CANONICAL = re.compile(rb"<link[^>]{0,300}rel=[\"']?canonical[\"']?[^>]{0,300}>", re.I)
_OG_URL = re.compile(rb"<meta[^>]{0,300}property=[\"']og:url[\"'][^>]{0,300}>", re.I)
_ADDRESS = re.compile(rb"(?:href|content)=[\"'](https?://[^\"'\s]{1,2000})[\"']", re.I)


def read_saved(path: Path, config: Config, stamp: str, site: str | None, url: str | None = None) -> Iterator[Captured]:
    """A page saved by a browser or with an editor, as HTML or MHTML; `url` is its address where it does not tell it."""
    page = saved_page(path, stamp)
    mhtml = Path(path.name.lower().removesuffix(".gz")).suffix in _MHTML
    told: tuple[str, ...] = ()
    if not page.url.startswith("http"):
        if url:
            page = dataclasses.replace(page, url=url)
        else:
            told = ("the page does not tell its address, by which links and listings are named: what a crawl of the site brought may come in a second time; give it with --url",)
    raw = _whole(path) if mhtml else page.body
    yield dataclasses.replace(_resource(page, read_page(page, config, site), raw, "multipart/related" if mhtml else "text/html"), told=told)


def saved_page(path: Path, stamp: str) -> Page:
    """A page saved by a browser, as HTML or MHTML by the file's name, packed with gzip or not; its address is `file:///...` where
    it does not say where it came from. Raises FileRefused."""
    body = _whole(path)
    if Path(path.name.lower().removesuffix(".gz")).suffix in _MHTML:
        return _page_of_mhtml(path, body, stamp)
    return Page(_saved_from(body) or f"file:///{path.name}", body, stamp, headers={"content-type": "text/html"})


def _page_of_mhtml(path: Path, raw: bytes, stamp: str) -> Page:
    message = email.message_from_bytes(raw)
    parts = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
    # The parts of frames are pages as well, and may stand first.
    part = min(parts, key=lambda part: not _is_root(part, message), default=None)
    if part is None:
        raise FileRefused(path, "holds no HTML part")
    payload = part.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    url = str(part.get("Content-Location") or message.get("Snapshot-Content-Location") or "").strip()
    return Page(
        url or _saved_from(body) or f"file:///{path.name}",
        body,
        _saved_at(message) or stamp,
        headers={"content-type": str(part.get("Content-Type", ""))},
    )


def _is_root(part: email.message.Message, message: email.message.Message) -> bool:
    """Is it the part that the file says it is of: by the address saved, or as the start of the related parts (RFC 2387)?"""
    saved, start = str(message.get("Snapshot-Content-Location") or "").strip(), str(message.get_param("start") or "").strip()
    own, name = str(part.get("Content-Location") or "").strip(), str(part.get("Content-ID") or "").strip()
    return bool((saved and own.partition("#")[0] == saved.partition("#")[0]) or (start and name == start))


def _saved_at(message: email.message.Message) -> str | None:
    """When the browser saved the page, by the Date of the file; None where it does not tell."""
    try:
        when = parsedate_to_datetime(str(message["Date"])) if message["Date"] else None
    except ValueError:
        return None
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when is not None and when.tzinfo else None


def _resource(page: Page, reading: Reading, raw: bytes, kind: str) -> Captured:
    error = None if reading.listings else "the page does not prove to be a listing or a list of a known site"
    return Captured(reading.listings, error, raw=raw, uri=page.url, kind=kind)


def read_har(path: Path, config: Config, stamp: str, site: str | None) -> Iterator[Captured]:
    """What a browser recorded of a visit: every answer with a body that a parser takes.

    A page that the browser had kept since an earlier visit (304) stands in the recording with its text. The server did not send
    that now, so it is archived as given to us and not as an answer. A page whose text the recording lacks counts as unread.
    """
    try:
        data = json.loads(_whole(path))
        entries = data["log"]["entries"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise FileRefused(path, "is no HAR: it has no log.entries") from error
    if not isinstance(entries, list):
        raise FileRefused(path, "is no HAR: its log.entries is no list")
    for entry in entries:
        page, ip = _har_page(entry, stamp)
        if page is None:
            continue
        if page.status == 206:
            # Of a part nobody can say whether it is a listing.
            yield Captured(uri=page.url)
        elif page.status == 200 or not page.body:
            yield _answer(page, config, site, ip)
        else:
            kept = dataclasses.replace(page, status=200)
            kind = page.headers.get("content-type", "text/html")
            yield Captured(read_page(kept, config, site).listings, raw=page.body, uri=page.url, kind=kind)


def _har_page(entry: Any, stamp: str) -> tuple[Page | None, str | None]:
    try:
        answer, content = entry["response"], entry["response"]["content"]
        body = content.get("text") or ""
        raw = (
            base64.b64decode(body) if content.get("encoding") == "base64" else body.encode("utf-8", "replace")
        )
        headers = {
            str(h["name"]).lower(): str(h["value"])
            for h in answer.get("headers") or ()
            if not str(h["name"]).startswith(":")
        }
        if content.get("encoding") != "base64" and raw:
            # The browser has decoded the text already.
            headers["content-type"] = (
                f"{str(content.get('mimeType') or 'text/html').split(';')[0]}; charset=utf-8"
            )
        when = str(entry.get("startedDateTime") or stamp)
        page = Page(str(entry["request"]["url"]), raw, when, int(answer["status"]), headers)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, None
    return (page, entry.get("serverIPAddress")) if page.status in (200, 206, 304) else (None, None)


def read_warc(path: Path, config: Config, stamp: str, site: str | None) -> Iterator[Captured]:
    """Every answer of a web archive that a parser takes."""
    with open(path, "rb") as file:
        yield from _records(file, path, config, site)


def read_wacz(path: Path, config: Config, stamp: str, site: str | None) -> Iterator[Captured]:
    """A WACZ package: the WARC files inside it, and those of the packages inside it. One that is broken is told, and the next is read."""
    read, broken = 0, ""
    for piece in _package(path, path, config, site):
        read += piece.error is None
        broken = piece.error or broken
        yield piece
    if not read and broken:
        raise FileRefused(path, f"holds no WARC file that could be read: {broken}")


def _package(file: Any, path: Path, config: Config, site: str | None, depth: int = 0) -> Iterator[Captured]:
    import zipfile

    found = False
    try:
        with zipfile.ZipFile(file) as package:
            for name in sorted(package.namelist()):
                if name.endswith((".warc", ".warc.gz")) and name.startswith("archive/"):
                    found = True
                    yield from _told(_inside(package, name, path, config, site), name)
                elif name.endswith(".wacz"):
                    found = True
                    if depth == DEEPEST or package.getinfo(name).file_size > MAX_FILE:
                        yield Captured(error=f"is nested too deep or larger than {MAX_FILE >> 20} MB", uri=name)
                        continue
                    yield from _told(_nested(package, name, path, config, site, depth), name)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise FileRefused(path, f"is no WACZ: {error}") from error
    if not found:
        raise FileRefused(path, "is no WACZ: it holds no WARC file under archive/")


def _inside(package: ZipFile, name: str, path: Path, config: Config, site: str | None) -> Iterator[Captured]:
    with package.open(name) as inner:
        yield from _records(inner, path, config, site)


def _nested(package: ZipFile, name: str, path: Path, config: Config, site: str | None, depth: int) -> Iterator[Captured]:
    with package.open(name) as inner:
        held = io.BytesIO(inner.read(MAX_FILE))
    yield from _package(held, path, config, site, depth + 1)


def _told(pieces: Iterator[Captured], name: str) -> Iterator[Captured]:
    """The pieces of a file in a package, with what is wrong with it as the last; the package's other files can be read."""
    from zipfile import BadZipFile

    try:
        yield from pieces
    except FileRefused as error:
        yield Captured(error=error.problem, uri=name)
    except (BadZipFile, OSError, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        yield Captured(error=f"cannot be read: {error}", uri=name)


def _records(file: Any, path: Path, config: Config, site: str | None) -> Iterator[Captured]:
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    number = 0
    try:
        for record in ArchiveIterator(file):
            number += record.format == "warc" and str(record.rec_headers.protocol).startswith("WARC/")
            if record.rec_type != "response" or record.http_headers is None:
                continue
            try:
                page = _warc_page(record)
            except CodingError as error:
                yield Captured(error=str(error), uri=str(record.rec_headers.get_header("WARC-Target-URI")))
                continue
            if page is not None:
                yield _answer(page, config, site, record.rec_headers.get_header("WARC-IP-Address"))
    except (ArchiveLoadFailed, EOFError, OSError, gzip.BadGzipFile, ValueError) as error:
        raise FileRefused(path, f"is broken after record {number}: {error}") from error
    if not number:
        raise FileRefused(path, "holds no WARC record")


def _warc_page(record: Any) -> Page | None:
    url = str(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
    when = str(record.rec_headers.get_header("WARC-Date") or "")
    status = str(record.http_headers.get_statuscode() or "")
    kind = str(record.http_headers.get_header("Content-Type") or "").lower()
    if status != "200" or not url or not any(word in kind for word in ("html", "json", "xml")):
        return None
    packed = _read(record.raw_stream, MAX_BODY + 1)
    told = (
        ",".join(str(value) for name, value in record.http_headers.headers if str(name).lower() == header)
        for header in ("content-encoding", "transfer-encoding")
    )
    if len(packed) <= MAX_BODY and getattr(record.raw_stream, "limit", 0) > 0:
        # warcio says nothing when the file ends before the record does.
        raise EOFError(f"the record of {url} is cut short")
    body = undone(packed, codings(*told), MAX_BODY)
    if body.cut or len(packed) > MAX_BODY:
        return None
    headers = {key: str(value) for name, value in record.http_headers.headers if (key := str(name).lower()) not in HEADERS}
    return Page(url, body.data, when, 200, headers)


def _read(stream: Any, most: int) -> bytes:
    """As many bytes as there are, at most so many: warcio's streams give what they have at hand."""
    out: list[bytes] = []
    size = 0
    while size < most and (piece := stream.read(most - size)):
        out.append(piece)
        size += len(piece)
    return b"".join(out)


def _answer(page: Page, config: Config, site: str | None, ip: str | None) -> Captured:
    return Captured(read_page(page, config, site).listings, page=page, ip=ip)


def read_page(page: Page, config: Config, site: str | None) -> Reading:
    """What a captured page says, by its site's parser or by the generic extraction under its host's name."""
    from crawler.families import family_of

    known = config.sites.get(site) if site else _site_of(page.url, config)
    if known is not None and known.family not in ("archive", "files"):
        reading = family_of(known).read(page, known)
        if reading.listings:
            return reading
    if b"<" not in page.body[:4096]:
        return Reading(recognised=False)
    return _generic(page, site or (known.key if known else urlsplit(page.url).hostname or "import"), known)


def _generic(page: Page, label: str, known: Site | None) -> Reading:
    from crawler import dom
    from crawler.decoding import decode
    from crawler.families.markup import extract

    text, _ = decode(page.body, page.headers.get("content-type", ""), known.language if known else None)
    try:
        found = extract(text, page.url, known)
    except dom.TooDeep as error:
        return Reading(recognised=False, problems=(str(error),))
    if found is None:
        return Reading(recognised=False)
    country = known.country if known else found.country
    return Reading((dataclasses.replace(found, site=label, observed_at=page.fetched_at, country=country),))


def _site_of(url: str, config: Config) -> Site | None:
    """The configured site that an address belongs to, if just one does."""
    from crawler.sites import hosts

    host = urlsplit(url).hostname
    found = [
        site
        for site in config.sites.values()
        if site.family not in ("archive", "files") and host in hosts(site)
    ]
    return found[0] if len(found) == 1 else None


def _saved_from(body: bytes) -> str | None:
    """Where a saved page says that it came from: the browser's note, its canonical address, og:url."""
    head = body[:65_536]
    note = _SAVED_FROM.search(head)
    if note:
        return note.group(1).decode("utf-8", "replace")
    for pattern in (_CANONICAL, _OG_URL):
        tag = pattern.search(head)
        address = _ADDRESS.search(tag.group(0)) if tag else None
        if address:
            return address.group(1).decode("utf-8", "replace")
    return None


def _whole(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise FileRefused(path, f"is larger than {MAX_FILE >> 20} MB")
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileRefused(path, f"cannot be read: {error}") from error
    if len(data) > MAX_FILE:
        raise FileRefused(path, f"is larger than {MAX_FILE >> 20} MB when unpacked")
    return data
