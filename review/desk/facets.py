"""The alerts as columns in memory: which ones a filter takes, in which order, and how many there are of each value.

50,000 alerts are filtered, ordered and counted in about a millisecond, however few or many are new. The columns follow the
database by its record of events and decisions; a full reading now and then catches what writes neither.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from storage.desk import Stamp
    from storage.store import Store

COLUMNS = ("state", "severity", "site", "country", "chip", "seller")

FULL_EVERY_S = 600.0
"""What writes neither event nor decision (the end of a mute by its date, an erasure) is seen after so long; 50,000 alerts take
half a second of a processor."""

MOST_SIGNALS = 64
"""Bits of a column; there are about twenty signals."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose; an empty tuple means any. `since` and `until` are about the last news, ISO 8601 UTC."""

    state: tuple[str, ...] = ("new",)
    severity: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    chip: tuple[str, ...] = ()
    seller: tuple[str, ...] = ()
    signal: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    muted: bool = False
    silent: bool = False
    """Only those opened without notice, which no digest wrote out."""


@dataclass(frozen=True, slots=True)
class Found:
    """The chosen alerts, the most severe first, and counts by column and value.

    A column's counts leave its own choice out, so that they say what choosing another value would show. `muted`: how many more
    there are that a mute holds back; `silent`: how many of them were opened without notice.
    """

    counts: dict[str, dict[str, int]]
    muted: int
    silent: int
    _keys: Sequence[str]
    _places: NDArray[np.int64]
    _place: Mapping[str, int]

    def __len__(self) -> int:
        return len(self._places)

    def part(self, start: int, size: int) -> list[str]:
        """Keys of a page."""
        return [self._keys[at] for at in self._places[max(start, 0) : max(start, 0) + size].tolist()]

    def around(self, key: str) -> tuple[int | None, str | None, str | None]:
        """Where a key stands (from 1), and the keys before and after it; where it is not chosen, the first one is after it."""
        place = self._place.get(key, -1)
        at = next(iter(np.flatnonzero(self._places == place).tolist()), None)
        if at is None:
            return None, None, next(iter(self.part(0, 1)), None)
        return (
            at + 1,
            next(iter(self.part(at - 1, 1)), None) if at else None,
            next(iter(self.part(at + 1, 1)), None),
        )


@dataclass
class _Column:
    """Values as numbers; None is -1."""

    codes: NDArray[np.int32]
    names: list[str] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)

    def code(self, value: str | None) -> int:
        if value is None:
            return -1
        if value not in self.known:
            self.known[value] = len(self.names)
            self.names.append(value)
        return self.known[value]

    def among(self, values: Sequence[str]) -> Mask:
        wanted = np.zeros(len(self.names) + 1, np.bool_)  # the last place is for None, whose number is -1
        wanted[[self.known[value] for value in values if value in self.known]] = True
        return wanted[self.codes]

    def count(self, mask: Mask) -> dict[str, int]:
        codes = self.codes[mask]
        numbers = np.bincount(codes[codes >= 0], minlength=len(self.names))
        found = [(self.names[code], int(numbers[code])) for code in np.flatnonzero(numbers)]
        return dict(sorted(found, key=lambda item: (-item[1], item[0])))


