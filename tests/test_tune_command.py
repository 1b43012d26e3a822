"""`chipwatch tune` on a home: what is in force before `detect` has run, and what is refused with status 2."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from config.loader import Config
from review.sites_view import standing
from storage.store import Store
from tests.commands import chipwatch

LINES = [
    {
        "site": "board", "listing_id": str(n), "title": f"NVIDIA H100 80GB PCIe no {n}", "price_text": "$24,000", "country": "US",
        "seller_id": f"s{n}", "description": words, "observed_at": "2026-03-01T08:00:00Z",
    }
    for n, words in enumerate(("Serial number label has been scratched off.", "Message me on Telegram @seller_77a", "With invoice and warranty."))
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tune")
    (folder / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    chipwatch(folder / "home", "init")
    chipwatch(folder / "home", "import", str(folder / "a.jsonl"))
    chipwatch(folder / "home", "detect")
    return folder / "home"


def tried(home: Path, *changes: str) -> tuple[int, int]:
    told = json.loads(chipwatch(home, "tune", "try", *changes, "--json").stdout)
    return told["alerts_before"], told["alerts_after"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("severity.medim=0.2", "severity.medim=0.2: unknown key; did you mean 'medium'?"),
        ("severity.medium=7", "severity.medium=7: must be less than or equal to 1"),
        ("severity.medium=0.99", "severity.medium=0.99: low 0.12 <= medium 0.99 <= high 0.88 must hold"),
    ],
)
def test_a_change_that_cannot_be_is_blamed_itself_and_no_file(home: Path, change: str, problem: str) -> None:
    told = chipwatch(home, "tune", "try", change, expect=2).stderr
    assert problem in told and "thresholds.toml" not in told


def test_a_change_is_tried_against_what_is_in_force_before_detect_has_run(home: Path) -> None:
    shipped = tried(home, "severity.medium=0.7")
    assert shipped == (2, 1)
    set_to = json.loads(chipwatch(home, "tune", "apply", "severity.medium=0.7", "--why", "weak ones").stdout)["thresholds"]
    assert tried(home, "severity.medium=0.2") == (1, 2)
    chipwatch(home, "tune", "undo", "--why", "a case began so")
    assert tried(home, "severity.medium=0.7") == shipped
    rows = json.loads(chipwatch(home, "tune", "versions", "--json").stdout)
    assert [row["why"] for row in rows] == ["a case began so", "weak ones", "as it stood before the first change"]
    assert rows[1]["version"] == set_to
    chipwatch(home, "tune", "undo", "--to", set_to, "--why", "after all")
    assert tried(home, "severity.medium=0.2") == (1, 2)
    chipwatch(home, "tune", "undo")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["try", "screening.candidate=90"], "cannot be tried"),
        (["try", "counts.bulk_chips=5"], "cannot be tried"),
        (["try", "counts.bulk_chipz=5"], "did you mean 'bulk_chips'"),
        (["try", "weight.no_paperwork=9", "weight.no_paperwork=0"], "given twice"),
        (["apply", "severity.medium=0.5", "--why", " "], "reason is empty"),
        (["apply", "severity.medium=0.2", "--why", "w"], "in force already"),
        (["undo", "--to", "zzz"], "tune versions"),
        (["--budget", "nan/day"], "over 0"),
        (["--budget", "-5/day"], "over 0"),
        (["--budget", "0/day"], "over 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(home: Path, words: list[str], told: str) -> None:
    assert told in chipwatch(home, "tune", *words, expect=2).stderr


def test_a_count_is_set_as_a_version_and_holds_with_the_next_detect(home: Path, tmp_path: Path) -> None:
    few = {**LINES[2], "listing_id": "few", "title": "NVIDIA H100 80GB PCIe, 6 pieces", "quantity": 6}
    (tmp_path / "b.jsonl").write_text(json.dumps(few) + "\n")
    chipwatch(home, "import", str(tmp_path / "b.jsonl"))
    for asked, expected in (("5", True), ("10", False)):
        if expected:
            chipwatch(home, "tune", "apply", f"counts.bulk_chips={asked}", "--why", "small lots matter here")
        else:
            chipwatch(home, "tune", "undo")
        chipwatch(home, "detect")
        shown = json.loads(chipwatch(home, "alerts", "show", "board/few", "--json").stdout)
        assert ("bulk_inventory" in {signal["signal"] for signal in shown["reading"]["signals"]}) is expected


def test_a_mute_is_set_listed_and_ended(home: Path) -> None:
    for words, told in (
        (["sitee", "x"], "Invalid value"), (["site", "nosuch"], "none that is known"), (["seller", "nosuch"], "no such seller"), (["seller", "0ff"], "too short"),
        (["listing", "nosuch/1"], "no listing"), (["listing", "bord/0"], "did you mean board?"), (["listing", "0ff"], "4 letters or more"), (["signal", "nosuch"], "none that is known"),
    ):  # fmt: skip
        assert told in chipwatch(home, "alerts", "mute", *words, "--reason", "r", "--until", "2999-01-01", expect=2).stderr
    assert "is empty" in chipwatch(home, "alerts", "mute", "site", "board", "--reason", " ", "--until", "2999-01-01", expect=2).stderr
    assert "to come" in chipwatch(home, "alerts", "mute", "site", "board", "--reason", "r", "--until", "2001-01-01", expect=2).stderr
    with Store.open(home, readonly=True) as store:
        seller = store.listing(store.find_listing("board/0"))["seller"]
    shown = json.loads(chipwatch(home, "alerts", "mute", "seller", f"seller {seller[:8]}", "--reason", "as the desk shows it", "--until", "2999-01-01").stdout)
    assert (shown["value"], shown["hidden"]) == (seller, 1)
    chipwatch(home, "alerts", "unmute", shown["mute"])
    made = json.loads(chipwatch(home, "alerts", "mute", "listing", "board/0", "--reason", "known", "--until", "2999-01-01").stdout)
    assert made["hidden"] == 1
    (row,) = json.loads(chipwatch(home, "alerts", "mutes", "--json").stdout)
    assert (row["id"], row["reason"]) == (made["mute"], "known")
    assert "muted until 2999-01-01" in chipwatch(home, "alerts", "show", "board/0").stdout
    chipwatch(home, "alerts", "unmute", made["mute"])
    assert "[]" in chipwatch(home, "alerts", "mutes", "--json").stdout
    assert "no such mute" in chipwatch(home, "alerts", "unmute", made["mute"], expect=2).stderr


def test_a_second_mute_is_stored_as_it_is_answered_and_names_the_first(home: Path) -> None:
    mute = ("alerts", "mute", "listing", "board/0", "--who", "ana", "--reason")
    first = json.loads(chipwatch(home, *mute, "first", "--until", "2998-12-10").stdout)
    done = chipwatch(home, *mute, "second", "--until", "2998-01-31")
    second = json.loads(done.stdout)
    assert f"muted already until 2998-12-10 by ana (first), and the later day holds; end that one: chipwatch alerts unmute {first['mute']}" in done.stderr
    stored = {row["id"]: row for row in json.loads(chipwatch(home, "alerts", "mutes", "--json").stdout)}
    assert (stored[second["mute"]]["reason"], stored[second["mute"]]["expires_at"][:10]) == ("second", second["until"])
    chipwatch(home, "alerts", "unmute", first["mute"])
    assert "muted until 2998-01-31 by ana (listing" in chipwatch(home, "alerts", "show", "board/0").stdout
    chipwatch(home, "alerts", "unmute", second["mute"])
    third = chipwatch(home, *mute, "third", "--until", "2998-01-31")
    assert "muted already" not in third.stderr
    chipwatch(home, "alerts", "unmute", json.loads(third.stdout)["mute"])


def test_what_names_no_day_or_no_site_is_told_alike_by_all_commands(home: Path) -> None:
    for words in (("alerts", "decide", "board/0", "snooze"), ("alerts", "mute", "site", "board", "--reason", "r")):
        told = chipwatch(home, *words, "--until", "31.12.2026", expect=2).stderr
        assert told == "error: --until 31.12.2026: write a day, such as 2030-01-31\n"
    for words in (("show",), ("pack",), ("mute", "listing", "--reason", "r", "--until", "2999-01-01"), ("decide",)):
        told = chipwatch(home, "alerts", *words, "bord/0", *(["note"] if words == ("decide",) else []), expect=2).stderr
        assert told.splitlines()[-1] == "error: site 'bord' is none that is known; did you mean board?"
    assert "no listing has this key" in chipwatch(home, "alerts", "show", "board/nosuch", expect=2).stderr


def test_alerts_of_more_than_one_state_are_listed_with_it(home: Path) -> None:
    assert "state" in chipwatch(home, "alerts", "--state", "any").stdout.split("\n")[0].split()
    assert "state" not in chipwatch(home, "alerts").stdout.split("\n")[0].split()


def test_a_day_of_the_demo_is_past_and_who_gives_no_name_is_told_which_is_recorded(home: Path) -> None:
    words = ("alerts", "decide", "board/0", "snooze", "--until", "2026-03-05")
    assert "demo" not in chipwatch(home, *words, expect=2).stderr
    (home / "demo").mkdir()
    (home / "demo" / "state.json").write_text('{"day": 1, "seed": 1}', encoding="utf-8")
    assert "the demo has days of its own" in chipwatch(home, *words, expect=2).stderr
    with Store.open(home, readonly=True) as store:
        assert standing(store, Config(home), "2026-12-01T00:00:00Z").idle == 0
    shutil.rmtree(home / "demo")
    mute = ("alerts", "mute", "site", "board", "--reason", "r", "--until", "2999-01-01")
    done = chipwatch(home, *mute)
    assert "CHIPWATCH_WHO" in done.stderr
    chipwatch(home, "alerts", "unmute", json.loads(done.stdout)["mute"], "--who", "ana")
    assert "CHIPWATCH_WHO" not in chipwatch(home, *mute, "--who", "ana").stderr
