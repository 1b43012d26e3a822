"""A backup of a home in use, and the home that it restores: the same alerts, evidence, decisions, and nothing told twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chipwatch.cli import app
from chipwatch.digests import make
from config.loader import Config
from storage.store import Store
from tests import handover

MORNING = "2026-03-03T09:00:00Z"


def run(home: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["--home", str(home), *words])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = handover.build(tmp_path / "home")
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "thresholds.toml").write_text("[severity]\nmedium = 0.3\n", encoding="utf-8")
    with Store.open(home) as store:
        make(store, Config(home), now=MORNING)
        store.decide(handover.key(store, "1"), "confirm", who="Ana", now=MORNING, note="asked the seller")
    return home


def test_a_restored_home_goes_on_where_the_backup_was_made(home: Path, tmp_path: Path) -> None:
    with Store.open(home) as busy:
        busy.db.rows("SELECT * FROM listing")  # the home is in use
        done = run(home, "backup", str(tmp_path / "copies" / "monday"))
    assert done.exit_code == 0, done.output
    kept = run(home, "alerts", "--state", "any", "--json").stdout, run(home, "export", "readings").stdout
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "copies" / "monday", home)
    assert run(home, "doctor").exit_code == 0
    proved = run(home, "evidence", "verify")
    assert proved.exit_code == 0 and "all evidence proves" in proved.output
    assert (
        run(home, "alerts", "--state", "any", "--json").stdout,
        run(home, "export", "readings").stdout,
    ) == kept
    with Store.open(home) as store:
        key = handover.key(store, "1")
        assert [d["note"] for d in store.alert(key)["decisions"]] == ["asked the seller"]
        again, page = make(store, Config(home), now="2026-03-04T09:00:00Z")
        assert (
            again.told == 0
            and again.previous is not None
            and (page.parent / f"{again.previous['file']}.html").exists()
        )
        assert Config(home).thresholds.severity.medium == 0.3
        store.undo(key, who="Ben", now="2026-03-04T09:00:00Z")
    pack = run(home, "alerts", "pack", key, "--out", str(tmp_path / "case.zip"))
    assert pack.exit_code == 0 and json.loads(pack.stdout)["problems"] == []


def test_half_a_copy_is_never_taken_for_a_backup(home: Path, tmp_path: Path) -> None:
    (home / "evidence" / "zz.warc.gz").symlink_to(tmp_path / "zz")
    (tmp_path / "zz").mkdir()
    done = run(home, "backup", str(tmp_path / "copy"))
    assert done.exit_code != 0 and sorted(path.name for path in tmp_path.iterdir()) == ["home", "zz"]
    (home / "evidence" / "zz.warc.gz").unlink()
    assert run(home, "backup", str(tmp_path / "copy")).exit_code == 0
    assert "is there already" in str(run(home, "backup", str(tmp_path / "copy")).exception or "")


def test_what_cannot_be_made_again_comes_along(home: Path, tmp_path: Path) -> None:
    """The demo's clock, what sites asked of us, saved pages; not what pages said before, which may be ahead of the database."""
    kept = {
        "demo/state.json",
        "demo/truth.jsonl",
        "state/resting.json",
        "state/hosts/shop.example",
        "samples/shop/one.html",
    }
    left = {"packs/a.zip", "state/validators/shop.json", "logs/detect.log", "locks/site-shop"}
    for name in kept | left:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("{}", encoding="utf-8")
    done = run(home, "backup", str(tmp_path / "copy"))
    assert done.exit_code == 0, done.output
    copied = {
        str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()
    }
    assert kept <= copied and not left & copied
