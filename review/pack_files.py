"""A hand-over pack as files: report, JSON, the evidence records, how to prove it, and a manifest that `sha256sum -c` reads."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from itertools import chain, count
from pathlib import Path
from string import Template
from threading import Lock
from typing import TYPE_CHECKING, Any

from review.pack import FORMAT, Pack
from review.pack_report import report
from storage.extract import copy_bytes

if TYPE_CHECKING:
    from storage.store import Store

MANIFEST = "MANIFEST.sha256"


PACKED = "packed as {name}, manifest SHA-256 {digest}"
"""The note on every alert of a pack."""

_given: set[Path] = set()
_giving = Lock()


def name_for(home: Path, key: str, now: str, suffix: str = "") -> Path:
    """A name under HOME/packs that no other pack has or gets, by moment and first alert."""
    stem = f"{now.translate({58: None, 45: None})}-{key[:8]}"
    names = (home / "packs" / f"{stem}{end}{suffix}" for end in chain([""], (f"-{number}" for number in count(2))))
    with _giving:
        path = next(path for path in names if not path.exists() and path not in _given)
        _given.add(path)
    return path


def note_packed(store: Store, keys: Iterable[str], target: Path, digest: str, *, who: str, now: str) -> None:
    """Note with the decisions on all these alerts, or on none, that they were packed."""
    with store.transaction():
        for key in dict.fromkeys(keys):
            store.decide(key, "note", who=who, now=now, note=PACKED.format(name=target.name, digest=digest))


def settle(store: Store, home: Path) -> list[str]:
    """End what killed packings left under HOME/packs: what was noted already gets its name, what was not goes; a line on each noted one."""
    told = []
    for part in sorted((home / "packs").glob(".*.part")):
        name, _, process = part.name[1 : -len(".part")].rpartition(".")
        target = part.with_name(name)
        if not process.isdigit() or _at_work(int(process), target):
            continue
        noted = PACKED.format(name=name, digest="")
        if not target.exists() and any((row["note"] or "").startswith(noted) for row in store.decisions()):
            part.rename(target)
            told.append(f"{name}: its packing was stopped after it was noted with the decisions; the pack is there now")
        else:
            _remove(part)
    return told


def _at_work(process: int, target: Path) -> bool:
    if process == os.getpid():
        return target in _given
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write(pack: Pack, home: Path, target: Path, noted: Callable[[str], None] = lambda digest: None) -> str:
    """Write the pack as a new folder, or as a zip file of one folder where `target` ends in .zip; the SHA-256 of its manifest.

    It appears whole or not at all. `noted` is given the digest before it appears, so that no pack goes out without its note; where
    that raises, nothing appears, and where a kill comes between, `settle` gives the noted pack its name.
    Raises FileExistsError for a target that is there, OSError, EvidenceError, and what `noted` raises.
    """
    if target.exists():
        raise FileExistsError(17, "is there already; name a new folder or .zip file", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        digest = (
            _zip(pack, home, beside, target.stem) if target.suffix == ".zip" else _folder(pack, home, beside)
        )
        noted(digest)
    except BaseException:
        _remove(beside)
        raise
    beside.rename(target)
    return digest


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)


def _folder(pack: Pack, home: Path, folder: Path) -> str:
    folder.mkdir()
    last = b""
    for name, data in files(pack, home):
        (folder / name).write_bytes(data)
        last = data
    return hashlib.sha256(last).hexdigest()


def _zip(pack: Pack, home: Path, path: Path, folder: str) -> str:
    # One date for all entries and a fixed order: the same pack is the same file.
    date = tuple(int(pack.made[a:b]) for a, b in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)))
    last = b""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files(pack, home):
            entry = zipfile.ZipInfo(f"{folder}/{name}", date)  # type: ignore[arg-type]
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)
            last = data
    return hashlib.sha256(last).hexdigest()


def files(pack: Pack, home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the pack with its bytes, the manifest last."""
    lines = []
    for name, data in _contents(pack, home):
        lines.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")
        yield name, data
    yield MANIFEST, "".join(lines).encode()


def _contents(pack: Pack, home: Path) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", _readme(pack).encode()
    yield "report.html", report(pack).encode()
    head = {"format": FORMAT, "made": pack.made, "by": pack.who, "home": pack.home, "software": pack.software,
            "contacts": "kept" if pack.contacts else "masked", "problems": list(pack.problems)}  # fmt: skip
    yield "alerts.json", _json({**head, "alerts": list(pack.alerts)})
    yield "versions.json", _json(pack.versions)
    pieces, records, at = [], [], 0
    pointing = _pointing(pack)
    for taken in pack.extract.records:
        row: dict[str, Any] = {
            "pack_offset": None,
            **dataclasses.asdict(taken),
            "observations": pointing.get((taken.file, taken.offset), []),
        }
        if taken.problem is None:
            pieces.append(copy_bytes(home, taken))
            row["pack_offset"], at = at, at + taken.length
        records.append(row)
    yield "evidence.warc.gz", b"".join(pieces)
    yield (
        "records.json",
        _json(
            {
                "records": records,
                "files": [dataclasses.asdict(p) for p in pack.extract.proofs],
                "links": list(pack.links),
            }
        ),
    )


def _pointing(pack: Pack) -> dict[tuple[str, int], list[str]]:
    out: dict[tuple[str, int], list[str]] = {}
    for alert in pack.alerts:
        for seen in alert["observations"]:
            if seen["evidence"]:
                out.setdefault((seen["evidence"]["file"], seen["evidence"]["offset"]), []).append(
                    seen["observation"]
                )
    return out


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n").encode("utf-8", "replace")


def _readme(pack: Pack) -> str:
    text = resources.files("review").joinpath("templates/pack_readme.txt").read_text(encoding="utf-8")
    contacts = (
        "as the sellers wrote them"
        if pack.contacts
        else "masked in report.html and alerts.json, as seen in evidence.warc.gz"
    )
    problems = "\n".join(f"  {problem}" for problem in pack.problems) or "  none"
    return Template(text).substitute(
        made=pack.made, who=_line(pack.who), software=pack.software, home=pack.home, alerts=len(pack.alerts), contacts=contacts, problems=problems,
    )  # fmt: skip


def _line(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())
