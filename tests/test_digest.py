"""The digest's forms: everything shown, nothing alive."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chipwatch.app import command_of
from config.loader import Config
from detector.run import detect
from review import mail_page, plain, render
from review.build import build
from review.digest import Digest, DigestAlert, Quote, SiteCoverage
from review.masking import masked
from review.wording import asked_words
from storage.listing import Listing
from storage.store import Store

HOSTILE = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) `b` {{7*7}} \x1b[31m"


def alert(**changes: object) -> DigestAlert:
    base: dict = dict(
        alert=7, severity="high", score=0.93, title="H100 80GB", chip="nvidia-h100-pcie-80gb", offer="sale", site="demo", listing_id="1",
        url="https://shop.example/1", place="Hong Kong", quantity=4, unit_usd=9800.0, market_usd=24000.0, market_n=23,
        opened="2026-03-02T08:00:00Z", why_now="new", reasons=("unit price $9,800, 41 % of the market",),
        quotes=(Quote("serial_removed", "title", "labels peeled off"),), innocent=("asset tags of a recycler",),
        evidence={"file": "a.warc.gz", "offset": 0, "length": 10, "sha256": "ab" * 32},
    )  # fmt: skip
    return DigestAlert(**{**base, **changes})


def digest(*alerts: DigestAlert) -> Digest:
    site = SiteCoverage("demo", "2026-03-02T08:00:00Z", "ok", 3, 40, 40, 0, 0, False, None)
    gate = SiteCoverage("gate", "2026-03-02T08:00:00Z", "blocked", 1, 0, 0, 0, 1, False, "challenge page")
    return Digest(
        made="2026-03-02T09:00:00Z", since=None, alerts=alerts, more={"medium": 3}, counts={"high": len(alerts), "medium": 3},
        listings=40, by_offer={"sale": 30, "accessory": 10}, coverage=(site, gate),
    )  # fmt: skip


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_a_digest_says_how_many_of_its_alerts_it_writes_out() -> None:
    words = "4 alerts in the queue: 4 in this digest (1 written out, 3 counted)."
    assert dataclasses.replace(digest(alert()), queue={"high": 1, "medium": 3}).queue_words == words


def test_a_sum_that_is_not_in_dollars_stands_beside_them() -> None:
    asked = asked_words({"amount": 6000, "currency": "HKD", "per": "unit"})
    assert alert(unit_usd=765.0, market_usd=10000.0, asked=asked).market_words.startswith("$765 (6,000 HKD asked), 8 % of the market's $10,000")
    assert asked_words({"amount": 6000, "currency": "USD", "per": "unit"}) == asked_words(None) == ""
    assert asked_words({"amount": 2.5, "currency": "CNY", "per": "gpu_hour"}) == "2.50 CNY a chip-hour asked"


def test_every_form_names_the_alert_its_market_and_the_blocked_site(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = digest(alert())
    render.terminal(made)
    for text in (render.html(made), render.markdown(made).replace("\\", ""), capsys.readouterr().out):
        flat = " ".join(text.split())
        assert "H100 80GB" in flat
        assert "41 % of the market's $24,000 (23 peers)" in flat.replace("&#39;", "'")
        assert "labels peeled off" in flat
        assert "blocked" in flat and "challenge page" in flat
        assert "and 3 more" in flat


def test_where_no_site_was_read_every_form_says_so_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(tmp_path / "home") as store:
        made = build(store, Config(tmp_path / "home"), now="2026-03-02T09:00:00Z", since=None)
    render.terminal(made)
    assert "no site read yet" in made.headline
    for text in (render.html(made), render.markdown(made).replace("\\", ""), plain.text(made), mail_page.html(made), capsys.readouterr().out):
        assert "No site has been read yet: this silence says nothing." in " ".join(text.split())
    assert "read yet" not in render.html(digest(alert())) + digest(alert()).headline


def test_what_is_beyond_the_cap_leads_to_the_queue_and_needs_no_heading() -> None:
    made = dataclasses.replace(digest(alert()), desk="http://127.0.0.1:8100")
    queue = "http://127.0.0.1:8100/?severity=medium"
    told = (render.html(made), render.markdown(made), plain.text(made), mail_page.html(made))
    for text in told:
        assert queue in text and "and 3 more of medium severity" in text
        assert "medium severity\n" not in text.lower() and "Medium severity</h2>" not in text
    assert "High severity</h2>" in told[0] and "## High severity" in told[1]


def test_words_of_the_listing_are_told_once_and_marked() -> None:
    told = alert(
        reasons=("serial number removed: “labels <b>peeled</b> off” in title (+5.00)",),
        quotes=(
            Quote("serial_removed", "title", "labels <b>peeled</b> off"),
            Quote("relabelled", "title", "T4 sticker"),
        ),
    )
    page = render.html(digest(told))
    assert "<q>labels &lt;b&gt;peeled&lt;/b&gt; off</q>" in page
    assert page.count("peeled") == 1 and page.count("T4 sticker") == 1


def test_a_site_new_to_the_desk_does_not_bury_the_others(tmp_path: Path) -> None:
    config = Config(None)
    with Store.open(tmp_path / "home") as store:
        for site, first, count in (
            ("old", "2025-06-01T08:00:00Z", 1),
            ("old", "2025-06-03T08:00:00Z", 5),
            ("fresh", "2025-06-03T09:00:00Z", 25),
        ):
            record(store, site, count, first)
            store.mark_told(store.untold() if count == 5 else [])
            detect(store, config, now=first)
        made = build(store, config, now="2025-06-03T10:00:00Z", since="2025-06-02T00:00:00Z")
        sites = Counter(shown.site for shown in made.alerts)
        assert sites == {"old": 5, "fresh": config.thresholds.alerts.first_run_cap}
        assert made.counts == {"high": 30} and made.more == {"high": 15}
        assert [
            note
            for note in made.notes
            if note.startswith("First run of fresh: 10 of its alerts are written out and 15 are not")
        ]
        first = build(store, config, now="2025-06-03T10:00:00Z", since=None, cap=3)
        assert Counter(shown.site for shown in first.alerts).total() == 3
        assert sum(int(note.split(": ")[1].split(" ")[0]) for note in first.notes if note.startswith("First run of")) == 3
        whole = build(store, config, now="2025-06-03T10:00:00Z", since=None, everything=True, cap=40)
        assert len(whole.alerts) == 31, "in a first digest every site is new"


def record(store: Store, site: str, count: int, now: str) -> None:
    """So many red flags of a site, each of another seller."""
    run = store.begin_run(site, kind="crawl", now=now)
    store.record_many(
        [
            (Listing(site=site, listing_id=f"{now}-{at}", title=f"NVIDIA H100 80GB PCIe no {at}", description=f"Serial number label removed, lot {at * 7919}.", seller_id=f"{site}{now}{at}", price_text="$24,000", country="US", observed_at=now), None)
            for at in range(count)
        ],
        run=run, now=now,
    )  # fmt: skip
    store.end_run(run, "ok", now, {}, {}, None)


@pytest.mark.parametrize("place", ["title", "chip", "place", "listing_id", "url"])
def test_hostile_text_stays_text(place: str) -> None:
    made = digest(
        alert(**{place: HOSTILE, "reasons": (HOSTILE,), "quotes": (Quote("relabelled", "title", HOSTILE),)})
    )
    page = Tags()
    page.feed(render.html(made))
    assert "img" not in {tag for tag, _ in page.seen} and "script" not in {tag for tag, _ in page.seen}
    assert all((attrs.get("href") or "https:").startswith("https:") for _, attrs in page.seen)
    assert not any(name.startswith("on") for _, attrs in page.seen for name in attrs)
    text = render.markdown(made)
    assert "<img" not in text.replace("\\<", "") and "\x1b" not in text and "](javascript" not in text


def test_json_form_is_plain_data() -> None:
    assert json.loads(json.dumps(digest(alert()).to_dict()))["alerts"][0]["market_n"] == 23


@pytest.mark.parametrize(
    ("text", "contact", "gone"),
    [
        ("ping on t.me/example_gpu0", False, "example_gpu0"), ("call +86 138 0013 8000 now", False, "0013"),
        ("mail a.b@shop.example", False, "shop.example"), ("加V：ka_d0000", True, "d0000"), ("telegram @creds_example0", False, "creds"),
    ],
)  # fmt: skip
def test_contacts_are_masked(text: str, contact: bool, gone: str) -> None:
    assert gone not in masked(text, contact=contact)


@pytest.mark.parametrize("text", ["H100 80GB 900-21010-0000-000", "price 168000", "8x A100 SXM4 80G"])
def test_part_numbers_and_prices_are_no_contacts(text: str) -> None:
    assert masked(text) == text


def test_the_commands_of_a_digest_name_its_home_where_that_is_not_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert command_of(tmp_path / "chipwatch") == "chipwatch"
    command = command_of(tmp_path / "my home")
    assert command == f"chipwatch --home '{tmp_path / 'my home'}'"
    made = digest(alert())
    assert f"`{command} alerts show" in render.markdown(made, command) and "`chipwatch alerts show" in render.markdown(made)
    assert "my home" in render.html(made, command) and "<code>chipwatch alerts" not in render.html(made, command)
