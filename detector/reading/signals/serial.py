"""serial_removed: a mark of identity and what became of it, in either order, or a mark that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from detector.reading.clauses import gap
from detector.reading.signals.scope import (
    BESIDE,
    NEAR,
    PER_SENTENCE,
    TIGHT,
    VERB_LAST,
    Finding,
    Scope,
    finding,
)
from detector.reading.signals.vocabulary import Hit
from detector.reading.text import fold_pattern

MARKS = ("serial", "label")
STATED = (*MARKS, "defaced")
"""Concepts of which a sentence that says it, or asks it, has one."""
DEEDS = ("loss", "gone", "hide", "swap")
LABEL_STATES = 16
"""Letters between a mere label and a state such as `gone`: labels are missing from films and boxes too."""
_PLACE_BEFORE = re.compile(
    fold_pattern(
        r"(?:on|off|of|from|at|under|beside|auf|an|am|vom|von|unter|на|с|со|под|en|del?|da|do|no|na|sur|sous|du|trên|ở|dưới|di|pada|kat)\s"
        r"(?:(?:the|a|its|each|every|their|both|all|my|der|dem|den|die|das|la|el|las|los|o|as|os|le|les)\s)?(?:[^\W\d]+\s)?$"
    )
)
_FORBIDS = re.compile(r"지\s?(?:말|마)")
WHOLE = 20
"""Letters between another mark and the word that it is whole."""
FAR, WAITING = 56, frozenset({"de", "ja"})
"""The same in languages whose verb waits for the clause's end."""
_AND = re.compile(fold_pattern(r"\s?(?:和|跟|与|及|以及|同|、|,|&|\+|and|und|et|y|e|и|ve|dan|và|と|や|及び|및|와|과|랑|و|aur)\s?(?:the |die |den |la |las |los |les |os |as )?"))
_BEARS = re.compile(fold_pattern(r"\s?(?:の|的|嘅)?"))
_TOPIC = re.compile(r"[はがもを][、，,]")
_WHOLLY = re.compile(fold_pattern(r"vollständig|komplett|completely|fully|entirely|totally|полностью|complet|totalment|tamamen|hoàn toàn|드립|드려"))
"""Words for a whole mark that say, beside a deed, how it was done: `vollständig entfernt`."""
_PRIVACY = re.compile(fold_pattern(r"privac|隐私|конфиденц|datenschutz|gizlilik|プライバシー|개인정보|mahremiyet|confidential"))
_FOREIGN = re.compile(
    fold_pattern(
        r"(?:another|different|other) card|别的卡|别张|别的显卡|其他卡|另一张卡|另一张|坏卡|чуж|друг\w+ карт|fremde|anderen? karte|otra tarjeta|otra placa|outra placa|autre carte|başka kart|"
        r"kartu lain|kad lain|card khác|別のカード|別カード|다른 카드|타 카드|كرت ثاني|كرت آخر|dusre card"
    )
)
_NO_MARK = re.compile(r"no\b")
_FOR_IT = re.compile(r"\b(?:it|its|as|because|since|they|which|that|so)\b")
_TO_THEM = re.compile(r"的[卡货]?")
_YES = re.compile(
    fold_pattern(
        r"\s*(?:(?:yes|yep|yeah|correct|ja|jawohl|leider ja|oui|hélas|sí|si|sim|infelizmente sim|да|увы|evet|maalesef evet|có|đúng|ya|iya|betul|haan|ji haan|نعم|للأسف نعم)(?!\w)|はい|ええ|네|예[,. ]|是的|对[,，。.]|有的)"
    )
)
"""The answer to a question that makes it a statement."""
ASIDE = 24
"""Letters from a mark over a pause to its deed: `the label, sadly, is gone`."""


def serial_removed(scopes: Sequence[Scope]) -> Iterator[Finding]:
    """Findings in order of sentence; O(marks x deeds) of a sentence."""
    for at, scope in enumerate(scopes):
        if scope.s.concepts.isdisjoint(STATED):
            continue
        after = scopes[at + 1] if at + 1 < len(scopes) else None
        if _kept_after_all(scope, after):
            continue
        found = list(islice(_in_sentence(scope), PER_SENTENCE))
        if not found and scope.s.question and _YES.match(scope.s.text, scope.s.end):
            found = list(islice(_in_sentence(Scope(replace(scope.s, question=False))), PER_SENTENCE))
        answer = None if found else _answer(scope, after)
        yield from [answer] if answer else found


