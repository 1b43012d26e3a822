"""The hand-over pack: whole, provable with standard tools alone, and quiet about contacts unless asked."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from config.loader import Config
from detector.apply import apply
from review.pack import Pack, collect
from review.pack_files import name_for, note_packed, write
from review.pack_report import report
from storage.errors import LockedError, MissingError, StorageError
from storage.evidence import EvidenceWriter, evidence_path
from storage.listing import Listing
from storage.store import Store
from tests import handover

NOW = "2026-03-03T09:00:00Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = handover.build(tmp_path_factory.mktemp("pack") / "home")
    with Store.open(home) as store:
        one = handover.key(store, "1")
        store.decide(
            one,
            "confirm",
            who="ada",
            now=NOW,
            reason="serial-removed",
            note=f"seen by {handover.CONTACT}@shop.example",
        )
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def packed(home: Path, *names: str, contacts: bool = False) -> Pack:
    with Store.open(home) as store:
        keys = [handover.key(store, name) for name in names]
        return collect(
            store, Config(home), keys, now=NOW, who="ada", software="chipwatch test", contacts=contacts
        )


def unpacked(home: Path, tmp_path: Path, *names: str, contacts: bool = False) -> Path:
    write(packed(home, *names, contacts=contacts), home, tmp_path / "pack")
    return tmp_path / "pack"


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sha256sum", "-c", "MANIFEST.sha256"], cwd=folder, capture_output=True, text=True, check=False
    )


def snippets(folder: Path) -> list[str]:
    """The commands that the pack's own README tells a reader to paste into a shell, as they stand there."""
    text = (folder / "README.txt").read_text(encoding="utf-8")
    return re.findall(r"^python3 - <<'END'\n.*?^END$", text, re.DOTALL | re.MULTILINE)


def run(snippet: str, folder: Path) -> list[str]:
    # A Python of its own environment, in which nothing of this project can be imported, as on the reader's machine.
    path = f"{Path(sys.base_prefix) / 'bin'}:/usr/bin:/bin"
    done = subprocess.run(
        ["sh", "-c", snippet],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": path, "PYTHONNOUSERSITE": "1"},
    )
    assert not done.stderr
    return done.stdout.splitlines()


def test_one_standard_command_proves_the_pack_and_names_a_changed_file(home: Path, tmp_path: Path) -> None:
    folder = unpacked(home, tmp_path, "1", "2")
    whole = check(folder)
    assert whole.returncode == 0 and whole.stdout.count(": OK") == 6
    assert {path.name for path in folder.iterdir()} == {
        line.split("  ")[1] for line in (folder / "MANIFEST.sha256").read_text().split("\n") if line
    } | {"MANIFEST.sha256"}
    report = folder / "report.html"
    report.write_text(report.read_text().replace("9,000", "9,001"))
    broken = check(folder)
    assert broken.returncode == 1 and "report.html: FAILED" in broken.stdout


def test_the_score_is_computed_again_with_the_lines_of_its_readme(home: Path, tmp_path: Path) -> None:
    folder = unpacked(home, tmp_path, "1", "2")
    score, _ = snippets(folder)
    lines = run(score, folder)
    assert len(lines) == 3 and all(
        line.endswith(" equal") for line in lines
    )  # two observations of the first, one of the second
    document = json.loads((folder / "alerts.json").read_text(encoding="utf-8"))
    reasons = document["alerts"][0]["observations"][0]["reading"]["reasons"]
    assert reasons[0]["evidence"] == "bias" and len(reasons) > 2
    reasons[1]["contribution"] += 0.1
    (folder / "alerts.json").write_text(json.dumps(document), encoding="utf-8")
    assert run(score, folder)[0].endswith(" DIFFERENT")


