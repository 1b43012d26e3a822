"""Scanning generated archives: recall by spelling and encoding, bytes against a bare read, pages against the naive chain, workers.

`python -m bench.scan [MEGABYTES [STEP [FOLDER]]]`: so many megabytes of gzip in archives with a chip on one page in a thousand (default
40), a tenth of them damaged; beside them a small archive that holds every STEP-th case (default every one). FOLDER is where they are made.
All ratios are of one run.
"""

from __future__ import annotations

import os
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from bench._archives import DAMAGES, NOT_PROMISED, Planted, cases, found_among, write_archive

PAGES_A_PART = 1000
NAIVE_PAGES = 200
ROUNDS = 3
LARGE = 200
"""Megabytes from which on archives are packed quickly and scanned once."""


def main(arguments: list[str]) -> None:
    """Print all figures."""
    megabytes, step = float(arguments[0]) if arguments else 40, int(arguments[1]) if len(arguments) > 1 else 1
    from chipwatch.scale.chain import Scanner
    from chipwatch.scale.snapshot import take
    from config.loader import Config

    snapshot = take(Config(), None, now="2026-05-01T00:00:00Z")
    scanner = Scanner(snapshot)
    print(f"gate: {scanner.gate.engine}, {len(scanner.gate.literals)} literals")
    with tempfile.TemporaryDirectory(dir=arguments[2] if len(arguments) > 2 else None) as folder:
        recall(Path(folder), scanner, cases()[::step])
        planted, size = generate(Path(folder) / "many", megabytes)
        names = sorted({str(path) for path in (Path(folder) / "many").glob("*.warc.gz")})
        against_bare(names[:4], scanner)
        against_naive(names[0], scanner)
        by_workers(Path(folder), names, planted, snapshot, size)


def recall(folder: Path, scanner: Any, chosen: tuple[Any, ...]) -> None:
    """Each chosen case once, and each damaged kind."""
    path = folder / "cases.warc.gz"
    planted = write_archive(path, 2 * len(chosen), every=2, level=1, chosen=chosen)
    result = scanner.scan(str(path))
    right, all_of = Counter[str](), Counter[str]()
    wrong = []
    for page, found in found_among(planted, result.rows):
        all_of[page.case.kind] += 1
        right[page.case.kind] += found
        if not found and page.case.kind not in NOT_PROMISED:
            wrong.append(page.case)
    promised = sum(n for kind, n in all_of.items() if kind not in NOT_PROMISED)
    print(
        f"cases: {promised - len(wrong)} of {promised} promised pages found; {len({p.case.encoding for p in planted})} encodings"
    )
    for kind in sorted(all_of):
        print(f"  {kind:<34}{right[kind]:>5} of {all_of[kind]}")
    for case in wrong[:20]:
        print(f"  missed: {case}")
    urls = {p.url for p in planted}
    print(
        f"precision: {sum(row['url'] in urls for row in result.rows)} of {len(result.rows)} candidates are planted"
    )
    for damage in DAMAGES:
        hurt = folder / f"{damage.replace(' ', '-')}.warc.gz"
        sown = write_archive(
            hurt,
            60,
            every=10,
            seed=3,
            damage=damage,
            level=1,
            chosen=tuple(c for c in cases() if c.kind == "plain"),
        )
        done = scanner.scan(str(hurt))
        found = sum(ok for _, ok in found_among(sown, done.rows))
        print(
            f"  damaged, {damage}: {found} of {len(sown)} planted, {done.records} of 60 records, {len(done.damages)} places told"
        )


