"""Which archives a scan is given, and by what it goes on."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from chipwatch.scale import sources
from chipwatch.scale.snapshot import FILE, Snapshot, take
from config.loader import Config
from storage.ledger import Entry, Ledger
from tests.commands import chipwatch

NOW = "2026-05-01T00:00:00Z"


def test_an_archive_is_one_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    one = tmp_path / "a" / "one.warc.gz"
    one.write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "other.warc.gz").symlink_to(one)
    (tmp_path / "list.txt").write_text("a/b/../one.warc.gz\n")
    monkeypatch.chdir(tmp_path)
    words = ["a/one.warc.gz", "a/b/../one.warc.gz", "link/one.warc.gz", "link", "other.warc.gz", "list.txt", one.as_uri(), "a/b/.."]
    assert sources.archives(words) == [str(one)]
    assert sources.archives(["link/one.warc.gz"]) == [str(one)]


def test_a_folder_gives_each_archive_however_its_name_is_written(tmp_path: Path) -> None:
    (tmp_path / "unpacked.wacz" / "archive").mkdir(parents=True)
    inside, upper = tmp_path / "unpacked.wacz" / "archive" / "a.warc.gz", tmp_path / "A.WARC.GZ"
    for path in (inside, upper):
        path.write_bytes(b"x")
    (tmp_path / "list.TXT").write_text("\ufeffA.WARC.GZ\n", encoding="utf-8")
    assert sources.archives([str(tmp_path)]) == [str(upper), str(inside)]
    assert sources.archives([str(tmp_path / "list.TXT")]) == [str(upper)]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cut.txt.gz", gzip.compress(b"a.warc.gz\n")[:15], "is a broken list"), ("odd.txt.gz", b"\x1f\x8b\x08" + b"\xff" * 40, "is a broken list"),
        ("none.txt", b"# nothing\n\n", "names no archive"), ("far.txt", b"nowhere://x/a.warc.gz\n", "cannot be opened"),
    ],
    ids=["cut", "odd", "empty", "far"],
)  # fmt: skip
def test_a_list_that_is_of_no_use_is_told_before_anything_is_done(name: str, data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(sources.SourceError, match=said):
        sources.archives([str(tmp_path / name)])


def begun(folder: Path) -> None:
    """A scan of one archive."""
    folder.mkdir(exist_ok=True)
    snapshot = take(Config(), None, now=NOW)
    (folder / FILE).write_bytes(snapshot.data)
    with Ledger(folder) as ledger:
        ledger.set_fact("snapshot", snapshot.digest)
        ledger.set_fact("every_chip", "False")
        ledger.record(Entry("/gone.warc.gz", "done", NOW))


def damage(folder: Path) -> None:
    data = bytearray((folder / FILE).read_bytes())
    data[len(data) // 4] ^= 0xFF
    (folder / FILE).write_bytes(data)
    with Ledger(folder) as ledger:
        ledger.set_fact("snapshot", Snapshot(bytes(data)).digest)


@pytest.mark.parametrize("what", ["gone", "another", "damaged", "another chipwatch", "every chip"])
def test_a_scan_goes_on_by_what_it_was_begun_with_or_not_at_all(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(tmp_path)
    more: list[str] = []
    if what == "gone":
        (tmp_path / FILE).unlink()
    elif what == "another":
        (tmp_path / FILE).write_bytes(take(Config(), None, now="2026-05-02T00:00:00Z").data)
    elif what == "damaged":
        damage(tmp_path)
    elif what == "another chipwatch":
        monkeypatch.setattr(Config, "thresholds_version", "other")
    else:
        more = ["--every-chip"]
    (tmp_path / "new.warc.gz").write_bytes(b"x")
    done = chipwatch(tmp_path / "home", "scan", str(tmp_path / "new.warc.gz"), "--out", str(tmp_path), *more, expect=2)
    said = {"gone": "is gone", "another": "is another", "damaged": "cannot be read", "another chipwatch": "has thresholds other where", "every chip": "without --every"}
    assert said[what] in done.stderr and "Traceback" not in done.stderr
    with Ledger(tmp_path) as ledger:
        assert len(ledger.entries()) == 1


def test_an_upgraded_chipwatch_still_imports_what_was_scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(tmp_path / "out")
    archive = tmp_path / "one.warc.gz"
    archive.write_bytes(b"x")
    with Ledger(tmp_path / "out") as ledger:
        ledger.record(Entry(str(archive), "done", NOW, size=1))
    monkeypatch.setattr(Config, "thresholds_version", "other")
    chipwatch(tmp_path / "home", "init")
    told = chipwatch(tmp_path / "home", "scan", str(archive), "--out", str(tmp_path / "out"), "--import").stderr
    assert "nothing to do" in told
