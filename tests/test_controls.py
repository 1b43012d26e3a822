"""Control classes are computed from figures by date, and agree with what the rules' own examples and vendors say."""

from __future__ import annotations

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