def generate(folder: Path, megabytes: float) -> tuple[list[Planted], int]:
    """Archives of that size together, a chip on one page in a thousand; every tenth is damaged, by turns of the kinds."""
    from isal import igzip

    folder.mkdir()
    planted: list[Planted] = []
    size = number = 0
    # Packing is nearly all the work: large archives are packed by isal, 6 % looser than gzip does by default.
    how: dict[str, Any] = {"pack": igzip.compress, "level": 3} if megabytes > LARGE else {}
    pages = min(PAGES_A_PART, max(100, int(megabytes * 1e6 / 22_000 / 4)))
    while size < megabytes * 1e6 or number < 4:
        path = folder / f"part-{number:05}.warc.gz"
        damage = DAMAGES[number // 10 % len(DAMAGES)] if number % 10 == 9 else None
        planted += write_archive(
            path, pages, every=pages, seed=number, chosen=_promised(), damage=damage, **how
        )
        size += path.stat().st_size
        number += 1
    print(
        f"archives: {number}, {number // 10} of them damaged, {size / 1e6:.1f} MB gzip, {number * pages} pages, {len(planted)} planted"
    )
    return planted, size


def _promised() -> tuple[Any, ...]:
    return tuple(case for case in cases() if case.kind not in NOT_PROMISED)


def _cpu(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    found = act()
    return time.process_time() - began, found


def against_bare(names: list[str], scanner: Any) -> None:
    """CPU of this process for a bare read, our read, the read with the gates, the whole scan, in turns; the rates are of the
    best round, the ratio is the middle one of the rounds. All but a few pages are without a chip."""
    from chipwatch.scale.chain import Result
    from crawler.warc.pieces import Record
    from crawler.warc.records import responses

    def bare(name: str) -> int:
        from fastwarc.warc import ArchiveIterator, WarcRecordType

        with open(name, "rb") as file:
            found = ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True)
            return sum(len(record.reader.read()) for record in found)

    def ours(name: str, gates: bool) -> Result:
        result = Result(name)
        with open(name, "rb") as file:
            for piece in responses(file):
                result.records += 1
                if gates and isinstance(piece, Record):
                    scanner.passes(piece, result)
        return result

    ways: dict[str, Callable[[str], Any]] = {
        "bare fastwarc": bare, "our read": lambda name: ours(name, False), "with the gates": lambda name: ours(name, True), "whole scan": scanner.scan,
    }  # fmt: skip
    read = sum(map(bare, names))
    spent: dict[str, list[float]] = {what: [] for what in ways}
    passed = Result("all")
    for _ in range(ROUNDS):
        for what, way in ways.items():
            seconds, results = _cpu(lambda way=way: [way(name) for name in names])  # type: ignore[misc]
            spent[what].append(seconds)
            if what == "with the gates":
                passed = Result(
                    "all",
                    records=sum(r.records for r in results),
                    structured=sum(r.structured for r in results),
                )
    for what, seconds_of in spent.items():
        ratio = statistics.median(
            one / other for one, other in zip(spent["bare fastwarc"], seconds_of, strict=True)
        )
        print(
            f"{what:<16}{read / 1e6 / min(seconds_of):8.1f} MB/s of CPU time, {ratio:.2f} of bare (aim 0.75)"
        )
    print(f"  past the gates: {passed.structured} of {passed.records} pages; {_load()}")


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def against_naive(name: str, scanner: Any) -> None:
    """Pages a second of the whole chain beside warcio, parsel, extruct, `re`, scikit-learn in batches and sqlite-utils."""
    naive_seconds, pages = _naive(name)
    seconds, result = _cpu(lambda: scanner.scan(name))
    naive, ours = pages / naive_seconds, result.records / seconds
    print(
        f"naive chain {naive:.1f} pages/s, ours {ours:.1f} pages/s: {ours / naive:.1f} times (aim 10); "
        f"{'with' if _extruct() else 'WITHOUT'} extruct; {_load()}"
    )


def _extruct() -> Any:
    try:
        import extruct
    except ImportError:
        return None
    return extruct


def _naive(name: str) -> tuple[float, int]:
    """CPU seconds for the first pages of an archive, without imports and compiling; and how many they were."""
    import numpy as np
    import sqlite_utils
    from parsel import Selector
    from sklearn.ensemble import IsolationForest
    from warcio.archiveiterator import ArchiveIterator

    from config.loader import Config

    catalogue, extruct = Config().catalogue, _extruct()
    aliases = sorted(
        {alias for chip in catalogue.chip for alias in (*chip.strong, *chip.weak)}, key=len, reverse=True
    )
    # The borders stand once around all names: as part of each, they make `re` seven times slower.
    pattern = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, aliases))})(?![a-z0-9])", re.I)
    forest = IsolationForest(n_estimators=100, random_state=0).fit(np.random.default_rng(0).random((500, 4)))
    database = sqlite_utils.Database(sqlite3.connect(":memory:"))

    def page_row(record: Any) -> dict[str, Any]:
        body = record.content_stream().read().decode("utf-8", "replace")
        page = Selector(body)
        text = " ".join(page.css("body ::text").getall())
        syntaxes = ["json-ld", "microdata", "opengraph"]
        marked = extruct.extract(body, syntaxes=syntaxes, errors="ignore") if extruct else {}
        return {"url": record.rec_headers.get_header("WARC-Target-URI"), "title": page.css("title::text").get(),
                "hits": len(pattern.findall(text)), "marked": len(marked.get("json-ld", []))}  # fmt: skip

    def work() -> int:
        with open(name, "rb") as file:
            responses = (record for record in ArchiveIterator(file) if record.rec_type == "response")
            rows = [page_row(record) for record in islice(responses, NAIVE_PAGES)]
        scores = forest.score_samples(
            np.array([[len(str(r["title"])), r["hits"], r["marked"], 1.0] for r in rows])
        )
        database["page"].upsert_all(
            ({**row, "score": float(s)} for row, s in zip(rows, scores, strict=True)), pk="url"
        )
        return len(rows)

    return _cpu(work)


