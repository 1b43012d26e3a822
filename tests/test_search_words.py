"""What a seller writes for the search alone is not read."""

from __future__ import annotations

from datetime import date

import pytest

from config.loader import Config
from detector.reading.document import Document
from detector.reading.read import Reader
from detector.reading.search_words import search_words, without_search_words
from storage.listing import Listing

WORDS = search_words(Config().offers)


def blanked(description: str) -> str:
    doc = Document(Listing("s", "1", "t", description=description), date(2025, 6, 1))
    return without_search_words(doc, WORDS).listing.description or ""


@pytest.mark.parametrize(
    ("kept", "tail"),
    [
        ("Works well.\n", "tags: A100 H100 no serial"), ("Invoice in the tube. ", "Search words: H800 without label"), ("좋아요 \n", "검색용: 시리얼제거 무자료"),
        ("正常使用 ", "#V100 #本地大模型 #平替A100"), ("الفاتورة موجودة.\n", "كلمات للبحث فقط: A100 بدون فاتورة"), ("Funciona. ", "Palabras clave: sin serie, A100"),
    ],
)  # fmt: skip
def test_words_for_the_search_are_blanked_in_their_place(kept: str, tail: str) -> None:
    assert blanked(kept + tail).rstrip() == kept.rstrip()
    assert len(blanked(kept + tail)) == len(kept + tail)


@pytest.mark.parametrize("text", ["No asset tags on it: serial is readable.", "Price tag: gone. Card is #1 of 2", "The tag reads 1234", "标签完好：序列号可查", "标签：完好无损", "Etiquetas: intactas"])
def test_other_words_stay(text: str) -> None:
    assert blanked(text) == text


def test_a_line_after_the_tags_is_read() -> None:
    text = "tags: A100 H100 bulk\nThe serial has been ground off."
    reading = Reader(Config()).read(Listing("s", "1", "NVIDIA L40S 48GB", description=text, price_text="$5,000"), date(2025, 6, 1))
    assert {signal.signal for signal in reading.signals} == {"serial_removed"}
    assert [text[s.start : s.end] for s in reading.signals] == [s.text for s in reading.signals]
