"""Bytes first: may this page name a chip of the catalogue at all, whatever its script, spelling and encoding?

1. literals  the bytes of every spelling of every name, in one pass (hyperscan where it is installed, Aho-Corasick elsewhere)
2. borders   what stands right before and after, as bytes: `a100` inside a digest is no name
3. window    the few characters around, decoded, go to the reader's own `Finder`
Letters in rare rows of Unicode, in entities or escapes are decoded where they stand, a page in UTF-16 whole.
The gate errs to one side: it lets pages through that the reader then refuses, and stops none that the reader would take.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.reading.page import SPOKEN_NUMBERS
from detector.reading.text import fold, traditional
from detector.spellings import ESCAPED, RARE_TRIGGERS, spellings, written_bytes

if TYPE_CHECKING:
    from config.schema.offers import Offers
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

_TRIGGER, _WEAK, _EITHER, _STRONG = "trigger", "weak", "weak, part of a strong one", "strong"
"""Kinds of literals. What may be glued to a weak name (`l4`) is told more strictly than for a strong one (`h100`)."""

_GLUE_BEFORE = re.compile(
    rb"(?:[a-z]{2}|[0-9]\s?[x*]|(?<![a-z0-9])[a-z]|%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrtb]|[\x80-\xff].)$", re.I
)
_VENDOR_BEFORE = re.compile(
    rb"(?:nvidia|tesla|rtx|gpu|amd|geforce|quadro|[0-9]\s?[x*]|%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrtb]|[\x80-\xff].)$",
    re.I,
)
_GLUE_AFTER = re.compile(rb"[a-z]{2}|[a-z](?![a-z0-9])|x[0-9]|[0-9]{2,3}\s?gb?(?![a-z0-9])", re.I)
_WEAK_AFTER = re.compile(
    rb"s(?![a-z0-9])|pcie|pci|sxm|nvl|gpu|x[0-9](?![a-z0-9])|cards?|[0-9]{2,3}\s?gb?(?![a-z0-9])|ti(?![a-z0-9])",
    re.I,
)
_LETTERS_AFTER = re.compile(rb"[\s\-_,(]{0,2}(?:[\x80-\xff]|\\u|&#)")
_LETTERS_AFTER = re.compile(rb"[\s\-_,(]{0,2}(?:[\x80-\xff]|\\u|&#)")
_SELECTOR_BEFORE = re.compile(rb"[\s\x00-\x20,>;{}*/]\.$")
_CLASS = re.compile(rb"""class(?:name)?\s*=\s*\\?(["'])""", re.I)
_CLASS_REACH = 400
"""Bytes before a hyphened name in which its class attribute would begin: `h-100` is a height in many style sheets."""
_ALNUM = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}")
_FOREIGN = re.compile("(?:[\x80-\xff][@-~]?)+")
_CONTROL = re.compile(r"\\[nrtb]")
_JSON_UNITS = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SPEAKING = ("hardware", "hardware-weak", "brand")
_EVERYDAY = 5
"""Words up to this length that are no firm sign of hardware (card, slot, fe) are too common on whole pages."""
_MEMORY = re.compile(
    rb"(?<![0-9a-z.])(?:12|16|24|32|40|48|64|80|94|96|128|141|144|180|186|192|256|288)\s?"
    rb"(?:gb?(?![a-z0-9])|gigs?(?![a-z])|\xd0\xb3\xd0\xb1|\xe3\x82\xae\xe3\x82\xac|\xea\xb8\xb0\xea\xb0\x80)",
    re.I,
)
_MEMORY_HINT = re.compile(rb"[02468]\s?(?:[gG]|\xd0\xb3|\xe3\x82\xae|\xea\xb8\xb0)")
_BORDER = "、"
"""Stands in for letters whose encoding is unknown: a border to every name."""

_SYNCHRONOUS = ("utf-8", "cp1251", "koi8_r", "cp1252", "cp1253")
"""Encodings in which the neighbours of a literal can be decoded from the middle of a page."""

