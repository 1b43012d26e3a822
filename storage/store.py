"""The store: one home's database and evidence, in the words of the trade. Everything that others need is reached from here."""

from __future__ import annotations

from pathlib import Path

from storage.backup import Backup
from storage.base import MatchSeller
from storage.database import FILE, open_database
from storage.desk import DeskQuestions
from storage.judging import Judging
from storage.lookup import Lookup
from storage.merge import Merging
from storage.overview import Overview
from storage.recording import Recording
from storage.records import Records
from storage.tally import Tally
from storage.ties import Ties


class Store(Recording, Merging, Records, Lookup, Judging, DeskQuestions, Overview, Tally, Ties, Backup):
    """An open home. Use `with Store.open(home) as store:`; one for each process and thread."""

    @classmethod
    def open(
        cls, home: Path, *, create: bool = True, readonly: bool = False, timeout: float = 30.0, keep_seller_names: bool = False,
        match_seller: MatchSeller | None = None,
    ) -> Store:  # fmt: skip
        """Open the home at `home`, making it (`create`) or bringing its schema up to date where needed.

        `timeout` is how many seconds to wait for another writer. `keep_seller_names` keeps names and ids of sellers beside their
        keyed hash. `match_seller` is asked once for each new seller's name, before it is forgotten.
        Raises MissingError, LockedError, DiskFullError, CorruptError, NewerSchemaError, OlderSchemaError, ReadOnlyError.
        """
        database = open_database(home / FILE, create=create, readonly=readonly, timeout=timeout)
        return cls(home, database, keep_seller_names=keep_seller_names, match_seller=match_seller)

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
