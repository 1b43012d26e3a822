"""The command that gives data to other tools: readings, spreadsheets of alerts, STIX."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chipwatch.app import State, UseError, need_new, note, now_utc, user, write_json, write_jsonl

if TYPE_CHECKING:
    from review.spreadsheet import AlertRow
    from storage.alerts import Filter


class What(StrEnum):
    """What is exported."""

    readings = "readings"
    alerts = "alerts"
    stix = "stix"


class Tlp(StrEnum):
    """How far a STIX bundle may be passed on (Traffic Light Protocol)."""

    white = "white"
    green = "green"
    amber = "amber"
    red = "red"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(export)


def export(
    ctx: typer.Context,
    what: Annotated[
        What, typer.Argument(help="readings (every listing), alerts (CSV or XLSX), stix (alerts).")
    ] = What.readings,
    out: Annotated[
        Path | None, typer.Option(help="A new file; .xlsx makes a workbook. None: standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file of --out where it is there.")] = False,
    state_: Annotated[
        str,
        typer.Option(
            "--state",
            help="Alerts: new, confirmed, dismissed, snoozed, escalated, closed, or any. With any the muted ones are exported too, which `alerts --state any` leaves out; a single state has none of them.",
        ),
    ] = "any",
    severity: Annotated[str | None, typer.Option(help="Alerts: high or medium.")] = None,
    chip: Annotated[str | None, typer.Option(help="Alerts: catalogue id.")] = None,
    site: Annotated[str | None, typer.Option(help="Alerts: site key.")] = None,
    contacts: Annotated[
        bool, typer.Option("--contacts", help="Alerts: leave contact details of sellers readable.")
    ] = False,
    tlp: Annotated[Tlp, typer.Option(help="STIX: marking of every object.")] = Tlp.amber,
) -> None:
    """Write readings as JSON Lines, alerts as a spreadsheet, or alerts as STIX for case tools.

    Readings are the exchange format, sorted by site and listing id.
    """
    from storage.alerts import Filter

    state: State = ctx.obj
    chosen = Filter(
        states=None if state_ == "any" else (state_,), severities=(severity,) if severity else None, chip=chip, site=site,
        muted=None if state_ == "any" else False,
    )  # fmt: skip
    if force and out is None:
        raise UseError("--force replaces the file of --out, and none is named")
    if out is not None and out.is_dir():
        raise UseError(f"{out}: is a folder; name a file in it")
    if out is not None and what is not What.readings and not (force and out.is_file()):
        need_new(out, "name a new file with --out, or replace it with --force")
    if what is What.readings:
        _readings(state, out)
    elif what is What.alerts:
        _alerts(state, chosen, out, contacts=contacts)
    else:
        _stix(state, chosen, out, contacts=contacts, tlp=tlp.value)


def _readings(state: State, out: Path | None) -> None:
    if out is not None:
        raise UseError("readings go to standard output: chipwatch export readings > FILE")
    with state.store(readonly=True) as store:
        write_jsonl(store.export_readings())


def _alerts(state: State, chosen: Filter, out: Path | None, *, contacts: bool) -> None:
    from chipwatch import __version__
    from review import spreadsheet

    with state.store(readonly=True) as store:
        found = spreadsheet.rows(store, state.config, chosen, contacts=contacts)
        if out is None:
            sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
            count = spreadsheet.write_csv(found, sys.stdout)
        elif out.suffix.lower() == ".xlsx":
            about = {
                "made": f"{now_utc()} by {user()}", "software": f"chipwatch {__version__}", "home": store.home_id,
                "chosen": f"state {', '.join(chosen.states or ['any'])}, severity {', '.join(chosen.severities or ['any'])}, chip {chosen.chip or 'any'}, site {chosen.site or 'any'}",
                "contacts": "as the sellers wrote them" if contacts else "masked", "score": "1 / (1 + exp(-sum of the contributions in the sheet reasons))",
                "note": "A signal is a reason to look, never a verdict.",
            }  # fmt: skip
            count = _replacing(out, lambda path: spreadsheet.write_xlsx(found, path, about))
        elif out.suffix.lower() == ".csv":
            count = _replacing(out, lambda path: _write_csv(found, path))
        else:
            raise UseError(f"{out}: write a name that ends in .csv or .xlsx")
    note(f"{count} alert{'' if count == 1 else 's'}" + (f" written to {out}" if out else ""))


def _write_csv(found: Iterable[AlertRow], path: Path) -> int:
    from review import spreadsheet

    # The mark at the beginning tells Excel that the file is UTF-8; without it Chinese titles are garbage there.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        return spreadsheet.write_csv(found, file)


def _replacing(out: Path, write: Callable[[Path], int]) -> int:
    """Write beside the file and put it in its place at the end: a reader sees the old one or the whole new one."""
    beside = out.with_name(f".{out.stem}.{os.getpid()}{out.suffix}")
    try:
        count = write(beside)
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    return count


def _stix(state: State, chosen: Filter, out: Path | None, *, contacts: bool, tlp: str) -> None:
    import json

    from chipwatch import __version__
    from review import stix
    from review.pack import documents

    with state.store(readonly=True) as store:
        found = documents(store, state.config, chosen, contacts=contacts)
        made = stix.bundle(found, store.home_id, now=now_utc(), tlp=tlp)
    note(f"{len(made['objects'])} objects by chipwatch {__version__}")
    if out is None:
        write_json(made)
    else:
        _replacing(
            out,
            lambda path: path.write_text(
                json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
            ),
        )
