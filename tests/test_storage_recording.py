"""Recording listings: new, changed, seen; late arrivals; the same thing twice; order of arrival."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, EvidenceWriter
from storage.ids import listing_key
from storage.listing import Listing, ListingError
from storage.store import Store

DAY = "2026-03-{:02d}T00:00:00Z"
NOW = DAY.format(28)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def offer(day: int = 1, **fields: object) -> Listing:
    base: dict[str, object] = {
        "site": "board", "listing_id": "7", "title": "NVIDIA A100 80GB", "description": "成色很好 无拆修", "price_text": "¥68,000",
        "price_amount": "68000", "price_currency": "CNY", "quantity": 2, "condition": "Used", "location": "深圳", "ships_to": "CN",
        "seller_name": "老王", "seller_ratings": 12, "observed_at": DAY.format(day),
    }  # fmt: skip
    return Listing(**{**base, **fields})  # type: ignore[arg-type]


def begin(store: Store) -> str:
    return store.begin_run("board", now=NOW)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("title", "NVIDIA A100 40GB", "title"),
        ("description", "成色很好 序列号已打磨", "description"),
        ("description", None, "description"),
        ("price_text", "¥66,000", "price"),
        ("price_amount", "66000", "price"),
        ("price_currency", "USD", "price"),
        ("quantity", 3, "quantity"),
        ("condition", "New", "condition"),
        ("location", "香港", "location"),
        ("ships_to", "Worldwide", "ships_to"),
        ("seller_name", "小李", "seller"),
    ],
)
def test_a_change_of_the_offer_adds_an_observation_and_says_what(store: Store, field: str, value: object, named: str) -> None:
    run = begin(store)
    store.record(offer(1), run=run, evidence=None, now=NOW)
    result = store.record(offer(2, **{field: value}), run=run, evidence=None, now=NOW)
    assert (result.kind, result.changed) == ("changed", (named,))
    assert [o.changed for o in store.history(result.listing_id)] == [(), (named,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seller_ratings", 13), ("image_urls", ("https://x.example/1.jpg",)), ("attributes", {"views": 99}), ("category", "GPU"),
        ("seller_since", "2020-01-01"), ("url", "https://x.example/7"), ("language", "zh"), ("posted_at", "2026-02-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_counters_and_pictures_update_the_listing_alone(store: Store, field: str, value: object) -> None:
    run = begin(store)
    first = store.record(offer(1), run=run, evidence=None, now=NOW)
    again = store.record(offer(2, **{field: value}), run=run, evidence=None, now=NOW)
    assert (again.kind, again.observation_id, again.changed) == ("seen", first.observation_id, ())
    row = store.db.row("SELECT last_seen, latest, url FROM listing")
    assert row is not None
    assert row["last_seen"] == DAY.format(2)
    assert row["latest"] is not None
    assert store.db.value("SELECT ratings FROM seller") == 12 if field != "seller_ratings" else True
    # Seen a third time with the same figures: nothing is written anew about them.
    latest = row["latest"]
    store.record(offer(3, **{field: value}), run=run, evidence=None, now=NOW)
    assert store.db.value("SELECT latest FROM listing") == latest


def test_what_was_said_comes_back_as_it_was_but_for_the_seller(store: Store) -> None:
    run = begin(store)
    said = offer(1, url="https://x.example/7", category="显卡", country="CN", language="zh", seller_id="w88", seller_since="2019-05-05",
                 image_urls=("a", "b"), posted_at="2026-02-01", attributes={"Brand": "NVIDIA", "n": [1, {"x": None}]})  # fmt: skip
    result = store.record(said, run=run, evidence=None, now=NOW)
    found = store.observation(result.observation_id)
    assert found is not None
    back, key = found.listing.to_dict(), found.seller_key
    expected = said.to_dict()
    assert back.pop("seller_id") == key and len(key or "") == 20
    del expected["seller_id"], expected["seller_name"]
    assert back == expected
    text = "\n".join(store.db.raw().iterdump())
    assert "老王" not in text and "w88" not in text


def test_a_desk_may_keep_names(tmp_path: Path) -> None:
    with Store.open(tmp_path, keep_seller_names=True) as store:
        result = store.record(offer(1, seller_id="w88"), run=begin(store), evidence=None, now=NOW)
        found = store.observation(result.observation_id)
        assert found is not None
        assert (found.listing.seller_name, found.listing.seller_id) == ("老王", "w88")
        assert store.db.value("SELECT label FROM seller") == "老王"


def test_sellers_are_matched_once_and_forgotten(tmp_path: Path) -> None:
    asked = []

    def match(name: str) -> list[tuple[str, str, float, str | None]]:
        asked.append(name)
        return [("csl/1", "LAO WANG TRADING", 0.91, None)]

    with Store.open(tmp_path, match_seller=match) as store:
        run = begin(store)
        for day in (1, 2, 3):
            store.record(offer(day, price_text=f"¥{day}"), run=run, evidence=None, now=NOW)
        assert asked == ["老王"]
        (candidate,) = store.screening_candidates()
        assert (candidate["name"], candidate["score"]) == ("LAO WANG TRADING", 0.91)
        assert candidate["seller"] == store.seller_key(offer(1))


def test_the_same_seller_on_two_sites_is_two_and_two_homes_with_one_key_agree(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a") as a, Store.open(tmp_path / "b") as b:
        assert a.seller_key(offer(1)) != a.seller_key(offer(1, site="shop"))
        assert a.seller_key(offer(1)) != b.seller_key(offer(1))
    (tmp_path / "b" / "key").write_bytes((tmp_path / "a" / "key").read_bytes())
    with Store.open(tmp_path / "a") as a, Store.open(tmp_path / "b") as b:
        assert a.seller_key(offer(1)) == b.seller_key(offer(1))
    assert (tmp_path / "a" / "key").stat().st_mode & 0o777 == 0o600


def test_late_arrivals_take_their_place_and_move_nothing_back(store: Store) -> None:
    run = begin(store)
    store.record(offer(10, price_text="¥10"), run=run, evidence=None, now=NOW)
    late = store.record(offer(5, price_text="¥5"), run=run, evidence=None, now=NOW)
    assert late.kind == "changed"
    row = store.db.row("SELECT first_seen, last_seen, observation FROM listing")
    assert row is not None and tuple(row)[:2] == (DAY.format(5), DAY.format(10))
    current = store.observation(row["observation"])
    assert current is not None and current.listing.price_text == "¥10"
    assert [o.listing.price_text for o in store.history(late.listing_id)] == ["¥5", "¥10"]


def test_a_late_change_within_a_quiet_span_keeps_the_last_sighting(store: Store) -> None:
    """Seen at the old price on days 1 and 9; then day 5 turns up with another price: day 9 is a change back."""
    run = begin(store)
    for day in (1, 9):
        store.record(offer(day, price_text="¥10"), run=run, evidence=None, now=NOW)
    store.record(offer(5, price_text="¥5"), run=run, evidence=None, now=NOW)
    key = listing_key("board", "7")
    assert [(o.observed_at[8:10], o.listing.price_text) for o in store.history(key)] == [("01", "¥10"), ("05", "¥5"), ("09", "¥10")]
    assert store.listing(key)["price_text"] == "¥10"


def test_the_fuller_page_of_one_second_wins_in_either_order(tmp_path: Path) -> None:
    card, page = offer(1, description=None), offer(1, description="the whole story")
    for name, order in (("a", (card, page)), ("b", (page, card))):
        with Store.open(tmp_path / name) as store:
            run = begin(store)
            for one in order:
                store.record(one, run=run, evidence=None, now=NOW)
            current = store.db.value("SELECT o.description FROM listing l JOIN observation o ON o.id = l.observation")
            assert current == "the whole story"


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00Z"),
        ("2026-03-01T00:00:00.900Z", "2026-03-01T00:00:00Z"),
        ("2026-03-01", "2026-03-01T00:00:00Z"),
        ("2026-03-01T00:00:00", "2026-03-01T00:00:00Z"),
    ],
)
def test_dates_are_kept_in_utc(store: Store, shown: str, kept: str) -> None:
    result = store.record(offer(1, observed_at=shown), run=begin(store), evidence=None, now=NOW)
    found = store.observation(result.observation_id)
    assert found is not None and found.observed_at == kept


@pytest.mark.parametrize("shown", ["yesterday", "2026-13-01", "", "1999-99-99T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_date_that_is_none_is_refused_and_nothing_stored(store: Store, shown: str) -> None:
    run = begin(store)
    if shown == "":
        assert store.record(offer(1, observed_at=None), run=run, evidence=None, now=NOW).kind == "new"
        return
    with pytest.raises(ListingError, match="observed_at"):
        store.record_many([(offer(1, listing_id="good"), None), (offer(1, observed_at=shown), None)], run=run, now=NOW)
    assert store.counts()["listing"] == 0


def test_one_answer_gives_evidence_to_many_and_it_must_be_there(store: Store) -> None:
    run = begin(store)
    with EvidenceWriter(store.home, run, NOW) as writer:
        ref = writer.write("https://x.example/search", 200, {}, b"[]", NOW)
        store.record_many([(offer(1, listing_id=str(n)), ref) for n in range(40)], run=run, now=NOW)
    assert store.counts()["evidence"] == 1
    assert {o.evidence for o in store.iter_observations()} == {ref}
    with pytest.raises(EvidenceError, match="not there"):
        gone = EvidenceRef("20260101T000000Z-x-aaaa.warc.gz", 0, 9, "0" * 64, "", NOW)
        store.record(offer(2, price_text="¥1"), run=run, evidence=gone, now=NOW)


def test_a_seen_listing_points_to_its_last_sighting(store: Store) -> None:
    run = begin(store)
    with EvidenceWriter(store.home, run, NOW) as writer:
        refs = [writer.write(f"https://x.example/{n}", 200, {}, b"%d" % n, NOW) for n in range(3)]
    for day, ref in enumerate(refs, 1):
        store.record(offer(day), run=run, evidence=ref, now=NOW)
    assert store.db.value("SELECT last_evidence FROM listing") == refs[-1].id
    (only,) = store.iter_observations()
    assert only.evidence == refs[0]


def test_a_broken_batch_leaves_nothing(store: Store) -> None:
    run = begin(store)
    with pytest.raises(RuntimeError), store.transaction():
        store.record(offer(1), run=run, evidence=None, now=NOW)
        raise RuntimeError
    assert store.counts()["observation"] == 0
    store.record(offer(1), run=run, evidence=None, now=NOW)
    assert store.counts()["observation"] == 1


def test_hostile_strings_come_back_unchanged(store: Store, shared: Path) -> None:
    import json

    texts = [t for t in json.loads((shared / "data/hostile/blns.json").read_text("utf-8")) if t]
    listings = [Listing.from_dict({"site": t, "listing_id": t, "title": t, "description": t, "attributes": {t: t}}) for t in texts]
    run = begin(store)
    store.record_many([(one, None) for one in listings], run=run, now=NOW)
    back = {o.listing.listing_id: o.listing for o in store.iter_observations()}
    assert len(back) == len({(one.site, one.listing_id) for one in listings})
    for one in listings:
        assert back[one.listing_id].to_dict() == {**one.to_dict(), "observed_at": NOW}


sightings = st.lists(
    st.tuples(st.sampled_from(["p", "q"]), st.integers(1, 6), st.sampled_from(["¥1", "¥2", "¥3"]), st.sampled_from([None, "long text"])),
    max_size=9,
)
_homes = itertools.count()


def _listing(sighting: tuple[str, int, str, str | None]) -> Listing:
    name, day, price, text = sighting
    return offer(day, listing_id=name, price_text=price, description=text, seller_name=None)


@pytest.fixture(scope="module")
def many() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        yield store


def _replay(store: Store, site: str, items: list[Listing], *, at_once: bool) -> list[tuple[object, ...]]:
    """Record under a fresh site name; the current state of every listing."""
    import dataclasses

    run = store.begin_run(site, now=NOW)
    chosen = [(dataclasses.replace(item, site=site), None) for item in items]
    with store.transaction():
        if at_once:
            store.record_many(chosen, run=run, now=NOW)
        else:
            for one, _ in chosen:
                store.record(one, run=run, evidence=None, now=NOW)
    store.end_run(run, "ok", NOW)
    return [tuple(row) for row in store.db.rows(
        "SELECT l.listing_id, l.first_seen, l.last_seen, o.price_text, o.description FROM listing l"
        " JOIN observation o ON o.id = l.observation WHERE l.site = ? ORDER BY 1", [site]
    )]  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(sightings, st.randoms(use_true_random=False), st.booleans())
def test_the_current_state_does_not_depend_on_the_order_of_arrival(many: Store, found: list, random: object, at_once: bool) -> None:  # type: ignore[type-arg]
    items = [_listing(one) for one in found]
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = _replay(many, f"s{next(_homes)}", items, at_once=at_once)
    other = _replay(many, f"s{next(_homes)}", shuffled, at_once=False)
    assert one == other
    # And it is what was last seen: the fuller text where one second holds several.
    for name in {item.listing_id for item in items}:
        last = max(item.observed_at or "" for item in items if item.listing_id == name)
        shown = {(item.price_text, item.description) for item in items if (item.listing_id, item.observed_at) == (name, last)}
        (row,) = [row for row in one if row[0] == name]
        assert row[2] == last and (row[3], row[4]) in shown


@settings(max_examples=120, deadline=None)
@given(sightings, sightings)
def test_the_same_file_twice_adds_nothing(many: Store, before: list, found: list) -> None:  # type: ignore[type-arg]
    site = f"s{next(_homes)}"
    _replay(many, site, [_listing(one) for one in before], at_once=False)
    once = _replay(many, site, [_listing(one) for one in found], at_once=True)
    observations = many.counts()["observation"]
    assert _replay(many, site, [_listing(one) for one in found], at_once=True) == once
    assert many.counts()["observation"] == observations
