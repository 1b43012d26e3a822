"""Alerts as a STIX 2.1 bundle (OASIS, 10 June 2021) for case tools.

Each alert is an observed-data object about the listing's address and the stored page, with what chipwatch knows in a property
extension; its reasons in words are a note on it, the decision that stands is an opinion on it, and a grouping holds them together.
Identifiers follow from the home and the listing, so that a bundle made again updates objects instead of doubling them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from review.plain import quiet
from review.render import weblink

SCO_NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""STIX 2.1 section 2.9: the namespace of identifiers that follow from an observable's own properties."""

OWN_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://chipwatch.invalid/stix")
"""For all other objects, as section 2.9 wants it kept apart."""

# STIX 2.1 section 7.2.1.4: the four markings are fixed, with their identifiers.
TLP = {
    "white": "613f2e26-407d-48c7-9eca-b8e91df99dc9", "green": "34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "amber": "f88d31f6-486f-44da-b317-01333bde0b82", "red": "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}  # fmt: skip

OPINIONS = {"confirm": "agree", "escalate": "strongly-agree", "dismiss": "disagree"}
"""How a decision is said in the vocabulary of opinions: of the claim that this offer deserves a look."""

EXTENSION_DATE = "2026-03-01T00:00:00.000Z"


def bundle(alerts: Iterable[Mapping[str, Any]], home: str, *, now: str, tlp: str = "amber") -> dict[str, Any]:
    """The bundle of these alerts, given as documents of a hand-over pack (`review.pack.Pack.alerts`). `tlp` marks every object.

    Raises ValueError for a marking that is none of white, green, amber, red.
    """
    if tlp not in TLP:
        raise ValueError(f"{tlp!r} is no marking; one of {', '.join(TLP)}")
    maker = _Maker(home, tlp)
    found: dict[str, dict[str, Any]] = {}
    about: list[str] = []
    for alert in alerts:
        for thing in maker.alert(alert):
            found[thing["id"]] = thing
        about += maker.members
    start = [maker.marking(), maker.identity(), maker.extension()]
    group = [maker.grouping(about, now)] if about else []
    return {
        "type": "bundle",
        "id": f"bundle--{uuid.uuid5(OWN_NAMESPACE, f'{home} {now} {sorted(found)}')}",
        "objects": [*start, *found.values(), *group],
    }


