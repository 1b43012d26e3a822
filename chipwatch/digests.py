"""Making a digest: build it, keep it in the database and as files, each once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipwatch.app import command_of
from review import feed, render, weekly, weekly_forms
from review.build import build
from review.delivery import alone, wanted
from review.delivery import channels as configured
from review.digest import Digest

if TYPE_CHECKING:
    from config.loader import Config
    from review.weekly import Weekly
    from storage.store import Store


def make(
    store: Store, config: Config, *, now: str, everything: bool = False, cap: int = 30, send: bool = False
) -> tuple[Digest, Path]:  # fmt: skip
    """Build the digest of the news that none has told, store it, and write it as HTML, Markdown and JSON files, and the feed.

    What is told is marked on the alerts, so that no clock makes a difference; an alert opened while this works is told now or by
    the next one, or by both. A digest that holds nothing leads to the last that did, whose file is kept.

    With `send` it is put on the record of deliveries for the channels it goes to; `review.delivery.deliver` then sends it.
    Where there are channels and this one is not sent, it is kept as a mere look: the next one that is sent tells the same again.
    """
    kind = "daily" if send or not configured(config.settings) else "look"
    with alone(store.home):
        store.wake(now)
        untold = store.untold()
        last = store.last_telling("daily")
        since = last["until"] if last and not everything else None
        made = build(
            store, config, now=now, since=since, everything=everything, cap=cap, samples=config.thresholds.alerts.sample_per_digest
        )  # fmt: skip
        if last and not made.told:
            made = replace(made, previous=_previous(last))
        latest = max((at for _, at in untold), default=None)
        severity = next((s for s in ("high", "medium") if made.counts.get(s)), None)
        channels = wanted(store, config.settings, kind="daily", severity=severity, now=now) if send else ()
        with store.transaction():
            name, new = store.save_digest(
                # In the clock of what it tells, which a home that was recorded elsewhere may not share with this machine.
                kind, made.to_dict(), since=made.since, until=latest or (last["until"] if last else now), now=now,
                alerts=made.told, channels=channels,
            )  # fmt: skip
            if new and made.samples:
                store.save_samples(
                    name,
                    [(s["listing"], s["observation"], s["stratum"], s["probability"]) for s in made.samples],
                )
            if kind == "daily":
                store.mark_told(untold)
    forms = _forms(made, store)
    if made.previous and last and not (store.home / "digests" / f"{made.previous['file']}.html").exists():
        _write_files(store, made.previous["file"], _forms(Digest.from_dict(last["document"]), store))
    return made, _write(store, config, "latest", _stem(now), forms, empty=not made.told)


def _previous(row: dict[str, Any]) -> dict[str, Any]:
    return {"made": row["created_at"], "alerts": row["alerts"], "file": _stem(row["created_at"])}


def _stem(moment: str) -> str:
    """The name of a digest's files, without ending."""
    return moment.translate({58: None, 45: None})


def _forms(made: Digest, store: Store) -> dict[str, str]:
    command = command_of(store.home)
    return {"html": render.html(made, command), "md": render.markdown(made, command), "json": _json(made.to_dict())}


def make_weekly(
    store: Store, config: Config, *, now: str, since: str, until: str, send: bool = False
) -> tuple[Weekly, Path]:  # fmt: skip
    """Build the summary of [since, until), store it once, and write it as files.

    A week that was summed up before is shown with the decisions as they stand now, and is neither stored nor sent again. Where
    there are channels and it is not to be sent, it is not stored either: the run that sends it does that.
    """
    week = weekly.build(store, config, now=now, since=since, until=until)
    with alone(store.home):
        told = send or not configured(config.settings)
        if told and not any(
            row["kind"] == "weekly" and row["until"] == until for row in store.digests(WEEKS)
        ):
            channels = wanted(store, config.settings, kind="weekly", severity=None, now=now) if send else ()
            flagged = sum(week.severities.values())
            store.save_digest(
                "weekly", week.to_dict(), since=since, until=until, now=now, alerts=flagged, channels=channels
            )
    forms = {
        "html": weekly_forms.html(week),
        "md": weekly_forms.markdown(week),
        "json": _json(week.to_dict()),
    }
    return week, _write(store, config, "weekly", f"week-{until[:10]}", forms)


WEEKS = 400
"""Digests looked through for an earlier summary of the same week: more than a year of mornings."""


def write_feed(store: Store, config: Config, now: str) -> bytes:
    """The feed of the last digests, and its file under HOME/digests."""
    told = [row["id"] for row in store.digests(WEEKS) if row["kind"] in ("daily", "weekly")]
    rows = [store.digest(name) for name in told[: feed.ENTRIES]]
    text = feed.feed(rows, store.home_id, updated=now, desk=config.settings.desk.url)
    (store.home / "digests").mkdir(parents=True, exist_ok=True)
    (store.home / "digests" / "feed.xml").write_bytes(text)
    return text


def _write(
    store: Store, config: Config, latest: str, stem: str, forms: dict[str, str], *, empty: bool = False
) -> Path:
    folder = store.home / "digests"
    # An empty one made within the same second leaves the file of the one that holds something.
    if not (empty and (folder / f"{stem}.html").exists()):
        _write_files(store, stem, forms)
    _write_files(store, latest, forms)
    last = store.digests(1)
    write_feed(store, config, last[0]["created_at"] if last else "1970-01-01T00:00:00Z")
    return folder / f"{latest}.html"


def _write_files(store: Store, stem: str, forms: dict[str, str]) -> None:
    folder = store.home / "digests"
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, text in forms.items():
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)
