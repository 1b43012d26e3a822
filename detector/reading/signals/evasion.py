"""export_evasion: offers a way round export or customs control."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detector.reading.signals.names import BORDER_PAPER, other_cards, quoted
from detector.reading.signals.scope import (
    BESIDE,
    NEAR,
    PER_SENTENCE,
    TIGHT,
    Finding,
    Scope,
    answered_no,
    apart,
    finding,
)
from detector.reading.signals.vocabulary import Hit
from detector.reading.text import fold_pattern

PAPER_SAYS = 30
"""Letters between a paper and what is written on it."""
WRITTEN = 6
"""Letters of a word that tells of a paper by itself: `invoice`, `面单`."""
FIRM = 4
"""Letters of a verb that tells what a paper says; shorter ones are prepositions too."""
_WRITES = re.compile(fold_pattern("[写填开报按以当打挂标]"))
# Goods that a paper is made out as: any word that is no manner, no condition and not the card.
_AS = re.compile(
    fold_pattern(
        r"(?<!\w)(?:as(?: an?| some)?|als|como|comme|как|sebagai) ((?!graphic|accelerator|geforce|nvidia|quadro|tesla|grafik|видеокарт|ускорител|tarjeta|placa|carte|kartu)"
        r"(?!(?:usual|always|well|soon|per|shown|described|pictured|agreed|is|it|they|we|you|i|long|of|to|for|an?|the|part|proof|needed|required|requested|what|such|"
        r"before|ever|normal|standard|gpus?|video|cards?|amd|intel|rtx|real|immer|üblich|was|es|das|die|der|ein|siempre|lo|la|el|un|una|sempre|o|um|toujours|есть|"
        r"обычно|всегда|положено|и|у|на|biasa|kad)\b)[^\W\d_]{3,})"
    )
)
OFFERS = ("evade", "evade_weak", "unasked", "dismiss", "misdeclare")
DENIALS = ("not", "not_after", "none", "none_after")
OTHER_GOODS = ("as_other", "article", "other_model")


@dataclass(frozen=True, slots=True)
class Way:
    """What the rest of the listing says about the goods' way: a word that is innocent at home is none on such a way."""

    into_restricted: bool
    """A restricted place is named; customs 'included' is then a way in."""
    abroad: bool
    """A restricted place or a hub other than the marketplace's own country is named."""
    rental: bool
    restricted: bool = True
    """Whether an offered chip is restricted; of another it is no more than true that controls do not bind it."""
    chips: tuple[str, ...] = ()
    """Ids of the offered chips: a paper that names one of them tells the truth."""


def export_evasion(scopes: Sequence[Scope], way: Way) -> Iterator[Finding]:
    """Findings in order of sentence."""
    for at, scope in enumerate(scopes):
        if answered_no(scopes, at):
            continue  # `Can I sign up without an ID? No.`
        yield from apart(scope, _in_sentence(scope, way))[:PER_SENTENCE]


def _in_sentence(scope: Scope, way: Way) -> Iterator[Finding]:
    s = scope.s
    if s.concepts.isdisjoint(_TRIGGERS) or any(not _own(scope, h) for h in s.of("stops")):
        return
    for hit in s.of("evade", "misdeclare"):
        if _offered(scope, hit) and not scope.taken_back(hit, *OFFERS):
            yield finding(hit)
    if way.abroad or way.rental or not s.concepts.isdisjoint(("customs", "control", "licence")):
        for hit in s.of("evade_weak"):
            if _offered(scope, hit) and not scope.taken_back(hit, *OFFERS):
                yield finding(hit)
        yield from _carried(scope)
    yield from _needs_nothing(scope, way)
    yield from _shrugs(scope, way)
    if way.restricted:
        yield from _bypasses(scope)
    yield from _papers_say(scope, way)
    yield from _goes_as(scope, way)
    yield from _papers_hide(scope)
    yield from _everybody(scope, way)
    yield from _handled(scope, way)


