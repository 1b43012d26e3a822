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
    """`text` cut so that each piece carries the same signals throughout; places are code points and may overlap or be wrong."""
    spans = [
        (max(s["start"], 0), min(s["end"], len(text)), s["signal"])
        for s in signals
        if s.get("field") == field and s.get("start") is not None and s.get("end") is not None
    ]
    cuts = sorted({0, len(text), *(place for a, b, _ in spans if a < b for place in (a, b))})
    return [
        Piece(text[a:b], tuple(dict.fromkeys(name for start, end, name in spans if start <= a and b <= end)))
        for a, b in pairwise(cuts)
    ]