def by_workers(folder: Path, names: list[str], planted: list[Planted], snapshot: Any, size: int) -> None:
    """Wall time on one worker and on two, without their start, in turns; each cluster waits while the other works."""
    from chipwatch.scale.cluster import connected

    taken: dict[int, list[float]] = {1: [], 2: []}
    with connected(None, 1) as one, connected(None, 2) as two:
        clients = {1: one, 2: two}
        for workers, client in clients.items():
            _scan(client, folder / f"warm-{workers}", names[: 2 * workers], snapshot)
        for turn in range(ROUNDS if size < LARGE * 1e6 else 1):
            for workers, client in clients.items():
                seconds, entries, rows = _scan(client, folder / f"timed-{workers}-{turn}", names, snapshot)
                taken[workers].append(seconds)
                records, read = sum(e.records for e in entries), sum(e.bytes for e in entries)
                print(f"{workers} worker(s): {seconds:.1f} s, {records / seconds:.0f} pages/s, {read / 1e6 / seconds:.1f} MB/s, "
                      f"{size / 1e6 / seconds:.1f} MB/s of gzip; {_load()}")  # fmt: skip
    print(
        f"  found {sum(found for _, found in found_among(planted, rows))} of {len(planted)} planted, {len(rows)} candidates"
    )
    print(
        f"two against one: {statistics.median(a / b for a, b in zip(taken[1], taken[2], strict=True)):.2f} (aim 1.5)"
    )


def _scan(
    client: Any, out: Path, names: list[str], snapshot: Any
) -> tuple[float, list[Any], list[dict[str, Any]]]:
    from chipwatch.scale import parquet
    from chipwatch.scale.scan import Scan
    from storage.ledger import Ledger

    out.mkdir()
    with Ledger(out) as ledger:
        began = time.perf_counter()
        Scan(client, ledger, out, snapshot, now=lambda: "2026-05-01T00:00:00Z").run(names)
        seconds, entries = time.perf_counter() - began, ledger.entries()
    return seconds, entries, list(parquet.read(out, [entry.file for entry in entries if entry.file]))


if __name__ == "__main__":
    main(sys.argv[1:])
