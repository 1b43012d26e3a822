"""The forest: same scores however asked, exact shares, missing figures, calibrated tails, kept and refused."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.schema.thresholds import Modelling
from detector import model as models
from detector.errors import ModelError
from detector.features import NAMES
from detector.forest import Forest
from detector.model import Row, SegmentMiddle, fit, load, opinions_by_row, save

RNG = np.random.default_rng(7)
ROWS = RNG.normal(size=(1200, 6))
ROWS[::7, 2] = np.nan
FOREST = Forest(trees=60).fit(ROWS)


def test_the_strange_scores_higher() -> None:
    scores = FOREST.score_samples(np.vstack([ROWS[:50], np.full((1, 6), 9.0)]))
    assert scores.argmax() == 50


def test_one_row_scores_as_in_a_batch_to_the_last_bit() -> None:
    batch = FOREST.score_samples(ROWS[:100])
    assert [FOREST.score_samples(ROWS[i : i + 1])[0] for i in range(100)] == list(batch)


def test_the_same_seed_gives_the_same_forest() -> None:
    assert (Forest(trees=60).fit(ROWS).score_samples(ROWS) == FOREST.score_samples(ROWS)).all()


def test_shares_sum_to_the_score() -> None:
    for row in ROWS[:50]:
        told = FOREST.explain(row)
        assert told.score == pytest.approx(FOREST.score_samples(row[None])[0], abs=1e-9)
        assert told.shares.sum() == pytest.approx(told.score, abs=1e-12)


def test_a_planted_figure_is_the_first_reason() -> None:
    first = third = 0
    for at in range(200):
        row, feature = ROWS[at].copy(), at % 6
        row[feature] = 8.0 if at % 2 else -8.0
        rank = int((FOREST.explain(row).shares > FOREST.explain(row).shares[feature]).sum())
        first, third = first + (rank == 0), third + (rank < 3)
    assert first >= 150 and third >= 190


def test_rare_missing_is_strange_and_common_missing_is_not() -> None:
    rare, common = np.zeros(6), np.zeros(6)
    rare[0], common[2] = np.nan, np.nan
    assert FOREST.explain(rare).shares[0] > FOREST.explain(common).shares[2]


def test_arrays_and_frames_score_alike() -> None:
    frame = pd.DataFrame(ROWS, columns=list("abcdef"))
    assert (Forest(trees=20).fit(frame).score_samples(frame) == Forest(trees=20).fit(ROWS).score_samples(ROWS)).all()


def test_other_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="6 features"):
        FOREST.score_samples(ROWS[:, :4])


def test_tail_probability_is_the_share_of_the_fit_at_least_as_strange() -> None:
    tails = FOREST.tail_probability(FOREST.score_samples(ROWS))
    assert tails.min() > 0 and tails.max() <= 1
    assert np.mean(tails <= 0.05) == pytest.approx(0.05, abs=0.005)
    assert FOREST.tail_probability([1e9])[0] == pytest.approx(1 / 1201)


def test_infinite_figures_are_missing_ones() -> None:
    assert np.isfinite(FOREST.score_samples(np.array([[np.inf, -np.inf, 1e300, 0, 0, 0]]))).all()


def test_one_row_with_reasons_costs_less_than_twice_scikit_learns_one_row() -> None:
    def seconds(act: object) -> float:
        best = 9.0
        for _ in range(15):
            start = time.perf_counter()
            act()  # type: ignore[operator]
            best = min(best, time.perf_counter() - start)
        return best

    ours = seconds(lambda: (FOREST.score_samples(ROWS[:1]), FOREST.explain(ROWS[0])))
    theirs = seconds(lambda: FOREST.isolation_.score_samples(np.nan_to_num(ROWS[:1])))
    assert ours <= 2 * theirs


def test_a_fresh_forest_refuses_to_score() -> None:
    with pytest.raises(Exception, match="not fitted"):
        Forest().score_samples(ROWS)


# The model kept in a home.

OFFERS = [
    Row(
        "board" if i % 40 else "shop",
        "sale/us" if i % 3 else "sale/cn",
        {name: float("nan") if (i + at) % 11 == 0 else float(RNG.normal()) for at, name in enumerate(NAMES)},
    )
    for i in range(400)
]
MODEL = fit(OFFERS, Modelling(trees=40), now="2025-06-01T00:00:00Z", days=("2025-01-01", "2025-06-01"), knowledge="abc")
assert MODEL is not None


def test_too_few_offers_are_a_cold_start() -> None:
    assert fit(OFFERS[:50], Modelling(), now="", days=("", ""), knowledge="") is None


def test_a_kept_model_judges_as_before(tmp_path: Path) -> None:
    assert MODEL is not None
    again = load(save(MODEL, tmp_path))
    assert again.version == MODEL.version and again.facts() == MODEL.facts()
    assert again.opinions(OFFERS[:80], 0.2) == MODEL.opinions(OFFERS[:80], 0.2)


def test_of_a_site_it_hardly_saw_the_forest_says_nothing() -> None:
    assert MODEL is not None and MODEL.sites == ("board",)
    found = opinions_by_row(MODEL, [OFFERS[0], None, OFFERS[1]], 1.0)
    assert found[:2] == [None, None] and found[2] == MODEL.opinions([OFFERS[1]], 1.0)[0]


def test_opinions_do_not_depend_on_the_batch() -> None:
    assert MODEL is not None
    assert MODEL.opinions(OFFERS[:60], 1.0) == [MODEL.opinions([row], 1.0)[0] for row in OFFERS[:60]]


def test_the_shares_that_are_kept_sum_to_the_score() -> None:
    assert MODEL is not None
    for told in MODEL.opinions(OFFERS[:40], 1.0):
        assert sum(share for _, share, _ in told.shares) == pytest.approx(told.score, abs=1e-9)
        assert told.shares[-1][0] == "rest" and len(told.shares) == models.TOP_SHARES + 1


def test_a_model_of_other_features_or_versions_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MODEL is not None
    path = save(MODEL, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(models, "NAMES", (*NAMES[:-1], "other"))
        with pytest.raises(ModelError, match=r"other features \(other, price_move\).*--refit"):
            load(path)
    with monkeypatch.context() as patch:
        patch.setattr(models.sklearn, "__version__", "1.99.0")
        with pytest.raises(ModelError, match=re.escape("here is 1.99.0")):
            load(path)


def test_a_model_file_of_another_fit_is_refused(tmp_path: Path) -> None:
    """As after a restore gone wrong."""
    assert MODEL is not None
    path = save(MODEL, tmp_path)
    with pytest.raises(ModelError, match=r"not the file that was fitted.*--refit"):
        load(path, sha256="0" * 64)
    with pytest.raises(ModelError, match=f"holds the model {MODEL.version}"):
        load(path.rename(tmp_path / "bb3fd0bc828f.skops"))


def test_a_model_file_with_foreign_types_is_not_loaded(tmp_path: Path) -> None:
    import skops.io
    from sklearn.svm import SVC

    path = tmp_path / "x.skops"
    path.write_bytes(skops.io.dumps({"pipeline": FOREST, "other": SVC(kernel=test_arrays_and_frames_score_alike)}))
    with pytest.raises(ModelError, match="not loaded"):
        load(path)
    path.write_bytes(b"no zip at all")
    with pytest.raises(ModelError, match="cannot be read"):
        load(path)
    with pytest.raises(ModelError, match="gone"):
        load(tmp_path / "missing.skops")


def test_segments_have_their_own_middle() -> None:
    X = np.array([[0, 10.0, 1]] * 40 + [[1, 20.0, 1]] * 40 + [[2, 90.0, 1]] * 3)
    middle = SegmentMiddle((True, False)).fit(X)
    moved = middle.transform(np.array([[0, 11.0, 5], [1, 21.0, 5], [2, 20.0, 5], [7, 20.0, np.nan]]))
    assert moved[:3].tolist() == [[1, 5], [1, 5], [0, 5]]
    assert moved[3][0] == 0 and np.isnan(moved[3][1])


def test_drift_is_seen_and_its_absence_too() -> None:
    assert MODEL is not None
    assert max(MODEL.drift(OFFERS).values()) < 0.01
    moved = [Row(row.site, row.segment, {**row.figures, "pictures": row.figures["pictures"] + 2}) for row in OFFERS]
    drift = MODEL.drift(moved)
    assert drift["pictures"] > 0.25 and drift["stock"] < 0.01
