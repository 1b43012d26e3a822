"""The gathering commands as a person types them: quarantine and what is decided on it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
