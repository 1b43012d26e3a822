"""Which export control a chip falls under on a date: computed from its figures, never from its name, except for letters.

The tool raises a question and decides nothing: a finding names its rule and source, and tells codified from enforced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from config.schema.catalogue import Catalogue, Figures
from config.schema.controls import Controls, Item, Rule


@dataclass(frozen=True, slots=True)
class ControlFinding:
    """`control` is 3A090.a, 3A090.b, letter, none or unknown; `restricted`: a licence is needed for some destination."""

    control: str
    restricted: bool
    rule: str | None
    source: str | None
    enforced: str | None
    note: str = ""
    tpp: float | None = None
    pd: float | None = None


def tpp(figures: Figures) -> float | None:
    """Total processing performance: the highest of dense TOPS times bit length (15 CFR 774 Supp. 1, 3A090 note)."""
    return max((tops * int(bits) for bits, tops in figures.tops.items()), default=None)


def performance_density(figures: Figures) -> float | None:
    """TPP over die area in mm2."""
    total = tpp(figures)
    return round(total / figures.die_mm2, 2) if total is not None and figures.die_mm2 else None


@dataclass(frozen=True, slots=True)
class _Known:
    base: str
    market: str
    figures: Figures
    exempt: bool
    foreign: bool


class ControlBook:
    """The rules over the catalogue."""

    def __init__(self, catalogue: Catalogue, controls: Controls) -> None:
        self.catalogue, self.controls = catalogue, controls

    @cached_property
    def _known(self) -> dict[str, _Known]:
        return dict(self._entries())

    def _entries(self) -> Iterator[tuple[str, _Known]]:
        for chip in self.catalogue.chip:
            none = chip.vendor_class == "none"
            yield chip.id, _Known(chip.id, chip.market, chip.figures, none, chip.foreign_origin)
            for variant in chip.variants:
                yield variant.id, _Known(chip.id, chip.market, variant.figures or chip.figures, none, chip.foreign_origin)
        for series in self.catalogue.series:
            for number in series.numbers:
                for suffix in ["", *series.suffixes]:
                    ident = series.ident(number, suffix)
                    yield ident, _Known(ident, series.market, series.figures, False, False)

    def find(self, chip: str, on: date) -> ControlFinding:
        """The finding for a catalogue id on a date. An id the catalogue lacks is `unknown` and not restricted."""
        known = self._known.get(chip)
        if known is None:
            return ControlFinding("unknown", False, None, None, None, "not in the catalogue")
        total, density = tpp(known.figures), performance_density(known.figures)
        found = self._by_rule(known, on, total, density)
        if found is not None:
            return found
        for letter in self.controls.letter:
            if letter.since <= on and (letter.until is None or on < letter.until) and known.base in letter.chips:
                return ControlFinding("letter", True, letter.id, letter.source, letter.enforced, letter.note, total, density)
        if total is None and known.figures.tpp_below is None and not known.exempt:
            return ControlFinding("unknown", False, None, None, None, "figures are not public", total, density)
        note = "made outside the rule's reach; see guidance of 2025-05-13" if known.foreign else ""
        return ControlFinding("none", False, None, None, None, note, total, density)

    def _by_rule(self, known: _Known, on: date, total: float | None, density: float | None) -> ControlFinding | None:
        if total is None or known.exempt or known.foreign:
            return None
        for rule in self.controls.rule:
            if not (rule.since <= on and (rule.until is None or on < rule.until)) or _exempt(rule, known.market, total):
                continue
            for item in rule.items:
                if _meets(item, total, density, known.figures.io_gbs):
                    return ControlFinding(item.control, True, f"{rule.id} {item.paragraph}", rule.source, rule.enforced, "", total, density)
        return None


def _exempt(rule: Rule, market: str, total: float) -> bool:
    """Note 2: not designed or marketed for data centres, and below the line."""
    line = rule.exempt_not_datacentre_below_tpp
    return line is not None and market != "datacentre" and total < line


def _meets(item: Item, total: float, density: float | None, io: float | None) -> bool:
    checks = (
        (item.tpp_min, total, False), (item.tpp_max, total, True), (item.pd_min, density, False), (item.pd_max, density, True),
        (item.io_min, io, False),
    )  # fmt: skip
    for bound, value, upper in checks:
        if bound is not None and (value is None or (value >= bound if upper else value < bound)):
            return False
    return True
