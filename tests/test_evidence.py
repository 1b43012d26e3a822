"""The evidence archive: what is written comes back, passes the standard check, and every damage is named exactly."""

from __future__ import annotations

import dataclasses
import gzip
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, EvidenceWriter, read, read_answer, read_record
from storage.listing import Listing
from storage.store import Store
from storage.verify import Problem, verify
from storage.warc import walk

NOW = "2026-03-28T10:00:00Z"
GZIP_END = 8
"""Sum and length behind the packed bytes of a member."""
PAGE = "<html><title>H100 现货</title>".encode() + b"lorem ipsum " * 400


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def crawl(store: Store, pages: int = 5, *, end: bool = True, body: bytes = PAGE, first: int = 0) -> tuple[str, list[EvidenceRef]]:
    """A run of pages with two listings each, sealed where it ends."""
    run = store.begin_run("board", now=NOW)
    writer = EvidenceWriter(store.home, run, NOW, known=store.find_payload)
    refs = []
    for n in range(first, first + pages):
        ref = writer.write(
            f"https://board.example/item/{n}", 200, {"Content-Type": "text/html", "Content-Encoding": "gzip"}, body + b"%d" % n, NOW,
            {"User-Agent": "chipwatch (desk@example.org)"}, "192.0.2.7",
        )  # fmt: skip
        refs.append(ref)
        store.record_many([(Listing("board", f"{n}-{k}", f"H100 {n} {k}"), ref) for k in range(2)], run=run, now=NOW)
    sealed = writer.close()
    if end:
        store.end_run(run, "ok", NOW, {"pages": pages}, evidence=sealed)
    return run, refs


def test_a_record_that_could_not_be_written_whole_leaves_nothing(store: Store) -> None:
    run = store.begin_run("board", now=NOW)
    writer = EvidenceWriter(store.home, run, NOW)
    url = "https://board.example/{}"
    writer.write(url.format(1), 200, {}, PAGE, NOW)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        # A limit of the system that is no full disk: the write ends in the middle of the record.
        resource.setrlimit(resource.RLIMIT_FSIZE, (writer.size + 1000, hard))
        with pytest.raises(OSError, match="too large"):
            writer.write(url.format(2), 200, {}, os.urandom(50_000), NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    last = writer.write(url.format(3), 200, {}, PAGE + b"3", NOW)
    store.end_run(run, "ok", NOW, evidence=writer.close())
    assert read(store.home, last) == PAGE + b"3"
    assert verify(store.home, store) == []


def path_of(store: Store, ref: EvidenceRef) -> Path:
    return store.home / "evidence" / ref.file


def concerned(store: Store, ref: EvidenceRef) -> tuple[str, ...]:
    return tuple(sorted(o.id for o in store.iter_observations() if o.evidence == ref))


def warcio_check(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)], capture_output=True, text=True, check=False
    )  # fmt: skip


def test_what_is_written_comes_back_and_passes_the_standard_check(store: Store) -> None:
    _, refs = crawl(store)
    for n, ref in enumerate(refs):
        assert read(store.home, ref) == PAGE + b"%d" % n
    result = warcio_check(path_of(store, refs[0]))
    assert result.returncode == 0, result.stdout
    assert "failed" not in result.stdout and result.stdout.count("digest pass") == 11
    assert verify(store.home, store) == []


