"""Pages that mean harm or are merely broken: each ends soon, with an answer, and never with a made-up price."""

from __future__ import annotations

import random
import time
import tracemalloc
from decimal import Decimal

import pytest

from crawler.extraction import json_text
from crawler.extraction.extract import extract_page
from storage.listing import ListingError

HEAD = b'<html><head><title>Card A 100</title></head><body><h1>Card A 100</h1><span class="price">$100.00</span>'
SECONDS = 10.0
"""CPU time that any page may take: fifty times what the worst takes on a quiet machine is still no stall."""


def script(body: bytes, kind: bytes = b"application/ld+json") -> bytes:
    return HEAD + b'<script type="' + kind + b'">' + body + b"</script>"


HOSTILE = {
    "elements nested a million deep": b"<div>" * 1_000_000,
    "JSON-LD nested 100,000 deep": script(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "JSON-LD lists nested, never closed": script(b"[" * 100_000),
    "JSON-LD broken at great length": script(b'{"a": "b"     ' * 20_000),
    "JSON-LD of blanks": script(b"{" + b" " * 290_000 + b"}}"),
    "JSON-LD of comment beginnings": script(b"{" + b"/*" * 140_000),
    "an attribute of seven megabytes": HEAD + b'<div class="' + b"old-price " * 700_000 + b'">$5</div>',
    "a million attributes": HEAD + b"<div " + b"a=b " * 1_000_000 + b">$5</div>",
    "properties nested in each other": HEAD + b'<div itemscope itemtype="http://schema.org/Product">' + b"<i itemprop=name>x" * 900 + b"y" * 3_000_000,
    "200,000 properties": HEAD + b'<div itemscope itemtype="http://schema.org/Product">' + b"<i itemprop=name>x</i>" * 200_000,
    "400,000 prices": HEAD + b"<i>$1</i>" * 400_000,
    "300,000 bare figures in price tags": HEAD + b"<i class=price>1</i>" * 300_000,
    "a figure of five million digits": HEAD + b"<i>" + b"1" * 5_000_000 + b"</i>",
    "figures of separators": HEAD + (b"<i>" + b"1." * 55 + b"</i>") * 30_000,
    "state that never decodes": script(b'price={"a":' * 200_000, b"text/javascript"),
    "data layers that never close": script(b"price;" + b"dataLayer.push({a:" * 100_000, b"text/javascript"),
    "strings of JSON that never close": script(b"price;" + b'JSON.parse("' * 100_000, b"text/javascript"),
    "a hundred broken scripts of nothing but quotes": HEAD + (b'<script type="application/ld+json">{"' + b'"' * 40_000 + b"</script>") * 100,
    "300,000 choices": HEAD + b"<select>" + b"<option>$5.00" * 300_000,
    "tables never closed": HEAD + b"<table>" * 100_000,
    "formatting never closed": HEAD + b"<p><b><i><u>" * 100_000,
    "30,000 headings over other goods": HEAD + b"<div><div><h2>Related products</h2></div>" * 900 + b"<h3>Similar items</h3><a href=/x>$5.00</a>" * 30_000,
    "cards in cards": HEAD + b"<div class=card><a href=/x>a</a> $5.00" * 900 + b"<div><a href=/y>b</a> $6.00</div>" * 30_000,
    "cards with nothing before the link": HEAD + b"<div><i></i>" * 400 + b"<p><b>$5.00</b><i></i></p>" * 40_000,
    "eight million angle brackets": b"<" * 8_000_000,
    "comments in comments": b"<!--" * 2_000_000,
    "labels without end": HEAD + b"<b>sku</b>" * 300_000,
    "fifty megabytes of text": HEAD + b"x" * 50_000_000,
    "zero bytes": b"\x00" * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_page_ends_soon(name: str) -> None:
    begun = time.process_time()
    found = extract_page(HOSTILE[name], url="https://shop.test/a")
    assert time.process_time() - begun < SECONDS
    # Either nothing is said of a price, or it is the one that the page shows.
    assert found.price_amount in (None, Decimal("100.00"))
    assert found.reason


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(HOSTILE["fifty megabytes of text"], id="text"),
        pytest.param(HOSTILE["400,000 prices"], id="prices", marks=pytest.mark.soak),
        pytest.param(b"<p>" * 2_000_000, id="elements", marks=pytest.mark.soak),
        pytest.param(b"<p a b c d>" * 700_000, id="attributes", marks=pytest.mark.soak),
    ],
)
def test_memory_is_bounded_by_what_is_read_of_a_page(html: bytes) -> None:
    """The parser's own memory is counted too: it takes it from Python's allocator."""
    tracemalloc.start()
    extract_page(html)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 250_000_000


