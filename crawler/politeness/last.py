"""When each host was last asked, so that the first request of a run keeps the pause from the last one of another run.

HOME/state/hosts/<host> is an empty file; its time of change says when, and lies ahead where the host asked for a rest. By the wall
clock, which all processes share.
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

    def note(self, host: str, rest_s: float = 0.0) -> None:
        """An answer is there, or will not come; the host wants to be left alone for `rest_s` seconds."""
        path, at = self._path(host), time.time() + rest_s
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (at, at))
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (at, at))

    def ago(self, host: str, longest_rest_s: float = 0.0) -> float | None:
        """Seconds since then, negative by what is left of a rest; None if it was never asked.

        A moment farther ahead than any rest is asked for comes from a clock that was wrong: it says that the host was asked just now.
        """
        try:
            ago = time.time() - self._path(host).stat().st_mtime
        except FileNotFoundError:
            return None
        return ago if ago >= -longest_rest_s else 0.0

    def _path(self, host: str) -> Path:
        return self.folder / quote(host, safe="")
