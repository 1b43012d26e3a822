"""The control rules (`config/controls.toml`) by date: thresholds, letters, and who needs a licence where."""

from __future__ import annotations

from datetime import date
from typing import Literal

from config.tables import Row, Table

Control = Literal["3A090.a", "3A090.b", "letter", "none"]


class Item(Table):
    """One item of a rule: all bounds that are given must hold. `tpp` and `pd` lower bounds are inclusive."""

    KEY = None
    control: Control
    paragraph: str
    tpp_min: float | None = None
    tpp_max: float | None = None
    pd_min: float | None = None
    pd_max: float | None = None
    io_min: float | None = None


class Rule(Row):
    """Thresholds in force from `since` until `until` (not included). Items are tried in order."""

    id: str
    since: date
    until: date | None = None
    instrument: str
    items: list[Item]
    exempt_not_datacentre_below_tpp: float | None = None
    """Note 2: items not designed or marketed for data centres are outside below this TPP."""
    codified: str
    enforced: str
    source: str
    confidence: Literal["high", "medium", "low"]


class Letter(Row):
    """An is-informed letter: a licence for named chips, whatever their figures."""

    id: str
    since: date
    until: date | None = None
    chips: list[str]
    enforced: str
    source: str
    confidence: Literal["high", "medium", "low"]
    note: str = ""


class Controls(Table):
    """Rules and letters, and the notes a reader of a finding needs."""

    rule: list[Rule]
    letter: list[Letter] = []