_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Gate:
    """Finds names in bytes. `finder` is the reader's; `wanted` the catalogue rows that matter, None for all.

    `engine` is "hyperscan", "ahocorasick" or None for the faster one that is installed. Compiling takes seconds: make it once.
    """

    def __init__(
        self, finder: Finder, wanted: Collection[str] | None = None, *, engine: str | None = None
    ) -> None:
        self.finder, self.wanted = finder, wanted
        self._literals: list[bytes] = []
        self._told: list[str] = []
        """Per literal: the plain name it stands for, or what kind of trigger it is."""
        self._kinds: list[str] = []
        self._codecs: list[str] = []
        self._glued: list[tuple[tuple[bytes, ...], tuple[bytes, ...]]] = []
        """Per literal: what longer names have glued before and after it (`g` and `x` of gb200 and mi300x)."""
        self._seen: dict[str, int] = {}
        self._collect()
        self.engine, self._search = _engine(self._literals, engine)

    def _collect(self) -> None:
        nothing: tuple[tuple[bytes, ...], tuple[bytes, ...]] = (), ()
        found = dict.fromkeys(RARE_TRIGGERS, ("", _TRIGGER, nothing, ""))
        for core in self._cores():
            kind, glued = (
                _STRONG if core.strong else _EITHER if core.may_be_strong else _WEAK,
                (core.before, core.after),
            )
            for _, spelling in spellings(core.typed, core.breaks):
                plain = spelling if spelling.isascii() else core.typed
                for data, codec in written_bytes(spelling):
                    known = found.get(data)
                    # The same bytes in two encodings: what stands around them is read in neither.
                    codec = codec if known is None or known[3] == codec else ""
                    # A literal of a strong and of a weak name counts as the strong one's.
                    if known is None or kind == _STRONG:
                        found[data] = plain, kind, glued, codec
                    else:
                        found[data] = *known[:3], codec
        for data, (plain, kind, glued, codec) in sorted(found.items()):
            self._codecs.append(codec)
            self._literals.append(data)
            self._told.append(plain)
            self._kinds.append(kind)
            self._glued.append(glued)

    def _cores(self) -> list[_Core]:
        """The names that no other name is a part of: whoever looks for `h100` sees `dgxh100` too. Names of up to three
        characters stand for themselves alone, else every `l4os` would have to be looked at for its `l4`."""
        names = {n.plain: n for n in self.finder.catalogued() if self._is_wanted(n.base)}
        cores = []
        parts = [name for name in names if len(name) > 3]
        for typed, name in sorted(names.items()):
            if any(other in typed and other != typed for other in parts):
                continue
            longer = [typed] if len(typed) <= 3 else [other for other in names if typed in other]
            may_be = any(_is_strong(names[other]) for other in longer)
            at = {other: other.index(typed) for other in longer}
            before = {other[: at[other]].encode() for other in longer if at[other]}
            after = {other[at[other] + len(typed) :].encode() for other in longer} - {b""}
            cores.append(
                _Core(
                    typed, name.breaks, _is_strong(name), may_be, tuple(sorted(before)), tuple(sorted(after))
                )
            )
        return cores

    def _is_wanted(self, base: str | None) -> bool:
        # A machine without a chip of its own (a chassis) may hold any.
        return base is None or self.wanted is None or base in self.wanted

    def look(self, body: bytes) -> int:
        """NOTHING, WEAK or STRONG."""
        if body[:2] in _MARKS or b"\0" in body[:64]:
            return self._whole(body[:LONGEST])
        pass_ = _Pass(self, body[:LONGEST])
        self._search(pass_.body, pass_.hit)
        return pass_.found

    def _whole(self, body: bytes) -> int:
        """A page in UTF-16."""
        return self._rare(
            body.decode(
                "utf-16" if body[:2] in _MARKS else "utf-16-le" if body[1:2] == b"\0" else "utf-16-be",
                "replace",
            )
        )

    def rare(self, body: bytes, end: int) -> int:
        """The letters around one in a rare writing."""
        return self._rare(body[max(0, end - RARE_BEFORE) : end + RARE_AFTER].decode("utf-8", "replace"))

    def _rare(self, text: str) -> int:
        return self._best(self.finder.find("page", fold(_rarely(text))))

    def around(self, body: bytes, start: int, end: int, number: int) -> int:
        """What the reader's finder makes of a literal between its neighbours."""
        before, after = body[max(0, start - BEFORE) : start], body[end : end + AFTER]
        codec, plain = self._codecs[number], self._told[number]
        if codec == "ascii":
            plain = _plain(body[start:end])  # as it stands: the reader believes H-IOO only in capitals
        if codec in _SYNCHRONOUS:
            text = f"{before.decode(codec, 'replace')}{plain}{after.decode(codec, 'replace')}"
        elif codec == ESCAPED:
            text = f"{_rarely(before.decode('latin-1'))}{plain}{_rarely(after.decode('latin-1'))}"
        else:
            # Where letters of an unknown encoding follow, they may be the hardware word that parts `A 100` from an article.
            text = f"{_plain(before)}{plain}{' gpu' if _LETTERS_AFTER.match(after) else _plain(after)}"
        # The pages of a site share templates: the same few characters come again and again.
        known = self._seen.get(text)
        if known is None:
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            known = self._seen[text] = self._best(self.finder.find("page", fold(text)))
        return known

    def _best(self, mentions: list[Mention]) -> int:
        return max(
            (self._weight(mention) for mention in mentions if self._is_wanted(mention.base)), default=NOTHING
        )

    def _weight(self, mention: Mention) -> int:
        spoken = mention.key.isdigit() and int(mention.key) >= SPOKEN_NUMBERS and len(mention.key) == 4
        # A spoken number is believed by itself in a title; on a page of many numbers it needs a word of hardware.
        return (
            STRONG
            if (mention.strong or mention.system or mention.part or mention.sure) and not spoken
            else WEAK
        )


