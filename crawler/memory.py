"""What a crawl's own process holds, and an end to a crawl that holds too much.

Scrapy's own extension reads ru_maxrss, which a process inherits from the one that started it: a large starter would end every
crawl of its at once. Here the size at this moment counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy import signals

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.plan import Plan

CHECK_S = 1.0
"""Seconds between two looks. A page of 8 MB is read in less, so nothing large grows between two looks for long."""
REASON = "memory"


class MemoryLimit:
    """Scrapy extension: closes the spider when the process holds more than the plan's `memory_mb`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.plan: Plan = crawler.settings["CHIPWATCH_PLAN"]
        self._watching: asyncio.Task[None] | None = None
        crawler.signals.connect(self._start, signal=signals.engine_started)
        crawler.signals.connect(self._stop, signal=signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> MemoryLimit:
        """Made by Scrapy."""
        return cls(crawler)

    def _start(self) -> None:
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    def _stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        # The first look comes after a pause: an engine that is only just starting cannot be closed.
        await asyncio.sleep(CHECK_S)
        while held_mb() <= self.plan.memory_mb:
            await asyncio.sleep(CHECK_S)
        # Whoever sleeps between two requests is woken.
        self.plan.stopping.set()
        if self.crawler.engine is not None:
            # As a task of its own: this one is cancelled when the engine stops.
            closing = self.crawler.engine.close_spider_async(reason=REASON)
            self.plan.tasks.add(asyncio.get_running_loop().create_task(closing))


def held_mb() -> int:
    """Memory that this process holds now, in MB; where the kernel does not tell, the most it ever held."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024**2
    return _maxrss_mb()


def peak_mb() -> int:
    """The most memory that this process held, in MB: the kernel's VmHWM where it is told."""
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) // 1024
    return _maxrss_mb()


def _maxrss_mb() -> int:
    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        1024**2 if sys.platform == "darwin" else 1024
    )
