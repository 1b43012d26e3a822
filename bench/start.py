"""How long `chipwatch --help` takes beside a process that only imports typer."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

HELP = [sys.executable, "-m", "chipwatch.cli", "--help"]
TYPER = [sys.executable, "-c", "import typer"]


def seconds(command: list[str]) -> float:
    """Wall time of a whole process."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def run(rounds: int = 11) -> None:
    """Print the median of both and the median ratio of the pairs; the aim is 1.3 at most."""
    seconds(HELP), seconds(TYPER)
    pairs = [(seconds(HELP), seconds(TYPER)) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"--help {statistics.median(a for a, _ in pairs):.3f} s, import typer {statistics.median(b for _, b in pairs):.3f} s, ratio {ratio:.2f} (aim 1.3)")
