"""Text from outside is hostile: nothing raises, nothing runs long, the raw text stays as it was."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest

from config.loader import Config
from detector.reading.read import Reader
from storage.listing import TEXT_FIELDS, Listing

SECONDS = 20.0
"""For 100 kB in one field while other work holds both cores; a pattern without bounds takes many minutes."""
SIZE = 100_000
TODAY = date(2025, 6, 1)

# Pieces that patterns begin with, repeated: the worst that a text can be made of.
PIECES = [
    "A100 ", "4090", "1,", "8x ", "lot of 8 ", "一", "两张打包", "磨码 ", "没有", "(", "[h]", " ", "\n", "\u200b", "e\u0301", "ﷺ", "🅰️", "ﾊﾞ",
    "forty-", "cooler for A100 ", "收", "有出A100的吗", "looking for ", "\ud800",
]  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def read(reader: Reader, **fields: str) -> float:
    """Seconds to read a listing of these fields; its reading must be writable as JSON and its text untouched."""
    record = {
        "site": "x",
        "listing_id": "1",
        "title": "NVIDIA A100 80GB",
        "price_text": "$9,000",
        "country": "US",
        **fields,
    }
    listing = Listing(**record)
    start = time.process_time()  # a neighbour on the machine has no part in it
    found = reader.read(listing, TODAY)
    took = time.process_time() - start
    json.dumps(found.to_dict())
    assert {name: getattr(listing, name) for name in fields} == fields
    for mark in (*found.chips, *found.signals):
        if mark.start is not None and mark.end is not None:
            assert 0 <= mark.start <= mark.end <= len(str(getattr(listing, str(mark.field))))
    return took


@pytest.mark.parametrize("field", ["title", "description", "price_text", "seller_name"])
def test_strings_that_break_software(reader: Reader, shared: Path, field: str) -> None:
    strings = json.loads((shared / "data" / "hostile" / "blns.json").read_text(encoding="utf-8"))
    assert len(strings) == 515
    slow = [text for text in strings if text and read(reader, **{field: text}) > SECONDS / 4]
    assert slow == []  # words of a script that is met first are compiled once, in under a second


@pytest.mark.parametrize(("at", "piece"), list(enumerate(PIECES)), ids=[ascii(piece) for piece in PIECES])
def test_a_long_text_is_read_in_bounded_time(reader: Reader, at: int, piece: str) -> None:
    text = (piece * (SIZE // len(piece) + 1))[:SIZE]
    assert read(reader, **{("title", "description")[at % 2]: text}) < SECONDS


def test_a_long_price_is_read_in_bounded_time(reader: Reader) -> None:
    for piece in ("1", "1,", "$1 ", "万", "一百", "1-", " "):
        assert read(reader, price_text=(piece * SIZE)[:SIZE]) < SECONDS


def test_every_text_field_may_hold_anything(reader: Reader) -> None:
    for name in TEXT_FIELDS:
        read(reader, **{name: "\x00\ufffe\ud83d ' OR 1=1 -- <script>\u202e"})
