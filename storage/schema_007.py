"""The seventh step of the schema: what each decision and each event knew of, so that homes apart can be told from people who differ."""

from __future__ import annotations

_KNEW = """coalesce((SELECT group_concat(id, ' ') FROM (SELECT d.id FROM decision d WHERE d.listing = {row}.listing AND d.action <> 'note'
    AND {before} ORDER BY d.id)), '')"""

STATEMENTS = (
    # The decisions on the same listing (run) that its home held then, as ids with a space between; notes are left out.
    "ALTER TABLE decision ADD COLUMN knew TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE alert_event ADD COLUMN knew TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE run_decision ADD COLUMN knew TEXT NOT NULL DEFAULT ''",
    # `seq` counts what a home held: two decisions of one number were made apart.
    f"UPDATE decision SET knew={_KNEW.format(row='decision', before='d.seq < decision.seq AND d.at <= decision.at')}",
    f"UPDATE alert_event SET knew={_KNEW.format(row='alert_event', before='d.at < alert_event.at')}",
    """UPDATE run_decision SET knew=coalesce((SELECT group_concat(id, ' ') FROM (SELECT d.id FROM run_decision d
        WHERE d.run = run_decision.run AND (d.at, d.rowid) < (run_decision.at, run_decision.rowid) ORDER BY d.id)), '')""",
    # Whose erasure it was, so that a home that learns of it gives the right person and reason.
    "ALTER TABLE removal ADD COLUMN listing TEXT",
    """UPDATE removal SET listing=(SELECT o.listing FROM observation o WHERE o.erased_at = removal.at LIMIT 1) WHERE kind='erasure'
        AND (SELECT count(DISTINCT o.listing) FROM observation o WHERE o.erased_at = removal.at) = 1""",
    "CREATE INDEX removal_listing ON removal (listing) WHERE listing IS NOT NULL",
)
