"""Near-copies of text across sellers and sites, by MinHash over code-point n-grams, so that every script works.

64 hashes in 16 bands of 4: two texts of similarity 0.8 meet in a band with probability 0.9998, of 0.5 with 0.64; what
meets is then compared exactly. Same seller: a relist, linked and not alarmed. Other seller or other site: a copy.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from config.schema.thresholds import Repeats
from detector.others import MOST_RECENT
from detector.reading.text import fold

BANDS, ROWS = 16, 4

LOOKED_AT = 128
"""Texts inside the window among which those of others are looked for: a swarm of copies must not cost its square."""

NOBODY = -1
"""The number of a seller whom nobody names."""

Places = NDArray[np.int32]
"""Numbers of texts in the order in which they were shelved."""

_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
"""Kana, Han and Hangul."""

_SEED = 20251123


class Text(NamedTuple):
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
    mixed.sort()
    # numpy.unique does the same; on arrays of some hundred it takes four times as long.
    return mixed[np.concatenate(([True], mixed[1:] != mixed[:-1]))]


@lru_cache(1)
def _hashes() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    rng = np.random.default_rng(_SEED)
    odd = rng.integers(1, 1 << 62, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    return odd[:, None], rng.integers(1, 1 << 62, BANDS * ROWS, dtype=np.uint64)[:, None]


def sketch(text: str, options: Repeats) -> bytes | None:
    """Band hashes (16 x uint32) of a canonical text; None if it is too short to be told from chance."""
    if len(text) < options.min_chars and len(text) + (options.wide - 1) * len(_WIDE.findall(text)) < options.min_chars:
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


class _Run(NamedTuple):
    """Bands of some texts, each band's values sorted, with the texts' places; both are (BANDS, n)."""

    values: NDArray[np.uint32]
    places: NDArray[np.int32]

    @classmethod
    def of(cls, values: NDArray[np.uint32], places: NDArray[np.int32]) -> _Run:
        """Sort every band. Equal values stay in the order of their places."""
        order = np.argsort(values, axis=1, kind="stable")
        return cls(np.take_along_axis(values, order, axis=1), np.take_along_axis(places, order, axis=1))

    def followed_by(self, other: _Run) -> _Run:
        """One run of both, `other` being of later texts."""
        return _Run.of(np.hstack([self.values, other.values]), np.hstack([self.places, other.places]))


class _Marks:
    """What tells whether an earlier text is to be compared, by place: day, and site, seller and listing as numbers."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {"site": {}, "seller": {}, "listing": {}}
        self._columns = tuple(array("i") for _ in range(4))
        self._hands: dict[tuple[str, str], array[int]] = {}

    def take(self, texts: Sequence[Text]) -> None:
        """Mark the next places. A seller whom nobody names is NOBODY."""
        start = len(self._columns[0])
        sites, sellers, listings = (self._numbers[name] for name in ("site", "seller", "listing"))
        for column, values in zip(self._columns, (
            [text.day for text in texts],
            [sites.setdefault(text.site, len(sites)) for text in texts],
            [NOBODY if text.seller is None else sellers.setdefault(text.seller, len(sellers)) for text in texts],
            [listings.setdefault(text.listing, len(listings)) for text in texts],
        ), strict=True):  # fmt: skip
            column.extend(values)
        for place, text in enumerate(texts, start):
            if text.seller is not None:
                self._hands.setdefault((text.site, text.seller), array("i")).append(place)

    def near(self, own: int, places: Places, window_days: int) -> Places:
        """Those of `places` that are of other listings and inside the window, in their order."""
        day, _, _, listing = self._arrays()
        return places[(np.abs(day[places] - day[own]) <= window_days) & (listing[places] != listing[own])]

    def sorts(self, own: int, places: Places) -> tuple[Places, Places]:
        """`places` that may be of the same hand (`is_relist`, `may_be_one`), and those that are surely of another (`is_foreign`)."""
        _, site, seller, _ = self._arrays()
        here, alike = site[places] == site[own], seller[places] == seller[own]
        if seller[own] == NOBODY:
            return places[here], places[~here]
        return places[here & alike], places[~here | ((seller[places] != NOBODY) & ~alike)]

    def hand(self, text: Text) -> Places:
        """The places of the text's seller on its site, ascending; none where nobody names the seller."""
        if text.seller is None:
            return np.empty(0, dtype=np.int32)
        return np.frombuffer(self._hands[text.site, text.seller], dtype=np.int32)

    def listings(self, places: Places) -> Places:
        """The listings' numbers."""
        return self._arrays()[3][places]

    def _arrays(self) -> tuple[Places, ...]:
        return tuple(np.frombuffer(column, dtype=np.int32) for column in self._columns)


