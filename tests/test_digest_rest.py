"""A host that showed us the door: one word on it in each day's digest, until a person acts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from chipwatch.digests import make
from config.loader import Config
from crawler.politeness import rest
from crawler.run import crawl_site
from review import mail_page, plain, render
from storage.store import Store
from tests.commands import chipwatch
from tests.crawling import new_home

SHOWN = datetime(2026, 11, 2, 8, tzinfo=UTC)
DAYS = ("2026-11-03", "2026-11-04", "2026-11-05")
SITE = """title = "{key}"
family = "feed"
enabled = true
start = "https://shop.example/{key}"
[access]
basis = "robots_and_terms"
reviewed_by = "A. Analyst"
reviewed_on = {reviewed}
"""


def write_site(home: Path, key: str, reviewed: str = "2026-10-01") -> None:
    (home / "config" / "sites" / f"{key}.toml").write_text(SITE.format(key=key, reviewed=reviewed), encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two sites on one host, which showed a challenge page on 2 November."""
    home = new_home(tmp_path)
    (home / "config" / "settings.toml").write_text('[identity]\ncontact = "desk@example.org"\n', encoding="utf-8")
    for key in ("new-goods", "used-goods"):
        write_site(home, key)
    rest.remember(home, [("shop.example", "challenge", "challenge page (just-a-moment)")], SHOWN)
    return home


def told(home: Path, day: str) -> list[str]:
    """The day's digest as the schedule makes it, after two crawls that were due: what it says of hosts at rest, the same in all forms."""
    for hour in ("06", "12"):
        result = crawl_site("used-goods", home, Config(home), f"{day}T{hour}:00:00Z")
        assert result.outcome == "skipped", result
    with Store.open(home) as store:
        made, _ = make(store, Config(home), now=f"{day}T13:00:00Z")
    notes = [note for note in made.notes if "shop.example" in note]
    for text in (render.html(made), render.markdown(made).replace("\\", ""), plain.text(made).replace("\u2060", ""), mail_page.html(made).replace("\u2060", "")):
        assert text.count("shop.example is left alone") == len(notes)
    return notes


def test_a_resting_host_stands_once_in_each_days_digest_until_a_person_lets_it_go_on(home: Path) -> None:
    for day in DAYS:
        (note,) = told(home, day)
        assert note.startswith("At rest: shop.example is left alone since 2026-11-02: challenge page (just-a-moment)")
        assert "chipwatch sites resume" in note
    chipwatch(home, "sites", "resume", "new-goods")
    with Store.open(home) as store:
        made, _ = make(store, Config(home), now="2026-11-06T13:00:00Z")
    assert not [note for note in made.notes if "shop.example" in note]


def test_a_later_review_ends_the_notice_too(home: Path) -> None:
    assert told(home, DAYS[0])
    for key in ("new-goods", "used-goods"):
        write_site(home, key, "2026-11-04")
    with Store.open(home) as store:
        made, _ = make(store, Config(home), now=f"{DAYS[1]}T13:00:00Z")
    assert not [note for note in made.notes if "shop.example" in note]
