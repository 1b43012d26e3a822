"""The hash chain over runs: each sealed evidence file, erasure and expiry is a link that holds the one before it.

Whoever changes or cuts what lies behind a link must change every later one; the last link is in the database and in each digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from storage.base import Base
from storage.evidence import FOLDER, Sealed, chain_next, chain_start

GENESIS = "0" * 64


def link_hash(prev: str, row: dict[str, Any]) -> str:
    """The link that follows `prev` for a row of the chain."""
    fields = [
        prev,
        *(row[name] for name in ("origin", "seq", "kind", "subject", "at", "records", "bytes", "head")),
    ]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


class Chain(Base):
    """Adding links and reading the heads."""

    def link(self, kind: str, subject: str, at: str, sealed: Sealed) -> str:
        """Add a link to this home's chain, in the open transaction; the new head."""
        with self.transaction():
            last = self.db.row(
                "SELECT seq, link FROM chain WHERE origin=? ORDER BY seq DESC LIMIT 1", [self.home_id]
            )
            row: dict[str, Any] = {
                "origin": self.home_id, "seq": last["seq"] + 1 if last else 1, "kind": kind, "subject": subject, "at": at,
                "records": sealed.records, "bytes": sealed.bytes, "head": sealed.head, "prev": last["link"] if last else GENESIS,
            }  # fmt: skip
            row["link"] = link_hash(row["prev"], row)
            self.db.write(
                f"INSERT INTO chain ({','.join(row)}) VALUES ({','.join('?' * len(row))})", list(row.values())
            )
        return str(row["link"])

    def chain_heads(self) -> dict[str, str]:
        """The last link of every origin's chain."""
        return {row["origin"]: row["link"] for row in self.db.rows(
            "SELECT origin, link FROM chain c WHERE seq = (SELECT max(seq) FROM chain WHERE origin = c.origin) ORDER BY origin"
        )}  # fmt: skip

    def chain_head(self) -> str:
        """One digest of all heads, for a digest to pin; `verify_evidence` accepts every head that ever was."""
        heads = self.chain_heads()
        if not heads:
            return GENESIS
        return (
            hashlib.sha256(json.dumps(heads, sort_keys=True).encode()).hexdigest()
            if len(heads) > 1
            else next(iter(heads.values()))
        )

    def chain_links(self, files: Iterable[str]) -> list[dict[str, Any]]:
        """The links that seal these evidence files and all later ones of the same chains, in their order."""
        runs = [file.removesuffix(".warc.gz") for file in files]
        sealed = self.db.rows(
            f"SELECT origin, min(seq) AS seq FROM chain WHERE kind='run' AND subject IN ({','.join('?' * len(runs))}) GROUP BY origin",
            runs,
        )
        return [
            dict(row)
            for first in sealed
            for row in self.db.rows(
                "SELECT * FROM chain WHERE origin=? AND seq>=? ORDER BY seq", [first["origin"], first["seq"]]
            )
        ]

    def walk_evidence(self, run: str) -> tuple[Sealed, int]:
        """Walk a run's evidence file: what a seal on its whole records says, and how many torn bytes follow them."""
        from storage.warc import walk

        path = self.home / FOLDER / f"{run}.warc.gz"
        if not path.exists():
            return Sealed(None, 0, 0, None), 0
        records, size, head = 0, 0, chain_start(run)
        for found in walk(path):
            if found.torn:
                break
            # A damaged record in the middle has its place in the chain too: leaving it out would hide it.
            records, size = records + 1, found.offset + found.length
            head = chain_next(head, found.sha256 or GENESIS)
        return Sealed(path.name, records, size, head), path.stat().st_size - size
