"""Places named in a text or shown as a location: countries by names, towns and flags, in all scripts at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detector.reading.signals.vocabulary import Hit, Vocabulary
from detector.reading.text import Folded

if TYPE_CHECKING:
    from config.schema.lexicon import Group, Lexicon
    from config.schema.places import Place, Places


@dataclass(frozen=True, slots=True)
class Found:
    """A place at folded positions of a text; `weak` names need words of sending or storing beside them."""

    place: Place
    hit: Hit
    weak: bool


CODE = 3
"""Letters of a country or airport code: `MY` is Malaysia, `my` is not."""


class Gazetteer:
    """places.toml, compiled."""

    def __init__(self, places: Places) -> None:
        self.by_id = {place.id: place for place in places.place}
        self._names = Vocabulary([_as_lexicon(places)])

    def find(self, folded: Folded) -> list[Found]:
        """Places in a text, in order; a name inside a longer one is left out, and so is a code not in capitals."""
        found = []
        for hit in self._names.find(folded.text):
            weak = hit.concept == "place_weak"
            if (
                weak
                and hit.end - hit.start <= CODE
                and not folded.quote(hit.start, hit.end).replace("-", "").isupper()
                and folded.text[hit.start].isascii()
            ):
                continue
            found.append(Found(self.by_id[hit.group.partition(".")[0]], hit, weak))
        return found

    def located(self, folded: Folded | None) -> Place | None:
        """The country a location names: its own name first, else a town, else a short name."""
        found = self.find(folded) if folded else []
        strong = [f for f in found if not f.weak]
        return (strong or found)[-1].place if found else None


def _as_lexicon(places: Places) -> Lexicon:
    from config.schema.lexicon import Group, Lexicon

    return Lexicon(language="", name="places", boundary="word", groups=list(_groups(places, Group)))


def _groups(places: Places, group: type[Group]) -> Iterator[Group]:
    for place in places.place:
        named = tuple(n for n in (*place.names, *place.towns, place.flag) if n)
        yield group(id=f"{place.id}.names", concept="place", terms=named, reason=place.source)
        if place.weak:
            yield group(id=f"{place.id}.short", concept="place_weak", terms=place.weak, reason=place.source)
