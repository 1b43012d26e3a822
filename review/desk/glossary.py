"""What the marked words mean, by the concepts that the signal is made of; no meaning of another concept is ever shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.loader import Config

MOST = 4
"""Meanings told of one quote."""

LONG = 12
"""Letters of a quote beyond which a single character of an unspaced script says nothing: it stands in too many words."""

OF_ANOTHER_KIND = frozenset([
    "not_mark", "other_part", "own_channel", "courier", "not_stock", "production", "software",
])  # fmt: skip
"""Concepts whose terms take the words inside them away from the signal: `asset tag` holds no tag."""


@dataclass(frozen=True, slots=True)
class _Term:
    pattern: re.Pattern[str]
    bare: bool
    """Whether it may be written without accents."""
    letters: int
    concepts: frozenset[str]
    english: str | None


class Glossary:
    """The lexicon turned round: from a seller's words to English. For people, not for reading: it explains what was found."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._made: dict[str, tuple[_Term, ...]] = {}

    @cached_property
    def _cards(self) -> dict[str, tuple[str, dict[str, str]]]:
        return {card.id: (card.title, card.words) for card in self.config.signals.signal}

    def words(self, text: str, language: str | None, signal: str) -> list[tuple[str, str]]:
        """(words as written, meaning) of a quote that carries `signal`, in their order, the longest where they overlap.

        English needs none. Where no word is known, ("", the signal's title) stands alone.
        """
        if not language or language == "en":
            return []
        from detector.reading.signals.vocabulary import view
        from detector.reading.text import fold

        title, meanings = self._cards.get(signal, ("", {}))
        folded = fold(text)
        plain = view(folded.text)
        hits: list[tuple[int, int, str]] = []
        taken: list[tuple[int, int]] = []
        for term in self._terms(language):
            concept = next((name for name in meanings if name in term.concepts), None)
            meaning = term.english or (meanings[concept] if concept else "")
            if not (meaning or term.concepts & OF_ANOTHER_KIND) or (term.letters == 1 and len(plain) > LONG):
                continue
            found = term.pattern.search(plain if term.bare else folded.text)
            if found and meaning:
                hits.append((found.start(), found.end(), meaning))
            elif found:
                taken.append(found.span())
        kept: list[tuple[int, int, str]] = []
        for start, end, meaning in sorted(hits, key=lambda hit: (hit[0] - hit[1], hit[0])):
            inside = any(a <= start and end <= b and b - a > end - start for a, b in taken)
            if not inside and all(end <= a or start >= b for a, b, _ in kept):
                kept.append((start, end, meaning))
        kept.sort(key=lambda hit: hit[:2])
        told = [(folded.quote(start, end), meaning) for start, end, meaning in kept]
        return told[:MOST] or ([("", title)] if title else [])

    def _terms(self, language: str) -> tuple[_Term, ...]:
        """All terms of a language, those with a meaning of their own first."""
        if language not in self._made:
            self._made[language] = tuple(self._read(language))
        return self._made[language]

    def _read(self, language: str) -> list[_Term]:
        from detector.reading.signals.vocabulary import SHORT, view
        from detector.reading.text import fold

        concepts: dict[tuple[str, bool], set[str]] = {}
        english: dict[str, str] = {}
        for lexicon in self.config.lexicon.values():
            if lexicon.language != language:
                continue
            spaced = lexicon.boundary == "word"
            for group in lexicon.groups:
                for term in group.terms:
                    concepts.setdefault((fold(term).text, spaced), set()).add(group.concept)
            for term, meaning in lexicon.glosses.items():
                english[fold(term).text] = meaning
                concepts.setdefault((fold(term).text, spaced), set())
        found = []
        for (term, spaced), names in concepts.items():
            letters = len(term.strip("*"))
            bare = letters > SHORT
            pattern = _pattern(view(term) if bare else term, spaced)
            found.append(_Term(pattern, bare, letters, frozenset(names), english.get(term)))
        return found


def _pattern(term: str, spaced: bool) -> re.Pattern[str]:
    """Of a folded term: a star is any ending or beginning of a word; without one the word has to begin and end there.

    Where the script sets no words apart, only Latin letters and digits have to begin and end.
    """
    core = term.strip("*")
    letter = r"\w" if spaced else "[a-z]"
    edge = re.compile(letter)
    before = rf"(?<!{letter})" if edge.match(core[:1]) and not term.startswith("*") else ""
    after = rf"(?!{letter})" if edge.match(core[-1:]) and not term.endswith("*") else ""
    ending = rf"{letter}*" if term.endswith("*") else ""
    return re.compile(before + re.escape(core).replace(r"\*", rf"{letter}*") + ending + after)
