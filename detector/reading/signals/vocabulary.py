"""Which concepts stand where in a text: all languages at once, in one pass of an automaton over the folded text.

A second look finds what was written to be missed: letters set apart (`s e r i a l`, `磨 码`), digits and look-alikes for
letters (`rem0ved`), masked letters (`シリ○ル`). Every hit is placed in the folded text, and so in the raw text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from ahocorasick_rs import AhoCorasick

from detector.reading.text import fold

if TYPE_CHECKING:
    from config.schema.lexicon import Lexicon


class Hit(NamedTuple):
    """A concept at folded positions `start` to `end`."""

    concept: str
    start: int
    end: int
    languages: tuple[str, ...]
    group: str


class _Entry(NamedTuple):
    concept: str
    languages: tuple[str, ...]
    group: str
    written: frozenset[str]
    """The term with its accents; without any it may always be written."""
    open_start: bool
    open_end: bool
    free: bool
    tail: re.Pattern[str] | None = None
    """What follows the first word with an open end, where the term goes on after it."""
    bare: bool = True
    """Whether it may be written without accents."""
    arabic: bool = False


# Spaces, hyphens and underscores are one; typographic quotes are plain. One character stays one character.
_PUNCTUATION = {ord(c): " " for c in "-_\u2010\u2011\u2012\u2013\u2014\t\r\u00a0\u3000"} | {
    ord(c): "'" for c in "\u2018\u2019\u02bc`´"
}


def _without_accents() -> dict[int, str]:
    table = {ord("đ"): "d", ord("ı"): "i", ord("ł"): "l", ord("ø"): "o", ord("ё"): "е"}
    for code in [*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00)]:
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            table.setdefault(code, base)
    return table


_ACCENTS = _without_accents()
_PLAIN = {chr(code): plain for code, plain in _PUNCTUATION.items()}
_BARE = {chr(code): bare for code, bare in _ACCENTS.items()}
_UNPLAIN, _ACCENTED = (re.compile(f"[{re.escape(''.join(table))}]") for table in (_PLAIN, _BARE))

_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_HANGUL = "\uac00-\ud7af"
_UNSPACED = re.compile(rf"[{_CJK}{_HANGUL}]")
_GAP = re.compile(rf"(?<=[{_CJK}{_HANGUL}])[ .*·・~|/+\u2026]{{1,2}}(?=[{_CJK}{_HANGUL}])")
_SPELLED = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .*·~/|+]{1,2}){2,40}[^\W\d_](?![^\W_])")
_SPELLED_START = re.compile(r"[ .*·~/|+](?<=(?<![^\W_])[^\W\d_].)[ .*·~/|+]?[^\W\d_][ .*·~/|+]{1,2}[^\W\d_]")
"""The first three letters of what is spelled, from behind the first of them: quickly looked for, for few characters can begin it."""
_MASK = "○〇●◯*✕□■"
_MASKING = re.compile(f"[{_MASK}]")
_MASKED = re.compile(rf"[^\W\d_][{_MASK}]{{1,2}}[^\W\d_]|[^\W\d_]{{2}}[{_MASK}]|[{_MASK}][^\W\d_]{{2}}")
# A figure or sign between letters, a Greek or Cyrillic letter beside a Latin one: from where few characters can begin a match.
_FIGURE_WITHIN = re.compile(r"[0-9@$!|](?<=[^\W\d_].)[0-9@$!|]*[^\W\d_]")
_TWO_SCRIPTS = re.compile(r"[\u0370-\u04ff](?:[a-z]|(?<=[a-z].))")
_TOKEN = re.compile(r"[^\s,;:()，。、]{2,32}")
_LEET = (str.maketrans("013457@$!|", "oieastasil"), str.maketrans("013457@$!|", "oleastasll"))
_LATIN = str.maketrans("авекмнорстухігѕј", "abekmhopctyxirsj")
_CYRILLIC = str.maketrans("abekmhopctyxr", "авекмнорстухг")
_RESPELLED = (*_LEET, _LATIN, _CYRILLIC)

# Words that are worth hiding from a filter, so worth finding masked.
_HIDDEN = {
    "serial",
    "label",
    "loss",
    "defaced",
    "messenger",
    "paper",
    "customs",
    "control",
    "sample",
    "grey",
    "cleared",
}
_HOLE = "\x00"

_HANGULS = re.compile(f"[{_HANGUL}]")
HANGUL_WORD = 5
"""Syllables of a Korean term from which a space inside is one; in `출시 제품` no `시제품` stands."""

SHORT = 3
"""Letters up to which a term with accents is only known with them."""

# Words that join others do not swallow them: `のシール` still holds a label.
_JOINING = frozenset([
    "declare", "says", "unasked", "dismiss", "comply", "evade_weak", "screening", "as", "adjust", "reads", "from", "to", "via",
    "users", "reach", "required", "no_ship", "open_to", "if_after", "done", "expired", "extra_cost", "handled",
    "unit", "not", "none", "plate", "system", "other_model", "came", "asked", "except_for", "rate", "luggage", "pack",
])  # fmt: skip

# Arabic joins article and short prepositions to the word.
_ARABIC_PREFIXES = frozenset(
    ["", "و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "فال", "كال", "لل", "ولل", "وب", "ول"]
)


def view(folded: str) -> str:
    """The text that terms are matched on: folded, without accents, one kind of space. Same length, same positions."""
    return _bare(_plain(folded))


def _plain(folded: str) -> str:
    if folded.isascii():  # `translate` is quick on ASCII alone
        return folded.translate(_PUNCTUATION)
    return _UNPLAIN.sub(lambda char: _PLAIN[char[0]], folded)


def _bare(plain: str) -> str:
    return plain if plain.isascii() else _ACCENTED.sub(lambda char: _BARE[char[0]], plain)


def _tricky(text: str) -> bool:
    """Whether letters are written as others."""
    return _FIGURE_WITHIN.search(text) is not None or (not text.isascii() and _TWO_SCRIPTS.search(text) is not None)


def unspaced(char: str) -> bool:
    """Whether a character is of a script that does not set words apart."""
    return _UNSPACED.match(char) is not None


def _letter(char: str) -> bool:
    """Whether a character goes on a word of an alphabet that sets words apart."""
    return char.isalnum() and not _UNSPACED.match(char)


@dataclass(frozen=True, slots=True)
class Terms:
    """A lexicon's terms as they are looked for, each with what it means, and those that may go on behind what is looked for."""

    entries: dict[str, list[_Entry]]
    open: frozenset[str]

    @classmethod
    def of(cls, found: Iterable[tuple[str, _Entry]]) -> Terms:
        """Terms that are one are joined."""
        entries: dict[str, list[_Entry]] = {}
        for key, entry in found:
            entries.setdefault(key, []).append(entry)
        for key, rows in entries.items():
            if len(rows) > 1:
                entries[key] = _joined(rows)
        return cls(entries, frozenset(key for key, rows in entries.items() if any(entry.open_end for entry in rows)))


