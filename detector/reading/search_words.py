"""Words that a seller writes for the search alone: tags and key words under an offer, which say nothing of the article."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from detector.reading.text import fold

if TYPE_CHECKING:
    from config.schema.offers import Offers
    from detector.reading.document import Document

_BEGINS = r"(?:^|[.!?。\n(\[【〈《「|]\s?|\s[-–—]\s)"
"""Where a label of search words may stand: it opens a line or a sentence."""
_NOTE = r"(?:[\s(][^\n:.,;]{0,22})?\s?"
"""A word or two between the label and its colon: 'search words, ignore'."""
_CLOSES = r"\s?[)\]】〉》」]"
"""What may end a label in place of the colon: '(検索用) A100 H100'."""
_MARKS = frozenset(":#)]】〉》」")
"""Without one of these in it, a text has no search words."""
_HASHTAGS = r"(?:#[^\W\d]?\w+\s*){3,}"


def search_words(offers: Offers) -> re.Pattern[str]:
    """Finds, in folded text, a label with all that follows on its line, and runs of hashtags."""
    colon, bracket = _labels(offers, "search-words"), _labels(offers, "search-label")
    return re.compile(f"{_BEGINS}(?P<tail>(?:{colon}){_NOTE}:[^\n]*|(?:{bracket}){_CLOSES}[^\n.。!！]*)|(?P<tags>{_HASHTAGS})")


def _labels(offers: Offers, cue: str) -> str:
    words = {fold(word).text for row in offers.cue if row.cue == cue for word in row.words}
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def without_search_words(doc: Document, words: re.Pattern[str]) -> Document:
    """The document with the search words of its description blanked, so that every place in the rest stays where it was."""
    folded = doc.fields.get("description")
    if folded is None or _MARKS.isdisjoint(folded.text):
        return doc
    kept = folded.raw
    for found in words.finditer(folded.text):
        start, end = folded.span(*found.span(found.lastgroup or 0))
        kept = kept[:start] + re.sub(r"[^\n]", " ", kept[start:end]) + kept[end:]
    return doc if kept is folded.raw else replace(doc, listing=replace(doc.listing, description=kept))
