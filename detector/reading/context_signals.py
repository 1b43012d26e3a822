"""Signals of place, stock and price: what a listing's fields say, and the words of its text that say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from detector.reading.document import Document
from detector.reading.model import Facts, Signal
from detector.reading.places import Found, Gazetteer
from detector.reading.signals.vocabulary import Vocabulary
from detector.reading.text_signals import from_texts, signal_at

if TYPE_CHECKING:
    from config.loader import Config

ROUTE = frozenset({"from", "via", "to", "store", "onward", "users", "open_to"})
_STOP = re.compile(r"[。！!；;\n]|\.\s")


_BY_COUNTRY = {
    "DE": "de", "AT": "de", "CH": "de", "VN": "vi", "MY": "ms", "ID": "ms", "TR": "tr", "ES": "es", "MX": "es", "AR": "es", "CO": "es",
    "CL": "es", "PE": "es", "BR": "pt", "PT": "pt", "FR": "fr", "BE": "fr", "CA": "fr", "IN": "hi",
}  # fmt: skip
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), ("ja",)), (re.compile("[\u3400-\u9fff]"), ("zh",)), (re.compile("[\uac00-\ud7af]"), ("ko",)),
    (re.compile("[\u0400-\u04ff]{2}"), ("ru",)), (re.compile("[\u0600-\u06ff]"), ("ar",)), (re.compile("[\u1ea0-\u1ef9\u01b0\u01a1]"), ("vi",)),
)  # fmt: skip
_ALIKE = {"id": "ms", "in": "ms", "hinglish": "hi"}


def languages(doc: Document) -> set[str]:
    """Languages a listing may be written in, by its own tag, its country and its scripts; English is everywhere."""
    tag = (doc.listing.language or "").split("-")[0].lower()
    found = {"en", _ALIKE.get(tag, tag)}
    if home := _BY_COUNTRY.get(doc.listing.country or ""):
        found.add(home)
    text = f"{doc.text('title')} {doc.text('description')}"
    for pattern, names in _SCRIPTS:
        if pattern.search(text):
            found.update(names)
    return found


class SignalReader:
    """All signals that one listing gives by itself."""

    def __init__(self, config: Config) -> None:
        self.lexicons = config.lexicon
        self._compiled: dict[frozenset[str], Vocabulary] = {}
        self.gazetteer = Gazetteer(config.places)
        self.bulk = config.signals.settings.bulk_chips

    def vocabulary(self, doc: Document) -> Vocabulary:
        """The words of the languages that the listing may be written in: English, its own, its country's, its scripts'.

        All languages at once would read `can` and `go` as Vietnamese in an English text.
        """
        chosen = frozenset(languages(doc) & self.lexicons.keys())
        if chosen not in self._compiled:
            self._compiled[chosen] = Vocabulary(self.lexicons[name] for name in sorted(chosen))
        return self._compiled[chosen]

    def find(self, doc: Document, facts: Facts) -> tuple[Signal, ...]:
        """Signals in a fixed order; one that stands in no words is left out where the words say the same."""
        vocabulary = self.vocabulary(doc)
        found = [*from_texts(doc, facts, vocabulary), *self._stock(doc, facts), *self._price(doc, facts, vocabulary), *self._places(doc, facts, vocabulary)]
        said = {signal.signal for signal in found if signal.start is not None}
        kept: dict[tuple[str, str | None, int | None], Signal] = {}
        for signal in found:
            if signal.start is not None or signal.signal not in said:
                kept.setdefault((signal.signal, signal.field if signal.start is not None else None, signal.start), signal)
        return tuple(kept.values())

    def _stock(self, doc: Document, facts: Facts) -> Iterator[Signal]:
        most = max((c.count for c in facts.chips), default=0)
        if facts.offer in ("sale", "rental") and max(facts.total_chips or 0, most) >= self.bulk:
            for name in ("title", "description"):
                for number in {facts.quantity, most} - {None, 1}:
                    if found := re.search(rf"(?<![\d.,]){number}(?![\d.,]|\s?gb?\b).{{0,6}}", doc.text(name)):
                        yield signal_at("bulk_inventory", name, doc.fields[name], max(0, found.start() - 2), found.end())
            yield Signal("bulk_inventory", "quantity")

    def _price(self, doc: Document, facts: Facts, vocabulary: Vocabulary) -> Iterator[Signal]:
        if facts.price and facts.price.kind == "placeholder":
            for name in ("title", "description"):
                hit = next((h for h in vocabulary.find(doc.text(name)) if h.concept == "stand_in"), None)
                if hit is not None:
                    yield signal_at("placeholder_price", name, doc.fields[name], hit.start, hit.end, hit.languages[0])
            yield Signal("placeholder_price", "price_text")

    def _places(self, doc: Document, facts: Facts, vocabulary: Vocabulary) -> Iterator[Signal]:
        if facts.offer not in ("sale", "rental"):
            return
        said = list(self._said(doc, vocabulary))
        country = self.gazetteer.by_id.get(doc.listing.country or "")
        where = next((f.place for f in self.gazetteer.find(doc.text("location")) if not f.weak), None)
        goes = next((f.place for f in self.gazetteer.find(doc.text("ships_to")) if f.place.restricted), None)
        if facts.restricted:
            for name, found, _ in said:
                if found.place.restricted:
                    yield signal_at("restricted_destination", name, doc.fields[name], found.start, found.end)
            for field, place in (("location", where), ("country", country), ("ships_to", goes)):
                if place is not None and place.restricted and not (field == "country" and where is not None and not where.restricted and where.id != country_id(doc)):
                    yield Signal("restricted_destination", field)
        if facts.offer == "sale":
            for name, found, roles in said:
                home = found.place.id == doc.listing.country
                if found.place.hub and (not home or roles & {"onward"} or (roles & {"from", "store"} and self._goes_on(said, found))):
                    yield signal_at("transit_route", name, doc.fields[name], found.start, found.end)
            if where is not None and where.hub and where.id != doc.listing.country:
                yield Signal("transit_route", "location")

    def _goes_on(self, said: list[tuple[str, Found, set[str]]], start: Found) -> bool:
        return any(f.place.id != start.place.id and roles & {"to", "via"} for _, f, roles in said)

    def _said(self, doc: Document, vocabulary: Vocabulary) -> Iterator[tuple[str, Found, set[str]]]:
        """Places that the text names beside words of sending, storing or serving."""
        for name in ("title", "description"):
            text = doc.text(name)
            places = self.gazetteer.find(text)
            if not places:
                continue
            hits = vocabulary.find(text)
            for found in places:
                left = max([m.end() for m in _STOP.finditer(text, 0, found.start)] or [0])
                stop = _STOP.search(text, found.end)
                right = stop.start() if stop else len(text)
                reach = 2 if found.weak else 25
                if found.weak and text[found.start : found.end].isascii() and not doc.fields[name].quote(found.start, found.end).isupper():
                    continue
                around = {
                    h.concept for h in hits
                    if left <= h.start and h.end <= right and 0 <= max(h.start - found.end, found.start - h.end) <= reach
                }  # fmt: skip
                if around & {"no_ship", "refuse", "comply", "local_only"}:
                    continue
                roles = around & ROUTE
                if roles:
                    yield name, found, roles


def country_id(doc: Document) -> str | None:
    """The marketplace's country."""
    return doc.listing.country
