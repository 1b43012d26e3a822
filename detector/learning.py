"""How votes are learned: texts and facts as one matrix, and what was fitted on it as the file that `reading.votes` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.reading.votes import ngrams

RARE = 3
"""N-grams and facts in fewer samples teach nothing."""


@dataclass(frozen=True)
class Design:
    """What makes a matrix of samples: a vectorizer of letters for each kind of text, one of facts, and what each counts."""

    letters: dict[str, Any]
    facts: Any
    text_weight: float
    fact_weights: dict[str, float]
    """By the first letter of a fact's name; "" for all others."""

    @classmethod
    def of(
        cls, texts: Sequence[Mapping[str, str]], facts: Sequence[Mapping[str, float]], *, text_weight: float, fact_weights: dict[str, float]
    ) -> Design:
        """Learn the vocabulary of the samples."""
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.feature_extraction.text import TfidfVectorizer

        letters = {
            kind: TfidfVectorizer(analyzer=ngrams, sublinear_tf=True, min_df=RARE).fit(row[kind] for row in texts) for kind in texts[0]
        }
        seen = DictVectorizer().fit(facts)
        rows = seen.transform(facts)
        return cls(letters, seen.restrict(rows.getnnz(axis=0) >= RARE), text_weight, fact_weights)

    def matrix(self, texts: Sequence[Mapping[str, str]], facts: Sequence[Mapping[str, float]]) -> Any:
        """Sparse, (n_samples, n_features)."""
        from scipy.sparse import diags, hstack

        blocks = [self.text_weight * way.transform(row[kind] for row in texts) for kind, way in self.letters.items()]
        return hstack([*blocks, self.facts.transform(facts) @ diags(self._fact_weights())]).tocsr()

    def _fact_weights(self) -> list[float]:
        usual = self.fact_weights.get("", 1.0)
        return [self.fact_weights.get(name[0], usual) for name in self.facts.get_feature_names_out()]

    def save(self, target: Path, *, coef: Any, bias: Any, labels: Sequence[str], made_from: str) -> None:
        """Write weights `coef` (n_labels, n_features) and `bias` (n_labels,) for raw facts and texts of unit length."""
        import numpy as np

        names: list[str] = []
        idf, weights = [], []
        for way in self.letters.values():
            names += way.get_feature_names_out().tolist()
            idf.append(way.idf_)
            weights += [self.text_weight] * len(way.idf_)
        told = self.facts.get_feature_names_out()
        idf.append(np.ones(len(told)))
        scale = np.array([*weights, *self._fact_weights()])
        np.savez_compressed(
            target, features=np.frombuffer("\n".join([*names, *told]).encode(), dtype=np.uint8), idf=np.concatenate(idf).astype("f2"),
            weights=(np.asarray(coef).T * scale[:, None]).astype("f2"), bias=np.asarray(bias, "f4"), labels=np.array(labels),
            kinds=np.array(list(self.letters)), sizes=np.array([len(way.idf_) for way in self.letters.values()]),
            made_from=np.array(made_from),
        )  # fmt: skip
