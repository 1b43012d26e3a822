"""Commands past one machine: merge, scan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chipwatch.app import (
    EXIT_NOT_DONE,
    EXIT_PROBLEMS,
    State,
    UseError,
    many,
    note,
    now_utc,
    write_json,
    write_rows,
)

MERGED = ["home", "runs", "listings", "observations", "decisions", "files"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(merge)
    app.command()(scan)


def merge(
    ctx: typer.Context,
    homes: Annotated[
        list[Path], typer.Argument(help="Homes made with the same `key` file; they are only read.")
    ],
    json: Annotated[bool, typer.Option("--json", help="What came in and the conflicts as JSON.")] = False,
) -> None:
    """Take other homes into this one: in any order, twice or in part gives the same; a home not there yet is made."""
    import dataclasses

    from storage.merge import check_homes, erasing_last

    state: State = ctx.obj
    homes = [home.expanduser().absolute() for home in homes]
    for home in homes:
        if not (home / "chipwatch.db").is_file():
            raise UseError(f"{home}: no home is here; name folders that hold a chipwatch.db")
        if home.resolve() == state.folder.resolve():
            raise UseError(f"{home}: a home is not merged into itself; name the others")
    # All are looked at before anything is made or taken in.
    check_homes([state.folder, *homes])
    if not state.exists:
        _make_with_key_of(homes[0], state.folder)
    rows: list[dict[str, Any]] = []
    with state.store() as store:
        for home in erasing_last(homes):
            done = dataclasses.asdict(store.merge(home, now=now_utc()))
            rows.append({"home": str(home), **{name: done[name] for name in MERGED[1:]}})
        if store.erased_listings():
            # By the names that one home knows, pages of those that came in behind it are looked through too.
            for home in homes:
                store.merge(home, now=now_utc())
        conflicts = [dataclasses.asdict(one) for one in store.decision_conflicts()]
        waiting = store.counts()["pending"]
    if json:
        write_json({"merged": rows, "conflicts": conflicts, "waiting": waiting})
    else:
        write_rows(rows, MERGED, as_json=False)
        if conflicts:
            title = "Decided apart without knowing of each other; both are kept, the later one counts"
            write_rows(conflicts, list(conflicts[0]), as_json=False, title=title)
    if apart := _config_apart(state.folder, homes):
        note(f"config is not merged: copy what you want of {', '.join(map(str, apart))} into {state.folder / 'config'}")
    if waiting:
        note(
            f"{waiting} observations wait to be judged against all that is known now: chipwatch detect --rebuild"
        )


def _config_apart(folder: Path, homes: list[Path]) -> list[Path]:
    """Files of the homes' own config that this one has not, or has otherwise; what `init` wrote and nobody changed is none."""
    from chipwatch.commands.upkeep import HOME_NOTES

    apart = []
    for home in homes:
        for path in sorted((home / "config").rglob("*.toml")):
            own, text = folder / path.relative_to(home), path.read_bytes()
            if text.decode(errors="replace") != HOME_NOTES.get(path.name) and not (own.is_file() and own.read_bytes() == text):
                apart.append(path)
    return apart


def _make_with_key_of(other: Path, folder: Path) -> None:
    """A new home that knows sellers by the same keyed hashes as `other`."""
    import os

    from storage.ids import home_secret
    from storage.store import Store

    secret = home_secret(other, create=False)
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "key"
    if not key.exists():
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret.hex() + "\n")
    with Store.open(folder):
        note(f"made {folder} with the key of {other}")


SCANNED = [
    "archive",
    "outcome",
    "records",
    "pages",
    "gated",
    "read",
    "candidates",
    "failed",
    "seconds",
    "problem",
]


