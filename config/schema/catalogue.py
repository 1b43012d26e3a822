"""The catalogue (`config/chips/*.toml`): chips, series of cards, systems, part numbers, and what was left out and why."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.tables import Row, Table

Form = Literal["pcie", "sxm2", "sxm3", "sxm4", "sxm5", "sxm6", "nvl", "oam", "module", "laptop"]
Market = Literal["datacentre", "workstation", "consumer", "automotive", "mining", "embedded"]
Confidence = Literal["high", "medium", "low"]


class Figures(Table):
    """What control parameters are computed from. `tops` is dense tera-operations a second by bit length of the inputs."""

    tops: dict[Literal["4", "8", "16"], float] = {}
    die_mm2: float | None = None
    """Area of all logic dies made on a non-planar process, mm2."""
    memory_gbs: float | None = None
    """Memory bandwidth, GB/s."""
    io_gbs: float | None = None
    """Aggregate bidirectional transfer rate other than to memory, GB/s."""
    tpp_below: float | None = None
    """An upper bound of TPP where the exact figures are not worth keeping (gaming cards)."""


class Variant(Table):
    """A form or memory size with an id of its own. `form` and `memory_gb` are what the text must say; None = any."""

    KEY = None
    id: str
    form: Form | None = None
    memory_gb: list[int] = []
    figures: Figures | None = None
    """Where they differ from the chip's."""


class Chip(Row):
    """One chip. `id` is the id for listings that tell no variant apart.

    `strong` names hold wherever something speaks for graphics hardware; `weak` names (short codes, bare numbers)
    need a vendor word before them or clear hardware context.
    """

    id: str
    name: str
    vendor: str
    market: Market
    strong: list[str] = []
    weak: list[str] = []
    memory_gb: list[int] = []
    variants: list[Variant] = []
    figures: Figures = Figures()
    eccn: str | None = None
    """As the vendor publishes it."""
    vendor_class: Literal["none"] | None = None
    """The vendor publishes that no 3A090 item applies, where figures are not public."""
    foreign_origin: bool = False
    """Made outside the rules' reach (Ascend): figures alone say nothing about a licence."""
    source: str
    confidence: Confidence = "medium"
    note: str = ""


class Spoken(Row):
    """Names said aloud and written down in one language. A chip's name of one letter and a number, or of a number alone,
    is also each of `letters` joined with each of `numbers`; names of the language's everyday phrases are left out."""

    id: str
    letters: dict[str, list[str]]
    numbers: dict[str, list[str]]
    why: str


class Series(Row):
    """Cards named by prefix, number and suffix: one chip for each number and suffix, id `<stem>-<number>-<suffix>`."""

    id: str
    vendor: str
    market: Market
    stem: str
    prefixes: list[str]
    numbers: list[str]
    suffixes: list[str] = []
    bare: list[str] = []
    """Numbers that traders write without prefix; weak names."""
    figures: Figures = Figures()
    source: str
    note: str = ""

    def ident(self, number: str, suffix: str) -> str:
        """Id of a member: `nvidia-rtx` + `4070` + `ti super` = `nvidia-rtx-4070-ti-super`."""
        return "-".join([self.stem, *number.split(), *suffix.split()])


class System(Row):
    """A machine, board or set that holds `count` of `chip`; chip None = the text must say which."""

    id: str
    name: str
    strong: list[str] = []
    weak: list[str] = []
    chip: str | None = None
    count: int = Field(gt=0)
    form: Form | None = None
    """Form of the chips inside."""
    source: str
    note: str = ""


class Part(Row):
    """A part number, or the beginning of one; the longest that fits wins. Hyphens and case do not count."""

    KEY = "number"
    number: str
    chip: str
    count: int = 1
    source: str
    note: str = ""


class Rejected(Row):
    """A name or row that was looked at and left out, and why."""

    KEY = "name"
    name: str
    why: str


class Catalogue(Table):
    """All of it."""

    chip: list[Chip] = []
    spoken: list[Spoken] = []
    series: list[Series] = []
    system: list[System] = []
    part: list[Part] = []
    rejected: list[Rejected] = []
