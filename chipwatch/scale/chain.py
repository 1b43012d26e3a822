"""One archive from bytes to candidates, cheap gates before dear steps. Pure but for reading the archive; runs in any process.

1. text       a response with status 200 and HTML, JSON or XML
2. name       bytes that hold the name of a wanted chip (`detector.gate`); weak names need a word of hardware beside
3. structure  bytes without which no page proves to be an offer
4. reading    the site's parser or the generic extraction, as `chipwatch import` reads the same page
5. judging    against the pinned market and forest; a listing that offers a wanted chip is a candidate
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from chipwatch.scale.snapshot import Snapshot, unpack
from chipwatch.scale.sources import Part, PartError, SourceError, parts, size_of
from crawler.coding import CodingError
from crawler.warc.http import Message, message
from crawler.warc.package import broken
from crawler.warc.pieces import Damage, Passed, Record
from crawler.warc.records import responses
from detector.gate.gate import LONGEST, NOTHING, WEAK, Gate, is_wide
from detector.gate.literals import is_wanted
from detector.gate.words import Words
from storage.ids import utc
from storage.listing import ListingError

if TYPE_CHECKING:
    from config.loader import Config
    from storage.listing import Listing

_OFFER = re.compile(
    rb"ld\+json|itemprop|typeof=|price|amount|"  # markup and the names of fields
    rb"[$\xa3\xa5]|\xe2\x82[\xa0-\xbf]|\xc2[\xa3\xa5]|\xef\xbf[\xa5\xa6]|\xa3\xa4|\x81\x8f|&(?:yen|euro|pound);|&#(?:8364|165|163|8361|8377|8381);|"
    rb"\\u20a|\\u00a[35]|\\uffe5|"
    rb"\b(?:usd|eur|gbp|cny|rmb|hkd|jpy|krw|inr|rub|aed|sgd|twd|vnd|try|myr|idr|brl|kr|chf|z\xc5\x82|rs|rp|rm)\b|"
    rb"\xe5\x85\x83|\xe5\x86\x86|\xec\x9b\x90|\xd1\x80\xd1\x83\xd0\xb1|\xd4\xaa|\xa4\xb8|\x89~|\xbf\xf8|\xf0\xf3\xe1|\xd2\xd5\xc2",  # 元 円 원 руб by encoding
    re.I,
)
UNDATED = "1970-01-01T00:00:00Z"
MOST_TOLD = 20
"""Damaged places and failed pages that are named of an archive; all are counted."""


@dataclass
class Result:
    """What an archive gave: counts as in `storage.ledger.Entry`, candidates as rows of the Parquet file."""

    archive: str
    size: int | None = None
    records: int = 0
    pages: int = 0
    gated: int = 0
    structured: int = 0
    read: int = 0
    failed: int = 0
    oversized: int = 0
    bytes: int = 0
    seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("archive", "gate", "read"), 0.0))
    damages: list[tuple[str, str]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: str | None = None
    """Why nothing could be read at all."""


class Scanner:
    """Scans archives by one snapshot; make it once a process, it compiles the knowledge."""

    def __init__(self, snapshot: Snapshot, *, every_chip: bool = False, engine: str | None = None) -> None:
        unpacked = unpack(snapshot)
        self.config, self.inspector = unpacked.config, unpacked.inspector
        self.wanted = None if every_chip else controlled(self.config)
        self.gate = Gate(self.inspector.reader.finder, self.wanted, engine=engine)
        self.words = Words(self.config.offers, engine=engine)
        self.hosts = _hosts(self.config)

    def scan(self, archive: str) -> Result:
        """Go through one archive. Never raises for what stands in it; a place that cannot be read at all is `refused`."""
        result, began = Result(archive), time.perf_counter()
        try:
            result.size = size_of(archive)
            for part in self._parts(archive, result):
                try:
                    self._part(part, result)
                except PartError as error:  # the others go on
                    _tell(result, part.inner or "", error.problem)
        except SourceError as error:
            result.refused = str(error)
        except Exception as error:  # what no archive should bring about must not cost the others
            result.refused = f"{archive}: could not be read: {type(error).__name__}: {error}"[:300]
        result.seconds = time.perf_counter() - began
        return result

    def _parts(self, archive: str, result: Result) -> Iterator[Part]:
        try:
            yield from parts(archive)
        except PartError as error:
            # Without its list of files, what is not packed twice is found where it lies.
            _tell(result, "", f"{error.problem}; read as it lies")
            yield Part(archive)
            if not result.records:
                raise SourceError(archive, error.problem) from error

    def _part(self, part: Part, result: Result) -> None:
        clock = time.perf_counter
        with part.opened() as file:
            pieces = responses(file)
            while True:
                began = clock()
                piece = next(pieces, None)
                result.stages["archive"] += clock() - began
                if piece is None:
                    break
                if isinstance(piece, Record):
                    self._record(part, piece, result)
                elif isinstance(piece, Damage):
                    _tell(result, f"{part.inner or ''}@{piece.offset}", piece.problem)
                elif isinstance(piece, Passed):
                    result.records += 1
                    result.oversized += 1
            if problem := broken(file):
                _tell(result, part.inner or "", problem)

    def _record(self, part: Part, record: Record, result: Result) -> None:
        result.records += 1
        result.bytes += record.end - record.start
        place, began = f"{part.inner or ''}@{record.offset}", time.perf_counter()
        page, reading = None, None
        try:
            page = self.passes(record, result, place)
            reading = time.perf_counter()
            if page is not None:
                result.rows += self._candidates(part, record, page, result)
        except CodingError as error:
            result.failed += 1
            _tell(result, place, str(error))
        except Exception as error:  # one page must not cost the archive; it is counted and named
            result.failed += 1
            _tell(result, place, f"page could not be read: {type(error).__name__}: {error}"[:300])
        now = time.perf_counter()
        result.stages["gate"] += (reading or now) - began
        result.stages["read"] += now - (reading or now)

    def passes(self, record: Record, result: Result, place: str = "") -> Message | None:
        """Steps 1 to 3: the message if it is worth reading. Raises `crawler.coding.CodingError`."""
        page = message(record.data, record.start, record.end, LONGEST)
        if page is None:
            return None
        result.pages += 1
        result.oversized += page.cut
        if page.problem:
            _tell(result, place, page.problem)
        # A site's own parser may read what the extraction does not.
        own = record.url.partition("://")[2].partition("/")[0].lower() in self.hosts
        named = self.gate.look(page.data, page.start, page.end, anywhere=own)
        if named == NOTHING or (
            named == WEAK and not self.words.look(page.data, page.start, page.end, anywhere=own)
        ):
            return None
        result.gated += 1
        if not _OFFER.search(page.data, page.start, page.end) and not is_wide(page.data, page.start):
            return None
        result.structured += 1
        return page

    def _candidates(
        self, part: Part, record: Record, message: Message, result: Result
    ) -> Iterator[dict[str, Any]]:
        listings = read(record, message, self.config)
        result.read += bool(listings)
        day = _day(record.date)
        if listings and _moment(record.date) == UNDATED:
            _tell(result, f"{part.inner or ''}@{record.offset}", "tells no date: judged by what held in 1970")
        for listing in listings:
            # What holds no name is no candidate, whatever else it says; names are a tenth of the reading.
            if not any(
                is_wanted(name.base, self.wanted) for name in self.inspector.reader.page(listing, day).named
            ):
                continue
            judged = self.inspector.inspect(listing, day)
            chips = [chip["chip"] for chip in judged["chips"]]
            if any(self._is_wanted(chip) for chip in chips):
                yield row(part, record, message, listing, judged)

    def _is_wanted(self, chip: str) -> bool:
        # Variants carry their row's id at the head: nvidia-h100-pcie-80gb.
        return self.wanted is None or any(chip == base or chip.startswith(f"{base}-") for base in self.wanted)


def _hosts(config: Config) -> frozenset[str]:
    """Hosts of the configured sites that have a parser of their own."""
    from crawler.sites import hosts

    own = (site for site in config.sites.values() if site.family not in ("archive", "files"))
    return frozenset(host for site in own for host in hosts(site) if host)


def controlled(config: Config) -> frozenset[str]:
    """Catalogue rows that some rule or letter controls, or may, on some day; the others are of no concern to a scan."""
    from detector.controls import ControlBook

    book = ControlBook(config.catalogue, config.controls)
    days = {rule.since for rule in config.controls.rule} | {letter.since for letter in config.controls.letter}
    return frozenset(
        chip.id
        for chip in config.catalogue.chip
        if any(
            book.find(ident, day).control != "none"
            for day in days
            for ident in (chip.id, *(v.id for v in chip.variants))
        )
    )


def read(record: Record, message: Message, config: Config) -> tuple[Listing, ...]:
    """The listings of a page, as `chipwatch import` reads it."""
    from crawler.importing.pages import read_page
    from crawler.page import Page

    return read_page(
        Page(record.url, message.body, _moment(record.date), 200, message.headers), config, None
    ).listings


def _moment(text: str) -> str:
    """The record's time, or the epoch where it has none that can be read: a listing must have a date to be stored."""
    try:
        return utc(text)
    except ListingError:
        return UNDATED


