"""One connection to the home's database: settings, transactions, errors. Everything else asks this for rows."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.errors import (
    CorruptError,
    MissingError,
    NewerSchemaError,
    OlderSchemaError,
    ReadOnlyError,
    StorageError,
    translated,
)

FILE = "chipwatch.db"

APPLICATION_ID = 0x43485057
"""Written into the file's header ("CHPW"), so that another program's database is never taken for ours."""

SCHEMA_VERSION = 7
"""How many migrations this program knows. Kept here as a number so that reading need not load the migrations."""

Params = Sequence[Any] | dict[str, Any]


class Database:
    """A connection in WAL mode with foreign keys on. Writes wait `timeout` seconds for the one write lock."""

    def __init__(self, path: Path, *, readonly: bool = False, timeout: float = 30.0) -> None:
        self.path, self.readonly, self.timeout = path, readonly, timeout
        self._depth = 0
        self._before_commit: dict[str, Callable[[], None]] = {}
        with translated(path):
            self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        # A folder that cannot be written has no place for SQLite's shared memory; nobody else can write there either.
        fixed = self.readonly and not os.access(self.path.parent, os.W_OK)
        mode = "mode=ro" + ("&immutable=1" if fixed else "") if self.readonly else "mode=rw"
        target = f"{self.path.absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(target, uri=True, timeout=self.timeout, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys=ON")
        # With WAL, NORMAL survives a killed process whole, and a power cut without damage.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-65536")
        if self.readonly:
            connection.execute("PRAGMA query_only=ON")
        return connection

    def close(self) -> None:
        """Let go of the file; an open transaction is undone."""
        self._connection.close()

    def rows(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with translated(self.path):
            return self._connection.execute(sql, params).fetchall()

    def stream(self, sql: str, params: Params = ()) -> Iterator[sqlite3.Row]:
        """Rows of a query one by one, as of the moment of asking."""
        with translated(self.path):
            cursor = self._connection.execute(sql, params)
            while batch := cursor.fetchmany(500):
                yield from batch

    def row(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with translated(self.path):
            found: sqlite3.Row | None = self._connection.execute(sql, params).fetchone()
            return found

    def value(self, sql: str, params: Params = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, params)
        return found[0] if found else None

    def write(self, sql: str, params: Params = ()) -> int:
        """Change rows, in the open transaction or one of its own; how many were changed."""
        with self.transaction(), translated(self.path):
            return self._connection.execute(sql, params).rowcount

    def write_many(self, sql: str, rows: Iterable[Params]) -> None:
        """One statement for many rows, in the open transaction or one of its own."""
        with self.transaction(), translated(self.path):
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. The write lock is taken at once, so that what is read inside stays true; nests."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        if self.readonly:
            raise ReadOnlyError("was opened for reading alone", self.path)
        with translated(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            for act in self._before_commit.values():
                act()
            with translated(self.path):
                self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        finally:
            self._depth = 0
            self._before_commit.clear()

    def before_commit(self, name: str, act: Callable[[], None]) -> None:
        """Do `act` once before the open transaction is committed, however often the name is given."""
        self._before_commit[name] = act

    def copy_to(self, target: Path, progress: Callable[[int, int, int], None] | None = None) -> None:
        """A consistent copy while others may write (SQLite's online backup)."""
        with translated(target):
            copy = sqlite3.connect(target)
            try:
                self._connection.backup(copy, pages=1024, progress=progress)
            finally:
                copy.close()

    def raw(self) -> sqlite3.Connection:
        """The connection itself, for tests and measurements."""
        return self._connection


def open_database(path: Path, *, create: bool, readonly: bool, timeout: float) -> Database:
    """Open the database at `path`, making or migrating it where that is allowed.

    Raises MissingError, CorruptError, NewerSchemaError, OlderSchemaError, LockedError.
    """
    if not path.exists():
        if not create or readonly:
            raise MissingError("there is no home here", path.parent, "make one with `chipwatch init`")
        _migrate(path, timeout)
    database = Database(path, readonly=readonly, timeout=timeout)
    try:
        if _is_older(database):
            if readonly:
                raise OlderSchemaError(
                    "was made by an older chipwatch",
                    path,
                    "run `chipwatch doctor` once to bring it up to date",
                )
            database.close()
            _migrate(path, timeout)
            database = Database(path, timeout=timeout)
        return database
    except BaseException:
        database.close()
        raise


def _is_older(database: Database) -> bool:
    version = database.value("PRAGMA user_version")
    if version > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"was made by a newer chipwatch (schema {version}, this one knows {SCHEMA_VERSION})",
            database.path,
            "upgrade chipwatch",
        )
    empty = version == 0 and not database.value("SELECT count(*) FROM sqlite_master")
    if not empty and database.value("PRAGMA application_id") != APPLICATION_ID:
        raise CorruptError("is not a chipwatch database", database.path, "name another home")
    return bool(version < SCHEMA_VERSION)


def _migrate(path: Path, timeout: float) -> None:
    """Bring the schema up to date; a second process waits and then finds it done."""
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection = sqlite3.connect(path, timeout=timeout)
            try:
                _apply(connection, path)
            finally:
                connection.close()


def _apply(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] >= SCHEMA_VERSION:
        return
    # sqlite_utils brings pandas with it (more than a second): only a real migration pays for that.
    import sqlite_utils

    from storage.migrations import MIGRATIONS

    connection.execute("PRAGMA journal_mode=WAL")
    MIGRATIONS.apply(sqlite_utils.Database(connection))
    connection.commit()
    if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        raise StorageError("the migrations did not reach the schema this program needs", path)
