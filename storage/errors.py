"""What can go wrong in storage, each as one line: what, where, what to do. The only place that knows `sqlite3.Error`."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StorageError(Exception):
    """Root of everything storage raises. `where` is the file or row it is about."""

    def __init__(self, what: str, where: Path | str = "", do: str = "") -> None:
        self.what, self.where, self.do = what, str(where), do
        super().__init__(": ".join(part for part in (self.where, what) if part) + (f"; {do}" if do else ""))


class LockedError(StorageError):
    """Raised if another process kept the write lock for longer than the time to wait."""


class DiskFullError(StorageError):
    """Raised if the disk or the allowed size is used up; nothing of the transaction was stored."""


class CorruptError(StorageError):
    """Raised if the file is damaged, or is not a chipwatch database."""


class ReadOnlyError(StorageError):
    """Raised if something is to be written where writing is not possible or not allowed."""


class SchemaError(StorageError):
    """Raised if the database's schema is not this program's."""


class NewerSchemaError(SchemaError):
    """Raised if a newer chipwatch made the database; an older program must not touch it."""


class OlderSchemaError(SchemaError):
    """Raised if a database opened for reading alone still waits for its migration."""


class MissingError(StorageError):
    """Raised if a home, run, listing, alert or other row that was named is not there."""


class ConflictError(StorageError):
    """Raised if somebody decided meanwhile. `who`, `when` and `action` say what; `version` is the current one."""

    def __init__(self, what: str, where: str, *, who: str, when: str, action: str, version: int) -> None:
        self.who, self.when, self.action, self.version = who, when, action, version
        super().__init__(what, where, "look at the alert again, then decide")


class EvidenceError(StorageError):
    """Raised if stored bytes cannot be read back as they were written. `offset` is the record's place in the file."""

    def __init__(self, what: str, where: Path | str, offset: int | None = None, do: str = "") -> None:
        self.offset = offset
        super().__init__(what, f"{where} at {offset}" if offset is not None else where, do)


class ErasedError(EvidenceError):
    """Raised if the bytes were erased on request or ran out of their retention; a tombstone stands in their place."""


# By primary result code (https://sqlite.org/rescode.html).
_BY_CODE: dict[int, tuple[type[StorageError], str, str]] = {
    sqlite3.SQLITE_BUSY: (LockedError, "is locked by another process", "wait for the other command, then run this again"),
    sqlite3.SQLITE_LOCKED: (LockedError, "is locked by another process", "wait for the other command, then run this again"),
    sqlite3.SQLITE_FULL: (DiskFullError, "no space left to store anything", "free some disk space, then run this again"),
    sqlite3.SQLITE_NOTADB: (CorruptError, "is not a database", "name another home, or restore a backup"),
    sqlite3.SQLITE_CORRUPT: (CorruptError, "is damaged", "restore the last backup (docs/storage.md)"),
    sqlite3.SQLITE_READONLY: (ReadOnlyError, "cannot be written", "check the permissions of the home"),
    sqlite3.SQLITE_PERM: (ReadOnlyError, "may not be opened", "check the permissions of the home"),
    sqlite3.SQLITE_CANTOPEN: (MissingError, "cannot be opened", "check that the home exists and is readable"),
    sqlite3.SQLITE_IOERR: (StorageError, "the disk failed to read or write", "check the disk"),
}  # fmt: skip


def translate(error: sqlite3.Error, where: Path | str) -> StorageError:
    """The storage error that a SQLite error means."""
    code = getattr(error, "sqlite_errorcode", None)
    kind, what, do = _BY_CODE.get((code or 0) & 0xFF, (StorageError, str(error), ""))
    return kind(what, where, do)


@contextmanager
def translated(where: Path | str) -> Iterator[None]:
    """Turn SQLite's errors and a full disk into storage errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, where) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError("no space left to store anything", where, "free some disk space, then run this again") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise ReadOnlyError("cannot be written", where, "check the permissions of the home") from error
        raise
