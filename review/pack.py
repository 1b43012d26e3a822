"""The hand-over pack: all that is known of some alerts, as plain data, ready to be proved by somebody without chipwatch.

Order: look up each listing, its observations with their readings and reasons, and what was decided; find the evidence records;
then the versions and the chain links that all of it stands on. Nothing is written here (`review.pack_files` does that).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from review.desk.cards import Names
from review.masking import masked, masked_text
from storage.errors import StorageError
from storage.extract import Extract, extract
from storage.listing import TEXT_FIELDS

if TYPE_CHECKING:
    from pathlib import Path

    from config.loader import Config
    from detector.controls import ControlBook
    from review.desk.glossary import Glossary
    from storage.alerts import Filter
    from storage.evidence import EvidenceRef
    from storage.observation import Observation
    from storage.store import Store

FORMAT = "chipwatch pack 1"

SELLER_OFFERS = 20
"""Other offers of the same seller that are named; more would hand over a person's whole shop."""

CONTACT = "off_platform_contact"


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that goes into a pack. `alerts`, `versions` and `links` are plain data in the form of the pack's JSON files."""

    made: str
    who: str
    home: str
    software: str
    contacts: bool
    """Whether contact details are left readable in report and JSON; stored pages are always as seen."""
    alerts: tuple[dict[str, Any], ...]
    versions: dict[str, Any]
    extract: Extract
    links: tuple[dict[str, Any], ...]
    problems: tuple[str, ...]
    """What a reader must know before trusting it: evidence that is gone, damaged or was never there."""
    names: Names
    """How the report calls chips, signals and countries; the JSON files keep the codes."""


def collect(
    store: Store, config: Config, keys: Sequence[str], *, now: str, who: str, software: str, contacts: bool = False,
    tell: Callable[[Path], None] = lambda path: None,
) -> Pack:  # fmt: skip
    """Gather what is known of the listings with these keys, in the order given. `tell` hears of each evidence file that is read.

    Raises MissingError for an unknown listing, StorageError for one that was erased on request.
    """
    cases = [_Case(store, config, key, contacts) for key in dict.fromkeys(keys)]
    found = extract(store.home, [ref for case in cases for ref in case.refs()], tell)
    alerts = tuple(case.document() for case in cases)
    bare = [
        f"{alert['site']} {alert['listing_id']}: observation {seen['observation']} has no evidence"
        for alert in alerts
        for seen in alert["observations"]
        if seen["evidence"] is None
    ]
    links = tuple(store.chain_links([proof.file for proof in found.proofs]))
    return Pack(
        now, who, store.home_id, software, contacts, alerts, _versions(store, config, alerts), found, links,
        (*found.problems, *_unsealed(found, links), *bare), Names(config),
    )  # fmt: skip


