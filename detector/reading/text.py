"""Normalise with a map back: one folded text a field, every position of it known in the raw text.

`Folded.text` is what patterns are matched on: NFKC, lower case, invisible characters dropped, letters and accents typed
apart joined, traditional characters simplified, digits of every script as 0-9. Patterns written by hand have to pass
through `fold_pattern` (or plain words through `fold(word).text`) once when they are loaded, so that `序號` in a lexicon
meets `序號` and `序号` in a text alike. `Folded.squeezed` is the view for names: look-alike Cyrillic and Greek letters as
Latin, nothing but letters and digits, `o` as 0.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import compress
from typing import Any

# Characters that sellers put between letters to escape filters; they carry no meaning of their own. The keycap mark,
# Arabic vowel signs and the stretching stroke are as empty.
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\ufeff\u00ad\u180e\u034f\ufe0e\ufe0f\u20e3\u0640"

# Marks that join with the letter before them, half-width voicing marks and Hangul typed as single jamo among them.
_MARKS = r"\u0300-\u036f\u064b-\u065f\u0670\u3099\u309a\uff9e\uff9f\u20d0-\u20dc"
_CLUSTER = re.compile(rf".[{_MARKS}]+|[\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?", re.DOTALL)
_CLUSTERED = re.compile(rf"[{_MARKS}\u1160-\u11a7]")

# A full-width comma is a pause in Chinese and Japanese, so it must not fold into a thousands sign, except
# where it stands among full-width digits.
_WIDE_COMMA = "，"
_WIDE_THOUSANDS = re.compile(r"(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")

# Letters that NFKC leaves alone although they are read as others.
_SPECIAL = {
    "İ": "i", "ı": "i", "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "⓿": "0", "🅞": "o", _WIDE_COMMA: _WIDE_COMMA,
    # NFKC would spell them as letters and glue them to the name: RTX™4090.
    "™": " ", "℠": " ",
}  # fmt: skip

# Letters of other scripts that look like a Latin one. Used for model names only: in words they are real letters.
_LOOK_ALIKES = {
    "Cyrillic": ("авекмнорстухіѕјһԁԛԝьгзб", "abekmhopctyxisjhdqwbr36"),
    "Greek": ("αβεηικμνορτυχγ", "abehikmvoptyxy"),
    "Armenian, Cherokee folded, Lisu": ("օսհᎻᎪᏞᏚᏙᏴꓧꓮꓡꓢꓐꓦ", "ouhhalsvbhalsbv"),
    "small capitals and others": ("ʜᴀʟꜱᴠʙɑıǀᕼ〇θøоʘ", "halsvbaiih00o00"),
}
_LOOK_ALIKE = {ord(odd): plain for odds, plains in _LOOK_ALIKES.values() for odd, plain in zip(odds, plains, strict=True)}
_LOOK_ALIKE.update((code, unicodedata.normalize("NFD", chr(code))[0]) for code in range(0xE0, 0x180) if unicodedata.decomposition(chr(code)))
_OTHER_SCRIPT = re.compile("[" + "".join(map(chr, _LOOK_ALIKE)) + "]")


_HALF_WIDTH = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}


def letters_like(script: str) -> dict[str, str]:
    """Latin letters (and 0, 3, 6) to the letters of `script` that are read as them, in lower case; `o` counts as 0."""
    found: dict[str, str] = {}
    for odd, plain in zip(*_LOOK_ALIKES[script], strict=True):
        found[plain] = found.get(plain, "") + odd
    if "o" in found:
        found["0"] = found["o"]
    return found


def traditional(text: str) -> str:
    """The text with the traditional form of its Chinese characters: what `fold` turns into the simplified one."""
    return str(_converter("s2t").convert(text))


def half_width(text: str) -> str:
    """The text with half-width katakana for the kana that have them."""
    return "".join(_HALF_WIDTH.get(char, char) for char in text)


class _Fold(dict[int, str]):
    """Folded form of a code point, made when first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = self[code] = _fold_char(char)
        return folded


