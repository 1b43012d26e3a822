"""Unpacking gzip, by the fastest library that is there."""

from __future__ import annotations

from typing import Any

try:
    import isal.isal_zlib as inflate
except ImportError:  # machines for which it is not built
    import zlib as inflate  # type: ignore[no-redef]

BROKEN: type[Exception] = inflate.error  # type: ignore[assignment]
"""Raised by a decompressor for bytes that are no gzip."""
READ = 1 << 20
"""Bytes of the file in memory."""
STEP = 1 << 14
"""Bytes that are unpacked at a time: what stands behind a member's end is copied by the library, so no more than a record has."""


def decompressor() -> Any:
    """One for a gzip member."""
    return inflate.decompressobj(31)
