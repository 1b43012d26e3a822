"""Text cut at the places where signals stand, so that a page can mark the words without touching the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and the names of the signals that stand on it (none: plain text)."""

    text: str
    signals: tuple[str, ...]


def pieces(text: str, signals: Iterable[Mapping[str, Any]], field: str) -> list[Piece]:
    """`text` cut so that each piece carries the same signals throughout; places are code points and may overlap or be wrong.

    Places of one signal that overlap, or have nothing but spaces between them, are one mark.
    """
    places: dict[str, list[tuple[int, int]]] = {}
    for s in signals:
        if s.get("field") == field and s.get("start") is not None and s.get("end") is not None:
            place = max(s["start"], 0), min(s["end"], len(text))
            if place[0] < place[1]:
                places.setdefault(s["signal"], []).append(place)
    spans = [(start, end, name) for name, found in places.items() for start, end in joined(text, found)]
    cuts = sorted({0, len(text), *(place for a, b, _ in spans for place in (a, b))})
    return [
        Piece(text[a:b], tuple(dict.fromkeys(name for start, end, name in spans if start <= a and b <= end)))
        for a, b in pairwise(cuts)
    ]


def joined(text: str, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Half-open places in `text` in their order, one for those that overlap or have nothing but spaces between them."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if out and not text[out[-1][1] : start].strip():
            out[-1] = out[-1][0], max(out[-1][1], end)
        else:
            out.append((start, end))
    return out