def test_the_pages_are_proved_against_their_seals_with_the_lines_of_its_readme(
    home: Path, tmp_path: Path
) -> None:
    folder = unpacked(home, tmp_path, "1")
    _, chain = snippets(folder)
    lines = run(chain, folder)
    assert all(line.endswith(" equal") for line in lines)
    assert (
        sum(line.startswith("2026") for line in lines) >= 5
        and sum(" seal " in line for line in lines) == 2
        and sum(line.startswith("link") for line in lines) == 2
    )
    warc = folder / "evidence.warc.gz"
    data = bytearray(warc.read_bytes())
    data[len(data) // 2] ^= 1
    warc.write_bytes(data)
    assert any(line.endswith(" DIFFERENT") for line in run(chain, folder))


def test_evidence_is_a_valid_warc_of_the_records_concerned_alone(home: Path, tmp_path: Path) -> None:
    from warcio.archiveiterator import ArchiveIterator

    folder = unpacked(home, tmp_path, "1")
    proof = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(folder / "evidence.warc.gz")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert proof.returncode == 0 and "failed" not in proof.stdout, proof.stdout
    with (folder / "evidence.warc.gz").open("rb") as file:
        seen = [(r.rec_type, r.rec_headers.get_header("WARC-Target-URI")) for r in ArchiveIterator(file)]
    own = "https://board.example/item/1"
    assert [kind for kind, _ in seen] == ["warcinfo", "response", "request", "metadata"] * 2
    assert {url for _, url in seen if url} == {own}
    records = json.loads((folder / "records.json").read_text())["records"]
    assert [len(r["observations"]) for r in records if r["kind"] == "response"] == [1, 1]


def test_a_page_stored_once_and_repeated_comes_with_the_bytes_it_repeats(home: Path, tmp_path: Path) -> None:
    # The second offer is the same on both days: the second sighting is a revisit record that points to the first.
    folder = unpacked(home, tmp_path, "2")
    kinds = [r["kind"] for r in json.loads((folder / "records.json").read_text())["records"]]
    assert kinds.count("revisit") == 1 and kinds.count("response") == 1


def test_contacts_are_masked_in_place_unless_asked_for(home: Path, tmp_path: Path) -> None:
    folder = unpacked(home, tmp_path, "1")
    for name in ("alerts.json", "report.html"):
        assert handover.CONTACT not in (folder / name).read_text(encoding="utf-8"), name
    seen = json.loads((folder / "alerts.json").read_text(encoding="utf-8"))["alerts"][0]["observations"][0]
    assert len(seen["said"]["description"]) == len(handover.OFFERS[0]["description"])
    for signal in seen["reading"]["signals"]:
        if signal.get("text") and signal["signal"] != "off_platform_contact":
            assert seen["said"][signal["field"]][signal["start"] : signal["end"]] == signal["text"]
    shutil.rmtree(folder)
    kept = unpacked(home, tmp_path, "1", contacts=True)
    assert all(
        handover.CONTACT in (kept / name).read_text(encoding="utf-8")
        for name in ("alerts.json", "report.html")
    )


def test_it_holds_readings_reasons_versions_law_and_decisions(home: Path, tmp_path: Path) -> None:
    folder = unpacked(home, tmp_path, "1")
    alert = json.loads((folder / "alerts.json").read_text(encoding="utf-8"))["alerts"][0]
    assert [o["said"]["price_text"] for o in alert["observations"]] == ["US $9,000", "US $7,500"]
    assert alert["observations"][1]["changed"] == ["price"]
    assert [(d["who"], d["action"], d["reason"]) for d in alert["decisions"]] == [
        ("ada", "confirm", "serial-removed")
    ]
    assert alert["explained"]["law"][0]["control"] == "3A090.a" and alert["explained"]["law"][0]["source"]
    assert alert["seller"]["other_offers"] == 1
    assert "; 1 other offer" in LexborHTMLParser(report(packed(home, "1"))).text() and "1 other offers" not in report(packed(home, "1"))
    versions = json.loads((folder / "versions.json").read_text(encoding="utf-8"))
    used = alert["observations"][0]["reading"]["versions"]
    assert used["knowledge"] in versions["used"]["knowledge"] and "serial_removed" in {
        card["id"] for card in versions["cards"]
    }


def test_damaged_evidence_is_named_and_the_rest_still_handed_over(home: Path, tmp_path: Path) -> None:
    with Store.open(home) as store:
        ref = store.history(handover.key(store, "1"))[0].evidence
    assert ref is not None
    path = evidence_path(home, ref.file)
    data = bytearray(path.read_bytes())
    data[ref.offset + ref.length // 2] ^= 1
    path.write_bytes(data)
    pack = packed(home, "1")
    assert len(pack.problems) == 2 and all(ref.file in problem for problem in pack.problems)
    assert f" at {ref.offset}: " in pack.problems[0] and "seal" in pack.problems[1]
    write(pack, home, tmp_path / "pack")
    assert check(tmp_path / "pack").returncode == 0
    assert (
        ref.file in (tmp_path / "pack" / "README.txt").read_text()
        and "Known problems" in (tmp_path / "pack" / "report.html").read_text()
    )


def test_damage_beside_the_records_of_a_pack_breaks_its_seal_and_is_said(home: Path, tmp_path: Path) -> None:
    with Store.open(home) as store:
        ref = store.history(handover.key(store, "3"))[0].evidence
    assert ref is not None
    path = evidence_path(home, ref.file)
    data = bytearray(path.read_bytes())
    data[ref.offset + ref.length // 2] ^= 1
    path.write_bytes(data)
    pack = packed(home, "1")
    assert len(pack.problems) == 1 and "do not lead to the seal" in pack.problems[0]
    write(pack, home, tmp_path / "pack")
    lines = run(snippets(tmp_path / "pack")[1], tmp_path / "pack")
    assert [line for line in lines if line.endswith("DIFFERENT")] == [f"{ref.file} seal DIFFERENT"]


def test_a_run_that_still_goes_on_is_said_to_be_unsealed(home: Path, tmp_path: Path) -> None:
    with Store.open(home) as store:
        run_id = store.begin_run("board", now="2026-03-04T08:00:00Z")
        with EvidenceWriter(store.home, run_id, "2026-03-04T08:00:00Z") as writer:
            ref = writer.write("https://board.example/item/4", 200, {}, b"page", "2026-03-04T08:00:00Z")
        store.record_many([(Listing("board", "4", "H100 80GB"), ref)], run=run_id, now="2026-03-04T08:00:00Z")
        pack = collect(store, Config(home), [handover.key(store, "4")], now=NOW, who="ada", software="x")
    assert pack.problems == (f"{ref.file}: its run has not ended, so it is not sealed yet",)
    write(pack, home, tmp_path / "pack")
    assert f"{ref.file} seal not there yet" in run(snippets(tmp_path / "pack")[1], tmp_path / "pack")


def test_missing_evidence_file_is_a_problem_not_a_crash(home: Path, tmp_path: Path) -> None:
    for path in (home / "evidence").glob("*.warc.gz"):
        path.unlink()
    pack = packed(home, "1")
    assert any("the file is gone" in problem for problem in pack.problems)
    assert check(unpacked(home, tmp_path, "1")).returncode == 0


def test_the_same_pack_is_the_same_bytes_and_a_zip_holds_the_same_files(home: Path, tmp_path: Path) -> None:
    pack = packed(home, "1", "2")
    digest = write(pack, home, tmp_path / "a")
    assert digest == hashlib.sha256((tmp_path / "a" / "MANIFEST.sha256").read_bytes()).hexdigest()
    (tmp_path / "x").mkdir()
    assert write(pack, home, tmp_path / "a.zip") == write(pack, home, tmp_path / "x" / "a.zip") == digest
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "x" / "a.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        inside = {name.removeprefix("a/"): archive.read(name) for name in archive.namelist()}
    assert inside == {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}


def test_nothing_is_overwritten_and_nothing_half_written_stays(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = packed(home, "1")
    (tmp_path / "there").mkdir()
    with pytest.raises(FileExistsError):
        write(pack, home, tmp_path / "there")

    def fails(*_: Any) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("review.pack_files.copy_bytes", fails)
    for name in ("new", "new.zip"):
        with pytest.raises(OSError, match="No space"):
            write(pack, home, tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"home", "there"}


def test_unknown_and_erased_listings_are_refused(home: Path) -> None:
    with Store.open(home) as store:
        gone = handover.key(store, "2")
        store.erase_listing(gone, who="ada", why="asked by the person concerned", now=NOW)
        for name, kind in (("0" * 20, MissingError), (gone, StorageError)):
            with pytest.raises(kind):
                collect(store, Config(home), [name], now=NOW, who="ada", software="x")


@pytest.mark.parametrize("name", ["case", "case.zip"])
def test_an_erasure_names_the_packs_that_hold_the_listing(home: Path, name: str) -> None:
    write(packed(home, "2"), home, home / "packs" / name)
    with Store.open(home) as store:
        removed = store.erase_listing(
            handover.key(store, "2"), who="ada", why="asked by the person concerned", now=NOW
        )
    assert any(mention.startswith(f"packs/{name}") for mention in removed.mentions)


def test_the_command_writes_a_pack_and_notes_it_with_the_decisions(home: Path, tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "chipwatch.cli",
        "--home",
        str(home),
        "alerts",
        "pack",
        "board/1",
        "--who",
        "ada",
        "--out",
        str(tmp_path / "case.zip"),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "sha256sum -c MANIFEST.sha256" in done.stderr and zipfile.is_zipfile(tmp_path / "case.zip")
    with Store.open(home, readonly=True) as store:
        last = list(store.decisions())[-1]
        state = store.alert(handover.key(store, "1"))["state"]
    assert (
        (last["action"], last["who"]) == ("note", "ada")
        and told["manifest_sha256"] in last["note"]
        and state == "confirmed"
    )
    again = subprocess.run(words, capture_output=True, text=True, check=False)
    assert again.returncode == 2 and "is there already" in again.stderr
    nowhere = subprocess.run([*words[:-1], str(tmp_path / "none" / "x" / "case.zip")], capture_output=True, text=True, check=False)
    assert nowhere.returncode == 2 and f"{tmp_path / 'none' / 'x'}: no such folder" in nowhere.stderr
    assert not (tmp_path / "none").exists()


KILLED = """
import os, sys
from pathlib import Path
from chipwatch.cli import main
Path.rename = lambda *names: os._exit(9)
sys.argv = ["chipwatch", "--home", sys.argv[1], "alerts", "pack", "board/1", "--who", "ada"]
main()
"""


def pack_command(home: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "chipwatch.cli", "--home", str(home), "alerts", "pack", "board/1", "--who", "ada"]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def packing_notes(home: Path) -> list[str]:
    with Store.open(home, readonly=True) as store:
        return [row["note"] for row in store.decisions() if (row["note"] or "").startswith("packed as ")]


def test_a_pack_that_cannot_be_noted_does_not_appear(home: Path) -> None:
    with closing(sqlite3.connect(home / "chipwatch.db", isolation_level=None)) as other, Store.open(home, timeout=0.1) as store:
        key, pack = handover.key(store, "1"), packed(home, "1", "2")
        target = name_for(home, key, NOW, ".zip")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError):
            write(pack, home, target, noted=lambda digest: note_packed(store, [key], target, digest, who="ada", now=NOW))
    assert not list((home / "packs").iterdir()) and not packing_notes(home)


def test_a_pack_is_noted_on_all_its_alerts_or_on_none(home: Path) -> None:
    with Store.open(home) as store, pytest.raises(MissingError):
        note_packed(store, [handover.key(store, "1"), "0" * 20], home / "packs" / "x.zip", "d", who="ada", now=NOW)
    assert not packing_notes(home)


def test_a_pack_killed_after_its_note_is_there_after_the_next_and_told(home: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, str(home)], check=False, timeout=60).returncode == 9
    (note,) = packing_notes(home)
    name = note.split()[2].rstrip(",")
    (home / "packs" / ".never-noted.zip.4194305.part").write_bytes(b"half")
    assert not (home / "packs" / name).exists()
    done = pack_command(home)
    assert done.returncode == 0 and f"{name}: its packing was stopped" in done.stderr
    assert check(home / "packs" / name).returncode == 0
    assert hashlib.sha256((home / "packs" / name / "MANIFEST.sha256").read_bytes()).hexdigest() in note
    assert not list((home / "packs").glob(".*")) and len(packing_notes(home)) == 2


def test_packs_of_one_alert_in_one_second_have_names_of_their_own(home: Path) -> None:
    names = [name_for(home, "a" * 20, NOW, ".zip").name for _ in range(3)]
    assert names == ["20260303T090000Z-aaaaaaaa.zip", "20260303T090000Z-aaaaaaaa-2.zip", "20260303T090000Z-aaaaaaaa-3.zip"]


class Page(HTMLParser):
    """What a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {f"{name}={value}" if name in ("href", "src") else name for name, value in attrs}


def test_the_report_loads_nothing_and_runs_nothing(home: Path, tmp_path: Path) -> None:
    page = Page()
    text = (unpacked(home, tmp_path, "1", "2") / "report.html").read_text(encoding="utf-8")
    page.feed(text)
    assert not page.tags & {"script", "img", "iframe", "link", "object", "form", "base", "svg"}
    assert not any(name.startswith("on") or name == "src" for name in page.attributes)
    assert all(name.startswith("href=#case-") for name in page.attributes if name.startswith("href="))
    assert "default-src 'none'" in text and "US $7,500" in text and "<mark" in text


CHINESE = {
    "listing_id": "9", "title": "H100 80G 几乎全新", "description": "仓库还有120片，量大从优。不开票，不保修。", "price_text": "¥111000", "price_amount": "111000",
    "price_currency": "CNY", "location": "上海", "country": "CN", "language": "zh", "quantity": 142, "seller_id": "s9",
}  # fmt: skip


def test_the_report_explains_marked_words_pairs_and_versions_to_a_stranger(tmp_path: Path) -> None:
    home = handover.build(tmp_path / "home", (CHINESE,))
    with Store.open(home) as store:
        # What stood is noted with the first change, long after it judged.
        apply(
            store, Config(home), {"severity.medium": 0.6}, why="fewer", who="ada", now="2030-01-01T00:00:00Z"
        )
    pack = packed(home, "9")
    told = {row["text"]: row["meanings"] for row in pack.alerts[0]["explained"]["glosses"]}
    assert any("invoice" in meaning for _, meaning in told["不开票"]), told
    page = LexborHTMLParser(report(pack))
    rows = [row.text() for row in page.css(".quotes li")]
    assert any("不开票" in row and "invoice" in row for row in rows), rows
    pairs = {"bulk_to_restricted", "bulk_without_papers"}
    assert pairs <= {reason["evidence"] for reason in pack.alerts[0]["explained"]["reasons"]}
    assert pairs <= {code.text() for code in page.css("dl.cards code")}
    words = page.body.text()
    assert (
        ".." not in words.replace("…", "")
        and ">.99" in words
        and "1.00" not in page.css_first("header").text()
    )
    assert [
        dd.text()
        for dt, dd in zip(page.css("dl.said dt"), page.css("dl.said dd"), strict=True)
        if dt.text() == "stock field"
    ] == ["142"]
    share = re.search(r"(\d+) % of the market's", pack.alerts[0]["explained"]["reasons"][0]["words"])
    assert share and f"{share[1]} % of the market; a list price" in words
    (thresholds,) = [row.css("td") for row in page.css(".annex table tr") if "thresholds" in row.text()]
    assert thresholds[0].text() == "the beginning, as shipped (noted 2030-01-01)"
