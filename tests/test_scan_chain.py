"""One archive through the whole chain: what is hostile or broken costs itself alone, and is counted and named."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest

pytest.importorskip("distributed")

from chipwatch.scale import bring, parquet, scan
from chipwatch.scale.chain import Result, Scanner, _moment
from chipwatch.scale.snapshot import take
from chipwatch.scale.sources import parts
from config.loader import Config
from crawler.importing import import_file
from crawler.warc.package import broken
from crawler.warc.pieces import Record
from crawler.warc.records import responses
from storage.ledger import Entry, Ledger
from storage.store import Store

NOW = "2026-05-01T00:00:00Z"


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(take(Config(), None, now=NOW), engine="ahocorasick")


def page(sku: str, name: str = "NVIDIA H100 80GB PCIe GPU") -> bytes:
    offer = {"@type": "Offer", "price": 14500, "priceCurrency": "USD"}
    markup = json.dumps({"@context": "https://schema.org", "@type": "Product", "name": name, "sku": sku, "description": "Used, tested.", "offers": offer})
    return f'<!doctype html><html lang=en><head><title>{name}</title><script type="application/ld+json">{markup}</script></head><body>$14500'.encode()


def record(body: bytes, name: str, *, coding: str = "", date: str = "2026-05-01T10:00:00Z") -> bytes:
    coded = f"Content-Encoding: {coding}\r\n" if coding else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{coded}\r\n".encode()
    warc = (f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://shop.example/{name}\r\nWARC-Date: {date}\r\nWARC-Record-ID: <urn:x:{name}>\r\n"
            f"Content-Length: {len(head) + len(body)}\r\n\r\n")  # fmt: skip
    return warc.encode() + head + body + b"\r\n\r\n"


def packed(*records: bytes) -> bytes:
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def scanned(scanner: Scanner, path: Path, data: bytes) -> Result:
    path.write_bytes(data)
    return scanner.scan(str(path))


def ids(result: Result) -> list[str]:
    return [row["listing_id"] for row in result.rows]


def test_packed_pages_are_read_by_scan_and_import_alike(scanner: Scanner, tmp_path: Path) -> None:
    bodies = {"br": brotli.compress(page("br")), "x-gzip": gzip.compress(page("x-gzip")), "br, gzip": gzip.compress(brotli.compress(page("br, gzip")))}
    path = tmp_path / "packed.warc.gz"
    result = scanned(scanner, path, packed(*(record(body, str(n), coding=coding) for n, (coding, body) in enumerate(bodies.items()))))
    assert (ids(result), result.damages, result.failed) == (list(bodies), [], 0)
    with Store.open(tmp_path / "home"):
        pass
    done = import_file(path, tmp_path / "home", Config(), NOW)
    assert (done.listings, done.errors) == (3, 0)


def test_a_page_that_unpacks_without_end_or_cannot_be_unpacked_costs_itself_alone(scanner: Scanner, tmp_path: Path) -> None:
    bomb = gzip.compress(page("bomb") + bytes(40 << 20))
    hostile = [record(bomb, "bomb", coding="gzip"), record(b"\x28\xb5\x2f\xfd" + bytes(99), "zstd", coding="zstd")]
    result = scanned(scanner, tmp_path / "bomb.warc.gz", packed(record(page("1"), "1"), *hostile, record(page("2"), "2")))
    assert {"1", "2"} <= set(ids(result)) and result.records == 4
    assert (result.oversized, result.failed) == (1, 1)
    assert ["zstd" in problem for _, problem in result.damages] == [True]


def test_whatever_a_page_brings_about_is_counted_and_the_next_one_read(
    scanner: Scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = scanner.gate.look

    def look(body: bytes, *rest: Any, **more: Any) -> int:
        if b"hostile" in body[rest[0] : rest[1]]:
            raise MemoryError("what no gate should bring about")
        return real(body, *rest, **more)

    monkeypatch.setattr(scanner.gate, "look", look)
    result = scanned(scanner, tmp_path / "a.warc.gz", packed(record(page("hostile"), "1"), record(page("2"), "2")))
    assert (ids(result), result.failed, result.refused) == (["2"], 1, None)
    assert "MemoryError" in result.damages[0][1]


FIRST, SECOND = ([record(page(f"{name}{n}"), f"{name}{n}") for n in range(3)] for name in "ab")


def wacz(method: int = zipfile.ZIP_STORED, pack: Callable[..., bytes] = packed, ending: str = ".gz") -> bytearray:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as package:
        package.writestr("datapackage.json", "{}")
        for name, records in (("a", FIRST), ("b", SECOND)):
            package.writestr(f"archive/{name}.warc{ending}", pack(*records))
    return bytearray(out.getvalue())


def flipped(data: bytearray, at: int) -> bytearray:
    data[at] ^= 0xFF
    return data


def directory(change: Callable[[bytearray, int], None]) -> bytearray:
    """A package whose list of files is changed at its second entry, a.warc.gz."""
    data = wacz()
    change(data, data.find(b"PK\1\2", data.find(b"PK\1\2") + 1))
    return data


def _set(offset: int, form: str, value: int) -> Callable[[bytearray, int], None]:
    return lambda data, at: struct.pack_into(form, data, at + offset, value)


ALL = [f"{name}{n}" for name in "ab" for n in range(3)]
LAST = ALL[3:]
PACKAGES = {
    "a byte in a record": (flipped(wacz(), wacz().find(packed(*FIRST)) + len(packed(FIRST[0])) + 300), ["a0", *ALL[2:]], "gzip member is broken"),
    "a byte in a name": (flipped(wacz(), wacz().find(b"archive/a")), ALL, None),
    "encrypted": (directory(_set(8, "<H", 1)), LAST, "is encrypted"),
    "another packing": (directory(_set(10, "<H", 99)), LAST, "packed in way 99"),
    "another place": (directory(_set(42, "<I", 77)), LAST, "does not stand where"),
    "cut": (wacz()[:-150], ALL, "is no WACZ"),
    "deflated": (wacz(zipfile.ZIP_DEFLATED, lambda *records: b"".join(records), ""), ALL, None),
    "deflated, broken": (flipped(wacz(zipfile.ZIP_DEFLATED, lambda *records: b"".join(records), ""), 470), None, "byte"),
}  # fmt: skip


@pytest.mark.parametrize("hurt", ["checksum", "end"])
def test_a_broken_end_that_was_seen_is_not_the_end_of_what_is_read_again(hurt: str, tmp_path: Path) -> None:
    # A length that leads beyond the end is looked after there, and then the records are read from where it stands.
    noise = random.Random(1)
    many = [record(page(f"n{n}") + noise.randbytes(3000), f"n{n}") for n in range(1000)]
    many[3] = re.sub(rb"Content-Length: \d+", b"Content-Length: 20000000", many[3], count=1)
    data = wacz(zipfile.ZIP_DEFLATED, lambda *records: b"".join(many), "")
    at = data.find(b"PK\1\2", data.find(b"PK\1\2") + 1)
    if hurt == "checksum":
        data[at + 16] ^= 1
    else:
        struct.pack_into("<I", data, at + 20, struct.unpack_from("<I", data, at + 20)[0] - 2000)
    (tmp_path / "p.wacz").write_bytes(data)
    with parts(str(tmp_path / "p.wacz"))[0].opened() as file:
        found = [piece.url for piece in responses(file) if isinstance(piece, Record)]
        assert broken(file) == {"checksum": "holds other bytes than when it was packed", "end": "is cut short"}[hurt]
    assert len(found) >= 999


@pytest.mark.parametrize("kind", PACKAGES)
def test_damage_inside_a_package_costs_no_more_than_what_it_hits(kind: str, scanner: Scanner, tmp_path: Path) -> None:
    data, found, said = PACKAGES[kind]
    result = scanned(scanner, tmp_path / "p.wacz", bytes(data))
    assert result.refused is None
    assert ids(result) == found or (found is None and ids(result)[-3:] == LAST)
    assert bool(result.damages) == (said is not None)
    assert said is None or any(said in problem for _, problem in result.damages)
    # And each candidate is found again where it stands.
    again = list(bring.pages(result.rows, scanner.config))
    assert [one.error for one in again] == [None] * len(result.rows)


def collection(inner: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    """A package of a package, beside a WARC file of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as outer:
        outer.writestr("archive/own.WARC.GZ", packed(record(page("own"), "own")))
        outer.writestr("crawls/one.wacz", inner)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "place", "said"),
    [
        (collection(bytes(wacz())), "crawls/one.wacz/archive/b.warc.gz", None), (collection(bytes(wacz())[:-150]), "crawls/one.wacz", "no record"),
        (collection(bytes(wacz()), zipfile.ZIP_DEFLATED), "crawls/one.wacz", "no record"),
        (collection(collection(bytes(wacz()))), "crawls/one.wacz/crawls/one.wacz/archive/b.warc.gz", None),
        (collection(collection(collection(collection(bytes(wacz()))))), "/".join(["crawls/one.wacz"] * 3), "no record"),
    ],
    ids=["sound", "without its list", "packed twice", "deep", "too deep"],
)  # fmt: skip
def test_packages_inside_a_package_are_scanned(data: bytes, place: str, said: str | None, scanner: Scanner, tmp_path: Path) -> None:
    result = scanned(scanner, tmp_path / "p.wacz", data)
    assert set(ids(result)) == {"own", *ALL} and result.rows[-1]["inner"] == place
    assert [said in problem for _, problem in result.damages[:1]] == ([True] if said else [])
    again = list(bring.pages(result.rows, scanner.config))
    assert [one.error for one in again] == [None] * len(result.rows)


