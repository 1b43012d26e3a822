"""A figure of a page that may be the price, and what speaks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from crawler.extraction.prices import Price


@dataclass(slots=True)
class Candidate:
    """A shown figure that may be the price; `points` say how much speaks for it."""

    price: Price
    order: int
    element: LexborNode
    lead: str = ""
    """What stands before it in its text, from the figure before on."""
    trail: str = ""
    """What stands behind it there."""
    points: float = 0.0
    struck: bool = False
    untaxed: bool = False
    pardon: float = 0.0
    """Points it lost because the name of an element around it or the words of a list price make it a former price, and nothing
    else does."""
