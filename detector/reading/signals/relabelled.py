"""relabelled: goods, box or papers under another model's or maker's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from detector.reading.signals.names import other_cards, quoted
from detector.reading.signals.scope import PER_SENTENCE, Finding, Scope, finding
from detector.reading.signals.vocabulary import Hit

BORDER = 26
"""Letters between a label or box and the name on it."""


def relabelled(scopes: Sequence[Scope], offered: Sequence[str]) -> Iterator[Finding]:
    """One finding a sentence; `offered` are the chips' ids, whose names are no other names."""
    for scope in scopes:
        yield from islice(_in_sentence(scope, offered), PER_SENTENCE)


def _in_sentence(scope: Scope, offered: Sequence[str]) -> Iterator[Finding]:
    s = scope.s
    for hit in s.of("relabel"):
        if not scope.negated(hit) and not scope.hollow(hit) and not scope.service():
            yield finding(hit)
    if s.concepts.isdisjoint(("outer", "outside", "label", "box")):
        return
    names = list(_names(scope, offered))
    yield from _two_faced(scope, names)
    for name in names:
        for bearer in s.of("outer"):
            if scope.near(bearer, name, BORDER) and _said(scope, bearer):
                yield finding(bearer, name)
        for bearer in s.of("label", "box"):
            if _bears(scope, bearer, name) and _said(scope, bearer):
                yield finding(bearer, name)


def _two_faced(scope: Scope, names: Sequence[Hit]) -> Iterator[Finding]:
    """`T4 outside, H100 inside`."""
    s = scope.s
    inner = s.of("inside")
    for name in names:
        for face in s.of("outer", "outside", "label", "box"):
            if (
                inner
                and name.concept == "other_card"
                and scope.near(face, name, BORDER)
                and _said(scope, face)
            ):
                yield finding(face, name)


def _names(scope: Scope, offered: Sequence[str]) -> Iterator[Hit]:
    s = scope.s
    yield from s.of("other_model", "article")
    yield from other_cards(s.text, s.start, s.end, offered)
    for name in quoted(s.text, s.start, s.end):
        if not any(
            h.start < name.end and name.start < h.end
            for h in s.of("sample", "production", "intact", "warranty")
        ):
            yield name


def _bears(scope: Scope, bearer: Hit, name: Hit) -> bool:
    """`A4000 sticker`, `labelled as a T4`, `box marked with "network card"`."""
    s = scope.s
    if s.pauses_between(bearer, name) or any(
        o.start <= bearer.start and bearer.end <= o.end for o in s.of("not_mark")
    ):
        return False
    if (
        bearer.concept == "label"
        and name.concept in ("other_card", "other_model")
        and scope.near(bearer, name, 4)
    ):
        return True
    return scope.near(bearer, name, BORDER) and any(
        r.end >= min(bearer.start, name.start) and r.start <= max(bearer.end, name.end) + 4 and _firm(r)
        for r in s.of("reads")
    )


def _firm(word: Hit) -> bool:
    """A verb or a noun of naming, not a bare preposition."""
    return word.end - word.start >= 2


def _said(scope: Scope, hit: Hit) -> bool:
    return not scope.negated(hit) and not scope.hollow(hit) and not scope.service()