_TRIGGERS = (
    "evade",
    "misdeclare",
    "evade_weak",
    "luggage",
    "licence",
    "licence_weak",
    "screening",
    "end_user",
    "control",
    "declare",
    "paper",
    "customs",
    "cleared",
    "as",
)


def _carried(scope: Scope) -> Iterator[Finding]:
    """`In a suitcase`: a way out, but not how the card once came home."""
    if scope.s.of("came"):
        return
    for hit in scope.s.of("luggage"):
        if _offered(scope, hit):
            yield finding(hit)


def _offered(scope: Scope, hit: Hit) -> bool:
    """Held out to the buyer, and not denied."""
    return _held_out(scope, hit) and not scope.negated(hit, none=False, refuse=False)


def _held_out(scope: Scope, hit: Hit) -> bool:
    """Not refused, not demanded, not somebody else's, not a wish that is denied."""
    s = scope.s
    if any(h.start <= hit.start and hit.end <= h.end for h in s.of("no_ship", "except_for")) or _ruled(scope, hit):
        return False
    if any(scope.shuns(h, hit) for h in _bare(scope, "refuse", "others")) or s.question:
        return False
    clause = s.clause(hit)
    if any(clause.start <= h.start and h.end <= clause.end for h in _bare(scope, "refuse")):
        return False
    wished = any(w.end <= hit.start and s.pauses_between(w, hit) <= 1 for w in s.of("asked"))
    return not (wished and any(r.start >= hit.end for r in _bare(scope, "refuse", "no_channel", "elsewhere")))


def _bare(scope: Scope, *concepts: str) -> list[Hit]:
    """Hits that are no part of an offer's own words: `不要` of `不要证件` refuses nothing."""
    return [h for h in scope.s.of(*concepts) if not _own(scope, h)]


def _own(scope: Scope, hit: Hit) -> bool:
    return any(o.start <= hit.start and hit.end <= o.end for o in scope.s.of(*OFFERS))


def _ruled(scope: Scope, hit: Hit) -> bool:
    """The clause keeps or demands the rules, and does not deny that: `no licence is required` demands nothing."""
    s = scope.s
    clause = s.clause(hit)
    for rule in _bare(scope, "comply"):
        if not (clause.start <= rule.start and rule.end <= clause.end):
            continue
        before = any(
            n.end <= rule.start and scope.near(n, rule) for n in s.within(clause, "none", "not", *OFFERS)
        )
        if not before and not any(
            n.start >= rule.end and scope.near(n, rule, BESIDE)
            for n in s.within(clause, "none_after", "not_after")
        ):
            return True
    return False


def _needs_nothing(scope: Scope, way: Way) -> Iterator[Finding]:
    """`no licence needed`, `we ask for no end user`, `許可は不要`."""
    s = scope.s
    for check in _checks(scope, "licence", "end_user", "screening", "licence_weak"):
        if _ruled(scope, check):
            continue
        for no in s.of("none", "not", "none_after", "not_after"):
            before = no.concept in ("none", "not") and no.end <= check.start and scope.near(no, check, 18)
            after = no.concept.endswith("_after") and no.start >= check.end and scope.near(no, check, 16)
            after = after or (no.concept == "not" and no.start >= check.end and scope.near(no, check, TIGHT))
            said = (before or after) and not s.pauses_between(no, check) and _required(scope, check, no, way)
            if said and not _of_others(scope, check, no) and not scope.taken_back(check if before else no, *OFFERS):
                yield finding(no, check)


def _of_others(scope: Scope, check: Hit, no: Hit) -> bool:
    """`Unlike those who advertise no checks`: said of others in the same breath."""
    s = scope.s
    clause = s.clause(check)
    refusals = (r for r in _bare(scope, "refuse") if r.end <= no.start or no.end <= r.start)  # `不做` denies here
    refused = any(clause.start <= r.start and r.end <= clause.end for r in refusals)
    return refused or any(scope.shuns(o, check) and not s.pauses_between(o, check) for o in _bare(scope, "others"))


def _checks(scope: Scope, *concepts: str) -> list[Hit]:
    """Licences and checks, but not those of software."""
    return [] if scope.s.of("software") else scope.s.of(*concepts)


