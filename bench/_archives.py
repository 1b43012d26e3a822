"""Generated web archives: shops, news and boards in many scripts and encodings, a chip on one page in so many, damage on request.

Seeded: the same numbers give the same bytes. Ordinary pages are full of what only looks like a chip's name: `h-100` classes,
digests, part numbers, `a 100`, prices. The truth is returned beside the archive and is never read by the scan.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from detector.reading.read import Reader
from detector.spellings import BEHIND_LETTERS, RARE, spellings
from storage.listing import Listing

CHIPS = ("h100", "a100", "a800", "h200", "l40s", "mi300x", "gb200", "h800", "4090")
WORDS = {
    "en": (
        "NVIDIA {} GPU graphics card, 80GB",
        "Used in our data center, tested, price is per card.",
        "Add to cart",
        "USD",
        "$",
    ),
    "de": (
        "NVIDIA {} Grafikkarte 80 GB",
        "Gebraucht aus unserem Rechenzentrum, geprüft, Preis je Karte.",
        "In den Warenkorb",
        "EUR",
        "€",
    ),
    "zh": ("英伟达 {} 显卡 80G 现货", "机房下架，成色新，单价如图，支持验货。", "立即购买", "CNY", "￥"),
    "zh-tw": ("NVIDIA {} 顯示卡 80GB 現貨", "機房下架，測試正常，單張價格。", "立即購買", "TWD", "NT$"),
    "ja": (
        "NVIDIA {} グラフィックボード 80GB",
        "データセンターで使用、動作確認済み、一枚の価格です。",
        "カートに入れる",
        "JPY",
        "￥",
    ),
    "ko": (
        "엔비디아 {} 그래픽카드 80GB",
        "데이터센터에서 사용, 정상 작동, 장당 가격입니다.",
        "장바구니",
        "KRW",
        "원",
    ),
    "ru": (
        "Видеокарта NVIDIA {} 80 ГБ",
        "Из нашего дата-центра, проверена, цена за карту.",
        "В корзину",
        "RUB",
        "руб.",
    ),
    "ar": (
        "كرت شاشة NVIDIA {} 80GB",
        "مستعمل من مركز بيانات، مفحوص، السعر للكرت الواحد.",
        "أضف إلى السلة",
        "AED",
        "AED ",
    ),
    "vi": (
        "Card đồ họa NVIDIA {} 80GB",
        "Đã dùng trong trung tâm dữ liệu, đã kiểm tra, giá mỗi card.",
        "Thêm vào giỏ",
        "VND",
        "₫",
    ),
}
"""Language -> title, text, button, currency, sign; our own words."""

ENCODINGS = {
    "en": ("utf-8", "cp1252", "utf-16"), "de": ("utf-8", "cp1252"), "zh": ("utf-8", "gb18030", "utf-16"), "zh-tw": ("utf-8", "big5hkscs"),
    "ja": ("utf-8", "cp932", "euc_jp"), "ko": ("utf-8", "cp949"), "ru": ("utf-8", "cp1251", "koi8_r"), "ar": ("utf-8",), "vi": ("utf-8",),
}  # fmt: skip
ASCII_WAYS = ("entities", "escapes")
"""Pages that are plain ASCII: other letters as numeric entities, or escaped inside JSON-LD."""

NOT_PROMISED = ("split by tags", "in a picture")


@dataclass(frozen=True, slots=True)
class Case:
    """One way to write a chip on a page."""

    kind: str
    spelling: str
    language: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Planted:
    """A page with a chip: where it is, and how it is written. `lost`: the damage took the whole record."""

    archive: str
    url: str
    case: Case
    lost: bool = False


@cache
def cases() -> tuple[Case, ...]:
    """Each kind of spelling in each language and encoding that has its letters, some spellings of each; then what is not promised."""
    from config.loader import Config

    reader = Reader(Config())
    names = {n.key: n for n in reader.finder.catalogued()}
    chance, found = random.Random(7), []
    by_kind: dict[str, list[str]] = {}
    for key in CHIPS:
        typed, breaks = names[key].typed, names[key].breaks
        told = [
            *spellings(typed, breaks),
            *((k, w(t)) for k, w in RARE.items() for t in (typed, typed.upper())),
            *((k, w(t)) for k, w in BEHIND_LETTERS.items() for t in (typed, typed.upper()) if typed[0].isalpha()),
        ]
        for kind, spelling in told:
            # Half of the plain ones as people type them: in capitals.
            by_kind.setdefault(kind, []).append(
                spelling.upper() if spelling.isascii() and chance.random() < 0.5 else spelling
            )
    for kind, known in sorted(by_kind.items()):
        for language, (title, *_) in WORDS.items():
            readable = [s for s in chance.sample(known, min(len(known), 8)) if _is_read(reader, language, s)]
            for encoding in (*ENCODINGS[language], *ASCII_WAYS):
                fitting = [s for s in readable if _fits(title.format(s), encoding)]
                found += [Case(kind, s, language, encoding) for s in fitting[:2]]
    for spelling in ("H<b>100</b>", "A<span>1</span>00", "<i>H</i>100", "RTX <b>40</b>90"):
        found.append(Case("split by tags", spelling, "en", "utf-8"))
    found.append(Case("in a picture", '<img src="/h.png" alt="">', "en", "utf-8"))
    return tuple(found)


def _is_read(reader: Any, language: str, spelling: str) -> bool:
    """Whether the reader takes the listing itself for an offer of a chip: what it cannot read, a scan need not find."""
    title, text, _, currency, sign = WORDS[language]
    listing = Listing("shop", "1", " ".join(title.format(spelling).split()), description=text, price_text=f"{sign}14500", price_amount=None,
                      price_currency=currency, country=None)  # fmt: skip
    return bool(reader.read(listing, date(2026, 4, 1)).chips)


def _fits(text: str, encoding: str) -> bool:
    if encoding in ASCII_WAYS:
        return True
    try:
        text.encode("gbk" if encoding == "gb18030" else encoding)
    except UnicodeEncodeError:
        return False
    return True


def chip_page(case: Case, number: int, chance: random.Random) -> bytes:
    """A shop's page that offers the chip, marked up in one of three ways."""
    title, text, button, currency, sign = WORDS[case.language]
    name, price = title.format(case.spelling), 2000 + 10 * chance.randrange(2500)
    shown_price = f"{price} {sign}" if case.language in ("ru", "ko", "vi") else f"{sign}{price}"
    charset = {
        "cp932": "shift_jis",
        "cp949": "euc-kr",
        "euc_jp": "euc-jp",
        "koi8_r": "koi8-r",
        "big5hkscs": "big5",
    }.get(case.encoding, case.encoding)
    charset = "utf-8" if case.encoding in ASCII_WAYS else charset.replace("cp12", "windows-12")
    plain = name
    markup = json.dumps({
        "@context": "https://schema.org", "@type": "Product", "name": plain, "sku": f"S{number}", "description": text,
        "offers": {"@type": "Offer", "price": price, "priceCurrency": currency, "availability": "https://schema.org/InStock"},
    }, ensure_ascii=case.encoding == "escapes")  # fmt: skip
    way = 0 if case.encoding == "escapes" else number % 3
    if way and "<" in case.spelling:
        way = 2
    head = f"<meta charset={charset}><title>{'Shop' if way == 0 else plain if '<' not in plain else 'Shop'}</title>"
    script = f'<script type="application/ld+json">{markup}</script>' if way == 0 and "<" not in name else ""
    if way == 1:
        shown = (f'<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">{name}</h1><p itemprop="description">{text}</p>'
                 f'<div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><meta itemprop="priceCurrency" content="{currency}">'
                 f'<span itemprop="price" content="{price}">{shown_price}</span></div></div>')  # fmt: skip
    else:
        shown = f"<h1>{name}</h1><div class=price>{shown_price}</div><p>{text}</p>"
    language = case.language if case.encoding != "escapes" else "en"
    if case.encoding == "escapes":
        shown, button = f"<div class=price>{currency} {price}</div>", "Buy now"
    body = f"<!doctype html><html lang={language}><head>{head}{script}</head><body>{shown}<table><tr><th>SKU</th><td>S{number}</td></tr></table><button>{button}</button>"
    around = _blocks(case.language, case.encoding if case.encoding not in ASCII_WAYS else "ascii")
    tail = [chance.choice(around) for _ in range(4)]
    if case.encoding in ASCII_WAYS:
        return body.encode("ascii", "xmlcharrefreplace") + b"".join(tail) + b"</body></html>"
    start = body.encode(case.encoding, "xmlcharrefreplace")
    end = "</body></html>".encode(case.encoding if case.encoding != "utf-16" else "utf-16-le")
    return start + b"".join(tail) + end