def scan(
    ctx: typer.Context,
    archives: Annotated[
        list[str],
        typer.Argument(
            help="WARC or WACZ files, folders, lists of them (.txt, .paths), or addresses of any."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="Folder of the ledger and the candidates; the same one goes on where it was."
        ),
    ],
    cluster: Annotated[
        str | None,
        typer.Option(help="A Dask scheduler, tcp://host:8786; none means all cores of this machine."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine; none means one a core.")
    ] = None,
    prefix: Annotated[
        str, typer.Option(help="What stands before the lines of a list that are no addresses.")
    ] = "",
    every_chip: Annotated[
        bool,
        typer.Option(
            "--every-chip", help="Look for every chip of the catalogue, not only those some rule controls."
        ),
    ] = False,
    import_home: Annotated[
        bool,
        typer.Option("--import", help="Import the candidates into the home, with their pages as evidence."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The ledger as JSON.")] = False,
) -> None:
    """Scan web archives for offers of chips, on all cores or a cluster; stopped anywhere, it goes on where it was."""
    from storage.ledger import Ledger

    state: State = ctx.obj
    need_extra("distributed", "fsspec", "pyarrow")
    if cluster and workers:
        raise UseError("--workers is for this machine; a cluster has the workers that were started for it")
    if import_home and not state.exists:
        raise UseError(f"no home at {state.folder}: make one with `chipwatch --home {state.folder} init`")
    out = out.expanduser().absolute()
    out.mkdir(parents=True, exist_ok=True)
    with Ledger(out) as ledger, ledger.lock():
        problems = _scan(state, ledger, out, archives, cluster, workers, prefix, every_chip)
        entries = ledger.entries()
        imported = _bring(state, ledger, out) if import_home else []
    _show(entries, imported, out, json)
    if (
        problems
        or any(e.outcome != "done" or e.failed for e in entries)
        or any(row["errors"] for row in imported)
    ):
        raise typer.Exit(EXIT_NOT_DONE if problems else EXIT_PROBLEMS)


def _show(entries: list[Any], imported: list[dict[str, Any]], out: Path, as_json: bool) -> None:
    """The ledger: what went wrong, or else the last archives."""
    import dataclasses

    rows = [dataclasses.asdict(e) | {"problem": _first_problem(e)} for e in entries]
    if as_json:
        write_json({"archives": rows, "imported": imported})
        return
    write_rows([r for r in rows if r["outcome"] != "done"] or rows[-20:], SCANNED, as_json=False)
    total = {name: sum(r[name] for r in rows) for name in ("records", "gated", "candidates")}
    print(
        f"{many(len(rows), 'archive')}, {many(total['records'], 'record')}, {total['gated']} past the gate, {many(total['candidates'], 'candidate')} in {out / 'candidates'}"
    )


def need_extra(*names: str) -> None:
    """Raises UseError if a library of the `archive` extra is not installed."""
    from importlib.util import find_spec

    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise UseError(f"this needs {', '.join(missing)}: install chipwatch[archive]")


def _scan(
    state: State, ledger: Any, out: Path, words: list[str], cluster: str | None, workers: int | None, prefix: str, every_chip: bool
) -> bool:  # fmt: skip
    """Scan; whether the cluster was lost on the way."""
    from chipwatch.scale.cluster import ClusterError, connected
    from chipwatch.scale.scan import Scan, todo
    from chipwatch.scale.snapshot import SnapshotError
    from chipwatch.scale.sources import SourceError
    from chipwatch.scale.sources import archives as expand

    try:
        names = expand(words, prefix)
        waiting = todo(ledger, names)
        snapshot = _pinned(state, ledger, out, every_chip, judges=bool(waiting))
    except (SourceError, SnapshotError) as error:
        raise UseError(str(error)) from error
    if not waiting:
        note("nothing to do: every archive is in the ledger")
        return False
    try:
        with connected(cluster, workers) as client:
            note(f"scan: {many(len(names), 'archive')}; progress of the workers at {client.dashboard_link}")
            Scan(client, ledger, out, snapshot, now=now_utc, every_chip=every_chip, tell=note).run(names)
    except ClusterError as error:
        note(f"error: {error}")
        return True
    return False


def _pinned(state: State, ledger: Any, out: Path, every_chip: bool, *, judges: bool) -> Any:
    """The snapshot that the scan was begun with, or a new one. Where nothing is judged by it any more, what this chipwatch knows
    is no matter."""
    from chipwatch.scale.snapshot import FILE, Snapshot, check, take
    from storage.whole import write_whole

    path = out / FILE
    began = ledger.fact("every_chip")
    if began is not None and began != str(every_chip) and (path.exists() or ledger.entries()):
        raise UseError(
            f"{out}: was begun {'with' if began == 'True' else 'without'} --every-chip; go on so, or scan into a new folder"
        )
    if began is not None and not path.exists() and ledger.entries():
        raise UseError(f"{path}: is gone, and what was scanned was judged by it; put it back, or scan into a new folder")
    if began is not None and path.exists():
        snapshot = Snapshot(path.read_bytes())
        if ledger.fact("snapshot") not in (None, snapshot.digest):
            raise UseError(f"{path}: is another than the scan was begun with; put it back, or scan into a new folder")
        if judges:
            check(snapshot)
        note(
            f"going on by the knowledge and market of {snapshot.facts['taken_at']} (snapshot {snapshot.digest})"
        )
        return snapshot
    if state.exists:
        with state.store(readonly=True) as store:
            snapshot = take(state.config, store, now=now_utc())
    else:
        snapshot = take(state.config, None, now=now_utc())
    write_whole(path, snapshot.data)
    ledger.set_fact("snapshot", snapshot.digest)
    ledger.set_fact("every_chip", str(every_chip))
    return snapshot


def _bring(state: State, ledger: Any, out: Path) -> list[dict[str, Any]]:
    import dataclasses

    from chipwatch.scale.bring import bring

    done = bring(
        out,
        ledger,
        state.folder,
        state.config,
        now=now_utc(),
        on_error=lambda error: note(f"import: {error}"),
    )
    for told in (told for result in done for told in result.told):
        note(f"import: {told}")
    if done:
        note(
            f"imported {many(sum(r.listings for r in done), 'listing')} of {many(len(done), 'archive')}; judge them with: chipwatch detect"
        )
    return [dataclasses.asdict(result) for result in done]


def _first_problem(entry: Any) -> str | None:
    if not entry.damages:
        return None
    place, problem = entry.damages[0]
    return f"{place} {problem}".strip() + (
        f" (and {len(entry.damages) - 1} more)" if len(entry.damages) > 1 else ""
    )
