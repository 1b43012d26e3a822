"""Screening lists: every layout, candidates with a score, and nicknames that are nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.errors import DetectError
from detector.screening import Entry, Matcher, key_of, read_list

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


@pytest.mark.parametrize(("file", "least"), [("csl.csv", 100), ("consolidated-new-layout.csv", 13), ("dpl.txt", 500)])
def test_recorded_lists(shared: Path, file: str, least: int) -> None:
    entries = read_list(shared / "data" / "screening" / file)
    assert len(entries) >= least and len({entry.id for entry in entries}) == len(entries)
    found = Matcher(entries).candidates(entries[5].name, 95)
    assert found and found[0].score == 100


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DetectError, match="not a screening list"):
        read_list(path)
    with pytest.raises(DetectError, match="cannot be read"):
        read_list(tmp_path / "none.csv")
