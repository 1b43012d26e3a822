"""The generic extraction as the jsonld family uses it, and addresses of an ItemList."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from crawler.families.answers import decode_json, shallow, text_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

    from config.schema.sites import Site
    from storage.listing import Listing


def extract(text: str, url: str, site: Site | None) -> Listing | None:
    """The listing of a page, or None if the page does not prove to be one. `attributes` tell where each field
    comes from (`origins`) and which sources disagree (`conflicts`)."""
    from crawler.extraction.extract import extract_page

    found = extract_page(text, url=url, currency=site.currency if site else None)
    if not found.is_product or not found.title:
        return None
    listing = found.to_listing()
    told: dict[str, Any] = {"origins": dict(found.origins)}
    if found.conflicts:
        told["conflicts"] = [dataclasses.asdict(conflict) for conflict in found.conflicts]
    return dataclasses.replace(listing, attributes={**listing.attributes, **told})


def item_list(tree: LexborHTMLParser) -> list[str]:
    """Addresses of the schema.org ItemList of a result page, in order."""
    found: list[str] = []
    for script in tree.css('script[type="application/ld+json"]'):
        for node in objects(_data(script.text(deep=True) or "")):
            if "ItemList" in types_of(node):
                rows = node.get("itemListElement")
                found += [
                    address for row in (rows if isinstance(rows, list) else []) if (address := _address(row))
                ]
    return found


def _data(script: str) -> Any:
    """The JSON of a script, mended where it is broken; None if it is none."""
    from crawler.extraction import jsonld

    found = decode_json(script.encode("utf-8", "replace"))
    return found if found is not None or not shallow(script) else jsonld.load(script)


def objects(data: Any) -> list[dict[str, Any]]:
    """The top objects of a JSON-LD script: a single one, a list, or a graph."""
    if isinstance(data, dict):
        graph = data.get("@graph")
        return (
            [data, *(node for node in graph if isinstance(node, dict))] if isinstance(graph, list) else [data]
        )
    return [node for entry in data for node in objects(entry)] if isinstance(data, list) else []


def types_of(node: dict[str, Any]) -> set[str]:
    """Bare schema.org type names of a node."""
    kinds = node.get("@type")
    rows = kinds if isinstance(kinds, list) else [kinds]
    return {text_of(kind).rsplit("/", 1)[-1].rsplit(":", 1)[-1] for kind in rows}


def _address(row: Any) -> str:
    if isinstance(row, str):
        return row
    if not isinstance(row, dict):
        return ""
    item = row.get("item")
    inner = (
        item
        if isinstance(item, str)
        else text_of(item.get("url") or item.get("@id"))
        if isinstance(item, dict)
        else ""
    )
    return text_of(row.get("url")) or inner
