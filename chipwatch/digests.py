"""Making a digest: build it, keep it in the database and as files, each once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from review import render
from review.build import build
from review.delivery import wanted

if TYPE_CHECKING:
    from config.loader import Config
    from review.digest import Digest
    from storage.store import Store


def make(
    store: Store, config: Config, *, now: str, everything: bool = False, cap: int = 30, send: bool = False
) -> tuple[Digest, Path]:  # fmt: skip
    """Build the digest of what is new since the last one, store it, and write it as HTML, Markdown and JSON files, and the feed.

    With `send` it is put on the record of deliveries for the channels it goes to; `review.delivery.deliver` then sends it.
    """
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
    name, new = store.save_digest(
        "daily",
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
    folder = store.home / "digests"
    folder.mkdir(parents=True, exist_ok=True)
    stem = now.replace(":", "").replace("-", "")
    for suffix, text in (
        ("html", render.html(made)),
        ("md", render.markdown(made)),
        ("json", json.dumps(made.to_dict(), ensure_ascii=False, indent=1)),
    ):
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
        (folder / f"latest.{suffix}").write_text(text, encoding="utf-8")
    return made, folder / "latest.html"
