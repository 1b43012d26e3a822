"""A listing with its names and cue words found once, for every question that is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from detector.reading.chips import Finder, Mention
from detector.reading.cues import Cues, Hits
from detector.reading.document import Document

OPENING = 70
"""Folded characters of a description that count as its opening: where a buyer or a workshop says what it is."""


@dataclass(frozen=True)
class Page:
    """A document seen through the catalogue and the cue words."""

    doc: Document
    finder: Finder
    cues: Cues

    @cached_property
    def title(self) -> Hits:
        return self.cues.find(self.doc.text("title"))

    @cached_property
    def description(self) -> Hits:
        return self.cues.find(self.doc.text("description"))

    @cached_property
    def category(self) -> Hits:
        return self.cues.find(self.doc.text("category"))

    @cached_property
    def price(self) -> Hits:
        return self.cues.find(self.doc.text("price_text"))

    @cached_property
    def named(self) -> list[Mention]:
        """Every chip name of title and description, in order."""
        return [
            mention
            for name in ("title", "description")
            if name in self.doc.fields
            for mention in self.finder.find(name, self.doc.fields[name])
        ]

    def hits(self, name: str) -> Hits:
        """Cue hits of title or description."""
        return self.title if name == "title" else self.description

    def opening(self, cue: str) -> bool:
        """Whether a cue stands in the first words of the description."""
        return any(hit.start < OPENING for hit in self.description[cue])

    @cached_property
    def hardware(self) -> set[str]:
        """Hardware words of title, description and category; the names of chips themselves are none."""
        words = self.title.words("hardware") | self.description.words("hardware") | self.category.words("hardware")
        return words

    @cached_property
    def no_price(self) -> bool:
        return not self.doc.text("price_text").strip() and self.doc.listing.price_amount is None

    @cached_property
    def mentions(self) -> list[Mention]:
        """The names that are believed: with hardware around them, and no other article that shares the name."""
        return [m for m in self.named if self._believed(m)]

    def _believed(self, mention: Mention) -> bool:
        if mention.system or mention.part:
            return True
        own = self.hits(mention.field)
        near = self.doc.fields[mention.field].latin[max(0, mention.start - 40) : mention.end + 40]
        if mention.sure:
            return not self._homonym_beside(mention)
        if mention.field == "title" and own["homonym"] and not own["hardware"]:
            return False
        if self._homonym_beside(mention):
            return False
        if self.homonymous and not (mention.field == "description" and own["hardware"] and not self.named_in_title):
            return False
        if mention.strong:
            return bool(self.hardware or self.title["memory-size"] or self.description["memory-size"] or not self._any_homonym)
        return bool(own["hardware"] or self.title["hardware"] or self.category["hardware"] or (own["memory-size"] and self.hardware)) and bool(near)

    def _homonym_beside(self, mention: Mention) -> bool:
        """A homonym's word right beside the name: Coolpix A100, T4灯管, H100 helmet."""
        return any(
            (0 <= mention.start - hit.end <= 2) or (0 <= hit.start - mention.end <= 1)
            for hit in self.hits(mention.field)["homonym"]
        )

    @cached_property
    def named_in_title(self) -> bool:
        return any(m.field == "title" for m in self.named)

    @cached_property
    def _any_homonym(self) -> bool:
        return bool(self.title["homonym"] or self.category["homonym"])

    @cached_property
    def homonymous(self) -> bool:
        """Whether the title speaks of another article and of no graphics hardware."""
        return self._any_homonym and not self.title["hardware"]
