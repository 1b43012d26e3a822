"""What several sellers' prices say together: a time-weighted median and spread of log price, one voice a seller."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Peer(NamedTuple):
    """One confirmed offer: USD for one chip (or chip-hour), the day it was observed (ordinal), who offers it."""

    chip: str
    kind: str
    """sale or rental"""
    region: str
    condition: str
    """new, used or any"""
    usd: float
    day: int
    seller: str
    """Whose voice it is: the seller, and where none is named what `Names` says"""
    listing: str


@dataclass(frozen=True, slots=True)
class Voices:
    """Time-weighted median and spread of log price over sellers; `effective` is the equal-weight number of them."""

    n: int = 0
    effective: float = 0.0
    centre: float = 0.0
    spread: float = 0.0


class Speaker(NamedTuple):
    """One seller's voice: log unit price, and the weight that its latest day gives it."""

    seller: str
    log: float
    weight: float


def speakers(peers: Sequence[Peer], day: int, half_life: float) -> list[Speaker]:
    """Each seller speaks once, with the median of the latest price of each of its listings. `peers` come by day."""
    latest = {(peer.seller, peer.listing): peer for peer in peers}
    sellers: dict[str, list[Peer]] = {}
    for peer in latest.values():
        sellers.setdefault(peer.seller or peer.listing, []).append(peer)
    return [_speaker(seller, own, day, half_life) for seller, own in sellers.items()]


def _speaker(seller: str, own: list[Peer], day: int, half_life: float) -> Speaker:
    if len(own) == 1:  # most sellers, and a third of the time
        return Speaker(seller, math.log(own[0].usd), 0.5 ** ((day - own[0].day) / half_life))
    log = _middle([math.log(peer.usd) for peer in own])
    return Speaker(seller, log, 0.5 ** ((day - max(peer.day for peer in own)) / half_life))


def together(voices: Sequence[Speaker]) -> Voices:
    """What several speakers say together."""
    if not voices:
        return Voices()
    logs, weights = [s.log for s in voices], [s.weight for s in voices]
    centre = weighted_median(logs, weights)
    spread = 1.4826 * weighted_median([abs(x - centre) for x in logs], weights)
    total = sum(weights)
    return Voices(len(logs), total * total / sum(w * w for w in weights), centre, spread)


class Names:
    """Whose voice an offer is whose seller nobody names: copies of one text on one site are one voice.

    A listing keeps the voice that it had in the last `window_days`. Otherwise it has the voice of the latest near-copy
    that had one, or its own. Only what was known before decides, and nothing older than the window: so a daily run, which
    loads no more, gives the same names as a rebuild, and a name once given stays.
    """

    def __init__(self, window_days: int) -> None:
        self.window_days = window_days
        self._observations: dict[str, str] = {}
        self._listings: dict[str, tuple[int, str]] = {}

    def take(self, observation: str, peer: Peer) -> None:
        """Remember who spoke in an observation."""
        self._observations[observation] = peer.seller
        if peer.day >= self._listings.get(peer.listing, (peer.day, ""))[0]:
            self._listings[peer.listing] = peer.day, peer.seller

    def of(self, listing: str, day: int, alike: Iterable[str]) -> str:
        """The voice of `listing` on `day` (ordinal); `alike` are earlier observations of near-copies, the latest first."""
        heard, own = self._listings.get(listing, (day, None))
        if own is not None and abs(day - heard) <= self.window_days:
            return own
        return next((self._observations[name] for name in alike if name in self._observations), listing)


def _middle(values: list[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def weighted_median(values: list[float], weights: list[float]) -> float:
    """The value at which half the weight is reached; between two where it falls exactly between them."""
    pairs = sorted(zip(values, weights, strict=True))
    half, seen = sum(weights) / 2, 0.0
    for at, (value, weight) in enumerate(pairs):
        seen += weight
        if math.isclose(seen, half, rel_tol=1e-12) and at + 1 < len(pairs):
            return (value + pairs[at + 1][0]) / 2
        if seen > half:
            return value
    return pairs[-1][0]
