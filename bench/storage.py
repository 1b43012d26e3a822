"""Storage beside its rivals, as ratios within one run: `python -m bench.storage [--big]`.

Rates are for a second of processor time. Small: bulk saving against sqlite-utils' `upsert_all` and raw `executemany` of the same rows; recording listings; writing evidence;
opening. `--big` generates 1,000,000 listings with 50,000 alerts beside 10,000 with 500 and asks both the desk's questions
(some ten minutes and 4 GB of disk).
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from storage.alerts import Filter
from storage.evidence import EvidenceWriter
from storage.ids import listing_key
from storage.listing import Listing
from storage.readings import _COLUMNS, _SAVE, _SAVED, Judged
from storage.store import Store

NOW = "2026-03-28T10:00:00Z"
ROUNDS = 5
ROWS = 10_000

_WORDS = [
    "全新",
    "现货",
    "显卡",
    "服务器",
    "拆机",
    "质保",
    "打磨",
    "序列号",
    "发票",
    "深圳",
    "香港",
    "H100",
    "A100",
    "RTX",
    "4090",
    "SXM",
    "PCIe",
    "80GB",
    "new",
    "used",
    "bulk",
    "lot",
    "sealed",
    "invoice",
]


def timed(work: Callable[[], Any]) -> float:
    """Seconds for the work, by the clock."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def burned(work: Callable[[], Any]) -> float:
    """Seconds of processor time for the work: what a shared machine and its disk leave comparable."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def listings(count: int, *, seed: int = 1) -> Iterator[Listing]:
    """Listings of about 1.3 KB a row, a tenth of the sellers with many."""
    chance = random.Random(seed)
    for n in range(count):
        words = chance.choices(_WORDS, k=150)
        yield Listing(
            f"site{n % 20}", str(n), " ".join(words[:9]), url=f"https://site{n % 20}.example/item/{n}", description=" ".join(words),
            price_text=f"¥{n % 9999}", price_amount=str(n % 9999), price_currency="CNY", quantity=n % 9, condition="Used",
            seller_name=f"seller {chance.randrange(count // 5 + 1)}", location="深圳", country=("CN", "US", "DE", "HK")[n % 4],
            observed_at=f"2026-03-{1 + n % 28:02d}T{n % 24:02d}:00:00Z", attributes={"Brand": "NVIDIA"},
        )  # fmt: skip


def judged(store: Store, share: float = 0.05) -> Iterator[Judged]:
    """A judged reading of 1 KB for every observation, a third of which offer a chip; `share` of them high."""
    for n, observation in enumerate(store.iter_observations()):
        high = n % round(1 / share) == 0
        yield Judged.from_document(observation, {
            "site": observation.listing.site, "listing_id": observation.listing.listing_id, "offer": "sale", "restricted": high,
            "chips": [{"chip": ("nvidia-h100-sxm-80gb", "nvidia-a100-pcie-80gb")[n % 2], "count": 1}] if n % 3 == 0 else [], "price": {"unit_usd": n % 30000},
            "quantity": 1, "condition": "used", "score": (n * 7919 % 10_000) / 10_000 if high else 0.0,
            "severity": "high" if high else "none", "signals": [{"signal": "serial_removed", "text": "打磨", "start": 1, "end": 3}],
            "reasons": [{"evidence": f"e{k}", "value": k, "weight": 1.5, "contribution": k * 1.5} for k in range(8)],
            "versions": {"knowledge": "k", "model": "m", "thresholds": "t"},
        }, {f"f{k}": n % (k + 2) for k in range(24)})  # fmt: skip


def fill(store: Store, count: int) -> None:
    """Listings and readings."""
    run = store.begin_run("site0", now=NOW)
    items: list[Any] = []
    for listing in listings(count):
        items.append((listing, None))
        if len(items) == 5000:
            store.record_many(items, run=run, now=NOW)
            items.clear()
    store.record_many(items, run=run, now=NOW)
    store.end_run(run, "ok", NOW)
    rows: list[Judged] = []
    for row in judged(store):
        rows.append(row)
        if len(rows) == 5000:
            store.save_judgements(rows)
            rows.clear()
    store.save_judgements(rows)


def bulk(folder: Path) -> None:
    """Saving readings that exist already, as a rescore does: the store, sqlite-utils' upsert_all, and raw executemany."""
    import sqlite_utils

    with Store.open(folder / "bulk") as store:
        fill(store, ROWS)
        rows = list(judged(store))
        values = [row[:_COLUMNS] for row in rows]
        records = [dict(zip(_SAVED, row, strict=True)) for row in values]
        shutil.copytree(folder / "bulk", folder / "rival")
        rival = sqlite_utils.Database(sqlite3.connect(folder / "rival" / "chipwatch.db"))
        same = ("foreign_keys=ON", "synchronous=NORMAL", "cache_size=-65536")  # as the store's own connection has them
        for pragma in same:
            rival.execute(f"PRAGMA {pragma}")
        raw = sqlite3.connect(folder / "rival" / "chipwatch.db", isolation_level=None)
        for pragma in same:
            raw.execute(f"PRAGMA {pragma}")

        def by_hand() -> None:
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(_SAVE, values)
            raw.execute("COMMIT")

        spent: dict[str, list[float]] = {"store": [], "upsert_all": [], "executemany": []}
        for _ in range(ROUNDS):
            spent["store"].append(burned(lambda: store.save_judgements(rows)))
            spent["upsert_all"].append(
                burned(lambda: rival["reading"].upsert_all(records, pk="observation", batch_size=1000))
            )
            rival.conn.commit()
            spent["executemany"].append(burned(by_hand))
        report_bulk(spent)


