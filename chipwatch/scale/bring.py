"""Candidates of a scan brought into a home: their pages are read from the archive again, proved, and become its own evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipwatch.scale import chain, parquet
from chipwatch.scale.http import message
from chipwatch.scale.records import record_at
from chipwatch.scale.sources import Part, SourceError
from crawler.importing import Captured, ImportResult, import_pieces
from crawler.page import Page

if TYPE_CHECKING:
    from config.loader import Config
    from storage.ledger import Ledger

LABEL = "archive-scan"
"""The site that the runs are filed under; the listings keep their own."""


def bring(
    folder: Path, ledger: Ledger, home: Path, config: Config, *, now: str, on_error: Callable[[dict[str, Any]], None] | None = None
) -> list[ImportResult]:  # fmt: skip
    """Import the candidates of every archive that has not been imported; one run an archive. Raises StorageError."""
    done = []
    for entry in ledger.entries():
        if entry.file is None or entry.imported is not None:
            continue
        rows = list(parquet.read(folder, [entry.file]))
        facts = {"file": entry.archive, "file_sha256": entry.sha256, "given_site": LABEL}
        result = import_pieces(
            lambda rows=rows: pages(rows, config), home, config, now, source=Path(entry.archive), label=LABEL, facts=facts,  # type: ignore[misc]
            on_error=on_error,
        )  # fmt: skip
        if not result.errors and (result.run or result.already):
            ledger.imported(entry.archive, str(result.run or result.already))
        done.append(result)
    return done


def pages(rows: list[dict[str, Any]], config: Config) -> Iterator[Captured]:
    """The pages of an archive's candidates, with those of their listings that are candidates."""
    for (archive, inner), of_part in groupby(rows, key=lambda row: (row["archive"], row["inner"])):
        part = Part(archive, inner)
        for _, of_page in groupby(of_part, key=lambda row: (row["offset"], row["record_id"])):
            wanted = list(of_page)
            try:
                yield _page(part, wanted, config)
            except (SourceError, OSError) as error:
                yield Captured(error=str(error), uri=wanted[0]["url"])


def _page(part: Part, rows: list[dict[str, Any]], config: Config) -> Captured:
    first = rows[0]
    with part.opened() as file:
        record = record_at(file, first["offset"], first["record_id"])
    found = message(record.data, record.start, record.end) if record is not None else None
    if record is None or found is None or hashlib.sha256(found.body).hexdigest() != first["sha256"]:
        raise SourceError(part.archive, f"holds another record at {first['offset']} than when it was scanned")
    names = {(row["site"], row["listing_id"]) for row in rows}
    listings = tuple(one for one in chain.read(record, found, config) if (one.site, one.listing_id) in names)
    page = Page(record.url, found.body, first["captured_at"], 200, found.headers)
    return Captured(listings, None if listings else "the page gives other listings now", page=page)
