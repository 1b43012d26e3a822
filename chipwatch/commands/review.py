"""Commands for a person's review: digest, alerts, demo."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from chipwatch import muting
from chipwatch.app import (
    EXIT_PROBLEMS,
    State,
    UseError,
    clean,
    command_of,
    day_to_come,
    find_listing,
    known_sites,
    need_new,
    note,
    now_utc,
    one_of,
    person,
    write_json,
    write_rows,
)
from chipwatch.group import Group


class Form(StrEnum):
    """How a digest is written on standard output; `feed` makes none and gives the Atom feed of the last ones."""

    terminal = "terminal"
    markdown = "markdown"
    html = "html"
    json = "json"
    feed = "feed"


class Action(StrEnum):
    """A decision on an alert."""

    confirm = "confirm"
    dismiss = "dismiss"
    snooze = "snooze"
    escalate = "escalate"
    note = "note"
    undo = "undo"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(digest)
    alerts = typer.Typer(cls=Group, help="The alerts: list, show, decide, mute, pack.", invoke_without_command=True)
    alerts.callback()(alerts_list)
    alerts.command("show")(alerts_show)
    alerts.command("decide")(alerts_decide)
    alerts.command("pack")(alerts_pack)
    muting.register(alerts)
    app.add_typer(alerts, name="alerts")


def digest(
    ctx: typer.Context,
    form: Annotated[Form, typer.Option("--form", help="What goes to standard output.")] = Form.terminal,
    everything: Annotated[
        bool, typer.Option("--all", help="From the beginning instead of since the last digest.")
    ] = False,
    cap: Annotated[int, typer.Option(min=1, help="Alerts written out in full.")] = 30,
    send: Annotated[
        bool,
        typer.Option(
            "--send/--no-send", help="By mail and notices, where settings.toml names any; never with --all."
        ),
    ] = True,
    weekly: Annotated[
        bool,
        typer.Option(
            "--weekly", help="The last whole week in figures: base rates, precision by signal, runs."
        ),
    ] = False,
    week_to: Annotated[
        str | None, typer.Option("--until", help="With --weekly: the seven days before this date instead.")
    ] = None,
    retry: Annotated[
        bool,
        typer.Option(
            "--retry",
            help="Make no digest: only send what waits or failed before, also what was given up, which is tried once.",
        ),
    ] = False,
    due: Annotated[
        bool, typer.Option("--due", help="With --retry: not what was given up; so the schedule does.")
    ] = False,
    sent: Annotated[
        bool, typer.Option("--sent", help="Make no digest: show what was sent, what waits and what failed.")
    ] = False,
) -> None:
    """Write what is new since the last digest, and which sites were not read whole; kept under HOME/digests."""
    state: State = ctx.obj
    if sent:
        _deliveries(state, as_json=form is Form.json)
        return
    if form is Form.feed:
        _print_feed(state)
        return
    if due and not retry:
        raise UseError("--due belongs to --retry")
    if week_to and not weekly:
        raise UseError("--until belongs to --weekly")
    if weekly:
        _write_weekly(state, form, until=week_to, send=send)
    elif not retry:
        _write_digest(state, form, everything=everything, cap=cap, send=send and not everything)
    if retry or (send and not everything):
        _deliver(state, revive=retry and not due)


def _print_feed(state: State) -> None:
    from chipwatch.digests import write_feed

    with state.store() as store:
        print(write_feed(store, state.config, now_utc()).decode(), end="")


def _write_digest(state: State, form: Form, *, everything: bool, cap: int, send: bool) -> None:
    from chipwatch.digests import make
    from review import render

    with state.store() as store:
        made, folder = make(store, state.config, now=now_utc(), everything=everything, cap=cap, send=send)
    command = command_of(state.folder)
    if form is Form.terminal:
        render.terminal(made, command)
    elif form is Form.json:
        write_json(made.to_dict())
    else:
        print(render.html(made, command) if form is Form.html else render.markdown(made, command))
    note(f"written: {folder}")


def _write_weekly(state: State, form: Form, *, until: str | None, send: bool) -> None:
    from chipwatch.digests import make_weekly
    from review import weekly, weekly_forms

    try:
        since, end = weekly.week_to(until) if until else weekly.last_week(now_utc())
    except ValueError as error:
        raise UseError(f"--until {until!r}: write a date such as 2026-03-09") from error
    with state.store() as store:
        made, file = make_weekly(store, state.config, now=now_utc(), since=since, until=end, send=send)
    if form is Form.json:
        write_json(made.to_dict())
    elif form is Form.terminal:
        print(weekly_forms.text(made), end="")
    else:
        print(weekly_forms.html(made) if form is Form.html else weekly_forms.markdown(made))
    note(f"written: {file}")


def _deliver(state: State, *, revive: bool) -> None:
    """Send what is due, with `revive` also what was given up; exit status 1 where something could not be sent."""
    import os

    from review.delivery import channels, deliver, in_words, outstanding

    if not channels(state.config.settings):
        return
    with state.store() as store:
        told = deliver(store, state.config.settings, clock=now_utc, env=os.environ, revive=revive)
        failed = outstanding(store, state.config.settings)
    for try_ in told:
        if try_.error is None:
            note(f"sent: {try_.kind} digest to {try_.channel}")
    if revive and not told:
        note("nothing waits to be sent")
    for row in failed:
        note(clean(in_words(row)))
    if failed:
        raise typer.Exit(EXIT_PROBLEMS)


def _deliveries(state: State, *, as_json: bool) -> None:
    with state.store(readonly=True) as store:
        rows = store.deliveries()
    write_rows(rows, ["kind", "until", "channel", "state", "tries", "last_at", "error"], as_json=as_json)


def alerts_list(
    ctx: typer.Context,
    severity: Annotated[str | None, typer.Option(help="high, medium or low.")] = None,
    state_: Annotated[
        str,
        typer.Option(
            "--state",
            help="new, confirmed, dismissed, snoozed, escalated, closed, or any. Muted alerts are in none of these, nor in any: --muted lists them. `export --state any` holds them too.",
        ),
    ] = "new",
    chip: Annotated[str | None, typer.Option(help="Catalogue id.")] = None,
    site: Annotated[str | None, typer.Option(help="Site key.")] = None,
    muted: Annotated[bool, typer.Option("--muted", help="Those that a mute holds back.")] = False,
    silent: Annotated[
        bool,
        typer.Option(
            "--silent",
            help="Those opened without notice, which no digest wrote out: judged anew, or relists of what is known.",
        ),
    ] = False,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False,
) -> None:
    """List alerts, the most severe first."""
    if ctx.invoked_subcommand:
        return
    from storage.alerts import Filter

    state: State = ctx.obj
    one_of("--severity", severity, ("high", "medium", "low"))
    one_of("--state", state_, ("new", "confirmed", "dismissed", "snoozed", "escalated", "closed", "any"))
    one_of("--chip", chip, [row.id for row in state.config.catalogue.chip])
    if site is not None:
        one_of("--site", site, sorted(known_sites(state)))
    chosen = Filter(
        states=None if state_ == "any" else (state_,),
        severities=(severity,) if severity else None,
        chip=chip,
        site=site,
        muted=muted,
        silent=True if silent else None,
    )
    with state.store(readonly=True) as store:
        rows = store.alerts(chosen, limit=limit)
        total = sum(store.count_alerts("severity", chosen).values())
    for row in rows:
        row["id"] = row["listing"]
        row["signals"] = " ".join(row["signals"])
    # Where one state was asked for, a column of it would say nothing.
    state_column = ["state"] if chosen.states is None else []
    write_rows(
        rows, ["id", *state_column, "severity", "score", "chip", "unit_usd", "site", "title", "signals"], as_json=json
    )
    if total > len(rows):
        note(f"and {total - len(rows)} more: --limit {total}")


def alerts_show(
    ctx: typer.Context,
    listing: Annotated[str, typer.Argument(help="Alert id, site/listing_id, or address of the listing.")],
    json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """Tell everything known of one listing, and why it was or was not flagged."""
    from review.desk.cards import Names
    from review.show import as_text, everything

    state: State = ctx.obj
    with state.store(readonly=True) as store:
        found = everything(store, state.config, find_listing(state, store, listing))
    if json:
        write_json(found)
        return
    for line in as_text(found, Names(state.config)):
        print(clean(line))


def alerts_decide(
    ctx: typer.Context,
    listing: Annotated[str, typer.Argument(help="Alert id, site/listing_id, or address of the listing.")],
    action: Annotated[Action, typer.Argument(help="What you decide.")],
    reason: Annotated[
        str | None,
        typer.Option(
            help="Reason code of a dismissal, such as misread or papers-seen; a wrong one lists all."
        ),
    ] = None,
    note_: Annotated[str | None, typer.Option("--note", help="Free words.")] = None,
    until: Annotated[str | None, typer.Option(help="The day a snooze ends, ISO date.")] = None,
    who: Annotated[
        str | None,
        typer.Option(envvar="CHIPWATCH_WHO", help="Your name; the system's user name if not given."),
    ] = None,
) -> None:
    """Record a decision on an alert; `undo` takes the last one back."""
    state: State = ctx.obj
    codes = [row.id for row in state.config.decisions.reason if action.value in row.on]
    if action is Action.snooze:
        if not until:
            raise UseError("a snooze needs --until DATE")
        until = day_to_come(state, until)
    if action is Action.dismiss and not reason:
        raise UseError(f"a dismissal needs --reason CODE: {', '.join(codes)}")
    if codes:
        one_of("--reason", reason, codes)
    with state.store() as store:
        key, name = find_listing(state, store, listing), person(who)
        if action is Action.undo:
            done = store.undo(key, who=name, now=now_utc(), note=note_)
        else:
            done = store.decide(
                key, action.value, who=name, now=now_utc(), reason=reason, note=note_, until=until
            )
        after = _state_of(store, key)
    write_json({"decision": done, "listing": key, "action": action.value, "who": name, "state": after})


def alerts_pack(
    ctx: typer.Context,
    listings: Annotated[
        list[str], typer.Argument(help="Alert ids, site/listing_id, or addresses of listings.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="A new folder, or a new file ending in .zip, in a folder that is there; else under HOME/packs.")
    ] = None,
    contacts: Annotated[
        bool, typer.Option("--contacts", help="Leave contact details readable in report and JSON.")
    ] = False,
    who: Annotated[
        str | None,
        typer.Option(envvar="CHIPWATCH_WHO", help="Your name; the system's user name if not given."),
    ] = None,
) -> None:
    """Write a hand-over pack: report for printing, stored pages, readings, reasons, decisions, manifest; noted with the decisions."""
    from chipwatch import __version__
    from review.pack import collect
    from review.pack_files import name_for, note_packed, settle, write

    state: State = ctx.obj
    now, name = now_utc(), person(who)
    with state.store() as store:
        keys = [find_listing(state, store, text) for text in listings]
        for line in settle(store, store.home):
            note(line)
        if out is not None:
            need_new(out, "name a new folder or .zip file with --out")
        target = out or name_for(store.home, keys[0], now)
        pack = collect(
            store, state.config, keys, now=now, who=name, software=f"chipwatch {__version__}", contacts=contacts, tell=_reading
        )  # fmt: skip
        digest = write(
            pack, store.home, target, noted=lambda digest: note_packed(store, keys, target, digest, who=name, now=now)
        )
    write_json(
        {
            "pack": str(target),
            "alerts": len(pack.alerts),
            "manifest_sha256": digest,
            "problems": list(pack.problems),
        }
    )
    unpack = f"unzip {target} && cd {target.stem}" if target.suffix == ".zip" else f"cd {target}"
    note(f"verify: {unpack} && sha256sum -c MANIFEST.sha256")
    for problem in pack.problems:
        note(f"problem: {problem}")
    if pack.problems:
        raise typer.Exit(EXIT_PROBLEMS)


LARGE = 20 << 20
"""Bytes of an evidence file from which reading it is announced: it takes a second or more."""


def _reading(path: Path) -> None:
    if (size := path.stat().st_size) > LARGE:
        note(f"reading {path.name}, {size / 1e6:.0f} MB")


def _state_of(store: Any, key: str) -> str | None:
    from storage.errors import MissingError

    try:
        return str(store.alert(key)["state"])
    except MissingError:
        return None
