"""All that a run needs to know, decided before it starts from the site file, the settings and the home."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.outcome import Facts
from crawler.politeness.hosts import hosts_of

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.challenges import Mark
    from config.schema.settings import Settings
    from config.schema.sites import Site
    from crawler.families import Family
    from crawler.families.answers import Keys
    from crawler.politeness.last import LastAsked
    from crawler.politeness.quota import DayCount
    from crawler.politeness.robots import Robots
    from crawler.resuming import Kept
    from crawler.visits import Visits

ROBOT_NAME = "chipwatch"
"""The product token that robots.txt may name us by."""


class PlanError(ValueError):
    """Raised if a run cannot be planned, with what to do about it: a key of an API is missing from the environment."""


@dataclass(slots=True)
class Plan:
    """One run. Limits are fixed; `facts`, `robots` and `rests` fill up as it goes. Times in seconds."""

    site: Site
    family: Family
    terms: tuple[str, ...]
    hosts: frozenset[str]
    user_agent: str
    delay_s: float
    max_pages: int
    max_seconds: float
    max_depth: int
    timeout_s: float
    max_body: int
    max_redirects: int
    retries: int
    refusals_in_a_row: int
    retry_after_max_s: float
    robots_max_kb: int
    memory_mb: int
    event_loop: str | None
    obey_robots: bool
    marks: list[Mark]
    began: datetime
    """When the run began."""
    frozen: bool = False
    """The run was given its moment and all its pages bear it: done again after a kill, it ends in the same state."""
    keys: Keys | None = None
    asked: DayCount | None = None
    """Requests of the day, where the site file bounds them."""
    last: LastAsked | None = None
    """When hosts were last asked by any run, where there is a home."""
    visits: Visits | None = None
    """When listing pages were last asked for, where there is a home."""
    kept: Kept | None = None
    """Pages that a killed run stored, to be read instead of asked for."""
    candidate: Callable[[str], bool] = lambda title: True
    robot_name: str = ROBOT_NAME
    facts: Facts = field(default_factory=Facts)
    robots: dict[str, Robots] = field(default_factory=dict)
    rests: list[tuple[str, str, str]] = field(default_factory=list)
    """Hosts to leave alone: host, kind of stop, why."""
    home: Path | None = None
    """Where they are remembered, too."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    started: float = field(default_factory=time.monotonic)
    cpu_started: float = field(default_factory=time.process_time)
    """Processor seconds of this process when the spider began."""
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    """Held so that they are not collected while they run."""

    def __deepcopy__(self, memo: Any) -> Plan:
        """Scrapy copies its settings; the plan in them stays this one, which fills up."""
        return self

    def leave_alone(self, host: str, kind: str, why: str) -> None:
        """Ask a host nothing any more, in later runs neither: it is on the disk at once. Raises StorageError."""
        from crawler.politeness import rest

        self.rests.append((host, kind, why))
        if self.home is not None and not self.site.loopback:
            rest.remember(self.home, self.rests[-1:], self.moment())

    def moment(self) -> datetime:
        """Now, by the run's clock."""
        return self.began if self.frozen else datetime.now(UTC)

    def day(self) -> date:
        """Today in UTC, by the run's clock."""
        return self.moment().astimezone(UTC).date()

    def stamp(self) -> str:
        """Now as ISO 8601 UTC to the second."""
        return f"{self.moment().astimezone(UTC).isoformat()[:19]}Z"

    def limit(self, requests: int, _now: float) -> str | None:
        """Which bound of the run is reached, in words, or None."""
        if requests >= self.max_pages:
            return f"stopped at the limit of {self.max_pages} requests"
        if time.monotonic() - self.started >= self.max_seconds:
            return f"stopped at the limit of {self.max_seconds / 60:g} minutes"
        used_up = self.asked.reached(self.day()) if self.asked else None
        return f"stopped: {used_up}" if used_up else None


def plan_run(
    site: Site, config: Config, now: datetime, environment: Mapping[str, str] | None = None, *, frozen: bool = False
) -> Plan:
    """The plan of a crawl of `site` at `now`. Raises PlanError, and LookupError for families that fetch nothing."""
    from crawler.families import family_of
    from crawler.politeness.last import LastAsked
    from crawler.terms import candidate_test, search_terms
    from crawler.visits import Visits

    settings = config.settings
    family = family_of(site)
    rules, pace = settings.politeness, site.pace
    floor = rules.api_min_delay_s if site.family == "api" else rules.min_delay_s
    wished = pace.delay_s or floor
    return Plan(
        site=site,
        family=family,
        terms=search_terms(site, config),
        hosts=hosts_of(site, (getattr(family, "BASE", ""),) if site.family == "api" else ()),
        user_agent=user_agent(settings),
        delay_s=wished if site.loopback else max(wished, floor),
        max_pages=pace.max_pages or rules.max_pages,
        max_seconds=60 * min(pace.max_minutes or rules.max_minutes, rules.max_minutes),
        max_depth=min(pace.max_depth or rules.max_depth, rules.max_depth),
        timeout_s=rules.timeout_s,
        max_body=int(rules.max_body_mb * 1024 * 1024),
        max_redirects=rules.max_redirects,
        retries=rules.retries,
        refusals_in_a_row=rules.refusals_in_a_row,
        retry_after_max_s=rules.retry_after_max_s,
        robots_max_kb=rules.robots_max_kb,
        memory_mb=rules.memory_mb,
        event_loop=settings.health.event_loop,
        # An official API is asked under its licence; robots.txt speaks to crawlers of pages.
        obey_robots=site.access is None or site.access.basis != "official_api",
        marks=list(config.challenges.mark),
        began=now,
        frozen=frozen,
        asked=day_count(site, config),
        last=LastAsked(config.home) if config.home is not None else None,
        visits=Visits.load(config.home, site.key) if config.home is not None else None,
        home=config.home,
        keys=api_keys(site, family, environment if environment is not None else os.environ),
        candidate=candidate_test(site, config) if site.detail.follow == "candidates" else lambda title: True,
    )


def day_count(site: Site, config: Config) -> DayCount | None:
    """The count of the site's requests by day, if its file bounds them and there is a home to keep it."""
    from crawler.politeness.quota import DayCount

    limit = site.pace.daily_requests
    return DayCount(config.home, site.key, limit) if limit is not None and config.home is not None else None


def api_keys(site: Site, family: Family, environment: Mapping[str, str]) -> Keys | None:
    """The API's secrets from the environment; on loopback `demo` stands in. Raises PlanError naming what is missing."""
    names: tuple[str, ...] = getattr(family, "KEYS", ())
    if not names:
        return None
    from crawler.families.answers import Keys

    if site.loopback:
        return Keys(dict.fromkeys(names, "demo"))
    missing = missing_keys(site, environment)
    if missing:
        raise PlanError(
            f"{site.key}: set {' and '.join(missing)} in the environment; the API gives them to registered users"
        )
    return Keys({name: environment[name] for name in names})


def missing_keys(site: Site, environment: Mapping[str, str]) -> list[str]:
    """Names of the secrets that the site's API wants and the environment lacks."""
    from crawler.families import family_of

    return [name for name in getattr(family_of(site), "KEYS", ()) if not environment.get(name)]


def user_agent(settings: Settings) -> str:
    """An honest User-Agent: name, version, contact."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("chipwatch")
    except PackageNotFoundError:
        number = "0"
    contact = settings.identity.contact
    return f"{settings.identity.name}/{number}" + (f" (+{contact})" if contact else "")
