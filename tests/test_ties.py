"""Ties between sellers: what is stored of them, how sure they are, how clusters grow, and what people say of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from detector.run import detect
from detector.ties import Tie, cluster, ties
from storage.errors import StorageError
from storage.listing import Listing
from storage.store import Store

NOW = "2026-03-02T08:00:00Z"
WORDS = "Decommissioned from our data centre in spring, tested for a day each, sold as seen, pick up or post, ask for pictures of the box."


def offer(n: str, seller: str | None, text: str, site: str = "board") -> Listing:
    return Listing(
        site, n, f"NVIDIA H100 80GB PCIe number {n}", description=text, seller_id=seller, country="US", price_text="US $9,000",
        price_amount="9000", price_currency="USD", observed_at=NOW,
    )  # fmt: skip


def judged(home: Path, *offers: Listing, now: str = NOW) -> Store:
    store = Store.open(home)
    run = store.begin_run("board", now=now)
    store.record_many([(one, None) for one in offers], run=run, now=now)
    store.end_run(run, "ok", now)
    detect(store, Config(home), now=now)
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = judged(
        tmp_path / "home",
        offer("1", "anna", f"{WORDS} Unit one."),
        offer("2", "bert", f"{WORDS} Unit two.", "shop"),
        offer("3", "carl", "Message me on Telegram @gpu_trader9 for a better price."),
        offer("4", "dora", "Telegram: https://t.me/gpu_trader9", "shop"),
        offer("5", None, "Telegram: @gpu_trader9, cash only"),
        offer(
            "6", "emil", "One card from my own workstation, invoice at hand, collection in Leeds preferred."
        ),
    )
    yield made
    made.close()


def seller(store: Store, listing: str, site: str = "board") -> str:
    row = store.listing(store.find_listing(f"{site}/{listing}"))
    return str(row["seller"] or f"listing:{row['listing']}")


def test_near_copies_tie_both_ways_and_across_sites(store: Store) -> None:
    anna, bert = seller(store, "1"), seller(store, "2", "shop")
    for own, other in ((anna, bert), (bert, anna)):
        (row,) = store.tied_by_text(own)
        assert row["party"] == other and 0.8 <= row["similarity"] <= 1 and row["pairs"] == 1
    assert store.tied_by_text(seller(store, "6")) == []


def test_the_same_contact_ties_also_who_is_not_named(store: Store) -> None:
    carl, dora, nobody = seller(store, "3"), seller(store, "4", "shop"), seller(store, "5")
    assert nobody.startswith("listing:")
    for own, others in ((carl, {dora, nobody}), (nobody, {carl, dora})):
        (row,) = store.tied_by_contact(own)
        assert set(row["parties"]) == others and row["shared"] == 3 and row["kind"] == "account"


def test_no_contact_stands_in_the_derived_tables(store: Store) -> None:
    kept = [
        tuple(row) for table in ("contact", "likeness") for row in store.db.rows(f"SELECT * FROM {table}")
    ]
    assert len(kept) >= 4 and "gpu_trader9" not in str(kept)


def test_a_rebuild_gives_the_same_ties(store: Store) -> None:
    def ask() -> Any:
        return [
            [tuple(r) for r in store.db.rows(f"SELECT * FROM {t} ORDER BY 1, 2")]
            for t in ("contact", "likeness")
        ]

    before = ask()
    detect(store, Config(store.home), now=NOW, rebuild=True)
    assert ask() == before and all(before)


def test_erasing_a_listing_takes_its_ties(store: Store) -> None:
    store.erase_listing(store.find_listing("board/5"), who="ana", why="asked", now=NOW)
    store.erase_listing(store.find_listing("board/1"), who="ana", why="asked", now=NOW)
    assert store.tied_by_text(seller(store, "2", "shop")) == []
    (row,) = store.tied_by_contact(seller(store, "3"))
    assert row["parties"] == [seller(store, "4", "shop")]


def test_a_tie_is_undone_and_done_again_on_the_record(store: Store) -> None:
    anna, bert = seller(store, "1"), seller(store, "2", "shop")
    store.decide_link(anna, bert, "unlink", who="ana", now=NOW, why="a template", seen={"confidence": 0.5})
    assert store.unlinked([anna]) == store.unlinked([bert]) == {tuple(sorted((anna, bert)))}
    with pytest.raises(StorageError, match="decided already"):
        store.decide_link(bert, anna, "unlink", who="ben", now=NOW, why="again")
    store.decide_link(bert, anna, "link", who="ben", now=NOW, why="same telephone")
    assert store.unlinked([anna]) == set()
    record = store.link_decisions(anna)
    assert [(row["who"], row["action"], row["why"]) for row in record] == [
        ("ana", "unlink", "a template"),
        ("ben", "link", "same telephone"),
    ]
    assert record[0]["seen"] == {"confidence": 0.5}


@pytest.mark.parametrize(
    ("other", "action", "why", "words"),
    [("b", "part", "x", "no decision on a tie"), ("a", "unlink", "x", "to itself"), ("b", "unlink", "  ", "needs a reason"), ("b", "link", "x", "decided already")],
)  # fmt: skip
def test_a_decision_that_says_nothing_is_refused(
    store: Store, other: str, action: str, why: str, words: str
) -> None:
    with pytest.raises(StorageError, match=words):
        store.decide_link("a", other, action, who="ana", now=NOW, why=why)
    assert store.link_decisions() == []


def text_row(party: str, similarity: float = 0.9, pairs: int = 1) -> dict[str, Any]:
    return {"party": party, "similarity": similarity, "pairs": pairs}


def contact_row(*parties: str, shared: int | None = None) -> dict[str, Any]:
    return {"hash": "h", "kind": "phone", "parties": list(parties), "shared": shared or len(parties) + 1}


def test_signs_add_up_and_count_less_the_more_share_them() -> None:
    sure = {
        "one text": ties([text_row("b")], [], 60)[0].confidence,
        "two texts": ties([text_row("b", pairs=2)], [], 60)[0].confidence,
        "a text that ten show": ties([text_row(str(n)) for n in range(10)], [], 60)[0].confidence,
        "a contact": ties([], [contact_row("b")], 60)[0].confidence,
        "a contact that ten have": ties([], [contact_row("b", shared=10)], 60)[0].confidence,
        "both": ties([text_row("b")], [contact_row("b")], 60)[0].confidence,
    }
    assert sorted(sure, key=sure.__getitem__) == [
        "a text that ten show",
        "a contact that ten have",
        "one text",
        "two texts",
        "a contact",
        "both",
    ]
    assert all(0 < value < 1 for value in sure.values())


def test_a_contact_that_a_crowd_has_ties_nobody() -> None:
    assert ties([], [contact_row("b", shared=61)], 60) == []


def graph(**edges: Sequence[tuple[str, float]]) -> Any:
    return lambda party: [Tie(other, sure, ("sign",)) for other, sure in edges.get(party, ())]


def nobody(_: Collection[str]) -> set[tuple[str, str]]:
    return set()


def test_a_cluster_grows_over_sure_ties_only() -> None:
    found = cluster(
        "a",
        graph(
            a=[("b", 0.8), ("w", 0.2)], b=[("a", 0.8), ("c", 0.5), ("x", 0.3)], c=[("d", 0.9)], w=[("z", 0.9)]
        ),
        nobody,
    )
    assert [(m.party, m.steps, m.confidence) for m in found] == [
        ("a", 0, 1.0),
        ("b", 1, 0.8),
        ("c", 2, 0.5),
        ("d", 3, 0.5),
        ("w", 1, 0.2),
    ]


def test_a_pair_that_was_parted_leads_nowhere() -> None:
    links = graph(a=[("b", 0.8)], b=[("c", 0.9)])
    assert [m.party for m in cluster("a", links, lambda _: {("a", "b")})] == ["a"]
    assert [m.party for m in cluster("a", links, lambda _: {("b", "c")})] == ["a", "b"]


def test_a_ring_ends_and_a_crowd_is_cut() -> None:
    assert len(cluster("a", graph(a=[("b", 0.9)], b=[("a", 0.9)]), nobody)) == 2
    many = graph(a=[(f"n{n}", 0.9) for n in range(100)])
    assert len(cluster("a", many, nobody, most=10)) == 10
