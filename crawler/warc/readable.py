"""What is read from a place on, as a file: a part of another, or an address."""

from __future__ import annotations

import io
from typing import Any


class Readable(io.RawIOBase):
    """A seekable file of `size` bytes, read from `at` on; `take` gives them."""

    def __init__(self, size: int) -> None:
        self.size, self.at = size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is read."""
        self.at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence])
        return self.at

    def readinto(self, buffer: Any) -> int:
        """Read what fits, and go on behind it."""
        data = self.take(len(buffer))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)

    def take(self, most: int) -> bytes:
        """At most so many bytes from `at` on; none at the end."""
        raise NotImplementedError
