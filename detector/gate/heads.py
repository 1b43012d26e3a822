"""What the engine looks for in place of the literals: their first bytes. The rest is compared where these stand.

Most of a page's time goes into the engine's tables: with the heads there are half as many entries, in half of the memory, and the
engine hashes the bytes that tell a literal from ordinary text rather than its last ones, which are digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detector.gate.literals import Literal

LENGTH = 8
"""Bytes of a head: as many as hyperscan hashes."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first bytes of some literals. `whole` is the number of the literal that is no longer than this, `longer` has by
    length the numbers of the others."""

    data: bytes
    length: int
    whole: int | None
    longer: tuple[tuple[int, dict[bytes, int]], ...]
    hyphened: bool
    """Whether it is one literal, which may be a class of a style sheet."""


def heads(literals: Sequence[Literal]) -> list[Head]:
    """All heads, in order of their bytes."""
    whole: dict[bytes, int] = {}
    longer: dict[bytes, dict[int, dict[bytes, int]]] = {}
    for number, one in enumerate(literals):
        if len(one.data) <= LENGTH:
            whole[one.data] = number
        else:
            by_length = longer.setdefault(one.data[:LENGTH], {})
            by_length.setdefault(len(one.data), {})[one.data] = number
    return [
        _head(data, whole.get(data), longer.get(data, {}), literals)
        for data in sorted(whole.keys() | longer.keys())
    ]


def _head(
    data: bytes, number: int | None, longer: dict[int, dict[bytes, int]], literals: Sequence[Literal]
) -> Head:
    hyphened = number is not None and not longer and literals[number].hyphened
    return Head(data, len(data), number, tuple(sorted(longer.items())), hyphened)
