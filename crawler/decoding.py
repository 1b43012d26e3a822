"""Bytes to text when the label lies: shops in Asia and Russia often declare one encoding and send another.

Order: byte-order mark, two bytes a letter, strict UTF-8, then the encoding whose text looks most like what it carries; the declared ones
(header, meta) and the usual ones of the site's language have a start on the others.
"""

from __future__ import annotations

import codecs
import re

_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.I)
_XML = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{2,40})", re.I)
_HEADER = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})", re.I)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SIGNS = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
"""How a document without a mark begins in encodings whose letters are two bytes (XML 1.0, appendix F)."""

BY_LANGUAGE = {
    "zh": ("gb18030", "big5hkscs"), "zh-tw": ("big5hkscs", "gb18030"), "zh-hk": ("big5hkscs", "gb18030"),
    "ja": ("cp932", "euc_jp"), "ko": ("cp949",), "ru": ("cp1251", "koi8_r"), "uk": ("cp1251", "koi8_u"),
}  # fmt: skip
"""Encodings in use besides UTF-8, the commonest first."""
_GUESSES = ("gb18030", "cp932", "cp949", "big5hkscs", "cp1251", "cp1252")
_LOOK = 16_384
"""So many bytes are enough to tell encodings apart."""


def decode(body: bytes, content_type: str = "", language: str | None = None) -> tuple[str, str]:
    """The text and the name of the encoding used. Never fails: what cannot be read becomes U+FFFD."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    for sign, name in _SIGNS:
        if body.startswith(sign):
            return body.decode(name, "replace"), name
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        # One broken byte in a long UTF-8 page does not make it another encoding.
        if _mostly_utf8(body):
            return body.decode("utf-8", "replace"), "utf-8"
    usual = _usual(language)
    declared = _declared(body, content_type)
    # The tail of the sample may cut a letter in two: replace, and count what broke.
    scores = {
        name: _plausible(body[:_LOOK].decode(name, "replace"), name)
        + 0.2 * (name in declared)
        + 0.25 * (name in usual)
        for name in dict.fromkeys((*declared, *usual, *_GUESSES))
    }
    best = max(scores, key=lambda name: scores[name])
    return body.decode(best, "replace"), best


def _usual(language: str | None) -> tuple[str, ...]:
    tag = (language or "").lower()
    return BY_LANGUAGE.get(tag) or BY_LANGUAGE.get(tag.split("-")[0]) or ()


def _mostly_utf8(body: bytes) -> bool:
    text = body[:_LOOK].decode("utf-8", "replace")
    wrong = text.count("�")
    wide = sum(1 for sign in text if ord(sign) > 0x7F) - wrong
    return wide > 0 and wrong * 20 <= wide


def _declared(body: bytes, content_type: str) -> list[str]:
    found = _HEADER.findall(content_type)[:1]
    for pattern in (_META, _XML):
        match = pattern.search(body[:4096])
        if match:
            found.append(match.group(1).decode("ascii"))
    names = []
    for label in found:
        name = _codec(label)
        if name and name not in names and name != "utf-8":
            names.append(name)
    return names


def _codec(label: str) -> str | None:
    """The codec a browser would use for a label: gb2312 means gb18030, shift_jis cp932, latin-1 windows-1252."""
    from w3lib.encoding import resolve_encoding

    name = resolve_encoding(label)
    # As the tables here name it: a declared koi8-r was weighed as a Latin table.
    return name.replace("koi8-", "koi8_") if name else None


def _plausible(text: str, name: str) -> float:
    """How much the text looks like what such an encoding carries, about 0 to 1."""
    points = wide = 0.0
    before = ""
    for sign in text:
        code = ord(sign)
        if code >= 0x80:
            wide += 1
            if code == 0xFFFD or 0xE000 <= code <= 0xF8FF or 0x80 <= code <= 0x9F:
                points -= 3
            else:
                points += _points(sign, code, before, name)
        before = sign
    return points / wide if wide else 0.0


def _points(sign: str, code: int, before: str, name: str) -> float:
    if name in ("gb18030", "big5hkscs"):
        return 1.0 if code in _PUNCTUATION else _common_han(sign)
    if name in ("cp932", "euc_jp"):
        kana = 0x3040 <= code <= 0x30FF or code in _PUNCTUATION
        return 1.0 if kana else 0.5 if 0x4E00 <= code <= 0x9FFF else 0.0
    if name == "cp949":
        # A whole Korean text also decodes to common Chinese characters, but not the other way round: Korean wins a draw.
        return 1.1 if 0xAC00 <= code <= 0xD7A3 else -0.5
    if name in ("cp1251", "koi8_r", "koi8_u"):
        # Cyrillic letters stand together, and lower case follows; a wrong table turns them into capitals.
        together = "\u0400" <= before <= "\u04ff" or not before.isalnum()
        return (
            0.0 if not together else 1.0 if 0x430 <= code <= 0x45F else 0.4 if 0x400 <= code <= 0x42F else 0.0
        )
    # Latin tables: accented letters stand among plain ones; the signs of trade stand alone.
    if sign in "€£¥°§©®«»–—“”‘’…·²³×½":
        return 0.7
    return 0.9 if sign.isalpha() and (before.isascii() or not before.isalpha()) else 0.0


_PUNCTUATION = frozenset(map(ord, "、。！？，：；（）《》「」￥¥【】"))


def _common_han(sign: str) -> float:
    """1 for the first level of GB 2312 (3,755 common characters), less for rarer ones."""
    try:
        first = sign.encode("gb2312")[0]
    except UnicodeEncodeError:
        return 0.5 if "\u4e00" <= sign <= "\u9fff" else 0.0
    return 1.0 if 0xB0 <= first <= 0xD7 else 0.3
