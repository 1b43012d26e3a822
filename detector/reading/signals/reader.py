"""All signals that one listing gives by itself, in a fixed order."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detector.reading.clauses import Sentence, sentences
from detector.reading.document import Document
from detector.reading.model import Facts, Signal
from detector.reading.signals.contact import off_platform_contact
from detector.reading.signals.disguise import disguised_goods
from detector.reading.signals.evasion import Way, export_evasion
from detector.reading.signals.gazetteer import PLACES, Found, Gazetteer
from detector.reading.signals.goods import engineering_sample, modified_hardware
from detector.reading.signals.languages import languages
from detector.reading.signals.learned import Learned
from detector.reading.signals.papers import no_paperwork
from detector.reading.signals.relabelled import relabelled
from detector.reading.signals.route import Map, restricted_destination, survey, transit_route
from detector.reading.signals.scope import Finding, Scope
from detector.reading.signals.serial import serial_removed
from detector.reading.signals.stock import bulk_inventory, enough
from detector.reading.signals.vocabulary import Vocabulary, longest
from detector.reading.text import Folded

if TYPE_CHECKING:
    from config.loader import Config

FIELDS = ("title", "description")
MOST_PLACES = 6
"""Places quoted for one signal."""
VOTE = 0.8
"""Strength of what examples say where no rule does: alone it is a medium alert, not a high one."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A field, its sentences and the places it names."""

    name: str
    folded: Folded
    scopes: tuple[Scope, ...]
    places: tuple[Found, ...]


class SignalReader:
    """Compiles the knowledge of a config once; `find` is pure."""

    def __init__(self, config: Config) -> None:
        self.lexicons = config.lexicon
        self.gazetteer = Gazetteer(config.places)
        self.least = config.signals.settings.bulk_chips
        self.learned = Learned(config.learned)
        self._compiled: dict[frozenset[str], Vocabulary] = {}

    def vocabulary(self, doc: Document) -> Vocabulary:
        """The places and the words of the languages that the listing may be written in, compiled when first met."""
        chosen = languages(doc).intersection(self.lexicons)
        if chosen not in self._compiled:
            self._compiled[chosen] = Vocabulary(
                [*(self.lexicons[name] for name in sorted(chosen)), self.gazetteer.lexicon]
            )
        return self._compiled[chosen]

    def find(self, doc: Document, facts: Facts) -> tuple[Signal, ...]:
        """Signals of the listing; one that stands in no words is left out where words say the same."""
        vocabulary = self.vocabulary(doc)
        texts = [self._text(doc, name, vocabulary) for name in FIELDS if name in doc.fields]
        world = survey(doc, self.gazetteer, {text.name: (text.scopes, text.places) for text in texts})
        said = list(self._said(texts, facts, world))
        said += self._learned(texts, facts, {signal.signal for signal in said})
        return _kept([*said, *self._shown(doc, facts, world, texts)])

    def sentences(self, doc: Document, name: str) -> tuple[Sentence, ...]:
        """The sentences of a field in which a concept or a place stands."""
        return tuple(scope.s for scope in self._text(doc, name, self.vocabulary(doc)).scopes)

    def _learned(self, texts: Sequence[_Text], facts: Facts, known: Container[str]) -> Iterator[Signal]:
        """What example sentences teach, of signals that the grammar sees nowhere in the listing."""
        if facts.offer not in ("sale", "rental"):
            return
        for text in texts:
            for scope in text.scopes:
                for signal, sure in self.learned.votes(scope.s).items():
                    if signal not in known:
                        start, end = _trimmed(scope.s)
                        yield from _quoted(signal, text, [Finding(start, end, "", round(VOTE * sure, 4))])

    def _text(self, doc: Document, name: str, vocabulary: Vocabulary) -> _Text:
        folded = doc.fields[name]
        found = vocabulary.all(folded.text)
        places = tuple(self.gazetteer.among(folded, [hit for hit in found if hit.concept in PLACES]))
        hits = [*longest(hit for hit in found if hit.concept not in PLACES), *(place.hit for place in places)]
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        return _Text(name, folded, tuple(Scope(s) for s in sentences(folded.text, hits)), places)

    def _said(self, texts: Sequence[_Text], facts: Facts, world: Map) -> Iterator[Signal]:
        """Signals that the words state."""
        goods = facts.offer in ("sale", "rental")
        chips = [chip.chip for chip in facts.chips]
        way = Way(world.restricted_named, world.abroad, facts.offer == "rental", facts.restricted)
        for text in texts:
            scopes, folded = text.scopes, text.folded
            yield from _quoted("export_evasion", text, export_evasion(scopes, way) if goods else ())
            yield from _quoted("off_platform_contact", text, off_platform_contact(scopes, folded.text))
            if facts.price is not None and facts.price.kind == "placeholder":
                yield from _quoted("placeholder_price", text, _stand_in(scopes))
            if not goods:
                continue
            yield from _quoted("serial_removed", text, serial_removed(scopes))
            yield from _quoted("relabelled", text, relabelled(scopes, chips))
            yield from _quoted(
                "no_paperwork", text, no_paperwork(scopes, for_parts=facts.condition == "parts")
            )
            yield from _quoted("bulk_inventory", text, bulk_inventory(scopes, folded.text, facts, self.least))
            yield from _quoted("engineering_sample", text, engineering_sample(scopes, folded))
            yield from _quoted("modified_hardware", text, modified_hardware(scopes))

    def _shown(self, doc: Document, facts: Facts, world: Map, texts: Sequence[_Text]) -> Iterator[Signal]:
        """Signals that fields and figures show, with or without words."""
        if facts.price is not None and facts.price.kind == "placeholder":
            yield Signal("placeholder_price", "price_text")
        if facts.offer not in ("sale", "rental"):
            return
        if enough(facts, self.least):
            yield Signal("bulk_inventory", "quantity", detail=facts.total_chips)
        by_name = {text.name: text for text in texts}
        for signal, found in (
            ("transit_route", transit_route(world, facts)), ("restricted_destination", restricted_destination(world, facts)),
        ):  # fmt: skip
            rows = list(found)
            for name, place in rows:
                if place is not None:
                    yield from _quoted(signal, by_name[name], [place])
            shown = [name for name, place in rows if place is None]
            if shown:
                yield Signal(signal, shown[0])
        disguised = disguised_goods(doc, facts, texts[0].scopes if texts else ())
        if disguised is not None:
            name, place = disguised
            yield from (
                _quoted("disguised_goods", by_name[name], [place])
                if place
                else [Signal("disguised_goods", name)]
            )


