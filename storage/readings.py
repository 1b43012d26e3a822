"""Readings: what was made of each observation, by which version. Derived; may be wiped and made again."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from storage.base import Base
from storage.ids import short_hash
from storage.observation import SELECT, Observation, as_json, observation_of

CHUNK = 2000

KNOWN = """INSERT OR REPLACE INTO pending (observation, known) SELECT g.observation, 1 FROM reading g
    JOIN observation o ON o.id = g.observation WHERE o.erased_at IS NULL {chosen}"""
"""Judged observations wait again, and are no news when they are."""

KNOWN_PENDING = 200_000
"""Up to so many waiting observations their names are held in memory; beyond, the history is walked in its order."""


class Judged(NamedTuple):
    """A judged reading. `document` is the exchange form 'Reading (out)' without observation, time and evidence;
    `unit_usd` is USD for one chip or chip-hour; `score` 0..1; `features` name to figure; versions as in the document.

    The fields up to `sketch` are the table's columns in the order in which they are saved.
    """

    observation: str
    listing: str
    offer: str
    chip: str | None
    restricted: bool
    unit_usd: float | None
    quantity: int | None
    condition: str | None
    score: float
    severity: str
    signals: str
    """Their names, each once, in one string."""
    version: str
    """One name for the three that follow."""
    knowledge: str
    model: str | None
    thresholds: str
    features: str | None
    document: str
    judged_at: str | None
    sketch: bytes | None
    alike: tuple[tuple[str, float], ...]
    """Earlier listings of others with nearly this text, and how similar (0..1)."""
    contacts: tuple[tuple[str, str], ...]
    """(kind, detail) of the seller's contacts in the texts; stored as keyed hashes alone."""

    @classmethod
    def from_document(
        cls, observation: Observation, document: dict[str, Any], features: dict[str, Any] | None = None, judged_at: str | None = None,
        sketch: bytes | None = None, contacts: tuple[tuple[str, str], ...] = (),
    ) -> Judged:  # fmt: skip
        """Take the columns out of a reading's document."""
        chips, price, versions = document.get("chips") or [], document.get("price") or {}, document["versions"]
        made_by = versions["knowledge"], versions.get("model"), versions["thresholds"]
        return cls(
            observation.id, observation.listing_key, document["offer"], chips[0]["chip"] if chips else None, bool(document["restricted"]),
            price.get("unit_usd"), document.get("quantity"), document.get("condition"), float(document["score"]), document["severity"],
            " ".join(dict.fromkeys(signal["signal"] for signal in document.get("signals", []))), version_key(*made_by), *made_by,
            as_json(features) if features is not None else None, as_json(document), judged_at, sketch, _alike(document), contacts,
        )  # fmt: skip


@lru_cache(maxsize=256)
def version_key(knowledge: str, model: str | None, thresholds: str) -> str:
    """One name for what made a reading."""
    return short_hash("versions", knowledge, model, thresholds)


