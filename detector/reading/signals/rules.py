"""The rules of the signals that examples vote on too, by signal, and the findings of a field as signals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from detector.reading.clauses import Sentence
from detector.reading.model import Facts, Signal
from detector.reading.signals.contact import off_platform_contact
from detector.reading.signals.evasion import Way, export_evasion
from detector.reading.signals.gazetteer import Found
from detector.reading.signals.goods import engineering_sample, modified_hardware
from detector.reading.signals.papers import no_paperwork
from detector.reading.signals.relabelled import relabelled
from detector.reading.signals.route import Map
from detector.reading.signals.scope import Finding, Scope
from detector.reading.signals.serial import serial_removed
from detector.reading.text import Folded

MOST_PLACES = 6
"""Places quoted for one signal."""

Rule = Callable[[Sequence[Scope], Folded], Iterable[Finding]]
"""Findings in a field, of its sentences in order and its text."""


@dataclass(frozen=True, slots=True)
class Text:
    """A field, its sentences and the places it names."""

    name: str
    folded: Folded
    scopes: tuple[Scope, ...]
    places: tuple[Found, ...]


def rules_of(facts: Facts, world: Map, own_memory: Mapping[str, frozenset[int]]) -> dict[str, Rule]:
    """The rule of each signal for a listing of these facts, whose goods go these ways. `own_memory`: GB that makers give a chip, by id."""
    chips = [chip.chip for chip in facts.chips]
    way = Way(world.restricted_named, world.abroad, facts.offer == "rental", facts.restricted, tuple(chips))
    sizes = frozenset().union(*(own_memory.get(chip, frozenset()) for chip in chips))
    return {
        "export_evasion": lambda scopes, _: export_evasion(scopes, way),
        "off_platform_contact": lambda scopes, folded: off_platform_contact(scopes, folded.text),
        "serial_removed": lambda scopes, _: serial_removed(scopes),
        "relabelled": lambda scopes, _: relabelled(scopes, chips),
        "no_paperwork": lambda scopes, _: no_paperwork(scopes, for_parts=facts.condition == "parts"),
        "engineering_sample": engineering_sample,
        "modified_hardware": lambda scopes, _: modified_hardware(scopes, sizes),
    }


def quoted(signal: str, text: Text, findings: Iterable[Finding]) -> Iterator[Signal]:
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


def by_sentence(text: Text, said: Iterable[Signal]) -> Iterator[tuple[Sentence, list[Signal]]]:
    """Each sentence of a field with the findings that begin in it."""
    found = sorted((s for s in said if s.field == text.name and s.start is not None), key=lambda s: s.start or 0)
    for scope in text.scopes:
        if not found:
            yield scope.s, []
            continue
        low, high = text.folded.span(scope.s.start, scope.s.end)
        yield scope.s, [signal for signal in found if low <= (signal.start or 0) < high]
