"""The weekly summary written for people: plain text, Markdown, and a page that mail programs show as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from review import mail_page
from review.again import PAST
from review.plain import quiet
from review.render import inert

if TYPE_CHECKING:
    from review.weekly import Weekly

CAVEAT = "Shares with their 95 % interval. What is reviewed is not drawn at random: the share of confirmed ones speaks for the reviewed alone."


def text(week: Weekly) -> str:
    """The summary as plain text."""
    return "\n".join(_lines(week)).rstrip() + "\n"


def _lines(week: Weekly) -> Iterator[str]:
    yield week.headline
    yield week.span_words
    yield from ("", "BASE RATES")
    for share in week.base:
        yield f"  {share.name}: {share.words}"
    yield f"  by severity: {severities(week)}"
    yield f"  decided in the week: {decisions(week)}"
    yield f"  waiting for a decision: {week.waiting_words}"
    yield f"  share of worthwhile offers that are flagged: {week.recall}"
    yield from ("", "PRECISION BY SIGNAL (this week's decisions; all decisions)")
    for name, this, ever in week.signals:
        yield f"  {quiet(week.title(name))}: {this.words}; {ever.words}"
    if not week.signals:
        yield "  nothing decided yet"
    yield from ("", "SITES")
    for site in week.sites:
        outcomes = f"; {quiet(site.outcomes)}" if site.outcomes else ""
        yield f"{'  ' if site.whole == site.runs else '! '}{quiet(site.site)}: {site.whole} of {site.runs} runs whole, {site.listings} new listings{outcomes}"
    if not week.sites:
        yield "! no crawl ran in this week"
    yield from ("", *(quiet(note) for note in week.notes), CAVEAT)


def severities(week: Weekly) -> str:
    """How many were flagged by severity."""
    return ", ".join(f"{week.severities.get(name, 0)} {name}" for name in ("high", "medium"))


def decisions(week: Weekly) -> str:
    """How many decisions of each kind."""
    return ", ".join(f"{count} {PAST.get(name, name)}" for name, count in sorted(week.decided.items())) or "none"


def markdown(week: Weekly) -> str:
    """The summary as Markdown."""
    lines = [
        f"# {inert(week.headline)}",
        "",
        week.span_words,
        "",
        "## Base rates",
        "",
    ]
    lines += [f"- {share.name}: {inert(share.words)}" for share in week.base]
    lines += [
        f"- by severity: {severities(week)}",
        f"- decided in the week: {decisions(week)}",
        f"- waiting for a decision: {week.waiting_words}",
    ]
    lines += [
        f"- share of worthwhile offers that are flagged: {inert(week.recall)}",
        "",
        "## Precision by signal",
        "",
    ]
    lines += ["| signal | this week | all decisions |", "|---|---|---|"]
    lines += [
        f"| {inert(week.title(name))} | {inert(this.words)} | {inert(ever.words)} |" for name, this, ever in week.signals
    ]
    lines += [
        "",
        "## Sites",
        "",
        "| site | runs | whole | new listings | not whole |",
        "|---|--:|--:|--:|---|",
    ]
    lines += [
        f"| {inert(s.site)} | {s.runs} | {s.whole} | {s.listings} | {inert(s.outcomes)} |" for s in week.sites
    ]
    return "\n".join([*lines, "", *(f"- {inert(note)}" for note in week.notes), "", CAVEAT]).rstrip() + "\n"


def html(week: Weekly) -> str:
    """The summary as one self-contained page, for mail and browser alike."""
    return mail_page.page(
        "weekly.html", week=week, severities=severities(week), decisions=decisions(week), caveat=CAVEAT
    )


def fragment(week: Weekly) -> str:
    """The same without the page round it, for the feed."""
    return mail_page.body(
        "weekly.html", week=week, severities=severities(week), decisions=decisions(week), caveat=CAVEAT
    )
