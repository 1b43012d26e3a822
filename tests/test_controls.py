"""Control classes are computed from figures by date, and agree with what the rules' own examples and vendors say."""

from __future__ import annotations

import re
from datetime import date

import pytest

from config.loader import Config
from detector.controls import ControlBook, performance_density, tpp


@pytest.fixture(scope="module")
def book() -> ControlBook:
    config = Config()
    return ControlBook(config.catalogue, config.controls)


ALWAYS = ["nvidia-a100", "nvidia-a100-sxm4-80gb", "nvidia-h100-pcie-80gb", "amd-mi250", "amd-mi250x"]
SINCE_2023 = ["nvidia-a800", "nvidia-h800", "nvidia-h200", "nvidia-b200", "nvidia-b300", "nvidia-gb200", "nvidia-l40s", "nvidia-l40", "nvidia-l4", "nvidia-a40", "nvidia-a30", "nvidia-rtx-4090", "nvidia-rtx-4090-48gb", "nvidia-rtx-5090", "nvidia-rtx-6000-ada", "nvidia-rtx-pro-6000", "amd-mi210", "amd-mi300x", "amd-mi325x", "amd-mi355x", "intel-gaudi2", "intel-gaudi3", "intel-max-1550"]
NEVER = ["nvidia-v100", "nvidia-t4", "nvidia-l2", "nvidia-l20", "nvidia-a10", "nvidia-a16", "nvidia-a2", "nvidia-rtx-3090", "nvidia-rtx-a6000", "nvidia-rtx-4090-d", "nvidia-rtx-5090-d", "nvidia-rtx-4080", "nvidia-gtx-1060"]


@pytest.mark.parametrize("chip", ALWAYS)
def test_restricted_since_2022(book: ControlBook, chip: str) -> None:
    assert not book.find(chip, date(2022, 8, 1)).restricted
    assert book.find(chip, date(2022, 9, 15)).control == "letter"
    assert book.find(chip, date(2025, 1, 1)).restricted


@pytest.mark.parametrize("chip", SINCE_2023)
def test_restricted_since_2023_11_17(book: ControlBook, chip: str) -> None:
    found = book.find(chip, date(2023, 11, 17))
    assert found.restricted and found.control.startswith("3A090") and found.source


@pytest.mark.parametrize("chip", ["nvidia-a800", "nvidia-h800", "nvidia-l40s", "nvidia-rtx-4090"])
def test_the_cut_down_parts_were_free_the_day_before(book: ControlBook, chip: str) -> None:
    assert not book.find(chip, date(2023, 11, 16)).restricted


@pytest.mark.parametrize("chip", NEVER)
def test_not_restricted(book: ControlBook, chip: str) -> None:
    assert not book.find(chip, date(2026, 1, 1)).restricted


@pytest.mark.parametrize("chip", ["nvidia-h20", "amd-mi308x"])
def test_letters_of_april_2025(book: ControlBook, chip: str) -> None:
    assert not book.find(chip, date(2025, 4, 8)).restricted
    assert book.find(chip, date(2025, 4, 9)).control == "letter"


@pytest.mark.parametrize(
    ("chip", "total", "density"), [("nvidia-a100", 4992, 6.04), ("nvidia-h20", 2368, 2.91), ("nvidia-l4", 1940, 6.59), ("nvidia-h100", 15832, 19.45)]
)
def test_worked_figures(book: ControlBook, chip: str, total: float, density: float) -> None:
    figures = next(c for c in book.catalogue.chip if c.id == chip).figures
    assert tpp(figures) == total
    assert performance_density(figures) == pytest.approx(density, abs=0.02)


def test_an_unknown_id_is_unknown(book: ControlBook) -> None:
    assert book.find("nvidia-x999", date(2026, 1, 1)).control == "unknown"


GROUPS = "Country Groups D:1, D:4, D:5"


@pytest.mark.parametrize(
    ("chip", "on", "codified", "enforced", "source"),
    [
        ("nvidia-h100", "2022-09-15", "nowhere", "China with Hong Kong, Russia", "NVIDIA 8-K of 2022-08-26"),
        ("nvidia-h100", "2022-12-01", "China with Hong Kong", "China with Hong Kong", "87 FR 62186"),
        ("nvidia-h100", "2023-02-01", "China with Hong Kong and Macau", "China with Hong Kong and Macau", "88 FR 2821"),
        ("nvidia-h100", "2024-03-01", GROUPS, GROUPS, "88 FR 73458"),
        ("nvidia-h100", "2025-02-01", "any destination, to be complied with", GROUPS, "90 FR 4544"),
        ("nvidia-h100", "2025-06-01", "any destination (text of 90 FR 4544", "not enforced (announcement of 2025-05-13)", "announcement of 2025-05-13"),
        ("nvidia-h100", "2026-07-10", "any destination", "the UAE (but for its government", "91 FR 43034"),
        ("nvidia-l40", "2025-06-01", GROUPS, GROUPS, "88 FR 73458"),
        ("nvidia-l40", "2026-07-09", GROUPS, GROUPS, "88 FR 73458"),
        ("nvidia-l40", "2026-07-10", "the UAE or Country Groups", "the UAE (but for its government", "91 FR 43034"),
        ("nvidia-h20", "2025-06-01", "nowhere", "China with Hong Kong and Macau, Country Group D:5", "is-informed letters"),
    ],
)
def test_where_a_licence_is_needed_by_date(book: ControlBook, chip: str, on: str, codified: str, enforced: str, source: str) -> None:
    found = book.find(chip, date.fromisoformat(on))
    assert found.codified and found.codified.startswith(codified)
    assert found.enforced and enforced in found.enforced
    assert found.source and source in found.source


