"""What a scan judges by, pinned: config, market and forest in one file that any worker can unpack.

Left out are settings, schedule and keys: a worker needs none of the desk's secrets, so sellers are strangers to it.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.loader import Config
    from detector.inspect import Inspector
    from storage.store import Store

FILE = "snapshot.zip"
FAMILIES = (
    "chips/*.toml", "controls.toml", "offers/*.toml", "lexicon/*.toml", "money/*.toml", "signals.toml", "places.toml", "market.toml",
    "thresholds.toml", "extraction.toml", "sites/*.toml",
)  # fmt: skip
"""Home files that reading and judging depend on."""
_WHEN = (1980, 1, 1, 0, 0, 0)


class SnapshotError(Exception):
    """Raised if a worker cannot judge by a snapshot: it runs another chipwatch, or the file is damaged."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The packed file. `digest` names it; `versions` are those that stand on every reading."""

    data: bytes

    @property
    def digest(self) -> str:
        """12 hexadecimal letters."""
        return hashlib.sha256(self.data).hexdigest()[:12]

    @property
    def facts(self) -> dict[str, Any]:
        """knowledge, model, thresholds, taken_at, home, peers."""
        try:
            with zipfile.ZipFile(io.BytesIO(self.data)) as package:
                found: dict[str, Any] = json.loads(package.read("facts.json"))
        except (zipfile.BadZipFile, zlib.error, KeyError, ValueError) as error:
            raise _unreadable(error) from error
        return found


def take(config: Config, store: Store | None, *, now: str) -> Snapshot:
    """Pin the config and, where there is a home, its market and the forest in force."""
    files: dict[str, bytes] = {}
    if config.home is not None:
        folder = config.home / "config"
        files = {
            f"config/{p.relative_to(folder)}": p.read_bytes()
            for family in FAMILIES
            for p in folder.glob(family)
        }
    peers: list[Any] = []
    model = None
    if store is not None:
        peers = list(store.known_peers())
        active = store.active_model()
        if active is not None:
            model = str(active["file"])
            files[f"models/{model}"] = (store.home / "models" / model).read_bytes()
    files["peers.json"] = json.dumps(peers).encode()
    facts = {
        "knowledge": config.knowledge_version, "thresholds": config.thresholds_version, "model": model, "taken_at": now,
        "home": store.home_id if store is not None else None, "peers": len(peers),
    }  # fmt: skip
    files["facts.json"] = json.dumps(facts, sort_keys=True).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name in sorted(files):
            package.writestr(zipfile.ZipInfo(name, _WHEN), files[name], zipfile.ZIP_DEFLATED)
    return Snapshot(out.getvalue())


@dataclass(frozen=True)
class Unpacked:
    """A snapshot ready for use."""

    config: Config
    inspector: Inspector


def check(snapshot: Snapshot) -> None:
    """Raises SnapshotError where this chipwatch cannot judge by a snapshot: a second, where unpacking takes five."""
    with _loaded(snapshot):
        pass


def unpack(snapshot: Snapshot) -> Unpacked:
    """Load a snapshot. Raises SnapshotError where this chipwatch's own knowledge is another than the one that was pinned."""
    from detector.inspect import Inspector
    from detector.model import load

    with _loaded(snapshot) as (config, home, facts):
        for family in (
            "catalogue",
            "controls",
            "offers",
            "lexicon",
            "money",
            "signals",
            "places",
            "market",
            "thresholds",
            "extraction",
            "sites",
        ):
            getattr(config, family)  # loaded now: the folder goes
        model = load(home / "models" / facts["model"]) if facts["model"] else None
        peers = json.loads((home / "peers.json").read_bytes())
    return Unpacked(config, Inspector(config, peers=peers, model=model))


@contextmanager
def _loaded(snapshot: Snapshot) -> Iterator[tuple[Config, Path, dict[str, Any]]]:
    """The config of a snapshot, the folder of its files and its facts. Raises SnapshotError."""
    from config.loader import Config

    facts = snapshot.facts
    with tempfile.TemporaryDirectory(prefix="chipwatch-") as folder:
        home = Path(folder)
        try:
            with zipfile.ZipFile(io.BytesIO(snapshot.data)) as package:
                package.extractall(folder)
            json.loads((home / "peers.json").read_bytes())
        except (zipfile.BadZipFile, zlib.error, ValueError, OSError) as error:
            raise _unreadable(error) from error
        (home / "config").mkdir(exist_ok=True)
        config = Config(home)
        here = {"knowledge": config.knowledge_version, "thresholds": config.thresholds_version}
        if other := [name for name, version in here.items() if version != facts[name]]:
            told = ", ".join(f"{name} {here[name]} where the scan was begun with {facts[name]}" for name in other)
            raise SnapshotError(
                f"this chipwatch has {told}: install the same chipwatch everywhere, or scan into a new folder"
            )
        yield config, home, facts


def _unreadable(error: Exception) -> SnapshotError:
    return SnapshotError(f"{FILE} cannot be read: {error}; put it back from a copy, or scan into a new folder")
