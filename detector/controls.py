"""Which export control a chip falls under on a date: computed from its figures, never from its name, except for letters.

The tool raises a question and decides nothing: a finding names its rule and source, and tells codified from enforced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, partial

from config.schema.catalogue import Catalogue, Figures
from config.schema.controls import Controls, Item, Letter, Remark, Rule, Scope

UNSURE = "computed from figures that nobody has confirmed"

NOT_CODIFIED = "nowhere (a letter binds whom it was sent to)"


@dataclass(frozen=True, slots=True)
class ControlFinding:
    """`control` is 3A090.a, 3A090.b, letter, none or unknown; `restricted`: a licence is needed for some destination.

    `codified` and `enforced`: where and for whom, as the text has it and as it is applied; `remarks`: what else is known on that day,
    each with its source; `note`: why nothing was found, or cannot be known. Nothing in it is later than the day asked for.
    """

    control: str
    restricted: bool
    rule: str | None = None
    source: str | None = None
    enforced: str | None = None
    note: str = ""
    tpp: float | None = None
    pd: float | None = None
    codified: str | None = None
    remarks: tuple[str, ...] = ()


def tpp(figures: Figures) -> float | None:
    """Total processing performance: the highest of dense TOPS times bit length (15 CFR 774 Supp. 1, 3A090 note)."""
    return max((tops * int(bits) for bits, tops in figures.tops.items()), default=None)


def performance_density(figures: Figures) -> float | None:
    """TPP over die area in mm2."""
    total = tpp(figures)
    return round(total / figures.die_mm2, 2) if total is not None and figures.die_mm2 else None


@dataclass(frozen=True)
class _Known:
    base: str
    market: str
    figures: Figures
    exempt: bool = False
    foreign: bool = False
    unsure: bool = False

    @cached_property
    def total(self) -> float | None:
        return tpp(self.figures)

    @cached_property
    def density(self) -> float | None:
        return performance_density(self.figures)


class ControlBook:
    """The rules over the catalogue."""

    def __init__(self, catalogue: Catalogue, controls: Controls) -> None:
        self.catalogue, self.controls = catalogue, controls

    @cached_property
    def _known(self) -> dict[str, _Known]:
        return dict(self._entries())

    def _entries(self) -> Iterator[tuple[str, _Known]]:
        for chip in self.catalogue.chip:
            own = _Known(chip.id, chip.market, chip.figures, chip.vendor_class == "none", chip.foreign_origin, chip.confidence == "low")
            yield chip.id, own
            for variant in chip.variants:
                yield variant.id, replace(own, figures=variant.figures or chip.figures)
        for series in self.catalogue.series:
            for number in series.numbers:
                for suffix in ["", *series.suffixes]:
                    ident = series.ident(number, suffix)
                    yield ident, _Known(ident, series.market, series.figures)

    def find(self, chip: str, on: date) -> ControlFinding:
        """The finding for a catalogue id on a date. An id the catalogue lacks is `unknown` and not restricted."""
        known = self._known.get(chip)
        if known is None:
            return ControlFinding("unknown", False, note="not in the catalogue")
        rule, item, untested = self._by_rule(known, on)
        if rule and item and not known.foreign:
            return self._ruled(known, on, rule, item)
        letters = self._letters(known, on)
        if letters:
            return self._lettered(known, on, letters[0])
        finding = ControlFinding("unknown" if untested else "none", False, note=untested, tpp=known.total, pd=known.density)
        if not known.foreign:
            return finding
        if rule and item:
            note = f"its figures meet {item.paragraph} of the rule of {rule.id}; made outside the rule's reach"
            return replace(finding, note=note, remarks=tuple(self._remarks(known, on, "made elsewhere")))
        return replace(finding, note="; ".join(filter(None, (untested, "made outside the rule's reach"))))

    def _by_rule(self, known: _Known, on: date) -> tuple[Rule | None, Item | None, str]:
        """The rule in force and the item that the figures meet; where none is met, which figures are lacking to be sure, in words."""
        untested = ""
        for rule in () if known.exempt else filter(partial(_in_force, on), self.controls.rule):
            if _exempt(rule, known):
                continue
            for item in rule.items:
                met, lacking = _meets(item, known)
                if met:
                    return rule, item, ""
                if lacking and not untested:
                    untested = f"cannot be tested under {item.paragraph} of the rule of {rule.id}: {' and '.join(lacking)} not known"
        return None, None, untested

    def _ruled(self, known: _Known, on: date, rule: Rule, item: Item) -> ControlFinding:
        scope = next((row for row in self.controls.scope if item.control in row.controls and _in_force(on, row)), None)
        about = [item.control, *([f"{item.control}, not for data centres"] if known.market != "datacentre" else [])]
        return ControlFinding(
            item.control, True, f"{rule.id} {item.paragraph}", "; ".join(dict.fromkeys((rule.source, *([scope.source] if scope else [])))),
            scope.enforced if scope else None, UNSURE if known.unsure else "", known.total, known.density, scope.codified if scope else None,
            (*(f"by letter of {row.id} too: {row.enforced} ({row.source})" for row in self._letters(known, on)), *self._remarks(known, on, *about)),
        )  # fmt: skip

    def _lettered(self, known: _Known, on: date, letter: Letter) -> ControlFinding:
        return ControlFinding(
            "letter", True, letter.id, letter.source, letter.enforced, letter.note, known.total, known.density, NOT_CODIFIED,
            tuple(self._remarks(known, on, "letter")),
        )  # fmt: skip

    def _letters(self, known: _Known, on: date) -> list[Letter]:
        return [row for row in self.controls.letter if known.base in row.chips and _in_force(on, row)]

    def _remarks(self, known: _Known, on: date, *about: str) -> Iterator[str]:
        for row in self.controls.remark:
            if _in_force(on, row) and not set(about).isdisjoint(row.about) and (not row.chips or known.base in row.chips):
                text = _wording(row, known)
                if text:
                    yield f"{text} ({row.source})"


def _in_force(on: date, row: Rule | Scope | Letter | Remark) -> bool:
    return row.since <= on and (row.until is None or on < row.until)


def _exempt(rule: Rule, known: _Known) -> bool:
    """Note 2: not designed or marketed for data centres, and below the line."""
    line = rule.exempt_not_datacentre_below_tpp
    return line is not None and known.market != "datacentre" and _under(line, known.total, known.figures.tpp_below) is True


def _meets(item: Item, known: _Known) -> tuple[bool, list[str]]:
    """Whether all bounds are known to hold; where none is known not to, the figures lacking."""
    bound, density, io = known.figures.tpp_below, known.density, known.figures.io_gbs
    checks = (
        (item.tpp_min, lambda x: _not(_under(x, known.total, bound)), "performance"),
        (item.tpp_max, lambda x: _under(x, known.total, bound), "performance"),
        (item.pd_min, lambda x: _not(_under(x, density)), "performance density"),
        (item.pd_max, lambda x: _under(x, density), "performance density"),
        (item.io_min, lambda x: _not(_under(x, io)), "transfer rate"),
    )  # fmt: skip
    found = [(check(limit), name) for limit, check, name in checks if limit is not None]
    if any(holds is False for holds, _ in found):
        return False, []
    lacking = list(dict.fromkeys(name for holds, name in found if holds is None))
    return not lacking, lacking


def _under(limit: float, value: float | None, below: float | None = None) -> bool | None:
    """Whether a figure is under a limit; `below` is an upper bound where the figure itself is not kept. None: not known."""
    if value is not None:
        return value < limit
    return True if below is not None and below <= limit else None


def _not(holds: bool | None) -> bool | None:
    return None if holds is None else not holds


def _wording(remark: Remark, known: _Known) -> str:
    limits = (
        (remark.tpp_below, known.total, known.figures.tpp_below),
        (remark.memory_gbs_below, known.figures.memory_gbs, None),
    )
    found = [_under(limit, value, below) for limit, value, below in limits if limit is not None]
    if False in found:
        return remark.otherwise
    return remark.untested if None in found else remark.text
