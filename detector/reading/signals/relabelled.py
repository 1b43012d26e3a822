"""relabelled: goods, box or papers under another model's or maker's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from detector.reading.clauses import gap
from detector.reading.signals.names import BORDER_PAPER, other_cards, quoted
from detector.reading.signals.scope import BESIDE, NEAR, PER_SENTENCE, Finding, Scope, finding
from detector.reading.signals.vocabulary import Hit
from detector.reading.text import fold_pattern

FACES = ("label", "box", "outside", "plate")
"""What bears a name."""
BEARERS = (*FACES, "outer", "system", "paper", "declare")
"""What bears a name, or tells of one."""
FIRM = 4
"""Letters of a verb that is no preposition."""
# A box of another card is told of by those who have lost their own.
_BORROWED = re.compile(fold_pattern(r"from|belongs|comes|came|gehört|von |aus |от |из |借|的盒|de la|de un|da |punya|của|nın|ait|の$"))
_MEMORY = re.compile(r"\W{0,2}\d{1,3}\s?gb?\W{0,2}")
"""Between a name and its label: `A30 24GB sticker`."""
MOST_NAMES = 12
"""Names that are looked at in one sentence."""
NUMBERED, CARTON, LEANS = 12, 12, 4
"""Letters between a number and what became of it, other goods and their carton, a verb and the name that it gives."""
BORDER = 26
"""Letters between a label or box and the name on it."""


def relabelled(scopes: Sequence[Scope], offered: Sequence[str]) -> Iterator[Finding]:
    """One finding a sentence; `offered` are the chips' ids, whose names are no other names."""
    for scope in scopes:
        yield from islice(_in_sentence(scope, offered), PER_SENTENCE)


def _in_sentence(scope: Scope, offered: Sequence[str]) -> Iterator[Finding]:
    s = scope.s
    for hit in s.of("relabel"):
        if _said(scope, hit) and not _of_the_number(scope, hit):
            yield finding(hit)
    if s.concepts.isdisjoint(BEARERS):
        return
    names = list(islice(_names(scope, offered), MOST_NAMES))
    contrast = s.of("contrast")
    for face in s.of("outer", *FACES):
        for name in names:
            if (_shows(scope, face, name, bool(contrast)) or _packed(scope, face, name)) and _said(scope, face) and not scope.negated(name):
                yield finding(face, name)
        for other in contrast if face.concept in ("outer", *FACES) else ():
            if scope.near(face, other) and not _of_another_kind(scope, face) and _said(scope, face):
                yield finding(face, other)
    for teller in s.of("system", "paper", "declare"):
        if teller.concept != "system" and _of_customs(scope, teller):
            continue  # a false declaration alone is another signal
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
            for h in s.of("sample", "production", "intact", "warranty", "void", "secret", "stops")
        ):
            yield name


def _of_the_number(scope: Scope, hit: Hit) -> bool:
    """`The s/n sticker was changed for another's`: the number is gone, the model's name is not said to be another."""
    s = scope.s
    return any(m.end <= hit.start and scope.near(m, hit, NUMBERED) and not s.pauses_between(m, hit) for m in s.of("serial"))


def _of_customs(scope: Scope, teller: Hit) -> bool:
    """Whether a paper is one for the border, by its name or by the words of its clause; or so short a word (`写`) that it is none."""
    s = scope.s
    borne = (f for f in s.of("label", "box", "plate") if f.end <= teller.start or teller.end <= f.start)
    if any(scope.near(f, teller, BORDER) and s.pauses_between(f, teller) <= 1 and not any(h.start <= f.start and f.end <= h.end for h in s.of("declare")) for f in borne):
        return False  # `в накладной и на коробке`: the box says so too
    same = [h for h in s.of("declare", "customs") if h.start <= teller.start and teller.end <= h.end]
    if any(BORDER_PAPER.search(s.text, h.start, h.end) for h in same) or (scope.dense and teller.end - teller.start == 1 and teller.concept == "declare"):
        return True
    return bool(s.within(s.clause(teller), "customs"))


def _packed(scope: Scope, face: Hit, name: Hit) -> bool:
    """`repacked into a Xiaomi air purifier carton`: a box of other goods that the card was put in."""
    if face.concept != "box" or name.concept not in ("article", "other_model", "other_card") or name.end > face.start:
        return False
    s = scope.s
    return (
        scope.near(name, face, CARTON)
        and not s.pauses_between(name, face)
        and any(p.end <= name.start and scope.near(p, name, BORDER) and not s.pauses_between(p, name) for p in s.of("pack"))
    )


def _shows(scope: Scope, face: Hit, name: Hit, contrast: bool) -> bool:
    """`disguised as a T4`, `A4000 sticker`, `labelled as a T4`, `box marked with "network card"`, `T4 outside, H100 inside`."""
    if name.start < face.end and face.start < name.end:
        return False
    if name.concept == "other_model" and any(scope.near(m, face, BESIDE) for m in scope.s.of("serial") if m.start != face.start):
        return False  # the sticker with the number was changed for another's
    if face.concept == "outer":
        return scope.near(face, name, BORDER) and not scope.s.text.startswith("的", name.end)  # `盒子是别的卡的`: borrowed, and told
    if _of_another_kind(scope, face):
        return False
    if (
        name.concept in ("other_card", "other_model")
        and scope.near(face, name, BORDER)
        and (scope.s.of("inside") or contrast)
    ):
        return True
    glossed = scope.s.text[name.start - 1 : name.start] in ("(", "（")  # `its cheaper cousin (A10)`
    if scope.s.pauses_between(face, name) > bool(scope.s.of("inside") or glossed):
        return False
    if (
        face.concept == "label"
        and name.concept in ("other_card", "other_model")
        and (scope.near(face, name, 4) or _MEMORY.fullmatch(scope.s.text, name.end, max(name.end, face.start)))
    ):
        return True
    return _says(scope, face, name)


def _of_another_kind(scope: Scope, face: Hit) -> bool:
    return any(o.start <= face.start and face.end <= o.end for o in scope.s.of("not_mark"))


def _says(scope: Scope, bearer: Hit, name: Hit) -> bool:
    """A verb of naming between the two or close behind them. Other goods need one that is no preposition too."""
    s = scope.s
    low, high = min(bearer.start, name.start), max(bearer.end, name.end)
    if s.pauses_between(bearer, name) > 1:
        return False
    other = name.concept in ("as_other", "article", "quoted")
    if other and any(gap(p, name) < gap(bearer, name) for p in s.of("declare", "customs") if p is not bearer):
        return False  # a false declaration alone is another signal
    least = FIRM if other else 2
    verbs = [
        r
        for r in s.of("says", *(() if other else ("reads",)))
        if r is not name
        and not (r.start < name.end and name.start < r.end)
        and not (bearer.start <= r.start and r.end <= bearer.end and bearer.concept in FACES)
        and r.end >= low
        and r.start <= high + 4
        and _long(scope, r) >= least
        and not (bearer.concept == "box" and _BORROWED.match(s.text, r.start, r.end))
    ]
    # A long way to the name is none where the verb leans on it: `the tag stuck on it now is borrowed off a Quadro`.
    return bool(verbs) and (scope.near(bearer, name, BORDER) or (scope.near(bearer, name, NEAR) and any(scope.near(r, name, LEANS) for r in verbs)))


def _long(scope: Scope, word: Hit) -> float:
    return (word.end - word.start) * scope.density


def _said(scope: Scope, hit: Hit) -> bool:
    return not scope.negated(hit) and not scope.hollow(hit) and not scope.service()