def _fold_char(char: str) -> str:
    if char in _INVISIBLE or "\u064b" <= char <= "\u065f":
        return ""
    if char in _SPECIAL:
        return _SPECIAL[char]
    code = ord(char)
    for first in (0x1F150, 0x1F170):  # white letters on a black round or square
        if first <= code < first + 26:
            return chr(ord("a") + code - first)
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.digit(char))
    if 0x2776 <= code <= 0x277F:
        return str(code - 0x2775)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    folded = unicodedata.normalize("NFKC", char).casefold()
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF:
        folded = _simplify(folded)
    return folded


@cache
def _converter(way: str) -> Any:
    import opencc

    return opencc.OpenCC(way)


def _simplify(text: str) -> str:
    simple: str = _converter("t2s").convert(text)
    return simple if len(simple) == len(text) else text


_TABLE = _Fold()


class _Squeeze(dict[int, str]):
    """Letters and digits stay, all else goes; `o` reads as 0."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = self[code] = ("0" if char == "o" else char) if char.isalnum() else ""
        return kept


_SQUEEZE = _Squeeze()
_ASCII_ZERO = bytes.maketrans(b"o", b"0")
_ASCII_NOISE = bytes(code for code in range(128) if not chr(code).isalnum())
_ASCII_KEPT = bytes(chr(code).isalnum() for code in range(128)).ljust(256, b"\0")


class Folded:
    """`text` is `raw` folded. `starts[i]` and `ends[i]` are the raw code points that folded character i came from;
    they are worked out when first asked for, since most texts are folded only to find nothing in them."""

    __slots__ = ("_kept", "_latin", "_map", "_squeezed", "raw", "text")

    def __init__(self, raw: str, text: str) -> None:
        self.raw, self.text = raw, text
        self._map: tuple[list[int] | range, list[int] | range] | None = None
        self._latin: str | None = None
        self._squeezed: str | None = None
        self._kept: list[int] | None = None

    @property
    def starts(self) -> list[int] | range:
        return self._offsets()[0]

    @property
    def ends(self) -> list[int] | range:
        return self._offsets()[1]

    def _offsets(self) -> tuple[list[int] | range, list[int] | range]:
        if self._map is None:
            if self.raw.isascii() or _one_for_one(self.raw):
                self._map = range(len(self.raw)), range(1, len(self.raw) + 1)
            else:
                starts: list[int] = []
                ends: list[int] = []
                for start, end, folded in _pieces(self.raw):
                    starts += [start] * len(folded)
                    ends += [end] * len(folded)
                self._map = starts, ends
        return self._map

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Raw (start, end) for a folded half-open span; an empty span stays empty."""
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else len(self.raw)
            return at, at
        return self.starts[start], self.ends[end - 1]

    def quote(self, start: int, end: int) -> str:
        """The raw words of a folded span, as the seller typed them."""
        a, b = self.span(start, end)
        return self.raw[a:b]

    @property
    def latin(self) -> str:
        """`text` with look-alike letters of other scripts as Latin ones; same length, same positions."""
        if self._latin is None:
            self._latin = self.text.translate(_LOOK_ALIKE) if _OTHER_SCRIPT.search(self.text) else self.text
        return self._latin

    @property
    def squeezed(self) -> str:
        """`latin` without anything but letters and digits, `o` as 0: `H 1 O O` is `h100`."""
        if self._squeezed is None:
            if self.text.isascii():  # a third of the time of the general way
                self._squeezed = self.text.encode().translate(_ASCII_ZERO, _ASCII_NOISE).decode()
            else:
                self._squeezed = self.latin.translate(_SQUEEZE)
        return self._squeezed

    @property
    def kept(self) -> list[int]:
        """Position in `text` of every character of `squeezed`."""
        if self._kept is None:
            # Bytes that the table makes 1, or answers of `isalnum`: neither way runs Python for a character.
            marks = self.text.encode().translate(_ASCII_KEPT) if self.text.isascii() else map(str.isalnum, self.latin)
            self._kept = list(compress(range(len(self.text)), marks))
        return self._kept