class Vocabulary:
    """The terms of some lexicons in one automaton. Give it a folded text, it gives hits in order of place."""

    def __init__(self, lexicons: Iterable[Terms]) -> None:
        entries: dict[str, list[_Entry]] = {}
        goes_on: set[str] = set()
        for terms in lexicons:
            shared = {key: _joined([*entries[key], *terms.entries[key]]) for key in entries.keys() & terms.entries.keys()}
            entries |= terms.entries | shared
            goes_on |= terms.open
        self._keys = list(entries)
        self._entries = list(entries.values())
        self._closed = [key not in goes_on for key in self._keys]
        """Whether no term of a key goes on behind it."""
        self._automaton = AhoCorasick(self._keys)

    def find(self, folded: str) -> list[Hit]:
        """Hits in a folded text; a hit inside a longer one is left out. O(len(folded)) beside the hits."""
        return longest(self.all(folded))

    def all(self, folded: str) -> list[Hit]:
        """Hits in a folded text, each once, also those inside longer ones, in no order."""
        plain = _plain(folded)
        bare = _bare(plain)
        ascii_only = folded.isascii()
        hits = list(self._scan(bare, plain))
        if not ascii_only and _UNSPACED.search(bare) and _GAP.search(bare):
            hits.extend(self._closed_up(bare, plain))
        if _SPELLED_START.search(bare) and _SPELLED.search(bare):
            hits.extend(self._spelled(bare))
        if _tricky(folded):
            hits.extend(self._tricked(bare))
        if ("*" in folded if ascii_only else _MASKING.search(folded)) and _MASKED.search(folded):
            hits.extend(self._masked(bare))
        return list(dict.fromkeys(hits))

    def _scan(self, bare: str, plain: str) -> Iterator[Hit]:
        accented = bare != plain
        spaced = bare.isascii() or not _UNSPACED.search(bare)
        size = len(bare)
        for number, start, end in self._automaton.find_matches_as_indexes(bare, overlapping=True):
            # Whether a word goes on across the end, from the letter before to the letter behind.
            right = (
                end < size and bare[end].isalnum() and bare[end - 1].isalnum()
                and (spaced or not _UNSPACED.search(bare, end - 1, end + 1))
            )  # fmt: skip
            if right and self._closed[number]:
                continue
            left = (
                start > 0 and bare[start - 1].isalnum() and bare[start].isalnum()
                and (spaced or not _UNSPACED.search(bare, start - 1, start + 1))
            )  # fmt: skip
            for entry in self._entries[number]:
                if right and not entry.open_end:
                    continue
                if left and not entry.open_start and not (entry.arabic and _prefixed(bare, start)):
                    continue
                if plain[start:end] not in entry.written if accented else not entry.bare:
                    continue
                if entry.tail is None:
                    yield Hit(entry.concept, start, _reach(entry, bare, end), entry.languages, entry.group)
                elif rest := entry.tail.match(bare, end):
                    yield Hit(entry.concept, start, rest.end(), entry.languages, entry.group)

    def _closed_up(self, bare: str, plain: str) -> Iterator[Hit]:
        """Terms of scripts without spaces, written with something between the characters."""
        places = _kept(bare, _GAP)
        closed = "".join(bare[i] for i in places)
        written = "".join(plain[i] for i in places)
        for hit in self._scan(closed, written):
            length, wide = hit.end - hit.start, places[hit.end - 1] - places[hit.start] + 1
            gaps = sum(places[i + 1] - places[i] > 1 for i in range(hit.start, hit.end - 1))
            enough = HANGUL_WORD if _HANGULS.match(closed, hit.start) else 3
            if wide > length and (gaps == length - 1 or length >= enough):
                yield Hit(hit.concept, places[hit.start], places[hit.end - 1] + 1, hit.languages, hit.group)

    def _spelled(self, bare: str) -> Iterator[Hit]:
        for match in _SPELLED.finditer(bare):
            places = [i for i in range(match.start(), match.end()) if bare[i].isalpha()]
            word = "".join(bare[i] for i in places)
            for hit in self._scan(word, word):
                if hit.end - hit.start >= 4 or hit.end - hit.start == len(word):
                    yield Hit(
                        hit.concept, places[hit.start], places[hit.end - 1] + 1, hit.languages, hit.group
                    )

    def _tricked(self, bare: str) -> Iterator[Hit]:
        """All respellings of all suspect words, in one pass."""
        words: list[tuple[int, str, str, int]] = []
        at = 0
        for match in _TOKEN.finditer(bare):
            token = match.group()
            if _tricky(token):
                for word in sorted({token.translate(table) for table in _RESPELLED} - {token}):
                    words.append((at, word, token, match.start()))
                    at += len(word) + 1
        starts = [first for first, *_ in words]
        joined = "\n".join(word for _, word, *_ in words)
        for hit in self._scan(joined, joined):
            first, word, token, place = words[bisect_right(starts, hit.start) - 1]
            start, end = hit.start - first, hit.end - first
            if end <= len(word) and end - start >= 4 and word[start:end] != token[start:end]:
                yield Hit(hit.concept, place + start, place + end, hit.languages, hit.group)

    def _masked(self, bare: str) -> Iterator[Hit]:
        keys, automaton = self._holes
        holed = bare.translate({ord(char): _HOLE for char in _MASK})
        for number, start, end in automaton.find_matches_as_indexes(holed, overlapping=True):
            for entry in self._entries[keys[number]]:
                if entry.concept in _HIDDEN and not entry.tail and _borders(entry, holed, start, end):
                    yield Hit(entry.concept, start, end, entry.languages, entry.group)

    @cached_property
    def _holes(self) -> tuple[list[int], AhoCorasick]:
        """Every term worth hiding with one or two of its letters masked; made when a text first has a mask."""
        found: dict[str, int] = {}
        for number, key in enumerate(self._keys):
            entries = self._entries[number]
            if len(key) < (3 if _UNSPACED.search(key) else 5) or all(
                e.concept not in _HIDDEN or e.tail for e in entries
            ):
                continue
            for at in range(len(key)):
                found.setdefault(key[:at] + _HOLE + key[at + 1 :], number)
                if len(key) >= 5 and at + 1 < len(key):
                    found.setdefault(key[:at] + _HOLE * 2 + key[at + 2 :], number)
        return list(found.values()), AhoCorasick(list(found))


