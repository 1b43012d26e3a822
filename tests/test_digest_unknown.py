"""Accelerators that the catalogue does not know are counted and named in every form of the digest, from import to digest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import chipwatch

TITLES = {
    "1": "NVIDIA B30A accelerator 144GB for sale",
    "2": "NVIDIA Ｂ３０Ａ 144GB, new",
    "3": "NVIDIA b30a module",
    "4": "NVIDIA H300 SXM 200GB",
    "5": "NVIDIA H100 PCIe 80GB",
}
"""Three spellings of one name of our own making, another, and a known chip."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path, lines = tmp_path / "home", tmp_path / "seen.jsonl"
    seen = {"site": "board", "description": "Tested.", "price_text": "$12,000", "country": "US", "observed_at": "2026-03-02T10:00:00Z"}
    lines.write_text("".join(json.dumps({**seen, "listing_id": n, "title": t}) + "\n" for n, t in TITLES.items()), encoding="utf-8")
    chipwatch(path, "init")
    chipwatch(path, "import", str(lines))
    chipwatch(path, "detect")
    return path


@pytest.mark.parametrize("rebuilt", [False, True])
def test_from_import_to_digest(home: Path, rebuilt: bool) -> None:
    if rebuilt:
        chipwatch(home, "detect", "--rebuild")
    told = json.loads(chipwatch(home, "digest", "--form", "json").stdout)
    assert told["unknown_accelerators"] == {"B30A": 3, "H300": 1}
    assert json.loads((home / "digests" / "latest.json").read_text(encoding="utf-8"))["unknown_accelerators"] == {"B30A": 3, "H300": 1}
    for text in ("latest.md", "latest.html"):
        assert "B30A (3), H300 (1)" in (home / "digests" / text).read_text(encoding="utf-8").replace("\\", "")
    assert "B30A (3), H300 (1)" in " ".join(chipwatch(home, "digest", "--all").stdout.split())


def test_they_stand_in_the_reading(home: Path) -> None:
    rows = [json.loads(line) for line in chipwatch(home, "export", "readings").stdout.splitlines()]
    assert {row["listing_id"]: row["unknown_accelerators"] for row in rows} == {"1": ["B30A"], "2": ["Ｂ３０Ａ"], "3": ["b30a"], "4": ["H300"], "5": []}
