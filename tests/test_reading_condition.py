"""In which condition: made-up rows by language, near misses beside them."""

from __future__ import annotations

from datetime import date

import pytest

from config.loader import Config
from detector.reading.read import Reader
from storage.listing import Listing


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def condition(reader: Reader, description: str, field: str | None = None, price: str = "$9,000") -> str:
    record = {
        "site": "x",
        "listing_id": "1",
        "title": "NVIDIA A100 80GB PCIe",
        "description": description,
        "price_text": price,
        "country": "US",
        "condition": field,
    }
    return reader.read(Listing.from_dict(record), date(2025, 6, 1)).condition


FIELDS = [
    ("Brand New", "new"), ("New (never used)", "new"), ("Used - Like New", "used"), ("Open box", "used"), ("Certified - Refurbished", "refurbished"),
    ("For parts or not working", "parts"), ("全新", "new"), ("几乎全新", "used"), ("99新", "used"), ("坏的/配件", "parts"), ("官翻", "refurbished"),
    ("未使用に近い", "used"), ("新品、未使用", "new"), ("ジャンク品", "parts"), ("整備済み", "refurbished"), ("중고", "used"), ("새 상품", "new"), ("신상품", "new"), ("미개봉", "new"), ("이미 개봉", "used"),
    ("고장/파손", "parts"), ("Б/у", "used"), ("Новое", "new"), ("На запчасти", "parts"), ("Sehr Gut", "used"), ("Neu", "new"), ("Defekt", "parts"),
    ("Đã sử dụng", "used"), ("Mới", "new"), ("Bekas", "used"), ("Baru", "new"), ("İkinci El", "used"), ("Sıfır", "new"), ("مستعمل", "used"), ("جديد", "new"),
    ("Usado", "used"), ("Nuevo", "new"), ("Novo", "new"), ("Seminovo", "used"), ("Reacondicionado", "refurbished"),
]  # fmt: skip

TEXTS = [
    ("Never powered on, still on the pallet.", "new"), ("Never used, still in antistatic.", "new"), ("Retired from our cluster in May.", "used"),
    ("I used it for two years.", "used"), ("Dead card, no display, for parts.", "parts"), ("Renewed by the factory.", "refurbished"), ("Fully tested.", "unknown"),
    ("机房退下来的", "used"), ("没拆封，封条完好", "new"), ("点不亮，当配件出", "parts"), ("官方返修，带保", "refurbished"), ("支持验机", "unknown"),
    ("未通電、開封していない新品です", "new"), ("研究室の更新で取り外しました", "used"), ("リファビッシュ品", "refurbished"), ("미개봉 새제품", "new"),
    ("1년 정도 사용했습니다", "used"), ("화면 안 나옴, 부품용", "parts"), ("Снята с сервера, работала год", "used"), ("запечатана, не вскрыта", "new"),
    ("Восстановленная в сервисе", "refurbished"), ("не даёт изображение, на донора", "parts"), ("originalverpackt und ungeöffnet", "new"),
    ("aus Serverrückbau", "used"), ("läuft nicht mehr, für Bastler", "parts"), ("hàng tháo server, đã dùng 1 năm", "used"), ("nguyên seal chưa bóc", "new"),
    ("masih segel, belum pernah dipakai", "new"), ("cabutan dari server", "used"), ("mati total, buat kanibalan", "parts"), ("kapalı kutu, hiç açılmadı", "new"),
    ("kurumdan çıkma", "used"), ("مستخدم سنة", "used"), ("غير مستخدم، بالكرتون", "new"), ("precintada, sin estrenar", "new"), ("estropeada, para despiece", "parts"),
    ("lacrada na embalagem", "new"), ("retirada de data center", "used"), ("sealed pack hai", "new"), ("server se nikala hua", "used"),
    # One owner before, use that the seller reports, a test that was its only use.
    ("One owner, box included.", "used"), ("ilk sahibinden", "used"), ("один владелец", "used"), ("aus erster Hand", "used"), ("tangan pertama", "used"), ("ワンオーナーです", "used"),
    ("Plugged in once to prove it works.", "used"), ("Opened to test, invoice here", "used"), ("只插过一次，亮机即收", "used"), ("einmal eingebaut", "used"), ("включал один раз", "used"),
    ("使用狀況:畫圖用,去年過保", "used"), ("Досталась с работы, пролежала в шкафу", "used"), ("sirf 1 saal use hua", "used"), ("11 mahine chala", "used"), ("二年ほど動画編集に使ったものです", "used"), ("사용 1년", "used"),
    ("Hepsi söküm", "used"), ("كنت أدرّب عليه كل ليلة", "used"), ("dỡ từ phòng máy, nguyên thùng", "used"), ("dùng vẽ kiến trúc", "used"), ("trabajaron en un estudio", "used"),
    ("Ambalajından hiç çıkmadı", "new"), ("علبته ما انفتحت", "new"), ("por estrear, película intacta", "new"), ("isi belum diusik", "new"), ("foil packed, used nahi hai", "new"), ("never left the box", "new"), ("새 박스 상태", "new"),
    ("All from my closed render studio.", "used"), ("A100 - dead, won't enumerate", "parts"), ("It falls off the bus after nine minutes, xid 79", "parts"), ("开不了机，供电烧穿了", "parts"), ("電源が入らない", "parts"), ("не включается", "parts"),
]  # fmt: skip

NEAR_MISSES = [
    ("Not refurbished, not used: sealed.", "new"), ("New thermal paste and a new fan; ran two years.", "used"), ("换过新硅脂，跑了两年", "used"), ("not a dead card", "unknown"),
    ("ships to New York", "unknown"), ("HS code 8473.30", "unknown"), ("DOA? dead on arrival is refunded", "unknown"),
    ("Brand new in box? No - it ran for a week in a demo machine.", "used"), ("some refurb house swapped the shells; ran 14 months with us", "used"), ("macunları yenilendi, internet kafeden çıkma", "used"), ("built on a new blower board", "unknown"), ("店里保半年", "unknown"), ("不问谁用 không hỏi ai dùng", "unknown"),
    ("模組機 一部八卡", "unknown"), ("전원 안정적입니다", "unknown"), ("harga mati", "unknown"), ("no post, collection only", "unknown"), ("烤机烧了一晚上没问题", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "kind"), FIELDS, ids=[row[0] for row in FIELDS])
def test_the_field_decides(reader: Reader, field: str, kind: str) -> None:
    assert condition(reader, "ships fast", field) == kind


@pytest.mark.parametrize(("text", "kind"), TEXTS, ids=[row[0] for row in TEXTS])
def test_a_statement_of_the_text(reader: Reader, text: str, kind: str) -> None:
    assert condition(reader, text) == kind


def test_a_title_that_hints_at_use_yields_to_plain_newness(reader: Reader) -> None:
    record = {"site": "x", "listing_id": "1", "title": "A100 80GB 물량 정리", "description": "열여섯 장 전부 새것", "price_text": "$9,000", "country": "US"}
    assert reader.read(Listing.from_dict(record), date(2025, 6, 1)).condition == "new"


@pytest.mark.parametrize(("text", "kind"), NEAR_MISSES, ids=[row[0] for row in NEAR_MISSES])
def test_near_misses(reader: Reader, text: str, kind: str) -> None:
    assert condition(reader, text) == kind


def test_time_on_a_machine_has_no_condition(reader: Reader) -> None:
    assert condition(reader, "new nodes, never used", price="$2.10/GPU/hr") == "unknown"