def longest(hits: Iterable[Hit]) -> list[Hit]:
    """In order of place, without the hits that lie inside a longer one."""
    kept: list[Hit] = []
    reach = -1
    widest = (0, 0)
    checked = -1
    for hit in sorted(hits, key=lambda h: (h.start, -h.end, h.concept, h.group)):
        if hit.end <= reach and (hit.start, hit.end) != widest:
            continue
        # `identity check` joins what is said of it, but its identity is no mark of the goods.
        if hit.concept == "serial" and hit.end <= checked:
            continue
        if hit.concept == "screening":
            checked = max(checked, hit.end)
        kept.append(hit)
        if hit.end > reach and hit.concept not in _JOINING:
            reach, widest = hit.end, (hit.start, hit.end)
    return kept


def compiled(lexicon: Lexicon) -> Terms:
    """The terms of a lexicon, folded: the dear part of a vocabulary, made once for all that hold the language."""
    return Terms.of(_compile(lexicon))


def _compile(lexicon: Lexicon) -> Iterator[tuple[str, _Entry]]:
    for group in lexicon.groups:
        for term in group.terms:
            first, star, rest = term.removeprefix("*").partition("*")
            written = fold(first).text.translate(_PUNCTUATION).strip()
            free = lexicon.boundary == "free" or bool(_UNSPACED.search(written))
            for form in _spacings(written) if free else (written,):
                key = form.translate(_ACCENTS)
                # Short words lose too much with their accents: Vietnamese `độ` would be English `do`.
                written_as = frozenset((form, key) if len(key) > SHORT else (form,))
                yield key, _Entry(
                    group.concept, (lexicon.language,), group.id, written_as,
                    term.startswith("*"), bool(star), free, _tail(rest) if rest else None,
                    key in written_as, "\u0600" <= key[:1] <= "\u06ff",
                )  # fmt: skip


