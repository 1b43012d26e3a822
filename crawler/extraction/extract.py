"""The generic extraction: any shop's page in, the facts of its one article out, each with its source.

The order of the work: decode; read markup, and embedded state where markup leaves something
out; see the page as shown; find the title; choose the article's own
claims; weigh shown prices against marked ones; fill the other fields; say whether the page proves to offer one article.
Hostile pages are bounded: bytes, depth, nodes, scripts, and what is read of each.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from itertools import islice
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from crawler import decoding, links
from crawler import dom as tree_rules
from crawler.extraction import (
    dom,
    extracted,
    facts,
    fields,
    jsonld,
    merge,
    meta,
    microdata,
    others,
    places,
    proof,
    shown_price,
    state,
    words,
)  # fmt: skip
from crawler.extraction.claims import Claim
from crawler.extraction.extracted import Extracted

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from crawler.extraction.words import Words

LARGEST = 5_000_000
"""Bytes of a page that are read; what stands behind is not looked at."""
MOST_TAGS = 150_000
"""Tags of a page that are read; the tree costs some 170 bytes of memory an element, the largest shop pages have 50,000."""
_MOST_IMAGES = 20
_MOST_SCRIPTS = 100
_MOST_CHOICES = 4_000
"""Options of selects; so many cost lexbor 0.08 s, ten times as many 8 s."""
_LANGUAGE = re.compile(rb"<html[^>]{0,300}?lang=[\"']?([A-Za-z]{2,3}(?:-[A-Za-z]{2})?)\b", re.I)
_CHOICE = re.compile(rb"<option", re.I)
_CHOICES = re.compile(rb"</?(?:option|optgroup|select)\b[^<>]{0,500}>?", re.I)


def extract_page(
    html: bytes | str,
    *,
    url: str | None = None,
    content_type: str | None = None,
    knowledge: Words | None = None,
    currency: str | None = None,
) -> Extracted:
    """What a page says of the article it offers. Never fails: a page that cannot be read is no product, with the reason.

    `currency` is what a shared sign such as $ means on this site, where that is known.
    """
    known = knowledge or words.shipped()
    body = html[:LARGEST].encode("utf-8", "replace") if isinstance(html, str) else _utf8(html[:LARGEST], content_type)
    tags = body.count(b"<")
    if tree_rules.too_deep(body, tags):
        return Extracted(
            url=url,
            reason=f"elements nest deeper than {tree_rules.DEEPEST}",
            digest=extracted.digest(url or body),
        )
    problems: list[str] = []
    tree = LexborHTMLParser(_bounded(body, tags))
    heads = meta.read(tree)
    address = url or places.canonical(tree, heads)
    place = places.of(tree, heads, address, currency)
    scripts = tree.tags("script")
    claims = _claims(tree, scripts, problems)
    card = meta.claim(heads)
    element = tree.css_first("head title")
    page_title = (element.text(deep=True) if element is not None else "")[:500]
    states = state.documents(scripts) if _wanting(claims, card) else []
    shown = dom.read(tree, known)
    named = list(dict.fromkeys(claim.facts["name"] for claim in claims if "name" in claim.facts))
    # One marked article is the page's; of several, none is known to be.
    dom.place_title(shown, [*named[: len(named) == 1], card.facts.get("name", ""), page_title])
    others.behind_headings(shown, *shown_price.zone(shown))
    titles = [shown.title, card.facts.get("name", ""), page_title]
    own = merge.main_claims(claims, titles)
    shown.set_aside({claim.scope for claim in claims if claim.scope is not None and claim not in own})
    stated = state.claims(states, titles, address, known)
    prices = shown_price.candidates(shown, place, address)
    choice = merge.choose_price([*own, card], stated, prices, shown_price.ENOUGH, place, known.prices)
    page = fields.Sources(shown, own, card, facts.claim(shown), choice, address, known, tuple(stated))
    filled = fields.fill(page)
    is_product, reason = proof.of(page, claims, filled)
    images = _images(tree, address, [image for claim in (*own, card) for image in claim.images])
    return Extracted(
        url=address, **filled.values, image_urls=images[:_MOST_IMAGES],
        language=place.language, country=place.country, origins=filled.origins, conflicts=tuple(filled.conflicts),
        problems=tuple(problems), is_product=is_product, reason=reason, digest=extracted.digest(address or body),
    )  # fmt: skip


def _images(tree: LexborHTMLParser, address: str | None, stated: list[str]) -> tuple[str, ...]:
    """Addresses of the article's pictures, in full where the page's own is known."""
    base = links.base_of(tree, address) if address else None
    found = [links.led_to(base, image) for image in stated] if base else stated
    return tuple(dict.fromkeys(image for image in found if image))


def _utf8(body: bytes, content_type: str | None) -> bytes:
    """The page in UTF-8, whatever it was sent in; most pages are."""
    if not body.startswith(codecs.BOM_UTF8):
        with contextlib.suppress(UnicodeDecodeError):
            body.decode("utf-8")
            return body
    stated = _LANGUAGE.search(body[:4096])
    text, _ = decoding.decode(body, content_type or "", stated[1].decode("ascii") if stated else None)
    return text.encode("utf-8", "replace")


def _bounded(body: bytes, tags: int) -> bytes:
    """The page up to the last tag that is read, and without its choices if it has so many that the parser, whose time grows
    with their square, would stall."""
    if tags > MOST_TAGS:
        body = body[: next(islice(re.finditer(b"<", body), MOST_TAGS, None)).start()]
    if tags <= _MOST_CHOICES or len(_CHOICE.findall(body)) <= _MOST_CHOICES:
        return body
    return _CHOICES.sub(b" ", body)


def _wanting(claims: list[Claim], card: Claim) -> bool:
    """Does markup leave out what embedded state may tell? Reading state is the dearest step, so it is read for need."""
    told = card.facts.keys() | {key for claim in claims[:3] for key in claim.facts}
    return not {"price", "sku", "brand", "availability"} <= told


def _claims(tree: LexborHTMLParser, scripts: list[LexborNode], problems: list[str]) -> list[Claim]:
    """What the page's markup says, the surest syntax first."""
    linked = [script for script in scripts if "ld+json" in (script.attributes.get("type") or "").lower()]
    found = jsonld.claims([script.text(deep=True) or "" for script in linked[:_MOST_SCRIPTS]], problems)
    found += microdata.claims(tree, microdata.MICRODATA)
    if tree.css_first(f"[{microdata.RDFA.scope}]") is not None:
        found += microdata.claims(tree, microdata.RDFA)
    return found
