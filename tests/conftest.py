"""What the tests share: the recorded data beside the project, where it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of recorded and reference data; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("recorded data is not here: ../shared/data is absent")
    return SHARED
