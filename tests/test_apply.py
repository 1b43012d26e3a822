"""Setting thresholds: the file and its logged version change together or not at all, whatever comes between."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from config.tables import ConfigError
from detector.apply import FILE, FOUND, apply, can_undo, found, undo
from detector.errors import ChangeError, DetectError
from detector.run import detect
from storage.errors import LockedError
from storage.store import Store

NOW = "2026-03-03T20:00:00Z"
HALF = {"severity.medium": 0.5}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home", timeout=0.1) as opened:
        yield opened


def text(store: Store) -> str | None:
    path = store.home / FILE
    return path.read_text() if path.exists() else None


def change(store: Store, changes: dict[str, Any] = HALF, why: str = "w") -> str:
    return apply(store, Config(store.home), changes, why=why, who="ana", now=NOW)


def take_back(store: Store) -> tuple[str, str]:
    return undo(store, why="u", who="ana", now=NOW)


def reasons(store: Store) -> list[str]:
    return [row["why"] for row in store.versions("thresholds")]


@pytest.mark.parametrize(("act", "set_before"), [(change, 0), (change, 2), (take_back, 2)])
def test_a_locked_database_leaves_the_file_and_the_log_as_they_were(
    store: Store, act: Callable[[Store], Any], set_before: int
) -> None:
    for value in (0.3, 0.4)[:set_before]:
        change(store, {"severity.medium": value})
    before, logged = text(store), reasons(store)
    other = sqlite3.connect(store.home / "chipwatch.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LockedError):
        act(store)
    other.execute("ROLLBACK")
    other.close()
    assert text(store) == before and reasons(store) == logged
    act(store)
    assert text(store) != before and found(store) is None


def test_what_cannot_be_stored_or_used_after_all_leaves_the_file_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.apply.preview", lambda *_: None)
    with pytest.raises(ConfigError):
        change(store, {"severity.medium": 0.99})
    assert text(store) is None and found(store) is None
    log = store.log_version
    monkeypatch.setattr(store, "log_version", lambda kind, *a, **k: log(kind, *a, **k) and k["why"] == "w" and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        change(store)
    assert text(store) is None and "w" not in reasons(store)


KILLED = """
import os, sys
from pathlib import Path
from config.loader import Config
from detector import apply
from storage.store import Store
home, put = Path(sys.argv[1]), os.replace
os.replace = lambda part, file: (put(part, file), os._exit(9) if home in Path(file).parents else None)
with Store.open(home) as store:
    apply.apply(store, Config(home), {"severity.medium": 0.6}, why="killed", who="ben", now="2026-03-03T21:00:00Z")
"""


@pytest.mark.parametrize("earlier", [{}, HALF])
def test_a_kill_between_file_and_log_is_found_told_and_undone(store: Store, earlier: dict[str, Any]) -> None:
    if earlier:
        change(store, earlier)
    before = text(store)
    assert subprocess.run([sys.executable, "-c", KILLED, str(store.home)], timeout=60).returncode == 9
    assert "killed" not in reasons(store) and found(store) == text(store) != before
    done = detect(store, Config(store.home), now="2026-03-03T22:00:00Z")
    assert any(FOUND in line for line in done.notes) and found(store) is None
    last = store.versions("thresholds")[-1]
    assert (last["who"], last["why"], last["hash"]) == ("chipwatch detect", FOUND, Config(store.home).thresholds_version)
    assert not any(FOUND in line for line in detect(store, Config(store.home), now="2026-03-03T23:00:00Z").notes)
    assert take_back(store)[1] == FOUND and text(store) == before


def test_an_undo_takes_back_an_edit_by_hand_before_any_older_change(store: Store) -> None:
    change(store)
    (store.home / FILE).write_text("[severity]\nmedium = 0.7\n")
    take_back(store)
    assert Config(store.home).thresholds.severity.medium == 0.5
    assert reasons(store)[-2:] == [FOUND, "u"]


def test_undone_to_no_file_is_the_shipped_version_again(store: Store) -> None:
    shipped = Config(store.home).thresholds_version
    with pytest.raises(DetectError):
        take_back(store)
    change(store)
    assert take_back(store)[0] == shipped and text(store) is None


def medium(store: Store) -> float:
    return Config(store.home).thresholds.severity.medium


def test_undoing_again_goes_one_change_further_back_each_time(store: Store) -> None:
    for value, why in ((0.3, "A"), (0.4, "B"), (0.5, "C")):
        change(store, {"severity.medium": value}, why)
    seen = [(take_back(store)[1], medium(store)) for _ in range(2)]
    assert seen == [("C", 0.4), ("B", 0.3)]
    change(store, {"severity.medium": 0.6}, "D")
    seen = [(take_back(store)[1], medium(store)) for _ in range(2)]
    assert seen == [("D", 0.3), ("A", 0.2)] and text(store) is None
    assert not can_undo(store)
    with pytest.raises(DetectError, match="all are undone"):
        take_back(store)


def test_an_undone_version_is_put_back_by_its_name(store: Store) -> None:
    first, second = (change(store, {"severity.medium": value}) for value in (0.3, 0.4))
    take_back(store)
    assert undo(store, why="u", who="ana", now=NOW, to=second[:6])[0] == second and medium(store) == 0.4
    assert take_back(store)[0] == first  # a jump is a change like any other
    for wrong in ("nosuch", "", first):
        with pytest.raises(ChangeError):
            undo(store, why="u", who="ana", now=NOW, to=wrong)


@pytest.mark.parametrize("why", ["", " ", "\t\n"])
def test_no_change_goes_without_a_reason(store: Store, why: str) -> None:
    with pytest.raises(ChangeError, match="reason is empty"):
        change(store, why=why)
    change(store)
    with pytest.raises(ChangeError, match="reason is empty"):
        undo(store, why=why, who="ana", now=NOW)
    assert reasons(store)[1:] == ["w"]


@pytest.mark.parametrize("same", [{"severity.medium": 0.5}, {"weight.no_paperwork": 1}, {"pair.bulk_through_hub": 4}, {"price.below": 0.6}])
def test_what_is_in_force_is_not_set_once_more(store: Store, same: dict[str, Any]) -> None:
    change(store, HALF | {"weight.no_paperwork": 1.0})
    with pytest.raises(ChangeError, match="in force already"):
        change(store, same)
    assert len(reasons(store)) == 2
