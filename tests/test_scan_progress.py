"""What a scan says of itself while it runs."""

from __future__ import annotations

import pytest

pytest.importorskip("distributed")

from chipwatch.scale.scan import Progress


@pytest.mark.parametrize(
    ("left", "said"),
    [(None, "2 candidates"), (23.4, "about 23 s left"), (200, "about 3 min 20 s left"), (7300, "about 2 h 1 min left")],
)  # fmt: skip
def test_rate_and_remaining_time_are_told(left: float | None, said: str) -> None:
    line = str(Progress(3, 10, 600, 5_000_000, 2, 10.0, left))
    assert line.startswith("scan: 3 of 10 archives, 60 pages/s, 0.5 MB/s, 2 candidates") and line.endswith(
        said
    )


def test_before_the_first_record_there_is_no_rate() -> None:
    assert str(Progress(0, 10, 0, 0, 0, 0.5, None)) == "scan: 0 of 10 archives, 0 candidates"


def test_one_is_one() -> None:
    assert str(Progress(1, 1, 0, 0, 1, 0.5, None)) == "scan: 1 of 1 archive, 1 candidate"
