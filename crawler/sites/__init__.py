"""Looking after sites: propose a file for a new one, check one against its saved page, read a run's bytes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.politeness.hosts import hosts_of

if TYPE_CHECKING:
    from config.schema.sites import Site


def hosts(site: Site) -> frozenset[str]:
    """All hosts that a site's crawl may ask, the official API's included."""
    from crawler.families import family_of

    official = (getattr(family_of(site), "BASE", ""),) if site.family == "api" else ()
    return hosts_of(site, official)
