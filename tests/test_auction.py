"""A running auction's bid is no price: words beside the figure, attributes, titles, in the scripts of the trade."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from config.loader import Config
from detector.comparable import why_not_compared
from detector.market import Book, peer_of
from detector.reading.lots import UNKNOWN_LOT
from detector.reading.read import Reader
from storage.listing import Listing

CONFIG = Config(None)
READER = Reader(CONFIG)
TODAY = date(2025, 6, 10)
H100 = "NVIDIA H100 80GB PCIe GPU"
BID = "the price is the bid of a running auction"


def read(title: str = H100, price_text: str = "$9,025", country: str = "US", **more: Any) -> str | None:
    listing = Listing("x", "1", title, price_text=price_text, country=country, condition="Used", **more)
    reading = READER.read(listing, TODAY)
    assert reading.offer == "sale", reading.notes
    why = why_not_compared(reading)
    peer = peer_of(listing, reading, Book(CONFIG.market), day=TODAY, voice="s", statistics=True)
    assert (peer is None) == (why is not None)
    return why


@pytest.mark.parametrize(
    ("price_text", "country"),
    [
        ("Bid $9,025", "US"), ("$9,025 · 12 bids", "US"), ("Current price: $9,025 (12 bids)", "US"), ("$9,025 (0 bids)", "US"),
        ("Highest bid: $9,025", "US"), ("Opening bid $9,025", "US"), ("Current bid: $9,025 Buy It Now: $24,000", "US"),
        ("Höchstgebot 9.025 EUR", "DE"), ("Startgebot: 1,00 EUR", "DE"), ("9.025 EUR, 3 Gebote", "DE"), ("Startpreis 9.025 EUR", "DE"),
        ("現在 925,000円(税込)", "JP"), ("現在価格 925,000円", "JP"), ("現在の価格 1円", "JP"), ("開始価格 925,000円", "JP"),
        ("現在 925,000円 即決 3,280,000円", "JP"), ("현재가 9,250,000원", "KR"), ("起拍 ¥65000", "CN"), ("竞拍价 ¥65000", "CN"),
        ("当前价 ¥65000", "CN"), ("Стартовая цена 700 000 руб", "RU"), ("Текущая ставка 700 000 ₽", "RU"),
        ("Aktuelles Gebot: EUR 9.025,00", "DE"), ("EUR 9.025,00 1 Gebot", "DE"), ("Offre actuelle 9 025 €", "FR"), ("Oferta actual 9.025 €", "ES"),
        ("Offerta attuale EUR 9.025", "IT"), ("Hoogste bod € 9.025", "NL"), ("Aktualna oferta 39 000 zł", "PL"), ("Oferta atual R$ 52.500", "BR"),
        ("Güncel teklif 320.000 TL", "TR"), ("Opening price $9,025", "US"), ("$9,025 Reserve not met", "US"),
    ],
)  # fmt: skip
def test_words_beside_the_figure_tell_a_bid(price_text: str, country: str) -> None:
    assert read(price_text=price_text, country=country) == BID


@pytest.mark.parametrize(
    ("price_text", "country"),
    [
        ("即決 1,280,000円", "JP"), ("1,280,000円(即決)", "JP"), ("Buy It Now $9,025", "US"), ("$9,025 Buy It Now (12 bids)", "US"),
        ("Sofort-Kaufen 9.025 EUR", "DE"), ("Angebot 9.025 EUR", "DE"), ("9.025 EUR Preisangebot", "DE"), ("一口价 ¥65000", "CN"),
        ("$9,025 or best offer", "US"), ("9025 USD", "US"),
    ],
)  # fmt: skip
def test_a_price_is_no_bid(price_text: str, country: str) -> None:
    assert read(price_text=price_text, country=country) is None


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"buyingOptions": ["AUCTION"]}, BID),
        ({"buyingOptions": ["AUCTION", "BEST_OFFER"]}, BID),
        ({"buyingOptions": ["AUCTION", "FIXED_PRICE"]}, None),
        ({"buyingOptions": ["FIXED_PRICE"], "bidCount": 0}, None),
        ({"auction": {"running": True, "bids": 3, "buy_now": False}}, BID),
        ({"auction": {"running": True, "bids": 0, "buy_now": True}}, None),
        ({"auction": True}, BID),
        ({"auction": False}, None),
        ({"is_auction": "true"}, BID),
        ({"is_auction": "false"}, None),
        ({"sale_type": "auction"}, BID),
        ({"type": "Auction"}, BID),
        ({"type": "PCIe"}, None),
        ({"bidCount": 7}, BID),
        ({"bidCount": 0, "endsAt": "2025-06-12"}, BID),
        ({"bidCount": None}, None),
        ({"current_bid": "9025", "buy_now_price": None}, BID),
        ({"bids": 0, "buy_now": True}, None),
    ],
)
def test_attributes_tell_an_auction(attributes: dict[str, object], why: str | None) -> None:
    assert read(attributes=attributes) == why


@pytest.mark.parametrize(
    ("title", "why"),
    [
        (f"{H100} - auction no reserve", BID),
        (f"Auction: {H100}", BID),
        (f"{H100} 拍卖", BID),
        (f"{H100} аукцион", BID),
        (f"{H100} from an auction", None),
        (f"{H100}, bought at a bank auction", None),
        (f"{H100} 法院拍卖得来", None),
        (f"{H100} aus einer Auktion", None),
    ],
)
def test_a_title_tells_an_auction_and_not_where_it_was_bought(title: str, why: str | None) -> None:
    assert read(title) == why


@pytest.mark.parametrize(
    ("description", "why"),
    [
        ("Current bid: $9,025.00", BID), ("Auction. 7 bids, current bid $9,025", BID), ("Aktuelles Höchstgebot: 9.025 USD", BID),
        ("No auction, I am not taking bids. Fixed price.", None), ("Sold at auction last year for a bid of $4,000.", None),
        ("The current bid jokes aside: buy it now $9,025", None),
    ],
)  # fmt: skip
def test_a_description_tells_what_the_displayed_figure_is(description: str, why: str | None) -> None:
    assert read(price_text="$9,025.00", description=description) == why


def test_a_small_bid_says_nothing_of_what_is_offered() -> None:
    """Under a fortieth of a chip's price a title with other words is taken for another article; a bid is no such price."""
    plain = "Tested and working. Invoice included. Serial number intact."
    assert read(f"{H100} - auction no reserve", "$1,025.00", description=plain) == BID


