"""Reading on a cluster for `chipwatch detect`: partitions of observations go out, readings and sketches come back in order.

The writer keeps all that depends on order (likeness, market, history, forest, judgement, alerts), and works on one window while
the workers read the next ones. So the result is that of one machine, byte for byte.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent import futures
from typing import TYPE_CHECKING

from distributed import KilledWorker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from chipwatch.scale.cluster import AWAY_S, ClusterError, check, cores
from chipwatch.scale.snapshot import Snapshot, unpack
from detector.prepare import Prepared, Preparer, Window

if TYPE_CHECKING:
    from distributed import Client, Future

    from storage.observation import Observation

PARTITION = 200
"""Observations in a task: a second or so of reading, against milliseconds of sending."""
AHEAD = 3
"""Partitions a worker thread has before it."""

_here = threading.local()


class Knowledge(WorkerPlugin):
    """Brings the config to every worker, also to one that comes later."""

    idempotent = True

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.name = snapshot, f"chipwatch-knowledge-{snapshot.digest}"


def prepare_part(observations: list[Observation], plugin: str) -> list[Prepared]:
    """The task: readings and sketches of a partition."""
    preparers: dict[str, Preparer] = _here.__dict__.setdefault("preparers", {})
    if plugin not in preparers:
        brought = get_worker().plugins[plugin]
        assert isinstance(brought, Knowledge)
        preparers.clear()
        preparers[plugin] = Preparer(unpack(brought.snapshot).config)
    return [preparers[plugin].one(observation) for observation in observations]


class Spread:
    """`detector.prepare.Prepare` on a cluster. Raises ClusterError where it is lost, SnapshotError where its workers know
    something else than this machine."""

    def __init__(self, client: Client, snapshot: Snapshot) -> None:
        self.client, self.plugin = client, Knowledge(snapshot)

    def __call__(self, windows: Iterable[Window]) -> Iterator[tuple[Window, list[Prepared]]]:
        """Each window in its order; those that follow are read meanwhile."""
        self.client.register_plugin(self.plugin)
        flying: deque[tuple[Window, list[Future]]] = deque()
        source, more = iter(windows), True
        try:
            while more or flying:
                while more and sum(len(parts) for _, parts in flying) < AHEAD * max(1, cores(self.client)):
                    window = next(source, None)
                    more = window is not None
                    if window is not None:
                        flying.append((window, self._send(window)))
                if flying:
                    window, parts = flying[0]
                    found = [one for part in parts for one in self._result(part)]
                    flying.popleft()
                    yield window, found
        finally:
            if self.client.status == "running":
                self.client.cancel([part for _, parts in flying for part in parts])

    def _send(self, window: Window) -> list[Future]:
        parts = [list(window[at : at + PARTITION]) for at in range(0, len(window), PARTITION)]
        return [self.client.submit(prepare_part, part, self.plugin.name, pure=False) for part in parts]

    def _result(self, future: Future) -> list[Prepared]:
        away: float | None = None
        while True:
            check(self.client)
            away = None if cores(self.client) else away or time.monotonic()
            if future.status in ("lost", "cancelled") or (
                away is not None and time.monotonic() - away > AWAY_S
            ):
                raise ClusterError(
                    "the Dask cluster lost its scheduler or its workers: what was judged is kept; run `chipwatch detect` to go on"
                )
            try:
                result: list[Prepared] = future.result(timeout=1)
                return result
            except TimeoutError:
                continue
            except (asyncio.CancelledError, futures.CancelledError):
                continue  # its status tells
            except KilledWorker as error:
                raise ClusterError(
                    "workers died over the same observations again and again: give them more memory"
                ) from error