def test_candidates_of_records_without_a_name_are_all_imported(scanner: Scanner, tmp_path: Path) -> None:
    bare = [one.replace(b"WARC-Record-ID", b"X-Nothing") for one in FIRST]
    for data in (gzip.compress(b"".join(bare)), packed(bare[0] + bare[1], bare[2])):
        result = scanned(scanner, tmp_path / "bare.warc.gz", data)
        found = list(bring.pages(result.rows, scanner.config))
        assert sorted(one.listings[0].listing_id for one in found) == ["a0", "a1", "a2"]


def test_each_home_takes_in_what_it_does_not_have(scanner: Scanner, tmp_path: Path) -> None:
    result = scanned(scanner, tmp_path / "a.warc.gz", packed(*FIRST))
    with Ledger(tmp_path) as ledger:
        file, digest = parquet.write(tmp_path, result.archive, result.rows)
        entry = Entry(result.archive, "done", NOW, candidates=3, file=file, sha256=digest)
        ledger.record(entry)
        for home in ("one", "other"):
            done = [bring.bring(tmp_path, ledger, tmp_path / home, scanner.config, now=NOW) for _ in range(2)]
            assert [[r.listings for r in results] for results in done] == [[3], []]
            with Store.open(tmp_path / home) as store:
                assert len(list(store.iter_observations())) == 3
        # What is scanned anew is brought anew.
        ledger.record(entry)
        assert len(bring.bring(tmp_path, ledger, tmp_path / "one", scanner.config, now=NOW)) == 1


