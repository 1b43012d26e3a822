"""Starts of crawls whose site has hours of its own: a job's due time, moved to the next of these hours."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=25)
"""A due time is moved by less than a day, of which the longest has 25 hours."""


class InHours(BaseTrigger):
    """Due times of `cron` that lie outside the hours are moved to their next beginning; several moved to one moment are one.

    Hours are those of `zone`. Jitter (seconds) delays a start, but not past the end of its hour.
    """

    __slots__ = ("cron", "hours", "jitter_s", "zone")

    def __init__(self, cron: CronTrigger, hours: Sequence[int], zone: str, jitter_s: int = 0) -> None:
        self.cron, self.hours, self.zone, self.jitter_s = cron, frozenset(hours), ZoneInfo(zone), jitter_s

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first start at or after `now`, and after the previous one."""
        due = self.cron.get_next_fire_time(None, now - _DAY)
        while due is not None:
            start = self._moved(due)
            if start >= now and (previous_fire_time is None or start > previous_fire_time):
                return self._delayed(start)
            due = self.cron.get_next_fire_time(due, due + timedelta(seconds=1))
        return None

    def _moved(self, due: datetime) -> datetime:
        local = due.astimezone(self.zone)
        for _ in range(25):
            if local.hour in self.hours:
                break
            # By the clock of the world, so that an hour which a change of clocks leaves out is passed over.
            local = (local.replace(minute=0, second=0).astimezone(UTC) + _HOUR).astimezone(self.zone)
        return local.astimezone(due.tzinfo)

    def _delayed(self, start: datetime) -> datetime:
        left = 3599 - start.astimezone(self.zone).minute * 60 - start.second
        return start + timedelta(seconds=random.uniform(0, min(self.jitter_s, left)))  # noqa: S311 - no secret