def _required(scope: Scope, check: Hit, no: Hit, way: Way) -> bool:
    """`no export licence` says it all; `no licence`, `no passport` only on such a way, or with a word of asking beside it."""
    if any(scope.near(r, check, 20) for r in scope.s.of("required")):
        return True
    bare = no.concept in ("none", "none_after")
    return bare and (
        check.concept == "licence" or (scope.near(no, check, BESIDE) and (way.abroad or way.rental))
    )


def _shrugs(scope: Scope, way: Way) -> Iterator[Finding]:
    """`forget the export licence`, `the ban is not our problem`, `海关那边不用您露面`."""
    s = scope.s
    what = ["licence", "screening", "end_user", "control"]
    if way.abroad or way.rental:
        what.append("licence_weak")
    if way.into_restricted:
        what.append("customs")
    for check in _checks(scope, *what):
        for shrug in s.of("dismiss"):
            if (
                scope.near(check, shrug, NEAR + BESIDE)
                and s.pauses_between(check, shrug) <= 1
                and _offered(scope, check)
            ):
                yield finding(check, shrug)


def _bypasses(scope: Scope) -> Iterator[Finding]:
    for bypass in scope.s.of("bypass"):
        for control in scope.s.of("control"):
            if (
                scope.near(bypass, control, 24)
                and not scope.s.pauses_between(bypass, control)
                and _offered(scope, bypass)
            ):
                yield finding(bypass, control)


def _papers_say(scope: Scope, way: Way) -> Iterator[Finding]:
    """`declared as spare parts`, `the papers will say monitor cables`, and on the way abroad whatever else they say."""
    s = scope.s
    if s.of("honest"):
        return
    others = s.of(*OTHER_GOODS)
    papers = [(paper, BORDER_PAPER.search(s.text, paper.start, paper.end) is not None) for paper in s.of("declare")]
    customs = bool(s.of("customs", "control", "licence")) or any(border for _, border in papers)
    for paper, border in papers:
        # Without a border in sight a word of writing has to lean on the other goods: `giá ghi là một con, lấy hết có quà`.
        pauses = 1 if way.abroad or customs else 0 if (paper.end - paper.start) * scope.density >= WRITTEN else -1
        for other in [*others, *other_cards(s.text, s.start, s.end, way.chips)] if border else others:
            if s.pauses_between(paper, other) <= pauses and _told_of(scope, paper, other) and _offered(scope, paper):
                yield finding(paper, other)
        if way.abroad:
            yield from _made_out_as(scope, paper)
    if way.abroad or way.into_restricted:
        yield from _whatever(scope, [*others, *quoted(s.text, s.start, s.end)])


def _whatever(scope: Scope, names: Sequence[Hit]) -> Iterator[Finding]:
    """A paper and a verb of telling: honest sellers have no need to tell what a paper says."""
    s = scope.s
    for paper in s.of("paper", "customs", "declare"):
        for word in s.of("says"):
            name = next((n for n in names if scope.near(word, n, PAPER_SAYS)), None)
            told = (
                paper.concept == "declare"
                and word.start >= paper.end
                and (word.end - word.start) * scope.density >= FIRM
                and not s.pauses_between(paper, word)
            )
            if (
                (name or told)
                and scope.near(paper, word, PAPER_SAYS)
                and s.pauses_between(paper, word) <= 2
                and _offered(scope, paper)
            ):
                yield finding(paper, word, *([name] if name else []))


def _told_of(scope: Scope, paper: Hit, other: Hit) -> bool:
    """Whether what is declared is the other goods. A word of one character (`报`, `写`) says so only of what stands right behind it."""
    if scope.dense and _WRITES.match(scope.s.text, paper.start, paper.end):
        if other.start < paper.end:
            return False
        if paper.end - paper.start == 1:
            return scope.near(paper, other, BESIDE) and not scope.s.pauses_between(paper, other)
    return scope.near(paper, other, PAPER_SAYS)


