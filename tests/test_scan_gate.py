"""The gate over bytes: it stops no page that the reader would take, in any listed spelling and encoding, by either engine."""

from __future__ import annotations

import html
import importlib.util
import json
import random
from collections.abc import Iterator
from functools import cache

import pytest

from config.loader import Config
from detector.gate.gate import NOTHING, STRONG, WEAK, Gate
from detector.gate.words import Words
from detector.reading.chips import Finder
from detector.reading.text import fold
from detector.spellings import CODECS, RARE, spellings

NAMES = ("h100", "4090", "gb200", "l40s", "graceh0pper", "h一百", "エイチ百", "에이백", "900210010000")
AROUND = (
    ("<p>NVIDIA ", " GPU 80GB</p>"),
    ("<b>", "</b>"),
    ("现货 ", "显卡 全新"),
    ('{"name":"8x', 's"}'),
    ("карта ", ", 2 шт"),
)
# Hyperscan takes half a minute to compile all spellings: with the storms of `make soak`.
ENGINES = [
    "ahocorasick",
    *([pytest.param("hyperscan", marks=pytest.mark.soak)] if importlib.util.find_spec("hyperscan") else []),
]


@cache
def finder() -> Finder:
    return Finder(Config().catalogue)


@cache
def gate(engine: str) -> Gate:
    return Gate(finder(), engine=engine)


def written(name: str) -> Iterator[tuple[str, str]]:
    known = next(n for n in finder().catalogued() if n.key == name)
    yield from spellings(known.typed, known.breaks)
    if known.typed.isascii() and len(known.typed) <= 6:
        yield from (
            (kind, write(case)) for kind, write in RARE.items() for case in (known.typed, known.typed.upper())
        )
    yield "plain", known.typed.upper()


def pages(text: str, rare: bool) -> Iterator[bytes]:
    """The page in every encoding that has all its letters, with entities and with JSON escapes."""
    for codec in ("utf-8", "utf-16") if rare else (*CODECS, "utf-16"):
        try:
            yield text.encode(codec)
        except UnicodeEncodeError:
            continue
    yield text.encode("ascii", "xmlcharrefreplace")
    yield "".join(c if c.isascii() else "".join(f"\\u{u:04x}" for u in _units(c)) for c in text).encode()


def _units(char: str) -> list[int]:
    data = char.encode("utf-16-be")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


@pytest.mark.soak
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_what_the_reader_finds_passes(name: str, engine: str) -> None:
    looked, stopped = 0, []
    for kind, spelling in written(name):
        for before, after in AROUND:
            text = f"<html>{before}{spelling}{after}"
            if not finder().find("page", fold(text)):
                continue
            for body in pages(text, kind in RARE):
                looked += 1
                if gate(engine).look(body) == NOTHING:
                    stopped.append((kind, body))
    assert looked > 20
    assert not stopped


@pytest.mark.parametrize("engine", ENGINES)
def test_entities_and_escapes_for_plain_letters_are_seen(engine: str) -> None:
    for body in (
        b"<p>NVIDIA &#72;100 80GB", b"<p>&#x48;&#x31;&#x30;&#x30; 80GB", b'{"name": "\\u0048100 80GB"}', b"<p>&#082;TX 4090 24GB",
        b"<p>H&nbsp;100 GPU", b"<p>H&shy;100 GPU", b"<p>H&#8203;100 GPU", b"/nvidia%20h100%2080gb", b'"\\u82f1\\u4f1fH100"', b'"x\\nA100 40G"',
    ):  # fmt: skip
        assert gate(engine).look(body), body


ENTITIES = (
    "H&#0000049;00", "H&#x000031;00", "H&#X31;00", "&#0072;100", "H&#00049&#00048;0", "H&#x0200E;100", "H&#08206;100", "H&#0160;100",
    "H&ZeroWidthSpace;100", "H&NonBreakingSpace;100", "H&ensp;100", "H&thinsp;100", "H&numsp;100", "H&lrm;100", "&Hopf;100", "&Hfr;100",
    "H&sup1;&#8304;&#8304;", "H&#45;100", "H&#x2d;100", "H\\u002d100", "&Ncy;100", "H&Tab;100", "H&lowbar;100",
)  # fmt: skip
SIGNS = (
    *(f"H{sign}100" for sign in "\u200e\u200f\u2061\u2063\u180e\u034f\ufe0e\ufe0f\u0640\u2002\u2009\u202f\uff0d"),
    "H¹⁰⁰", "H₁₀₀", "H১০০", "H๑๐๐", "H ১০০", "ℍ100", "HⅠ00", "L４０S", "Ｈ－１００",
)  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("written", [*ENTITIES, *SIGNS])
def test_whatever_folds_to_a_letter_a_digit_or_a_gap_is_seen(written: str, engine: str) -> None:
    text = f"<p>NVIDIA {written} 80GB GPU"
    assert finder().find("page", fold(html.unescape(text.replace("\\u002d", "-")))), "the reader does not read it"
    bodies = [text.encode(), text.encode("utf-16"), text.encode("utf-16-le"), text.encode("ascii", "xmlcharrefreplace")]
    bodies.append("".join(c if c.isascii() else "".join(f"\\u{u:04X}" for u in _units(c)) for c in text).encode())
    for body in bodies:
        assert gate(engine).look(body), body


