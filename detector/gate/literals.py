"""What the gate looks for: the bytes of every spelling of every wanted name, in every encoding that has its letters."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.spellings import RARE_TRIGGERS, Entities, Sign, signs, spellings, written_bytes, zeros

if TYPE_CHECKING:
    from detector.reading.chips import Finder

TRIGGER, WEAK_NAME, EITHER, STRONG_NAME = "trigger", "weak", "weak, part of a strong one", "strong"
"""Kinds of literals: a letter in a rare writing; names that need words of hardware; names that are part of such and of
others; names that stand by themselves. What may be glued to a weak name (`l4`) is told more strictly than for a strong one."""

ALONE = 3
"""Names up to this length stand for themselves alone, else every `l4os` would have to be looked at for its `l4`."""

_PARTED = re.compile(rb"[a-z][\s_]+[a-z0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes to look for, ASCII letters in lower case. `plain` is how the name is typed, `ways` the encodings in which it has
    these bytes and its spelling there, `before` and `after` what longer names have glued to it (`g` and `x` of gb200 and
    mi300x)."""

    data: bytes
    kind: str
    plain: str = ""
    ways: tuple[tuple[str, str], ...] = ()
    before: tuple[bytes, ...] = ()
    after: tuple[bytes, ...] = ()
    hyphened: bool = False
    """Whether it may be a class of a style sheet: `h-100` is a height in many."""
    parted: bool = False
    """Whether it is a letter, a blank and a number, which may be an article and a count: `a 100`."""
    sign: Sign | None = None
    """For a trigger: what has to stand around it."""
    entities: Entities | None = None
    """For a trigger: what it is the beginning of."""


def literals(finder: Finder, wanted: Collection[str] | None) -> list[Literal]:
    """All of them, in order of their bytes. `wanted` are catalogue rows, None for all."""
    found = {data: Literal(data, TRIGGER) for data in RARE_TRIGGERS}
    found |= {data: Literal(data, TRIGGER, sign=sign) for data, sign in signs().items()}
    found |= {data: Literal(data, TRIGGER, entities=entities) for data, entities in zeros().items()}
    ways: dict[bytes, dict[str, str]] = {}
    for core in _cores(finder, wanted):
        for _, spelling in spellings(core.plain, core.breaks):
            plain = spelling if spelling.isascii() else core.plain
            for data, codec in written_bytes(spelling):
                ways.setdefault(data, {}).setdefault(codec, spelling)
                # A literal of a strong and of a weak name counts as the strong one's.
                if data not in found or core.kind == STRONG_NAME:
                    found[data] = Literal(data, core.kind, plain, (), core.before, core.after)
    return [
        Literal(
            one.data,
            one.kind,
            one.plain,
            tuple(ways.get(data, {}).items()),
            one.before,
            one.after,
            b"-" in data or b"_" in data,
            _PARTED.fullmatch(data) is not None,
            one.sign,
            one.entities,
        )
        for data, one in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True)
class _Core:
    """A name to look for, with what stands before and after it in longer names."""

    plain: str
    breaks: frozenset[int]
    kind: str
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]


def _cores(finder: Finder, wanted: Collection[str] | None) -> list[_Core]:
    """The names that no other name is a part of: whoever looks for `h100` sees `dgxh100` too."""
    names = {name.plain: name for name in finder.catalogued() if is_wanted(name.base, wanted)}
    parts = [name for name in names if len(name) > ALONE]
    return [
        _core(plain, names) for plain in sorted(names)
        if not any(other in plain and other != plain for other in parts)
    ]  # fmt: skip


def _core(plain: str, names: dict[str, Any]) -> _Core:
    longer = [plain] if len(plain) <= ALONE else [other for other in names if plain in other]
    at = {other: other.index(plain) for other in longer}
    before = {other[: at[other]].encode() for other in longer} - {b""}
    after = {other[at[other] + len(plain) :].encode() for other in longer} - {b""}
    may_be = any(_is_strong(names[other]) for other in longer)
    kind = STRONG_NAME if _is_strong(names[plain]) else EITHER if may_be else WEAK_NAME
    return _Core(plain, names[plain].breaks, kind, tuple(sorted(before)), tuple(sorted(after)))


def is_wanted(base: str | None, wanted: Collection[str] | None) -> bool:
    """Whether a name of that catalogue row matters. A machine without a chip of its own (a chassis) may hold any."""
    return base is None or wanted is None or base in wanted


def _is_strong(name: Any) -> bool:
    return bool(name.strong or name.part or name.system)
