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
    ("NVIDIA H*100 80GB", "nvidia-h100"), ("NVIDIA A.100", "nvidia-a100"), ("RTX 40 90 FE", "nvidia-rtx-4090"), ("L 40 S", "nvidia-l40s"), ("MI 300 X", "amd-mi300x"), ("ᕼ100", "nvidia-h100"),
    ("RTX 5090 mới", "nvidia-rtx-5090"), ("PG506-230", "nvidia-a100"), ("P1010 SKU200", "nvidia-h100"), ("PG133 SKU242", "nvidia-l40s"), ("PG500-216", "nvidia-v100"),
    ("اتش مية", "nvidia-h100"), ("كرت H١٠٠", "nvidia-h100"),
]  # fmt: skip

NEAR_MISSES = [
    "a 100 percent feedback", "a hundred cards", "CH100 cable", "H1000 drone", "XA100Z", "A1000W supply", "H100i cooler is H100i", "04G-P4-3966-KR",
    "T450 laptop", "PL40", "USB-A10L", "h2004", "100 A", "$4090", "4090 元", "2024-10-04", "MI30", "ba100", "mla100x", "vierhundert", "сто рублей", "um cem", "section A.100 of the code", "PG506", "P1010", "40 90",
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
    ("A100 32GB SXM2", "nvidia-drive-a100", 1), ("A100 车规 32G", "nvidia-drive-a100", 1), ("NVIDIA A100 drive pg199 32gb", "nvidia-drive-a100", 1), ("NVIDIA A100 in drive bay server", "nvidia-a100", 1), ("A100 drives fast training", "nvidia-a100", 1), ("NVIDIA A100 40GB PCIe with driver disc", "nvidia-a100-pcie-40gb", 1),
    ("HGX 935-23087-0021-300", "nvidia-h100", 4), ("HGX 935-22687-0130-2R2", "nvidia-a100-sxm4-80gb", 4), ("HGX H100 4x94GB board", "nvidia-h100", 4), ("935-23087-0031-400 (4x94GB)", "nvidia-h100", 4),
    ("NVIDIA H100 80GB P C I e", "nvidia-h100-pcie-80gb", 1), ("NVIDIA #H100# 80GB GPU", "nvidia-h100", 1), ("NVIDIA P4387 system", "nvidia-h100-sxm5-80gb", 8),
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


@pytest.mark.parametrize(("title", "text"), [("NVIDIA A100 GPU", "Also selling V100 SXM2 32GB."), ("NVIDIA A100 + V100 SXM2", "")])
def test_another_chips_form_makes_no_unrestricted_board(reader: Reader, title: str, text: str) -> None:
    record = dict(site="test", listing_id="1", title=title, description=text, price_text="$8,000", country="US")
    found = reader.read(Listing.from_dict(record), date(2025, 6, 1))
    assert found.chips[0].chip == "nvidia-a100" and found.restricted


def test_a_memory_card_of_class_a2_is_no_accelerator(reader: Reader) -> None:
    for title, chips in (("microSD card A2 V30 512GB", 0), ("NVIDIA A2 16GB card", 1)):
        record = dict(site="test", listing_id="1", title=title, description="Used, works.", price_text="$90" if not chips else "$900", country="US")
        assert len(reader.read(Listing.from_dict(record), date(2025, 1, 1)).chips) == chips


# Title, the name that the catalogue does not know; known names, boards, drivers and a server's model beside them.
UNKNOWN = [
    ("NVIDIA Blackwell B500 accelerator", ("B500",)), ("B30A NVIDIA GPU", ("B30A",)), ("全新 B30A 加速卡 144G", ("B30A",)), ("MI455X accelerator", ("MI455X",)), ("AMD MI430X OAM", ("MI430X",)),
    ("Intel Gaudi 4 HL-425", ("Gaudi 4",)), ("AWS Trainium2 board", ("Trainium2",)), ("Google TPU v7 Ironwood", ("TPU v7",)), ("NVIDIA Rubin CPX card", ("Rubin CPX",)), ("NVIDIA R200 module", ("R200",)),
    ("엔비디아 B30A 144GB", ("B30A",)), ("Нвидиа B30A", ("B30A",)), ("NVIDIA H-300, 2x NVIDIA H300", ("H-300",)), ("NVIDIA H100 80GB", ()), ("AMD Instinct MI300X", ()), ("NVIDIA P1010 board", ()),
    ("海光DCU K900", ("K900",)), ("Huawei AI accelerator 950X", ("950X",)), ("Intel G500 accelerator", ("G500",)), ("8x H100 server, 2x Intel 8480, AMD 9654, Intel X710 and E810", ()), ("华为 S5720 交换机, Huawei 2288 H100 80GB", ()), ("海光 7285 CPU, Intel 660p", ()),
    ("NVIDIA driver, NVIDIA R535", ()), ("Dell R740 NVIDIA A100 server", ()),
]  # fmt: skip


@pytest.mark.parametrize(("title", "names"), UNKNOWN, ids=[row[0] for row in UNKNOWN])
def test_names_that_the_catalogue_does_not_know(reader: Reader, title: str, names: tuple[str, ...]) -> None:
    record = dict(site="test", listing_id="1", title=title, description="Tested, working.", price_text="$9,000", country="US")
    assert reader.read(Listing.from_dict(record), date(2025, 1, 1)).unknown_accelerators == names
