"""What example sentences teach beside the grammar: one logistic vote a signal, over letters, concepts and what rules found.

A sentence is seen as its n-grams of one to four letters inside words (term frequency damped, inverse document frequency,
unit length), as the concepts of the lexicon that stand in it, single and in pairs, so that what one language teaches
holds in another, and as the signals that the grammar found in it. The weights are in `config/learned.npz`, made from
`config/examples/` by `python -m detector.learn`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detector.reading.clauses import Sentence

LONGEST = 4
"""Letters of the longest n-gram."""
MOST_LETTERS = 400
"""Letters of a sentence that are looked at; the longest of the examples has 300."""
CONCEPT_WEIGHT, RULE_WEIGHT = 0.15, 0.5
"""What a concept, and what a finding of the grammar, counts beside a text of unit length."""
VOTED = (
    "serial_removed", "relabelled", "no_paperwork", "export_evasion", "off_platform_contact", "engineering_sample", "modified_hardware",
)  # fmt: skip
"""Signals that hold where they are more probable than not: those that words alone state."""
TOLD = 0.5


def ngrams(text: str) -> Iterator[str]:
    """One to four letters inside words, a word's borders written as a space: what scikit-learn calls char_wb."""
    for word in text[:MOST_LETTERS].split():
        padded = f" {word} "
        for n in range(1, LONGEST + 1):
            yield from (padded[at : at + n] for at in range(max(len(padded) - n + 1, 1)))


def told(sentence: Sentence) -> frozenset[str]:
    """The concepts of a sentence; a question is one too."""
    return sentence.concepts | {"?"} if sentence.question else sentence.concepts


def marks(concepts: Iterable[str], ruled: Iterable[str]) -> list[str]:
    """Concepts and their pairs, and the signals that rules found (`ruled`), as names of features."""
    found = sorted(concepts)
    return [
        *(f"{CONCEPT}{name}" for name in found),
        *(f"{CONCEPT}{a}&{b}" for a, b in combinations(found, 2)),
        *(f"{RULE}{name}" for name in sorted(ruled)),
    ]


CONCEPT, RULE = "\x01", "\x02"
"""What the names of these features begin with."""


@dataclass(frozen=True)
class Learned:
    """The votes. Raises OSError, ValueError if the file is missing or is of another form."""

    path: Path

    @cached_property
    def _data(self) -> dict[str, Any]:
        import numpy as np

        with np.load(self.path, allow_pickle=False) as stored:
            held = {name: stored[name] for name in stored.files}
        names = bytes(held["features"]).decode().split("\n")
        return {
            "rows": {name: row for row, name in enumerate(names)}, "idf": held["idf"].astype("f4"), "weights": held["weights"].astype("f4"),
            "bias": held["bias"].astype("f4"), "signals": tuple(str(name) for name in held["signals"]),
        }  # fmt: skip

    def probabilities(self, text: str, marked: Sequence[str]) -> dict[str, float]:
        """The probability of each signal, of a sentence's folded text and its `marks`."""
        import numpy as np

        data, rows = self._data, self._data["rows"]
        seen = [(rows[name], n) for name, n in Counter(ngrams(text)).items() if name in rows]
        if not seen:
            return {}
        at = np.fromiter((row for row, _ in seen), np.intp, len(seen))
        values = np.fromiter((1 + math.log(n) for _, n in seen), np.float32, len(seen)) * data["idf"][at]
        logits = data["bias"] + (values / np.linalg.norm(values)) @ data["weights"][at]
        for kind, weight in ((CONCEPT, CONCEPT_WEIGHT), (RULE, RULE_WEIGHT)):
            known = [rows[name] for name in marked if name[0] == kind and name in rows]
            logits = logits + weight * data["weights"][known].sum(axis=0)
        return dict(zip(data["signals"], (1 / (1 + np.exp(-logits))).tolist(), strict=True))