@pytest.mark.parametrize("gap", ["\n", "\t", "\r\n"])
def test_a_line_break_inside_json_in_two_bytes_a_letter_is_seen(gap: str) -> None:
    body = json.dumps({"name": f"NVIDIA H{gap}100 80GB"})
    for codec in ("utf-16", "utf-16-be", "utf-16-le"):
        assert gate("ahocorasick").look(body.encode(codec)) == STRONG


def test_signs_of_ordinary_pages_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []
    monkeypatch.setattr(Gate, "rare", lambda self, body, end: looked.append(body[:end]) or NOTHING)
    for text in ("don&#039;t &#034;it&#034; &#x0A;", "120 m² and 3 m³, note¹.", "I ❤️ it", "nº12, 1ª", "১২০০ টাকা", "2\u202f500,00 €", "a &middot; b", "\u200e12\u200e"):
        gate("ahocorasick").look(f"<p>{text}".encode())
        assert not looked, text


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "body",
    [
        b"sha256:3fa100e8b1h20f9c4090a", b"var xl4=aa30+b2001x9;refactory()", b"width:100%;height:100px", b"call 555-4091", b"<p>H1000 trucks",
        "<p>Ⓒ 2026 Ⓡ".encode(), b"&#109;&#97;&#105;l", b"ga1001 ba100a", b"", b"<p>act of 100",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_name_is_stopped(body: bytes, engine: str) -> None:
    assert gate(engine).look(body) == NOTHING


@pytest.mark.parametrize("engine", ENGINES)
def test_names_that_need_hardware_words_are_told_from_those_that_stand_alone(engine: str) -> None:
    assert gate(engine).look(b"<p>Only L4 left") == WEAK
    assert gate(engine).look(b"<p>item 4090 sold") == WEAK
    assert gate(engine).look(b"<p>RTX 4090 sold") == WEAK or gate(engine).look(b"<p>RTX 4090 sold") == STRONG
    assert gate(engine).look(b"<p>L4 and Tesla L4") == STRONG
    assert gate(engine).look(b"<p>H20 and H100") == STRONG


def test_only_wanted_rows_are_looked_for() -> None:
    narrow = Gate(finder(), {"nvidia-h100"}, engine="ahocorasick")
    assert narrow.look(b"<p>H100 80GB") == STRONG
    assert narrow.look(b"<p>A100 80GB") == NOTHING


READ = (
    b"<p>NVIDIA H100 80GB", b"<h1 class=x>H100</h1>", b'<meta property="og:title" content="NVIDIA H100">', b"<img alt='H100'>",
    b'<script type="application/ld+json">{"name":"NVIDIA H100"}</script>', b'<SCRIPT>var s={"sku":"1","name":"H100"}</SCRIPT>',
    b'<script>window.s={"price":9,"name":"NVIDIA H100"}</script>', b"<script>f()</SCRIPT><p>H100", b"<style>b{}</style><p>H100",
    b'{"name":"A < B, NVIDIA H100"}', b'<a href="/x" title="H100">', b"<p>if a<b class=x then H100",
)  # fmt: skip
UNREAD = (
    b"<style>.x{content:'NVIDIA H100'}</style>", b"<script>var name='NVIDIA H100'</script>", b'<a href="/nvidia-h100-80gb">card</a>',
    b"<img src='/pictures/h100.png'>", b'<path d="M10 H100 V3">', b'<div data-name="NVIDIA H100">', b"<script>f(); // H100",
    b'<div class="wide h-100">',
)  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("body", READ)
def test_a_name_where_the_extraction_reads_passes(body: bytes, engine: str) -> None:
    assert gate(engine).look(b"<html>" + body) == STRONG


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("body", UNREAD)
def test_a_name_in_code_styles_or_addresses_is_no_reason_to_read_a_page(body: bytes, engine: str) -> None:
    assert gate(engine).look(b"<html>" + body) == NOTHING
    assert gate(engine).look(b"<html>" + body + b"</script></style><p>H100") == STRONG
    if b"h-100" not in body:
        assert gate(engine).look(b"<html>" + body, anywhere=True) == STRONG


@pytest.mark.parametrize("engine", ENGINES)
def test_a_page_inside_a_record_is_looked_at_by_itself(engine: str) -> None:
    data = b"GET /h100 H100\r\n\r\n<p>100%</p> H100"
    assert gate(engine).look(data, 18, len(data) - 5) == NOTHING
    assert gate(engine).look(data, 18) == STRONG
    assert gate(engine).look(b"A100", 1) == NOTHING and gate(engine).look(b"xxxH100", 3) == STRONG
    # The engine sees the first bytes of a long name only; the rest has to stand on the page too.
    assert gate(engine).look(b"<p>Grace Hopper") == STRONG
    assert gate(engine).look(b"<p>Grace Hopper", 0, 14) == NOTHING
    assert gate(engine).look(b"<p>Grace Hoppen") == NOTHING


@pytest.mark.parametrize("engine", ENGINES)
def test_a_letter_and_a_number_are_a_name_where_the_reader_says_so(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, told = random.Random(11), [0, 0, 0]
    before = (
        "", " ", "for ", "being ", "nvidia ", "RTX-", "tesla", "tesla: ", "dgx ", "g ", "8x ", "显卡 ", "&nbsp;", "%20", "\\n", "<b>", "amd, ", "intel(",
    )  # fmt: skip
    after = (
        "", " years", " gpu", " - GPU", "  80g", " 80 GB", " (80GB)", " card", " x", " pcie", " SXM4", " 显卡", "&nbsp;gpu", "</b>", ", gpu", "... gpu",
        "m", " 80m", "s", "%", "nvl", " hbm2e", "-80g",
    )  # fmt: skip
    bodies = [
        f"<p>{chance.choice(before)}{name}{chance.choice(after)} end".encode()
        for name in ("a 100", "H 100", "h\t20", "l 4", "L 40S", "b 200", "a_100", "A  30", "h 1oo")
        for _ in range(150)
    ]
    quick = [gate(engine).look(body) for body in bodies]
    monkeypatch.setattr("detector.gate.gate.is_count", lambda *_: False)
    for body, found in zip(bodies, quick, strict=True):
        assert gate(engine).look(body) == found, body
        told[found] += 1
    assert min(told) > 50, told


@pytest.mark.soak
def test_both_engines_say_the_same_of_any_neighbours() -> None:
    pytest.importorskip("hyperscan")
    chance, told = random.Random(5), [0, 0, 0]
    pieces = (
        b"a", b"g", b"x", b"X", b"0", b"8x", b"8 x", b"ab", b"9a", b" ", b".", b"\n", b"-", b",", b";.", b" .", b"%20", b"\\u4e00", b"\\n",
        b"\xe5", b"\xd6a", b"nvidia", b"RTX", b"tesla ", b"s", b"gb", b"80gb", b"pcie", b"class=\"x ", b"<p>", b"&#72;", b"mi", b"d",
    )  # fmt: skip
    names = (
        b"h100",
        b"H-100",
        b"l4",
        b"L 4",
        b"a30",
        b"b200",
        b"GB200",
        b"4090",
        b"h_100",
        b"a 100",
        b"h1oo",
        b"300x",
        b"l40s",
    )
    for _ in range(4000):
        body = b"".join(chance.choice(pieces) for _ in range(chance.randrange(4)))
        body += chance.choice(names) + b"".join(chance.choice(pieces) for _ in range(chance.randrange(3)))
        one, other = gate("hyperscan").look(body), gate("ahocorasick").look(body)
        assert one == other, body
        told[one] += 1
    assert min(told) > 100


def test_a_word_of_hardware_is_none_inside_a_longer_word() -> None:
    words = Words(Config().offers, engine="ahocorasick")
    for text in (
        "<p>GPU",
        "a server",
        "графическая карта",
        "видеокарта",
        "显卡",
        "كرت شاشة",
        "80 GB",
        '{"t":"x\\nserver"}',
    ):
        assert words.look(text.encode()), text
    for text in (
        "shopper",
        "initAdserver",
        "foam",
        "كرتون",
        "<script>server()</script>",
        "it took years",
        "180gbx",
    ):
        assert not words.look(text.encode()), text


def test_a_word_of_hardware_before_the_page_or_behind_it_is_none_of_it() -> None:
    words = Words(Config().offers, engine="ahocorasick")
    data = b"GPU 80GB\r\n\r\n<p>lamp</p> GPU 80GB"
    assert words.look(data) and words.look(data, 12)
    assert not words.look(data, 12, 24)
    assert words.look(b"xgpu<p>", 1) and not words.look(b"xgpu<p>")
    assert words.look(b"<p>80 GB") and not words.look(b"<p>180gbit")
