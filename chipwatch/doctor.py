"""What `chipwatch doctor` looks at: one named check after another, none of which changes anything."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chipwatch.app import State

LOW_DISK_GB = 2.0
KEYS = {
    "ebay_browse": ("EBAY_CLIENT_ID", "EBAY_CLIENT_SECRET"),
    "yahoo_shopping_jp": ("YAHOO_JP_APP_ID",),
    "rakuten_ichiba": ("RAKUTEN_APPLICATION_ID", "RAKUTEN_ACCESS_KEY"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is well, and what was found."""

    name: str
    ok: bool
    found: str


def run(state: State, now: str) -> list[Check]:
    """All checks in order; a check that fails to run is a failed check."""
    checks: list[Check] = []
    for name, look in (
        ("environment", _environment), ("home", _home), ("config", _config), ("database", _database), ("disk", _disk),
        ("sites", _sites), ("keys", _keys),
    ):  # fmt: skip
        try:
            checks.extend(Check(name, ok, found) for ok, found in look(state, now))
        except Exception as error:
            checks.append(Check(name, False, str(error)))
    return checks


Look = Callable[[State, str], Iterator[tuple[bool, str]]]


def _environment(state: State, now: str) -> Iterator[tuple[bool, str]]:
    import sqlite3
    from importlib.metadata import version

    libraries = ", ".join(f"{name} {version(name)}" for name in ("scrapy", "scikit-learn", "pandas", "sqlite-utils", "datasette"))
    yield sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, {libraries}"


def _home(state: State, now: str) -> Iterator[tuple[bool, str]]:
    yield state.exists, f"{state.folder}" + ("" if state.exists else " is not there: chipwatch init")
    if state.exists:
        yield os.access(state.folder, os.W_OK), "can be written" if os.access(state.folder, os.W_OK) else "cannot be written"


def _config(state: State, now: str) -> Iterator[tuple[bool, str]]:
    config = state.config
    for family in [name for name in dir(type(config)) if not name.startswith("_") and not name.endswith("_version") and name != "home"]:
        getattr(config, family)
    yield True, f"knowledge {config.knowledge_version}, thresholds {config.thresholds_version}"


def _database(state: State, now: str) -> Iterator[tuple[bool, str]]:
    if not state.exists:
        return
    with state.store() as store:
        count = len(store.coverage())
    yield True, f"opens and is up to date; {count} sites known"


def _disk(state: State, now: str) -> Iterator[tuple[bool, str]]:
    folder = state.folder if state.folder.exists() else state.folder.anchor
    free = shutil.disk_usage(folder).free / 1e9
    yield free > LOW_DISK_GB, f"{free:.1f} GB free"


def _sites(state: State, now: str) -> Iterator[tuple[bool, str]]:
    sites = state.config.sites
    enabled = [key for key, site in sites.items() if site.enabled]
    yield True, f"{len(enabled)} of {len(sites)} enabled: {', '.join(enabled) or 'none'}"
    for key in enabled:
        access = sites[key].access
        if access is None or access.reviewed_on is None or access.reviewed_by is None:
            yield False, f"{key}: access not reviewed: write basis, reviewed_by and reviewed_on into its site file"


def _keys(state: State, now: str) -> Iterator[tuple[bool, str]]:
    for key, site in state.config.sites.items():
        if site.enabled and not site.loopback and site.dialect in KEYS:
            missing = [name for name in KEYS[site.dialect] if not os.environ.get(name)]
            yield not missing, f"{key}: " + (f"set {' and '.join(missing)} in the environment" if missing else "keys present")
