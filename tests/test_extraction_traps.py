"""Pages without any markup, each with one trap that shops set beside the price; in several languages. Made up, in the manner of shops."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crawler.extraction.extract import extract_page

BUY = {
    "en": "Add to cart", "de": "In den Warenkorb", "fr": "Ajouter au panier", "pl": "Do koszyka", "ru": "Купить", "ja": "カートに入れる",
    "zh": "立即购买", "ko": "구매하기", "cs": "Do košíku", "id": "Tambah ke keranjang", "tr": "Sepete Ekle", "it": "Aggiungi al carrello",
}  # fmt: skip
TILES = "".join(f"<div class=item><a href=/x{n}>RTX {n}090</a><div>${n}99.00</div></div>" for n in range(1, 8))
TRAPS = [
    # (what stands under the title, in document order with {buy}, language, price)
    ("<div>Was $12,000.00</div><div>Now $9,499.00</div>{buy}", "en", "9499.00"),
    ("<div>$9,499.00</div><div>Est. delivery $120.00</div><div>Import fees $800.00</div>{buy}", "en", "9499.00"),
    ("<div>Shipping $45.00</div><div class=amount>$9,499.00</div>{buy}", "en", "9499.00"),
    ("<div>From $395.79 per month</div><div>$9,499.00</div>{buy}", "en", "9499.00"),
    ("<div>£7,915.83 ex VAT</div><div>£9,499.00 inc VAT</div>{buy}", "en", "9499.00"),
    ("<p>$9,499.00</p><select><option>3 years (+ $499.00)<option>5 years (+ $899.00)</select>{buy}", "en", "9499.00"),
    ("<p>$9,499.00</p>{buy}" + TILES, "en", "9499.00"),
    ("<p>Price on request</p>{buy}" + TILES, "en", None),
    ("<div><span>$</span><span>9,499</span><sup>00</sup></div>{buy}", "en", "9499.00"),
    ("<p>Get up to $3,000.00 with trade-in</p><p>$9,499.00</p>{buy}", "en", "9499.00"),
    ("<p>UVP 12.999,00 €</p><p>9.499,00 €*</p><p>*inkl. MwSt. zzgl. 6,90 € Versand</p>{buy}", "de", "9499.00"),
    ("<p>9.499,00 €</p><p>Niedrigster Preis der letzten 30 Tage: 9.199,00 €</p>{buy}", "de", "9499.00"),
    ("<p>Niedrigster Preis der letzten 30 Tage</p><p>9.199,00 €</p><p>9.499,00 €</p>{buy}", "de", "9499.00"),
    ("<p>9.499,00 €</p><p>Prezzo più basso degli ultimi 30 giorni: 9.199,00 €</p>{buy}", "it", "9499.00"),
    ("<p>9 499,00 €</p><p>Prix le plus bas des 30 derniers jours : 9 199,00 €</p>{buy}", "fr", "9499.00"),
    ("<p>Cena: 39 999,00 zł</p><p>Najniższa cena z 30 dni: 41 000,00 zł</p>{buy}", "pl", "39999.00"),
    ("<p>249 990 Kč</p><p>206 603 Kč bez DPH</p>{buy}", "cs", "249990"),
    ("<p>1 450 000 ₽</p><p>Доставка 990 ₽</p><p>от 60 417 ₽/мес</p>{buy}", "ru", "1450000"),
    ("<p>395.000,00 TL</p><p>Kargo 99,90 TL</p>{buy}", "tr", "395000.00"),
    ("<p>Rp185.000.000</p><p>Cicilan mulai Rp7.708.333/bulan</p>{buy}", "id", "185000000"),
    ("<p>¥1,500,000(税抜)</p><p>¥1,650,000(税込)</p><p>月々 ¥68,750</p>{buy}", "ja", "1650000"),
    ("<p>原价 ¥80000</p><p>促销价 ¥65000</p><p>运费 ¥20.00</p>{buy}", "zh", "65000"),
    ("<p>정가 20,000,000원</p><p>판매가 16,500,000원</p><p>배송비 3,000원</p>{buy}", "ko", "16500000"),
    ("<p>$9,499.00 – $12,999.00</p>{buy}", "en", "9499.00"),
    ("<table><tr><th>Price</th><td>9,499</td></tr><tr><th>Slots</th><td>2</td></tr></table>{buy}", "en", "9499"),
    ("<p>Price guide</p><p>9,499</p>{buy}", "en", None),
    ("<p><span>¥</span><em>19.8万</em></p>{buy}", "zh", "198000"),
    ("<p><span>¥</span><b>19.8</b><i>万</i></p>{buy}", "zh", "198000"),
    ("<p><span>¥<b>19.8</b></span> <i>万</i></p>{buy}", "zh", "198000"),
    ("<p class=price>Rp 35,5 juta</p>{buy}", "id", "35500000"),
    # Near misses: thirty days and cards that say nothing of a former price.
    ("<p>30 days return</p><p>$9,499.00</p>{buy}", "en", "9499.00"),
    ("<p>Lowest price guarantee</p><p>$9,499.00</p>{buy}", "en", "9499.00"),
]


@pytest.mark.parametrize(("body", "language", "price"), TRAPS, ids=[row[0][:60] for row in TRAPS])
def test_the_asked_price_is_read(body: str, language: str, price: str | None) -> None:
    shown = body.replace("{buy}", f"<button>{BUY[language]}</button>")
    page = f"<html lang={language}><title>NVIDIA A100 80GB PCIe - Shop</title><body><h1>NVIDIA A100 80GB PCIe</h1>{shown}"
    found = extract_page(page, url="https://shop.test/p/1")
    assert found.price_amount == (None if price is None else Decimal(price)), found.price_text


@pytest.mark.parametrize(
    ("shown", "offers"),
    [
        ("<p>$9,499.00</p><p>Sold out</p>", True),
        ("<p>$9,499.00</p><p>A fine card.</p>", False),
        ("".join(f"<div class=item><a href=/x{n}>A100 {n}</a><div>${n}99.00</div><div>Sold out</div></div>" for n in range(1, 9)), False),
        ("<p>Sold out</p>", False),
    ],
    ids=["sold out", "neither sold nor for sale", "a list of articles sold out", "no price"],
)
def test_what_is_sold_out_was_offered(shown: str, offers: bool) -> None:
    found = extract_page(f"<title>NVIDIA A100 80GB - Shop</title><body><h1>NVIDIA A100 80GB</h1>{shown}", url="https://shop.test/p/1")
    assert found.is_product is offers, found.reason
    assert (found.availability == "OutOfStock") or not offers
