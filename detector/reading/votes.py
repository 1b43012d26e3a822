"""Learned votes: a linear model over the letters of texts and over named facts, made by `python -m detector.learn`.

A text is seen as its n-grams of one to four letters inside words (term frequency damped, inverse document frequency, unit
length). The weights stand in `config/learned/*.npz`, one column a label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_SPACE = ord(" ")
_PLACE_BITS = 32
_PLACE = (1 << _PLACE_BITS) - 1


def ngrams(text: str) -> Iterator[str]:
    """One to four letters inside words, a word's borders written as a space: what scikit-learn calls char_wb."""
    for word in text[:MOST_LETTERS].split():
        padded = f" {word} "
        for n in range(1, LONGEST + 1):
            yield from (padded[at : at + n] for at in range(max(len(padded) - n + 1, 1)))


class Letters:
    """The known n-grams of all kinds of text as sorted integers, so that those of many texts are found in a few calls of numpy."""

    def __init__(self, grams: Mapping[str, Sequence[str]], idf: NDArray[Any], weights: NDArray[Any]) -> None:
        """`grams` by kind, n in all, with `idf` (n,) and `weights` (n, n_labels) in their order."""
        import numpy as np

        alphabet = sorted({char for known in grams.values() for gram in known for char in gram} | {" "})
        codes = [ord(char) for char in alphabet]
        self._numbers = np.full(codes[-1] + 2, len(codes) + 1, np.uint64)  # a letter of no n-gram has a number of none
        self._numbers[codes] = np.arange(1, len(codes) + 1)
        self._shift = {kind: at * (len(codes) + 1) for at, kind in enumerate(grams)}
        """What is added to the numbers of a kind's letters: each kind has numbers of its own."""
        keys = np.concatenate([self._keys_of(known, self._shift[kind]) for kind, known in grams.items()])
        order = np.argsort(keys)
        self._keys, self._idf, self._weights = keys[order], idf[order], weights[order]
        self._damped = 1 + np.log(np.arange(1, 2 * MOST_LETTERS), dtype=np.float32)

    def _keys_of(self, grams: Sequence[str], shift: int) -> NDArray[np.uint64]:
        import numpy as np

        wide = np.array(grams, f"U{LONGEST}").view(np.uint32).reshape(-1, LONGEST)
        keys = np.zeros(len(grams), np.uint64)
        for column in wide.T:  # shorter n-grams end in zeros
            keys = np.where(column == 0, keys, keys << np.uint64(_BITS) | self._numbers[column] + np.uint64(shift))
        return keys

    def logits(self, texts: Sequence[tuple[str, str]]) -> NDArray[Any]:
        """What the n-grams of each text, given with its kind, add, (n_texts, n_labels); zeros where none of them is known."""
        import numpy as np

        added = np.zeros((len(texts), self._weights.shape[1]), np.float32)
        found = self._found(texts)
        found.sort()
        new = np.ones(len(found) + 1, bool)
        np.not_equal(found[1:], found[:-1], out=new[1:-1])
        edges = new.nonzero()[0]
        first = edges[:-1]
        found = found.take(first)
        known = found & _PLACE
        values = self._damped.take(edges[1:] - first - 1) * self._idf.take(known)
        weights = self._weights.take(known, axis=0)
        ends = found.searchsorted(np.arange(len(texts) + 1) << _PLACE_BITS).tolist()
        for row, (start, end) in enumerate(pairwise(ends)):
            if start < end:
                own = values[start:end]
                added[row] = (own @ weights[start:end]) / np.sqrt(own @ own)
        return added

    def _found(self, texts: Sequence[tuple[str, str]]) -> NDArray[np.int64]:
        """The known of the `ngrams` of texts, each as its place among all, with the number of its text in the bits above."""
        import numpy as np

        lines = [f" {'  '.join(words)} " if (words := text[:MOST_LETTERS].split()) else "" for _, text in texts]
        codes = np.frombuffer("".join(lines).encode("utf-32-le", "surrogatepass"), np.uint32)
        sizes = [len(line) for line in lines]
        of = np.repeat(np.arange(len(lines)) << _PLACE_BITS, sizes)
        letters = self._numbers.take(codes, mode="clip")
        if len(self._shift) > 1:
            letters += np.repeat(np.array([self._shift[kind] for kind, _ in texts], np.uint64), sizes)
        # Two spaces part two words, and two texts: what runs over them is no n-gram of any text, nor is what ends in zeros.
        windows = np.empty((LONGEST, len(letters)), np.uint64)
        windows[0] = letters
        for n in range(1, LONGEST):
            np.left_shift(windows[n - 1], np.uint64(_BITS), out=windows[n])
            windows[n, :-n] |= letters[n:]
        space = codes == _SPACE
        alone = (space[:-2] & space[2:]).nonzero()[0]  # a word of one letter has no n-gram of four, and counts with that of three twice
        grams = np.concatenate((windows.ravel(), windows[2].take(alone)))
        places = self._keys.searchsorted(grams)
        known = (self._keys.take(places, mode="clip") == grams).nonzero()[0]
        return np.concatenate((of, of, of, of, of.take(alone))).take(known) | places.take(known)


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
        size = int(held["sizes"].sum())
        letters = Letters({kind: names[part] for kind, part in kinds.items()}, idf[:size], weights[:size])
        return {
            "letters": letters, "facts": {name: row for row, name in enumerate(names[size:])}, "told": weights[size:], "bias": held["bias"].astype("f4"),
            "labels": tuple(str(name) for name in held["labels"]),
        }  # fmt: skip

    @property
    def labels(self) -> tuple[str, ...]:
        """What is voted on, in the order of `logits`."""
        labels: tuple[str, ...] = self._data["labels"]
        return labels

    def logits(self, texts: Sequence[Mapping[str, str]], facts: Sequence[Iterable[tuple[str, float]]]) -> NDArray[Any]:
        """Log-odds (n, n_labels), of each one's folded texts by their kind, all of the same kinds, and of its named facts."""
        import numpy as np

        kinds = len(texts[0])
        told = self._data["letters"].logits([pair for row in texts for pair in row.items()])
        logits = np.tile(self._data["bias"], (len(texts), 1))
        for kind in range(kinds):
            logits += told[kind::kinds]
        rows, weights = self._data["facts"], self._data["told"]
        for at, named in enumerate(facts):
            known = [(rows[name], value) for name, value in named if name in rows]
            if known:
                places, values = zip(*known, strict=True)
                logits[at] += np.array(values, np.float32) @ weights.take(places, axis=0)
        return logits
