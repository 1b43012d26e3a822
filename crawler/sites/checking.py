"""Does a site's parser still give what it gave? Saved pages with their listings, in HOME/samples/<key>/<sample>/."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.page import Page

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.sites import Site
    from storage.listing import Listing


@dataclass(frozen=True, slots=True)
class Sample:
    """A saved page: its folder (page.body, page.json, expected.jsonl) and how many listings it gives."""

    folder: Path
    listings: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What a parser gives now against what was expected: `field` of a listing, or a listing gained or lost (field None)."""

    sample: str
    listing_id: str
    field: str | None
    expected: Any
    found: Any


@dataclass(frozen=True, slots=True)
class Checked:
    """The result for one site. `problem` says what is wrong besides differences; without `samples` or `live` nothing was checked."""

    site: str
    samples: int
    listings: int
    differences: tuple[Difference, ...] = ()
    problem: str | None = None
    live: str | None = None
    """With `live`: the outcome of looking at the first start address now, in words."""

    @property
    def ok(self) -> bool | None:
        """Is all as expected? None where there is no saved page to check."""
        if not self.samples and self.live is None:
            return None
        return not self.differences and self.problem is None


def check(site: Site, home: Path, config: Config, *, live: bool = False) -> Checked:
    """Run a site's parser on its saved pages, and on request on its first start address as it is now."""
    folder, samples = home / "samples" / site.key, _samples(site, home)
    if not samples and not live:
        how = "an API is tried with `chipwatch crawl`" if site.family == "api" else f"run `chipwatch sites check {site.key} --live` to save one"
        return Checked(site.key, 0, 0, problem=f"no saved page in {folder}; {how}")
    differences: list[Difference] = []
    listings = 0
    torn: str | None = None
    for path in samples:
        try:
            found, wrong = check_sample(site, path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            # A folder that was half-written or edited costs itself alone.
            torn = torn or f"{path}: is no saved page ({type(error).__name__}); remove the folder, then `chipwatch sites check {site.key} --live` saves one anew"
            continue
        listings += found
        differences += wrong
    seen = _live(site, home, config) if live else None
    # A list that only leads to listing pages gives none itself; but if no saved page gives any, nothing was checked.
    nothing = "no saved page gives a listing" if samples and not listings else None
    return Checked(site.key, len(samples), listings, tuple(differences), problem=torn or nothing, live=seen)


def _samples(site: Site, home: Path) -> list[Path]:
    folder = home / "samples" / site.key
    return sorted(path for path in folder.iterdir() if (path / "page.json").exists()) if folder.is_dir() else []


def accept(site: Site, home: Path) -> list[Sample]:
    """Take what the parser makes of the saved pages now as what is expected of them; a person has looked at it."""
    return [Sample(folder, _expect(site, load_page(folder), folder)) for folder in _samples(site, home)]


def check_sample(site: Site, folder: Path) -> tuple[int, list[Difference]]:
    """How many listings a saved page gives, and how they differ from the expected ones."""
    expected = [json.loads(line) for line in (folder / "expected.jsonl").read_text(encoding="utf-8").splitlines() if line.strip()]
    got = {listing.listing_id: listing for listing in _read(site, load_page(folder))}
    wanted = {row["listing_id"]: row for row in expected}
    wrong = [Difference(folder.name, key, None, wanted[key]["title"], None) for key in wanted if key not in got]
    wrong += [Difference(folder.name, key, None, None, got[key].title) for key in got if key not in wanted]
    for key in (key for key in wanted if key in got):
        found = got[key].to_dict()
        for name in sorted({*wanted[key], *found} - {"attributes", "observed_at"}):
            if wanted[key].get(name) != found.get(name):
                wrong.append(Difference(folder.name, key, name, wanted[key].get(name), found.get(name)))
    return len(got), wrong


def load_page(folder: Path) -> Page:
    """A saved page."""
    facts = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    return Page(facts["url"], (folder / "page.body").read_bytes(), facts["fetched_at"], facts["status"], facts["headers"], facts.get("role"))


def save_sample(home: Path, site: Site, page: Page, stamp: str) -> Sample:
    """Save a page with what the parser makes of it now; a person should look whether that is right."""
    folder = home / "samples" / site.key / (datetime.fromisoformat(stamp).strftime("%Y%m%d-%H%M%S") + f"-{page.role or 'page'}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.body").write_bytes(page.body)
    facts = {"url": page.url, "fetched_at": page.fetched_at, "status": page.status, "headers": page.headers, "role": page.role}
    (folder / "page.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    return Sample(folder, _expect(site, page, folder))


def _expect(site: Site, page: Page, folder: Path) -> int:
    """Write down what the parser makes of a page now; how many listings that is."""
    listings = _read(site, page)
    rows = [json.dumps(listing.to_dict(), ensure_ascii=False) for listing in listings]
    (folder / "expected.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return len(listings)


def _read(site: Site, page: Page) -> tuple[Listing, ...]:
    from crawler.families import family_of

    return family_of(site).read(page, site).listings


def _live(site: Site, home: Path, config: Config) -> str:
    """The first start address as it is now: what it gives; the page is saved beside the others."""
    from datetime import UTC

    from crawler.access import refusal
    from crawler.archiving import not_to_be_kept
    from crawler.families import family_of
    from crawler.sites.probe import look
    from crawler.terms import search_terms

    why = refusal(site.model_copy(update={"enabled": True}), config.settings, datetime.now(UTC).date())
    if why:
        return f"not asked: {why}"
    if site.family == "api":
        return "not asked: an API is tried with `chipwatch crawl`, which counts against its quota"
    first = family_of(site).start(site, search_terms(site, config))[0]
    found = look(site, [first.url], home, config)
    page = found.pages.get(first.url)
    if found.refused:
        return f"not asked: {found.refused}"
    if page is None:
        return f"no answer: {found.failures.get(first.url, 'unknown')}"
    page = dataclasses.replace(page, role=first.role)
    reading = family_of(site).read(page, site)
    told = "" if reading.recognised else f"; not recognised: {'; '.join(reading.problems[:2])}"
    if not_to_be_kept(page):
        told += "; it asks not to be kept (noarchive), so it was not saved"
    elif not any((saved := load_page(folder)).url == page.url and saved.body == page.body for folder in _samples(site, home)):
        save_sample(home, site, page, datetime.now(UTC).isoformat())
    gives, leads = len(reading.listings), len(reading.follow)
    return f"{gives} listing{'s' * (gives != 1)}, {leads} address{'es' * (leads != 1)} to follow{told}"
