"""Candidates of a scan brought into a home: their pages are read from the archive again, proved, and become its own evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from chipwatch.scale import chain, parquet
from chipwatch.scale.sources import Part, PartError, SourceError
from crawler.coding import CodingError
from crawler.importing import Captured, FileRefused, ImportResult, import_pieces
from crawler.page import Page
from crawler.warc.http import Message, message
from crawler.warc.pieces import Record, Torn
from crawler.warc.records import records_at
from detector.gate.gate import LONGEST
from storage.store import Store

if TYPE_CHECKING:
    from config.loader import Config
    from storage.ledger import Ledger

LABEL = "archive-scan"
"""The site that the runs are filed under; the listings keep their own."""


class NotProvedError(Exception):
    """Raised if a candidate's record is not found as it was scanned."""


def bring(
    folder: Path, ledger: Ledger, home: Path, config: Config, *, now: str, on_error: Callable[[dict[str, Any]], None] | None = None
) -> list[ImportResult]:  # fmt: skip
    """Import the candidates of every archive that this home does not have; one run an archive. What could not be read is tried
    again the next time, since the archive may have been away. Raises StorageError."""
    done = []
    with Store.open(home) as store:
        # A copy of a home has its name, and need not have what came in since.
        name = f"{store.home_id} {home.resolve()}"
    known = ledger.brought(name)
    for entry in ledger.entries():
        if entry.file is None or entry.archive in known:
            continue
        if not parquet.is_as_written(folder, entry.file, entry.sha256):
            if on_error:
                on_error({"error": f"{folder / parquet.FOLDER / entry.file}: is not as the scan wrote it; remove it, and the scan reads its archive again"})
            done.append(ImportResult(entry.archive, None, "failed", errors=1))
            continue
        rows = list(parquet.read(folder, [entry.file]))
        facts = {"file": entry.archive, "file_sha256": entry.sha256, "given_site": LABEL}
        result = import_pieces(
            lambda rows=rows: pages(rows, config), home, config, now, source=Path(entry.archive), label=LABEL, facts=facts,  # type: ignore[misc]
            on_error=on_error, again=True,
        )  # fmt: skip
        if not result.errors and (result.run or result.already):
            ledger.imported(entry.archive, name, str(result.run or result.already))
        done.append(result)
    return done


def pages(rows: list[dict[str, Any]], config: Config) -> Iterator[Captured]:
    """The pages of an archive's candidates, with those of their listings that are candidates. Raises FileRefused where the archive
    cannot be read: each further page would be waited for as long."""
    for (archive, inner), of_part in groupby(rows, key=lambda row: (row["archive"], row["inner"])):
        part = Part(archive, inner)
        for _, of_page in groupby(sorted(of_part, key=_page_of), key=_page_of):
            wanted = list(of_page)
            try:
                yield _page(part, wanted, config)
            except (NotProvedError, PartError, OSError) as error:
                yield Captured(error=str(error), uri=wanted[0]["url"])
            except SourceError as error:
                raise FileRefused(Path(archive), error.problem) from error
            except Exception as error:  # one page must not cost the archive; it is named
                yield Captured(error=f"page could not be read: {type(error).__name__}: {error}"[:300], uri=wanted[0]["url"])


def _page_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """What tells a page from others: several records may stand in one gzip member, and need not have a name."""
    return row["offset"], row["record_id"], row["url"], row["sha256"]


def _page(part: Part, rows: list[dict[str, Any]], config: Config) -> Captured:
    first = rows[0]
    with part.opened() as file:
        record, found = _proved(file, first)
    if isinstance(record, Torn) or not record.is_as_told:
        told = f"{record.url} at {part.inner or ''}@{record.offset} stays in {parquet.FOLDER} alone: its record is broken or cut, or is not what its digest tells, so it is no evidence"
        return Captured(uri=record.url, told=(told,))
    names = {(row["site"], row["listing_id"]) for row in rows}
    listings = tuple(one for one in chain.read(record, found, config) if (one.site, one.listing_id) in names)
    page = Page(record.url, found.body, first["captured_at"], 200, found.headers)
    return Captured(listings, None if listings else "the page gives other listings now", page=page)


def _proved(file: BinaryIO, row: dict[str, Any]) -> tuple[Record, Message]:
    """The record of a candidate, if the body is the one that was scanned. Raises NotProvedError."""
    left: tuple[Record, Message] | None = None
    for record in records_at(file, row["offset"], row["record_id"]):
        with suppress(CodingError):
            found = message(record.data, record.start, record.end, LONGEST)
            if found and record.url == row["url"] and hashlib.sha256(found.body).hexdigest() == row["sha256"]:
                if not isinstance(record, Torn):
                    return record, found
                # A whole one may follow: of a stream that breaks somewhere, the records before that.
                left = record, found
    if left is not None:
        return left
    raise NotProvedError(f"{row['archive']}: holds another record at {row['offset']} than when it was scanned")