def _spacings(written: str) -> set[str]:
    """A term of a script that does not need spaces, with and without them."""
    return {written, written.replace(" ", "")} if _UNSPACED.search(written) else {written}


@cache
def _tail(rest: str) -> re.Pattern[str]:
    words = [re.escape(part) for part in view(fold(rest).text).split("*")]
    return re.compile(r"\w{0,12}" + r"\w{0,12}".join(words) + r"(?!\w)")


def _joined(entries: Iterable[_Entry]) -> list[_Entry]:
    """The entries of one key, those of one meaning and form as one."""
    found: dict[tuple[str, bool, bool, re.Pattern[str] | None], _Entry] = {}
    for entry in entries:
        slot = (entry.concept, entry.open_start, entry.open_end, entry.tail)
        found[slot] = _join(found[slot], entry) if slot in found else entry
    return list(found.values())


def _join(first: _Entry, second: _Entry) -> _Entry:
    """One entry for a term that two languages share."""
    languages = tuple(dict.fromkeys(first.languages + second.languages))
    return _Entry(
        first.concept, languages, first.group, first.written | second.written,
        first.open_start, first.open_end, first.free, first.tail, first.bare or second.bare, first.arabic,
    )  # fmt: skip


def _borders(entry: _Entry, bare: str, start: int, end: int) -> bool:
    """Whether a term begins and ends where words do."""
    first, last = bare[start], bare[end - 1]
    if not entry.open_end and end < len(bare) and _letter(last) and _letter(bare[end]):
        return False
    if entry.open_start or start == 0 or not _letter(first) or not _letter(bare[start - 1]):
        return True
    return entry.arabic and _prefixed(bare, start)


def _prefixed(bare: str, start: int) -> bool:
    """Whether before an Arabic word stands only what Arabic joins to it."""
    at = start
    while at > 0 and start - at <= 4 and _letter(bare[at - 1]):
        at -= 1
    return bare[at:start] in _ARABIC_PREFIXES


def _reach(entry: _Entry, bare: str, end: int) -> int:
    """End of the word whose beginning a term with an open end is."""
    if entry.open_end and not entry.free:
        while end < len(bare) and _letter(bare[end]):
            end += 1
    return end


def _kept(text: str, gaps: re.Pattern[str]) -> list[int]:
    """Positions outside the gaps."""
    places: list[int] = []
    at = 0
    for match in gaps.finditer(text):
        places += range(at, match.start())
        at = match.end()
    places += range(at, len(text))
    return places
