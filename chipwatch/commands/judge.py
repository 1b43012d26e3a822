"""Commands that judge: detect, inspect, evaluate."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chipwatch.app import (
    EXIT_PROBLEMS,
    State,
    UseError,
    need_file,
    note,
    now_utc,
    user,
    write_json,
    write_jsonl,
    write_rows,
)

if TYPE_CHECKING:
    from storage.store import Store


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(detect)
    app.command()(inspect)
    app.command()(evaluate)


def detect(
    ctx: typer.Context,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Forget all readings and judge every observation again.")
    ] = False,
    refit: Annotated[
        bool,
        typer.Option("--refit", help="Fit the forest anew, show it beside the old one, put it in force."),
    ] = False,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Fit the forest anew, show it beside the old one, and leave that in force."),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(help="Put the forest of this version, fitted earlier, in force again; a wrong one lists all."),
    ] = None,
    why: Annotated[
        str, typer.Option(help="Reason of a change of the forest, kept with it.")
    ] = "asked for on the command line",
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Read on a Dask cluster: tcp://host:8786, or `local` for all cores of this machine."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The account as JSON.")] = False,
) -> None:
    """Read and judge what is new, and open alerts."""
    from detector import run

    if compare and (refit or rebuild):
        raise UseError("--compare changes nothing: leave --refit and --rebuild out")
    if model is not None and (refit or compare):
        raise UseError("--model takes a forest that is fitted: leave --refit and --compare out")
    if not why.strip():
        raise UseError("--why is empty: the reason is kept with the forest")
    state: State = ctx.obj
    with state.store() as store:
        account: dict[str, Any] = {}
        if model is not None:
            account["put_back"] = _put_back(store, model, why)
        if refit or compare:
            account["refit"] = _refit(store, state, why, activate=refit)
        if compare:
            if json:
                write_json(account)
            return
        with _readers(state, cluster) as prepare:
            done = run.detect(
                store, state.config, now=now_utc(), rebuild=rebuild, progress=_progress(), prepare=prepare
            )
    account |= {
        "judged": done.judged, "model": done.model, "offers": dict(done.offers), "severities": dict(done.severities),
        "alerts": {k: v for k, v in done.alerts.items() if v},
    }  # fmt: skip
    for line in done.notes:
        note(line)
    if json:
        write_json(account)
    else:
        print(
            f"judged {done.judged} observations: "
            + (", ".join(f"{n} {k}" for k, n in done.offers.most_common()) or "nothing new")
        )
        print(
            "severity: "
            + (
                ", ".join(f"{done.severities[s]} {s}" for s in ("high", "medium", "low", "none"))
                if done.judged
                else "-"
            )
        )
        print("alerts: " + (", ".join(f"{n} {k}" for k, n in account["alerts"].items()) or "none changed"))


def _refit(store: Store, state: State, why: str, *, activate: bool) -> dict[str, Any] | None:
    """Fit, tell the new forest beside the one in force, and put it there if so wished; None at a cold start."""
    import dataclasses

    from detector.errors import ColdStart
    from detector.refit import Comparison, refit, told

    def tell(done: Comparison) -> None:
        for line in told(done, state.config.thresholds.score.forest_from):
            note(line)

    try:
        return dataclasses.asdict(refit(store, state.config, now=now_utc(), who=user(), why=why, activate=activate, tell=tell))
    except ColdStart as cold:
        note(f"no forest was fitted: {cold}")
        return None


def _put_back(store: Store, model: str, why: str) -> str:
    from detector.refit import put_back

    version = put_back(store, model, now=now_utc(), who=user(), why=why)
    note(f"forest {version} is in force again")
    return version


@contextmanager
def _readers(state: State, cluster: str | None) -> Iterator[Any]:
    """What reads the observations: this process, or a cluster, which is asked for before anything is forgotten."""
    if cluster is None:
        yield None
        return
    from chipwatch.commands.scale import need_extra

    need_extra("distributed")
    from chipwatch.scale.cluster import connected
    from chipwatch.scale.rebuild import Spread
    from chipwatch.scale.snapshot import take

    with connected(None if cluster == "local" else cluster) as client:
        note(f"reading on the cluster; progress of the workers at {client.dashboard_link}")
        yield Spread(client, take(state.config, None, now=now_utc()))


def _progress() -> Any:
    import time

    last = [time.monotonic()]

    def tell(done: int, total: int) -> None:
        if time.monotonic() - last[0] > 3:
            last[0] = time.monotonic()
            note(f"judging: {done} of {total}")

    return tell


def inspect(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="JSON Lines of listings (fields: docs/formats.md); none means standard input."),
    ] = None,
) -> None:
    """Read and judge listings without storing anything: JSON Lines in, JSON Lines out, order kept."""
    from datetime import UTC, datetime

    from detector.inspect import Inspector
    from storage.store import Store

    state: State = ctx.obj
    store = Store.open(state.folder, create=False, readonly=True) if state.exists else None
    try:
        failed: list[int] = []
        inspector, today = Inspector(state.config, store), datetime.now(UTC).date()
        write_jsonl(_inspected(inspector, today, files, failed))
    finally:
        if store is not None:
            store.close()
    if failed:
        raise typer.Exit(EXIT_PROBLEMS)


def _inspected(
    inspector: Any, today: Any, files: list[Path] | None, failed: list[int]
) -> Iterator[dict[str, Any]]:
    import json

    from storage.ids import utc
    from storage.listing import Listing, aside_words, like_fields

    told: set[str] = set()
    for number, line in enumerate(_lines(files), 1):
        try:
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"no JSON object in this line ({error}); of other files than JSON Lines `chipwatch import` makes listings") from error
            for key, name in like_fields(record).items():
                if key not in told:
                    told.add(key)
                    note(f"line {number}: {aside_words(key, name)}")
            listing = Listing.from_dict(record)
            if listing.observed_at:
                utc(listing.observed_at)  # as an import does: a date that is none would be read as today
            yield inspector.inspect(listing, today)
        except (ValueError, RecursionError) as error:
            failed.append(number)
            yield {"error": str(error) or type(error).__name__, "line": number}


def _lines(files: list[Path] | None) -> Iterator[bytes]:
    for path in files or ():
        need_file(path)
    if not files:
        yield from sys.stdin.buffer
        return
    for path in files:
        with path.open("rb") as source:
            yield from source


class Part(StrEnum):
    """Which labelled listings: those to learn from, those kept untouched, or all."""

    all = "all"
    train = "train"
    heldout = "heldout"


def evaluate(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Labelled files (JSON Lines of listing and gold); none means our own held-out part."
        ),
    ] = None,
    part: Annotated[Part, typer.Option(help="Only this part of the files.")] = Part.all,
    market: Annotated[
        list[Path] | None,
        typer.Option(
            help="Judge also with this market known: a home, a file to import, or a folder of recorded eBay answers (*.json)."
        ),
    ] = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="List what was misread, by kind; never of the held-out part.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="All of it as one JSON document.")] = False,
) -> None:
    """Compare readings and judgements of labelled listings with their labels."""
    from datetime import UTC, datetime

    from chipwatch import evaluating
    from detector import evaluate as reading
    from detector.reading.read import Reader

    state: State = ctx.obj
    chosen = files or sorted((Path(__file__).parents[2] / "tests" / "labelled").glob("heldout-*.jsonl"))
    if not chosen:
        raise UseError("name a labelled file: JSON Lines of {listing, gold}")
    for path in chosen:
        need_file(path)
    for path in market or ():
        if not path.exists():
            raise UseError(f"{path}: no such home, file or folder")
    try:
        cases = list(reading.load(chosen, part.value))
    except ValueError as error:
        raise UseError(str(error)) from error
    if not cases:
        raise UseError(f"no labelled listing of the part {part.value} in {', '.join(map(str, chosen))}")
    table = reading.evaluate(cases, Reader(state.config), datetime.now(UTC).date())
    if not json:
        print("reading\n" + reading.render(table) + (reading.render_errors(table) if errors else ""))
    graded = [case for case in cases if case.gold.get("grade") is not None]
    rows: list[dict[str, Any]] = []
    for lent in [None, *(market or ())] if graded else []:
        note(f"judging {len(graded)} listings on {f'a home that knows {lent}' if lent else 'a fresh home'}")
        found = list(evaluating.rows(graded, state.config, market=lent, now=now_utc()))
        if not any(row["evidence"] == "forest" for row in found):
            note("no forest spoke: it needs 200 offers in all, and 30 of the same site")
        rows += found
    if json:
        listed = {"errors": dict(table.errors)} if errors else {}
        write_json({"reading": reading.figures(table), **listed, "judging": rows})
    elif rows:
        print("\njudging")
        write_rows(rows, list(rows[0]), as_json=False)
    else:
        print("\njudging: no listing has a grade")
