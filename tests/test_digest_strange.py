"""The digest's section of offers that are strange by their figures while no signal says why."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from chipwatch.digests import make
from config.loader import Config
from detector.refit import refit
from detector.run import detect
from review import mail_page, plain, render
from review.digest import Digest
from storage.listing import Listing
from storage.store import Store
from tests.test_digest import HOSTILE, alert, digest

NOW, LATER = "2025-06-03T08:00:00Z", "2025-06-04T08:00:00Z"
ODD = {
    "listing": "k1", "site": "demo", "listing_id": "9", "title": "H100 odd one", "chip": "NVIDIA H100 PCIe 80 GB",
    "words": "stranger than 99.8 % of the offers the forest knows: characters of the title: about 9 times the usual",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market of ordinary offers, one strange one without any sign, and one as strange with a removed serial number."""
    path = tmp_path_factory.mktemp("strange") / "home"
    (path / "config").mkdir(parents=True)
    (path / "config" / "thresholds.toml").write_text("[forest]\nmin_rows = 50\ntrees = 20\n")
    with Store.open(path) as store:
        run = store.begin_run("board", kind="crawl", now=NOW)
        plain_offers = (offer(str(n), f"NVIDIA H100 80GB PCIe no {n}", price_text=f"${24_000 + 10 * n:,}") for n in range(100))
        odd = f"NVIDIA H100 80GB PCIe {'0918273645 ' * 12}"
        odd_ones = (
            offer("odd", odd, seller_ratings=900_000, price_text="$24,000"),
            offer("flagged", odd, seller_ratings=900_000, price_text="$24,000", description="Serial number label removed."),
        )
        store.record_many([(one, None) for one in (*plain_offers, *odd_ones)], run=run, now=NOW)
        store.end_run(run, "ok", NOW)
        config = Config(path)
        detect(store, config, now=NOW)
        refit(store, config, now=NOW, who="a", why="first")
        detect(store, config, now=NOW, rebuild=True)
    return path


def offer(number: str, title: str, **more: Any) -> Listing:
    base = {"description": f"Tested for an hour, ships in a day, box {number}.", "seller_id": f"s{number}", "country": "US", "seller_ratings": 500}
    return Listing(site="board", listing_id=number, title=title, observed_at=NOW, **{**base, **more})


def strange(home: Path, now: str = LATER, **more: Any) -> list[str]:
    with Store.open(home) as store:
        made, _ = make(store, Config(home), now=now, **more)
    return [row["listing_id"] for row in made.strange]


def test_the_strangest_that_no_signal_explains_are_listed_once_with_the_forests_words(home: Path) -> None:
    with Store.open(home) as store:
        made, _ = make(store, Config(home), now=LATER)
        first = made.strange[0]
        assert first["listing_id"] == "odd" and first["words"].startswith("stranger than 9")
        assert "flagged" not in [row["listing_id"] for row in made.strange]
        assert len(made.strange) <= Config(home).thresholds.alerts.strange_per_digest
        (document,) = (row["document"] for row in store.digests(1) for row in [store.digest(row["id"])])
        assert Digest.from_dict(document).strange == made.strange
    assert "odd" not in strange(home, "2025-06-05T08:00:00Z"), "told once"
    assert "odd" in strange(home, "2025-06-05T09:00:00Z", everything=True)


@pytest.mark.parametrize("what", ["decided", "muted", "none wanted"])
def test_what_a_person_has_dealt_with_is_left_out(home: Path, tmp_path: Path, what: str) -> None:
    mine = tmp_path / "home"
    shutil.copytree(home, mine)
    with Store.open(mine) as store:
        key = store.find_listing("board/odd")
        if what == "decided":
            store.decide(key, "dismiss", who="ann", now=LATER)
        elif what == "muted":
            store.mute("site", "board", reason="known", who="ann", now=LATER, until="2027-01-01T00:00:00Z")
    if what == "none wanted":
        with (mine / "config" / "thresholds.toml").open("a") as file:
            file.write("[alerts]\nstrange_per_digest = 0\n")
    assert "odd" not in strange(mine, everything=True)


def test_every_form_has_the_section_before_the_coverage_and_only_where_there_is_any(capsys: pytest.CaptureFixture[str]) -> None:
    made = dataclasses.replace(digest(alert()), strange=(ODD,))
    render.terminal(made)
    for text in (render.html(made), render.markdown(made).replace("\\", ""), plain.text(made), mail_page.html(made), capsys.readouterr().out):
        flat = " ".join(text.split())
        assert "no signal says why" in flat.lower() and "H100 odd one" in flat and "about 9 times the usual" in flat
        assert flat.lower().index("no signal says why") < flat.lower().rindex("coverage")
    for text in (render.html(digest()), render.markdown(digest()), plain.text(digest()), mail_page.html(digest())):
        assert "no signal says why" not in text.lower()


def test_its_text_from_outside_is_inert() -> None:
    made = dataclasses.replace(digest(), strange=({**ODD, "title": HOSTILE, "listing_id": HOSTILE, "words": HOSTILE},))
    for text in (render.html(made), mail_page.html(made)):
        assert "<img" not in text
    assert "](javascript" not in render.markdown(made)
    assert "\x1b" not in plain.text(made) + render.markdown(made)
