"""robots.txt as RFC 9309 reads it.

4xx: nobody forbids anything. 5xx, unreachable: everything is forbidden. 429 is no "unavailable" but a plea to go
away, and counts as unreachable. Longest match wins (protego). Crawl-delay is outside the RFC and honoured all the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protego import Protego

MAX_DELAY_S = 600.0
"""Who asks for a longer pause does not want to be read by a crawl: such a host is left alone, not asked faster than it said."""


@dataclass(frozen=True, slots=True)
class Robots:
    """What a host's robots.txt says to us. `verdict`: rules, unavailable (all allowed), unreachable (none allowed)."""

    url: str
    verdict: str
    status: int | None = None
    sha256: str | None = None
    rules: Protego | None = None
    agent: str = "chipwatch"
    why: str = ""
    absent: bool = False
    """Nobody was there to answer: no server, no such name."""

    def allows(self, url: str) -> bool:
        """May this address be fetched?"""
        if self.rules is None:
            return self.verdict == "unavailable"
        return bool(self.rules.can_fetch(url, self.agent))

    @property
    def delay_s(self) -> float:
        """The pause it asks for, 0 where it asks for none; Request-rate counts too."""
        if self.rules is None:
            return 0.0
        delay = float(self.rules.crawl_delay(self.agent) or 0.0)
        rate = self.rules.request_rate(self.agent)
        if rate is not None and rate.requests:
            delay = max(delay, rate.seconds / rate.requests)
        return delay

    def facts(self) -> dict[str, str]:
        """For the evidence: what it was and which bytes said so."""
        pairs = {"url": self.url, "verdict": self.verdict, "status": self.status, "sha256": self.sha256}
        return {name: str(value) for name, value in pairs.items() if value is not None}


def judge(
    url: str, status: int | None, body: bytes, agent: str, *, max_kb: int = 512, why: str = "", absent: bool = False
) -> Robots:
    """The meaning of an answer to GET /robots.txt; `status` None = no answer came, `absent` = nobody was there to give one."""
    if status is None or status >= 500 or status == 429 or status < 200:
        return Robots(url, "unreachable", status, why=why or f"status {status}", absent=absent)
    if status >= 300:
        return Robots(url, "unavailable", status)
    from protego import Protego

    read = body[: max_kb * 1024]
    if len(body) > len(read):
        # The last line may be cut in two; half a Disallow forbids more than was meant, half an Allow allows more.
        read = read[: read.rfind(b"\n") + 1]
    rules = Protego.parse(read.decode("utf-8-sig", "replace"))
    return Robots(url, "rules", status, hashlib.sha256(body).hexdigest(), rules, agent)
