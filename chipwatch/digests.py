"""Making a digest: build it, keep it in the database and as files, each once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from review import render
from review.build import build

if TYPE_CHECKING:
    from config.loader import Config
    from review.digest import Digest
    from storage.store import Store

def make(store: Store, config: Config, *, now: str, everything: bool = False, cap: int = 30) -> tuple[Digest, Path]:
    """Build the digest of what is new since the last one, store it, and write it as HTML, Markdown and JSON files."""
    last = None if everything else store.last_digest("daily")
    made = build(store, config, now=now, since=last["until"] if last else None, cap=cap, samples=config.thresholds.alerts.sample_per_digest)
    name, new = store.save_digest("daily", made.to_dict(), since=made.since, until=now, now=now, alerts=len(made.alerts))
    if new and made.samples:
        store.save_samples(name, [(s["listing"], s["observation"], s["stratum"], s["probability"]) for s in made.samples])
    folder = store.home / "digests"
    folder.mkdir(parents=True, exist_ok=True)
    stem = now.replace(":", "").replace("-", "")
    for suffix, text in (("html", render.html(made)), ("md", render.markdown(made)), ("json", json.dumps(made.to_dict(), ensure_ascii=False, indent=1))):
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
        (folder / f"latest.{suffix}").write_text(text, encoding="utf-8")
    return made, folder / "latest.html"