def _in_sentence(scope: Scope) -> Iterator[Finding]:
    s = scope.s
    for hit in s.of("defaced"):
        if (
            not any(h.start < hit.start < h.end for h in s.of("intact", "not_mark"))  # `未磨` of `未磨码`
            and not any(hit.start < h.start < hit.end < h.end for h in s.of("not_mark"))  # `no serial` of `no serial cable`
            and not scope.negated(hit)
            and not scope.hollow(hit)
            and not _issue_of(scope, hit)
            and not scope.refused_return(hit)
            and not scope.none_such(hit)
            and not _to_them(scope, hit)
            and not _no_harm(scope, hit)
        ):
            yield finding(hit)
    for mark in s.of(*MARKS):
        if _borne_by_other(scope, mark):
            continue
        yield from _deed(scope, mark)
        if mark.concept == "serial":
            yield from _absent(scope, mark)
            yield from _sent_away(scope, mark)
            yield from _of_another_card(scope, mark)


def _deed(scope: Scope, mark: Hit) -> Iterator[Finding]:
    s = scope.s
    apart = [d for d in s.of(*DEEDS) if d is not mark and not (d.start < mark.end and mark.start < d.end) and not _of_whole(scope, d)]
    deeds = [d for d in apart if not (d.concept == "gone" and (_denies(scope, d, apart) or _voids(scope, d)))]
    if any(_forbidden(scope, deed) for deed in deeds) or any(_no_harm(scope, h) for h in s.of("defaced") if h.start <= mark.start < h.end):
        return
    for deed in sorted(deeds, key=lambda d: gap(d, mark)):
        if not _reaches(scope, mark, deed) or scope.negated(deed) or scope.hollow(deed):
            continue
        if (
            _other_subject(scope, mark, deed)
            or _intact(scope, mark, deed)
            or _mended(scope, mark, deed)
            or scope.refused_return(deed)
        ):
            continue
        if scope.none_such(deed) or _none_with(scope, mark, deed) or (deed.concept == "swap" and _renamed(scope, mark)):
            continue
        if (scope.pictured(deed) and not (deed.concept == "loss" and _for_privacy(scope, deed))) or (deed.concept == "hide" and s.of("photo", "intact")):
            continue
        if mark.concept == "label" and deed.concept == "swap":
            continue
        yield finding(mark, deed)
        return
    if mark.concept == "serial":
        yield from _unreadable(scope, mark)


def _of_whole(scope: Scope, hit: Hit) -> bool:
    """`都沒` of `條碼都沒動`, `없음` of `훼손 없음`, `磨没` of `没磨没换`: part of a word that says that nothing was done."""
    states = hit.concept in ("gone", "none_after")
    return any(k.start < hit.end and hit.start < k.end and (k.start < hit.start or (states and hit.end < k.end)) for k in scope.s.of("intact"))


def _forbidden(scope: Scope, deed: Hit) -> bool:
    """`스티커 떼지 말고, 떼면 자국 남음`: the buyer is asked not to do it, and told what would happen."""
    return any(0 <= n.start - deed.end <= 1 and _FORBIDS.match(scope.s.text, n.start) for n in scope.s.of("not_after"))


def _denies(scope: Scope, state: Hit, deeds: Sequence[Hit]) -> bool:
    """`no está borrado`, `没被磨掉`, `削ってない`: a word for what is missing that leans on a deed says that the deed was not done."""
    s = scope.s
    before = any(n.start <= state.start and state.end <= n.end for n in s.of("not"))
    behind = any(n.start < state.end and state.start < n.end for n in s.of("not_after"))
    return any(
        d.concept in ("loss", "hide", "swap")
        and not s.pauses_between(state, d)
        and ((before and 0 <= d.start - state.end <= BESIDE) or (behind and d.start < state.start and state.start - d.end <= BESIDE))
        for d in deeds
    )


def _voids(scope: Scope, state: Hit) -> bool:
    """`Warranty is void if ...`: what is void is no mark; nor is one gone where something `would be cheaper`."""
    s = scope.s
    if any(w.start <= state.start and state.end <= w.end for w in s.of("if_after")):
        return any(d.end <= state.start and scope.near(d, state, BESIDE) for d in s.of("loss"))
    return bool(s.of("warranty")) and any(v.start <= state.start and state.end <= v.end for v in s.of("void"))


def _none_with(scope: Scope, mark: Hit, deed: Hit) -> bool:
    """`não teve o serial apagado`: mark and deed together are denied by the verb before them."""
    s = scope.s
    leans = not scope.dense and VERB_LAST.isdisjoint(deed.languages) and 0 <= deed.start - mark.end <= 1
    return leans and any(n.end <= mark.start and scope.near(n, mark, TIGHT) and not s.pauses_between(n, deed) for n in s.of("not", "none"))


def _no_harm(scope: Scope, hit: Hit) -> bool:
    """`No serial number has been erased`: what is absent is the harm."""
    s = scope.s
    return scope.endings and _NO_MARK.match(s.text, hit.start) is not None and any(
        d.start >= hit.end and scope.near(d, hit, NEAR) and not s.pauses_between(d, hit) and s.between(hit, d, "done") and not _FOR_IT.search(s.text, hit.end, d.start)
        for d in s.of("loss")
    )


