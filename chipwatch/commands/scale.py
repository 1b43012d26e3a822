"""Commands past one machine: merge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chipwatch.app import State, UseError, note, now_utc, write_json, write_rows

MERGED = ["home", "runs", "listings", "observations", "decisions", "files"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(merge)


def merge(
    ctx: typer.Context,
    homes: Annotated[
        list[Path], typer.Argument(help="Homes made with the same `key` file; they are only read.")
    ],
    json: Annotated[bool, typer.Option("--json", help="What came in and the conflicts as JSON.")] = False,
) -> None:
    """Take other homes into this one: in any order, twice or in part gives the same; a home not there yet is made."""
    import dataclasses

    state: State = ctx.obj
    homes = [home.expanduser().absolute() for home in homes]
    for home in homes:
        if not (home / "chipwatch.db").is_file():
            raise UseError(f"{home}: no home is here; name folders that hold a chipwatch.db")
        if home.resolve() == state.folder.resolve():
            raise UseError(f"{home}: a home is not merged into itself; name the others")
    if not state.exists:
        _make_with_key_of(homes[0], state.folder)
    rows: list[dict[str, Any]] = []
    with state.store() as store:
        for home in homes:
            done = dataclasses.asdict(store.merge(home, now=now_utc()))
            rows.append({"home": str(home), **{name: done[name] for name in MERGED[1:]}})
        conflicts = [dataclasses.asdict(one) for one in store.decision_conflicts()]
        waiting = store.counts()["pending"]
    if json:
        write_json({"merged": rows, "conflicts": conflicts, "waiting": waiting})
    else:
        write_rows(rows, MERGED, as_json=False)
        if conflicts:
            title = "Decided apart without knowing of each other; both are kept, the later one counts"
            write_rows(conflicts, list(conflicts[0]), as_json=False, title=title)
    if waiting:
        note(
            f"{waiting} observations wait to be judged against all that is known now: chipwatch detect --rebuild"
        )


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
