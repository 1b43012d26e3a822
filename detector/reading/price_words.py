"""The phrases of `config/money/*.toml`, compiled by script: a text is tried against the scripts it is written in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

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


def scripts(text: str) -> tuple[str, ...]:
    """Scripts of a folded text, Latin always among them."""
    return ("latin", *(name for name, pattern in _SCRIPTS.items() if pattern.search(text)))


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
        self._patterns = self._compile(money)

    def _compile(self, money: Money) -> dict[tuple[str, str], re.Pattern[str]]:
        parts: dict[tuple[str, str], list[str]] = {}
        for row in money.phrase:
            for pattern in row.patterns:
                for choice in _choices(pattern):
                    # `gpu` inside a Russian choice does not make it Latin.
                    script = (scripts(choice)[1:2] or ("latin",))[0]
                    folded = fold_pattern(choice).replace("{n}", self._number[script]).replace("{p}", _SUM)
                    parts.setdefault((row.says, script), []).append(f"(?:{folded})")
        return {key: re.compile("|".join(patterns)) for key, patterns in parts.items()}

    def find(self, says: str, text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        """The first phrase of a meaning."""
        return min(self._first(says, text, start, end), key=lambda m: m.start(), default=None)

    def _first(self, says: str, text: str, start: int, end: int | None) -> Iterator[re.Match[str]]:
        stop = min(len(text) if end is None else end, start + _MOST)
        for script in scripts(text):
            pattern = self._patterns.get((says, script))
            if pattern and (match := pattern.search(text, start, stop)):
                yield match

    def all(self, says: str, text: str) -> list[re.Match[str]]:
        """Every phrase of a meaning, in order."""
        found = []
        for script in scripts(text):
            if pattern := self._patterns.get((says, script)):
                found += list(pattern.finditer(text, 0, _MOST))
        return sorted(found, key=lambda m: m.start())

    def ends_with(self, says: str, text: str, at: int, reach: int) -> bool:
        """Whether a phrase ends within `reach` characters of signs and spaces before `at`, in the same clause."""
        window = text[max(0, at - reach) : at]
        return any(not _PARTED.search(window[m.end() :]) for m in self.all(says, window))

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


def _choices(pattern: str) -> Iterator[str]:
    """The choices of a pattern outside all brackets."""
    depth = start = 0
    escaped = False
    for at, char in enumerate(pattern):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "|" and depth == 0:
            yield pattern[start:at]
            start = at + 1
    yield pattern[start:]


_SUM = r"[^\w\s]{0,3}\s?\d[\d.,]*k?"
_PARTED = re.compile(r"[\d,;。，；\n]|\. ")
"""What parts a word from the figure behind it."""
