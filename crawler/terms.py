"""What is searched for, and which found titles are worth opening: names from the site file and the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.sites import Site


def search_terms(site: Site, config: Config) -> tuple[str, ...]:
    """The site's own terms, then the catalogue's chip names if it asks for them; at most `max_terms`."""
    terms = list(site.search.terms)
    if site.search.catalogue != "none":
        for chip in config.catalogue.chip:
            if site.search.catalogue == "all" or chip.market == "datacentre":
                terms.append(chip.name)
    return tuple(dict.fromkeys(terms))[: site.search.max_terms]


def candidate_test(site: Site, config: Config) -> Callable[[str], bool]:
    """A test whether a title names a chip: one of the search terms, or a name of the catalogue as a whole word."""
    names = set(search_terms(site, config))
    for chip in config.catalogue.chip:
        names.update(chip.strong)
        names.update(name for name in chip.weak if len(name) > 2)
    words = sorted({_plain(name) for name in names} - {""}, key=len, reverse=True)
    if not words:
        return lambda title: True
    pattern = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, words))})(?![0-9])")
    return lambda title: pattern.search(_plain(title)) is not None


def _plain(text: str) -> str:
    """Lower case, full-width letters narrowed, hyphens and spaces between letters and digits closed: "RTX  4090" = "rtx 4090"."""
    import unicodedata

    narrow = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[-_/]+", " ", narrow).split())
