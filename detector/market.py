"""What a chip costs in its own market, as known on the day: robust, dated, one voice per seller, and honest about n.

A reference is formed level by level: the dated seed, then the chip's peers everywhere, then those of the region, then
those of the same condition there. Where a chip has too few peers of its own, those of all chips that share its seed speak:
one card is named with and without its form. Each level is a time-weighted median of log unit prices, shrunk to the level above
by how many voices speak. A reference for a day uses only peers observed up to that day and recorded no later than the
offer that asks (`detector.run` adds them in that order), so later observations change nothing; an offer is never its
own peer.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from config.schema.market import Forming, Market, Seed
from detector.comparable import condition_group, offer_kind, unit_price
from detector.voices import Peer, Speaker, Voices, speakers, together

if TYPE_CHECKING:
    from detector.reading.model import ChipOffer, Reading
    from storage.listing import Listing

ELSEWHERE = "other"

SMALL = 25
"""Voices up to which the asking seller is left out; among more its own voice moves the median by nothing."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What the market asks, in USD for one chip or chip-hour.

    Cheap is measured against `low`, dear against `high` (equal unless a seed gives a band). `spread` is the robust
    standard deviation of log price. `n` voices of `segment` in `window_days` days; 0 where the seed alone speaks, because
    the `heard` voices everywhere were too few.
    """

    low: float
    high: float
    spread: float
    n: int
    segment: str
    window_days: int
    seed: str | None
    heard: int = 0

    @property
    def centre(self) -> float:
        """Geometric middle of the band."""
        return middle(self.low, self.high)

    def below(self, usd: float) -> float:
        """Price over the low end."""
        return usd / self.low

    def above(self, usd: float) -> float:
        """Price over the high end."""
        return usd / self.high

    def deviation(self, usd: float) -> float:
        """Robust deviations of log price from the band; 0 inside it."""
        if usd < self.low:
            return math.log(usd / self.low) / self.spread
        return max(math.log(usd / self.high), 0.0) / self.spread


@dataclass(frozen=True, slots=True)
class NotEnough:
    """There is no reference: too few peers and no seed."""

    n: int
    reason: str


Answer = Reference | NotEnough


class Book:
    """All confirmed offers seen so far, and the references they make.

    `add` in recording order; `reference` for a day. What a segment says on a day is kept until a peer from up to that
    day arrives, so a daily run and a rebuild see the same book at the same observation.
    """

    def __init__(self, market: Market) -> None:
        self.forming: Forming = market.forming
        self.seeds = {
            (kind, chip): seed
            for kind, rows in (("sale", market.sale), ("rental", market.rental))
            for seed in rows
            for chip in seed.chips
        }
        self.regions = {country: row for row in market.region for country in row.countries}
        self._segments: dict[_Segment, list[Peer]] = {}
        self._waiting: dict[tuple[str, str], list[Peer]] = {}
        """Peers by kind and name that are put in their segments when one of these is asked about."""
        self._names: dict[tuple[str, str], tuple[str, ...]] = {}
        self._heard: dict[_Segment, _Heard] = {}

    def region(self, country: str | None) -> str:
        """The market that a country belongs to, `other` where none is named."""
        row = self.regions.get((country or "").upper())
        return row.id if row else ELSEWHERE

    def add(self, peer: Peer) -> None:
        """Take a confirmed offer into the book."""
        for name in self._called(peer):
            self._sort(peer.kind, name)
            for segment in _segments(peer.kind, name, peer.region, peer.condition):
                insort(self._segments.setdefault(segment, []), peer, key=_day)
                known = self._heard.get(segment)
                if known is not None and peer.day <= known.day:
                    del self._heard[segment]

    def take(self, peers: Iterable[Peer]) -> None:
        """Take in what is known already: as `add` of each, and costs only what is asked about."""
        for peer in peers:
            for name in self._called(peer):
                self._waiting.setdefault((peer.kind, name), []).append(peer)
        self._heard.clear()

    def reference(
        self, chip: str, kind: str, region: str | None, condition: str | None, day: int, own: str = ""
    ) -> Answer:
        """What the market asks for `chip` on `day` (ordinal); `own` is the asking offer's seller, left out.

        Without a region everywhere is meant, without a condition all of them.
        """
        everywhere, here, alike = _segments(kind, chip, region, condition)
        whole = self._speak(everywhere, day, own)
        seed, enough, form = self.seeds.get((kind, chip)), whole.effective >= self.forming.min_peers, ""
        pool, heard = None if enough else self._pool(kind, chip), whole.n
        if pool is not None:
            pooled = _segments(kind, pool, region, condition)
            shared = self._speak(pooled[0], day, own)
            heard = shared.n
            if shared.effective >= self.forming.min_peers:
                (everywhere, here, alike), whole, enough, form = pooled, shared, True, ANY_FORM
        if seed is None and not enough:
            return NotEnough(whole.n, f"{whole.n} peers in {self.forming.window_days} days and no seed price")
        level = self._start(seed, whole, region, day)
        n, words, wider = *((whole.n, _named("all markets", None, form)) if enough else (0, "seed")), whole
        narrower = [(here, _named(f"{region}", None, form)), (alike, _named(f"{region}", condition, form))]
        for segment, name in narrower[: 0 if region is None else 1 if condition is None else 2]:
            voices = self._speak(segment, day, own)
            if voices.effective >= self.forming.min_peers:
                level = level.shift(voices, wider, self.forming.level_weight)
                n, words, wider = voices.n, name, voices
        return Reference(
            round(math.exp(level.low), 6), round(math.exp(level.high), 6), max(level.spread, self.forming.least_spread), n,
            words, self.forming.window_days, seed.id if seed else None, 0 if enough else heard,
        )  # fmt: skip

    def records(self, kind: str, chip: str, day: int) -> list[dict[str, Any]]:
        """What `day` (ordinal) says of a chip everywhere and in each region and condition with a voice: rows of `market_reference`.

        `n` counts the voices of that very segment. A segment with too few of them has no figures; everywhere a seed may stand in.
        """
        self._sort(kind, chip)
        rows, seed = [], self.seeds.get((kind, chip))
        for at in sorted(
            (s for s in self._segments if s[:2] == (kind, chip)), key=lambda s: (s[2] or "", s[3] or "")
        ):
            voices = self._speak(at, day, "")
            if not voices.n:
                continue
            answer = self.reference(chip, kind, at[2], at[3], day)
            row = {
                "as_of": date.fromordinal(day).isoformat(), "offer": kind, "chip": chip, "form": "all", "region": at[2] or "all",
                "condition": at[3] or "all", "n": voices.n, "seed_usd": middle(seed.low, seed.high) if seed else None,
                "source": seed.source if seed else None,
            }  # fmt: skip
            if isinstance(answer, Reference) and (
                at[2] is None or voices.effective >= self.forming.min_peers
            ):
                row |= {
                    "centre_usd": answer.centre,
                    "low_usd": answer.low,
                    "high_usd": answer.high,
                    "spread": answer.spread,
                }
            rows.append(row)
        return rows

    def name(self, kind: str, offer: ChipOffer) -> str:
        """What a chip is called in the book: with its memory where form is not told and a seed knows the memory."""
        precise = f"{offer.chip}@{offer.memory_gb}gb"
        return precise if (kind, precise) in self.seeds else offer.chip

    def is_far_from_seed(self, kind: str, chip: str, usd: float) -> bool:
        """Whether a price is `fault_ratio` times off the seed: a reading fault, no voice for the market."""
        seed, ratio = self.seeds.get((kind, chip)), self.forming.fault_ratio
        return seed is not None and (usd * ratio < seed.low or usd > seed.high * ratio)

    def _called(self, peer: Peer) -> tuple[str, ...]:
        """The names under which a peer stands in the book."""
        key = peer.kind, peer.chip
        if key not in self._names:
            pool = self._pool(*key)
            self._names[key] = (peer.chip, pool) if pool else (peer.chip,)
        return self._names[key]

    def _sort(self, kind: str, name: str) -> None:
        """Put the peers that wait under a name in its segments, by day and of one day in the order in which they came."""
        waiting = self._waiting.pop((kind, name), None)
        if waiting is None:
            return
        filled: dict[_Segment, list[Peer]] = {}
        for peer in waiting:
            for segment in _segments(kind, name, peer.region, peer.condition):
                filled.setdefault(segment, []).append(peer)
        for segment, peers in filled.items():
            self._segments[segment] = sorted((*self._segments.get(segment, ()), *peers), key=_day)

    def _pool(self, kind: str, chip: str) -> str | None:
        """The name under which the peers of all chips of a seed stand in the book; None where the seed is of this chip alone."""
        seed = self.seeds.get((kind, chip))
        return f"seed {seed.id}" if seed is not None and len(seed.chips) > 1 else None

    def _start(self, seed: Seed | None, whole: Voices, region: str | None, day: int) -> _Level:
        """The seed moved by the chip's peers everywhere; without a seed, what these say."""
        forming = self.forming
        if seed is None:
            return _Level(whole.centre, whole.centre, forming.spread).shrink(whole, forming.level_weight)
        factor = next((row.factor for row in self.regions.values() if row.id == region), 1.0)
        level = _Level(math.log(seed.low * factor), math.log(seed.high * factor), forming.spread)
        if whole.effective < forming.min_peers:
            return level
        age = abs(day - seed.asof.toordinal()) / forming.seed_half_life_days
        return level.shrink(whole, forming.seed_weight * 0.5**age)

    def _speak(self, segment: _Segment, day: int, own: str) -> Voices:
        known = self._heard.get(segment)
        if known is None or known.day != day:
            heard = speakers(self._window(segment, day), day, self.forming.half_life_days)
            whole = together(heard)
            known = self._heard[segment] = _Heard(
                day, whole, {s.seller: s for s in heard} if whole.n <= SMALL else {}
            )
        if own not in known.few:
            return known.whole
        return together([s for s in known.few.values() if s.seller != own])

    def _window(self, segment: _Segment, day: int) -> list[Peer]:
        self._sort(*segment[:2])
        peers = self._segments.get(segment, [])
        return peers[
            bisect_left(peers, day - self.forming.window_days, key=_day) : bisect_right(peers, day, key=_day)
        ]


