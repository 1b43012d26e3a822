"""Screening lists: every layout, candidates with a score, and nicknames that are nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawler.importing.captured import FileRefused
from crawler.screening import CONSOLIDATED, DENIED, Entry, Matcher, key_of, read_list
from storage.store import Store
from tests.crawling import CARDS, add_site, card, crawl, new_home, page
from tests.servers.web import Answer, serve
from tests.test_main_job import chipwatch

MATCHER = Matcher(
    [
        Entry("1", "Sinobright Import and Export Company", ("Xinliang Maoyi",), ("CN",), "ISN", ""),
        Entry("2", "Mohammed ABU JHEISHEH", (), (), "PLC", ""),
        Entry("3", "北京天元科技有限公司", (), ("CN",), "EL", ""),
    ]
)


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("SINOBRIGHT IMPORT & EXPORT CO., LTD.", "1"),
        ("Import Export Sinobright", "1"),
        ("Sinobrigth Import and Export", "1"),  # misspelt
        ("Xinliang Maoyi Trading", "1"),
        ("Abu Jheisheh, Mohammed", "2"),
        ("北京天元科技", "3"),
        ("北京天元科技集團", "3"),  # traditional
        ("Ｓｉｎｏｂｒｉｇｈｔ Import and Ex\u200bport", "1"),
        ("gpu_king_2020", None),
        ("Import Export Ltd", None),
        ("Mohammed", None),
        ("有限公司", None),
        ("", None),
    ],
)
def test_candidates(name: str, entry: str | None) -> None:
    found = MATCHER.candidates(name, 85)
    assert (found[0].entry.id if found else None) == entry
    assert all(85 <= candidate.score <= 100 for candidate in found)


def test_the_key_leaves_legal_forms_out() -> None:
    assert key_of("Acme Chips Pte. Ltd.") == "acme chips"


@pytest.mark.parametrize(
    ("file", "kind", "least"), [("csl.csv", CONSOLIDATED, 100), ("consolidated-new-layout.csv", CONSOLIDATED, 12), ("dpl.txt", DENIED, 500)]
)
def test_recorded_lists(shared: Path, file: str, kind: str, least: int) -> None:
    found_kind, entries = read_list(shared / "data" / "screening" / file)
    assert found_kind == kind and len(entries) >= least and len({entry.id for entry in entries}) == len(entries)
    found = Matcher(entries).candidates(entries[5].name, 95)
    assert found and found[0].score == 100


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(FileRefused, match="no screening list"):
        read_list(path)
    with pytest.raises(FileRefused, match="cannot be read"):
        read_list(tmp_path / "none.csv")


LIST = "source\tentity_number\tname\talt_names\taddresses\tprograms\n"
LISTED = LIST + "Entity List (EL)\t7\tSinobright Import and Export Company\tXinliang Maoyi\tShenzhen, CN\t\n"


def offer(number: int, seller: str, day: str, **more: Any) -> str:
    return json.dumps({
        "site": "board", "listing_id": str(number), "title": f"NVIDIA H100 80GB PCIe no {number}", "price_text": "$24,000", "country": "US",
        "description": "Used, with invoice.", "seller_name": seller, "observed_at": f"2026-03-0{day}T08:00:00Z", **more,
    })  # fmt: skip


def test_a_loaded_list_makes_candidates_of_what_is_imported(tmp_path: Path) -> None:
    """The list, then offers: a reason with name and list, nothing for others; the name itself is kept nowhere."""
    home, listed, lines = tmp_path / "home", tmp_path / "csl.tsv", tmp_path / "a.jsonl"
    listed.write_text(LISTED)
    lines.write_text(f"{offer(1, 'SINOBRIGHT IMPORT & EXPORT CO., LTD.', '1')}\n{offer(2, 'honest_gpu_shop', '1')}\n")
    chipwatch(home, "init")
    assert "name the files" in chipwatch(home, "import", expect=2).stderr
    loaded = json.loads(chipwatch(home, "import", "--screening", str(listed)).stdout)
    assert (loaded["list"], loaded["entries"]) == ("consolidated", 1)
    chipwatch(home, "import", str(lines))
    chipwatch(home, "detect")
    told = chipwatch(home, "alerts", "show", "board/1").stdout
    assert "listed party" in told and "100 % like “Sinobright Import and Export Company” (Entity List (EL)" in told
    assert "% like" not in chipwatch(home, "alerts", "show", "board/2").stdout
    with Store.open(home, readonly=True) as store:
        assert "SINOBRIGHT IMPORT &" not in "\n".join(store.db.raw().iterdump())


def test_a_candidate_keeps_its_first_day_so_that_a_rebuild_says_the_same(tmp_path: Path) -> None:
    home, listed = tmp_path / "home", tmp_path / "csl.tsv"
    listed.write_text(LISTED)
    chipwatch(home, "init")
    chipwatch(home, "import", "--screening", str(listed))
    for day in "12":  # two processes, so the name is met as a new one twice
        (tmp_path / f"{day}.jsonl").write_text(offer(1, "Xinliang Maoyi", day, price_text=f"$24,{day}00") + "\n")
        chipwatch(home, "import", str(tmp_path / f"{day}.jsonl"))
        chipwatch(home, "detect")
    before = chipwatch(home, "export", "readings").stdout
    assert before.count("listed_party")
    chipwatch(home, "detect", "--rebuild")
    assert chipwatch(home, "export", "readings").stdout == before


def test_a_crawl_holds_sellers_against_the_list(tmp_path: Path) -> None:
    """The crawl has a process of its own, which loads the lists of the home itself."""
    home, listed = new_home(tmp_path), tmp_path / "csl.tsv"
    listed.write_text(LISTED)
    chipwatch(home, "import", "--screening", str(listed))
    with serve() as web:
        add_site(home, "board", web.url + "/list", more=CARDS + 'seller_name = ".who"\n')
        named = card(1).replace("</li>", "<b class=who>Sinobright Import and Export</b></li>")
        web.route("/list", Answer(page(named + card(2))))
        assert crawl(home, "board").outcome == "ok"
    with Store.open(home, readonly=True) as store:
        (candidate,) = store.screening_candidates()
        (observation,) = [o for o in store.iter_observations() if o.seller_key]
    assert (candidate["name"], candidate["score"]) == ("Sinobright Import and Export Company", 100.0)
    assert candidate["seller"] == observation.seller_key
