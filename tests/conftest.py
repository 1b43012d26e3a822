"""What the tests share: the recorded data beside the project, where it is there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of recorded and reference data; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("recorded data is not here: ../shared/data is absent")
    return SHARED


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium; tests that need it skip with a reason where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("there is no Chromium here: install the package chromium")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-background-networking"])
        yield running
        running.close()