_Segment = tuple[str, str, str | None, str | None]


ANY_FORM = "any form"
"""What a segment is said to hold where the peers of all chips of a seed speak."""


def _named(region: str, condition: str | None, form: str) -> str:
    """A segment in words: the region, then what is narrower or wider in it than all offers of the very chip."""
    if form and (not condition or condition == "any"):
        return f"{region}, {form}"
    words = f"{region}, {condition}" if condition else region
    return f"{words} ({form})" if form else words


def middle(low: float, high: float) -> float:
    """Geometric middle of a band of prices."""
    return math.sqrt(low * high)


def _segments(
    kind: str, chip: str, region: str | None, condition: str | None
) -> tuple[_Segment, _Segment, _Segment]:
    """The chip everywhere, in the region, in the same condition there."""
    return (kind, chip, None, None), (kind, chip, region, None), (kind, chip, region, condition)


def _day(peer: Peer) -> int:
    return peer.day


class _Level(NamedTuple):
    low: float
    high: float
    spread: float

    def shrink(self, voices: Voices, weight: float) -> _Level:
        """This level as the prior of `weight` voices, moved to what the voices say."""
        share = voices.effective / (voices.effective + weight)
        low, high = (end + share * (voices.centre - end) for end in (self.low, self.high))
        return _Level(low, high, self.spread + share * (voices.spread - self.spread))

    def shift(self, voices: Voices, wider: Voices, weight: float) -> _Level:
        """This level moved by how the voices of a narrower segment differ from the wider one that formed it.

        Only the difference counts: the same voices have spoken in the wider segment and must not be heard twice.
        """
        share = voices.effective / (voices.effective + weight)
        step = share * (voices.centre - wider.centre)
        return _Level(self.low + step, self.high + step, self.spread + share * (voices.spread - self.spread))


