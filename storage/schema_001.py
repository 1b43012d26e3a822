"""The first schema. Never edited after release.

Dates are ISO 8601 UTC text ending in Z. Keys are text derived from content and origin (`storage.ids`), so that homes can be
merged. Facts: site, run, evidence, listing, seller, observation. Derived, may be wiped and rebuilt: pending, reading. What
people and the program decided: alert, alert_event, decision, mute, version, model, digest.
"""

from __future__ import annotations

STATEMENTS = (
    "CREATE TABLE home (id TEXT PRIMARY KEY, created_at TEXT NOT NULL)",
    "CREATE TABLE site (id TEXT PRIMARY KEY, name TEXT NOT NULL, country TEXT)",
    """CREATE TABLE run (
        id TEXT PRIMARY KEY,
        site TEXT NOT NULL REFERENCES site (id),
        kind TEXT NOT NULL CHECK (kind IN ('crawl', 'import', 'reparse', 'scan')),
        started_at TEXT NOT NULL,
        ended_at TEXT,
        outcome TEXT CHECK (outcome IN ('ok', 'partial', 'blocked', 'changed', 'empty', 'failed', 'killed', 'skipped')),
        detail TEXT,
        quarantined INTEGER NOT NULL DEFAULT 0 CHECK (quarantined IN (0, 1)),
        quarantine_note TEXT,
        pages INTEGER, listings INTEGER, new INTEGER, changed INTEGER,
        counts TEXT, stats TEXT, facts TEXT,
        home TEXT NOT NULL,
        evidence_file TEXT, evidence_records INTEGER, evidence_bytes INTEGER, evidence_head TEXT,
        evidence_gone INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX run_site ON run (site, started_at)",
    # The hash chain over sealed runs, erasures and expiries; one chain for each home that ever gathered.
    """CREATE TABLE chain (
        origin TEXT NOT NULL,
        seq INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('run', 'erasure', 'expiry')),
        subject TEXT NOT NULL,
        at TEXT NOT NULL,
        records INTEGER, bytes INTEGER, head TEXT,
        prev TEXT NOT NULL,
        link TEXT NOT NULL,
        PRIMARY KEY (origin, seq)
    ) WITHOUT ROWID""",
    """CREATE TABLE evidence (
        id TEXT PRIMARY KEY,
        run TEXT NOT NULL REFERENCES run (id),
        kind TEXT NOT NULL CHECK (kind IN ('response', 'revisit', 'resource', 'metadata')),
        file TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
        record_sha256 TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        url TEXT, status INTEGER, fetched_at TEXT NOT NULL,
        gone_at TEXT, gone_why TEXT
    )""",
    "CREATE UNIQUE INDEX evidence_place ON evidence (file, offset)",
    "CREATE INDEX evidence_payload ON evidence (sha256)",
    # Who or what took bytes away, kept for good; `records` lists the digests of the records that are gone,
    # `places` where they stand while that is still to be done.
    """CREATE TABLE removal (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('erasure', 'expiry')),
        at TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
        origin TEXT NOT NULL, records TEXT NOT NULL, places TEXT, listings INTEGER NOT NULL, observations INTEGER NOT NULL
    )""",
    """CREATE TABLE seller (
        id TEXT PRIMARY KEY,
        site TEXT NOT NULL REFERENCES site (id),
        label TEXT NOT NULL,
        since TEXT, ratings INTEGER, as_of TEXT NOT NULL
    )""",
    """CREATE TABLE listing (
        id TEXT PRIMARY KEY,
        site TEXT NOT NULL REFERENCES site (id),
        listing_id TEXT NOT NULL,
        title TEXT NOT NULL,
        url TEXT,
        country TEXT,
        seller TEXT REFERENCES seller (id),
        state TEXT NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'vanished', 'erased')),
        vanished_at TEXT,
        first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        last_run TEXT NOT NULL REFERENCES run (id),
        last_evidence TEXT REFERENCES evidence (id),
        prior_seen TEXT, prior_run TEXT, prior_evidence TEXT,
        observation TEXT REFERENCES observation (id),
        content TEXT, extra_hash TEXT, latest TEXT
    )""",
    "CREATE UNIQUE INDEX listing_place ON listing (site, listing_id)",
    "CREATE INDEX listing_seller ON listing (seller) WHERE seller IS NOT NULL",
    """CREATE TABLE observation (
        id TEXT PRIMARY KEY,
        -- Written before its listing, which points back; the index on this column makes that cheap to check.
        listing TEXT NOT NULL REFERENCES listing (id) DEFERRABLE INITIALLY DEFERRED,
        observed_at TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        run TEXT NOT NULL REFERENCES run (id),
        evidence TEXT REFERENCES evidence (id),
        changed TEXT NOT NULL,
        content TEXT NOT NULL,
        title TEXT NOT NULL,
        description TEXT,
        price_text TEXT, price_amount TEXT, price_currency TEXT,
        quantity INTEGER,
        condition TEXT, category TEXT, location TEXT, ships_to TEXT, country TEXT, language TEXT,
        url TEXT, posted_at TEXT,
        seller TEXT REFERENCES seller (id),
        extra TEXT,
        erased_at TEXT
    )""",
    "CREATE INDEX observation_history ON observation (listing, observed_at)",
    "CREATE INDEX observation_known ON observation (recorded_at, observed_at, id)",
    "CREATE INDEX observation_time ON observation (observed_at, id)",
    "CREATE INDEX observation_run ON observation (run)",
    "CREATE INDEX observation_evidence ON observation (evidence) WHERE evidence IS NOT NULL",
    # Observations that no reading was made from yet: the daily run costs what is new, not what is there.
    "CREATE TABLE pending (observation TEXT PRIMARY KEY REFERENCES observation (id) ON DELETE CASCADE) WITHOUT ROWID",
    """CREATE TABLE reading (
        observation TEXT PRIMARY KEY REFERENCES observation (id),
        listing TEXT NOT NULL REFERENCES listing (id),
        offer TEXT NOT NULL,
        chip TEXT,
        restricted INTEGER NOT NULL,
        unit_usd REAL,
        quantity INTEGER,
        condition TEXT,
        score REAL NOT NULL,
        severity TEXT NOT NULL,
        signals TEXT NOT NULL,
        version TEXT NOT NULL,
        knowledge TEXT NOT NULL, model TEXT, thresholds TEXT NOT NULL,
        features TEXT,
        sketch BLOB,
        document TEXT NOT NULL,
        judged_at TEXT
    )""",
    "CREATE INDEX reading_listing ON reading (listing)",
    # The versions that readings may be by; an index over all readings would cost every save more than this costs any question.
    "CREATE TABLE reading_version (version TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE INDEX reading_chip ON reading (chip, offer) WHERE chip IS NOT NULL",
    """CREATE TABLE mute (
        id TEXT PRIMARY KEY,
        scope TEXT NOT NULL CHECK (scope IN ('site', 'seller', 'signal', 'chip', 'listing')),
        value TEXT NOT NULL,
        reason TEXT NOT NULL, who TEXT NOT NULL,
        created_at TEXT NOT NULL, expires_at TEXT NOT NULL,
        lifted_at TEXT, lifted_by TEXT,
        hits INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE alert (
        listing TEXT PRIMARY KEY REFERENCES listing (id),
        title TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('new', 'confirmed', 'dismissed', 'snoozed', 'escalated', 'closed')),
        severity TEXT NOT NULL CHECK (severity IN ('none', 'low', 'medium', 'high')),
        rank INTEGER NOT NULL,
        score REAL NOT NULL,
        site TEXT NOT NULL REFERENCES site (id),
        country TEXT, chip TEXT, unit_usd REAL,
        seller TEXT REFERENCES seller (id),
        signals TEXT NOT NULL DEFAULT '',
        observation TEXT NOT NULL REFERENCES observation (id),
        opened_at TEXT NOT NULL,
        news_at TEXT,
        snooze_until TEXT,
        closed_why TEXT,
        relist_of TEXT REFERENCES listing (id),
        muted_by TEXT REFERENCES mute (id),
        version INTEGER NOT NULL DEFAULT 1
    )""",
    # The digest asks for these alone: what was decided or told before costs it nothing.
    "CREATE INDEX alert_news ON alert (news_at, rank, score, listing, state, muted_by) WHERE state = 'new' AND muted_by IS NULL",
    "CREATE INDEX alert_state ON alert (state, rank DESC, score DESC, listing)",
    "CREATE INDEX alert_seller ON alert (seller) WHERE seller IS NOT NULL",
    """CREATE TABLE alert_event (
        id TEXT PRIMARY KEY,
        listing TEXT NOT NULL REFERENCES listing (id),
        at TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('opened', 'reopened', 'updated', 'closed', 'linked', 'woke')),
        observation TEXT NOT NULL REFERENCES observation (id),
        score REAL NOT NULL, severity TEXT NOT NULL,
        news INTEGER NOT NULL,
        why TEXT
    )""",
    "CREATE INDEX alert_event_listing ON alert_event (listing, at)",
    """CREATE TABLE decision (
        id TEXT PRIMARY KEY,
        listing TEXT NOT NULL REFERENCES listing (id),
        at TEXT NOT NULL,
        seq INTEGER NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL CHECK (action IN ('confirm', 'dismiss', 'snooze', 'escalate', 'note', 'undo')),
        reason TEXT, note TEXT, until TEXT,
        undoes TEXT REFERENCES decision (id),
        observation TEXT REFERENCES observation (id),
        score REAL, severity TEXT, signals TEXT, versions TEXT,
        state_before TEXT,
        source TEXT NOT NULL DEFAULT 'alert'
    )""",
    "CREATE INDEX decision_listing ON decision (listing, at, seq)",
    """CREATE TABLE version (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        hash TEXT NOT NULL,
        at TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
        content TEXT
    )""",
    "CREATE INDEX version_kind ON version (kind, at)",
    """CREATE TABLE model (
        id TEXT PRIMARY KEY,
        file TEXT NOT NULL, sha256 TEXT NOT NULL,
        fitted_at TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
        rows INTEGER NOT NULL,
        facts TEXT NOT NULL,
        active_from TEXT, retired_at TEXT
    )""",
    """CREATE TABLE market_reference (
        as_of TEXT NOT NULL,
        offer TEXT NOT NULL, chip TEXT NOT NULL, form TEXT NOT NULL, condition TEXT NOT NULL, region TEXT NOT NULL,
        centre_usd REAL, low_usd REAL, high_usd REAL, spread REAL,
        n INTEGER NOT NULL, seed_usd REAL, source TEXT,
        PRIMARY KEY (as_of, offer, chip, form, condition, region)
    ) WITHOUT ROWID""",
    """CREATE TABLE digest (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        created_at TEXT NOT NULL, since TEXT, until TEXT NOT NULL,
        content_hash TEXT NOT NULL, chain_head TEXT NOT NULL, pinned TEXT NOT NULL,
        alerts INTEGER NOT NULL,
        document TEXT NOT NULL
    )""",
    "CREATE INDEX digest_time ON digest (kind, until)",
    """CREATE TABLE delivery (
        digest TEXT NOT NULL REFERENCES digest (id),
        channel TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
        tries INTEGER NOT NULL DEFAULT 0, last_at TEXT, error TEXT,
        PRIMARY KEY (digest, channel)
    ) WITHOUT ROWID""",
    # Unflagged listings shown at random for a decision; `probability` is what recall estimates weigh them by.
    """CREATE TABLE sample (
        digest TEXT NOT NULL REFERENCES digest (id),
        listing TEXT NOT NULL REFERENCES listing (id),
        observation TEXT NOT NULL REFERENCES observation (id),
        stratum TEXT NOT NULL, probability REAL NOT NULL CHECK (probability > 0 AND probability <= 1),
        PRIMARY KEY (digest, listing)
    ) WITHOUT ROWID""",
    """CREATE TABLE screening_list (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, loaded_at TEXT NOT NULL, sha256 TEXT NOT NULL, rows INTEGER NOT NULL
    )""",
    """CREATE TABLE screening_entry (
        id TEXT PRIMARY KEY,
        list TEXT NOT NULL REFERENCES screening_list (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        aliases TEXT NOT NULL DEFAULT '[]', countries TEXT NOT NULL DEFAULT '[]',
        program TEXT, source TEXT, document TEXT
    )""",
    "CREATE INDEX screening_entry_list ON screening_entry (list)",
    """CREATE TABLE screening_candidate (
        seller TEXT NOT NULL REFERENCES seller (id),
        entry TEXT NOT NULL,
        name TEXT NOT NULL, score REAL NOT NULL, at TEXT NOT NULL, detail TEXT,
        PRIMARY KEY (seller, entry)
    ) WITHOUT ROWID""",
    # Listings whose current text the search index does not hold yet.
    "CREATE TABLE search_pending (listing TEXT PRIMARY KEY REFERENCES listing (id) ON DELETE CASCADE) WITHOUT ROWID",
    # Which observation of a listing the search index holds, under which number.
    """CREATE TABLE search_doc (
        n INTEGER PRIMARY KEY,
        listing TEXT NOT NULL UNIQUE REFERENCES listing (id),
        observation TEXT NOT NULL
    )""",
    "CREATE VIRTUAL TABLE search_text USING fts5 (terms, content='', detail='none', tokenize=\"unicode61 remove_diacritics 0\")",
    """CREATE VIEW listing_view AS
        SELECT l.id AS listing, l.site, l.listing_id, l.title, l.url, l.country, l.state, l.first_seen, l.last_seen, l.vanished_at,
               l.seller, o.price_text, CAST(o.price_amount AS REAL) AS price_amount, o.price_currency, o.quantity, o.condition,
               o.location, o.ships_to, r.offer, r.chip, r.restricted, r.unit_usd, r.signals, r.score, r.severity,
               o.observed_at, o.id AS observation, e.file AS evidence_file, e.offset AS evidence_offset, e.sha256 AS evidence_sha256
        FROM listing l
        LEFT JOIN observation o ON o.id = l.observation
        LEFT JOIN reading r ON r.observation = l.observation
        LEFT JOIN evidence e ON e.id = o.evidence""",
    """CREATE VIEW alert_view AS
        SELECT a.listing, a.state, a.severity, a.score, a.chip, a.title, r.offer, r.unit_usd, r.quantity, a.signals, a.site,
               a.country, l.url, l.state AS listing_state, a.seller, a.opened_at, a.news_at, a.snooze_until, a.muted_by,
               o.price_text, o.observed_at, a.observation, e.file AS evidence_file, e.offset AS evidence_offset,
               e.sha256 AS evidence_sha256, d.action AS last_decision, d.who AS decided_by, d.at AS decided_at, d.reason
        FROM alert a
        JOIN listing l ON l.id = a.listing
        JOIN observation o ON o.id = a.observation
        LEFT JOIN reading r ON r.observation = a.observation
        LEFT JOIN evidence e ON e.id = o.evidence
        LEFT JOIN decision d ON d.id = (SELECT id FROM decision WHERE listing = a.listing ORDER BY at DESC, seq DESC, id DESC LIMIT 1)""",
    """CREATE VIEW coverage_view AS
        SELECT s.id AS site, s.name, s.country, r.id AS run, r.kind, r.started_at, r.ended_at,
               coalesce(r.outcome, CASE WHEN r.id IS NULL THEN 'never' ELSE 'running' END) AS outcome, r.detail, r.pages, r.listings,
               r.new, r.changed, r.quarantined,
               (SELECT max(started_at) FROM run WHERE site = s.id AND outcome = 'ok') AS last_ok
        FROM site s
        LEFT JOIN run r ON r.id = (SELECT id FROM run WHERE site = s.id AND coalesce(outcome, '') <> 'skipped'
                                   ORDER BY started_at DESC, id DESC LIMIT 1)""",
)
