"""`chipwatch scan`: archives are dealt out to workers, their results come back to one writer.

An archive is done when its candidates are on the disk and its row stands in the ledger, in this order: a scan stopped anywhere
goes on where it was and counts nothing twice. A worker that dies costs its archives' time only: one that was there when workers
died again and again is tried once more while nothing else runs, so that none is given up for its neighbour. A worker that knows
something else than the scan was begun with gets nothing more to do.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence, Set
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from distributed.diagnostics.plugin import WorkerPlugin

from chipwatch.app import many
from chipwatch.scale import parquet
from chipwatch.scale.chain import Result, Scanner
from chipwatch.scale.cluster import AWAY_S, CONNECT_S, ClusterError, check, cores, workers
from chipwatch.scale.snapshot import Snapshot, SnapshotError
from chipwatch.scale.sources import SourceError, is_url, size_of
from storage.ids import short_hash
from storage.ledger import Entry, Ledger

if TYPE_CHECKING:
    from distributed import Client, Future

TELL_S = 5.0
AHEAD = 2
"""Archives a worker thread has waiting for it: so that none idles while a result is written."""

_here = threading.local()


class Pinned(WorkerPlugin):
    """Brings the snapshot to every worker, also to one that comes later. The knowledge is compiled by a worker's first task,
    outside its event loop."""

    def __init__(self, snapshot: Snapshot, every_chip: bool) -> None:
        self.snapshot, self.every_chip = snapshot, every_chip
        self.name = f"chipwatch-{snapshot.digest}-{int(every_chip)}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A worker's word that it cannot judge by the snapshot, whatever the archive."""

    worker: str
    why: str


