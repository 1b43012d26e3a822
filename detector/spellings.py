"""How sellers and web pages write a model name: every spelling that the reader takes for the name, and its bytes.

The reader sees decoded, folded text, where all of these are one name. A scan of an archive sees bytes and cannot afford to
decode each page, so it looks for the bytes of the spellings instead. What is not made here is told in docs/scale.md.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from html.entities import codepoint2name, html5

from detector.reading.text import fold, half_width, letters_like, traditional

GAPS = (
    " ",
    "-",
    "  ",
    "\n",
    "\r\n",
    "\t",
    " - ",
    "_",
    "\u00a0",
    "\u3000",
    "® ",
    "™ ",
    "®",
    "™",
    "\uff0d",
    r"\n",
    r"\r\n",
    r"\t",
)
"""What stands between the words of a name, or between its letters and digits; the last three inside JSON."""

SPACED = (" ", ".", "-", "·", "*", "/", "_")
"""What sellers put between all characters of a name, to be read by people alone."""

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
"""Characters without a shape, put between letters."""

CODECS = ("utf-8", "gbk", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1251", "koi8_r", "cp1252", "cp1253")
"""Encodings of web pages in which plain letters and digits are their ASCII bytes. What GB 18030 has beyond GBK (four bytes
a letter) holds none of the letters here that a Chinese page would use."""

SHORT = 6
"""Names up to this length are written in every way; longer ones (part numbers) and words hardly ever are."""

_MOST_GAPS = 3
"""Names of more words are looked for with one kind of gap throughout."""


def _shifted(upper: int, lower: int, digit: int | None) -> Callable[[str], str]:
    """A writing whose letters and digits stand in rows from these code points on; digits stay where there are none."""

    def write(name: str) -> str:
        out = []
        for char in name:
            if "a" <= char <= "z":
                out.append(chr(lower + ord(char) - 97))
            elif "A" <= char <= "Z":
                out.append(chr(upper + ord(char) - 65))
            elif char.isascii() and char.isdigit() and digit is not None:
                out.append(chr(digit + int(char)))
            else:
                out.append(char)
        return "".join(out)

    return write


WRITINGS: dict[str, Callable[[str], str]] = {
    "full width": _shifted(0xFF21, 0xFF41, 0xFF10),
    "full-width letters": _shifted(0xFF21, 0xFF41, None),
    "full-width digits": lambda name: _digits(name, 0xFF10),
    "Arabic digits": lambda name: _digits(name, 0x660),
    "Persian digits": lambda name: _digits(name, 0x6F0),
    "Devanagari digits": lambda name: _digits(name, 0x966),
}
"""Writings in other rows of Unicode that are common in whole pages, so that each name is looked for in them."""

RARE: dict[str, Callable[[str], str]] = {
    "mathematical bold": _shifted(0x1D400, 0x1D41A, 0x1D7CE),
    "mathematical bold, plain digits": _shifted(0x1D400, 0x1D41A, None),
    "mathematical sans bold": _shifted(0x1D5D4, 0x1D5EE, 0x1D7EC),
    "monospace": _shifted(0x1D670, 0x1D68A, 0x1D7F6),
    "letters on black squares": _shifted(0x1F170, 0x1F170, None),
    "letters on black rounds": _shifted(0x1F150, 0x1F150, None),
    "letters in rounds": lambda name: _rounds(_shifted(0x24B6, 0x24D0, None)(name)),
    "keycaps": lambda name: "".join(f"{c}\u20e3" if c.isdigit() else c for c in name),
    "keycaps, coloured": lambda name: "".join(f"{c}\ufe0f\u20e3" if c.isdigit() else c for c in name),
}
"""Writings so rare that a page with any of their characters is decoded and looked at whole (`RARE_TRIGGERS`)."""

_LETTERS = re.compile(r"^[A-Za-z]+")

BEHIND_LETTERS: dict[str, Callable[[str], str]] = {
    "raised digits": lambda name: name.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")),
    "lowered digits": lambda name: _digits(name, 0x2080),
    "Bengali digits": lambda name: _digits(name, 0x9E6),
    "Thai digits": lambda name: _digits(name, 0xE50),
    "marks of direction": lambda name: f"{name[:1]}\u200e{name[1:]}",
    "marks of variation": lambda name: "\ufe0f".join(name),
    "thin spaces": lambda name: _LETTERS.sub("\\g<0>\u2009", name),
    "full-width hyphen": lambda name: _LETTERS.sub("\\g<0>\uff0d", name),
}
"""Examples of what is seen in names that begin with a plain letter (`signs`)."""

SCRIPTS = ("Cyrillic", "Greek")
"""Scripts whose look-alike letters are typed for Latin ones, by all kinds of sellers."""


def _digits(name: str, zero: int) -> str:
    return "".join(chr(zero + int(char)) if char.isascii() and char.isdigit() else char for char in name)


def _rounds(name: str) -> str:
    """Digits in rounds: 1 to 9 stand in a row, 0 apart."""
    return "".join(
        "⓪" if char == "0" else chr(0x245F + int(char)) if char.isascii() and char.isdigit() else char
        for char in name
    )


def spellings(typed: str, breaks: frozenset[int]) -> Iterator[tuple[str, str]]:
    """(kind, spelling) of a name given in lower case; `breaks` are the places where its words part.

    ASCII letters are in lower case, others in both cases: bytes are compared with ASCII letters lowered.
    """
    whole = len(typed) > SHORT or len(breaks) > 2 or not typed.isascii() or typed.isalpha()
    for spelling in _parted(typed, breaks, (" ", "-") if whole else GAPS):
        yield "plain", spelling
    if not typed.isascii():
        for spelling in {typed.upper(), traditional(typed), half_width(typed)} - {typed}:
            yield "plain", _plain_lowered(spelling)
    elif whole:
        yield from (
            (kind, spelling) for kind, spelling in _other_rows(typed, frozenset()) if kind == "full width"
        )
    else:
        yield from _other_rows(typed, breaks)
        yield from _look_alikes(typed, breaks)
        for misspelt in _typed_for_digits(typed):
            for spelling in _parted(misspelt, breaks, (" ", "-")):
                yield "letters for digits", spelling
        for gap in SPACED:
            yield "spaced", gap.join(typed)
        for sign in INVISIBLE:
            yield "invisible characters", sign.join(typed)
            for at in range(1, len(typed)):
                yield "invisible characters", f"{typed[:at]}{sign}{typed[at:]}"


def _parted(typed: str, breaks: frozenset[int], gaps: Iterable[str]) -> Iterator[str]:
    """The name in one word, and with a gap at some of its breaks."""
    yield typed
    places = sorted(breaks)
    chosen = [places] if len(places) > _MOST_GAPS else [
        list(some) for n in range(1, len(places) + 1) for some in itertools.combinations(places, n)
    ]  # fmt: skip
    for some in chosen:
        parts = [typed[a:b] for a, b in itertools.pairwise([0, *some, len(typed)])]
        for gap in gaps if some else ():
            yield gap.join(parts)


def _typed_for_digits(typed: str) -> Iterator[str]:
    """`o` for some or all zeros, `l` or `i` for each one: hl00, a1oo."""
    zeros = [at for at, char in enumerate(typed) if char == "0"]
    some = (
        [at for n in range(len(zeros) + 1) for at in itertools.combinations(zeros, n)]
        if len(zeros) <= 3
        else [(), tuple(zeros)]
    )
    for swapped in some:
        name = "".join("o" if at in swapped else char for at, char in enumerate(typed))
        for one in ("1", "l", "i") if "1" in name else ("1",):
            written = name.replace("1", one)
            if written != typed:
                yield written


def _other_rows(typed: str, breaks: frozenset[int]) -> Iterator[tuple[str, str]]:
    for name in {typed, typed.upper()}:
        for kind, write in WRITINGS.items():
            for spelling in _parted(name, breaks, (" ", "-", "\u3000", "\uff0d")):
                written = write(spelling)
                if written != spelling:
                    yield kind, _plain_lowered(written)


def _look_alikes(typed: str, breaks: frozenset[int]) -> Iterator[tuple[str, str]]:
    for script in SCRIPTS:
        for spelling in _look_alike(typed, letters_like(script)):
            for written in (spelling, spelling.upper()):
                for parted in _parted(written, breaks, (" ", "-")):
                    yield f"{script} look-alikes", _plain_lowered(parted)


def _look_alike(typed: str, letters: dict[str, str]) -> Iterator[str]:
    """One letter of another script for each letter that has one, all of them, and all with its `o` for the zeros."""
    for at, char in enumerate(typed):
        for other in letters.get(char, ""):
            yield typed[:at] + other + typed[at + 1 :]
    whole = "".join(letters[c][0] if c.isalpha() and c in letters else c for c in typed)
    yield whole
    if "0" in whole and "0" in letters:
        yield whole.replace("0", letters["0"][0])


def _plain_lowered(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


_NAMES = {text: name for name, text in sorted(html5.items(), reverse=True) if name.endswith(";")}
_NAMES |= {chr(code): f"{name};" for code, name in codepoint2name.items()}
"""The name of a character's entity: the one that all browsers know, where there are several."""

