"""What is missed, estimated from listings drawn at random: any unflagged one may be drawn, each counts once, by its probability."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from detector.recall import Drawn, Estimate, Sample, draw, sample
from detector.run import detect
from review import tuning_view
from storage.listing import Listing
from storage.readings import Judged
from storage.store import Store

MEDIUM = 0.2


def unflagged(judged: int, near: int, unjudged: int) -> list[dict[str, Any]]:
    scores = [0.05] * judged + [0.15] * near + [0.0] * unjudged
    return [{"listing": f"l{n:03}", "score": score, "judged": score > 0} for n, score in enumerate(scores)]


def test_draws_are_random_over_all_that_is_unflagged_and_carry_their_probability() -> None:
    pool = unflagged(60, 10, 30)
    found = draw(pool, MEDIUM, 6, seed=5)
    assert [(one.stratum, one.probability) for one in found] == [("near", 0.2)] * 2 + [("unjudged", 2 / 30)] * 2 + [("far", 2 / 60)] * 2
    assert found == draw(pool[::-1], MEDIUM, 6, seed=5) != draw(pool, MEDIUM, 6, seed=6)


def test_a_stratum_with_too_few_leaves_its_draws_to_the_others() -> None:
    assert [one.stratum for one in draw(unflagged(5, 1, 0), MEDIUM, 3, seed=1)] == ["near", "far", "far"]
    assert len(draw(unflagged(2, 0, 0), MEDIUM, 3, seed=1)) == 2


def drawn(stratum: str, chance: float, rights: Sequence[bool | None], score: float = 0.1) -> list[Drawn]:
    return [Drawn(f"{stratum}{n}", stratum, chance, score, right) for n, right in enumerate(rights)]


def found(n: int, score: float = 0.9) -> list[dict[str, Any]]:
    return [{"listing": f"alert{at}", "action": "confirm", "score": score} for at in range(n)]


def test_recall_weighs_the_strata_by_their_size() -> None:
    taken = Sample((*drawn("near", 0.1, [True] * 2 + [False] * 18), *drawn("far", 0.02, [False] * 20, 0.02)), {"near": 200, "far": 1000})
    told = Estimate(found(20), taken, MEDIUM).at(MEDIUM)
    assert (told.found, told.missed, told.value) == (20, pytest.approx(20), pytest.approx(0.5))
    assert told.low < 0.2 < 0.5 < told.high < 0.91


def test_listings_that_were_likelier_to_be_drawn_stand_for_fewer() -> None:
    taken = Sample((*drawn("far", 0.5, [True]), Drawn("late", "far", 0.1, 0.1, False)), {"far": 12})
    assert Estimate(found(2), taken, MEDIUM).at(MEDIUM).missed == pytest.approx(2)


def test_a_stratum_of_which_all_was_decided_is_known_for_certain() -> None:
    taken = Sample(tuple(drawn("near", 1.0, [True, False, False])), {"near": 3})
    told = Estimate(found(1), taken, MEDIUM).at(MEDIUM)
    assert (told.low, told.value, told.high) == (0.5, 0.5, 0.5)


def test_a_confirmed_draw_was_not_found_by_alerts() -> None:
    taken = Sample(tuple(drawn("far", 0.5, [True])), {"far": 2})
    told = Estimate([{"listing": "far0", "action": "confirm", "score": 0.1}], taken, MEDIUM).at(MEDIUM)
    assert (told.found, told.value) == (0, 0.0)


def test_recall_is_unknown_before_any_draw_was_decided() -> None:
    assert Estimate(found(9), Sample(tuple(drawn("far", 0.1, [None])), {"far": 10}), MEDIUM).at(MEDIUM).value is None
    assert Estimate([], Sample(), MEDIUM).at(MEDIUM).value is None


def test_recall_over_the_threshold_uses_the_sampling_probabilities() -> None:
    taken = Sample((*drawn("near", 0.1, [True] + [False] * 9, 0.15), *drawn("far", 0.05, [True] + [False] * 9, 0.02)), {"near": 100, "far": 200})
    estimate = Estimate([*found(20, 0.9), *found(10, 0.3)], taken, MEDIUM)
    values = {cut: estimate.at(cut).value for cut in (0.5, MEDIUM, 0.12, 0.01)}
    assert values == {0.5: pytest.approx(20 / 60), MEDIUM: pytest.approx(30 / 60), 0.12: pytest.approx(40 / 60), 0.01: pytest.approx(1)}
    step = tuning_view.Past([], [*found(20, 0.9), *found(10, 0.3)], 1, taken, MEDIUM).step(MEDIUM)
    assert step.recall == estimate.at(MEDIUM)


# Through the database, as digests draw.


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def desk(store: Store, n: int, truth: Sequence[bool], chance: random.Random) -> dict[str, bool]:
    """`n` listings of a site of its own, every third judged, none flagged but every fifth; whether each is worthwhile, by listing."""
    now = "2026-03-01T08:00:00Z"
    run = store.begin_run("board", now=now)
    store.record_many([(Listing("board", f"{at}", f"H100 no {at}", observed_at=now), None) for at in range(n)], run=run, now=now)
    store.end_run(run, "ok", now, {})
    rows = []
    for at, o in enumerate(store.observations_to_read("k", None, "t")):
        score = 0.5 if at % 5 == 0 else chance.choice((0.05, 0.15)) if at % 3 else 0.0
        document: dict[str, Any] = {
            "offer": "sale" if score else "accessory", "restricted": score > 0, "chips": [{"chip": "c"}] if score else [], "score": score,
            "severity": "medium" if score > MEDIUM else "none", "versions": {"knowledge": "k", "thresholds": "t"},
        }  # fmt: skip
        rows.append(Judged.from_document(o, document))
    store.save_judgements(rows)
    return {row.listing: truth[at] for at, row in enumerate(rows)}


def morning(store: Store, day: int, wanted: int, *, again: bool = False) -> list[str]:
    """A day's digest, made a second time with `again`; the listings it drew."""
    names: list[str] = []
    for hour in (8, 9) if again else (8,):
        now = f"2026-03-{day:02}T{hour:02}:00:00Z"
        draws = draw(store.unflagged(MEDIUM), MEDIUM, wanted, seed=int(f"202603{day:02}"))
        digest, _ = store.save_digest("daily", {"made": now}, since=None, until=now, now=now, alerts=0)
        at = {row["listing"]: row["observation"] for row in store.iter_readings()}
        store.save_samples(digest, [(one.listing, at[one.listing], one.stratum, one.probability) for one in draws])
        names += [one.listing for one in draws]
    return names


