"""What was known before a moment: the market's book, texts to compare with, sellers' offers, a listing's last state.

A rebuild starts with an empty memory; a daily run loads what earlier runs left and is at the same point. Everything is
taken in the known order (`storage.judging`), so both remember the same.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import orjson

from detector.changes import Said
from detector.features import History
from detector.market import Book
from detector.neighbours import Shelf, Text, canonical, is_foreign, is_relist, may_be_one, ngrams, similarity
from detector.others import serial_words
from detector.voices import Names, Peer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from config.loader import Config
    from storage.judging import Moment
    from storage.observation import Observation
    from storage.store import Store


KEPT_NGRAMS = 4_000_000
"""N-grams of texts held between windows: 32 MB, some ten thousand texts."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Near-copies of one text among earlier ones: (listing, similarity) of others, the listing it relists, and the
    observations that may be of the same seller, whom nobody names; the latest first."""

    copies: tuple[tuple[str, float], ...] = ()
    relist_of: str | None = None
    unnamed: tuple[str, ...] = ()


class _Past(NamedTuple):
    """What a listing offered when it was observed; its title and description, where they speak of a serial number (a home's whole
    texts would fill the memory). A `card` has no description: it tells a price, and nothing of what the text says."""

    observed_at: str
    said: Said
    text: tuple[str, str | None] | None
    card: bool


class _Offer(NamedTuple):
    """Whether a seller's listing offered a chip when it was observed."""

    observed_at: str
    chip: bool


def _observed(one: _Past | _Offer) -> str:
    return one.observed_at


@dataclass
class _Goods:
    """What a seller's listings offered, each by time observed.

    A shop of thousands is asked about at each of its pages. At the latest page, as nearly all are when they are judged, the sum is at
    hand; at an older one it is counted.
    """

    offers: dict[str, list[_Offer]] = field(default_factory=dict)
    _latest: str = ""
    _chipless: int = 0
    """Listings that offer no chip by the last that is known of them."""

    def add(self, listing: str, offer: _Offer) -> None:
        past = self.offers.setdefault(listing, [])
        before = bool(past) and not past[-1].chip
        insort(past, offer, key=_observed)
        self._chipless += (not past[-1].chip) - before
        self._latest = max(self._latest, offer.observed_at)

    def others(self, listing: str, moment: str) -> tuple[int, int]:
        """How many other listings were known of up to a moment, and how many of them offered no chip."""
        if moment < self._latest:
            own = [one for key, past in self.offers.items() if key != listing and (one := _last_of(past, moment))]
            return len(own), sum(not one.chip for one in own)
        past = self.offers.get(listing, [])
        return len(self.offers) - bool(past), self._chipless - (bool(past) and not past[-1].chip)


