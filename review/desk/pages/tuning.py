"""Thresholds: what one would do on the desk's own history, before it is set; set with a reason, undone with one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.loader import Config
from config.tables import ConfigError
from detector import apply
from detector.errors import ChangeError, DetectError
from review import charts
from review import tuning_view as view
from review.desk.cards import Names
from review.desk.kept import kept
from review.desk.visit import MAX_WHY, Answer, Page, Refused, Visit
from storage.overview import INDEXED_SCORE
from storage.readings import version_key
from storage.store import Store

NEXT = "Listings are judged anew by the next chipwatch detect; it lists what changes and notifies nobody."

STEP = 0.005
"""Of the sliders."""


def tuning(visit: Visit) -> Answer:
    """The slider, the curves, and what a threshold would change."""
    store, cuts = visit.store, visit.config.thresholds.severity
    past = kept(visit, "tuning", lambda: view.Past.of(store, cuts.medium))
    budget = _budget(visit.arg("budget"))
    found = past.for_budget(budget) if budget is not None else None
    lowest = max(cuts.low, INDEXED_SCORE)
    medium = found if found is not None else _slid(visit, "medium")
    medium = max(cuts.medium if medium is None else medium, lowest)
    high = _slid(visit, "high")
    high = max(cuts.high if high is None else high, medium)
    shown = int(_figure(visit.arg("rows"), view.SHOWN, view.MOST) or view.SHOWN)
    tried = view.trial(store, past, cuts.medium, medium, shown)
    curve = past.curve()
    waiting = view.to_decide(store)
    marks = [*_marks("alerts", cuts.medium, medium), *_marks("high severity", cuts.high, high)]
    log = view.versions([*store.versions("thresholds"), *_unlogged(store, visit.now)])
    return visit.page(
        "tuning.html",
        chip=Names(visit.config).chip,
        cuts=cuts,
        medium=medium,
        high=high,
        lowest=lowest,
        tried=tried,
        highs=(past.step(cuts.high), past.step(high)),
        days=past.days,
        reviewed=len(past.reviewed),
        shown=shown,
        further=min(shown + view.STEP, view.MOST) if shown < view.MOST else None,
        budget=budget,
        step=STEP,
        asked=visit.arg("budget")[:7],
        on_slider=lambda value: _on_slider(value, lowest),
        found=found,
        missed=past.step(cuts.medium).recall,
        drawn=[row for row in store.offers_named(waiting[: view.SHOWN]) if row["score"] is not None],
        waiting=len(waiting),
        base=visit.config.thresholds_version,
        changed=(medium, high) != (cuts.medium, cuts.high),
        stale=_stale(store, visit.config),
        log=log,
        can_undo=apply.can_undo(store),
        alerts=_alerts(curve, marks),
        quality=_quality(curve, marks),
    )


def _figure(text: str, low: float, high: float) -> float | None:
    """A figure from the query within bounds; None where there is none."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return min(max(value, low), high) if value == value else None


def _budget(text: str) -> float | None:
    """A number of alerts a day; None where the text is none."""
    value = _figure(text, -1, 1e6)
    return value if value is not None and value >= 0 else None


def _on_slider(value: float, lowest: float) -> str:
    """Where a slider, which knows steps from `lowest` to 1 alone, puts a value."""
    return f"{min(lowest + round((value - lowest) / STEP) * STEP, 1):.3f}"


def _slid(visit: Visit, name: str) -> float | None:
    """A threshold from the query. A slider that was not moved means the value it was made with, not the step nearest to that."""
    value, shown, exact = (_figure(visit.arg(part), 0, 1) for part in (name, f"{name}_shown", f"{name}_exact"))
    return exact if value is not None and value == shown and exact is not None else value


def _stale(store: Store, config: Config) -> bool:
    """Whether there are readings by other versions than those in force."""
    model = store.active_model()
    version = version_key(config.knowledge_version, model["id"] if model else None, config.thresholds_version)
    return bool(store.judged_by().keys() - {version})


def _unlogged(store: Store, now: str) -> list[dict[str, Any]]:
    """What stands in the file and was never logged, as a version; the next change or `chipwatch detect` logs it."""
    text = apply.found(store)
    return [] if text is None else [{"hash": "", "at": now, "who": "not logged yet", "why": apply.FOUND, "content": {"file": text}}]


