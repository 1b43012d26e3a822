"""Folding keeps a map back to every raw character, sees through typing tricks, and is quick on anything."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.loader import Config
from detector.reading.read import Reader
from detector.reading.text import fold, fold_pattern
from storage.listing import Listing

# (raw, folded): made up, each a trick that sellers use or a script that needs care.
FOLDED = [
    ("Ｈ１００", "h100"),
    ("H\u200b1\u200d0\ufeff0", "h100"),
    ("1️⃣2️⃣", "12"),
    ("🅰️100 Ⓗ", "a100 h"),
    ("序號 磨碼 顯卡", "序号 磨码 显卡"),
    ("ﾊﾞｯｸ ｶﾞ", "バック ガ"),
    ("cạo", "cạo"),
    ("한국", "한국"),
    ("١٢ حبة أصلي", "12 حبة اصلي"),
    ("İSTANBUL", "istanbul"),
    ("１，２８０，０００円", "1,280,000円"),
    ("现货4张，200元", "现货4张，200元"),
    ("½ ㎇", "1⁄2 gb"),
    ("STRASSE ß", "strasse ss"),
    ("RTX™4090", "rtx 4090"),
]

SQUEEZED = [
    ("H 1 O O", "h100"),
    ("Н100", "h100"),
    ("Η1ΟΟ", "h100"),
    ("h.1.0.0", "h100"),
    ("A-1-0-0", "a100"),
    ("H1〇〇", "h100"),
    ("ʜ100 Ꮋ100", "h100h100"),
    ("Á100", "a100"),
    ("H💥1💥0💥0", "h100"),
]


@pytest.mark.parametrize(("raw", "folded"), FOLDED, ids=[row[0] for row in FOLDED])
def test_fold(raw: str, folded: str) -> None:
    assert fold(raw).text == folded


@pytest.mark.parametrize(("raw", "squeezed"), SQUEEZED, ids=[row[0] for row in SQUEEZED])
def test_squeezed(raw: str, squeezed: str) -> None:
    assert fold(raw).squeezed == squeezed


@pytest.mark.parametrize(("raw", "word", "quote"), [("s/n 磨 碼 了", "磨 码", "磨 碼"), ("卡Ｈ\u200b１００好", "h100", "Ｈ\u200b１００"), ("ﾊﾞｯｸ", "バ", "ﾊﾞ")])
def test_quote_is_what_was_typed(raw: str, word: str, quote: str) -> None:
    folded = fold(raw)
    at = folded.text.index(word)
    assert folded.quote(at, at + len(word)) == quote


@given(st.text(max_size=60))
def test_the_map_covers_every_character_in_order(raw: str) -> None:
    folded = fold(raw)
    assert len(folded.text) == len(folded.starts) == len(folded.ends) == len(folded.latin)
    assert len(folded.squeezed) == len(folded.kept)
    assert all(0 <= a < b <= len(raw) for a, b in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(raw: str) -> None:
    once = fold(raw).text
    assert fold(once).text == once or "\u0300" <= max(once) <= "\uffff"


def test_a_pattern_keeps_its_regular_expression() -> None:
    assert fold_pattern(r"序號\s?[：:]") == r"序号\s?[::]"
    assert fold_pattern(r"\Sx") == r"\Sx"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


@pytest.mark.parametrize("name", ["title", "description", "price_text", "seller_name"])
def test_hostile_strings_are_read_and_kept(shared: Path, reader: Reader, name: str) -> None:
    """The big list of naughty strings, in every field; the raw text stays as it was."""
    strings = [s for s in json.loads((shared / "data/hostile/blns.json").read_text(encoding="utf-8")) if s.strip()]
    for string in strings:
        record = {"site": "x", "listing_id": "1", "title": "NVIDIA A100", name: string}
        listing = Listing.from_dict(record)
        reading = reader.read(listing, date(2025, 1, 1))
        assert getattr(listing, name) == string
        json.dumps(reading.to_dict())


LONG = {
    "one letter": "a" * 100_000,
    "digits": "1" * 100_000,
    "names": "H100 " * 20_000,
    "spaces": " " * 100_000,
    "ideographs": "磨码无票" * 25_000,
    "marks": "a" + "\u0301" * 100_000,
    "brackets": "((((" * 25_000,
    "prices": "¥1,000,000 " * 9_000,
    "counted": "4张 " * 30_000,
    "spelled": "h 1 0 0 " * 12_000,
    "minimums": "4张起批 " * 16_000,
    "helmets": "helmet H100 " * 8_000,
    "parts": "900-21001-0000-000 " * 5_000,
}


@pytest.mark.parametrize("kind", LONG)
def test_time_on_a_long_text_is_bounded(reader: Reader, kind: str) -> None:
    listing = Listing.from_dict({"site": "x", "listing_id": "1", "title": "NVIDIA H100", "description": LONG[kind]})
    began = time.process_time()
    reader.read(listing, date(2025, 1, 1))
    assert time.process_time() - began < 10
