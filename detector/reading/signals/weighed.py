"""What rules found, weighed against what examples teach; and what examples say where no rule speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from detector.reading.clauses import Sentence, gap
from detector.reading.model import Signal
from detector.reading.signals.learned import TOLD, TOLD_AGAINST, TOLD_IN_TITLE, marks, probabilities, told
from detector.reading.signals.rules import Rule, Text, by_sentence, quoted
from detector.reading.signals.scope import Finding, Scope
from detector.reading.text import Folded
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
NOTHING = frozenset({"none", "none_after"})
_QUOTED = re.compile(r"[\"“”„«»「」『』]")
"""What papers are to say, word for word: the letters in the marks are not the seller's, and votes know few of them."""
UNSAID = frozenset({"not", "not_after", "if", "if_after"})
"""Words under which a thing is not said to be so; a question is the same."""
DONE = {"serial_removed": ("loss", "swap", "hide"), "relabelled": ("swap",), "modified_hardware": ("modded", "alter")}
"""Words of what was done to the goods: a sentence that denies all that it has of them says that it was not."""
OTHERWISE = frozenset({"ask", "others", "refuse", "asked", "intact"})
"""Words by which it may be said of somebody else's goods, or of these that all is well."""


def weighed(votes: Votes, texts: Sequence[Text], rules: Mapping[str, Rule], said: Sequence[Signal]) -> Iterator[Signal]:
    """Sentence by sentence: a finding is as strong as the votes are sure of it, and may fall; a sentence that no rule reads may speak."""
    chances: dict[int, float] = {}
    voted: list[Signal] = []
    for text in texts:
        for sentence, here in by_sentence(text, said):
            ruled = {signal.signal for signal in here}
            words = text.folded.text[sentence.start : sentence.end].strip()
            sure = probabilities(votes, words, marks(told(sentence), ruled))
            chances.update((id(found), _beside(votes, text, sentence, here, found, sure[found.signal])) for found in here if found.signal in sure)
            voted += _clauses(votes, text, sentence, here)
            for signal, chance in sure.items():
                if signal not in ruled and chance >= TOLD and chance >= _enough_said(signal, text, sentence, rules[signal]):
                    start, end = _trimmed(sentence)
                    voted += quoted(signal, text, [Finding(start, end, "", round(VOTE * chance, 4))])
    for found in said:
        chance_of = chances.get(id(found))
        if chance_of is None:
            yield found
        elif chance_of >= TOLD:
            yield replace(found, strength=round(chance_of, 4))
    yield from voted


def _beside(votes: Votes, text: Text, sentence: Sentence, here: Sequence[Signal], found: Signal, chance: float) -> float:
    """The probability of a rule's finding, `chance` in its sentence. One signal speaks against another there, for mostly it is
    only one of them that is said; where both are (`serial erased, no invoice`), the words of each are asked for by themselves."""
    others = [(o.start or 0, o.end or 0) for o in here if o.signal != found.signal and o.signal in votes.labels]
    apart = [(low, high) for low, high in others if not (low < (found.end or 0) and (found.start or 0) < high)]
    if chance >= TOLD:
        return chance
    if found.signal == "export_evasion" and chance >= AS_LIKELY and _QUOTED.search(found.text or ""):
        return TOLD
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


def _clauses(votes: Votes, text: Text, sentence: Sentence, here: Sequence[Signal]) -> Iterator[Signal]:
    """Clauses of a sentence that say, by the examples, what rules found in another of its clauses: one more place to quote."""
    ruled = {signal.signal for signal in here} & set(votes.labels)
    clauses = list(sentence.clauses()) if ruled and sentence.pauses else []
    for clause in clauses[:MOST_CLAUSES]:
        words = text.folded.text[clause.start : clause.end].strip()
        low, high = text.folded.span(clause.start, clause.end)
        silent = ruled - {s.signal for s in here if (s.start or 0) < high and low < (s.end or 0)}
        if len(words) < LEAST_CLAUSE or not silent:
            continue
        sure = probabilities(votes, words, marks({h.concept for h in sentence.hits if clause.start <= h.start and h.end <= clause.end}, ()))
        for signal in sorted(silent):
            if sure[signal] >= TOLD:
                start = clause.start + len(text.folded.text[clause.start : clause.end]) - len(text.folded.text[clause.start : clause.end].lstrip())
                yield from quoted(signal, text, [Finding(start, start + len(words), "", round(VOTE * sure[signal], 4))])


def _enough_said(signal: str, text: Text, sentence: Sentence, rule: Rule) -> float:
    """The probability from which a sentence that no rule reads speaks: a denial alone never does; one that demands a licence or a
    check has to be sure, and so has one on another name that speaks of nothing that bears one, or says that it is as it was."""
    if sentence.concepts <= NOTHING | UNSAID:
        return inf  # `No.` answers what stood before
    scope = Scope(sentence)
    done = sentence.of(*DONE.get(signal, ()))
    if done and all(scope.negated(hit) or scope.taken_back(hit) for hit in done):
        return inf  # `neither ground off nor pasted over`
    denials = sentence.of("not", "none", "unasked", "dismiss")
    demands = signal == "export_evasion" and any(
        not any(n.start <= d.start and gap(n, d) <= DENIED for n in denials) for d in sentence.of("comply", "stops")
    )
    own_name = signal == "relabelled" and (sentence.concepts.isdisjoint(BEARERS) or "intact" in sentence.concepts)
    plain = TOLD_AGAINST if demands or own_name else TOLD_IN_TITLE if text.name == "title" else TOLD
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
