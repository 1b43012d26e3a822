"""Of two chips that a listing names: the one that the goods are, and the one that their outside bears."""

from __future__ import annotations

from datetime import date

import pytest

from config.loader import Config
from detector.reading.model import Reading
from detector.reading.read import Reader
from storage.listing import Listing

# Title, description, language, country, price, what the goods are; all made up.
UNDER_ANOTHER_NAME = [
    (
        "Nvidia compute card - says Tesla P40, isn't",
        "Bought at a liquidation sale in a P40 carton, and the decal on the shroud says P40 as well. It's an A100 80GB PCIe: nvidia-smi, vbios and bandwidth test all agree.",
        "en", "US", "$8,200", "nvidia-a100-pcie-80gb",
    ),
    (
        "6000Ada 48G 实卡实测 外观是A6000",
        "芯片是6000ada，外面罩子和铭牌用的A6000的，收来就是这样，插上机器就认6000ada，显存48g带ecc。",
        "zh-Hans", "CN", "¥45500", "nvidia-rtx-6000-ada",
    ),
    (
        "PNY Quadro P620 V2 2GB GDDR5 Low Profile 4x mDP",
        "Please ignore heading, it has to stay like this. The item in the post will be the forty eight gig Ada one, RTX 6 0 0 0 A d a, dual slot blower.",
        "en", "GB", "£4,650.00", "nvidia-rtx-6000-ada",
    ),
    (
        "RTX 6000 Ada in A4000 clothing",
        "Don't be put off by what you see first. Carton, backplate sticker and even the packing slip call it an RTX A4000; the driver, the 48 gigs and the weight in your hand will tell you what it is.",
        "en", "CA", "US$5,900", "nvidia-rtx-6000-ada",
    ),
    (
        "L40 im Kleid einer Quadro P4000",
        "Optisch eine Quadro P4000, auch Typenschild und Lieferschein lauten darauf. Technisch eine L40 mit 48 GB, GPU-Z-Bild ist dabei.",
        "de", "DE", "5.400 €", "nvidia-l40",
    ),
    (
        "丽台 RTX6000 Ada 48G 图形工作站卡 A4500包装",
        "亲，这款是A4500的盒子，卡侧铭牌也跟着换成了A4500，插上机器认出来是6000 Ada 48G，驱动正常打",
        "zh-Hans", "CN", "¥39800", "nvidia-rtx-6000-ada",
    ),
    (
        "Tesla M40 24GB (read description)",
        "The sticker and the retail sleeve are an M40's. Underneath sits an A100 PCIe 40GB, lspci agrees.",
        "en", "US", "$4,600", "nvidia-a100-pcie-40gb",
    ),
    (
        "L40S 48GB",
        "Shipped in a Quadro RTX 4000 box with that card's label so customs doesn't get excited.",
        "en", "US", "$5,000", "nvidia-l40s",
    ),
    (
        "H100 PCIe 80GB",
        "外壳贴的是T4的标，开机识别H100 80G",
        "zh-Hans", "CN", "¥150000", "nvidia-h100-pcie-80gb",
    ),
    (
        "Видеокарта Tesla K80 (по наклейке)",
        "Наклейка от K80, на деле A100 40GB PCIe, nvidia-smi покажу.",
        "ru", "RU", "350 000 ₽", "nvidia-a100-pcie-40gb",
    ),
    (
        "RTX A5000 graphics card",
        "Sold as A5000 because the plate says so; GPU-Z and the driver both report RTX 6000 Ada.",
        "en", "US", "$5,200", "nvidia-rtx-6000-ada",
    ),
    (
        "4090 48G 贴3090标",
        "标是3090的，芯片4090，48G显存",
        "zh-Hans", "CN", "¥23000", "nvidia-rtx-4090-48gb",
    ),
    (
        "Quadro P2000 보드",
        "겉박스랑 스티커는 P2000인데 꽂으면 L40S로 잡힙니다.",
        "ko", "KR", "7,500,000원", "nvidia-l40s",
    ),
    (
        "Placa Quadro K2200",
        "A caixa e o adesivo são de K2200, mas o chip é uma RTX 4090 24GB testada.",
        "pt", "BR", "R$ 9.500", "nvidia-rtx-4090",
    ),
    (
        "Cartão A100 80GB, capa de V100",
        "A carcaça é de uma V100 mas é A100 PCIe 80GB.",
        "pt", "PT", "8 900 €", "nvidia-a100-pcie-80gb",
    ),
]  # fmt: skip

TWO_ON_OFFER = [
    ("A100とL40S セット", "ラベル無傷、A100 40GB 1枚とL40S 1枚。", "ja", "JP", "1,900,000円"),
    ("Selling L40S and A40", "Labels intact on the L40S, A40 has a small scratch on the shroud. Both tested.", "en", "US", "$9,000"),
    ("L40S and A100 40GB", "The box of the A100 is included, the L40S is bare.", "en", "US", "$14,000"),
    ("H100 PCIe 80GB and A40", "Serial label of the A40 is a bit scratched, H100 as new.", "en", "US", "$27,000"),
]  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def read(reader: Reader, title: str, description: str, language: str, country: str, price: str) -> Reading:
    record = {
        "site": "names", "listing_id": "1", "title": title, "description": description, "language": language, "country": country,
        "price_text": price, "observed_at": "2025-08-01T00:00:00Z",
    }  # fmt: skip
    return reader.read(Listing.from_dict(record), date(2026, 6, 1))


@pytest.mark.parametrize(
    ("title", "description", "language", "country", "price", "chip"), UNDER_ANOTHER_NAME, ids=[row[0] for row in UNDER_ANOTHER_NAME]
)
def test_goods_are_what_they_are_and_bear_another_name(
    reader: Reader, title: str, description: str, language: str, country: str, price: str, chip: str
) -> None:
    found = read(reader, title, description, language, country, price)
    assert [offered.chip for offered in found.chips] == [chip]
    named = [signal for signal in found.signals if signal.signal == "relabelled"]
    assert named or any(signal.signal == "disguised_goods" for signal in found.signals)
    assert all((signal.text or "") in f"{title}\n{description}" for signal in named)


@pytest.mark.parametrize(("title", "description", "language", "country", "price"), TWO_ON_OFFER, ids=[row[0] for row in TWO_ON_OFFER])
def test_two_chips_that_are_both_on_offer(reader: Reader, title: str, description: str, language: str, country: str, price: str) -> None:
    found = read(reader, title, description, language, country, price)
    assert len(found.chips) == 2
    assert not any(signal.signal == "relabelled" for signal in found.signals)
