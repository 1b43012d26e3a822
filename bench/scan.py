"""Scanning generated archives: recall by spelling and encoding, bytes against a bare read, pages against the naive chain, workers.

`python -m bench.scan [MEGABYTES [STEP]]`: so many megabytes of gzip in archives with a chip on one page in a thousand (default
40; 2048 is what a monthly crawl is judged by), and beside them a small one that holds every STEP-th case (default every one).
All ratios are of one run.
"""

from __future__ import annotations

import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench._archives import DAMAGES, NOT_PROMISED, Planted, cases, found_among, write_archive

PAGES_A_PART = 1000
NAIVE_PAGES = 150
ROUNDS = 3


def main(arguments: list[str]) -> None:
    """Print all figures."""
    megabytes, step = float(arguments[0]) if arguments else 40, int(arguments[1]) if len(arguments) > 1 else 1
    from chipwatch.scale.chain import Scanner
    from chipwatch.scale.snapshot import take
    from config.loader import Config

    snapshot = take(Config(), None, now="2026-05-01T00:00:00Z")
    scanner = Scanner(snapshot)
    print(f"gate: {scanner.gate.engine}, {len(scanner.gate._literals)} literals")
    with tempfile.TemporaryDirectory() as folder:
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
    """Archives of that size together, a chip on one page in a thousand."""
    folder.mkdir()
    planted: list[Planted] = []
    size = number = 0
    while size < megabytes * 1e6 or number < 4:
        path = folder / f"part-{number:05}.warc.gz"
        pages = min(PAGES_A_PART, max(100, int(megabytes * 1e6 / 22_000 / 4)))
        planted += write_archive(
            path, pages, every=1000 if pages == PAGES_A_PART else pages, seed=number, chosen=_promised()
        )
        size += path.stat().st_size
        number += 1
    print(f"archives: {number}, {size / 1e6:.1f} MB gzip, {len(planted)} planted pages")
    return planted, size


def _promised() -> tuple[Any, ...]:
    return tuple(case for case in cases() if case.kind not in NOT_PROMISED)


def _cpu(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    found = act()
    return time.process_time() - began, found


def against_bare(names: list[str], scanner: Any) -> None:
    """CPU of this process for reading, and for reading with the gates, in turns; pages without a chip make all but a few."""
    from chipwatch.scale.chain import Result

    def bare(name: str) -> int:
        from fastwarc.warc import ArchiveIterator, WarcRecordType

        with open(name, "rb") as file:
            return sum(
                len(r.reader.read())
                for r in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True)
            )

    def gated(name: str) -> Result:
        from chipwatch.scale.records import Record, responses

        result = Result(name)
        with open(name, "rb") as file:
            for piece in responses(file):
                if isinstance(piece, Record):
                    result.records += 1
                    scanner.passes(piece.block, result)
        return result

    totals: dict[str, list[float]] = {"bare fastwarc": [], "with the gates": [], "whole scan": []}
    for _ in range(ROUNDS):
        spent, read = 0.0, 0
        for name in names:
            seconds, size = _cpu(lambda name=name: bare(name))  # type: ignore[misc]
            spent, read = spent + seconds, read + size
        totals["bare fastwarc"].append(read / 1e6 / spent)
        seconds, results = _cpu(lambda: [gated(name) for name in names])
        totals["with the gates"].append(read / 1e6 / seconds)
        seconds, _ = _cpu(lambda: [scanner.scan(name) for name in names])
        totals["whole scan"].append(read / 1e6 / seconds)
    best = {what: max(rates) for what, rates in totals.items()}
    for what, rate in best.items():
        print(
            f"{what:<16}{rate:8.1f} MB/s of CPU time, {rate / best['bare fastwarc']:.2f} of bare (aim 0.75)"
        )
    print(
        f"  past the gates: {sum(r.structured for r in results)} of {sum(r.records for r in results)} pages"
    )


def against_naive(name: str, scanner: Any) -> None:
    """Pages a second of the whole chain beside warcio, parsel, extruct, `re`, scikit-learn in batches and sqlite-utils."""
    seconds, pages = _cpu(lambda: _naive(name))
    ours_seconds, result = _cpu(lambda: scanner.scan(name))
    naive, ours = pages / seconds, result.records / ours_seconds
    print(
        f"naive chain {naive:.1f} pages/s, ours {ours:.1f} pages/s: {ours / naive:.1f} times (aim 10); {'with' if _extruct() else 'WITHOUT'} extruct"
    )


def _extruct() -> Any:
    try:
        import extruct
    except ImportError:
        return None
    return extruct


def _naive(name: str) -> int:
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
    pattern = re.compile(
        "|".join(rf"(?<![a-z0-9]){re.escape(alias.lower())}(?![a-z0-9])" for alias in aliases), re.I
    )
    forest = IsolationForest(n_estimators=100, random_state=0).fit(np.random.default_rng(0).random((500, 4)))
    database = sqlite_utils.Database(sqlite3.connect(":memory:"))
    rows: list[dict[str, Any]] = []
    count = 0
    with open(name, "rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type != "response":
                continue
            body = record.content_stream().read().decode("utf-8", "replace")
            page = Selector(body)
            text = " ".join(page.css("body ::text").getall())
            marked = (
                extruct.extract(body, syntaxes=["json-ld", "microdata", "opengraph"], errors="ignore")
                if extruct
                else {}
            )
            rows.append({"url": record.rec_headers.get_header("WARC-Target-URI"), "title": page.css("title::text").get(),
                         "hits": len(pattern.findall(text)), "marked": len(marked.get("json-ld", []))})  # fmt: skip
            count += 1
            if count >= NAIVE_PAGES:
                break
    scores = forest.score_samples(
        np.array([[len(str(r["title"])), r["hits"], r["marked"], 1.0] for r in rows])
    )
    database["page"].upsert_all(
        ({**row, "score": float(s)} for row, s in zip(rows, scores, strict=True)), pk="url"
    )
    return count


def by_workers(folder: Path, names: list[str], planted: list[Planted], snapshot: Any, size: int) -> None:
    """Wall time on one worker and on two, without their start."""
    from chipwatch.scale.cluster import connected
    from chipwatch.scale.scan import Scan
    from storage.ledger import Ledger

    taken = {}
    for workers in (1, 2):
        with connected(None, workers) as client:
            for turn in ("warm", "timed"):
                out = folder / f"{turn}-{workers}"
                out.mkdir()
                with Ledger(out) as ledger:
                    began = time.perf_counter()
                    Scan(client, ledger, out, snapshot, now=lambda: "2026-05-01T00:00:00Z").run(
                        names if turn == "timed" else names[: 2 * workers]
                    )
                    taken[workers] = time.perf_counter() - began
                    entries = ledger.entries()
        records, read = sum(e.records for e in entries), sum(e.bytes for e in entries)
        print(f"{workers} worker(s): {taken[workers]:.1f} s, {records / taken[workers]:.0f} pages/s, {read / 1e6 / taken[workers]:.1f} MB/s, "
              f"{size / 1e6 / taken[workers]:.1f} MB/s of gzip")  # fmt: skip
        print(
            f"  found {sum(found for _, found in found_among(planted, list(_rows(out, entries))))} of {len(planted)} planted, {sum(e.candidates for e in entries)} candidates"
        )
    print(f"two against one: {taken[1] / taken[2]:.2f} (aim 1.5)")


def _rows(out: Path, entries: list[Any]) -> Iterator[dict[str, Any]]:
    from chipwatch.scale import parquet

    return parquet.read(out, [entry.file for entry in entries if entry.file])


if __name__ == "__main__":
    main(sys.argv[1:])