def report_bulk(spent: dict[str, list[float]]) -> None:
    best = {name: min(times) for name, times in spent.items()}
    for name, seconds in best.items():
        print(f"  save {ROWS:,} readings, {name:12} {ROWS / seconds:10,.0f} rows/s")
    print(f"  store / upsert_all  {best['upsert_all'] / best['store']:.1f} x   (target 4)")
    print(f"  store / executemany {best['executemany'] / best['store']:.2f} x   (target 0.7)")


def recording(folder: Path) -> None:
    """Listings per second: new ones, the same seen again, the same in pages of 50; and bytes for one."""
    with Store.open(folder / "recording") as store:
        run = store.begin_run("site0", now=NOW)
        items: list[Any] = [(listing, None) for listing in listings(ROWS)]
        new = burned(lambda: store.record_many(items, run=run, now=NOW))
        later = [
            (Listing.from_dict({**one.to_dict(), "observed_at": "2026-04-01T00:00:00Z"}), None)
            for one, _ in items
        ]
        seen = burned(lambda: store.record_many(later, run=run, now=NOW))
        pages = [later[at : at + 50] for at in range(0, ROWS, 50)]
        paged = burned(lambda: [store.record_many(page, run=run, now=NOW) for page in pages])
        plain = sum(len(str(one.to_dict()).encode()) for one, _ in items) / ROWS
        store.db.raw().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        each = store.sizes()["database_bytes_per_observation"]
        index = burned(store.index_search)
    for name, seconds in (
        ("new", new),
        ("seen again", seen),
        ("seen again, 50 a transaction", paged),
        ("indexed for search", index),
    ):
        print(f"  {name:30} {ROWS / seconds:10,.0f} listings/s   {seconds / ROWS * 1e6:6.1f} us each")
    print(f"  {each:,.0f} bytes a first observation in the database; its listing as JSON {plain:,.0f}")


def evidence(folder: Path) -> None:
    """Writing a result page of 59 KB with its request, by gzip level, beside zlib alone and beside warcio."""
    from io import BytesIO

    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    chance = random.Random(2)
    pages = [
        " ".join(
            chance.choices(_WORDS, k=60) + [f"<div class=card id={n}-{k}>" for k in range(2000)]
        ).encode()[:59_000]
        for n in range(60)
    ]
    for level in (1, 3, 4, 9):
        with EvidenceWriter(folder, f"20260328T100000Z-level-{level}aaaaaaa", NOW, level=level) as writer:
            spent = burned(
                lambda w=writer: [
                    w.write(f"https://x.example/{n}", 200, {}, p, NOW, {"A": "b"})
                    for n, p in enumerate(pages)
                ]
            )  # type: ignore[misc]
            alone = burned(lambda at=level: [zlib.compress(page, at) for page in pages])  # type: ignore[misc]
        print(
            f"  level {level}: {spent / 60 * 1e3:5.2f} ms a page (gzip alone {alone / 60 * 1e3:5.2f}), {writer.size / 60:8,.0f} bytes"
        )

    def by_warcio() -> None:
        out = WARCWriter(BytesIO(), gzip=True, warc_version="WARC/1.1")
        for n, page in enumerate(pages):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            out.write_record(
                out.create_warc_record(
                    f"https://x.example/{n}", "response", payload=BytesIO(page), http_headers=head
                )
            )

    print(f"  warcio (level 9, response alone): {burned(by_warcio) / 60 * 1e3:5.2f} ms a page")


