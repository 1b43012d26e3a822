"""Bodies out of chunks and compression: every coding that browsers undo, in bounds, and what is none as it is."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest

from crawler.coding import Body, CodingError, codings, undone

TEXT = b"<p>NVIDIA H100 80GB</p>" + b" and so on" * 500
MOST = 1 << 20


def fast_brotli(data: bytes) -> bytes:
    packed: bytes = brotli.compress(data, quality=2)
    return packed


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def chunks(data: bytes) -> bytes:
    pieces = [data[at : at + 700] for at in range(0, len(data), 700)]
    return b"".join(b"%x;name=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


PACKED: dict[str, bytes] = {
    "gzip": gzip.compress(TEXT), "X-GZip": gzip.compress(TEXT), "br": brotli.compress(TEXT), "deflate": zlib.compress(TEXT),
    "deflate;raw": raw_deflate(TEXT), "gzip, gzip": gzip.compress(gzip.compress(TEXT)), "br, gzip": gzip.compress(brotli.compress(TEXT)),
    "gzip,": gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]) + b"behind", "identity": TEXT, "": TEXT,
}  # fmt: skip


@pytest.mark.parametrize("named", PACKED)
def test_codings_are_undone_in_the_order_in_which_they_were_put_on(named: str) -> None:
    for body, transfer in ((PACKED[named], ""), (chunks(PACKED[named]), "chunked")):
        found = undone(body, codings(named, transfer), MOST)
        assert (found.data, found.cut, found.problem) == (TEXT, False, None)


@pytest.mark.parametrize("named", ["gzip", "br", "deflate", "chunked", "zstd", "utf-8", "gzip, br", "gzip, chunked"])
@pytest.mark.parametrize("body", [TEXT, "карта H100".encode("utf-16"), "<p>карта".encode("utf-16-le"), b"", b"200\n<p>H100"])
def test_a_coding_that_is_told_and_not_there_changes_nothing(body: bytes, named: str) -> None:
    assert undone(body, codings(named, ""), MOST).data == body


@pytest.mark.parametrize("named", PACKED)
def test_chunks_that_are_told_and_were_taken_away_leave_what_is_packed(named: str) -> None:
    assert undone(PACKED[named], codings(named, "chunked"), MOST).data == TEXT


@pytest.mark.parametrize("named", ["gzip", "br", "deflate"])
@pytest.mark.parametrize("behind", [b"\r\n", b"\0", b"behind" * 200])
def test_what_stands_behind_the_end_is_no_matter_of_the_body(named: str, behind: bytes) -> None:
    assert undone(PACKED[named] + behind, [named], MOST) == Body(TEXT)


@pytest.mark.parametrize("named", ["gzip", "br", "deflate", "gzip, gzip", "br, br", "gzip, br, chunked"])
def test_what_unpacks_to_more_than_is_read_is_cut_within_bounds(named: str) -> None:
    ways: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "br": fast_brotli, "deflate": zlib.compress, "chunked": chunks}
    body = TEXT + bytes(20 << 20)
    for coding in codings(named, ""):
        body = ways[coding](body)
    tracemalloc.start()
    found = undone(body, codings(named, ""), MOST)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.cut and found.data == TEXT + bytes(MOST - len(TEXT))
    assert peak < 8 * MOST


@pytest.mark.parametrize("named", ["gzip", "br", "deflate"])
def test_a_broken_body_is_read_as_far_as_it_goes_and_told(named: str) -> None:
    whole = b"".join(b"%x;" % (n * 2654435761 % 2**32) for n in range(9000))
    body = {"gzip": gzip.compress, "br": brotli.compress, "deflate": zlib.compress}[named](whole)
    for hurt in (body[: len(body) // 2], body[: len(body) // 2] + bytes(range(255)) * 40):
        found = undone(hurt, [named], MOST)
        assert found.problem and found.data[:9000] == whole[:9000]
    found = undone(chunks(whole)[:-2000], ["chunked"], MOST)
    assert found.problem and whole.startswith(found.data) and len(found.data) > len(whole) - 2100


@pytest.mark.parametrize(
    ("body", "named"),
    [(b"\x28\xb5\x2f\xfd\x04\x58" + bytes(99), "zstd"), (b"\x1f\x9d\x90" + bytes(9), "compress"), (bytes(99), "gzip"), (TEXT, ", ".join(["gzip"] * 9))],
)  # fmt: skip
def test_what_cannot_be_undone_is_refused_by_name(body: bytes, named: str) -> None:
    with pytest.raises(CodingError, match="codings" if len(named) > 20 else named):
        undone(body, codings(named, ""), MOST)
