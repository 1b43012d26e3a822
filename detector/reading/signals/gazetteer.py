"""Places named in a text or shown as a location: countries by names, towns and flags, in all scripts at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detector.reading.signals.vocabulary import Hit, Vocabulary, compiled, longest
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
    town: bool = False
    """Named by a town, which is where goods are or go; a country's name may also be where they were made."""


_ANY_KANA = re.compile("[\u3041-\u30ff]")
_KANA = re.compile("[\u30a1-\u30ff]")
PLACES = frozenset({"place", "place_weak"})
REMEMBERED = 10_000
"""Locations whose country is kept at hand; sites repeat them."""
CODE = 3
"""Letters of a country or airport code: `MY` is Malaysia, `my` is not."""


class Gazetteer:
    """places.toml, compiled."""

    def __init__(self, places: Places) -> None:
        self.by_id = {place.id: place for place in places.place}
        self.terms = compiled(_as_lexicon(places))
        """The names, to be looked for together with other words."""
        self._names = Vocabulary([self.terms])
        self._located: dict[str, Place | None] = {}

    def find(self, folded: Folded) -> list[Found]:
        """Places in a text, in order."""
        return self.among(folded, self._names.all(folded.text))

    def among(self, folded: Folded, hits: Iterable[Hit]) -> list[Found]:
        """Places among the hits of a text; a name inside a longer one is left out, and so are a code not in capitals and
        a short name in small letters."""
        found = []
        kana = bool(_ANY_KANA.search(folded.text))  # in Japanese `国内` is Japan
        for hit in longest(hits):
            weak = hit.concept == "place_weak"
            if weak and folded.text[hit.start].isascii():
                written = folded.quote(hit.start, hit.end).replace("-", "")
                if not written.isupper() and (hit.end - hit.start <= CODE or written.islower()):
                    continue  # Malay `cuba` is to try
            if _goes_on(folded.text, hit) or (weak and kana and not folded.text[hit.start].isascii()):
                continue
            place, _, kind = hit.group.partition(".")
            found.append(Found(self.by_id[place], hit, weak, kind == "towns"))
        return found

    def located(self, folded: Folded | None) -> Place | None:
        """The country a location names: its own name first, else a town, else a short name."""
        if folded is None:
            return None
        if folded.raw not in self._located:
            if len(self._located) >= REMEMBERED:
                self._located.clear()
            found = self.find(folded)
            strong = [f for f in found if not f.weak]
            self._located[folded.raw] = (strong or found)[-1].place if found else None
        return self._located[folded.raw]


def _goes_on(text: str, hit: Hit) -> bool:
    """Whether a name in kana is the beginning or end of a longer word: `シリア` in `シリアル`."""
    return any(
        _KANA.match(text, at) and _KANA.match(text, inner)
        for at, inner in ((hit.end, hit.end - 1), (hit.start - 1, hit.start))
        if 0 <= at < len(text)
    )


def _as_lexicon(places: Places) -> Lexicon:
    from config.schema.lexicon import Group, Lexicon

    return Lexicon(language="", name="places", boundary="word", groups=list(_groups(places, Group)))


def _groups(places: Places, group: type[Group]) -> Iterator[Group]:
    for place in places.place:
        for kind, named in (
            ("names", tuple(n for n in (*place.names, place.flag) if n)),
            ("towns", place.towns),
        ):
            if named:
                yield group(id=f"{place.id}.{kind}", concept="place", terms=named, reason=place.source)
        if place.weak:
            yield group(id=f"{place.id}.short", concept="place_weak", terms=place.weak, reason=place.source)
