"""All literals in one pass over a page: hyperscan where it is installed, Aho-Corasick elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from detector.gate.borders import hexed

Hit = Callable[[int, int, int, int, Any], bool]
"""Told the number of a literal and, third, the place behind it, from where the search began; True ends the search. The others
are hyperscan's own, which calls it without a step between: that would double what a hit costs."""
Search = Callable[[bytes, int, int, Hit], None]
"""Looks through bytes from one place up to another."""


def engine(
    literals: Sequence[bytes], wanted: str | None, patterns: Sequence[bytes | None] = ()
) -> tuple[str, Search]:
    """Name and search function of an engine: "hyperscan", "ahocorasick", or None for the faster one that is installed.

    A pattern, where there is one, is what hyperscan looks for in place of the literal at its place; it has to end with it.
    Raises ImportError if the engine that is asked for is not installed.
    """
    if wanted in (None, "hyperscan"):
        try:
            return "hyperscan", _hyperscan(literals, patterns)
        except ImportError:
            if wanted:
                raise
    return "ahocorasick", _ahocorasick(literals)


def _hyperscan(literals: Sequence[bytes], patterns: Sequence[bytes | None]) -> Search:
    import hyperscan

    count = len(literals)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags, told = hyperscan.HS_FLAG_CASELESS, list(literals)
    if any(patterns):
        flags |= hyperscan.HS_FLAG_DOTALL
        told = [pattern or hexed(data) for data, pattern in zip(literals, patterns, strict=True)]
    database.compile(
        expressions=told,
        ids=list(range(count)),
        elements=count,
        flags=[flags] * count,
        literal=not any(patterns),
    )

    def search(body: bytes, start: int, end: int, hit: Hit) -> None:
        try:
            part: Any = memoryview(body)[start:end]
            database.scan(part, match_event_handler=hit)
        except hyperscan.ScanTerminated:
            return

    return search


def _ahocorasick(literals: Sequence[bytes]) -> Search:
    from ahocorasick_rs import BytesAhoCorasick

    automaton = BytesAhoCorasick(literals)

    def search(body: bytes, start: int, end: int, hit: Hit) -> None:
        for number, _, at in automaton.find_matches_as_indexes(body[start:end].lower(), overlapping=True):
            if hit(number, 0, at, 0, None):
                return

    return search
