"""Sums of money in any text, in many languages; the words they are found by."""

from __future__ import annotations

import json
import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.loader import Config
from config.tables import ConfigError
from detector.reading.amounts import Amount, find_amounts
from detector.reading.money import money_book
from detector.reading.needles import choices, needles

CONFIG = Config()
BOOK = money_book(CONFIG)
LANGUAGES = {"Japanese": "ja", "German": "de", "Spanish": "es"}
TARGET = 0.85
"""Share of the recorded cases with one result that have to be read, in each language."""


def found(text: str, language: str | None = None, country: str | None = None) -> list[Amount]:
    return find_amounts(text, BOOK, language=language, country=country)


def cases(shared: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((shared / f"data/amounts/currency-{name}.json").read_text(encoding="utf-8-sig"))
    return rows


@pytest.mark.parametrize("name", LANGUAGES)
def test_recorded_amounts(shared: Path, name: str) -> None:
    rows = [r["Results"][0] for r in cases(shared, name) if len(r["Results"]) == 1]
    rows = [r for r in rows if r["Resolution"]["value"] is not None]
    wrong = []
    for row in rows:
        got, resolution = found(row["Text"], LANGUAGES[name]), row["Resolution"]
        value, iso = Decimal(resolution["value"].replace(",", ".")), resolution.get("isoCurrency")
        if len(got) != 1 or got[0].value != value or (iso and got[0].currency != iso):
            wrong.append((row["Text"], got))
    assert len(rows) > 30
    assert 1 - len(wrong) / len(rows) >= TARGET, wrong


@pytest.mark.parametrize("name", LANGUAGES)
def test_nothing_is_found_where_nothing_is(shared: Path, name: str) -> None:
    assert [r["Input"] for r in cases(shared, name) if not r["Results"] and found(r["Input"], LANGUAGES[name])] == []


# Written by us: text, language, value, currency (None where the text alone cannot tell).
SUMS = [
    ("two hundred dollars", "en", 200, None), ("a dollar and 15 cents", "en", "1.15", None), ("1.2 million euros", "en", 1200000, "EUR"), ("twenty-five thousand pounds sterling", "en", 25000, "GBP"), ("50 cents", "en", 50, None),
    ("deux mille cinq cents euros", "fr", 2500, "EUR"), ("1,5 millions d'euros", "fr", 1500000, "EUR"), ("quatre-vingt-dix euros", "fr", 90, "EUR"), ("12 500 €", "fr", 12500, "EUR"), ("30 francs suisses", "fr", 30, "CHF"),
    ("duemila euro", "it", 2000, "EUR"), ("1.250,50 €", "it", "1250.50", "EUR"), ("3 milioni di euro", "it", 3000000, "EUR"), ("mil e quinhentos reais", "pt", 1500, "BRL"), ("R$ 12.000,00", "pt", 12000, "BRL"), ("2 milhões de dólares", "pt", 2000000, None),
    ("tweeduizend euro", "nl", 2000, "EUR"), ("2,5 miljoen euro", "nl", 2500000, "EUR"), ("beş bin TL", "tr", 5000, "TRY"), ("2,5 milyon dolar", "tr", 2500000, "USD"), ("пять тысяч рублей", "ru", 5000, "RUB"), ("1,5 млн руб.", "ru", 1500000, "RUB"), ("12 500 грн", "uk", 12500, "UAH"),
    ("hai triệu đồng", "vi", 2000000, "VND"), ("15 triệu đồng", "vi", 15000000, "VND"), ("dua juta rupiah", "id", 2000000, "IDR"), ("삼백만원", "ko", 3000000, "KRW"), ("3만 5천원", "ko", 35000, "KRW"), ("100달러", "ko", 100, "USD"), ("5000 दो", "hi", None, None), ("5000 रुपये", "hi", 5000, "INR"), ("2 लाख रुपये", "hi", 200000, "INR"),
    ("两万五千元", "zh-Hans", 25000, "CNY"), ("三块五", "zh-Hans", None, None), ("五百美元", "zh-Hans", 500, "USD"), ("1.5亿元", "zh-Hans", 150000000, "CNY"), ("50元6角3分", "zh-Hans", "50.63", "CNY"), ("港币三千元", "zh-Hant", 3000, "HKD"), ("٥٠٠ درهم", "ar", 500, "AED"), ("500 ريال سعودي", "ar", 500, "SAR"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "value", "currency"), SUMS)
def test_a_sum_in_words_and_figures(text: str, language: str, value: Any, currency: str | None) -> None:
    got = [(a.value, a.currency) for a in found(text, language)]
    assert got == ([] if value is None else [(Decimal(str(value)), currency)])


# Figures of a trade that are no sums.
NO_SUMS = [
    ("RTX 4090 24GB", "en"), ("A100 80G 350W", "zh-Hans"), ("900-21010-0000-000", "en"), ("8块H100", "zh-Hans"), ("4张A100", "zh-Hans"), ("tel. 030 000000", "de"), ("try 2 cards", "en"), ("AMD 7900 XTX", "en"), ("2024.05", "zh-Hans"),
    ("30 pounds weight"[:2], "en"), ("3分钟", "zh-Hans"), ("16 pin", "en"), ("r9 290", "en"), ("銭函", "ja"), ("kr", "sv"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language"), NO_SUMS)
def test_figures_that_are_no_sums(text: str, language: str) -> None:
    assert found(text, language) == []


def test_places_are_those_of_the_raw_text() -> None:
    text = "Ｈ１００、価格は ２，５００，０００ 円 です"
    (sum_,) = found(text, "ja")
    assert text[sum_.start : sum_.end] == "２，５００，０００ 円"


SHAPES = {("en", "US", "USD"): (",", ".", "US${}"), ("de", "DE", "EUR"): (".", ",", "{} €"), ("ru", "RU", "RUB"): (" ", ",", "{} ₽"), ("de", "CH", "CHF"): ("'", ".", "CHF {}"), ("pt", "BR", "BRL"): (".", ",", "R$ {}"), ("tr", "TR", "TRY"): (".", ",", "{} TL"), ("zh-Hans", "CN", "CNY"): (",", ".", "¥{}"), ("ms", "MY", "MYR"): (",", ".", "RM{}")}  # fmt: skip


@settings(max_examples=300)
@given(value=st.decimals(0, 10**10, places=2), shape=st.sampled_from(sorted(SHAPES)), words=st.sampled_from(["{}", "Preis {} !", "now {}, ok", "出 {} 一张"]))
def test_a_sum_formatted_in_a_country_is_read_back(value: Decimal, shape: tuple[str, str, str], words: str) -> None:
    language, country, currency = shape
    group, decimal, pattern = SHAPES[shape]
    figure = f"{value:,.2f}".translate(str.maketrans({",": group, ".": decimal}))
    got = found(words.format(pattern.format(figure)), language, country)
    assert [(a.value, a.currency) for a in got] == [(value, currency)]


WHOLE = {("ja", "JP", "JPY"): (",", "{}円"), ("ko", "KR", "KRW"): (",", "{}원"), ("vi", "VN", "VND"): (".", "{} ₫"), ("id", "ID", "IDR"): (".", "Rp{}")}  # fmt: skip


@given(value=st.integers(0, 10**11), shape=st.sampled_from(sorted(WHOLE)))
def test_a_whole_sum_is_read_back(value: int, shape: tuple[str, str, str]) -> None:
    group, pattern = WHOLE[shape]
    got = found(pattern.format(f"{value:,}".replace(",", group)), *shape[:2])
    assert [(a.value, a.currency) for a in got] == [(value, shape[2])]


@given(value=st.integers(1, 9999), unit=st.sampled_from([("万", 10**4, "元", "zh-Hans"), ("億", 10**8, "円", "ja"), ("만", 10**4, "원", "ko"), (" млн", 10**6, " ₽", "ru"), (" triệu", 10**6, " đ", "vi"), (" lakh", 10**5, " INR", "en")]))  # fmt: skip
def test_a_multiplied_sum_is_read_back(value: int, unit: tuple[str, int, str, str]) -> None:
    word, times, mark, language = unit
    assert [a.value for a in found(f"{value}{word}{mark}", language)] == [value * times]


@given(st.text(max_size=200), st.sampled_from([None, "zh-Hans", "de", "ja", "ar", "vi"]))
def test_any_text_is_survived_and_places_hold(text: str, language: str | None) -> None:
    for amount in found(text, language):
        assert 0 <= amount.start < amount.end <= len(text)
        assert amount.value is None or amount.value.is_finite()


def test_strings_that_break_software(shared: Path) -> None:
    for text in json.loads((shared / "data/hostile/blns.json").read_text(encoding="utf-8")):
        for language in (None, "zh-Hans", "de"):
            found(text, language)


def test_a_long_text_takes_bounded_time() -> None:
    began = time.process_time()
    for text in ("12 dollar " * 10_000, "5元" * 30_000, "ein" * 30_000 + " euro", "1万2 " * 25_000, "$" * 100_000):
        found(text, "de")
        found(text, "zh-Hans")
    assert time.process_time() - began < 5.0


# -- the words themselves -------------------------------------------------------------------------------------------


def test_every_mark_finds_its_own_row() -> None:
    """Each unambiguous mark beside a figure gives its currency; a mark swallowed by another row is a fault of the file."""
    lost = []
    for row in CONFIG.money.currency:
        for mark in (*row.marks, *row.after):
            texts = [f"5000 {mark}", f"5000{mark}"] if mark in row.after else [f"5000 {mark}", f"{mark} 5000", f"{mark}5000"]
            if not any([a.currency for a in found(text)] == [row.id] for text in texts):
                lost.append((row.id, mark))
    assert lost == []


def test_no_country_has_two_currencies() -> None:
    homes = [country for row in CONFIG.money.currency for country in row.countries]
    assert len(homes) == len(set(homes))


@given(st.sampled_from([c for row in CONFIG.money.phrase for p in row.patterns for c in choices(p) if "{" not in c]), st.data())
def test_a_match_always_holds_a_needle(pattern: str, data: st.DataObject) -> None:
    """The gate before the patterns never hides a match."""
    text = data.draw(st.from_regex(re.compile(pattern)))
    needed = needles(pattern)
    assert not needed or any(needle in text for needle in needed)


def test_a_joined_letter_before_no_currency_is_told_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "config" / "money").mkdir(parents=True)
    (tmp_path / "config" / "money" / "own.toml").write_text('joined = [{ id = "k", value = 1000, marks = ["qq"], why = "a slip" }]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"joined\.k: .qq. is no mark"):
        money_book(Config(tmp_path))