def test_records_say_what_a_reader_of_warc_expects(store: Store) -> None:
    from warcio.archiveiterator import ArchiveIterator

    run = store.begin_run("board", now=NOW)
    with EvidenceWriter(store.home, run, NOW, facts={"robot": "chipwatch"}) as writer:
        ref = writer.write(
            "https://board.example/a b?q=芯片#x", 200, [(b"Content-Type", b"text/html"), ("Set-Cookie", ["a=1", "b=2"])], PAGE,
            "2026-03-28T18:00:00+08:00", {"User-Agent": "chipwatch", "Authorization": "Bearer s3cret"}, "192.0.2.7",
            tls={"version": "tls/1.3", "cipher": "TLS_AES_256_GCM_SHA384", "certificate_sha256": "ab12"},
            robots={"url": "https://board.example/robots.txt", "verdict": "allowed"}, truncated="length",
        )  # fmt: skip
    with open(path_of(store, ref), "rb") as file:
        records = [(r.rec_type, r.rec_headers, r.http_headers, r.content_stream().read()) for r in ArchiveIterator(file)]
    assert [kind for kind, *_ in records] == ["warcinfo", "response", "request", "metadata"]
    assert all(headers.protocol == "WARC/1.1" for _, headers, _, _ in records)
    info, response, request, facts = records
    assert b"isPartOf: " + run.encode() in info[3] and b"robot: chipwatch" in info[3]
    assert response[1].get_header("WARC-Target-URI") == "https://board.example/a%20b?q=芯片#x"
    assert response[1].get_header("WARC-Date") == NOW
    assert response[1].get_header("WARC-IP-Address") == "192.0.2.7"
    assert response[1].get_header("WARC-Truncated") == "length"
    assert response[1].get_header("WARC-Cipher-Suite") == "TLS_AES_256_GCM_SHA384"
    assert response[2].headers.count(("Set-Cookie", "(withheld)")) == 2 and response[3] == PAGE  # a session is nobody's evidence
    assert request[2].get_header("User-Agent") == "chipwatch" and request[2].get_header("Authorization") == "(withheld)"
    assert request[1].get_header("WARC-Concurrent-To") == response[1].get_header("WARC-Record-ID")
    assert b"robots-verdict: allowed" in facts[3] and b"tls-certificate-sha256: ab12" in facts[3]


def test_a_record_alone_is_a_file_that_passes_the_check(store: Store, tmp_path: Path) -> None:
    _, refs = crawl(store)
    alone = tmp_path / "one.warc.gz"
    alone.write_bytes(read_record(store.home, refs[2]))
    assert warcio_check(alone).returncode == 0
    assert PAGE in gzip.decompress(alone.read_bytes())


def test_identical_bodies_are_stored_once_within_a_run_and_across_runs(store: Store) -> None:
    _, first = crawl(store, 1)
    size = path_of(store, first[0]).stat().st_size
    run = store.begin_run("board", now=NOW)
    with EvidenceWriter(store.home, run, NOW, known=store.find_payload) as writer:
        again = writer.write("https://board.example/other", 200, {"Content-Type": "text/html"}, PAGE + b"0", NOW)
        fresh = writer.write("https://board.example/new", 200, {}, b"another body", NOW)
        twice = writer.write("https://board.example/newer", 200, {}, b"another body", NOW)
        empty = [writer.write("https://board.example/none", 304, {}, b"", NOW) for _ in range(2)]
    assert [ref.kind for ref in (again, fresh, twice, *empty)] == ["revisit", "response", "revisit", "response", "response"]
    assert again.length < size / 2 and again.sha256 == first[0].sha256
    assert read(store.home, again) == PAGE + b"0"
    assert read(store.home, twice) == b"another body"
    assert warcio_check(path_of(store, again)).returncode == 0


def test_revisits_are_followed_by_other_tools(store: Store) -> None:
    """The headers of a revisit name the record that it repeats."""
    from warcio.archiveiterator import ArchiveIterator

    run = store.begin_run("board", now=NOW)
    with EvidenceWriter(store.home, run, NOW) as writer:
        first, second = (writer.write(f"https://board.example/{n}", 200, {}, PAGE, NOW) for n in range(2))
    with open(path_of(store, first), "rb") as file:
        revisit = next(r for r in ArchiveIterator(file) if r.rec_type == "revisit")
    assert revisit.rec_headers.get_header("WARC-Refers-To-Target-URI") == first.url
    assert revisit.rec_headers.get_header("WARC-Refers-To-File-Offset") == str(first.offset)
    assert second.kind == "revisit"


def test_given_files_and_pages_that_must_not_be_archived(store: Store) -> None:
    run = store.begin_run("import", "import", now=NOW)
    with EvidenceWriter(store.home, run, NOW) as writer:
        given = writer.write_resource("file:///desk/list 1.jsonl", "application/jsonl", b'{"site": "x"}\n', NOW)
        quoted = writer.write_quotes("https://x.example/", PAGE, ["H100 现货\r\nWARC-Type: forged"], NOW, "X-Robots-Tag: noarchive")
    assert read(store.home, given) == b'{"site": "x"}\n'
    words = read(store.home, quoted)
    assert "quote: H100 现货 WARC-Type: forged\r\n".encode() in words and b"lorem" not in words
    assert warcio_check(path_of(store, given)).returncode == 0


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.binary(max_size=300), st.integers(100, 599))
def test_hostile_addresses_and_headers_cannot_forge_records(url: str, name: str, value: str, body: bytes, status: int) -> None:
    import tempfile

    from warcio.archiveiterator import ArchiveIterator

    with tempfile.TemporaryDirectory() as folder:
        with EvidenceWriter(Path(folder), "20260328T100000Z-x-aaaabbbb", NOW) as writer:
            ref = writer.write("http://x/" + url, status, {name: value, "X-A": "1\r\nX-B: 2\r\n\r\nbody"}, body, NOW, {name: value})
        assert read(Path(folder), ref) == body
        path = Path(folder) / "evidence" / ref.file
        assert [found.problem for found in walk(path)] == [None, None, None]
        with open(path, "rb") as file:
            kinds = [(r.rec_type, r.content_stream().read()) for r in ArchiveIterator(file, check_digests="raise")]
        assert [kind for kind, _ in kinds] == ["warcinfo", "response", "request"] and kinds[1][1] == body


