"""When each host was last asked, so that the first request of a run keeps the pause from the last one of another run.

HOME/state/hosts/<host> is an empty file; its time of change says when. By the wall clock, which all processes share.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from urllib.parse import quote


class LastAsked:
    """Notes and tells when a host was last asked."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "state" / "hosts"

    def note(self, host: str) -> None:
        """An answer is there, or will not come."""
        path = self._path(host)
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path.touch()

    def ago(self, host: str) -> float | None:
        """Seconds since then, not negative; None if it was never asked."""
        try:
            return max(0.0, time.time() - self._path(host).stat().st_mtime)
        except FileNotFoundError:
            return None

    def _path(self, host: str) -> Path:
        return self.folder / quote(host, safe="")