class _Heard(NamedTuple):
    """What a segment says on a day; `few` are its speakers, where they are few enough for one to matter."""

    day: int
    whole: Voices
    few: dict[str, Speaker]


def own_name(listing: Listing) -> str:
    """What a listing is called in the book, and the voice of one whose seller nobody names."""
    return f"{listing.site}/{listing.listing_id}"


def peer_of(
    listing: Listing, reading: Reading, book: Book, *, day: date, voice: str | None, statistics: bool
) -> Peer | None:
    """The offer as a peer for others, or None if it may not or cannot speak for the market. `voice`: whose it is, where not its own."""
    usd, kind = unit_price(reading), offer_kind(reading)
    if not statistics or usd is None:
        return None
    chip = book.name(kind, reading.chips[0])
    if book.is_far_from_seed(kind, chip, usd):
        return None
    name, region = own_name(listing), book.region(listing.country)
    return Peer(chip, kind, region, condition_group(reading), usd, day.toordinal(), voice or name, name)


def answer_for(listing: Listing, reading: Reading, book: Book, *, day: date, voice: str | None) -> Answer:
    """The reference that an offer is measured against on `day`, its own voice left out."""
    if not reading.chips:
        return NotEnough(0, "no chip is named")
    kind, own = offer_kind(reading), voice or own_name(listing)
    return book.reference(
        book.name(kind, reading.chips[0]),
        kind,
        book.region(listing.country),
        condition_group(reading),
        day.toordinal(),
        own,
    )


