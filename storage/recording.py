"""Recording listings: what is new, what changed, what was merely seen again; in any order, any number of times.

A listing's history is its observations by time. A sighting whose content is that of the observation before it only moves
`last_seen`. One that comes late takes its place in the history and leaves the current state alone; where it splits a span in
which a listing was seen unchanged, the span's last sighting becomes an observation of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from storage.base import Base
from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, evidence_path
from storage.ids import listing_key, utc
from storage.listing import Listing
from storage.observation import COLUMNS, Draft, Recorded, as_json, changes, draft, observation_id, order

Item = tuple[Listing, EvidenceRef | None]

LATE = timedelta(minutes=10)
"""So much before what is judged is a writer that waited or a clock that was set, and comes after it. What is further back keeps its
time, and all that was recorded since is judged anew."""

CHUNK = 500
"""Listings looked up at once; SQLite takes at least 999 parameters everywhere."""


@dataclass(slots=True)
class _State:
    """A listing as the database has it, or as this batch has left it."""

    observation: str | None = None
    observed_at: str = ""
    content: str | None = None
    extra_hash: str | None = None
    first_seen: str = ""
    last_seen: str = ""
    last_run: str | None = None
    last_evidence: str | None = None
    prior: tuple[str | None, str | None, str | None] = (None, None, None)
    latest: str | None = None
    draft: Draft | None = None
    """What the listing's own columns are to show; None where only the sighting moved."""
    touched: bool = False
    erased: bool = False
    fresh: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Observations of this batch, by id, not yet written."""


class Recording(Base):
    """The writing half of observations."""

    def record(self, listing: Listing, *, run: str, evidence: EvidenceRef | None, now: str) -> Recorded:
        """Record one listing; see `record_many`."""
        return self.record_many([(listing, evidence)], run=run, now=now)[0]

    def record_many(self, items: Iterable[Item], *, run: str, now: str) -> list[Recorded]:
        """Record listings with the evidence they were read from, in one transaction; the outcomes in the given order.

        Raises ListingError for a date that is none, EvidenceError where the evidence file is not there, StorageError.
        Recording the same items twice adds nothing.
        """
        chosen = list(items)
        found: list[Recorded] = []
        try:
            with self.transaction():
                recorded_at = self._known_at(utc(now, "now"))
                for at in range(0, len(chosen), CHUNK * 10):
                    found += _Batch(self, run, utc(now, "now"), recorded_at).take(chosen[at : at + CHUNK * 10])
        except BaseException:
            # What was noted as stored by then is not.
            self.known_evidence.clear()
            self.known_sellers.clear()
            raise
        return found

    def _known_at(self, now: str) -> str:
        """The moment after what is judged or being judged: a second with a judgement in it is closed.

        Judging takes all of one moment as known together, so what came into it later would change what was judged before.
        """
        judged_to = self.db.value("SELECT judged_to FROM home")
        if judged_to is None or now > judged_to:
            return now
        after = datetime.fromisoformat(judged_to) + timedelta(seconds=1)
        return utc(after.isoformat()) if after - datetime.fromisoformat(now) <= LATE else now


class _Batch:
    """One pass: look up what is known, decide in memory, write in bulk."""

    def __init__(self, store: Recording, run: str, now: str, recorded_at: str) -> None:
        self.store, self.run, self.now, self.recorded_at = store, run, now, recorded_at
        self.states: dict[str, _State] = {}
        self.observations: list[dict[str, Any]] = []
        self.repeats: list[tuple[str, str]] = []
        """Observations of this batch that say what an earlier one says (named second), in the order in which they were made."""
        self.evidence: dict[str, EvidenceRef] = {}
        self.sellers: dict[str, Draft] = {}
        self.places: dict[str, Listing] = {}

    def take(self, items: Sequence[Item]) -> list[Recorded]:
        drafts = [(self._draft(listing, evidence), evidence) for listing, evidence in items]
        self._look_up([made.key for made, _ in drafts])
        outcomes: list[Recorded | None] = [None] * len(drafts)
        # By time within the batch, so that a file in any order gives the same history.
        for index in sorted(range(len(drafts)), key=lambda i: drafts[i][0].order):
            made, evidence = drafts[index]
            if evidence is not None:
                self.evidence.setdefault(evidence.id, evidence)
            outcomes[index] = self._decide(made, evidence.id if evidence else None)
        self._write()
        return cast("list[Recorded]", outcomes)

    def _draft(self, listing: Listing, evidence: EvidenceRef | None) -> Draft:
        seen = listing.observed_at or (evidence.fetched_at if evidence else None) or self.now
        key = listing_key(listing.site, listing.listing_id)
        seller = self.store.seller_key(listing)
        self.places.setdefault(key, listing)
        return draft(listing, key, utc(seen), seller, keep_names=self.store.keep_seller_names)

    def _look_up(self, keys: Iterable[str]) -> None:
        wanted = list(dict.fromkeys(keys))
        for at in range(0, len(wanted), CHUNK):
            part = wanted[at : at + CHUNK]
            for row in self.store.db.rows(
                f"""SELECT l.*, o.observed_at FROM listing l LEFT JOIN observation o ON o.id = l.observation
                    WHERE l.id IN ({",".join("?" * len(part))})""",
                part,
            ):
                self.states[row["id"]] = _State(
                    row["observation"], row["observed_at"] or "", row["content"], row["extra_hash"], row["first_seen"],
                    row["last_seen"], row["last_run"], row["last_evidence"],
                    (row["prior_seen"], row["prior_run"], row["prior_evidence"]), row["latest"],
                    erased=row["state"] == "erased",
                )  # fmt: skip

    def _decide(self, made: Draft, evidence: str | None) -> Recorded:
        state = self.states.get(made.key)
        if state is None:
            state = self.states[made.key] = _State(first_seen=made.observed_at)
            return self._append(state, made, evidence, "new", ())
        if state.erased:
            return Recorded("erased", made.key, "")
        state.touched = True
        state.first_seen = min(state.first_seen, made.observed_at)
        if state.observation is not None and made.observed_at >= state.last_seen and made.content == state.content:
            self._sight(state, made, evidence)
            return Recorded("seen", made.key, state.observation)
        if state.observation is not None and made.observed_at > state.last_seen:
            return self._append(state, made, evidence, "changed", self._changed(state, state.observation, made))
        return self._insert(state, made, evidence)

    def _sight(self, state: _State, made: Draft, evidence: str | None) -> None:
        """Seen again, unchanged: move the sighting, and what changes without being a change of the offer."""
        if state.last_run != self.run:
            state.prior = (state.last_seen, state.last_run, state.last_evidence)
        newer = made.observed_at > state.last_seen
        state.last_seen, state.last_run, state.last_evidence = made.observed_at, self.run, evidence or state.last_evidence
        if made.extra_hash != state.extra_hash and (newer or made.extra_hash > (state.extra_hash or "")):
            state.extra_hash, state.draft = made.extra_hash, made
            state.latest = as_json({name: made.values[name] for name in ("category", "language", "posted_at", "extra")})

    def _append(self, state: _State, made: Draft, evidence: str | None, kind: str, changed: tuple[str, ...]) -> Recorded:
        """A new current observation."""
        name = self._add(state, made, evidence, changed)
        if state.last_run is not None and state.last_run != self.run:
            state.prior = (state.last_seen, state.last_run, state.last_evidence)
        state.observation, state.observed_at, state.content = name, made.observed_at, made.content
        state.extra_hash, state.latest, state.draft, state.touched = made.extra_hash, None, made, True
        state.last_seen, state.last_run, state.last_evidence = made.observed_at, self.run, evidence
        return Recorded(kind, made.key, name, changed)

    def _add(self, state: _State, made: Draft, evidence: str | None, changed: tuple[str, ...]) -> str:
        name = made.id
        row = {
            "id": name, "listing": made.key, "observed_at": made.observed_at, "recorded_at": self.recorded_at, "run": self.run,
            "evidence": evidence, "changed": " ".join(changed), "content": made.content, **made.values,
        }  # fmt: skip
        state.fresh[name] = row
        self.observations.append(row)
        if made.seller:
            self.sellers[made.seller] = made
        return name

    def _insert(self, state: _State, made: Draft, evidence: str | None) -> Recorded:
        """One that comes late, or at the same second as another: find its place in the history."""
        history = self._history(state, made.key)
        if any(row["id"] == made.id for _, row in history):
            return Recorded("seen", made.key, made.id)
        before = [entry for entry in history if entry[0] < made.order]
        after = [entry for entry in history if entry[0] > made.order]
        if before and before[-1][1]["content"] == made.content:
            return Recorded("seen", made.key, before[-1][1]["id"])
        changed = changes(before[-1][1], made.values) if before else ()
        if not after:
            return self._append(state, made, evidence, "changed" if history else "new", changed)
        name = self._add(state, made, evidence, changed)
        if after[0][1].get("virtual"):
            self._promote(state, made, after[0][1])
        return Recorded("changed", made.key, name, changed)

    def _history(self, state: _State, key: str) -> list[tuple[tuple[str, int, str], dict[str, Any]]]:
        """The listing's observations in order; the last unchanged sighting stands at the end as a virtual one."""
        rows = [dict(row) for row in self.store.db.rows(
            "SELECT o.* FROM observation o JOIN run r ON r.id = o.run WHERE o.listing = ? AND r.quarantined = 0", [key]
        )]  # fmt: skip
        rows += state.fresh.values()
        current = next((row for row in rows if row["id"] == state.observation), None)
        if current is not None and state.last_seen > current["observed_at"]:
            name = observation_id(key, state.last_seen, current["content"])
            rows.append({**current, "id": name, "observed_at": state.last_seen, "virtual": True})
        return sorted(((order(row["observed_at"], row["description"], row["content"]), row) for row in rows), key=lambda e: e[0])

    def _promote(self, state: _State, made: Draft, sighting: dict[str, Any]) -> None:
        row = {name: sighting[name] for name in COLUMNS}
        row |= {"recorded_at": self.recorded_at, "run": state.last_run, "evidence": state.last_evidence}
        row["changed"] = " ".join(changes(made.values, row))
        state.fresh[row["id"]] = row
        self.observations.append(row)
        self.repeats.append((row["id"], str(state.observation)))
        state.observation, state.observed_at = row["id"], row["observed_at"]

    def _changed(self, state: _State, observation: str, made: Draft) -> tuple[str, ...]:
        old: Any = state.fresh.get(observation)
        if old is None:
            old = self.store.db.row("SELECT * FROM observation WHERE id = ?", [observation])
        return changes(old, made.values)

    def _write(self) -> None:
        db = self.store.db
        self._write_evidence()
        db.write_many(
            "INSERT OR IGNORE INTO site (id, name) VALUES (?, ?)",
            [(site, site) for site in sorted({listing.site for listing in self.places.values()})],
        )
        self._write_sellers()
        db.write_many(
            # The same thing seen at the same time can only be there already in a run that is held in quarantine (the run's bytes
            # were read again): the run that stands for it now is this one.
            f"INSERT INTO observation ({','.join(COLUMNS)}) VALUES ({','.join(':' + name for name in COLUMNS)})"
            " ON CONFLICT (id) DO UPDATE SET run=excluded.run, recorded_at=excluded.recorded_at",
            self.observations,
        )
        moved = [(key, state) for key, state in self.states.items() if state.draft is not None]
        db.write_many(_UPSERT, [self._columns(key, state) for key, state in moved])
        db.write_many("INSERT OR IGNORE INTO pending (observation) VALUES (?)", [(row["id"],) for row in self.observations])
        db.write_many(_REPEATS, self.repeats)
        db.write_many("INSERT OR IGNORE INTO search_pending (listing) VALUES (?)", [(row["listing"],) for row in self.observations])
        db.write_many(_TOUCH, [
            (s.first_seen, s.last_seen, s.last_run, s.last_evidence, *s.prior, s.observation, s.content, key)
            for key, s in self.states.items() if s.touched and s.draft is None
        ])  # fmt: skip

    def _write_evidence(self) -> None:
        db, known = self.store.db, self.store.known_evidence
        fresh = {name: ref for name, ref in self.evidence.items() if name not in known}
        for ref in fresh.values():
            path = evidence_path(self.store.home, ref.file)
            if not path.exists():
                raise EvidenceError("the evidence file is not there", path, do="write the record before the observation")
            db.before_commit(ref.file, lambda path=path: self.store.sync_file(path))  # type: ignore[misc]
        db.write_many(
            "INSERT OR IGNORE INTO evidence (id, run, kind, file, offset, length, record_sha256, sha256, url, status, fetched_at)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            [(name, self._owner(r), r.kind, r.file, r.offset, r.length, r.record_sha256, r.sha256, r.url, r.status, r.fetched_at)
             for name, r in fresh.items()],
        )  # fmt: skip
        known.update(fresh)

    def _owner(self, ref: EvidenceRef) -> str:
        """The run that fetched the bytes: another one than this where stored bytes are read again."""
        stem = ref.file.removesuffix(".warc.gz").partition("~")[0]
        known = stem == self.run or self.store.db.value("SELECT 1 FROM run WHERE id = ?", [stem])
        return stem if known else self.run

    def _write_sellers(self) -> None:
        rows, matched = [], []
        for key, made in self.sellers.items():
            if self.store.match_seller is not None and made.listing.seller_name and key not in self.store.known_sellers:
                matched += [(key, entry, name, score, self.now, detail)
                            for entry, name, score, detail in self.store.match_seller(made.listing.seller_name)]  # fmt: skip
            self.store.known_sellers.add(key)
            name = made.listing.seller_name if self.store.keep_seller_names else None
            label = name or f"seller {key[:8]}"
            rows.append((key, made.listing.site, label, made.listing.seller_since, made.listing.seller_ratings, made.observed_at))
        self.store.db.write_many(_SELLER, rows)
        self.store.db.write_many(
            # Seen again the candidate stays as of the first day: what was judged between would else lose its reason in a rebuild.
            "INSERT OR IGNORE INTO screening_candidate (seller, entry, name, score, at, detail) VALUES (?,?,?,?,?,?)", matched
        )

    def _columns(self, key: str, state: _State) -> tuple[Any, ...]:
        made = cast(Draft, state.draft)
        place = self.places[key]
        return (
            key, place.site, place.listing_id, made.values["title"], made.values["url"], made.values["country"], made.seller,
            state.first_seen, state.last_seen, state.last_run, state.last_evidence, *state.prior, state.observation, state.content,
            state.extra_hash, state.latest,
        )  # fmt: skip


