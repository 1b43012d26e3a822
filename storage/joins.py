"""What becomes of each table's rows when another home is joined: SQL, the attached home being `other`.

A rule on a key that both hold chooses by what the rows say, never by whose they are, and gives the same in whatever order many
homes come: the later, the earlier, or the greatest by a fixed order. What follows from other rows is not chosen here but worked
out again (`storage.settle`).
"""

from __future__ import annotations


def _union(table: str, columns: str, *rules: str, only: str = "true") -> str:
    """Rows the other home has; `rules` settle a key that both have."""
    settle = f"DO UPDATE SET {', '.join(rules)}" if rules else "DO NOTHING"
    return f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM other.{table} WHERE {only} ON CONFLICT {settle}"


def _chosen(rule: str, columns: str) -> list[str]:
    """Take the other's columns where the rule holds."""
    return [f"{name}=iif({rule}, excluded.{name}, {name})" for name in columns.split(", ")]


def _least(*columns: str) -> list[str]:
    """The lesser of two values, or the one that is known."""
    return [f"{n}=min(coalesce({n}, excluded.{n}), coalesce(excluded.{n}, {n}))" for n in columns]


def _greatest(*columns: str) -> list[str]:
    """The greater of two values, or the one that is known."""
    return [f"{n}=max(coalesce({n}, excluded.{n}), coalesce(excluded.{n}, {n}))" for n in columns]


def _unless_gone(column: str) -> str:
    """Text that an erasure took away in one home is gone."""
    return f"{column}=iif(excluded.{column} IS NULL, NULL, {column})"


# What was done in the knowledge of a decision anywhere was done in its knowledge.
_KNEW = "knew=iif((length(excluded.knew), excluded.knew) > (length(knew), knew), excluded.knew, knew)"

_RUN = ("site, kind, started_at, ended_at, outcome, detail, quarantined, quarantine_note, pages, listings, new, changed, counts, stats,"
        " facts, home, evidence_file, evidence_records, evidence_bytes, evidence_head, evidence_gone")  # fmt: skip
_OBSERVATION = ("listing, observed_at, recorded_at, run, evidence, changed, content, title, description, price_text, price_amount,"
                " price_currency, quantity, condition, category, location, ships_to, country, language, url, posted_at, seller, extra,"
                " erased_at")  # fmt: skip
_LISTING = ("title, url, country, seller, vanished_at, last_seen, last_run, last_evidence, prior_seen, prior_run, prior_evidence,"
            " observation, content, extra_hash, latest")  # fmt: skip
_ALERT = "title, severity, rank, score, site, country, chip, unit_usd, seller, signals, observation, measured"
_MODEL = "file, sha256, fitted_at, who, why, rows, facts"
_DIGEST = "kind, created_at, since, until, content_hash, chain_head, pinned, alerts, document"

# A sighting by a run that is held in quarantine gives way to any other.
_NEWER_LISTING = ("((SELECT quarantined FROM main.run WHERE id = excluded.last_run) = 0, excluded.last_seen, excluded.vanished_at IS NULL,"
                  " excluded.last_run, coalesce(excluded.extra_hash, '')) > ((SELECT quarantined FROM main.run WHERE id = last_run) = 0,"
                  " last_seen, vanished_at IS NULL, last_run, coalesce(extra_hash, ''))")  # fmt: skip
# By how the run ended, not by what was decided on it since: that may change with the next home.
_EARLIER_OBSERVATION = ("((SELECT outcome FROM main.run WHERE id = excluded.run) IS 'changed', excluded.recorded_at, excluded.run)"
                        " < ((SELECT outcome FROM main.run WHERE id = observation.run) IS 'changed', recorded_at, observation.run)")  # fmt: skip
_LATER_ALERT = """((SELECT observed_at FROM main.observation WHERE id = excluded.observation), excluded.observation, excluded.score,
    excluded.severity, excluded.signals, coalesce(excluded.measured, '')) > ((SELECT observed_at FROM main.observation
    WHERE id = alert.observation), alert.observation, score, severity, signals, coalesce(measured, ''))"""
_LATER_LIST = "(excluded.loaded_at, excluded.sha256) > (loaded_at, sha256)"

RUNS = (
    _union("site", "id, name, country", "name=max(name, excluded.name)", *_greatest("country")),
    # Where people decided on a run, its state is theirs (`settle`); else it is held where any home holds it.
    _union("run", f"id, {_RUN}", "quarantined=max(quarantined, excluded.quarantined)", *_greatest("quarantine_note"),
           "evidence_gone=max(evidence_gone, excluded.evidence_gone)"),
    _union("run_decision", "id, run, at, who, action, why, was, knew", _KNEW),
)  # fmt: skip
"""First, for what counts as the current state of a listing depends on what is in quarantine."""

