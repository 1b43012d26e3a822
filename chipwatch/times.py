"""Starts by a cron line in a time zone, right when its clocks change.

The line is read on a clock that never changes, and each time found is then looked up in the zone. So every walk over starts
moves on; asked for the next start by a zone's own clock, APScheduler gives one of a repeated hour again and again.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

_SHIFT = timedelta(hours=3)
"""Clocks are put on or back by less than this."""
_EVERY_HOUR = ("*", "*/1", "0-23")


class Times(BaseTrigger):
    """Starts of `cron` (made for UTC) as the clock of `zone` shows them; all in UTC.

    As cron has it, a time that names its hour is had once a day: of a repeated hour the first, and of an hour that is left out
    as long after midnight as ever. A time of every hour goes on by the hours that pass.
    """

    __slots__ = ("cron", "every_hour", "jitter_s", "zone")

    def __init__(self, cron: CronTrigger, zone: str, hour: str, jitter_s: int = 0) -> None:
        self.cron, self.zone, self.every_hour, self.jitter_s = cron, ZoneInfo(zone), hour in _EVERY_HOUR, jitter_s

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first start after the previous one, which may have passed by now, or at or after `now` where there is none; delayed by the jitter."""
        start = next(self.starts(following(previous_fire_time, now)), None)
        return None if start is None else start + timedelta(seconds=random.uniform(0, self.jitter_s))  # noqa: S311 - no secret

    def starts(self, since: datetime) -> Iterator[datetime]:
        """Every start at or after a moment, in order, without jitter."""
        since = since.astimezone(UTC)
        waiting: list[datetime] = []
        last = None
        for shown in self._shown(since):
            # What the clock shows later may be had earlier, but not by more than a change.
            while waiting and waiting[0] < self._first(shown) - _SHIFT:
                start = heapq.heappop(waiting)
                if start != last:
                    yield start
                last = start
            for start in self._moments(shown):
                if start >= since:
                    heapq.heappush(waiting, start)
        yield from sorted(set(waiting) - {last})

    def _shown(self, since: datetime) -> Iterator[datetime]:
        """Times that the line names, from a little before what the zone's clock shows, as if they were UTC."""
        shown = self.cron.get_next_fire_time(None, since.astimezone(self.zone).replace(tzinfo=UTC) - _SHIFT)
        while shown is not None:
            yield shown
            shown = self.cron.get_next_fire_time(None, shown + timedelta(seconds=1))

    def _first(self, shown: datetime) -> datetime:
        return shown.replace(tzinfo=self.zone, fold=0).astimezone(UTC)

    def _moments(self, shown: datetime) -> tuple[datetime, ...]:
        """When the zone's clock shows a time: once, twice where it is put back, never where it is put on."""
        first, second = self._first(shown), shown.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        if first == second or not self.every_hour:
            return (first,)
        return (first, second) if second > first else ()


def following(previous: datetime | None, now: datetime) -> datetime:
    """From when on the next start is looked for."""
    return now if previous is None else previous + timedelta(microseconds=1)
