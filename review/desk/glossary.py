"""What the marked words mean: the signal's card, and for words that are not English the lexicon's own entries."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from config.schema.lexicon import CONCEPTS

if TYPE_CHECKING:
    from config.loader import Config

MOST = 4
"""Entries told of one quote."""


class Glossary:
    """The lexicon turned round: from a seller's words to English. For people, not for reading: it explains what was found."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def _terms(self) -> dict[str, list[tuple[str, bool, str]]]:
        """By language: the term without its stars, whether it begins at a word, what it means."""
        found: dict[str, list[tuple[str, bool, str]]] = {}
        for lexicon in self.config.lexicon.values():
            for group in lexicon.groups:
                for term in group.terms:
                    plain = _fold(term.strip("*"))
                    whole = lexicon.boundary == "word" and not term.startswith("*")
                    found.setdefault(lexicon.language, []).append((plain, whole, CONCEPTS[group.concept]))
        return found

    def words(self, text: str, language: str | None) -> list[tuple[str, str]]:
        """(term, meaning) of the lexicon's terms in a quote, in their order, the longest where they overlap. English needs none."""
        if language in (None, "en"):
            return []
        folded, hits = _fold(text), list[tuple[int, int, str]]()
        for term, whole, meaning in self._terms.get(language or "", ()):
            at = folded.find(term)
            if at >= 0 and not (whole and at and folded[at - 1].isalnum()):
                hits.append((at, at + len(term), meaning))
        kept: list[tuple[int, int, str]] = []
        for start, end, meaning in sorted(hits, key=lambda hit: (hit[0] - hit[1], hit[0])):
            if all(end <= a or start >= b for a, b, _ in kept):
                kept.append((start, end, meaning))
        return [(folded[start:end], meaning) for start, end, meaning in sorted(kept)[:MOST]]


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold())