ESCAPED = "escapes"
"""Stands for a codec where letters are entities or JSON escapes."""


def written_bytes(spelling: str) -> Iterator[tuple[bytes, str]]:
    """(bytes, codec) of a spelling in each encoding that has its characters, and as entities and escapes; ASCII lowered."""
    if spelling.isascii():
        yield spelling.encode(), "ascii"
        return
    for codec in CODECS:
        with suppress(UnicodeEncodeError):
            yield spelling.encode(codec).lower(), codec
    yield spelling.encode("ascii", "xmlcharrefreplace").lower(), ESCAPED
    yield _each(spelling, lambda code: f"&#x{code:x};"), ESCAPED
    yield (
        _each(spelling, lambda code: f"&{_NAMES[chr(code)]}" if chr(code) in _NAMES else chr(code)),
        "utf-8",
    )
    yield _each(spelling, lambda code: "".join(f"\\u{unit:04x}" for unit in _units(code))), ESCAPED


def _each(spelling: str, write: Callable[[int], str]) -> bytes:
    return "".join(char if char.isascii() else write(ord(char)) for char in spelling).encode("utf-8").lower()


def _units(code: int) -> Iterator[int]:
    data = chr(code).encode("utf-16-be")
    yield from (int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


def _triggers() -> Iterator[bytes]:
    plain = [*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B)]
    for code in plain:
        yield from (
            f"&#{code};".encode(),
            f"&#0{code};".encode(),
            f"&#x{code:x};".encode(),
            f"\\u{code:04x}".encode(),
        )
    for code in (*range(0x1F150, 0x1F18A), *range(0x24B6, 0x24EB), 0x20E3):
        yield from (chr(code).encode(), f"&#{code};".encode(), f"&#x{code:x};".encode())
        yield "".join(f"\\u{unit:04x}" for unit in _units(code)).encode()
    # Mathematical letters and digits, U+1D400 to U+1D7FF: by what all of a row begin with.
    yield from {chr(code).encode()[:3] for code in range(0x1D400, 0x1D800)}
    yield from {f"&#{code}"[:6].encode() for code in range(0x1D400, 0x1D800)}
    yield from (*(f"&#x1d{row}".encode() for row in "4567"), b"\\ud835")


