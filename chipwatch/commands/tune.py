"""Commands that tune: the curve, trying a change, applying one with its reason, undoing, reporting."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any

import typer

from chipwatch.app import State, UseError, note, now_utc, person, write_json, write_rows
from chipwatch.group import Group

CHANGE_COLUMNS = ["listing", "site", "title", "before", "after", "severity", "decision"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    tune = typer.Typer(cls=Group, help="See what a threshold would do before it is set; set it with a reason; undo it.", invoke_without_command=True)
    tune.callback()(curve)
    tune.command("try")(try_change)
    tune.command("apply")(apply_change)
    tune.command("undo")(undo_change)
    tune.command("versions")(versions)
    tune.command("report")(report)
    tune.command("weights")(weights)
    app.add_typer(tune, name="tune")


def curve(
    ctx: typer.Context,
    budget: Annotated[str | None, typer.Option(help="Alerts you can read, e.g. 15/day: proposes the threshold for it.")] = None,
    precision: Annotated[float | None, typer.Option(min=0, max=1, help="Share of right alerts wanted, e.g. 0.8.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False,
) -> None:
    """Show alerts per day over the score on your own history, with precision among decided ones."""
    if ctx.invoked_subcommand:
        return
    from detector import apply, recall, tune

    state: State = ctx.obj
    standing = state.config.thresholds.severity
    per_day = None if budget is None else _per_day(budget)
    with state.store(readonly=True) as store:
        history = apply.history(store, state.config)
        seen = recall.Estimate(store.reviewed(), recall.sample(store.samples()), standing.medium).at(standing.medium)
    if per_day is not None or precision is not None:
        found = tune.propose(history, budget_per_day=per_day, precision=precision)
        write_json(dataclasses.asdict(found)) if json else print(found.why)
        if found.threshold is not None:
            # A threshold above the cut of high severity takes that with it: the order of the cuts has to hold.
            high = f" severity.high={found.threshold:g}" if found.threshold > standing.high else ""
            note(f"try it: chipwatch tune try severity.medium={found.threshold:g}{high}")
        return
    # Scores that look alike in three digits are one row, that of the lowest of them: most high ones lie close to 1.
    points = list({f"{p.score:.3g}": p for p in tune.curve(history) if p.score > 0}.values())
    step = max(len(points) // 25, 1)
    rows = [
        {"score": p.score, "alerts_per_day": round(p.per_day, 2), "precision": p.precision.value, "low": p.precision.low,
         "high": p.precision.high, "decided": p.precision.n}
        for p in points[::step]
    ]  # fmt: skip
    write_rows(rows if json else _between(rows), ["score", "alerts_per_day", "precision", "between", "decided"], as_json=json)
    if seen.value is not None:
        note(f"recall estimated from {seen.decided} of {seen.drawn} listings drawn at random: {seen.value:.2f} ({seen.low:.2f} to {seen.high:.2f})")


def _between(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the bounds that so few decisions leave in one column: beside severities, "low" and "high" would be two of these."""
    return [row | {"between": f"{row['low']:.2f} and {row['high']:.2f}" if row["decided"] else None} for row in rows]


def _per_day(text: str) -> float:
    number, _, unit = text.partition("/")
    try:
        value = float(number)
    except ValueError as error:
        raise UseError(f"--budget {text!r}: write alerts per day, e.g. 15/day") from error
    if unit not in ("", "day", "week"):
        raise UseError(f"--budget {text!r}: the unit is day or week")
    if not 0 < value < math.inf:
        raise UseError(f"--budget {text!r}: write a number of alerts over 0, e.g. 15/day")
    return value / 7 if unit == "week" else value


