"""Prices as traders read them: what is displayed, what kind of figure it is, what it is for."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from config.loader import Config
from detector.reading.document import Document
from detector.reading.model import Price
from detector.reading.money import read_price
from detector.reading.read import Reader
from storage.listing import Listing

CONFIG = Config()


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(CONFIG)


def price(shown: str | None, title: str = "A100 80GB", text: str = "", *, lang: str | None = None, country: str | None = None, offer: str = "sale", hint: int | None = None, **more: Any) -> Price | None:  # fmt: skip
    record = dict(site="test", listing_id="1", title=title, description=text, price_text=shown, language=lang, country=country, **more)
    return read_price(Document(Listing.from_dict(record), date(2025, 1, 1)), offer=offer, config=CONFIG, systems_hint=hint)


def brief(found: Price | None) -> tuple[str, Decimal | None, str | None, str] | None:
    return None if found is None else (found.kind, found.amount, found.currency, found.per)


# Written by us after the notation that sellers use: displayed text, language, country, amount, currency.
FIGURES = [
    ("¥16.8万", "zh-Hans", "CN", 168000, "CNY"), ("230万/台(8卡)", "zh-Hans", "CN", 2300000, "CNY"), ("168w/台", "zh-Hans", "CN", 1680000, "CNY"),
    ("2,35w", "zh-Hans", "CN", 23500, "CNY"), ("16万8", "zh-Hans", "CN", 168000, "CNY"), ("十六万八", "zh-Hans", "CN", 168000, "CNY"),
    ("十六万八千元", "zh-Hans", "CN", 168000, "CNY"), ("￥１２，５００", "ja", "JP", 12500, "JPY"), ("21萬", "zh-Hant", "TW", 210000, "TWD"),
    ("3,500元", "zh-Hant", "TW", 3500, "TWD"), ("NT$ 120萬", "zh-Hant", "TW", 1200000, "TWD"), ("$118,000", "zh-Hant", "TW", 118000, "TWD"),
    ("HK$ 238,000", "zh-Hant", "HK", 238000, "HKD"), ("$238,000", "zh-Hant", "HK", 238000, "HKD"), ("S$38k", "en", "SG", 38000, "SGD"),
    ("450万円（税別）", "ja", "JP", 4500000, "JPY"), ("税込 1,298,000円", "ja", "JP", 1298000, "JPY"), ("現在 265,000円（税0円）", "ja", "JP", 265000, "JPY"),
    ("₩4,500만", "ko", "KR", 45000000, "KRW"), ("4천5백만원", "ko", "KR", 45000000, "KRW"), ("1억 2천만원", "ko", "KR", 120000000, "KRW"),
    ("2 050 000 ₽", "ru", "RU", 2050000, "RUB"), ("2,8 млн ₽", "ru", "RU", 2800000, "RUB"), ("650 т.р.", "ru", "RU", 650000, "RUB"), ("650к", "ru", "RU", 650000, "RUB"),
    ("25.000 € VB", "de", "DE", 25000, "EUR"), ("1.250,00 € + 6,99 € Versand", "de", "DE", 1250, "EUR"), ("CHF 1'850.-", "de", "CH", 1850, "CHF"), ("49.000 €", "de", "CH", 49000, "EUR"),
    ("165 triệu", "vi", "VN", 165000000, "VND"), ("12,5 Mio ₫", "vi", "VN", 12500000, "VND"), ("1 tỷ 250 triệu", "vi", "VN", 1250000000, "VND"), ("210 tr", "vi", "VN", 210000000, "VND"), ("4tr5", "vi", "VN", 4500000, "VND"),
    ("Rp485.000", "id", "ID", 485000, "IDR"), ("Rp 450 jt", "id", "ID", 450000000, "IDR"), ("RM 95,000 nego", "ms", "MY", 95000, "MYR"),
    ("₹1,85,000", "en", "IN", 185000, "INR"), ("Rs 1.85 lakh", "en", "IN", 185000, "INR"), ("₹ 3.2 L", "en", "IN", 320000, "INR"), ("1.2 crore", "en", "IN", 12000000, "INR"),
    ("185 bin TL", "tr", "TR", 185000, "TRY"), ("185.000 TL", "tr", "TR", 185000, "TRY"), ("٨٥٬٠٠٠ د.إ", "ar", "AE", 85000, "AED"),
    ("R$ 18.500,00", "pt", "BR", 18500, "BRL"), ("$ 18.500.000", "es", "CO", 18500000, "COP"), ("$18,500", "es", "MX", 18500, "MXN"), ("R 25 000", "en", "ZA", 25000, "ZAR"),
    ("USD 185k", "en", "US", 185000, "USD"), ("US $9,800.00", "en", "US", 9800, "USD"), ("US $1,299.00 was US $1,499.00", "en", "US", 1299, "USD"), ("Was $9,000 Now $7,500", "en", "US", 7500, "USD"), ("$11,500.00 $10,900.00", "en", "US", 10900, "USD"),
    ("$9,500", "zh-Hans", "CN", 9500, "USD"), ("9500刀", "zh-Hans", "CN", 9500, "USD"), ("$950", "en", "SG", 950, "SGD"), ("98000", "zh-Hant", "TW", 98000, "TWD"), ("1 850,00 zł", "pl", "PL", 1850, "PLN"),
    # Thousands and millions in the words of more languages, and letters run together with the mark.
    ("180 тис. грн", "uk", "UA", 180000, "UAH"), ("28 tys. zł", "pl", "PL", 28000, "PLN"), ("165 tis. Kč", "cs", "CZ", 165000, "CZK"), ("1,2 mil. Kč", "cs", "CZ", 1200000, "CZK"),
    ("3.2 แสนบาท", "th", "TH", 320000, "THB"), ("6.5 หมื่นบาท", "th", "TH", 65000, "THB"), ("1.2 ล้านบาท", "th", "TH", 1200000, "THB"), ("۸۵۰ میلیون تومان", "fa", "IR", 850000000, "IRT"),
    ('28 אלף ש"ח', "he", "IL", 28000, "ILS"), ("2,9 millió Ft", "hu", "HU", 2900000, "HUF"), ("35 de mii lei", "ro", "RO", 35000, "RON"), ("7,5 χιλ. €", "el", "GR", 7500, "EUR"),
    ("75 tkr", "sv", "SE", 75000, "SEK"), ("7,5 k€", "fr", "FR", 7500, "EUR"), ("7,5k€", "fr", "FR", 7500, "EUR"), ("7,5 TEUR", "de", "DE", 7500, "EUR"), ("20 لاکھ روپے", "ur", "PK", 2000000, "PKR"), ("2,9M Ft", "hu", "HU", 2900000, "HUF"), ("七万出头", "zh-Hans", "CN", 70000, "CNY"),
    ("Rp 1,2 M", "id", "ID", 1200000000, "IDR"), ("1 tỷ 2", "vi", "VN", 1200000000, "VND"), ("1 tỷ 2 có fix", "vi", "VN", 1200000000, "VND"), ("12 triệu rưỡi", "vi", "VN", 12500000, "VND"), ("12 triệu 2 card", "vi", "VN", 12000000, "VND"),
    ("2 buçuk milyon TL", "tr", "TR", 2500000, "TRY"), ("साढ़े सात लाख रुपये", "hi", "IN", 750000, "INR"), ("पौने आठ लाख", "hi", "IN", 775000, "INR"), ("साढ़े 7 लाख", "hi", "IN", 750000, "INR"), ("廿八萬", "zh-Hant", "TW", 280000, "TWD"),
    # Letters for zeros, a sum that came down, a model before the sum, a range in words.
    ("$7,5OO", "en", "US", 7500, "USD"), ("$8,000 now $7,200", "en", "US", 7200, "USD"), ("8.000 € jetzt 7.200 €", "de", "DE", 7200, "EUR"), ("RTX 5090 $1.9k", "en", "US", 1900, "USD"), ("1 VB €", "de", "DE", 1, "EUR"),
    ("entre 7 000 et 8 000 €", "fr", "FR", 7000, "EUR"),
    ("1万二周末交易", "zh-Hans", "CN", 12000, "CNY"), ("1万八一张", "zh-Hans", "CN", 18000, "CNY"), ("16万一张", "zh-Hans", "CN", 160000, "CNY"),
    # Three digits behind a sign that parts decimals at home: no card has thousandths of a price.
    ("€45,000", "de", "DE", 45000, "EUR"), ("$1.234", "en", "US", 1234, "USD"), ("12.500 €", "en", "IE", 12500, "EUR"), ("9,800 zł", "pl", "PL", 9800, "PLN"), ("$1.23", "en", "US", "1.23", "USD"),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "lang", "country", "amount", "currency"), FIGURES)
def test_a_displayed_figure(shown: str, lang: str, country: str, amount: Any, currency: str | None) -> None:
    found = price(shown, lang=lang, country=country)
    assert found is not None
    assert (found.amount, found.currency) == (None if amount is None else Decimal(amount), currency)


# What can be read two ways: text, language, country, words of the reason.
AMBIGUOUS = [
    ("KD 45.000", "en", "KW", "two ways"), ("1.234", None, None, "two ways"), ("¥1,250,000", "en", None, "several currencies"),
    # A word that is not known may be a thousand: no stand-in of 90.
    ("90 ming so'm", "uz", "UZ", "no known word"), ("15 min manat", "az", "AZ", "no known word"),
    ("$950", None, None, "several currencies"), ("9500", None, None, "place is not known"), ("9500 kr", "en", None, "several currencies"),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "lang", "country", "words"), AMBIGUOUS)
def test_what_can_be_read_two_ways_is_null_with_the_reason(shown: str, lang: str | None, country: str | None, words: str) -> None:
    found = price(shown, lang=lang, country=country)
    assert found is not None and found.reason is not None and words in found.reason
    assert found.amount is None or found.currency is None


def test_structured_data_settle_what_the_display_leaves_open() -> None:
    assert brief(price("KD 1.250", lang="en", country="KW", price_amount=1250)) == ("asking", Decimal(1250), "KWD", "unit")
    assert brief(price("¥9,500", lang="en", price_amount=9500, price_currency="JPY")) == ("asking", Decimal(9500), "JPY", "unit")
    # A unit that is not understood: what the data say a thousand times over is meant. A small figure that they repeat stays.
    assert brief(price("90 ming so'm", lang="uz", country="UZ", price_amount=90000)) == ("placeholder", Decimal(90000), "UZS", "unit")
    assert brief(price("28 qwz", lang="pl", country="PL", price_amount=28000)) == ("asking", Decimal(28000), "PLN", "unit")
    assert brief(price("28 zł", lang="pl", country="PL", price_amount=28)) == ("placeholder", Decimal(28), "PLN", "unit")
    assert brief(price("$9.99", country="US", price_amount=999)) == ("placeholder", Decimal("9.99"), "USD", "unit")  # data in cents
    assert brief(price(None, country="DE", price_amount=7900)) == ("asking", Decimal(7900), "EUR", "unit")


def test_the_text_may_name_the_currency_of_a_shared_mark() -> None:
    found = price("$9,500", text="9,500 USD, cash in Central", lang="en", country="HK")
    assert found is not None and found.currency == "USD"


# Kind by figure and words: displayed, title, text, language, country, kind; near misses beside the hits.
KINDS = [
    ("¥1", "H100 80G", "", "zh-Hans", "CN", "placeholder"), ("¥88888", "H100", "", "zh-Hans", "CN", "placeholder"), ("￥9,999,999", "H100", "", "ja", "JP", "placeholder"), ("1 ₽", "A100", "", "ru", "RU", "placeholder"), ("$123456", "A100", "", "en", "US", "placeholder"), ("$88", "電競滑鼠墊 內有 H100", "", "zh-Hant", "TW", "placeholder"),
    ("¥8888", "4090", "", "zh-Hans", "CN", "asking"), ("¥8888", "H100", "标价随便写的，价格私聊", "zh-Hans", "CN", "placeholder"), ("¥99998", "H100", "价格私聊", "zh-Hans", "CN", "placeholder"), ("¥28500", "4090 48G", "拍前联系，价格可谈", "zh-Hans", "CN", "asking"),
    ("20 000 ₽", "A100", "цена условная, реальная цена в личке", "ru", "RU", "placeholder"), ("9.000 €", "A100", "Platzhalterpreis, Preis auf Anfrage", "de", "DE", "placeholder"), ("9.000 €", "A100", "kein Spaßpreis, Rechnung dabei", "de", "DE", "asking"), ("$9,000", "A100", "price shown is not real, message me", "en", "US", "placeholder"), ("$9,000", "A100", "the price is not negotiable", "en", "US", "asking"),
    ("現在 1円", "A100 1円スタート", "", "ja", "JP", "asking"), ("1,111,111円", "A100", "", "ja", "JP", "placeholder"),
    ("¥5000", "H800", "标价5000为定金，到货付尾款", "zh-Hans", "CN", "deposit"), ("¥10000", "H800 订金链接", "拍这个是订金一万", "zh-Hans", "CN", "deposit"), ("¥165000", "H100", "可付定金5000锁货", "zh-Hans", "CN", "asking"), ("¥65000", "A100", "标价是全款，不收定金", "zh-Hans", "CN", "asking"),
    ("500 €", "H100", "Preis ist die Anzahlung, Gesamtpreis 24.000", "de", "DE", "deposit"), ("$500", "H100", "$500 deposit holds one, total $23,000", "en", "US", "deposit"), ("$23,000", "H100", "$500 deposit holds one", "en", "US", "asking"), ("5 000 000 đ", "H100", "Giá đăng là tiền cọc", "vi", "VN", "deposit"), ("50 000 ₽", "H100", "указана предоплата, остаток при получении", "ru", "RU", "deposit"), ("2 100 000 ₽", "H100", "работаем без предоплаты, цена окончательная", "ru", "RU", "asking"),
    ("$25,000", "HGX B300 system", "$25,000 holds it, refundable until the ship notice; the rest is due on delivery", "en", "US", "deposit"), ("£750", "RTX PRO 6000 - reserve yours", "£750 now, the remaining £6,900 when it lands", "en", "GB", "deposit"), ("$3,000", "A100 x4 server, down payment", "This is the 20% down; we collect the other 80% before shipping", "en", "US", "deposit"), ("AED 5,000", "H100 - reserve with 5,000 dirham", "Showing price is for booking only, full amount is 86,000", "en", "AE", "deposit"),
    ("$250", "RTX 5090 waitlist spot", "$250 gets you on the list, applied toward the $2,599 price", "en", "US", "deposit"), ("£1,000", "L40S 48GB - £1,000 secures", "Balance of £5,400 on dispatch", "en", "GB", "deposit"), ("$2,500 down", "A100 node, financing", "and 12 payments of $6,900", "en", "US", "deposit"), ("$5,000", "HGX H200, allocation slot", "Price is the slot fee and comes off the final bill", "en", "US", "deposit"), ("$24,000", "H100 PCIe", "50% deposit with order, balance before dispatch", "en", "US", "asking"),
    ("$200,000", "H100 server, deposit accepted", "30% deposit, balance before shipping", "en", "US", "asking"), ("$24,000", "H100 PCIe", "I can hold it until Friday, no reserve", "en", "US", "asking"), ("$24,000", "H100 PCIe", "$500 holds it till Friday", "en", "US", "asking"),
    ("¥10000", "H20 八卡整机 排位 页面金额只是占坑费", "验完再补齐", "zh-Hans", "CN", "deposit"), ("¥10000", "H200 八卡模组", "先付一万锁货", "zh-Hans", "CN", "deposit"), ("HK$500", "RTX 5090", "留貨五百,餘數店取時付", "zh-Hant", "HK", "deposit"), ("¥660000", "H20 八卡整机 可付定金", "定金30%，余款验机付清", "zh-Hans", "CN", "asking"),
    ("100,000円", "H200 NVL 取り置き", "残金は入荷時", "ja", "JP", "deposit"), ("2.000 €", "H100 Reservierung", "Restbetrag bei Übergabe", "de", "DE", "deposit"), ("1,000,000원", "H200 선점 금액", "잔금은 입고 후", "ko", "KR", "deposit"),
    ("50,000円", "A100", "手付金です。残金は95万円。", "ja", "JP", "deposit"), ("950,000円", "A100", "手付金は不要です。", "ja", "JP", "asking"),
    ("10.000 TL", "A100", "Fiyat kaparodur, kalan 280.000 TL teslimde", "tr", "TR", "deposit"), ("280.000 TL", "A100", "Kaparo almıyorum", "tr", "TR", "asking"),
    ("面议", "H20", "", "zh-Hans", "CN", "negotiable"), ("VB", "A100", "", "de", "DE", "negotiable"), ("Договорная", "A100", "", "ru", "RU", "negotiable"), ("Price on request", "H100", "", "en", "AE", "negotiable"), ("Liên hệ", "A100", "", "vi", "VN", "negotiable"), ("가격협의", "A100", "", "ko", "KR", "negotiable"), ("a consultar", "A100", "", "es", "MX", "negotiable"),
    ("¥52000.00-56000.00", "L40S", "", "zh-Hans", "CN", "range"), ("US$ 200-300 / Piece", "T4", "", "en", "CN", "range"), ("$180 - $260", "T4", "", "en", "US", "range"), ("From $9,800.00", "A100", "", "en", "US", "asking"), ("¥500.00起", "T4", "", "zh-Hans", "CN", "asking"), ("2,300,000円～", "A100", "", "ja", "JP", "asking"),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "title", "text", "lang", "country", "kind"), KINDS)
def test_kind(shown: str, title: str, text: str, lang: str, country: str, kind: str) -> None:
    found = price(shown, title, text, lang=lang, country=country)
    assert found is not None and found.kind == kind
    if kind == "negotiable":
        assert (found.amount, found.currency, found.per) == (None, None, "unit")


def test_a_range_keeps_its_lower_end() -> None:
    assert brief(price("16-18万", lang="zh-Hans", country="CN")) == ("range", Decimal(160000), "CNY", "unit")
    assert brief(price("¥56000 - ¥52000", lang="zh-Hans", country="CN")) == ("range", Decimal(52000), "CNY", "unit")
    assert brief(price("1-9片 ¥4350 10-99片 ¥4200 ≥100片 ¥4050", lang="zh-Hans", country="CN")) == ("range", Decimal(4050), "CNY", "unit")


# What a sale is for: displayed, title, text, language, country, per, articles.
LOTS = [
    ("120 000 zł", "A100 80GB", "Zestaw 4 sztuk, cena za komplet", "pl", "PL", "lot", 4),
    ("4,400만원", "A100 80GB", "4장 일괄, 개별 판매 안함", "ko", "KR", "lot", 4), ("1,100만원", "A100 80GB", "4장 보유, 개별 판매 가능", "ko", "KR", "unit", None),
    ("$34,000", "4x A100 80GB", "$34,000 for all four, not splitting", "en", "US", "lot", 4), ("$8,500", "4x A100 80GB", "$8,500 each", "en", "US", "unit", None), ("$34,000", "4x A100 80GB", "($8,500 each if you take all)", "en", "US", "lot", 4), ("$9,800", "5pcs A100 40GB LOT", "Lot of 5 x A100", "en", "US", "lot", 5), ("$88,000", "8x A100 server", "", "en", "US", "unit", None), ("$8,500", "A100 80GB", "thanks a lot, each card tested", "en", "US", "unit", None), ("$8,000", "14x L40S", "", "en", "US", "unit", None),
    ("¥340000", "A100 80G 4张打包", "", "zh-Hans", "CN", "lot", 4), ("¥85000", "A100 80G 4张", "", "zh-Hans", "CN", "unit", None), ("¥85000", "A100 80G 4张", "两张一起17万，单张8.5万", "zh-Hans", "CN", "unit", None), ("¥1080000", "H20 八卡模组 一套8张", "", "zh-Hans", "CN", "unit", None), ("¥180000", "H100 两张一起出", "不拆", "zh-Hans", "CN", "lot", 2),
    ("¥3,000,000", "A100 2枚セット", "", "ja", "JP", "lot", 2), ("¥1,500,000", "A100", "2枚あります、1枚あたりの価格です", "ja", "JP", "unit", None), ("9,000,000원", "RTX 4090 2장 일괄", "", "ko", "KR", "lot", 2), ("4,500,000원", "RTX 4090 2장", "장당 가격", "ko", "KR", "unit", None),
    ("1 200 000 ₽", "A100 2 шт", "цена за обе", "ru", "RU", "lot", 2), ("600 000 ₽", "A100 2 шт", "цена за штуку", "ru", "RU", "unit", None), ("18.000 €", "2x A100", "nur zusammen", "de", "DE", "lot", 2), ("9.000 €", "2x A100", "Preis pro Stück", "de", "DE", "unit", None), ("330 triệu", "Combo 2 card L40S", "giá cả cặp", "vi", "VN", "lot", 2), ("US$ 9,000 / Piece", "A100 lot of 10 min", "", "en", "CN", "unit", None),
    ("£1", "MI210 x2, offers", "Pair of MI210. Dummy figure, tell me what one is worth to you", "en", "GB", "unit", None), ("$30,800", "H200 NVL", "bridge thrown in if you take both", "en", "US", "unit", None), ("€6,900", "L40S - a pair", "the amount above buys you one", "en", "NL", "unit", None), ("$9,800", "A100 x2", "$9,800 takes both", "en", "US", "lot", 2), ("$7,000", "4029GP-TVRT with 8x V100", "for the whole thing", "en", "US", "unit", None),
    ("$4,500", "RTX 6000 Ada x 2", "4500 is for ONE. Take both and I'll knock 300 off", "en", "US", "unit", None), ("$21,500", "H100 PCIe", "Trades: only a pair of RTX PRO 6000 + cash from me", "en", "US", "unit", None), ("$7,400 for the pair ($3,900 single)", "RTX A6000", "", "en", "US", "lot", 2),
    ("RM 12,400", "Inno3D 5090 X3", "", "ms", "MY", "unit", None), ("¥45000", "L40 仨", "三张一起买送导风罩，单买4.5", "zh-Hans", "CN", "unit", None), ("¥8600", "V100 32G 两卡套装", "", "zh-Hans", "CN", "lot", 2),
    ("¥36000", "A100 两张", "价格是一张的，两张一起可刀", "zh-Hans", "CN", "unit", None), ("52,000円", "V100 4枚", "4枚まとめて。ばら売りはしません", "ja", "JP", "lot", 4), ("180万円", "A100 4枚", "ばら売り可", "ja", "JP", "unit", None), ("35万円", "A100 2枚", "1枚35万、2枚なら68万", "ja", "JP", "unit", None),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "title", "text", "lang", "country", "per", "articles"), LOTS)
def test_one_article_or_a_lot(shown: str, title: str, text: str, lang: str, country: str, per: str, articles: int | None) -> None:
    found = price(shown, title, text, lang=lang, country=country)
    assert found is not None and (found.per, found.articles) == (per, articles)


# Rent: displayed, title, text, language, country, per.
RENTS = [
    ("$2.49 / GPU / hr", "H100 SXM", "", "en", "US", "gpu_hour"), ("$0.95/hr", "H100 pods - $0.95/hr per GPU", "", "en", "US", "gpu_hour"), ("$12/hr", "8x H100 node", "", "en", "US", "server_hour"), ("$265/mo", "RTX 4090 - $265/mo per GPU", "", "en", "US", "gpu_month"), ("$27,500 / month", "HGX B200 8-GPU node", "", "en", "US", "server_month"),
    ("$2.10 (first month $1.05)", "H100 per GPU-hour", "", "en", "US", "gpu_hour"),
    ("5800元/卡/月", "A100", "", "zh-Hans", "CN", "gpu_month"), ("2.1元/卡时", "A100", "", "zh-Hans", "CN", "gpu_hour"), ("¥15000/月", "8卡4090服务器出租", "月租1.5w一台", "zh-Hans", "CN", "server_month"), ("9.8万/节点/月", "H100 裸金属", "", "zh-Hans", "CN", "server_month"), ("月額 139,000円", "A100 1枚 月額139,000円", "", "ja", "JP", "gpu_month"), ("月額 2,300,000円～", "GPU専有サーバー H100 8枚", "", "ja", "JP", "server_month"),
    ("月額45,000円", "RTX 4090専有プラン 月額45,000円", "RTX 4090を1枚占有", "ja", "JP", "gpu_month"),
    ("4,000원/시간", "RTX4090 8장 서버", "서버 1대 통째로", "ko", "KR", "server_hour"), ("월 1,250,000원", "A100 1장", "", "ko", "KR", "gpu_month"), ("198 000 ₽/мес", "Сервер 8 x RTX 4090, аренда", "", "ru", "RU", "server_month"), ("75.000đ/giờ/máy", "Thuê máy 8x4090", "", "vi", "VN", "server_hour"), ("0,38 €/h", "4090 Miete", "0,38 € je GPU-Stunde", "de", "DE", "gpu_hour"),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "title", "text", "lang", "country", "per"), RENTS)
def test_rent(shown: str, title: str, text: str, lang: str, country: str, per: str) -> None:
    found = price(shown, title, text, lang=lang, country=country, offer="rental")
    assert found is not None and (found.kind, found.per) == ("asking", per) and found.amount is not None


# Title, text, shown, language, country: what the rent is for is said in the text alone.
PER = [
    ("Alquiler de servidor 8x H100", "por servidor y mes", "14.000 €/mes", "es", "ES", "server_month"), ("Wynajem serwera 8x H100", "za serwer miesięcznie", "60 000 zł/mies.", "pl", "PL", "server_month"),
    ("GPUサーバー時間貸し H100 8基", "1GPUあたり", "350円/時間", "ja", "JP", "gpu_hour"), ("Оренда RTX 4090", "за карту на годину", "18 грн/год", "uk", "UA", "gpu_hour"),
    ("Huur een H100", "per GPU per uur", "€ 2,10/uur", "nl", "NL", "gpu_hour"), ("ให้เช่า RTX 4090", "ต่อการ์ดต่อชั่วโมง", "25 บาท/ชม.", "th", "TH", "gpu_hour"),
    ("RTX 4090 ×8 獨立主機 月租 NT$72,000起", "8×RTX 4090 24GB、雙EPYC", "", "zh-Hant", "TW", "server_month"), ("RTX 4090 ×8 獨立主機 月租 NT$72,000起", "8×RTX 4090 24GB、雙EPYC", "NT$72,000", "zh-Hant", "TW", "server_month"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text", "shown", "lang", "country", "per"), PER)
def test_rent_is_known_and_for_what_in_more_languages(reader: Reader, title: str, text: str, shown: str, lang: str, country: str, per: str) -> None:
    record = dict(site="test", listing_id="1", title=title, description=text, price_text=shown or None, language=lang, country=country)
    reading = reader.read(Listing.from_dict(record), date(2025, 1, 1))
    assert reading.offer == "rental" and reading.price is not None
    assert (reading.price.per, reading.chips[0].count) == (per, 8 if per.startswith("server") else 1)


def test_rent_by_the_day_or_week_fits_no_term() -> None:
    day, week = (price(s, "4090", lang="en", country="US", offer="rental") for s in ("$9/day", "$55 per week"))
    assert day and (day.amount, day.currency, day.per) == (None, "USD", "gpu_hour") and "9 USD" in (day.reason or "")
    assert week and (week.amount, week.per) == (None, "gpu_month") and "week" in (week.reason or "")


def test_the_machine_a_listing_names_decides_where_words_do_not() -> None:
    shared = {"lang": "en", "country": "US", "offer": "rental"}
    alone, machine = (price("$20/hr", "DGX H100", hint=hint, **shared) for hint in (None, 8))  # type: ignore[arg-type]
    assert alone and alone.per == "gpu_hour" and machine and machine.per == "server_hour"


# No price displayed: title, text, language, country, offer, brief of the price.
TOLD: list[tuple[str, str, str, str, str, Any]] = [
    ("FS: A100 80GB PCIe", "Asking $9,200 shipped. Paid 12,400 last year. 300W, 80GB, 2021.", "en", "US", "sale", ("asking", 9200, "USD", "unit")),
    ("[H] RTX PRO 6000 [W] PayPal", "$5,900 shipped CONUS. Price drop from 6400. No trades.", "en", "US", "sale", ("asking", 5900, "USD", "unit")),
    ("4x A100 80GB", "$34,000 for all four, not splitting yet. MSRP was $60k.", "en", "US", "sale", ("asking", 34000, "USD", "lot")),
    ("[出] H100 80G", "购入价23万，现18.5w出，功耗350W，运费50元", "zh-Hans", "CN", "sale", ("asking", 185000, "CNY", "unit")),
    ("Продам A100", "Покупал за 900 000 руб, отдам за 650к", "ru", "RU", "sale", ("asking", 650000, "RUB", "unit")),
    ("Verkaufe RTX 6000 Ada", "NP 7.900 €, VB 5.500 €, Versand 10 €", "de", "DE", "sale", ("asking", 5500, "EUR", "unit")),
    ("H100", "1-9 pcs: $24,000, 10+: $22,000", "en", "US", "sale", ("range", 22000, "USD", "unit")),
    ("WTB H100", "Paying up to $21k per card", "en", "US", "wanted", ("asking", 21000, "USD", "unit")),
    ("A100 出", "私信报价", "zh-Hans", "CN", "sale", ("negotiable", None, None, "unit")),
    ("A100 80GB", "Original price $15,000, selling for $7,800.", "en", "US", "sale", ("asking", 7800, "USD", "unit")),
    ("A100 80GB", "$7,800. Used ones are selling for $9,000 on ebay.", "en", "US", "sale", ("asking", 7800, "USD", "unit")),
    ("RTX 5090 $1.9k", "Barely used.", "en", "US", "sale", ("asking", 1900, "USD", "unit")),
    ("A100 80GB for sale", "300W, 80 GB, bought 2022, call 555 0000", "en", "US", "sale", None),
    ("PSA: fake H100", "they ask $9k each, it is a scam", "en", "US", "other", None),
    # A bare figure, by the words before or behind it; near misses count cards, years, models and what was paid.
    ("[H] A100 40GB [W] PayPal", "Timestamps inside. Asking 3100 shipped, invoice if you need it.", "en", "US", "sale", ("asking", 3100, "USD", "unit")),
    ("[H] RTX 6000 Ada [W] PayPal", "used but works great. 3100 obo need it gone", "en", "US", "sale", ("asking", 3100, "USD", "unit")),
    ("[H] RTX 4090 TUF [W] local cash 1,800", "Barely used.", "en", "US", "sale", ("asking", 1800, "USD", "unit")),
    ("WTS RTX 5090 FE", "MSRP was 1999, i want 2650 for it", "en", "US", "sale", ("asking", 2650, "USD", "unit")),
    ("FS: MI210", "Paid 9k in 2023, asking 4200", "en", "US", "sale", ("asking", 4200, "USD", "unit")),
    ("FS: 4x V100 32GB", "Selling all four together, 2400 takes the lot.", "en", "US", "sale", ("asking", 2400, "USD", "lot")),
    ("FS: A6000 x2", "2,900 each or 5,600 for both, shipped", "en", "US", "sale", ("asking", 2900, "USD", "unit")),
    ("A30 x5", "cards from 2021, shipped with box. 2019 each serial checked", "en", "US", "sale", None),
    ("RTX A6000", "Paid 4500 for it in 2021", "en", "US", "sale", None),
    ("出张3090", "6200包顺丰，自用两年", "zh-Hans", "CN", "sale", ("asking", 6200, "CNY", "unit")),
    ("[V] RTX PRO 6000 Max-Q", "HP: 5.450 inkl. Versand", "de", "DE", "sale", ("asking", 5450, "EUR", "unit")),
    ("[판매] RTX 3090", "950000에 쿨거래 합니다", "ko", "KR", "sale", ("asking", 950000, "KRW", "unit")),
    ("[판매] RTX 3090", "95에 쿨거래 합니다. 2년 썼습니다.", "ko", "KR", "sale", ("asking", 950000, "KRW", "unit")), ("[판매] RTX 3090", "희망가 420 택포", "ko", "KR", "sale", ("asking", 4200000, "KRW", "unit")),
    ("WTS: 3x RTX A5000", "£950 each delivered, or £2,700 for the three", "en", "GB", "sale", ("asking", 950, "GBP", "unit")),
    ("[H] RTX 4090 x3 [W] PayPal", "$1650 ea or 3 for $4700. Shipping on me.", "en", "US", "sale", ("asking", 1650, "USD", "unit")), ("FS: V100 (lot of 8)", "$1100 takes all eight. $160/ea otherwise.", "en", "US", "sale", ("asking", 1100, "USD", "lot")),
    # What an arrow, a strike or 'sold' takes back is no price any more.
    ("FS: RTX 6000 Ada", "Price drop: 5900 -> 5400 shipped", "en", "US", "sale", ("asking", 5400, "USD", "unit")),
    ("FS: H100 PCIe", "~~$24,500~~ $22,900 shipped", "en", "US", "sale", ("asking", 22900, "USD", "unit")),
    ("[H] 3090, A100 40GB [W] PayPal", "A100 40GB - $3,400 shipped\n3090 FTW3 - SOLD for $650", "en", "US", "sale", ("asking", 3400, "USD", "unit")),
    ("FS: two L40S", "$6,100 (SOLD), $5,900 for the other", "en", "US", "sale", ("asking", 5900, "USD", "unit")),
    # In words, as a clause of its own.
    ("[H] A100 80GB [W] PayPal", "You get both. Sixty-eight hundred, insured UPS.", "en", "US", "sale", ("asking", 6800, "USD", "unit")),
    ("4090 SUPRIM 自用", "竹科面交都行。六萬二，學生可小議。", "zh-Hant", "TW", "sale", ("asking", 62000, "TWD", "unit")),
    ("4090 SUPRIM 自用", "跑分三万七千分，很猛。", "zh-Hans", "CN", "sale", None),
    ("出L40S一张", "SN清楚随便查。五万整，坛内担保", "zh-Hans", "CN", "sale", ("asking", 50000, "CNY", "unit")),
    ("[H] MI250X OAM [W] PayPal", "3800 + actual shipping. Number on the lid is legible.", "en", "US", "sale", ("asking", 3800, "USD", "unit")),
    # No word of price anywhere: round figures that end a clause; near misses are parts of names and settings.
    ("Gaming rig 4090", 'Zotac 4090, 64 gigs, white Lian Li. Tower 2650, tower + 34" ultrawide 3000. Smoke free.', "en", "US", "sale", ("range", 2650, "USD", "unit")),
    ("Gaming rig 4090", "Ryzen 5900, DDR4 3600, driver 535, built in 2020. Windows 11.", "en", "US", "sale", None),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text", "lang", "country", "offer", "expected"), TOLD)
def test_the_text_is_asked_only_where_nothing_is_displayed(title: str, text: str, lang: str, country: str, offer: str, expected: Any) -> None:
    if expected is not None:
        expected = (expected[0], None if expected[1] is None else Decimal(expected[1]), *expected[2:])
    assert brief(price(None, title, text, lang=lang, country=country, offer=offer)) == expected


def test_prices_for_several_chips_are_a_range() -> None:
    text = "MI210 PCIe: 4300 shipped\nMax 1550 OAM w/ heatsink: 2600 shipped"
    doc = Document(Listing.from_dict({"site": "x", "listing_id": "1", "title": "MI210, Max 1550", "description": text, "language": "en", "country": "US"}), date(2025, 1, 1))
    one, two = (read_price(doc, offer="sale", config=CONFIG, kinds=kinds) for kinds in (1, 2))
    assert one and (one.kind, one.amount) == ("asking", 4300)
    assert two and (two.kind, two.amount) == ("range", 2600)


def test_a_lot_of_an_unsaid_size_takes_the_number_that_the_text_tells() -> None:
    doc = Document(Listing.from_dict({"site": "x", "listing_id": "1", "title": "A100 40GB", "description": "Sold as one lot, no splitting", "price_text": "$41,000", "country": "US"}), date(2025, 1, 1))
    unsaid, said = (read_price(doc, offer="sale", config=CONFIG, lot=lot) for lot in (None, 16))
    assert unsaid and (unsaid.per, unsaid.articles) == ("unit", None)
    assert said and (said.per, said.articles) == ("lot", 16)


def test_the_place_of_the_figure_is_kept_in_the_raw_text() -> None:
    found = price("即決 １，２８０，０００円", lang="ja", country="JP")
    assert found is not None and found.amount == 1280000
    assert "即決 １，２８０，０００円"[found.start : found.end] == "１，２８０，０００円"


HOSTILE = ["9" * 100_000, "1 " * 50_000, "$" * 100_000, "1万" * 50_000, "一" * 100_000 + "元", "eins " * 20_000 + "euro", "1,000" * 20_000, "4x each lot 定金 " * 7_000, "price for all 2 " * 6_000, "¥" + "1-" * 50_000, "\x00" * 1000, "٨" * 100_000, "。一万一" * 20_000, "~~$5~~ " * 15_000, "5900 -> " * 12_000, "two thousand, " * 8_000, "holds it, 500 " * 7_000]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: repr(t[:12]))
def test_no_text_is_slow_or_fatal(text: str) -> None:
    began = time.process_time()
    for offer in ("sale", "rental"):
        price(text, text[:500], text, lang="zh-Hans", country="CN", offer=offer)
        price(None, text, text, lang="de", country="DE", offer=offer)
    assert time.process_time() - began < 4.0


def test_parts_of_a_currency() -> None:
    home = price("50 cents", lang="en", country="US", offer="other")
    away = price("470 peniques", lang="es", country="ES", offer="other")
    assert home and (home.amount, home.currency) == (Decimal("0.50"), "USD")
    assert away and (away.amount, away.currency) == (Decimal(470), None) and away.reason