RARE_TRIGGERS = frozenset(trigger.lower() for trigger in _triggers())
"""Bytes of letters and digits written in rare ways: entities and escapes for plain ones, and the rows of `RARE`."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What a name may be written with and a page is full of: told from the rest by the bytes around, as regular expressions."""

    before: bytes
    after: bytes


_GAP = Sign(rb"[a-z]", rb"[a-z0-9]")
"""A space of another width, or a sign for one, behind a letter: between figures it parts thousands."""
_EMPTY = Sign(rb"[a-z0-9]", rb"[a-z0-9]")
"""A character without a shape."""
_DIGIT = Sign(rb"(?:[a-z][ -]|[a-z0-9])", rb"[0-9&\\\x80-\xff]")
"""A digit of another row, or of another script, behind a plain letter: prices in Bengali have none before them."""
_LETTER = Sign(b"", rb"[ -]?[a-z0-9&\\\x80-\xff]")
"""A letter of another row."""

_SEPARATING = frozenset("\t\n\r -_.*/·")
_COMMON = frozenset("\u00a0\u00aa\u00ba\u3000\u20e3") | frozenset(INVISIBLE)
"""Not looked for as such: made as spellings of each name, or (the ordinals ª and º, as in nº 12) on too many pages."""
_MADE = ((0x660, 0x66A), (0x6F0, 0x6FA), (0x966, 0x970), (0xFF10, 0xFF5B), (0x1D400, 0x1D800), (0x1F150, 0x1F18A), (0x24B6, 0x24EB))
"""Rows that are made as spellings, or seen by their rare letters."""


