"""A home as an earlier schema left it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from storage.migrations import MIGRATIONS


def older(path: Path, stop_before: str) -> None:
    """Make the database at `path` one to which only the migrations before `stop_before` were applied, with the same rows."""
    import sqlite_utils

    newer = path.rename(path.with_name("newer.db"))
    with sqlite3.connect(path) as db:
        MIGRATIONS.apply(sqlite_utils.Database(db), stop_before=stop_before)
        db.commit()
        db.execute("ATTACH ? AS newer", [str(newer)])
        for (table,) in db.execute("SELECT name FROM main.sqlite_master WHERE type='table'").fetchall():
            if table.startswith(("_sqlite_migrations", "sqlite_", "search_")):
                continue
            here, there = ({row[1] for row in db.execute(f"PRAGMA {name}.table_info({table})")} for name in ("main", "newer"))
            columns = ", ".join(sorted(here & there))
            db.execute(f"DELETE FROM main.{table}")
            db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
    db.close()
    newer.unlink()
