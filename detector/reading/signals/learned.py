"""What example sentences teach where the grammar sees nothing: one logistic vote a signal, over letters and concepts.

A sentence is seen as its n-grams of one to four letters inside words (term frequency damped, inverse document frequency,
unit length) and as the concepts of the lexicon that stand in it, single and in pairs, so that what one language teaches
holds in another. The weights are in `config/learned.npz`, made from `config/examples/` by `python -m detector.learn`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
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
CONCEPT_WEIGHT = 0.35
"""What a concept counts beside a text of unit length."""
SURE = {"serial_removed": 0.98, "relabelled": 0.95, "export_evasion": 0.95}
"""Probability from which a signal is told: signals said in so many ways that the grammar misses some, told where the votes
find more than they spoil. Of the others they found nothing that the grammar does not."""


def ngrams(text: str) -> Iterator[str]:
    """One to four letters inside words, a word's borders written as a space: what scikit-learn calls char_wb."""
    for word in text[:MOST_LETTERS].split():
        padded = f" {word} "
        for n in range(1, LONGEST + 1):
            yield from (padded[at : at + n] for at in range(max(len(padded) - n + 1, 1)))


def concepts(sentence: Sentence) -> list[str]:
    """The concepts of a sentence and their pairs, as names of features; a question is one too."""
    found = sorted(sentence.concepts | ({"?"} if sentence.question else set()))
    return [f"\x01{name}" for name in found] + [f"\x01{a}&{b}" for a, b in combinations(found, 2)]


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

    def votes(self, sentence: Sentence) -> dict[str, float]:
        """Signals that the sentence probably carries, with the probability; only those sure enough to be told."""
        text = sentence.text[sentence.start : sentence.end].strip()
        return {
            name: sure
            for name, sure in self.probabilities(text, concepts(sentence)).items()
            if sure >= SURE[name]
        }

    def probabilities(self, text: str, told: Iterable[str]) -> dict[str, float]:
        """The probability of each signal, of a sentence's folded text and its `concepts`."""
        import numpy as np

        data, rows = self._data, self._data["rows"]
        seen = [(rows[name], n) for name, n in Counter(ngrams(text)).items() if name in rows]
        if not seen:
            return {}
        at = np.fromiter((row for row, _ in seen), np.intp, len(seen))
        values = np.fromiter((1 + math.log(n) for _, n in seen), np.float32, len(seen)) * data["idf"][at]
        known = [rows[name] for name in told if name in rows]
        logits = (
            data["bias"]
            + (values / np.linalg.norm(values)) @ data["weights"][at]
            + CONCEPT_WEIGHT * data["weights"][known].sum(axis=0)
        )
        return dict(zip(data["signals"], (1 / (1 + np.exp(-logits))).tolist(), strict=True))
