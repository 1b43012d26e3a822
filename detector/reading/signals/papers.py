"""no_paperwork: no invoice, warranty or provenance, or a way into the trade that leaves none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

from detector.reading.clauses import gap
from detector.reading.signals.scope import BESIDE, NEAR, PER_SENTENCE, TIGHT, Finding, Scope, finding
from detector.reading.signals.vocabulary import Hit
from detector.reading.text import fold_pattern

# Where private sales exclude liability by custom; there a missing warranty says nothing.
CUSTOM = frozenset({"de", "ja", "fr"})
ANSWERED, LEAD = 12, 6
"""Letters from a paper to the end of a question, and from its answer's beginning to the denial."""
# Of a mark, to stay somewhere is to be gone from the card; of a paper it says with whom it goes.
_STAYED = re.compile(r"(?:stay|remain|left|kept|bleib|verbleib|reste|queda|fica|остал|остан|留)")
PHRASE = 9
"""Letters of a denial that may stand at the end of its clause: `kann ich hierfür nicht ausstellen`."""
OF_LIABILITY = (
    "warrant",
    "garant",
    "gewähr",
    "gewahr",
    "haftung",
    "保証",
    "保修",
    "质保",
    "support",
    "returns",
    "保固",
)


def no_paperwork(scopes: Sequence[Scope], *, for_parts: bool) -> Iterator[Finding]:
    """One finding a sentence. `for_parts`: the goods are sold as dead, where a missing warranty is a matter of course."""
    private = any(scope.s.of("boilerplate") for scope in scopes)
    for scope, after in zip_longest(scopes, scopes[1:]):
        found = list(islice(_in_sentence(scope, private or for_parts), PER_SENTENCE))
        answer = None if found or after is None else _answer(scope, after)
        yield from [answer] if answer else found


def _in_sentence(scope: Scope, private: bool) -> Iterator[Finding]:
    s = scope.s
    for hit in s.of("grey"):
        if (
            _said(scope, hit)
            and not (private and _of_liability(s.text, hit) and CUSTOM.intersection(hit.languages))
            and not _for_money(scope, hit)
        ):
            yield finding(hit)
    for paper in s.of("paper", "warranty"):
        if any(o.start <= paper.start and paper.end <= o.end for o in s.of("screening")):
            continue  # `no company documents`: the buyer's, who is not asked
        for none in s.of("none", "none_after", *(("gone",) if paper.concept == "paper" else ())):
            if (
                not _lacks(scope, none, paper)
                or _twice(scope, none)
                or scope.supposed(paper)
                or scope.elsewhere(paper, none)
                or _for_money(scope, paper)
            ):
                continue
            if paper.concept == "warranty" and (
                _ran_out(scope, paper) or (private and CUSTOM.intersection(paper.languages))
            ):
                continue
            yield finding(none, paper)
    for origin in s.of("origin"):
        for secret in s.of("secret"):
            if (
                scope.near(origin, secret, 26)
                and s.pauses_between(origin, secret) <= 1
                and not scope.negated(secret)
            ):
                yield finding(origin, secret)


# A term that begins so denies by itself; `no DO, no invoice` and `不含税无票` are lists, no double negation.
_DENIES = re.compile(
    r"(?:no|non|not|without|sans|zero|ohne|keine?|без|нет|sin|sem|bina|tanpa|tiada|không|ko|بدون|بلا|لا)\b|[无無不没未冇免非]"
)


_THERE = re.compile(fold_pattern(r"あり|有り|有|あります|ございます|있음|있습니다|있어요"))
_WITHOUT = re.compile(fold_pattern(r"(?:\w+ )?(?:without|w/o|ohne|sans|sin|sem|без|tanpa|bina)\b"))
_NEVER = re.compile(fold_pattern(r"(?:never|not|don't|do not|doesn't|won't|nicht|nie|niemals|jamais|nunca|jamás|никогда|не|não|no|kabhi nahi|tidak|tak)"))
_COSTS = re.compile(fold_pattern(r"extra|aufpreis|zzgl|zuzüglich|vat|iva|ppn|kdv|mwst|surcharge|fee|cost|wunsch|anfrage|request|petición|consulta|demande|запрос|доплат|дороже|\+|plus|möglich|posible|possív|possible|можно|возможн|can |will |kann|wird|upon|bisa|boleh|được"))


def _twice(scope: Scope, without: Hit) -> bool:
    """`Nicht ohne Rechnung`, `never sold without invoice`: twice denied."""
    s = scope.s
    return _WITHOUT.search(s.text, without.start, without.end) is not None and any(
        n.end <= without.start and scope.near(n, without, TIGHT) and not s.pauses_between(n, without) and _NEVER.fullmatch(s.text, n.start, n.end)
        for n in s.of("not")
    )


