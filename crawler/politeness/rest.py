"""Hosts that showed us the door, remembered between runs in HOME/state/resting.json.

After a challenge, a login page or refusals a host rests until a person acts: reviews the site anew (a later
`access.reviewed_on`) or lets it go on (`resume`). After "too many requests" it rests for `rest_hours`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.errors import StorageError, translated
from storage.whole import write_whole

if TYPE_CHECKING:
    from config.schema.sites import Site

PASSING = frozenset(("retry_after", "robots"))
"""Stops that end by themselves: the server is busy, or robots.txt could not be had."""


def resting(
    site: Site, hosts: frozenset[str], state: dict[str, Any], now: datetime, rest_hours: float
) -> str | None:
    """Why a site is not asked today, or None. A robots.txt that could not be had is tried again at the next run."""
    for name, entry in state.items():
        if name.rsplit(":", 1)[0].strip("[]") not in hosts and name not in hosts:
            continue
        since = datetime.fromisoformat(entry["since"])
        reviewed = site.access.reviewed_on if site.access else None
        if reviewed is not None and reviewed > since.date():
            continue
        if entry["kind"] in PASSING:
            hours = 0.0 if entry["kind"] == "robots" else rest_hours
            if now >= since + timedelta(hours=hours):
                continue
            return f"{name} rests until {(since + timedelta(hours=hours)).isoformat(timespec='minutes')}: {entry['why']}"
        return (
            f"{name} is left alone since {entry['since'][:10]}: {entry['why']}; look at the site, then set a later "
            f"access.reviewed_on, or run `chipwatch sites resume {site.key}`"
        )
    return None


def read(home: Path) -> dict[str, Any]:
    """Hosts at rest by name. Raises StorageError for a file that cannot be read: it may name hosts that must not be asked."""
    path = _path(home)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        for entry in data.values():
            datetime.fromisoformat(entry["since"]), str(entry["kind"]), str(entry["why"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"the list of hosts that are left alone cannot be read ({type(error).__name__})"
        raise StorageError(what, path, "restore it from a backup, or remove it and look at each site before it is asked again") from error
    return dict(data)


def remember(home: Path, rests: list[tuple[str, str, str]], now: datetime) -> None:
    """Note hosts to leave alone: (host, kind, why). On the disk when this returns. Raises StorageError."""
    if rests:
        stamp = now.astimezone(UTC).isoformat(timespec="seconds")
        with _alone(home):
            _write(
                home, read(home) | {host: {"kind": kind, "why": why, "since": stamp} for host, kind, why in rests}
            )


def forget(home: Path, hosts: frozenset[str]) -> list[str]:
    """Let hosts be asked again; those that were at rest. Raises StorageError."""
    with _alone(home):
        state = read(home)
        gone = [name for name in state if name in hosts or name.rsplit(":", 1)[0].strip("[]") in hosts]
        if gone:
            _write(home, {name: entry for name, entry in state.items() if name not in gone})
    return gone


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Nobody else changes the file within the block: crawls of other sites stop at the same time."""
    with translated(_path(home)):
        (home / "locks").mkdir(parents=True, exist_ok=True)
        with open(home / "locks" / "resting", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _path(home: Path) -> Path:
    return home / "state" / "resting.json"


def _write(home: Path, state: dict[str, Any]) -> None:
    write_whole(_path(home), json.dumps(state, ensure_ascii=False, indent=1))
