"""Sending digests: on which channels, each once, again after a failure, and what is still outstanding.

The record of deliveries decides: a digest is put there for its channels when it is made, and leaves it as sent. Order of a round:
take the lock, ask what is due, send, write down how it went. A process killed between a mail server's yes and that line sends it
once more under the same Message-ID.
"""

from __future__ import annotations

import fcntl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review.outgoing import Outgoing, SendError, outgoing

if TYPE_CHECKING:
    from config.schema.settings import Settings
    from storage.store import Store

RANK = {None: 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class Told:
    """One try: a digest on a channel, `error` None where it was sent."""

    digest: str
    kind: str
    channel: str
    error: str | None


def channels(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Every configured channel with the kinds of digest it gets: `mail:ADDRESS`, `notice:ID`."""
    mail = {f"mail:{to}": ("daily", "weekly") for to in settings.mail.to} if settings.mail.host else {}
    return mail | {f"notice:{row.id}": row.of for row in settings.notice if row.enabled}


def wanted(store: Store, settings: Settings, *, kind: str, severity: str | None, now: str) -> tuple[str, ...]:
    """The channels a digest made now goes to. `severity` is the highest in it, None where it holds no alert.

    A digest without alerts tells of unread sites: by mail, at most once a day. A chat is told from its severity on.
    """
    floors = {f"notice:{row.id}": row.severity for row in settings.notice}
    out = []
    for channel, kinds in channels(settings).items():
        if kind not in kinds:
            continue
        if kind == "daily" and channel in floors and RANK[severity] < RANK[floors[channel]]:
            continue
        empty = kind == "daily" and severity is None
        if empty and (settings.delivery.empty == "never" or store.queued_since(channel, kind, now[:10])):
            continue
        out.append(channel)
    return tuple(out)


def outstanding(store: Store, settings: Settings) -> list[dict[str, Any]]:
    """Deliveries that failed so far on channels that are still configured, the latest digest first; `given_up` says for good."""
    known = channels(settings)
    return [
        {**row, "given_up": row["tries"] >= settings.delivery.max_tries}
        for row in store.deliveries()
        if row["state"] == "failed" and row["channel"] in known
    ]


def in_words(row: Mapping[str, Any]) -> str:
    """An outstanding delivery as one line."""
    then = (
        "given up until chipwatch digest --retry is asked"
        if row["given_up"]
        else "tried again by the next run"
    )
    day = row["until" if row["kind"] == "weekly" else "created_at"][:10]
    return f"Not delivered: {row['kind']} digest of {day} to {row['channel']}, {row['tries']} tries, {then}: {row['error']}"


def deliver(
    store: Store, settings: Settings, *, clock: Callable[[], str], env: Mapping[str, str], sleep: Callable[[float], None] = time.sleep,
    revive: bool = False,
) -> list[Told]:  # fmt: skip
    """Send all that is due, trying again after the configured pauses; every try that was made.

    `revive`: what was given up is tried once more too, since a person asks for it.
    Nothing is raised for a failed sending: it stands in the record and in what is returned.
    """
    told: list[Told] = []
    lasting: set[tuple[str, str]] = set()
    with alone(store.home):
        for at, pause in enumerate((0.0, *settings.delivery.pauses_s)):
            rows = _due(store, settings, given_up=revive and at == 0)
            due = [row for row in rows if (row["digest"], row["channel"]) not in lasting]
            if not due:
                break
            if pause:
                sleep(pause)
            for row in due:
                error = _try(store, settings, row, env)
                store.note_delivery(
                    row["digest"], row["channel"], now=clock(), error=str(error) if error else None
                )
                told.append(Told(row["digest"], row["kind"], row["channel"], str(error) if error else None))
                if error and error.lasting:
                    lasting.add((row["digest"], row["channel"]))
    return told


def _due(store: Store, settings: Settings, *, given_up: bool) -> list[dict[str, Any]]:
    known, tries = channels(settings), sys.maxsize if given_up else settings.delivery.max_tries
    return [row for row in store.deliveries(due=True, max_tries=tries) if row["channel"] in known]


def _try(
    store: Store, settings: Settings, row: Mapping[str, Any], env: Mapping[str, str]
) -> SendError | None:
    try:
        _send(outgoing(store.digest(row["digest"]), store.home_id), settings, row["channel"], env, store.home)
    except SendError as error:
        return error
    return None


def _send(out: Outgoing, settings: Settings, channel: str, env: Mapping[str, str], home: Path) -> None:
    way, _, name = channel.partition(":")
    if way == "mail":
        from review import mail

        mail.send(mail.compose(out, settings.mail, name), settings.mail, env.get(mail.PASSWORD))
        return
    from review import notify

    row = next(row for row in settings.notice if row.id == name)
    notify.send(out, row, env.get(row.url_env), home / "config" / "templates")


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """One process makes a digest to be sent, or delivers, at a time: a second one waits, and then finds nothing new or due.

    Not to be nested.
    """
    folder = home / "locks"
    folder.mkdir(exist_ok=True)
    with (folder / "delivery").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
