"""Screening lists: every layout, candidates with a score, and nicknames that are nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawler.importing.captured import FileRefused
from crawler.listed_names import names
from crawler.screening import CONSOLIDATED, DENIED, Entry, Matcher, key_of, load, read_list
from storage.store import Store
from tests.crawling import CARDS, add_site, card, crawl, new_home, page
from tests.servers.web import Answer, serve
from tests.test_main_job import chipwatch

SINOBRIGHT = "Sinobright Import and Export Company"
MATCHER = Matcher(
    [
        Entry("1", SINOBRIGHT, ("Xinliang Maoyi",), ("CN",), "ISN", ""),
        Entry("2", "Mohammed ABU JHEISHEH", (), (), "PLC", ""),
        Entry("3", "北京天元科技有限公司", (), ("CN",), "EL", ""),
        Entry("4", "13th Research Institute of Electronics", ("Institute 13",), ("CN",), "EL", ""),
    ]
)


@pytest.mark.parametrize(
    ("name", "party"),
    [
        ("SINOBRIGHT IMPORT & EXPORT CO., LTD.", SINOBRIGHT),
        ("Import Export Sinobright", SINOBRIGHT),
        ("Sinobrigth Import and Export", SINOBRIGHT),  # misspelt
        ("Xinliang Maoyi Trading", SINOBRIGHT),
        ("Abu Jheisheh, Mohammed", "Mohammed ABU JHEISHEH"),
        ("北京天元科技", "北京天元科技有限公司"),
        ("北京天元科技集團", "北京天元科技有限公司"),  # traditional
        ("Ｓｉｎｏｂｒｉｇｈｔ Import and Ex\u200bport", SINOBRIGHT),
        ("Institute 13 of Electronics Research", "13th Research Institute of Electronics"),
        ("14th Research Institute of Electronics", None),  # another number is another institute
        ("gpu_king_2020", None),
        ("Import Export Ltd", None),
        ("Mohammed", None),
        ("有限公司", None),
        ("", None),
    ],
)
def test_candidates(name: str, party: str | None) -> None:
    found = MATCHER.candidates(name, 85)
    assert (found[0].party if found else None) == party
    assert all(85 <= candidate.score <= 100 for candidate in found)


def test_the_key_leaves_legal_forms_out() -> None:
    assert key_of("Acme Chips Pte. Ltd.") == "acme chips"


@pytest.mark.parametrize(
    ("file", "kind", "least"), [("csl.csv", CONSOLIDATED, 100), ("consolidated-new-layout.csv", CONSOLIDATED, 12), ("dpl.txt", DENIED, 500)]
)
def test_recorded_lists(shared: Path, file: str, kind: str, least: int) -> None:
    found_kind, entries = read_list(shared / "data" / "screening" / file)
    assert found_kind == kind and len(entries) >= least and len({entry.id for entry in entries}) == len(entries)
    matcher = Matcher(entries)
    for entry in entries[::5]:
        if key_of(entry.name):
            assert matcher.candidates(entry.name, 95)[0].score == 100, entry


@pytest.mark.parametrize(
    ("file", "seller", "party", "lists"),
    [
        ("consolidated-new-layout.csv", "Sinobright Import and Export Company", SINOBRIGHT, [None]),
        ("consolidated-new-layout.csv", "CETC 13", "China Electronics Technology Group Corporation 13th Research Institute (CETC 13)", [None]),
        ("consolidated-new-layout.csv", "Ash, I.", None, []),  # too short to tell anybody
        ("csl.csv", "18th TsNII", "18th Central Scientific Research Institute (18th TsNII) Scientific Research Center (NITs) (Kursk)", [None]),
        ("csl.csv", "Kursk", None, []),  # a town in brackets
        ("csl.csv", "Adrian Manuel Hernandez", "ADRIAN MANUEL HERNANDEZ", ["2020-10-13"]),
        ("csl.csv", "Gunther Migeotte", "Gunther Migeotte", [None]),  # four rows, four addresses
        ("dpl.txt", "Hernandez, Adrian Manuel", "ADRIAN MANUEL HERNANDEZ", ["2020-10-13"]),
        ("dpl.txt", "Nei-chien Chu", "NEI-CHIEN CHU", ["2026-06-23"]),
        ("dpl.txt", "A.S.M.A.T.", None, []),
        ("dpl.txt", "Asmat", "APPLIED SYSTEMS METHODS AND TECHNOLOGY (ASMAT)", [None]),
    ],
)
def test_sellers_against_recorded_lists(shared: Path, file: str, seller: str, party: str | None, lists: list[str | None]) -> None:
    path = shared / "data" / "screening" / file
    if not path.exists():
        pytest.skip(f"{file} is not here")
    found = Matcher(read_list(path)[1]).candidates(seller, 88)
    assert (found[0].party if found else None) == party
    assert [ends for _, ends in found[0].lists] == lists if found else not lists


@pytest.mark.parametrize(
    ("row", "own", "others"),
    [
        (("Bar Co. and any successor, sub-unit, or subsidiary thereof", "", ""), "Bar Co.", ()),
        (("Bar Works (Russia); and their successors", "", ""), "Bar Works (Russia)", ("Bar Works",)),
        (("Research Institute 7 (RI 7)", "and Old Institute; Far Institute (FIXY)", ""), "Research Institute 7 (RI 7)",
         ("Research Institute 7", "RI 7", "Old Institute", "Far Institute (FIXY)", "Far Institute")),
        (("Acme f/k/a Old Acme, d.b.a. New Acme", "A.K.A. Zeta", ""), "Acme", ("Old Acme", "New Acme", "Zeta")),
        (("Foo Trading, a.k.a., the following two aliases: -Bar Sat; and -Baz Kala", "", ""), "Foo Trading", ("Bar Sat", "Baz Kala")),
        (("Baz LLC (formerly Old Baz LLC)", "", ""), "Baz LLC", ("Old Baz LLC",)),
        (("PEARL (A.K.A. NEI-CHIEN CHU) LI", "", ""), "PEARL LI", ("NEI-CHIEN CHU",)),
        (("X Tech Ltd (Hong Kong)", "", "Kowloon, Hong Kong, HK"), "X Tech Ltd (Hong Kong)", ("X Tech Ltd",)),
        (("Y Tech (Far East) GmbH", "", ""), "Y Tech (Far East) GmbH", ("Y Tech GmbH",)),
        (("(SEAN) NAGHIBI", "", ""), "(SEAN) NAGHIBI", ()),  # a mere surname is nobody
        (("北京天元科技 (Beijing Tianyuan Technology)", "", ""), "北京天元科技 (Beijing Tianyuan Technology)", ("北京天元科技", "Beijing Tianyuan Technology")),
        (("Tanaka Akatsuki Corp", "", ""), "Tanaka Akatsuki Corp", ()),
        (("D.B.A. Corp", "", ""), "D.B.A. Corp", ("Corp",)),
    ],
)  # fmt: skip
def test_a_row_is_taken_apart_into_its_names(row: tuple[str, str, str], own: str, others: tuple[str, ...]) -> None:
    assert names(*row) == (own, others)


def test_a_party_on_several_lists_is_one_candidate_that_names_them() -> None:
    """Same name in any order of its parts; an order prolonged is another candidate, the same list loaded again is not."""
    ended = Entry("a", "JANE ROE DOE", (), (), "Denied", "", "2020-10-13")
    listed = Entry("b", "Doe, Jane Roe", (), (), "Entity List", "")
    (both,) = Matcher([ended, listed]).candidates("jane roe doe", 88)
    assert both.lists == (("Denied", "2020-10-13"), ("Entity List", None))
    (again,) = Matcher([listed, ended]).candidates("Jane Roe Doe", 88)
    assert again.key == both.key
    (alone,) = Matcher([ended]).candidates("Jane Roe Doe", 88)
    (longer,) = Matcher([replace(ended, ends="2030-01-01")]).candidates("Jane Roe Doe", 88)
    assert len({both.key, alone.key, longer.key}) == 3


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(FileRefused, match="no screening list"):
        read_list(path)
    with pytest.raises(FileRefused, match="cannot be read"):
        read_list(tmp_path / "none.csv")


LIST = "source\tentity_number\tname\talt_names\taddresses\tprograms\tend_date\n"
LISTED = LIST + f"Entity List (EL)\t7\t{SINOBRIGHT}; and any successor, sub-unit, or subsidiary thereof\tXinliang Maoyi\tShenzhen, CN\t\t\n"
DENIED_FIELDS = "Name\tStreet_Address\tCity\tState\tCountry\tPostal_Code\tEffective_Date\tExpiration_Date\n"


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


@pytest.mark.parametrize(("ends", "weighs"), [("2020-10-13", False), ("2026-02-28", False), ("2026-03-01", True), ("", True)])
def test_an_order_that_had_ended_on_the_day_is_told_and_weighs_nothing(tmp_path: Path, ends: str, weighs: bool) -> None:
    """One party on two lists is one candidate with both; the last day of an order belongs to it."""
    home, consolidated, denied, lines = tmp_path / "home", tmp_path / "csl.tsv", tmp_path / "dpl.txt", tmp_path / "a.jsonl"
    consolidated.write_text(f"{LIST}Denied by CSL\t\tADRIAN MANUEL HERNANDEZ\t\tPHONEIX, AZ\t\t{ends}\n")
    year, _, day = ends.partition("-")
    american = f"{day.replace('-', '/')}/{year}" if ends else ""
    denied.write_text(f"{DENIED_FIELDS} ADRIAN MANUEL HERNANDEZ\t1 ROAD\tPHONEIX\tAZ\tUS\t1\t10/16/2017\t{american}\n")
    lines.write_text(offer(1, "Adrian Manuel Hernandez", "1") + "\n")
    chipwatch(home, "init")
    chipwatch(home, "import", "--screening", str(consolidated), "--screening", str(denied))
    chipwatch(home, "import", str(lines))
    chipwatch(home, "detect")
    (reading,) = (json.loads(line) for line in chipwatch(home, "export", "readings").stdout.splitlines())
    (signal,) = (signal for signal in reading["signals"] if signal["signal"] == "listed_party")
    assert (signal["n"], signal["value"]) == (1, 100)
    (reason,) = (reason for reason in reading["reasons"] if reason["evidence"] == "listed_party")
    assert reason["value"] == float(weighs)
    assert (reason["contribution"] > 2.9) if weighs else (reason["contribution"] == 0 and reading["severity"] not in ("medium", "high"))
    assert "Denied by CSL" in signal["detail"] and "Denied Persons List" in signal["detail"]
    assert (f"order ended {ends}" in signal["detail"]) != weighs


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


def test_files_of_one_kind_in_one_command_are_one_list(tmp_path: Path) -> None:
    """Both layouts of one list, say; a file that cannot be read leaves the list loaded before in its place."""
    parts = []
    for number in (1, 2):
        parts.append(tmp_path / f"{number}.csv")
        parts[-1].write_text(f"_id,source,name,alt_names\n{number},Entity List (EL),Tianyuan {number} Ltd,\n")
    none = tmp_path / "none.csv"
    none.write_text("a,b\n1,2\n")
    with Store.open(tmp_path / "home") as store:
        (loaded,) = load(parts, store, "2026-03-03T20:00:00Z")
        assert loaded.entries == 2 and len(store.screening_entries()) == 2
        with pytest.raises(FileRefused):
            load([parts[0], none], store, "2026-03-04T20:00:00Z")
        assert len(store.screening_entries()) == 2
        load(parts[:1], store, "2026-03-05T20:00:00Z")
        assert len(store.screening_entries()) == 1
