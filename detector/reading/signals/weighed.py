"""What rules found, weighed against what examples teach; and what examples say where no rule speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from detector.reading.clauses import Clause, Sentence, gap
from detector.reading.model import Signal
from detector.reading.signals.contact import LINK
from detector.reading.signals.learned import (
    TOLD,
    TOLD_AGAINST,
    TOLD_IN_TITLE,
    Asked,
    all_probabilities,
    marks,
    probabilities,
    told,
)
from detector.reading.signals.rules import Rule, Text, by_sentence, quoted
from detector.reading.signals.scope import Finding, Scope
from detector.reading.signals.vocabulary import Hit
from detector.reading.text import Folded, fold_pattern
from detector.reading.votes import Votes

MOST_CLAUSES, LEAST_CLAUSE = 12, 6
"""Clauses of a sentence that are looked at, and letters of one that may say something."""
BEARERS = ("label", "box", "outside", "plate", "outer", "relabel", "other_model", "as_other", "article", "contrast", "inside", "system", "declare", "paper", "pack")
DENIED = 12
"""Letters between a denial and the demand that it denies: `não precisa de licença`."""
VOTE = 0.8
"""Strength of what examples say where no rule does: alone it is a medium alert, not a high one."""
AS_LIKELY = 0.44
"""Probability of a finding in a sentence that says two things, if the sentence without the other's words is sure of it."""
ALONE = {"no_paperwork": TOLD}
"""How sure that has to be, where not TOLD_AGAINST: a paper is lacked beside anything, in a few words that mean nothing else; of
other signals what fell so had fallen rightly."""
HELD = {"no_paperwork": 0.5}
"""How sure the votes have to be of a rule's finding, where not TOLD: papers are lacked in few words, and examples made to deceive use
just these."""
HINTS = {"serial_removed": ("serial_hint", 0.7)}
"""Findings under this strength are hints, evidence that is told as such: two of three are wrong there."""
NOTHING = frozenset({"none", "none_after"})
_QUOTED = re.compile(r"[\"“”„«»「」『』]")
"""What papers are to say, word for word: the letters in the marks are not the seller's, and votes know few of them."""
BLUNT = 0.9
"""Strength of what is said bluntly."""
BLUNT_LEAST, BLUNT_SAID, BLUNT_SURE = 0.4, 0.7, 0.8
"""What the votes have to give a blunt finding that stands alone in its sentence, where no other fact thins it out; its least strength then;
and the probability from which it is as strong as in a list."""
WHOLLY = 0.6
"""Share of a sentence's letters that are all of it, but for an aside: `WhatsApp only.`"""
BESIDE_BLUNT = {"serial_removed": 6, "no_paperwork": 6, "off_platform_contact": 10, "engineering_sample": 6, "modified_hardware": 6, "export_evasion": 0}
"""Signals that few words state, and mean nothing else, and how many letters may stand beside these words: of a way to reach somebody, verb
and account; of a way round control, which takes more words, none."""
BLUNT_SHARE = 0.6
"""The same as a share of these words, where that is more."""
COVERED = frozenset({"serial_removed", "modified_hardware", "engineering_sample"})
"""What warranties and returns leave out."""
_COVER = re.compile(
    fold_pattern(
        r"\bcover|\bvoid|refund|return|warrant(?:y|ies)|garantie|gewährleistung|rückgabe|гаранти|возврат|garant[íi]a|devoluci|bảo hành|đổi trả|jaminan|garansi|garanti|保修|质保|保固|退换|退货|店保|保证|返品|保障|保証|보증|환불|반품|a/?s\b"
    )
)
"""Words of warranty and return."""
_LEFT_OUT = re.compile(fold_pattern(r"제외|不保|免责|対象外|除外|not cover|nicht abgedeckt|не распростран|no cubre|não cobre|không bảo hành"))
"""Words of what they leave out."""
_ANSWERED_NO = re.compile(fold_pattern(r"\s?[:：]\s?(?:no|none|not|nein|keine?|нет|non|não|hayır|否|无|没有|なし|無し|없음|لا)(?=\W|$)"))
"""A denial behind a fact, as in a form: `serial removed: no`."""
LONG = frozenset({"relabelled", "export_evasion"})
"""Signals that take some words: in a list each is voted on in its own clause."""
LISTED = 45
"""Letters that the facts of a list have on average, at most."""
_FACT_END = re.compile(r"[,;.!|•·・，；：:。！\n]")
"""Where a denial that goes for all behind it ends."""
_NUMBERED = re.compile(r"[a-z_.@+-]*\d[\w.@+-]*")
"""A word with a figure in it: a number, a part, an account."""
_APART = re.compile(
    fold_pattern(
        r"[,;:/|•·・、，；：！!。\n\t()（）\[\]【】◆■●○★☆✅✔➤►▪–—+]| - |\b(?:and|und|y|e|et|и|ve|và|dan|aur|or|oder|или|o|ou|veya|hoặc|atau|ya|with|w/|mit|con|com|с)\b|&|(?<=\s)و(?=ب)|[和与及且]|(?<=[\u3040-\u9fff]) (?=[\u3040-\u9fff\d])"
    )
)
"""What parts the facts of a list."""
UNSAID = frozenset({"not", "not_after", "if", "if_after"})
"""Words under which a thing is not said to be so; a question is the same."""
DONE = {"serial_removed": ("loss", "swap", "hide"), "relabelled": ("swap",), "modified_hardware": ("modded", "alter")}
"""Words of what was done to the goods: a sentence that denies all that it has of them says that it was not."""
OTHERWISE = frozenset({"ask", "others", "refuse", "asked", "intact"})
"""Words by which it may be said of somebody else's goods, or of these that all is well."""
GOVERNING = frozenset({"if", "if_after", "photo", "blur", "others", "refuse", "asked", "void"})
"""Words that govern more than the fact they stand in."""


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause that may say, by the examples, what rules found in another of its sentence (`silent`); `start` in the folded text."""

    start: int
    words: str
    concepts: frozenset[str]
    silent: frozenset[str]


def weighed(votes: Votes, texts: Sequence[Text], rules: Mapping[str, Rule], said: Sequence[Signal]) -> Iterator[Signal]:
    """Sentence by sentence: a finding is as strong as the votes are sure of it, and may fall; a sentence that no rule reads may speak."""
    chances: dict[int, float] = {}
    voted: list[Signal] = []
    rows = [row for text in texts for row in _rows(votes, text, said)]
    sure_of = iter(all_probabilities(votes, [words for *_, asked in rows for words in asked]))
    for text, sentence, here, clauses, _ in rows:
        sure = next(sure_of)
        chances.update((id(found), _beside(votes, text, sentence, here, found, sure[found.signal])) for found in here if found.signal in sure)
        for clause in clauses:
            voted += _told(text, clause, next(sure_of))
        ruled = {signal.signal for signal in here}
        for signal, chance in sure.items():
            if signal not in ruled and chance >= TOLD and chance >= _enough_said(signal, text, sentence, rules[signal]):
                start, end = _trimmed(sentence)
                voted += quoted(signal, text, [Finding(start, end, "", round(VOTE * chance, 4))])
    for found in said:
        chance_of = chances.get(id(found))
        if chance_of is None:
            yield found
        elif chance_of >= HELD.get(found.signal, TOLD):
            yield _or_hint(replace(found, strength=round(chance_of, 4)))
    yield from map(_or_hint, voted)


def _or_hint(found: Signal) -> Signal:
    """The finding, or the hint that it is where it is not sure enough to be told as said."""
    hint, least = HINTS.get(found.signal, ("", 0.0))
    return replace(found, signal=hint) if found.strength < least else found


def _rows(votes: Votes, text: Text, said: Sequence[Signal]) -> Iterator[tuple[Text, Sentence, list[Signal], list[_Clause], list[Asked]]]:
    """The sentences of a field that may say something: what rules found there, clauses to look at, and what votes are asked on them all."""
    for sentence, here in by_sentence(text, said):
        if here or not sentence.concepts <= NOTHING | UNSAID:  # `No.` answers what stood before
            words = text.folded.text[sentence.start : sentence.end].strip()
            clauses = list(_clauses(votes, text, sentence, here)) if here else []
            asked = [(words, marks(told(sentence), {signal.signal for signal in here})), *((c.words, marks(c.concepts, ())) for c in clauses)]
            yield text, sentence, here, clauses, asked


def _beside(votes: Votes, text: Text, sentence: Sentence, here: Sequence[Signal], found: Signal, chance: float) -> float:
    """The probability of a rule's finding, `chance` in its sentence. One signal speaks against another there, for mostly it is
    only one of them that is said; where both are (`serial erased, no invoice`), the words of each are asked for by themselves."""
    if found.signal in BESIDE_BLUNT and chance < BLUNT and _blunt(text, sentence, here, found):
        whole = _letters(found.text or "") >= WHOLLY * _letters(text.folded.text[sentence.start : sentence.end])
        if found.signal not in LONG and (whole or any(o.signal != found.signal for o in here)):
            return BLUNT
        if chance < BLUNT_LEAST and sentence.pauses and _in_clause(text, sentence, found, votes) >= BLUNT_SURE:
            return BLUNT_SAID
        if chance >= BLUNT_LEAST:
            return BLUNT if chance >= BLUNT_SURE else max(chance, BLUNT_SAID)
    if chance >= HELD.get(found.signal, TOLD):
        return chance
    if found.signal == "off_platform_contact" and LINK.search(text.folded.text, sentence.start, sentence.end):
        return TOLD
    if found.signal == "export_evasion" and chance >= AS_LIKELY and _QUOTED.search(found.text or ""):
        return TOLD
    if found.signal in LONG and (listed := _in_list(votes, text, sentence, found)) >= TOLD:
        return listed
    others = [(o.start or 0, o.end or 0) for o in here if o.signal != found.signal and o.signal in votes.labels]
    apart = [(low, high) for low, high in others if not (low < (found.end or 0) and (found.start or 0) < high)]
    if not apart:
        return chance
    own = probabilities(votes, text.folded.text[sentence.start : sentence.end].strip(), marks(told(sentence), {found.signal}))[found.signal]
    if own < AS_LIKELY:
        return chance
    folded = text.folded
    cut = {at for at in range(sentence.start, sentence.end) if any(low <= folded.starts[at] < high for low, high in apart)}
    kept = "".join(folded.text[at] for at in range(sentence.start, sentence.end) if at not in cut)
    concepts = {h.concept for h in sentence.hits if h.start not in cut}
    alone = probabilities(votes, " ".join(kept.split()), marks(concepts | ({"?"} if sentence.question else set()), {found.signal}))[found.signal]
    return max(chance, TOLD) if alone >= ALONE.get(found.signal, TOLD_AGAINST) else chance


def _blunt(text: Text, sentence: Sentence, here: Sequence[Signal], found: Signal) -> bool:
    """Whether a rule's finding is all that is said between two pauses or other findings: `NO S/N NO INVOICE`, `无票 / 现货50片`. Such
    words need no vote, and in a list the votes hear all of it at once."""
    if sentence.question or not sentence.concepts.isdisjoint(GOVERNING):
        return False
    folded, written = text.folded, sentence.text
    own, taken = [], set()
    for at in range(sentence.start, sentence.end):
        place = folded.starts[at]
        if (found.start or 0) <= place < (found.end or 0):
            own.append(at)
        elif any((o.start or 0) <= place < (o.end or 0) for o in here):
            taken.add(at)
    if not own or _ANSWERED_NO.match(written, own[-1] + 1):
        return False
    if found.signal in COVERED and (
        _LEFT_OUT.search(written, sentence.start, own[0]) or any(m.start() not in taken for m in _COVER.finditer(written, sentence.start, own[0]))
    ):
        return False
    apart = {at for part in _APART.finditer(written, sentence.start, sentence.end) for at in range(*part.span())} | taken
    low, high = own[0], own[-1] + 1
    while low > sentence.start and low - 1 not in apart:
        low -= 1
    while high < sentence.end and high not in apart:
        high += 1
    between = [hit for hit in sentence.hits if low <= hit.start and hit.end <= high and hit.start not in taken]
    if found.signal == "modified_hardware" and any(hit.concept in ("other_part", "box") for hit in between):
        return False  # of a cable, a cooler
    if any(hit.start not in taken and _denies_all(written, hit, own[0]) for hit in sentence.of(*UNSAID, *NOTHING)):
        return False
    beside = _letters(written[low : own[0]]) + _letters(written[own[-1] + 1 : high])
    most = BESIDE_BLUNT[found.signal]
    return beside <= (max(most / Scope(sentence).density, BLUNT_SHARE * _letters(written[own[0] : own[-1] + 1])) if most else 0)


def _denies_all(written: str, hit: Hit, start: int) -> bool:
    """Whether a denial before a finding goes for all that is listed behind it: `没有磨码、魔改`, `no removed serials or mods`."""
    return hit.end <= start and _FACT_END.search(written, hit.end, start) is None


def _letters(words: str) -> int:
    """Letters of words; numbers and accounts with a figure state nothing."""
    return sum(map(str.isalpha, _NUMBERED.sub("", words)))


def _in_list(votes: Votes, text: Text, sentence: Sentence, found: Signal) -> float:
    """The probability of a rule's finding in its own clause, where the sentence is a list of short facts: in a text of unit length
    each of them thins out the others. 0 elsewhere."""
    if not sentence.pauses or sentence.question or not sentence.concepts.isdisjoint(GOVERNING | OTHERWISE):
        return 0.0
    if (sentence.end - sentence.start) * Scope(sentence).density > LISTED * (len(sentence.pauses) + 1):
        return 0.0
    return _in_clause(text, sentence, found, votes)


def _in_clause(text: Text, sentence: Sentence, found: Signal, votes: Votes) -> float:
    """The probability of a rule's finding in its own clause alone; 0 where it lies in several."""
    own = [clause for clause in sentence.clauses() if _overlaps(text, clause, found)]
    if len(own) != 1:
        return 0.0
    written = text.folded.text[own[0].start : own[0].end].strip()
    return probabilities(votes, written, marks(sentence.concepts_of(own[0]), {found.signal}))[found.signal]


