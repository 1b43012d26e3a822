"""The market reference: seeds, peers, one voice a seller, no hindsight, and who may not speak."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from config.loader import Config
from detector.comparable import why_not_compared
from detector.market import (
    Book,
    NotEnough,
    Reference,
    is_fault,
    peer_of,
)
from detector.reading.model import ChipOffer, Price, Reading
from detector.voices import Peer, weighted_median
from storage.listing import Listing

MARKET = Config(None).market
A100, TODAY = "nvidia-a100-pcie-40gb", date(2025, 6, 1)
NOW = TODAY.toordinal()

LISTING = Listing("ebay", "1", "NVIDIA A100 40GB PCIe", country="US")
READING = Reading(
    "ebay", "1", "sale", (ChipOffer(A100, 1, "title", 7, 16, restricted=True),), True,
    Price("asking", Decimal(4000), "USD", "unit", Decimal(4000)), 1, "used",
)  # fmt: skip


def peers(usd: float, n: int, *, seller: str = "", region: str = "us", condition: str = "used", day: int = NOW - 5) -> list[Peer]:
    return [Peer(A100, "sale", region, condition, usd * (1 + 0.01 * (i % 5)), day, seller or f"{usd}{i}", f"{usd}-{i}") for i in range(n)]


def book(*groups: list[Peer]) -> Book:
    made = Book(MARKET)
    for group in groups:
        for peer in group:
            made.add(peer)
    return made


def ask(made: Book, region: str = "us", condition: str = "used", day: int = NOW) -> Reference:
    found = made.reference(A100, "sale", region, condition, day)
    assert isinstance(found, Reference)
    return found


def test_a_fresh_home_has_the_seed_and_says_so() -> None:
    found = ask(book())
    assert (found.low, found.high, found.n, found.seed) == (5000, 5000, 0, "a100-40gb")


def test_many_peers_outweigh_the_seed_and_few_do_not() -> None:
    assert ask(book(peers(3000, 4))).centre == 5000
    assert ask(book(peers(3000, 8))).centre > 3800
    many = ask(book(peers(3000, 60)))
    assert many.centre < 3500 and many.n == 60 and many.segment == "us, used"


def test_one_seller_speaks_once_however_many_listings() -> None:
    flood = book(peers(1000, 50, seller="one dealer"))
    assert ask(flood).centre > 4000
    assert ask(flood).n == 0  # one voice is not enough to be heard at all


def test_an_offer_is_not_its_own_peer() -> None:
    made = book(peers(1000, 5), peers(9000, 1, seller="me"))
    asked = [made.reference(A100, "sale", "us", "used", NOW, own) for own in ("me", "somebody else")]
    assert [one.n for one in asked if isinstance(one, Reference)] == [5, 6]


def test_a_seed_weighs_less_the_further_its_day_is() -> None:
    near, far = book(peers(3000, 10)), Book(MARKET)
    for peer in peers(3000, 10, day=NOW - 900):
        far.add(peer)
    assert ask(far, day=NOW - 895).centre < ask(near).centre


def test_chips_of_one_seed_speak_together_where_one_has_too_few_voices() -> None:
    """Sellers name the form of a card or leave it out; two markets of one card would each have too few voices."""
    made = book(peers(7000, 2), [peer._replace(chip="nvidia-a100@40gb") for peer in peers(7000, 8, seller="", day=NOW - 4)])
    pooled = ask(made)
    assert (pooled.n, pooled.segment) == (8, "us, used (any form)") and pooled.low > 5500, "2 and 8 offers, two sellers in both"
    other = made.reference("nvidia-a100-sxm4-40gb", "sale", None, None, NOW)
    assert isinstance(other, Reference) and (other.n, other.segment) == (8, "all markets, any form")
    alone = made.reference("nvidia-a100-pcie-80gb", "sale", "us", "used", NOW)
    assert isinstance(alone, Reference) and (alone.n, alone.low) == (0, 10000), "another seed is another market"
    for peer in peers(9000, 6, seller="", day=NOW - 3):
        made.add(peer)
    own = ask(made)
    assert (own.n, own.segment) == (8, "us, used"), "with voices enough a chip speaks for itself"


def test_regions_are_markets_of_their_own() -> None:
    made = book(peers(9000, 30, region="cn"), peers(4000, 30))
    assert ask(made, "cn").centre > 1.5 * ask(made, "us").centre


def test_later_peers_change_no_earlier_reference() -> None:
    made = book(peers(4000, 10, day=NOW - 10))
    before = ask(made, day=NOW - 5)
    for peer in peers(1000, 40, day=NOW - 4) + peers(1000, 40, day=NOW - 1):
        made.add(peer)
    assert ask(made, day=NOW - 5) == before
    assert ask(made, day=NOW).centre < before.centre


def test_a_peer_that_arrives_late_counts_for_what_is_judged_after_it() -> None:
    made = book(peers(4000, 10))
    ask(made)
    for peer in peers(2000, 40, day=NOW - 20):
        made.add(peer)
    assert ask(made) == ask(book(peers(4000, 10), peers(2000, 40, day=NOW - 20)))


def test_peers_older_than_the_window_are_silent() -> None:
    assert ask(book(peers(1000, 50, day=NOW - 91))).n == 0


def test_recent_peers_weigh_more() -> None:
    made = book(peers(2000, 20, day=NOW - 85), peers(6000, 15, day=NOW - 1))
    assert ask(made).centre > 4500


def test_without_seed_and_peers_the_answer_is_not_enough() -> None:
    found = book().reference("nvidia-h800-unknown", "sale", "us", "used", NOW)
    assert isinstance(found, NotEnough) and "0 peers" in found.reason


def test_without_seed_enough_peers_make_a_reference() -> None:
    made = Book(MARKET)
    for i in range(12):
        made.add(Peer("some-chip", "sale", "us", "new", 900 + i, NOW - 3, f"s{i}", f"l{i}"))
    found = made.reference("some-chip", "sale", "us", "new", NOW)
    assert isinstance(found, Reference) and found.n == 12 and found.centre == pytest.approx(905, rel=0.01)


def test_a_band_is_silent_inside_and_measured_at_its_ends() -> None:
    found = Book(MARKET).reference("nvidia-a100", "sale", "us", "used", NOW)
    assert isinstance(found, Reference)
    assert found.below(5000) == 1 and found.above(10000) == 1
    assert found.deviation(7000) == 0 and found.deviation(2500) == pytest.approx(math.log(0.5) / 0.25)


def test_known_memory_of_an_unknown_form_chooses_the_seed() -> None:
    offer = ChipOffer("nvidia-a100", 1, "title", 0, 4, memory_gb=80)
    assert Book(MARKET).name("sale", offer) == "nvidia-a100@80gb"
    assert Book(MARKET).name("sale", replace(offer, memory_gb=None)) == "nvidia-a100"
    assert Book(MARKET).name("rental", offer) == "nvidia-a100"
    assert Book(MARKET).name("sale", replace(offer, chip=A100, memory_gb=40)) == A100


def test_rental_and_sale_are_two_markets() -> None:
    rental = Book(MARKET).reference("nvidia-h100-pcie-80gb", "rental", "us", "any", NOW)
    assert isinstance(rental, Reference) and rental.centre == pytest.approx(2.4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"offer": "accessory"}, "accessory"),
        ({"chips": ()}, "no chip"),
        ({"chips": (READING.chips[0], replace(READING.chips[0], chip="nvidia-h200"))}, "several chips"),
        ({"price": None}, "no price"),
        ({"price": replace(READING.price, kind="placeholder")}, "placeholder"),
        ({"price": replace(READING.price, kind="deposit")}, "deposit"),
        ({"price": replace(READING.price, bid=True)}, "running auction"),
        ({"price": replace(READING.price, unit_usd=None, reason="unknown lot")}, "unknown lot"),
        ({"condition": "parts"}, "parts"),
        ({"notes": {"goods": "whole_pc"}}, "whole PC"),
    ],
)
def test_who_is_no_peer_and_gets_no_price_sign(change: dict[str, object], words: str) -> None:
    reading = replace(READING, **change)  # type: ignore[arg-type]
    assert words in (why_not_compared(reading) or "")
    assert peer_of(LISTING, reading, book(), day=TODAY, voice="s", statistics=True) is None


def test_a_plain_offer_is_a_peer() -> None:
    assert why_not_compared(READING) is None
    found = peer_of(LISTING, READING, book(), day=TODAY, voice="s", statistics=True)
    assert found == Peer(A100, "sale", "us", "used", 4000, NOW, "s", "ebay/1")


def test_a_site_that_forbids_statistics_never_speaks() -> None:
    assert peer_of(LISTING, READING, book(), day=TODAY, voice="s", statistics=False) is None


@pytest.mark.parametrize("usd", [5, 4_000_000])
def test_a_price_a_thousand_times_off_is_a_fault_and_no_peer(usd: int) -> None:
    assert is_fault(usd, ask(book()), MARKET.forming)
    wrong = replace(READING, price=replace(READING.price, unit_usd=Decimal(usd)))  # type: ignore[type-var]
    assert peer_of(LISTING, wrong, book(), day=TODAY, voice="s", statistics=True) is None


def test_weighted_median() -> None:
    assert weighted_median([1.0, 2.0, 3.0], [1, 1, 1]) == 2
    assert weighted_median([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1]) == 2.5
    assert weighted_median([1.0, 100.0], [1, 3]) == 100


def test_the_seeds_are_those_of_the_guide() -> None:
    seeds = {(seed.id, seed.low, seed.high) for seed in MARKET.sale}
    assert {("a100-80gb", 10000, 10000), ("h100-sxm", 26000, 26000), ("rtx-5090", 3000, 3000), ("t4", 600, 600)} <= seeds
    assert {(seed.id, seed.low) for seed in MARKET.rental} == {("a100", 1.3), ("h100", 2.4), ("h200", 3.2), ("b200", 4.5), ("rtx-4090", 0.4)}
