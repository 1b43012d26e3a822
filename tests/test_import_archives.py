"""Import of web archives, whole and damaged: every sound answer is recorded as it was sent, every damaged place is named."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import random
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from crawler.importing import ImportResult, archives, import_file
from storage.evidence import read
from storage.store import Store

NOW = "2026-11-02T08:00:00Z"
N = 6


def body(number: int) -> bytes:
    offer = {"@type": "Offer", "price": f"{9000 + number}.00", "priceCurrency": "USD"}
    markup = json.dumps({"@context": "https://schema.org", "@type": "Product", "name": "NVIDIA A100 80GB PCIe", "sku": f"A{number}", "offers": offer})
    noise = random.Random(number).randbytes(200).hex()  # so that pages packed together have bytes of their own
    return f'<html><head><script type="application/ld+json">{markup}</script></head><body><h1>NVIDIA A100 80GB PCIe</h1>$9,800 {noise}'.encode()


def record(number: int, content: bytes | None = None, *, told: int = 0, head: bytes = b"", kind: bytes = b"response", more: bytes = b"") -> bytes:
    """A record of an answer; `told` is by how much it tells a wrong length, `head` and `more` are lines of its HTTP and its own header."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + head + b"\r\n" + (body(number) if content is None else content)
    return (
        b"WARC/1.1\r\nWARC-Type: %s\r\nWARC-Target-URI: https://dealer.example/%d\r\nWARC-Date: 2025-01-02T03:04:05Z\r\n%sContent-Length: %d\r\n\r\n%s\r\n\r\n"
        % (kind, number, more, len(block) + told, block)
    )


def zipped(records: list[bytes]) -> bytes:
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def whole(records: list[bytes]) -> bytes:
    return gzip.compress(b"".join(records), mtime=0)


WAYS = [pytest.param(zipped, id="gzip"), pytest.param(whole, id="one stream"), pytest.param(b"".join, id="plain")]


def records() -> list[bytes]:
    return [record(number) for number in range(N)]


def imported(path: Path, data: bytes) -> tuple[ImportResult, list[dict[str, Any]], list[int]]:
    """The result, the errors, and the numbers of the listings."""
    path.write_bytes(data)
    errors: list[dict[str, Any]] = []
    home = path.parent / "home"
    result = import_file(path, home, Config(home), NOW, on_error=errors.append)
    with Store.open(home, readonly=True) as store:
        return result, errors, sorted(int(o.listing.listing_id[1:]) for o in store.iter_observations())


@pytest.mark.parametrize("pack", WAYS)
def test_an_archive_however_it_is_packed_is_read_whole_and_its_bytes_are_the_evidence(pack: Callable[[list[bytes]], bytes], tmp_path: Path) -> None:
    result, errors, found = imported(tmp_path / "a.warc", pack([record(9, kind=b"warcinfo"), *records(), record(8, kind=b"metadata")]))
    assert (result.outcome, errors, found) == ("ok", [], list(range(N)))
    with Store.open(tmp_path / "home", readonly=True) as store:
        for one in store.iter_observations():
            assert read(tmp_path / "home", one.evidence) == body(int(one.listing.listing_id[1:]))
            assert one.observed_at == "2025-01-02T03:04:05Z"


