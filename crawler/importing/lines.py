"""Files of listings: one JSON object a line, or one row a line. Each line is its own evidence."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crawler.importing.captured import Captured, FileRefused
from storage.listing import Listing, ListingError, aside_words, like_fields

if TYPE_CHECKING:
    from config.schema.sites import Site

LONGEST = 32 * 1024 * 1024
"""Bytes of one line; a longer one is no listing."""
LONGEST_ROW = 500
"""Lines of one row of a CSV: one with more has a quote that is never closed, or closed by a later row's."""


def read_jsonl(path: Path, site: str | None) -> Iterator[Captured]:
    """Listings of a JSONL file in order; a line that cannot be read is an entry with an error."""
    name = quote(path.name)
    for number, raw in _lines(path):
        if raw.strip():
            yield _json_line(number, raw, site, f"file:///{name}#line={number}")


def _json_line(number: int, raw: bytes, site: str | None, uri: str) -> Captured:
    if len(raw) > LONGEST:
        return Captured(error=f"is longer than {LONGEST} bytes", line=number)
    try:
        record = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
        if site and isinstance(record, dict):
            record.setdefault("site", site)
        listing = Listing.from_dict(record)
    except (ListingError, UnicodeDecodeError, RecursionError) as error:
        return Captured(error=str(error) or type(error).__name__, line=number)
    except ValueError as error:
        return Captured(error=f"is no JSON: {error}", line=number)
    told = tuple(aside_words(key, near) for key, near in like_fields(record).items())
    return Captured((listing,), line=number, raw=raw.rstrip(b"\r\n"), uri=uri, kind="application/json", told=told)


def sites_named(path: Path) -> set[str]:
    """The sites that a JSONL file's lines name; stops looking at the second one."""
    names: set[str] = set()
    for _, raw in _lines(path):
        try:
            record = json.loads(raw)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and isinstance(record.get("site"), str) and record["site"]:
            names.add(record["site"])
        if len(names) > 1:
            break
    return names


def read_csv(path: Path, site: Site | None, label: str, stamp: str) -> Iterator[Captured]:
    """Rows of a CSV file; the first row names the columns, which the site's `columns` map to fields.

    Without a map a column counts if it bears a field's name. A row without `listing_id` is named by its address, else by
    what does not move with its price (`_LASTING`), and where several rows of the file are alike in that, by all it holds.
    """
    raw = b"".join(line for _, line in _lines(path))
    from crawler.decoding import decode

    text, _ = decode(raw, "", site.language if site else None)
    source = _Rows(text)
    parted = _TOLD.match(text)
    if parted:
        next(source)
        source.taken()
    delimiter = parted[1] if parted else _delimiter(text)
    rows = _rows(source, delimiter)
    header = next(rows, ([], 0, ""))[0]
    if not header:
        raise FileRefused(path, "has no header row")
    names = [_field(column, site) for column in header]
    if "title" not in names:
        raise FileRefused(
            path,
            f"no column for the title among {', '.join(header)[:200]}; map the columns in [columns] of a site file of family 'files' and name it with --site",
        )
    alike, told = _alike(text, names, delimiter), _aside(names)
    for row, number, taken in rows:
        if row is None:
            yield Captured(error="a quote is opened and never closed, or a cell is too large; the lines after it are read by themselves", line=number)
        else:
            yield replace(_csv_row(row, names, alike, site, label, f"file:///{quote(path.name)}#line={number}", number, taken, stamp), told=told)
            told = ()


def _rows(source: _Rows, delimiter: str) -> Iterator[tuple[list[str] | None, int, str]]:
    """Each row with the number of its first line and its text; None for a line that opens a quote and does not close it in its row."""
    reader = csv.reader(source, delimiter=delimiter)
    while True:
        source.broken = False
        try:
            row = next(reader, None)
        except csv.Error:  # a cell is larger than the csv module lets it be: it takes in what follows
            source.broken = True
        if source.broken:
            yield None, source.first, source.taken()
            source.back()
            reader = csv.reader(source, delimiter=delimiter)
        elif row is None:
            return
        else:
            yield row, source.first, source.taken()


def _csv_row(
    row: list[str], names: list[str], alike: Counter[str], site: Site | None, label: str, uri: str, number: int, raw: str, stamp: str
) -> Captured:
    record: dict[str, Any] = {}
    if any(value.strip() for value in row[len(names) :]):
        return Captured(error=f"has {len(row)} cells for {len(names)} columns; a cell that holds the separator must stand in quotes", line=number)
    for name, value in zip(names, row, strict=False):
        if name and value.strip():
            record[name] = [value] if name == "image_urls" else value.strip()
    if not record:
        return Captured(line=number)
    left = _figures(record)
    record.setdefault("site", label)
    record.setdefault("observed_at", stamp)
    if site is not None:
        record = {"country": site.country, "language": site.language} | record
    if "listing_id" not in record:
        lasting = _lasting(row, names)
        record["listing_id"] = record.get("url") or (lasting if alike[lasting] == 1 else _name_of(row))
    try:
        listing = Listing.from_dict(record)
    except ListingError as error:
        return Captured(error=str(error), line=number)
    return Captured((listing,), left, line=number, raw=raw.encode("utf-8", "replace"), uri=uri, kind="text/csv")


