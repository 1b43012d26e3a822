"""What a scan has done, archive by archive: a small SQLite file in the scan's own folder, so that it goes on where it was."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from storage.errors import StorageError, translated

FILE = "ledger.db"
_FORMAT = "1"


@dataclass(frozen=True, slots=True)
class Entry:
    """An archive that was gone through.

    `outcome` is done, damaged (what could be saved was read) or failed (not readable; tried again next time). `records` are
    responses, of which `pages` have text, `gated` a chip's name in their bytes, `structured` the look of an offer, `read` a
    listing; `candidates` listings offer a chip; `failed` could not be read, `oversized` were passed over or cut. `bytes` are those
    of the responses unpacked, `seconds` of the worker's time. `damages` are [place, problem], `file` and `sha256` the
    Parquet file of the candidates, `size` the archive's bytes then, `imported` the last run that took them into a home.
    """

    archive: str
    outcome: str
    at: str
    size: int | None = None
    records: int = 0
    pages: int = 0
    gated: int = 0
    structured: int = 0
    read: int = 0
    candidates: int = 0
    failed: int = 0
    oversized: int = 0
    bytes: int = 0
    seconds: float = 0.0
    damages: tuple[tuple[str, str], ...] = ()
    file: str | None = None
    sha256: str | None = None
    imported: str | None = None


_COLUMNS = [field.name for field in fields(Entry)]
_SCHEMA = f"""CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS archive ({", ".join(f"{name} {'TEXT PRIMARY KEY' if name == 'archive' else ''}" for name in _COLUMNS)});
CREATE TABLE IF NOT EXISTS brought (archive TEXT NOT NULL, home TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY (archive, home)) WITHOUT ROWID;"""


class Ledger:
    """The ledger of one scan's folder; one process writes it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        with translated(self.path):
            self._db = sqlite3.connect(self.path, isolation_level=None, timeout=30)
            self._db.row_factory = sqlite3.Row
            # What is told as done must be on the disk: one row for minutes of work.
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        known = self.fact("format")
        if known is None:
            self.set_fact("format", _FORMAT)
        elif known != _FORMAT:
            raise StorageError("was made by another chipwatch", self.path, "scan into a new folder")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def fact(self, key: str) -> str | None:
        """A fact of the whole scan."""
        with translated(self.path):
            row = self._db.execute("SELECT value FROM fact WHERE key=?", [key]).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, key: str, value: str) -> None:
        """Keep a fact of the whole scan."""
        with translated(self.path):
            self._db.execute(
                "INSERT INTO fact VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value",
                [key, value],
            )

    def record(self, entry: Entry) -> None:
        """Take in an archive, over what stood for it."""
        row = asdict(entry) | {"damages": json.dumps(entry.damages)}
        with translated(self.path), self._together():
            self._db.execute(
                f"INSERT OR REPLACE INTO archive VALUES ({','.join(':' + name for name in _COLUMNS)})", row
            )
            self._db.execute("DELETE FROM brought WHERE archive=?", [entry.archive])

    def imported(self, archive: str, home: str, run: str) -> None:
        """Note the run that took an archive's candidates into that home."""
        with translated(self.path), self._together():
            self._db.execute("UPDATE archive SET imported=? WHERE archive=?", [run, archive])
            self._db.execute("INSERT OR REPLACE INTO brought VALUES (?, ?, ?)", [archive, home, run])

    def brought(self, home: str) -> set[str]:
        """The archives whose candidates that home has."""
        with translated(self.path):
            rows = self._db.execute("SELECT archive FROM brought WHERE home=?", [home]).fetchall()
        return {str(row[0]) for row in rows}

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Both rows or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def entries(self) -> list[Entry]:
        """Every archive, by name."""
        with translated(self.path):
            rows = self._db.execute("SELECT * FROM archive ORDER BY archive").fetchall()
        return [_entry(row) for row in rows]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one scan. Raises StorageError where another one runs in it."""
        import fcntl

        with translated(self.path), open(self.path.with_suffix(".lock"), "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StorageError(
                    "another scan runs in this folder",
                    self.path.parent,
                    "wait for it, or name another folder",
                ) from error
            yield


def _entry(row: Any) -> Entry:
    known = dict(row)
    known["damages"] = tuple((str(place), str(problem)) for place, problem in json.loads(known["damages"]))
    return Entry(**known)