A100 = "NVIDIA A100 80GB PCIe"


@pytest.mark.parametrize(
    ("title", "price_text", "description", "country"),
    [
        (f"{A100} lot of several cards", "$30,000 for the lot", None, "US"),
        (f"Lot of {A100} GPUs, lot price", "$90,000", None, "US"),
        (f"{A100}, job lot, pallet of cards", "$3,000", None, "US"),
        (f"Several {A100}, price for all", "$3,000", None, "US"),
        (f"Konvolut {A100} Karten", "3.000 EUR", None, "DE"),
        ("一批 A100 80G PCIE 打包出", "¥30000", "打包价，不单卖", "CN"),
        ("A100 80G 一批", "¥300000 一批", None, "CN"),
        ("Posten A100 SXM4 80GB abzugeben", "60.000 EUR", None, "DE"),
        ("Lote de A100 80GB PCIe", "60.000 €", None, "ES"),
        (f"Pallet of {A100}", "$60,000", None, "US"),
        (f"{A100}, entire stock for this price", "$60,000", None, "US"),
        ("партия A100 80GB, цена за всё", "5 000 000 ₽", None, "RU"),
    ],
)  # fmt: skip
def test_a_lot_of_unknown_size_is_not_compared(title: str, price_text: str, description: str | None, country: str) -> None:
    assert read(title, price_text, country, description=description) == UNKNOWN_LOT


@pytest.mark.parametrize(
    ("title", "price_text", "more"),
    [
        (f"Lot of 4 {A100}", "$36,000", {}),
        (f"{A100} lot", "$9,000 each", {}),
        (f"{A100} lot, priced per card", "$9,000", {}),
        (f"{A100} lot", "$9,000", {"quantity": 14}),
        (f"Job lot: 6 x {A100}", "$54,000", {}),
        ("刚到一批 A100 80G PCIE", "¥69000", {"country": "CN"}),
        (f"{A100} in its box, pallet shipping", "$9,000", {}),
    ],
)
def test_a_lot_whose_size_is_said_is(title: str, price_text: str, more: dict[str, Any]) -> None:
    assert read(title, price_text, **more) is None
