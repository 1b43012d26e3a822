"""In which condition: the displayed field, else a plain statement of the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detector.reading.document import Document
from detector.reading.text import fold_pattern

if TYPE_CHECKING:
    from config.schema.offers import Offers

_NOT = re.compile(r"(?:not|no|non|isn.t|不是|非|无|没有?|не|kein\w*|nicht|không|tidak|bukan|değil|sin|sem|ではな)\W{0,2}$")


class ConditionReader:
    """Compiled condition words of offers.toml; parts before refurbished before used before new."""

    ORDER = ("parts", "refurbished", "used", "new")

    def __init__(self, offers: Offers) -> None:
        self._words: dict[str, re.Pattern[str]] = {}
        for kind in self.ORDER:
            parts = [fold_pattern(p) for row in offers.words if row.meaning == kind for p in row.patterns]
            self._words[kind] = re.compile("|".join(f"(?:{p})" for p in parts))

    def read(self, doc: Document, offer: str) -> str:
        """new, used, refurbished, parts or unknown; a rental is unknown."""
        if offer == "rental":
            return "unknown"
        field = doc.text("condition")
        if field and (kind := self._in(field)):
            return kind
        return self._in(doc.text("title")) or self._in(doc.text("description")) or "unknown"

    def _in(self, text: str) -> str | None:
        found = {}
        for kind, pattern in self._words.items():
            for match in pattern.finditer(text):
                if not _NOT.search(text[max(0, match.start() - 8) : match.start()]):
                    found[kind] = match
                    break
        for kind in self.ORDER:
            if kind in found and not (kind == "new" and "used" in found):
                return kind
        return None
