"""A copy of the database while it is in use, and the files that belong to it. How to restore: docs/storage.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from storage.base import Base
from storage.errors import StorageError
from storage.evidence import FOLDER


class Backup(Base):
    """Copying, and what must be copied beside."""

    def backup(self, target: Path, *, progress: Callable[[int, int, int], None] | None = None) -> list[Path]:
        """Write a consistent copy of the database to the file `target`; the home's other files that belong to it.

        Copy those after the database: evidence is on the disk before an observation points to it, so a file that grows meanwhile
        only holds more than is asked for. `progress` gets (status, pages left, pages). Raises StorageError if `target` exists.
        """
        if target.exists():
            raise StorageError("is there already", target, "name a new file")
        target.parent.mkdir(parents=True, exist_ok=True)
        self.db.copy_to(target, progress)
        files = [self.home / "key", *sorted((self.home / FOLDER).glob("*.warc.gz"))]
        return [path for path in files if path.exists()]
