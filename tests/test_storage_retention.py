"""Retention and erasure: bytes go, pointers and chain stay true, and what must not be found again is not."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import ErasedError, EvidenceError, MissingError
from storage.evidence import EvidenceRef, EvidenceWriter, read
from storage.ids import listing_key
from storage.listing import Listing
from storage.named import Named
from storage.retention import Retention
from storage.store import Store
from storage.tombstone import tombstone
from storage.verify import verify
from storage.warc import walk
from tests.test_storage import judge
from tests.test_storage_alerts import Intent, facts

SHA = "ab" * 32
SECRET = "Иван Петров, +7 900 123-45-67"


def day(n: int) -> str:
    return f"2026-{1 + n // 28:02d}-{1 + n % 28:02d}T10:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def crawl(store: Store, n: int, names: str, *, body: str = "") -> dict[str, EvidenceRef]:
    """A run on day `n`: an item page for each name, and a result page that names them all."""
    run = store.begin_run("board", now=day(n))
    refs = {}
    with EvidenceWriter(store.home, run, day(n), known=store.find_payload) as writer:
        everything = "".join(f"<a href=https://board.example/item/{name * 5}>" for name in names)
        writer.write("https://board.example/search", 200, {}, everything.encode(), day(n), {"User-Agent": "chipwatch"})
        for name in names:
            url = f"https://board.example/item/{name * 5}"
            page = f"<h1>H100 {name}</h1>{SECRET if name == 's' else ''}{body or n}" + "filler " * 500
            refs[name] = writer.write(url, 200, {}, page.encode(), day(n), {"User-Agent": "chipwatch"}, "192.0.2.1")
            listing = Listing("board", name * 5, f"H100 {name} {SECRET if name == 's' else ''}", url=url, price_text=f"¥{n}",
                              description=SECRET if name == "s" else "现货", seller_name=f"seller of {name}")  # fmt: skip
            store.record(listing, run=run, evidence=refs[name], now=day(n))
    store.end_run(run, "ok", day(n), {"pages": len(names)}, evidence=writer.close())
    return refs


@pytest.mark.parametrize("length", [*range(300, 420, 7), 420, 1000, 65_000, 65_800, 65_801, 65_802, 66_000, 131_089, 131_090, 131_500, 1_000_003])
def test_a_tombstone_fills_exactly_its_place_and_is_a_record(tmp_path: Path, length: int) -> None:
    data = tombstone(length, SHA, "erasure 1234", day(1))
    assert len(data) == length
    plain = zlib.decompressobj(31)
    assert plain.decompress(data).startswith(b"WARC/1.1\r\n") and plain.eof and plain.unused_data == b""
    path = tmp_path / "one.warc.gz"
    path.write_bytes(data + data)
    assert [(m.problem, m.length, m.headers["chipwatch-removed-sha256"]) for m in walk(path)] == [(None, length, SHA)] * 2
    done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@settings(max_examples=40, deadline=None)
@given(st.integers(300, 400_000))
def test_tombstones_of_every_length(length: int) -> None:
    data = tombstone(length, SHA, "expiry 1", day(1))
    assert len(data) == length and zlib.decompress(data, 31).startswith(b"WARC/1.1\r\n")


def test_no_room_is_said() -> None:
    with pytest.raises(EvidenceError, match="no room for a tombstone"):
        tombstone(100, SHA, "x", day(1))


def test_evidence_goes_by_verdict_and_age(store: Store) -> None:
    first = crawl(store, 0, "cfo")
    for name in "cf":
        store.apply_intents([Intent("opened", facts_of(store, name))], now=day(1))
    store.decide(listing_key("board", "ccccc"), "confirm", who="ann", now=day(2))
    policy = Retention(confirmed_days=None, flagged_days=100, other_days=30)
    assert store.expire_evidence(policy, now=day(20)).records == 0
    size = disk(store)
    planned = store.expire_evidence(policy, now=day(40), dry_run=True)
    assert planned.records == 4 and planned.id is None  # the page, its request, the result page, its request
    done = store.expire_evidence(policy, now=day(40))
    assert (done.records, done.bytes, done.observations) == (planned.records, planned.bytes, 1)
    assert disk(store) == size  # offsets stay; the space is holes
    with pytest.raises(ErasedError, match="was removed: expiry"):
        read(store.home, first["o"])
    assert read(store.home, first["c"]) and read(store.home, first["f"])
    assert verify(store.home, store) == []
    assert store.expire_evidence(policy, now=day(41)).records == 0
    assert store.expire_evidence(policy, now=day(120)).observations == 1
    with pytest.raises(ErasedError):
        read(store.home, first["f"])
    assert read(store.home, first["c"]) and verify(store.home, store) == []
    assert store.counts()["observation"] == 3
    for path in (store.home / "evidence").glob("*"):
        assert subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(path)], capture_output=True).returncode == 0


def test_a_file_with_nothing_left_goes_whole_and_the_chain_still_holds(store: Store) -> None:
    refs = crawl(store, 0, "ab")
    crawl(store, 50, "ab")
    done = store.expire_evidence(Retention(None, 30, 30), now=day(60))
    assert done.records == 6
    assert not (store.home / "evidence" / refs["a"].file).exists()
    assert len(list((store.home / "evidence").glob("*"))) == 1
    assert verify(store.home, store) == []
    assert store.find_payload(refs["a"].sha256) is None


def test_a_body_that_a_kept_revisit_needs_is_kept(store: Store) -> None:
    crawl(store, 0, "ab", body="the same")
    later = crawl(store, 50, "a", body="the same")
    assert later["a"].kind == "revisit"
    store.expire_evidence(Retention(None, 30, 30), now=day(60))
    assert b"the same" in read(store.home, later["a"])
    assert verify(store.home, store) == []


def facts_of(store: Store, name: str) -> object:
    key = listing_key("board", name * 5)
    return type(facts(store, 0))(key, store.db.value("SELECT observation FROM listing WHERE id=?", [key]))


def disk(store: Store) -> int:
    return sum(path.stat().st_size for path in (store.home / "evidence").glob("*"))


def everything_stored(home: Path) -> bytes:
    """All bytes under the home, evidence decompressed."""
    out = b""
    for path in home.rglob("*"):
        if path.is_file() and path.name.endswith(".warc.gz"):
            import gzip

            out += gzip.decompress(path.read_bytes())
        elif path.is_file():
            out += path.read_bytes()
    return out


def test_erasure_leaves_a_tombstone_a_true_chain_and_no_word(store: Store) -> None:
    refs = crawl(store, 0, "st")
    crawl(store, 3, "st")
    judge(store)
    key, other = listing_key("board", "sssss"), listing_key("board", "ttttt")
    store.apply_intents([Intent("opened", facts_of(store, "s"))], now=day(4))
    store.decide(key, "confirm", who="ann", now=day(4), note=f"calls himself {SECRET}")
    told = {"alerts": [{"alert": key, "title": SECRET}, {"alert": other, "title": "H100 t"}]}
    digest, _ = store.save_digest("daily", told, since=None, until=day(4), now=day(4), alerts=2)
    (store.home / "digests").mkdir()
    (store.home / "digests" / "day.html").write_text("see https://board.example/item/sssss")
    store.index_search()
    assert SECRET.encode() in everything_stored(store.home)
    done = store.erase_listing(key, who="ann", why="request of 1 May", now=day(5))
    assert done.mentions == ("digests/day.html",) and done.observations == 2 and done.records >= 8
    (store.home / "digests" / "day.html").unlink()
    store.close()
    left = everything_stored(store.home)
    for word in (SECRET, "900 123", "sssss", "seller of s"):
        assert word.encode() not in left, word
    with Store.open(store.home) as again:
        assert verify(again.home, again) == []
        with pytest.raises(ErasedError, match="was removed: erasure"):
            read(again.home, refs["s"])
        assert read(again.home, refs["t"]).startswith(b"<h1>H100 t")
        assert again.listing(key)["title"] == "(erased)" and again.alert(key)["state"] == "closed"
        assert [d["action"] for d in again.alert(key)["decisions"]] == ["confirm"]
        assert [o.listing_key for o in again.iter_observations()] == [other, other]
        assert again.search("Петров") == [] and again.search("现货") == [other]
        assert again.digest(digest)["document"] == {"alerts": [{"alert": other, "title": "H100 t"}]}
        row = again.db.row("SELECT * FROM removal")
        assert row is not None and (row["who"], row["why"], row["kind"]) == ("ann", "request of 1 May", "erasure")
        assert again.erase_listing(key, who="ann", why="again", now=day(6)).records == 0


def test_an_erasure_done_once_more_keeps_its_day(store: Store) -> None:
    crawl(store, 0, "st")
    key = listing_key("board", "sssss")
    for when, named in ((day(1), []), (day(3), ["t"])):
        store.erase_listing(key, who="ann", why="request", now=when, named=named)
    assert [row[0] for row in store.db.rows("SELECT erased_at FROM observation WHERE listing=?", [key])] == [day(1)]


def test_what_was_erased_is_not_recorded_again(store: Store) -> None:
    crawl(store, 0, "st")
    store.erase_listing(listing_key("board", "sssss"), who="ann", why="request", now=day(1))
    run = store.begin_run("board", now=day(2))
    result = store.record(Listing("board", "sssss", SECRET), run=run, evidence=None, now=day(2))
    assert (result.kind, result.observation_id) == ("erased", "")
    assert SECRET not in json.dumps([dict(row) for row in store.db.rows("SELECT * FROM observation")], ensure_ascii=False)


def test_an_interrupted_removal_is_seen_and_finished(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import storage.retention

    refs = crawl(store, 0, "st")

    def die(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(storage.retention, "replace_records", die)
        with pytest.raises(KeyboardInterrupt):
            store.erase_listing(listing_key("board", "sssss"), who="ann", why="request", now=day(1))
    assert any("to be gone and are still here" in problem.problem for problem in verify(store.home, store))
    assert store.finish_removals() > 0
    assert verify(store.home, store) == []
    assert store.finish_removals() == 0
    with pytest.raises(ErasedError):
        read(store.home, refs["s"])


def test_a_tombstone_that_nobody_ordered_is_damage(store: Store) -> None:
    refs = crawl(store, 0, "st")
    ref = refs["s"]
    path = store.home / "evidence" / ref.file
    data = path.read_bytes()
    forged = tombstone(ref.length, ref.record_sha256, "expiry 1", day(1))
    path.write_bytes(data[: ref.offset] + forged + data[ref.offset + ref.length :])
    (problem,) = verify(store.home, store)
    assert "the database knows nothing of" in problem.problem and len(problem.observations) == 1


def test_a_removal_cannot_be_widened_afterwards(store: Store) -> None:
    refs = crawl(store, 0, "stu")
    store.erase_listing(listing_key("board", "sssss"), who="ann", why="request", now=day(1))
    row = store.db.row("SELECT id, records FROM removal")
    assert row is not None
    more = [*json.loads(row["records"]), refs["t"].record_sha256]
    store.db.write("UPDATE removal SET records=? WHERE id=?", [json.dumps(more), row["id"]])
    assert any("not what the chain says" in problem.problem for problem in verify(store.home, store))


def test_unknown_listings_are_refused(store: Store) -> None:
    with pytest.raises(MissingError):
        store.erase_listing("nothing", who="ann", why="x", now=day(1))


NAMES = [
    ('<a href="/item.php?c=3&amp;id=7">', True),
    ('<a href="item.php?c=3&amp;id=7">', True),
    ('<a href="item.php?c=3&amp;id=71">', False),
    ('{"url": "https:\\/\\/board.example\\/item.php?c=3&id=7"}', True),
    ('{"title": "\\u0048100 \\u041f\\u0435\\u0442\\u0440\\u043e\\u0432"}', True),
    ("<h3>H100&nbsp;<b>&#1055;етров</b></h3>", True),
    ("<h3>H100\n  Петров</h3>".encode("cp1251"), True),
    ('{"listing_id": "7", "title": "x"}', True),
    ('{"listing_id": "77", "title": "x"}', False),
    ("7 H100", False),
]


@pytest.mark.parametrize(("line", "named"), [("7;H100 80GB;Petrov", True), ("17;H100 80GB;Petrov", False), ("7;A100;Petrov", False), ("7;H100 80GB;" + "x" * 20_000, False)])
def test_a_line_names_a_listing_by_its_short_id_beside_a_title_that_others_bear_too(line: str, named: bool) -> None:
    names = Named([], ["7"], [], ["H100 80GB"])
    assert names.in_(f"WARC/1.1\r\nContent-Length: 7\r\n\r\n{line}\r\n\r\n".encode()) is named


GIVEN = [
    ("Petrov", "call petrov: Petrov, 5", True), ("Petrov", "Petrovich", False), ("10001", "lot 10001", True), ("1000", "1000 EUR", False), ("7", "7", False),
    ("王伟", "联系王伟先生", True), ("王伟", "联系王伟先生".encode("gb18030"), True), ("Ли", "<b>Ли</b>", True), ("Ли", "Лиза, или", False), ("  ", "a  b", False),
]  # fmt: skip


@pytest.mark.parametrize(("word", "text", "named"), GIVEN)
def test_a_word_that_a_person_gives_counts_though_it_is_shorter_than_a_title(word: str, text: str | bytes, named: bool) -> None:
    names = Named([], [], [], given=[word])
    assert names.in_(text if isinstance(text, bytes) else text.encode()) is named


@pytest.mark.parametrize(("text", "named"), NAMES, ids=[str(text) for text, _ in NAMES])
def test_what_a_page_names_a_listing_by(text: str | bytes, named: bool) -> None:
    names = Named(["https://board.example/item.php?c=3&id=7"], ["7"], ["H100 Петров"])
    assert names.in_(text if isinstance(text, bytes) else text.encode()) is named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("全新英伟达H100八卡服务器出售，可议价", True), ("<title>英伟达H100八卡服务器_转转</title>", True), ("H100整机现货 10001", True), ("신품 H100 서버를 팝니다", True),
        ("H100整机现", False), ("/thumb/10001_small.jpg", True), ("10001件", True), ("$210001", False), ("100012", False), ("10001a", False),
    ],
)  # fmt: skip
def test_a_name_ends_where_its_word_does(text: str, named: bool) -> None:
    names = Named([], ["10001"], ["英伟达H100八卡服务器", "H100整机现货 10001", "신품 H100 서버"])
    assert names.in_(text.encode()) is named