def _overlaps(text: Text, clause: Clause, found: Signal) -> bool:
    low, high = text.folded.span(clause.start, clause.end)
    return (found.start or 0) < high and low < (found.end or 0)


def _clauses(votes: Votes, text: Text, sentence: Sentence, here: Sequence[Signal]) -> Iterator[_Clause]:
    """Clauses of a sentence that may say what rules found in another of its clauses."""
    ruled = {signal.signal for signal in here} & set(votes.labels)
    clauses = list(sentence.clauses()) if ruled and sentence.pauses else []
    for clause in clauses[:MOST_CLAUSES]:
        written = text.folded.text[clause.start : clause.end]
        silent = ruled - {s.signal for s in here if _overlaps(text, clause, s)}
        if len(written.strip()) >= LEAST_CLAUSE and silent:
            start = clause.start + len(written) - len(written.lstrip())
            yield _Clause(start, written.strip(), sentence.concepts_of(clause), frozenset(silent))


def _told(text: Text, clause: _Clause, sure: Mapping[str, float]) -> Iterator[Signal]:
    """What a clause says by the examples: one more place to quote."""
    for signal in sorted(clause.silent):
        if sure[signal] >= TOLD:
            yield from quoted(signal, text, [Finding(clause.start, clause.start + len(clause.words), "", round(VOTE * sure[signal], 4))])


