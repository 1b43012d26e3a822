"""Sites: how each stands, which days its runs cover, and runs in quarantine to release or discard."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from crawler.access import refusal
from crawler.sites import at_rest
from review import charts
from review import sites_view as view
from review.desk.visit import MAX_WHY, Answer, NotHere, Page, Refused, Visit
from storage.errors import StorageError
from storage.store import Store


def sites(visit: Visit) -> Answer:
    """All sites, the ones to look at first."""
    standing = view.standing(visit.store, visit.config, visit.now)
    return visit.page("sites.html", standing=standing, strip=strip, words=view.WORDS, address=address)


def strip(row: view.SiteRow) -> charts.Markup:
    """The coverage of a site as a row of days."""
    return charts.heat(row.cells, title=f"Coverage of {row.key}", size=12)


def site(visit: Visit) -> Answer:
    """One site: its runs with what they counted, what is expected of it, and on what basis it is read."""
    key, config, store = visit.vars["site"], visit.config, visit.store
    standing = view.standing(store, config, visit.now, site=key)
    row = next((row for row in standing.sites if row.key == key), None)
    if row is None:
        raise NotHere(f"There is no site {key}.")
    known = config.sound_sites.get(key)
    now = datetime.now(UTC)
    settings = config.settings
    return visit.page(
        "site.html",
        row=row,
        site=known,
        refusal=refusal(known, settings, now.date()) if known else None,
        resting=at_rest(known, visit.desk.home, now, settings.politeness.rest_hours) if known else None,
        held=[held for held in standing.held if held.run["site"] == key],
        runs=view.runs(store, key),
        decisions=_decisions(store, key),
        strip=strip(row),
        days=standing.days,
        words=view.WORDS,
    )


def _decisions(store: Store, key: str) -> list[dict[str, str]]:
    own = {row["id"] for row in store.runs(key, limit=500)}
    return [row for row in reversed(store.run_decisions()) if row["run"] in own]


def decide(visit: Visit) -> Answer:
    """Release or discard a run in quarantine, with the reason."""
    run, action, why = visit.value("run"), visit.value("action"), visit.text("why", MAX_WHY, "The reason")
    if action not in ("release", "discard"):
        raise Refused("Choose to release or to discard the run. Nothing was changed.")
    if not why:
        raise Refused("Give the reason: it is kept with the decision. Nothing was changed.")
    who, now = visit.person, visit.now

    def change(store: Store) -> None:
        (store.release_run if action == "release" else store.discard_run)(run, who=who, now=now, why=why)

    try:
        visit.write(change)
    except StorageError as error:
        raise Refused(f"{error}: nothing was changed.") from error
    back = visit.value("back", "/sites")
    if action == "release":
        return visit.go(back, "Released: the next chipwatch detect judges what the run saw.")
    return visit.go(back, "Discarded: the run stays out of judging; its rows and pages are kept.")


def address(key: str) -> str:
    """The address of a site's page."""
    return f"/sites/{quote(key, safe='')}"


PAGES = (
    Page("/sites", sites, nav="Sites", order=40),
    Page("/sites/<site>", site),
    Page("/sites/run/decide", decide, method="POST", back="/sites", choose="Nothing was decided: Enter alone does not choose. Press Release or Discard."),
)
