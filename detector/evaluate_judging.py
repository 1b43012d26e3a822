"""Judging figures: what the score ranks first, and what the severities catch, against grades 0, 1 and 2 of labelled offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares are None where nothing is to be shared out."""

    n: int
    red_flags: int
    average_precision: float | None
    precision_at_p: float | None
    """grade 2 among the first `red_flags` by score"""
    caught: float | None
    """grade 2 among which medium or high"""
    alert_precision: float | None
    """grade at least 1 among medium and high"""
    high_precision: float | None
    """grade 2 among high"""
    alerts: int
    high: int


def measure(grades: Sequence[int], judged: Sequence[tuple[float, str]]) -> Figures:
    """The table, from each offer's grade (2 is a clear red flag), and its score (0..1) and severity."""
    from sklearn.metrics import average_precision_score

    scores = [score for score, _ in judged]
    red = sum(grade == 2 for grade in grades)
    ranked = sorted(range(len(grades)), key=lambda i: -scores[i])
    alerts = [i for i, (_, severity) in enumerate(judged) if severity in ("medium", "high")]
    high = [i for i in alerts if judged[i][1] == "high"]
    return Figures(
        len(grades), red,
        float(average_precision_score([grade == 2 for grade in grades], scores)) if red else None,
        _share(sum(grades[i] == 2 for i in ranked[:red]), red),
        _share(sum(grades[i] == 2 for i in alerts), red),
        _share(sum(grades[i] >= 1 for i in alerts), len(alerts)),
        _share(sum(grades[i] == 2 for i in high), len(high)),
        len(alerts), len(high),
    )  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