class _Table:
    """The alerts in columns; row numbers never change, rows are only added and overwritten."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.place: dict[str, int] = {}
        self.columns = {name: _Column(np.empty(0, np.int32)) for name in COLUMNS}
        self.signals: dict[str, int] = {}
        self.bits = np.empty(0, np.uint64)
        self.muted = np.empty(0, np.bool_)
        self.silent = np.empty(0, np.bool_)
        self.news = np.empty(0, "U20")
        self.rank = np.empty(0, np.float64)
        self.order = np.empty(0, np.int64)

    def find(self, chosen: Choice) -> Found:
        """What `chosen` takes."""
        masks = {
            name: self.columns[name].among(getattr(chosen, name)) for name in COLUMNS if getattr(chosen, name)
        }
        if chosen.signal:
            masks["signal"] = (self.bits & self._mask_of(chosen.signal)) != 0
        base = np.ones(len(self.keys), np.bool_)
        if chosen.since:
            base &= self.news >= chosen.since
        if chosen.until:
            base &= self.news <= chosen.until
        quiet = int((_all(base, masks) & self.silent & (self.muted if chosen.muted else ~self.muted)).sum())
        if chosen.silent:
            base &= self.silent
        every = _all(base, masks)
        held_back = 0 if chosen.muted else int((every & self.muted).sum())
        seen = self.muted if chosen.muted else ~self.muted
        shown, base = every & seen, base & seen
        # A column without a choice of its own is counted over what is shown.
        over = {
            name: _all(base, masks, but=name) if name in masks else shown
            for name in (*COLUMNS[:-1], "signal")
        }
        counts = {name: self.columns[name].count(over[name]) for name in COLUMNS[:-1]}
        counts["signal"] = self._count_signals(over["signal"])
        return Found(counts, held_back, quiet, self.keys, self.order[shown[self.order]], self.place)

    def _mask_of(self, signals: Sequence[str]) -> np.uint64:
        return np.uint64(sum(1 << self.signals[name] for name in signals if name in self.signals))

    def _count_signals(self, mask: Mask) -> dict[str, int]:
        # Few combinations of signals occur: they are counted, and only then taken apart.
        words, numbers = np.unique(self.bits[mask], return_counts=True)
        found = {
            name: int(numbers[(words >> np.uint64(at)) & np.uint64(1) == 1].sum())
            for name, at in self.signals.items()
        }
        return dict(sorted(((k, v) for k, v in found.items() if v), key=lambda item: (-item[1], item[0])))

    def take(self, rows: Sequence[Any]) -> None:
        """Add rows of `alert_facts`, or write them over those that are there."""
        if not rows:
            return
        places, known = [], len(self.keys)
        for row in rows:
            key = row["listing"]
            if key not in self.place:
                self.place[key] = len(self.keys)
                self.keys.append(key)
            places.append(self.place[key])
        self._grow(len(self.keys))
        at = np.array(places)
        for name, column in self.columns.items():
            column.codes[at] = [column.code(row[name]) for row in rows]
        self.bits[at] = np.array([self._signal_bits(row["signals"]) for row in rows], np.uint64)
        self.muted[at] = [bool(row["muted"]) for row in rows]
        self.silent[at] = [bool(row["silent"]) for row in rows]
        self.news[at] = [row["news"] for row in rows]
        # Scores lie between 0 and 1, so one figure orders by severity and then by score.
        ranks = np.array([-(row["rank"] + row["score"] / 2) for row in rows])
        if len(self.keys) > known or not np.array_equal(self.rank[at], ranks):
            self.rank[at] = ranks
            self.order = np.lexsort((np.array(self.keys), self.rank))

    def _grow(self, size: int) -> None:
        more = size - len(self.muted)
        if more <= 0:
            return
        for column in self.columns.values():
            column.codes = np.concatenate([column.codes, np.full(more, -1, np.int32)])
        self.bits = np.concatenate([self.bits, np.zeros(more, np.uint64)])
        self.muted = np.concatenate([self.muted, np.zeros(more, np.bool_)])
        self.silent = np.concatenate([self.silent, np.zeros(more, np.bool_)])
        self.news = np.concatenate([self.news, np.zeros(more, "U20")])
        self.rank = np.concatenate([self.rank, np.zeros(more)])

    def _signal_bits(self, words: str) -> int:
        bits = 0
        for name in words.split():
            if name not in self.signals and len(self.signals) < MOST_SIGNALS:
                self.signals[name] = len(self.signals)
            bits |= 1 << self.signals[name] if name in self.signals else 0
        return bits


def _all(base: Mask, masks: dict[str, Mask], but: str = "") -> Mask:
    out = base.copy()
    for name, mask in masks.items():
        if name != but:
            out &= mask
    return out


class Facets:
    """The columns of one home's alerts; any thread may ask.

    `later` runs the full reading behind the scenes, with a store of its own; without it the next question pays for it.
    """

    def __init__(
        self, clock: Callable[[], float], later: Callable[[Callable[[Store], None]], Any] | None = None
    ) -> None:
        self.clock, self.later = clock, later
        self._lock = threading.Lock()
        self._table = _Table()
        self._stamp: Stamp | None = None
        self._full_at = 0.0

    def find(self, store: Store, chosen: Choice) -> Found:
        """What `chosen` takes of the alerts as they are now."""
        with self._lock:
            self._follow(store)
            return self._table.find(chosen)

    def reload(self, store: Store) -> None:
        """Read everything anew beside what is shown, then put it in its place."""
        stamp, table = store.alert_stamp(), _Table()
        table.take(list(store.alert_facts()))
        with self._lock:
            self._put(stamp, table)

    def _put(self, stamp: Stamp, table: _Table) -> None:
        # The stamp is older than the rows: what came between is taken in again at the next question.
        self._stamp, self._table, self._full_at = stamp, table, self.clock()

    def _follow(self, store: Store) -> None:
        """Take in what changed since the last question."""
        stamp, now, old = store.alert_stamp(), self.clock(), self._stamp
        due = now - self._full_at > FULL_EVERY_S
        if old is None or stamp.mutes != old.mutes or stamp.event < old.event or (due and self.later is None):
            table = _Table()
            table.take(list(store.alert_facts()))
            self._put(stamp, table)
            return
        if due and self.later is not None:
            self._full_at = now
            self.later(self.reload)
        if stamp != old:
            self._stamp = stamp
            self._table.take(list(store.alert_facts(old)))
