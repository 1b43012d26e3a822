"""The commands `chipwatch alerts mute`, `mutes` and `unmute`: leave a place or a sign alone until a day, with the reason."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from chipwatch.app import (
    State,
    UseError,
    clean,
    day_to_come,
    find_listing,
    known_sites,
    note,
    now_utc,
    one_of,
    person,
    write_json,
    write_rows,
)

WHO = typer.Option(envvar="CHIPWATCH_WHO", help="Your name; the system's user name if not given.")


class Scope(StrEnum):
    """What a mute covers."""

    site = "site"
    seller = "seller"
    signal = "signal"
    chip = "chip"
    listing = "listing"


def register(alerts: typer.Typer) -> None:
    """Add the commands to the group of the alerts."""
    alerts.command("mute")(mute)
    alerts.command("mutes")(mutes)
    alerts.command("unmute")(unmute)


def mute(
    ctx: typer.Context,
    scope: Annotated[Scope, typer.Argument(help="What kind of thing to leave alone.")],
    value: Annotated[str, typer.Argument(help="Which: a site, seller's key or its beginning, signal, chip, or listing (id, site/listing_id, address).")],
    reason: Annotated[str, typer.Option(help="Why; shown with the mute.")],
    until: Annotated[str, typer.Option(help="The day it ends, ISO date; what it hid comes back as news then.")],
    who: Annotated[str | None, WHO] = None,
) -> None:
    """Leave alerts of a site, seller, signal, chip or listing alone until a day; a digest counts what is held back.

    A muted signal holds back an alert only where every sign of it is muted. What is muted already stays so until the later day:
    end the earlier mute by its id for a shorter time.
    """
    state: State = ctx.obj
    if not reason.strip():
        raise UseError("--reason is empty: a mute needs its reason; nothing was changed")
    day = day_to_come(state, until)
    with state.store() as store:
        what, now = _known(state, store, scope, value), now_utc()
        name = store.mute(scope.value, what, reason=reason, who=person(who), now=now, until=day)
        alike = [row for row in store.mutes(now) if (row["scope"], row["value"]) == (scope.value, what)]
    hidden = next(row["hits"] for row in alike if row["id"] == name)
    write_json({"mute": name, "scope": scope.value, "value": what, "until": day, "hidden": hidden})
    for row in alike:
        if row["id"] != name:
            note(
                f"muted already until {row['expires_at'][:10]} by {clean(row['who'])} ({clean(row['reason'])}), and the later day holds; "
                f"end that one: chipwatch alerts unmute {row['id']}"
            )
    note(f"end it before its day: chipwatch alerts unmute {name}")


def _known(state: State, store: Any, scope: Scope, value: str) -> str:
    """What is meant, as alerts bear it. Raises UseError or MissingError where nothing is called so: the mute would never hold."""
    if scope is Scope.listing:
        return find_listing(state, store, value)
    if scope is Scope.seller:
        return str(store.find_seller(value))
    known = {
        Scope.site: lambda: sorted(known_sites(state)),
        Scope.chip: lambda: [row.id for row in state.config.catalogue.chip],
        Scope.signal: lambda: [card.id for card in state.config.signals.signal],
    }
    one_of(scope.value, value, known[scope]())
    return value


def mutes(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that ended or were lifted too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False,
) -> None:
    """List the mutes in force with how many alerts each has held back."""
    state: State = ctx.obj
    with state.store(readonly=True) as store:
        rows = store.mutes(None if every else now_utc())
    write_rows(rows, ["id", "scope", "value", "reason", "who", "expires_at", "hits", "lifted_at"], as_json=json)


def unmute(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Id of the mute, as `chipwatch alerts mutes` lists it.")],
    who: Annotated[str | None, WHO] = None,
) -> None:
    """End a mute before its day; what it held back comes back as news."""
    state: State = ctx.obj
    with state.store() as store:
        store.lift_mute(name, who=person(who), now=now_utc())
    write_json({"lifted": name})
