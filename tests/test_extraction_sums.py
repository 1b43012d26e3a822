"""Sums that stand beside the price and are none: deposits, parts, services, rewards, limits, former prices, prices of several."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crawler.extraction.extract import extract_page

NAME = "NVIDIA A100 80GB PCIe"
BUY = "<form><button>Add to cart</button></form>"
LAYOUTS = {
    "below": "<div>{price}</div><div>{told}</div>{buy}",
    "above": "<div>{told}</div><div>{price}</div>{buy}",
    "both named price": "<div class=price>{price}</div><div class='price x'>{told}</div>{buy}",
    "in an element of its own": "<div>{price}</div><div>{split}</div>{buy}",
}
OTHER_SUMS = {
    "en": "Deposit: ¤|Refundable deposit ¤|Deposit due today: ¤|Down payment ¤|Reservation fee: ¤|Earn ¤ in rewards|Use code GPU for ¤|3 year warranty: ¤|Extended warranty: ¤|Installation: ¤|Insurance: ¤|Price match guarantee up to ¤|Minimum order value: ¤|"
    "Pay in 4 of ¤|or 4 interest-free payments of ¤|as low as ¤ per month|Get up to ¤ with trade-in|Loyalty points worth ¤",
    "de": "Anzahlung ¤|Anzahlung: ¤|Kaution: ¤|Garantieverlängerung: ¤|Geräteschutz: ¤|Mindestbestellwert ¤|3 Raten zu je ¤|24 x ¤|Treuepunkte: ¤", "fr": "Acompte : ¤|Caution : ¤|Extension de garantie : ¤|ou 4 x ¤ sans frais|Payez en 4x ¤ sans frais|en 10 mensualités de ¤|Commande minimum : ¤|Fidélité : ¤",
    "es": "Señal: ¤|Anticipo: ¤|3 plazos de ¤|12 cuotas de ¤|Garantía extendida: ¤|Pedido mínimo: ¤|Puntos: ¤", "pt": "Sinal: ¤|Depósito: ¤|10x de ¤|Garantia estendida: ¤|Pedido mínimo: ¤", "it": "Acconto: ¤|Caparra: ¤|3 rate da ¤|Estensione di garanzia: ¤|Ordine minimo: ¤",
    "nl": "Aanbetaling: ¤|3 termijnen van ¤|Verzekering: ¤", "pl": "Zaliczka: ¤|Zadatek: ¤|10 x ¤|Gwarancja: ¤|Minimalna wartość zamówienia: ¤", "cs": "Záloha: ¤|Prodloužená záruka: ¤|10 splátek po ¤", "hu": "Előleg: ¤|Foglaló: ¤|Biztosítás: ¤", "ro": "Avans: ¤|Asigurare: ¤|Garanție: ¤",
    "bg": "Капаро: ¤|Гаранция: ¤|Минимална поръчка: ¤", "el": "Προκαταβολή: ¤|Εγγύηση: ¤|Ελάχιστη παραγγελία: ¤", "ru": "Предоплата ¤|Задаток: ¤|Бонусы ¤|Гарантия: ¤|Страховка: ¤|4 платежа по ¤|Минимальная сумма заказа: ¤", "uk": "Передоплата: ¤|Завдаток: ¤|Гарантія: ¤",
    "sv": "Handpenning: ¤|Försäkring: ¤", "da": "Depositum: ¤|Forsikring: ¤", "fi": "Ennakkomaksu: ¤|Vakuutus: ¤", "tr": "Kapora: ¤|Ön ödeme: ¤|Ek garanti: ¤|Puan: ¤", "ar": "عربون ¤|دفعة أولى: ¤|ضمان: ¤", "fa": "پیش پرداخت: ¤|بیعانه: ¤", "he": "מקדמה: ¤|אחריות: ¤|ביטוח: ¤",
    "hi": "अग्रिम: ¤|टोकन राशि: ¤|वारंटी: ¤|किस्त ¤", "th": "มัดจำ ¤|เงินดาวน์: ¤|ประกัน: ¤|แต้ม: ¤", "vi": "Đặt cọc ¤|Tiền cọc: ¤|Bảo hành mở rộng: ¤|Trả trước: ¤", "id": "Uang muka: ¤|Tanda jadi ¤|Garansi: ¤|Poin: ¤", "zh": "定金 ¤|押金：¤|首付 ¤|延保：¤|积分 ¤|最低消费 ¤", "zh-TW": "訂金 ¤|保固：¤|紅利積分 ¤",
    "ja": "手付金 ¤|頭金：¤|延長保証：¤|ポイント ¤|最低注文金額 ¤", "ko": "계약금 ¤|예약금: ¤|보증 연장: ¤|적립 ¤|최소 주문금액: ¤",
}  # fmt: skip


def read(body: str, language: str = "en") -> Decimal | None:
    return extract_page(f"<html lang={language}><title>{NAME} - Shop</title><body><main><h1>{NAME}</h1>{body}</main>", url="https://shop.test/p/1").price_amount


def split(words: str, figure: str) -> str:
    """Each part of a text in an element of its own, as shops do to make the figure bold."""
    return " ".join(f"<span>{part.strip()}</span>" if part.strip() else "" for part in words.partition("¤")).replace("<span>¤</span>", f"<b>{figure}</b>")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("language", OTHER_SUMS)
def test_a_sum_for_something_else_is_not_the_price(language: str, layout: str) -> None:
    wrong = []
    for words in OTHER_SUMS[language].split("|"):
        body = LAYOUTS[layout].format(price="€14,000.00", told=words.replace("¤", "€499.00"), split=split(words, "€499.00"), buy=BUY)
        if read(body, language) != Decimal(14000):
            wrong.append(words)
    assert wrong == []


BY_TIME = {
    "en": "¤/hr|¤ per hour|¤/GPU/hr|¤ / GPU hour|¤ per GPU-hour|¤/h|¤ hourly|from ¤ an hour|¤/month|¤ / mo|¤ per node per day|Hourly rate: ¤/h", "de": "¤ pro Stunde|¤/Monat|¤ im Monat", "fr": "¤ par heure|¤/mois|¤ de l'heure", "es": "¤ por hora|¤ al mes|¤/mes",
    "pt": "¤ por hora|¤/mês", "it": "¤ all'ora|¤ al mese", "ru": "¤ в час|¤/мес", "tr": "¤/saat|aylık ¤", "pl": "¤/godz|¤ za miesiąc", "nl": "¤ per uur|¤/maand", "id": "¤ per jam|¤/bulan", "vi": "¤/giờ|¤/tháng", "th": "¤/ชั่วโมง|¤ ต่อเดือน", "ar": "¤/ساعة",
    "zh": "¤/小时|¤/月|每天¤", "ja": "1時間あたり¤|月額¤", "ko": "시간당 ¤|¤/월",
}  # fmt: skip


@pytest.mark.parametrize("language", BY_TIME)
def test_what_is_billed_by_time_is_no_price(language: str) -> None:
    for words in BY_TIME[language].split("|"):
        told = words.replace("¤", "€2.49")
        assert read(f"<div class=price>{told}</div>{BUY}", language) is None, words
        assert read(f"<div class=price>{split(words, '€2.49')}</div>{BUY}", language) is None, words
        assert read(f"<div class=price>€14,000.00</div><div>{told}</div>{BUY}", language) == Decimal(14000), words
        assert read(f"<div>{told}</div><div class=price>€14,000.00</div>{BUY}", language) == Decimal(14000), words


@pytest.mark.parametrize(
    "body",
    [
        "€14,000.00 each", "€14,000.00 / unit", "€14,000.00 per GPU", "€14,000.00<div>3-year warranty</div>", "€14,000.00 / 3 years warranty", "€14,000.00<div>Ships in a day</div>",
        "<span>€417</span><span>/mo</span><span>€14,000.00</span>", "Price per unit: €14,000.00", "≈ $15,120.00</div><div>€14,000.00", "€14,000.00</div><div>≈ $15,120.00", "€14,000.00</div><div>~$15,120.00",
    ],
)  # fmt: skip
def test_a_price_beside_words_of_time_or_a_converted_one(body: str) -> None:
    assert read(f"<div class=price>{body}</div>{BUY}") == Decimal(14000)


FORMER = {
    "en": "Old price: ¤|Catalogue price ¤|MRP: ¤|Regular price ¤", "de": "Bisheriger Preis ¤|Alter Preis: ¤|Listenpreis: ¤|Statt ¤", "fr": "Ancien prix : ¤|Prix barré : ¤", "es": "Precio anterior: ¤|Precio de lista: ¤", "pt": "Preço anterior: ¤|De: R$ ¤", "it": "Prezzo pieno: ¤|Anziché ¤",
    "nl": "Oude prijs: ¤|Normale prijs: ¤", "pl": "Cena katalogowa: ¤|Cena regularna: ¤|Cena przed obniżką: ¤", "cs": "Původní cena: ¤|Běžná cena: ¤", "hu": "Régi ár: ¤|Eredeti ár: ¤", "ro": "Preț vechi: ¤|PRP: ¤", "bg": "Стара цена: ¤", "el": "Αρχική τιμή: ¤|Παλιά τιμή: ¤", "ru": "Старая цена: ¤|Цена без скидки: ¤",
    "uk": "Стара ціна: ¤", "sv": "Ordinarie pris: ¤|Tidigare pris ¤", "da": "Før: ¤|Normalpris ¤", "fi": "Normaalihinta: ¤|Aiempi hinta: ¤", "tr": "Liste fiyatı: ¤|Eski fiyat: ¤", "ar": "السعر الأصلي: ¤|السعر السابق: ¤", "fa": "قیمت قبلی: ¤", "he": "מחיר קודם: ¤|במקום ¤", "hi": "एमआरपी: ¤|मूल कीमत: ¤", "th": "ราคาปกติ ¤|ราคาเดิม ¤",
    "vi": "Giá gốc: ¤|Giá niêm yết: ¤|Giá cũ: ¤", "id": "Harga normal ¤|Harga asli: ¤", "zh": "市场价 ¤|划线价：¤|原价 ¤", "zh-TW": "建議售價 ¤|原價 ¤", "ja": "通常価格：¤|希望小売価格 ¤", "ko": "소비자가: ¤|정가 ¤",
}  # fmt: skip
ASKED = {"de": "Jetzt", "en": "Price", "fr": "Prix", "es": "Precio", "pt": "Por", "it": "Prezzo", "nl": "Prijs", "pl": "Cena", "cs": "Cena", "ru": "Цена", "tr": "Fiyat", "hi": "कीमत", "th": "ราคา", "vi": "Giá", "id": "Harga", "zh": "价格", "ja": "価格", "ko": "판매가", "el": "Τιμή"}  # fmt: skip


@pytest.mark.parametrize("language", FORMER)
def test_a_former_price_is_not_the_asked_one(language: str) -> None:
    wrong = []
    for words in FORMER[language].split("|"):
        old, label = words.replace("¤", "€16,500.00"), ASKED.get(language)
        for asked in ["€14,000.00"] + [f"{label}: €14,000.00"] * bool(label):
            for buy in ("", BUY):
                wrong += [(old, asked, buy)] * (read(f"<p>{old}</p><p>{asked}</p>{buy}", language) != Decimal(14000))
    assert wrong == []


OF_THE_PRICE = [
    # Near misses: the same words, said of the price or of nothing
    ("<p>2 year warranty</p><p>$9,499.00</p>{buy}", "9499"),
    ("<p>$9,499.00 (30% deposit required)</p>{buy}", "9499"),
    ("<p>$9,499.00</p><p>Deposit</p><p>$500.00</p>{buy}", "9499"),
    ("<p>Deposit $500.00, total $9,499.00</p>{buy}", "9499"),
    ("<p>£9,499.00 inc VAT £7,915.83 ex VAT</p>{buy}", "9499"),
    ("<p>£7,915.83 ex VAT £9,499.00 inc VAT</p>{buy}", "9499"),
    ("<p>$9,499.00 or $395.79 per month</p>{buy}", "9499"),
    ("<p>$9,499.00 or 4 payments of $2,374.75</p>{buy}", "9499"),
    ("<p>$9,499.00 with 3 years of warranty</p>{buy}", "9499"),
    ("<p>2 offres à partir de</p><p>9 499,00 €</p>{buy}", "9499"),
    ("<p>Regular price</p><p>$9,499.00</p>{buy}", "9499"),
    ("<p>Giá niêm yết: $9,499.00</p>{buy}", "9499"),
    ("<p>Only 5 left</p><p>$9,499.00</p>{buy}", "9499"),
    ("<p>Free shipping</p><p>$9,499.00</p>{buy}", "9499"),
    ("<p>$9,499.00 Free shipping</p>{buy}", "9499"),
    ("<p>$9,499.00 plus shipping</p>{buy}", "9499"),
    ("<p>$9,499.00 + $45.00 shipping</p>{buy}", "9499"),
    ("<p>9.499,00 € inkl. MwSt. zzgl. Versand</p>{buy}", "9499"),
    ("<p>9.499,00 € inkl. 19% MwSt., zzgl. 6,90 € Versand</p>{buy}", "9499"),
    ("<p>¥9,499 (949ポイント)</p>{buy}", "9499"),
    ("<p>9,499円（送料別）</p>{buy}", "9499"),
    ("<p>9 499 € livraison offerte</p>{buy}", "9499"),
    ("<p>9.499 € + envío</p>{buy}", "9499"),
    ("<p>$9,499.00 (shipping included)</p>{buy}", "9499"),
    ("<p>$9,499.00 per unit</p>{buy}", "9499"),
    ("<p>9.499 €/Stk</p>{buy}", "9499"),
    ("<p>$9,499.00</p><p>$45.00 standard shipping</p>{buy}", "9499"),
    ("<p>$9,499.00 (10% off)</p>{buy}", "9499"),
    ("<p>Was $12,000.00, now $9,499.00 - save $2,501.00</p>{buy}", "9499"),
    ("<p>R$ 9.499,00 em até 10x de R$ 949,90 sem juros</p>{buy}", "9499"),
    ("<p>R$ 9.499,00 à vista no Pix</p><p>ou R$ 11.111,00 em 10x de R$ 1.111,10</p>{buy}", "9499"),
    ("<p>$9,499.00</p><p>Deposit (refundable)</p><p>$500.00</p>{buy}", "9499"),
    ("<p>$9,499.00</p><p>VAT: $1,899.80</p>{buy}", "9499"),
    ("<p>9.499,00 €</p><p>davon MwSt. 1.516,65 €</p>{buy}", "9499"),
    ("<p>$9,499.00</p><p>Member price $9,000.00</p>{buy}", "9499"),
    ("<p>Member price $9,499.00</p>{buy}", "9499"),
    ("<p>$9,499.00</p><p>Spend $100.00 more for free shipping</p>{buy}", "9499"),
    ("<p>$9,499.00 each</p><p>$9,000.00 each (5 or more)</p>{buy}", "9499"),
    # Nothing but such a sum
    ("<p>Price on arrival</p><p>Deposit: $500.00</p>{buy}", None),
    ("<div class=price>Deposit: $500.00</div>{buy}", None),
]


@pytest.mark.parametrize(("body", "price"), OF_THE_PRICE, ids=[row[0] for row in OF_THE_PRICE])
def test_words_beside_the_price_that_are_not_about_it(body: str, price: str | None) -> None:
    assert read(body.format(buy=BUY), "fr" if "offres" in body else "en") == (None if price is None else Decimal(price))


PRICED = (("1-4", "$14,000.00"), ("5-9", "$13,500.00"), ("10+", "$13,000.00"))


def rows(*tiers: tuple[str, str]) -> str:
    return "<table>" + "".join(f"<tr><th>{count}</th><td>{price}</td></tr>" for count, price in tiers) + "</table>"


def columns(*tiers: tuple[str, str]) -> str:
    return "<table>" + "".join(f"<tr>{head}" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for head, cells in zip(("<th>Quantity</th>", "<th>Price each</th>"), zip(*tiers, strict=True), strict=True)) + "</table>"


TIERS = {
    "rows": rows(*PRICED), "columns": columns(*PRICED), "columns without heads": columns(*PRICED).replace("<th>Quantity</th>", "").replace("<th>Price each</th>", ""),
    "bare numbers": rows(("1", "$14,000.00"), ("10", "$13,500.00"), ("100", "$13,000.00")), "from": rows(("from 1", "$14,000.00"), ("from 5", "$13,500.00"), ("from 10", "$13,000.00")), "ab Stück": rows(("ab 1 Stück", "$14,000.00"), ("ab 5 Stück", "$13,500.00")),
    "одна": rows(("1 шт.", "$14,000.00"), ("от 5 шт.", "$13,500.00"), ("от 10 шт.", "$13,000.00")), "件": rows(("1-4件", "$14,000.00"), ("5-9件", "$13,500.00"), ("≥10件", "$13,000.00")), "in one text": "<ul><li>1-4 pcs: $14,000.00</li><li>5-9 pcs: $13,500.00</li><li>10 or more: $13,000.00</li></ul>",
    "one and more": "<div>$14,000.00</div>" + rows(("5-9", "$13,500.00"), ("10+", "$13,000.00")),
    "none for one": rows(("2-4", "$14,000.00"), ("5-9", "$13,500.00"), ("10+", "$13,000.00")),
}  # fmt: skip


@pytest.mark.parametrize("name", TIERS)
def test_of_prices_by_quantity_the_first_is_asked_for_one(name: str) -> None:
    assert read(TIERS[name] + BUY) == Decimal(14000)


@pytest.mark.parametrize(
    ("body", "price"),
    [
        ("<dl><dt>Slots</dt><dd>2</dd><dd>$9,000.00</dd></dl>{buy}<p>8</p><p>$10,000.00</p>", "9000"),
        ("<p>Rated 4</p><p>$9,000.00</p>{buy}", "9000"),
        ("<p class=price>$9,000.00</p><p>5</p><p>$20.00</p>{buy}<p>9</p><p>$10.00</p>", "9000"),
    ],
)
def test_numbers_before_prices_that_are_no_quantities(body: str, price: str) -> None:
    assert read(body.format(buy=BUY)) == Decimal(price)
