"""Records of whole and damaged WARC files: everything that can be saved is saved once, and the damage is told."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable

import pytest

from bench._archives import record
from crawler.warc.http import message
from crawler.warc.pieces import LARGEST, Damage, Passed, Record, Torn
from crawler.warc.records import records_at, responses

N = 8


def body(number: int) -> bytes:
    chance = random.Random(number)
    words = " ".join(str(chance.random()) for _ in range(300))
    return f"<p>page {number} {words}</p>END{number}".encode()


def archive(told: int = 0, hurt: int = 3) -> list[bytes]:
    return [record(f"https://x.example/{n}", body(n), n, told=told if n == hurt else 0) for n in range(N)]


def read(data: bytes) -> tuple[list[Record], list[Damage]]:
    pieces = list(responses(io.BytesIO(data)))
    return [p for p in pieces if isinstance(p, Record)], [p for p in pieces if isinstance(p, Damage)]


def numbers(records: list[Record]) -> list[int]:
    return [int(r.url.rpartition("/")[2]) for r in records]


def zeroed(members: list[bytes]) -> bytes:
    members[3] = members[3][:900] + bytes(40) + members[3][940:]
    return b"".join(members)


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize("told", [0, 300, -300, 7000, 10**12])
def test_a_wrong_length_costs_nothing(told: int, packed: bool) -> None:
    data = b"".join(gzip.compress(r) if packed else r for r in archive(told))
    records, damages = read(data)
    assert numbers(records) == list(range(N))
    assert all(r.block.endswith(body(n)) for n, r in enumerate(records))
    assert len(damages) == (told != 0)
    if told:
        assert (
            f"tells {len(records[3].block) + told} bytes and has {len(records[3].block)}"
            in damages[0].problem
        )


@pytest.mark.parametrize("hurt", [0, N - 1])
def test_a_wrong_length_at_either_end(hurt: int) -> None:
    for told in (300, -300, 10**12):
        records, damages = read(b"".join(gzip.compress(r) for r in archive(told, hurt)))
        assert (numbers(records), len(damages)) == (list(range(N)), 1)
        assert records[hurt].block.endswith(body(hurt))


def test_a_broken_member_costs_its_own_tail_only() -> None:
    records, damages = read(zeroed([gzip.compress(r) for r in archive()]))
    assert numbers(records) == list(range(N))
    assert body(3).startswith(records[3].block.partition(b"\r\n\r\n")[2][:500])
    assert [d.problem for d in damages] == ["a gzip member is broken"]


@pytest.mark.parametrize("hurt", [0, 3, N - 1])
def test_no_wrong_bit_costs_more_than_its_record(hurt: int) -> None:
    """One in the end of a member may have it run over all that follow, without an error before the file ends."""
    members = [gzip.compress(record(f"https://x.example/{n}", body(n)[-200:], n), mtime=0) for n in range(N)]
    for place in range(10, len(members[hurt])):
        wrong = bytearray(members[hurt])
        wrong[place] ^= 1
        records, damages = read(b"".join([*members[:hurt], wrong, *members[hurt + 1 :]]))
        assert numbers([one for one in records if not isinstance(one, Torn)]) == [n for n in range(N) if n != hurt], place
        assert len(damages) == 1, place


def test_a_cut_file_gives_what_is_there() -> None:
    whole = b"".join(gzip.compress(r) for r in archive())
    records, damages = read(whole[:-400])
    assert numbers(records) == list(range(N))
    assert [d.problem for d in damages] == ["the file is cut short"]
    records, damages = read(b"".join(archive())[:-400])
    assert numbers(records) == list(range(N)) and len(damages) == 1


def test_junk_before_and_between() -> None:
    members = [gzip.compress(r) for r in archive()]
    records, damages = read(
        b"garbage" * 30 + b"".join(members[:4]) + random.Random(1).randbytes(5000) + b"".join(members[4:])
    )
    assert numbers(records) == list(range(N))
    assert len(damages) == 2 and "bytes are no record" in damages[0].problem


def test_no_archive_at_all_is_told() -> None:
    for data in (b"<html>not found</html>", b"\x1f\x8b\x08" + bytes(200), b"", archive()[0][:100], gzip.compress(archive()[0])[:30]):
        records, damages = read(data)
        assert not records and damages, data


def test_a_file_packed_as_one_stream_is_read() -> None:
    records, damages = read(gzip.compress(b"".join(archive())))
    assert numbers(records) == list(range(N)) and not damages


@pytest.mark.parametrize("data", [
    b"".join(gzip.compress(r) for r in archive()), b"".join(archive()), zeroed([gzip.compress(r) for r in archive()]),
    gzip.compress(b"".join(archive())), b"".join(gzip.compress(r) for r in archive(300)),
], ids=["gzip", "plain", "broken", "one stream", "wrong length"])  # fmt: skip
def test_each_record_is_found_again_by_its_place(data: bytes) -> None:
    for one in read(data)[0]:
        again = next(records_at(io.BytesIO(data), one.offset, one.record_id), None)
        assert again is not None and (again.url, again.date, again.block) == (one.url, one.date, one.block)
    assert not list(records_at(io.BytesIO(data), 7, "<urn:uuid:none>"))


def zipped(records: list[bytes]) -> bytes:
    return b"".join(map(gzip.compress, records))


def whole(records: list[bytes]) -> bytes:
    return gzip.compress(b"".join(records))


WAYS = [pytest.param(zipped, id="gzip"), pytest.param(whole, id="one stream"), pytest.param(b"".join, id="plain")]


@pytest.mark.parametrize("pack", WAYS)
def test_headers_with_bare_line_feeds_are_read(pack: Callable[[list[bytes]], bytes]) -> None:
    heads = [one.replace(b"\r\n", b"\n", 8) for one in archive()]
    assert all(b"\n\nHTTP" in one for one in heads)
    records, damages = read(pack(heads))
    assert (numbers(records), damages) == (list(range(N)), [])
    assert all(r.block.endswith(body(n)) for n, r in enumerate(records))
    # Where the page's own lines were changed as well, no length is right any more.
    records, damages = read(pack([one.replace(b"\r\n", b"\n") for one in archive()]))
    assert numbers(records) == list(range(N)) and damages


@pytest.mark.parametrize("pack", WAYS)
@pytest.mark.parametrize("size", [LARGEST + 1, 5 * LARGEST])
def test_a_large_record_is_no_damage_and_its_neighbours_are_whole(pack: Callable[[list[bytes]], bytes], size: int) -> None:
    fake = record("https://fake.example/0", b"<p>planted</p>", 99)
    page = record("https://x.example/1", b"<p>a page of archives</p>\r\n\r\n" + fake, 1)
    large = record("https://x.example/large", bytes(size), 9)
    pieces = list(responses(io.BytesIO(pack([archive()[0], large, page, *archive()[2:]]))))
    assert [type(p) for p in pieces].count(Passed) == 1 and not [p for p in pieces if isinstance(p, Damage)]
    assert numbers([p for p in pieces if isinstance(p, Record)]) == list(range(N))
    resource = large.replace(b"WARC-Type: response", b"WARC-Type: resource")
    assert len(list(responses(io.BytesIO(pack([archive()[0], resource, page, *archive()[2:]]))))) == N


@pytest.mark.parametrize("told", [300, -300, 10**12])
def test_a_wrong_length_in_one_stream_costs_nothing(told: int) -> None:
    records, damages = read(whole(archive(told)))
    assert (numbers(records), len(damages)) == (list(range(N)), 1)
    assert all(r.block.endswith(body(n)) for n, r in enumerate(records))


def test_a_stream_that_breaks_gives_what_stands_before_and_is_told() -> None:
    data = whole(archive())
    for hurt, said in ((data[: len(data) // 2], "the file is cut short"), (data[:9000] + bytes(99) + data[9099:], "is broken")):
        records, damages = read(hurt)
        assert numbers(records) == list(range(len(records))) and 2 <= len(records) < N
        assert [said in d.problem for d in damages] == [True]
    # What stands behind it in members of its own is read.
    records, damages = read(data[:9000] + bytes(99) + data[9099:] + zipped(archive()))
    assert numbers(records)[-N:] == list(range(N)) and len(damages) == 1


def test_a_plain_file_is_told_to_be_cut_wherever_that_is() -> None:
    data = b"".join(archive())
    last = len(archive()[-1])
    for short in (1, 2, 4, 300, last - 400, last - 100, last - 3):
        records, damages = read(data[:-short])
        assert len(damages) == 1 and numbers(records)[: N - 1] == list(range(N - 1)), short


@pytest.mark.parametrize("first", [[], archive()[:1]], ids=["at the beginning", "behind another"])
@pytest.mark.parametrize("pack", WAYS[1:])
@pytest.mark.parametrize("left", [30, 110, 200, -400, -30])
def test_a_record_that_was_cut_before_the_next_was_written_takes_nothing_of_it(
    left: int, pack: Callable[[list[bytes]], bytes], first: list[bytes]
) -> None:
    many = archive()[1:]
    records, damages = read(pack([*first, many[0][:left], *many[1:]]))
    whole = [r for r in records if not isinstance(r, Torn)]
    assert len(damages) == 1 and all(r.block.endswith(body(n)) for n, r in zip(numbers(whole), whole, strict=True))
    assert set(numbers(whole)) - {1} == {*numbers(read(b"".join(first))[0] if first else []), *range(2, N)}
    assert all(r.block in many[0] for r in records if isinstance(r, Torn))


def test_members_without_content_are_nothing() -> None:
    records, damages = read(b"".join(gzip.compress(one) + gzip.compress(b"") for one in archive()))
    assert (numbers(records), damages) == (list(range(N)), [])


def test_records_without_a_name_in_one_member_are_told_apart_by_what_they_hold() -> None:
    bare = [one.replace(b"WARC-Record-ID", b"X-Nothing") for one in archive()]
    for data in (whole(bare), zipped([b"".join(bare[:3]), *bare[3:]])):
        for one in read(data)[0]:
            assert one.block in [other.block for other in records_at(io.BytesIO(data), one.offset, one.record_id)]


def test_members_of_several_records_are_read_among_others() -> None:
    parts = archive()
    data = b"".join(gzip.compress(p) for p in (*parts[:2], b"".join(parts[2:5]), *parts[5:]))
    records, damages = read(data)
    assert (numbers(records), damages) == (list(range(N)), [])


def test_a_response_that_is_too_large_is_passed_over() -> None:
    large = record("https://x.example/large", bytes(LARGEST + 1), 9)
    data = b"".join(gzip.compress(p, 1) for p in (*archive()[:2], large, *archive()[2:]))
    pieces = list(responses(io.BytesIO(data)))
    assert [p.length > LARGEST for p in pieces if isinstance(p, Passed)] == [True]
    assert numbers([p for p in pieces if isinstance(p, Record)]) == list(range(N)) and len(pieces) == N + 1


@pytest.mark.parametrize("pack", WAYS)
@pytest.mark.parametrize("ends", [b"", b"\r", b"\n", b"\r\n", b"\n\n", b"\n\n\n", b"\r\n\r\n\r\n", b"\r\n\r\n\r\n\r\n"])
def test_records_of_writers_with_other_line_ends_behind_them_are_whole(ends: bytes, pack: Callable[[list[bytes]], bytes]) -> None:
    records, damages = read(pack([*(one.removesuffix(b"\r\n\r\n") + ends for one in archive()[:-1]), archive()[-1]]))
    assert (numbers(records), damages) == (list(range(N)), [])
    assert all(r.block.endswith(body(n)) for n, r in enumerate(records))


@pytest.mark.parametrize("before", [b"", b"junk between them"], ids=["sound", "junk"])
def test_a_long_stream_behind_a_member_of_its_own_is_read_record_by_record(before: bytes) -> None:
    long = [record(f"https://x.example/{n}", b"<p>" + bytes(LARGEST - 999), n) for n in range(1, 6)]
    pieces = list(responses(io.BytesIO(zipped(archive()[:1]) + before + whole(long) + zipped(archive()[6:]))))
    assert numbers([p for p in pieces if isinstance(p, Record)]) == list(range(N))
    assert [p.problem for p in pieces if isinstance(p, Damage)] == ([f"{len(before)} bytes are no record"] if before else [])
    assert not [p for p in pieces if isinstance(p, Passed)]


def test_field_names_may_be_in_any_case() -> None:
    lowered = [
        p.replace(b"WARC-Type", b"warc-type").replace(b"Content-Length", b"content-length") for p in archive()
    ]
    records, damages = read(b"".join(gzip.compress(p) for p in lowered))
    assert (numbers(records), damages) == (list(range(N)), [])


def block(head: str, content: bytes) -> bytes:
    return f"HTTP/1.1 {head}\r\n\r\n".encode() + content


def test_only_answers_with_text_are_messages() -> None:
    found = message(block("200 OK\r\nContent-Type: text/html; charset=utf-8\r\nX-Y: z", b"<p>"))
    assert found is not None and (found.body, found.headers["x-y"]) == (b"<p>", "z")
    for head in ("404 Not Found\r\nContent-Type: text/html", "200 OK\r\nContent-Type: image/png", "200 OK"):
        assert message(block(head, b"<p>")) is None
    assert message(b"") is None and message(b"HTTP/1.1 200 OK") is None


def test_chunks_and_compression_are_undone() -> None:
    packed = gzip.compress(b"<p>H100</p>")
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    for head, content in (
        ("Content-Encoding: gzip", packed), ("Transfer-Encoding: chunked\r\nContent-Encoding: gzip", chunked),
        ("Transfer-Encoding: chunked", b"b\r\n<p>H100</p>\r\n0\r\n\r\n"), ("Content-Encoding: gzip", b"<p>H100</p>"),
    ):  # fmt: skip
        found = message(block(f"200 OK\r\nContent-Type: text/html\r\n{head}", content))
        assert found is not None and found.body == b"<p>H100</p>", head
        assert "content-encoding" not in found.headers
