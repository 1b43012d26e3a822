"""The phrases of `config/money/*.toml`, compiled: one automaton pass over a text says which patterns are worth a try, and where."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick

from detector.reading.anchored import Hits, Placed
from detector.reading.needles import anchors, choices, needles
from detector.reading.numerals import read_chinese
from detector.reading.text import fold, fold_pattern

if TYPE_CHECKING:
    from config.schema.money import Money

_SCRIPTS = {
    "kana": re.compile("[\u3040-\u30ff]"), "hangul": re.compile("[\uac00-\ud7a3]"), "han": re.compile("[\u3400-\u9fff]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"), "arabic": re.compile("[\u0600-\u06ff]"),
}  # fmt: skip
_COUNTS = ("en", "de", "es", "pt", "fr", "ru", "vi", "id", "ko")
"""Languages whose number words may count articles; words of one letter or shared with a common word stay out."""
_MOST = 20_000
"""Characters of a text that are tried: what a price is for stands near the top."""


class PriceWords:
    """Finds what is said about a price."""

    def __init__(self, money: Money) -> None:
        numbers = {row.id: row.words for row in money.number_words}
        self._counts = {
            fold(word).text: int(value)
            for language in _COUNTS
            for word, value in numbers.get(language, {}).items()
            if 2 <= value <= 20 and (len(word) > 2 or not word.isascii())
        }
        cased = "|".join(sorted((w for w in self._counts if not "\uac00" <= w[0] <= "\ud7a3"), key=len, reverse=True))
        hangul = "|".join(sorted((w for w in self._counts if "\uac00" <= w[0] <= "\ud7a3"), key=len, reverse=True))
        latin = rf"(?<![\d.,])(\d{{1,3}}|\b(?:{cased})\b)"
        self._number = {"latin": latin, "cyrillic": latin, "arabic": r"(?<![\d.,])(\d{1,3})"}
        self._number["hangul"] = rf"(?<![\d.,])(\d{{1,3}}|{hangul})"
        self._number["han"] = self._number["kana"] = r"(?<![\d.,])(\d{1,3}|[一二两三四五六七八九十]{1,3})"
        self._choices: list[_Choice] = []
        self._always: list[int] = []
        self._by_needle: dict[str, list[int]] = {}
        self._take(money)
        self._keys = list(self._by_needle)
        self._needles = AhoCorasick(self._keys)

    def _take(self, money: Money) -> None:
        for row in money.phrase:
            for choice in (c for pattern in row.patterns for c in choices(pattern)):
                # `gpu` inside a Russian choice does not make it Latin.
                script = next((name for name, pattern in _SCRIPTS.items() if pattern.search(choice)), "latin")
                folded = fold_pattern(choice)
                number = len(self._choices)
                needed = needles(folded.replace("{n}", r"\d").replace("{p}", r"\d"))
                self._choices.append(_Choice(row.says, folded.replace("{n}", self._number[script]).replace("{p}", _SUM), needed))
                for needle in needed:
                    self._by_needle.setdefault(needle, []).append(number)
                if not needed:
                    self._always.append(number)

    @lru_cache(maxsize=16)  # noqa: B019 - one reader a config, and only the texts in hand
    def _to_try(self, text: str) -> dict[str, list[re.Pattern[str] | Placed]]:
        """Meaning -> patterns whose needle stands in the text."""
        if len(text) > _SHORT:
            return self._to_place(text)
        found = self._needles.find_matches_as_strings(text, overlapping=True)
        numbers = set(self._always).union(*(self._by_needle[needle] for needle in set(found)))
        table: dict[str, list[re.Pattern[str] | Placed]] = {}
        for number in sorted(numbers):
            choice = self._choices[number]
            table.setdefault(choice.says, []).append(choice.pattern)
        return table

    def _to_place(self, text: str) -> dict[str, list[re.Pattern[str] | Placed]]:
        """The same, with where they may match."""
        starts: dict[str, list[int]] = {}
        for key, start, _ in self._needles.find_matches_as_indexes(text, overlapping=True):
            starts.setdefault(self._keys[key], []).append(start)
        numbers: dict[int, list[str]] = {number: [] for number in self._always}
        for needle in starts:
            for number in self._by_needle[needle]:
                numbers.setdefault(number, []).append(needle)
        starts[_DIGIT] = [m.start() for m in _FIGURES.finditer(text)]
        table: dict[str, list[re.Pattern[str] | Placed]] = {}
        for number in sorted(numbers):
            choice = self._choices[number]
            hits: list[Hits] = [
                (starts[needle], least, most) for needle in (*numbers[number], _DIGIT) for least, most in choice.reach.get(needle, ())
            ]
            table.setdefault(choice.says, []).append(Placed(choice.pattern, hits) if hits else choice.pattern)
        return table

    def find(self, says: str, text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        """The first phrase of a meaning."""
        stop = min(len(text) if end is None else end, start + _MOST)
        patterns = self._to_try(text[:_MOST]).get(says)
        if not patterns:
            return None
        if stop > _MOST:  # no place is known there
            patterns = [p.pattern if isinstance(p, Placed) else p for p in patterns]
        found = [m for p in patterns if (m := p.search(text, start, stop))]
        return min(found, key=lambda m: m.start()) if found else None

    def all(self, says: str, text: str) -> list[re.Match[str]]:
        """Every phrase of a meaning, in order."""
        patterns = self._to_try(text[:_MOST]).get(says, ())
        if not patterns:
            return []
        return sorted((m for p in patterns for m in p.finditer(text, 0, _MOST)), key=lambda m: m.start())

    def ends_with(self, says: str, text: str, at: int, reach: int) -> bool:
        """Whether a phrase ends within `reach` characters of signs and spaces before `at`, in the same clause."""
        window = text[max(0, at - _LONGEST) : at]  # one window for all meanings, so that it is searched once
        found = (m.end() for m in self.all(says, window) if len(window) - m.end() <= reach)
        return any(not _PARTED.search(window[end:]) for end in found)

    def starts_with(self, says: str, text: str, at: int) -> bool:
        """Whether a phrase begins at `at`, or behind a sign that joins it there."""
        found = self.find(says, text, at, at + _LONGEST)
        return found is not None and _JOINED.fullmatch(text, at, found.start()) is not None

    def count(self, match: re.Match[str]) -> int | None:
        """The number that a `{n}` stood for."""
        word = next((group for group in match.groups() if group), None)
        if word is None:
            return None
        if word.isdigit():
            return int(word)
        value = self._counts.get(word)
        read = read_chinese(word) if value is None else None
        return value if value is not None else int(read) if read is not None else None


class _Choice:
    """One choice of a phrase, compiled when a text first holds a string that it needs: of most languages none ever does."""

    def __init__(self, says: str, whole: str, needed: frozenset[str]) -> None:
        self.says, self._whole, self._needed = says, whole, needed

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self._whole)

    @cached_property
    def reach(self) -> dict[str, list[tuple[int, int]]]:
        """By needle how far behind the beginning of a match it stands, at least and at most, where that is bounded; `_DIGIT` is a
        needle where only figures are so."""
        found = {(_DIGIT if needle.isdigit() else needle, least, most) for needle, least, most in anchors(self._whole)}
        if {needle for needle, _, _ in found} not in (self._needed, {_DIGIT}):
            return {}
        reach: dict[str, list[tuple[int, int]]] = {}
        for needle, least, most in found:
            reach.setdefault(needle, []).append((least, most))
        return reach


_SUM = r"[^\w\s]{0,3}\s?\d[\d.,]*k?"
_DIGIT, _FIGURES = r"\d", re.compile(r"\d")
_SHORT = 150
"""Characters up to which a pattern is as soon tried everywhere."""
_LONGEST = 56
"""Letters beside a figure in which a phrase is looked for."""
_PARTED = re.compile(r"[\d,;。，；\n]|\. |\b(?:or|oder|или|ou)\b|或")
"""What parts a word from the figure behind it."""
_JOINED = re.compile(r"\s{0,2}[,(/*+-]?\s?")
"""What may stand between a figure and the word that belongs to it."""
