"""The main job as a stranger meets it: the demo's days through the command line, from crawl to decision."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chipwatch import cli

ROOT = Path(__file__).resolve().parents[1]


def chipwatch(home: Path, *words: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "chipwatch.cli", "--home", str(home), *words], capture_output=True, text=True, cwd=ROOT, timeout=300
    )
    if expect is not None:
        assert done.returncode == expect, done.stderr
    return done


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    home = tmp_path_factory.mktemp("demo") / "home"
    accounts = [json.loads(chipwatch(home, "demo", "run", "--json").stdout) for _ in range(2)]
    return home, accounts


def test_a_day_is_crawled_whole_and_a_challenge_is_named(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    _, (first, second) = demo
    outcomes = {site["site"]: (site["outcome"], site["listings"]) for site in first["sites"]}
    assert outcomes["demo-dealer"] == ("ok", 140)
    assert outcomes["demo-board"] == ("ok", 230)
    assert outcomes["demo-api"] == ("ok", 230)
    assert outcomes["demo-gate"][0] in ("blocked", "skipped")
    assert first["listings"] == 600
    assert second["day"] == 2
    assert sum(site["changed"] for site in second["sites"]) > 20
    assert 0 < sum(site["new"] for site in second["sites"]) < 60


def test_the_digest_names_the_site_that_was_not_read(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    home, accounts = demo
    page = Path(accounts[0]["digest"]).read_text(encoding="utf-8")
    assert f"<code>chipwatch --home {home} alerts show " in page
    assert "demo-gate" in page and "challenge" in page
    again = json.loads(chipwatch(home, "digest", "--form", "json").stdout)
    assert [site["site"] for site in again["coverage"]] == ["demo-api", "demo-board", "demo-dealer", "demo-gate"]


def test_no_accessory_wanted_post_or_free_chip_is_alerted(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    home, _ = demo
    alerts = json.loads(chipwatch(home, "alerts", "--state", "any", "--limit", "500", "--json").stdout)
    assert alerts
    assert {alert["offer"] for alert in alerts} <= {"sale", "rental"}
    readings = {r["site"] + r["listing_id"]: r for r in map(json.loads, chipwatch(home, "export", "readings").stdout.splitlines())}
    assert all(r["score"] == 0 and r["reasons"] == [] for r in readings.values() if not r["restricted"])


def test_reasons_sum_to_the_score(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    import math

    home, _ = demo
    for line in chipwatch(home, "export", "readings").stdout.splitlines():
        reading = json.loads(line)
        if reading["reasons"]:
            total = sum(reason["contribution"] for reason in reading["reasons"])
            assert reading["score"] == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-5)


@pytest.mark.soak  # half a minute; test_run proves it of sixty days of made-up offers
def test_a_rebuild_gives_the_same_bytes(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    home, _ = demo
    chipwatch(home, "detect")
    before = chipwatch(home, "export", "readings").stdout
    chipwatch(home, "detect", "--rebuild")
    assert chipwatch(home, "export", "readings").stdout == before


def test_a_decision_is_kept_and_can_be_undone(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    home, _ = demo
    alert = json.loads(chipwatch(home, "alerts", "--json").stdout)[0]["id"]
    assert json.loads(chipwatch(home, "alerts", "decide", alert, "dismiss", "--reason", "papers-seen").stdout)["state"] == "dismissed"
    assert json.loads(chipwatch(home, "alerts", "decide", alert, "undo").stdout)["state"] == "new"
    shown = json.loads(chipwatch(home, "alerts", "show", alert, "--json").stdout)
    assert [d["action"] for d in shown["decisions"]] == ["dismiss", "undo"]
    assert shown["history"][0]["evidence"]["sha256"]


def test_one_flipped_byte_is_named(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    home, _ = demo
    chipwatch(home, "evidence", "verify")
    path = max((home / "evidence").rglob("*.warc.gz"), key=lambda p: p.stat().st_size)
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:20000] + bytes([whole[20000] ^ 1]) + whole[20001:])
        told = json.loads(chipwatch(home, "evidence", "verify", "--json", expect=1).stdout)
    finally:
        path.write_bytes(whole)
    assert any(path.name in json.dumps(problem) for problem in told)
    assert any(problem.get("observations") for problem in told)
    chipwatch(home, "evidence", "verify")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["crawl", "nosuch"], 2, "no site 'nosuch'"),
        (["import", "nosuch.jsonl"], 2, "no such file"),
        (["export", "everything"], 2, "is not one of"),
        (["alerts", "show", "nosuch/1"], 2, "no listing has this key"),
        (["frobnicate"], 2, "No such command"),
        (["tune", "try", "severity"], 2, "write a change as key=value"),
    ],
)
def test_an_error_is_one_line(demo: tuple[Path, list[dict[str, Any]]], words: list[str], code: int, told: str) -> None:
    done = chipwatch(demo[0], *words, expect=code)
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr


def test_an_interrupt_is_told_and_is_not_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("chipwatch.app.State.store", interrupted)
    monkeypatch.setattr("sys.argv", ["chipwatch", "--home", str(tmp_path), "detect"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == 3 and told.startswith("interrupted: ") and len(told.splitlines()) == 1


def test_a_forest_of_nothing_is_told_and_is_no_fault(tmp_path: Path) -> None:
    home = tmp_path / "home"
    chipwatch(home, "init")
    assert "no forest was fitted: cold start" in chipwatch(home, "detect", "--refit").stderr
    assert "no forest was fitted: cold start" in chipwatch(home, "detect", "--compare").stderr
    assert "--compare changes nothing" in chipwatch(home, "detect", "--compare", "--refit", expect=2).stderr


def test_the_programs_own_folder_is_no_home() -> None:
    own = Path(__file__).resolve().parents[1]
    assert f"no home at {own}" in chipwatch(own, "alerts", expect=2).stderr


def test_inspect_needs_no_home_and_answers_every_line(tmp_path: Path) -> None:
    lines = [json.dumps({"site": "s", "listing_id": str(n), "title": t}) for n, t in enumerate(["NVIDIA H100 80GB PCIe", "bread"])]
    source = tmp_path / "in.jsonl"
    undated = json.dumps({"site": "s", "listing_id": "9", "title": "H100", "observed_at": "yesterday"})
    source.write_text("\n".join([lines[0], "not json", lines[1], undated]) + "\n", encoding="utf-8")
    done = chipwatch(tmp_path / "nohome", "inspect", str(source), expect=1)
    first, second, third, fourth = map(json.loads, done.stdout.splitlines())
    assert fourth["line"] == 4 and "yesterday" in fourth["error"]
    assert first["chips"][0]["chip"] == "nvidia-h100-pcie-80gb" and first["versions"]["model"] is None
    assert second["line"] == 2 and "no JSON object" in second["error"] and "chipwatch import" in second["error"]
    assert third["offer"] == "other"
    assert not (tmp_path / "nohome").exists()
