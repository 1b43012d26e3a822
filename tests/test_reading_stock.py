"""What is quoted for a stock: the words that count the goods, and no number that counts something else."""

from __future__ import annotations

from datetime import date

import pytest

from config.loader import Config
from detector.reading.read import Reader
from storage.listing import Listing

NOW = date(2026, 3, 1)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config(None))


@pytest.mark.parametrize(
    ("title", "description", "quoted", "left"),
    [
        # As the demo's sellers write.
        ("出 H100 80G PCIE", "七天内有问题可以退。 仓库还有120片，量大从优。", "120片", "七天"),
        # Made up.
        ("出 A100 80G", "现货八十张，三十天内有问题包换。", "八十张", "三十"),
        ("出 A100 80G", "现有60张，一年内有保修，上机三小时有视频。", "60张", "年"),
        (
            "A100 80GB PCIe",
            "60 pcs in stock. 30 days available for returns of any card.",
            "60 pcs",
            "30 days",
        ),
        ("A100 80GB PCIe", "Продаю, в наличии 60 шт. 14 дней есть на проверку.", "60 шт", "14"),
        ("A100 80GB PCIe", "Verkaufe 60 Stück, 24 Stunden noch verfügbar für Fragen.", "60 stück", "24"),
    ],
)
def test_a_number_of_days_is_no_stock(
    reader: Reader, title: str, description: str, quoted: str, left: str
) -> None:
    offer = Listing(
        site="board", listing_id="1", title=title, description=description, price_text="$9,000", country="CN"
    )
    words = [
        s.text.casefold() for s in reader.read(offer, NOW).signals if s.signal == "bulk_inventory" and s.text
    ]
    assert any(quoted in text for text in words), words
    assert not any(left in text for text in words), words