class Words:
    """Whether a page says anything of graphics hardware: what has to stand beside a weak name (`L4`, `H20`, a bare 4090).

    Words of everyday trade (card, server, tested) say nothing on a whole page and are left out; a memory size counts.
    """

    def __init__(self, offers: Offers, *, engine: str | None = None) -> None:
        words = {
            word.strip("*") for row in offers.cue if row.cue in _SPEAKING for word in row.words
            if row.cue == "hardware" or not word.isascii() or len(word) > _EVERYDAY
        }  # fmt: skip
        self._literals = sorted(
            {
                data
                for word in words
                for form in (word, traditional(word))
                for data, _ in written_bytes(form.lower())
            }
        )
        _, self._search = _engine(self._literals, engine)

    def look(self, body: bytes) -> bool:
        """Whether one of the words, or a memory size, stands there."""
        if body[:2] in _MARKS or b"\0" in body[:64]:
            return True
        body = body[:LONGEST]
        # The plain pattern first: the one with all sizes is six times slower.
        sizes = (_MEMORY.search(body, max(0, hint.start() - 4), hint.end() + 8) for hint in _MEMORY_HINT.finditer(body))
        return self._has_word(body) or any(size is not None for size in sizes)

    def _has_word(self, body: bytes) -> bool:
        found = False

        def hit(number: int, end: int) -> bool:
            nonlocal found
            word = self._literals[number]
            start = end - len(word)
            # A short word of Latin letters inside a longer one is none: `oam` in `foam`.
            glued = (start and body[start - 1] in _LETTERS) or (end < len(body) and body[end] in _LETTERS)
            found = len(word) > _EVERYDAY or not word.isascii() or not glued
            return found

        self._search(body, hit)
        return found


def _rarely(text: str) -> str:
    """Text with its entities and JSON escapes resolved."""
    return _JSON_UNITS.sub(_unescaped, html.unescape(text))


def _unescaped(match: re.Match[str]) -> str:
    """A run of \\uXXXX as its characters; what is no character becomes U+FFFD."""
    return bytes.fromhex(match[0].replace("\\u", "")).decode("utf-16-be", "replace")


def _is_strong(name: Any) -> bool:
    return bool(name.strong or name.part or name.system)


@dataclass(frozen=True, slots=True)
class _Core:
    """A name to look for. `may_be_strong`: it is, or a longer name around it; `before` and `after` are the rest of those."""

    typed: str
    breaks: frozenset[int]
    strong: bool
    may_be_strong: bool
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]


