"""Files of captured pages: saved HTML, MHTML, a browser's HAR recording. `archives` reads web archives.

The address decides who reads a page: a configured site whose hosts it belongs to, else the generic extraction, which takes
a page for a listing only if it proves to be one.
"""

from __future__ import annotations

import base64
import dataclasses
import email
import email.message
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler.importing.captured import Captured, FileRefused
from crawler.page import Page, Reading

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.sites import Site

MAX_FILE = 256 * 1024 * 1024
"""A saved page or HAR is read at once; a larger file is an archive and belongs into a WARC."""
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
