"""What ties sellers together, and what people said of a tie. A party is a seller's key, or `listing:KEY` where nobody is named."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from storage.base import Base
from storage.errors import StorageError
from storage.ids import short_hash, utc
from storage.observation import as_json

NOBODY = "listing:"

MOST_PARTIES = 60
"""Parties of one contact or text that are named; what more of them share is a template or a service, and ties nobody."""

LINK_ACTIONS = ("unlink", "link")


class Ties(Base):
    """Near-copies and shared contacts between parties; decisions on them."""

    def tied_by_text(self, party: str) -> list[dict[str, Any]]:
        """Parties with near-copies of this party's texts: party, similarity (the best, 0..1), pairs (of listings)."""
        own, key = _own(party)
        return [
            dict(row)
            for row in self.db.rows(
                _BY_TEXT.format(own=own), {"key": key, "party": party, "most": MOST_PARTIES}
            )
        ]

    def tied_by_contact(self, party: str) -> list[dict[str, Any]]:
        """Contacts of this party that others have too: hash, kind, parties (the others), shared (how many have it, at most MOST_PARTIES + 1)."""
        own, key = _own(party)
        found = []
        for row in self.db.rows(
            f"SELECT DISTINCT c.hash, c.kind FROM listing a JOIN contact c ON c.listing = a.id WHERE {own} LIMIT 50",
            {"key": key},
        ):
            parties = [r[0] for r in self.db.rows(
                f"SELECT DISTINCT {_PARTY} FROM contact c JOIN listing b ON b.id = c.listing WHERE c.hash = ? LIMIT ?", [row["hash"], MOST_PARTIES + 1]
            )]  # fmt: skip
            others = [other for other in parties if other != party]
            if others:
                found.append(
                    {
                        "hash": row["hash"],
                        "kind": row["kind"],
                        "parties": sorted(others),
                        "shared": len(parties),
                    }
                )
        return found

    def parties(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """For each party: label, site, listings, live, alerts (that stand), first_seen, last_seen, title (of one of its listings)."""
        found = {}
        for name in dict.fromkeys(names):
            own, key = _own(name)
            row = self.db.row(_PARTY_ROW.format(own=own), {"key": key})
            if row is not None and row["listings"]:
                found[name] = dict(row)
        return found

    def link_decisions(self, party: str | None = None) -> list[dict[str, Any]]:
        """Decisions on ties, oldest first, of one party or all; `seen` decoded."""
        rows = self.db.rows(
            "SELECT * FROM link_decision WHERE ?1 IS NULL OR ?1 IN (one, two) ORDER BY at, seq, id", [party]
        )
        return [{**dict(row), "seen": json.loads(row["seen"]) if row["seen"] else None} for row in rows]

    def unlinked(self, parties: Sequence[str]) -> set[tuple[str, str]]:
        """Pairs, with one of these parties in it, that a person said are not tied."""
        rows = self.db.rows(
            """SELECT one, two, action FROM link_decision d WHERE one IN (SELECT value FROM json_each(?1))
               UNION ALL SELECT one, two, action FROM link_decision d WHERE two IN (SELECT value FROM json_each(?1))""",
            [json.dumps(list(parties))],
        )
        pairs = {(row["one"], row["two"]) for row in rows}
        return {pair for pair in pairs if self._last_word(*pair) == "unlink"}

    def decide_link(
        self, party: str, other: str, action: str, *, who: str, now: str, why: str, seen: Mapping[str, Any] | None = None
    ) -> str:  # fmt: skip
        """Say that two parties are not tied (`unlink`), or are after all (`link`); the decision's id. `seen` is what was shown.

        Raises StorageError for an unknown action, a party with itself, no reason, or what stands already.
        """
        if action not in LINK_ACTIONS:
            raise StorageError(f"{action!r} is no decision on a tie; one of {', '.join(LINK_ACTIONS)}", party)
        if party == other:
            raise StorageError("cannot be tied to itself", party)
        if not why.strip():
            raise StorageError("needs a reason: it is kept with the decision", party)
        one, two = sorted((party, other))
        with self.transaction():
            if (self._last_word(one, two) or "link") == action:
                raise StorageError(
                    f"was decided already: {action}", f"{one} and {two}", "look at the page again"
                )
            number = self.db.value("SELECT count(*) FROM link_decision WHERE one=? AND two=?", [one, two])
            name = short_hash("link decision", one, two, utc(now, "now"), who, action, why, number)
            self.db.write(
                "INSERT INTO link_decision (id, one, two, at, seq, who, action, why, seen) VALUES (?,?,?,?,?,?,?,?,?)",
                [
                    name,
                    one,
                    two,
                    utc(now, "now"),
                    number,
                    who,
                    action,
                    why,
                    as_json(dict(seen)) if seen else None,
                ],
            )
        return name

    def _last_word(self, one: str, two: str) -> str | None:
        sql = "SELECT action FROM link_decision WHERE one=? AND two=? ORDER BY at DESC, seq DESC, id DESC LIMIT 1"
        found = self.db.value(sql, [one, two])
        return str(found) if found else None


def _own(party: str) -> tuple[str, str]:
    """The condition on `listing a` that names the party's listings, and its key."""
    if party.startswith(NOBODY):
        return "a.id = :key AND a.seller IS NULL", party.removeprefix(NOBODY)
    return "a.seller = :key", party


_PARTY = f"coalesce(b.seller, '{NOBODY}' || b.id)"

_BY_TEXT = f"""SELECT party, max(similarity) AS similarity, count(*) AS pairs FROM (
    SELECT {_PARTY} AS party, k.similarity FROM listing a JOIN likeness k ON k.listing = a.id JOIN listing b ON b.id = k.other
      WHERE {{own}} AND b.state <> 'erased'
    UNION ALL
    SELECT {_PARTY} AS party, k.similarity FROM listing a JOIN likeness k ON k.other = a.id JOIN listing b ON b.id = k.listing
      WHERE {{own}} AND b.state <> 'erased'
  ) WHERE party <> :party GROUP BY party ORDER BY similarity DESC, pairs DESC, party LIMIT :most"""

_PARTY_ROW = """SELECT max(s.label) AS label, max(a.site) AS site, count(*) AS listings, sum(a.state = 'live') AS live,
    sum(t.state IN ('new', 'confirmed', 'escalated', 'snoozed')) AS alerts, min(a.first_seen) AS first_seen, max(a.last_seen) AS last_seen,
    max(a.title) AS title
  FROM listing a LEFT JOIN seller s ON s.id = a.seller LEFT JOIN alert t ON t.listing = a.id WHERE {own}"""
