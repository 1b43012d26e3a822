"""Signals that follow from a listing's fields alone, without a word of its text."""

from __future__ import annotations

from collections.abc import Iterator

from detector.reading.document import Document
from detector.reading.model import Facts, Signal

BULK_CHIPS = 10
RESTRICTED = frozenset({"CN", "HK", "MO", "RU", "BY", "IR", "KP", "SY", "CU", "VE"})


def from_fields(doc: Document, facts: Facts) -> tuple[Signal, ...]:
    """Signals of country, quantity and price kind."""
    return tuple(_signals(doc, facts))


def _signals(doc: Document, facts: Facts) -> Iterator[Signal]:
    if facts.price and facts.price.kind == "placeholder":
        yield Signal("placeholder_price", "price_text")
    if facts.offer in ("sale", "rental"):
        if facts.restricted and doc.listing.country in RESTRICTED:
            yield Signal("restricted_destination", "country")
        if (facts.total_chips or 0) >= BULK_CHIPS:
            yield Signal("bulk_inventory", "quantity")
