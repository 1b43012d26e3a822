"""Names said aloud: made-up rows by language and trick, an everyday phrase or a longer word beside each."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from config.loader import Config
from config.schema.catalogue import Spoken
from detector.reading.chips import Finder
from detector.reading.document import Document
from detector.reading.read import Reader
from detector.reading.search_words import search_words, without_search_words
from detector.reading.text import fold
from storage.listing import Listing


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(Config().catalogue)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def named(finder: Finder, text: str) -> list[tuple[str | None, bool]]:
    return [(mention.base, mention.strong) for mention in finder.find("title", fold(text))]


STRONG = [
    # English
    ("H one-oh-oh", "nvidia-h100"), ("h1zero0 80GB", "nvidia-h100"), ("H two zero zero", "nvidia-h200"), ("haitch eight hundred", "nvidia-h800"), ("Forty-ninety FE", "nvidia-rtx-4090"),
    ("forty ninety D", "nvidia-rtx-4090-d"), ("l forty s", "nvidia-l40s"), ("el forty ess", "nvidia-l40s"), ("MI three hundred X", "amd-mi300x"), ("MI three twenty-five x", "amd-mi325x"),
    ("RTX six thousand Ada", "nvidia-rtx-6000-ada"), ("RTX Pro six thousand", "nvidia-rtx-pro-6000"),
    # Chinese
    ("H壹零零", "nvidia-h100"), ("H 2 百", "nvidia-h200"), ("H两佰", "nvidia-h200"), ("H幺洞洞", "nvidia-h100"), ("一百的H卡", "nvidia-h100"), ("H卡 一百的", "nvidia-h100"), ("H字头的两百", "nvidia-h200"),
    ("H开头的那张100", "nvidia-h100"), ("爱趣100", "nvidia-h100"), ("ヨンマルキューマル", "nvidia-rtx-4090"), ("четыре тысячи девяносто", "nvidia-rtx-4090"),
    ("A打头的八百", "nvidia-a800"), ("爱吃一百", "nvidia-h100"), ("四零90", "nvidia-rtx-4090"), ("五零90", "nvidia-rtx-5090"), ("40九零", "nvidia-rtx-4090"), ("四〇90", "nvidia-rtx-4090"), ("四零九零万图师", "nvidia-rtx-4090"),
    ("四零九零D", "nvidia-rtx-4090-d"), ("L四十S", "nvidia-l40s"), ("L四零S", "nvidia-l40s"), ("六千Ada", "nvidia-rtx-6000-ada"), ("6千Ada", "nvidia-rtx-6000-ada"), ("MI三百二十五X", "amd-mi325x"), ("mi二百五x", "amd-mi250x"),
    # Japanese, Korean
    ("エムアイサンビャクエックス", "amd-mi300x"), ("エル四十エス", "nvidia-l40s"), ("えいちいちまるまる", "nvidia-h100"), ("엘사십에스", "nvidia-l40s"), ("그래픽카드사공구공", "nvidia-rtx-4090"), ("엔비디아에이백 80기가", "nvidia-a100"),
    # Russian, with a letter that looks Latin and one that is
    ("Н двести", "nvidia-h200"), ("H двести", "nvidia-h200"), ("ash двести", "nvidia-h200"), ("ХА СТО", "nvidia-h100"), ("шесть тысяч Ада", "nvidia-rtx-6000-ada"), ("эл сорок эс", "nvidia-l40s"),
    # others
    ("H-Zweihundert", "nvidia-h200"), ("H dois zero zero", "nvidia-h200"), ("H dos cero cero", "nvidia-h200"), ("H hai trăm", "nvidia-h200"), ("H dua ratus", "nvidia-h200"), ("H iki yüz", "nvidia-h200"), ("اتش ميتين", "nvidia-h200"),
]  # fmt: skip

WEAK = [
    ("A-one-hundred", "nvidia-a100"), ("A one hundred 80gb pcie", "nvidia-a100"), ("nvidia a one hundred", "nvidia-a100"), ("а сто 80гб", "nvidia-a100"), ("A einhundert 80GB", "nvidia-a100"), ("B two hundred", "nvidia-b200"),
    ("艾100 四张", "nvidia-a100"), ("阿一百 80g", "nvidia-a100"), ("Hopper 80 gig", "nvidia-h100"), ("80GB Hopper", "nvidia-h100"), ("安培大卡 80G", "nvidia-a100"), ("Blackwell SXM6 192GB", "nvidia-b200"),
    ("H二十", "nvidia-h20"), ("L forty", "nvidia-l40"), ("A四十", "nvidia-a40"), ("pro六千", "nvidia-rtx-pro-6000"),
]  # fmt: skip

NONE = [
    # everyday phrases: articles, prepositions, prices
    "a one hundred dollar bill", "a one-hundred page manual", "a hundred 80gb cards", "plan a one hundred", "а сто рублей", "а сто человек", "в двести раз", "ей сто лет", "5 Stück à hundert", "a cien", "في 100", "ال 20", "اي 100 قطعة",
    "H一百块", "H卡一百块", "A卡 一百的", "一百的A卡", "H两百元", "аш сто тысяч", "H one hundred percent",
    # parts of longer words and numbers
    "X-ACTO knife", "ACTO DE", "HCTO", "A百度", "A百货", "H百年", "H一百万", "가성비 100% 그래픽카드", "에이백화점", "عربي 100", "ノエル40", "watch one hundred", "four hundred", "ash 100", "XA100",
]  # fmt: skip


@pytest.mark.parametrize(("text", "base"), STRONG, ids=[row[0] for row in STRONG])
def test_a_name_said_aloud(finder: Finder, text: str, base: str) -> None:
    assert named(finder, text) == [(base, True)]


@pytest.mark.parametrize(("text", "base"), WEAK, ids=[row[0] for row in WEAK])
def test_a_short_one_needs_hardware_around_it(finder: Finder, text: str, base: str) -> None:
    assert named(finder, text) == [(base, False)]


@pytest.mark.parametrize("text", NONE)
def test_everyday_phrases_and_longer_words(finder: Finder, text: str) -> None:
    assert named(finder, text) == []


@pytest.mark.parametrize(
    ("title", "chips"),
    [
        ("Hopper 80 gig PCIe compute card, Nvidia", ["nvidia-h100-pcie-80gb"]), ("H800 SXM5, Hopper 80GB GPU", ["nvidia-h800"]), ("RTX A6000, Ampere 48GB", ["nvidia-rtx-a6000"]),
        ("Fish feeder with hopper 80g", []), ("Ampere 40g current probe", []),
    ],
)  # fmt: skip
def test_architecture_and_memory_tell_a_chip_where_none_is_named(reader: Reader, title: str, chips: list[str]) -> None:
    record = dict(site="rows", listing_id="1", title=title, description="Used.", price_text="$15,000" if chips else "$15", country="US")
    assert [one.chip for one in reader.read(Listing.from_dict(record), date(2025, 6, 1)).chips] == chips


@pytest.mark.parametrize(("title", "price", "chips"), [("A-one-hundred, SXM4 module, GPU", "$9,000", ["nvidia-a100"]), ("A-one-hundred reasons to read, paperback", "$9", [])])
def test_hardware_words_decide_on_a_weak_one(reader: Reader, title: str, price: str, chips: list[str]) -> None:
    record = dict(site="rows", listing_id="1", title=title, description="Used.", price_text=price, country="US")
    assert [one.chip for one in reader.read(Listing.from_dict(record), date(2025, 6, 1)).chips] == chips


def test_the_gate_of_bytes_looks_for_each_way_of_writing(finder: Finder) -> None:
    """Н двести in Cyrillic and H двести in Latin letters are one name to the reader, and two to who reads bytes."""
    written = {name.plain for name in finder.catalogued()}
    assert {"ндвести", "hдвести"} <= written


ROW = {
    "id": "xx", "why": "made up", "letters": {"h": ["h"]}, "digits": ["o i ii iii iv v vi vii viii ix"], "hundred": ["c"], "thousand": ["m"], "tens": {"40": ["xl", "forty"], "90": ["xc"]},
}  # fmt: skip

NUMBERS = [
    ("200", ["ii c", "ii o o"], ["2 c", "ii c"]), ("40", ["xl", "iv o"], ["xl", "xl", "forty"]), ("4090", ["xl xc", "iv o ix o"], ["40 xc"]), ("6000", ["vi m"], ["6 m", "vi m"]),
    ("341", ["iii c xl i", "iii xl i", "iii iv i"], ["3 c xl i", "iii c xl i", "3 xl i", "iii xl i"]), ("77", ["vii vii"], []),
]  # fmt: skip


@pytest.mark.parametrize(("number", "usual", "odd"), NUMBERS, ids=[row[0] for row in NUMBERS])
def test_a_number_is_put_together(number: str, usual: list[str], odd: list[str]) -> None:
    row = Spoken.model_validate(ROW)
    assert (list(row.usual(number)), list(row.odd(number))) == (usual, odd)


def test_words_and_figures_mix_where_a_language_does_so() -> None:
    row = Spoken.model_validate({**ROW, "mixed": True, "joined": True})
    assert {"xlxc", "ivo90", "40ixo", "4o9o"} <= {*row.usual("4090"), *row.odd("4090")}
    assert "ivo90" not in Spoken.model_validate({**ROW, "joined": True}).odd("4090")


def test_a_way_of_counting_has_ten_words() -> None:
    with pytest.raises(ValidationError, match="ten words"):
        Spoken.model_validate({**ROW, "digits": ["zero one two"]})


# Labels that end in a bracket stand in for those that end in a colon (test_search_words.py); a bracket in a sentence does not.
LABELS = ["検索用）A100 H100 V100", "検索用)A100 H100", "(検索用) A100 H100", "【検索用】A100 H100", "検索词：A100 H100", "检索词：A100 H100", "for search: A100 H100", "(for search) A100 H100", "검색용) A100 H100"]
SENTENCES = ["Price (tag) and invoice are there, serial is readable", "Serial (searchable) on the maker's site", "検索用に色々書いてますが、出品は3090です（動作確認済み）", "(検索避け) 型番は写真で", "for search reasons the title is short (sorry)"]


@pytest.mark.parametrize(("text", "kept"), [(text, "") for text in LABELS] + [(text, text) for text in SENTENCES], ids=[*LABELS, *SENTENCES])
def test_a_label_of_search_words_may_end_in_a_bracket(text: str, kept: str) -> None:
    doc = Document(Listing("s", "1", "t", description=f"Works.\n{text}"), date(2025, 6, 1))
    left = without_search_words(doc, search_words(Config().offers)).listing.description or ""
    assert left.removeprefix("Works.\n").strip("( 【") == kept.strip("( 【")
