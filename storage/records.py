"""What the house writes down about itself: versions in force, models, market references, digests and their delivery, samples."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from storage.chain import Chain
from storage.errors import MissingError
from storage.ids import short_hash, utc
from storage.observation import as_json

MARKET_COLUMNS = (
    "as_of", "offer", "chip", "form", "condition", "region", "centre_usd", "low_usd", "high_usd", "spread", "n", "seed_usd", "source",
)  # fmt: skip


class Records(Chain):
    """Append-only notes; nothing here is ever changed but the state of a delivery and of a model."""

    def log_version(
        self, kind: str, digest: str, *, who: str, now: str, why: str, content: Any = None
    ) -> bool:
        """Note that a version (of knowledge, thresholds, weights, model ...) is in force from now; False if it already is.

        `content` is kept as JSON, so that an earlier version can be put back.
        """
        with self.transaction():
            current = self.version_in_force(kind)
            if current and current["hash"] == digest:
                return False
            now = utc(now, "now")
            self.db.write(
                "INSERT INTO version (id, kind, hash, at, who, why, content) VALUES (?,?,?,?,?,?,?)",
                [short_hash("version", kind, digest, now, who, why, current and current["id"]), kind, digest, now, who, why,
                 as_json(content) if content is not None else None],
            )  # fmt: skip
        return True

    def version_in_force(self, kind: str, at: str | None = None) -> dict[str, Any] | None:
        """The version of a kind in force at a moment, or now."""
        row = self.db.row(
            "SELECT * FROM version WHERE kind=? AND at <= ? ORDER BY at DESC, rowid DESC LIMIT 1",
            [kind, at or "9"],
        )
        return _decoded(row, "content") if row else None

    def versions(self, kind: str | None = None) -> list[dict[str, Any]]:
        """All versions that were in force, oldest first."""
        rows = self.db.rows("SELECT * FROM version WHERE kind = coalesce(?, kind) ORDER BY at, rowid", [kind])
        return [_decoded(row, "content") for row in rows]

    def save_model(
        self, name: str, *, file: str, sha256: str, fitted_at: str, who: str, why: str, rows: int, facts: Mapping[str, Any]
    ) -> None:  # fmt: skip
        """Note a fitted model: its file under HOME/models, digest and facts. It is not in force before `activate_model`."""
        self.db.write(
            "INSERT OR IGNORE INTO model (id, file, sha256, fitted_at, who, why, rows, facts) VALUES (?,?,?,?,?,?,?,?)",
            [name, file, sha256, utc(fitted_at, "fitted_at"), who, why, rows, as_json(dict(facts))],
        )

    def activate_model(self, name: str, *, now: str) -> None:
        """Put a model in force; the one before retires. Raises MissingError."""
        now = utc(now, "now")
        with self.transaction():
            self.db.write(
                "UPDATE model SET retired_at=? WHERE active_from IS NOT NULL AND retired_at IS NULL AND id<>?",
                [now, name],
            )
            if not self.db.write(
                "UPDATE model SET active_from=coalesce(active_from, ?), retired_at=NULL WHERE id=?",
                [now, name],
            ):
                raise MissingError("there is no such model", name)

    def active_model(self) -> dict[str, Any] | None:
        """The model in force, with its `facts` decoded; None before the first."""
        row = self.db.row(
            "SELECT * FROM model WHERE active_from IS NOT NULL AND retired_at IS NULL ORDER BY active_from DESC, id DESC LIMIT 1"
        )
        return _decoded(row, "facts") if row else None

    def models(self) -> list[dict[str, Any]]:
        """All models, oldest first."""
        return [
            _decoded(row, "facts") for row in self.db.rows("SELECT * FROM model ORDER BY fitted_at, rowid")
        ]

    def save_market(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Store market references by date, offer kind, chip, form, condition, region; money in USD for one chip or chip-hour."""
        marks = ",".join("?" * len(MARKET_COLUMNS))
        self.db.write_many(
            f"INSERT OR REPLACE INTO market_reference ({','.join(MARKET_COLUMNS)}) VALUES ({marks})",
            [tuple(row.get(name) for name in MARKET_COLUMNS) for row in rows],
        )

    def market(self, chip: str | None = None, since: str | None = None) -> list[dict[str, Any]]:
        """Market references, oldest first."""
        return [dict(row) for row in self.db.rows(
            "SELECT * FROM market_reference WHERE chip = coalesce(?, chip) AND as_of >= ? ORDER BY as_of, offer, chip, region, condition",
            [chip, since or ""],
        )]  # fmt: skip

    def save_digest(
        self, kind: str, document: Mapping[str, Any], *, since: str | None, until: str, now: str, alerts: int, channels: Sequence[str] = ()
    ) -> tuple[str, bool]:  # fmt: skip
        """Keep a digest and what is to be delivered; its id, and whether it is new.

        The same content for the same span is one digest, however often the command runs. The head of the evidence chain is pinned.
        """
        text = as_json(dict(document))
        content = short_hash("digest", kind, since, text)
        # Another home's digest that says the same pins the heads of other chains.
        name = short_hash("digest", self.home_id, content)
        with self.transaction():
            new = self.db.write(
                "INSERT OR IGNORE INTO digest (id, kind, created_at, since, until, content_hash, chain_head, pinned, alerts, document)"
                " VALUES (?,?,?,?,?,?,?,?,?,?)",
                [name, kind, utc(now, "now"), since, utc(until, "until"), content, self.chain_head(), as_json(self.chain_heads()), alerts,
                 text],
            ) > 0  # fmt: skip
            self.db.write_many(
                "INSERT OR IGNORE INTO delivery (digest, channel, state) VALUES (?, ?, 'waiting')",
                [(name, c) for c in channels],
            )
        return name, new

    def last_digest(self, kind: str) -> dict[str, Any] | None:
        """The digest of a kind that was made last."""
        row = self.db.row("SELECT * FROM digest WHERE kind=? ORDER BY rowid DESC LIMIT 1", [kind])
        return _decoded(row, "document") if row else None

    def last_telling(self, kind: str) -> dict[str, Any] | None:
        """The digest of a kind made last that held any alert; its `until` is the next one's `since`."""
        row = self.db.row(
            "SELECT * FROM digest WHERE kind=? AND alerts > 0 ORDER BY rowid DESC LIMIT 1", [kind]
        )
        return _decoded(row, "document") if row else None

    def digest(self, name: str) -> dict[str, Any]:
        """One digest. Raises MissingError."""
        row = self.db.row("SELECT * FROM digest WHERE id=?", [name])
        if row is None:
            raise MissingError("there is no such digest", name)
        return _decoded(row, "document")

    def digests(self, limit: int = 50) -> list[dict[str, Any]]:
        """Digests without their documents, the latest first."""
        return [dict(row) for row in self.db.rows(
            "SELECT id, kind, created_at, since, until, alerts, chain_head FROM digest ORDER BY until DESC, rowid DESC LIMIT ?", [limit]
        )]  # fmt: skip

    def deliveries(self, *, due: bool = False, max_tries: int = 5) -> list[dict[str, Any]]:
        """Deliveries with their state and the digest's kind, `until` and `created_at`, the latest digest first; with `due` those still to be
        tried, oldest first."""
        select = "SELECT d.*, g.kind, g.until, g.created_at FROM delivery d JOIN digest g ON g.id = d.digest"
        if due:
            rows = self.db.rows(
                f"{select} WHERE d.state <> 'sent' AND d.tries < ? ORDER BY g.created_at, g.rowid, d.channel",
                [max_tries],
            )
        else:
            rows = self.db.rows(f"{select} ORDER BY g.created_at DESC, g.rowid DESC, d.channel")
        return [dict(row) for row in rows]

    def queued_since(self, channel: str, kind: str, since: str) -> bool:
        """Whether a digest of this kind made at `since` or later was sent, or waits to be, on the channel."""
        sql = "SELECT 1 FROM delivery d JOIN digest g ON g.id = d.digest WHERE d.channel=? AND g.kind=? AND g.created_at>=? LIMIT 1"
        return self.db.value(sql, [channel, kind, since]) is not None

    def note_delivery(self, digest: str, channel: str, *, now: str, error: str | None = None) -> None:
        """Note that a delivery was made, or failed with an error and may be tried again."""
        self.db.write(
            "UPDATE delivery SET state=?, tries=tries+1, last_at=?, error=? WHERE digest=? AND channel=?",
            ["failed" if error else "sent", utc(now, "now"), error, digest, channel],
        )

    def save_samples(self, digest: str, rows: Iterable[tuple[str, str, str, float]]) -> None:
        """Keep listings drawn at random: (listing, observation, stratum, probability of having been drawn)."""
        self.db.write_many(
            "INSERT OR IGNORE INTO sample (digest, listing, observation, stratum, probability) VALUES (?,?,?,?,?)",
            [(digest, *row) for row in rows],
        )

    def samples(self) -> list[dict[str, Any]]:
        """All draws in the order of their digests: digest, made_at, listing, observation, stratum, probability, known_from (when the listing
        was first recorded), score (its present one), and the decision that stands on it (`action`, `decided_at`; None while undecided)."""
        return [dict(row) for row in self.db.rows(_SAMPLES)]

    def unflagged(self, medium: float) -> Iterator[dict[str, Any]]:
        """Listings whose current reading scores under `medium` and that nobody gave a verdict on: listing, score, and whether it was `judged`
        at all (an offer of a chip that needs a licence)."""
        return (dict(row) for row in self.db.stream(_UNFLAGGED, [medium]))

    def load_screening(
        self, name: str, rows: Iterable[Mapping[str, Any]], *, title: str, sha256: str, now: str
    ) -> int:  # fmt: skip
        """Replace a screening list by its entries: id, name, and aliases, countries (lists), program, source, document; how many."""
        entries = [
            (str(row["id"]), name, row["name"], as_json(row.get("aliases", [])), as_json(row.get("countries", [])), row.get("program"),
             row.get("source"), as_json(row["document"]) if row.get("document") else None)
            for row in rows
        ]  # fmt: skip
        with self.transaction():
            self.db.write("DELETE FROM screening_entry WHERE list = ?", [name])
            self.db.write(
                "INSERT INTO screening_list (id, name, loaded_at, sha256, rows) VALUES (?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET"
                " name=excluded.name, loaded_at=excluded.loaded_at, sha256=excluded.sha256, rows=excluded.rows",
                [name, title, utc(now, "now"), sha256, len(entries)],
            )
            self.db.write_many(
                "INSERT OR REPLACE INTO screening_entry (id, list, name, aliases, countries, program, source, document)"
                " VALUES (?,?,?,?,?,?,?,?)", entries
            )  # fmt: skip
        return len(entries)

    def screening_entries(self) -> list[dict[str, Any]]:
        """All entries of the loaded lists, with aliases and countries as lists."""
        rows = self.db.rows("SELECT * FROM screening_entry ORDER BY list, id")
        return [
            {**dict(row), "aliases": json.loads(row["aliases"]), "countries": json.loads(row["countries"])}
            for row in rows
        ]

    def screening_candidates(self, seller: str | None = None) -> list[dict[str, Any]]:
        """Sellers that resembled a listed name when they were first seen: candidates with a score, never a verdict."""
        return [dict(row) for row in self.db.rows(
            "SELECT * FROM screening_candidate WHERE seller = coalesce(?, seller) ORDER BY score DESC, seller, entry", [seller]
        )]  # fmt: skip


