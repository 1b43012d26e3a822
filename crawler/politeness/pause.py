"""When the next request to a host may start: the pause runs from the end of the last answer, so a slow host gets more."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class Pause:
    """Keeps the pause of each host. Times are seconds of any steady clock, passed in."""

    def __init__(self, delay_s: float) -> None:
        if delay_s <= 0:
            raise ValueError("a pause of 0 lets Scrapy 2.14 to 2.19 send a burst")
        self.delay_s = delay_s
        self._longer: dict[str, float] = {}
        self._last: dict[str, float] = {}
        """When the last request to a host began or ended, whichever was later."""
        self._rests: dict[str, float] = {}

    def at_least(self, host: str, seconds: float) -> None:
        """Raise the host's pause to what its robots.txt asks for; it counts from the last answer too, which is that robots.txt."""
        self._longer[host] = max(self._longer.get(host, 0.0), seconds)

    def of(self, host: str) -> float:
        """The pause of a host."""
        return max(self.delay_s, self._longer.get(host, 0.0))

    def before(self, host: str, now: float) -> float:
        """Seconds to wait from now."""
        free = max(self._last.get(host, -math.inf) + self.of(host), self._rests.get(host, -math.inf))
        return max(0.0, free - now)

    def asked(self, host: str, now: float) -> None:
        """A request goes out; or its answer is there, or will not come."""
        self._last[host] = max(self._last.get(host, now), now)

    def rest(self, host: str, now: float, seconds: float) -> None:
        """Nothing to this host for so long."""
        self._rests[host] = max(self._rests.get(host, -math.inf), now + seconds)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a count or a date; None if it says nothing readable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
