"""Can it be had? Markup values by their bare schema.org name, and what the page says near the title and the price.

The rule where they disagree: a page that says near the title that the article is gone is believed over markup, unless a
button still buys; such a button is also believed over markup that says it is gone; else markup is believed. A disabled button
buys nothing and says nothing: many wait for a choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.extraction import others
from crawler.extraction import words as w
from crawler.extraction.shown_price import buy_places
from crawler.extraction.words import squeezed

if TYPE_CHECKING:
    from crawler.extraction.dom import Piece, Shown
    from crawler.extraction.words import Words

_BEFORE, _BEHIND = 25, 90
"""Texts before and behind the title in which the page speaks of the article."""
_LONGEST = 110
_SCHEMA_ORG = {name.lower(): name for name in (
    "BackOrder", "Discontinued", "InStock", "InStoreOnly", "LimitedAvailability", "MadeToOrder", "OnlineOnly", "OutOfStock",
    "PreOrder", "PreSale", "Reserved", "SoldOut",
)}  # fmt: skip
GONE = frozenset(("OutOfStock", "SoldOut", "Discontinued", "Reserved"))
_CHOICES = frozenset(("option", "select", "script"))


@dataclass(frozen=True, slots=True)
class Said:
    """What the page shows: a schema.org name or None, the words it goes by, and whether a button buys."""

    name: str | None
    text: str
    button: bool
    sure: bool = False
    """The words stand in an element named after the stock."""


def bare(value: str, words: Words) -> str | None:
    """`http://schema.org/InStock`, `in stock`, `true` -> `InStock`; None if it is none of these."""
    last = squeezed(re.split(r"[/#]", value.strip())[-1]) if "://" in value else squeezed(value)
    last = last.removeprefix("schema.org/").removeprefix("schema:")
    return words.values.get(last) or _SCHEMA_ORG.get(last)


def coarse(name: str) -> str:
    """The name as buyers understand it: sold out and discontinued are out of stock, limited and in-store are in stock."""
    if name in GONE:
        return "OutOfStock"
    return "InStock" if name in ("LimitedAvailability", "InStoreOnly", "OnlineOnly", "MadeToOrder") else name


def shown(page: Shown, price_order: int | None) -> Said:
    """What the page says near the title and the price."""
    start, end = _zone(page, price_order)
    near = price_order if price_order is not None else start
    places = [order for order in buy_places(page) if order not in page.dead]
    button = any(start <= order <= end or abs(order - near) <= 40 for order in places)
    found: str | None = None
    words_found = ""
    for piece in page.pieces[start:end]:
        name = _name(page, piece)
        if name == "OutOfStock":
            return Said(name, piece.text, button, bool(page.bits(piece.element) & w.STOCK))
        if name and not found:
            found, words_found = name, piece.text
    return Said(found, words_found, button)


def _zone(page: Shown, price_order: int | None) -> tuple[int, int]:
    title = page.title_order if page.title_order is not None else (price_order or 0)
    end = (
        max(title, price_order or 0) + _BEHIND
        if price_order is not None and abs(price_order - title) < 200
        else title + _BEHIND
    )
    return max(0, title - _BEFORE), end


def _name(page: Shown, piece: Piece) -> str | None:
    if len(piece.text) > _LONGEST or piece.element.tag in _CHOICES:
        return None
    text, cues = page.lower[piece.order], page.cues[piece.order]
    for pattern, name, cue in page.words.says:
        if cues & cue and pattern.search(text):
            bits = page.bits(piece.element)
            if bits & w.HIDDEN or others.holds(page, piece) or (bits & w.SHIPPING and not bits & w.STOCK):
                return None
            return name if name != "InStock" or len(piece.text) < 60 else None
    return None
