"""`make bench`: every measurement of this folder in turn, as ratios in one run. `python -m bench NAME...` runs some."""

from __future__ import annotations

import importlib
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
        module.run() if hasattr(module, "run") else module.main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
