"""Signs that need more than one listing: the seller's account and other offers, copies of the text, edits, name lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from detector.reading.document import parse_time
from detector.reading.model import Signal

if TYPE_CHECKING:
    from config.schema.signals import Settings
    from detector.features import History
    from storage.listing import Listing

ASIDE = frozenset({"doubtful_offer", "first_chip_offer", "serial_words_dropped", "price_dropped", "serial_hint", "stock_changed"})
"""Evidence that stands among the reasons but is no signal of the exchange format."""

FEW_OFFERS = 3
"""Other listings from which a seller's usual goods can be told."""

MOST_RECENT = 12
"""Earlier listings that a text is compared with: a template used by hundreds need not be compared with each of them."""

AHEAD = timedelta(hours=14)
"""How far local dates run before UTC: an account made today in Seoul is made tomorrow in UTC."""

_SERIAL = re.compile(r"serial|s/n\b|\bsn\b|序列号|序號|シリアル|시리얼|серийн|seriennummer", re.IGNORECASE)


def new_seller(listing: Listing, settings: Settings) -> Signal | None:
    """An account younger than configured on the day of observation, or one with fewer ratings."""
    seen, since = parse_time(listing.observed_at), parse_time(listing.seller_since)
    if seen is not None and since is not None and since - seen <= AHEAD:
        days = max((seen - since).days, 0)
        if days < settings.new_seller_days:
            return Signal("new_seller", value=days, expected=settings.new_seller_days, n=1, detail=f"account {days} day{'' if days == 1 else 's'} old")
    ratings = listing.seller_ratings
    if ratings is not None and ratings < settings.new_seller_ratings:
        return Signal("new_seller", value=ratings, expected=settings.new_seller_ratings, n=1, detail=f"{ratings} rating{'' if ratings == 1 else 's'}")
    return None


def repeated_text(copies: Sequence[tuple[str, float]]) -> Signal | None:
    """`copies` are (listing, similarity) of other sellers' or sites' listings with nearly this text."""
    if not copies:
        return None
    best = max(similarity for _, similarity in copies)
    named = [{"listing": listing, "similarity": round(similarity, 3)} for listing, similarity in copies[:5]]
    return Signal("repeated_text", value=round(best, 3), expected=0.0, n=len(copies), detail=named)


def first_chip_offer(history: History, offers_chip: bool) -> Signal | None:
    """A seller of other goods who offers a chip for the first time."""
    if not offers_chip or not history.offers or history.offers < FEW_OFFERS or history.unlike != history.offers:
        return None
    return Signal("first_chip_offer", value=history.offers, expected=0, n=history.offers, detail=f"the first chip after {history.offers} listings of other goods")  # fmt: skip


def serial_words(title: str, description: str | None) -> str | None:
    """The first word of a serial number in a listing's text, as it stands there."""
    said = _SERIAL.search(f"{title}\n{description or ''}")
    return said.group() if said else None


def serial_words_dropped(before: tuple[str, str | None] | None, listing: Listing) -> Signal | None:
    """The text said something of a serial number and no longer does."""
    if before is None:
        return None
    said = serial_words(*before)
    # A shorter text is a search card of the same item, not an edit.
    if said is None or serial_words(listing.title, listing.description) or not listing.description or not before[1]:
        return None
    return Signal("serial_words_dropped", text=said, detail=f"the text before said “{said}”")


SHOWN = 3
"""Candidates that a reason names."""


@dataclass(frozen=True, slots=True)
class ListedParty:
    """A party on screening lists that a seller's name resembles; `lists` with the last day of the order, None for no end."""

    name: str
    matched: str
    score: float
    lists: tuple[tuple[str, str | None], ...]

    def ended(self, day: str) -> bool:
        """No list holds it any more on this day."""
        return all(ends is not None and ends < day for _, ends in self.lists)

    def words(self, day: str) -> str:
        """How alike, which name, on which lists, until when."""
        of = "" if self.matched.casefold() == self.name.casefold() else f", a name of “{self.name}”"
        lists = "; ".join(f"{source}{_until(ends, day)}" for source, ends in self.lists)
        return f"{self.score:.0f} % like “{self.matched}”{of} ({lists})"


def _until(ends: str | None, day: str) -> str:
    if ends is None:
        return ""
    return f", order ended {ends}" if ends < day else f", until {ends}"


def listed_parties(candidates: Iterable[Mapping[str, Any]]) -> list[ListedParty]:
    """Stored candidates as parties, best first; what was found last of a party holds."""
    found: dict[str, ListedParty] = {}
    for row in sorted(candidates, key=lambda row: row["at"]):
        detail = row["detail"] or ""
        # Before, a candidate's detail was the name of its list alone.
        kept = json.loads(detail) if detail.startswith("{") else {"party": row["name"], "lists": [[detail, None]]}
        lists = tuple((source, ends) for source, ends in kept["lists"])
        found[kept["party"].casefold()] = ListedParty(kept["party"], row["name"], float(row["score"]), lists)
    return sorted(found.values(), key=lambda party: (-party.score, party.name))


def listed_party(candidates: Iterable[Mapping[str, Any]], recorded_at: str, day: str) -> Signal | None:
    """The seller's name resembles a listed one: candidates known when the observation was recorded, never a verdict.

    One whose orders had all ended by `day` is told and weighs nothing.
    """
    known = listed_parties(c for c in candidates if c["at"] <= recorded_at)
    if not known:
        return None
    known.sort(key=lambda party: party.ended(day))
    best = known[0].score
    strength = 0.0 if known[0].ended(day) else round(best / 100, 4)
    words = "; ".join(party.words(day) for party in known[:SHOWN])
    verdict = "a candidate, not a verdict" if strength else "a candidate whose order had ended, so it weighs nothing"
    return Signal("listed_party", value=best, expected=0.0, n=len(known), strength=strength, detail=f"{words}; {verdict}")
