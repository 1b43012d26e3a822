"""`config/settings.toml`: who we say we are, how politely we read, how long we keep."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from config.loader import Table

Seconds = Annotated[float, Field(gt=0)]


class Identity(Table):
    """How the crawler introduces itself. Without a contact no site outside this machine is read."""

    name: str = "chipwatch"
    contact: str = ""
    """A web page or mail address where a site's operator reaches the desk."""

    @field_validator("contact", "name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if any(ord(sign) < 32 for sign in value) or not value.isascii():
            raise ValueError("must be plain ASCII on one line: it goes into a request header")
        return value


class Politeness(Table):
    """Limits that hold for every site; a site file can only be stricter, except for the demo on loopback."""

    min_delay_s: Seconds = 5.0
    api_min_delay_s: Seconds = 1.0
    timeout_s: Seconds = 60.0
    """One answer, from the request to the last byte."""
    max_body_mb: Annotated[float, Field(gt=0, le=64)] = 8.0
    """After decompression."""
    max_redirects: Annotated[int, Field(ge=0, le=20)] = 5
    retries: Annotated[int, Field(ge=0, le=5)] = 2
    max_pages: Annotated[int, Field(ge=1)] = 500
    max_minutes: Annotated[float, Field(gt=0)] = 120.0
    max_depth: Annotated[int, Field(ge=1)] = 50
    refusals_in_a_row: Annotated[int, Field(ge=1)] = 3
    """A host is left alone after so many 401, 403 or 429 answers in a row."""
    retry_after_max_s: Seconds = 300.0
    """A longer Retry-After ends the run as blocked."""
    robots_max_kb: Annotated[int, Field(ge=500)] = 512
    """RFC 9309 section 2.5: at least 500 KiB are read, the rest is not."""
    rest_hours: Annotated[float, Field(ge=0)] = 24.0
    """After a challenge page or a streak of refusals the host is not asked again for so long."""
    memory_mb: Annotated[int, Field(ge=128)] = 1024
    """A crawl process that grows over this ends as partial."""


class AccessRules(Table):
    """When a site's review counts as too old."""

    max_age_days: Annotated[int, Field(ge=1)] = 180


class Retention(Table):
    """How long raw bytes and texts are kept, in days."""

    alert_days: Annotated[int, Field(ge=1)] = 730
    other_days: Annotated[int, Field(ge=1)] = 90


class Privacy(Table):
    """What is stored of persons."""

    hash_sellers: bool = True
    """Outside the raw evidence a seller is a keyed hash."""


class Health(Table):
    """What counts as a healthy history."""

    runs: Annotated[int, Field(ge=1)] = 5
    """So many last healthy runs make the usual count of a site."""
    vanish_after: Annotated[int, Field(ge=1)] = 2
    """A listing not seen in so many healthy runs in a row is marked as vanished."""
    writer_wait_s: Seconds = 60.0
    """How long a writer waits for another one."""
    crawl_stop_s: Seconds = 90.0
    """How long a crawl may take to stop after a signal before it is killed."""


class Settings(Table):
    """settings.toml"""

    identity: Identity = Identity()
    politeness: Politeness = Politeness()
    access: AccessRules = AccessRules()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    health: Health = Health()