def _made_out_as(scope: Scope, paper: Hit) -> Iterator[Finding]:
    """`papers are drawn up as aluminium radiators`: nobody can list all that goods are declared as."""
    s = scope.s
    for match in _AS.finditer(s.text, paper.start, min(s.end, paper.end + PAPER_SAYS)):
        noun = Hit("noun", match.start(1), match.end(1), paper.languages, "evasion.noun")
        if match.end() > paper.end and not s.pauses_between(paper, noun) and _offered(scope, paper):
            yield finding(paper, noun)
            return


def _goes_as(scope: Scope, way: Way) -> Iterator[Finding]:
    """On the way abroad: goods that cross `as dental equipment`, papers that are made to fit."""
    s = scope.s
    if not way.abroad or s.of("honest"):
        return
    moving = s.of("to", "via", "onward", "customs", "declare", "place")
    for word in s.of("as"):
        for other in s.of(*OTHER_GOODS):
            on_the_way = any(
                scope.near(m, other) and not (m.start < word.end and word.start < m.end) for m in moving
            )
            if (
                other.start >= word.end
                and scope.near(word, other, BESIDE)
                and on_the_way
                and _offered(scope, other)
            ):
                yield finding(word, other)
    for paper in s.of("declare"):
        for fit in s.of("adjust"):
            if (
                scope.near(paper, fit, PAPER_SAYS)
                and s.pauses_between(paper, fit) <= 1
                and _offered(scope, paper)
            ):
                yield finding(paper, fit)


def _papers_hide(scope: Scope) -> Iterator[Finding]:
    """`the final destination does not appear on the papers`."""
    s = scope.s
    for paper in s.of("declare"):
        for hidden in s.of("screening"):
            if (
                scope.near(paper, hidden, PAPER_SAYS)
                and (s.within(s.clause(hidden), *DENIALS) or s.within(s.clause(paper), *DENIALS))
                and _offered(scope, paper)
            ):
                yield finding(paper, hidden)


def _everybody(scope: Scope, way: Way) -> Iterator[Finding]:
    """`we do not care who you are`, `any country welcome`: whoever it is may buy or rent."""
    s = scope.s
    if way.rental:  # `документов не просим`: the customer's papers
        for paper in s.of("paper"):
            for unasked in s.of("unasked"):
                if scope.near(unasked, paper, TIGHT) and not s.pauses_between(unasked, paper) and _offered(scope, paper):
                    yield finding(unasked, paper)
    checks = ("screening", "end_user", "licence", *(("customs",) if way.into_restricted else ()))
    for check in _checks(scope, *checks):
        for unasked in s.of("unasked", "secret"):
            if (
                scope.near(unasked, check, NEAR)
                and s.pauses_between(unasked, check) <= 1
                and _offered(scope, check)
            ):
                yield finding(unasked, check)
        for asked in s.of("required"):
            denied = any(
                n.end <= asked.start and scope.near(n, asked, 8) for n in s.of("not", "none")
            ) or any(
                n.start >= asked.end and scope.near(n, asked, 3) for n in s.of("not_after", "none_after")
            )
            if denied and scope.near(asked, check, NEAR) and _offered(scope, check):
                yield finding(asked, check)


def _handled(scope: Scope, way: Way) -> Iterator[Finding]:
    """`customs is ours` on the way into a restricted place, a licence that the seller brings along on any such way."""
    s = scope.s
    if s.of("honest"):
        return
    if way.into_restricted:
        for hit in s.of("cleared"):
            if _offered(scope, hit):
                yield finding(hit)
    solved = ([("customs", NEAR + BESIDE)] if way.into_restricted else []) + (
        [("licence", NEAR), ("licence_weak", NEAR), ("screening", NEAR), ("end_user", NEAR)]
        if way.abroad
        else []
    )
    for concept, reach in solved:
        for what in s.of(concept):
            for handled in s.of("handled"):
                if (
                    scope.near(what, handled, reach)
                    and s.pauses_between(what, handled) <= 1
                    and _offered(scope, handled)
                ):
                    yield finding(what, handled)
