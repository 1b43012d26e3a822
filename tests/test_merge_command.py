"""`chipwatch merge` as a person types it: any order, twice, in part, conflicts told, a wrong home refused in one line."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.loader import Config
from detector.refit import refit
from detector.run import detect
from storage.evidence import EvidenceWriter
from storage.ids import listing_key
from storage.listing import Listing
from storage.store import Store
from storage.verify import verify
from tests.commands import chipwatch as merged

ROOT = Path(__file__).resolve().parents[1]
KEY = "2a" * 32
CHIPS = ("H100 80GB PCIe", "A100 40GB", "RTX 4090 24GB", "H800 SXM", "A800 80GB", "L40S 48GB")


def chipwatch(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chipwatch.cli", "--home", str(home), *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


def crawl(store: Store, site: str, day: int, numbers: range, cheap: int = 0) -> None:
    """One run: listings by number, some sellers on both sites, prices that move with the day."""
    now = f"2026-05-{day:02d}T08:00:00Z"
    run = store.begin_run(site, now=now)
    with EvidenceWriter(store.home, run, now, known=store.find_payload) as writer:
        for number in numbers:
            title = (
                f"NVIDIA {CHIPS[number % len(CHIPS)]} GPU, serial number removed"
                if number % 4 == 0
                else f"NVIDIA {CHIPS[number % len(CHIPS)]} GPU"
            )
            price = 900 if number == cheap else 8000 + 500 * (number % 7) + 100 * (day % 3)
            url = f"https://{site}.example/item/{number:05}"
            ref = writer.write(url, 200, {}, f"<h1>{title}</h1><p>${price}</p>".encode() * 30, now)
            listing = Listing(
                site,
                f"{number:05}",
                title,
                url=url,
                price_text=f"${price}",
                country="US",
                seller_id=f"s{number % 5}",
            )
            store.record(listing, run=run, evidence=ref, now=now)
    store.end_run(run, "ok", now, {"pages": len(numbers)}, evidence=writer.close())


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three homes of one desk, crawled on different days with overlapping sites, each judged by a forest of its own."""
    base, found = tmp_path_factory.mktemp("homes"), []
    (base / "thresholds.toml").write_text("[forest]\nmin_rows = 20\n")
    for name, crawls in {
        "a": (("board", 1, range(24)), ("shop", 4, range(6))),
        "b": (("board", 2, range(8, 30)), ("shop", 3, range(2, 8))),
        "c": (("shop", 2, range(4, 12)), ("board", 5, range(0, 30, 2))),
    }.items():
        home = base / name
        (home / "config").mkdir(parents=True)
        (home / "key").write_text(KEY)
        (home / "config" / "thresholds.toml").write_text((base / "thresholds.toml").read_text())
        with Store.open(home) as store:
            for site, day, numbers in crawls:
                crawl(store, site, day, numbers, cheap=8)
            config, now = Config(home), f"2026-05-0{6 + len(found)}T09:00:00Z"
            detect(store, config, now=now)
            refit(store, config, now=now, who=name, why="first")
            detect(store, config, now=now)
            store.decide(
                listing_key("board", "00008"),
                "confirm" if name == "a" else "dismiss",
                who=f"user-{name}",
                now=now,
                reason="lawful",
            )
        found.append(home)
    return found


def told(home: Path) -> tuple[str, str]:
    """The merged home after a rebuild: its export and its alerts, with all that was decided and that happened to them."""
    with Store.open(home, create=False) as store:
        detect(store, Config(home), now="2026-05-20T09:00:00Z", rebuild=True)
        assert verify(home, store) == []
        exported = "\n".join(map(json.dumps, store.export_readings()))
        tables = [[dict(row) for row in store.db.rows(f"SELECT * FROM {name} ORDER BY listing, 1")]
                  for name in ("alert", "decision", "alert_event")]  # fmt: skip
    return exported, json.dumps(tables)


def new_home(folder: Path, homes: list[Path]) -> Path:
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "thresholds.toml").write_bytes(
        (homes[0] / "config" / "thresholds.toml").read_bytes()
    )
    return folder


@pytest.mark.soak
def test_six_orders_give_one_home(homes: list[Path], tmp_path: Path) -> None:
    seen = []
    for number, order in enumerate(itertools.permutations(homes)):
        home = new_home(tmp_path / f"m{number}", homes)
        done = chipwatch(home, "merge", *map(str, order))
        assert done.returncode == 0, done.stderr
        assert "Decided apart" in done.stdout and "user-a" in done.stdout
        assert (home / "key").read_text().strip() == KEY and (home / "key").stat().st_mode & 0o077 == 0
        seen.append(told(home))
    export, alerts = seen[0]
    assert len(export.splitlines()) == 30 + 12
    assert '"model": "' in export and len(json.loads(alerts)[0]) > 5
    assert all(other == seen[0] for other in seen[1:])


