"""Signals that a text states: concepts of the lexicons joined inside a sentence, in either order, with their scope.

A rule looks for a mark and what happened to it, papers and their absence, customs and who handles them. Words of
negation, condition, question, picture and other sellers take a finding back when they govern it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detector.reading.clauses import Sentence, gap, sentences
from detector.reading.document import Document
from detector.reading.model import Facts, Signal
from detector.reading.signals.vocabulary import Hit, Vocabulary

if TYPE_CHECKING:
    from detector.reading.text import Folded

NEAR = 30
"""Characters between a noun and its verb inside a clause; twice that is another thought."""
TIGHT = 7
"""Characters between a negation and what it negates."""

MOST_PLACES = 3
"""Sentences quoted for one signal."""

Span = tuple[Hit, Hit]


@dataclass(frozen=True, slots=True)
class _Rule:
    signal: str
    find: Callable[[Sentence], Iterator[Span]]
    goods_only: bool = True


def _joined(s: Sentence, left: tuple[str, ...], right: tuple[str, ...], reach: int = NEAR, pauses: int = 0) -> Iterator[Span]:
    for a in s.of(*left):
        for b in s.of(*right):
            if a is not b and gap(a, b) <= reach and s.pauses_between(a, b) <= pauses:
                yield a, b


def _negated(s: Sentence, hit: Hit) -> bool:
    """A negation right before or after."""
    before = any(n.end <= hit.start and gap(n, hit) <= TIGHT and s.pauses_between(n, hit) == 0 for n in s.of("not", "none", "refuse"))
    after = any(n.start >= hit.end and gap(n, hit) <= 4 for n in s.of("not_after", "none_after"))
    return before or after


def _not_said_of_goods(s: Sentence, hit: Hit) -> bool:
    """A condition, a question, an appeal to the buyer, somebody else's goods."""
    clause = s.clause(hit)
    return s.question or bool(s.within(clause, "if", "if_after", "ask") or s.of("others", "refuse", "repair_shop"))


def _serial(s: Sentence) -> Iterator[Span]:
    for hit in s.of("defaced"):
        if not _negated(s, hit) and not _not_said_of_goods(s, hit):
            yield hit, hit
    for mark, deed in _joined(s, ("serial", "label"), ("loss", "gone", "swap"), pauses=1):
        weak = mark.concept == "label"
        if _negated(s, deed) or _not_said_of_goods(s, deed) or s.within(s.clause(mark), "intact"):
            continue
        if weak and (s.of("other_part", "box", "not_mark") or (deed.concept == "gone" and s.pauses_between(mark, deed))):
            continue
        if deed.concept == "loss" and s.of("photo", "blur"):
            continue
        yield mark, deed
    for mark, deed in _joined(s, ("serial", "label"), ("hide",)):
        if not s.of("photo", "blur", "see") and not _negated(s, deed) and not _not_said_of_goods(s, deed) and mark.concept == "serial":
            yield mark, deed
    for none, mark in _joined(s, ("none",), ("serial",), reach=TIGHT):
        if none.end <= mark.start and not s.of("need", "intact", "loss") and not _not_said_of_goods(s, mark):
            yield none, mark
    for mark, none in _joined(s, ("serial",), ("none_after",), reach=TIGHT):
        if none.start >= mark.end and not s.of("need", "intact") and not _not_said_of_goods(s, mark):
            yield mark, none


def _relabelled(s: Sentence) -> Iterator[Span]:
    for hit in s.of("relabel"):
        if not _negated(s, hit) and not _not_said_of_goods(s, hit):
            yield hit, hit
    for mark, other in _joined(s, ("label", "box", "serial"), ("other_model",)):
        if not _negated(s, other):
            yield mark, other