def ledger_of(folder: Path, result: Result) -> Ledger:
    """A ledger in which the result stands, with its candidates beside it."""
    ledger = Ledger(folder)
    file, digest = parquet.write(folder, result.archive, result.rows)
    ledger.record(Entry(result.archive, "done", NOW, size=result.size, candidates=len(result.rows), file=file, sha256=digest))
    return ledger


def test_what_could_not_be_read_for_a_home_is_tried_again(scanner: Scanner, tmp_path: Path) -> None:
    archive, home = tmp_path / "a.warc.gz", tmp_path / "home"
    data = packed(*FIRST)
    result = scanned(scanner, archive, data)
    with ledger_of(tmp_path, result) as ledger:
        def brought() -> list[tuple[str, int, int]]:
            return [(r.outcome, r.listings, r.errors) for r in bring.bring(tmp_path, ledger, home, scanner.config, now=NOW)]

        archive.unlink()
        assert brought() == [("failed", 0, 1)]
        # A copy that was not finished gives what it has; the rest comes when it is whole.
        archive.write_bytes(data[: len(packed(*FIRST[:2]))])
        assert brought() == [("partial", 2, 1)]
        assert brought() == [("partial", 2, 1)]
        archive.write_bytes(data)
        assert brought() == [("ok", 3, 0)]
        assert brought() == []
    with Store.open(home) as store:
        assert sorted(o.listing.listing_id for o in store.iter_observations()) == ["a0", "a1", "a2"]


