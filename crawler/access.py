"""May this site be read at all? A run without a reviewed basis does not start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from config.schema.settings import Settings
    from config.schema.sites import Site


def refusal(site: Site, settings: Settings, today: date) -> str | None:
    """Why a site may not be crawled today, with what to do, or None."""
    where = f"HOME/config/sites/{site.key}.toml"
    access = site.access
    if not site.enabled:
        return f"disabled; review it and set enabled = true in {where}"
    if access is None:
        return f"no access table; state basis, reviewed_by and reviewed_on in {where}"
    if access.basis == "own_capture":
        return "own_capture: this site is not crawled; capture by hand and use `chipwatch import`"
    if access.basis == "demo":
        return None if site.loopback else f"basis 'demo' is for loopback sites only; correct {where}"
    if access.reviewed_by is None or access.reviewed_on is None:
        return f"access was never reviewed; read robots.txt and terms, then set reviewed_by and reviewed_on in {where}"
    age = (today - access.reviewed_on).days
    if age < -1:
        return f"reviewed_on {access.reviewed_on} lies in the future; correct {where}"
    if age > settings.access.max_age_days:
        return f"access review of {access.reviewed_on} is older than {settings.access.max_age_days} days; review again and set reviewed_on in {where}"
    if not settings.identity.contact:
        return "no contact; set identity.contact in HOME/config/settings.toml so that the site's operator can reach you"
    return None


def closed(site: Site, now: datetime) -> str | None:
    """Why no crawl of the site may begin at this hour, or None."""
    pace = site.pace
    hours = ", ".join(map(str, sorted(pace.hours)))
    return None if pace.open_at(now) else f"begins in its own hours only: {hours} o'clock, {pace.timezone} (pace.hours)"
