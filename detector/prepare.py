"""What judging asks of each observation by itself: its reading, and the sketch of its text. Pure, so it may run anywhere.

The rest of a run (likeness, market, history) depends on what became known before, and is one writer's work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from detector.neighbours import canonical, sketch

if TYPE_CHECKING:
    from config.loader import Config
    from detector.reading.model import Reading
    from storage.listing import Listing
    from storage.observation import Observation


class Reads(Protocol):
    """What makes a reading of a listing; `today` stands in where the listing has no date."""

    def read(self, listing: Listing, today: date) -> Reading: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reading, and the text's bands for near-copies (None where it is too short)."""

    reading: Reading
    bands: bytes | None


Window = Sequence["Observation"]

Prepare = Callable[[Iterable[Window]], Iterator[tuple[Window, list[Prepared]]]]
"""Prepares windows of observations and gives each back in its order; it may work ahead."""


class Preparer:
    """Prepares observations under one config, one after the other."""

    def __init__(self, config: Config, reader: Reads | None = None) -> None:
        self.config, self.repeats = config, config.thresholds.repeats
        self._given = reader

    @cached_property
    def reader(self) -> Reads:
        """Made when there is something to read: it takes a second."""
        if self._given is not None:
            return self._given
        from detector.reading.read import Reader

        return Reader(self.config)

    def one(self, observation: Observation) -> Prepared:
        """One observation's reading and bands."""
        listing = observation.listing
        reading = self.reader.read(listing, date.fromisoformat(observation.observed_at[:10]))
        return Prepared(reading, sketch(canonical(listing.title, listing.description), self.repeats))

    def __call__(self, windows: Iterable[Window]) -> Iterator[tuple[Window, list[Prepared]]]:
        """Each window when it is asked for: nothing is done ahead."""
        for window in windows:
            yield window, [self.one(observation) for observation in window]
