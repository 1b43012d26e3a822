"""What the hand-over tests share: a small judged home with evidence, a change of price, a contact, decisions; and hostile words."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from config.loader import Config
from detector.run import detect
from storage.evidence import EvidenceWriter
from storage.listing import Listing
from storage.store import Store

DAYS = ("2026-03-02T08:00:00Z", "2026-03-03T08:00:00Z")
CONTACT = "demo_seller00"

OFFERS: tuple[dict[str, Any], ...] = (
    {"listing_id": "1", "title": "NVIDIA H100 80GB PCIe, serial removed", "description": f"Serial numbers removed, no invoice. Add WeChat: {CONTACT}",
     "price_text": "US $9,000", "price_amount": "9000", "price_currency": "USD", "location": "Shenzhen, China", "country": "CN", "seller_id": "s1"},
    {"listing_id": "2", "title": "NVIDIA A100 80GB PCIe x 40 pcs", "description": "Can ship to China without licence, customs handled.",
     "price_text": "US $3,000", "price_amount": "3000", "price_currency": "USD", "location": "Hong Kong", "country": "HK", "seller_id": "s1"},
    {"listing_id": "3", "title": "H100 power cable 12VHPWR", "price_text": "US $12", "price_amount": "12", "price_currency": "USD", "country": "US"},
)  # fmt: skip


def build(home: Path, offers: Iterable[dict[str, Any]] = OFFERS, *, site: str = "board") -> Path:
    """A home in which the offers were seen on two days, the first of them cheaper on the second, and judged each day."""
    offers = tuple(offers)
    if offers != OFFERS or site != "board":
        return _build(home, offers, site)
    # The usual one is judged once for each test process and copied.
    shutil.copytree(_usual(), home)
    return home


@cache
def _usual() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="chipwatch-handover-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _build(folder / "home", OFFERS, "board")


def _build(home: Path, offers: tuple[dict[str, Any], ...], site: str) -> Path:
    with Store.open(home) as store:
        for day, now in enumerate(DAYS):
            run = store.begin_run(site, now=now)
            writer = EvidenceWriter(store.home, run, now, known=store.find_payload)
            rows = []
            for offer in offers:
                said = dict(offer)
                if day and offer is offers[0]:
                    said |= {"price_text": "US $7,500", "price_amount": "7500"}
                address = f"https://{site}.example/item/{said['listing_id']}"
                ref = writer.write(
                    address, 200, {"Content-Type": "application/json"}, json.dumps(said).encode(), now, {"User-Agent": "chipwatch"}, "192.0.2.7",
                    tls={"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384"},
                )  # fmt: skip
                rows.append((Listing(site=site, url=address, **said), ref))
            store.record_many(rows, run=run, now=now)
            store.end_run(
                run,
                "ok",
                now,
                {"pages": len(rows), "listings": len(rows), "new": 0 if day else len(rows)},
                evidence=writer.close(),
            )
            detect(store, Config(home), now=now)
    return home


def key(store: Store, listing_id: str, site: str = "board") -> str:
    return store.find_listing(f"{site}/{listing_id}")
