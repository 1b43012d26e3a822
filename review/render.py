"""A digest written for people: Markdown, a self-contained HTML page, a terminal. Text from outside is inert in all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from review.digest import SEVERITIES, Digest, DigestAlert, score_words
from review.wording import class_words, kind_words, moment

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

COMMAND = "chipwatch"
"""How the tool is called where the usual home is meant."""

UNKNOWN = "Accelerator names the catalogue does not know, with their listings"

SAMPLES = "Not flagged: is that right?"

STRANGE = "Strange, and no signal says why"

STRANGE_WHY = "The forest finds their figures among the strangest twentieth, and without the forest they would be no alerts. Each is listed once."

DECIDE_SAMPLE = "`{0} alerts decide ID confirm` what should be flagged, `{0} alerts decide ID dismiss --reason rightly-not` what should not"
"""What is to be done with listings drawn at random, without the desk."""

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&:@])")


@cache
def environment() -> Environment:
    """Jinja with escaping on (it is off by default) and undefined names refused."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    env = Environment(
        loader=PackageLoader("review", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["weblink"] = weblink
    env.filters["marked"] = marked
    env.filters |= {"score": score_words, "moment": moment, "class_words": class_words, "kind_words": kind_words}
    return env


def weblink(url: str | None) -> str | None:
    """`url` if a click on it can only open a web page, else None."""
    return url if url and re.match(r"https?://[^\s\"'<>]+$", url, re.IGNORECASE) else None


def html(digest: Digest, command: str = COMMAND) -> str:
    """One self-contained page: no script, nothing loaded from anywhere, readable in a mail client and on a phone.

    `command` is how the tool is called for the digest's home.
    """
    style = resources.files("review").joinpath("templates/digest.css").read_text(encoding="utf-8")
    told = {"command": command, "strange": STRANGE, "strange_why": STRANGE_WHY, "unknown": UNKNOWN}
    return environment().get_template("digest.html").render(digest=digest, severities=SEVERITIES, style=style, **told)


def inert(text: Any) -> str:
    """Text from outside as Markdown that shows its characters and does nothing."""
    flat = " ".join(str(text).split())
    return _MARKDOWN.sub(r"\\\1", "".join(c for c in flat if c.isprintable()))


def markdown(digest: Digest, command: str = COMMAND) -> str:
    """The digest as Markdown."""
    lines = [f"# {inert(digest.headline)}", "", digest.since_words, "", *_queue_markdown(digest, command)]
    for severity in SEVERITIES[:2]:
        chosen = [a for a in digest.alerts if a.severity == severity]
        if chosen:
            lines += [f"## {severity.capitalize()} severity", ""]
        for alert in chosen:
            lines += _alert_markdown(alert, digest.desk, command)
        if more := digest.more_words(severity):
            link = digest.queue_link(severity)
            queue = f"[in the queue](<{link}>), " if link else ""
            lines += [f"{more}: {queue}`{command} alerts --severity {severity}`", ""]
    lines += [
        *_strange(digest, command, links=True),
        "## Coverage",
        "",
        "| site | last run | outcome | pages | listings | new | changed | note |",
        "|---|---|---|--:|--:|--:|--:|---|",
    ]
    for site in digest.coverage:
        outcome = (site.outcome or "never ran") + (" (quarantined)" if site.quarantined else "")
        cells = [
            inert(site.site),
            moment(site.last_run),
            outcome,
            *map(str, (site.pages, site.listings, site.new, site.changed)),
            inert(site.detail or ""),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *([digest.troubled_words, ""] if digest.troubled_words else []), *(f"- {inert(note)}" for note in digest.notes), *_rest(digest, command, links=True)]
    return "\n".join(lines).rstrip() + "\n"


def _queue_markdown(digest: Digest, command: str) -> list[str]:
    silent = (
        f" Those without notice: `{command} alerts --silent`{f', [desk](<{digest.silent_link}>)' if digest.silent_link else ''}."
        if digest.silent
        else ""
    )
    previous = (
        f" {digest.previous_words[:-1]}: [{digest.previous['file']}.md](<{digest.previous['file']}.md>)"
        if digest.previous
        else ""
    )
    return [f"{digest.queue_words}{silent}", "", *([previous.strip(), ""] if previous else [])]


def _alert_markdown(a: DigestAlert, address: str, command: str) -> list[str]:
    link, desk = weblink(a.url), a.desk_link(address)
    lines = [f"### {inert(a.score_words)} · {inert(a.title)}", ""]
    lines.append(
        f"- **{inert(a.chip_words)}**, {inert(a.kind_words)}, {inert(a.place or 'place not said')}, {stock_words(a)}; {a.market_words}"
    )
    if a.before:
        lines.append(f"- **{inert(a.before)}**")
    lines += [f"- {inert(reason)}" for reason in a.reasons]
    lines += [f'- {inert(q.words)}: "{inert(q.text)}"' for q in a.further_quotes]
    if a.innocent:
        lines.append("- Innocent causes to think of: " + inert("; ".join(a.innocent)))
    if a.evidence:
        lines.append(
            f"- Evidence: `{a.evidence['file']}` at {a.evidence['offset']}, SHA-256 `{a.evidence['sha256'][:16]}…`"
        )
    lines.append(
        f"- {inert(a.site)}/{inert(a.listing_id)}"
        + (f" <{link}>" if link else "")
        + (f", [desk](<{desk}>)" if desk else "")
        + f"; `{command} alerts show {a.alert}`"
    )
    return [*lines, ""]


def marked(words: str) -> Markup:
    """A reason with the listing's own words, which stand in “such marks”, as quotations; all of it escaped."""
    from markupsafe import Markup, escape

    parts = re.split(r"“([^”]*)”", words)
    return Markup("").join(
        Markup("<q>{}</q>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


def stock_words(a: DigestAlert) -> str:
    """How many are on offer, in words."""
    return f"{a.quantity} on offer" if a.quantity is not None else "stock not said"


def _rest(digest: Digest, command: str, *, links: bool) -> list[str]:
    lines = []
    if digest.unknown_accelerators:
        lines += ["", f"{UNKNOWN}: {inert(digest.unknown_words)}"]
    if digest.muted:
        lines += ["", f"{digest.muted} alerts are held back by mutes: `{command} alerts --muted`"]
    if digest.samples:
        lines += [
            "",
            f"{SAMPLES} Drawn at random; a decision on each tells how much is missed: {DECIDE_SAMPLE.format(command)}.",
            "",
        ]
        lines += [_listing_line(digest, s, command, links=links) for s in digest.samples]
    if digest.versions:
        lines += ["", "Made with " + ", ".join(f"{k} {v}" for k, v in digest.versions.items())]
    if digest.chain:
        lines += [f"Evidence chain head {digest.chain}"]
    return lines


def _strange(digest: Digest, command: str, *, links: bool) -> list[str]:
    if not digest.strange:
        return []
    lines = [f"## {STRANGE}", "", STRANGE_WHY, ""]
    for s in digest.strange:
        lines += [_listing_line(digest, s, command, links=links), f"  - {inert(s['chip'])}; {inert(s['words'])}"]
    return [*lines, ""]


def _listing_line(digest: Digest, listing: Mapping[str, Any], command: str, *, links: bool) -> str:
    link = digest.listing_link(listing["listing"]) if links else None
    return (
        f"- {inert(listing['site'])}/{inert(listing['listing_id'])}: {inert(listing['title'])}"
        + (f", [decide on the desk](<{link}>)" if link else "")
        + f"; `{command} alerts show {listing['listing']}`"
    )


def terminal(digest: Digest, command: str = COMMAND) -> None:
    """Print the digest on standard output for a terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    console.print(
        f"[bold]{escape(_plain(digest.headline))}[/bold]\n{escape(digest.since_words)}\n{escape(_queue_words(digest, command))}\n"
    )
    colour = {"high": "bold red", "medium": "yellow"}
    for a in digest.alerts:
        console.print(
            f"[{colour.get(a.severity, 'dim')}]{a.severity:6} {a.score_words}[/]  {escape(_plain(a.title))}  [dim]#{a.alert}[/dim]"
        )
        console.print(
            f"       {escape(_plain(a.chip_words))}, {a.kind_words}, {escape(_plain(a.place or 'place not said'))}, {stock_words(a)}; {escape(a.market_words)}"
        )
        for reason in (*([a.before] if a.before else ()), *a.reasons):
            console.print(f"       - {escape(_plain(reason))}")
        for q in a.further_quotes:
            console.print(f"       - {escape(q.words)}: [italic]{escape(_plain(q.text))}[/italic]")
    for severity in digest.more:
        if more := digest.more_words(severity):
            console.print(f"{more}: {escape(command)} alerts --severity {severity}")
    for line in _strange(digest, command, links=False):
        console.print(escape(_plain(line.replace("\\", "").removeprefix("## "))))
    table = Table(title="Coverage", title_justify="left", box=None, header_style="bold")
    for name in ("site", "last run", "outcome", "pages", "listings", "new", "changed", "note"):
        table.add_column(
            name,
            justify="right" if name in ("pages", "listings", "new", "changed") else "left",
            overflow="fold",
        )
    for s in digest.coverage:
        style = "" if s.healthy else "yellow"
        outcome = (s.outcome or "never ran") + (" (quarantined)" if s.quarantined else "")
        cells = [
            s.site,
            moment(s.last_run),
            outcome,
            *map(str, (s.pages, s.listings, s.new, s.changed)),
            _plain(s.detail or ""),
        ]
        table.add_row(*map(escape, cells), style=style)
    console.print(table if digest.coverage else f"Coverage: {digest.troubled_words}")
    for line in [*digest.notes, *_rest(digest, command, links=False)]:
        if line:
            console.print(escape(_plain(line.replace("\\", ""))))


def _queue_words(digest: Digest, command: str) -> str:
    words = digest.queue_words
    if digest.silent:
        words += f"\nThose without notice: {command} alerts --silent"
    if digest.previous:
        words += f"\n{digest.previous_words[:-1]}: HOME/digests/{digest.previous['file']}.html"
    return words


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
