"""Which plain strings a pattern cannot match without: so that one automaton pass says which of many patterns to try.

Understands the regular expressions of `config/`: literals, classes, groups, look-arounds and quantifiers.
"""

from __future__ import annotations

from collections.abc import Iterator

_NOT_LITERAL = frozenset("bBdDwWsSAZ")


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
    parts = list(_parts(pattern))
    return max(parts, key=lambda part: (min(map(len, part)), -len(part)), default=frozenset())


def _parts(pattern: str) -> Iterator[frozenset[str]]:
    run, at = "", 0
    while at < len(pattern):
        literal, needed, end = _atom(pattern, at)
        optional, repeated, after = _quantifier(pattern, end)
        if literal is not None and not optional:
            run += literal
        if literal is None or optional or repeated:
            if run:
                yield frozenset({run})
            run = ""
        if needed and not optional:
            yield needed
        at = after
    if run:
        yield frozenset({run})


def _atom(pattern: str, at: int) -> tuple[str | None, frozenset[str], int]:
    """(literal character or None, what a group needs, index behind) of the atom at `at`."""
    char = pattern[at]
    if char == "\\":
        following = pattern[at + 1]
        return (None if following in _NOT_LITERAL else following), frozenset(), at + 2
    if char == "[":
        return None, frozenset(), _class_end(pattern, at) + 1
    if char == "(":
        end = _group_end(pattern, at)
        inside = pattern[at + 1 : end]
        if inside.startswith(("?=", "?!", "?<=", "?<!")):
            return None, frozenset(), end + 1
        return None, needles(inside.removeprefix("?:")), end + 1
    return (None if char in ".^$" else char), frozenset(), at + 1


def _quantifier(pattern: str, at: int) -> tuple[bool, bool, int]:
    """(may be absent, may be repeated, index behind) of the quantifier at `at`, if one stands there."""
    char = pattern[at : at + 1]
    if char and char in "?*+":
        end = at + 1
        optional = char != "+"
    elif char == "{" and (close := pattern.find("}", at)) > 0:
        end, optional = close + 1, pattern[at + 1] in "0,"
    else:
        return False, False, at
    return optional, True, end + (pattern[end : end + 1] == "?")
