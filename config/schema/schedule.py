"""When crawls, detection and digests run by themselves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from config.tables import Row, Table


def known_zone(name: str) -> str:
    """The name, if it is one of a time zone. Raises ValueError."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone; write one such as 'Europe/Berlin'") from error
    return name


class Job(Row):
    """One row of the schedule: what runs, when, in which time zone."""

    id: str
    run: Literal["crawl", "detect", "refit", "digest", "weekly", "deliver", "retention"]
    cron: str
    """Five-field cron expression: minute hour day month weekday (0 and 7 are Sunday, as in cron)."""
    timezone: str = "UTC"
    sites: tuple[str, ...] = ()
    """Sites of a crawl; empty means all enabled sites."""
    jitter_s: Annotated[int, Field(ge=0, le=3600)] = 0
    """Random delay of up to so many seconds, so that a site is not visited on the dot."""
    without: tuple[str, ...] = ()
    """Sites that a crawl of all enabled sites leaves out."""
    enabled: bool = True
    why: str = ""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return known_zone(value)

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, value: str) -> str:
        if len(value.split()) != 5:
            raise ValueError("write five fields: minute hour day month weekday, e.g. '30 6 * * *'")
        return value


class Supervisor(Table):
    """How the supervisor treats its children."""

    stop_wait_s: Annotated[int, Field(ge=1, le=3600)] = 240
    """Seconds between passing on SIGTERM and killing a child; longer than the download timeout."""
    catch_up_h: Annotated[int, Field(ge=1, le=24 * 366)] = 24
    """A run missed while the supervisor was down is made up once if it is no older than this many hours."""


class Schedule(Table):
    """schedule.toml"""

    supervisor: Supervisor = Supervisor()
    job: list[Job] = []
