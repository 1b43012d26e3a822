"""The gathering commands as a person types them: quarantine and what is decided on it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chipwatch.demo.home import write_sites
from chipwatch.demo.server import serve as serve_demo
from config.loader import Config
from crawler.sites import reparse
from storage.store import Store
from tests.crawling import CARDS, add_site, card, crawl, new_home, page
from tests.servers.web import Answer, Web, serve

ROOT = Path(__file__).resolve().parents[1]
DAY = "2026-11-0{}T08:00:00+00:00"


def chipwatch(home: Path, *words: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "chipwatch.cli", "--home", str(home), *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == expect, done.stderr
    return done


def health(home: Path) -> dict[str, Any]:
    rows: list[dict[str, Any]] = json.loads(chipwatch(home, "sites", "--json").stdout)
    return {row["site"]: row for row in rows}


def new_layout(web: Web, home: Path) -> str:
    """A board that is read whole, and a day later under another layout; the name of the second run."""
    for day, tag in ((2, "h3"), (3, "h5")):
        # On the second day the title's tag is another one, and with it two cards that still look as before.
        cards = "".join(
            card(n, "NVIDIA H100 80GB", f"¥{day}5万").replace("h3>", f"{tag if n < 8 else 'h3'}>")
            for n in range(10)
        )
        web.route("/list", Answer(page(cards)))
        run = crawl(home, "board", DAY.format(day))
    assert run.outcome == "changed" and run.quarantined
    return run.run or ""


@pytest.mark.parametrize("verb", ["release", "discard"])
def test_a_run_in_quarantine_is_shown_until_a_person_decides(tmp_path: Path, verb: str) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        add_site(home, "board", web.url + "/list", more=CARDS + "[expect]\nlistings = 5\n")
        held = new_layout(web, home)
    assert health(home)["board"]["held"] == [held]
    shown = chipwatch(home, "sites")
    assert f"in quarantine: {held}" in shown.stderr and "sites reparse" in shown.stderr
    digest = chipwatch(home, "digest", "--form", "markdown").stdout
    assert "quarantined" in digest
    judged = json.loads(chipwatch(home, "detect", "--json").stdout)["judged"]
    assert judged == 10

    assert "--why" in chipwatch(home, "sites", verb, held, expect=2).stderr
    assert held in chipwatch(home, "sites", verb, held, "--why", "two cards were read rightly").stderr
    assert health(home)["board"]["held"] == []
    with Store.open(home, readonly=True) as store:
        (decision,) = store.run_decisions(held)
    assert (decision["action"], decision["why"]) == (verb, "two cards were read rightly") and decision["who"]
    with Store.open(home, readonly=True) as store:
        waiting = sum(1 for o in store.iter_observations() if o.run == held and not o.run_quarantined)
    assert waiting == (2 if verb == "release" else 0)
    assert json.loads(chipwatch(home, "detect", "--json").stdout)["judged"] == waiting
    if verb == "release":
        assert (
            "is not in quarantine: released by"
            in chipwatch(home, "sites", verb, held, "--why", "again", expect=3).stderr
        )


def test_a_run_whose_bytes_were_read_again_waits_no_more(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        add_site(home, "board", web.url + "/list", more=CARDS + "[expect]\nlistings = 5\n")
        held = new_layout(web, home)
        asked = len(web.log)
        add_site(
            home,
            "board",
            web.url + "/list",
            more=CARDS.replace('"h3"', '["h3", "h5"]') + "[expect]\nlistings = 5\n",
        )
        assert reparse(held, home, Config(home), DAY.format(4)).outcome == "ok"
        assert len(web.log) == asked
    assert health(home)["board"]["held"] == []
    with Store.open(home, readonly=True) as store:
        assert [row["id"] for row in store.held_runs(decided=True)] == [held]


def test_the_demo_board_changes_its_layout_and_is_read_again_once_its_site_file_is_mended(tmp_path: Path) -> None:
    home = new_home(tmp_path, settings="")
    with serve_demo(5, 1) as (demo, urls):
        write_sites(home, urls, 1)
        site_file = home / "config" / "sites" / "demo-board.toml"
        chipwatch(home, "crawl", "demo-board")
        demo.layout = 2
        (row,) = json.loads(chipwatch(home, "crawl", "demo-board", "--json", expect=1).stdout)
        assert (row["outcome"], row["listings"]) == ("changed", 0)
        assert json.loads(chipwatch(home, "detect", "--json").stdout)["judged"] == 230
        headline, _, rest = chipwatch(home, "digest", "--form", "markdown").stdout.replace("\\", "").partition("\n")
        assert "1 of 1 sites not whole, in quarantine: demo-board" in headline and "changed (quarantined)" in rest
        (held,) = health(home)["demo-board"]["held"]

        site_file.write_text(site_file.read_text(encoding="utf-8").replace("a.title", "a.headline"), encoding="utf-8")
        asked = demo.requests.total()
        again = json.loads(chipwatch(home, "sites", "reparse", held).stdout)
        assert demo.requests.total() == asked
        assert (again["outcome"], again["pages"], again["listings"]) == ("ok", 10, 230)
        assert health(home)["demo-board"]["held"] == []
        assert "quarantine" not in chipwatch(home, "digest", "--form", "markdown").stdout


def doctor(home: Path, *words: str, expect: int = 0) -> list[tuple[str, str, str]]:
    rows = json.loads(chipwatch(home, "doctor", "--json", *words, expect=expect).stdout)
    return [(row["check"], row["ok"], row["found"]) for row in rows]


def test_the_doctor_asks_enabled_sites_for_robots_txt_on_request_alone(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/robots.txt", Answer("User-agent: *\nDisallow: /closed\n"))
        add_site(home, "open", web.url + "/list")
        add_site(home, "off", web.url + "/closed", top="enabled = false")
        assert not [row for row in doctor(home) if row[0] == "robots"] and web.log == []
        assert [row[1] for row in doctor(home, "--robots") if row[0] == "robots"] == ["yes"]
        add_site(home, "closed", web.url + "/closed")
        said = {
            found.partition(":")[0]: (ok, found)
            for check, ok, found in doctor(home, "--robots", expect=1)
            if check == "robots"
        }
        assert said["open"][0] == "yes" and said["closed"][0] == "NO" and "forbids" in said["closed"][1]
        assert set(web.paths(robots=True)) == {"/robots.txt"}


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("ebay", ["EBAY_CLIENT_ID", "EBAY_CLIENT_SECRET"]),
        ("yahoo-shopping-jp", ["YAHOO_JP_APPID"]),
        ("rakuten-ichiba", ["RAKUTEN_APPLICATION_ID", "RAKUTEN_ACCESS_KEY"]),
    ],
)
def test_the_doctor_names_the_keys_that_a_crawl_would_miss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, names: list[str]
) -> None:
    home = new_home(tmp_path)
    (home / "config" / "sites" / f"{key}.toml").write_text("enabled = true\n", encoding="utf-8")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    (said,) = [row for row in doctor(home, expect=1) if row[0] == "keys"]
    assert said == ("keys", "NO", f"{key}: set {' and '.join(names)} in the environment")
    for name in names:
        monkeypatch.setenv(name, "x")
    assert ("keys", "yes", f"{key}: keys present") in doctor(home, expect=1)
