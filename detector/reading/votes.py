"""Learned votes: a linear model over the letters of texts and over named facts, made by `python -m detector.learn`.

A text is seen as its n-grams of one to four letters inside words (term frequency damped, inverse document frequency, unit
length). The weights stand in `config/learned/*.npz`, one column a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST = 4
"""Letters of the longest n-gram: four letters' numbers of 16 bits fill one integer."""
MOST_LETTERS = 400
"""Letters of a text that are looked at; the longest of the examples has 300."""
_BITS = 16


def ngrams(text: str) -> Iterator[str]:
    """One to four letters inside words, a word's borders written as a space: what scikit-learn calls char_wb."""
    for word in text[:MOST_LETTERS].split():
        padded = f" {word} "
        for n in range(1, LONGEST + 1):
            yield from (padded[at : at + n] for at in range(max(len(padded) - n + 1, 1)))


class Letters:
    """The known n-grams of one kind of text as sorted integers, so that a text's are found in a few calls of numpy."""

    def __init__(self, grams: Sequence[str], idf: NDArray[Any], weights: NDArray[Any]) -> None:
        """`grams` (n,) with `idf` (n,) and `weights` (n, n_labels)."""
        import numpy as np

        alphabet = sorted({char for gram in grams for char in gram} | {" "})
        self._space = alphabet.index(" ") + 1
        codes = [ord(char) for char in alphabet]
        self._numbers = np.full(codes[-1] + 2, len(codes) + 1, np.uint64)  # a letter of no n-gram has a number of none
        self._numbers[codes] = np.arange(1, len(codes) + 1)
        keys = self._keys_of(grams)
        order = np.argsort(keys)
        self._keys, self._idf, self._weights = keys[order], idf[order], weights[order]

    def _keys_of(self, grams: Sequence[str]) -> NDArray[np.uint64]:
        import numpy as np

        wide = np.array(grams, f"U{LONGEST}").view(np.uint32).reshape(-1, LONGEST)
        keys = np.zeros(len(grams), np.uint64)
        for column in wide.T:  # shorter n-grams end in zeros
            keys = np.where(column == 0, keys, keys << np.uint64(_BITS) | self._numbers[column])
        return keys

    def logits(self, text: str) -> NDArray[Any] | None:
        """What the n-grams of a text add, (n_labels,); None if none of them is known."""
        import numpy as np

        grams = self._grams(text)
        grams.sort()
        at = self._keys.searchsorted(grams)
        at = at[self._keys.take(at, mode="clip") == grams]
        if not len(at):
            return None
        first = np.concatenate(([0], np.flatnonzero(at[1:] != at[:-1]) + 1))
        known, times = at[first], np.concatenate((first[1:], [len(at)])) - first
        values = (1 + np.log(times, dtype=np.float32)) * self._idf[known]
        return (values @ self._weights[known]) / np.sqrt(values @ values)

    def _grams(self, text: str) -> NDArray[np.uint64]:
        """`ngrams` of a text as integers."""
        import numpy as np

        words = text[:MOST_LETTERS].split()
        if not words:
            return np.empty(0, np.uint64)
        line = f" {'  '.join(words)} "
        codes = np.frombuffer(line.encode("utf-32-le", "surrogatepass"), np.uint32)
        letters = self._numbers.take(codes, mode="clip")
        space = letters == self._space
        inside = ~(space[:-1] & space[1:])  # two spaces part two words
        windows, found, whole = letters, [letters], inside
        for n in range(2, LONGEST + 1):
            windows = windows[:-1] << np.uint64(_BITS) | letters[n - 1 :]
            whole = whole if n == 2 else whole[:-1] & inside[n - 2 :]
            found.append(windows[whole])
            if n == LONGEST - 1:  # a word of one letter has no longer n-gram, and counts with this one twice
                found.append(windows[whole & space[: 1 - n] & space[n - 1 :]])
        return np.concatenate(found)


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
        idf, weights = held["idf"].astype("f4"), held["weights"].astype("f4")
        kinds = {kind: slice(*ends) for kind, ends in zip(held["kinds"].tolist(), pairwise(accumulate(held["sizes"].tolist(), initial=0)), strict=True)}
        told = slice(int(held["sizes"].sum()), None)
        return {
            "letters": {kind: Letters(names[part], idf[part], weights[part]) for kind, part in kinds.items()},
            "facts": {name: row for row, name in enumerate(names[told])}, "told": weights[told], "bias": held["bias"].astype("f4"),
            "labels": tuple(str(name) for name in held["labels"]),
        }  # fmt: skip

    @property
    def labels(self) -> tuple[str, ...]:
        """What is voted on, in the order of `logits`."""
        labels: tuple[str, ...] = self._data["labels"]
        return labels

    def logits(self, texts: Mapping[str, str], facts: Mapping[str, float]) -> NDArray[Any]:
        """Log-odds (n_labels,) of folded texts by their kind, and of named facts."""
        import numpy as np

        logits = self._data["bias"].copy()
        for kind, text in texts.items():
            if (told := self._data["letters"][kind].logits(text)) is not None:
                logits += told
        rows = self._data["facts"]
        known = [(rows[name], value) for name, value in facts.items() if name in rows]
        if known:
            at, values = zip(*known, strict=True)
            logits += np.array(values, np.float32) @ self._data["told"][list(at)]
        return logits