def _kind(text: str) -> Sign | None:
    """What a character is to a name: it folds to a gap or to nothing, to a digit, to a letter."""
    folded = fold(text).text
    if not folded:
        return _EMPTY
    if folded.isspace() or folded == "-" or text in _SEPARATING:
        return _GAP
    if len(folded) == 1 and folded.isascii() and folded.isalnum():
        return _DIGIT if folded.isdigit() else _LETTER
    return None


@cache
def signs() -> dict[bytes, Sign]:
    """By their bytes all characters that fold to a letter or digit, to a gap or to nothing, and are neither plain nor made above:
    as UTF-8, and like the separators as entities and JSON escapes. Lower case."""
    found: dict[bytes, Sign] = {}
    for code in (*map(ord, _SEPARATING), *range(0x80, 0x20000)):
        char = chr(code)
        if char in _COMMON or any(first <= code < last for first, last in _MADE) or not _may_fold(char):
            continue
        sign = _kind(char)
        if sign is None:
            continue
        ways = [f"&#{code};", f"&#x{code:x};", "".join(f"\\u{unit:04x}" for unit in _units(code))]
        for way in ways:
            found[way.encode()] = sign
        # Letters of two bytes (small raised ones) have the bytes of Chinese and Korean ones.
        if not char.isascii() and not (sign is _LETTER and code < 0x800):
            found[char.encode()] = sign
    for name, text in html5.items():
        made = not text.isascii() and (text in _COMMON or text in GAPS)
        if name.endswith(";") and not (made and _NAMES.get(text) == name) and (sign := _kind(text)) is not None:
            found.setdefault(f"&{name}".lower().encode(), sign)
    return {data: sign for data, sign in found.items() if data not in RARE_TRIGGERS}


def _may_fold(char: str) -> bool:
    """Whether folding may make something else of it: a look that is cheaper than folding."""
    return char.isascii() or unicodedata.category(char) in _FOLDING or bool(unicodedata.decomposition(char))


_FOLDING = ("Nd", "Cf", "Mn", "Lm", "Zs", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Entities:
    """Numeric entities with zeros before their figures: `quick` is what an engine looks for, `exact` are those of use in a name."""

    quick: bytes | None
    exact: bytes


@cache
def zeros() -> dict[bytes, Entities]:
    """By their beginning. Most on a page are the apostrophe (&#039;) and quotes."""
    plain = [*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B)]
    codes = {*plain, *(int(data[2:-1]) for data in signs() if data.startswith(b"&#") and data[2:-1].isdigit())}
    codes = {code for code in codes if code >= 0x20} | {ord(char) for char in _COMMON}
    decimal, hexadecimal = (b"|".join(f"{code:{form}}".encode() for code in sorted(codes)) for form in "dx")
    return {
        b"&#0": Entities(rb"&#0(?:0|32|4[25-7]|95|[1-9][0-9]{2})", rb"&#0+(?:" + decimal + rb")(?![0-9])"),
        b"&#x0": Entities(None, rb"&#x0+(?:" + hexadecimal + rb")(?![0-9a-f])"),
    }
