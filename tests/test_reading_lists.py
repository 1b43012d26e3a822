"""What sellers say bluntly, fact beside fact, in thirteen languages and all kinds of separators: each of them is read."""

from __future__ import annotations

from datetime import date

import pytest

from config.loader import Config
from detector.reading.read import Reader
from storage.listing import Listing

SHORT = {"serial": "serial_removed", "papers": "no_paperwork", "contact": "off_platform_contact", "bulk": "bulk_inventory", "transit": "transit_route"}

# Text, language, country, signals.
LISTS = [
    ("• No serial • No invoice • No returns", "en", "US", "serial papers"),
    ("- serial sticker removed\n- no invoice\n- whatsapp +971 50 000 0000", "en", "US", "serial papers contact"),
    ("no serial / no invoice / whatsapp only", "en", "US", "serial papers contact"),
    ("SN: erased | Invoice: none | Warranty: none", "en", "US", "serial papers"),
    ("Serial number: removed. Invoice: not available. Stock: 50 pcs.", "en", "US", "serial papers bulk"),
    ("serial gone, box gone, receipt gone, card works", "en", "US", "serial papers"),
    ("Labels peeled off. No paperwork. Cash only.", "en", "US", "serial papers"),
    ("NO S/N NO INVOICE NO WARRANTY 50 PCS IN STOCK", "en", "US", "serial papers bulk"),
    ("w/o serial, w/o invoice", "en", "US", "serial papers"),
    ("no SN/no papers", "en", "US", "serial papers"),
    ("tags off, papers none, ask no questions", "en", "US", "serial papers"),
    ("unit has no serial sticker and comes without invoice or warranty", "en", "US", "serial papers"),
    ("Sold without serial number label & without invoice; contact via telegram @abc_def", "en", "US", "serial papers contact"),
    ("无SN | 无发票 | 现货50片", "zh-Hans", "CN", "serial papers bulk"),
    ("无码无票无保，50片起", "zh-Hans", "CN", "serial papers"),
    ("①码已刮 ②无票 ③加V详聊", "zh-Hans", "CN", "serial papers contact"),
    ("SN：已磨\n发票：无\n质保：无", "zh-Hans", "CN", "serial papers"),
    ("撕标 无票 现货100张", "zh-Hans", "CN", "serial papers bulk"),
    ("没有序列号没有发票没有质保", "zh-Hans", "CN", "serial papers"),
    ("码磨了 票没有 懂的来", "zh-Hans", "CN", "serial papers"),
    ("标签全撕、序列号磨掉、不带票、走香港", "zh-Hans", "CN", "serial papers transit"),
    ("シリアルなし・領収書なし・保証なし", "ja", "JP", "serial papers"),
    ("シリアル：削除済み／領収書：不可", "ja", "JP", "serial papers"),
    ("シリアルシール剥がし済、保証書無し、大量在庫あり", "ja", "JP", "serial papers bulk"),
    ("시리얼 없음 / 영수증 없음 / 카톡 문의", "ko", "KR", "serial papers contact"),
    ("시리얼 스티커 제거, 세금계산서 불가, 재고 50장", "ko", "KR", "serial papers bulk"),
    ("без серийника, без чека, в наличии 50 шт, пишите в телеграм", "ru", "RU", "serial papers bulk contact"),
    ("серийник спилен; документов нет; гарантии нет", "ru", "RU", "serial papers"),
    ("Серийный номер: удалён\nЧек: нет", "ru", "RU", "serial papers"),
    ("ohne Seriennummer, ohne Rechnung, nur WhatsApp", "de", "DE", "serial papers contact"),
    ("Seriennummer entfernt / keine Rechnung / 50 Stück auf Lager", "de", "DE", "serial papers bulk"),
    ("không serial, không hóa đơn, liên hệ zalo", "vi", "VN", "serial papers contact"),
    ("mất tem serial - không bill - còn 30 card", "vi", "VN", "serial papers bulk"),
    ("seri numarası yok, fatura yok, whatsapp", "tr", "TR", "serial papers contact"),
    ("sin número de serie, sin factura, solo whatsapp", "es", "ES", "serial papers contact"),
    ("sem número de série, sem nota fiscal, chama no zap", "pt", "BR", "serial papers contact"),
    ("tanpa nomor seri, tanpa nota, WA aja", "id", "ID", "serial papers contact"),
    ("بدون سيريال وبدون فاتورة وبدون ضمان", "ar", "AE", "serial papers"),
    ("serial nahi hai, bill nahi hai, whatsapp karo", "hi", "IN", "serial papers contact"),
    ("無SN、無發票、無保固", "zh-Hant", "TW", "serial papers"),
]

# The same words, said of nothing or of the contrary.
HARMLESS = [
    ("serial intact, invoice included, no whatsapp please, sealed", "en", "US"), ("no box, no returns, no reserve", "en", "US"),
    ("Is the serial gone? No. Invoice? Yes.", "en", "US"), ("if the serial is scratched, tell us, we refund", "en", "US"),
    ("标签完好，序列号可查，有票有保", "zh-Hans", "CN"), ("不刀，不退，不换，非诚勿扰", "zh-Hans", "CN"), ("磨码的勿扰，只收带票的", "zh-Hans", "CN"),
    ("シリアル確認可、領収書発行可、即日発送", "ja", "JP"), ("시리얼 확인 가능, 영수증 있음, 택배 가능", "ko", "KR"), ("серийник на месте, чек есть, торг", "ru", "RU"),
    ("Seriennummer vorhanden, Rechnung dabei, Abholung", "de", "DE"), ("có serial, có hóa đơn, bao test", "vi", "VN"), ("número de serie visible, factura incluida", "es", "ES"),
]  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def signals(reader: Reader, text: str, language: str, country: str) -> set[str]:
    record = {"site": "lists", "listing_id": "1", "title": "NVIDIA Tesla V100 32GB", "description": text, "language": language, "country": country}
    return {signal.signal for signal in reader.read(Listing.from_dict(record), date(2026, 6, 1)).signals}


@pytest.mark.parametrize(("text", "language", "country", "said"), LISTS, ids=[row[0][:24] for row in LISTS])
def test_each_fact_of_a_list_is_read(reader: Reader, text: str, language: str, country: str, said: str) -> None:
    assert signals(reader, text, language, country) == {SHORT[name] for name in said.split()}


@pytest.mark.parametrize(("text", "language", "country"), HARMLESS, ids=[row[0][:24] for row in HARMLESS])
def test_the_same_words_of_ordinary_sellers_say_nothing(reader: Reader, text: str, language: str, country: str) -> None:
    assert signals(reader, text, language, country) == set()
