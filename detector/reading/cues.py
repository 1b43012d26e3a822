"""Words with a meaning, found in one pass: an automaton over all words of all languages, borders checked afterwards."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ahocorasick_rs import AhoCorasick, Implementation

from config.schema.offers import Offers
from detector.reading.needles import needles
from detector.reading.text import fold, fold_pattern

# Scripts that put no space between words, or that glue particles to them (Korean after, Arabic before and after).
_UNBOUND = re.compile(r"[\u0900-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_GLUED_BEFORE = re.compile(r"[\u0590-\u06ff]")
"""Arabic and Hebrew write 'and', 'the', 'for' onto the word: no border before, one after."""


MOST = 300
"""Hits of one cue that are kept of a text: a text that repeats a word more often is stuffed, and time stays bounded."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A word at folded positions of a text."""

    start: int
    end: int


VOID = "void"
"""The cue whose hits take away all that other cues find inside them: `not an empty box` speaks of none."""
_TAG = 200
"""Letters of a tag that are looked at."""

_NONE, _OTHER, _DIGIT, _LETTER = range(4)
"""Kinds of characters beside a word; the first is none, for a word with no border there."""


class _Kinds(dict[str, int]):
    """What a character is to the word beside it, found out when first met."""

    def __missing__(self, char: str) -> int:
        kind = self[char] = _DIGIT if char.isdigit() else _LETTER if char.isalpha() and not _UNBOUND.match(char) else _OTHER
        return kind


_KINDS = _Kinds()


def _joined_by(own: str) -> int:
    """The kind of neighbour that makes a longer word of a character."""
    return _DIGIT if own.isdigit() else _LETTER


def joins(neighbour: str, own: str) -> bool:
    """Whether a neighbour makes a longer word: letter to letter, digit to digit. '200pcs' and 'rtx4090' are two."""
    return _KINDS[neighbour] == _joined_by(own)


class Hits(dict[str, list[Hit]]):
    """The hits of one text by cue, in order of place, none inside a longer one of the same cue. Words are found at once,
    patterns when their cue is first asked for. Every cue may be asked for; most have no hit."""

    __slots__ = ("found", "patterns", "text")

    def __init__(
        self, text: str, patterns: Mapping[str, Sequence[re.Pattern[str]]], found: Mapping[str, list[Hit]]
    ) -> None:
        super().__init__()
        self.text, self.patterns, self.found = text, patterns, found

    def __missing__(self, cue: str) -> list[Hit]:
        hits, patterns = self.found.get(cue), self.patterns.get(cue, ())
        if hits is None:
            hits = []
            if not patterns:  # so most cues of most texts
                self[cue] = hits
                return hits
        for pattern in patterns:
            matches = islice(pattern.finditer(self.text), MOST)
            hits = [*hits, *(Hit(m.start(), m.end()) for m in matches if m.end() > m.start())]
        if hits and cue != VOID and (VOID in self.found or VOID in self.patterns):
            hits = [hit for hit in hits if not any(void.start <= hit.start and hit.end <= void.end for void in self[VOID])]
        known = self[cue] = _longest(hits)[:MOST] if len(hits) > 1 else hits
        return known

    def cues(self) -> set[str]:
        """Cues that may have hits: all others have none."""
        return self.found.keys() | self.patterns.keys()

    def words(self, cue: str) -> set[str]:
        """The different words of a cue that stand in the text."""
        return {self.text[hit.start : hit.end] for hit in self[cue]}

    def without(self, cues: Iterable[str], spans: Iterable[tuple[int, int]] = ()) -> str:
        """The text with the hits of these cues, and with other spans, blanked."""
        rest = list(self.text)
        for start, end in (*((hit.start, hit.end) for cue in cues for hit in self[cue]), *spans):
            rest[start:end] = " " * (end - start)
        return "".join(rest)

    def first(self, *cues: str) -> str | None:
        """The words of the earliest hit of these cues."""
        found = min((hit for cue in cues for hit in self[cue]), key=lambda hit: hit.start, default=None)
        return self.text[found.start : found.end] if found else None


