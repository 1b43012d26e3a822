"""Words of graphics hardware on a page: what has to stand beside a weak name (`L4`, `H20`, a bare 4090)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.gate.engine import engine as engine_for
from detector.gate.gate import LONGEST, is_wide
from detector.gate.places import Places
from detector.reading.cues import joins
from detector.reading.text import traditional
from detector.spellings import written_bytes

if TYPE_CHECKING:
    from config.schema.offers import Offers

_SPEAKING = ("hardware", "hardware-weak", "brand")
_EVERYDAY = 5
"""Words up to this length that are no firm sign of hardware (card, slot, fe) are too common on whole pages."""
_MEMORY = re.compile(
    rb"(?<![0-9a-z.])(?:12|16|24|32|40|48|64|80|94|96|128|141|144|180|186|192|256|288)\s?"
    rb"(?:gb?(?![a-z0-9])|gigs?(?![a-z])|\xd0\xb3\xd0\xb1|\xe3\x82\xae\xe3\x82\xac|\xea\xb8\xb0\xea\xb0\x80)",
    re.I,
)
_SIZES = tuple(
    digit + gap + unit
    for digit in (b"0", b"2", b"4", b"6", b"8")
    for gap in (b"", b" ", b"\t", b"\n", b"\r", b"\x0b", b"\x0c")
    for unit in (b"g", b"\xd0\xb3", b"\xe3\x82\xae", b"\xea\xb8\xb0")
)
"""What is looked for in place of a memory size: it ends in an even digit."""
_SIZE_BEFORE, _SIZE_AFTER = 4, 8
_NEW_LINE = re.compile(rb"\\[nrtb]")


class Words:
    """Whether a page says anything of graphics hardware.

    Words of everyday trade (card, server, tested) say nothing on a whole page and are left out; a memory size counts.
    """

    def __init__(self, offers: Offers, *, engine: str | None = None) -> None:
        borders: dict[bytes, tuple[bool, bool]] = {}
        codecs: dict[bytes, set[str]] = {}
        for word in (
            w for row in offers.cue if row.cue in _SPEAKING for w in row.words if _tells(row.cue, w)
        ):
            bound = not word.startswith("*"), not word.endswith("*")
            plain = word.strip("*")
            for form in {plain.lower(), traditional(plain).lower()}:
                for data, codec in written_bytes(form):
                    codecs.setdefault(data, set()).add(codec)
                    # A word that may be glued in one row may be everywhere.
                    known = borders.get(data, bound)
                    borders[data] = known[0] and bound[0], known[1] and bound[1]
        self._literals = sorted(borders)
        self._borders = [_border(data, *borders[data], codecs[data] == {"utf-8"}) for data in self._literals]
        self._lengths = [len(data) for data in (*self._literals, *_SIZES)]
        _, self._search = engine_for([*self._literals, *_SIZES], engine)

    def look(self, body: bytes, start: int = 0, end: int | None = None, *, anywhere: bool = False) -> bool:
        """Whether one of the words, or a memory size, stands where it is read on the page that stands in `body` from `start` up
        to `end`. `anywhere` as for `Gate.look`."""
        if is_wide(body, start):
            return True
        base, end = start, min(len(body) if end is None else end, start + LONGEST)
        places = None if anywhere else Places(body, base)
        found = False

        def hit(number: int, _from: int, at: int, _flags: int, _context: Any) -> bool:
            nonlocal found
            behind = base + at
            place = behind - self._lengths[number]
            if number < len(self._borders):
                speaks = _is_word(body, base, place, behind, self._borders[number])
            else:
                speaks = (
                    _MEMORY.search(body, max(base, place - _SIZE_BEFORE), behind + _SIZE_AFTER) is not None
                )
            found = speaks and (places is None or places.is_read(place))
            return found

        self._search(body, base, end, hit)
        return found


def _tells(cue: str, word: str) -> bool:
    return cue == "hardware" or not word.isascii() or len(word.strip("*")) > _EVERYDAY


@dataclass(frozen=True, slots=True)
class _Border:
    """The characters at the ends of a word that must not go on beyond them, None where it may. `utf8`: the word tells its
    encoding, so that characters in all scripts are known; else only plain ones are, others are empty."""

    first: str | None
    last: str | None
    utf8: bool


def _border(data: bytes, before: bool, after: bool, utf8: bool) -> _Border:
    return _Border(_first(data, utf8) if before else None, _last(data, utf8) if after else None, utf8)


def _is_word(body: bytes, base: int, start: int, end: int, border: _Border) -> bool:
    """Whether a word is none inside a longer one, by the rule of the reader's cues: `hopper` in `shopper`."""
    if (
        border.last is not None
        and (following := _first(body[end : end + 4], border.utf8))
        and joins(following, border.last)
    ):
        return False
    if border.first is None:
        return True
    preceding = _last(body[max(base, start - 4) : start], border.utf8)
    if not preceding or not joins(preceding, border.first):
        return True
    return _NEW_LINE.match(body, max(base, start - 2), start) is not None


def _first(data: bytes, utf8: bool) -> str:
    if utf8:
        return data.decode("utf-8", "ignore")[:1]
    return chr(data[0]) if data and data[0] < 0x80 else ""


def _last(data: bytes, utf8: bool) -> str:
    if utf8:
        return data.decode("utf-8", "ignore")[-1:]
    return chr(data[-1]) if data and data[-1] < 0x80 else ""
