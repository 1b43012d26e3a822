"""Offers that are strange by their figures while no signal says why: the digest's section beside the alerts.

The forest adds less to a score than one strong sign, so in a queue by score such offers stand behind all flagged ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detector import explain
from detector.judge import Judge
from review.masking import masked

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from config.loader import Config
    from review.desk.cards import Names
    from storage.store import Store

STRANGE = 0.05
"""The share of all offers that counts as strange: at 5 % nine in ten planted oddities are found (docs/judging.md)."""


def without_forest(judge: Judge, replay: Mapping[str, Any]) -> float:
    """What an offer scores by its signs and price alone."""
    return judge.again({**replay, "tail": None})[0]


def strange(
    store: Store, config: Config, names: Names, *, now: str, shown: Container[str], everything: bool
) -> list[dict[str, Any]]:  # fmt: skip
    """The strangest offers that would be no alert without the forest, nor stand among `shown`; each in one digest, with `everything` all again."""
    judge, most = Judge.from_config(config), config.thresholds.alerts.strange_per_digest
    found: list[dict[str, Any]] = []
    for row in store.strange(STRANGE, now=now, everything=everything):
        if len(found) == most:
            break
        if row["listing"] not in shown and without_forest(judge, row["replay"]) < config.thresholds.severity.medium:
            found.append(
                {"listing": row["listing"], "site": row["site"], "listing_id": row["listing_id"], "title": masked(row["title"]),
                 "chip": names.chip(row["chip"]), "words": _words(store, config, row["observation"])}
            )  # fmt: skip
    return found


def _words(store: Store, config: Config, observation: str) -> str:
    document = (store.reading(observation) or {}).get("document") or {}
    return next((line.words for line in explain.lines(document, config) if line.evidence == "forest"), "")