def _unsealed(found: Extract, links: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Files whose records do not lead to the seal of their run."""
    heads = {f"{link['subject']}.warc.gz": link["head"] for link in links if link["kind"] == "run"}
    for proof in found.proofs:
        if proof.file not in heads:
            yield f"{proof.file}: its run has not ended, so it is not sealed yet"
        elif heads[proof.file] != proof.head:
            yield f"{proof.file}: its records do not lead to the seal of its run; chipwatch evidence verify names what is broken"


def documents(
    store: Store, config: Config, chosen: Filter, *, contacts: bool = False
) -> Iterator[dict[str, Any]]:
    """The chosen alerts as `alerts.json` holds them, severest first; those of listings erased on request are left out."""
    after = None
    while page := store.alerts(chosen, after=after):
        for row in page:
            if row["listing_state"] != "erased":
                yield _Case(store, config, row["listing"], contacts).document()
        after = page[-1]["cursor"]


class _Case:
    """One listing on its way into the pack."""

    def __init__(self, store: Store, config: Config, key: str, contacts: bool) -> None:
        self.store, self.config, self.key, self.contacts = store, config, key, contacts
        self.listing = store.listing(key)
        if self.listing["state"] == "erased":
            raise StorageError("was erased on request: there is nothing left to hand over", key)
        self.history = store.history(key)
        self.alert = store.standing_alerts([key]).get(key)

    def refs(self) -> Iterable[EvidenceRef]:
        """The bytes of every observation, and those it was last seen in."""
        last = self.store.last_sight(self.key)
        return [o.evidence for o in self.history if o.evidence] + ([last] if last else [])

    def document(self) -> dict[str, Any]:
        """The case as `alerts.json` holds it."""
        judged = self.alert["observation"] if self.alert else self.listing["observation"]
        seen = [self._observation(o) for o in self.history]
        current = next((s["reading"] for s in seen if s["observation"] == judged), None) or {}
        more = self.store.alert(self.key) if self.alert else {"events": [], "decisions": self._sampled()}
        return {
            "listing": self.key, **{name: self.listing[name] for name in _LISTING}, "title": self._text(self.listing["title"]),
            "alert": {name: self.alert[name] for name in _ALERT} if self.alert else None,
            "judged_observation": judged, "explained": self._explained(judged, current), "observations": seen,
            "events": [_plain(event, _EVENT) for event in more["events"]],
            "decisions": [self._decision(d) for d in more["decisions"]],
            "seller": self._seller(),
        }  # fmt: skip

    def _text(self, text: str | None) -> str | None:
        return text if text is None or self.contacts else masked(text)

    def _observation(self, seen: Observation) -> dict[str, Any]:
        reading = self.store.reading(seen.id)
        document = reading["document"] if reading else None
        said = seen.listing.to_dict()
        said.pop("site", None), said.pop("listing_id", None)
        if not self.contacts:
            said = masked_listing(said, (document or {}).get("signals", []))
            document = masked_document(document) if document else None
        evidence = seen.evidence
        return {
            "observation": seen.id, "observed_at": seen.observed_at, "recorded_at": seen.recorded_at, "run": seen.run,
            "quarantined": seen.run_quarantined, "changed": list(seen.changed), "said": said,
            "evidence": {**evidence.to_dict(), "record_sha256": evidence.record_sha256, "url": evidence.url, "status": evidence.status,
                         "fetched_at": evidence.fetched_at, "kind": evidence.kind} if evidence else None,
            "reading": document, "judged_at": reading["judged_at"] if reading else None,
        }  # fmt: skip

    def _explained(self, observation: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """The reasons in words, the law in force on the day, and what would change the judgement."""
        from detector import explain

        lines = explain.lines(document, self.config) if document else []
        day = next((o.observed_at[:10] for o in self.history if o.id == observation), None)
        return {
            "observation": observation,
            "reasons": [
                {"evidence": line.evidence, "title": line.title, "words": self._words(line), "contribution": line.contribution,
                 "innocent": list(line.innocent), "next": list(line.next)}
                for line in lines
            ],
            "glosses": self._glosses(document),
            "law": self._law(document, day) if document and day else [],
            "why_not_higher": explain.why_not(document, self.config, self.listing["country"]) if document else ["not read yet"],
        }  # fmt: skip

    def _glosses(self, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the quoted words mean in English, by the lexicon: signal, quote, `meanings` as (words as written, meaning); English quotes are left out."""
        glossary = _glossary(self.config)
        told = [
            {"signal": row["signal"], "text": row["text"], "meanings": [list(pair) for pair in glossary.words(row["text"], row.get("language"), row["signal"])]}
            for row in document.get("signals") or [] if row.get("text")
        ]  # fmt: skip
        return [row for row in told if row["meanings"]]

    def _words(self, line: Any) -> str:
        return str(line.words) if self.contacts else masked(line.words, contact=line.evidence == CONTACT)

    def _law(self, document: Mapping[str, Any], day: str) -> list[dict[str, Any]]:
        from datetime import date

        book, on = _book(self.config), date.fromisoformat(day)
        chips = dict.fromkeys(chip["chip"] for chip in document.get("chips") or [])
        return [{"chip": chip, "on": day, **dataclasses.asdict(book.find(chip, on))} for chip in chips]

    def _decision(self, row: Mapping[str, Any]) -> dict[str, Any]:
        out = _plain(row, _DECISION)
        out["reason_title"] = self.config.decisions.title(row["reason"])
        out["note"] = self._text(out["note"])
        out["signals"] = (row["signals"] or "").split()
        out["versions"] = json.loads(row["versions"]) if row["versions"] else None
        return out

    def _sampled(self) -> list[dict[str, Any]]:
        """Decisions on a listing without an alert: one that was drawn at random."""
        found = [d for d in self.store.decisions() if d["listing"] == self.key]
        return [{**d, "signals": " ".join(d["signals"])} for d in found]

    def _seller(self) -> dict[str, Any] | None:
        if self.listing["seller"] is None:
            return None
        row = self.store.seller(self.listing["seller"])
        others = [offer for offer in row["listings"] if offer["listing"] != self.key]
        return {
            "seller": row["id"], "since": row["since"], "ratings": row["ratings"], "other_offers": len(others),
            "offers": [{**_plain(offer, _OFFER), "title": self._text(offer["title"])} for offer in others[:SELLER_OFFERS]],
        }  # fmt: skip


@lru_cache(maxsize=1)
def _glossary(config: Config) -> Glossary:
    """The lexicon turned round, made once for all alerts of a pack."""
    from review.desk.glossary import Glossary

    return Glossary(config)


@lru_cache(maxsize=1)
def _book(config: Config) -> ControlBook:
    """The rules over the catalogue, which take longer to lay out than to ask."""
    from detector.controls import ControlBook

    return ControlBook(config.catalogue, config.controls)


_LISTING = ("site", "listing_id", "url", "country", "state", "first_seen", "last_seen", "vanished_at")
_ALERT = (
    "state",
    "severity",
    "score",
    "opened_at",
    "news_at",
    "snooze_until",
    "closed_why",
    "relist_of",
    "muted_by",
    "observation",
)
_EVENT = ("at", "kind", "observation", "score", "severity", "why")
_DECISION = (
    "id",
    "at",
    "who",
    "action",
    "reason",
    "note",
    "until",
    "undoes",
    "observation",
    "score",
    "severity",
    "source",
)
_OFFER = (
    "listing",
    "site",
    "listing_id",
    "url",
    "state",
    "offer",
    "chip",
    "unit_usd",
    "score",
    "severity",
    "first_seen",
    "last_seen",
)


def _plain(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def masked_listing(said: Mapping[str, Any], signals: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A listing's fields with contact details as dots, each in its place, so that the signals' places stay true."""
    places: dict[str, list[tuple[int, int]]] = {}
    for signal in signals:
        if signal["signal"] == CONTACT and signal.get("start") is not None:
            places.setdefault(signal["field"], []).append((signal["start"], signal["end"]))
    out = {
        name: masked_text(v, places.get(name, ())) if name in TEXT_FIELDS and isinstance(v, str) else v
        for name, v in said.items()
    }
    if "attributes" in out:
        out["attributes"] = _masked_deep(out["attributes"])
    return out


def masked_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """A reading with contact details in quotes and details as dots; figures, ids and places are left alone."""
    out = dict(document)
    out["signals"] = [_masked_row(row, row["signal"] == CONTACT) for row in document.get("signals") or []]
    out["reasons"] = [_masked_row(row, row["evidence"] == CONTACT) for row in document.get("reasons") or []]
    return out


def _masked_row(row: Mapping[str, Any], contact: bool) -> dict[str, Any]:
    out = dict(row)
    for name in ("text", "detail"):
        if isinstance(out.get(name), str):
            out[name] = masked(out[name], contact=contact, same_length=True)
    return out


def _masked_deep(value: Any) -> Any:
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return {masked_text(str(name)): _masked_deep(inner) for name, inner in value.items()}
    return [_masked_deep(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _versions(store: Store, config: Config, alerts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What made the readings and what was seen at the decisions: hashes, who put them in force, and the cards of the signals."""
    used: dict[str, set[str]] = {"knowledge": set(), "model": set(), "thresholds": set()}
    evidence: set[str] = set()
    for alert in alerts:
        for seen in alert["observations"]:
            document = seen["reading"] or {}
            evidence |= {reason["evidence"] for reason in document.get("reasons") or []}
            _note(used, document.get("versions"))
        for decision in alert["decisions"]:
            _note(used, decision["versions"])
    hashes = set().union(*used.values())
    stood = next((row["id"] for row in store.versions("thresholds") if row["content"]), None)
    return {
        "used": {kind: sorted(values) for kind, values in used.items()},
        "in_force_when_packed": {"knowledge": config.knowledge_version, "thresholds": config.thresholds_version},
        # `stood`: in force since the home was made; it is only put on the log with the first change of it.
        "log": [{**row, "stood": row["id"] == stood} for row in store.versions() if row["hash"] in hashes],
        "models": [row for row in store.models() if row["id"] in hashes],
        "cards": [
            {"id": c.id, "title": c.title, "weight": c.weight, "why": c.why, "innocent": list(c.innocent), "next": list(c.next), "source": c.source}
            for c in config.signals.signal if c.id in evidence
        ] + [
            # Signals that together are evidence of their own have their card among the thresholds.
            {"id": p.id, "title": p.title, "weight": p.weight, "why": p.why, "innocent": list(p.innocent), "next": [], "source": None, "signals": list(p.signals)}
            for p in config.thresholds.pair if p.id in evidence
        ],
    }  # fmt: skip


def _note(used: Mapping[str, set[str]], versions: Mapping[str, Any] | None) -> None:
    for kind, value in (versions or {}).items():
        if value and kind in used:
            used[kind].add(value)
