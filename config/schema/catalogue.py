"""The catalogue (`config/chips/*.toml`): chips, series of cards, systems, part numbers, and what was left out and why."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

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


class Architecture(Row):
    """An architecture whose chips are told by their memory: `Hopper 80GB`. Of no use where a chip is named by itself."""

    id: str
    names: list[str]
    between: list[str] = []
    """Words that may stand between the name and the memory."""
    chips: dict[str, str]
    """Gigabytes of memory to the chip that alone has them, of those that are sold by themselves."""
    why: str

    def told(self) -> Iterator[tuple[str, str]]:
        """(name, chip) for each way to put them together."""
        for (memory, chip), name, unit in itertools.product(self.chips.items(), self.names, ("gb", "g", "gig", "гб")):
            for word in ("", *self.between):
                yield f"{name} {word} {memory}{unit}", chip
                yield f"{memory}{unit} {word} {name}", chip


def _ten_words(words: str) -> str:
    if len(words.split()) != 10:
        raise ValueError("is not ten words, for 0 to 9")
    return words


_FIGURES = "0123456789"
_MIXED = {2: ((1,),), 3: ((1,), (1, 2)), 4: ((0, 1), (2, 3), (1, 3))}
"""By the number of digits those that are in words where the others are figures: zeros, or half of four."""


class Spoken(Row):
    """How one language says letters and numbers aloud; the names of chips are put together from these.

    The ways of a number are of two kinds: `usual` ones go with every word for a letter, `odd` ones (mixed with figures,
    formal characters) with the letter as it is typed, since nobody tries two tricks in one short name.
    """

    id: str
    letters: dict[str, list[str]]
    """Words for letters, and for the words of names (`mi`, `pro`, `ada`)."""
    numbers: dict[str, list[str]] = {}
    """Whole numbers that are not put together from the parts below, and those that stand in `forms`."""
    digits: list[Annotated[str, AfterValidator(_ten_words)]] = []
    """Words for 0 to 9, one row for each way of counting; the first is the usual one, the first two are mixed with figures."""
    hundred: list[str] = []
    thousand: list[str] = []
    tens: dict[str, list[str]] = {}
    """Words for 20 to 90, by which `4090` is said in two halves; the first is the usual one."""
    forms: dict[str, list[str]] = {}
    """Ways to put it beside '{letter} {number}', each with the letters that it is used for; for `numbers` in words or figures."""
    joined: bool = False
    """Whether the language writes no blanks between words."""
    mixed: bool = False
    """Whether some digits of a number are written in words and the others in figures: `四零90`."""
    figures: bool = False
    """Whether words for letters, in letters of another script, are written with figures too: `аш 100`."""
    everyday: list[str] = []
    """Words for letters that are words of the language as well (`a`, Russian `а`): such a name needs hardware right beside it."""
    left_out: list[str] = []
    """Names that are everyday phrases, hardware or not."""
    why: str

    def usual(self, number: str) -> Iterator[str]:
        """The number as it is mostly said: whole, in two halves, or digit by digit."""
        yield from self.numbers.get(number, ())
        yield from self._whole(int(number), self._ways[:1], self.hundred[:1], self.thousand[:1])
        if len(number) == 4:
            yield from self._beside(self._below_hundred(int(number[:2])), self._below_hundred(int(number[2:])))
        yield from self._in_turn(self._ways[:1], number)

    def odd(self, number: str) -> Iterator[str]:
        """The same number in other characters, or partly in figures."""
        yield from self._whole(int(number), [[*_FIGURES], *self._ways], self.hundred, self.thousand)
        yield from self.hundred if int(number) == 100 else self.tens.get(number, ())
        yield from self._in_turn(self._ways[1:], number)
        if len(number) == 4:
            yield from self._beside([number[:2]], self._below_hundred(int(number[2:])))
        # The two digits of `l zero` in a language with blanks would be as short as a code.
        if self.mixed and not number.endswith("000") and (self.joined or len(number) > 2):
            for way, words in itertools.product(self._ways[:2], _MIXED[len(number)]):
                yield self._glue.join(way[int(digit)] if at in words else digit for at, digit in enumerate(number))

    def _in_turn(self, ways: list[list[str]], number: str) -> Iterator[str]:
        """Digit by digit; nobody says so of whole thousands."""
        return (self._glue.join(way[int(digit)] for digit in number) for way in ways if not number.endswith("000"))

    def _whole(self, number: int, ways: list[list[str]], hundred: list[str], thousand: list[str]) -> Iterator[str]:
        """`two hundred`, `six thousand`, `three hundred twenty five` and `three twenty five`."""
        if number < 100:
            yield from self._below_hundred(number)
        elif number < 1000:
            hundreds = list(self._beside((way[number // 100] for way in ways), hundred))
            if number % 100:
                hundreds += [*self.numbers.get(f"{number // 100}00", ()), *(way[number // 100] for way in ways if not self.joined)]
            yield from self._beside(hundreds, self._below_hundred(number % 100)) if number % 100 else hundreds
        elif number % 1000 == 0:
            yield from self._beside((way[number // 1000] for way in ways), thousand)

    def _below_hundred(self, number: int) -> Iterator[str]:
        tens = self.tens.get(f"{number // 10}0", ())[:1]
        yield from self._beside(tens, (way[number % 10] for way in self._ways[:1])) if number % 10 else tens

    def _beside(self, heads: Iterable[str], tails: Iterable[str]) -> Iterator[str]:
        return (f"{head}{self._glue}{tail}" for head, tail in itertools.product(heads, tails))

    @property
    def _glue(self) -> str:
        return "" if self.joined else " "

    @property
    def _ways(self) -> list[list[str]]:
        return [way.split() for way in self.digits]


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
    architecture: list[Architecture] = []
    spoken: list[Spoken] = []
    series: list[Series] = []
    system: list[System] = []
    part: list[Part] = []
    rejected: list[Rejected] = []
