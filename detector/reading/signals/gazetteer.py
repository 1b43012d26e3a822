"""Places named in a text or shown as a location: countries by names, towns and flags, in all scripts at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from detector.reading.signals.vocabulary import Hit, Vocabulary, compiled, longest, unspaced
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
_PARTS = re.compile(r"[,，、;/|·•،()（）\[\]]| [-–—] |(?<=[\u3400-\u9fff]{2})(?:[省市区县镇]| )")
_WORD = re.compile(r"[\u3400-\u9fff]{2,}|[\uac00-\ud7af]{2,}|[^\W\d_\u3400-\u9fff]{4,}")
_DECLINED = re.compile(r"[\u0430-\u044f\u0451]+")
_COMMON = frozenset([
    "city", "town", "province", "district", "county", "state", "area", "region", "zone", "free", "north", "south",
    "east", "west", "central", "centre", "center", "street", "road", "block", "island", "port", "industrial", "park",
    "near", "market", "bazaar", "mall", "tower", "towers", "lake", "село", "район", "область", "край", "город",
    "округ", "республика", "mahallesi", "ilçe", "merkez", "quận", "huyện", "tỉnh", "kota", "kabupaten", "daerah",
    "bandar", "united", "states", "kingdom",
])  # fmt: skip
"""Words of locations that are no names."""
_STREET = re.compile(r"[东西南北中]?(?:路|街)(?=\s?(?:\d|号|口|与|店|写字|附近|面交|自提|地铁|大厦|商场|步行))")
_STATE = re.compile(
    r",\s*(?P<code>A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])\b(?:\s+\d{5})?(?:,\s*(?:USA?|United States))?\s*$"
)
"""A state of the United States at a location's end: `Moscow, ID`."""
_SENT = re.compile(r"\b(?:to|an|nach|via|from)\s$")
"""Before a place that goods go to or come from."""


def _state(location: Folded, home: str | None) -> str | None:
    """The code of the state that a location of the United States ends in."""
    found = _STATE.search(location.raw) if home == "US" else None
    return found["code"] if found else None


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
        found: list[Found] = []
        kana = bool(_ANY_KANA.search(folded.text))  # in Japanese `国内` is Japan
        for hit in longest(hits):
            # `前海南山` is 前海 and 南山, not 海南 as well.
            if found and found[-1].hit.start < hit.start < found[-1].hit.end < hit.end and unspaced(folded.text[hit.start]):
                continue
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

    def with_own(self, location: Folded | None, folded: Folded, named: list[Found], home: str | None) -> list[Found]:
        """Places in order, with those where a text names a part of the listing's own location, which the list of places need
        not have (`my place in Xinzhuang` of `Xinzhuang, Shanghai`) or may know elsewhere (`Moscow, ID`). `home` is the site's country."""
        place = self.located(location, home)
        if location is None or (place and not (place.hub or place.restricted)):
            return named
        if place is None:
            if not (named and _state(location, home)):
                return named
            town = location.text.partition(",")[0].strip()
            return [f for f in named if folded.text[f.hit.start : f.hit.end] != town or _SENT.search(folded.text, max(0, f.hit.start - 8), f.hit.start)]
        own: list[Found] = []
        for name in _names(location.text):
            for match in name.finditer(folded.text):
                if not any(_overlap(found.hit, *match.span()) for found in (*own, *(n for n in named if n.place is place))):
                    own.append(Found(place, Hit("place", *match.span(), ("",), f"{place.id}.here"), weak=False, town=True))
        others = (found for found in named if not any(_overlap(found.hit, o.hit.start, o.hit.end) for o in own))
        return sorted((*own, *others), key=lambda found: found.hit.start)

    def located(self, folded: Folded | None, home: str | None = None) -> Place | None:
        """The country a location names: its own name first, else a town, else a short name. `home` is the site's country."""
        if folded is None:
            return None
        if folded.raw not in self._located:
            if len(self._located) >= REMEMBERED:
                self._located.clear()
            found = self.find(folded)
            strong = [f for f in found if not f.weak]
            codes = [f for f in found if folded.text[f.hit.start].isascii()]  # `国内` of a location is at home, wherever that is
            self._located[folded.raw] = next((f.place for f in reversed(strong or codes)), None)
        place = self._located[folded.raw]
        return place if place is None or _state(folded, home) in (None, place.id) else None


def _overlap(hit: Hit, start: int, end: int) -> bool:
    return hit.start < end and start < hit.end


@lru_cache(maxsize=REMEMBERED)
def _names(location: str) -> tuple[re.Pattern[str], ...]:
    """The parts of a folded location as patterns, without the words that every location has."""
    names = dict.fromkeys(_bare(part.split()) for part in _PARTS.split(location))
    return tuple(_as_pattern(name) for name in sorted(names, key=len, reverse=True) if _WORD.search(name))


def _bare(words: list[str]) -> str:
    """A part of a location without common words at its ends: `tân bình` of `quận tân bình`."""
    while words and words[-1] in _COMMON:
        words = words[:-1]
    while words and words[0] in _COMMON:
        words = words[1:]
    return " ".join(words)


def _as_pattern(name: str) -> re.Pattern[str]:
    """A name as a text has it: declined where the language declines it (`Дубна`, `в Дубне`)."""
    if unspaced(name[0]):
        return re.compile(re.escape(name))
    stem, ending = (name[:-1], r"\w{0,3}") if _DECLINED.fullmatch(name) else (name, "")
    return re.compile(rf"(?<!\w){re.escape(stem)}{ending}(?!\w)")


def _goes_on(text: str, hit: Hit) -> bool:
    """Whether a name is a street's (`香港中路`), or one in kana the beginning or end of a longer word: `シリア` in `シリアル`."""
    return _STREET.match(text, hit.end) is not None or any(
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
