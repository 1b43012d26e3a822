"""What sellers' words mean: `config/lexicon/<language>.toml`, a file a language."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from config.tables import Row, Table

CONCEPTS = {
    # identity marks
    "serial": "the number or code that tells one card from all others",
    "label": "what the number is printed on: sticker, plate, tag, code",
    "not_mark": "a serial, label or tag of another kind: asset tag, shipping label, serial port",
    # what happened to the mark
    "loss": "taken off, ground away, torn, wiped: a deed done to the thing itself",
    "hide": "covered, blurred, taped over: done to the thing or only to its picture",
    "blur": "blurred, pixelated, mosaic: done to a picture by its nature",
    "gone": "a state: missing, blank, unreadable, bare",
    "swap": "replaced, changed for another, put on anew",
    "defaced": "mark and loss in one expression",
    "need": "need, mind, insist on (a mark or a paper)",
    "elsewhere": "look elsewhere, move on, not for you",
    "intact": "there, whole, readable, matching, can be checked",
    # scope
    "none": "without, no (before its noun)",
    "none_after": "there is none (after its noun)",
    "not": "negates what follows",
    "not_after": "negates what stands before",
    "if": "opens a condition",
    "if_after": "closes a condition (after its verb)",
    "ask": "asks or warns the buyer",
    "refuse": "we do not sell, take or do this",
    "turned_away": "what becomes of buyers and orders that are not wanted: cancelled, blocked, asked not to bid",
    "others": "speaks of other sellers, scams, news",
    "asked": "what somebody else asks of the seller",
    "void": "voids warranty or return",
    "done": "has already happened",
    "photo": "in the picture",
    "see": "can be seen, as shown",
    "box": "packaging",
    "card": "the card or chip itself",
    "other_part": "another part, surface or damage that a loss may belong to",
    "repair_shop": "a service offered, not a state of the goods",
    # another name
    "relabel": "relabelled, in one expression",
    "outer": "the outside says another name: `the box reads`, `in the case of`; needs that name",
    "outside": "the outside of the goods: shroud, lid, what is seen",
    "inside": "what is really inside",
    "plate": "a plate or tag that bears the model's name (a mark of identity too)",
    "pack": "packed, put into (a box)",
    "system": "what software shows: BIOS, device manager, lspci",
    "contrast": "is not what it says: the contents differ, the label lies",
    "reads": "reads as, is marked as, was changed into",
    "other_model": "another model's or maker's name, without naming it",
    # papers
    "paper": "invoice, receipt, bill, documents",
    "warranty": "warranty, guarantee, after-sales support",
    "origin": "source, provenance, where it came from",
    "grey": "grey import, special channel, no papers: in one expression",
    "secret": "not told, do not ask",
    "boilerplate": "stock clause of private sales that excludes liability",
    "expired": "ran out",
    "extra_cost": "against a surcharge, on request",
    # export
    "licence": "export licence, export permit, export papers: of export by its own words",
    "licence_weak": "licence, permit, red tape: of export only where goods go abroad or chips are let",
    "screening": "end-user statement, identity or sanctions check",
    "end_user": "the last customer or use, and the papers that name him",
    "required": "needed, asked for",
    "unasked": "not asked, not checked: the negation is in the word",
    "software": "of software: its licences are no export licences",
    "customs": "customs, clearance, duty",
    "handled": "included, taken care of, ours to solve",
    "cleared": "customs handled, in one expression",
    "declare": "declare, invoice, write on the papers",
    "as": "as, disguised as: joins the way of moving to other goods",
    "adjust": "papers made to fit, as you like",
    "says": "what a shipping paper says, shows, is made out for",
    "honest": "the papers tell the truth: full value, correct",
    "as_other": "as other goods, at a low value, at a value of one's choice",
    "misdeclare": "mis-declaration in one expression",
    "bypass": "get round, avoid, dodge",
    "control": "sanctions, controls, ban",
    "evade": "evasion in one expression, wherever it is said",
    "evade_weak": "evasion only where goods go abroad, chips are let, or customs or controls are named beside it",
    "luggage": "in a suitcase, carried by hand: a way out, unless it is how the card once came",
    "other_word": "an innocent word in which a term stands by chance",
    "dismiss": "forget it, not your worry, no concern of ours (a licence, a check, a ban)",
    "stops": "without this nothing is sent or sold; it is against the law",
    "comply": "keeps or demands export rules",
    "open_to": "anyone may: any country, no region block",
    # route
    "from": "comes from, stands in, is shipped from",
    "came": "came from there, was bought there: no word of where it lies or goes",
    "via": "goes through",
    "to": "is sent to, delivered in",
    "store": "warehouse, stock, data centre (after or before a place)",
    "onward": "sent on, re-exported",
    "local_only": "only inside this country",
    "no_ship": "not sent to",
    "except_for": "except, not to: leaves out the place that follows",
    "users": "users, customers, firms of a place",
    # stock
    "bulk": "a trader's stock, in words",
    "bulk_weak": "stock words that need a number",
    "rate": "per week, every month: how often a number of units comes",
    "unit": "counts cards, servers, boards (after or before a number)",
    "not_stock": "sold, viewed, minimum, monthly: a number that is no stock",
    # contact
    "messenger": "a messenger's name, sure by itself",
    "messenger_weak": "a messenger's name that is also a common word",
    "reach": "add, write to, find on",
    "phone": "telephone, call, text message",
    "own_channel": "the platform's own messages",
    "courier": "a number asked for delivery",
    "no_channel": "not this way",
    "handover": "handed over at",
    # goods
    "sample": "engineering sample, prototype",
    "sample_weak": "short names that need a chip beside them",
    "production": "retail, final",
    "modded": "altered, in one expression",
    "alter": "altered, upgraded, soldered",
    "alterable": "memory, BIOS, form: what is altered",
    "stand_in": "the price shown is no price",
    "place": "a place (from places.toml)",
    "place_weak": "a place's short name (from places.toml)",
    "article": "a thing that a chip is not (for disguised goods)",
}  # fmt: skip


class Group(Row):
    """Terms that mean one concept, and why they stand here."""

    id: str
    """Unique over all languages: `<language>.<concept>` or `<language>.<concept>.<what>`."""
    concept: str
    terms: Annotated[tuple[str, ...], Field(min_length=1)]
    """Written as sellers write. `*` at the end of a word: any ending; `*` at the start of the term: any beginning. Spaces,
    hyphens and underscores are one. A term with accents also matches without any accent."""
    reason: str
    """Why a trader means this, or where it was seen."""

    @field_validator("concept")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in CONCEPTS:
            raise ValueError(f"{value!r} is no concept; the concepts are listed in config/schema/lexicon.py")
        return value

    @field_validator("terms")
    @classmethod
    def _written(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for term in value:
            if re.search(r"^\*?$|\*[^ ]|[^ ] *\* \*|^\* |\w \*", term.removeprefix("*")):
                raise ValueError(
                    f"{term!r}: a star may stand at the start of the term or at the end of a word only"
                )
        return value


class Lexicon(Table):
    """One language."""

    language: str
    """BCP 47 primary tag as it is reported with a signal."""
    name: str
    boundary: Literal["word", "free"]
    """`word`: a term begins and ends at a word border; `free`: the script does not set words apart."""
    note: str = ""
    glosses: dict[str, str] = {}
    """English of single terms whose group says less, or other things as well; for people, no part of the reading."""
    groups: list[Group] = []

    @model_validator(mode="after")
    def _named(self) -> Self:
        """An id tells where its row stands and what it means, so that a row of a home replaces the one it is meant to. Names of places
        are of no language, and bear the place's."""
        for group in self.groups if self.language else ():
            if group.id.split(".")[:2] != [self.language, group.concept]:
                raise ValueError(f"id {group.id!r} has to begin with '{self.language}.{group.concept}', the file's language and the row's concept")
        return self
