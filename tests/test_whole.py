"""A file is there whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from storage.whole import write_whole


def test_a_file_is_written_with_its_folder_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "state" / "one.json"
    write_whole(path, "前")
    write_whole(path, b"after")
    assert path.read_bytes() == b"after" and [p.name for p in path.parent.iterdir()] == ["one.json"]


@pytest.mark.parametrize("stage", ["fsync", "replace"])
def test_what_fails_half_way_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    path = tmp_path / "one.json"
    write_whole(path, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, stage, full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_what_a_kill_left_is_written_over_with_the_mode_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    (tmp_path / "secret.json.part").write_text("half")
    write_whole(path, "{}", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and list(tmp_path.iterdir()) == [path]
