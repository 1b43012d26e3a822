"""Learned votes: a linear model over the letters of texts and over named facts, made by `python -m detector.learn`.

A text is seen as its n-grams of one to four letters inside words (term frequency damped, inverse document frequency, unit
length). The weights stand in `config/learned/*.npz`, one column a label.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

LONGEST = 4
"""Letters of the longest n-gram."""
MOST_LETTERS = 400
"""Letters of a text that are looked at; the longest of the examples has 300."""


def ngrams(text: str) -> Iterator[str]:
    """One to four letters inside words, a word's borders written as a space: what scikit-learn calls char_wb."""
    for word in text[:MOST_LETTERS].split():
        padded = f" {word} "
        for n in range(1, LONGEST + 1):
            yield from (padded[at : at + n] for at in range(max(len(padded) - n + 1, 1)))


@dataclass(frozen=True)
class Votes:
    """The weights. Raises OSError, ValueError if the file is missing or is of another form."""

    path: Path

    @cached_property
    def _data(self) -> dict[str, Any]:
        import numpy as np

        with np.load(self.path, allow_pickle=False) as stored:
            held = {name: stored[name] for name in stored.files}
        names = bytes(held["features"]).decode().split("\n")
        return {
            "rows": {name: row for row, name in enumerate(names)}, "idf": held["idf"].astype("f4"), "weights": held["weights"].astype("f4"),
            "bias": held["bias"].astype("f4"), "labels": tuple(str(name) for name in held["labels"]),
        }  # fmt: skip

    @property
    def labels(self) -> tuple[str, ...]:
        """What is voted on, in the order of `logits`."""
        labels: tuple[str, ...] = self._data["labels"]
        return labels

    def logits(self, texts: Mapping[str, str], facts: Mapping[str, float]) -> np.ndarray[Any, Any]:
        """Log-odds (n_labels,) of folded texts, each under the letter its n-grams are stored with, and of named facts."""
        import numpy as np

        data, rows = self._data, self._data["rows"]
        logits = data["bias"].copy()
        for kind, text in texts.items():
            seen = [(rows[name], n) for gram, n in Counter(ngrams(text)).items() if (name := kind + gram) in rows]
            if seen:
                at = np.fromiter((row for row, _ in seen), np.intp, len(seen))
                values = np.fromiter((1 + math.log(n) for _, n in seen), np.float32, len(seen)) * data["idf"][at]
                logits += (values / np.linalg.norm(values)) @ data["weights"][at]
        known = [(rows[name], value) for name, value in facts.items() if name in rows]
        if known:
            at = np.fromiter((row for row, _ in known), np.intp, len(known))
            logits += np.fromiter((value for _, value in known), np.float32, len(known)) @ data["weights"][at]
        return logits
