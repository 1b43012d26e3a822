"""The maker's name as the page shows it near the title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.extraction import words as w

if TYPE_CHECKING:
    from crawler.extraction.dom import Piece, Shown

_BEFORE, _BEHIND = 12, 40
_LONGEST = 60


def shown(page: Shown) -> str | None:
    """A text named as brand, or a phrase that names the maker, near the title; None if there is none."""
    if page.title_order is None:
        return None
    start = max(0, page.title_order - _BEFORE)
    near = [
        piece
        for piece in page.pieces[start : page.title_order + _BEHIND]
        if len(piece.text) <= _LONGEST and piece.order not in page.others
    ]
    near.sort(key=lambda piece: abs(piece.order - (page.title_order or 0)))
    for piece in near:
        named = bool(page.bits(piece.element, 3) & w.BRAND)
        name = _phrase(page, piece, named)
        if name:
            return name
        if named and not page.bits(piece.element) & w.RELATED and _is_name(page, piece.text):
            return piece.text
    return None


def _phrase(page: Shown, piece: Piece, named: bool) -> str | None:
    if not (named or ":" in piece.text or "tore" in piece.text):
        return None
    for pattern in page.words.brand_phrases:
        found = pattern.match(" ".join(piece.text.split()))
        if found:
            name = found.group(1).strip()
            return None if page.words.says_nothing(name) else name
    return None


def _is_name(page: Shown, text: str) -> bool:
    if len(text) > 40 or text[-1] in ":?!" or page.words.says_nothing(text):
        return False
    return (
        page.words.field_of(text) is None and any(sign.isalpha() for sign in text) and len(text.split()) <= 5
    )
