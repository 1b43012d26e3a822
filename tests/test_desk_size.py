"""No question of the desk walks a whole table, so that a page costs the same at a thousand listings and at a million."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.store import Store
from tests import handover

QUESTIONS: dict[str, Callable[[Store, dict[str, Any]], Any]] = {
    "alert_stamp": lambda s, a: s.alert_stamp(),
    "alerts_by_key": lambda s, a: s.alerts_by_key([a["listing"]]),
    "listings_by_key": lambda s, a: s.listings_by_key([a["listing"]]),
    "peers": lambda s, a: s.peers(a["chip"], "sale"),
    "offers_of_seller": lambda s, a: s.offers_of_seller(a["seller"], besides=a["listing"]),
    "relists": lambda s, a: s.relists(a["listing"], a["seller"]),
    "copies": lambda s, a: s.copies(a["listing"]),
    "title_of": lambda s, a: s.title_of(a["listing"]),
    "decisions_on": lambda s, a: s.decisions_on(a["listing"]),
    "decision_record": lambda s, a: s.decision_record(),
    "waits_for_search": lambda s, a: s.waits_for_search(),
    "alert": lambda s, a: s.alert(a["listing"]),
    "listing": lambda s, a: s.listing(a["listing"]),
    "history": lambda s, a: s.history(a["listing"]),
    "reading": lambda s, a: s.reading(a["observation"]),
    "find_listing": lambda s, a: s.find_listing(a["listing"]),
    "search": lambda s, a: s.search("序列"),
}
SMALL = ("mute", "home", "k", "s", "search_text", "t")
"""What may be walked: the mutes of a desk, the keys that were asked for, the signals of one reading, what an index found."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = handover.build(tmp_path_factory.mktemp("home") / "home")
    with Store.open(home) as store:
        store.index_search()
    return home


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_goes_by_an_index(home: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(home, readonly=True) as store:
        alert = store.alerts(limit=1)[0]
        plans: list[tuple[str, list[str]]] = []
        raw = store.db.raw()

        def seen(sql: str, params: Any = ()) -> None:
            plans.append((sql, [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", params)]))

        for way in ("rows", "row", "stream"):
            asked = getattr(store.db, way)
            monkeypatch.setattr(
                store.db, way, lambda sql, params=(), asked=asked: (seen(sql, params), asked(sql, params))[1]
            )
        QUESTIONS[name](store, alert)
    assert plans
    for sql, plan in plans:
        inner = {step.removeprefix("CO-ROUTINE ") for step in plan if step.startswith("CO-ROUTINE")}
        for step in plan:
            assert "AUTOMATIC" not in step, (step, sql)
            if step.startswith("SCAN ") and "CONSTANT" not in step:
                table = step.split()[1]
                told = "search_pending" in sql and table in (
                    "p",
                    "search_pending",
                )  # held small by the index catching up
                one = "max(rowid)" in sql or "LIMIT 1" in sql  # ends at the first row
                assert table in SMALL or table in inner or told or one, (step, sql)
