"""Ordinary listings beside tricks that look like them: what a rule against the trick must leave alone, and the trick itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from config.loader import Config
from detector.reading.model import Reading
from detector.reading.read import Reader
from storage.listing import Listing


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def read(
    reader: Reader,
    title: str,
    text: str = "",
    language: str = "en",
    country: str | None = "US",
    price: str = "",
    **more: Any,
) -> Reading:
    record = {
        "site": "rows",
        "listing_id": "1",
        "title": title,
        "description": text,
        "language": language,
        "country": country,
        "price_text": price,
    }
    return reader.read(
        Listing.from_dict({**record, "observed_at": "2025-06-01T00:00:00Z", **more}), date(2025, 6, 1)
    )


def chips(reading: Reading) -> list[tuple[str, int]]:
    return [(chip.chip, chip.count) for chip in reading.chips]


BOXES = [
    ("Nova na caixa H100 80GB PCIe", "", "pt", "BR", "nvidia-h100-pcie-80gb"),
    ("GPU card", "Small dent on the box. H100 80GB PCIe, tested", "en", "US", "nvidia-h100-pcie-80gb"),
    ("Видеокарта", "Коробка и наклейка на месте от A100 80GB PCIe", "ru", "RU", "nvidia-a100-pcie-80gb"),
    ("그래픽카드", "박스는 H100 80GB PCIe 정품", "ko", "KR", "nvidia-h100-pcie-80gb"),
    ("Продам H20 96GB (на коробке L20)", "", "ru", "RU", "nvidia-h20"),
    ("[판매] 6000 Ada 48GB (겉은 A2000임 주의)", "", "ko", "KR", "nvidia-rtx-6000-ada"),
    ("4090D 24G 华硕TUF 装在4090盒子里", "", "zh-Hans", "CN", "nvidia-rtx-4090-d"),
]


@pytest.mark.parametrize(
    ("title", "text", "language", "country", "chip"), BOXES, ids=[row[0] for row in BOXES]
)
def test_a_name_on_a_box_is_not_offered_and_one_in_its_box_is(
    reader: Reader, title: str, text: str, language: str, country: str, chip: str
) -> None:
    assert [name for name, _ in chips(read(reader, title, text, language, country, "9800000"))] == [chip]


MACHINES = [
    ("H100 80GB SXM5", "Venta de servidor DGX H100 completo", "es", "ES", "200000 €", 8),
    ("Сервер с HGX H100, 2 ТБ", "", "ru", "RU", "20 млн ₽", 8),
    ("H100整机 8卡可上架即用", "", "zh-Hans", "CN", "¥2000000", 8),
    (
        "2x Nvidia A100 SXM4 40GB Module, Preis je Stück",
        "Zwei Module aus einem abgebauten Delta-Board",
        "de",
        "DE",
        "3.900 €",
        1,
    ),
    ("RTX5090 32G涡轮双宽显卡 4U服务器8卡可插", "", "zh-Hans", "CN", "¥23900", 1),
    ("浪潮拆的 A800 八联模组 带背板散热", "", "zh-Hans", "CN", "¥500000", 8),
    ("V100 16G 2018联想拆机", "", "zh-Hans", "CN", "¥1500", 1),
]


@pytest.mark.parametrize(
    ("title", "text", "language", "country", "price", "count"), MACHINES, ids=[row[0] for row in MACHINES]
)
def test_a_machine_holds_several_chips_and_goods_taken_from_it_are_single(
    reader: Reader, title: str, text: str, language: str, country: str, price: str, count: int
) -> None:
    assert [number for _, number in chips(read(reader, title, text, language, country, price))] == [count]


TIMES = [
    ("900만원/일산 직거래", "ko", "KR", "sale"), ("180000元/周末面交", "zh-Hans", "CN", "sale"), ("600,000円/日本国内送料無料", "ja", "JP", "sale"),
    ("30000元/天津自提", "zh-Hans", "CN", "sale"), ("15元/晚", "zh-Hans", "CN", "rental"), ("$310/week", "en", "US", "rental"), ("주 12만원", "ko", "KR", "rental"),
]  # fmt: skip


@pytest.mark.parametrize(("price", "language", "country", "offer"), TIMES, ids=[row[0] for row in TIMES])
def test_a_price_by_the_day_or_week_is_rent_and_a_place_behind_a_price_is_none(
    reader: Reader, price: str, language: str, country: str, offer: str
) -> None:
    assert read(reader, "RTX 4090 24GB", "", language, country, price).offer == offer


PLACES = [
    ({"title": "RTX 4090", "text": "Moscow pickup, no shipping", "location": "Moscow, ID"}, False),
    ({"title": "H100 PCIe", "text": "Can ship to China, 10 available.", "location": "China Grove, NC"}, True),
    (
        {
            "title": "H100 PCIe",
            "text": "Versand aus SZ",
            "language": "de",
            "country": "CH",
            "location": "8853 Lachen SZ",
        },
        False,
    ),
]


@pytest.mark.parametrize(("listing", "restricted"), PLACES, ids=[row[0]["location"] for row in PLACES])
def test_an_american_town_is_no_country(reader: Reader, listing: dict[str, Any], restricted: bool) -> None:
    found = read(reader, price="$20000", **listing)
    assert any(signal.signal == "restricted_destination" for signal in found.signals) == restricted


def test_a_street_is_no_place_of_the_trade(reader: Reader) -> None:
    found = read(
        reader, "RTX 6000 Ada 48G", "香港中路写字楼自提", "zh-Hans", "CN", "¥50000", location="山东 青岛"
    )
    assert "transit_route" not in {signal.signal for signal in found.signals}
    found = read(reader, "H100 PCIe 80G", "走香港路稳，不用报关", "zh-Hans", "CN", "¥170000", location="深圳")
    assert "transit_route" in {signal.signal for signal in found.signals}


@pytest.mark.parametrize(
    ("location", "currency"), [("Almaty, Kazakhstan", "USD"), ("Hong Kong", None), ("Taipei, Taiwan", None)]
)
def test_a_dollar_sign_is_the_united_states_where_the_place_has_no_dollar_of_its_own(
    reader: Reader, location: str, currency: str | None
) -> None:
    price = read(reader, "H100 PCIe 80GB", "used", country=None, price="$20,000", location=location).price
    assert price is not None
    assert (price.amount, price.currency) == (Decimal(20000), currency)


def test_haggling_is_no_price(reader: Reader) -> None:
    price = read(reader, "出自用 4090 FE", "13800，杭州西湖区面交优先，刀一百以内。", "zh-Hans", "CN").price
    assert price is not None
    assert (price.amount, price.currency) == (Decimal(13800), "CNY")


LOTS = [
    ("A100 40GB PCIe 2张 适合出图", "", "¥30000", "unit"),
    ("2张 A100 80G", "订单要不要拆都可以", "¥60000", "unit"),
    ("5090 影驰+索泰 两张合出 四万三", "单拿不卖", "¥43000", "lot"),
    ("V100 32G PCIE 四张捆着卖", "9800是四张的总价，不散", "¥9800", "lot"),
]


@pytest.mark.parametrize(("title", "text", "price", "per"), LOTS, ids=[row[0] for row in LOTS])
def test_joined_cards_have_one_price(reader: Reader, title: str, text: str, price: str, per: str) -> None:
    found = read(reader, title, text, "zh-Hans", "CN", price)
    assert found.offer == "sale"
    assert found.price is not None
    assert found.price.per == per


@pytest.mark.parametrize(
    "title",
    [
        "NVIDIA A100 80GB, amply cooled",
        "H100 80GB photos on buyer request",
        "NVIDIA H100 80GB, price rising by the day",
    ],
)
def test_words_by_the_way_make_no_other_offer(reader: Reader, title: str) -> None:
    assert read(reader, title, price="$20000").offer == "sale"


def test_what_is_denied_in_a_list_was_not_done(reader: Reader) -> None:
    found = read(
        reader, "RTX 4090 24GB", "改造・分解歴なし、S/Nシールは剥がれておりません。", "ja", "JP", "298,000円"
    )
    assert not {"modified_hardware", "serial_removed"} & {signal.signal for signal in found.signals}


def test_where_a_card_lies_is_where_it_comes_from(reader: Reader) -> None:
    found = read(
        reader, "H100 PCIe 80GB", "Карта лежит в Гонконге, отправлю в Москву", "ru", "RU", "2 000 000 ₽"
    )
    assert ("transit_route", "Гонконге") in {(signal.signal, signal.text) for signal in found.signals}
    found = read(
        reader, "H100 PCIe 80GB", "Карта лежит в коробке, Дубай не отправляю", "ru", "RU", "2 000 000 ₽"
    )
    assert {signal.signal: signal.text for signal in found.signals} == {"restricted_destination": None}


TOLD = [
    ("410 万一台，站内信", 4_100_000, "unit"), ("16万一张", 160_000, "unit"), ("三万五一张", 35_000, "unit"), ("1万八一张", 18_000, "unit"), ("每张三万五", 35_000, "unit"),
    ("8万两张", 80_000, "unit"), ("两张32万打包带走", 320_000, "lot"), ("两万一", 21_000, "unit"), ("未税16万", 160_000, "unit"),
    ("手里一百一十张", None, None), ("三千张", None, None), ("万一坏了包退", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "amount", "per"), TOLD, ids=[row[0] for row in TOLD])
def test_what_a_sum_is_for_is_no_digit_of_it(reader: Reader, text: str, amount: int | None, per: str | None) -> None:
    price = read(reader, "出 H100 80G PCIe", text, "zh-Hans", "CN").price
    assert (None if price is None else (price.amount, price.per)) == (None if amount is None else (Decimal(amount), per))


TOGETHER = [
    ("2枚で700万円", "ja", "JP", 2), ("обе за 4,8 млн", "ru", "RU", 2),
    ("ikisi 1.900.000 TL", "tr", "TR", 2), ("1枚350万円", "ja", "JP", 1), ("2,4 млн за одну", "ru", "RU", 1), ("650tr/cái, còn 2 cái", "vi", "VN", 1), ("còn 5 card 200tr", "vi", "VN", 1),
    ("120万円、2枚で600W消費します", "ja", "JP", 1), ("900 000 руб, проверяли оба за 2 часа теста", "ru", "RU", 1), ("8张现货 6万 全部带票", "zh-Hans", "CN", 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "country", "count"), TOGETHER, ids=[row[0] for row in TOGETHER])
def test_a_sum_beside_a_number_of_cards_is_for_them(reader: Reader, text: str, language: str, country: str, count: int) -> None:
    found = read(reader, "NVIDIA H100 PCIe 80GB", text, language, country)
    assert [chip.count for chip in found.chips] == [count]
    assert found.price is not None and found.price.per == ("lot" if count > 1 else "unit")


def test_a_lot_is_told_by_the_price_of_the_chip_on_offer(reader: Reader) -> None:
    """Not by that of one it is compared with."""
    found = read(reader, "4张3090涡轮一起出，平替A100", "四张一起21600，拆开不卖。", "zh-Hans", "CN")
    assert [(chip.chip, chip.count) for chip in found.chips] == [("nvidia-rtx-3090", 4)]
    assert found.quantity == 1


@pytest.mark.parametrize(
    ("title", "text", "count"),
    [
        ("NVIDIA A100 SXM4 80GB Module, HGX Delta pull", "", 1),
        ("NVIDIA A100 SXM4 80GB", "Single module, out of a Delta board", 1),
        ("NVIDIA HGX A100 Delta board 8x A100 SXM4 80GB", "complete", 8),
        ("NVIDIA HGX H200 baseboard pulled from a working server", "", 8),
    ],
)
def test_a_board_that_goods_were_pulled_from_is_not_sold(reader: Reader, title: str, text: str, count: int) -> None:
    assert [chip.count for chip in read(reader, title, text, price="$8,200").chips] == [count]


def test_a_machine_that_the_stock_would_fill_is_not_sold(reader: Reader) -> None:
    found = read(reader, "4090 48G 双宽涡轮", "柜上常备六十来张，装满一台8卡机当天就能拉走。", "zh-Hans", "CN", "24500元")
    assert ([chip.count for chip in found.chips], found.quantity) == ([1], 60)


@pytest.mark.parametrize(
    ("title", "text", "language", "country", "condition"),
    [
        ("RTX 5090 32gb Nueva", "Producto nuevo. No manejamos producto reacondicionado.", "es", "MX", "new"),
        ("RTX 5090 32GB new", "We do not sell refurbished cards.", "en", "US", "new"),
        ("RTX 5090 32GB", "Seller refurbished, not opened since.", "en", "US", "refurbished"),
        ("RTX 5090 32GB 无盒官翻", "", "zh-Hans", "CN", "refurbished"),
        ("RTX 5090 32GB no box seller refurbished", "", "en", "US", "refurbished"),
    ],
)
def test_what_a_house_does_not_deal_in_is_no_condition(
    reader: Reader, title: str, text: str, language: str, country: str, condition: str
) -> None:
    assert read(reader, title, text, language, country, condition="New").condition == condition


def test_a_forums_form_says_who_wants_what(reader: Reader) -> None:
    text = "Grad student, need one. Paying around $4,000."
    assert read(reader, "[USA-IL] [H] PayPal [W] A100 40GB or 80GB PCIe, one", text, price="$4,000").offer == "wanted"
    assert read(reader, "[USA-IL] [H] A100 40GB PCIe [W] PayPal", text, price="$4,000").offer == "sale"


ELSEWHERE = [
    ("NVIDIA H100 80GB", "Cousin Dubai se laya hai, seal pack.", "hi", "IN", {"transit_route"}),
    ("NVIDIA A100 80GB", "シリアルラベル欠品なし、資産管理シールのみ撤去しています。", "ja", "JP", set()),
    ("NVIDIA A100 80GB", "ボード間コネクタ清掃済み、領収書発行できます。", "ja", "JP", set()),
    ("NVIDIA A100 80GB", "cash, meet at the bank\ntxt 510 555 01xx", "en", "US", {"off_platform_contact"}),
    ("Tesla T4 16G", "平台消息收不到，➕我围❤：t4sell00", "zh-Hans", "CN", {"off_platform_contact"}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text", "language", "country", "signals"), ELSEWHERE, ids=[row[1][:16] for row in ELSEWHERE])
def test_signals_of_single_words(
    reader: Reader, title: str, text: str, language: str, country: str, signals: set[str]
) -> None:
    assert {s.signal for s in read(reader, title, text, language, country).signals} == signals


RENT = [
    ("80元/小时(8卡)", "zh-Hans", "CN", "server_hour"), ("12元/小时/卡", "zh-Hans", "CN", "gpu_hour"),
    ("$12k/mo for an 8x H100 box", "en", "US", "server_month"), ("$1600/mo per GPU", "en", "US", "gpu_month"),
]  # fmt: skip


@pytest.mark.parametrize(("price", "language", "country", "per"), RENT, ids=[row[0] for row in RENT])
def test_rent_of_a_machine_or_of_one_card(reader: Reader, price: str, language: str, country: str, per: str) -> None:
    found = read(reader, "H100 80GB GPU rental 租赁", "", language, country, price).price
    assert found is not None and found.per == per


def test_rent_of_a_card_on_servers_that_stand_somewhere(reader: Reader) -> None:
    found = read(reader, "A100 SXM 80GB, 112 ₽/час, серверы в Финляндии", "Цена за карту в час, 14 vCPU на карту.", "ru", "RU", "112 ₽/час")
    assert found.price is not None and found.price.per == "gpu_hour"


LISTED = [
    ("no serial, no invoice, no questions, ship to Iran via Dubai", "en", "US", {"serial_removed", "no_paperwork", "transit_route", "restricted_destination"}),
    ("可拆SN码，不开票，量大从优，微信联系 abc12345，可转口香港", "zh-Hans", "CN", {"serial_removed", "no_paperwork", "bulk_inventory", "off_platform_contact", "transit_route", "restricted_destination"}),
    ("序列号已磨，无票无保，大量现货，加微信聊", "zh-Hans", "CN", {"serial_removed", "no_paperwork", "bulk_inventory", "off_platform_contact", "restricted_destination"}),
    ("بدون رقم تسلسلي، بدون فاتورة", "ar", "AE", {"serial_removed", "no_paperwork"}),
    ("no invoice, no warranty, serial ground off, whatsapp 555", "en", "US", {"no_paperwork", "serial_removed", "off_platform_contact"}),
    ("serial intact, invoice included, no whatsapp please, sealed", "en", "US", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "country", "signals"), LISTED, ids=[row[0][:24] for row in LISTED])
def test_each_fact_of_a_list_is_read_by_itself(
    reader: Reader, text: str, language: str, country: str, signals: set[str]
) -> None:
    assert {s.signal for s in read(reader, "NVIDIA H100 80GB PCIe", text, language, country, price="$20,000").signals} == signals


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("面交，不接受邮寄。", None), ("支持面交验货", None), ("深圳面交", "深圳"), ("世纪大道面交", "世纪大道面交")],
)
def test_a_word_of_meeting_alone_names_no_place(reader: Reader, text: str, quoted: str | None) -> None:
    found = read(reader, "H100 80G PCIe", text, "zh-Hans", "CN", "¥160000").signals
    assert [s.text for s in found if s.signal == "restricted_destination"] == [quoted]


def test_a_stated_number_is_quoted_with_what_it_counts(reader: Reader) -> None:
    found = read(reader, "H100 80GB PCIe - 40 units no serial", price="$20,000").signals
    assert {s.signal: s.text for s in found} == {"bulk_inventory": "40 units", "serial_removed": "no serial"}


@pytest.mark.parametrize(
    ("title", "offer"),
    [("NVIDIA H100 engineering sample", "sale"), ("H100 no invoice no serial", "sale"), ("H100 motorcycle helmet", "other"), ("Is the H100 worth it?", "other")],
)
def test_a_title_alone_that_speaks_of_nothing_else_offers_its_chip(reader: Reader, title: str, offer: str) -> None:
    assert read(reader, title).offer == offer


BOILERPLATE = [
    ("一年质保，撕标、磨码、进水、烧毁不保", "zh-Hans", "CN"), ("不保：人为损坏、撕标、磨码", "zh-Hans", "CN"), ("没有磨码、魔改情况", "zh-Hans", "CN"),
    ("Void when: serial removed, sticker peeled, card modified", "en", "US"), ("Modified BIOS: no", "en", "US"),
    ("返品不可：シリアル剥がし・改造・分解", "ja", "JP"), ("보증 제외: 시리얼 훼손, 개조, 침수", "ko", "KR"), ("シリアル欠品なし", "ja", "JP"), ("木箱+围板，安全", "zh-Hans", "CN"),
    ("결제: 카톡페이, 계좌이체", "ko", "KR"), ("modded cable / stock card", "en", "US"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "country"), BOILERPLATE, ids=[row[0][:20] for row in BOILERPLATE])
def test_what_is_left_out_of_a_warranty_was_not_done(reader: Reader, text: str, language: str, country: str) -> None:
    done = {"serial_removed", "modified_hardware", "off_platform_contact", "engineering_sample"}
    assert not done & {signal.signal for signal in read(reader, "NVIDIA Tesla V100 32GB", text, language, country).signals}


@pytest.mark.parametrize(
    ("text", "price", "offer"),
    [("", "$1.295 per hour", "rental"), ("Buy or rent: $9,500 or $1.295/hr", "", "sale"), ("", "$2.499 / GPU / hr", "rental")],
)
def test_a_rate_by_the_hour_is_no_price_in_thousands(reader: Reader, text: str, price: str, offer: str) -> None:
    found = read(reader, "NVIDIA A100 80GB PCIe", text, price=price)
    assert found.offer == offer
    assert found.price is not None and found.price.amount in (Decimal("1.295"), Decimal("2.499"), Decimal(9500))


STOCK = [
    # what is spoken for is gone
    ("A100 80G PCIe", "到了12张，已经定出去4张，剩下的随便挑", "zh-Hans", "CN", 8), ("A100 80G PCIe", "来了20张，被人订走6张", "zh-Hans", "CN", 14),
    ("A100 80GB PCIe", "Twelve came in, 4 already reserved.", "en", "US", 8), ("A100 80GB PCIe", "We got 10 in, 3 are spoken for, the rest are up for grabs.", "en", "US", 7),
    ("A100 80GB PCIe", "10枚入荷、予約済み2枚です。", "ja", "JP", 8), ("A100 80GB PCIe", "Пришло 6 карт, забронировано 2, остальные свободны.", "ru", "RU", 4),
    ("A100 80GB PCIe", "Had twelve, 4 set aside for a regular, the rest are free.", "en", "US", 8), ("A100 80GB PCIe", "كانت ٢٠ كرتونة، بقي منها ١٢ كرتونة", "ar", "AE", 12),
    ("A100 80G PCIe", "现货12张，一次定4张送运费", "zh-Hans", "CN", 12), ("A100 80G PCIe", "到了12张，可预定", "zh-Hans", "CN", 12),
    # what could be gathered is none
    ("H2O 96G 单颗", "拆机件，可凑8颗成套，先问客服库存再拍", "zh-Hans", "CN", None), ("H20 96G 模组", "能配齐八颗组一台，先问库存", "zh-Hans", "CN", None),
    ("A100 SXM4 80GB module", "Could source up to 8 more, ask.", "en", "US", None), ("A100 SXM4 80GB Modul", "Kann auch 8 Stück besorgen", "de", "DE", None),
    ("A100 SXM4 80GB", "Могу собрать 8 штук в комплект", "ru", "RU", None), ("A100 80GB PCIe", "Tengo 10, puedo conseguir 20 más", "es", "ES", 10),
    ("H20 96G 单颗", "凑了8颗，单卖", "zh-Hans", "CN", 8), ("A100 80GB PCIe", "12 in stock, can source 40 more", "en", "US", 12),
    # memory, degrees and money are none
    ("H20 96G模组带散热", "九十多个G的大显存", "zh-Hans", "CN", None), ("单颗H20 96G模组带散热", "核心温度有90，正常", "zh-Hans", "CN", 1),
    ("单颗H20 96G模组带散热", "单颗9万，整套八颗70个", "zh-Hans", "CN", 1), ("A100 80G 显卡 出", "送的书十块，卡五万", "zh-Hans", "CN", None),
    ("T4 16G 拆机", "半高挡板，全高的加10块。", "zh-Hans", "CN", None), ("T4 16G", "书十块一本，卡另算，手里十五块", "zh-Hans", "CN", 15), ("T4 16G 拆机", "手里十五块，全好", "zh-Hans", "CN", 15),
    ("整机出 13900KS+4090", "64G 6400 / 2T", "zh-Hans", "CN", None), ("整机一台 13900KS+4090", "64G 6400 / 2T", "zh-Hans", "CN", 1),
    ("L40S 48G", "卡是L40S，48g，3张。外箱贴的A10", "zh-Hans", "CN", 3), ("3090 24G 水冷", "单槽，工作站塞4张那种", "zh-Hans", "CN", None), ("RTX5090 32G 涡轮", "自有仓库常备400张以上", "zh-Hans", "CN", 400),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text", "language", "country", "quantity"), STOCK, ids=[f"{row[0]}: {row[1]}" for row in STOCK])
def test_only_what_can_be_bought_now_is_stock(
    reader: Reader, title: str, text: str, language: str, country: str, quantity: int | None
) -> None:
    assert read(reader, title, text, language, country).quantity == quantity


UNITS = [
    # goods taken out of a machine, and machines
    ("A一百 SXM4 模组 单颗", "从NF5688M6里拆的，一共7颗", "zh-Hans", "CN", 7, 1), ("A100 SXM4 80G 模组", "浪潮NF5688M6里拆下来的，8颗", "zh-Hans", "CN", 8, 1),
    ("A100 SXM4 80GB module", "Pulled from a DGX A100, 7 available", "en", "US", 7, 1), ("H100 SXM5 80GB module pulled from DGX H100", "7 available", "en", "US", 7, 1),
    ("H100 SXM5 80GB", "Ausgebaut aus einem DGX H100, 6 Stück da", "de", "DE", 6, 1), ("H100 SXM5, снято с DGX H100", "7 шт", "ru", "RU", 7, 1),
    ("A100 SXM4 80GB", "DGX A100から取り外した品です。在庫4枚", "ja", "JP", 4, 1), ("H20 96G 单颗", "HGX H20 八卡机上的料", "zh-Hans", "CN", 1, 1),
    ("NF5688M6 A100 8卡 整机 退租下架", "", "zh-Hans", "CN", None, 8), ("DGX A100 8x80GB", "Pulled from our own rack, complete system", "en", "US", None, 8),
    # the chips of a machine are no machines
    ("超微八卡GPU服务器整机", "HGX H200 141GB×8 供货能力：50台/月 最小起订：1台", "zh-Hans", "CN", None, 8), ("HGX H100 80GB x8 baseboard", "", "en", "US", None, 8),
    ("HGX H20 96G×8 整机 3台", "", "zh-Hans", "CN", 3, 8), ("DGX H100 x2", "", "en", "US", 2, 8), ("HGX H200 141GB 8-GPU baseboard x2", "", "en", "US", 2, 8),
    ("MI300X UBB", "Three complete UBB platforms with 8 MI300X each", "en", "US", 3, 8), ("HGX B300 8-GPU servers", "Two complete B300 HGX systems, crated", "en", "US", 2, 8),
    ("Gaudi2 八卡服务器 一台", "HL-225H ×8", "zh-Hans", "CN", 1, 8), ("Gaudi2 八卡服务器 两台", "HL-225H ×8", "zh-Hans", "CN", 2, 8),
    # groups at one price
    ("A100 SXM4 80GB modules", "Sixteen modules in all, tied up in fours, one price for each four", "en", "US", 4, 4), ("A100 SXM4 80GB Module", "Insgesamt zwölf Module, Preis je vier Stück", "de", "DE", 3, 4),
    ("A100 SXM4 80GB", "Всего 8 модулей, цена за каждые четыре", "ru", "RU", 2, 4), ("A100 SXM4 80G", "一共16颗，四颗一组的价", "zh-Hans", "CN", 4, 4),
    ("A100 SXM4 80GB", "Sixteen modules, price per card, four in a box", "en", "US", 16, 1), ("A100 SXM4 80GB", "Eight cards, the price is for each card, 4 days to ship", "en", "US", 8, 1),
    ("A100 PCIe 40 GB, half a dozen", "Six cards, one price for all.", "en", "US", 1, 6),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text", "language", "country", "quantity", "count"), UNITS, ids=[f"{row[0]}: {row[1]}" for row in UNITS])
def test_what_one_price_pays_for_and_how_many_there_are(
    reader: Reader, title: str, text: str, language: str, country: str, quantity: int | None, count: int
) -> None:
    found = read(reader, title, text, language, country, "$24,000")
    assert (found.quantity, [number for _, number in chips(found)]) == (quantity, [count])
    bulk = any(signal.signal == "bulk_inventory" for signal in found.signals)
    assert bulk == ((quantity or 1) * count >= 10 or "供货能力" in text)


def test_a_form_that_counts_the_chips_of_one_machine_counts_no_machines(reader: Reader) -> None:
    assert read(reader, "Gaudi2 八卡服务器 一台", "HL-225H ×8", "zh-Hans", "CN", "¥400000", quantity=8).quantity == 1
    assert read(reader, "Gaudi2 八卡服务器", "HL-225H ×8", "zh-Hans", "CN", "¥400000", quantity=8).quantity == 8


LET = [
    ("8x H200 SXM bare metal by the hour, Montreal, $25/hr", "Whole machine, NVLink. $25 an hour for the box, not per card.", "en", "CA", "$25/hr", "server_hour"),
    ("8x H100 SXM, $18/hr", "$18/hr is for the whole node, not per GPU.", "en", "US", "$18/hr", "server_hour"), ("H100 8卡 出租", "140元 整机/小时", "zh-Hans", "CN", "140元/小时", "server_hour"),
    ("H100 八卡 出租", "一台8卡 每小时140元", "zh-Hans", "CN", "140元/小时", "server_hour"), ("8x H100 zu vermieten", "Preis pro Maschine, nicht pro Karte", "de", "DE", "18 €/h", "server_hour"),
    ("Аренда 8x H100", "18 долларов в час за сервер целиком, не за карту", "ru", "RU", "$18/час", "server_hour"), ("8x H100 レンタル", "1台丸ごとの料金です。1枚あたりではありません", "ja", "JP", "2800円/時間", "server_hour"),
    ("8x H100 임대", "카드당이 아니라 서버 한 대 전체 가격입니다", "ko", "KR", "25000원/시간", "server_hour"), ("8x H100 kiralık", "Fiyat komple sunucu içindir, kart başına değil", "tr", "TR", "700 TL/saat", "server_hour"),
    ("8x H100 SXM, $2.40/hr", "$2.40 an hour per card, not for the whole box.", "en", "US", "$2.40/hr", "gpu_hour"), ("H100 80GB rental", "Billed per card, not for the node", "en", "US", "$2.20/hr", "gpu_hour"),
    ("8x H100 SXM5 for rent", "$2.20/GPU/hr, whole node available", "en", "US", "$2.20/hr", "gpu_hour"), ("8卡 H100 出租", "单卡价 15元/小时，不是整机价", "zh-Hans", "CN", "15元/小时", "gpu_hour"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text", "language", "country", "price", "per"), LET, ids=[f"{row[0]}: {row[1]}" for row in LET])
def test_words_that_say_what_a_rent_is_for(reader: Reader, title: str, text: str, language: str, country: str, price: str, per: str) -> None:
    found = read(reader, title, text, language, country, price)
    assert found.price is not None and found.price.per == per
    assert [number for _, number in chips(found)] == [8 if per == "server_hour" else 1]


@pytest.mark.parametrize(
    ("title", "description", "computer"),
    [
        ("NVIDIA RTX 6000 Ada Generation 48GB GDDR6 ECC 900-5G133-2550-000 Workstation", "serial fine", False),
        ("PNY NVIDIA RTX A6000 48GB Professional Workstation", "tested", False),
        ("Dell Precision 7960 Workstation Xeon w9 512GB RTX 6000 Ada", "", True),
        ("AI workstation, Threadripper 7970X, 256GB RAM, 2x RTX 4090", "", True),
        ("HP Z8 G5 workstation with RTX 6000 Ada", "dual Xeon, 128GB, 2TB", True),
        ("Workstation RTX 5090", "32GB card for AI work, box and receipt", False),
        ("RTX PRO 6000 Blackwell 96GB 工作站", "全新盒装 单卡", False),
        ("深度学习工作站 双路4090 128G内存", "", True),
        ("NVIDIA L40S 48GB for server or workstation", "card only", False),
        ("Custom workstation with A100 40GB PCIe", "i dont need it anymore, 1TB nvme", True),
    ],
)
def test_a_workstation_is_a_computer_where_other_parts_are_named(reader: Reader, title: str, description: str, computer: bool) -> None:
    found = read(reader, title, description, price="$5,000")
    assert found.offer == "sale"
    assert (found.notes.get("goods") == "whole_pc") == computer