_COUNT = re.compile(r"(\d{1,3}(?:([.,' \u00a0\u202f])\d{3})(?:\2\d{3})*|\d{1,18})\s*(?:[^\W\d][\w.]{0,19})?")
"""A whole number as people write it, with thousands parted and what is counted behind it."""
_AMOUNT = re.compile(r"\d{1,15}(?:\.(?:\d{1,2}|\d{4,8}))?")
"""A figure that means one sum in every language; three digits behind a sign may be thousands."""


def _figures(record: dict[str, Any]) -> str | None:
    """Bring a row's figures into the form of their fields; what was left out, in words. A figure is no reason to lose the row.

    An amount that means one thing in one language and another in the next is text: whoever knows the page's language reads it.
    """
    left = []
    for name in ("quantity", "seller_ratings"):
        if name in record:
            found = _COUNT.fullmatch(record[name])
            if found is None:
                left.append(f"{name}: {record[name]!r} is not a whole number")
                record[f"{name} as given"] = record.pop(name)
            else:
                record[name] = re.sub(r"\D", "", found[1])
    amount = record.get("price_amount")
    if amount is not None and not _AMOUNT.fullmatch(amount):
        del record["price_amount"]
        if "price_text" not in record and re.fullmatch(r"[\d.,' \u00a0\u202f]{1,30}", amount):
            record["price_text"] = " ".join(filter(None, (amount, record.get("price_currency"))))
        else:
            left.append(f"price_amount: {amount!r} is not a number")
            record["price_amount as given"] = amount
    return f"{'; '.join(left)}; the row is kept without it" if left else None


_LASTING = ("title", "condition", "seller_id", "seller_name")


def _lasting(row: list[str], names: list[str]) -> str:
    return _name_of([f"{name}={value.strip()}" for name, value in zip(names, row, strict=False) if name in _LASTING])


def _alike(text: str, names: list[str], delimiter: str) -> Counter[str]:
    """How many rows of a file share a lasting name."""
    return Counter(_lasting(row, names) for row, *_ in _rows(_Rows(text), delimiter) if row is not None)


def _name_of(row: list[str]) -> str:
    import hashlib

    return "row-" + hashlib.sha256("\x1f".join(row).encode("utf-8", "replace")).hexdigest()[:16]


def _field(column: str, site: Site | None) -> str:
    """The listing field of a column; unknown columns keep their name and end in `attributes`."""
    plain = column.strip().lstrip("\ufeff")
    if site is not None and plain in site.columns:
        return site.columns[plain]
    return plain.lower().replace(" ", "_") if plain.lower().replace(" ", "_") in _FIELDS else plain


def _aside(names: list[str]) -> tuple[str, ...]:
    """The columns that are no field, in words."""
    aside = dict.fromkeys(name for name in names if name and name not in _FIELDS)
    near = like_fields(aside)
    how = "; rename the column, or map it in [columns] of a site file of family 'files' and name that with --site"
    return tuple(f"column {aside_words(name, near.get(name))}{how if name in near else ''}" for name in aside)


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t|", key=first.count)


_TOLD = re.compile(r'"?sep=(.)"?\r?\n')
"""A first line by which Excel says what stands between the columns."""

_FIELDS = frozenset(Listing.__dataclass_fields__)


class _Rows:
    """Hands lines to the csv module and remembers which of them made the last row."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self._row: list[str] = []
        self.number = 0
        self.first = 1
        self.broken = False
        """Whether more lines were asked for within a row than there are, or than a row may have."""
        self._after = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._lines.readline() if len(self._row) < LONGEST_ROW else ""
        if not line:
            self.broken = bool(self._row)
            raise StopIteration
        if not self._row:
            self.first, self._after = self.number + 1, self._lines.tell()
        self._row.append(line)
        self.number += 1
        return line

    def back(self) -> None:
        """Go back to the second line of the last row."""
        self._lines.seek(self._after)
        self.number = self.first

    def taken(self) -> str:
        """The text of the last row; the next one starts afresh."""
        text, self._row = "".join(self._row), []
        return text.rstrip("\r\n")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with gzip.open(path, "rb") if path.name.endswith(".gz") else open(path, "rb") as file:
            number = 0
            while True:
                raw = file.readline(LONGEST + 2)
                if not raw:
                    return
                number += 1
                yield number, raw
                while len(raw) > LONGEST and not raw.endswith(b"\n"):
                    raw = file.readline(LONGEST + 2)
    except (OSError, EOFError) as error:
        raise FileRefused(path, f"cannot be read: {error}") from error
