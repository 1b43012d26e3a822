"""Looking after sites: propose a file for a new one, check one against its saved page, read a run's bytes again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.politeness.hosts import hosts_of

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.sites import Site
    from crawler.sites.rereading import Reparsed


def hosts(site: Site) -> frozenset[str]:
    """All hosts that a site's crawl may ask, the official API's included."""
    from crawler.families import family_of

    official = (getattr(family_of(site), "BASE", ""),) if site.family == "api" else ()
    return hosts_of(site, official)


def reparse(run: str, home: Path, config: Config, now: datetime | str | None = None) -> Reparsed:
    """Read a run's stored bytes again; see `crawler.sites.rereading`."""
    from crawler.sites.rereading import reparse as again

    return again(run, home, config, now)


def resume(site: Site, home: Path) -> list[str]:
    """Let a site's hosts be asked again after they showed us the door; the hosts that were at rest."""
    from crawler.politeness import rest

    return rest.forget(home, hosts(site))
