"""How many are on offer: made-up rows by language, near misses of minima, rates, room and parts beside them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from config.loader import Config
from detector.evaluate import load
from detector.reading.read import Reader
from storage.listing import Listing

HARD = Path(__file__).parent / "labelled" / "quantity.jsonl"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def quantity(
    reader: Reader, title: str, description: str = "", price: str = "$9,000", **facts: object
) -> int | None:
    record = {
        "site": "x",
        "listing_id": "1",
        "title": title,
        "description": description,
        "price_text": price,
        "country": "US",
        **facts,
    }
    return reader.read(Listing.from_dict(record), date(2025, 6, 1)).quantity


STOCK = [
    # the least of what is there, beside the least of an order below
    ("NVIDIA A100 80GB", "在庫50枚以上あります。", 50), ("NVIDIA A100 80GB", "At least 40 units ready.", 40), ("NVIDIA A100 80GB", "재고 50장 이상 있습니다.", 50), ("NVIDIA A100 80GB", "На складе от 50 штук.", 50),
    ("NVIDIA A100 80GB", "Más de 50 en existencia.", 50), ("NVIDIA A100 80GB", "50枚以上で割引します。", None), ("NVIDIA A100 80GB", "Order at least 40 units.", None), ("NVIDIA A100 80GB", "50장 이상 할인", None),
    ("NVIDIA A100 80GB", "Цена от 50 штук.", None),
    ("A100 80G PCIE 显卡", "仓里还压着四百来张", 400), ("A100 80G PCIE 显卡 手里俩", "", 2), ("A100 80G PCIE 显卡", "手上剩十二片", 12),
    ("A100 80G PCIE 显卡", "一箱6张，现有20箱，单张价", 120), ("NVIDIA A100 80GB PCIe", "34 of them, all tested", 34), ("NVIDIA A100 80GB PCIe", "We have three.", 3),
    ("NVIDIA A100 80GB PCIe", "Selling the remaining two.", 2), ("Forty-two NVIDIA A100 80GB PCIe cards", "", 42), ("NVIDIA A100 80GB PCIe, qty 16", "", 16),
    ("NVIDIA A100 80GB PCIe x 7", "price is each", 7), ("NVIDIA A100 80GB PCIe 残り2枚", "", 2), ("NVIDIA A100 80GB PCIe", "在庫は全部で9枚です", 9),
    ("NVIDIA A100 80GB PCIe 세 장 남음", "", 3), ("Видеокарты NVIDIA A100 80GB PCIe", "Осталось одиннадцать штук", 11),
    ("NVIDIA A100 80GB PCIe", "Все четыре в наличии: 4 шт", 4), ("NVIDIA A100 80GB PCIe", "Sieben Stück auf Lager", 7), ("NVIDIA A100 80GB PCIe", "còn đúng 5 con", 5),
    ("NVIDIA A100 80GB PCIe", "Ready 6 unit", 6), ("NVIDIA A100 80GB PCIe", "ada dua keping lagi", 2), ("NVIDIA A100 80GB PCIe", "elimde 4 tane var", 4),
    ("NVIDIA A100 80GB PCIe", "عندنا ثلاثة.", 3), ("NVIDIA A100 80GB PCIe", "متوفر خمس حبات", 5), ("NVIDIA A100 80GB PCIe", "Quedan tres unidades", 3),
    ("NVIDIA A100 80GB PCIe", "Tenho doze unidades", 12), ("NVIDIA A100 80GB PCIe", "2 piece hai", 2), ("NVIDIA A100 80GB PCIe", "just one", 1),
    ("NVIDIA A100 80GB PCIe", "party of 30 cards, take all", 30), ("We have 30+ A100 80GB cards", "", 30), ("仓里还有八十多 L40", "", 80),
    # Numbers of the tens and dozens in words, and forms that stand for articles.
    ("NVIDIA A100 80GB PCIe", "Sechzig Stück auf zwei Paletten", 60), ("NVIDIA A100 80GB PCIe, fünf Dutzend", "", 60), ("NVIDIA A100 80GB PCIe", "마흔 장 보유. 스무 장 이상이면 단가 조정", 40), ("NVIDIA A100 80GB PCIe", "На складе семьдесят две карты", 72), ("(3) NVIDIA A100 80GB PCIe modules", "", 3),
    ("NVIDIA A100 80GB PCIe", "在庫は4個です", 4), ("NVIDIA A100 80GB PCIe 手元に2基", "", 2), ("NVIDIA A100 80GB PCIe", "木箱のまま2台あり", 2), ("A100 80G PCIE 显卡", "余姚仓今早盘点一百四十二片，已出一百九十片", 142),
    # What is here, to choose from or left; what comes later or was there at first yields.
    ("NVIDIA A100 80GB PCIe", "Preis je Karte, vier sind da.", 4), ("NVIDIA A100 80GB PCIe", "There's two of them and the amount above buys you one.", 2), ("NVIDIA A100 80GB PCIe, two to choose from", "price is for one", 2), ("NVIDIA A100 80GB PCIe - a pair, sold one by one", "", 2),
    ("NVIDIA A100 80GB PCIe", "Von einst 40 Modulen liegen noch 14 im Regal.", 14), ("NVIDIA A100 80GB PCIe", "6 pcs here now, next month 10 pcs more coming", 6), ("NVIDIA A100 80GB PCIe", "3 of 8 left.", 3), ("NVIDIA A100 80GB PCIe", "Qty 22 on shelf. 6 already promised to a university so 16 free to go", 16),
    ("NVIDIA A100 80GB PCIe", "Sold about 60 of these already. 25 more just came off the racks.", 25), ("NVIDIA A100 80GB PCIe", "Two trays of ten, factory sealed.", 20), ("NVIDIA A100 80GB PCIe", "I've got 3 of these left from a batch of ten.", 3),
    ("NVIDIA A100 80GB PCIe", "3장 남음, 5장 중 2장 판매완료", 3), ("MI210 64GB PCIe, A30 24GB", "One of each, price per card.", 2), ("A100 80G 出租 卡时", "16台机器128卡，目前闲64卡，全国可用", 64), ("Inno3D RTX 5090 X3", "one left", 1),
    # One of several is parted with.
    ("A100 80G PCIE 显卡", "抢到两块，留一块出一块", 1), ("NVIDIA A100 80GB PCIe", "Habe zwei davon, eine darf gehen.", 1), ("NVIDIA A100 80GB PCIe", "a farm retired 340 of these. I won exactly one.", 1), ("NVIDIA A100 80GB PCIe", "2枚あり、うち1枚を出品します", 1),
    ("8卡 A100 整机", "深圳仓现货12台", 12), ("8卡 A100 整机", "四部都喺葵興貨倉", 4), ("HGX H100 8-GPU board", "two crates, a board to a crate", 2), ("DGX H100", "two systems left", 2), ("DGX H100", "3 takım var", 3),
]  # fmt: skip

NO_STOCK = [
    ("NVIDIA A100 80GB PCIe", "Minimum order 5 pcs"), ("NVIDIA A100 80GB PCIe", "Capacity 400 pieces every month"), ("A100 80G PCIE 显卡", "20张起批"),
    ("A100 80G PCIE 显卡", "每人限购2张"), ("A100 80G PCIE 显卡", "一周能给20片"), ("A100 80G PCIE 显卡", "已售300张"), ("NVIDIA A100 80GB PCIe", "Объём хоть сто штук"),
    ("NVIDIA A100 80GB PCIe", "ab 5 Stück Rabatt"), ("NVIDIA A100 80GB PCIe", "fits servers with 8 slots"), ("NVIDIA A100 80GB PCIe", "used for 3 months, 2 fans"),
    ("NVIDIA A100 80GB PCIe 3.0 x16", ""), ("A100 80G PCIE 显卡", "16.5万一张"), ("A100 80G PCIE 显卡", "付8000占一张"), ("A100 80G PCIE 显卡", "挂了俩月"),
    ("NVIDIA A100 80GB PCIe", "Two of them lost the sticker."), ("NVIDIA A100 80GB PCIe", "月産300枚まで対応"),
    ("NVIDIA A100 80GB PCIe", "vCPU 20개, 메모리 200GB"), ("4090 48G 显卡", "显存正反各贴十二颗"), ("A100 80G PCIE 显卡", "每趟背两块"), ("A100 80G PCIE 显卡", "五张往上另说"), ("NVIDIA A100 80GB PCIe", "sirf 1 saal use hua"),
    ("NVIDIA A100 80GB PCIe", "nosso único dono cuidou bem"), ("NVIDIA A100 80GB PCIe", "Wir haben letztes Jahr über 300 Karten ausgeliefert."), ("A100 80G PCIE 显卡", "5张起批19300，10张19100，50张另谈"), ("A100 80G PCIE 显卡", "累计卖过300张"),
]  # fmt: skip


ANOTHER_LANGUAGE = [
    ("en", "US", "Tested on card, works. Serial on card."), ("de", "DE", "Die 2.000 reservieren das Modul."), ("tr", "TR", "A100, on kart var"),
]  # fmt: skip


def test_a_number_word_counts_in_its_own_language_where_it_is_another_word_elsewhere(reader: Reader) -> None:
    """`on` is ten in Turkish, `das` in Hindi."""
    found = [quantity(reader, "NVIDIA A100 80GB PCIe", text, language=tag, country=at) for tag, at, text in ANOTHER_LANGUAGE]
    assert found == [None, None, 10]


@pytest.mark.parametrize(
    ("title", "description", "number"), STOCK, ids=[f"{row[0]} / {row[1]}" for row in STOCK]
)
def test_stock(reader: Reader, title: str, description: str, number: int) -> None:
    assert quantity(reader, title, description) == number


@pytest.mark.parametrize(("title", "description"), NO_STOCK, ids=[f"{row[0]} / {row[1]}" for row in NO_STOCK])
def test_what_is_no_stock(reader: Reader, title: str, description: str) -> None:
    assert quantity(reader, title, description) is None


def test_the_field_stands_unless_the_text_states_a_stock(reader: Reader) -> None:
    assert quantity(reader, "NVIDIA A100 80GB PCIe", "for 8-GPU servers", quantity=1) == 1
    assert quantity(reader, "NVIDIA A100 80GB PCIe", "24 pcs in stock", quantity=1) == 24
    assert quantity(reader, "NVIDIA A100 80GB PCIe", "24 pcs in stock", quantity=20) == 20
    assert quantity(reader, "NVIDIA A100 80GB PCIe, zwei Dutzend, Rechnung", quantity=1) == 24
    assert quantity(reader, "NVIDIA A100 80GB PCIe", "Zwei Karten, Preis für eine.", quantity=1) == 2


def test_the_price_once_more_is_no_stock(reader: Reader) -> None:
    assert quantity(reader, "(3) NVIDIA A100 80GB", "Three of them. 8200 ea shipped", price="") == 3
    assert quantity(reader, "A100 80G PCIE 显卡", "95个，带票", price="¥950000", country="CN") is None
    assert quantity(reader, "H100 算力出租 卡时", "七块钱一个钟头", price="¥7/卡时", country="CN") is None


def test_one_idle_card_is_what_is_let(reader: Reader) -> None:
    assert quantity(reader, "4090 算力出租 卡时", "宿舍闲置4090一张，夜里跑不满", price="¥0.9/小时", country="CN") == 1
    assert quantity(reader, "4090 算力出租 卡时", "一张卡起租", price="¥0.9/小时", country="CN") is None


def test_buyers_have_no_stock(reader: Reader) -> None:
    assert quantity(reader, "WTB 4x NVIDIA A100 80GB", "need four") is None


# (title, description, price, per, chips in the priced unit, quantity): what a card costs tells a lot from cards sold each.
LOTS = [
    ("Lot of 5 NVIDIA A100 40GB PCIe", "", "$18,000", "lot", 5, 1), ("NVIDIA T4 16GB, партия 50 шт.", "", "$520", "unit", 1, 50),
    ("Vendo par de RTX A6000, só junto", "", "$7,000", "lot", 2, 1), ("NVIDIA A30 24GB 計6枚 1枚から販売", "", "$1,400", "unit", 1, 6),
    ("2 x NVIDIA A40 48GB, price is per card", "", "$3,100", "unit", 1, 2), ("Beide L40S, nur zusammen", "", "$14,000", "lot", 2, 1),
    # The price of a box is a lot of what it holds; a box in which cards are sold each is none.
    ("MI250 OAM modules, crated by the four", "Three crates, every crate holds four modules and goes as a whole", "$9,000 per crate", "lot", 4, 3), ("V100 32GB 4枚入り1箱", "段ボールに4枚ずつ詰めたものが3箱あり、金額は1箱の値段です", "$2,500", "lot", 4, 3),
    ("A30 24GB, mỗi thùng 6 con", "7 thùng, 3 thùng đã có người bê, còn lại chờ chủ mới", "$16,000 / thùng", "lot", 6, 4), ("NVIDIA A100 40GB PCIe", "zwei Paletten à acht, Preis je Karte", "$5,000", "unit", 1, 16), ("NVIDIA A100 40GB PCIe", "three cartons, 4 pcs per carton", "$5,000", "unit", 1, 12), ("Pallet of 30 NVIDIA A100 40GB PCIe", "Sold by the pallet only.", "$90,000", "lot", 30, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "description", "price", "per", "count", "number"), LOTS, ids=[row[0] for row in LOTS]
)
def test_a_lot_or_each(
    reader: Reader, title: str, description: str, price: str, per: str, count: int, number: int
) -> None:
    record = {
        "site": "x",
        "listing_id": "1",
        "title": title,
        "description": description,
        "price_text": price,
        "country": "US",
    }
    found = reader.read(Listing.from_dict(record), date(2025, 6, 1))
    assert found.price is not None
    assert (found.price.per, found.chips[0].count, found.quantity) == (per, count, number)

# (title, description, chips in the priced unit): machines and boards by what they hold; loose chips beside them.
COUNTS = [
    ("H100 HGX baseboard", "", 8), ("NVIDIA B200 HGX baseboards", "", 8), ("HGX H100 4-GPU", "", 4), ("HGX-Board H100, 8 Module", "", 8), ("Baseboard mit 8 OAM, Gaudi 3 HL-325L", "", 8), ("MI300X UBB 8 OAM modules board", "", 8),
    ("H200 server, Oslo", "", 8), ("H20 整机 141G", "", 8), ("MI325X platform AS-8126GS", "", 8), ("MI355X восьмёрка под ключ", "", 8), ("GB200 compute trays", "Each tray has four Blackwells and two Graces.", 4), ("H200 whole-node", "Eight H200 141GB per node, 2 TB RAM.", 8),
    ("H100 集群退役", "一共四十台八卡", 8), ("듀얼 3090 워크스테이션", "", 2),
    ("dual RTX 4090 workstation", "", 2), ("4090 2장 워크스테이션", "", 2), ("Сервер Supermicro, H200 восемь штук", "", 8), ("dàn 8 card 4090", "", 8),
    ("H200 SXM 模組 兩顆", "", 1), ("A100 80G SXM4 单颗 自己组四卡底板剩的", "", 1), ("NVIDIA H20 96GB HGX取り外し", "HGX ボードから外した H20 が2基", 1), ("H200 SXM5 module for HGX boards", "", 1), ("H200 NVL server pull", "", 1), ("MI308X OAM 192G 拆机模组 一片", "", 1),
    ("RTX PRO 6000 Workstation Edition", "two of them", 1), ("L20 48G 三十张现货", "每箱10张", 1), ("A100 80GB PCIe", "dual BIOS, dual fan workstation card", 1),
]  # fmt: skip


@pytest.mark.parametrize(("title", "description", "number"), COUNTS, ids=[row[0] for row in COUNTS])
def test_chips_in_one_article(reader: Reader, title: str, description: str, number: int) -> None:
    record = {"site": "x", "listing_id": "1", "title": title, "description": description, "price_text": "$90,000", "country": "US"}
    assert [chip.count for chip in reader.read(Listing.from_dict(record), date(2025, 6, 1)).chips] == [number]


def test_an_auctions_number_is_no_size_of_a_lot(reader: Reader) -> None:
    record = {"site": "x", "listing_id": "1", "title": "Lot 214: (16) NVIDIA A100 40GB PCIe GPUs", "description": "Sold as one lot, no splitting.", "price_text": "Current bid: $41,000", "country": "US"}
    found = reader.read(Listing.from_dict(record), date(2025, 6, 1))
    assert found.price is not None and (found.price.per, found.chips[0].count) == ("lot", 16)


@pytest.mark.parametrize(
    ("description", "number"),
    [
        ("Had twenty of these cards, six are gone, the rest is here.", 14),
        ("Ursprünglich waren es 14 Karten, fünf sind schon weg, der Rest wartet hier.", 9),
        ("原来一共二十张，上周被老客户拿走六张，剩下的都在深圳仓。", 14),
        ("Имеем 28 карт, забронировано 13. Остальное можно забирать сегодня.", 15),
        ("Eleven cards came out of the old cluster, the university picked up seven, leaving four.", 4),
        ("I have sold 14 cards on here before, see my feedback.", None),
        ("열네 장 있는데 열 장 넘게 가져가시면 깎아 드려요.", 14),
    ],
)
def test_what_is_left_is_worked_out(reader: Reader, description: str, number: int | None) -> None:
    assert quantity(reader, "NVIDIA L40S 48GB", description) == number


@pytest.mark.parametrize(
    ("description", "number"),
    [
        ("Stock: three cartons, 4 pcs per carton. Any number you like, price per card.", 12),
        ("1箱に6枚入り、全部で8箱。1枚から購入可。", 48),
        ("В коробке 10 карт, коробок четыре. Цена за шт.", None),
    ],
)
def test_boxes_count_what_they_hold(reader: Reader, description: str, number: int | None) -> None:
    assert quantity(reader, "NVIDIA T4 16GB", description) == number


def test_most_numbers_of_traders_are_read(reader: Reader) -> None:
    """Offers written to be hard: what is left, boxes, several models, and numbers that count something else."""
    cases = list(load([HARD], "all"))[::3]
    right = sum(reader.read(Listing.from_dict(case.listing), date(2025, 6, 1)).quantity == case.gold["quantity"] for case in cases)
    assert right / len(cases) > 0.7