def decide(store: Store, listing: str, right: bool, day: int) -> None:
    store.decide(listing, "confirm" if right else "dismiss", who="ana", now=f"2026-03-{day:02}T10:00:00Z", reason="stock")


def test_recall_estimates_the_truth_on_simulated_desks(tmp_path: Path) -> None:
    """With redrawn listings, two digests a day, draws that nobody decides, and worthwhile ones among what was read as no offer."""
    chance, errors, inside, desks = random.Random(2), [], 0, 24
    for number in range(desks):
        with Store.open(tmp_path / str(number)) as store:
            truth = desk(store, 150, [chance.random() < 0.3 for _ in range(150)], chance)
            flagged = {row["listing"] for row in store.iter_readings() if row["score"] >= MEDIUM}
            for listing in flagged:
                decide(store, listing, truth[listing], 1)
            for day in range(2, 14):
                for listing in dict.fromkeys(morning(store, day, 5, again=day % 2 == 0)):
                    if chance.random() < 0.8:
                        decide(store, listing, truth[listing], day)
            told = Estimate(store.reviewed(), sample(store.samples()), MEDIUM).at(MEDIUM)
            right = sum(truth[listing] for listing in flagged)
            real = right / sum(truth.values())
            assert told.found == right and told.value is not None
            inside += told.low <= real <= told.high
            errors.append(told.value - real)
    assert abs(sum(errors) / desks) < 0.02 and inside >= desks * 0.95


def test_two_decisions_are_two_however_often_digests_drew_their_listings(store: Store) -> None:
    truth = desk(store, 10, [False] * 10, random.Random(1))
    for day in range(2, 8):
        names = morning(store, day, 3, again=True)
    for listing in sorted(set(names))[:2]:
        decide(store, listing, truth[listing], 9)
    told = Estimate(store.reviewed(), sample(store.samples()), MEDIUM).at(MEDIUM)
    assert told.decided == 2 and told.drawn <= 8 and told.found == 0 and told.value is None  # nothing worthwhile is known at all


def test_a_misread_offer_found_by_a_draw_becomes_an_alert_until_the_decision_is_taken_back(store: Store) -> None:
    desk(store, 10, [False] * 10, random.Random(1))
    (listing, *_) = [row["listing"] for row in store.unflagged(MEDIUM) if not row["judged"]]
    decide(store, listing, True, 2)
    alert = store.alert(listing)
    assert (alert["state"], alert["news_at"], alert["events"][-1]["kind"]) == ("confirmed", None, "opened")
    assert listing not in [row["listing"] for row in store.unflagged(MEDIUM)]
    store.undo(listing, who="ana", now="2026-03-03T00:00:00Z")
    alert = store.alert(listing)
    assert alert["state"] == "closed" and "taken back" in alert["closed_why"] and alert["events"][-1]["kind"] == "closed"
    decide(store, listing, True, 4)
    assert store.alert(listing)["state"] == "confirmed"


def test_a_confirmed_draw_stays_an_alert_when_it_is_judged_again(store: Store) -> None:
    now = "2026-03-01T08:00:00Z"
    run = store.begin_run("board", now=now)
    plain = Listing("board", "1", "RTX 4090 24GB Founders Edition", price_text="US $1,900", price_amount="1900", price_currency="USD", country="US", observed_at=now)
    store.record(plain, run=run, evidence=None, now=now)
    store.end_run(run, "ok", now, {})
    detect(store, Config(store.home), now=now)
    (row,) = store.unflagged(MEDIUM)
    decide(store, row["listing"], True, 2)
    detect(store, Config(store.home), now="2026-03-05T00:00:00Z", rebuild=True)
    assert store.alert(row["listing"])["state"] == "confirmed"
