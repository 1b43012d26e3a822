"""Sellers: one seller's offers across sites, the cluster it belongs to and how surely, and ties that a person undoes."""

from __future__ import annotations

from urllib.parse import quote

from detector.others import SHOWN, listed_parties
from review import sellers_view as view
from review.desk.cards import Names
from review.desk.kept import kept
from review.desk.visit import MAX_WHY, Answer, NotHere, Page, Refused, Visit
from storage.errors import StorageError
from storage.ties import LINK_ACTIONS


def sellers(visit: Visit) -> Answer:
    """Sellers with alerts that stand, or those a text names."""
    text, site = visit.arg("q"), visit.arg("site") or None
    page = int(visit.arg("page")) if visit.arg("page").isdecimal() and len(visit.arg("page")) < 7 else 0
    rows, more = (
        (view.found(visit.store, text), False)
        if text
        else kept(visit, ("sellers", site, page), lambda: view.ranked(visit.store, site=site, page=page))
    )
    sites = sorted(row["site"] for row in visit.store.coverage())
    return visit.page(
        "sellers.html",
        rows=rows,
        more=more,
        page=page,
        text=text,
        site=site,
        sites=sites,
        address=address,
        name=view.name_of,
    )


NO_SELLER = "There is no such seller, or nothing is kept of it any more."


def seller(visit: Visit) -> Answer:
    """One seller."""
    party = visit.vars["party"]
    found = view.profile(visit.store, party)
    if found is None:
        raise NotHere(NO_SELLER)
    screened = listed_parties(visit.store.screening_candidates(party))
    return visit.page(
        "seller.html",
        chip=Names(visit.config).chip,
        p=found,
        offers=view.by_site(found.offers, found.facts["site"]),
        called={one.member.party: view.name_of(one.member.party, one.facts) for one in found.linked},
        screened=[one.words(visit.now[:10]) for one in screened[:SHOWN]],
        resembled=len(screened),
        address=address,
        name=view.name_of,
    )


def decide(visit: Visit) -> Answer:
    """Say that a tie is none, or is one after all; with the reason, and what was seen."""
    party, other, action = (visit.value(name) for name in ("party", "other", "action"))
    why = visit.text("why", MAX_WHY, "The reason")
    if action not in LINK_ACTIONS:
        raise Refused("Choose to unlink or to link. Nothing was changed.")
    if not why:
        raise Refused("Give the reason: it is kept with the decision. Nothing was changed.")
    found = view.profile(visit.store, party)
    known = visit.store.parties([other])
    if found is None or other not in known:
        raise NotHere("There is no such seller any more.")
    who, now, seen = visit.person, visit.now, view.seen(found, other)
    try:
        visit.write(
            lambda store: store.decide_link(party, other, action, who=who, now=now, why=why, seen=seen)
        )
    except StorageError as error:
        raise Refused(f"{error}: nothing was changed.") from error
    done = "Unlinked" if action == "unlink" else "Linked again"
    named = view.name_of(other, known[other])
    still = _still_tied(visit, party, other, named) if action == "unlink" else ""
    return visit.go(address(party), f"{done}: {view.name_of(party, found.facts)} and {named}.{still}")


def _still_tied(visit: Visit, party: str, other: str, named: str) -> str:
    """Says through whom an unlinked party is tied all the same; "" where it is not."""
    left = view.profile(visit.store, party)
    through = next((one.member.via for one in left.linked if one.member.party == other), None) if left else None
    if through is None:
        return ""
    via = view.name_of(through, visit.store.parties([through])[through])
    return f" {named} stays under “Tied to”, through {via}: where that tie is none either, unlink {named} on the page of {via}."


def address(party: str) -> str:
    """The address of a seller's page."""
    return f"/sellers/{quote(party, safe='')}"


def misspelt(visit: Visit) -> Answer:
    """`/seller/...` leads where it is meant to, and says so where there is no such seller."""
    party = visit.vars["party"]
    if view.profile(visit.store, party) is None:
        raise NotHere(NO_SELLER)
    return visit.go(address(party))


PAGES = (
    Page("/sellers", sellers, nav="Sellers", order=50),
    Page("/sellers/<party>", seller),
    Page("/seller/<party>", misspelt),
    Page("/sellers/tie/decide", decide, method="POST", back="/sellers", choose="Nothing was changed: press Unlink or Link again."),
)