class _Maker:
    """Makes the objects of one home."""

    def __init__(self, home: str, tlp: str) -> None:
        self.home, self.tlp = home, tlp
        self.desk = self._id("identity", "desk")
        self.extension_id = self._id("extension-definition", "offer 1")
        self.members: list[str] = []

    def _id(self, kind: str, *words: str) -> str:
        # The extension is the same whoever uses it; all else belongs to the home.
        scope = "" if kind == "extension-definition" else self.home
        return f"{kind}--{uuid.uuid5(OWN_NAMESPACE, ' '.join((kind, scope, *words)))}"

    def _sdo(self, kind: str, key: str, created: str, modified: str, /, **properties: Any) -> dict[str, Any]:
        return {
            "type": kind, "spec_version": "2.1", "id": self._id(kind, key), "created_by_ref": self.desk, "created": created,
            "modified": max(created, modified), "object_marking_refs": [f"marking-definition--{TLP[self.tlp]}"], **properties,
        }  # fmt: skip

    def marking(self) -> dict[str, Any]:
        return {
            "type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{TLP[self.tlp]}", "created": "2017-01-20T00:00:00.000Z",
            "definition_type": "tlp", "name": f"TLP:{self.tlp.upper()}", "definition": {"tlp": self.tlp},
        }  # fmt: skip

    def identity(self) -> dict[str, Any]:
        return {
            "type": "identity", "spec_version": "2.1", "id": self.desk, "created": EXTENSION_DATE, "modified": EXTENSION_DATE,
            "name": f"chipwatch desk {self.home}", "identity_class": "system",
        }  # fmt: skip

    def extension(self) -> dict[str, Any]:
        return {
            "type": "extension-definition", "spec_version": "2.1", "id": self.extension_id, "created_by_ref": self.desk, "created": EXTENSION_DATE,
            "modified": EXTENSION_DATE, "name": "chipwatch offer", "version": "1.0", "extension_types": ["property-extension"],
            "description": "An offer of an export-restricted chip on a marketplace, as read and judged by chipwatch.",
            "schema": "docs/handover.md of chipwatch, 'Case tools': listing, site, listing_id, title, state, severity, score, reasons, signals, chips,"
                      " offer, price, market, quantity, location, country, law, versions",
        }  # fmt: skip

    def alert(self, alert: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The objects of one alert; `members` are then the ids of those a grouping takes."""
        observables = self._observables(alert)
        created = _time((alert["alert"] or {}).get("opened_at") or alert["first_seen"])
        modified = _time(
            max([row["at"] for row in (*alert["events"], *alert["decisions"])], default=alert["first_seen"])
        )
        seen = self._sdo(
            "observed-data", alert["listing"], created, modified, first_observed=_time(alert["first_seen"]), last_observed=_time(alert["last_seen"]),
            number_observed=max(len(alert["observations"]), 1), object_refs=[thing["id"] for thing in observables],
            extensions={self.extension_id: {"extension_type": "property-extension", **_offer(alert)}},
        )  # fmt: skip
        reasons = alert["explained"]["reasons"]
        words = (
            "\n".join(f"{r['contribution']:+.2f} {quiet(r['title'])}: {quiet(r['words'])}" for r in reasons)
            or "Not judged."
        )
        title = f"{alert['site']}: {alert['title']}"
        note = self._sdo(
            "note",
            alert["listing"],
            created,
            modified,
            abstract=quiet(title),
            content=words,
            object_refs=[seen["id"]],
        )
        opinions = [self._opinion(alert, decision, seen["id"]) for decision in _standing(alert["decisions"])]
        self.members = [thing["id"] for thing in (seen, note, *opinions, *observables)]
        return [*observables, seen, note, *opinions]

    def _opinion(self, alert: Mapping[str, Any], decision: Mapping[str, Any], about: str) -> dict[str, Any]:
        at = _time(decision["at"])
        words = "; ".join(
            quiet(word) for word in (decision["action"], decision["reason"], decision["note"]) if word
        )
        return self._sdo(
            "opinion", f"{alert['listing']} {decision['id']}", at, at, opinion=OPINIONS[decision["action"]], explanation=words, authors=[quiet(decision["who"])],
            object_refs=[about],
        )  # fmt: skip

    def grouping(self, members: list[str], now: str) -> dict[str, Any]:
        return self._sdo(
            "grouping", now, _time(now), _time(now), name=f"chipwatch alerts, {now[:10]}", context="suspicious-activity",
            description="Offers that deserve a look. A signal is a reason to look, never a verdict.", object_refs=list(dict.fromkeys(members)),
        )  # fmt: skip

    def _observables(self, alert: Mapping[str, Any]) -> list[dict[str, Any]]:
        address = weblink(alert["url"]) or f"urn:chipwatch:listing:{alert['listing']}"
        out = [_sco("url", {"value": address})]
        for seen in alert["observations"]:
            if evidence := seen["evidence"]:
                name = f"{evidence['file']}@{evidence['offset']}"
                out.append(_sco("file", {"hashes": {"SHA-256": evidence["sha256"]}, "name": name}))
        return list({thing["id"]: thing for thing in out}.values())


def _sco(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """An observable whose identifier follows from its properties, all of which contribute to it (section 2.9, RFC 8785)."""
    canonical = json.dumps(properties, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid5(SCO_NAMESPACE, canonical)}",
        **properties,
    }


def _offer(alert: Mapping[str, Any]) -> dict[str, Any]:
    judged = (
        next(
            (seen for seen in alert["observations"] if seen["observation"] == alert["judged_observation"]),
            None,
        )
        or {}
    )
    reading, said = judged.get("reading") or {}, judged.get("said") or {}
    values = {
        **{name: alert[name] for name in ("listing", "site", "listing_id", "title", "country")}, "state": (alert["alert"] or {}).get("state"),
        **{name: reading.get(name) for name in ("severity", "score", "offer", "chips", "price", "market", "quantity", "reasons", "signals", "versions")},
        "location": said.get("location"), "law": alert["explained"]["law"],
    }  # fmt: skip
    return {name: _plain(value) for name, value in values.items() if value not in (None, [], {}, "")}


def _plain(value: Any) -> Any:
    """Plain data whose texts hold no control character; null and empty values, which STIX forbids, are left out."""
    if isinstance(value, str):
        return "".join(sign if sign.isprintable() else " " for sign in value)
    if isinstance(value, Mapping):
        return {
            _plain(str(name)): _plain(inner) for name, inner in value.items() if inner not in (None, [], {})
        }
    return (
        [_plain(inner) for inner in value if inner is not None] if isinstance(value, (list, tuple)) else value
    )


def _standing(decisions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The last decision that was not taken back, if it is one that can be said as an opinion."""
    decisions = list(decisions)
    undone = {decision["undoes"] for decision in decisions}
    held = [d for d in decisions if d["action"] not in ("note", "undo") and d["id"] not in undone]
    return [d for d in held[-1:] if d["action"] in OPINIONS]


def _time(text: str) -> str:
    return text if "." in text else text.replace("Z", ".000Z")