FACTS = (
    _union("chain", "origin, seq, kind, subject, at, records, bytes, head, prev, link"),
    _union("evidence", "id, run, kind, file, offset, length, record_sha256, sha256, url, status, fetched_at, gone_at, gone_why",
           *_least("gone_at"), "gone_why=coalesce(min(gone_why, excluded.gone_why), gone_why, excluded.gone_why)",
           "url=iif('erasure' IN (coalesce(gone_why, ''), coalesce(excluded.gone_why, '')), NULL, url)"),
    # The other home has no claim on this one's files: what it still owes its own is done there.
    _union("removal", "id, kind, at, who, why, origin, records, listings, observations, listing", *_greatest("listing")),
    _union("seller", "id, site, label, since, ratings, as_of", "label=iif((excluded.as_of, excluded.label) > (as_of, label), excluded.label, label)",
           *_least("since"), *_greatest("ratings", "as_of")),
    _union("observation", f"id, {_OBSERVATION}", *_chosen(_EARLIER_OBSERVATION, _OBSERVATION)),
    _union("listing", f"id, site, listing_id, state, first_seen, {_LISTING}", "first_seen=min(first_seen, excluded.first_seen)",
           f"state=iif('erased' IN (state, excluded.state), 'erased', iif({_NEWER_LISTING}, excluded.state, state))",
           *_chosen(_NEWER_LISTING, _LISTING)),
    # Who lifted it first lifted it.
    _union("mute", "id, scope, value, reason, who, created_at, expires_at, lifted_at, lifted_by, hits", "hits=max(hits, excluded.hits)",
           *_chosen("(coalesce(excluded.lifted_at, '9'), excluded.lifted_by) < (coalesce(lifted_at, '9'), lifted_by)"
                    " OR lifted_at IS NULL", "lifted_at, lifted_by")),
    # State, version and mute follow from the record: see `settle`.
    _union("alert", f"listing, state, opened_at, news_at, told, snooze_until, closed_why, relist_of, muted_by, version, {_ALERT}",
           # Told in either home is told: there was one reader, or each has read it.
           *_least("opened_at"), *_greatest("news_at", "told", "relist_of"), *_chosen(_LATER_ALERT, _ALERT)),
    _union("alert_event", "id, listing, at, kind, observation, score, severity, news, why, knew", _KNEW, _unless_gone("why")),
    _union("decision", "id, listing, at, seq, who, action, reason, note, until, undoes, observation, score, severity, signals, versions,"
           " state_before, source, knew", _KNEW, _unless_gone("note")),
    _union("link_decision", "id, one, two, at, seq, who, action, why, seen", _unless_gone("seen")),
    _union("version", "id, kind, hash, at, who, why, content"),
    # Two homes may have fitted under one name; the file goes with the row (`merge`).
    _union("model", f"id, {_MODEL}, active_from, retired_at", *_least("active_from"),
           *_chosen("(excluded.fitted_at, excluded.sha256) > (fitted_at, sha256)", _MODEL)),
    _union("market_reference", "as_of, offer, chip, form, condition, region, centre_usd, low_usd, high_usd, spread, n, seed_usd, source"),
    _union("digest", f"id, {_DIGEST}", *_chosen("(excluded.created_at, excluded.chain_head, excluded.pinned) > (created_at, chain_head, pinned)",
                                                _DIGEST)),
    _union("delivery", "digest, channel, state, tries, last_at, error", "state=iif('sent' IN (state, excluded.state), 'sent', min(state, excluded.state))",
           "tries=max(tries, excluded.tries)", *_greatest("last_at"), *_greatest("error")),
    _union("sample", "digest, listing, observation, stratum, probability"),
    # A list is the latest that was loaded, whole.
    "DELETE FROM main.screening_entry WHERE list IN (SELECT o.id FROM other.screening_list o JOIN main.screening_list m USING (id)"
    " WHERE (o.loaded_at, o.sha256) > (m.loaded_at, m.sha256))",
    _union("screening_list", "id, name, loaded_at, sha256, rows", *_chosen(_LATER_LIST, "name, loaded_at, sha256, rows")),
    _union("screening_entry", "id, list, name, aliases, countries, program, source, document",
           only="list IN (SELECT id FROM other.screening_list INTERSECT SELECT m.id FROM main.screening_list m JOIN other.screening_list o"
           " USING (id, loaded_at, sha256))"),
    _union("screening_candidate", "seller, entry, name, score, at, detail", "at=min(at, excluded.at)",
           *_chosen("(excluded.score, excluded.name, coalesce(excluded.detail, '')) > (score, name, coalesce(detail, ''))", "name, detail, score")),
)  # fmt: skip