def try_change(
    ctx: typer.Context,
    changes: Annotated[list[str], typer.Argument(help="key=value, e.g. severity.medium=0.4 or weight.no_paperwork=1.5")],
    json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """Replay your history under a change: which alerts appear, which vanish, which confirmed ones would be lost.

    Exact for severity, score, price, weights and pairs. What changes how listings are read, compared or told (counts, repeats,
    screening, forest, alerts) cannot be replayed and is refused with a word on where it shows.
    """
    from detector import apply, tune

    state: State = ctx.obj
    wanted = apply.parse_changes(changes)
    judge = apply.preview(state.config, wanted)
    apply.check_replayed(wanted)
    with state.store(readonly=True) as store:
        done = tune.replay(apply.history(store, state.config), judge)
        named = {c.past.listing: store.listing(c.past.listing) for c in (*done.appear, *done.vanish)}
    groups = {"lost": done.lost, "vanish": done.vanish, "appear": done.appear}
    rows = {name: [_row(c, named) for c in group] for name, group in groups.items()}
    if json:
        write_json({"judged": done.judged, "alerts_before": done.alerts_before, "alerts_after": done.alerts_after, **rows})
        return
    print(f"{done.judged} judged offers: {done.alerts_before} alerts before, {done.alerts_after} after")
    titles = {"lost": "CONFIRMED alerts that would be lost", "vanish": "would vanish", "appear": "would appear"}
    for name, title in titles.items():
        if rows[name]:
            write_rows(rows[name], CHANGE_COLUMNS, as_json=False, title=f"{title}: {len(rows[name])}")
    note("nothing was stored; set it with: chipwatch tune apply " + " ".join(changes) + ' --why "..."')


def _row(change: Any, named: dict[str, dict[str, Any]]) -> dict[str, Any]:
    listing = named[change.past.listing]
    return {
        "listing": change.past.listing, "site": listing["site"], "title": listing["title"], "before": change.past.score,
        "after": change.score, "severity": change.severity, "decision": change.past.decision,
    }  # fmt: skip


def apply_change(
    ctx: typer.Context,
    changes: Annotated[list[str], typer.Argument(help="key=value, e.g. severity.medium=0.4")],
    why: Annotated[str, typer.Option(help="The reason; kept with the version.")],
    who: Annotated[str | None, typer.Option(envvar="CHIPWATCH_WHO", help="Your name.")] = None,
) -> None:
    """Set a change in the home's thresholds.toml, keeping its comments, as a version with who, when and why."""
    from detector import apply

    state: State = ctx.obj
    with state.store() as store:
        version = apply.apply(store, state.config, apply.parse_changes(changes), why=why, who=person(who), now=now_utc())
    write_json({"thresholds": version, "why": why})
    note("listings are judged anew by the next `chipwatch detect`; that lists changes and notifies nobody. Undo: chipwatch tune undo")


def undo_change(
    ctx: typer.Context,
    why: Annotated[str, typer.Option(help="The reason; kept with the version.")] = "undone",
    to: Annotated[str | None, typer.Option(help="Put back this version instead, an undone one too; `chipwatch tune versions` lists them.")] = None,
    who: Annotated[str | None, typer.Option(envvar="CHIPWATCH_WHO", help="Your name.")] = None,
) -> None:
    """Put back the thresholds as they were before the last change; each further undo goes one change further back."""
    from detector import apply

    state: State = ctx.obj
    with state.store() as store:
        logged = store.version_in_force("thresholds")
        version, taken_back = apply.undo(store, why=why, who=person(who), now=now_utc(), to=to)
    write_json({"thresholds": version, "undone": taken_back})
    again = f" Set it again: chipwatch tune undo --to {logged['hash']}" if logged else ""
    note(f"judged anew by the next `chipwatch detect`.{again}")


def versions(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False) -> None:
    """List the versions of the thresholds, the one in force first: what each changed, who set it, when and why."""
    from review import tuning_view

    state: State = ctx.obj
    with state.store(readonly=True) as store:
        rows = [
            {"version": one.hash, "at": one.at, "who": one.who, "why": one.why, "changes": "; ".join(one.changes)}
            for one in tuning_view.versions(store.versions("thresholds"))
        ]
    write_rows(rows, ["version", "at", "who", "why", "changes"], as_json=json)
    if not rows:
        note("the shipped thresholds are in force: nothing was set in this home")


def report(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False) -> None:
    """Precision by signal, site and severity among decided alerts, over all time and by month."""
    from detector import apply, tune

    state: State = ctx.obj
    with state.store(readonly=True) as store:
        rows = [
            {"by": p.by, "value": p.value, "period": p.period or "all", "precision": p.precision.value, "low": p.precision.low,
             "high": p.precision.high, "decided": p.precision.n}
            for p in tune.report(apply.history(store, state.config))
        ]  # fmt: skip
    write_rows(rows if json else _between(rows), ["by", "value", "period", "precision", "between", "decided"], as_json=json)
    if not rows:
        note("nothing was decided yet: chipwatch alerts decide ID confirm|dismiss")


def weights(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False) -> None:
    """Weights that all your decisions speak for, from the shipped ones on, beside those in force; shown, never applied by itself."""
    from detector import apply, tune
    from detector.judge import Judge

    state: State = ctx.obj
    judge = Judge.from_config(state.config)
    with state.store(readonly=True) as store:
        history = apply.history(store, state.config)
    found = tune.estimate_weights(history, judge, apply.as_shipped(state.config))
    effect = tune.effects(history, found, lambda changes: apply.preview(state.config, changes))
    rows = [
        dataclasses.asdict(one) | {"appear": len(done.appear), "vanish": len(done.vanish), "lost": len(done.lost)}
        for one, done in zip(found, effect, strict=False)
    ]
    write_rows(rows, ["evidence", "shipped", "now", "proposed", "n", "appear", "vanish", "lost"], as_json=json)
    if not rows:
        note("nothing was decided yet: chipwatch alerts decide ID confirm|dismiss")
        return
    whole = effect[-1]
    changes = " ".join(f"{one.key}={one.proposed:g}" for one in found if one.proposed != one.now)
    if not changes:
        note("the weights in force are those that the decisions speak for")
        return
    note(
        f"each alone as in the table; all together: {len(whole.appear)} alerts appear, {len(whole.vanish)} vanish, {len(whole.lost)} of them"
        " confirmed ones. Nothing was changed; look closer with: chipwatch tune try " + changes
    )
