"""Stored bytes: a page as inert text, proved against its digest, and its WARC record to take away."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from review.desk.visit import Answer, Page, Visit
from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, read, read_record

MOST = 200_000
"""Characters shown; the record holds the rest."""


def stored(visit: Visit) -> Answer:
    """The payload as text: nothing of it is rendered, and no picture or script of it is asked for."""
    ref = visit.store.evidence_of(visit.vars["name"])
    try:
        body, problem = read(visit.store.home, ref), ""
    except EvidenceError as error:
        body, problem = b"", str(error)
    text, encoding = _text(body)
    return visit.page(
        "evidence.html",
        ref=ref,
        text=text[:MOST],
        more=max(len(text) - MOST, 0),
        size=len(body),
        encoding=encoding,
        problem=problem,
    )


def _text(body: bytes) -> tuple[str, str]:
    """The bytes as text by the encoding they name, else UTF-8; what cannot be read shows as U+FFFD."""
    named = re.search(rb"<meta[^>]{0,200}?charset=[\"']?([\w-]{2,20})", body[:4096], re.IGNORECASE)
    for encoding in (named[1].decode("ascii") if named else "", "utf-8"):
        try:
            return body.decode(encoding), encoding
        except (LookupError, UnicodeDecodeError):
            continue
    return body.decode("utf-8", "replace"), "utf-8, in part"


def record(visit: Visit) -> Answer:
    """The compressed record as it stands in the archive: by itself a valid WARC file. What is not what was written is not given out."""
    ref = visit.store.evidence_of(visit.vars["name"])
    try:
        data = _proved(visit.store.home, ref)
    except EvidenceError as error:
        return visit.page("problem.html", status=410, title="The record is not there as it was written", words=str(error))
    named = (
        ("Content-Disposition", f'attachment; filename="{_file(ref)}"'),
        ("X-Chipwatch-Record-SHA256", ref.record_sha256 or ""),
    )
    return Answer(data, kind="application/warc", headers=named)


def _proved(home: Path, ref: EvidenceRef) -> bytes:
    data = read_record(home, ref)
    if hashlib.sha256(data).hexdigest() != ref.record_sha256:
        read(home, ref)  # tells what was taken away on purpose, and most damage, in words of its own
        raise EvidenceError("is not what was written: the record's SHA-256 differs", ref.file, ref.offset, "restore it from a backup")
    return data


def _file(ref: EvidenceRef) -> str:
    stem = re.sub(r"[^\w.-]", "_", ref.file.removesuffix(".warc.gz"), flags=re.ASCII)[-60:]
    return f"{stem}-{ref.offset}.warc.gz"


PAGES = (Page("/evidence/<name>", stored), Page("/evidence/<name>/record", record))
