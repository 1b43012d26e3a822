"""Tuning on the desk's history: what a change would do, what it would lose, and that config keeps its comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from config.loader import Config
from config.schema.thresholds import Thresholds, Weight
from detector.apply import as_shipped, check_replayed, edited, parse_changes, preview
from detector.errors import ChangeError, DetectError
from detector.judge import Judge
from detector.tune import (
    Past,
    curve,
    effects,
    estimate_weights,
    propose,
    rate,
    replay,
    report,
)

CONFIG = Config(None)
CARDS = {"serial_removed": 5.0, "no_paperwork": 1.8, "transit_route": 1.8}


def judge(**weights: float) -> Judge:
    rows = [Weight(id=name, weight=value, why="test") for name, value in weights.items()]
    return Judge(Thresholds(weight=rows, pair=CONFIG.thresholds.pair), CARDS, CONFIG.market)


def past(number: int, signals: tuple[str, ...], decision: str | None = None, *, day: int = 1, site: str = "ebay") -> Past:
    kept = {
        "offer": "sale", "evidence": [[name, 1.0] for name in signals], "usd": None, "market": None, "tail": None, "dear": False,
    }  # fmt: skip
    score, severity, reasons = judge().again(kept)
    evidence = tuple(reason.evidence for reason in reasons if reason.evidence != "bias")
    return Past(
        f"l{number}", f"ebay/{number}", site, f"2025-06-{day:02}", score, severity, evidence, kept, decision,
        f"2025-07-{day:02}T00:00:00Z" if decision else None,
    )  # fmt: skip


HISTORY = [
    *(past(n, ("serial_removed",), "confirm" if n % 5 else "dismiss", day=1 + n % 4) for n in range(20)),
    *(past(100 + n, ("no_paperwork",), "dismiss" if n % 4 else "confirm", day=1 + n % 4) for n in range(20)),
    *(past(200 + n, (), day=1 + n % 4) for n in range(60)),
]


@pytest.mark.parametrize(
    ("good", "n", "low", "high"), [(0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (5, 10, 0.237, 0.763), (0, 0, 0.0, 1.0)]
)
def test_wilson(good: int, n: int, low: float, high: float) -> None:
    found = rate(good, n)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.001), pytest.approx(high, abs=0.001))


def test_the_curve_counts_alerts_a_day_and_precision_over_the_score() -> None:
    top, middle, bottom = curve(HISTORY)
    assert (top.alerts, top.per_day, top.precision.good, top.precision.n) == (20, 5, 16, 20)
    assert (middle.alerts, middle.precision.good, middle.precision.n) == (40, 21, 40)
    assert bottom.alerts == 100


def test_a_budget_gives_the_lowest_threshold_within_it() -> None:
    high, medium = HISTORY[0].score, HISTORY[20].score
    assert propose(HISTORY, budget_per_day=6).threshold == high
    assert propose(HISTORY, budget_per_day=10).threshold == medium
    nearly = [replace(past, score=0.999874) for past in HISTORY[:20]]
    assert propose(nearly, budget_per_day=10).why.startswith("score 0.999874 gives"), "none is told as sure"
    nothing = propose(HISTORY, budget_per_day=1)
    assert nothing.threshold is None and "at most 1 alerts a day" in nothing.why


def test_a_precision_gives_the_lowest_threshold_that_reaches_it() -> None:
    found = propose(HISTORY, precision=0.75)
    assert found.threshold == HISTORY[0].score and "0.80 (0.58 to 0.92, n 20)" in found.why
    assert propose(HISTORY, precision=0.5).threshold == HISTORY[-1].score
    assert propose(HISTORY, precision=0.99).threshold is None


def test_a_budget_and_a_precision_are_both_kept() -> None:
    assert propose(HISTORY, budget_per_day=10, precision=0.75).threshold == HISTORY[0].score
    assert propose(HISTORY, budget_per_day=10, precision=0.5).threshold == HISTORY[20].score
    nothing = propose(HISTORY, budget_per_day=10, precision=0.9)
    assert nothing.threshold is None and "at most 10 alerts a day and a precision of 0.9" in nothing.why


def test_a_change_replayed_lists_what_vanishes_and_which_confirmed_ones_would_be_lost() -> None:
    found = replay(HISTORY, judge(no_paperwork=0.2))
    assert (found.alerts_before, found.alerts_after, len(found.vanish), len(found.appear)) == (40, 20, 20, 0)
    assert sorted(change.past.listing for change in found.lost) == ["l100", "l104", "l108", "l112", "l116"]


def test_a_change_replayed_lists_what_appears() -> None:
    quiet = [past(1, ("unknown_sign",))]
    found = replay(quiet, judge(unknown_sign=2.0))
    assert [change.past.listing for change in found.appear] == ["l1"] and found.appear[0].severity == "medium"


def test_no_change_changes_nothing() -> None:
    assert not replay(HISTORY, judge()).appear and not replay(HISTORY, judge()).vanish


def test_the_report_gives_precision_by_signal_site_and_severity_over_time() -> None:
    rows = {(row.by, row.value, row.period): row.precision for row in report(HISTORY)}
    assert (rows["signal", "serial_removed", ""].good, rows["signal", "serial_removed", ""].n) == (16, 20)
    assert (rows["signal", "no_paperwork", "2025-07"].good, rows["severity", "medium", ""].good) == (5, 5)
    assert rows["site", "ebay", ""].n == 40


def test_what_was_drawn_at_random_is_no_decided_alert() -> None:
    drawn = [replace(past(300 + n, ("no_paperwork",), "dismiss"), drawn=True) for n in range(5)]
    assert report([*HISTORY, *drawn]) == report(HISTORY)


def test_weights_move_with_the_decisions_and_no_further_than_they_speak() -> None:
    found = {row.evidence: row for row in estimate_weights(HISTORY, judge(), judge())}
    assert found["no_paperwork"].proposed < found["no_paperwork"].now == 1.8
    assert found["no_paperwork"].n == 20 and 3.5 < found["serial_removed"].proposed < 5
    few = {row.evidence: row for row in estimate_weights(HISTORY[20:22], judge(), judge())}
    assert abs(few["no_paperwork"].proposed - 1.8) < abs(found["no_paperwork"].proposed - 1.8)


def test_a_proposed_weight_is_shown_with_its_effect_alone_and_together() -> None:
    pair = [past(50 + n, ("no_paperwork", "bulk_inventory"), "dismiss") for n in range(20)]
    history = [*HISTORY, *pair]
    found = estimate_weights(history, judge(), judge())
    assert {"weight.no_paperwork", "pair.bulk_without_papers"} <= {row.key for row in found}

    def changed(changes: Mapping[str, float]) -> Judge:
        pairs = [p.model_copy(update={"weight": changes.get(f"pair.{p.id}", p.weight)}) for p in CONFIG.thresholds.pair]
        rows = [Weight(id=key.partition(".")[2], weight=value, why="test") for key, value in changes.items() if key.startswith("weight.")]
        return Judge(Thresholds(weight=rows, pair=pairs), CARDS, CONFIG.market)

    each = effects(history, found, changed)
    assert len(each) == len(found) + 1
    alone = {row.key: done for row, done in zip(found, each, strict=False)}
    assert len(alone["weight.serial_removed"].vanish) == 0
    assert len(each[-1].vanish) >= max(len(done.vanish) for done in alone.values())
    assert each[-1] == replay(history, changed({row.key: row.proposed for row in found}))
    assert effects(history, [], changed) == []


def test_proposing_again_counts_no_decision_twice() -> None:
    first = {row.evidence: row.proposed for row in estimate_weights(HISTORY, judge(), judge())}
    again = estimate_weights(HISTORY, judge(**first), judge())
    assert {row.evidence: row.proposed for row in again} == first and all(row.now == row.proposed != row.shipped for row in again)


def test_the_shipped_weights_are_those_of_cards_and_pairs_whatever_the_home_says(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "thresholds.toml").write_text(
        '[score]\nbias = -3\n[[weight]]\nid = "no_paperwork"\nweight = 0.1\nwhy = "x"\n[[pair]]\nid = "bulk_through_hub"\nweight = 0.1\n'
    )
    prior = as_shipped(Config(tmp_path))
    shipped = next(card.weight for card in CONFIG.signals.signal if card.id == "no_paperwork")
    assert (prior.weights["no_paperwork"], prior.thresholds.score.bias) == (shipped, -3)
    assert {pair.id: pair.weight for pair in prior.thresholds.pair} == {pair.id: pair.weight for pair in CONFIG.thresholds.pair}


def test_without_decisions_no_weight_is_proposed() -> None:
    assert estimate_weights([past(1, ("serial_removed",))], judge(), judge()) == []


# Setting what was chosen.


def test_changes_are_words_with_toml_values() -> None:
    assert parse_changes(["severity.medium=0.3", "weight.no_paperwork=2"]) == {"severity.medium": 0.3, "weight.no_paperwork": 2}
    for wrong in (["medium=0.3"], ["severity.medium"], ["severity.medium=abc"], ["weight.a=9", "weight.a=0"]):
        with pytest.raises(DetectError):
            parse_changes(wrong)


@pytest.mark.parametrize("key", ["screening.candidate", "forest.trees", "alerts.first_run_cap", "repeats.similar", "counts.bulk_chips"])
def test_what_a_stored_judgement_cannot_tell_is_refused(key: str) -> None:
    with pytest.raises(DetectError, match=f"{key}: cannot be tried"):
        check_replayed({"severity.medium": 0.3, key: 5})
    check_replayed({"severity.medium": 0.3, "score.bias": -2, "price.below": 0.5, "weight.no_paperwork": 1, "pair.bulk_through_hub": 1})


def test_editing_keeps_comments_and_what_it_does_not_touch() -> None:
    before = '# ours\n[severity]\nmedium = 0.25 # agreed in May\n\n[[weight]]\nid = "a"\nweight = 1.0\nwhy = "x"\n'
    after = edited(before, {"severity.medium": 0.3, "weight.a": 2.0, "weight.b": 1.5, "price.below": 0.5}, "too many")
    assert "# ours" in after and "medium = 0.3 # agreed in May" in after
    assert after.count("[[weight]]") == 2 and 'why = "too many"' in after and "below = 0.5" in after
    assert edited("", {"severity.medium": 0.3}, "w").startswith("# This desk's own thresholds")


def test_a_preview_judges_with_the_change_and_writes_nothing(tmp_path: Path) -> None:
    config = Config(tmp_path)
    changed = preview(config, {"severity.medium": 0.5, "weight.no_paperwork": -1})
    assert changed.thresholds.severity.medium == 0.5 and changed.weights["no_paperwork"] == -1
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_key_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ChangeError, match="unknown key; did you mean 'medium'"):
        preview(Config(tmp_path), {"severity.mediun": 0.5})
    with pytest.raises(ChangeError, match="must hold"):
        preview(Config(tmp_path), {"severity.medium": 0.95})