def _trimmed(sentence: Sentence) -> tuple[int, int]:
    """A sentence's place without the spaces around it."""
    text = sentence.text[sentence.start : sentence.end]
    return sentence.start + len(text) - len(text.lstrip()), sentence.end - len(text) + len(text.rstrip())


def _stand_in(scopes: Iterable[Scope]) -> Iterator[Finding]:
    for scope in scopes:
        for hit in scope.s.of("stand_in"):
            yield Finding(hit.start, hit.end, hit.languages[0])


def _quoted(signal: str, text: _Text, findings: Iterable[Finding]) -> Iterator[Signal]:
    """The first findings, each place once, with their raw place and words."""
    seen: set[int] = set()
    for found in findings:
        start, end = text.folded.span(found.start, found.end)
        if start in seen:
            continue
        seen.add(start)
        yield Signal(
            signal, text.name, start, end, text.folded.raw[start:end], found.language or None,
            strength=found.strength, detail=found.detail,
        )  # fmt: skip
        if len(seen) == MOST_PLACES:
            return


def _kept(found: Iterable[Signal]) -> tuple[Signal, ...]:
    """Each place once, at most MOST_PLACES for a signal; a signal without a place only where it has none."""
    places: dict[str, dict[tuple[str | None, int | None], Signal]] = {}
    for signal in found:
        places.setdefault(signal.signal, {}).setdefault((signal.field, signal.start), signal)
    kept: list[Signal] = []
    for rows in places.values():
        said = [row for row in rows.values() if row.start is not None]
        kept += said[:MOST_PLACES] or list(rows.values())[:1]
    return tuple(kept)
