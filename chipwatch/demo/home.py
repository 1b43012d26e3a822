"""The demo's home: its site files, its clock, its truth beside it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from chipwatch.demo.world import observed_at, truth

SEED = 20240902
"""The demo's goods; the date of the newspaper report it all began with."""


def next_day(home: Path) -> int:
    """The demo's next day: 1 in a fresh home."""
    path = _state(home)
    if not path.exists():
        return 1
    return int(json.loads(path.read_text(encoding="utf-8"))["day"]) + 1


def end_day(home: Path, day: int, seed: int = SEED) -> None:
    """Remember that `day` is done, and write the day's truth beside it for `demo score`."""
    path = _state(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.dumps(row, ensure_ascii=False) for row in truth(seed, day)]
    (path.parent / "truth.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    path.write_text(json.dumps({"day": day, "seed": seed}), encoding="utf-8")


def read_truth(home: Path) -> list[dict[str, Any]]:
    """What the demo planted on its last day; [] before the first."""
    path = home / "demo" / "truth.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def write_sites(home: Path, urls: dict[str, str], day: int) -> None:
    """Write the demo's site files, with today's addresses, into the home's own config."""
    folder = home / "config" / "sites"
    folder.mkdir(parents=True, exist_ok=True)
    for site, base in urls.items():
        text = resources.files("chipwatch").joinpath(f"demo/sites/{site}.toml").read_text(encoding="utf-8")
        text = text.replace("{base}", base).replace("{today}", observed_at(day).date().isoformat())
        (folder / f"{site}.toml").write_text(text, encoding="utf-8")


def _state(home: Path) -> Path:
    return home / "demo" / "state.json"
