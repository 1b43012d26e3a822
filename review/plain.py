"""The digest as plain text for mail and chat, and outside text made quiet where programs look for links and markup in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from review.digest import SEVERITIES, Digest, DigestAlert
from review.render import SAMPLES, STRANGE, STRANGE_WHY, stock_words, weblink
from review.wording import moment

JOINER = "\u2060"
"""Word joiner: invisible, and it ends what mail and chat programs take for an address."""

_LINKED = re.compile(
    r"(?<=:)(?=//)|(?<=[@#])(?=\w)|(?<=\w\.)(?=[^\W\d])|(?<=mailto:)|(?<=javascript:)", re.IGNORECASE
)
_MARKUP = str.maketrans(
    {"<": "‹", ">": "›", "[": "［", "]": "］", "`": "'", "*": "∗", "~": "∼", "|": "¦", "\\": "＼", "&": "＆"}
)


def unlinked(text: Any) -> str:
    """Text from outside on one line, without control or direction characters, in which no program finds an address to link."""
    flat = " ".join(str(text).split())
    return _LINKED.sub(JOINER, "".join(sign for sign in flat if sign.isprintable() and sign != JOINER))


def quiet(text: Any) -> str:
    """The same without a sign that chat markup is made of: no mention, emphasis, link or entity."""
    return unlinked(text).translate(_MARKUP)


def text(digest: Digest) -> str:
    """The digest as plain text, lines of any length; outside text is quiet, links are ours or the listing's own."""
    return "\n".join(_lines(digest)).rstrip() + "\n"


def _lines(digest: Digest) -> Iterator[str]:
    yield quiet(digest.headline)
    yield digest.since_words
    yield digest.queue_words + (" Those without notice: chipwatch alerts --silent" if digest.silent else "")
    if digest.previous:
        yield digest.previous_words
    for severity in SEVERITIES[:2]:
        chosen = [alert for alert in digest.alerts if alert.severity == severity]
        if chosen:
            yield from ("", severity.upper())
        for alert in chosen:
            yield from _alert(alert, digest.desk)
        if more := digest.more_words(severity):
            yield from (
                "",
                f"{more}: {digest.queue_link(severity) or f'chipwatch alerts --severity {severity}'}",
            )
    if not digest.alerts:
        yield "No new alerts of medium or high severity. Look at the coverage before reading this as calm."
    if digest.strange:
        yield from ("", STRANGE.upper(), STRANGE_WHY)
    for odd in digest.strange:
        yield f"  {quiet(odd['title'])} ({quiet(odd['site'])}/{quiet(odd['listing_id'])})"
        yield f"      {quiet(odd['chip'])}; {quiet(odd['words'])}"
        yield f"      {digest.listing_link(odd['listing']) or 'chipwatch alerts show ' + odd['listing']}"
    yield from ("", "COVERAGE")
    if not digest.coverage:
        yield digest.troubled_words
    for site in digest.coverage:
        state = (site.outcome or "never ran") + (", quarantined" if site.quarantined else "")
        note = f"; {quiet(site.detail)}" if site.detail else ""
        yield f"{'  ' if site.healthy else '! '}{quiet(site.site)}: {state}, {moment(site.last_run) or 'no run'}, {site.listings} listings, {site.new} new{note}"
    if digest.samples:
        yield from ("", SAMPLES.upper(), "Drawn at random; a decision on each tells how much is missed.")
        for sample in digest.samples:
            yield f"  {quiet(sample['title'])} ({quiet(sample['site'])}/{quiet(sample['listing_id'])})"
            yield f"      {digest.listing_link(sample['listing']) or 'chipwatch alerts show ' + sample['listing']}"
    yield from ("", *(quiet(note) for note in digest.notes), "A signal is a reason to look, never a verdict.")


def _alert(alert: DigestAlert, desk: str) -> Iterator[str]:
    yield f"{alert.score_words}  {quiet(alert.title)}"
    yield f"      {quiet(alert.chip_words)}, {alert.kind_words}, {quiet(alert.place or 'place not said')}, {stock_words(alert)}; {alert.market_words}"
    for reason in (*([alert.before] if alert.before else ()), *alert.reasons):
        yield f"      - {quiet(reason)}"
    for said in alert.further_quotes:
        yield f'      - {said.words}: "{quiet(said.text)}"'
    for link in (alert.desk_link(desk), weblink(alert.url)):
        if link:
            yield f"      {link}"