def scan_archive(archive: str, plugin: str) -> Result | Refusal:
    """The task: one archive, by the snapshot that the plugin of that name brought. One scanner a thread, since an engine may
    not be used by two at once."""
    from distributed import get_worker

    scanners: dict[str, Scanner] = _here.__dict__.setdefault("scanners", {})
    if plugin not in scanners:
        worker = get_worker()
        pinned = worker.plugins[plugin]
        assert isinstance(pinned, Pinned)
        scanners.clear()
        try:
            scanners[plugin] = Scanner(pinned.snapshot, every_chip=pinned.every_chip)
        except Exception as error:  # whatever is wrong with it: the archive has not been opened yet
            why = str(error) if isinstance(error, SnapshotError) else f"{type(error).__name__}: {error}"
            return Refusal(worker.address, why[:500])
    return scanners[plugin].scan(archive)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is. `left_s` is None until there is a rate."""

    done: int
    total: int
    records: int
    bytes: int
    candidates: int
    seconds: float
    left_s: float | None

    def __str__(self) -> str:
        rate = (
            f", {self.records / self.seconds:.0f} pages/s, {self.bytes / 1e6 / self.seconds:.1f} MB/s"
            if self.records
            else ""
        )
        left = "" if self.left_s is None else f"; about {_span(self.left_s)} left"
        return f"scan: {self.done} of {many(self.total, 'archive')}{rate}, {many(self.candidates, 'candidate')}{left}"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Scan:
    """One run over what the ledger does not have yet."""

    def __init__(
        self, client: Client, ledger: Ledger, folder: Path, snapshot: Snapshot, *, now: Callable[[], str], every_chip: bool = False,
        tell: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        self.client, self.ledger, self.folder, self.snapshot, self.now, self.tell = (
            client,
            ledger,
            folder,
            snapshot,
            now,
            tell,
        )
        self.plugin = Pinned(snapshot, every_chip)
        self.waiting: deque[str] = deque()
        self.suspects: deque[str] = deque()
        """Archives that were on workers that died again and again; each is tried once more while nothing else runs."""
        self.alone: str | None = None
        self.flying: dict[Future, str] = {}
        self.bound: dict[Future, frozenset[str]] = {}
        """Workers that an archive was sent to, where not all may have it."""
        self.refusing: dict[str, str] = {}
        """Workers that cannot judge by the snapshot, and why."""
        self.sizes: dict[str, int] = {}
        self.done = self.total = self.records = self.bytes = self.candidates = self.done_size = 0
        self.began = self.told = time.monotonic()
        self._line = ""
        """What was told last."""
        self._away: float | None = None
        """Since when the scheduler or all workers are away."""

    def run(self, archives: Sequence[str]) -> None:
        """Scan what is not done yet. Raises ClusterError where the cluster is lost, StorageError where nothing can be written."""
        self.waiting.extend(self._todo(archives))
        self.total = len(self.waiting)
        if not self.waiting:
            return
        parquet.prepare(self.folder)
        self.client.register_plugin(self.plugin)
        try:
            with self.client.as_current():
                self._loop()
        finally:
            if self.client.status == "running":
                self.client.cancel(list(self.flying))
        self._report(last=True)

    def _loop(self) -> None:
        while self.waiting or self.flying or self.suspects:
            there = workers(self.client)
            willing = self._willing(there.keys())
            limit = AHEAD * max(1, sum(n for worker, n in there.items() if worker not in self.refusing))
            while self.waiting and len(self.flying) < limit:
                self._send(self.waiting.popleft(), willing)
            if not self.flying and self.suspects:
                self.alone = self.suspects.popleft()
                self._send(self.alone, willing)
            self._take()
            self._report()

    def _todo(self, archives: Sequence[str]) -> list[str]:
        waiting = todo(self.ledger, archives)
        self.sizes = {archive: size for archive, size in waiting if size is not None}
        return [archive for archive, _ in waiting]

    def _willing(self, there: Set[str]) -> frozenset[str]:
        """Those of the workers that may have something to do, if there are others. Raises ClusterError if there are others alone."""
        if not self.refusing:
            return frozenset()
        willing = frozenset(there) - self.refusing.keys()
        if there and not willing:
            raise ClusterError(f"no worker can go on: {next(iter(self.refusing.values()))}")
        for future in [future for future, bound in self.bound.items() if not bound & there]:
            # All that it was sent to are gone; others have come, or will.
            self.waiting.appendleft(self._land(future))
            self.client.cancel([future])
        return willing

    def _send(self, archive: str, willing: frozenset[str]) -> None:
        key = f"chipwatch-scan-{short_hash(archive, self.plugin.name, time.monotonic())}"
        future = self.client.submit(
            scan_archive, archive, self.plugin.name, key=key, pure=False, workers=sorted(willing) or None
        )
        self.flying[future] = archive
        if willing:
            self.bound[future] = willing

    def _land(self, future: Future) -> str:
        self.bound.pop(future, None)
        return self.flying.pop(future)

    def _take(self) -> None:
        """Wait a moment for results, and put down those that came."""
        from distributed import wait

        try:
            ready = wait(list(self.flying), timeout=1, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            self._watch()
            return
        except (asyncio.CancelledError, futures.CancelledError):
            # What a client says of everything it waits for when its scheduler is gone.
            self._watch(lost=True)
            return
        for future in ready:
            archive = self._land(future)
            if future.status == "finished":
                self._heard(archive, future.result(timeout=CONNECT_S))
            elif future.status in ("lost", "cancelled"):
                self._watch(lost=True)
            else:
                self._failed(archive, future.exception(timeout=CONNECT_S))
            future.release()

    def _heard(self, archive: str, said: Result | Refusal) -> None:
        if isinstance(said, Result):
            self._put(said)
            return
        self.waiting.appendleft(archive)
        if said.worker not in self.refusing and self.tell:
            self.tell(f"worker {said.worker} gets nothing to do: {said.why}")
        self.refusing[said.worker] = said.why

    def _failed(self, archive: str, error: BaseException | None) -> None:
        if type(error).__name__ == "KilledWorker" and archive != self.alone:
            self.suspects.append(archive)
        else:
            self._put(Result(archive, self.sizes.get(archive), refused=_why(error)))

    def _watch(self, lost: bool = False) -> None:
        """Raises ClusterError where the scheduler or all workers stay away."""
        check(self.client)
        gone = lost or not cores(self.client)
        self._away = (self._away or time.monotonic()) if gone else None
        if lost or (self._away is not None and time.monotonic() - self._away > AWAY_S):
            raise ClusterError(
                "the Dask cluster lost its scheduler or its workers: what was done is kept; run the same command again to go on"
            )

    def _put(self, result: Result) -> None:
        outcome = "failed" if result.refused else "damaged" if result.damages else "done"
        file = digest = None
        if result.rows:
            file, digest = parquet.write(self.folder, result.archive, result.rows)
        else:
            parquet.remove(self.folder, result.archive)
        damages = [("", result.refused)] if result.refused else result.damages
        self.ledger.record(Entry(
            result.archive, outcome, self.now(), result.size, result.records, result.pages, result.gated, result.structured, result.read,
            len(result.rows), result.failed, result.oversized, result.bytes, round(result.seconds, 3), tuple(damages), file, digest,
        ))  # fmt: skip
        self.done += 1
        self.records, self.bytes = self.records + result.records, self.bytes + result.bytes
        self.candidates += len(result.rows)
        self.done_size += self.sizes.get(result.archive, 0)
        if self.tell and outcome != "done":
            self.tell(
                f"{result.archive}: {outcome}: {damages[0][1]}"
                + (f", and {len(damages) - 1} more" if len(damages) > 1 else "")
            )

    def progress(self) -> Progress:
        """How far it is; the rest by bytes where all sizes are known, else by archives."""
        seconds = max(time.monotonic() - self.began, 1e-3)
        whole = sum(self.sizes.values())
        by_size = len(self.sizes) == self.total and whole
        share = self.done_size / whole if by_size else self.done / max(self.total, 1)
        left = seconds / share - seconds if share else None
        return Progress(self.done, self.total, self.records, self.bytes, self.candidates, seconds, left)

    def _report(self, *, last: bool = False) -> None:
        if self.tell and (last or time.monotonic() - self.told > TELL_S):
            self.told = time.monotonic()
            line = str(self.progress())
            # Within the first archive, all that would move is the clock.
            if line != self._line:
                self._line = line
                self.tell(line)


def todo(ledger: Ledger, archives: Sequence[str]) -> list[tuple[str, int | None]]:
    """Archives that are not done, with their bytes where this machine can tell: new ones, those that could not be read, those whose
    candidates are gone, and files whose length is another now."""
    known = {entry.archive: entry for entry in ledger.entries()}
    out = []
    for archive in archives:
        entry = known.get(archive)
        size = None if is_url(archive) else _size(archive)
        gone = entry is not None and entry.file is not None and not parquet.is_there(ledger.path.parent, entry.file)
        if entry is None or gone or entry.outcome == "failed" or (size is not None and size != entry.size):
            out.append((archive, size))
    return out


def _size(archive: str) -> int | None:
    try:
        return size_of(archive)
    except SourceError:
        return None  # the worker tells why


def _why(error: BaseException | None) -> str:
    name = type(error).__name__
    if name == "KilledWorker":
        return "workers died over it again and again, at last while nothing else ran: it may need more memory than they have"
    return f"{name}: {error}"[:300]
