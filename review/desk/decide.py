"""Decisions from a form: what may be asked, one on many alerts, and what is told where somebody else was faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from review.desk.sessions import Notice
from review.desk.visit import Refused, Visit
from review.desk.words import title as title_words
from storage.errors import ConflictError, MissingError, StorageError

if TYPE_CHECKING:
    from config.loader import Config
    from storage.store import Store

ACTIONS = ("confirm", "dismiss", "snooze", "escalate", "note")
CHOOSE = "Nothing was decided: Enter alone does not choose. Press Confirm, Dismiss, Snooze, Escalate or Hand over."
UNSEEN = "The form does not say what was seen: look at what stands now. Nothing was changed."
DONE = {
    "confirm": "confirmed",
    "dismiss": "dismissed",
    "snooze": "snoozed",
    "escalate": "escalated",
    "note": "noted",
}

MOST = 200
"""Alerts of one bulk decision; somebody who decides on more has not looked."""

MAX_NOTE = 4000

NOT_FLAGGED = "rightly-not"
"""The reason for offers that are no alerts: those that digests drew at random."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to decide."""

    action: str
    reason: str | None
    note: str | None
    until: str | None


def reasons(config: Config, *, flagged: bool = True) -> dict[str, list[tuple[str, str]]]:
    """Code and title of the reasons for each action; an alert is not dismissed as rightly not flagged."""
    return {
        action: [(row.id, row.title) for row in config.decisions.on(action) if not (flagged and row.id == NOT_FLAGGED)]
        for action in ("dismiss", "confirm", "escalate", "snooze")
    }


def said_with(config: Config, wish: Wish) -> str:
    """What a notice says behind the decision: its reason or its end."""
    if wish.reason:
        return f" ({config.decisions.title(wish.reason)})"
    return f" until {wish.until[:10]}" if wish.until else ""


def wish_of(visit: Visit) -> Wish:
    """The wish in a form. Raises Refused where a reason or a date is missing or unknown."""
    action = visit.value("action")
    if action not in ACTIONS:
        raise Refused("Choose what to decide: nothing was changed.")
    reason = visit.value(f"reason_{action}") or visit.value("reason") or None
    note = visit.text("note", MAX_NOTE, "The note") or None
    known = {row.id for row in visit.config.decisions.on(action)} if action != "note" else set()
    if reason is not None and reason not in known:
        reason = None
    if action == "dismiss" and reason is None:
        raise Refused("A dismissal needs its reason: nothing was changed.")
    if action == "note" and note is None:
        raise Refused("The note is empty: nothing was kept.")
    until = visit.value("until") or None
    if action == "snooze":
        try:
            if until is None or date.fromisoformat(until).isoformat() <= visit.now[:10]:
                raise Refused("A snooze needs a day to come: nothing was changed.")
        except ValueError as error:
            raise Refused(f"{until!r} is no date: nothing was changed.") from error
    return Wish(action, reason, note, f"{until}T00:00:00Z" if action == "snooze" else None)


def decide_one(store: Store, listing: str, version: int | None, wish: Wish, visit: Visit) -> str:
    """Record the wish on one listing; the decision's id. Raises ConflictError, MissingError."""
    return store.decide(
        listing,
        wish.action,
        who=visit.person,
        now=visit.now,
        reason=wish.reason,
        note=wish.note,
        until=wish.until,
        expected_version=version,
    )


def decide_many(visit: Visit, seen: Sequence[tuple[str, int]]) -> list[Notice]:
    """Record one wish on alerts as they were seen (listing, version); what to tell the person."""
    if len(seen) > MOST:
        raise Refused(
            f"{len(seen)} at once is more than anybody looked at; up to {MOST} are decided together."
        )
    wish = wish_of(visit)

    def change(store: Store) -> tuple[list[tuple[str, str]], list[str]]:
        done, left = [], []
        # As one change: where another command takes the lock, none of them is decided.
        with store.transaction():
            for listing, version in seen:
                try:
                    done.append((listing, decide_one(store, listing, version, wish, visit)))
                except (ConflictError, MissingError) as error:
                    left.append(told(store, listing, error, visit.person))
        return done, left

    done, left = visit.write(change)
    notices = []
    if done:
        how_many = "1 alert" if len(done) == 1 else f"{len(done)} alerts"
        extra = said_with(visit.config, wish)
        undo = () if wish.action == "note" else tuple(f"{listing}:{decision}" for listing, decision in done)
        notices.append(Notice(f"{how_many} {DONE[wish.action]}{extra}.", undo=undo))
    return [*notices, *(Notice(words, "problem") for words in left)]


def told(store: Store, listing: str, error: StorageError, person: str) -> str:
    """Why an alert was left as it is, in words for `person`."""
    try:
        title = title_words(store.title_of(listing))[:80]
    except MissingError:
        title = listing[:80]
    if isinstance(error, ConflictError):
        who = "yourself" if error.who == person else error.who
        return f"Left as it is: “{title}” was changed meanwhile ({error.action} by {who} at {error.when}). Open it to see both."
    return f"Left as it is: “{title}”: {error.what}."
