"""`chipwatch evaluate`: labelled listings go the whole way, import, detect, and are compared with their labels.

On a home of their own, made for the occasion, or on a copy of one that knows a market; what is there is never touched.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.loader import Config
    from detector.evaluate import Case
    from detector.evaluate_judging import Figures
    from detector.judge import Judge

PARTS = ("all", "signals", "price", "forest")


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with what the house made of it. `replay` holds the evidence apart; None where nothing was to be judged."""

    case: Case
    score: float
    severity: str
    replay: Mapping[str, Any] | None


def judge_labelled(cases: Sequence[Case], config: Config, *, market: Path | None, now: str) -> list[Judged]:
    """Import and detect the cases' listings in a fresh home, or in a copy of the home `market` beside its own listings.

    Raises DetectError, StorageError.
    """
    from crawler.importing import import_file
    from detector.run import detect
    from storage.store import Store

    with TemporaryDirectory(prefix="chipwatch-") as name:
        home = Path(name) / "home"
        if market is not None:
            copy_home(market, home)
        lines = Path(name) / "labelled.jsonl"
        # Two files may label listings of one number: the place in the list keeps them apart.
        rows = [{**case.listing, "listing_id": f"{at}-{case.listing['listing_id']}"} for at, case in enumerate(cases)]
        lines.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        with Store.open(home) as store:
            pass
        import_file(lines, home, config, now)
        with Store.open(home) as store:
            detect(store, config, now=now)
            made = {(row["site"], row["listing_id"]): row for row in store.iter_readings()}
    out = []
    for case, listing in zip(cases, rows, strict=True):
        row = made.get((listing["site"], listing["listing_id"]))
        if row is None:
            out.append(Judged(case, 0.0, "none", None))
        else:
            out.append(Judged(case, row["score"], row["severity"], row["features"].get("replay")))
    return out


def copy_home(home: Path, target: Path) -> None:
    """A home's database and models as they are now, while it may be in use."""
    from storage.store import Store

    target.mkdir(parents=True)
    with Store.open(home, create=False) as store:
        store.backup(target / "chipwatch.db")
    if (home / "models").is_dir():
        shutil.copytree(home / "models", target / "models")


def figures(judged: Sequence[Judged], judge: Judge, part: str) -> Figures:
    """The figures with one part of the evidence alone, or with all of it."""
    from detector.evaluate_judging import measure

    cases = [one.case for one in judged]
    if part == "all":
        return measure(cases, [(one.score, one.severity) for one in judged])
    again = [judge.again(_only(one.replay, part))[:2] if one.replay else (0.0, "none") for one in judged]
    return measure(cases, again)


def _only(replay: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {
        **replay,
        "evidence": replay["evidence"] if part == "signals" else [],
        "market": replay["market"] if part == "price" else None,
        "tail": replay["tail"] if part == "forest" else None,
    }


def has_forest(judged: Sequence[Judged]) -> bool:
    """Whether a forest spoke at all."""
    return any(one.replay and one.replay["tail"] is not None for one in judged)
