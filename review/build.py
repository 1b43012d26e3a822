"""A digest built from a home: reads alerts, readings and coverage, decides what is shown, changes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from detector import explain
from detector.market import compared
from review.again import again
from review.delivery import in_words, outstanding
from review.desk.cards import Names
from review.digest import SEVERITIES, Digest, DigestAlert, Quote, SiteCoverage
from review.masking import masked
from review.strange import strange
from review.wording import asked_words, moment, titled

if TYPE_CHECKING:
    from config.loader import Config
    from storage.store import Store

CAP = 30
"""Alerts written out; the rest is counted. More than a person reads in a morning helps nobody."""

REASONS = 5

BROUGHT = 20
"""Sites that came in with others, by an import or a scan, of which the coverage has a row; a scan may bring thousands."""

DEEP = 500
"""Alerts of a new site looked at beyond the cap."""


def build(
    store: Store,
    config: Config,
    *,
    now: str,
    since: str | None,
    everything: bool = False,
    cap: int = CAP,
    samples: int = 0,
) -> Digest:
    """The digest of the news that none has told yet, at most `cap` alerts in full; with `everything` of all that stands new.

    `since` is when the last digest's news was, None where there is none; sites and names that came later are new.
    `samples`: how many unflagged listings are drawn at random for a decision.
    """
    counts = {s: n for s, n in store.count_news(everything=everything).items() if s in SEVERITIES[:2]}
    shown, held = _shown(store, since, cap, config.thresholds.alerts.first_run_cap, everything=everything)
    names = Names(config)
    alerts = tuple(_alert(store, config, names, row) for row in shown)
    odd = tuple(strange(store, config, names, now=now, shown={row["listing"] for row in shown}, everything=everything))
    rows, unnamed_sites = store.sites_read(limit=BROUGHT)
    named = {row["site"] for row in rows}
    rows += [row for row in store.coverage() if row["site"] in config.sound_sites and row["site"] not in named]
    rows.sort(key=lambda row: str(row["site"]))
    unnamed = (f"Coverage names the latest {BROUGHT} of {BROUGHT + unnamed_sites} sites that came in with others.",) if unnamed_sites else ()
    written = Counter(alert.severity for alert in alerts)
    return Digest(
        made=now, since=since, alerts=alerts, more={s: n - written[s] for s, n in counts.items() if n > written[s]}, counts=counts,
        listings=store.counts()["listing"], by_offer=store.offer_counts(), coverage=tuple(_coverage(row) for row in rows),
        unknown_accelerators=store.unknown_accelerators(since), muted=sum(store.count_alerts("severity", _muted()).values()),
        samples=tuple(_samples(store, config, now, samples)), strange=odd, notes=(*_notes(store, config), *_resting(store, config, now), *held, *unnamed),
        versions={"knowledge": config.knowledge_version, "thresholds": config.thresholds_version}, chain=store.chain_head(), desk=config.settings.desk.url,
        queue=store.count_alerts("severity"), silent=0 if everything else sum(store.count_alerts("severity", _silent()).values()),
    )  # fmt: skip


def _shown(
    store: Store, since: str | None, cap: int, first_run_cap: int, *, everything: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    """The alerts to write out, and a word on each site that is new since the last digest and has more than it could show.

    A site's first run brings all that has stood there for years; it must not bury what is new elsewhere. In a first digest
    every site is new: none is kept short for the others, and each that has more than is written out is named all the same.
    """
    fresh = set(store.sites_first_read(since or ""))
    limit = cap + DEEP * (len(fresh) if since else 1)
    found = store.news(everything=everything, limit=limit)
    rows = [row for row in found if row["severity"] in SEVERITIES[:2]]
    written: Counter[str] = Counter()
    shown: list[dict[str, Any]] = []
    for row in rows:
        held = since is not None and row["site"] in fresh and written[row["site"]] >= first_run_cap
        if len(shown) < cap and not held:
            written[row["site"]] += 1
            shown.append(row)
    left = Counter(row["site"] for row in rows if row["site"] in fresh) - written
    # Of what lies deeper nothing was read here.
    more = " or more" if len(found) == limit else ""
    words = [
        f"First run of {site}: {written[site]} of its alerts {'is' if written[site] == 1 else 'are'} written out and {n}{more}"
        f" {'is' if n == 1 and not more else 'are'} not; they stand in the queue."
        for site, n in sorted(left.items())
    ]
    return shown, words


def _muted() -> Any:
    from storage.alerts import Filter

    return Filter(muted=True)


def _silent() -> Any:
    from storage.alerts import Filter

    return Filter(silent=True)


def _notes(store: Store, config: Config) -> tuple[str, ...]:
    cold = "Cold start: no forest yet, rules and price alone judged. Fit one with chipwatch detect --refit."
    return (
        *([cold] if store.active_model() is None else []),
        *(f"Site {key} is not crawled, and nothing new is judged until its file is mended: {error}." for key, error in config.broken_sites.items()),
        *map(in_words, outstanding(store, config.settings)),
    )


def _resting(store: Store, config: Config, now: str) -> list[str]:
    """One word on each host that showed us the door, in every digest until a person acts."""
    from crawler.run import crawled
    from crawler.sites import at_rest

    moment, hours = datetime.fromisoformat(now), config.settings.politeness.rest_hours
    told = (at_rest(site, store.home, moment, hours) for site in config.sound_sites.values() if crawled(site))
    by_host = {words.partition(" ")[0]: words for words in told if words}
    return [f"At rest: {words}." for words in by_host.values()]


def _alert(store: Store, config: Config, names: Names, row: dict[str, Any]) -> DigestAlert:
    reading = store.reading(row["observation"]) or {}
    document = reading.get("document") or {}
    lines = [
        line
        for line in explain.lines(document, config)
        if line.evidence != "bias" and round(line.contribution, 2)
    ]
    untold = {line.evidence: line.contribution for line in lines[REASONS:]}
    quotes = tuple(
        Quote(s["signal"], s["field"] or "", masked(s["text"], contact=s["signal"] == "off_platform_contact"), names.signal(s["signal"]), untold.pop(s["signal"], None))
        for s in document.get("signals", []) if s.get("text")
    )  # fmt: skip
    innocent = tuple(dict.fromkeys(cause for line in lines[:2] for cause in line.innocent))[:3]
    market = document.get("market") or {}
    observation = store.observation(row["observation"])
    place = (observation.listing.location if observation else None) or names.country(row["country"])
    evidence = (
        {"file": row["evidence_file"], "offset": row["evidence_offset"], "sha256": row["evidence_sha256"]}
        if row["evidence_file"]
        else None
    )
    decided = again(store, row, config.decisions, names.signals)
    before = decided.words if decided else _told_again(store, names, row)
    return DigestAlert(
        alert=row["listing"], severity=row["severity"], score=row["score"], title=masked(row["title"]), chip=row["chip"] or "?",
        offer=row["offer"], site=row["site"], listing_id=document.get("listing_id", row["listing"]), url=row["url"], place=place,
        quantity=row["quantity"], unit_usd=row["unit_usd"], market_usd=compared(row["unit_usd"], market), market_n=market.get("n"),
        opened=row["opened_at"], why_now=_why_now(row),
        reasons=tuple(_words(line, row) for line in lines[:REASONS]), quotes=quotes, innocent=innocent, evidence=evidence,
        chip_name=names.chip(row["chip"]), before=masked(before) if before else None, asked=asked_words(document.get("price")),
    )  # fmt: skip


def _why_now(row: dict[str, Any]) -> str:
    if row["news_at"] is None:
        return "opened without notice"
    return "new" if row["news_at"] == row["opened_at"] else f"again since {moment(row['news_at'])}"


def _told_again(store: Store, names: Names, row: dict[str, Any]) -> str | None:
    """What is new of an alert that stood there before; None of one whose opening is the news."""
    if row["news_at"] in (None, row["opened_at"]):
        return None
    why = store.news_because(row["listing"])
    return f"News since it was opened on {row['opened_at'][:10]}: {titled(why, names.signals)}" if why else None


def _words(line: explain.Line, row: dict[str, Any]) -> str:
    words = masked(line.words, contact=line.evidence == "off_platform_contact")
    return f"{line.title}: {words} ({line.contribution:+.2f})"


def _coverage(row: dict[str, Any]) -> SiteCoverage:
    detail = row["detail"]
    return SiteCoverage(
        row["site"], row["started_at"], row["outcome"] if row["run"] else None, row["pages"] or 0, row["listings"] or 0, row["new"] or 0,
        row["changed"] or 0, row.get("errors") or 0, bool(row["quarantined"]), detail,
    )  # fmt: skip


def _samples(store: Store, config: Config, now: str, wanted: int) -> list[dict[str, Any]]:
    if not wanted:
        return []
    from detector.recall import draw as draw_from

    seed, medium = int(now[:10].replace("-", "")), config.thresholds.severity.medium
    draws = draw_from(store.unflagged(medium), medium, wanted, seed)
    out = []
    for draw in draws:
        row = store.listing(draw.listing)
        out.append(
            {"listing": draw.listing, "site": row["site"], "listing_id": row["listing_id"], "title": masked(row["title"]),
             "observation": row["observation"], "stratum": draw.stratum, "probability": draw.probability}
        )  # fmt: skip
    return out