# What repeats a page is no news where that page was judged, or known before it came to wait.
_REPEATS = """UPDATE pending SET known=1 WHERE observation = ?
    AND NOT EXISTS (SELECT 1 FROM pending WHERE observation = ? AND known = 0)"""

_UPSERT = """INSERT INTO listing (id, site, listing_id, title, url, country, seller, first_seen, last_seen, last_run, last_evidence,
    prior_seen, prior_run, prior_evidence, observation, content, extra_hash, latest) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
  ON CONFLICT (id) DO UPDATE SET title=excluded.title, url=excluded.url, country=excluded.country, seller=excluded.seller,
    state='live', vanished_at=NULL, first_seen=excluded.first_seen, last_seen=excluded.last_seen, last_run=excluded.last_run,
    last_evidence=excluded.last_evidence, prior_seen=excluded.prior_seen, prior_run=excluded.prior_run,
    prior_evidence=excluded.prior_evidence, observation=excluded.observation, content=excluded.content,
    extra_hash=excluded.extra_hash, latest=excluded.latest"""

# A late arrival leaves a vanished listing vanished; a sighting newer than the last brings it back.
_TOUCH = """UPDATE listing SET first_seen=?1, last_seen=?2, last_run=?3, last_evidence=?4, prior_seen=?5, prior_run=?6, prior_evidence=?7,
    observation=?8, content=?9, state=iif(last_seen < ?2 OR last_run <> ?3, 'live', state),
    vanished_at=iif(last_seen < ?2 OR last_run <> ?3, NULL, vanished_at) WHERE id=?10"""

_SELLER = """INSERT INTO seller (id, site, label, since, ratings, as_of) VALUES (?,?,?,?,?,?)
  ON CONFLICT (id) DO UPDATE SET label=excluded.label, since=coalesce(excluded.since, since),
    ratings=coalesce(excluded.ratings, ratings), as_of=excluded.as_of WHERE excluded.as_of >= as_of"""

__all__ = ["Item", "Recording"]