def is_fault(usd: float, reference: Reference, forming: Forming) -> bool:
    """Whether the price is so far off that it was misread."""
    return usd * forming.fault_ratio < reference.low or usd > reference.high * forming.fault_ratio


def market_record(answer: Answer) -> dict[str, Any]:
    """The reference in the reading's document; without figures where there are not enough peers."""
    if isinstance(answer, Reference):
        return {
            "centre": short(answer.centre), "low": short(answer.low), "high": short(answer.high),
            "spread": round(answer.spread, 4), "n": answer.n, "segment": answer.segment, "days": answer.window_days,
            "seed": answer.seed, **({} if answer.n else {"heard": answer.heard}),
        }  # fmt: skip
    return {"n": answer.n, "note": answer.reason}


def compared(usd: float | None, market: Mapping[str, Any]) -> float | None:
    """What of a reading's `market` a unit price is compared with, as in its reasons: the low end where it is cheaper than
    that, the high end where dearer, the centre between them. None where there is nothing to compare."""
    if not usd or usd <= 0 or not market.get("centre"):
        return None
    low, high = market.get("low") or market["centre"], market.get("high") or market["centre"]
    return float(low if usd < low else high if usd > high else market["centre"])


def seen_words(market: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """What a reading's reference is seen from: so many peers in a segment, or a list price because there were too few."""
    if not market.get("n"):
        return list_words(market)
    days = f" in {market['days']} days" if market.get("days") else ""
    return f"{market['n']} peers{days}, {segment_words(market['segment'], titles)}"


def list_words(market: Mapping[str, Any]) -> str:
    """Why a list price stands in a reading's `market`. One judged before the peers that were too few were kept does not say how many."""
    heard, days = market.get("heard"), market.get("days")
    if heard is None or not days:
        return "a list price, too few peers"
    return f"a list price, {heard} peer{'' if heard == 1 else 's'} in {days} days: too few" if heard else f"a list price, no peers in {days} days"


def segment_words(segment: str, titles: Mapping[str, str]) -> str:
    """A segment as a person reads it, its region by title: rental knows no condition."""
    region, _, condition = segment.partition(", ")
    shown = titles.get(region, region)
    return f"{shown}, {condition}" if condition and condition != "any" else shown


def short(value: float) -> float:
    """Six digits that count: cents of a chip-hour do, cents of a server do not."""
    return float(f"{value:.6g}")
