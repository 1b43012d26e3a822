"""The STIX bundle against what STIX 2.1 requires of each object; stable, whole, masked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from review.pack import documents
from review.stix import SCO_NAMESPACE, TLP, bundle
from storage.alerts import Filter
from storage.store import Store
from tests import handover, hostile

NOW = "2026-03-04T10:00:00Z"

# Required properties by type, STIX 2.1 (OASIS standard, 10 June 2021): sections 4 (SDO), 6 (SCO), 7.2 and 7.3 (meta), 3.2 (common).
COMMON = {"type", "spec_version", "id", "created", "modified"}
REQUIRED = {
    "identity": COMMON | {"name"}, "observed-data": COMMON | {"first_observed", "last_observed", "number_observed", "object_refs"},
    "note": COMMON | {"content", "object_refs"}, "opinion": COMMON | {"opinion", "object_refs"}, "grouping": COMMON | {"context", "object_refs"},
    "url": {"type", "id", "value"}, "file": {"type", "id", "hashes", "name"},
    "marking-definition": {"type", "spec_version", "id", "created"}, "extension-definition": COMMON | {"created_by_ref", "name", "schema", "version", "extension_types"},
}  # fmt: skip
# And what else each may hold, so that a misspelt property is seen.
OPTIONAL = {"created_by_ref", "object_marking_refs", "extensions"}
ALLOWED = {
    "identity": {"identity_class"}, "observed-data": set(), "note": {"abstract", "authors"}, "opinion": {"explanation", "authors"}, "grouping": {"name", "description"},
    "url": {"spec_version"}, "file": {"spec_version"}, "marking-definition": {"definition_type", "definition", "name"}, "extension-definition": {"description"},
}  # fmt: skip
OPINION = {"strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
TIMES = ("created", "modified", "first_observed", "last_observed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handover.build(tmp_path_factory.mktemp("stix") / "home")


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def of(home: Path, **options: Any) -> dict[str, Any]:
    with Store.open(home, readonly=True) as store:
        found = list(documents(store, Config(home), Filter(states=None)))
        return bundle(found, store.home_id, now=NOW, **options)


def check(made: dict[str, Any]) -> None:
    """Everything that the standard requires of this bundle."""
    assert set(made) == {"type", "id", "objects"} and made["type"] == "bundle"
    ids = [thing["id"] for thing in made["objects"]]
    assert len(set(ids)) == len(ids)
    for thing in made["objects"]:
        kind = thing["type"]
        assert set(thing) >= REQUIRED[kind], kind
        assert set(thing) <= REQUIRED[kind] | ALLOWED[kind] | OPTIONAL, kind
        assert (
            thing["id"].startswith(f"{kind}--")
            and uuid.UUID(thing["id"].split("--")[1]).variant == uuid.RFC_4122
        )
        assert thing.get("spec_version", "2.1") == "2.1"
        assert all(TIME.match(thing[name]) for name in TIMES if name in thing) and thing.get(
            "created", ""
        ) <= thing.get("modified", "9")
        refs = [
            thing.get("created_by_ref"),
            *thing.get("object_refs", ()),
            *thing.get("object_marking_refs", ()),
        ]
        assert {ref for ref in refs if ref} <= set(ids), kind
        assert thing.get("object_refs", ["x"]) and set(thing.get("extensions", ())) <= set(ids)
        no_nothing(thing)
    for thing in made["objects"]:
        if thing["type"] == "observed-data":
            assert (
                1 <= thing["number_observed"] <= 999_999_999
                and thing["first_observed"] <= thing["last_observed"]
            )
            assert {ref.split("--")[0] for ref in thing["object_refs"]} <= {"url", "file"}
        if thing["type"] == "opinion":
            assert thing["opinion"] in OPINION
        if thing["type"] == "extension-definition":
            assert thing["extension_types"] == ["property-extension"]
        if thing["type"] in ("url", "file"):
            own = {name: value for name, value in thing.items() if name not in ("type", "id", "spec_version")}
            canonical = json.dumps(own, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            assert thing["id"] == f"{thing['type']}--{uuid.uuid5(SCO_NAMESPACE, canonical)}"
        for extension in thing.get("extensions", {}).values():
            assert extension["extension_type"] == "property-extension" and all(
                re.fullmatch(r"[a-z0-9_]{3,250}", name) for name in extension
            )


def no_nothing(value: Any) -> None:
    """Null and empty lists or dictionaries are forbidden everywhere (section 2.11 and 3.1)."""
    assert value is not None and value != [] and value != {}
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        no_nothing(inner)


def kinds(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [thing for thing in made["objects"] if thing["type"] == kind]


def test_the_bundle_is_what_the_standard_requires(home: Path) -> None:
    with Store.open(home) as store:
        store.decide(handover.key(store, "1"), "confirm", who="ada", now=NOW, reason="serial-removed")
    made = of(home)
    check(made)
    assert {thing["type"] for thing in made["objects"]} == set(REQUIRED)
    assert len(kinds(made, "observed-data")) == len(kinds(made, "note")) == 2


def test_an_offer_is_told_with_its_address_pages_reasons_and_law(home: Path) -> None:
    made = of(home)
    things = {thing["id"]: thing for thing in made["objects"]}
    (seen,) = [
        t for t in kinds(made, "observed-data") if next(iter(t["extensions"].values()))["listing_id"] == "1"
    ]
    about = next(iter(seen["extensions"].values()))
    assert (
        about["chips"][0]["chip"] == "nvidia-h100-pcie-80gb"
        and about["law"][0]["source"]
        and about["reasons"][0]["evidence"] == "bias"
    )
    refs = [things[ref] for ref in seen["object_refs"]]
    assert (
        refs[0]["value"] == "https://board.example/item/1"
        and len(refs) == 3
        and all(len(r["hashes"]["SHA-256"]) == 64 for r in refs[1:])
    )
    (note,) = [t for t in kinds(made, "note") if t["object_refs"] == [seen["id"]]]
    assert "serial number removed" in note["content"]
    assert seen["number_observed"] == 2 and seen["first_observed"] == "2026-03-02T08:00:00.000Z"


@pytest.mark.parametrize(
    ("actions", "opinion"),
    [
        (("confirm",), "agree"), (("escalate",), "strongly-agree"), (("dismiss",), "disagree"), (("dismiss", "confirm"), "agree"), (("confirm", "undo"), None), (("confirm", "note"), "agree"),
        (("snooze",), None),
    ],
)  # fmt: skip
def test_the_decision_that_stands_is_an_opinion(
    home: Path, actions: tuple[str, ...], opinion: str | None
) -> None:
    with Store.open(home) as store:
        one = handover.key(store, "1")
        for at, action in enumerate(actions):
            now = NOW.replace("10:00", f"1{at}:00")
            if action == "undo":
                store.undo(one, who="ada", now=now)
            else:
                store.decide(
                    one,
                    action,
                    who="ada",
                    now=now,
                    until="2026-04-01T00:00:00Z" if action == "snooze" else None,
                )
    made = of(home)
    check(made)
    assert [thing["opinion"] for thing in kinds(made, "opinion")] == ([opinion] if opinion else [])
    assert all(thing["authors"] == ["ada"] for thing in kinds(made, "opinion"))


def test_made_again_it_updates_the_same_objects(home: Path) -> None:
    first = of(home)
    with Store.open(home) as store:
        store.decide(handover.key(store, "1"), "confirm", who="ada", now=NOW)
    second = of(home)
    ids = {thing["id"]: thing.get("modified", "") for thing in first["objects"]}
    again = {thing["id"]: thing.get("modified", "") for thing in second["objects"] if thing["id"] in ids}
    assert (
        set(again) == set(ids) and sum(again[name] > ids[name] for name in ids) == 2
    )  # the offer and its note
    assert of(home) == second


@pytest.mark.parametrize("tlp", sorted(TLP))
def test_every_object_about_an_offer_is_marked(home: Path, tlp: str) -> None:
    made = of(home, tlp=tlp)
    check(made)
    assert kinds(made, "marking-definition")[0]["definition"] == {"tlp": tlp}
    for thing in made["objects"]:
        if thing["type"] in ("observed-data", "note", "opinion", "grouping"):
            assert thing["object_marking_refs"] == [f"marking-definition--{TLP[tlp]}"]
    with pytest.raises(ValueError, match="no marking"):
        of(home, tlp="purple")


def test_contacts_are_masked(home: Path) -> None:
    assert handover.CONTACT not in json.dumps(of(home), ensure_ascii=False)


def test_no_alert_no_grouping(tmp_path: Path) -> None:
    made = bundle([], "h", now=NOW)
    check(made)
    assert {thing["type"] for thing in made["objects"]} == {
        "marking-definition",
        "identity",
        "extension-definition",
    }


def document(words: str) -> dict[str, Any]:
    """An alert's document whose every outside text is these words."""
    reading = {
        "severity": "high",
        "score": 0.9,
        "offer": "sale",
        "signals": [{"signal": "relabelled", "text": words, "start": None}],
        "chips": [],
        "quantity": None,
    }
    seen = {"observation": "o", "evidence": None, "reading": reading, "said": {"location": words}}
    reason = {"title": "x", "words": words, "contribution": 1.0}
    decision = {
        "id": "d",
        "at": NOW,
        "who": words,
        "action": "confirm",
        "reason": words,
        "note": words,
        "undoes": None,
    }
    return {
        "listing": "ab" * 10, "site": words, "listing_id": words, "url": words, "title": words, "country": "CN", "first_seen": NOW, "last_seen": NOW,
        "alert": {"state": "new", "opened_at": NOW}, "judged_observation": "o", "observations": [seen], "events": [], "decisions": [decision],
        "explained": {"reasons": [reason], "law": []},
    }  # fmt: skip


@hostile.PAYLOADS
def test_hostile_words_stay_words(payloads: tuple[str, ...]) -> None:
    for words in payloads:
        made = bundle([document(words)], "h", now=NOW)
        check(made)
        for thing in made["objects"]:
            for name in ("abstract", "content", "explanation"):
                text = thing.get(name, "")
                assert (
                    not set(text) & set("<>[]`*|\\")
                    and not any(ord(sign) < 32 and sign != "\n" for sign in text)
                    and "\u202e" not in text
                ), words
        assert kinds(made, "url")[0]["value"].startswith(("http://", "https://", "urn:chipwatch:listing:")), (
            words
        )


def test_the_command_writes_the_bundle(made: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "chipwatch.cli", "--home", str(made), "export", "stix", "--tlp", "green"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True)
    check(json.loads(shown.stdout))
    subprocess.run(
        [*words, "--state", "confirmed", "--out", str(tmp_path / "a.json")], capture_output=True, check=True
    )
    assert not kinds(json.loads((tmp_path / "a.json").read_text(encoding="utf-8")), "note")
