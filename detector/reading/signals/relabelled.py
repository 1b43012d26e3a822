"""relabelled: goods, box or papers under another model's or maker's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from detector.reading.clauses import gap
from detector.reading.signals.names import other_cards, quoted
from detector.reading.signals.scope import PER_SENTENCE, Finding, Scope, finding
from detector.reading.signals.vocabulary import Hit

FACES = ("label", "box", "outside", "plate")
"""What bears a name."""
FIRM = 4
"""Letters of a verb that is no preposition."""
MOST_NAMES = 12
"""Names that are looked at in one sentence."""
BORDER = 26
"""Letters between a label or box and the name on it."""


def relabelled(scopes: Sequence[Scope], offered: Sequence[str]) -> Iterator[Finding]:
    """One finding a sentence; `offered` are the chips' ids, whose names are no other names."""
    for scope in scopes:
        yield from islice(_in_sentence(scope, offered), PER_SENTENCE)


def _in_sentence(scope: Scope, offered: Sequence[str]) -> Iterator[Finding]:
    s = scope.s
    for hit in s.of("relabel"):
        if _said(scope, hit):
            yield finding(hit)
    if s.concepts.isdisjoint((*FACES, "outer", "system", "paper", "declare")):
        return
    names = list(islice(_names(scope, offered), MOST_NAMES))
    contrast = s.of("contrast")
    for face in s.of("outer", *FACES):
        for name in names:
            if _shows(scope, face, name, bool(contrast)) and _said(scope, face):
                yield finding(face, name)
        for other in contrast if face.concept in ("outer", *FACES) else ():
            if scope.near(face, other) and not _of_another_kind(scope, face) and _said(scope, face):
                yield finding(face, other)
    for teller in s.of("system", "paper", "declare"):
        for name in names:
            if (
                name.concept in ("other_card", "other_model")
                and _says(scope, teller, name)
                and _said(scope, teller)
            ):
                yield finding(teller, name)


def _names(scope: Scope, offered: Sequence[str]) -> Iterator[Hit]:
    """Names that are not the goods': of other cards, of other things, in quotation marks."""
    s = scope.s
    yield from s.of("other_model", "article", "as_other")
    yield from other_cards(s.text, s.start, s.end, offered)
    for name in quoted(s.text, s.start, s.end):
        if not any(
            h.start < name.end and name.start < h.end
            for h in s.of("sample", "production", "intact", "warranty", "void")
        ):
            yield name


def _shows(scope: Scope, face: Hit, name: Hit, contrast: bool) -> bool:
    """`disguised as a T4`, `A4000 sticker`, `labelled as a T4`, `box marked with "network card"`, `T4 outside, H100 inside`."""
    if name.start < face.end and face.start < name.end:
        return False
    if face.concept == "outer":
        return scope.near(face, name, BORDER)
    if _of_another_kind(scope, face):
        return False
    if (
        name.concept in ("other_card", "other_model")
        and scope.near(face, name, BORDER)
        and (scope.s.of("inside") or contrast)
    ):
        return True
    if scope.s.pauses_between(face, name) > (1 if scope.s.of("inside") else 0):
        return False
    if (
        face.concept == "label"
        and name.concept in ("other_card", "other_model")
        and scope.near(face, name, 4)
    ):
        return True
    return _says(scope, face, name)


def _of_another_kind(scope: Scope, face: Hit) -> bool:
    return any(o.start <= face.start and face.end <= o.end for o in scope.s.of("not_mark"))


def _says(scope: Scope, bearer: Hit, name: Hit) -> bool:
    """A verb of naming between the two or close behind them. Other goods need one that is no preposition too."""
    if scope.s.pauses_between(bearer, name) > 1 or not scope.near(bearer, name, BORDER):
        return False
    low, high = min(bearer.start, name.start), max(bearer.end, name.end)
    other = name.concept in ("as_other", "article", "quoted")
    if other and any(
        gap(p, name) < gap(bearer, name) for p in scope.s.of("declare", "customs") if p is not bearer
    ):
        return False  # a false declaration alone is another signal
    least = FIRM if other else 2
    verbs = (
        r
        for r in scope.s.of("says", *(() if other else ("reads",)))
        if r is not name and not (r.start < name.end and name.start < r.end)
    )
    return any(r.end >= low and r.start <= high + 4 and _long(scope, r) >= least for r in verbs)


def _long(scope: Scope, word: Hit) -> float:
    return (word.end - word.start) * scope.density


def _said(scope: Scope, hit: Hit) -> bool:
    return not scope.negated(hit) and not scope.hollow(hit) and not scope.service()