class _Pass:
    """One look at one page."""

    __slots__ = ("body", "found", "gate", "rare_from")

    def __init__(self, gate: Gate, body: bytes) -> None:
        self.gate, self.body, self.found, self.rare_from = gate, body, NOTHING, 0

    def hit(self, number: int, end: int) -> bool:
        """Take in one literal; True ends the search."""
        gate = self.gate
        kind = gate._kinds[number]
        if kind == _TRIGGER:
            if end >= self.rare_from:
                self.rare_from = end + RARE_STEP
                self.found = max(self.found, gate.rare(self.body, end))
            return self.found == STRONG
        if kind == _WEAK and self.found:
            return False
        start = end - len(gate._literals[number])
        if _stands(self.body, start, end, kind != _STRONG, gate._glued[number]) and not _is_style(
            self.body, start, end
        ):
            self.found = max(self.found, gate.around(self.body, start, end, number))
        return self.found == STRONG


def _stands(
    body: bytes, start: int, end: int, weak: bool, glued: tuple[tuple[bytes, ...], tuple[bytes, ...]]
) -> bool:
    """The quick look at the neighbours: letters and digits glued to a name end most hits of scripts and digests."""
    before, after = glued
    glued_after = (
        end < len(body)
        and body[end] in _ALNUM
        and not (_WEAK_AFTER if weak else _GLUE_AFTER).match(body, end)
    )
    if glued_after and not body[end : end + AFTER].lower().startswith(after or b"\0"):
        return False
    if (
        start
        and body[start - 1] in _ALNUM
        and not (_VENDOR_BEFORE if weak else _GLUE_BEFORE).search(body[max(0, start - 12) : start])
    ):
        return bool(before) and body[max(0, start - 12) : start].lower().endswith(before)
    return True


def _is_style(body: bytes, start: int, end: int) -> bool:
    """Whether a name with a hyphen or an underscore is a class of a style sheet, or the name of one in a tag."""
    if not (b"-" in body[start:end] or b"_" in body[start:end]):
        return False
    if body[start - 1 : start] == b"." and _SELECTOR_BEFORE.search(body[max(0, start - 2) : start]):
        return True
    reach = body[max(0, start - _CLASS_REACH) : start]
    at = reach.rfind(b"class")
    opened = _CLASS.match(reach, at) if at >= 0 else None
    if opened is None:
        return False
    inside = reach[opened.end() :]
    return opened[1] not in inside and b"<" not in inside and b">" not in inside


def _plain(data: bytes) -> str:
    """Neighbouring bytes as text: entities resolved, what is no ASCII as a border."""
    # The second byte of a Chinese or Japanese character may look like a plain letter.
    text = _FOREIGN.sub(_BORDER, data.decode("latin-1"))
    if "\\" in text or "%" in text:
        text = _CONTROL.sub(" ", _ESCAPED.sub(_BORDER, text))
    return html.unescape(text) if "&" in text else text


Search = Callable[[bytes, Callable[[int, int], bool]], None]


def _engine(literals: list[bytes], wanted: str | None) -> tuple[str, Search]:
    """Name and search function: it calls back with (literal's number, end) until that returns True."""
    if wanted in (None, "hyperscan"):
        try:
            return "hyperscan", _hyperscan(literals)
        except ImportError:
            if wanted:
                raise
    return "ahocorasick", _ahocorasick(literals)


def _hyperscan(literals: list[bytes]) -> Search:
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    count = len(literals)
    database.compile(
        expressions=literals,
        ids=list(range(count)),
        elements=count,
        flags=[hyperscan.HS_FLAG_CASELESS] * count,
        literal=True,
    )

    def search(body: bytes, hit: Callable[[int, int], bool]) -> None:
        def event(number: int, _start: int, end: int, _flags: int, _context: Any) -> bool | None:
            return True if hit(number, end) else None

        try:
            database.scan(body, match_event_handler=event)
        except hyperscan.ScanTerminated:
            return

    return search


def _ahocorasick(literals: list[bytes]) -> Search:
    from ahocorasick_rs import BytesAhoCorasick

    automaton = BytesAhoCorasick(literals)

    def search(body: bytes, hit: Callable[[int, int], bool]) -> None:
        for number, _, end in automaton.find_matches_as_indexes(body.lower(), overlapping=True):
            if hit(number, end):
                return

    return search
