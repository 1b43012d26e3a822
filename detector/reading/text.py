"""Normalise with a map back: one folded text a field, every position of it known in the raw text."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

# Characters that sellers put between letters to escape filters; they carry no meaning of their own.
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\u2061\u2062\u2063\ufeff\u00ad\u180e\u034f\ufe0e\ufe0f")


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is `raw` folded; `starts[i]` and `ends[i]` are the raw code points that folded character i came from."""

    raw: str
    text: str
    starts: tuple[int, ...] | range
    ends: tuple[int, ...] | range

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Raw (start, end) for a folded half-open span; an empty span stays empty."""
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else len(self.raw)
            return at, at
        return self.starts[start], self.ends[end - 1]

    def quote(self, start: int, end: int) -> str:
        """The raw words of a folded span, as the seller typed them."""
        a, b = self.span(start, end)
        return self.raw[a:b]


def fold(raw: str) -> Folded:
    """NFKC and case folding, invisible characters dropped. O(len(raw)); plain ASCII takes a short way."""
    if raw.isascii():
        return Folded(raw, raw.lower(), range(len(raw)), range(1, len(raw) + 1))
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for at, char in enumerate(raw):
        if char in _INVISIBLE:
            continue
        folded = unicodedata.normalize("NFKC", char).casefold()
        if unicodedata.combining(char) and out:
            composed = unicodedata.normalize("NFC", out[-1] + folded)
            if len(composed) == 1:  # a letter and its accent typed apart
                out[-1] = composed
                ends[-1] = at + 1
                continue
        for piece in folded:
            out.append(piece)
            starts.append(at)
            ends.append(at + 1)
    return Folded(raw, "".join(out), tuple(starts), tuple(ends))