SPEAKING = ("gpu", "graphics card", "nvlink", "VRAM", "CUDA", "80GB")
"""What one page in ten says of hardware without offering any: beside such a word a bare 4090 may be a card."""
_HARDWARE = frozenset(("hardware", "brand", "hardware-weak"))


@cache
def _vocabulary(language: str) -> list[str]:
    """Words of a language as the catalogue of offers and the lexicon know them, without any that speaks of chips."""
    from config.loader import Config
    from detector.reading.cues import Cues
    from detector.reading.text import fold

    chance, offers = random.Random(f"words {language}"), Config().offers
    cues = Cues(offers)
    known = [
        plain for row in offers.cue for word in row.words
        if (plain := word.strip("*")).replace(" ", "").isalpha() and not _HARDWARE & cues.find(fold(plain).text).found.keys()
    ]  # fmt: skip
    own = [w for w in known if _script(w) == _script(WORDS[language][1])]
    latin = [
        "".join(chance.choice("etaoinshrdlu") for _ in range(chance.randrange(3, 9))) for _ in range(400)
    ]
    return own + latin[: 400 if language in ("en", "de", "vi") else 60]


def _script(text: str) -> str:
    for name, first, last in (
        ("kana", 0x3040, 0x30FF),
        ("hangul", 0xAC00, 0xD7A3),
        ("han", 0x4E00, 0x9FFF),
        ("cyrillic", 0x400, 0x4FF),
        ("arabic", 0x600, 0x6FF),
    ):
        if any(first <= ord(char) <= last for char in text):
            return name
    return "latin"


