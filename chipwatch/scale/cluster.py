"""The Dask cluster that work runs on: workers of this machine, or one that somebody else started."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 15
"""Seconds within which a scheduler has to answer, and within which a lost one has to be back."""

AWAY_S = 120
"""Seconds that a cluster may be without any worker: nannies start new ones, queues hand machines out."""

GONE = "the Dask scheduler is gone: what was done is kept; run the same command again to go on"

FAILURES = 2
"""Workers that may die over a task before the next death ends it. Dask counts the death of a worker against all that waited on it;
a cluster that somebody else started has a count of its own."""


class ClusterError(Exception):
    """Raised if no scheduler answers, it is lost on the way, or it has no workers."""


@contextmanager
def connected(address: str | None, workers: int | None = None) -> Iterator[Client]:
    """A client of the cluster at `address` (tcp://host:8786), or of one that lives on this machine as long as the block: one
    process a core, or `workers`. Raises ClusterError."""
    import dask
    from distributed import Client

    # A lost scheduler is told in one line of ours; Dask would print a traceback for each of its connections.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    settings = {
        "distributed.scheduler.allowed-failures": FAILURES,
        "distributed.comm.timeouts.connect": f"{CONNECT_S}s",
        # A worker that compiles or reads one hostile page holds its lock for seconds: that is no death.
        "distributed.scheduler.worker-ttl": "15 minutes",
        "distributed.admin.tick.limit": "1 minute",
    }
    with dask.config.set(settings), _lost_is_told():
        if address is None:
            with _local(workers) as cluster, Client(cluster, timeout=CONNECT_S) as client:
                yield client
            return
        try:
            client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"no Dask scheduler answers at {address} ({error}): start one with `dask scheduler`, or leave --cluster out"
            ) from error
        try:
            client.wait_for_workers(1, timeout=AWAY_S)
        except TimeoutError as error:
            client.close(timeout=2)
            raise ClusterError(
                f"the Dask scheduler at {address} has no workers: start some with `dask worker {address}`"
            ) from error
        except OSError as error:  # it may answer no more while it is asked for its workers
            client.close(timeout=2)
            raise ClusterError(GONE) from error
        try:
            yield client
        finally:
            client.close(timeout=2)


@contextmanager
def _lost_is_told() -> Iterator[None]:
    """A connection that breaks may be told by any call of Dask's: one that waits for workers, brings the knowledge or asks for
    a result. Raises ClusterError in its place."""
    from distributed.comm import CommClosedError

    try:
        yield
    except CommClosedError as error:
        raise ClusterError(GONE) from error


def _local(workers: int | None) -> Any:
    import os

    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers or os.cpu_count() or 1, threads_per_worker=1, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
    )  # fmt: skip


def check(client: Client) -> None:
    """Raises ClusterError if the scheduler is gone."""
    if client.status in ("closed", "closing"):
        raise ClusterError(GONE)


def workers(client: Client) -> dict[str, int]:
    """Addresses of the workers there are now with their threads; none while the scheduler or all workers are away."""
    if client.status != "running":
        return {}
    try:
        return dict(client.nthreads())
    except (OSError, TimeoutError):
        return {}


def cores(client: Client) -> int:
    """Worker threads there are now."""
    return sum(workers(client).values())