class Readings(Base):
    """Which observations wait, and what was made of them."""

    def observations_to_read(
        self, knowledge: str, model: str | None, thresholds: str
    ) -> Iterator[Observation]:
        """Observations without a reading by these versions, by time and id; those in quarantine are left out.

        Saving readings while walking is safe. What has never been read costs by its own number, not by the history's.
        """
        version = version_key(knowledge, model, thresholds)
        stale = self.may_be_stale(version)
        waiting = self.db.value("SELECT count(*) FROM (SELECT 1 FROM pending LIMIT ?)", [KNOWN_PENDING + 1])
        if stale or waiting > KNOWN_PENDING:
            yield from self._walk(
                "AND NOT EXISTS (SELECT 1 FROM reading g WHERE g.observation = o.id AND g.version = ?) AND r.quarantined = 0",
                [version],
            )
            return
        names = [row[0] for row in self.db.rows(
            "SELECT o.id FROM pending p JOIN observation o ON o.id = p.observation ORDER BY o.observed_at, o.id"
        )]  # fmt: skip
        for at in range(0, len(names), 500):
            part = names[at : at + 500]
            yield from map(observation_of, self.db.rows(
                f"{SELECT} WHERE o.id IN ({','.join('?' * len(part))}) AND r.quarantined = 0 AND o.erased_at IS NULL"
                " ORDER BY o.observed_at, o.id", part
            ))  # fmt: skip

    def iter_observations(
        self, since: str | None = None, *, quarantined: bool = False
    ) -> Iterator[Observation]:
        """All observations by time and id, from `since` on (by time observed)."""
        yield from self._walk("" if quarantined else "AND r.quarantined = 0", [], since or "")

    def _walk(self, where: str, params: list[Any], since: str = "") -> Iterator[Observation]:
        at, name = since, ""
        while rows := self.db.rows(
            f"{SELECT} WHERE (o.observed_at, o.id) > (?, ?) AND o.erased_at IS NULL {where} ORDER BY o.observed_at, o.id LIMIT ?",
            [at, name, *params, CHUNK],
        ):
            yield from map(observation_of, rows)
            at, name = rows[-1]["observed_at"], rows[-1]["id"]

    def may_be_stale(self, version: str) -> bool:
        """Whether there may be readings by other versions than this."""
        return self.db.value("SELECT 1 FROM reading_version WHERE version <> ?", [version]) is not None

    def forget_versions(self, version: str) -> None:
        """Note that every reading was found to be by this version."""
        if not self.db.readonly and self.may_be_stale(version):
            self.db.write("DELETE FROM reading_version WHERE version <> ?", [version])

    def observation(self, name: str) -> Observation | None:
        """One observation."""
        row = self.db.row(f"{SELECT} WHERE o.id = ?", [name])
        return observation_of(row) if row else None

    def history(self, listing: str) -> list[Observation]:
        """A listing's observations in their order, those in quarantine included."""
        return [observation_of(row) for row in self.db.rows(
            f"{SELECT} WHERE o.listing = ? ORDER BY o.observed_at, length(coalesce(o.description, '')), o.content", [listing]
        )]  # fmt: skip

    def save_judgements(self, rows: Iterable[Judged]) -> int:
        """Store readings in bulk, over earlier ones of the same observations; how many. One transaction for what is given."""
        judged = list(rows)
        values = [one[:_COLUMNS] for one in judged]
        with self.transaction():
            self.db.write_many(_SAVE, values)
            self._save_ties([one for one in judged if one.alike or one.contacts])
            self.db.write_many(
                "INSERT OR IGNORE INTO reading_version (version) VALUES (?)", {(one.version,) for one in judged}
            )
            if self.db.value("SELECT 1 FROM pending LIMIT 1"):
                read = json.dumps([row[0] for row in values])
                self.db.write(
                    "DELETE FROM pending WHERE observation IN (SELECT value FROM json_each(?))", [read]
                )
        return len(values)

    def _save_ties(self, rows: Iterable[Judged]) -> None:
        alike = [(one.listing, other, similarity) for one in rows for other, similarity in one.alike]
        if alike:
            self.db.write_many(_SAVE_LIKENESS, alike)
        contacts = [
            (self.seller_keys.keyed("contact", kind, detail), one.listing, kind)
            for one in rows
            for kind, detail in one.contacts
        ]
        if contacts:
            self.db.write_many("INSERT OR IGNORE INTO contact (hash, listing, kind) VALUES (?,?,?)", contacts)

    def wipe_readings(self) -> None:
        """Forget every reading and what the markets said; all observations wait to be read again. Alerts and decisions stay, and
        so does which observations were judged already."""
        with self.transaction():
            self.db.write("DELETE FROM likeness")
            self.db.write("DELETE FROM contact")
            self.db.write(KNOWN.format(chosen=""))
            self.db.write("DELETE FROM reading")
            self.db.write("DELETE FROM reading_version")
            self.db.write("DELETE FROM market_reference")
            self.db.write(
                "INSERT OR IGNORE INTO pending (observation) SELECT id FROM observation WHERE erased_at IS NULL"
            )

    def reading(self, observation: str) -> dict[str, Any] | None:
        """An observation's reading: its columns, with `document` and `features` decoded."""
        row = self.db.row("SELECT * FROM reading WHERE observation = ?", [observation])
        return _decoded(row) if row else None

    def current_reading(self, listing: str) -> dict[str, Any] | None:
        """The reading of a listing's current observation."""
        row = self.db.row(
            "SELECT r.* FROM listing l JOIN reading r ON r.observation = l.observation WHERE l.id = ?",
            [listing],
        )
        return _decoded(row) if row else None

    def iter_readings(self, *, current: bool = True, columns: str = "r.*") -> Iterator[dict[str, Any]]:
        """Readings with site, listing_id, country, seller, observed_at; of current observations, or of all, by time and id."""
        join = (
            "JOIN listing l ON l.observation = r.observation"
            if current
            else "JOIN listing l ON l.id = r.listing"
        )
        for row in self.db.stream(
            f"""SELECT {columns}, l.site, l.listing_id, l.country, l.state AS listing_state, o.seller, o.observed_at
                FROM reading r {join} JOIN observation o ON o.id = r.observation ORDER BY o.observed_at, o.id"""
        ):
            yield _decoded(row)

    def offer_counts(self) -> dict[str, int]:
        """Listings by what their current reading says is offered, the most first."""
        return {row[0]: row[1] for row in self.db.rows(
            "SELECT r.offer, count(*) AS n FROM reading r JOIN listing l ON l.observation = r.observation GROUP BY r.offer ORDER BY n DESC, r.offer"
        )}  # fmt: skip

    def unknown_accelerators(self, since: str | None) -> dict[str, int]:
        """Names of accelerators that no catalogue row knows, among what was recorded after `since`: name to listings, the most first.

        Spellings of one name (case, width, hyphens) are one, told as it is written most.
        """
        spellings: dict[str, Counter[str]] = {}
        listings: dict[str, set[str]] = {}
        for listing, name in self.db.rows(
            """SELECT DISTINCT o.listing, name.value FROM observation o JOIN reading r ON r.observation = o.id,
               json_each(r.document, '$.unknown_accelerators') name WHERE o.recorded_at > ? ORDER BY name.value""",
            [since or ""],
        ):
            one = _one_spelling(name)
            spellings.setdefault(one, Counter())[name] += 1
            listings.setdefault(one, set()).add(listing)
        found = sorted((-len(listings[one]), written.most_common(1)[0][0]) for one, written in spellings.items())
        return {name: -count for count, name in found}

    def export_readings(self) -> Iterator[dict[str, Any]]:
        """The current reading of every listing, sorted by site and listing id, with its observation and evidence pointer."""
        for row in self.db.stream(_EXPORT):
            document = json.loads(row["document"])
            document |= {
                "observation": row["observation"],
                "observed_at": row["observed_at"],
                "evidence": None,
            }
            if row["file"] is not None:
                document["evidence"] = {"file": row["file"], "offset": row["offset"], "sha256": row["sha256"]}
            yield document


