"""Signs that need more than one listing: the seller's account and other offers, copies of the text, edits, name lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detector.reading.document import parse_time
from detector.reading.model import Signal

if TYPE_CHECKING:
    from config.schema.signals import Settings
    from detector.features import History
    from storage.listing import Listing

ASIDE = frozenset({"first_chip_offer", "serial_words_dropped", "price_dropped", "stock_changed"})
"""Evidence that stands among the reasons but is no signal of the exchange format."""

FEW_OFFERS = 3
"""Other listings from which a seller's usual goods can be told."""

_SERIAL = re.compile(r"serial|s/n\b|\bsn\b|序列号|序號|シリアル|시리얼|серийн|seriennummer", re.IGNORECASE)


def new_seller(listing: Listing, settings: Settings) -> Signal | None:
    """An account younger than configured on the day of observation, or, its age unknown, with too few ratings."""
    seen, since = parse_time(listing.observed_at), parse_time(listing.seller_since)
    if since is not None:
        if seen is None:
            return None
        days = (seen - since).days
        if 0 <= days < settings.new_seller_days:
            return Signal("new_seller", value=days, expected=settings.new_seller_days, n=1, detail=f"account {days} day{'' if days == 1 else 's'} old")
        return None
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


def listed_party(candidates: Iterable[Mapping[str, Any]], recorded_at: str) -> Signal | None:
    """The seller's name resembles a listed one: candidates known when the observation was recorded, never a verdict."""
    known = [c for c in candidates if c["at"] <= recorded_at]
    if not known:
        return None
    best = float(known[0]["score"])
    words = "; ".join(f"{c['score']:.0f} % like “{c['name']}” ({c['detail']}, entry {c['entry']})" for c in known[:SHOWN])
    return Signal("listed_party", value=best, expected=0.0, n=len(known), strength=round(best / 100, 4), detail=f"{words}; a candidate, not a verdict")