@pytest.mark.parametrize("pack", WAYS)
@pytest.mark.parametrize(
    "told",
    [lambda block: "sha1:" + base64.b32encode(hashlib.sha1(block).digest()).decode(), lambda block: "sha256:" + hashlib.sha256(block).hexdigest(),
     lambda block: "SHA-256:" + base64.b32encode(hashlib.sha256(block).digest()).decode(), lambda block: "blake3:ab", lambda block: "sha1:ab"],
    ids=["base 32", "hexadecimal", "padded", "unknown", "odd"],
)  # fmt: skip
def test_what_has_other_bytes_than_its_digest_is_of_is_named_and_not_taken(
    told: Callable[[bytes], str], pack: Callable[[list[bytes]], bytes], tmp_path: Path
) -> None:
    def digested(number: int, label: str = "") -> bytes:
        label = label or told(record(number).partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n"))
        return record(number, more=f"WARC-Block-Digest: {label}\r\n".encode())

    sound = pack([digested(number) for number in range(N)])
    assert imported(tmp_path / "a.warc", sound)[1:] == ([], list(range(N)))
    if ":ab" in told(b""):
        return
    (tmp_path / "b").mkdir()
    # A wrong byte that no checksum tells, or not before the end of all.
    changed = pack([digested(number, told(b"other") if number == 3 else "") for number in range(N)])
    _, errors, found = imported(tmp_path / "b" / "a.warc", changed)
    assert found == [0, 1, 2, 4, 5]
    assert errors == [{"error": "has other bytes than its digest is of", "url": "https://dealer.example/3"}]


def test_addresses_in_capitals_and_moments_in_figures_are_read(tmp_path: Path) -> None:
    odd = record(3).replace(b"https://dealer.example", b"HTTPS://Dealer.example").replace(b"2025-01-02T03:04:05Z", b"20250102030405")
    result, errors, found = imported(tmp_path / "a.warc.gz", zipped([odd]))
    assert (result.outcome, errors, found) == ("ok", [], [3])
    with Store.open(tmp_path / "home", readonly=True) as store:
        assert [(o.listing.site, o.observed_at) for o in store.iter_observations()] == [("dealer.example", "2025-01-02T03:04:05Z")]


def test_one_wrong_byte_costs_its_record_and_is_named(tmp_path: Path) -> None:
    members = [gzip.compress(one, mtime=0) for one in records()]
    at = sum(map(len, members[:3]))
    data = bytearray(b"".join(members))
    data[at + len(members[3]) // 2] ^= 0xFF
    result, errors, found = imported(tmp_path / "a.warc.gz", bytes(data))
    assert (result.outcome, found) == ("partial", [0, 1, 2, 4, 5])
    assert errors == [{"error": "a gzip member is broken", "url": f"a.warc.gz@{at}"}]


@pytest.mark.parametrize("place", range(10, len(gzip.compress(record(3), mtime=0)), 11))
def test_no_wrong_byte_brings_a_wrong_page_in(place: int, tmp_path: Path) -> None:
    members = [gzip.compress(one, mtime=0) for one in records()]
    broken = bytearray(members[3])
    broken[place] ^= 1
    (tmp_path / "a.warc.gz").write_bytes(b"".join([*members[:3], bytes(broken), *members[4:]]))
    pieces = list(archives.read_warc(tmp_path / "a.warc.gz", Config(), None))
    assert [piece.page.body for piece in pieces if piece.page] == [body(n) for n in range(N) if n != 3]
    assert [piece.uri.startswith("a.warc.gz@") for piece in pieces if piece.error] == [True]


@pytest.mark.parametrize("pack", WAYS)
def test_a_record_that_is_cut_at_the_end_is_named_and_the_earlier_ones_are_kept(pack: Callable[[list[bytes]], bytes], tmp_path: Path) -> None:
    data = pack(records())
    result, errors, found = imported(tmp_path / "a.warc.gz", data[:-60])
    assert (result.outcome, found, len(errors)) == ("partial", list(range(N - 1)), 1)
    assert errors[0]["url"].startswith("a.warc.gz@")


@pytest.mark.parametrize("pack", WAYS)
@pytest.mark.parametrize("told", [70, -70])
def test_a_record_that_tells_a_wrong_length_is_named_and_taken(told: int, pack: Callable[[list[bytes]], bytes], tmp_path: Path) -> None:
    many = records()
    many[2] = record(2, told=told)
    result, errors, found = imported(tmp_path / "a.warc.gz", pack(many))
    assert (result.outcome, found) == ("partial", list(range(N)))
    assert ["tells" in error["error"] for error in errors] == [True]


def package(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytearray:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return bytearray(out.getvalue())


def entry(data: bytearray, number: int) -> int:
    """Where the list of a package's files tells of that one."""
    at = data.find(b"PK\1\2")
    for _ in range(number):
        at = data.find(b"PK\1\2", at + 1)
    return at


PARTS = {f"archive/{number}.warc.gz": zipped(records()[number * 2 : number * 2 + 2]) for number in range(3)}


def test_a_wrong_checksum_of_a_package_costs_nothing(tmp_path: Path) -> None:
    data = package(PARTS)
    data[entry(data, 1) + 16] ^= 1
    result, errors, found = imported(tmp_path / "a.wacz", bytes(data))
    assert (result.outcome, errors, found) == ("ok", [], list(range(N)))
    # Of a file that is packed, the bytes that came out may be others than went in.
    data = package(PARTS, zipfile.ZIP_DEFLATED)
    data[entry(data, 1) + 16] ^= 1
    (tmp_path / "b").mkdir()
    result, errors, found = imported(tmp_path / "b" / "a.wacz", bytes(data))
    assert (result.outcome, found) == ("partial", list(range(N)))
    assert errors == [{"error": "holds other bytes than when it was packed", "url": "archive/1.warc.gz"}]


@pytest.mark.parametrize("off", [-9, -1, 1, 40])
def test_a_place_of_a_package_that_is_a_little_off_costs_its_file_and_is_named(off: int, tmp_path: Path) -> None:
    data = package(PARTS)
    at = entry(data, 1) + 42
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "little") + off).to_bytes(4, "little")
    result, errors, found = imported(tmp_path / "a.wacz", bytes(data))
    assert (result.outcome, found) == ("partial", [0, 1, 4, 5])
    assert errors == [{"error": "does not stand where the package says", "url": "archive/1.warc.gz"}]


def test_places_before_the_package_begins_are_named(tmp_path: Path) -> None:
    # Where the list of files stands elsewhere than it tells, all that it names is taken to have moved with it.
    data = package(PARTS)
    end = data.rfind(b"PK\5\6") + 16
    data[end : end + 4] = (int.from_bytes(data[end : end + 4], "little") + 5000).to_bytes(4, "little")
    result, errors, found = imported(tmp_path / "a.wacz", bytes(data))
    assert (result.outcome, found) == ("failed", [])
    assert [error.get("url") for error in errors] == [*PARTS, None]
    assert {error["error"] for error in errors[:3]} == {"does not stand where the package says"}


def test_a_wrong_byte_in_a_package_costs_its_record(tmp_path: Path) -> None:
    data = package(PARTS)
    second = gzip.compress(records()[3], mtime=0)
    data[data.find(second) + len(second) // 2] ^= 0xFF
    result, errors, found = imported(tmp_path / "a.wacz", bytes(data))
    assert (result.outcome, found) == ("partial", [0, 1, 2, 4, 5])
    assert errors[0] == {"error": "a gzip member is broken", "url": f"archive/1.warc.gz@{len(gzip.compress(records()[2], mtime=0))}"}


def test_a_package_without_its_list_of_files_is_read_as_it_lies(tmp_path: Path) -> None:
    result, errors, found = imported(tmp_path / "a.wacz", bytes(package(PARTS)[:-40]))
    assert (result.outcome, found) == ("partial", list(range(N)))
    assert "is no WACZ" in errors[-1]["error"] and "read as it lies" in errors[-1]["error"]


def nested(depth: int) -> bytes:
    inner = bytes(package({"archive/0.warc.gz": zipped([record(depth)])}))
    return bytes(package({"archive/a.warc.gz": zipped([record(depth)]), **({"b.wacz": nested(depth - 1)} if depth else {})})) if depth else inner


def test_packages_within_packages_are_read_so_deep_and_damage_in_them_is_named_by_all_names(tmp_path: Path) -> None:
    result, errors, found = imported(tmp_path / "a.wacz", nested(3))
    assert found == [1, 2, 3] and [error["url"] for error in errors] == ["b.wacz/b.wacz/b.wacz"] and "too deep" in errors[0]["error"]
    inner = bytes(package({"archive/0.warc.gz": PARTS["archive/0.warc.gz"][:-40]}))
    (tmp_path / "b").mkdir()
    result, errors, found = imported(tmp_path / "b" / "a.wacz", bytes(package({"b.wacz": inner}, zipfile.ZIP_DEFLATED)))
    assert (result.outcome, found) == ("partial", [0])
    assert [error["url"] for error in errors] == [f"b.wacz/archive/0.warc.gz@{len(gzip.compress(records()[0], mtime=0))}"]


REFUSED = {
    "empty.warc": (b"", "no record that could be read: the file is empty"), "nothing.warc.gz": (gzip.compress(b""), "holds no WARC record"),
    "page.warc": (b"<html>not found</html>", "holds no record that could be read"), "zeros.warc.gz": (bytes(5000), "holds no record that could be read"),
    "torn.warc.gz": (gzip.compress(record(1))[:-30], "holds no record that could be read: the file is cut short"),
    "page.wacz": (b"<html>not found</html>", "is no WACZ"), "other.wacz": (bytes(package({"a.txt": b"word"})), "no WARC file under archive/"),
    "hollow.wacz": (bytes(package({"archive/a.warc.gz": b"nothing"})), "holds no WARC file that could be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_record_is_refused(name: str, tmp_path: Path) -> None:
    data, says = REFUSED[name]
    result, errors, found = imported(tmp_path / name, data)
    assert (result.outcome, found) == ("failed", []) and says in errors[-1]["error"]


def test_an_archive_without_answers_is_empty_and_not_refused(tmp_path: Path) -> None:
    result, errors, _ = imported(tmp_path / "a.warc.gz", zipped([record(1, kind=b"warcinfo"), record(2, kind=b"request")]))
    assert (result.outcome, errors) == ("empty", [])


def large(size: int) -> Iterator[bytes]:
    """A gzip member of an answer so large, made piece by piece."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    yield packer.compress(b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://dealer.example/large\r\nContent-Length: %d\r\n\r\n%s" % (len(head) + size, head))
    for _ in range(size >> 20):
        yield packer.compress(bytes(1 << 20))
    yield packer.compress(b"\r\n\r\n") + packer.flush()


@pytest.mark.parametrize("size", [archives.MAX_BODY + (1 << 20), 300 << 20])
def test_an_answer_that_is_too_large_is_passed_over_in_bounded_memory(size: int, tmp_path: Path) -> None:
    data = zipped(records()[:3]) + b"".join(large(size)) + zipped(records()[3:])
    (tmp_path / "a.warc.gz").write_bytes(data)
    tracemalloc.start()
    try:
        pieces = list(archives.read_warc(tmp_path / "a.warc.gz", Config(), None))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [piece.page.body for piece in pieces if piece.page] == [body(n) for n in range(N)]
    assert [piece.error for piece in pieces] == [None] * (N + 1) and most < 200 << 20
    result, errors, found = imported(tmp_path / "a.warc.gz", data)
    assert (result.outcome, result.unread, errors, found) == ("ok", 1, [], list(range(N)))


def test_a_page_is_given_as_the_archive_has_it(tmp_path: Path) -> None:
    head = b"X-Long: one\r\n  two\r\nX-Name: caf\xe9\r\nX-Other: caf\xc3\xa9\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\nX-Twice: 1\r\nX-Twice: 2\r\n"
    (tmp_path / "a.warc").write_bytes(record(1, gzip.compress(body(1)), head=head, more=b"WARC-IP-Address: 192.0.2.7\r\n"))
    [piece] = archives.read_warc(tmp_path / "a.warc", Config(), None)
    page = piece.page
    assert page is not None and (page.url, page.fetched_at, page.status, piece.ip) == ("https://dealer.example/1", "2025-01-02T03:04:05Z", 200, "192.0.2.7")
    assert page.body == body(1)
    assert page.headers == {"content-type": "text/html", "x-long": "one  two", "x-name": "café", "x-other": "café", "x-twice": "2"}


def test_a_body_whose_coding_breaks_is_read_as_far_as_it_goes_and_named(tmp_path: Path) -> None:
    torn = record(1, gzip.compress(body(1) + bytes(9000))[:-12], head=b"Content-Encoding: gzip\r\n")
    strange = record(2, b"\x28\xb5\x2f\xfd" + bytes(99), head=b"Content-Encoding: zstd\r\n")
    result, errors, found = imported(tmp_path / "a.warc.gz", zipped([record(0), torn, strange, record(3)]))
    assert (result.outcome, found) == ("partial", [0, 1, 3])
    assert [error["url"] for error in errors] == ["https://dealer.example/1", "https://dealer.example/2"]


def test_an_address_that_is_none_costs_its_own_page(tmp_path: Path) -> None:
    strange = record(1).replace(b"https://dealer.example/1", b"https://[dealer.example/1")
    result, errors, found = imported(tmp_path / "a.warc.gz", zipped([record(0), strange, record(2)]))
    assert (result.outcome, found) == ("partial", [0, 2])
    assert [error["url"] for error in errors] == ["https://[dealer.example/1"] and "could not be read" in errors[0]["error"]


def test_what_is_no_archive_is_imported_without_what_unpacks_archives() -> None:
    code = "import sys, crawler.importing, crawler.importing.lines, crawler.importing.pages; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = done.stdout.split()
    assert not [name for name in loaded if name.startswith(("isal", "hyperscan", "crawler.warc", "warcio", "fastwarc"))]