@pytest.mark.parametrize(
    ("chip", "on", "words", "said"),
    [
        ("nvidia-h100", "2022-12-01", "by letter of 2022-08-26 too: China with Hong Kong, Russia", True),
        ("nvidia-h200", "2022-12-01", "by letter", False),
        ("nvidia-h200", "2022-12-01", "Russia and Belarus", True),
        ("nvidia-h100", "2023-11-17", "Russia", False),  # within the groups
        ("nvidia-l40", "2023-12-01", "Exception NAC", True),
        ("nvidia-l40", "2023-12-01", "ACA", False),
        ("nvidia-l40", "2024-04-04", "ACA for the rest", True),
        ("nvidia-rtx-4090", "2024-04-04", "ACA for the rest", True),
        ("nvidia-h100", "2024-04-04", "Exception", False),
        ("nvidia-l4", "2024-04-04", "Exception", False),
        ("nvidia-h200", "2026-01-14", "case by case", False),
        ("nvidia-h200", "2026-01-15", "exports from the US to China and Macau: case by case", True),
        ("amd-mi325x", "2026-01-15", "case by case", True),
        ("nvidia-b200", "2026-01-15", "China and Macau: presumption of denial (not under", True),
        ("groq-lpu", "2026-01-15", "which cannot be tested", True),
        ("nvidia-l40", "2026-01-15", "presumption", False),
        ("nvidia-h20", "2025-06-01", "granted", False),
        ("nvidia-h20", "2025-09-01", "licences have been granted", True),
        ("huawei-ascend-910b", "2025-05-12", "General Prohibition Ten", False),
        ("huawei-ascend-910b", "2025-05-13", "General Prohibition Ten", True),
    ],
)
def test_what_else_is_known_on_the_day(book: ControlBook, chip: str, on: str, words: str, said: bool) -> None:
    assert any(words in remark for remark in book.find(chip, date.fromisoformat(on)).remarks) is said


@pytest.mark.parametrize(
    ("chip", "on", "control", "note"),
    [
        ("intel-gaudi2", "2022-12-01", "unknown", "3A090 of the rule of 2022-10-21: transfer rate not known"),
        ("intel-max-1550", "2022-12-01", "unknown", "transfer rate not known"),
        ("cerebras-wse3", "2022-12-01", "unknown", "transfer rate not known"),
        ("amd-mi308x", "2024-12-01", "unknown", "performance not known"),
        ("intel-flex-170", "2024-12-01", "unknown", "performance density not known"),  # an upper bound of TPP alone
        ("amd-mi308x", "2022-08-01", "none", ""),  # there was no rule
        ("nvidia-rtx-4080", "2024-12-01", "none", ""),
        ("huawei-ascend-910b", "2022-12-01", "none", "meet 3A090 of the rule of 2022-10-21; made outside"),
        ("huawei-ascend-910b", "2024-12-01", "none", "meet 3A090.a.1 of the rule of 2023-11-17; made outside"),
        ("huawei-ascend-310p", "2024-12-01", "none", "made outside"),
        ("cambricon-mlu590", "2024-12-01", "unknown", "performance not known; made outside"),
        ("intel-gaudi3", "2024-12-01", "3A090.a", "figures that nobody has confirmed"),
    ],
)
def test_what_cannot_be_known_is_said(book: ControlBook, chip: str, on: str, control: str, note: str) -> None:
    found = book.find(chip, date.fromisoformat(on))
    assert found.control == control and note in found.note and bool(found.note) == bool(note)
    assert found.restricted is (control == "3A090.a")


def _days(book: ControlBook) -> list[date]:
    """The first day of every row."""
    rows = book.controls
    return sorted({row.since for row in (*rows.rule, *rows.scope, *rows.letter, *rows.remark)})


def test_nothing_is_told_that_was_not_known_on_the_day(book: ControlBook) -> None:
    """Neither a later date nor a later volume of the Federal Register; filings that tell of a letter are days younger than it."""
    for on in _days(book):
        for chip in book.catalogue.chip:
            found = book.find(chip.id, on)
            words = " ".join((found.rule or "", found.codified or "", found.enforced or "", found.note, *found.remarks))
            source = found.source or ""
            assert all(date.fromisoformat(day) <= on for day in re.findall(r"\d{4}-\d\d-\d\d", words)), (chip.id, on, words)
            assert all(int(volume) + 1935 <= on.year for volume in re.findall(r"(\d+) FR", words + source)), (chip.id, on, source)


def test_each_class_has_one_scope_on_each_day(book: ControlBook) -> None:
    for on in _days(book):
        rules = [rule for rule in book.controls.rule if rule.since <= on and (rule.until is None or on < rule.until)]
        for control in {item.control for rule in rules for item in rule.items}:
            scopes = [s.id for s in book.controls.scope if control in s.controls and s.since <= on and (s.until is None or on < s.until)]
            assert len(scopes) == 1, (on, control, scopes)
