"""A hand-over pack of the marked alerts: written under HOME/packs, noted with the decisions, to be downloaded."""

from __future__ import annotations

import hashlib
import re
import zipfile
from importlib.metadata import version

from review.desk.visit import Answer, NotHere, Page, Refused, Visit
from review.pack import collect
from review.pack_files import MANIFEST, name_for, note_packed, settle, write
from storage.errors import LockedError, StorageError

MOST = 50
"""Alerts of one pack made here; the command line sets no limit."""

_NAME = re.compile(r"[0-9TZ]+-[0-9a-f]{8}(-[0-9]+)?\.zip")


def pack(visit: Visit) -> Answer:
    """Make the pack; where something is gone or damaged, it says so on its page. Raises Refused."""
    keys = list(dict.fromkeys(value.partition(":")[0] for value in visit.form.get("alert", []) if value))
    if not keys:
        raise Refused("Nothing was marked, so nothing was packed.")
    if len(keys) > MOST:
        raise Refused(
            f"{len(keys)} alerts are more than one pack of the desk takes ({MOST}); `chipwatch alerts pack` takes any number."
        )
    now, home, who = visit.now, visit.store.home, visit.person
    left = settle(visit.store, home)
    target = name_for(home, keys[0], now, ".zip")
    try:
        made = collect(visit.store, visit.config, keys, now=now, who=who, software=f"chipwatch {version('chipwatch')}")
        write(
            made, home, target,
            noted=lambda digest: visit.write(lambda store: note_packed(store, keys, target, digest, who=who, now=now)),
        )  # fmt: skip
    except LockedError:
        raise
    except StorageError as error:
        raise Refused(f"Not packed: {error}.") from error
    return visit.go(
        f"/packs/{target.name}",
        *left,
        *(f"In the pack, but with a problem: {problem}" for problem in made.problems[:5]),
    )


def packed(visit: Visit) -> Answer:
    """What a pack holds and how its receiver verifies it."""
    path = visit.store.home / "packs" / _name(visit)
    with zipfile.ZipFile(path) as archive:
        entries = [(entry.filename, entry.file_size) for entry in archive.infolist()]
        digest = hashlib.sha256(archive.read(f"{path.stem}/{MANIFEST}")).hexdigest()
    return visit.page(
        "pack.html",
        name=path.name,
        folder=path.stem,
        entries=entries,
        digest=digest,
        size=path.stat().st_size,
    )


def download(visit: Visit) -> Answer:
    """The pack's zip file."""
    name = _name(visit)
    body = (visit.store.home / "packs" / name).read_bytes()
    return Answer(
        body, kind="application/zip", headers=(("Content-Disposition", f'attachment; filename="{name}"'),)
    )


def _name(visit: Visit) -> str:
    name = visit.vars["name"]
    if not _NAME.fullmatch(name) or not (visit.store.home / "packs" / name).is_file():
        raise NotHere("There is no such pack of the desk.")
    return name


PAGES = (
    Page("/packs", pack, method="POST"),
    Page("/packs/<name>", packed),
    Page("/packs/<name>/file", download),
)
