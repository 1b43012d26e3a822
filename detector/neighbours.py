"""Near-copies of text across sellers and sites, by MinHash over code-point n-grams, so that every script works.

64 hashes in 16 bands of 4: two texts of similarity 0.8 meet in a band with probability 0.9998, of 0.5 with 0.64; what
meets is then compared exactly. Same seller: a relist, linked and not alarmed. Other seller or other site: a copy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from config.schema.thresholds import Repeats
from detector.reading.text import fold

BANDS, ROWS = 16, 4

MOST_RECENT = 12
"""Earlier texts of one band looked at: a template used by hundreds need not be compared with each of them."""

_SEED = 20251123
_PRIME = np.uint64((1 << 61) - 1)


@dataclass(frozen=True, slots=True)
class Text:
    """One observed text: who showed it, where, when (ordinal day). `bands` is its sketch, None if too short."""

    observation: str
    listing: str
    site: str
    seller: str | None
    day: int
    bands: bytes | None


def canonical(title: str, description: str | None) -> str:
    """Folded text with every run of spaces and punctuation as one space: layout is not content."""
    return re.sub(r"[\W_]+", " ", fold(f"{title}\n{description or ''}").text).strip()


def ngrams(text: str, n: int) -> NDArray[np.uint64]:
    """Distinct hashes of the text's code-point n-grams; empty where it is shorter than n."""
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if len(points) < n:
        return np.empty(0, dtype=np.uint64)
    mixed = np.zeros(len(points) - n + 1, dtype=np.uint64)
    for at in range(n):
        # FNV's prime; wrapping multiplication is meant.
        mixed = (mixed ^ points[at : len(points) - n + 1 + at]) * np.uint64(0x100000001B3)
    return np.unique(mixed)


@lru_cache(1)
def _hashes() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    rng = np.random.default_rng(_SEED)
    odd = rng.integers(1, 1 << 62, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    return odd[:, None], rng.integers(1, 1 << 62, BANDS * ROWS, dtype=np.uint64)[:, None]


def sketch(text: str, options: Repeats) -> bytes | None:
    """Band hashes (16 x uint32) of a canonical text; None if it is too short to be told from chance."""
    if len(text) < options.min_chars:
        return None
    grams = ngrams(text, options.ngram)
    if not len(grams):
        return None
    factor, shift = _hashes()
    lowest = ((grams[None, :] * factor + shift) >> np.uint64(16)).min(axis=1).reshape(BANDS, ROWS)
    band = np.zeros(BANDS, dtype=np.uint64)
    for column in lowest.T:
        band = (band ^ column) * np.uint64(0x9E3779B97F4A7C15)
    return (band >> np.uint64(32)).astype("<u4").tobytes()


def similarity(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> float:
    """Jaccard similarity of two texts' n-grams (sorted, distinct), 0 to 1; 0 where one is empty."""
    if not len(a) or not len(b):
        return 0.0
    at = np.searchsorted(b, a).clip(max=len(b) - 1)
    both = int((b[at] == a).sum())
    return both / (len(a) + len(b) - both)


class Shelf:
    """All texts seen so far, in recording order; answers which earlier ones a new text may be a copy of."""

    def __init__(self, options: Repeats) -> None:
        self.options = options
        self.texts: list[Text] = []
        self._bands = np.empty((0, BANDS), dtype=np.uint32)

    def put(self, new: Sequence[Text]) -> list[list[Text]]:
        """Shelve texts; for each, the earlier texts of other listings to compare it with, most recent first."""
        start = len(self.texts)
        self.texts.extend(text for text in new if text.bands is not None)
        added = [np.frombuffer(text.bands, dtype="<u4") for text in new if text.bands is not None]
        if added:
            self._bands = np.concatenate([self._bands, np.array(added, dtype=np.uint32)])
        met = self._meet(start)
        places = iter(range(start, len(self.texts)))
        return [self._worth(next(places), met) if text.bands is not None else [] for text in new]

    def _meet(self, start: int) -> dict[int, set[int]]:
        """For each text from `start` on, the places of earlier texts that share a band."""
        met: dict[int, set[int]] = {}
        for column in self._bands.T:
            order = np.argsort(column, kind="stable")
            values = column[order]
            first = np.searchsorted(values, column[start:], side="left")
            last = np.searchsorted(values, column[start:], side="right")
            for place in np.flatnonzero(last - first > 1):
                here = start + int(place)
                bucket = order[first[place] : last[place]]
                earlier = bucket[bucket < here][-MOST_RECENT:]
                met.setdefault(here, set()).update(int(p) for p in earlier)
        return met

    def _worth(self, here: int, met: dict[int, set[int]]) -> list[Text]:
        own = self.texts[here]
        found: dict[str, Text] = {}
        for place in sorted(met.get(here, ()), reverse=True):
            other = self.texts[place]
            if other.listing != own.listing and abs(own.day - other.day) <= self.options.window_days:
                found.setdefault(other.listing, other)
        return list(found.values())[:MOST_RECENT]


def is_relist(own: Text, other: Text) -> bool:
    """Whether both are the same seller's on the same site."""
    return own.seller is not None and own.seller == other.seller and own.site == other.site


def is_foreign(own: Text, other: Text) -> bool:
    """Whether the other is surely another seller's or site's; on one site without seller names nobody can tell."""
    return own.site != other.site or (
        own.seller is not None and other.seller is not None and own.seller != other.seller
    )