def _day(text: str) -> date:
    return date.fromisoformat(_moment(text)[:10])


def row(
    part: Part, record: Record, message: Message, listing: Listing, judged: dict[str, Any]
) -> dict[str, Any]:
    """A candidate as it stands in the Parquet file."""
    chips, price = judged["chips"], judged.get("price") or {}
    return {
        "archive": part.archive, "inner": part.inner, "offset": record.offset, "record_id": record.record_id,
        "sha256": hashlib.sha256(message.body).hexdigest(), "url": record.url, "captured_at": _moment(record.date),
        "site": listing.site, "listing_id": listing.listing_id, "title": listing.title, "offer": judged["offer"],
        "chip": chips[0]["chip"], "chips": [chip["chip"] for chip in chips], "restricted": judged["restricted"],
        "unit_usd": _float(price.get("unit_usd")), "quantity": judged.get("quantity"), "condition": judged.get("condition"),
        "country": listing.country, "score": judged["score"], "severity": judged["severity"],
        "signals": list(dict.fromkeys(signal["signal"] for signal in judged["signals"])),
        "reasons": _json(judged["reasons"]), "reading": _json(judged), "listing": _json(listing.to_dict()),
    }  # fmt: skip


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _tell(result: Result, place: str, problem: str) -> None:
    if len(result.damages) < MOST_TOLD:
        result.damages.append((place, problem))
    elif len(result.damages) == MOST_TOLD:
        result.damages.append(("", "and more"))
