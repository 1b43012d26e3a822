"""Which plain strings a pattern cannot match without: so that one automaton pass says which of many patterns to try.

Understands the regular expressions of `config/`: literals, classes, groups, look-arounds and quantifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_NOT_LITERAL, _EMPTY = frozenset("bBdDwWsSAZ"), frozenset("bBAZ")
_CONTROLS = {"n": "\n", "t": "\t"}
_GROUP = re.compile(r"^\?(?::|P<\w+>)")
_TIMES = re.compile(r"\{(?=[\d,])(\d*)(,?)(\d*)\}")


def choices(pattern: str) -> Iterator[str]:
    """The choices of a pattern outside all brackets: `a|b(c|d)` has two."""
    start = 0
    for at, _ in _bars(pattern):
        yield pattern[start:at]
        start = at + 1
    yield pattern[start:]


def _bars(pattern: str) -> Iterator[tuple[int, str]]:
    depth, at = 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at = _class_end(pattern, at)
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            yield at, char
        at += 1


def _class_end(pattern: str, at: int) -> int:
    """Index of the bracket that closes the class opened at `at`."""
    end = at + 2 if pattern[at + 1 : at + 2] != "^" else at + 3
    while end < len(pattern) and pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    return end


def _group_end(pattern: str, at: int) -> int:
    depth, end = 0, at
    while end < len(pattern):
        char = pattern[end]
        if char == "\\":
            end += 1
        elif char == "[":
            end = _class_end(pattern, end)
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return end
        end += 1
    return end


def needles(pattern: str) -> frozenset[str]:
    """Strings of which at least one stands in every match of a pattern; empty if none can be named."""
    found = [_needles_of_choice(choice) for choice in choices(pattern)]
    return frozenset() if any(not n for n in found) else frozenset().union(*found)


def _needles_of_choice(pattern: str) -> frozenset[str]:
    """The most telling of the parts that a choice without bars requires."""
    parts = [frozenset(needle for needle, _, _ in part) for part in _parts(pattern, frozenset())]
    return max(parts, key=lambda part: (min(map(len, part)), -len(part)), default=frozenset())


def anchors(pattern: str) -> frozenset[tuple[str, int, int]]:
    """Strings of which at least one stands in every match of a pattern, and how many characters of it stand before the string, at
    least and at most; empty if none can be named, or one may stand anywhere in it. Where no letters can be named the ten digits may."""
    found = [_anchors_of_choice(choice) for choice in choices(pattern)]
    return frozenset() if any(not n for n in found) else frozenset().union(*found)


def _anchors_of_choice(pattern: str) -> frozenset[tuple[str, int, int]]:
    """The part that leaves the fewest places to try."""
    near = [part for part in _parts(pattern, _DIGITS) if all(most is not None and most - least <= _SPREAD for _, least, most in part)]
    return frozenset((needle, least, most) for needle, least, most in max(near, key=_telling, default=frozenset()) if most is not None)


Anchor = tuple[str, int, int | None]
"""A string, and how many characters of a match stand before it: at least, and at most (None: any number)."""


_SPREAD = 40
"""Characters between the first and the last place of a string in a match, up to which all of them are tried."""
_DIGITS: frozenset[Anchor] = frozenset((digit, 0, 0) for digit in "0123456789")
"""Of folded texts, which hold no others."""


def _parts(pattern: str, digits: frozenset[Anchor]) -> Iterator[frozenset[Anchor]]:
    """What a choice without bars requires, part by part. `digits`: what a figure requires."""
    run, at = "", 0
    before: Width = (0, 0)
    opened: Width = (0, 0)
    while at < len(pattern):
        literal, needed, width, end = _atom(pattern, at, digits)
        times, after = _quantifier(pattern, end)
        if literal is not None and times[0]:
            opened = opened if run else before
            run += literal
        if literal is None or times != (1, 1):
            if run:
                yield frozenset({(run, *opened)})
            run = ""
        if needed and times[0]:
            yield frozenset((needle, *_sum(before, (least, most))) for needle, least, most in needed)
        before = _sum(before, (width[0] * times[0], _product(width[1], times[1])))
        at = after
    if run:
        yield frozenset({(run, *opened)})


Width = tuple[int, int | None]
"""Least and most characters; None: any number."""


def _sum(one: Width, other: Width) -> Width:
    return one[0] + other[0], None if one[1] is None or other[1] is None else one[1] + other[1]


def _product(one: int | None, other: int | None) -> int | None:
    return 0 if 0 in (one, other) else None if one is None or other is None else one * other


@cache  # a group is measured again at each of those around it
def _width(pattern: str) -> Width:
    """Least and most characters that a pattern matches."""
    widths = [_width_of_choice(choice) for choice in choices(pattern)]
    longest = [most for _, most in widths]
    return min(least for least, _ in widths), None if None in longest else max(most for most in longest if most is not None)


def _width_of_choice(pattern: str) -> Width:
    found: Width = (0, 0)
    at = 0
    while at < len(pattern):
        _, _, width, end = _atom(pattern, at, frozenset())
        times, at = _quantifier(pattern, end)
        found = _sum(found, (width[0] * times[0], _product(width[1], times[1])))
    return found


def _atom(pattern: str, at: int, digits: frozenset[Anchor]) -> tuple[str | None, frozenset[Anchor], Width, int]:
    """(literal character or None, what a group needs, characters, index behind) of the atom at `at`."""
    char = pattern[at]
    if char == "\\":
        following = pattern[at + 1]
        if following in _NOT_LITERAL:
            return None, digits if following == "d" else frozenset(), (0, 0) if following in _EMPTY else (1, 1), at + 2
        return _CONTROLS.get(following, following), frozenset(), (1, 1), at + 2
    if char == "[":
        return None, frozenset(), (1, 1), _class_end(pattern, at) + 1
    if char == "(":
        end = _group_end(pattern, at)
        inside = pattern[at + 1 : end]
        if inside.startswith(("?=", "?!", "?<=", "?<!")):
            return None, frozenset(), (0, 0), end + 1
        inside = _GROUP.sub("", inside)
        return None, _anchors_inside(inside, digits), _width(inside), end + 1
    return (None if char in ".^$" else char), frozenset(), (0, 0) if char in "^$" else (1, 1), at + 1


@cache
def _anchors_inside(pattern: str, digits: frozenset[Anchor]) -> frozenset[Anchor]:
    """The most telling strings of a group, wherever they stand in it."""
    found = [max(_parts(choice, digits), key=_telling, default=frozenset()) for choice in choices(pattern)]
    return frozenset() if any(not n for n in found) else frozenset().union(*found)


def _telling(part: frozenset[Anchor]) -> tuple[int, int]:
    """The longer its shortest string, the rarer."""
    return min(len(needle) for needle, _, _ in part), -len(part)


def _quantifier(pattern: str, at: int) -> tuple[Width, int]:
    """(least and most times, index behind) of the quantifier at `at`, if one stands there."""
    char = pattern[at : at + 1]
    if char and char in "?*+":
        end = at + 1
        times: Width = (int(char == "+"), 1 if char == "?" else None)
    elif found := _TIMES.match(pattern, at):  # other braces are plain text
        end, (least, comma, most) = found.end(), found.groups()
        times = (int(least or 0), int(most) if most else None if comma else int(least))
    else:
        return (1, 1), at
    return times, end + (pattern[end : end + 1] == "?")
