"""`config/settings.toml`: who we say we are, how politely we read, how long we keep, whom we tell."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from config.tables import Row, Table

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
    resume_h: Annotated[float, Field(ge=0)] = 12.0
    """A crawl goes on where one before it was killed, if that began no more than so many hours ago; 0: never."""
    crawl_stop_s: Seconds = 90.0
    """How long a crawl may take to stop after a signal before it is killed."""
    event_loop: str | None = None
    """Import path of another event loop than asyncio's own, such as "uvloop.Loop" where uvloop is installed."""


LOOPBACK = ("127.0.0.1", "::1", "localhost")


MAILBOX = re.compile(
    r"(?:(?P<name>[^<>@,;:\"\\\x00-\x1f\x7f-\x9f\u2028\u2029]*)<)?(?P<spec>[^\s@<>,;:()\[\]\"\\]+@[^\s@<>,;:()\[\]\"\\]+)(?(name)>)"
)
"""A mail address, alone or as `Name <address>`; narrower than the standard, so that it can hide nothing."""


def _plain_line(value: str) -> str:
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
        raise ValueError("must be one line without control characters: it goes into a mail's headers")
    return value


class Desk(Table):
    """Where the desk in the browser is reached; digests link each alert to it."""

    url: str = "http://127.0.0.1:8100"

    @field_validator("url")
    @classmethod
    def _web(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s\"'<>]+", value):
            raise ValueError("write an address such as 'http://127.0.0.1:8100', or '' for no links")
        return value.rstrip("/")


class Mail(Table):
    """Digests as mail. Without a host or a receiver none is sent. The password is CHIPWATCH_SMTP_PASSWORD, nothing else."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` sends in the clear and is for a server on this machine alone."""
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    """Each receiver gets a mail of their own."""
    timeout_s: Seconds = 30.0

    @field_validator("host", "user")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return _plain_line(value)

    @field_validator("sender")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        if value and not MAILBOX.fullmatch(_plain_line(value)):
            raise ValueError(
                f"{value!r} is no mail address; write one such as 'Desk <chipwatch@desk.example>'"
            )
        return value

    @field_validator("to")
    @classmethod
    def _addresses(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            found = MAILBOX.fullmatch(_plain_line(value))
            if found is None or found["name"] is not None:
                raise ValueError(f"{value!r} is no mail address; write one such as 'desk@example.org'")
        return values

    @model_validator(mode="after")
    def _whole(self) -> Mail:
        if self.host and self.to and not self.sender:
            raise ValueError("mail needs a sender, e.g. sender = 'chipwatch@desk.example'")
        if self.host and self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("security = 'none' is for a server on this machine; use 'starttls' or 'tls'")
        return self


class Notice(Row):
    """A chat, push service or webhook that is told of digests through apprise (extra `notify`)."""

    id: str
    url_env: str
    """Name of the environment variable that holds the apprise address: it carries the secret."""
    of: tuple[Literal["daily", "weekly"], ...] = ("daily",)
    severity: Literal["high", "medium"] = "high"
    """Told only if there is an alert of at least this severity; a weekly summary always is."""
    cap: Annotated[int, Field(ge=1, le=50)] = 5
    """Alerts named; the rest is counted."""
    format: Literal["text", "markdown", "html"] = "text"
    template: str = ""
    """A file of HOME/config/templates instead of the shipped notice.txt, notice.md or notice.html."""
    enabled: bool = True

    @field_validator("url_env")
    @classmethod
    def _variable(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
            raise ValueError(
                "name an environment variable such as 'CHIPWATCH_NOTIFY_CHAT'; the address itself is a secret"
            )
        return value

    @field_validator("template")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if value and not re.fullmatch(r"[\w-]+(\.[\w-]+)*", value):
            raise ValueError("must be the name of a file in HOME/config/templates, without folders")
        return value


class Delivery(Table):
    """How hard a digest is sent. Each is sent once on each channel; what failed is tried again at once, then by later runs."""

    pauses_s: tuple[Annotated[float, Field(ge=0, le=600)], ...] = (10.0, 60.0)
    """Pauses before each further try within one run."""
    max_tries: Annotated[int, Field(ge=1)] = 12
    """After so many tries over all runs a delivery is given up, which the doctor and each digest show."""
    empty: Literal["daily", "never"] = "daily"
    """A digest without alerts still tells which sites were not read: it is sent at most once a day, or never."""


class Settings(Table):
    """settings.toml"""

    identity: Identity = Identity()
    politeness: Politeness = Politeness()
    access: AccessRules = AccessRules()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    health: Health = Health()
    desk: Desk = Desk()
    mail: Mail = Mail()
    delivery: Delivery = Delivery()
    notice: list[Notice] = []
