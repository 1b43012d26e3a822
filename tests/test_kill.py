"""kill -9 at random moments of a crawl and of a detect: a normal run afterwards leaves the state of an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chipwatch.demo.home import write_sites
from chipwatch.demo.run import API_KEYS
from chipwatch.demo.server import serve
from chipwatch.demo.world import observed_at
from config.loader import Config
from crawler.run import crawl_sites
from detector.run import detect
from storage.alerts import Filter
from storage.store import Store
from storage.verify import verify

ROOT = Path(__file__).resolve().parents[1]
SITES = ["demo-board", "demo-api"]
NOW = "2026-03-02T09:00:00Z"

CRAWL = f"""
import sys; from pathlib import Path; from config.loader import Config; from crawler.run import crawl_sites
from chipwatch.demo.world import observed_at
home = Path(sys.argv[1]); crawl_sites({SITES!r}, home, Config(home), observed_at(1))
"""
DETECT = f"""
import sys; from pathlib import Path; from config.loader import Config; from storage.store import Store; from detector.run import detect
home = Path(sys.argv[1])
with Store.open(home) as store: detect(store, Config(home), now={NOW!r})
"""


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    os.environ.update(API_KEYS)
    with serve(5, 1) as (_, found):
        yield found


def state(home: Path) -> dict[str, Any]:
    """What must be equal whatever was killed: listings, what was observed of them, readings, alerts."""
    with Store.open(home, create=False, readonly=True) as store:
        observed = sorted((o.listing.site, o.listing.listing_id, o.listing.title, o.listing.price_text or o.listing.price_amount or "")
                          for o in store.iter_observations())  # fmt: skip
        # Scores are left out: an offer is judged against what was known in its second, and a second crawl has other seconds.
        readings = sorted((r["site"], r["listing_id"], r["offer"], r["chip"] or "") for r in store.iter_readings())
        alerts = sorted((a["site"], a["listing"]) for a in store.alerts(Filter(states=None), limit=1000))
        listings = store.counts()["listing"]
        assert not verify(home, store)
    return {"observed": observed, "readings": readings, "listings": listings, "alerts": alerts}


def new_home(folder: Path, urls: dict[str, str]) -> Path:
    with Store.open(folder):
        pass
    write_sites(folder, urls, 1)
    return folder


def crawl(home: Path, minutes: int) -> None:
    """A crawl so many minutes after the first one began: clocks go forward."""
    crawl_sites(SITES, home, Config(home), observed_at(1) + timedelta(minutes=minutes))


def finish(home: Path) -> dict[str, Any]:
    crawl(home, minutes=20)
    with Store.open(home) as store:
        detect(store, Config(home), now=NOW)
    return state(home)


def killed(code: str, home: Path, after: float) -> bool:
    """Run code in a process group of its own and kill all of it after some seconds; False if it was done before."""
    child = subprocess.Popen([sys.executable, "-c", code, str(home)], cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        child.wait(after)
        return False
    except subprocess.TimeoutExpired:
        for group in _groups(child.pid):
            os.killpg(group, signal.SIGKILL)
        child.wait()
        return True


def _groups(pid: int) -> set[int]:
    """Process groups of a process and its children: a crawl runs in a session of its own."""
    found = {os.getpgid(pid)}
    told = subprocess.run(["ps", "-eo", "pid,ppid,pgid"], capture_output=True, text=True).stdout.splitlines()[1:]
    rows = [tuple(map(int, line.split())) for line in told]
    found |= {group for _, parent, group in rows if parent == pid}
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, urls: dict[str, str]) -> dict[str, Any]:
    return finish(new_home(tmp_path_factory.mktemp("whole") / "home", urls))


# The ordinary tests kill crawls in test_crawl.py and detectors in test_run.py; this is the storm over both.
@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 11))
def test_killed_anywhere_the_end_is_the_same(tmp_path: Path, urls: dict[str, str], whole: dict[str, Any], seed: int) -> None:
    home, chance = new_home(tmp_path / "home", urls), random.Random(seed)
    killed(CRAWL, home, chance.uniform(1.5, 9))
    crawl(home, minutes=10)
    killed(DETECT, home, chance.uniform(0.5, 4))
    after = finish(home)
    assert whole["listings"] == after["listings"] == 460
    for kind in ("observed", "readings", "alerts"):
        assert Counter(after[kind]) - Counter(whole[kind]) == Counter(), f"{kind}: more than in the undisturbed run"
        assert Counter(whole[kind]) - Counter(after[kind]) == Counter(), f"{kind}: less than in the undisturbed run"