def fold(raw: str) -> Folded:
    """Fold a raw text. O(len(raw)); one table pass, no pattern that can run long."""
    if raw.isascii():
        return Folded(raw, raw.lower())
    if _CLUSTERED.search(raw):
        return Folded(raw, "".join(folded for _, _, folded in _pieces(raw)))
    return Folded(raw, _thousands(raw).translate(_TABLE))


def fold_pattern(pattern: str) -> str:
    """A regular expression written by hand, folded as texts are; its ASCII part is left alone (write it lower case)."""
    if pattern.isascii():
        return pattern
    out = []
    for char in unicodedata.normalize("NFC", pattern):
        folded = char if char.isascii() else _TABLE[ord(char)]
        out.append(folded if char.isascii() or not folded.isascii() else re.escape(folded))
    return "".join(out)


def _one_for_one(raw: str) -> bool:
    """Whether every raw character is folded by itself and into one: no mark joins any, and none is left out or written out."""
    return not _CLUSTERED.search(raw) and all(len(_TABLE[ord(char)]) == 1 for char in set(raw))


def _thousands(raw: str) -> str:
    return _WIDE_THOUSANDS.sub(",", raw) if _WIDE_COMMA in raw else raw


def _pieces(raw: str) -> list[tuple[int, int, str]]:
    """(raw start, raw end, folded) for every raw character or joined cluster."""
    out = []
    source, at = _thousands(raw), 0
    for match in _CLUSTER.finditer(source):
        out += [(i, i + 1, _TABLE[ord(source[i])]) for i in range(at, match.start())]
        out.append((match.start(), match.end(), _fold_cluster(match.group())))
        at = match.end()
    out += [(i, i + 1, _TABLE[ord(source[i])]) for i in range(at, len(source))]
    return out


@cache
def _joined(cluster: str) -> str:
    return "".join(_TABLE[ord(char)] for char in unicodedata.normalize("NFKC", cluster))


def _fold_cluster(cluster: str) -> str:
    # Long runs of marks are noise; only short ones are worth remembering.
    return _joined(cluster) if len(cluster) <= 4 else _joined(cluster[:4])


_UNKNOWN, _LONG = 0xFFFFFFFF, 0xFFFFFFFE
_CODES = 0x110000


@cache
def _squares() -> Any:
    """Squeezed code point of every code point, filled as they are met: 0 for what is left out, `_LONG` for what becomes
    several characters or joins with its neighbour."""
    import numpy as np

    return np.full(_CODES, _UNKNOWN, dtype=np.uint32)


@cache
def _from_bytes() -> Any:
    """Reads code points out of UTF-32; numpy is imported when the first text needs it."""
    import numpy as np

    return lambda codes: np.frombuffer(codes, dtype=np.uint32)


def _squeeze_code(code: int) -> int:
    char = chr(code)
    if 0x064B <= code <= 0x0652:  # vowel signs compose with no letter
        return 0
    if _CLUSTERED.search(char) or 0xD800 <= code <= 0xDFFF:
        return _LONG
    squeezed = _TABLE[code].translate(_LOOK_ALIKE).translate(_SQUEEZE)
    return 0 if not squeezed else ord(squeezed) if len(squeezed) == 1 else _LONG


def squeeze(raw: str) -> str:
    """`fold(raw).squeezed` by itself, for gates: one table look-up for all characters at once. O(len(raw))."""
    if raw.isascii():
        return raw.lower().encode().translate(_ASCII_ZERO, _ASCII_NOISE).decode()
    table, plain = _squares(), raw.replace("ß", "ss")
    try:
        codes = _from_bytes()(plain.encode("utf-32-le"))
    except UnicodeEncodeError:  # half of a pair
        return fold(raw).squeezed
    found = table.take(codes)
    if found.max() == _UNKNOWN:
        for code in {ord(char) for char in plain}:
            if table[code] == _UNKNOWN:
                table[code] = _squeeze_code(code)
        found = table.take(codes)
    if found.max() == _LONG:
        return fold(raw).squeezed
    return str(found[found != 0].tobytes(), "utf-32-le")
