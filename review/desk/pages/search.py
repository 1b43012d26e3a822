"""Search over all texts, in every script; a key, an id or an address of a listing leads straight to it."""

from __future__ import annotations

import json
import re
from typing import Any

from review.desk.visit import Answer, Page, Visit
from review.masking import masked_text
from review.wording import SHORT
from storage.errors import StorageError
from storage.search import fold, patterns

SHOWN = 50

LOOKED = 500
"""Listings looked for; a person who sees that there are more adds a word."""

AROUND = 60
"""Characters told on both sides of the first hit in a description."""

_NAMED = re.compile(r"[\w-]+ \S*\d\S*")
"""A site and an id, as a digest once printed them."""

Pieces = list[tuple[bool, str]]


def search(visit: Visit) -> Answer:
    """Listings whose current texts hold every word."""
    query = visit.arg("q")[:200]
    if query and (_NAMED.fullmatch(query) or (" " not in query and ("/" in query or len(query) >= 8))):
        try:
            return visit.go(f"/alert/{visit.store.find_listing(query)}")
        except StorageError:
            pass
    if visit.store.waits_for_search():
        visit.desk.index_search()
    keys = visit.store.search(query, limit=LOOKED) if query else []
    rows = visit.store.listings_by_key(keys[:SHOWN])
    words = patterns(query)
    found = [
        (
            row,
            hits(_title(_safe(row, "title", "title_contacts"), words), words),
            hits(_snippet(_safe(row, "description", "text_contacts"), words), words),
        )
        for row in rows
    ]
    return visit.page("search.html", query=query, found=found, total=len(keys), capped=len(keys) >= LOOKED)


def _safe(row: dict[str, Any], name: str, contacts: str) -> str:
    return masked_text(row[name] or "", json.loads(row[contacts] or "[]"))


def hits(text: str, words: list[re.Pattern[str]]) -> Pieces:
    """`text` cut into (is a hit, piece). Width and case make no difference where they do not change the length."""
    folded = fold(text)
    if not words or len(folded) != len(text):
        return [(False, text)]
    out: Pieces = []
    at = 0
    for found in re.finditer("|".join(word.pattern for word in words), folded):
        out += [(False, text[at : found.start()]), (True, text[found.start() : found.end()])]
        at = found.end()
    return [piece for piece in [*out, (False, text[at:])] if piece[1]]


def _title(text: str, words: list[re.Pattern[str]]) -> str:
    """A title, or of a long one what stands around the first hit."""
    return text if len(text) <= SHORT else _snippet(text, words)


def _snippet(text: str, words: list[re.Pattern[str]]) -> str:
    folded = fold(text)
    places = (
        [place.start() for word in words if (place := word.search(folded))]
        if len(folded) == len(text)
        else []
    )
    start = max(min(places, default=0) - AROUND, 0)
    cut = text[start : start + 3 * AROUND]
    return ("… " if start else "") + cut + (" …" if start + 3 * AROUND < len(text) else "")


PAGES = (Page("/search", search),)