def test_a_page_that_is_too_deep_says_so() -> None:
    found = extract_page(HOSTILE["elements nested a million deep"])
    assert not found.is_product
    assert "deeper than" in found.reason


def test_one_broken_script_does_not_cost_the_others() -> None:
    html = HEAD + (
        b'<script type="application/ld+json">{"@type": "Product", "name": {{ name }} }</script>'
        b'<script type="application/ld+json">{"@type":"Product","name":"Card A 100","sku":"C-1","offers":{"price":"100.00","priceCurrency":"USD"}}</script>'
    )
    found = extract_page(html)
    assert (found.sku, found.price_amount) == ("C-1", Decimal("100.00"))
    assert found.problems == ("json-ld script 1 cannot be read",)


CHARSETS = [
    ("gb18030", "zh", "显卡 英伟达 全新 正品 现货", "utf-8"), ("big5hkscs", "zh-TW", "顯示卡 全新 現貨 商品", "iso-8859-1"),
    ("cp932", "ja", "グラフィックボード 新品 在庫あり", "utf-8"), ("cp949", "ko", "그래픽카드 새상품 판매합니다", "utf-8"),
    ("cp1251", "ru", "Видеокарта новая в наличии", "utf-8"), ("utf-16", "de", "Grafikkarte für Rechenzentren", "utf-8"),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "language", "title", "declared"), CHARSETS, ids=[row[0] for row in CHARSETS])
def test_mislabelled_charset(encoding: str, language: str, title: str, declared: str) -> None:
    text = f'<html lang="{language}"><head><meta charset="{declared}"></head><body><h1>{title}</h1><p>{title} {title}</p></body>'
    assert extract_page(text.encode(encoding)).title == title


def test_a_title_and_a_heading_without_a_word_are_read() -> None:
    found = extract_page("<html><head><title>★★★</title></head><body><h2>★</h2><div class=price>$5.00</div><button>Add to cart</button>", url="https://shop.test/a")
    assert found.reason


def test_random_damage_never_raises() -> None:
    chance = random.Random(7)
    whole = bytearray(HEAD + b'<div itemscope itemtype="http://schema.org/Product"><b itemprop=name>Card</b><b itemprop=price>$5</b></div>' + script(b'{"@type":"Product","name":"Card","offers":[{"price":5}]}'))
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 30)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        extract_page(bytes(damaged[: chance.randrange(len(damaged))]))


NAUGHTY = ["\ud800", "\x00", "\u202e", "{{7*7}}", "<script>alert(1)</script>", "1e999", "-1", "NaN", "9" * 400, "${jndi:ldap://x}", "'; DROP TABLE listing;--"]


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_values_pass_as_text_or_not_at_all(value: str) -> None:
    import json

    data = {"@type": "Product", "name": value, "sku": value, "brand": {"name": [value]}, "offers": {"price": value, "priceCurrency": value, "availability": value}}
    found = extract_page(f'<h1>Card A 100</h1><script type="application/ld+json">{json.dumps(data)}</script>'.replace("</script>a", ""), url="https://shop.test/1")
    assert found.price_amount is None or found.price_amount.is_finite()
    try:
        json.dumps(found.to_line(), ensure_ascii=False).encode()
    except ListingError as error:
        pytest.fail(f"a page with a title is a listing: {error}")


def test_the_listing_says_what_the_page_lacks() -> None:
    with pytest.raises(ListingError):
        extract_page(b"").to_listing()


HALVES = [
    (r"fast \ud83d", "fast \ufffd"), (r"\uDE00 fast", "\ufffd fast"), (r"\uD83D\uDE00 \ud83d\u0041", "\U0001f600 \ufffdA"),
    (r"C:\\ud83d \ud83d", "C:\\ud83d \ufffd"), (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), HALVES)
def test_half_an_emoji_in_json_costs_itself_alone(written: str, meant: str) -> None:
    assert json_text.loads(f'{{"text": "{written}"}}') == {"text": meant}
    script = f'{{"@type": "Product", "name": "NVIDIA A100 80GB", "description": "{written}", "offers": {{"price": "9499", "priceCurrency": "USD"}},}}'
    found = extract_page(f"<title>NVIDIA A100 80GB</title><script type='application/ld+json'>{script}</script>")
    assert (found.title, str(found.price_amount), found.problems) == ("NVIDIA A100 80GB", "9499", ())