def _one_spelling(name: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name))).upper()


def _alike(document: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    return tuple(
        (copy["listing"], float(copy["similarity"]))
        for signal in document.get("signals", []) if signal["signal"] == "repeated_text"
        for copy in signal.get("detail") or [] if isinstance(copy, dict)
    )  # fmt: skip


def _decoded(row: Any) -> dict[str, Any]:
    found = dict(row)
    for name in ("document", "features"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found


_SAVED = Judged._fields[: Judged._fields.index("alike")]
_COLUMNS = len(_SAVED)
_SAVE = (
    f"INSERT INTO reading ({', '.join(_SAVED)}) VALUES ({','.join('?' * _COLUMNS)})"
    f" ON CONFLICT (observation) DO UPDATE SET {', '.join(f'{name}=excluded.{name}' for name in _SAVED[2:])}"
)

_EXPORT = """SELECT r.document, l.observation, o.observed_at, e.file, e.offset, e.sha256
  FROM listing l JOIN reading r ON r.observation = l.observation JOIN observation o ON o.id = l.observation
  LEFT JOIN evidence e ON e.id = o.evidence ORDER BY l.site, l.listing_id"""
_SAVE_LIKENESS = """INSERT INTO likeness (listing, other, similarity) VALUES (?,?,?)
    ON CONFLICT (listing, other) DO UPDATE SET similarity=max(similarity, excluded.similarity)"""