def _marks(what: str, now: float, then: float) -> list[tuple[float, str]]:
    return [(now, f"{what} in force: {now:g}")] + ([(then, f"{what} tried: {then:g}")] if then != now else [])


def _alerts(curve: Sequence[view.Step], marks: Sequence[tuple[float, str]]) -> charts.Markup:
    points = tuple(charts.Point(step.score, step.per_day) for step in curve)
    return charts.line(
        [charts.Series("alerts a day", points, 1, steps=True)], title="Alerts a day over the threshold", marks=marks,
        x_words="score from which an offer is an alert", height=230, width=420,
    )  # fmt: skip


def _quality(curve: Sequence[view.Step], marks: Sequence[tuple[float, str]]) -> charts.Markup:
    series = [
        charts.Series(
            words,
            tuple(
                charts.Point(step.score, share.value, share.low, share.high)
                for step in curve
                if (share := getattr(step, name)).value is not None
            ),
            tone,
        )
        for name, words, tone in (("precision", "precision among reviewed", 1), ("recall", "recall, as random draws tell", 2))
    ]
    return charts.line(
        [s for s in series if s.points], title="Precision and recall over the threshold", y_words="percent", y_high=1.0,
        marks=marks, x_words="score from which an offer is an alert", height=190, width=420,
    )  # fmt: skip


def set_thresholds(visit: Visit) -> Answer:
    """Set the tried thresholds, with their reason, as a new version."""
    config, why = visit.config, visit.text("why", MAX_WHY, "The reason")
    medium, high = _figure(visit.value("medium"), -1, 2), _figure(visit.value("high"), -1, 2)
    if medium is None or high is None or not (0 <= medium <= 1 and 0 <= high <= 1):
        raise Refused("A threshold is a figure between 0 and 1: nothing was changed.")
    if not why:
        raise Refused("Give the reason: it is kept with the version. Nothing was changed.")
    if visit.value("base") != config.thresholds_version:
        raise Refused(
            "The thresholds were set anew while you looked: look at what stands now. Nothing was changed."
        )
    cuts = config.thresholds.severity
    wanted: dict[str, Any] = {"severity.medium": medium, "severity.high": high}
    changes = {key: value for key, value in wanted.items() if value != getattr(cuts, key.partition(".")[2])}
    if not changes:
        raise Refused("These thresholds are in force already.")
    who, now, seen = visit.person, visit.now, visit.value("seen")

    def change(store: Store) -> None:
        # Counted where nobody else decides meanwhile: somebody may have confirmed one since the page was made.
        lost = len(view.losing_of(store.reviewed(), cuts.medium, medium))
        if lost > (int(seen) if seen.isdecimal() and len(seen) < 10 else 0):
            alerts = "1 confirmed alert" if lost == 1 else f"{lost:,} confirmed alerts"
            raise Refused(f"As things stand, {alerts} would be lost: tick that you have seen them. Nothing was changed.")
        apply.apply(store, config, changes, why=why, who=who, now=now)

    try:
        visit.write(change)
    except (ChangeError, ConfigError) as error:
        raise Refused(f"{error}: nothing was changed.") from error
    names = {"severity.medium": "alerts", "severity.high": "high severity"}
    words = " and ".join(f"{names[key]} from {value:g}" for key, value in changes.items())
    return visit.go("/tuning", f"Set: {words}. {NEXT}")


def undo(visit: Visit) -> Answer:
    """Put back the thresholds as they were before the last change."""
    why, who, now = visit.text("why", MAX_WHY, "The reason"), visit.person, visit.now
    if not why:
        raise Refused("Give the reason to undo: it is kept with the version. Nothing was changed.")
    if visit.value("base") != visit.config.thresholds_version:
        raise Refused(
            "The thresholds were set anew while you looked: look at what stands now. Nothing was changed."
        )
    try:
        visit.write(lambda store: apply.undo(store, why=why, who=who, now=now))
    except DetectError as error:
        raise Refused(str(error)) from error
    return visit.go("/tuning", f"Put back as it was before that change; another undo goes one further back. {NEXT}")


PAGES = (
    Page("/tuning", tuning, nav="Tuning", order=30),
    Page("/tuning/set", set_thresholds, method="POST", back="/tuning", choose="Nothing was set: press Set to do it."),
    Page("/tuning/undo", undo, method="POST", back="/tuning", choose="Nothing was undone: press Undo to do it."),
)
