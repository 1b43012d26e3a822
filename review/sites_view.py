"""How each site stands: its last run, whether that was whole, which days are covered, and runs that wait for a decision.

Silence is never read as "no listings": a day without a healthy run is shown as such, and so is a site that never ran.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crawler.access import refusal
from review.charts import Cell

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.sites import Site
    from storage.store import Store

DAYS = 28
"""Days of a coverage strip: four weeks show the rhythm of a schedule."""

TONES = {
    "ok": "good",
    "imported": "good",
    "partial": "warn",
    "changed": "warn",
    "empty": "warn",
    "blocked": "bad",
    "failed": "bad",
    "killed": "bad",
}
"""How an outcome is coloured; `skipped` and `running` say nothing of coverage."""

WHOLE = ("ok", "empty")
"""Outcomes of a run that read all there was."""

BROUGHT = 100
"""Sites that came in with others, of which there is a row; a scan may bring thousands."""

_WORST = ("bad", "warn", "good", "none")

WORDS = {
    "ok": "read whole", "partial": "stopped short", "blocked": "was kept out", "changed": "does not look as its file expects",
    "empty": "no listing on its pages", "failed": "could not be fetched", "killed": "died before its end", "skipped": "left out",
    "running": "runs now", "never": "never ran", "imported": "brought in from files",
}  # fmt: skip
"""What each outcome means, for a person."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site at a glance. `tone` is good, warn, bad or none; `why` says what is to be looked at, "" where nothing is; `filed`: has it a
    site file?"""

    key: str
    name: str
    enabled: bool
    tone: str
    outcome: str
    why: str
    last: Mapping[str, Any]
    cells: tuple[Cell, ...]
    covered: int
    held: int
    filed: bool = True

    @property
    def brought(self) -> bool:
        """Is what is known of it from files alone? Then no day of it can be whole or not."""
        return self.outcome == "imported" and not self.enabled


@dataclass(frozen=True, slots=True)
class Held:
    """A run in quarantine: what it held back and the first of what it saw."""

    run: Mapping[str, Any]
    seen: tuple[Mapping[str, Any], ...]

    @property
    def why(self) -> str:
        """Why it is held, in the words of the run."""
        parts = dict.fromkeys(p for p in (self.run["quarantine_note"], self.run["detail"]) if p)
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Standing:
    """All sites, the ones to look at first; `days` are those of the strips; `idle` days since anything ran, None if nothing did; `more`
    sites that came in with others have no row."""

    sites: tuple[SiteRow, ...]
    held: tuple[Held, ...]
    days: tuple[str, ...]
    idle: int | None
    more: int = 0

    @property
    def troubled(self) -> int:
        """Sites whose silence says nothing now."""
        return sum(site.tone in ("bad", "warn") for site in self.sites)


def standing(store: Store, config: Config, now: str, *, site: str | None = None) -> Standing:
    """Sites of the config and of the database as they stand at `now` (ISO 8601 UTC); `site` has a row however many came in with others."""
    read, more = store.sites_read(limit=BROUGHT)
    last = {row["site"]: row for row in read}
    if site is not None and site not in last:
        last |= {row["site"]: row for row in store.brought_sites(site=site)[0]}
    held = store.held_runs()
    ran = [row["started_at"][:10] for row in last.values() if row["started_at"]]
    end = max(ran, default=now[:10])
    days = last_days(end, DAYS)
    by_site: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in store.runs_by_day(days[0]):
        by_site.setdefault(row["site"], {})[row["day"]] = row
    rows = []
    for key in sorted(config.sound_sites.keys() | last.keys()):
        file, waiting = config.sound_sites.get(key), sum(run["site"] == key for run in held)
        refused = (
            refusal(file, config.settings, date.fromisoformat(now[:10])) if file and file.enabled else None
        )
        rows.append(_row(key, file, last.get(key, {}), by_site.get(key, {}), days, waiting, refused))
    rows.sort(key=lambda row: (not row.enabled and row.outcome == "never", _WORST.index(row.tone), row.key))
    # The demo has days of its own.
    here = end if (store.home / "demo" / "state.json").exists() else now[:10]
    idle = (date.fromisoformat(here) - date.fromisoformat(end)).days if ran else None
    return Standing(
        tuple(rows), tuple(Held(r, tuple(store.seen_in(r["id"]))) for r in held), tuple(days), idle, more
    )


def _row(
    key: str, site: Site | None, last: Mapping[str, Any], runs: Mapping[str, Mapping[str, Any]], days: Sequence[str], held: int,
    refused: str | None,
) -> SiteRow:  # fmt: skip
    outcome = last.get("outcome") or "never"
    cells = strip(runs, days)
    tone = TONES.get(outcome, "none")
    if held and tone == "good":
        tone = "warn"
    return SiteRow(
        key, (site.title if site else None) or last.get("name") or key, bool(site and site.enabled), tone, outcome,
        _why(last, outcome, held, refused), last, cells, sum(cell.tone == "good" for cell in cells), held, site is not None,
    )  # fmt: skip


def _why(last: Mapping[str, Any], outcome: str, held: int, refused: str | None) -> str:
    parts = []
    if held:
        parts.append(f"{held} run{'s' * (held > 1)} held back, to be released or discarded")
    if outcome not in ("ok", "never") and last.get("detail"):
        parts.append(str(last["detail"]))
    if refused:
        parts.append(f"will not run: {refused}")
    return "; ".join(parts)


def last_days(end: str, count: int) -> list[str]:
    """`count` days up to `end` (YYYY-MM-DD), oldest first."""
    last = date.fromisoformat(end)
    return [(last - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)]


def strip(runs: Mapping[str, Mapping[str, Any]], days: Sequence[str]) -> tuple[Cell, ...]:
    """A cell a day: whole where any of its runs was, else their worst outcome; its strength by listings against the site's fullest day."""
    most = max((row["listings"] or 0 for row in runs.values()), default=0)
    return tuple(_cell(day, runs.get(day), most) for day in days)


def _cell(day: str, row: Mapping[str, Any] | None, most: int) -> Cell:
    if row is None:
        return Cell("none", f"{day}: no run")
    outcomes = sorted(row["outcomes"].split(","), key=lambda outcome: (outcome not in WHOLE, outcome))
    tone = "good" if row["whole"] else min((TONES.get(outcome, "none") for outcome in outcomes), key=_WORST.index)
    if row["held"] and not row["whole"] and tone == "good":
        tone = "warn"
    share = (row["listings"] or 0) / most if most else 0.0
    held = ", held back" if row["held"] and not row["whole"] else f", {row['held']} held back" if row["held"] else ""
    words = f"{day}: {', '.join(outcomes)}{held}, {row['listings'] or 0} listings, {row['new'] or 0} new, {row['changed'] or 0} changed"
    return Cell(
        tone,
        words,
        4 if tone in ("bad", "none") else 1 + min(int(share * 3.999), 3),
        {"bad": "!", "warn": "~"}.get(tone, ""),
    )


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of a site's page, with its JSON columns decoded."""

    run: Mapping[str, Any]
    tone: str
    counts: Mapping[str, Any]
    notes: Mapping[str, Any]


def runs(store: Store, site: str, *, limit: int = 40) -> list[RunRow]:
    """The site's last runs, the latest first."""
    return [
        RunRow(
            row,
            TONES.get(row["outcome"] or "running", "none"),
            _json(row["counts"]),
            _json(row["stats"]) | _json(row["facts"]),
        )
        for row in store.runs(site, limit=limit)
    ]


def _json(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
