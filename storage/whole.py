"""A file that is there whole or not at all: written beside its place, put on the disk, then moved there in one step."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes | str, *, mode: int = 0o666) -> None:
    """Write a file (text as UTF-8) in the place of what is there, with its folder where that is missing.

    A process killed in between leaves the old file, and beside it a `.part` that the next writing removes. One writer at a time.
    Raises OSError; the old file is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.part")
    half.unlink(missing_ok=True)
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data.encode("utf-8") if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
