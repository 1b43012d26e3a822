"""How surely two sellers are one, or work together: what they share, as a confidence between 0 and 1, in words.

Pure over what storage tells. Shared texts and contacts are signs, never proof: texts are copied by strangers, a contact
may be a forwarder's. So each sign counts less the more parties share it, and a person may say that a tie is none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STRONG, FAIR = 0.75, 0.4
"""Where a tie is called strong or fair; below it is weak, and a cluster does not grow through it."""

TEXT = 0.6
"""What one near-copy of the same words says: sellers copy descriptions of strangers often."""

CONTACT = 0.9
"""What a contact says that only these two have."""

TEXT_PAIRS = 3
"""Pairs of near-copies that count; a seller who lists one thing ten times says it once."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie to another party: its confidence (0 to 1) and the signs in words."""

    party: str
    confidence: float
    signs: tuple[str, ...]

    @property
    def grade(self) -> str:
        """strong, fair or weak."""
        return "strong" if self.confidence >= STRONG else "fair" if self.confidence >= FAIR else "weak"


def ties(
    by_text: Sequence[Mapping[str, Any]], by_contact: Sequence[Mapping[str, Any]], most: int
) -> list[Tie]:
    """The ties of one party, surest first. A contact that more than `most` parties have ties nobody.

    Signs are taken as independent: confidence = 1 - product of (1 - what each says).
    """
    doubt: dict[str, float] = {}
    signs: dict[str, list[str]] = {}
    crowd = max(len(by_text), 1)
    for row in by_text:
        says = TEXT * row["similarity"] * min(2 / crowd, 1.0)
        doubt[row["party"]] = (1 - says) ** min(row["pairs"], TEXT_PAIRS)
        several = f", {row['pairs']} pairs of listings" if row["pairs"] > 1 else ""
        signs[row["party"]] = [f"near-copy of a text (similarity {row['similarity']:.2f}{several})"]
    for row in by_contact:
        if row["shared"] > most:
            continue
        says = min(CONTACT * 2 / row["shared"], CONTACT)
        words = f"the same {_KINDS[row['kind']]}" + (
            f", which {row['shared']} parties have" if row["shared"] > 2 else ""
        )
        for party in row["parties"]:
            doubt[party] = doubt.get(party, 1.0) * (1 - says)
            signs.setdefault(party, []).append(words)
    found = [Tie(party, round(1 - left, 3), tuple(signs[party])) for party, left in doubt.items()]
    return sorted(found, key=lambda tie: (-tie.confidence, tie.party))


_KINDS = {"phone": "telephone number", "mail": "mail address", "link": "link", "account": "messenger account"}


@dataclass(frozen=True, slots=True)
class Member:
    """A party of a cluster: how it came in (`via`, None for the first), and how sure the weakest step to it is."""

    party: str
    via: str | None
    tie: Tie | None
    confidence: float
    steps: int


def cluster(
    start: str, ties_of: Callable[[str], Sequence[Tie]], parted: Callable[[Collection[str]], Collection[tuple[str, str]]], *, most: int = 40
) -> list[Member]:  # fmt: skip
    """The party and all it is tied to, step by step over fair and strong ties; at most `most` parties, surest first.

    Weak ties are shown of the first party and lead no further. `parted` gives pairs that a person said are none.
    """
    found = {start: Member(start, None, None, 1.0, 0)}
    edge = [start]
    while edge and len(found) < most:
        apart = set(parted(edge))
        reached: dict[str, Member] = {}
        for party in edge:
            here = found[party]
            for tie in ties_of(party):
                if tie.party in found or (party, tie.party) in apart or (tie.party, party) in apart:
                    continue
                if tie.grade == "weak" and here.steps:
                    continue
                sure = min(here.confidence, tie.confidence)
                if tie.party not in reached or reached[tie.party].confidence < sure:
                    reached[tie.party] = Member(tie.party, party, tie, sure, here.steps + 1)
        new = sorted(reached.values(), key=lambda m: (-m.confidence, m.party))[: most - len(found)]
        found |= {member.party: member for member in new}
        edge = [member.party for member in new if member.confidence >= FAIR]
    return sorted(found.values(), key=lambda m: (m.steps > 0, -m.confidence, m.party))
