"""Sellers across sites: what one offers, whom it is tied to by shared words or contacts, how surely, and what people said of that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.ties import FAIR, Member, Tie, cluster, ties
from storage.ties import MOST_PARTIES, NOBODY

if TYPE_CHECKING:
    from storage.store import Store

PAGE = 40
"""Sellers of one page of the list."""

MOST_MEMBERS = 30
"""Parties of a cluster that are looked at; more is a template in wide use, not one hand."""


@dataclass(frozen=True, slots=True)
class SellerRow:
    """A seller of the list: its alerts that stand, and how many others it is tied to at least fairly."""

    key: str
    facts: Mapping[str, Any]
    ties: tuple[Tie, ...]

    @property
    def sure(self) -> int:
        """Ties that are fair or strong."""
        return sum(tie.grade != "weak" for tie in self.ties)


@dataclass(frozen=True, slots=True)
class Linked:
    """A member of a seller's cluster with its facts and a few of its offers; `direct` ties can be said to be none."""

    member: Member
    facts: Mapping[str, Any]
    offers: tuple[Mapping[str, Any], ...]

    @property
    def direct(self) -> bool:
        return self.member.steps == 1


@dataclass(frozen=True, slots=True)
class Parted:
    """A tie that a person said is none: with whom, and the last decision."""

    party: str
    facts: Mapping[str, Any]
    decision: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """One party (`storage.ties`) with its cluster and the record of decisions on its ties.

    `offers` are its own and those of the parties it is fairly or surely tied to, wherever they stand.
    """

    party: str
    facts: Mapping[str, Any]
    offers: tuple[Mapping[str, Any], ...]
    linked: tuple[Linked, ...]
    parted: tuple[Parted, ...]
    decisions: tuple[Mapping[str, Any], ...]

    @property
    def sites(self) -> tuple[str, ...]:
        """Sites on which this party and those it is surely or fairly tied to offer."""
        near = [one.facts["site"] for one in self.linked if one.member.confidence >= FAIR]
        return tuple(dict.fromkeys([self.facts["site"], *sorted(near)]))


def ties_of(store: Store, party: str) -> list[Tie]:
    """The ties of a party, surest first, whatever people said of them."""
    return ties(store.tied_by_text(party), store.tied_by_contact(party), MOST_PARTIES)


def ranked(store: Store, *, site: str | None, page: int) -> tuple[list[SellerRow], bool]:
    """A page (from 0) of sellers with alerts that stand, and whether there are more."""
    rows = store.sellers_ranked(site=site, limit=PAGE + 1, offset=page * PAGE)
    return [_row(store, row) for row in rows[:PAGE]], len(rows) > PAGE


def _row(store: Store, row: Mapping[str, Any]) -> SellerRow:
    key, apart = row["seller"], store.unlinked([row["seller"]])
    standing = tuple(tie for tie in ties_of(store, key) if _pair(key, tie.party) not in apart)
    return SellerRow(key, row, standing)


def found(store: Store, text: str) -> list[SellerRow]:
    """Sellers that a text names, as rows of the list; those without an alert that stands come last."""
    keys = store.find_sellers(text)
    standing = store.sellers_ranked(keys=keys, limit=len(keys))
    others = store.parties([key for key in keys if key not in {row["seller"] for row in standing}])
    none = {"open": 0, "confirmed": 0, "top": None}
    return [_row(store, row) for row in standing] + [_row(store, {**row, **none, "seller": key}) for key, row in others.items()]


def profile(store: Store, party: str) -> Profile | None:
    """All that is known of a party; None where there is no such one."""
    known = store.parties([party])
    if party not in known:
        return None
    members = cluster(
        party, lambda one: ties_of(store, one), lambda edge: _apart(store, edge), most=MOST_MEMBERS
    )
    decisions = store.link_decisions(party)
    last = {_other(row, party): row for row in decisions}
    parted = {other: row for other, row in last.items() if row["action"] == "unlink"}
    facts = known | store.parties([*(m.party for m in members), *last])
    linked = tuple(
        Linked(m, facts[m.party], tuple(store.offers_of([m.party], limit=4))) for m in members if m.steps and m.party in facts
    )  # fmt: skip
    near = [m.party for m in members if m.steps and m.confidence >= FAIR]
    gone = {"label": None, "site": "", "title": "(erased)", "listings": 0, "alerts": 0}
    return Profile(
        party, facts[party], tuple(store.offers_of([party, *near])), linked,
        tuple(Parted(other, facts.get(other, gone), row) for other, row in parted.items()), tuple(reversed(decisions)),
    )  # fmt: skip


def seen(view: Profile, other: str) -> dict[str, Any] | None:
    """What the page shows of the tie to another party, to be kept with a decision on it."""
    for one in view.linked:
        if one.member.party == other and one.member.tie is not None:
            return {"confidence": one.member.tie.confidence, "signs": list(one.member.tie.signs)}
    return None


def name_of(party: str, facts: Mapping[str, Any]) -> str:
    """How a party is called: its label, or the listing that stands for it. Never a title: what is to be masked in it is not known here."""
    if party.startswith(NOBODY):
        return f"unnamed seller of listing {party.removeprefix(NOBODY)[:8]}"
    return str(facts["label"] or party[:8])


def _apart(store: Store, edge: Collection[str]) -> set[tuple[str, str]]:
    return store.unlinked(list(edge))


def _pair(one: str, two: str) -> tuple[str, str]:
    return (one, two) if one < two else (two, one)


def _other(row: Mapping[str, Any], party: str) -> str:
    return str(row["two"] if row["one"] == party else row["one"])


def by_site(offers: Sequence[Mapping[str, Any]], first: str) -> dict[str, list[Mapping[str, Any]]]:
    """Offers grouped by site, the site `first` before the others."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for offer in sorted(offers, key=lambda offer: (offer["site"] != first, offer["site"])):
        grouped.setdefault(offer["site"], []).append(offer)
    return grouped
