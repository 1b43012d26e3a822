"""What `chipwatch doctor` looks at: one named check after another, none of which changes anything.

No check leaves this machine but `robots`, which is made on request alone: it asks each enabled site for its robots.txt.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chipwatch.app import State, many
from config.tables import unread

LOW_DISK_GB = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is well, and what was found."""

    name: str
    ok: bool
    found: str


def run(state: State, now: str, *, robots: bool = False) -> list[Check]:
    """All checks in order, with `robots` that of the enabled sites' robots.txt too; a check that fails to run is a failed check."""
    checks: list[Check] = []
    told: dict[str, str] = {}
    looks: list[tuple[str, Look]] = [
        ("environment", _environment), ("home", _home), ("config", _config), ("database", _database), ("disk", _disk),
        ("sites", _sites), ("schedule", _schedule), ("keys", _keys), ("delivery", _delivery),
    ]  # fmt: skip
    for name, look in [*looks, ("robots", _robots)] if robots else looks:
        try:
            checks.extend(Check(name, ok, found) for ok, found in look(state, now))
        except Exception as error:
            first = told.setdefault(str(error), name)
            checks.append(Check(name, False, str(error) if first == name else f"see {first}"))
    return checks


Look = Callable[[State, str], Iterator[tuple[bool, str]]]


def _environment(state: State, now: str) -> Iterator[tuple[bool, str]]:
    import sqlite3
    from importlib.metadata import version

    libraries = ", ".join(
        f"{name} {version(name)}"
        for name in ("scrapy", "scikit-learn", "pandas", "sqlite-utils", "datasette")
    )
    yield (
        sys.version_info >= (3, 11),
        f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, {libraries}",
    )


def _home(state: State, now: str) -> Iterator[tuple[bool, str]]:
    yield state.exists, f"{state.folder}" + ("" if state.exists else " is not there: chipwatch init")
    if state.exists:
        yield (
            os.access(state.folder, os.W_OK),
            "can be written" if os.access(state.folder, os.W_OK) else "cannot be written",
        )


def _config(state: State, now: str) -> Iterator[tuple[bool, str]]:
    config = state.config
    for family in [
        name
        for name in dir(type(config))
        if not name.startswith("_") and not name.endswith("_version") and name not in ("home", "sites")
    ]:
        getattr(config, family)
    yield True, f"knowledge {config.knowledge_version}, thresholds {config.thresholds_version}"
    for path, near in unread(state.folder):
        yield False, f"{path}: nothing reads a file of this name" + (f"; did you mean {near}?" if near else "; see docs for the names")


def _schedule(state: State, now: str) -> Iterator[tuple[bool, str]]:
    from difflib import get_close_matches

    from chipwatch.schedule import OwnStart, ScheduleError, planned, trigger
    from crawler.run import crawled

    sites, jobs = state.config.sound_sites, state.config.schedule.job
    yield True, f"{sum(job.enabled for job in jobs)} of {len(jobs)} jobs enabled"
    for job in jobs:
        try:
            trigger(job)
        except ScheduleError as error:
            yield False, str(error)
        for name in (*job.sites, *job.without):
            if name not in sites and name not in state.config.broken_sites:
                near = get_close_matches(name, sites, 1)
                yield False, f"schedule.toml: job {job.id!r}: no site {name!r}" + (f"; did you mean {near[0]!r}?" if near else "; `chipwatch sites` lists them")
    started = {site for job in planned(state.config).job if isinstance(job, OwnStart) and job.enabled for site in job.sites}
    for key, site in sites.items():
        if site.pace.hours and crawled(site) and key not in started:
            yield False, f"{key}: has hours of its own (pace.hours), but no enabled job of schedule.toml crawls it"


def _database(state: State, now: str) -> Iterator[tuple[bool, str]]:
    if not state.exists:
        return
    with state.store() as store:
        rows, more = store.sites_read()
    imported = sum(row["outcome"] == "imported" for row in rows) + more
    yield True, f"opens and is up to date; {many(len(rows) + more, 'site')} with runs or listings, {imported} of them imported"


def _disk(state: State, now: str) -> Iterator[tuple[bool, str]]:
    folder = state.folder if state.folder.exists() else state.folder.anchor
    free = shutil.disk_usage(folder).free / 1e9
    yield free > LOW_DISK_GB, f"{free:.1f} GB free"
    if state.exists:
        with state.store(readonly=True) as store:
            size = store.sizes()
        if size["observations"]:
            kinds = (f"{kind} {size[f'{kind}_bytes'] / 1e6:.1f} MB ({size[f'{kind}_bytes_per_observation'] / 1e3:.1f} KB each)" for kind in ("database", "evidence"))
            yield True, f"{size['observations']} observations: {', '.join(kinds)}"


def _sites(state: State, now: str) -> Iterator[tuple[bool, str]]:
    from datetime import date

    from crawler.access import refusal
    from crawler.run import crawled

    sites = state.config.sound_sites
    enabled = [site for site in sites.values() if crawled(site)]
    yield True, f"{len(enabled)} of {many(len(sites), 'site file')} enabled: {', '.join(site.key for site in enabled) or 'none'}"
    for error in state.config.broken_sites.values():
        yield False, str(error)
    for site in enabled:
        why = refusal(site, state.config.settings, date.fromisoformat(now[:10]))
        if why:
            yield False, f"{site.key}: will not be crawled: {why}"


def _keys(state: State, now: str) -> Iterator[tuple[bool, str]]:
    from crawler.plan import missing_keys

    for key, site in state.config.sound_sites.items():
        if site.enabled and not site.loopback and site.family == "api":
            missing = missing_keys(site, os.environ)
            yield (
                not missing,
                f"{key}: "
                + (f"set {' and '.join(missing)} in the environment" if missing else "keys present"),
            )


def _robots(state: State, now: str) -> Iterator[tuple[bool, str]]:
    from crawler.run import crawled
    from crawler.sites import robots_status

    if not state.exists:
        return
    for key, site in state.config.sound_sites.items():
        if crawled(site):
            for host in robots_status(site, state.folder, state.config):
                yield host.allowed, f"{key}: {host.words}"


def _delivery(state: State, now: str) -> Iterator[tuple[bool, str]]:
    """Channels of the digest: is the secret there, and did the last sendings arrive?"""
    from review.delivery import channels, in_words, outstanding
    from review.mail import PASSWORD

    settings = state.config.settings
    known = channels(settings)
    yield True, f"digests go to {', '.join(known) or 'files alone'}"
    if settings.mail.host and settings.mail.user and not os.environ.get(PASSWORD):
        yield False, f"mail: set {PASSWORD} in the environment"
    for row in settings.notice:
        if row.enabled and not os.environ.get(row.url_env):
            yield False, f"notice {row.id}: set {row.url_env} in the environment"
    if state.exists and known:
        with state.store(readonly=True) as store:
            for failed in outstanding(store, settings):
                yield False, in_words(failed)
