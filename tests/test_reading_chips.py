"""Which names a text holds: made-up rows by trick and language, a near miss beside each."""

from __future__ import annotations

from datetime import date

import pytest

from config.loader import Config
from detector.reading.chips import Finder
from detector.reading.read import Reader
from detector.reading.text import fold, squeeze
from storage.listing import Listing


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(Config().catalogue)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def named(finder: Finder, text: str) -> list[str | None]:
    return [mention.base for mention in finder.find("title", fold(text))]


TRICKS = [
    ("H 1 0 0 80G", "nvidia-h100"), ("h-100", "nvidia-h100"), ("Ｈ１００", "nvidia-h100"), ("Н100 сервер", "nvidia-h100"),
    ("H\u200b100", "nvidia-h100"), ("HI00 80GB", "nvidia-h100"), ("🄷100", "nvidia-h100"), ("A1OO", "nvidia-a100"), ("A100x4", "nvidia-a100"),
    ("A100×4", "nvidia-a100"), ("4xA100", "nvidia-a100"), ("L4OS", "nvidia-l40s"), ("R T X 4 0 9 0", "nvidia-rtx-4090"),
    ("四零九零 涡轮", "nvidia-rtx-4090"), ("H一百", "nvidia-h100"), ("A佰", "nvidia-a100"), ("エイチ百", "nvidia-h100"), ("에이백 80기가", "nvidia-a100"),
    ("эйч сто", "nvidia-h100"), ("аш двести", "nvidia-h200"), ("aitch hundred", "nvidia-h100"), ("forty ninety FE", "nvidia-rtx-4090"),
    ("H hundert PCIe", "nvidia-h100"), ("hache cien", "nvidia-h100"), ("H trăm", "nvidia-h100"), ("H seratus", "nvidia-h100"), ("H yüz PCIe", "nvidia-h100"),
    ("اتش مية", "nvidia-h100"), ("كرت H١٠٠", "nvidia-h100"),
]  # fmt: skip

NEAR_MISSES = [
    "a 100 percent feedback", "a hundred cards", "CH100 cable", "H1000 drone", "XA100Z", "A1000W supply", "H100i cooler is H100i", "04G-P4-3966-KR",
    "T450 laptop", "PL40", "USB-A10L", "h2004", "100 A", "$4090", "4090 元", "2024-10-04", "MI30", "ba100", "mla100x", "vierhundert", "сто рублей", "um cem",
]  # fmt: skip


@pytest.mark.parametrize(("text", "base"), TRICKS, ids=[row[0] for row in TRICKS])
def test_a_name_however_it_is_typed(finder: Finder, text: str, base: str | None) -> None:
    assert named(finder, text) == ([base] if base else [])


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_what_is_no_name(finder: Finder, text: str) -> None:
    assert named(finder, text) == []


@pytest.mark.parametrize(
    "text",
    [row[0] for row in TRICKS]
    + ["Straße ß A100", "كرتّ H١٠٠", "ﾊﾞ e\u0301 A\u0301100", "\ud800 A100", "：，。1，000", "", "ﷺ㎏½"],
)
def test_the_gate_squeezes_as_folding_does(text: str) -> None:
    assert squeeze(text) == fold(text).squeezed


def test_the_gate_never_drops_what_would_be_found(finder: Finder) -> None:
    for text, base in TRICKS:
        assert finder.gate(text) or base is None


def test_offsets_point_to_the_words_as_typed(finder: Finder) -> None:
    folded = fold("出 Ｈ １ ０ ０ 显卡")
    (mention,) = finder.find("title", folded)
    assert folded.quote(mention.start, mention.end) == "Ｈ １ ０ ０"


# (title, chip id as precise as the text, chips in one unit)
PRECISION = [
    ("NVIDIA A100 80GB PCIe", "nvidia-a100-pcie-80gb", 1), ("A100 SXM4 40G 模组 显卡", "nvidia-a100-sxm4-40gb", 1), ("NVIDIA A100 GPU", "nvidia-a100", 1),
    ("NVIDIA H100 94GB", "nvidia-h100-nvl-94gb", 1), ("NVIDIA HGX H100 8-GPU", "nvidia-h100-sxm5-80gb", 8), ("DGX A100 640GB", "nvidia-a100-sxm4-80gb", 8),
    ("8卡H20 96G 整机", "nvidia-h20", 8), ("Dell R760xa with 4x NVIDIA L40S", "nvidia-l40s", 4), ("L40S 48GB pulled from an 8-GPU server", "nvidia-l40s", 1),
    ("A100 80G PCIE 显卡 拆自8卡机", "nvidia-a100-pcie-80gb", 1), ("Zwei Tesla T4 aus Serverrückbau", "nvidia-t4", 1), ("GPU-сервер 8xH200", "nvidia-h200", 8),
]  # fmt: skip


@pytest.mark.parametrize(("title", "chip", "count"), PRECISION, ids=[row[0] for row in PRECISION])
def test_as_precise_as_the_text(reader: Reader, title: str, chip: str, count: int) -> None:
    record = {"site": "x", "listing_id": "1", "title": title, "price_text": "$20,000", "country": "US"}
    found = reader.read(Listing.from_dict(record), date(2025, 6, 1))
    assert [(one.chip, one.count) for one in found.chips] == [(chip, count)]
