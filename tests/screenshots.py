"""Pictures of every page of the desk, and of the digest: `python -m tests.screenshots HOME [FOLDER]` (`make screenshots` for the demo's home).

A copy of the home is shown, with some decisions made in it, so that no page is empty. Needs Chromium.
"""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.loader import Config
from review.pack import collect
from review.pack_files import write
from storage.store import Store

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
PERSON = "Ana Ferreira"
DECISIONS = (
    ("confirm", None), ("dismiss", "known-seller"), ("dismiss", "misread"), ("confirm", None), ("escalate", None), ("dismiss", "price-explained"), ("confirm", None),
    ("dismiss", "not-the-chip"), ("confirm", None), ("dismiss", "papers-seen"),
)  # fmt: skip

LOOKS: dict[str, dict[str, Any]] = {
    "": {"viewport": {"width": 1200, "height": 820}},
    "-dark": {"viewport": {"width": 1200, "height": 820}, "color_scheme": "dark"},
    "-phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
}


def prepare(home: Path) -> dict[str, str]:
    """Decide on some alerts and pack one; the addresses to show by the picture's name."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with Store.open(home) as store:
        rows = store.alerts(limit=200)
        for row, (action, reason) in zip(rows[1::19], DECISIONS, strict=False):
            store.decide(row["listing"], action, who=PERSON, now=now, reason=reason)
        if rows and rows[-1]["seller"]:
            store.mute(
                "seller",
                rows[-1]["seller"],
                reason="refurbisher, papers seen",
                who=PERSON,
                now=now,
                until="2099-01-01",
            )
        pack = _packed(store, rows[0]["listing"], now)
        store.index_search()
        standing = store.alerts_by_key([row["listing"] for row in store.alerts(limit=200)])
        shown = max(standing, key=_telling)
        chip, seller = shown["chip"], shown["seller"]
        evidence = store.history(shown["listing"])[0].evidence
        # A site that was not read whole tells the most.
        site = max(store.coverage(), key=lambda row: (row["outcome"] != "ok", row["pages"] or 0))["site"]
    return {
        "queue": "/", "markets": "/market", "alert": f"/alert/{shown['listing']}", "market": f"/market?chip={chip}", "tuning": "/tuning", "tuning-tried": "/tuning?medium=0.5&high=0.95", "sites": "/sites", "site": f"/sites/{site}", "pack": f"/packs/{pack}", "sellers": "/sellers",
        "seller": f"/sellers/{seller}", "search": "/search?q=序列", "record": "/record", "mutes": "/mutes", "data": "/chipwatch/alert", "row": f"/chipwatch/alert/{shown['listing']}",
        **({"evidence": f"/evidence/{evidence.id}"} if evidence else {}),
    }  # fmt: skip


def _packed(store: Store, key: str, now: str) -> str:
    """Make a pack as the desk does, with the note that stands in the record; its name."""
    name = f"{now.translate({58: None, 45: None})}-{key[:8]}.zip"
    made = collect(store, Config(store.home), [key], now=now, who=PERSON, software="chipwatch")
    digest = write(made, store.home, store.home / "packs" / name)
    store.decide(key, "note", who=PERSON, now=now, note=f"packed as {name}, manifest SHA-256 {digest}")
    return name


def _telling(row: dict[str, Any]) -> tuple[Any, ...]:
    """How much of the alert's page an alert fills: an offer for sale with a price near enough to be real, many quotes, a history."""
    quotes = {signal["signal"] for signal in row["document"].get("signals", []) if signal.get("text")}
    return (
        row["offer"] == "sale" and "probable_scam" not in row["signals"],
        row["unit_usd"] is not None,
        len(quotes),
        row["score"],
    )


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, str]]:
    """A desk on a free port: its address and a token."""
    import uvicorn

    from review.desk.app import Desk
    from review.desk.serve import hosts

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        desk = Desk(home, hosts(port))
        token = desk.people.invite(PERSON, "2026-01-01T00:00:00Z")
        server = uvicorn.Server(uvicorn.Config(desk.app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}", token
        finally:
            server.should_exit = True
            thread.join(10)
            desk.close()


def main(home: Path, folder: Path = FOLDER) -> int:
    """Take the pictures; 2 where Chromium is absent."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("there is no Chromium here: install the package chromium", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(shutil.copytree(home, Path(place) / "home"))
        paths = prepare(copy)
        with serving(copy) as (address, token), sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
            )
            for look, options in LOOKS.items():
                page = browser.new_context(**options).new_page()
                page.goto((copy / "digests" / "latest.html").as_uri())
                page.screenshot(path=folder / f"digest{look}.png")
                page.goto(f"{address}/sign-in")
                page.screenshot(path=folder / f"sign-in{look}.png")
                page.goto(f"{address}/sign-in?token={token}")
                for name, path in paths.items():
                    page.goto(address + path)
                    page.screenshot(path=folder / f"{name}{look}.png")
            browser.close()
    print(f"{(len(paths) + 2) * len(LOOKS)} pictures in {folder}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or not (Path(sys.argv[1]) / "chipwatch.db").exists():
        sys.exit(f"{sys.argv[1] if len(sys.argv) > 1 else 'HOME'}: no home here; `make run` makes the demo's")
    sys.exit(main(Path(sys.argv[1]), *map(Path, sys.argv[2:3])))
