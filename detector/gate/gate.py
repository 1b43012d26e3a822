"""Bytes first: may this page name a chip of the catalogue at all, whatever its script, spelling and encoding?

1. literals  the bytes of every spelling of every name, in one pass (`literals`, `engine`)
2. borders   what stands right before and after, as bytes (`borders`)
3. window    the few characters around, decoded, go to the reader's own `Finder`
4. place     a name in a style, in code or in an address is not read by anybody (`places`)
Letters in rare rows of Unicode, in entities or escapes are decoded where they stand, a page in UTF-16 whole.
The gate errs to one side: it lets pages through that the reader then refuses, and stops none that the reader would take.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from detector.gate.borders import CLASS_NEAR, Classes, is_count, is_sign, pattern, stands
from detector.gate.engine import Search, engine
from detector.gate.heads import Head, heads
from detector.gate.literals import TRIGGER, WEAK_NAME, Literal, is_wanted, literals
from detector.gate.places import Places
from detector.reading.page import SPOKEN_NUMBERS
from detector.reading.text import fold
from detector.spellings import ESCAPED

if TYPE_CHECKING:
    from detector.reading.chips import Finder, Mention

NOTHING, WEAK, STRONG = 0, 1, 2
"""What a page holds: no name; only names that need hardware words around them; a name that stands by itself."""

BEFORE, AFTER = 40, 24
"""Bytes around a literal that the reader's border rules can see."""

REMEMBERED = 20_000
"""Surroundings whose verdict is remembered."""

LONGEST = 5_000_000
"""Bytes of a page that are looked at: as many as the extraction reads."""

RARE_BEFORE, RARE_AFTER, RARE_STEP = 60, 220, 60
"""Bytes that are decoded around a letter in a rare writing, and how far on the next one is looked at: a name of fourteen
characters as entities takes 130."""

_LETTERS_AFTER = re.compile(rb"[\s\-_,(]{0,2}(?:[\x80-\xff]|\\u|&#)")
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}")
_FOREIGN = re.compile("(?:[\x80-\xff][@-~]?)+")
_CONTROL = re.compile(r"\\[nrtb]")
_JSON_UNITS = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_BORDER = "、"
"""Stands in for letters whose encoding is unknown: a border to every name."""

_SYNCHRONOUS = ("utf-8", "cp1251", "koi8_r", "cp1252", "cp1253")
"""Encodings in which the neighbours of a literal can be decoded from the middle of a page."""

_MARKS = (b"\xff\xfe", b"\xfe\xff")


def is_wide(body: bytes, start: int = 0) -> bool:
    """Whether a page is in UTF-16: no byte of it is looked for as it stands."""
    return body[start : start + 2] in _MARKS or b"\0" in body[start : start + 64]


class Gate:
    """Finds names in bytes. `finder` is the reader's; `wanted` the catalogue rows that matter, None for all.

    `engine` is "hyperscan", "ahocorasick" or None for the faster one that is installed. Compiling takes seconds: make it once.
    """

    def __init__(
        self, finder: Finder, wanted: Collection[str] | None = None, *, engine: str | None = None
    ) -> None:
        self.finder, self.wanted = finder, wanted
        self.literals = literals(finder, wanted)
        self.classes = Classes()
        self._seen: dict[tuple[int, bytes], int] = {}
        self.heads = heads(self.literals)
        self.engine, self._search = _compiled(self.heads, self.literals, engine)

    def look(self, body: bytes, start: int = 0, end: int | None = None, *, anywhere: bool = False) -> int:
        """NOTHING, WEAK or STRONG for the page that stands in `body` from `start` up to `end`.

        `anywhere`: also in code and addresses, for pages that a site's own parser reads.
        """
        end = min(len(body) if end is None else end, start + LONGEST)
        if is_wide(body, start):
            return self._whole(body[start:end])
        look = _Look(self, body, start, end, anywhere)
        self._search(body, start, end, look.hit)
        return look.found

    def _whole(self, body: bytes) -> int:
        """A page in UTF-16."""
        codec = "utf-16" if body[:2] in _MARKS else "utf-16-le" if body[1:2] == b"\0" else "utf-16-be"
        text = body.decode(codec, "replace")
        # Inside JSON a line break is written out.
        return max(self._rare(text), self._rare(_CONTROL.sub(" ", text)) if "\\" in text else NOTHING)

    def rare(self, body: bytes, end: int) -> int:
        """The letters around one in a rare writing."""
        return self._rare(body[max(0, end - RARE_BEFORE) : end + RARE_AFTER].decode("utf-8", "replace"))

    def _rare(self, text: str) -> int:
        return self._best(self.finder.find("page", fold(_rarely(text))))

    def around(self, body: bytes, base: int, start: int, end: int, number: int) -> int:
        """What a literal is between its neighbours: what the reader's finder makes of it, in any encoding in which it has
        these bytes. The page begins at `base`."""
        # The pages of a site share templates: the same few bytes come again and again.
        key = number, body[max(base, start - BEFORE) : end + AFTER]
        known = self._seen.get(key)
        if known is None:
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            known = self._seen[key] = self._verdict(body, base, start, end, self.literals[number])
        return known

    def _verdict(self, body: bytes, base: int, start: int, end: int, one: Literal) -> int:
        if not stands(body, base, start, end, one):
            return NOTHING
        before, name, after = (
            body[max(base, start - BEFORE) : start],
            body[start:end],
            body[end : end + AFTER],
        )
        texts = {text for way in one.ways for text in _texts(before, name, after, one.plain, *way)}
        return max((self._best(self.finder.find("page", fold(text))) for text in texts), default=NOTHING)

    def _best(self, mentions: list[Mention]) -> int:
        wanted = (mention for mention in mentions if is_wanted(mention.base, self.wanted))
        return max((_weight(mention) for mention in wanted), default=NOTHING)