@pytest.mark.parametrize("place", ["deflate", "crc", "header"])
def test_one_flipped_byte_is_named_with_file_record_and_observations(store: Store, place: str) -> None:
    _, refs = crawl(store)
    path, hurt = path_of(store, refs[2]), refs[2]
    data = bytearray(path.read_bytes())
    data[{"deflate": hurt.offset + hurt.length // 2, "crc": hurt.offset + hurt.length - 6, "header": hurt.offset + 9}[place]] ^= 1
    path.write_bytes(data)
    (problem,) = verify(store.home, store)
    assert (problem.file, problem.offset, problem.observations) == (hurt.file, hurt.offset, concerned(store, hurt))
    assert len(problem.observations) == 2 and problem.serious
    assert str(hurt.offset) in str(problem) and problem.observations[0] in str(problem)
    if place != "header":
        with pytest.raises(EvidenceError, match=hurt.file):
            read(store.home, hurt)
    for other in (refs[0], refs[1], refs[3], refs[4]):
        assert read(store.home, other).startswith(PAGE)


def test_every_flipped_byte_of_a_file_is_seen(store: Store) -> None:
    """All of them, the gzip and record headers, request records and warcinfo included; and the record that holds it is named."""
    _, refs = crawl(store, 1, body=b"small")
    path = path_of(store, refs[0])
    whole, starts = path.read_bytes(), [found.offset for found in walk(path)]
    heads = [start + place for start in starts for place in range(4, 10)]
    for at in [*range(0, len(whole), 7), *heads]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
        found = {problem.offset for problem in verify(store.home, store)}
        named = {max(start for start in starts if start <= at)}
        if at + 1 + GZIP_END in (*starts, len(whole)):  # the packed stream's last byte ends in bits that nobody reads: the file's sum alone tells
            named.add(None)
        assert found & named, f"byte {at} of {len(whole)}"
    path.write_bytes(whole)
    assert verify(store.home, store) == []


def test_each_of_several_damaged_records_is_named(store: Store) -> None:
    _, refs = crawl(store, 3)
    path = path_of(store, refs[0])
    data, starts = bytearray(path.read_bytes()), [found.offset for found in walk(path)]
    for place in (starts[0] + 5, refs[1].offset + refs[1].length // 2, starts[-1] + 8):
        data[place] ^= 4
    path.write_bytes(data)
    assert [problem.offset for problem in sorted(verify(store.home, store), key=lambda p: p.offset or 0)] == [starts[0], refs[1].offset, starts[-1]]


def test_a_record_replaced_by_a_well_made_one_is_seen(store: Store) -> None:
    """Somebody who knows the format rewrites a page, digests and all: the chain does not reach the sealed head."""
    from storage.warc import member

    _, refs = crawl(store, 2)
    path = path_of(store, refs[1])
    data = path.read_bytes()
    forged = member([("WARC-Type", "request"), ("WARC-Record-ID", "<urn:uuid:1>"), ("WARC-Date", NOW)], b"GET / HTTP/1.1\r\n\r\n")
    last = list(walk(path))[-1]
    path.write_bytes(data[: last.offset] + forged)
    assert [p.problem for p in verify(store.home, store)] == [
        "the chain over its records does not reach the sealed head: a record was changed"
    ]


def test_a_cut_tail_is_seen_even_behind_the_last_observation(store: Store) -> None:
    _, refs = crawl(store)
    path = path_of(store, refs[0])
    last = list(walk(path))[-1]
    assert last.offset > refs[-1].offset
    os.truncate(path, last.offset)
    (problem,) = verify(store.home, store)
    assert "the end was cut" in problem.problem and problem.observations == ()
    os.truncate(path, refs[-1].offset + 5)
    (problem,) = verify(store.home, store)
    assert (problem.offset, problem.observations) == (refs[-1].offset, concerned(store, refs[-1]))


def test_added_records_missing_files_and_strangers_are_seen(store: Store) -> None:
    _, refs = crawl(store)
    _, more = crawl(store, first=5)
    path = path_of(store, refs[0])
    with open(path, "ab") as file:
        file.write(read_record(store.home, refs[0]))
    path_of(store, more[0]).unlink()
    (store.home / "evidence" / "stranger.warc.gz").write_bytes(b"")
    found = {problem.file: problem for problem in verify(store.home, store)}
    assert "some were added" in found[refs[0].file].problem
    assert found[more[0].file].problem == "the file is gone" and len(found[more[0].file].observations) == 10
    assert not found["stranger.warc.gz"].serious


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        ("UPDATE run SET evidence_records = evidence_records - 1", "its seal differs from the one in the chain"),
        ("UPDATE chain SET head = '" + "0" * 64 + "' WHERE seq = 1", "was changed after it was sealed"),
        ("DELETE FROM chain WHERE seq = 1", "link 1 is missing before it"),
        ("DELETE FROM chain WHERE seq = 2", "its seal is missing from the chain"),
    ],
)
def test_a_changed_chain_is_seen(store: Store, forge: str, said: str) -> None:
    crawl(store, 1)
    crawl(store, 1)
    store.db.write(forge)
    assert any(said in problem.problem for problem in verify(store.home, store))


def test_a_digest_pins_the_head_so_that_a_run_cannot_vanish(store: Store) -> None:
    crawl(store, 1)
    run, _ = crawl(store, 1, first=1)
    store.save_digest("daily", {"alerts": []}, since=None, until=NOW, now=NOW, alerts=0)
    assert store.digest(store.digests()[0]["id"])["chain_head"] == store.chain_head()
    crawl(store, 1, first=2)
    assert verify(store.home, store) == []
    # Somebody with the database in hand takes the last two runs out, rows, seals, files and all.
    db = store.db
    with store.transaction():
        db.write("DELETE FROM chain WHERE seq >= 2")
        for table in ("search_pending", "pending", "observation", "listing", "evidence", "run"):
            keep = "" if table in ("search_pending", "pending") else f"WHERE {'id' if table == 'run' else {'listing': 'last_run'}.get(table, 'run')} >= '{run}'"
            db.raw().execute("PRAGMA defer_foreign_keys=ON")
            db.write(f"DELETE FROM {table} {keep}")
    assert any("pins a chain head" in problem.problem for problem in verify(store.home, store))


def test_two_writers_never_share_a_file(store: Store) -> None:
    run = store.begin_run("board", now=NOW)
    with EvidenceWriter(store.home, run, NOW) as writer:
        writer.write("https://x.example/", 200, {}, b"1", NOW)
        with pytest.raises(EvidenceError, match="belongs to another writer"):
            EvidenceWriter(store.home, run, NOW).write("https://x.example/", 200, {}, b"2", NOW)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b.warc.gz", ".warc.gz", "x.txt", "..\\x.warc.gz"])
def test_pointers_never_lead_out_of_the_archive(store: Store, name: str) -> None:
    with pytest.raises(EvidenceError, match="no file name"):
        read(store.home, EvidenceRef(name, 0, 10, "0" * 64, "", NOW))


def test_a_pointer_with_another_digest_is_refused(store: Store) -> None:
    _, refs = crawl(store)
    with pytest.raises(EvidenceError, match="SHA-256 differs"):
        read(store.home, dataclasses.replace(refs[0], sha256="0" * 64))


def test_a_bomb_in_place_of_a_record_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import storage.evidence

    monkeypatch.setattr(storage.evidence, "MAX_RECORD", 1 << 20)
    run = store.begin_run("board", now=NOW)
    with EvidenceWriter(store.home, run, NOW) as writer:
        ref = writer.write("https://x.example/", 200, {}, b"\0" * (4 << 20), NOW)
    with pytest.raises(EvidenceError, match="larger than any record"):
        read(store.home, ref)


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from storage.evidence import EvidenceWriter
    from storage.listing import Listing
    from storage.store import Store
    store = Store.open(Path(sys.argv[1]))
    run = store.begin_run("board", now="2026-03-28T10:00:00Z")
    writer = EvidenceWriter(store.home, run, "2026-03-28T10:00:00Z")
    for n in range(3):
        ref = writer.write(f"https://board.example/{n}", 200, {}, b"body %d" % n * 300, "2026-03-28T10:00:00Z")
        store.record(Listing("board", str(n), f"H100 {n}"), run=run, evidence=ref, now="2026-03-28T10:00:00Z")
    ref = writer.write("https://board.example/late", 200, {}, b"late" * 300, "2026-03-28T10:00:00Z")
    if sys.argv[2] == "torn":
        os.truncate(writer.path, ref.offset + ref.length // 2)
    if sys.argv[2] == "within":
        store.db.raw().execute("BEGIN IMMEDIATE")
        store.db._depth = 1
        store.record(Listing("board", "late", "H100 late"), run=run, evidence=ref, now="2026-03-28T10:00:00Z")
    print(run, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("moment", ["whole", "torn", "within"])
def test_a_killed_run_is_recovered_whole(tmp_path: Path, moment: str) -> None:
    home = tmp_path / "home"
    Store.open(home).close()
    dead = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(home), moment], capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )  # fmt: skip
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    run = dead.stdout.strip()
    with Store.open(home) as store:
        assert sorted(o.listing.listing_id for o in store.iter_observations()) == ["0", "1", "2"]
        if moment == "torn":
            (torn,) = verify(home, store)
            assert not torn.serious and "no observation points there" in torn.problem
        alive = store.begin_run("other", now=NOW)
        (killed,) = store.recover_runs(NOW)
        assert (killed.run, killed.site, killed.cut_bytes > 0) == (run, "board", moment == "torn")
        row = store.run(run)
        assert (row["outcome"], row["new"]) == ("killed", 3) and (moment != "torn" or "torn bytes" in row["detail"])
        assert verify(home, store) == []
        assert store.recover_runs(NOW) == []
        assert store.run(alive)["outcome"] is None
        for observation in store.iter_observations():
            assert observation.evidence is not None and read(home, observation.evidence).startswith(b"body ")
    assert warcio_check(home / "evidence" / f"{run}.warc.gz").returncode == 0


def test_damage_below_an_observation_of_a_killed_run_is_damage(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Store.open(home) as store:
        _, refs = crawl(store, 3, end=False)
        os.truncate(path_of(store, refs[0]), refs[1].offset + 10)
        (problem,) = verify(home, store)
        assert problem.serious and problem.offset == refs[1].offset
        assert set(problem.observations) == {*concerned(store, refs[1]), *concerned(store, refs[2])}


def test_walking_is_bounded_in_memory(tmp_path: Path) -> None:
    import tracemalloc

    with EvidenceWriter(tmp_path, "20260328T100000Z-x-aaaabbbb", NOW) as writer:
        for n in range(4):
            writer.write(f"https://x.example/{n}", 200, {}, bytes([n]) * (24 << 20), NOW)
    tracemalloc.start()
    assert [found.problem for found in walk(tmp_path / "evidence" / writer.file)] == [None] * 5
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_problem_reads_as_one_line() -> None:
    assert str(Problem("a.warc.gz", 7, "it is gone", ("o1", "o2"))) == "a.warc.gz at 7: it is gone; observations concerned: o1, o2"
    assert str(Problem("a.warc.gz", None, "it is gone")) == "a.warc.gz: it is gone"


def test_walking_junk_ends(tmp_path: Path) -> None:
    path = tmp_path / "junk.warc.gz"
    path.write_bytes(os.urandom(5000) + b"\x1f\x8b\x08junk" + gzip.compress(b"no record") + os.urandom(500))
    assert all(found.problem for found in walk(path))


def test_a_header_that_came_twice_is_kept_as_two(store: Store) -> None:
    run = store.begin_run("board", now=NOW)
    with EvidenceWriter(store.home, run, NOW) as writer:
        ref = writer.write("https://board.example/", 200, {"x-robots-tag": "otherbot: none\nnoarchive"}, b"<p>", NOW)
    assert read_answer(store.home, ref)[0]["x-robots-tag"] == "otherbot: none\nnoarchive"
    assert b"\r\nx-robots-tag: otherbot: none\r\nx-robots-tag: noarchive\r\n" in gzip.decompress(read_record(store.home, ref))
