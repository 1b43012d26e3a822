"""The parts of the generic extraction, each by a table: figures, marks, numbers, broken JSON, availability, scoring."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crawler.extraction import availability, evaluate, identifiers, jsonld, prices, words
from crawler.extraction.prices import Place

WORDS = words.shipped()

SHOWN = [
    # (text, country, amount, currency); written in the manner of shops of each country
    ("€ 1.599,00", "IT", "1599.00", "EUR"),
    ("1 599,00 €", "FR", "1599.00", "EUR"),
    ("1\u00a0599,00\u00a0€", "FI", "1599.00", "EUR"),
    ("1'599.50 CHF", "CH", "1599.50", "CHF"),
    ("SFr. 19.–", "CH", "19", "CHF"),
    ("119,- €", "DE", "119", "EUR"),
    ("£1,234.56", "GB", "1234.56", "GBP"),
    ("$1,299", "CA", "1299", "CAD"),
    ("$1,299", "US", "1299", "USD"),
    ("US $12.44 / Piece", "CN", "12.44", "USD"),
    ("R$ 1.759,99", "BR", "1759.99", "BRL"),
    ("₹ 21,50,000", "IN", "2150000", "INR"),
    ("Rs 23,450", "PK", "23450", "PKR"),
    ("$23.450", "CL", "23450", "CLP"),
    ("30,000원~", "KR", "30000", "KRW"),
    ("¥18.5万", "CN", "185000", "CNY"),
    ("¥185,000", "JP", "185000", "JPY"),
    ("99 ر.س", "SA", "99", "SAR"),
    ("3 990 000 ₽", "RU", "3990000", "RUB"),
    ("0.999 €", "DE", "0.999", "EUR"),
    ("12.500 KWD", "KW", "12.500", "KWD"),
    ("RM12,000.50", "MY", "12000.50", "MYR"),
    ("￥９，０００", "JP", "9000", "JPY"),
    ("1 299€99", "FR", "1299.99", "EUR"),
    ("1 299:-", "SE", "1299", "SEK"),
    ("1'299.-", "CH", "1299", "CHF"),
    ("129,-", "NL", "129", "EUR"),
    ("3 990 000 Ft", "HU", "3990000", "HUF"),
    ("R 129 990.00", "ZA", "129990.00", "ZAR"),
    ("R129,990", "ZA", "129990", "ZAR"),
    ("P129,990.00", "PH", "129990.00", "PHP"),
    ("129.990,50 din", "RS", "129990.50", "RSD"),
    ("Q12,990.00", "GT", "12990.00", "GTQ"),
    ("12 990 DA", "DZ", "12990", "DZD"),
    ("KD 1,299.500", "KW", "1299.500", "KWD"),
]
SCALED = [
    # (text, language, amount); the word of scale stays in the shown text
    ("18.5万元", "zh-CN", "185000"), ("¥18.5万起", "zh-CN", "185000"), ("¥18.5w", "zh-CN", "185000"), ("¥1w2", "zh-CN", "12000"), ("NT$ 42萬", "zh-TW", "420000"),
    ("498万円", "ja", "4980000"), ("49万8千円", "ja", "498000"), ("49万8000円", "ja", "498000"), ("5百万円", "ja", "5000000"),
    ("1,890만원", "ko", "18900000"), ("1890만 원", "ko", "18900000"), ("1억2천만원", "ko", "120000000"),
    ("385 triệu đồng", "vi", "385000000"), ("₫4tr5", "vi", "4500000"), ("12 triệu rưỡi đồng", "vi", "12500000"), ("15 bin TL", "tr", "15000"), ("3.2 แสนบาท", "th", "320000"),
    ("1,2 Mio. €", "de", "1200000"), ("7,5 k€", "fr", "7500"), ("28 kPLN", "pl", "28000"), ("28 tys. zł", "pl", "28000"), ("75 tkr", "sv", "75000"), ("950 тыс. руб.", "ru", "950000"),
    ("$14k", "en", "14000"), ("$14.5K", "en", "14500"), ("₹ 11.5 Lakh", "en-IN", "1150000"), ("₹1.2 Cr", "en-IN", "12000000"), ("₹ 11.5 लाख", "hi", "1150000"),
    ("Rp 35,5 juta", "id", "35500000"), ("R$ 84 mil", "pt-BR", "84000"), ("$189 mil", "es-MX", "189000"), ("$189 mil", "en", "189000000"),
]  # fmt: skip
NOT_SCALED = [
    ("$300 K80 24GB", "en", "300"), ("$500 M.2 SSD", "en", "500"), ("14 kg $90", "en", "90"), ("¥5000 千兆网卡", "zh", "5000"), ("₹50,000 L40S", "en-IN", "50000"),
    ("$40 Mil-Spec case", "en", "40"), ("€ 20 m Kabel", "de", "20"), ("350W $90", "en", "90"),
]  # fmt: skip
BY_AN_UNKNOWN_FACTOR = [("$189 mil", "fr"), ("$189 mil", None), ("€ 15 bin", "de"), ("$14 k", "en"), ("¥49万85万", "zh")]
NOT_PRICES = ["NVIDIA A100 80GB", "H100", "only 5 left", "2021-11-03", "4.2 / 5", "+44 20 7946 0000", "PCIe 4.0 x16"]


@pytest.mark.parametrize(("text", "language", "amount"), SCALED, ids=[row[0] for row in SCALED])
def test_a_word_of_scale_multiplies_the_figure(text: str, language: str, amount: str) -> None:
    found = WORDS.prices.find(text, Place(None, language))
    assert [(price.amount, price.text) for price in found] == [(Decimal(amount), text.removesuffix("起"))]


@pytest.mark.parametrize(("text", "language", "amount"), NOT_SCALED, ids=[row[0] for row in NOT_SCALED])
def test_what_is_no_word_of_scale_multiplies_nothing(text: str, language: str, amount: str) -> None:
    assert [price.amount for price in WORDS.prices.find(text, Place(None, language))] == [Decimal(amount)]


def test_words_of_scale_without_end_are_read_in_bounded_time() -> None:
    for text in ("¥1" + "万" * 50_000, "¥" + "1万" * 50_000, "$" + "1k" * 50_000):
        WORDS.prices.find(text, Place(None, "zh"))


@pytest.mark.parametrize(("text", "language"), BY_AN_UNKNOWN_FACTOR)
def test_a_figure_times_an_unknown_factor_is_no_price(text: str, language: str | None) -> None:
    assert WORDS.prices.find(text, Place(None, language)) == []


@pytest.mark.parametrize(("text", "country", "amount", "currency"), SHOWN, ids=[row[0] for row in SHOWN])
def test_shown_price(text: str, country: str, amount: str, currency: str) -> None:
    place = Place(country)
    found = WORDS.prices.of(place).find(text, place)
    assert [(price.amount, price.currency) for price in found] == [(Decimal(amount), currency)]


@pytest.mark.parametrize(
    ("text", "country"), [("3 ft", "US"), ("R 12", "US"), ("6 DA", "FR"), ("129,-", None), ("12 R", "ZA"), ("H100-80", "ZA"), ("Q 4", "DE")]
)
def test_a_countrys_own_mark_is_none_elsewhere(text: str, country: str | None) -> None:
    place = Place(country)
    assert WORDS.prices.of(place).find(text, place) == []


@pytest.mark.parametrize("text", NOT_PRICES)
def test_figures_without_a_mark_are_no_price(text: str) -> None:
    assert WORDS.prices.find(text, Place("US")) == []


def test_a_sign_belongs_to_the_figure_behind_it() -> None:
    found = WORDS.prices.find("NVIDIA A100 $9,999", Place("US"))
    assert [price.amount for price in found] == [Decimal(9999)]


@pytest.mark.parametrize(
    ("text", "currency", "country", "read"),
    [("$9,000", "AUD", "US", "AUD"), ("US $9,000", "AUD", "AU", "USD"), ("9.000 €", "AUD", "AU", "EUR"), ("¥9000", "CNY", "JP", "CNY"), ("$9,000", "EUR", "US", "USD")],
)  # fmt: skip
def test_a_shared_sign_means_what_the_site_file_says(text: str, currency: str, country: str, read: str) -> None:
    assert [price.currency for price in WORDS.prices.find(text, Place(country, "en-US", currency))] == [read]


def test_a_shared_sign_without_a_place_has_no_currency() -> None:
    assert WORDS.prices.find("kr 500", Place())[0].currency is None


MARKED = [("23450", "23450"), ("13.4", "13.4"), ("1599.00", "1599.00"), ("44,99", "44.99"), ("1.759,99", "1759.99"), ("30,000원~", "30000"), ("€ 12", "12"), ("", None), ("call us", None)]


@pytest.mark.parametrize(("value", "amount"), MARKED)
def test_marked_price(value: str, amount: str | None) -> None:
    assert prices.machine(value) == (None if amount is None else Decimal(amount))


FIGURES = [("1.234.567,89", "1234567.89"), ("1,234,567", "1234567"), ("1.2.3", None), ("12,34,56", None), ("1.234", "1234"), ("0,5", "0.5"), ("9" * 20, None)]


@pytest.mark.parametrize(("text", "amount"), FIGURES)
def test_figure(text: str, amount: str | None) -> None:
    assert prices.figure(text) == (None if amount is None else Decimal(amount))


GTINS = [("4006381333931", "4006381333931"), ("4006381333932", None), ("036000291452", "036000291452"), ("73513537", "73513537"), ("400-6381 333931", "4006381333931"), ("0000000000000", None), ("12345", None), ("", None)]


@pytest.mark.parametrize(("value", "digits"), GTINS)
def test_gtin_needs_its_check_digit(value: str, digits: str | None) -> None:
    assert identifiers.gtin(value) == digits


ADDRESSES = [
    ("https://shop.test/item/114532738197", "114532738197"),
    ("https://shop.test/some-thing/dp/B0AB12CD34", "B0AB12CD34"),
    ("https://shop.test/deal/some-thing_40012345.html", "40012345"),
    ("https://shop.test/item/93133869_a-lamp", "93133869"),
    ("https://shop.test/P-7142014-cover.htm", "7142014"),
    ("https://shop.test/chair.html?sku=AB-99&utm=x", "AB-99"),
    ("https://shop.test/lamp/p4781720", "4781720"),
    ("https://shop.test/news/2021", None),
    ("https://shop.test/a-lamp-without-a-number", None),
    ("http://[broken", None),
    (None, None),
]


@pytest.mark.parametrize(("url", "number"), ADDRESSES)
def test_number_in_address(url: str | None, number: str | None) -> None:
    assert identifiers.in_address(url) == number


BROKEN: list[tuple[str, Any]] = [
    ('{"a": 1,}', {"a": 1}),
    ('{"a": [1, 2,],}', {"a": [1, 2]}),
    ('/* start */ {"a": 1};', {"a": 1}),
    ('<!-- {"a": 1} -->', {"a": 1}),
    ('//<![CDATA[\n{"a": 1}\n//]]>', {"a": 1}),
    ('{"a": "line\nbreak"}', {"a": "line break"}),
    ('{"a": 1 "b": 2}', None),
    ('{"a": "x" "b": 2}', {"a": "x", "b": 2}),
    ('{"a": {"b": 1}', {"a": {"b": 1}}),
    ('{"a": 1}}', {"a": 1}),
    ('{"a": 1}{"b": 2}', [{"a": 1}, {"b": 2}]),
    ("{&quot;a&quot;: 1}", {"a": 1}),
    (r'{"a": "C:\pics"}', {"a": r"C:\pics"}),
    ('{"a": "rack 19" wide", "b": 2}', {"a": 'rack 19" wide', "b": 2}),
    ('{"a": "for 19", 24" racks", "b": ["8" x 2", "c"]}', {"a": 'for 19", 24" racks', "b": ['8" x 2', "c"]}),
    ('{"a": "19"", "b": "24""}', {"a": '19"', "b": '24"'}),
    (r'{"a": "it\'s \x C:\\y \u00zz \"so\" \u00e9"}', {"a": "it's \\x C:\\y \\u00zz \"so\" é"}),
    ('{"a": , "b": }', {"a": None, "b": None}),
    ('{"a": undefined, "b": [NaN, None, True], "c": -Infinity, "d": "NaN, True"}', {"a": None, "b": [None, None, True], "c": None, "d": "NaN, True"}),
    ('{"a": 00123, "b": 0, "c": 0.5, "d": -1}', {"a": "00123", "b": 0, "c": 0.5, "d": -1}),
    ('\ufeff{"a": 1}', {"a": 1}),
    ('{"a": "19" rack", "b": {"c": 1', {"a": '19" rack', "b": {"c": 1}}),
    ('{"price": 9999,00, "a": 1}', None),
    ("not json at all", None),
    ("{{ product | json }}", None),
]


@pytest.mark.parametrize(("script", "value"), BROKEN, ids=[row[0] for row in BROKEN])
def test_broken_json_is_mended_or_given_up(script: str, value: Any) -> None:
    assert jsonld.load(script) == value


AVAILABILITY = [
    ("http://schema.org/InStock", "InStock"), ("https://schema.org/OutOfStock", "OutOfStock"), ("schema.org/InStock", "InStock"),
    ("in stock", "InStock"), ("out_of_stock", "OutOfStock"), ("PreOrder", "PreOrder"), ("true", "InStock"), ("false", "OutOfStock"),
    ("https://schema.org/LimitedAvailability", "InStock"), ("on request", None), ("", None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "name"), AVAILABILITY)
def test_availability_value(value: str, name: str | None) -> None:
    assert availability.bare(value, WORDS) == name


def test_scoring_counts_a_wrong_value_twice() -> None:
    truth: dict[str, dict[str, list[str]]] = {"a": {"price": ["10.0"]}, "b": {"price": ["5"]}, "c": {}, "d": {"price": ["7"]}}
    said = {"a": {"price": "10"}, "b": {"price": "6"}, "c": {"price": "1"}, "d": {}}
    total = evaluate.score("price", truth, said, truth)
    assert (total.right, total.wrong, total.missed) == (1, 2, 2)
    assert total.f1 == pytest.approx(2 / 6)


def test_the_untouched_third_is_fixed() -> None:
    pages = [f"page-{number}" for number in range(3000)]
    kept = [page for page in pages if evaluate.untouched(page)]
    assert 900 < len(kept) < 1100
    assert [page for page in pages[:12] if page in kept] == ["page-3", "page-4", "page-6", "page-11"]


def test_a_truth_that_took_thousands_for_decimals_is_told_apart_and_stays_wrong() -> None:
    truth = {"a": {"price": ["3.340"]}, "b": {"price": ["5.00"]}}
    said = {"a": {"price": "3340"}, "b": {"price": "5.00"}}
    assert evaluate.score("price", truth, said, truth).f1 == 0.5
    assert evaluate._thousandths(truth, said, list(truth))[0].endswith("without these 1.000")
    assert evaluate._thousandths(truth, said, ["b"]) == []
