"""The forest in force: fitted by an explicit refit, kept with what it was fitted on, refused where that differs.

Order of a row's way: figures -> taken against the middle of their market segment -> forest -> tail probability.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import numpy as np
import sklearn
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import validate_data

from config.schema.thresholds import Modelling
from detector.errors import ModelError
from detector.features import FEATURES, NAMES, Figures
from detector.forest import Forest
from detector.judge import Opinion
from storage.whole import write_whole

Floats = NDArray[np.float64]

TRUSTED = ["detector.forest.Forest", "detector.model.SegmentMiddle", "sklearn.tree._tree.Tree"]
"""Types a stored model may hold besides plain numbers and arrays."""

MIN_SEGMENT = 30
"""Rows from which a segment has a middle of its own (smaller ones use the middle of all), and a site is known."""

TOP_SHARES = 5
"""Features named in a reason."""

REST = "rest"
"""The share of all other features together, so that the shares of a reason sum to the forest's score."""

PSI_BINS = 10


class SegmentMiddle(TransformerMixin, BaseEstimator):
    """Takes figures against the median of their segment: column 0 is the segment's number, the rest are figures.

    `relative` says for each figure whether it is taken so. A segment with few rows uses the median of all.
    """

    def __init__(self, relative: Sequence[bool] = (), min_rows: int = MIN_SEGMENT) -> None:
        self.relative = relative
        self.min_rows = min_rows

    def fit(self, X: ArrayLike, y: Any = None) -> SegmentMiddle:
        """Learn the middles. X is (n_samples, 1 + n_figures)."""
        checked: Floats = np.asarray(validate_data(self, X, dtype=np.float64, ensure_all_finite=False))
        segments, values = checked[:, 0], checked[:, 1:]
        self.overall_ = _medians(values)
        self.segments_ = np.unique(segments)
        rows = [values[segments == number] for number in self.segments_]
        own = [_medians(part) if len(part) >= self.min_rows else self.overall_ for part in rows]
        self.middles_ = np.where(np.isnan(own), self.overall_, own)
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """(n_samples, n_figures) without the segment column."""
        X = np.asarray(X, dtype=np.float64)
        at = np.searchsorted(self.segments_, X[:, 0]).clip(max=len(self.segments_) - 1)
        known = self.segments_[at] == X[:, 0]
        middle = np.where(known[:, None], self.middles_[at], self.overall_)
        return np.asarray(X[:, 1:] - np.where(np.asarray(self.relative, dtype=bool), middle, 0.0))


def _medians(values: Floats) -> Floats:
    filled = [column[~np.isnan(column)] for column in values.T]
    return np.array([np.median(column) if len(column) else 0.0 for column in filled])


@dataclass(frozen=True, slots=True)
class Row:
    """One offer as the forest sees it."""

    site: str
    segment: str
    figures: Figures


@dataclass(frozen=True)
class Model:
    """A fitted forest with everything needed to say what it is. `version` is a digest of all of it."""

    pipeline: Pipeline
    sites: tuple[str, ...]
    """Sites with enough offers in the fit. Of another site's it says nothing: all of them would look strange to it."""
    segments: tuple[str, ...]
    fitted_at: str
    first: str
    last: str
    """Dates of the oldest and newest observation it was fitted on."""
    rows: int
    knowledge: str
    features: tuple[str, ...] = NAMES
    sklearn: str = sklearn.__version__

    @cached_property
    def forest(self) -> Forest:
        """The last step of the pipeline."""
        return self.pipeline[-1]

    @cached_property
    def version(self) -> str:
        """Twelve hex digits over data range, features, libraries and the fitted scores."""
        facts = [self.features, self.sites, self.segments, self.first, self.last, self.rows, self.knowledge, self.sklearn, self.forest.get_params()]
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        digest.update(self.forest.scores_.tobytes())
        return digest.hexdigest()[:12]

    def opinions(self, rows: Sequence[Row], explain_from: float) -> list[Opinion]:
        """The forest's word on each row; shares by feature only where the tail is at most `explain_from`."""
        if not rows:
            return []
        X = self.pipeline[:-1].transform(self._matrix(rows))
        scores = self.forest.score_samples(X)
        tails = self.forest.tail_probability(scores)
        return [
            Opinion(float(tail), float(score), self._shares(x, row) if tail <= explain_from else (), self.version)
            for x, row, score, tail in zip(X, rows, scores, tails, strict=True)
        ]

    def drift(self, rows: Sequence[Row]) -> dict[str, float]:
        """Population stability index by feature between the fit's rows and these; above 0.25 a refit is due."""
        X = self.pipeline[:-1].transform(self._matrix(rows))
        pairs = zip(self.features, self.forest.columns_, X.T, strict=True)
        return {name: _psi(old, new[~np.isnan(new)], self.rows, len(new)) for name, old, new in pairs}

    def facts(self) -> dict[str, Any]:
        """What the model table keeps of it."""
        return {
            "version": self.version, "fitted_at": self.fitted_at, "first": self.first, "last": self.last,
            "rows": self.rows, "features": list(self.features), "knowledge": self.knowledge, "sklearn": self.sklearn,
            "trees": self.forest.trees, "max_samples": self.forest.max_samples, "sites": list(self.sites), "segments": list(self.segments),
        }  # fmt: skip

    def _matrix(self, rows: Sequence[Row]) -> Floats:
        return matrix(rows, self.segments)

    def _shares(self, x: Floats, row: Row) -> tuple[tuple[str, float, float | None], ...]:
        shares = self.forest.explain(x).shares
        # Values are shown as the forest sees them, against the segment's middle.
        named = [(n, float(s), None if np.isnan(v) else float(v)) for n, s, v in zip(self.features, shares, x, strict=True)]
        named.sort(key=lambda part: (-part[1], part[0]))
        return (*named[:TOP_SHARES], (REST, sum(share for _, share, _ in named[TOP_SHARES:]), None))