def _decoded(row: Any, name: str) -> dict[str, Any]:
    found = dict(row)
    if found.get(name) is not None:
        found[name] = json.loads(found[name])
    return found


_SAMPLES = """SELECT s.*, g.created_at AS made_at, r.score, d.action, d.at AS decided_at,
    (SELECT min(o.recorded_at) FROM observation o WHERE o.listing = s.listing) AS known_from
  FROM sample s JOIN digest g ON g.id = s.digest JOIN listing l ON l.id = s.listing LEFT JOIN reading r ON r.observation = l.observation
  LEFT JOIN decision d ON d.id = (SELECT id FROM decision d WHERE d.listing = s.listing AND action NOT IN ('note', 'undo')
    AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.id AND u.listing = d.listing) ORDER BY d.at DESC, d.seq DESC, d.id DESC LIMIT 1)
  ORDER BY g.created_at, g.rowid, s.listing"""

_UNFLAGGED = """SELECT l.id AS listing, r.score, r.offer IN ('sale', 'rental') AND r.restricted = 1 AND r.chip IS NOT NULL AS judged
  FROM listing l JOIN reading r ON r.observation = l.observation
  WHERE r.score < ? AND l.state <> 'erased' AND NOT EXISTS (
    SELECT 1 FROM decision d WHERE d.listing = l.id AND d.action IN ('confirm', 'escalate', 'dismiss')
    AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.id AND u.listing = d.listing))"""