@pytest.mark.parametrize("change", [None, lambda data: data[:3000], lambda data: bytes(flipped(bytearray(data), 900))], ids=["gone", "cut", "flipped"])
def test_candidates_that_are_not_as_they_were_written_are_named_and_cost_no_others(
    change: Callable[[bytes], bytes] | None, scanner: Scanner, tmp_path: Path
) -> None:
    errors: list[dict[str, Any]] = []
    names = [str(tmp_path / name) for name in ("a.warc.gz", "b.warc.gz")]
    for name, records in zip(names, (FIRST, SECOND), strict=True):
        ledger_of(tmp_path, scanned(scanner, Path(name), packed(*records))).close()
    path = tmp_path / parquet.FOLDER / parquet.name_of(names[0])
    whole = path.read_bytes()
    path.unlink()
    if change:
        path.write_bytes(change(whole))
    with Ledger(tmp_path) as ledger:
        done = bring.bring(tmp_path, ledger, tmp_path / "home", scanner.config, now=NOW, on_error=errors.append)
        assert [(one.outcome, one.listings, one.errors) for one in done] == [("failed", 0, 1), ("ok", 3, 0)]
        assert [path.name in one["error"] and "not as the scan wrote it" in one["error"] for one in errors] == [True]
        path.unlink(missing_ok=True)
        # Then the archive is not done.
        assert [name for name, _ in scan.todo(ledger, names)] == names[:1]
        path.write_bytes(whole)
        assert scan.todo(ledger, names) == []
        assert [one.listings for one in bring.bring(tmp_path, ledger, tmp_path / "home", scanner.config, now=NOW)] == [3]


@pytest.mark.parametrize("kind", ["members", "one stream", "digest"])
def test_what_is_left_of_a_broken_record_is_a_candidate_and_no_evidence(kind: str, scanner: Scanner, tmp_path: Path) -> None:
    long = [record(page(f"a{n}") + random.Random(n).randbytes(9000).hex().encode(), f"a{n}") for n in range(3)]
    last = packed(long[2])
    data = {
        "members": packed(*long[:2]) + bytes(flipped(bytearray(last), len(last) - 6)), "one stream": gzip.compress(b"".join(long), mtime=0)[:-300],
        "digest": packed(*long[:2], long[2].replace(b"WARC-Record-ID", b"WARC-Block-Digest: sha1:" + b"A" * 32 + b"\r\nWARC-Record-ID")),
    }[kind]  # fmt: skip
    result = scanned(scanner, tmp_path / "a.warc.gz", data)
    assert ids(result) == ["a0", "a1", "a2"] and bool(result.damages) == (kind != "digest")
    home, told = tmp_path / "home", []
    with ledger_of(tmp_path, result) as ledger:
        for _ in range(2):
            told += [(r.listings, r.errors, r.unread, len(r.told)) for r in bring.bring(tmp_path, ledger, home, scanner.config, now=NOW)]
    assert told == [(2, 0, 1, 1)]
    with Store.open(home) as store:
        assert sorted(o.listing.listing_id for o in store.iter_observations()) == ["a0", "a1"]


def test_a_page_that_brings_anything_about_costs_itself_alone_when_it_is_brought(
    scanner: Scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = scanned(scanner, tmp_path / "a.warc.gz", packed(*FIRST))
    read = bring.chain.read

    def hostile(record: Record, *rest: Any) -> Any:
        if record.url.endswith("a1"):
            raise RecursionError("too deep")
        return read(record, *rest)

    monkeypatch.setattr(bring.chain, "read", hostile)
    found = list(bring.pages(result.rows, scanner.config))
    assert [(len(one.listings), bool(one.error)) for one in found] == [(1, False), (0, True), (1, False)]


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00Z"), ("2026-05-01T10:00:00", "2026-05-01T10:00:00Z"), ("20260501100000", "2026-05-01T10:00:00Z"),
        ("2026-05-01T10:00:00.5+02:00", "2026-05-01T08:00:00Z"), ("yesterday", "1970-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_a_record_is_of_the_moment_that_it_tells_wherever_it_is_read(told: str, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert _moment(Record(0, f"WARC/1.1\r\nWARC-Date: {told}\r\n\r\n".encode(), b"", 0, 0).date) == moment
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_candidate_without_a_date_is_told(scanner: Scanner, tmp_path: Path) -> None:
    result = scanned(scanner, tmp_path / "d.warc.gz", packed(record(page("1"), "1", date="yesterday")))
    assert "tells no date" in result.damages[0][1]
