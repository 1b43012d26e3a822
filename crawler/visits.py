"""When a site's listing pages were last asked for, so that a shop larger than one run is seen whole over several.

HOME/state/visits/<site>.json: address -> minutes since 1970, pages that gave no listing included: they would come first for ever.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from storage.whole import write_whole

MOST = 200_000
"""Addresses remembered for a site; those asked longest ago are forgotten first."""


@dataclass(slots=True)
class Visits:
    """The times known when the run began, and those of the run."""

    path: Path
    known: dict[str, int]
    fresh: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Path, site: str) -> Visits:
        """Those of the runs before; a file that cannot be read says nothing."""
        path = home / "state" / "visits" / f"{site}.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            data = {}
        return cls(path, {url: at for url, at in data.items() if isinstance(at, int)} if isinstance(data, dict) else {})

    def priority(self, url: str) -> int:
        """For Scrapy's queue: 1 for an address never asked for, else below 0, which is for lists, and the lower the later that was."""
        return -self.known[url] if url in self.known else 1

    def note(self, url: str, now: datetime) -> None:
        """An address was asked for."""
        self.fresh[url] = int(now.timestamp() / 60)

    def save(self) -> None:
        """Write what this run added."""
        if self.fresh:
            merged = sorted((self.known | self.fresh).items(), key=lambda pair: pair[1])
            write_whole(self.path, json.dumps(dict(merged[-MOST:])))