def _enough_said(signal: str, text: Text, sentence: Sentence, rule: Rule) -> float:
    """The probability from which a sentence that no rule reads speaks: one that demands a licence or a
    check has to be sure, and so has one on another name that speaks of nothing that bears one, or one on a mark that says that it is as it was."""
    scope = Scope(sentence)
    done = sentence.of(*DONE.get(signal, ()))
    if done and all(scope.negated(hit) or scope.taken_back(hit) for hit in done):
        return inf  # `neither ground off nor pasted over`
    denials = sentence.of("not", "none", "unasked", "dismiss")
    demands = signal == "export_evasion" and any(
        not any(n.start <= d.start and gap(n, d) <= DENIED for n in denials) for d in sentence.of("comply", "stops")
    )
    own_name = signal == "relabelled" and (sentence.concepts.isdisjoint(BEARERS) or "intact" in sentence.concepts)
    whole = signal == "serial_removed" and "intact" in sentence.concepts
    plain = TOLD_AGAINST if demands or own_name or whole else TOLD_IN_TITLE if text.name == "title" else TOLD
    return max(plain, _governed(sentence, text.folded, rule))


def _governed(sentence: Sentence, folded: Folded, rule: Rule) -> float:
    """The probability that a sentence needs because the rule would speak, were it not for a word that governs what it joins:
    beyond reach where that is a denial, a question or a condition."""
    if any(_speaks_without(sentence, folded, rule, words) for words in (UNSAID, UNSAID | NOTHING)):
        return inf
    return TOLD_AGAINST if _speaks_without(sentence, folded, rule, UNSAID | OTHERWISE) else 0


def _speaks_without(sentence: Sentence, folded: Folded, rule: Rule, left_out: frozenset[str]) -> bool:
    """Whether the rule finds its signal in a sentence, read as no question and without the words of these concepts."""
    bare = replace(sentence, question=False, hits=tuple(hit for hit in sentence.hits if hit.concept not in left_out))
    return next(iter(rule([Scope(bare, endings=False)], folded)), None) is not None


def _trimmed(sentence: Sentence) -> tuple[int, int]:
    """A sentence's place without the spaces around it."""
    text = sentence.text[sentence.start : sentence.end]
    return sentence.start + len(text) - len(text.lstrip()), sentence.end - len(text) + len(text.rstrip())