@cache
def _blocks(language: str, encoding: str) -> list[bytes]:
    """Pieces of pages of one to two kilobytes in an encoding: text, tables, scripts, styles, pictures in base64."""
    chance = random.Random(f"{language} {encoding}")
    words = _vocabulary(language)
    codec = "utf-16-le" if encoding == "utf-16" else encoding
    made = []
    for number in range(160):
        text = (_prose, _prose, _cards, _script_block, _style, _data)[number % 6](chance, words)
        made.append(text.encode(codec, "ignore" if encoding != "ascii" else "xmlcharrefreplace"))
    return made


def _prose(chance: random.Random, words: list[str]) -> str:
    rows = (" ".join(chance.choice(words) for _ in range(chance.randrange(9, 30))) for _ in range(7))
    return "".join(
        f"<p>{row}{f' {chance.choice(SPEAKING)}' if chance.random() < 0.001 else ''}. "
        f"It took {'a 100' if chance.random() < 0.02 else 'some 90'} years, {chance.randrange(1000, 9999)}.</p>\n"
        for row in rows
    )


def _cards(chance: random.Random, words: list[str]) -> str:
    return "".join(
        f'<li class="col-{chance.randrange(1, 12)} {"h-100" if chance.random() < 0.1 else "w-50"}"><a href="/p/{chance.randrange(10**8)}?ref=sr_{chance.randrange(99)}">'
        f"{chance.choice(words)} {chance.choice(words)}</a><span class=price>${chance.randrange(5, 900)}.{chance.randrange(10, 99)}</span></li>\n"
        for _ in range(8)
    )


def _script_block(chance: random.Random, words: list[str]) -> str:
    del words
    names = [
        "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(2)) + str(chance.randrange(99))
        for _ in range(12)
    ]
    body = "".join(
        f"function {n}(e,t){{return e.{chance.choice(names)}?t[{chance.randrange(5000)}]:refactor('{chance.randbytes(20).hex()}')}};"
        for n in names
    )
    first = "l4" if chance.random() < 0.02 else "ln"
    return f"<script>!function(){{var {first}=0,{','.join(names)};{body}}}();</script>\n"


def _style(chance: random.Random, words: list[str]) -> str:
    del words
    return (
        "<style>"
        + "".join(
            f".h-{chance.randrange(400)},.mt{chance.randrange(60)}{{height:{chance.randrange(100)}%;margin:{chance.randrange(90)}px;color:#{chance.randbytes(3).hex()}}}\n"
            for _ in range(22)
        )
        + "</style>\n"
    )


def _data(chance: random.Random, words: list[str]) -> str:
    import base64

    picture = base64.b64encode(chance.randbytes(500)).decode()
    rows = ",".join(
        f'{{"id":{chance.randrange(10**9)},"sku":"{chance.randrange(900)}-{chance.randrange(10**5):05}","n":"{chance.choice(words)}"}}'
        for _ in range(8)
    )
    return f"<img src=\"data:image/png;base64,{picture}\"><div data-state='[{rows}]'></div>\n"


