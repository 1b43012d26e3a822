"""Storms over a scan: workers killed at random, the scheduler killed, the disk full. Going on gives what an undisturbed scan gives."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")
pytest.importorskip("fastwarc")

from bench._archives import write_archive
from chipwatch.scale.cluster import ClusterError, connected
from chipwatch.scale.snapshot import Snapshot, take
from config.loader import Config
from tests.test_scan import CASES, NOW, counts, rows, run

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 900
"""Bound of each wait: a worker takes twelve seconds of processor to start, which is minutes where others work too."""


def archives(folder: Path, many: int, pages: int) -> list[str]:
    folder.mkdir()
    for n in range(many):
        write_archive(folder / f"part-{n:02}.warc.gz", pages, every=5, seed=n, chosen=CASES, level=1)
    return sorted(map(str, folder.glob("*.warc.gz")))


# Minutes of killed workers and schedulers: with the storms of `make soak`.
pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return archives(tmp_path_factory.mktemp("a") / "x", 6, 30)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return take(Config(), None, now=NOW)


@pytest.fixture(scope="module")
def whole(
    names: list[str], snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Any], list[Any]]:
    folder = tmp_path_factory.mktemp("whole")
    with connected(None, 2) as client:
        entries = run(client, folder, names, snapshot)
    assert sum(e.candidates for e in entries) == 6 * 6
    return counts(entries), rows(folder)


def test_killed_workers_cost_their_archives_time_only(
    names: list[str], snapshot: Snapshot, whole: Any, tmp_path: Path
) -> None:
    killed: list[int] = []
    with connected(None, 2) as client:
        stop = threading.Event()

        def kill() -> None:
            chance = random.Random(1)
            while not stop.wait(4) and len(killed) < 2:
                pid = chance.choice(sorted(client.run(os.getpid).values()))
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

        killer = threading.Thread(target=kill)
        killer.start()
        entries = run(client, tmp_path, names, snapshot)
        stop.set()
        killer.join()
    assert killed
    assert (counts(entries), rows(tmp_path)) == whole


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Cluster:
    """A scheduler and two workers as processes of their own, as on a real cluster."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self.port, self.folder = free_port(), folder
        self.address = f"tcp://127.0.0.1:{self.port}"
        quiet = {
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "cwd": ROOT,
            "env": {**os.environ, "PYTHONPATH": str(ROOT)},
        }
        self.scheduler = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--dashboard-address", "127.0.0.1:0"], **quiet
        )  # fmt: skip
        self.workers = [
            subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_worker", self.address, "--nthreads", "1", "--local-directory", str(folder), "--death-timeout", "60"], **quiet
            ) for _ in range(workers)
        ]  # fmt: skip

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.terminate()
        for process in (*self.workers, self.scheduler):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.end()


def command(out: Path, names: list[str], *words: str, **how: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "chipwatch.cli", "--home", str(out / "none"), "scan", "--json", "--out", str(out), *words, *names],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how,
    )  # fmt: skip


def test_a_killed_scheduler_ends_the_scan_and_the_same_command_goes_on(
    names: list[str], whole: Any, cluster: Cluster, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = command(out, names, "--cluster", cluster.address)
    begun = time.monotonic()
    while not list(out.glob("candidates/*.parquet")) and time.monotonic() - begun < PATIENCE_S:
        time.sleep(0.2)
    cluster.scheduler.send_signal(signal.SIGKILL)
    _, said = first.communicate(timeout=PATIENCE_S)
    assert first.returncode == 3
    assert "run the same command again to go on" in said and "Traceback" not in said
    again = Cluster(tmp_path)
    try:
        second = command(out, names, "--cluster", again.address)
        told, said = second.communicate(timeout=PATIENCE_S)
    finally:
        again.end()
    assert second.returncode == 0, said
    assert "going on by the knowledge" in said and "/status" in said
    assert [
        (e["archive"], e["candidates"], e["records"], e["sha256"]) for e in json.loads(told)["archives"]
    ] == [(c[0], c[6], c[2], c[10]) for c in whole[0]]
    assert rows(out) == whole[1]


def test_a_scheduler_that_dies_before_there_are_workers_is_told(tmp_path: Path) -> None:
    alone = Cluster(tmp_path, workers=0)
    try:
        begun = time.monotonic()
        while not reachable(alone.port) and time.monotonic() - begun < PATIENCE_S:
            time.sleep(0.2)
        killer = threading.Timer(3, alone.scheduler.kill)
        killer.start()
        with pytest.raises(ClusterError, match="scheduler is gone"), connected(alone.address):
            pass
        killer.join()
    finally:
        alone.end()


def reachable(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_a_real_limit_on_writing_ends_the_scan_and_it_goes_on(
    names: list[str], whole: Any, tmp_path: Path
) -> None:
    """No file may grow beyond what the ledger needs: the Parquet files do not fit."""
    size = 16_500
    assert all(len(json.dumps(row)) > 1000 for row in whole[1])

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    first = command(tmp_path, names, "--workers", "1", preexec_fn=limit)
    _, said = first.communicate(timeout=PATIENCE_S)
    assert first.returncode == 3, said
    assert "Traceback" not in said and "error:" in said
    assert not list(tmp_path.glob("candidates/*.part"))
    second = command(tmp_path, names, "--workers", "2")
    told, said = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 0, said
    assert len(json.loads(told)["archives"]) == len(names)
    assert rows(tmp_path) == whole[1]


def test_ten_minutes_of_killed_workers(snapshot: Snapshot, tmp_path: Path) -> None:
    """Archives enough for minutes of a fast machine, while workers die."""
    names = archives(tmp_path / "x", 80, 300)
    with connected(None, 2) as client:
        expected = counts(
            run(
                client,
                tmp_path / "calm" if (tmp_path / "calm").mkdir() is None else tmp_path,
                names,
                snapshot,
            )
        )
    (tmp_path / "storm").mkdir()
    stop, killed = threading.Event(), []
    with connected(None, 2) as client:

        def kill() -> None:
            chance = random.Random(2)
            while not stop.wait(chance.uniform(10, 30) if killed else 5):
                pid = chance.choice(sorted(client.run(os.getpid).values()))
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

        killer = threading.Thread(target=kill)
        killer.start()
        found = counts(run(client, tmp_path / "storm", names, snapshot))
        stop.set()
        killer.join()
    assert len(killed) >= 3 and found == expected
