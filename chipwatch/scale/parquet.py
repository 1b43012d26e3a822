"""The candidates of one archive as a Parquet file: whole or not there, the same bytes for the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.errors import translated
from storage.whole import write_whole

if TYPE_CHECKING:
    import pyarrow

FOLDER = "candidates"
COLUMNS = "columns.parquet"
"""A file without rows."""


def schema() -> pyarrow.Schema:
    """The columns; docs/scale.md says what they mean."""
    import pyarrow as pa

    text = ("archive", "inner", "record_id", "sha256", "url", "captured_at", "site", "listing_id", "title", "offer", "chip", "condition",
            "country", "severity", "reasons", "reading", "listing")  # fmt: skip
    kinds: dict[str, Any] = dict.fromkeys(text, pa.string())
    kinds |= {
        "offset": pa.int64(),
        "chips": pa.list_(pa.string()),
        "signals": pa.list_(pa.string()),
        "restricted": pa.bool_(),
    }
    kinds |= {"unit_usd": pa.float64(), "score": pa.float64(), "quantity": pa.int64()}
    order = ("archive", "inner", "offset", "record_id", "sha256", "url", "captured_at", "site", "listing_id", "title", "offer", "chip",
             "chips", "restricted", "unit_usd", "quantity", "condition", "country", "score", "severity", "signals", "reasons", "reading",
             "listing")  # fmt: skip
    return pa.schema([(name, kinds[name]) for name in order])


def name_of(archive: str) -> str:
    """The file of an archive's candidates: the archive's own name for a person, a digest of its address to tell it apart."""
    stem = archive.rstrip("/").rpartition("/")[2].partition("?")[0]
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "_" for char in stem)[
        :80
    ]
    return f"{plain}-{hashlib.sha256(archive.encode()).hexdigest()[:12]}.parquet"


def write(folder: Path, archive: str, rows: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """Write the rows, put them on the disk, give them their name: (file, SHA-256). Raises StorageError; then nothing is there."""
    name = name_of(archive)
    target = folder / FOLDER / name
    with translated(target):
        data = _packed(rows)
        write_whole(target, data)
    return name, hashlib.sha256(data).hexdigest()


def _packed(rows: Sequence[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema()), sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def prepare(folder: Path) -> None:
    """Make the folder of the candidates, with a file of the columns alone, so that it can be read where nothing is found; half
    files of a scan that was killed go. Raises StorageError."""
    with translated(folder / FOLDER):
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        for half in (folder / FOLDER).glob("*.part"):
            half.unlink()
        if not (folder / FOLDER / COLUMNS).exists():
            write_whole(folder / FOLDER / COLUMNS, _packed(()))


def remove(folder: Path, archive: str) -> None:
    """Take away what an earlier scan found in an archive that holds nothing any more. Raises StorageError."""
    path = folder / FOLDER / name_of(archive)
    with translated(path):
        path.unlink(missing_ok=True)


def is_there(folder: Path, name: str) -> bool:
    """Whether a file of candidates is on the disk."""
    return (folder / FOLDER / name).is_file()


def is_as_written(folder: Path, name: str, sha256: str | None) -> bool:
    """Whether it is there with the bytes that it was written with. Raises StorageError."""
    path = folder / FOLDER / name
    with translated(path):
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def read(folder: Path, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of the named files, in the order of archive, file inside and offset."""
    import pyarrow.parquet as pq

    for name in sorted(names):
        path = folder / FOLDER / name
        with translated(path):
            rows = pq.read_table(path).to_pylist()
        yield from sorted(
            rows, key=lambda row: (row["inner"] or "", row["offset"], row["site"], row["listing_id"])
        )
