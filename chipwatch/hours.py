"""Starts of crawls whose site has hours of its own: a job's due time, moved to the next of these hours."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

from chipwatch.times import Times, following

_HOUR = timedelta(hours=1)
_FARTHEST = 49
"""A due time is moved by fewer hours: less than a day, of which the longest has 25, and one more where the change of clocks leaves the only hour out."""


class InHours(BaseTrigger):
    """Due times of a job that lie outside the hours are moved to their next beginning; several moved to one moment are one.

    Hours are those of `zone`. Jitter (seconds) delays a start, but not past the end of its hour.
    """

    __slots__ = ("hours", "jitter_s", "times", "zone")

    def __init__(self, times: Times, hours: Sequence[int], zone: str, jitter_s: int = 0) -> None:
        self.times, self.hours, self.zone, self.jitter_s = times, frozenset(hours), ZoneInfo(zone), jitter_s

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first start after the previous one, or at or after `now` where there is none."""
        start = next(self.starts(following(previous_fire_time, now)), None)
        return None if start is None else self._delayed(start)

    def starts(self, since: datetime) -> Iterator[datetime]:
        """Every start at or after a moment, in order, without jitter; in UTC."""
        last = None
        for due in self.times.starts(since - _FARTHEST * _HOUR):
            start = self._moved(due)
            if start >= since and start != last:
                yield start
                last = start

    def _moved(self, due: datetime) -> datetime:
        local = due.astimezone(self.zone)
        for _ in range(_FARTHEST):
            if local.hour in self.hours:
                break
            # By the clock of the world, so that an hour which a change of clocks leaves out is passed over.
            local = (local.replace(minute=0, second=0).astimezone(UTC) + _HOUR).astimezone(self.zone)
        return local.astimezone(UTC)

    def _delayed(self, start: datetime) -> datetime:
        left = 3599 - start.astimezone(self.zone).minute * 60 - start.second
        return start + timedelta(seconds=random.uniform(0, min(self.jitter_s, left)))  # noqa: S311 - no secret
