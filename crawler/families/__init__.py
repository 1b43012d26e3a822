"""Families of sites, one module each: pure functions from a stored page to listings and to the addresses it leads to.

A family module has `start(site, terms) -> tuple[Follow, ...]` and `read(page, site) -> Reading`. The same functions serve
the spiders, `sites check`, imports and `sites reparse`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from config.schema.sites import Site
    from crawler.page import Follow, Page, Reading


class Family(Protocol):
    """What each module of this package offers."""

    def start(self, site: Site, terms: tuple[str, ...]) -> tuple[Follow, ...]:
        """Where a run begins."""

    def read(self, page: Page, site: Site) -> Reading:
        """What a page says; never raises for what a page contains."""


def family_of(site: Site) -> Family:
    """The parser of a site: its API dialect, or its family. Raises LookupError for families that fetch nothing."""
    name = site.dialect or site.family
    if name in ("archive", "files"):
        raise LookupError(f"{site.key}: family {name!r} is read by `chipwatch import`, not crawled")
    module: Family = importlib.import_module(f"crawler.families.{name}")
    return module
