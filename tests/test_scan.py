"""Scans of small generated archives on a cluster of this machine: what is found, what is kept, what a stop costs."""

from __future__ import annotations

import errno
import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")
pytest.importorskip("fastwarc")

from bench._archives import DAMAGES, Case, Planted, write_archive
from chipwatch.scale import parquet, sources
from chipwatch.scale import scan as scanning
from chipwatch.scale.bring import bring
from chipwatch.scale.chain import Result, Scanner
from chipwatch.scale.cluster import ClusterError, connected
from chipwatch.scale.scan import Refusal, Scan
from chipwatch.scale.snapshot import Snapshot, SnapshotError, take, unpack
from config.loader import Config
from detector.run import detect
from storage import whole as whole_files
from storage.errors import StorageError
from storage.ledger import Entry, Ledger
from storage.store import Store
from storage.verify import verify

NOW = "2026-05-01T00:00:00Z"
CASES = (
    Case("plain", "H100", "en", "utf-8"), Case("plain", "H-100", "zh", "gb18030"), Case("plain", "A100", "ja", "cp932"),
    Case("plain", "h800", "ko", "cp949"), Case("plain", "A800", "ru", "cp1251"), Case("plain", "H200", "zh-tw", "big5hkscs"),
    Case("full width", "Ｈ１００", "ja", "utf-8"), Case("Cyrillic look-alikes", "Н100", "en", "utf-8"), Case("plain", "L40S", "de", "entities"),
    Case("plain", "MI300X", "en", "escapes"), Case("letters for digits", "H1OO", "en", "utf-8"), Case("plain", "A100", "en", "utf-16"),
    Case("mathematical bold", "𝐇𝟏𝟎𝟎", "en", "utf-8"), Case("invisible characters", "H\u200b100", "en", "utf-8"), Case("plain", "H20", "zh", "utf-8"),
)  # fmt: skip
PAGES, EVERY = 60, 4


# Every scan starts a cluster of its own and takes half a minute: with the storms of `make soak`.
pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Planted]:
    """Three sound archives, 15 planted pages each, every case once in each."""
    folder = tmp_path_factory.mktemp("archives")
    return [
        p
        for n in range(3)
        for p in write_archive(
            folder / f"part-{n}.warc.gz", PAGES, every=EVERY, seed=n, chosen=CASES, level=1
        )
    ]


@pytest.fixture(scope="module")
def names(archives: list[Planted]) -> list[str]:
    return sorted({p.archive for p in archives})


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return take(Config(), None, now=NOW)


@pytest.fixture(scope="module")
def scanner(snapshot: Snapshot) -> Scanner:
    return Scanner(snapshot)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with connected(None, 2) as found:
        yield found


def run(client: Any, folder: Path, names: list[str], snapshot: Snapshot) -> list[Entry]:
    folder.mkdir(exist_ok=True)
    with Ledger(folder) as ledger, ledger.lock():
        Scan(client, ledger, folder, snapshot, now=lambda: NOW).run(names)
        return ledger.entries()


def rows(folder: Path) -> list[dict[str, Any]]:
    with Ledger(folder) as ledger:
        return list(parquet.read(folder, [e.file for e in ledger.entries() if e.file]))


def counts(entries: list[Entry]) -> list[tuple[Any, ...]]:
    """All that a ledger says but how long it took."""
    return [
        (
            e.archive,
            e.outcome,
            e.records,
            e.pages,
            e.gated,
            e.read,
            e.candidates,
            e.failed,
            e.bytes,
            e.file,
            e.sha256,
        )
        for e in entries
    ]


