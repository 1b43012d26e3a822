"""export_evasion: offers a way round export or customs control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from detector.reading.signals.scope import BESIDE, PER_SENTENCE, TIGHT, Finding, Scope, finding
from detector.reading.signals.vocabulary import Hit

PAPER_SAYS = 30
"""Letters between a paper and what is written on it."""


def export_evasion(scopes: Sequence[Scope], *, into_restricted: bool, abroad: bool) -> Iterator[Finding]:
    """Findings in order. `into_restricted`: the listing names a restricted place; customs 'included' is then a way in.
    `abroad`: it names one or a hub; papers that say anything else are then false papers."""
    for scope in scopes:
        yield from islice(_in_sentence(scope, into_restricted, abroad), PER_SENTENCE)


def _in_sentence(scope: Scope, into_restricted: bool, abroad: bool) -> Iterator[Finding]:
    s = scope.s
    for hit in s.of("evade", "misdeclare"):
        if _offered(scope, hit):
            yield finding(hit)
    yield from _needs_nothing(scope)
    yield from _bypasses(scope)
    yield from _papers_say(scope, abroad)
    yield from _papers_hide(scope)
    yield from _everybody(scope)
    if into_restricted:
        for hit in s.of("cleared"):
            if _offered(scope, hit):
                yield finding(hit)
        for customs in s.of("customs"):
            for handled in s.of("handled"):
                if scope.near(customs, handled, 30) and s.pauses_between(customs, handled) <= 1 and _offered(scope, handled):
                    yield finding(customs, handled)


def _offered(scope: Scope, hit: Hit) -> bool:
    """Held out to the buyer: not refused, not demanded, not somebody else's."""
    s = scope.s
    clause = s.clause(hit)
    if any(h.start <= hit.start and hit.end <= h.end for h in s.of("comply", "no_ship")):
        return False
    if s.within(clause, "comply", "refuse") or scope.elsewhere(hit) or s.question:
        return False
    return not scope.negated(hit, none=False)


def _needs_nothing(scope: Scope) -> Iterator[Finding]:
    """`no licence needed`, `we ask for no end user`, `許可は不要`."""
    s = scope.s
    for check in s.of("licence", "screening"):
        if not _offered(scope, check) and s.within(s.clause(check), "comply"):
            continue
        for no in s.of("none", "not", "none_after", "not_after"):
            before = no.concept in ("none", "not") and no.end <= check.start and scope.near(no, check, 18)
            after = no.concept.endswith("_after") and no.start >= check.end and scope.near(no, check, 16)
            after = after or (no.concept == "not" and no.start >= check.end and scope.near(no, check, TIGHT))
            if (before or after) and not s.pauses_between(no, check) and _required(scope, check, no):
                yield finding(no, check)


def _required(scope: Scope, check: Hit, no: Hit) -> bool:
    """A weak word of screening (`country`, `purpose`) needs a word of asking beside it."""
    asked = any(scope.near(r, check, 20) for r in scope.s.of("required"))
    plain = check.concept == "licence" and no.concept in ("none", "none_after")
    return asked or plain


def _bypasses(scope: Scope) -> Iterator[Finding]:
    for bypass in scope.s.of("bypass"):
        for control in scope.s.of("control"):
            if scope.near(bypass, control, 24) and not scope.s.pauses_between(bypass, control) and _offered(scope, bypass):
                yield finding(bypass, control)


def _papers_say(scope: Scope, abroad: bool) -> Iterator[Finding]:
    """`declared as spare parts`, `the papers will say monitor cables`."""
    s = scope.s
    for paper in s.of("declare"):
        for other in s.of("as_other"):
            if scope.near(paper, other, PAPER_SAYS) and s.pauses_between(paper, other) <= 1 and _offered(scope, paper):
                yield finding(paper, other)
    if not abroad:
        return
    for licence in s.of("licence"):
        for handled in s.of("handled"):
            if scope.near(licence, handled, PAPER_SAYS) and not s.pauses_between(licence, handled) and _offered(scope, handled):
                yield finding(licence, handled)
    for paper in s.of("paper", "customs", "declare"):
        for word in s.of("reads"):
            firm = word.end - word.start >= (1 if scope.density > 1 else 3) or scope.near(paper, word, BESIDE)
            if firm and word.start >= paper.end and scope.near(paper, word, PAPER_SAYS) and not s.pauses_between(paper, word) and _offered(scope, paper):
                yield finding(paper, word)


def _papers_hide(scope: Scope) -> Iterator[Finding]:
    """`the final destination does not appear on the papers`."""
    s = scope.s
    for paper in s.of("declare"):
        for hidden in s.of("screening"):
            if scope.near(paper, hidden, PAPER_SAYS) and s.of("not", "not_after", "none", "none_after") and _offered(scope, paper):
                yield finding(paper, hidden)


def _everybody(scope: Scope) -> Iterator[Finding]:
    """`we do not care who you are`, `any country welcome`: whoever it is may buy or rent."""
    s = scope.s
    for check in s.of("screening"):
        for asked in s.of("required"):
            denied = any(n.end <= asked.start and scope.near(n, asked, 8) for n in s.of("not", "none")) or any(
                n.start >= asked.end and scope.near(n, asked, 3) for n in s.of("not_after", "none_after")
            )
            if denied and scope.near(asked, check, 20) and _offered(scope, check):
                yield finding(asked, check)
