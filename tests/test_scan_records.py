"""Records of whole and damaged WARC files: everything that can be saved is saved once, and the damage is told."""

from __future__ import annotations

import gzip
import io
import random

import pytest

from bench._archives import record
from chipwatch.scale.http import message
from chipwatch.scale.pieces import LARGEST, Damage, Passed, Record
from chipwatch.scale.records import record_at, responses

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
    for data in (b"<html>not found</html>", b"\x1f\x8b\x08" + bytes(200)):
        records, damages = read(data)
        assert not records and damages
    assert read(b"") == ([], [])


def test_a_file_packed_as_one_stream_is_read() -> None:
    records, damages = read(gzip.compress(b"".join(archive())))
    assert numbers(records) == list(range(N)) and not damages


@pytest.mark.parametrize("data", [
    b"".join(gzip.compress(r) for r in archive()), b"".join(archive()), zeroed([gzip.compress(r) for r in archive()]),
    gzip.compress(b"".join(archive())), b"".join(gzip.compress(r) for r in archive(300)),
], ids=["gzip", "plain", "broken", "one stream", "wrong length"])  # fmt: skip
def test_each_record_is_found_again_by_its_place(data: bytes) -> None:
    for one in read(data)[0]:
        again = record_at(io.BytesIO(data), one.offset, one.record_id)
        assert again is not None and (again.url, again.date, again.block) == (one.url, one.date, one.block)
    assert record_at(io.BytesIO(data), 7, "<urn:uuid:none>") is None


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
