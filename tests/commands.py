"""Commands as a person types them, in this process: what they import is loaded once for a file of tests."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from chipwatch import cli


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: its exit status, and what it wrote where."""

    returncode: int
    stdout: str
    stderr: str


def chipwatch(home: Path, *words: str, expect: int = 0) -> Done:
    """Run `chipwatch --home HOME words...`, as its entry point does, with a pipe for a terminal."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with mock.patch.object(sys, "argv", ["chipwatch", "--home", str(home), *words]), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    done = Done(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))  # type: ignore[attr-defined]
    assert done.returncode == expect, done.stderr
    return done
