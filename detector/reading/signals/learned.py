"""What example sentences teach beside the grammar: one logistic vote a signal, over letters, concepts and what rules found.

Beside its letters a sentence is seen as the concepts of the lexicon that stand in it, single and in pairs, so that what one
language teaches holds in another, and as the signals that the grammar found in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from detector.reading.votes import Votes

if TYPE_CHECKING:
    from detector.reading.clauses import Sentence

VOTED = (
    "serial_removed", "relabelled", "no_paperwork", "export_evasion", "off_platform_contact", "engineering_sample", "modified_hardware",
)  # fmt: skip
"""Signals that words alone state."""
TOLD = 0.65
"""Probability from which a signal holds."""
TOLD_IN_TITLE = 0.8
"""The same in a title where no rule speaks: names and editions are most of it, and few examples are titles."""
TOLD_AGAINST = 0.9
"""The same in a sentence whose known words speak against it."""
CONCEPT, RULE = "\x01", "\x02"
"""What the names of facts begin with."""


Asked = tuple[str, list[str]]
"""A sentence's folded text and its `marks`."""


def told(sentence: Sentence) -> frozenset[str]:
    """The concepts of a sentence; a question is one too."""
    return sentence.concepts | {"?"} if sentence.question else sentence.concepts


def marks(concepts: Iterable[str], ruled: Iterable[str]) -> list[str]:
    """Concepts and their pairs, and the signals that rules found (`ruled`), as names of facts."""
    found = sorted(concepts)
    return [
        *(f"{CONCEPT}{name}" for name in found),
        *(f"{CONCEPT}{a}&{b}" for a, b in combinations(found, 2)),
        *(f"{RULE}{name}" for name in sorted(ruled)),
    ]


def probabilities(votes: Votes, text: str, marked: list[str]) -> dict[str, float]:
    """The probability of each signal, of a sentence's folded text and its `marks`."""
    return all_probabilities(votes, [(text, marked)])[0]


def all_probabilities(votes: Votes, said: Sequence[Asked]) -> list[dict[str, float]]:
    """The same of many sentences in one pass."""
    import numpy as np

    if not said:
        return []
    logits = votes.logits([{"": text} for text, _ in said], [[(name, 1.0) for name in marked] for _, marked in said])
    return [dict(zip(votes.labels, row, strict=True)) for row in (1 / (1 + np.exp(-logits))).tolist()]
