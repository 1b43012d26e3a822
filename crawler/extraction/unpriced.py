"""Does the page say that the price is told on request? Then it shows none, and figures behind these words are of other things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.extraction import others
from crawler.extraction import words as w

if TYPE_CHECKING:
    from crawler.extraction.dom import Piece, Shown

_BEFORE, _BEHIND = 4, 80
"""Texts before and behind the title in which the page speaks of the article's price."""
_LONGEST = 60
_LABEL = 25
_AROUND = " .:!*()[]…–-。：！\u00a0"


def order(shown: Shown) -> int | None:
    """Where the page says so near the title, by order of text; None if it does not."""
    if shown.title_order is None:
        return None
    for piece in shown.pieces[max(0, shown.title_order - _BEFORE) : shown.title_order + _BEHIND]:
        cued = shown.cues[piece.order] & w.UNPRICED and len(piece.text) <= _LONGEST
        if cued and _says_so(shown, piece) and not others.holds(shown, piece):
            return piece.order
    return None


def _says_so(shown: Shown, piece: Piece) -> bool:
    words = shown.words
    text = " ".join(shown.lower[piece.order].split()).strip(_AROUND)
    if words.wording["unpriced"].fullmatch(text):
        return True
    found = words.on_request.fullmatch(text)
    if found is None:
        return False
    before = found[1].strip(_AROUND)
    if not before and piece.order:
        before = shown.lower[piece.order - 1] if len(shown.lower[piece.order - 1]) <= _LABEL else ""
        if shown.bits(piece.element, 3) & w.PRICE:
            return True
    return bool(words.wording["price"].search(before))
