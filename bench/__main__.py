"""`make bench`: every measurement of this folder in turn, as ratios in one run. `python -m bench NAME...` runs some."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main(wanted: list[str]) -> int:
    """Run the named measurements, all of them if none is named; 2 for an unknown name."""
    unknown = set(wanted) - set(NAMES)
    if unknown:
        print(f"no measurement {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in wanted or NAMES:
        print(f"== {name}", flush=True)
        module = importlib.import_module(f"bench.{name}")
        work = getattr(module, "run", None) or module.main
        needed = [p for p in inspect.signature(work).parameters.values() if p.default is p.empty]
        work(*([] for _ in needed))  # what it takes is a list of words, none of which means its usual measure
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
