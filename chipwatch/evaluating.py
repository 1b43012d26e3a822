"""`chipwatch evaluate`: labelled listings go the whole way, import, detect, refit, and are compared with their labels.

On homes of their own, made for the occasion: a fresh one, and one for each market that is lent. What lends it is never touched.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.loader import Config
    from detector.evaluate import Case
    from detector.evaluate_judging import Figures
    from detector.judge import Judge
    from storage.store import Store

LABELLED = "all, signals as labelled"
PARTS = ("all", LABELLED, "signals", "price", "forest")
"""What may speak: all evidence, all of it with the labels' signals for those that were read (so that what is lost in reading and
what in judging can be told apart), or one kind of it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with what the house made of it. `replay` holds the evidence apart; None where nothing was to be judged."""

    case: Case
    score: float
    severity: str
    replay: Mapping[str, Any] | None


def rows(cases: Sequence[Case], config: Config, *, market: Path | None, now: str) -> Iterator[dict[str, Any]]:
    """Figures of graded cases by home and evidence. Raises UseError, FileRefused, DetectError, StorageError."""
    from detector.judge import Judge

    judge = Judge.from_config(config)
    for stage, judged in judge_labelled(cases, config, market=market, now=now):
        for part in PARTS:
            if part != "forest" or has_forest(judged):
                found = asdict(figures(judged, judge, part))
                yield {"market": str(market or "none"), "stage": stage, "evidence": part, **found}


def judge_labelled(
    cases: Sequence[Case], config: Config, *, market: Path | None, now: str
) -> Iterator[tuple[str, list[Judged]]]:
    """The cases judged after import and `detect`, and again after `--refit` where there are offers enough for a forest.

    In a fresh home, or in one that knows `market` before (see `lend`).
    """
    from crawler.importing import import_file
    from detector.errors import ColdStart
    from detector.refit import refit
    from detector.run import detect
    from storage.store import Store

    with TemporaryDirectory(prefix="chipwatch-") as name:
        home, lines = Path(name) / "home", Path(name) / "labelled.jsonl"
        # Two files may label listings of one number: the place in the list keeps them apart.
        listings = [
            {**case.listing, "listing_id": f"{at}-{case.listing['listing_id']}"}
            for at, case in enumerate(cases)
        ]
        lines.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in listings), encoding="utf-8"
        )
        lend(market, home, config, now)
        import_file(lines, home, config, now)
        with Store.open(home) as store:
            detect(store, config, now=now)
            yield "detect", _made(store, cases, listings)
            try:
                refit(store, config, now=now, who="evaluate", why="evaluate")
            except ColdStart:
                return
            detect(store, config, now=now)
            yield "refit", _made(store, cases, listings)


def lend(market: Path | None, home: Path, config: Config, now: str) -> None:
    """Make `home`, with what `market` knows: a copy of another home, or what recorded answers of eBay's search API or a file
    that `import` takes tell, judged and with a forest of its own. Raises UseError, FileRefused."""
    from chipwatch.recorded import recorded_listings
    from crawler.importing import import_file
    from detector.errors import ColdStart
    from detector.refit import refit
    from detector.run import detect
    from storage.store import Store

    if market is not None and (market / "chipwatch.db").is_file():
        copy_home(market, home)
        return
    # Known a day before the labelled ones, so that nothing in it depends on them.
    before = (datetime.fromisoformat(now) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with Store.open(home) as store:
        if market is None:
            return
        if market.is_dir() or market.suffix == ".json":
            run = store.begin_run("ebay", kind="import", now=before)
            store.record_many([(one, None) for one in recorded_listings(market, config)], run=run, now=before)
            store.end_run(run, "ok", before)
        else:
            import_file(market, home, config, before)
        detect(store, config, now=before)
        try:
            refit(store, config, now=before, who="evaluate", why="evaluate")
        except ColdStart:
            return
        detect(store, config, now=before)


def _made(store: Store, cases: Sequence[Case], listings: Sequence[Mapping[str, Any]]) -> list[Judged]:
    made = {(row["site"], row["listing_id"]): row for row in store.iter_readings()}
    out = []
    for case, listing in zip(cases, listings, strict=True):
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

    grades = [one.case.gold["grade"] for one in judged]
    if part == "all":
        return measure(grades, [(one.score, one.severity) for one in judged])
    if part == LABELLED:
        return measure(grades, [_as_labelled(one, judge) for one in judged])
    again = [judge.again(_only(one.replay, part))[:2] if one.replay else (0.0, "none") for one in judged]
    return measure(grades, again)


def _as_labelled(one: Judged, judge: Judge) -> tuple[float, str]:
    """Score and severity with offer, restriction and signals as the label has them; price, other signals and forest as found."""
    from detector.gold import SIGNALS

    gold = one.case.gold
    if gold["offer"] not in ("sale", "rental") or not gold.get("restricted"):
        return 0.0, "none"
    found = one.replay or {"offer": gold["offer"], "evidence": [], "usd": None, "market": None, "tail": None, "dear": False}
    own = [[name, strength] for name, strength in found["evidence"] if name not in SIGNALS]
    return judge.again({**found, "goods": None, "evidence": [*own, *([name, 1.0] for name in gold.get("signals", ()) if name in SIGNALS)]})[:2]


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
