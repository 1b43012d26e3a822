"""Looking after sites: propose a file for a new one, check one against its saved page, read a run's bytes again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.politeness.hosts import hosts_of

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.sites import Site
    from crawler.politeness.robots import Robots
    from crawler.sites.checking import Checked, Sample
    from crawler.sites.probe import Look
    from crawler.sites.proposing import Proposal
    from crawler.sites.rereading import Reparsed


@dataclass(frozen=True, slots=True)
class HostRules:
    """What a host says to us now: whether the site's first address there may be fetched, and the same in words."""

    allowed: bool
    words: str


def hosts(site: Site) -> frozenset[str]:
    """All hosts that a site's crawl may ask, the official API's included."""
    from crawler.families import family_of

    official = (getattr(family_of(site), "BASE", ""),) if site.family == "api" else ()
    return hosts_of(site, official)


def reparse(run: str, home: Path, config: Config, now: datetime | str | None = None) -> Reparsed:
    """Read a run's stored bytes again; see `crawler.sites.rereading`."""
    from crawler.sites.rereading import reparse as again

    return again(run, home, config, now)


def at_rest(site: Site, home: Path, now: datetime, rest_hours: float) -> str | None:
    """Why a crawl of this site would ask nothing now, in words, or None. The demo's servers on loopback never rest.

    While it cannot be read who is to be left alone, nobody is asked.
    """
    from crawler.politeness import rest
    from storage.errors import StorageError

    if site.loopback:
        return None
    try:
        return rest.resting(site, hosts(site), rest.read(home), now, rest_hours)
    except StorageError as error:
        return str(error)


def resume(site: Site | str, home: Path) -> list[str]:
    """Let a site's hosts, or a host by its name, be asked again after they showed us the door; the hosts that were at rest."""
    from crawler.politeness import rest

    return rest.forget(home, frozenset([site.lower()]) if isinstance(site, str) else hosts(site))


def propose(url: str, home: Path, config: Config, now: datetime | str | None = None, *, key: str | None = None) -> Proposal:
    """Look at an address and write a site file for it into the home; see `crawler.sites.proposing`."""
    from crawler.sites.proposing import propose as look_at

    return look_at(url, home, config, now, key=key)


def check(site: Site, home: Path, config: Config, *, live: bool = False) -> Checked:
    """Run a site's parser on its saved pages; see `crawler.sites.checking`."""
    from crawler.sites.checking import check as compare

    return compare(site, home, config, live=live)


def accept(site: Site, home: Path) -> list[Sample]:
    """Take what a site's parser gives now on its saved pages as expected; see `crawler.sites.checking`."""
    from crawler.sites.checking import accept as take

    return take(site, home)


def robots_status(site: Site, home: Path, config: Config) -> list[HostRules]:
    """What robots.txt of each host of a site says to us now; asks for that file alone."""
    from crawler.families import family_of
    from crawler.plan import ROBOT_NAME
    from crawler.politeness.robots import judge
    from crawler.sites.probe import look
    from crawler.terms import search_terms

    if site.access is not None and site.access.basis == "official_api":
        return [HostRules(True, "official API: asked under its licence, robots.txt is not asked")]
    if not site.loopback and not config.settings.identity.contact:
        return [HostRules(False, "not asked: set identity.contact in HOME/config/settings.toml first")]
    first: dict[str, str] = {}
    for follow in family_of(site).start(site, search_terms(site, config)):
        first.setdefault("/".join(follow.url.split("/", 3)[:3]), follow.url)
    found = look(site, [f"{origin}/robots.txt" for origin in first], home, config)
    if found.refused:
        return [HostRules(found.busy, f"not asked: {found.refused}")]
    return [_rules(origin, url, found, judge, ROBOT_NAME) for origin, url in first.items()]


def _rules(origin: str, url: str, found: Look, judge: Callable[..., Robots], name: str) -> HostRules:
    host, asked = origin.split("/")[2], f"{origin}/robots.txt"
    facts, page = found.robots.get(host), found.pages.get(asked)
    if facts is None or facts["verdict"] == "unreachable":
        why = found.failures.get(asked, "no answer")
        return HostRules(False, f"{host}: robots.txt cannot be had, so nothing may be fetched ({why})")
    if facts["verdict"] == "unavailable":
        return HostRules(True, f"{host}: there is no robots.txt (status {facts['status']}), so nothing is forbidden")
    if page is None:
        return HostRules(False, f"{host}: robots.txt forbids everything")
    rules = judge(asked, page.status, page.body, name)
    allowed = rules.allows(url)
    verb = "allows" if allowed else "forbids"
    return HostRules(allowed, f"{host}: robots.txt {verb} {url}; pause asked for {rules.delay_s:g} s")