def _compiled(known: list[Head], all_: list[Literal], wanted: str | None) -> tuple[str, Search]:
    patterns = [None if one.whole is None else pattern(all_[one.whole]) for one in known]
    return engine([one.data for one in known], wanted, patterns)


def _weight(mention: Mention) -> int:
    spoken = mention.key.isdigit() and int(mention.key) >= SPOKEN_NUMBERS and len(mention.key) == 4
    # A spoken number is believed by itself in a title; on a page of many numbers it needs a word of hardware.
    sure = mention.strong or mention.system or mention.part or mention.sure
    return STRONG if sure and not spoken else WEAK


class _Look:
    """One look at one page, which begins at `base`."""

    __slots__ = ("base", "body", "end", "found", "gate", "heads", "places", "rare_from", "styles")

    def __init__(self, gate: Gate, body: bytes, base: int, end: int, anywhere: bool) -> None:
        self.gate, self.heads, self.styles = gate, gate.heads, gate.classes.known
        self.body, self.base, self.end, self.found, self.rare_from = body, base, end, NOTHING, 0
        self.places = None if anywhere else Places(body, base)

    def hit(self, number: int, _from: int, at: int, _flags: int, _context: Any) -> bool:
        """Take in one head, which ends `at` bytes from the page's beginning; True ends the search."""
        head, end = self.heads[number], self.base + at
        # Half of the hits of an ordinary page are of this kind, so that it is asked for here.
        if head.hyphened and self.body[max(self.base, end - CLASS_NEAR) : end] in self.styles:
            return False
        start = end - head.length
        if head.whole is not None:
            self._literal(head.whole, start, end)
        if head.longer:
            self._longer(head, start)
        return self.found == STRONG

    def _longer(self, head: Head, start: int) -> None:
        """Take in the literals of which a head is the beginning."""
        for length, numbers in head.longer:
            end = start + length
            if end <= self.end and (number := numbers.get(self.body[start:end].lower())) is not None:
                self._literal(number, start, end)

    def _literal(self, number: int, start: int, end: int) -> None:
        one = self.gate.literals[number]
        if one.kind == TRIGGER:
            if end >= self.rare_from and is_sign(self.body, self.base, start, end, one):
                self.rare_from = end + RARE_STEP
                self._take(self.gate.rare(self.body, end), end)
            return
        if (
            (self.found != NOTHING and one.kind == WEAK_NAME)
            or (one.parted and is_count(self.body, self.base, start, end, one))
            or (one.hyphened and self.gate.classes.holds(self.body, self.base, start, end))
        ):
            return
        self._take(self.gate.around(self.body, self.base, start, end, number), start)

    def _take(self, found: int, at: int) -> None:
        if found > self.found and (self.places is None or self.places.is_read(at)):
            self.found = found


def _texts(before: bytes, name: bytes, after: bytes, plain: str, codec: str, spelling: str) -> Iterator[str]:
    """A literal and its neighbours as the reader would see them on a page in that encoding, in each way that they may be meant."""
    if codec in _SYNCHRONOUS:
        text = (before + name + after).decode(codec, "replace")
        yield _rarely(text) if b"&" in name else text
    elif codec == ESCAPED:
        yield f"{_rarely(before.decode('latin-1'))}{plain}{_rarely(after.decode('latin-1'))}"
    elif codec == "ascii":
        # As it stands: the reader believes H-IOO only in capitals. Where letters of an unknown encoding follow, they may be
        # the hardware word that parts `A 100` from an article.
        yield f"{_plain(before)}{_plain(name)}{' gpu' if _LETTERS_AFTER.match(after) else _plain(after)}"
    else:
        written = name.decode(codec, "replace")
        # The second byte of a wide letter is no matter of case: other letters have the same bytes but for that.
        if written.lower() == spelling.lower():
            # A name that is really there begins a letter; the bytes before it may be cut in the middle of one.
            for cut in (0, 1):
                text = f"{before[cut:].decode(codec, 'replace')}{written}{after.decode(codec, 'replace')}"
                yield _CONTROL.sub(" ", _rarely(text)) if "\\" in text or "&" in text else text


def _rarely(text: str) -> str:
    """Text with its entities and JSON escapes resolved."""
    return _JSON_UNITS.sub(_unescaped, html.unescape(text))


def _unescaped(match: re.Match[str]) -> str:
    """A run of \\uXXXX as its characters; what is no character becomes U+FFFD."""
    return bytes.fromhex(match[0].replace("\\u", "")).decode("utf-16-be", "replace")


def _plain(data: bytes) -> str:
    """Neighbouring bytes as text: entities resolved, what is no ASCII as a border."""
    text = data.decode("latin-1")
    if not data.isascii():
        # The second byte of a Chinese or Japanese character may look like a plain letter.
        text = _FOREIGN.sub(_BORDER, text)
    if "\\" in text or "%" in text:
        text = _CONTROL.sub(" ", _ESCAPED.sub(_BORDER, text))
    return html.unescape(text) if "&" in text else text
