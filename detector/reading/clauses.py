"""Sentences and clauses of a folded text, with the concepts that stand in them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detector.reading.signals.vocabulary import Hit

# A full stop ends a sentence only before a space or a script without spaces; `s.n.`, `3.5` and `no.` go on.
_SENTENCE_END = re.compile(
    r"[。！!；;؛\n•●▪◆★✅✔|｡।¿¡]+|[?？؟]+|(?<![\s(]\w)(?<!\bno)(?<!nr)(?<!\bca)(?<!\bapprox)(?<!\betc)(?<!\bincl)(?<!\binkl)\.(?=\s|$)|\.{3,}|…+|(?<=[\u3040-\u9fff])\.(?!\d)|(?:(?<=\s)|^)\*+(?=\s+[^\W\d])"
)
_STOP = re.compile(r"[。！!；;؛\n•●▪◆★✅✔|｡।¿¡?？؟.…*]")
"""What any `_SENTENCE_END` begins with."""
_CLAUSE_END = re.compile(
    r"[,，、:：()（）「」『』【】\[\]،~～]| [-–—/+] |\u2014|(?<=[\u3040-\u9fff]) (?=[\u3040-\u9fff])"
)
MOST_HITS = 60
"""Hits that are read as one sentence; a long real one holds twenty."""

_QUESTION = frozenset("?？؟")


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch without a pause, `start` to `end` in the folded text; `first` to `last` are its hits' indices."""

    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """A stretch between full stops. `hits` are in order of place; `question` is whether it ends with a question mark."""

    text: str
    start: int
    end: int
    question: bool
    hits: tuple[Hit, ...]
    number: int = 0

    @cached_property
    def concepts(self) -> frozenset[str]:
        return frozenset(hit.concept for hit in self.hits)

    @cached_property
    def pauses(self) -> list[int]:
        """Positions of the pauses inside the sentence, outside its hits' own words."""
        ends = [m.start() for m in _CLAUSE_END.finditer(self.text, self.start, self.end)]
        if not ends:
            return ends
        inside = {i for hit in self.hits for i in range(hit.start + 1, hit.end - 1)}
        return [at for at in ends if at not in inside]

    @cached_property
    def _by_concept(self) -> dict[str, list[tuple[int, Hit]]]:
        found: dict[str, list[tuple[int, Hit]]] = {}
        for at, hit in enumerate(self.hits):
            found.setdefault(hit.concept, []).append((at, hit))
        return found

    def of(self, *concepts: str) -> list[Hit]:
        """Hits of these concepts, in order of place."""
        if self.concepts.isdisjoint(concepts):
            return []
        rows = [self._by_concept[name] for name in concepts if name in self._by_concept]
        if len(rows) == 1:
            return [hit for _, hit in rows[0]]
        return [hit for _, hit in sorted((row for found in rows for row in found), key=itemgetter(0))]

    def pauses_between(self, first: Hit, second: Hit) -> int:
        """Number of pauses between two hits."""
        if first.start > second.start:
            first, second = second, first
        return max(0, bisect_left(self.pauses, second.start) - bisect_left(self.pauses, first.end))

    def clause(self, hit: Hit) -> Clause:
        """The clause that holds a hit."""
        at = bisect_left(self.pauses, hit.start + 1)
        start = self.pauses[at - 1] + 1 if at else self.start
        after = bisect_left(self.pauses, hit.end)
        return Clause(start, self.pauses[after] if after < len(self.pauses) else self.end)

    def clauses(self) -> Iterator[Clause]:
        """All clauses, in order."""
        at = self.start
        for pause in (*self.pauses, self.end):
            yield Clause(at, pause)
            at = pause + 1

    def within(self, clause: Clause, *concepts: str) -> list[Hit]:
        """Hits of these concepts inside a clause."""
        return [h for h in self.of(*concepts) if clause.start <= h.start and h.end <= clause.end]

    def concepts_of(self, clause: Clause) -> frozenset[str]:
        """The concepts whose words stand inside a clause."""
        return frozenset(h.concept for h in self.hits if clause.start <= h.start and h.end <= clause.end)

    def between(self, first: Hit, second: Hit, *concepts: str) -> list[Hit]:
        """Hits of these concepts that lie between two hits."""
        low, high = (first.end, second.start) if first.start <= second.start else (second.end, first.start)
        return [h for h in self.of(*concepts) if low <= h.start and h.end <= high]


def gap(first: Hit, second: Hit) -> int:
    """Characters between two hits; 0 where they touch or overlap."""
    return max(0, max(first.start, second.start) - min(first.end, second.end))


def sentences(text: str, hits: Sequence[Hit]) -> tuple[Sentence, ...]:
    """The sentences that hold at least one hit. O(len(text))."""
    return tuple(_with_hits(text, hits))


def _with_hits(text: str, hits: Sequence[Hit]) -> Iterator[Sentence]:
    at = 0
    for number, (start, end, question) in enumerate(_spans(text)):
        first = at
        # A hit that runs over a full stop (`s.n.`, `not. removed`) belongs where it begins.
        while at < len(hits) and hits[at].start < end:
            at += 1
        # Rules join hits pairwise: a "sentence" of thousands of hits is no sentence, and is read in stretches.
        for part in range(first, at, MOST_HITS):
            held = tuple(hits[part : min(part + MOST_HITS, at)])
            begins = start if part == first else held[0].start
            ends = max(end, held[-1].end) if part + MOST_HITS >= at else held[-1].end
            yield Sentence(text, begins, ends, question, held, number)


def _spans(text: str) -> Iterator[tuple[int, int, bool]]:
    start = 0
    for stop in _STOP.finditer(text):
        if stop.start() >= start and (match := _SENTENCE_END.match(text, stop.start())):
            yield start, match.end(), match.group()[0] in _QUESTION
            start = match.end()
    if start < len(text):
        yield start, len(text), False