def _papers(s: Sentence) -> Iterator[Span]:
    if s.of("boilerplate"):
        return
    for hit in s.of("grey"):
        if not _negated(s, hit) and not _not_said_of_goods(s, hit):
            yield hit, hit
    for none, paper in _joined(s, ("none", "not"), ("paper", "warranty"), reach=14):
        if none.end <= paper.start and not s.of("extra_cost") and not s.question:
            yield none, paper
    for paper, none in _joined(s, ("paper", "warranty"), ("none_after", "not_after", "gone"), reach=10):
        if none.start >= paper.end and not s.of("extra_cost") and not s.question:
            yield paper, none
    yield from _joined(s, ("origin",), ("secret",))


def _evasion(s: Sentence) -> Iterator[Span]:
    if s.of("comply", "refuse"):
        return
    for hit in s.of("evade", "cleared", "misdeclare"):
        if not _negated(s, hit) and not s.question:
            yield hit, hit
    yield from _joined(s, ("open_to",), ("users", "screening", "licence", "control"))
    yield from _joined(s, ("customs",), ("handled",))
    yield from _joined(s, ("declare",), ("as_other",), pauses=1)
    yield from _joined(s, ("bypass",), ("control", "customs", "licence"))
    for none, check in _joined(s, ("none", "not"), ("licence", "screening"), reach=16):
        if none.end <= check.start:
            yield none, check
    for check, none in _joined(s, ("licence", "screening"), ("not", "not_after", "none_after"), reach=10):
        if none.start >= check.end:
            yield check, none


def _contact(s: Sentence) -> Iterator[Span]:
    if s.of("courier", "own_channel"):
        return
    for hit in s.of("messenger"):
        if not _negated(s, hit):
            yield hit, hit
    yield from _joined(s, ("messenger_weak",), ("reach",), reach=12)
    for reach, phone in _joined(s, ("reach",), ("phone",), reach=16):
        if not _negated(s, phone):
            yield reach, phone


def _alone(*concepts: str) -> Callable[[Sentence], Iterator[Span]]:
    def find(s: Sentence) -> Iterator[Span]:
        for hit in s.of(*concepts):
            if not _negated(s, hit) and not _not_said_of_goods(s, hit):
                yield hit, hit

    return find


def _modified(s: Sentence) -> Iterator[Span]:
    yield from _alone("modded")(s)
    for what, deed in _joined(s, ("alterable",), ("alter",), reach=16):
        if not _negated(s, deed) and not s.of("repair_shop"):
            yield what, deed


RULES = (
    _Rule("serial_removed", _serial), _Rule("relabelled", _relabelled), _Rule("no_paperwork", _papers),
    _Rule("export_evasion", _evasion), _Rule("off_platform_contact", _contact, goods_only=False),
    _Rule("engineering_sample", _alone("sample")), _Rule("modified_hardware", _modified), _Rule("bulk_inventory", _alone("bulk")),
)  # fmt: skip


def from_texts(doc: Document, facts: Facts, vocabulary: Vocabulary) -> Iterator[Signal]:
    """For each rule its findings, one a sentence, title first, at most MOST_PLACES."""
    offered = facts.offer in ("sale", "rental")
    parsed = [(name, doc.fields[name], _sentences(doc.fields[name], vocabulary)) for name in ("title", "description") if name in doc.fields]
    for rule in RULES:
        if rule.goods_only and not offered:
            continue
        places = 0
        for name, folded, found in parsed:
            for sentence in found:
                span = next(rule.find(sentence), None)
                if span is not None and places < MOST_PLACES:
                    places += 1
                    yield signal_at(rule.signal, name, folded, min(span[0].start, span[1].start), max(span[0].end, span[1].end), span[0].languages[0])


def signal_at(signal: str, field: str, folded: Folded, start: int, end: int, language: str | None = None) -> Signal:
    """A signal with its raw place and words."""
    a, b = folded.span(start, end)
    return Signal(signal, field, a, b, folded.raw[a:b], language)


def _sentences(folded: Folded, vocabulary: Vocabulary) -> tuple[Sentence, ...]:
    hits = vocabulary.find(folded.text)
    return sentences(folded.text, hits) if hits else ()
