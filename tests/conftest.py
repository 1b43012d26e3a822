"""What the tests share: the recorded data beside the project, where it is there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


LONG = (
    "test_main_job", "test_main_real", "test_crawl", "test_manners", "test_gather_commands", "test_desk_browser", "test_merge_command", "test_crawl_sites",
    "test_mail", "test_hostile_crawl", "test_evaluate", "test_outputs_browser", "test_crawl_ebay", "test_desk_pages_browser", "test_run", "test_schedule",
)  # fmt: skip
"""Files that take longest, begun first: one of them begun last would leave a core idle to the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in order of their length; the tests of a file stay together and in order."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of recorded and reference data; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("recorded data is not here: ../shared/data is absent")
    return SHARED


@contextmanager
def started_chromium(*flags: str) -> Iterator[Any]:
    """A headless Chromium for the time of a block; the test skips with a reason where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("there is no Chromium here: install the package chromium")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking", *flags]
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium for the tests of a file."""
    with started_chromium() as running:
        yield running