@pytest.fixture(scope="module")
def whole(
    client: Any, names: list[str], snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An undisturbed scan of the three archives."""
    folder = tmp_path_factory.mktemp("whole")
    run(client, folder, names, snapshot)
    return folder


def test_every_planted_page_is_found_and_nothing_else(whole: Path, archives: list[Planted]) -> None:
    found = rows(whole)
    urls = {row["url"] for row in found}
    assert not [p.case for p in archives if p.url not in urls]
    assert urls == {p.url for p in archives}
    with Ledger(whole) as ledger:
        for entry in ledger.entries():
            assert (entry.outcome, entry.records, entry.pages, entry.candidates) == (
                "done",
                PAGES,
                PAGES,
                PAGES // EVERY,
            )
            assert entry.gated < PAGES // 2 and entry.seconds > 0 and entry.bytes > 1e6
    for row in found:
        assert json.loads(row["reading"])["chips"] and json.loads(row["reasons"])[0]["evidence"] == "bias"
        assert row["chip"] and row["sha256"] and row["captured_at"].startswith("2026-04-")


def test_a_second_scan_does_nothing_and_a_new_archive_is_added(
    client: Any, names: list[str], snapshot: Snapshot, tmp_path: Path
) -> None:
    first = run(client, tmp_path, names[:2], snapshot)
    again = run(client, tmp_path, [*names[:2], names[0]], snapshot)
    assert again == first
    third = run(client, tmp_path, names, snapshot)
    assert third[:2] == first and len(third) == 3


def test_what_was_written_but_not_entered_is_scanned_again_and_counted_once(
    client: Any, whole: Path, names: list[str], snapshot: Snapshot, tmp_path: Path
) -> None:
    with Ledger(whole) as ledger:
        entries = ledger.entries()
    # Killed between the file and its row; and in the middle of a file.
    parquet.write(tmp_path, names[0], rows(whole)[:3])
    (tmp_path / parquet.FOLDER / f"{parquet.name_of(names[1])}.part").write_bytes(b"PAR1half")
    assert counts(run(client, tmp_path, names, snapshot)) == counts(entries)
    assert rows(tmp_path) == rows(whole)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_archive_is_named_and_what_can_be_saved_is_read(
    damage: str, scanner: Scanner, tmp_path: Path
) -> None:
    path = tmp_path / "hurt.warc.gz"
    planted = write_archive(path, 24, every=4, seed=9, damage=damage, chosen=CASES, level=1)
    result = scanner.scan(str(path))
    assert {row["url"] for row in result.rows} == {p.url for p in planted}
    assert (result.records, result.refused) == (24, None)
    assert len(result.damages) == (1 if damage == "cut" else 2)


def test_what_cannot_be_read_at_all_is_failed_and_tried_again(
    client: Any, names: list[str], snapshot: Snapshot, tmp_path: Path
) -> None:
    gone = tmp_path / "late.warc.gz"
    entries = run(client, tmp_path, [names[0], str(gone)], snapshot)
    assert [(e.outcome, e.candidates) for e in entries if e.archive == str(gone)] == [("failed", 0)]
    assert "No such file" in next(e for e in entries if e.outcome == "failed").damages[0][1]
    gone.write_bytes(Path(names[1]).read_bytes())
    assert {e.outcome for e in run(client, tmp_path, [names[0], str(gone)], snapshot)} == {"done"}


def test_a_full_disk_stops_the_scan_and_going_on_gives_the_same(
    client: Any,
    whole: Path,
    names: list[str],
    snapshot: Snapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, calls = whole_files.os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 3:  # the columns, a file of candidates, the next one
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(whole_files.os, "fsync", full)
    with pytest.raises(StorageError, match="no space left"):
        run(client, tmp_path, names, snapshot)
    with Ledger(tmp_path) as ledger:
        assert len(ledger.entries()) == 1
    assert not list((tmp_path / parquet.FOLDER).glob("*.part"))
    monkeypatch.undo()
    with Ledger(whole) as ledger:
        assert counts(run(client, tmp_path, names, snapshot)) == counts(ledger.entries())
    assert rows(tmp_path) == rows(whole)


def test_an_archive_that_holds_nothing_any_more_leaves_nothing(
    client: Any, names: list[str], snapshot: Snapshot, tmp_path: Path
) -> None:
    import pandas

    changing = tmp_path / "changing.warc.gz"
    changing.write_bytes(Path(names[0]).read_bytes())
    assert run(client, tmp_path, [str(changing)], snapshot)[0].candidates == PAGES // EVERY
    assert len(pandas.read_parquet(tmp_path / parquet.FOLDER)) == PAGES // EVERY
    write_archive(changing, 4, every=1000, seed=5, chosen=CASES, level=1)
    assert run(client, tmp_path, [str(changing)], snapshot)[0].candidates == 0
    found = pandas.read_parquet(tmp_path / parquet.FOLDER)
    assert len(found) == 0 and "listing_id" in found


def deadly(archive: str, plugin: str) -> Result:
    """In place of a scan: one archive that kills whoever takes it, among sound ones that take a while."""
    import os
    import time

    if "deadly" in archive:
        os._exit(1)
    time.sleep(0.2)
    return Result(archive, records=1)


def choosy(archive: str, plugin: str) -> Result | Refusal:
    """In place of a scan: a worker that cannot judge, and one that does."""
    from distributed import get_worker

    worker = get_worker()
    return Refusal(worker.address, "it knows another version") if worker.name == 0 else Result(archive, records=1)


def refusing(archive: str, plugin: str) -> Refusal:
    """In place of a scan: no worker can judge."""
    from distributed import get_worker

    return Refusal(get_worker().address, "it knows another version")


def test_an_archive_over_which_workers_die_takes_no_other_with_it(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "scan_archive", deadly)
    with connected(None, 1) as own:
        entries = run(own, tmp_path, ["/deadly.warc.gz", *(f"/sound-{n}.warc.gz" for n in range(4))], snapshot)
    assert [(e.archive, e.outcome) for e in entries if e.outcome != "done"] == [("/deadly.warc.gz", "failed")]
    assert "workers died" in entries[0].damages[0][1] and len(entries) == 5


def test_a_worker_that_knows_something_else_costs_no_archive(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "scan_archive", choosy)
    with connected(None, 2) as own:
        entries = run(own, tmp_path, [f"/{n}.warc.gz" for n in range(12)], snapshot)
        assert [e.outcome for e in entries] == ["done"] * 12
        monkeypatch.setattr(scanning, "scan_archive", refusing)
        with pytest.raises(ClusterError, match="knows another version"):
            run(own, tmp_path / "none", ["/1.warc.gz"], snapshot)
    with Ledger(tmp_path / "none") as ledger:
        assert not ledger.entries()


def test_two_scans_of_one_folder_are_told_apart(tmp_path: Path) -> None:
    with (
        Ledger(tmp_path) as one,
        one.lock(),
        Ledger(tmp_path) as other,
        pytest.raises(StorageError, match="another scan runs"),
        other.lock(),
    ):
        pass


def test_a_wacz_is_read_like_its_warcs(
    whole: Path, names: list[str], scanner: Scanner, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "all.wacz", "w") as package:
        package.writestr("datapackage.json", "{}")
        for name in names:
            package.write(name, f"archive/{Path(name).name}")
    result = scanner.scan(str(tmp_path / "all.wacz"))
    assert (result.refused, result.records) == (None, 3 * PAGES)
    assert sorted(r["url"] for r in result.rows) == sorted(r["url"] for r in rows(whole))
    assert {r["inner"] for r in result.rows} == {f"archive/{Path(n).name}" for n in names}
    (tmp_path / "no.wacz").write_bytes(b"PK nothing")
    assert "is no WACZ" in str(scanner.scan(str(tmp_path / "no.wacz")).refused)


def test_candidates_become_observations_with_evidence(
    whole: Path, archives: list[Planted], tmp_path: Path
) -> None:
    config = Config()
    with Ledger(whole) as ledger:
        done = bring(whole, ledger, tmp_path, config, now=NOW)
        assert sum(r.listings for r in done) == len(archives) and not any(r.errors for r in done)
        assert bring(whole, ledger, tmp_path, config, now=NOW) == []
        assert all(e.imported for e in ledger.entries())
    with Store.open(tmp_path) as store:
        assert verify(tmp_path, store) == []
        judged = detect(store, config, now=NOW)
        assert judged.judged == len(archives)
        known = {o.listing.url for o in store.iter_observations() if o.evidence is not None}
    assert known == {p.url for p in archives}


def test_a_page_that_is_another_now_is_not_imported(whole: Path, names: list[str], tmp_path: Path) -> None:
    from chipwatch.scale.bring import pages

    chosen = [row for row in rows(whole) if row["archive"] == names[0]][:2]
    chosen[0] = {**chosen[0], "sha256": "0" * 64}
    chosen[1] = {**chosen[1], "offset": 3}
    assert ["another record" in str(piece.error) for piece in pages(chosen, Config())] == [True, True]


class _Faulty(http.server.SimpleHTTPRequestHandler):
    """A file server with byte ranges; every third answer is an error, and some are cut."""

    asked = 0
    every = 3

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        kind = type(self)
        kind.asked += 1
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        if kind.every and kind.asked % kind.every == 0:
            self.send_error(503)
            return
        data = path.read_bytes()
        span = self.headers.get("Range")
        start, end = 0, len(data)
        if span:
            first, _, last = span.removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last) + 1 if last else len(data), len(data))
        self.send_response(206 if span else 200)
        self.send_header("Content-Length", str(end - start))
        self.send_header("Accept-Ranges", "bytes")
        if span:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.end_headers()
        if body:
            cut = kind.every and kind.asked % 5 == 0
            self.wfile.write(data[start : start + (end - start) // 2] if cut else data[start:end])
            self.close_connection = bool(cut)


@pytest.fixture
def server(names: list[str]) -> Iterator[str]:
    folder = str(Path(names[0]).parent)

    class Handler(_Faulty):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, directory=folder, **kwargs)

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    _Faulty.asked, _Faulty.every = 0, 3
    Handler.asked, Handler.every = 0, 3
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()


def test_a_failing_server_is_asked_again_and_gives_the_same(
    server: str, whole: Path, names: list[str], scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(sources, "PIECE", 100_000)
    results: list[Result] = [scanner.scan(f"{server}/{Path(name).name}") for name in names]
    assert [r.refused for r in results] == [None] * 3 and not any(r.damages for r in results)
    bare = [{k: v for k, v in row.items() if k != "archive"} for row in rows(whole)]
    assert sorted(
        ({k: v for k, v in row.items() if k != "archive"} for r in results for row in r.rows),
        key=lambda r: r["url"],
    ) == sorted(bare, key=lambda r: r["url"])


def test_a_dead_server_is_given_up_after_some_tries(
    server: str, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "FIRST_PAUSE_S", 0.01)
    assert "is not there" in str(scanner.scan(f"{server}/none.warc.gz").refused)
    assert "in 5 tries" in str(scanner.scan("http://127.0.0.1:9/none.warc.gz").refused)


def test_lists_name_archives_beside_them_or_behind_a_prefix(names: list[str], tmp_path: Path) -> None:
    folder = Path(names[0]).parent
    (folder / "all.paths").write_text("# three\n" + "\n".join(Path(n).name for n in names) + "\n\n")
    assert sources.archives([str(folder / "all.paths"), names[0], str(folder)]) == names
    (tmp_path / "far.txt").write_text("crawl/a.warc.gz\n")
    assert sources.archives([str(tmp_path / "far.txt")], "https://data.example/") == [
        "https://data.example/crawl/a.warc.gz"
    ]
    for word, said in (
        (str(tmp_path / "no.warc"), "no such file"),
        (str(tmp_path), "holds none of"),
        (__file__, "neither an archive"),
    ):
        with pytest.raises(sources.SourceError, match=said):
            sources.archives([word])


def test_a_snapshot_is_the_same_bytes_and_refuses_another_chipwatch(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert take(Config(), None, now=NOW) == snapshot
    monkeypatch.setattr(Config, "knowledge_version", "other")
    with pytest.raises(SnapshotError, match="install the same chipwatch"):
        unpack(snapshot)
