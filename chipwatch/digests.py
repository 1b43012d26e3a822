"""Making a digest: build it, keep it in the database and as files, each once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review import feed, render, weekly, weekly_forms
from review.build import build
from review.delivery import alone, wanted
from review.delivery import channels as configured

if TYPE_CHECKING:
    from config.loader import Config
    from review.digest import Digest
    from review.weekly import Weekly
    from storage.store import Store


def make(
    store: Store, config: Config, *, now: str, everything: bool = False, cap: int = 30, send: bool = False
) -> tuple[Digest, Path]:  # fmt: skip
    """Build the digest of what is new since the last one, store it, and write it as HTML, Markdown and JSON files, and the feed.

    With `send` it is put on the record of deliveries for the channels it goes to; `review.delivery.deliver` then sends it.
    Where there are channels and this one is not sent, it is kept as a mere look: the next one that is sent tells the same again.
    """
    with alone(store.home):
        last = None if everything else store.last_digest("daily")
        made = build(
            store,
            config,
            now=now,
            since=last["until"] if last else None,
            cap=cap,
            samples=config.thresholds.alerts.sample_per_digest,
        )
        severity = next((s for s in ("high", "medium") if made.counts.get(s)), None)
        channels = wanted(store, config.settings, kind="daily", severity=severity, now=now) if send else ()
        kind = "daily" if send or not configured(config.settings) else "look"
        name, new = store.save_digest(
            kind,
            made.to_dict(),
            since=made.since,
            until=now,
            now=now,
            alerts=len(made.alerts),
            channels=channels,
        )
        if new and made.samples:
            store.save_samples(
                name, [(s["listing"], s["observation"], s["stratum"], s["probability"]) for s in made.samples]
            )
    forms = {"html": render.html(made), "md": render.markdown(made), "json": _json(made.to_dict())}
    return made, _write(store, config, "latest", now.translate({58: None, 45: None}), forms)


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


def _write(store: Store, config: Config, latest: str, stem: str, forms: dict[str, str]) -> Path:
    folder = store.home / "digests"
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, text in forms.items():
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
        (folder / f"{latest}.{suffix}").write_text(text, encoding="utf-8")
    last = store.digests(1)
    write_feed(store, config, last[0]["created_at"] if last else "1970-01-01T00:00:00Z")
    return folder / f"{latest}.html"


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)