def _said(scope: Scope, hit: Hit) -> bool:
    denies = _DENIES.match(scope.s.text, hit.start, hit.end)
    return not _twice(scope, hit) and (denies is not None or not scope.negated(hit, none=False)) and not scope.hollow(hit)


def _lacks(scope: Scope, none: Hit, paper: Hit) -> bool:
    s = scope.s
    if any(o.start <= none.start and none.end <= o.end for o in s.of("unasked", "evade_weak")):
        return False  # `sin pedir papeles`: it is the buyer who is not asked for any
    if none.concept == "none":
        return (
            none.end <= paper.start
            and scope.near(none, paper, 22)
            and s.pauses_between(none, paper) == 0
            and not s.between(
                none, paper, "box", "other_part", "serial", "label", "licence", "licence_weak", "unasked"
            )
            and not any(h.start <= paper.start and paper.end <= h.end for h in s.of("licence"))
        )
    if none.concept == "gone":
        kept = _STAYED.match(s.text, none.start, none.end)
        return none.start >= paper.end and scope.near(none, paper, BESIDE) and s.pauses_between(none, paper) == 0 and not kept
    spared = any(0 <= h.start - none.end <= 1 for h in s.of("loss", "hide", "other_part"))  # `质保条没撕`
    pauses = s.pauses_between(none, paper)
    reach = NEAR if none.end - none.start >= PHRASE and not pauses else TIGHT
    return none.start >= paper.end and scope.near(none, paper, reach) and pauses <= 1 and not spared


def _answer(scope: Scope, after: Scope) -> Finding | None:
    """`Bill? There isn't one.`"""
    papers = scope.s.of("paper")
    if not scope.s.question or not papers or scope.s.end - papers[-1].end > ANSWERED or scope.s.of("if", "ask", "intact", "none", "none_after", "gone", "loss"):
        return None
    first = next((h for h in after.s.hits if h.concept in ("none", "none_after", "gone")), None)
    if first and first.start - after.s.start <= LEAD and not after.s.of("paper", "warranty"):
        return Finding(papers[-1].start, first.end, papers[-1].languages[0])
    return None


def _ran_out(scope: Scope, warranty: Hit) -> bool:
    """`warranty expired`, `no warranty left`, `our own 1 year warranty`; not the 有保 of 没有保修."""
    s = scope.s
    return any(
        scope.near(h, warranty, TIGHT) and not s.pauses_between(h, warranty) and not any(n.start < h.start < n.end for n in s.of("none", "not"))
        for h in s.of("expired")
    )


def _for_money(scope: Scope, paper: Hit) -> bool:
    """An invoice at extra cost is an invoice; so is one that is to be had."""
    return any(
        h.start >= paper.end and scope.near(h, paper, 18) and not scope.negated(h) and not _lacks_too(scope, paper, h) and not _of_next(scope, paper, h)
        for h in scope.s.of("extra_cost")
    ) and not any(scope.near(n, paper, BESIDE) and n.start >= paper.end for n in scope.s.of("none_after"))


def _of_next(scope: Scope, paper: Hit, there: Hit) -> bool:
    """`保証書無し、大量在庫あり`: behind a pause, what there is is the goods right before it."""
    s = scope.s
    own = any(0 <= there.start - p.end <= 1 for p in s.of("paper", "warranty"))
    return _THERE.fullmatch(s.text, there.start, there.end) is not None and s.pauses_between(paper, there) > 0 and not own


def _lacks_too(scope: Scope, paper: Hit, there: Hit) -> bool:
    """`Keine Rechnung vorhanden`, `no receipt but original box`: what is denied is that the paper is there, or another thing is."""
    s = scope.s
    before = any(n.end <= paper.start and scope.near(n, paper, TIGHT) and not s.pauses_between(n, paper) for n in s.of("none"))
    denied = before or (paper.concept == "grey" and _DENIES.match(s.text, paper.start, paper.end) is not None)
    if scope.dense or not denied or s.pauses_between(paper, there) or _COSTS.search(s.text, there.start, there.end):
        return False
    other = any(b.start >= paper.end and b is not there and scope.near(there, b, BESIDE) for b in s.of("box", "card", "other_part"))
    return other or (gap(paper, there) <= 1 and not any(p.start >= there.end and scope.near(there, p, TIGHT) for p in s.of("paper", "warranty")))


def _of_liability(text: str, hit: Hit) -> bool:
    return any(word in text[hit.start : hit.end] for word in OF_LIABILITY)