PLAIN = (("en", "utf-8"), ("en", "utf-8"), ("en", "cp1252"), ("de", "utf-8"), ("zh", "utf-8"), ("zh", "gb18030"), ("zh-tw", "big5hkscs"),
         ("ja", "utf-8"), ("ja", "cp932"), ("ko", "utf-8"), ("ko", "cp949"), ("ru", "utf-8"), ("ru", "cp1251"), ("ar", "utf-8"),
         ("vi", "utf-8"))  # fmt: skip


def plain_page(number: int, chance: random.Random) -> bytes:
    """A page without a chip, 20 to 90 kilobytes: every fourth is a shop's, with markup of an article."""
    language, encoding = PLAIN[number % len(PLAIN)]
    blocks = _blocks(language, encoding)
    word = chance.choice(_vocabulary("en"))
    head = (
        f"<!doctype html><html lang={language}><head><meta charset={encoding}><title>{word} {number}</title>"
    )
    if number % 4 == 0:
        head += ('<script type="application/ld+json">' + json.dumps({"@context": "https://schema.org", "@type": "Product", "name": f"{word} {number}",
                 "offers": {"@type": "Offer", "price": chance.randrange(900), "priceCurrency": "EUR"}}) + "</script>")  # fmt: skip
    body = [
        f"{head}</head><body><h1>{word} {number} {chance.randbytes(16).hex()}</h1>".encode(
            "ascii", "xmlcharrefreplace"
        )
    ]
    body += [chance.choice(blocks) for _ in range(chance.randrange(15, 70))]
    return b"".join(body) + b"</body></html>"


def record(url: str, body: bytes, number: int, *, told: int = 0) -> bytes:
    """A WARC response record; `told` is added to the length that it tells."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nServer: bench\r\n\r\n" + body
    head = (f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-04-{1 + number % 28:02}T10:00:00Z\r\n"
            f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012}>\r\nContent-Type: application/http; msgtype=response\r\n"
            f"Content-Length: {len(block) + told}\r\n\r\n")  # fmt: skip
    return head.encode() + block + b"\r\n\r\n"


DAMAGES = ("cut", "too long", "too short", "absurd", "broken member", "junk")


def write_archive(
    path: Path, pages: int, *, every: int = 1000, seed: int = 1, damage: str | None = None, level: int = 6, chosen: tuple[Case, ...] | None = None,
    pack: Callable[..., bytes] = gzip.compress,
) -> list[Planted]:  # fmt: skip
    """Write a .warc.gz of `pages` responses, a chip on one in `every`, by turns of the cases; the planted pages.

    `damage` is one of DAMAGES and hits records between planted ones, but for `cut`, which takes the tail of the last record.
    `pack` is gzip's or a faster one.
    """
    chance, planted = random.Random(f"{seed} {path.name}"), []
    turns = chosen or cases()
    hurt = {pages // 4 + 1, pages // 2 + 1} if damage else set()
    with open(path, "wb") as file:
        file.write(pack(_warcinfo(path.name), level, mtime=0))
        for number in range(pages):
            serial = seed * 1_000_000 + number
            url = f"https://shop{serial % 97}.example/{path.stem}/{serial}"
            if number % every == every // 2:
                case = turns[(number // every + seed * 131) % len(turns)]
                body = chip_page(case, serial, chance)
                planted.append(Planted(str(path), url, case))
            else:
                body = plain_page(serial, chance)
            told = (
                {"too long": 700, "too short": -700, "absurd": 10**12}.get(damage or "", 0)
                if number in hurt
                else 0
            )
            data = pack(record(url, body, serial, told=told), level, mtime=0)
            if number in hurt and damage == "broken member":
                middle = len(data) // 2
                data = data[:middle] + bytes(60) + data[middle + 60 :]
            if number in hurt and damage == "junk":
                data = chance.randbytes(3000) + data
            if number == pages - 1 and damage == "cut":
                data = data[: len(data) * 2 // 3]
            file.write(data)
    return planted


def _warcinfo(name: str) -> bytes:
    block = f"software: chipwatch bench\r\nisPartOf: {name}\r\n".encode()
    head = f"WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Date: 2026-04-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-ffffffffffff>\r\nContent-Type: application/warc-fields\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def found_among(planted: list[Planted], rows: list[dict[str, Any]]) -> Iterator[tuple[Planted, bool]]:
    """Each planted page and whether it is among a scan's candidates."""
    urls = {row["url"] for row in rows}
    for page in planted:
        yield page, page.url in urls
