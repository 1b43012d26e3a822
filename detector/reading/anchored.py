"""Patterns that long texts are searched for only at the places that a string they need leaves them: most texts leave none."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from ahocorasick_rs import AhoCorasick

from detector.reading.needles import anchors

Hits = tuple[Sequence[int], int, int]
"""Where a string stands that a pattern needs, and how many characters of a match stand before it: at least and at most."""


class Placed:
    """A pattern for one text, whose matches begin only where `hits` let them; asked as the pattern is."""

    def __init__(self, pattern: re.Pattern[str], hits: Sequence[Hits]) -> None:
        self.pattern, self._hits = pattern, hits

    @cached_property
    def _places(self) -> list[int]:
        return sorted({start - back for starts, least, most in self._hits for start in starts for back in range(least, min(most, start) + 1)})

    def finditer(self, text: str, start: int, stop: int) -> Iterator[re.Match[str]]:
        places, match = self._places, self.pattern.match
        for at in places[bisect_left(places, start) :] if start else places:
            if at >= stop:
                break
            if at >= start and (found := match(text, at, stop)):
                start = found.end()
                yield found

    def search(self, text: str, start: int, stop: int) -> re.Match[str] | None:
        return next(self.finditer(text, start, stop), None)


class Anchored:
    """A pattern for any folded text, each of whose choices needs a string."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self._reach: dict[str, list[tuple[int, int]]] = {}
        for needle, least, most in anchors(pattern):
            self._reach.setdefault(needle, []).append((least, most))
        if not self._reach:
            raise ValueError(f"no string anchors {pattern}")
        self._keys = list(self._reach)
        self._automaton = AhoCorasick(self._keys)

    def finditer(self, text: str, stop: int | None = None) -> Iterator[re.Match[str]]:
        """All matches in order, as of a plain pattern."""
        standing = self._automaton.find_matches_as_indexes(text, overlapping=True)
        if not standing:
            return iter(())
        hits = [((start,), least, most) for key, start, _ in standing for least, most in self._reach[self._keys[key]]]
        return Placed(self._pattern, hits).finditer(text, 0, len(text) if stop is None else stop)

    def search(self, text: str) -> re.Match[str] | None:
        """The first match."""
        return next(self.finditer(text), None)
