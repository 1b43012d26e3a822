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


GONE = {
    "en": "Sold out|No stock", "de": "Ausverkauft|Nicht vorrätig|Derzeit nicht auf Lager", "fr": "Rupture de stock|Épuisé|Plus disponible", "es": "Agotado|Sin existencias|Sin stock", "it": "Esaurito|Non disponibile",
    "pt": "Esgotado|Indisponível|Fora de estoque|Sem stock", "nl": "Uitverkocht|Niet leverbaar", "pl": "Brak w magazynie|Produkt niedostępny|Karta niedostępna", "cs": "Není skladem", "hu": "Nincs raktáron|Elfogyott", "ro": "Stoc epuizat|Nu este în stoc",
    "bg": "Изчерпан|Няма в наличност", "el": "Εξαντλήθηκε|Μη διαθέσιμο", "hr": "Rasprodano|Nije na zalihi|Nedostupno", "ru": "Нет в наличии|Распродано|Нет на складе", "uk": "Немає в наявності|Немає на складі|Розпродано",
    "sv": "Slut i lager|Ej i lager", "da": "Udsolgt|Ikke på lager", "no": "Utsolgt|Ikke tilgjengelig", "fi": "Loppunut|Ei varastossa", "et": "Pole laos", "lv": "Nav pieejams", "lt": "Išparduota|Nėra sandėlyje",
    "tr": "Tükendi|Stokta yok|Stokta bulunmuyor", "ar": "نفدت الكمية|غير متوفر|غير متاح", "fa": "ناموجود", "he": "אזל מהמלאי|לא במלאי", "hi": "स्टॉक में नहीं|स्टॉक समाप्त|उपलब्ध नहीं", "th": "สินค้าหมด|หมด|ของหมด",
    "vi": "Hết hàng|Tạm hết hàng|Ngừng kinh doanh", "id": "Stok habis|Stok kosong|Tidak tersedia", "ms": "Kehabisan stok|Tiada stok", "zh-CN": "缺货|已售罄|无货|暂无库存|补货中", "zh-TW": "缺貨|補貨中|已售完|無現貨",
    "ja": "売り切れ|在庫切れ|品切れ|完売しました|入荷待ち|在庫がありません", "ko": "품절|재고없음|매진|단종",
}  # fmt: skip
DEAD = ["<button disabled>{buy}</button>", "<button><span class=is-disabled>{buy}</span></button>", "<a class='btn btn--disabled' href=#>{buy}</a>", "<a role=button aria-disabled=true href=#>{buy}</a>", "<input type=submit value='{buy}' disabled>"]  # fmt: skip
STOCKED = '<script type="application/ld+json">{"@type":"Product","name":"NVIDIA A100 80GB","offers":{"price":"9499","priceCurrency":"USD","availability":"InStock"}}</script>'


def stock(words: str, button: str, head: str = "", language: str = "en") -> tuple[str | None, list[tuple[str, str]]]:
    """What is kept of the page's availability, and what is said against it."""
    body = f"<h1>NVIDIA A100 80GB</h1><div class=price>$9,499.00</div><p>{words}</p><form>{button}</form>"
    found = extract_page(f"<html lang={language}><title>NVIDIA A100 80GB - Shop</title>{head}<body>{body}")
    return found.availability, [(row.kept, row.other) for row in found.conflicts if row.field == "availability"]


@pytest.mark.parametrize("language", GONE)
def test_words_of_being_gone_stand_alone_and_beside_a_disabled_button(language: str) -> None:
    buttons = ["", DEAD[0].format(buy=BUY.get(language[:2], "Add to cart"))]
    assert [(words, button) for words in GONE[language].split("|") for button in buttons if stock(words, button, language=language)[0] != "OutOfStock"] == []


@pytest.mark.parametrize("button", DEAD)
def test_a_disabled_button_does_not_say_that_the_article_can_be_had(button: str) -> None:
    dead = button.format(buy="Add to cart")
    assert stock("Sold out", dead) == ("OutOfStock", [])
    assert stock("Sold out", dead, STOCKED) == ("OutOfStock", [("OutOfStock", "InStock")])
    assert stock("A fine card", dead, STOCKED.replace("InStock", "SoldOut")) == ("OutOfStock", [])


def test_a_button_that_works_is_believed_and_the_words_against_it_are_kept() -> None:
    for button in ("<button>Add to cart</button>", "<button class='disabled:opacity-50'>Add to cart</button>"):
        assert stock("Sold out", button) == ("InStock", [("InStock", "OutOfStock")])


@pytest.mark.parametrize("words", ["已售 1000 件", "已售出 35 件", "No stock photos: this is the very card", "Sizes sell fast"])
def test_words_that_do_not_say_gone(words: str) -> None:
    assert stock(words, "") == ("InStock", [])
