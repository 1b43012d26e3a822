"""The sixth step of the schema: what was known before is a fact of its own, and judging never runs backwards."""

from __future__ import annotations

STATEMENTS = (
    # 1: what the observation says was known before it came to wait: it was judged, or is the last sighting of what was.
    "ALTER TABLE pending ADD COLUMN known INTEGER NOT NULL DEFAULT 0 CHECK (known IN (0, 1))",
    # Until when what was recorded is judged, or is being judged: what comes then is recorded after it.
    "ALTER TABLE home ADD COLUMN judged_to TEXT",
    "CREATE INDEX observation_seller ON observation (seller) WHERE seller IS NOT NULL",
    # The score, severity, signals and price that people know of an alert where it has moved on without news; JSON.
    "ALTER TABLE alert ADD COLUMN measured TEXT",
    # Runs that were judged before they came into quarantine speak for nothing: what was recorded since is judged anew.
    """UPDATE reading SET version = '' WHERE observation = (SELECT o.id FROM observation o JOIN run r ON r.id = o.run
         JOIN reading g ON g.observation = o.id WHERE r.quarantined = 0 AND o.recorded_at >= (SELECT min(q.recorded_at)
           FROM run h JOIN observation q ON q.run = h.id JOIN reading j ON j.observation = q.id WHERE h.quarantined = 1)
       ORDER BY o.recorded_at, o.observed_at, o.id LIMIT 1)""",
    "INSERT OR IGNORE INTO reading_version (version) SELECT '' FROM reading WHERE version = '' LIMIT 1",
    """INSERT OR REPLACE INTO pending (observation, known) SELECT g.observation, 1 FROM run r JOIN observation o ON o.run = r.id
       JOIN reading g ON g.observation = o.id WHERE r.quarantined = 1 AND o.erased_at IS NULL""",
    "DELETE FROM reading WHERE observation IN (SELECT o.id FROM observation o JOIN run r ON r.id = o.run WHERE r.quarantined = 1)",
)
