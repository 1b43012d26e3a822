"""A rebuild whose readings come from a cluster: the same bytes as on one machine, also with workers killed; a lost cluster is told."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")

from bench.rebuild import fill, listings
from chipwatch.scale import rebuild
from chipwatch.scale.cluster import ClusterError, connected
from chipwatch.scale.rebuild import Spread
from chipwatch.scale.snapshot import take
from config.loader import Config
from detector.prepare import Preparer
from detector.refit import refit
from detector.run import detect
from storage.store import Store

NOW = "2025-07-02T00:00:00Z"


# Every test starts a cluster of its own: with the storms of `make soak`.
pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 listings recorded in three groups, with a forest in force."""
    folder = tmp_path_factory.mktemp("home")
    made = list(listings(400))
    with Store.open(folder) as store:
        for day, part in enumerate((made[:250], made[250:251], made[251:]), 1):
            fill(store, part, f"2025-07-0{day}T00:00:00Z")
        detect(store, Config(), now=NOW)
        refit(store, Config(), now=NOW, who="t", why="t")
    return folder


def rebuilt(home: Path, **how: Any) -> tuple[list[str], list[str], int]:
    """Export and stored readings, byte for byte, after a rebuild; and how many were judged."""
    with Store.open(home) as store:
        done = detect(store, Config(), now=NOW, rebuild=True, **how)
        kept = [repr(tuple(row)) for row in store.db.rows("SELECT * FROM reading ORDER BY observation")]
        return [json.dumps(row) for row in store.export_readings()], kept, done.judged


def test_a_cluster_rebuild_gives_the_same_bytes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = rebuilt(home)
    assert alone[2] == 400 and sum("nvidia" in line for line in alone[0]) > 50
    monkeypatch.setattr(rebuild, "PARTITION", 30)
    with connected(None, 2) as client:
        spread = Spread(client, take(Config(), None, now=NOW))
        assert rebuilt(home, prepare=spread) == alone

        def kill() -> None:
            time.sleep(0.3)
            for pid in client.run(os.getpid).values():
                os.kill(pid, signal.SIGKILL)
                time.sleep(1)

        killer = threading.Thread(target=kill)
        killer.start()
        again = rebuilt(home, prepare=spread)
        killer.join()
        assert again == alone
        # The daily run reads there too.
        with Store.open(home) as store:
            fill(store, list(listings(420))[400:], "2025-07-04T00:00:00Z")
            assert detect(store, Config(), now=NOW, prepare=spread).judged == 20


def test_windows_come_back_in_order_and_are_not_all_asked_for_at_once(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    with Store.open(home) as store:
        observations = list(store.iter_observations())[:90]
    windows = [observations[at : at + 10] for at in range(0, 90, 10)]
    asked: list[int] = []

    def source() -> Any:
        for number, window in enumerate(windows):
            asked.append(number)
            yield window

    expected = list(Preparer(Config())(windows))
    with connected(None, 1) as client:
        done = []
        for pair in Spread(client, take(Config(), None, now=NOW))(source()):
            done.append(pair)
            assert len(asked) <= len(done) + rebuild.AHEAD
    assert done == expected


def test_no_scheduler_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chipwatch.scale.cluster.CONNECT_S", 1)
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"), connected("tcp://127.0.0.1:9"):
        pass
