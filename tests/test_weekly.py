"""The week in figures: counted right, with intervals, once; and inert in every form."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chipwatch.digests import make, make_weekly
from config.loader import Config
from review import weekly, weekly_forms
from review.delivery import deliver
from review.outgoing import outgoing
from review.weekly import Share, SiteWeek, Weekly
from storage.listing import Listing
from storage.store import Store
from tests import handover, hostile
from tests.servers.smtp import smtp
from tests.test_mail import ALLOWED_TAGS, Page, settings

SINCE, UNTIL, NOW = "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z", "2026-03-09T06:40:00Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handover.build(tmp_path_factory.mktemp("weekly") / "home")


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def built(home: Path, **span: str) -> Weekly:
    with Store.open(home) as store:
        return weekly.build(store, Config(home), now=NOW, **{"since": SINCE, "until": UNTIL, **span})


def by_name(week: Weekly) -> dict[str, tuple[int, int]]:
    return {share.name.split(",")[0]: (share.good, share.n) for share in week.base}


@pytest.mark.parametrize(
    ("now", "span"),
    [
        ("2026-03-09T06:40:00Z", (SINCE, UNTIL)), ("2026-03-09T00:00:00Z", (SINCE, UNTIL)), ("2026-03-15T23:59:59Z", (SINCE, UNTIL)),
        ("2026-03-16T00:00:00Z", (UNTIL, "2026-03-16T00:00:00Z")), ("2026-01-01T12:00:00Z", ("2025-12-22T00:00:00Z", "2025-12-29T00:00:00Z")),
    ],
)  # fmt: skip
def test_the_last_whole_week(now: str, span: tuple[str, str]) -> None:
    assert weekly.last_week(now) == span


def test_base_rates_follow_from_listings_alerts_and_decisions(home: Path) -> None:
    before = by_name(built(home))
    assert before == {
        "new listings that offer a restricted chip": (2, 3),
        "flagged": (2, 3),
        "reviewed": (0, 2),
        "confirmed": (0, 0),
    }
    with Store.open(home) as store:
        store.decide(handover.key(store, "1"), "confirm", who="ada", now="2026-03-04T10:00:00Z")
        store.decide(
            handover.key(store, "2"), "dismiss", who="ada", now="2026-03-05T10:00:00Z", reason="papers-seen"
        )
    week = built(home)
    assert by_name(week) | {"new listings that offer a restricted chip": (2, 3)} == by_name(week)
    assert by_name(week)["reviewed"] == (2, 2) and by_name(week)["confirmed"] == (1, 2)
    assert week.decided == {"confirm": 1, "dismiss": 1} and week.waiting == 0
    confirmed = week.base[3]
    assert (
        confirmed.value == 0.5
        and confirmed.low == pytest.approx(0.0945, abs=1e-3)
        and confirmed.high == pytest.approx(0.9055, abs=1e-3)
    )


def test_precision_by_signal_of_the_week_and_of_all_time(home: Path) -> None:
    with Store.open(home) as store:
        store.decide(handover.key(store, "1"), "confirm", who="ada", now="2026-03-04T10:00:00Z")
        store.decide(
            handover.key(store, "2"), "dismiss", who="ada", now="2026-03-11T10:00:00Z", reason="papers-seen"
        )
    signals = {name: ((this.good, this.n), (ever.good, ever.n)) for name, this, ever in built(home).signals}
    assert signals["serial_removed"] == ((1, 1), (1, 1))
    assert signals["restricted_destination"] == ((1, 1), (1, 2))
    assert signals["export_evasion"] == ((0, 0), (0, 1))


def test_a_decision_taken_back_does_not_count(home: Path) -> None:
    with Store.open(home) as store:
        one = handover.key(store, "1")
        store.decide(one, "confirm", who="ada", now="2026-03-04T10:00:00Z")
        store.undo(one, who="ada", now="2026-03-04T11:00:00Z")
        store.decide(
            handover.key(store, "2"),
            "snooze",
            who="ada",
            now="2026-03-04T12:00:00Z",
            until="2026-03-20T00:00:00Z",
        )
    week = built(home)
    assert by_name(week)["reviewed"] == (0, 2) and week.decided == {"snooze": 1} and week.waiting == 1


def test_other_weeks_and_runs_in_quarantine_do_not_count(home: Path) -> None:
    quiet = built(home, since=UNTIL, until="2026-03-16T00:00:00Z")
    assert (
        by_name(quiet)["flagged"] == (0, 0)
        and quiet.observations == 0
        and "Nothing was gathered" in quiet.notes[0]
        and not quiet.sites
    )
    with Store.open(home) as store:
        run = store.begin_run("board", now="2026-03-05T08:00:00Z")
        store.record_many([(Listing("board", "9", "A100 80GB"), None)], run=run, now="2026-03-05T08:00:00Z")
        store.end_run(run, "changed", "2026-03-05T08:10:00Z", {"pages": 1})
    week = built(home)
    assert by_name(week)["flagged"] == (2, 3) and week.observations == built(home).observations == 4
    assert week.sites == (SiteWeek("board", 3, 2, 3, "1 changed (quarantined)"),)


def test_a_week_is_stored_and_sent_once_and_shows_later_decisions(home: Path) -> None:
    with smtp() as inbox:
        config = settings(home, inbox.port)
        with Store.open(home) as store:
            make_weekly(store, config, now=NOW, since=SINCE, until=UNTIL)  # a look before it is sent
        for now in (NOW, "2026-03-10T06:00:00Z"):
            with Store.open(home) as store:
                make_weekly(store, config, now=now, since=SINCE, until=UNTIL, send=True)
                told = deliver(store, config.settings, clock=lambda: NOW, env={}, sleep=lambda _: None)
                store.decide(
                    handover.key(store, "1"), "confirm", who="ada", now="2026-03-09T10:00:00Z"
                ) if now == NOW else None
    assert told == [] and len(inbox.mails) == 1
    assert (
        inbox.messages()[0]["Subject"] == "chipwatch week to 2026-03-09: 2 flagged, 0 reviewed, 0 confirmed"
    )
    plain = next(inbox.messages()[0].iter_parts()).get_content()
    assert plain.splitlines()[1].startswith("From 2026-03-02 00:00 to ")
    assert not any(line.startswith(b">From") for line in inbox.mails[0][2].splitlines())
    assert "1 reviewed, 1 confirmed" in (home / "digests" / "weekly.md").read_text(encoding="utf-8")


def test_it_is_read_back_from_the_record_as_it_was(home: Path) -> None:
    week = built(home)
    again = Weekly.from_dict(json.loads(json.dumps(week.to_dict())))
    assert again.to_dict() == week.to_dict() and weekly_forms.html(again) == weekly_forms.html(week)


def test_a_daily_digest_is_not_moved_by_a_weekly_one(home: Path) -> None:
    with Store.open(home) as store:
        config = Config(home)
        make_weekly(store, config, now=NOW, since=SINCE, until=UNTIL)
        digest, _ = make(store, config, now=NOW)
    assert digest.since is None and digest.counts.get("high")


def test_the_command_prints_every_form_and_refuses_a_wrong_date(home: Path) -> None:
    words = [sys.executable, "-m", "chipwatch.cli", "--home", str(home), "digest", "--weekly", "--until"]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*words, *more], capture_output=True, text=True, check=False)

    assert "2 flagged, 0 reviewed, 0 confirmed" in run("2026-03-09").stdout
    assert json.loads(run("2026-03-09", "--form", "json").stdout)["since"] == SINCE
    wrong = run("soon")
    assert wrong.returncode == 2 and "write a date such as" in wrong.stderr


def week_of(words: str) -> Weekly:
    """A week whose every field that names something from outside holds these words."""
    share = Share("flagged, of new listings", 1, 2, 0.5, 0.1, 0.9)
    return Weekly(NOW, SINCE, UNTIL, 3, (share,) * 4, {"high": 1}, {"confirm": 1}, ((words, share, share),), "unknown", 1, NOW, (SiteWeek(words, 1, 0, 1, words),),
                  (words,), {})  # fmt: skip


@hostile.PAYLOADS
def test_no_word_from_outside_is_markup_in_any_form(payloads: tuple[str, ...]) -> None:
    shape, plain, table = Page(), weekly_forms.text(week_of("x")), weekly_forms.markdown(week_of("x"))
    shape.feed(weekly_forms.html(week_of("x")))
    for words in payloads:
        page: Any = Page()
        page.feed(weekly_forms.html(week_of(words)))
        assert page.tags == shape.tags and {tag for tag, _ in page.tags} <= ALLOWED_TAGS, words
        text = weekly_forms.text(week_of(words))
        assert len(text.splitlines()) == len(plain.splitlines()) and "<" not in text and "\x00" not in text, (
            words
        )
        marks = weekly_forms.markdown(week_of(words))
        assert len(marks.splitlines()) == len(table.splitlines()), words
        assert (
            outgoing({"id": "1", "kind": "weekly", "document": week_of(words).to_dict()}, "h").headline
            == week_of("x").headline
        )
