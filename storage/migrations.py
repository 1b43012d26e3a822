"""The schema as numbered functions. One that has been released never changes; a new need is a new function.

Keep `database.SCHEMA_VERSION` equal to their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlite_utils.migrations import Migrations

from storage.database import APPLICATION_ID
from storage.schema_001 import STATEMENTS as SCHEMA_001
from storage.schema_003 import STATEMENTS as SCHEMA_003
from storage.schema_006 import STATEMENTS as SCHEMA_006
from storage.schema_007 import STATEMENTS as SCHEMA_007

if TYPE_CHECKING:
    from sqlite_utils import Database

MIGRATIONS = Migrations("chipwatch")


@MIGRATIONS()
def m001_ground(db: Database) -> None:
    """Sites, runs, evidence, listings, observations, readings, alerts, decisions, versions, digests, views."""
    from storage.ids import new_home_id

    for statement in SCHEMA_001:
        db.execute(statement)
    db.execute(
        "INSERT INTO home (id, created_at) VALUES (?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))", [new_home_id()]
    )
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.execute("PRAGMA user_version=1")


@MIGRATIONS()
def m002_run_decision(db: Database) -> None:
    """What people decided on runs in quarantine; before, only the last note on a run was kept."""
    db.execute(
        """CREATE TABLE run_decision (
            id TEXT PRIMARY KEY,
            run TEXT NOT NULL REFERENCES run (id),
            at TEXT NOT NULL,
            who TEXT NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('release', 'discard')),
            why TEXT NOT NULL,
            was TEXT
        )"""
    )
    db.execute("CREATE INDEX run_decision_run ON run_decision (run, at)")
    db.execute("PRAGMA user_version=2")


@MIGRATIONS()
def m003_ties(db: Database) -> None:
    """What ties sellers together, and indexes for the desk's pages on the market and the thresholds."""
    for statement in SCHEMA_003:
        db.execute(statement)
    db.execute("PRAGMA user_version=3")


@MIGRATIONS()
def m004_sellers(db: Database) -> None:
    """Sellers by their alerts from an index alone, and by name where a desk keeps names."""
    db.execute("CREATE INDEX alert_by_seller ON alert (seller, state, score, site) WHERE seller IS NOT NULL")
    db.execute("CREATE INDEX seller_label ON seller (label)")
    db.execute("PRAGMA user_version=4")


@MIGRATIONS()
def m005_told(db: Database) -> None:
    """Which news of an alert a digest has told. Before, a digest's moment decided, and what was judged meanwhile or by another
    clock was never told."""
    db.execute("ALTER TABLE alert ADD COLUMN told TEXT")
    db.execute(
        "UPDATE alert SET told=news_at WHERE news_at <= (SELECT max(until) FROM digest WHERE kind='daily')"
    )
    db.execute("DROP INDEX alert_news")
    db.execute(
        "CREATE INDEX alert_untold ON alert (rank DESC, score DESC, listing) WHERE state = 'new' AND muted_by IS NULL"
        " AND news_at IS NOT NULL AND told IS NOT news_at"
    )
    db.execute("CREATE INDEX alert_muted ON alert (muted_by) WHERE muted_by IS NOT NULL")
    db.execute("PRAGMA user_version=5")


@MIGRATIONS()
def m006_known(db: Database) -> None:
    """Whether a waiting observation was known before it waits, up to when observations were judged, whose the seller of an
    observation was, and what an alert is measured by. Before, a wiped reading made its observation news again."""
    for statement in SCHEMA_006:
        db.execute(statement)
    db.execute("PRAGMA user_version=6")


@MIGRATIONS()
def m007_knew(db: Database) -> None:
    """What each decision and event knew of. Before, a merge could not tell who had seen what, and took an event of a home that
    knew nothing of a decision for one that overruled it."""
    for statement in SCHEMA_007:
        db.execute(statement)
    db.execute("PRAGMA user_version=7")
