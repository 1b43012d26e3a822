"""Mutes: what is left alone until a day, how much it hides, and lifting it before."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from review.desk.visit import Answer, Page, Refused, Visit
from review.desk.words import title as title_words
from storage.alerts import SCOPES
from storage.errors import MissingError
from storage.queue import Filter
from storage.ties import NOBODY

if TYPE_CHECKING:
    from storage.store import Store

MAX_REASON = 400


def mutes(visit: Visit) -> Answer:
    """All mutes, those in force first."""
    every = visit.store.mutes()
    live = {row["id"] for row in visit.store.mutes(visit.now)}
    rows = sorted(every, key=lambda row: (row["id"] not in live, row["expires_at"]))
    shown = [{**row, "live": row["id"] in live, "title": _title(visit, row)} for row in rows]
    return visit.page("mutes.html", rows=shown)


def _title(visit: Visit, row: dict[str, str]) -> str:
    known = {
        "signal": visit.names.signal,
        "chip": visit.names.chip,
        "listing": lambda key: _listing(visit, key),
    }
    return known[row["scope"]](row["value"]) if row["scope"] in known else row["value"]


def _listing(visit: Visit, key: str) -> str:
    try:
        return title_words(visit.store.title_of(key))
    except MissingError:
        return key


def mute(visit: Visit) -> Answer:
    """Mute what an alert's page offered. Raises Refused without a reason or a day to come."""
    scope, _, value = visit.value("what").partition(":")
    if scope not in SCOPES or not value:
        raise Refused("Choose what to mute: nothing was changed.")
    if not _is_known(visit, scope, value):
        raise Refused(f"There is no such {scope}: nothing was changed.")
    reason = visit.text("reason", MAX_REASON, "The reason")
    if not reason:
        raise Refused("A mute needs its reason: nothing was changed.")
    try:
        until = date.fromisoformat(visit.value("until")).isoformat()
    except ValueError as error:
        raise Refused("A mute needs the day it ends: nothing was changed.") from error
    if until <= visit.now[:10]:
        raise Refused("A mute needs a day to come: nothing was changed.")

    def change(store: Store) -> str:
        """Mute it; the day until which it is muted by all that cover it so."""
        store.mute(scope, value, reason=reason, who=visit.person, now=visit.now, until=f"{until}T00:00:00Z")
        return max(str(row["expires_at"][:10]) for row in store.mutes(visit.now) if (row["scope"], row["value"]) == (scope, value))

    last = visit.write(change)
    longer = f", and by an earlier mute until {last}: lift that one for a shorter time" if last > until else ""
    return visit.go("/mutes", f"Muted until {until}{longer}; it comes back by itself.")


def _is_known(visit: Visit, scope: str, value: str) -> bool:
    """Whether the home or its config has what is to be muted; a signal or chip that config has no more may stand on an old alert."""
    store = visit.store
    if scope == "listing":
        try:
            return bool(store.title_of(value))
        except MissingError:
            return False
    if scope == "site":
        return value in visit.config.sound_sites or any(row["site"] == value for row in store.coverage())
    if scope == "seller":
        return not value.startswith(NOBODY) and bool(store.parties([value]))
    if scope == "chip":
        return value in visit.names.chips or bool(store.alerts(Filter(None, chip=value, muted=None), limit=1))
    return value in visit.names.signals or bool(store.alerts(Filter(None, signal=value, muted=None), limit=1))


def lift(visit: Visit) -> Answer:
    """End a mute before its time; what it hid comes back as news."""
    visit.write(lambda store: store.lift_mute(visit.vars["name"], who=visit.person, now=visit.now))
    return visit.go("/mutes", "Lifted; what it hid is in the queue again.")


PAGES = (
    Page("/mutes", mutes),
    Page("/mutes", mute, method="POST", back="/mutes", choose="Nothing was muted: press Mute to do it."),
    Page("/mutes/<name>/lift", lift, method="POST", back="/mutes"),
)