@dataclass
class Memory:
    """The state that judging carries from one observation to the next.

    What comes late is remembered in its place: `before` an observation is what was known by then and observed up to it.
    """

    store: Store
    config: Config
    complete: bool
    """Nothing was judged before this run: what is not in memory never was."""
    start: Moment | None
    book: Book = field(init=False)
    shelf: Shelf = field(init=False)
    voices: Names = field(init=False)
    _goods: dict[str, _Goods] = field(default_factory=dict)
    """seller of the observations -> what was offered"""
    _past: dict[str, list[_Past]] = field(default_factory=dict)
    """listing -> its judged observations, by time observed"""
    _asked: set[str] = field(default_factory=set)
    _grams: dict[str, NDArray[np.uint64]] = field(default_factory=dict)
    """observation -> n-grams of its text, the latest last"""
    _kept: int = 0

    def __post_init__(self) -> None:
        repeats = self.config.thresholds.repeats
        self.book, self.shelf, self.voices = Book(self.config.market), Shelf(repeats), Names(repeats.window_days)

    def load(self, oldest: str) -> None:
        """Take in the peers and texts that observations from `oldest` (ISO 8601) on can be measured against."""
        if self.complete or self.start is None:
            return
        days = max(self.config.market.forming.window_days, self.config.thresholds.repeats.window_days) + 1
        since = (date.fromisoformat(oldest[:10]) - timedelta(days=days)).isoformat()
        texts, peers, ordinal = [], [], cache(_ordinal)
        for observation, listing, site, seller, observed_at, spoke, bands in self.store.judged_before(self.start, since):
            if spoke is not None:
                peer = Peer(*orjson.loads(spoke))
                peers.append(peer)
                self.voices.take(observation, peer)
            if bands is not None:
                texts.append(Text(observation, listing, site, seller, ordinal(observed_at[:10]), bands))
        self.book.take(peers)
        self.shelf.take(texts)

    def hear(self, observation: str, peer: Peer) -> None:
        """Take the peer that an observation gave."""
        self.book.add(peer)
        self.voices.take(observation, peer)

    def prepare(self, batch: Sequence[Observation]) -> None:
        """Fetch what was known of the batch's sellers and listings, if it is not in memory yet."""
        if self.complete or self.start is None:
            return
        sellers = {o.seller_key for o in batch if o.seller_key} - self._asked
        listings = {o.listing_key for o in batch} - self._asked
        for row in self.store.offers_of_sellers(sellers, self.start):
            self._offered(row["seller"], row["listing"], _Offer(row["observed_at"], row["chip"] is not None))
        for row in self.store.last_before(listings, self.start):
            text = _of_serials(row["title"], row["description"])
            self._said(row["listing"], _Past(row["observed_at"], Said.from_record(row), text, not row["description"]))
        self._asked |= sellers | listings

    def history(self, observation: Observation) -> History:
        """What was known of the observation's seller and listing before it."""
        last = self._last(observation)
        before = last.said if last else None
        if observation.seller_key is None:
            return History(before=before)
        goods = self._goods.get(observation.seller_key, _Goods())
        return History(*goods.others(observation.listing_key, observation.observed_at), before)

    def text_before(self, observation: Observation) -> tuple[str, str | None] | None:
        """Title and description of the listing's last judged observation that is no card, where they speak of a serial number."""
        past = self._past.get(observation.listing_key, ())
        known = past[: bisect_right(past, observation.observed_at, key=_observed)]
        return next((one.text for one in reversed(known) if not one.card), None)

    def take(self, observation: Observation, said: Said) -> None:
        """Remember a judged observation."""
        listing, key, when = observation.listing, observation.listing_key, observation.observed_at
        text = _of_serials(listing.title, listing.description)
        self._said(key, _Past(when, said, text, not listing.description))
        if observation.seller_key is not None:
            self._offered(observation.seller_key, key, _Offer(when, said.chip is not None))

    def _said(self, listing: str, past: _Past) -> None:
        insort(self._past.setdefault(listing, []), past, key=_observed)

    def _offered(self, seller: str, listing: str, offer: _Offer) -> None:
        self._goods.setdefault(seller, _Goods()).add(listing, offer)

    def _last(self, observation: Observation) -> _Past | None:
        """The listing's judged observation before this one."""
        return _last_of(self._past.get(observation.listing_key, ()), observation.observed_at)

    def likenesses(self, texts: Sequence[Text], batch: Sequence[Observation]) -> list[Likeness]:
        """Shelve a batch's texts and compare each with the earlier ones it may be a copy of."""
        met = self.shelf.put(texts)
        wanted = {name for own, others in zip(texts, met, strict=True) for name in _compared(own, others)}
        grams = self._ngrams(wanted, batch)
        return [self._like(own, others, grams) for own, others in zip(texts, met, strict=True)]

    def _ngrams(self, wanted: set[str], batch: Sequence[Observation]) -> dict[str, NDArray[np.uint64]]:
        """The n-grams of the wanted texts by observation; the latest ones are kept, since copies come in swarms."""
        known = {name: self._grams[name] for name in wanted & self._grams.keys()}
        words = {o.id: (o.listing.title, o.listing.description) for o in batch if o.id in wanted}
        words |= self.store.texts(wanted - known.keys() - words.keys())
        n = self.config.thresholds.repeats.ngram
        found = {name: ngrams(canonical(*text), n) for name, text in words.items()}
        self._grams |= found
        self._kept += sum(map(len, found.values()))
        while self._kept > KEPT_NGRAMS:
            self._kept -= len(self._grams.pop(next(iter(self._grams))))
        return known | found

    def _like(self, own: Text, others: Iterable[Text], grams: dict[str, NDArray[np.uint64]]) -> Likeness:
        options = self.config.thresholds.repeats
        copies: list[tuple[str, float]] = []
        unnamed: list[str] = []
        relist: str | None = None
        for other in others:
            if not _worth_a_look(own, other) or (relist is not None and is_relist(own, other)):
                continue
            if other.observation not in grams:
                continue  # erased meanwhile
            alike = similarity(grams[own.observation], grams[other.observation])
            if alike < options.similar:
                continue
            if is_foreign(own, other):
                copies.append((other.listing, alike))
            elif is_relist(own, other):
                relist = other.listing
            else:
                unnamed.append(other.observation)
        return Likeness(tuple(copies), relist, tuple(unnamed))


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


T = TypeVar("T", _Past, _Offer)


def _last_of(past: Sequence[T], moment: str) -> T | None:
    """The last that was observed up to a moment."""
    at = bisect_right(past, moment, key=_observed)
    return past[at - 1] if at else None


def _of_serials(title: str, description: str | None) -> tuple[str, str | None] | None:
    return (title, description) if serial_words(title, description) else None


def _worth_a_look(own: Text, other: Text) -> bool:
    return is_foreign(own, other) or is_relist(own, other) or may_be_one(own, other)


def _compared(own: Text, others: Sequence[Text]) -> list[str]:
    """The observations whose text has to be looked at for `own`."""
    wanted = [other.observation for other in others if _worth_a_look(own, other)]
    return [own.observation, *wanted] if wanted else []


def peer_record(peer: Peer | None) -> list[Any] | None:
    """A peer as plain JSON."""
    return None if peer is None else list(peer)