def _to_them(scope: Scope, hit: Hit) -> bool:
    """`磨码的别问我`: those who have such goods are sent away."""
    away = scope.s.of("elsewhere", "secret", "refuse", "no_channel")
    return any(_TO_THEM.fullmatch(scope.s.text, hit.end, word.start) for word in away if word.start > hit.end)


def _unreadable(scope: Scope, mark: Hit) -> Iterator[Finding]:
    """`serial not readable`."""
    for kept in scope.s.of("intact"):
        leans = gap(kept, mark) and scope.near(kept, mark, 14) and not scope.s.pauses_between(kept, mark)
        if leans and _denied(scope, kept) and not scope.hollow(kept) and not scope.pictured(kept):
            yield finding(mark, kept)


def _denied(scope: Scope, kept: Hit) -> bool:
    """`not readable`: the negation touches the word for a whole mark."""
    return any(n.end <= kept.start and scope.near(n, kept, 4) for n in scope.s.of("not")) or any(
        n.start >= kept.end and n.start - kept.end <= 1 for n in scope.s.of("not_after")
    )


def _renamed(scope: Scope, mark: Hit) -> bool:
    """A name plate that was changed for another model's: no number is said to be gone, the goods bear another name."""
    s = scope.s
    return any(p.start == mark.start and p.end == mark.end for p in s.of("plate")) and bool(s.of("says", "outer", "contrast"))


def _for_privacy(scope: Scope, deed: Hit) -> bool:
    """Torn off for privacy: a reason, no picture."""
    s = scope.s
    return all(_PRIVACY.search(s.text, p.start, p.end) for p in s.within(s.clause(deed), "photo")) and not s.of("blur")


def _of_another_card(scope: Scope, mark: Hit) -> Iterator[Finding]:
    """`The serial sticker on it belongs to a different card`."""
    s = scope.s
    for other in s.of("other_model"):
        verb = any(mark.end <= v.start and v.start < other.end for v in s.of("says", "reads", "from", "swap"))
        if (
            other.start >= mark.end
            and verb
            and _FOREIGN.search(s.text, other.start, other.end)
            and scope.near(mark, other)
            and not s.pauses_between(mark, other)
            and not scope.negated(other)
            and not scope.hollow(mark)
        ):
            yield finding(mark, other)
            return


def _reaches(scope: Scope, mark: Hit, deed: Hit) -> bool:
    s = scope.s
    pauses = s.pauses_between(mark, deed)
    if pauses == 1 and scope.dense and _TOPIC.search(s.text, mark.end, deed.start):
        pauses = 0  # `数字の列は、…消されています`: a pause behind the topic parts nothing
    if mark.concept == "label" and deed.concept in ("gone", "hide"):
        return pauses == 0 and scope.near(mark, deed, NEAR if s.between(mark, deed, "card") else LABEL_STATES)
    if pauses == 0:
        far = FAR if deed.concept == "loss" and not WAITING.isdisjoint(deed.languages) and deed.start > mark.end else NEAR
        return scope.near(mark, deed, far if deed.concept in ("loss", "gone") else 20)
    return (
        pauses <= 2
        and deed.start > mark.start
        and scope.near(mark, deed, ASIDE)
        and deed.concept in ("loss", "gone")
    )


def _other_subject(scope: Scope, mark: Hit, deed: Hit) -> bool:
    """Between mark and deed stands another thing that the deed was done to; not where the mark was (`barcodes on the backplate
    are sanded`), not what was torn off with it (`条码跟财产标签撕光了`), not the slip that bears it (`固有番号の紙`)."""
    others = [
        o
        for o in scope.s.between(mark, deed, "other_part", "not_mark", "paper", "warranty")
        if not (o.concept in ("other_part", "not_mark") and _PLACE_BEFORE.search(scope.s.text, mark.end, o.start))
        and not (o.concept == "not_mark" and _AND.fullmatch(scope.s.text, mark.end, o.start))
        and not (o.concept == "paper" and _BEARS.fullmatch(scope.s.text, mark.end, o.start))
    ]
    if any(scope.apart(o, deed) < scope.apart(mark, deed) for o in others):
        return True
    # `cards pulled from a server`: the deed's own object stands right behind it.
    return any(o.start <= deed.start and deed.end <= o.end for o in scope.s.of("other_part"))


def _intact(scope: Scope, mark: Hit, deed: Hit) -> bool:
    """The mark is said to be whole, closer than the deed."""
    for kept in scope.s.of("intact"):
        if gap(kept, deed) <= 1 and _WHOLLY.match(scope.s.text, kept.start, kept.end) and not scope.s.pauses_between(kept, deed):
            continue  # `vollständig entfernt`: said of the deed
        between = min(mark.end, deed.end) <= kept.start and kept.end <= max(mark.start, deed.start)
        close = (
            scope.near(kept, mark, TIGHT)
            and not scope.s.pauses_between(kept, mark)
            and kept.start >= mark.start
        )
        if (
            (between or (close and gap(kept, mark) < gap(deed, mark)))
            and not _denied(scope, kept)
            and not scope.negated(kept)
        ):
            return True
    return False