@pytest.mark.soak  # test_storage_merge proves it of homes filled by hand
def test_twice_and_one_after_the_other_changes_nothing(homes: list[Path], tmp_path: Path) -> None:
    whole, slow = new_home(tmp_path / "whole", homes), new_home(tmp_path / "slow", homes)
    assert chipwatch(whole, "merge", *map(str, homes)).returncode == 0
    for one in (homes[2], homes[0], homes[2], homes[1]):
        assert chipwatch(slow, "merge", str(one)).returncode == 0
    before = told(whole)
    again = json.loads(chipwatch(whole, "merge", "--json", *map(str, homes)).stdout)
    assert all(row["observations"] == row["files"] == row["decisions"] == 0 for row in again["merged"])
    assert (len(again["conflicts"]), again["waiting"]) == (2, 0)  # user-a against each of the others
    assert told(slow) == before
    assert told(whole)[0] == before[0]


def test_wrong_homes_are_refused_in_one_line(homes: list[Path], tmp_path: Path) -> None:
    home = new_home(tmp_path / "m", homes)
    for words, said in (
        ((str(tmp_path / "nowhere"),), "no home is here"),
        ((str(homes[0]), str(tmp_path / "nowhere")), "no home is here"),
    ):
        done = chipwatch(home, "merge", *words)
        assert (done.returncode, said in done.stderr, done.stderr.count("\n")) == (2, True, 1)
    assert not (home / "chipwatch.db").exists()
    done = chipwatch(homes[0], "merge", str(homes[0]))
    assert (done.returncode, "not merged into itself" in done.stderr) == (2, True)
    (home / "key").write_text("00" * 32)
    with Store.open(home):
        pass
    done = chipwatch(home, "merge", str(homes[0]))
    assert (done.returncode, "another key" in done.stderr, "into an empty folder" in done.stderr) == (3, True, True)


def test_config_that_a_merge_leaves_is_named(homes: list[Path], tmp_path: Path) -> None:
    home = tmp_path / "joined"
    told = chipwatch(home, "merge", str(homes[0])).stderr
    left = homes[0] / "config" / "thresholds.toml"
    assert f"config is not merged: copy what you want of {left}" in told
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "thresholds.toml").write_bytes(left.read_bytes())
    assert "config is not merged" not in chipwatch(home, "merge", str(homes[0])).stderr


@pytest.mark.parametrize("onto", ["", "names", "erased", "links"])
def test_an_erasure_reaches_pages_of_a_home_that_never_recorded_the_listing(onto: str, tmp_path: Path) -> None:
    def make(name: str, listing: str, page: str, day: int) -> Path:
        home, now = tmp_path / name, f"2026-05-{day:02d}T08:00:00Z"
        home.mkdir()
        (home / "key").write_text(KEY)
        with Store.open(home) as store:
            run = store.begin_run("board", now=now)
            with EvidenceWriter(home, run, now) as writer:
                ref = writer.write(f"https://board.example/item/{listing}", 200, {}, page.encode(), now)
                store.record(Listing("board", listing, f"H100 {listing}", url=f"https://board.example/item/{listing}"), run=run, evidence=ref, now=now)
            store.end_run(run, "ok", now, {"pages": 1}, evidence=writer.close())
            if name == "erased":
                store.erase_listing(listing_key("board", listing), who="ann", why="request", now="2026-05-09T08:00:00Z")
        return home

    homes = [make("erased", "00077", "<h1>H100</h1>", 1), make("names", "00077", "<h1>H100</h1>", 2),
             make("links", "00088", "<h1>A100</h1><a href='/item/00077'>see also</a>", 3)]  # fmt: skip
    for number, order in enumerate(itertools.permutations(home for home in homes if home.name != onto)):
        home = tmp_path / f"m{number}"
        if onto:
            shutil.copytree(tmp_path / onto, home)
        assert merged(home, "merge", *map(str, order)).returncode == 0
        with Store.open(home) as store:
            assert verify(home, store) == []
            assert [row[0] for row in store.db.rows("SELECT gone_why FROM evidence")] == ["erasure"] * 3, order
