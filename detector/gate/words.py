"""Words of graphics hardware on a page: what has to stand beside a weak name (`L4`, `H20`, a bare 4090)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
_MEMORY_HINT = re.compile(rb"[02468]\s?(?:[gG]|\xd0\xb3|\xe3\x82\xae|\xea\xb8\xb0)")
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
        self._borders = [(*borders[data], codecs[data] == {"utf-8"}) for data in self._literals]
        _, self._search = engine_for(self._literals, engine)

    def look(self, body: bytes, *, anywhere: bool = False) -> bool:
        """Whether one of the words, or a memory size, stands there where it is read. `anywhere` as for `Gate.look`."""
        if is_wide(body):
            return True
        body = body[:LONGEST]
        places = None if anywhere else Places(body)

        def is_read(at: int) -> bool:
            return places is None or places.is_read(at)

        return self._has_word(body, is_read) or any(map(is_read, _sizes(body)))

    def _has_word(self, body: bytes, is_read: Callable[[int], bool]) -> bool:
        found = False

        def hit(number: int, _from: int, end: int, _flags: int, _context: Any) -> bool:
            nonlocal found
            start = end - len(self._literals[number])
            found = _is_word(body, start, end, *self._borders[number]) and is_read(start)
            return found

        self._search(body, 0, len(body), hit)
        return found


def _tells(cue: str, word: str) -> bool:
    return cue == "hardware" or not word.isascii() or len(word.strip("*")) > _EVERYDAY


def _is_word(body: bytes, start: int, end: int, before: bool, after: bool, utf8: bool) -> bool:
    """Whether a word is none inside a longer one, by the rule of the reader's cues: `hopper` in `shopper`. `utf8`: the word
    tells its encoding, so that neighbours in all scripts are known; else only plain letters are."""
    if (
        after
        and (following := _first(body[end : end + 4], utf8))
        and joins(following, _last(body[start:end], utf8))
    ):
        return False
    preceding = _last(body[max(0, start - 4) : start], utf8) if before else ""
    if not preceding or not joins(preceding, _first(body[start:end], utf8)):
        return True
    return _NEW_LINE.match(body, max(0, start - 2), start) is not None


def _first(data: bytes, utf8: bool) -> str:
    if utf8:
        return data.decode("utf-8", "ignore")[:1]
    return chr(data[0]) if data and data[0] < 0x80 else ""


def _last(data: bytes, utf8: bool) -> str:
    if utf8:
        return data.decode("utf-8", "ignore")[-1:]
    return chr(data[-1]) if data and data[-1] < 0x80 else ""


def _sizes(body: bytes) -> Iterator[int]:
    """Where memory sizes of graphics cards stand. The plain pattern first: the one with all sizes is six times slower."""
    for hint in _MEMORY_HINT.finditer(body):
        size = _MEMORY.search(body, max(0, hint.start() - 4), hint.end() + 8)
        if size is not None:
            yield size.start()
