"""Whole pages through the generic extraction: pages of ours in the shape of shops, with the traps that shops set."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from crawler.extraction.extract import extract_page

FIELDS = ("title", "price_amount", "price_currency", "price_text", "availability", "sku", "brand", "gtin", "mpn", "is_product")


def page(body: str, head: str = "", lang: str = "en") -> bytes:
    return f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'.encode()


def ld(**facts: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@context": "https://schema.org", **facts})}</script>'


CARDS = "".join(
    f'<li class="product-card"><a href="/p/{n}"><img src="/{n}.jpg"><span class="name">Other card {n}</span></a>'
    f'<span class="price">{n}9,00 €</span><button>In den Warenkorb</button></li>'
    for n in range(2, 8)
)
RELATED = f'<section><h2>Das könnte Ihnen auch gefallen</h2><ul class="carousel">{CARDS}</ul></section>'
NAV = '<nav><a href="/">Start</a><a href="/cart">Warenkorb <span class="price">0,00 €</span></a></nav>'

CASES: dict[str, tuple[bytes, str, dict[str, Any]]] = {
    "no markup: the price under the title, not the former one, not shipping, not an instalment, not another article's": (
        page(
            NAV + '<main><h1>NVIDIA A100 40GB PCIe</h1><p class="prices"><del>UVP 11.999,00 €</del> <span class="price">9.499,00 €</span></p>'
            '<p>oder 24 Raten zu je <b class="price">395,79 €</b> im Monat</p><p>zzgl. <span class="price">6,90 €</span> Versand</p>'
            '<button>In den Warenkorb</button><p>Auf Lager</p>'
            "<table><tr><th>Artikelnr.</th><td>GPU-7710</td></tr><tr><th>Marke</th><td>NVIDIA</td></tr>"
            "<tr><th>Herstellernummer</th><td>900-21001-0000</td></tr><tr><th>EAN</th><td>4006381333931</td></tr></table></main>" + RELATED,
            lang="de",
        ),
        "https://laden.test/p/a100",
        dict(title="NVIDIA A100 40GB PCIe", price_amount=Decimal("9499.00"), price_currency="EUR", price_text="9.499,00 €",
             availability="InStock", sku="GPU-7710", brand="NVIDIA", mpn="900-21001-0000", gtin="4006381333931", is_product=True),
    ),
    "stale markup: the shown price wins and the other is on record": (
        page(
            ld(**{"@type": "Product", "name": "Tesla T4", "sku": "T4-1", "offers": {"@type": "Offer", "price": "999.00", "priceCurrency": "USD", "availability": "https://schema.org/InStock"}})
            + '<h1>Tesla T4</h1><div class="product-price"><span class="price">$1,249.00</span></div><button>Add to cart</button>'
        ),
        "https://shop.test/t4",
        dict(price_amount=Decimal("1249.00"), price_currency="USD", sku="T4-1", availability="InStock", is_product=True),
    ),
    "markup that a shown figure confirms is kept beside a louder neighbour": (
        page(
            ld(**{"@type": "Product", "name": "RTX 4090 24GB", "offers": {"@type": "Offer", "price": 1899, "priceCurrency": "EUR"}})
            + "<h1>RTX 4090 24GB</h1><p>1.899,00 €</p><button>In den Warenkorb</button>" + RELATED, lang="de"
        ),
        "https://laden.test/rtx",
        dict(price_amount=Decimal(1899), price_currency="EUR", price_text="1.899,00 €"),
    ),
    "a struck-out price in markup's place: former price in JSON-LD, asked one shown": (
        page(
            ld(**{"@type": "Product", "name": "L40S accelerator", "offers": {"@type": "Offer", "price": "9000", "priceCurrency": "USD"}})
            + '<h1>L40S accelerator</h1><div class="price-box"><s class="old-price">$9,000.00</s><span class="sale price">$7,800.00</span></div><button>Add to basket</button>'
        ),
        "https://shop.test/l40s",
        dict(price_amount=Decimal("7800.00"), price_text="$7,800.00"),
    ),
    "microdata with related articles marked as products too": (
        page(
            '<div itemscope itemtype="http://schema.org/Product"><h1 itemprop="name">Dell R750xa chassis</h1><meta itemprop="sku" content="R750">'
            '<span itemprop="brand" itemscope itemtype="http://schema.org/Brand"><span itemprop="name">Dell</span></span>'
            '<div itemprop="offers" itemscope itemtype="http://schema.org/Offer"><meta itemprop="price" content="2400.00"><meta itemprop="priceCurrency" content="GBP">'
            '<link itemprop="availability" href="http://schema.org/OutOfStock"><span class="price">£2,400.00</span></div><p class="stock">Sold out</p></div>'
            '<div itemscope itemtype="http://schema.org/Product"><span itemprop="name">HPE riser</span><div itemprop="offers" itemscope itemtype="http://schema.org/Offer"><span itemprop="price">£80.00</span></div></div>'
        ),
        "https://shop.test/r750",
        dict(title="Dell R750xa chassis", price_amount=Decimal("2400.00"), price_currency="GBP", sku="R750", brand="Dell", availability="OutOfStock"),
    ),
    "only other goods are marked: their price is never this one's": (
        page(
            "<h1>Tesla V100 32GB SXM2</h1><p>Price on request</p><p>SKU: V100-32</p>"
            + "".join(f'<div itemscope itemtype="http://schema.org/Product"><a itemprop="name" href="/x{n}">Heat sink kit {n}</a><span itemprop="offers" itemscope itemtype="http://schema.org/Offer"><span itemprop="price">{n}9.00</span> USD</span></div>' for n in range(1, 6))
        ),
        "https://shop.test/v100",
        dict(title="Tesla V100 32GB SXM2", price_amount=None, price_text=None, sku="V100-32"),
    ),
    "OpenGraph alone": (
        page(
            "<h1>Radeon Pro W7900</h1>",
            '<meta property="og:title" content="Radeon Pro W7900"><meta property="product:price:amount" content="3499.99"><meta property="product:price:currency" content="USD">'
            '<meta property="product:availability" content="in stock"><meta property="product:brand" content="AMD"><meta property="product:retailer_item_id" content="W79">',
        ),
        "https://shop.test/w7900",
        dict(price_amount=Decimal("3499.99"), price_currency="USD", availability="InStock", brand="AMD", sku="W79", is_product=True),
    ),
    "RDFa-lite": (
        page(
            '<div vocab="https://schema.org/" typeof="Product"><h1 property="name">Gaudi 2 card</h1><span property="brand">Intel</span><meta property="sku" content="G2">'
            '<div property="offers" typeof="Offer"><span property="price" content="6500">€6,500</span><meta property="priceCurrency" content="EUR"><link property="availability" href="https://schema.org/InStock"></div></div>'
        ),
        "https://shop.test/gaudi",
        dict(title="Gaudi 2 card", price_amount=Decimal(6500), price_currency="EUR", sku="G2", brand="Intel", availability="InStock"),
    ),
    "whole part and cents in elements of their own": (
        page('<h1>Quadro RTX 8000</h1><span class="price"><sup>$</sup><span>2,199</span><sup>95</sup></span><button>Buy now</button>'),
        "https://shop.test/itm/114532738197",
        dict(price_amount=Decimal("2199.95"), price_currency=None, sku="114532738197", is_product=True),
    ),
    "an option's surcharge is no price; an article without a price has none": (
        page('<h1>H100 SXM5 module</h1><label>with tray <span>(+ $450.00)</span></label><p>Ask for a quote</p><p>Free shipping over $99</p>'),
        "https://shop.test/h100",
        dict(title="H100 SXM5 module", price_amount=None, price_text=None),
    ),
    "a classified advertisement: price over the title, an id, nobody's cart": (
        page('<ul><li><a href="/1">Rs 12,000 Old monitor</a></li></ul><section><div><span>Rs 485,000</span><h1>RTX A6000 48GB used</h1></div></section><p>Lahore</p><button>Chat with seller</button><p>AD ID 1021493409</p>'),
        "https://ads.test.pk/item/rtx-a6000-iid-1021493409",
        dict(price_amount=Decimal(485000), price_currency="PKR", availability="InStock", sku="1021493409", is_product=True),
    ),
    "gone goods without a price": (
        page('<h1>Intel Data Center GPU Max 1550</h1><div class="availability">Currently unavailable</div><p>ASIN: B0AB12CD34</p><h2>Similar items</h2><ul><li><a href="/x"><span class="price">$499.00</span></a></li></ul>'),
        "https://shop.test/dp/B0AB12CD34",
        dict(price_amount=None, availability="OutOfStock", sku="B0AB12CD34", is_product=True),
    ),
    "net and gross: the price that people pay": (
        page('<h1>Server ASUS ESC8000</h1><p class="price">12.200,00 €</p><p class="price-tax">Brez DDV: 10.000,00 €</p><button>V košarico</button>', lang="sl"),
        "https://trgovina.test.si/esc8000",
        dict(price_amount=Decimal("12200.00")),
    ),
    "Chinese board, ten thousands": (
        page('<h1>A100 80G PCIe 拆机</h1><span class="price">¥7.8万</span><a class="btn">立即购买</a><dl><dt>品牌</dt><dd>英伟达</dd><dt>货号</dt><dd>A100-80</dd></dl>', lang="zh-CN"),
        "https://shop.test.cn/a100",
        dict(price_amount=Decimal(78000), price_currency="CNY", brand="英伟达", sku="A100-80", availability="InStock"),
    ),
    "embedded state alone has the price, in cents and written out": (
        page('<div id="app"><h1>Xilinx Alveo U280 card</h1></div><script id="__NEXT_DATA__" type="application/json">'
             + json.dumps({"item": {"name": "Xilinx Alveo U280 card", "sku": "U280", "price": {"amount": 315000, "formatted": "3.150,00 €"}}}) + "</script><button>Add to cart</button>"),
        "https://shop.test/u280",
        dict(price_amount=Decimal("3150.00"), price_currency="EUR", price_text=None),
    ),
    "embedded state names the article": (
        page('<div id="app"><h1>Xilinx Alveo U280 card</h1><span>$3,150.00</span></div><script id="__NEXT_DATA__" type="application/json">'
             + json.dumps({"props": {"items": [{"name": "Cable", "sku": "C1", "price": 9, "brand": "Nobody"}, {"name": "Xilinx Alveo U280 card", "sku": "U280", "brand": {"name": "Xilinx"}, "price": {"value": 315000}}]}})
             + "</script><button>Add to cart</button>"),
        "https://shop.test/u280",
        dict(price_amount=Decimal("3150.00"), brand="Xilinx", sku="U280"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_page(name: str) -> None:
    html, url, expected = CASES[name]
    found = extract_page(html, url=url)
    assert {field: getattr(found, field) for field in expected} == expected
    assert all(found.origins.get(field) for field in FIELDS[:-1] if getattr(found, field) is not None)


def test_listing_has_the_exchange_form() -> None:
    html, url, _ = CASES["OpenGraph alone"]
    line = extract_page(html, url=url).to_line("2026-11-25T00:00:00Z")
    assert (line["site"], line["listing_id"], line["url"]) == ("shop.test", "W79", url)
    assert line["attributes"] == {"availability": "InStock", "sku": "W79", "brand": "AMD"}
    assert line["price_amount"] == 3499.99
    assert line["origins"]["price_amount"] == "opengraph"
    assert line["observed_at"] == "2026-11-25T00:00:00Z"


def test_without_a_number_the_listing_is_named_by_its_address() -> None:
    html = page("<h1>Some accelerator card</h1><p>Ask for a price</p>")
    one, same, other = (extract_page(html, url=f"https://shop.test/{name}").to_listing() for name in ("a-card", "a-card", "b-card"))
    assert one.listing_id == same.listing_id != other.listing_id
    assert one.price_amount is None
    line = extract_page(html, url="https://shop.test/a-card").to_line()
    assert line["price_amount"] is None


def test_an_address_in_the_page_serves_where_none_is_given() -> None:
    html = page("<h1>Some accelerator card</h1>", '<link rel="canonical" href="https://shop.test.de/card-7781234.html">')
    found = extract_page(html)
    assert (found.url, found.sku, found.country) == ("https://shop.test.de/card-7781234.html", "7781234", "DE")


def test_disagreement_is_on_record_both_ways() -> None:
    html, url, _ = CASES["stale markup: the shown price wins and the other is on record"]
    rows = [(c.field, c.kept, c.kept_from, c.other, c.other_from) for c in extract_page(html, url=url).conflicts]
    assert rows == [("price", "1249.00", "shown", "999.00", "json-ld")]


def test_two_markups_that_disagree_are_settled_by_the_page() -> None:
    html = page(
        ld(**{"@type": "Product", "name": "Auction lot 17", "sku": "L17", "offers": {"@type": "Offer", "price": "150", "priceCurrency": "USD"}})
        + '<h1>Auction lot 17</h1><p>Current bid</p><span class="price">$200</span><p>Starting price</p><b>$150</b><button>Place bid</button>',
        '<meta property="product:price:amount" content="200"><meta property="product:price:currency" content="USD">',
    )
    found = extract_page(html, url="https://auction.test/lot")
    assert found.price_amount == Decimal(200)
    assert {(c.other, c.other_from) for c in found.conflicts if c.field == "price"} == {("150", "json-ld")}


SPECIFICATIONS = {
    "what is paid each month": [{"price": "500", "billingDuration": "P1M"}, {"price": "14000"}],
    "by the unit of time": [{"price": "500", "unitCode": "MON"}, {"price": "14000", "unitCode": "C62"}],
    "a deposit": [{"price": "500", "priceComponentType": "https://schema.org/Downpayment"}, {"price": "14000"}],
    "delivery": [{"@type": "DeliveryChargeSpecification", "price": "45"}, {"@type": "UnitPriceSpecification", "price": "14000"}],
    "ten of them": [{"price": "13000", "eligibleQuantity": {"minValue": 10}}, {"price": "14000", "eligibleQuantity": {"minValue": "1"}}],
    "a list price": [{"price": "20000", "priceType": "https://schema.org/ListPrice"}, {"price": "14000"}],
    "nothing but the month": [{"price": "500", "billingDuration": 1, "unitCode": "MON"}],
}


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_a_marked_price_for_something_else_is_passed_over(name: str) -> None:
    offer = {"@type": "Offer", "priceCurrency": "USD", "priceSpecification": SPECIFICATIONS[name]}
    found = extract_page(page("<h1>NVIDIA A100 80GB</h1>", ld(**{"@type": "Product", "name": "NVIDIA A100 80GB", "offers": offer})))
    assert found.price_amount == (None if name.startswith("nothing") else Decimal(14000))


@pytest.mark.parametrize(
    ("shown", "currency", "expected", "conflicts"),
    [
        ("€12.900,00", "USD", ("12900.00", "EUR"), [("price", "12900.00", "14000"), ("price_currency", "EUR", "USD")]),
        ("$12,900.00", "CAD", ("12900.00", "CAD"), [("price", "12900.00", "14000")]),
        ("$12,900.00", "EUR", ("12900.00", "USD"), [("price", "12900.00", "14000"), ("price_currency", "USD", "EUR")]),
        ("$14,000.00 (about €12,900.00)", "USD", ("14000", "USD"), []),
        ("€14,000.00", "USD", ("14000", "USD"), [("price_currency", "USD", "EUR")]),
    ],
)
def test_a_shown_price_in_another_currency(shown: str, currency: str, expected: tuple[str, str], conflicts: list[tuple[str, str, str]]) -> None:
    marked = ld(**{"@type": "Product", "name": "NVIDIA A100 80GB", "offers": {"@type": "Offer", "price": "14000", "priceCurrency": currency}})
    found = extract_page(page(f"<h1>NVIDIA A100 80GB</h1><div class=price>{shown}</div><button>Add to cart</button>", marked, lang="en-US"))
    assert (str(found.price_amount), found.price_currency) == expected
    assert [(row.field, row.kept, row.other) for row in found.conflicts] == conflicts


NOT_LISTINGS = {
    "a challenge page": page("<h1>Checking your browser</h1><p>Please wait 5 seconds.</p>"),
    "a search result": page("<h1>Search results for A100</h1><ul>" + CARDS + "</ul>"),
    "an article about prices": page("<h1>GPU prices fall</h1><p>The card now costs about $9,000, analysts say, down from $12,000.</p>"),
    "a category with marked cards": page(
        "<h1>Graphics cards</h1>" + "".join(ld(**{"@type": "Product", "name": f"Card number {n}", "offers": {"@type": "Offer", "price": n, "priceCurrency": "EUR"}}) for n in range(1, 9))
    ),
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_LISTINGS)
def test_a_page_that_does_not_prove_to_be_a_listing_is_none(name: str) -> None:
    found = extract_page(NOT_LISTINGS[name], url="https://shop.test/x")
    assert not found.is_product
    assert found.reason
