"""The control rules (`config/controls.toml`) by date: thresholds, who needs a licence where, letters, and remarks."""

from __future__ import annotations

from datetime import date
from typing import Literal

from config.tables import Row, Table

Control = Literal["3A090.a", "3A090.b", "letter", "none"]

About = Literal["3A090.a", "3A090.b", "3A090.a, not for data centres", "letter", "made elsewhere"]
"""What a remark stands beside; `made elsewhere` is a chip outside the reach of the rules whose figures meet them."""

Confidence = Literal["high", "medium", "low"]


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
    source: str
    confidence: Confidence


class Scope(Row):
    """Where a licence is needed for these controls, and for whom, from `since` until `until` (not included)."""

    id: str
    controls: list[Control]
    since: date
    until: date | None = None
    codified: str
    enforced: str
    source: str
    confidence: Confidence


class Letter(Row):
    """An is-informed letter: a licence for named chips, whatever their figures."""

    id: str
    since: date
    until: date | None = None
    chips: list[str]
    enforced: str
    source: str
    confidence: Confidence
    note: str = ""


class Remark(Row):
    """What else is to be known beside a control from `since` until `until` (not included); `chips`: of these only.

    With bounds, `text` holds where all are met, `otherwise` where one is not, `untested` where a figure is lacking; "" says nothing.
    """

    id: str
    about: list[About]
    chips: list[str] = []
    since: date
    until: date | None = None
    tpp_below: float | None = None
    memory_gbs_below: float | None = None
    text: str
    otherwise: str = ""
    untested: str = ""
    source: str
    confidence: Confidence


class Controls(Table):
    """Rules, their scopes and letters, and the remarks a reader of a finding needs."""

    rule: list[Rule]
    scope: list[Scope] = []
    letter: list[Letter] = []
    remark: list[Remark] = []