class Cues:
    """The cues of a config, compiled."""

    def __init__(self, offers: Offers) -> None:
        self._entries: dict[str, dict[tuple[int, int], list[str]]] = defaultdict(lambda: defaultdict(list))
        self._always: dict[str, list[re.Pattern[str]]] = defaultdict(list)
        self._needed: dict[str, list[tuple[str, re.Pattern[str]]]] = defaultdict(list)
        for row in offers.cue:
            for word in row.words:
                self._add(row.cue, word)
            for pattern in row.patterns:
                self._add_pattern(row.cue, fold_pattern(pattern))
        self.numbers: dict[str, tuple[int, frozenset[str]]] = {}
        """Folded number words: value, and the languages in which the word is doubtful; none, if one is sure of it. Hits of them
        are of the cue `number`."""
        self.alone = {fold(word).text for number in offers.number for word in number.alone}
        """Folded number words that count articles by themselves."""
        for number in offers.number:
            for word, value in number.words.items():
                first, doubtful = self.numbers.get(fold(word).text, (value, None))
                here = frozenset([number.id] if word in number.doubtful else ())
                self.numbers[fold(word).text] = (first, here if doubtful is None else doubtful and here and doubtful | here)
                self._add("number", word)
        self._keys = sorted(self._entries.keys() | self._needed.keys())
        self._words = [[(*borders, tuple(cues)) for borders, cues in self._entries.get(key, {}).items()] for key in self._keys]
        """By number of the key: which neighbours before and after it make another word of it, and the cues it has elsewhere."""
        self._tries = {number: tries for number, key in enumerate(self._keys) if (tries := self._needed.get(key))}
        self._automaton = AhoCorasick(self._keys, implementation=Implementation.DFA)

    def _add_pattern(self, cue: str, pattern: str) -> None:
        """A pattern is tried where one of the strings it cannot match without stands: most texts hold none of them."""
        compiled, wanted = re.compile(pattern), needles(pattern)
        if not wanted:
            self._always[cue].append(compiled)
        for needle in wanted:
            self._needed[needle].append((cue, compiled))

    def _add(self, cue: str, word: str) -> None:
        key = fold(word.strip("*")).text
        start = (
            key[0].isalnum()
            and not word.startswith("*")
            and not _UNBOUND.match(key[0])
            and not _GLUED_BEFORE.match(key[0])
        )
        end = key[-1].isalnum() and not word.endswith("*") and not _UNBOUND.match(key[-1])
        self._entries[key][_joined_by(key[0]) if start else _NONE, _joined_by(key[-1]) if end else _NONE].append(cue)

    def find(self, text: str) -> Hits:
        """All cues of a folded text."""
        found: dict[str, list[Hit]] = defaultdict(list)
        needles_found = set()
        tags, words, tries = "<" in text, self._words, self._tries
        padded = f" {text} "  # every place has neighbours
        for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if tags and _in_tag(text, start):
                continue
            for before, after, cues in words[number]:
                # Hits inside longer words are by far the most.
                if _KINDS[padded[start]] != before and _KINDS[padded[end + 1]] != after:
                    for cue in cues:
                        found[cue].append(Hit(start, end))
            if number in tries:
                needles_found.add(number)
        patterns = {cue: {id(p): p for p in some} for cue, some in self._always.items()}
        for number in needles_found:
            for cue, pattern in tries[number]:
                patterns.setdefault(cue, {})[id(pattern)] = pattern
        return Hits(text, {cue: list(some.values()) for cue, some in patterns.items()}, found)


def _in_tag(text: str, at: int) -> bool:
    """Whether a place lies in a tag of markup that a title was typed with: `poster` of `<video poster=` is no word."""
    opened = text.rfind("<", max(0, at - _TAG), at)
    return opened >= 0 and text.find(">", opened, at) < 0 and (text[opened + 1].isalpha() or text[opened + 1] == "/")


def _longest(hits: Iterable[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        if not kept or hit.end > kept[-1].end:
            kept.append(hit)
    return kept