def matrix(rows: Sequence[Row], segments: Sequence[str]) -> Floats:
    """(n, 1 + n_features): the segment's number (-1 where unknown), then the figures."""
    numbers = {name: number for number, name in enumerate(segments)}
    out = np.empty((len(rows), 1 + len(NAMES)))
    for at, row in enumerate(rows):
        out[at, 0] = numbers.get(row.segment, -1)
        out[at, 1:] = [row.figures[name] for name in NAMES]
    return out


def fit(rows: Sequence[Row], options: Modelling, *, now: str, days: tuple[str, str], knowledge: str) -> Model | None:
    """A forest on these offers; None (cold start) where there are fewer than `min_rows`."""
    if len(rows) < options.min_rows:
        return None
    segments = tuple(sorted({row.segment for row in rows}))
    sites = tuple(sorted(site for site, n in Counter(row.site for row in rows).items() if n >= MIN_SEGMENT))
    pipeline = Pipeline(
        [
            ("relative", SegmentMiddle(tuple(feature.relative for feature in FEATURES))),
            ("forest", Forest(trees=options.trees, max_samples=options.max_samples, tail_weight=options.tail_weight)),
        ]
    )
    pipeline.fit(matrix(rows, segments))
    return Model(pipeline, sites, segments, now, *days, len(rows), knowledge)


def save(model: Model, folder: Path) -> Path:
    """Write the model as `<version>.skops`, whole or not at all."""
    import skops.io

    path = folder / f"{model.version}.skops"
    state = {
        "pipeline": model.pipeline, "sites": list(model.sites), "segments": list(model.segments), "fitted_at": model.fitted_at, "first": model.first,
        "last": model.last, "rows": model.rows, "knowledge": model.knowledge, "features": list(model.features),
        "sklearn": model.sklearn,
    }  # fmt: skip
    write_whole(path, skops.io.dumps(state, compression=ZIP_DEFLATED, compresslevel=3))
    return path


def load(path: Path, sha256: str | None = None) -> Model:
    """Read a stored model, of the digest that was noted with it where that is given. Raises ModelError if it is another file, of other
    features or versions, or not to be trusted."""
    import skops.io

    try:
        data = path.read_bytes()
        if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
            raise ModelError(f"{path}: is not the file that was fitted (its SHA-256 is another). {MEND}")
        unknown = set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED)
        if unknown:
            raise ModelError(f"{path}: holds {', '.join(sorted(unknown))}; not loaded. Fit anew: chipwatch detect --refit")
        state = skops.io.loads(data, trusted=TRUSTED)
    except ModelError:
        raise
    except FileNotFoundError as error:
        raise ModelError(f"{path}: the model's file is gone. Fit anew: chipwatch detect --refit") from error
    except Exception as error:
        raise ModelError(f"{path}: cannot be read ({error}). Fit anew: chipwatch detect --refit") from error
    _refuse_others(path, state)
    model = Model(
        state["pipeline"], tuple(state["sites"]), tuple(state["segments"]), state["fitted_at"], state["first"], state["last"], state["rows"],
        state["knowledge"], tuple(state["features"]), state["sklearn"],
    )  # fmt: skip
    if model.version != path.stem:
        raise ModelError(f"{path}: holds the model {model.version}. {MEND}")
    return model


MEND = "Put the right file back, or fit anew: chipwatch detect --refit"


def _refuse_others(path: Path, state: dict[str, Any]) -> None:
    if "sites" not in state:
        raise ModelError(f"{path}: is of an earlier form. Fit anew: chipwatch detect --refit")
    if tuple(state["features"]) != NAMES:
        other = sorted(set(state["features"]) ^ set(NAMES)) or ["their order"]
        raise ModelError(f"{path}: was fitted on other features ({', '.join(other)}). Fit anew: chipwatch detect --refit")
    if state["sklearn"].split(".")[:2] != sklearn.__version__.split(".")[:2]:
        raise ModelError(
            f"{path}: was fitted with scikit-learn {state['sklearn']}, here is {sklearn.__version__}. "
            "Fit anew: chipwatch detect --refit"
        )


def drifted(model: Model, rows: Sequence[Row], limit: float) -> dict[str, float]:
    """Features whose distribution among `rows` has moved since the fit by more than `limit`, the furthest first."""
    if not rows:
        return {}
    moved = {name: round(value, 3) for name, value in model.drift(rows).items() if value > limit}
    return dict(sorted(moved.items(), key=lambda item: -item[1]))


def _psi(old: Floats, new: Floats, old_rows: int, new_rows: int) -> float:
    """Population stability index over deciles of the old column, missing being a bin of its own."""
    edges = np.unique(np.quantile(old, np.linspace(0, 1, PSI_BINS + 1)[1:-1])) if len(old) else np.array([])
    shares = []
    for column, rows in ((old, old_rows), (new, new_rows)):
        counts = np.bincount(np.searchsorted(edges, column, side="left"), minlength=len(edges) + 1).astype(float)
        counts = np.append(counts, rows - len(column))
        # Half a row in each bin keeps an empty one from being infinitely far.
        shares.append((counts + 0.5) / (counts + 0.5).sum())
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def opinions_by_row(model: Model | None, rows: Sequence[Row | None], explain_from: float) -> list[Opinion | None]:
    """An opinion for each row that is an offer of a site the model knows; None for the others and at a cold start."""
    if model is None:
        return [None] * len(rows)
    asked = [row if row is not None and row.site in model.sites else None for row in rows]
    found = iter(model.opinions([row for row in asked if row is not None], explain_from))
    return [None if row is None else next(found) for row in asked]