def _mended(scope: Scope, mark: Hit, deed: Hit) -> bool:
    """`The tag came off, I glued it back, so the number is in place`; `the bank's tags were cut off, the maker's plates are on all
    four`: behind the deed another mark is said to be whole. What software shows is none."""
    s = scope.s
    others = [m for m in s.of("label", *(("serial",) if mark.concept == "label" else ())) if m.start >= deed.end and m.start != mark.start]
    return any(
        kept.start >= deed.end
        and scope.near(kept, other, WHOLE)
        and not s.pauses_between(kept, other)
        and not scope.negated(kept)
        and not _denied(scope, kept)
        and not s.within(s.clause(kept), "system")
        for kept in s.of("intact")
        for other in others
    )


def _borne_by_other(scope: Scope, mark: Hit) -> bool:
    """The mark sits on a box or is of another kind."""
    s = scope.s
    if any(o.start <= mark.start and mark.end <= o.end for o in s.of("not_mark")):
        return True
    clause = s.clause(mark)
    boxes = [b for b in s.within(clause, "box") if scope.near(b, mark, 12)]
    return bool(boxes) and not s.within(clause, "card")


def _absent(scope: Scope, mark: Hit) -> Iterator[Finding]:
    s = scope.s
    for none in s.of("none", "none_after"):
        before = none.concept == "none" and none.end <= mark.start and scope.near(none, mark, TIGHT)
        after = none.concept == "none_after" and none.start >= mark.end and scope.near(none, mark, BESIDE + 1)
        if not (before or after) or s.pauses_between(none, mark) > (1 if after else 0):
            continue
        if after and _of_whole(scope, none):
            continue
        if (
            scope.hollow(mark)
            or _issue_of(scope, mark)
            or scope.pictured(mark)
            or s.between(none, mark, "other_part", "paper", "warranty", "loss", *(("intact",) if after else ()))
        ):
            continue
        ends = max(n.end for n in (none, *s.of("not")) if n.start <= none.start < n.end)  # `không hề` holds `không`
        if after and any(
            none.end <= d.start <= ends + 1 for d in s.of("loss", "hide", "swap", "other_part")
        ):  # `SN 冇刮`: what is absent is the harm
            continue
        yield finding(none, mark)


def _issue_of(scope: Scope, mark: Hit) -> bool:
    """`no serial removed`, `no serial issue`: what is absent is the harm."""
    return any(
        d.start >= mark.end and scope.near(d, mark, TIGHT) and not scope.s.pauses_between(d, mark)
        for d in scope.s.of("loss", "swap")
    ) and any(n.end <= mark.start and scope.near(n, mark, TIGHT) for n in scope.s.of("none", "not"))


def _sent_away(scope: Scope, mark: Hit) -> Iterator[Finding]:
    """`If you need a serial, look elsewhere`: so there is none."""
    for need in scope.s.of("need"):
        for away in scope.s.of("elsewhere"):
            if scope.near(need, mark, 24) and scope.near(away, mark, 60):
                yield finding(mark, away, strength=0.8)


BARE = 5
"""Blanks of a sentence that only names the mark."""


def _answer(scope: Scope, after: Scope | None) -> Finding | None:
    """`Serial numbers? Gone.`; but `Serial numbers removed? None.`"""
    marks = scope.s.of("serial")
    if not marks or after is None or scope.s.end - marks[-1].end > 12 or scope.s.of("intact", "if", "ask"):
        return None
    answers = ("loss",) if scope.s.of(*DEEDS, "defaced") else ("gone", "loss", "none_after")
    first = next((h for h in after.s.hits if h.start == after.s.hits[0].start and h.concept in answers), None)
    said = scope.s.question or scope.s.text[scope.s.start : scope.s.end].strip().count(" ") < BARE or scope.dense
    if (
        first
        and said
        and first.start - after.s.start <= 6
        and not after.negated(first)
        and not (first.concept == "none_after" and after.s.of("paper", "warranty"))
    ):
        return Finding(marks[-1].start, first.end, marks[-1].languages[0])
    return None


def _kept_after_all(scope: Scope, after: Scope | None) -> bool:
    """Blurred or taped in the pictures, and the next words say that the card bears it."""
    here = scope.s
    if here.of("blur") or (here.of("photo") and here.of("hide")):
        return True
    if not (here.of("photo") and here.of("loss", "hide")) or after is None:
        return False
    return bool(after.s.of("intact") and after.s.of("card", "serial", "label"))
