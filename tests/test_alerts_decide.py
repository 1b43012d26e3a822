"""When an alert opens, opens again, stays silent, closes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.schema.thresholds import Alerts
from detector.alerts import Facts, Measure, Mute, Standing, decide, muted_by, origin

NOW, OPTIONS = "2025-06-01T00:00:00Z", Alerts()
FACTS = Facts("L", "o2", "ebay", "A100", 0.95, "high", ("serial_removed",), True, "US", "nvidia-a100", "s1", 5000.0)
OPEN = Standing("L", "new", "high", 0.95, ("serial_removed",), "o1", 5000.0)
DISMISSED = replace(OPEN, state="dismissed")
QUIET = replace(FACTS, score=0.08, severity="none", signals=())


def test_a_first_alert_opens_and_is_news() -> None:
    found = decide(FACTS, None, OPTIONS, now=NOW)
    assert found is not None and (found.kind, found.news) == ("opened", True)


def test_below_medium_nothing_opens() -> None:
    assert decide(replace(FACTS, severity="low", score=0.2), None, OPTIONS, now=NOW) is None


def test_a_rescore_opens_in_silence() -> None:
    found = decide(replace(FACTS, fresh=False), None, OPTIONS, now=NOW)
    assert found is not None and (found.kind, found.news) == ("opened", False)


def test_the_same_judgement_of_the_same_observation_is_nothing() -> None:
    assert decide(replace(FACTS, observation="o1", fresh=False), OPEN, OPTIONS, now=NOW) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"signals": ("export_evasion", "serial_removed")}, "new evidence: export_evasion"),
        ({"unit_usd": 3900.0}, "unit price fell from $5,000 to $3,900"),
    ],
)
def test_a_material_change_reopens_a_dismissed_alert(change: dict[str, object], why: str) -> None:
    found = decide(replace(FACTS, **change), DISMISSED, OPTIONS, now=NOW)  # type: ignore[arg-type]
    assert found is not None and (found.kind, found.news, found.why) == ("reopened", True, why)


@pytest.mark.parametrize("change", [{}, {"score": 0.99}, {"unit_usd": 4500.0}, {"signals": ("forest", "serial_removed")}])
def test_what_is_not_material_leaves_a_dismissed_alert_dismissed(change: dict[str, object]) -> None:
    found = decide(replace(FACTS, **change), DISMISSED, OPTIONS, now=NOW)  # type: ignore[arg-type]
    assert found is not None and (found.kind, found.news, found.known) == ("updated", False, DISMISSED.measure)
    assert decide(replace(FACTS, observation="o1"), DISMISSED, OPTIONS, now=NOW) is None


def test_the_price_of_a_chip_hour_is_told_in_cents() -> None:
    found = decide(replace(FACTS, unit_usd=0.14), replace(DISMISSED, unit_usd=0.19), OPTIONS, now=NOW)
    assert found is not None and found.why == "unit price fell from $0.19 to $0.14"


def test_new_knowledge_alone_never_reopens() -> None:
    more = replace(FACTS, signals=("export_evasion", "serial_removed"), fresh=False)
    found = decide(more, DISMISSED, OPTIONS, now=NOW)
    assert found is not None and (found.kind, found.news) == ("updated", False)


@pytest.mark.parametrize("fresh", [False, True])
def test_what_is_dismissed_is_measured_by_the_decision_in_the_terms_of_now(fresh: bool) -> None:
    """Judged anew the same page shows more and scores otherwise: that is forgiven with the rest, what the page does later is not."""
    known = Measure("medium", 0.4, ("a", "b"), 5000.0)
    standing = replace(DISMISSED, severity="medium", score=0.5, signals=("a", "b"), known=known)
    learned = replace(FACTS, observation="o1", severity="high", score=0.9, signals=("b", "c"), fresh=fresh)
    found = decide(learned, standing, OPTIONS, now=NOW)
    assert found is not None
    if fresh:
        assert (found.kind, found.why) == ("reopened", "new evidence: c")
    else:
        assert found.known == Measure("high", pytest.approx(0.8), ("b", "c"), 5000.0)


def test_new_evidence_brings_an_alert_out_of_a_mute_of_its_only_sign() -> None:
    mutes = [Mute("m", "signal", "serial_removed", "2026-01-01T00:00:00Z")]
    more = replace(FACTS, signals=("export_evasion", "serial_removed"))
    for state, hidden in (("new", "m"), ("confirmed", None)):
        found = decide(more, replace(OPEN, state=state), OPTIONS, mutes=mutes, now=NOW)
        assert found is not None and (found.kind, found.news, found.muted_by) == ("updated", True, None)
        same = decide(replace(FACTS, score=0.94), replace(OPEN, state=state), OPTIONS, mutes=mutes, now=NOW)
        assert same is not None and (same.news, same.muted_by) == (False, hidden)


def test_a_rise_in_severity_is_material() -> None:
    medium = replace(DISMISSED, severity="medium", score=0.4)
    found = decide(FACTS, medium, OPTIONS, now=NOW)
    assert found is not None and found.why == "severity rose from medium to high"


def test_an_open_alert_that_no_longer_holds_closes_with_its_reason_and_without_news() -> None:
    page = decide(QUIET, OPEN, OPTIONS, now=NOW)
    rescore = decide(replace(QUIET, fresh=False), OPEN, OPTIONS, now=NOW)
    assert page is not None and (page.kind, page.news) == ("closed", False) and "the page changed" in page.why
    assert rescore is not None and rescore.kind == "closed" and "other knowledge" in rescore.why


def test_what_the_program_closed_comes_back_with_the_score() -> None:
    closed = replace(OPEN, state="closed")
    rescore = decide(replace(FACTS, observation="o1", fresh=False), closed, OPTIONS, now=NOW)
    page = decide(FACTS, closed, OPTIONS, now=NOW)
    assert rescore is not None and (rescore.kind, rescore.news) == ("reopened", False)
    assert page is not None and (page.kind, page.news) == ("reopened", True) and "the page changed" in page.why
    assert decide(QUIET, closed, OPTIONS, now=NOW) is None


@pytest.mark.parametrize("state", ["confirmed", "escalated"])
def test_what_a_person_confirmed_is_updated_never_closed(state: str) -> None:
    found = decide(QUIET, replace(OPEN, state=state), OPTIONS, now=NOW)
    assert found is not None and found.kind == "updated" and not found.news


def test_a_relist_of_a_dismissed_offer_is_linked_and_no_news() -> None:
    found = decide(replace(FACTS, listing="M", relist_of="L"), None, OPTIONS, before=DISMISSED, now=NOW)
    assert found is not None and (found.kind, found.news, found.facts.relist_of) == ("opened", False, "L")


def test_a_relist_that_says_more_is_news() -> None:
    more = replace(FACTS, listing="M", relist_of="L", signals=("export_evasion", "serial_removed"))
    found = decide(more, None, OPTIONS, before=DISMISSED, now=NOW)
    assert found is not None and found.news


@pytest.mark.parametrize("state", ["new", "confirmed", "escalated", "snoozed"])
def test_a_relist_of_what_a_person_has_before_them_is_linked_and_no_news(state: str) -> None:
    relist, before = replace(FACTS, listing="M", relist_of="L"), replace(OPEN, state=state)
    found = decide(relist, None, OPTIONS, before=before, now=NOW)
    assert found is not None and not found.news and "nothing material changed" in found.why
    cheaper = decide(replace(relist, unit_usd=3900.0), None, OPTIONS, before=before, now=NOW)
    assert cheaper is not None and cheaper.news


def test_a_relist_is_measured_by_the_nearest_decision_of_its_chain_else_by_its_beginning() -> None:
    chain = {name: replace(OPEN, listing=name, relist_of=before) for name, before in [("A", None), ("B", "A"), ("C", "B")]}
    assert origin("C", chain) == chain["A"] and origin("X", chain) is None and origin(None, chain) is None
    chain["B"] = replace(chain["B"], state="dismissed")
    assert origin("C", chain) == chain["B"]
    chain = {"A": replace(OPEN, listing="A", relist_of="B"), "B": replace(OPEN, listing="B", relist_of="A")}
    assert origin("A", chain) is not None  # a chain that bites its tail ends


@pytest.mark.parametrize("change", [{"signals": ("export_evasion", "serial_removed")}, {"unit_usd": 3900.0}])
def test_a_material_change_wakes_what_was_put_off(change: dict[str, object]) -> None:
    snoozed = replace(OPEN, state="snoozed")
    found = decide(replace(FACTS, **change), snoozed, OPTIONS, now=NOW)  # type: ignore[arg-type]
    assert found is not None and (found.kind, found.news) == ("reopened", True)
    calm = [decide(FACTS, snoozed, OPTIONS, now=NOW), decide(replace(FACTS, fresh=False, **change), snoozed, OPTIONS, now=NOW)]  # type: ignore[arg-type]
    assert [one and (one.kind, one.news) for one in calm] == [("updated", False)] * 2


@pytest.mark.parametrize(
    ("mute", "hit"),
    [
        (Mute("m", "site", "ebay", "2025-07-01T00:00:00Z"), True),
        (Mute("m", "site", "xianyu", "2025-07-01T00:00:00Z"), False),
        (Mute("m", "seller", "s1", "2025-07-01T00:00:00Z"), True),
        (Mute("m", "signal", "serial_removed", "2025-07-01T00:00:00Z"), True),
        (Mute("m", "signal", "transit_route", "2025-07-01T00:00:00Z"), False),
        (Mute("m", "site", "ebay", "2025-05-01T00:00:00Z"), False),  # expired
    ],
)
def test_mutes(mute: Mute, hit: bool) -> None:
    assert (muted_by(FACTS, [mute], NOW) == "m") is hit
    found = decide(FACTS, None, OPTIONS, mutes=[mute], now=NOW)
    assert found is not None and found.news is not hit and found.muted_by == ("m" if hit else None)


def test_a_muted_signal_does_not_hide_another() -> None:
    two = replace(FACTS, signals=("export_evasion", "serial_removed"))
    assert muted_by(two, [Mute("m", "signal", "serial_removed", "2026-01-01T00:00:00Z")], NOW) is None
