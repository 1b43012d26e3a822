"""The gate over bytes: it stops no page that the reader would take, in any listed spelling and encoding, by either engine."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import cache

import pytest

from config.loader import Config
from detector.gate import NOTHING, STRONG, WEAK, Gate
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
ENGINES = ["ahocorasick", *(["hyperscan"] if importlib.util.find_spec("hyperscan") else [])]


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
