"""disguised_goods: title or category names another article than the chip that the text offers."""

from __future__ import annotations

from collections.abc import Sequence

from detector.reading.document import Document
from detector.reading.model import Facts
from detector.reading.signals.scope import Finding, Scope, finding


def disguised_goods(doc: Document, facts: Facts, title: Sequence[Scope]) -> tuple[str, Finding | None] | None:
    """(field, finding) where the chips stand in the description alone and the title names an article, one of the known ones or any
    other; the finding is None where no single word names it. Else None."""
    if not facts.chips or any(chip.field == "title" for chip in facts.chips) or facts.offer != "sale":
        return None
    for scope in title:
        for hit in scope.s.of("article"):
            return "title", finding(hit)
    return ("title", None) if facts.feigned else None
