"""A rebuild on the workers of a cluster against one machine: the same bytes, and how much sooner.

`python -m bench.cluster [LISTINGS]` (default 3000). Wall times in turns, without the start of the workers; two workers, so that
a machine of two cores can show it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.rebuild import fill, listings

NOW = "2025-07-02T00:00:00Z"
ROUNDS = 3


def main(arguments: list[str]) -> None:
    """Print all figures."""
    from chipwatch.scale.cluster import connected
    from chipwatch.scale.rebuild import Spread
    from chipwatch.scale.snapshot import take
    from config.loader import Config
    from detector.run import detect
    from storage.store import Store

    count, config = int(arguments[0]) if arguments else 3000, Config()
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder)) as store,
        connected(None, 2) as client,
    ):
        fill(store, list(listings(count)), NOW)
        detect(store, config, now=NOW)
        spread = Spread(client, take(config, None, now=NOW))
        rebuilt(store, config, spread)  # the workers compile their knowledge
        ratios = []
        for _ in range(ROUNDS):
            alone_s, alone = rebuilt(store, config, None)
            shared_s, shared = rebuilt(store, config, spread)
            ratios.append(alone_s / shared_s)
            print(f"{count} listings: alone {alone_s:.1f} s, two workers {shared_s:.1f} s, {'the same bytes' if alone == shared else 'OTHER BYTES'}; "
                  f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")  # fmt: skip
    print(f"two workers against one machine's rebuild: {sorted(ratios)[len(ratios) // 2]:.2f} times")


def rebuilt(store: Any, config: Any, spread: Any) -> tuple[float, list[str]]:
    """Seconds of a rebuild, and all that it left."""
    from detector.run import detect

    began = time.perf_counter()
    detect(store, config, now=NOW, rebuild=True, **({"prepare": spread} if spread else {}))
    seconds = time.perf_counter() - began
    rows = [repr(tuple(row)) for row in store.db.rows("SELECT * FROM reading ORDER BY observation")]
    return seconds, rows + [json.dumps(row) for row in store.export_readings()]


if __name__ == "__main__":
    main(sys.argv[1:])
