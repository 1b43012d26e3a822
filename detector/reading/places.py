"""Places named in a text or shown as a location: countries by their names, towns and flags, in all scripts at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick

from detector.reading.text import fold

if TYPE_CHECKING:
    from config.schema.places import Place, Places


@dataclass(frozen=True, slots=True)
class Found:
    """A place at folded positions of a text."""

    place: Place
    start: int
    end: int
    weak: bool


class Gazetteer:
    """places.toml, compiled."""

    def __init__(self, places: Places) -> None:
        self.by_id = {place.id: place for place in places.place}
        self._names: list[tuple[Place, bool, bool]] = []
        keys: list[str] = []
        for place in places.place:
            for names, weak in (((*place.names, *place.towns), False), (place.weak, True)):
                for name in names:
                    keys.append(fold(name.strip("*")).text)
                    self._names.append((place, weak, name.endswith("*")))
        self._automaton = AhoCorasick(keys)

    def find(self, text: str) -> list[Found]:
        """Places in a folded text, none inside a longer one."""
        hits = []
        for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            place, weak, open_end = self._names[number]
            if _stands(text, start, end, open_end):
                hits.append(Found(place, start, end, weak))
        kept: list[Found] = []
        for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
            if not kept or hit.start >= kept[-1].end:
                kept.append(hit)
        return kept


def _stands(text: str, start: int, end: int, open_end: bool) -> bool:
    first, last = text[start], text[end - 1]
    spaced = last.isalpha() and ord(last) < 0x3000 and not "\u0600" <= last <= "\u06ff"
    if spaced and not open_end and end < len(text) and text[end].isalnum() and ord(text[end]) < 0x3000:
        return False
    return not (first.isalnum() and ord(first) < 0x0600 and start and text[start - 1].isalnum() and ord(text[start - 1]) < 0x3000)
