"""Requests of a site on a UTC day, over all its runs and processes, in HOME/state/asked/<site>.<day>.

One byte is appended before each request, and the file's size is the count: a crawl that is killed leaves none uncounted.
"""

from __future__ import annotations

import contextlib
from datetime import date, timedelta
from pathlib import Path

_KEPT_DAYS = 7
"""Older counts are removed when a new day begins; they serve nobody but who looks into the folder."""


class DayCount:
    """Counts the requests of one site against `limit`, its `pace.daily_requests`."""

    def __init__(self, home: Path, site: str, limit: int) -> None:
        self.folder, self.site, self.limit = home / "state" / "asked", site, limit

    def spent(self, day: date) -> int:
        """Requests of a UTC day so far."""
        try:
            return self._path(day).stat().st_size
        except FileNotFoundError:
            return 0

    def add(self, day: date) -> None:
        """Count one request, before it is sent."""
        path = self._path(day)
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._forget_before(day - timedelta(days=_KEPT_DAYS))
        with path.open("ab", buffering=0) as file:
            file.write(b".")

    def reached(self, day: date) -> str | None:
        """Why no more may be asked on this day, in words, or None."""
        if self.spent(day) < self.limit:
            return None
        return f"the {self.limit} requests of the day {day} (UTC) are used up"

    def _path(self, day: date) -> Path:
        return self.folder / f"{self.site}.{day}"

    def _forget_before(self, day: date) -> None:
        for path in self.folder.glob(f"{self.site}.????-??-??"):
            if path.name < f"{self.site}.{day}":
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
