"""The Atom feed: valid, stable, and one text node per digest whatever sellers write."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from chipwatch.digests import make, make_weekly, write_feed
from config.loader import Config
from review.feed import ATOM, feed
from storage.store import Store
from tests import handover, hostile
from tests.test_mail import ALLOWED_TAGS, Page, digest_of

NOW = "2026-03-03T09:00:00Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handover.build(tmp_path_factory.mktemp("feed") / "home")


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def test_each_digest_is_an_entry_and_the_file_lies_beside_them(home: Path) -> None:
    with Store.open(home) as store:
        make(store, Config(home), now=NOW)
        make_weekly(
            store,
            Config(home),
            now="2026-03-09T07:00:00Z",
            since="2026-03-02T00:00:00Z",
            until="2026-03-09T00:00:00Z",
        )
        home_id = store.home_id
    seen = feedparser.parse((home / "digests" / "feed.xml").read_bytes())
    assert not seen.bozo and seen.version == "atom10" and len({e.id for e in seen.entries}) == 2
    assert [e.title.split(":")[0] for e in seen.entries] == [
        "chipwatch week to 2026-03-09",
        "chipwatch 2026-03-03",
    ]
    assert (
        seen.feed.updated == seen.entries[0].updated == "2026-03-09T07:00:00Z"
        and seen.feed.author == "chipwatch"
    )
    assert (
        "NVIDIA H100 80GB PCIe" in seen.entries[1].content[0].value
        and seen.entries[1].content[0].type == "text/html"
    )
    assert handover.CONTACT not in (home / "digests" / "feed.xml").read_text(encoding="utf-8") and home_id


def test_what_rfc_4287_requires_is_there(home: Path) -> None:
    with Store.open(home) as store:
        make(store, Config(home), now=NOW)
        root = etree.fromstring(write_feed(store, Config(home), NOW))
    assert root.tag == f"{{{ATOM}}}feed"
    for element in (root, root.find(f"{{{ATOM}}}entry")):
        assert element is not None
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{{{ATOM}}}{name}")) == 1 and element.findtext(f"{{{ATOM}}}{name}")
        assert str(element.findtext(f"{{{ATOM}}}id")).startswith("urn:uuid:")
    assert root.findtext(f"{{{ATOM}}}author/{{{ATOM}}}name") == "chipwatch"


def test_the_same_digests_are_the_same_bytes_and_only_the_last_are_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review.feed.ENTRIES", 4)
    with Store.open(home) as store:
        for day in range(1, 7):
            make(store, Config(home), now=f"2026-04-0{day}T09:00:00Z")
        first, second = write_feed(store, Config(home), NOW), write_feed(store, Config(home), NOW)
    assert first == second == (home / "digests" / "feed.xml").read_bytes()
    assert [e.updated[:10] for e in feedparser.parse(first).entries] == [
        f"2026-04-0{day}" for day in (6, 5, 4, 3)
    ]


def test_an_empty_home_gives_an_empty_feed_and_the_command_makes_no_digest(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chipwatch.cli", "--home", str(home), "digest", "--form", "feed"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0 and not feedparser.parse(done.stdout).entries
    with Store.open(home, readonly=True) as store:
        assert store.digests() == []


@hostile.PAYLOADS
def test_no_word_of_a_seller_leaves_its_text_node(payloads: tuple[str, ...]) -> None:
    def of(words: str) -> Any:
        row = {
            "id": "d" * 20,
            "kind": "daily",
            "created_at": NOW,
            "document": json.loads(json.dumps(digest_of(words).to_dict())),
        }
        return etree.fromstring(feed([row], "h", updated=NOW))

    shape = [element.tag for element in of("H100").iter()]
    for words in payloads:
        root = of(words)
        assert [element.tag for element in root.iter()] == shape, words
        page = Page()
        page.feed(root.findtext(f"{{{ATOM}}}entry/{{{ATOM}}}content"))
        assert {tag for tag, _ in page.tags} <= ALLOWED_TAGS, words
        assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes), words
        assert all(
            (a.get("href") or "").startswith(("http://", "https://")) for tag, a in page.tags if tag == "a"
        ), words