class Shelf:
    """All texts seen so far, in recording order; answers which earlier ones a new text may be a copy of.

    Bands lie in sorted runs, each at least twice as long as the next: what a new text costs grows with the logarithm of
    what there is.
    """

    def __init__(self, options: Repeats) -> None:
        self.options = options
        self.texts: list[Text] = []
        self._marks = _Marks()
        self._runs: list[_Run] = []

    def take(self, new: Sequence[Text]) -> None:
        """Shelve texts."""
        told = [text for text in new if text.bands is not None]
        if not told:
            return
        start = len(self.texts)
        self.texts.extend(told)
        self._marks.take(told)
        places = np.broadcast_to(np.arange(start, len(self.texts), dtype=np.int32), (BANDS, len(told)))
        # Each band's values side by side, as they are sorted.
        self._runs.append(_Run.of(np.ascontiguousarray(_table(told).T), places))
        while len(self._runs) > 1 and self._runs[-2].values.shape[1] < 2 * self._runs[-1].values.shape[1]:
            last = self._runs.pop()
            self._runs[-1] = self._runs[-1].followed_by(last)

    def put(self, new: Sequence[Text]) -> list[list[Text]]:
        """Shelve texts; for each, the earlier texts of other listings to compare it with, most recent first.

        Those that may be of the same hand and those of others are looked at apart, MOST_RECENT listings of each, by their latest
        text inside the window. Others are sought among LOOKED_AT texts, a named seller's own among all: however many strangers
        copied a text meanwhile, a relist is met.
        """
        start = len(self.texts)
        self.take(new)
        met = self._meet([text.bands for text in new if text.bands is not None], start)
        places = iter(range(start, len(self.texts)))
        return [self._worth(own := next(places), met.get(own, ())) if text.bands is not None else [] for text in new]

    def _meet(self, bands: Sequence[bytes], start: int) -> dict[int, list[Places]]:
        """For each text from `start` on, with these bands, the earlier places in each run that share a band, ascending."""
        met: dict[int, list[Places]] = {}
        columns = np.array([np.frombuffer(own, dtype="<u4") for own in bands]).T
        for band, column in enumerate(columns):
            for run in self._runs:
                values, places = run.values[band], run.places[band]
                first = np.searchsorted(values, column, side="left")
                last = np.searchsorted(values, column, side="right")
                for at in np.flatnonzero(last > first):
                    here, low = start + int(at), first[at]
                    high = low + np.searchsorted(places[low : last[at]], here)
                    if high > low:
                        met.setdefault(here, []).append(places[low:high])
        return met

    def _worth(self, own: int, met: Sequence[Places]) -> list[Text]:
        if not met:
            return []
        near, whole = self._near(own, met)
        same, others = (self._by_listing(sort) for sort in self._marks.sorts(own, near[:LOOKED_AT]))
        if self.texts[own].seller is not None:
            same = self._by_listing(self._marks.sorts(own, near)[0]) if whole else self._own(own)
        return [self.texts[place] for place in sorted((*same.tolist(), *others.tolist()), reverse=True)]

    def _near(self, own: int, met: Sequence[Places]) -> tuple[Places, bool]:
        """The LOOKED_AT most recent places, or more, that are worth a look, most recent first; whether these are all."""
        part = LOOKED_AT + MOST_RECENT
        while True:
            near = self._marks.near(own, np.unique(np.concatenate([places[-part:] for places in met]))[::-1], self.options.window_days)
            # What was left out lies before all that its run was asked for.
            left = max((int(places[-part]) for places in met if len(places) > part), default=-1)
            if left < 0 or (len(near) >= LOOKED_AT and near[LOOKED_AT - 1] >= left):
                return near, left < 0
            part *= 4

    def _own(self, own: int) -> Places:
        """The latest places of the same seller that share a band, each of another listing, walked back only as far as needed."""
        hand, part = self._marks.hand(self.texts[own]), LOOKED_AT
        hand = hand[: np.searchsorted(hand, own)]
        bands = self._bands([own])
        while True:
            near = self._marks.near(own, hand[-part:][::-1], self.options.window_days)
            found = self._by_listing(near[(self._bands(near.tolist()) == bands).any(axis=1)])
            if len(found) >= MOST_RECENT or part >= len(hand):
                return found
            part *= 4

    def _bands(self, places: Sequence[int]) -> NDArray[np.uint32]:
        return _table([self.texts[place] for place in places])

    def _by_listing(self, places: Places) -> Places:
        """The latest place of each listing, at most MOST_RECENT; `places` come most recent first."""
        first = np.unique(self._marks.listings(places), return_index=True)[1]
        return places[np.sort(first)[:MOST_RECENT]]


def _table(texts: Sequence[Text]) -> NDArray[np.uint32]:
    """The bands of texts that have them, (n, BANDS)."""
    joined = b"".join(text.bands or b"" for text in texts)
    return np.frombuffer(joined, dtype="<u4").reshape(len(texts), BANDS)


def is_relist(own: Text, other: Text) -> bool:
    """Whether both are the same seller's on the same site."""
    return own.seller is not None and own.seller == other.seller and own.site == other.site


def is_foreign(own: Text, other: Text) -> bool:
    """Whether the other is surely another seller's or site's; on one site without seller names nobody can tell."""
    return own.site != other.site or (
        own.seller is not None and other.seller is not None and own.seller != other.seller
    )


def may_be_one(own: Text, other: Text) -> bool:
    """Whether `own`, of a seller that is not named, may be of the same hand as the other: on one site nobody can tell."""
    return own.seller is None and own.site == other.site
