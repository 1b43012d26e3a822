"""The third step of the schema: what ties sellers together, and questions of the desk that would else walk the history.

`likeness` and `contact` are derived from readings and are wiped with them; `link_decision` is what people said about a tie.
"""

from __future__ import annotations

STATEMENTS = (
    # Near-copies of text as a judged observation met them: `other` was seen before `listing`. 0 < similarity <= 1.
    """CREATE TABLE likeness (
        listing TEXT NOT NULL REFERENCES listing (id),
        other TEXT NOT NULL,
        similarity REAL NOT NULL,
        PRIMARY KEY (listing, other)
    ) WITHOUT ROWID""",
    "CREATE INDEX likeness_other ON likeness (other)",
    # Keyed hashes of contact details that a listing's texts gave at any time; the details themselves are kept nowhere else.
    """CREATE TABLE contact (
        hash TEXT NOT NULL,
        listing TEXT NOT NULL REFERENCES listing (id),
        kind TEXT NOT NULL CHECK (kind IN ('phone', 'mail', 'link', 'account')),
        PRIMARY KEY (hash, listing)
    ) WITHOUT ROWID""",
    "CREATE INDEX contact_listing ON contact (listing)",
    # Two parties (a seller's key, or `listing:KEY` where nobody is named), `one` before `two`; the last word counts.
    """CREATE TABLE link_decision (
        id TEXT PRIMARY KEY,
        one TEXT NOT NULL, two TEXT NOT NULL CHECK (one < two),
        at TEXT NOT NULL, seq INTEGER NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL CHECK (action IN ('unlink', 'link')),
        why TEXT NOT NULL,
        seen TEXT
    )""",
    "CREATE INDEX link_decision_pair ON link_decision (one, two, at, seq)",
    "CREATE INDEX link_decision_two ON link_decision (two)",
    "CREATE INDEX market_reference_chip ON market_reference (offer, chip, as_of)",
    # Offers that a threshold could make an alert of; what was judged without any sign lies below and is not in it.
    "CREATE INDEX reading_score ON reading (score, listing, observation) WHERE score >= 0.1",
    # What readings of before this step say of near-copies; contacts come with the next `detect --rebuild`.
    """INSERT OR REPLACE INTO likeness (listing, other, similarity)
       SELECT r.listing, json_extract(c.value, '$.listing'), max(json_extract(c.value, '$.similarity'))
       FROM reading r, json_each(r.document, '$.signals') s, json_each(s.value, '$.detail') c
       WHERE instr(' ' || r.signals || ' ', ' repeated_text ') AND json_extract(s.value, '$.signal') = 'repeated_text'
         AND c.type = 'object'
       GROUP BY 1, 2""",
)