def opening(folder: Path) -> None:
    """A process that opens a home and asks for the queue, beside one that only imports sqlite3."""
    Store.open(folder / "opening").close()
    ask = f"from pathlib import Path; from storage.store import Store; Store.open(Path({str(folder / 'opening')!r})).alerts()"
    # As installed: with compiled files, wherever they may be written.
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    spent = {name: min(timed(lambda c=code: subprocess.run([sys.executable, "-c", c], check=True, env=env)) for _ in range(5))  # type: ignore[misc]
             for name, code in (("import sqlite3, json", "import sqlite3, json"), ("open and ask the queue", ask))}  # fmt: skip
    for name, seconds in spent.items():
        print(f"  process: {name:24} {seconds * 1e3:6.0f} ms")


QUESTIONS: dict[str, Callable[[Store], Any]] = {
    "digest: 50 with news not told yet": lambda s: s.news(),
    "queue: first page": lambda s: s.alerts(),
    "queue: one site and country": lambda s: s.alerts(Filter(site="site3", country="HK")),
    "queue: counts by severity": lambda s: s.count_alerts("severity"),
    "alert with its history": lambda s: s.alert(s.db.value("SELECT listing FROM alert LIMIT 1")),
    "listing": lambda s: s.listing(listing_key("site7", "7")),
    "search, two characters, rare": lambda s: s.search("罕见"),
    "search, two characters, everywhere": lambda s: s.search("打磨", limit=50),
    "search, word and run of three": lambda s: s.search("h100 序列号", limit=50),
}
"""What the desk asks; medians of seven."""


def big(folder: Path) -> None:
    """The desk's questions at 10,000 and at 1,000,000 listings."""
    figures: dict[int, dict[str, float]] = {}
    for count in (10_000, 1_000_000):
        with Store.open(folder / f"big{count}") as store:
            seconds = timed(lambda n=count, s=store: fill(s, n))  # type: ignore[misc]
            run = store.begin_run("site0", now=NOW)
            store.record(Listing("site0", "rare", "罕见 H100"), run=run, evidence=None, now=NOW)
            alerting(store)
            indexed = timed(store.index_search)
            store.db.raw().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            sizes = store.sizes()
            print(f"  {count:,} listings: recorded and judged in {seconds:.0f} s, indexed in {indexed:.0f} s, "
                  f"{sizes['database_bytes_per_observation']:,.0f} bytes a listing with reading and index")  # fmt: skip
        with Store.open(folder / f"big{count}", readonly=True) as reader:
            figures[count] = {name: ask_many(reader, ask) for name, ask in QUESTIONS.items()}
    for name in QUESTIONS:
        small, large = figures[10_000][name], figures[1_000_000][name]
        print(f"  {name:36} {small:8.2f} ms  {large:8.2f} ms  {large / small:5.1f} x")


def ask_many(store: Store, ask: Callable[[Store], Any]) -> float:
    ask(store)
    return statistics.median(timed(lambda: ask(store)) for _ in range(7)) * 1e3


def alerting(store: Store) -> None:
    """An alert for every high reading; one in fifty of yesterday and new, a third of the others undecided."""
    with store.transaction():
        store.db.write(
            """INSERT INTO alert (listing, title, state, severity, rank, score, site, country, chip, unit_usd, seller, signals,
                observation, opened_at, news_at, told)
               SELECT l.id, l.title, CASE WHEN abs(random()) % 3 = 0 THEN 'new' ELSE 'dismissed' END, r.severity, 3, r.score, l.site,
                l.country, r.chip, r.unit_usd, l.seller, r.signals, r.observation, o.observed_at, '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z'
               FROM reading r JOIN listing l ON l.id = r.listing JOIN observation o ON o.id = r.observation WHERE r.severity = 'high'"""
        )
        store.db.write(
            "UPDATE alert SET state='new', news_at='2026-03-28T00:00:00Z' WHERE listing IN"
            " (SELECT listing FROM alert ORDER BY listing LIMIT 400)"
        )


def run(folder: Path | None = None, *, with_big: bool = False) -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        for part in (bulk, recording, evidence, opening, *([big] if with_big else [])):
            print(f"storage: {(part.__doc__ or '').splitlines()[0]}")
            part(place)


if __name__ == "__main__":
    run(with_big="--big" in sys.argv)
