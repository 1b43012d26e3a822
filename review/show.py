"""Everything known of one listing, for a person: what it said when, how it was read, why it was or was not flagged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from detector import explain
from detector.controls import ControlBook
from review.masking import masked
from review.steps import steps
from review.wording import class_words, kind_words, moment, per_words, rate_words, titled

if TYPE_CHECKING:
    from config.loader import Config
    from review.desk.cards import Names
    from storage.store import Store


def everything(store: Store, config: Config, key: str) -> dict[str, Any]:
    """The listing, its history, reading, reasons, alert and decisions as plain data. Contacts in quotes are masked."""
    listing = store.listing(key)
    reading = store.current_reading(key)
    document = (reading or {}).get("document") or {}
    history = [
        {"observed_at": o.observed_at, "observation": o.id, "title": o.listing.title, "price": o.listing.price_text or o.listing.price_amount,
         "quantity": o.listing.quantity, "evidence": o.evidence.to_dict() if o.evidence else None}
        for o in store.history(key)
    ]  # fmt: skip
    for signal in document.get("signals", []):
        if signal.get("text"):
            signal["text"] = masked(signal["text"], contact=signal["signal"] == "off_platform_contact")
    return {
        "listing": listing, "history": history, "reading": document,
        "reasons": [
            {"title": line.title, "words": masked(line.words, contact=line.evidence == "off_platform_contact"), "contribution": line.contribution,
             "innocent": list(line.innocent), "next": list(line.next)}
            for line in explain.lines(document, config)
        ],
        "law": _law(document, next((str(o["observed_at"]) for o in history if reading and o["observation"] == reading["observation"]), None), config),
        "why_not_higher": explain.why_not(document, config, listing["country"]) if document else ["not read yet: run chipwatch detect"],
        "alert": _alert(store, key),
        "decisions": store.decisions_on(key),
    }  # fmt: skip


def _alert(store: Store, key: str) -> dict[str, Any] | None:
    """The alert as it stands, with the mute that holds it back, the offer it is a relist of, and its own relists; None where there is none."""
    row = store.standing_alerts([key]).get(key)
    if row is None:
        return None
    mute = next((mute for mute in store.mutes() if mute["id"] == row["muted_by"]), None)
    before = store.title_of(row["relist_of"]) if row["relist_of"] else None
    return {
        **{name: row[name] for name in ("state", "severity", "opened_at", "news_at", "snooze_until", "closed_why", "relist_of")},
        "because": store.opened_because(key), "events": [{name: event[name] for name in ("at", "kind", "news", "why")} for event in store.alert(key)["events"]], "relist_title": before and masked(before["title"]),
        "muted": mute and {name: mute[name] for name in ("id", "scope", "value", "reason", "who", "expires_at")},
        "relists": [other["listing"] for other in store.relists(key, row["seller"])],
    }  # fmt: skip


def _alert_words(alert: dict[str, Any] | None, decisions: list[dict[str, Any]], names: Names) -> Iterator[str]:
    if alert is None:
        yield "  no alert"
        return
    until = f" until {alert['snooze_until'][:10]}" if alert["snooze_until"] else ""
    silent = "" if alert["news_at"] else ", without notice"
    yield f"  alert: {alert['state']}{until}, opened {alert['opened_at']}{silent}" + (f" ({titled(alert['because'], names.signals)})" if alert["because"] else "")
    if alert["state"] == "closed":
        yield f"    closed: {alert['closed_why']}"
    if mute := alert["muted"]:
        yield f"    muted until {mute['expires_at'][:10]} by {mute['who']} ({mute['scope']} {mute['value']}): {mute['reason']}"
    if alert["relist_of"]:
        yield f"    relist of {alert['relist_of']}: {alert['relist_title']}"
    if alert["relists"]:
        yield f"    relisted as {', '.join(alert['relists'])}"
    # Its opening is told above, and --json has what moved nothing before anybody saw it.
    for event in steps(alert["events"], decisions)[1:]:
        if event["why"] != alert["closed_why"]:
            yield f"    {moment(event['at'])} {event['kind']}: {titled(event['why'] or 'not recorded', names.signals)}"


def _law(document: dict[str, Any], seen: str | None, config: Config) -> list[dict[str, Any]]:
    """For each offered chip the control that it fell under on the day it was seen: class, rule, source, what is codified and what enforced, remarks."""
    book, chips = ControlBook(config.catalogue, config.controls), dict.fromkeys(c["chip"] for c in document.get("chips", []))
    if seen is None:
        return []
    day = date.fromisoformat(seen[:10])
    return [{"chip": chip, "on": day.isoformat(), **asdict(book.find(chip, day))} for chip in chips]


def _law_words(law: dict[str, Any], names: Names) -> Iterator[str]:
    rule = f" by rule {law['rule']} ({law['source']})" if law["rule"] else ""
    yield f"  law on {law['on']}: {names.chip(law['chip'])}: {class_words(law['control'])}{rule}" + (f"; {law['note']}" if law["note"] else "")
    for name in ("codified", "enforced"):
        if law[name]:
            yield f"    {name} for: {law[name]}"
    for remark in law["remarks"]:
        yield f"    {remark}"


def as_text(found: dict[str, Any], names: Names) -> Iterator[str]:
    """The same as lines for a terminal."""
    listing, reading = found["listing"], found["reading"]
    yield f"{listing['title']}"
    yield f"  {listing['site']} {listing['listing_id']}  {listing.get('url') or ''}"
    if reading:
        chips = (
            ", ".join(
                f"{c['count']} × {names.chip(c['chip'])} ({class_words(c['control'])})" for c in reading.get("chips", [])
            )
            or "no chip offered"
        )
        yield f"  read as {kind_words(reading['offer'])}: {chips}; condition {reading['condition']}, quantity {reading.get('quantity') or 'not said'}"
        price = reading.get("price")
        if price:
            shown = (
                f"{price['amount']} {price['currency'] or 'of an unknown currency'} a {per_words(price['per'])}"
                if price["amount"]
                else "no figure"
            )
            rate = rate_words(price.get("rate"))
            chip = (
                f"one chip {price['unit_usd']} USD" + (f" ({rate})" if rate else "")
                if price["unit_usd"]
                else "no price of one chip follows"
            )
            yield f"  price {price['kind']}: {shown}; {chip}"
        unjudged = (reading.get("notes") or {}).get("judge")
        yield f"  not judged: {unjudged}" if unjudged else f"  score {explain.score_words(reading['score'])}, severity {reading['severity']}"
    yield from _alert_words(found["alert"], found["decisions"], names)
    for reason in found["reasons"]:
        yield f"    {reason['contribution']:+.2f}  {reason['title']}: {reason['words']}"
        if reason["innocent"]:
            yield f"           innocent causes: {'; '.join(reason['innocent'])}"
    for signal in reading.get("signals", []):
        if signal.get("text"):
            yield f'    quoted: {names.signal(signal["signal"])} "{signal["text"]}" ({signal["field"]} {signal["start"]}-{signal["end"]})'
    for law in found["law"]:
        yield from _law_words(law, names)
    if not (reading.get("notes") or {}).get("judge"):
        yield "  what would make it higher or lower"
        for line in found["why_not_higher"]:
            yield f"    {line}"
    yield "  seen"
    for seen in found["history"]:
        evidence = seen["evidence"]
        where = f"{evidence['file']} @{evidence['offset']}" if evidence else "no evidence"
        yield f"    {seen['observed_at']}  {seen['price'] or 'no price'}  {where}"
    for decision in found["decisions"]:
        reason = f" ({decision['reason']})" if decision["reason"] else ""
        note = f": {decision['note']}" if decision["note"] else ""
        yield f"  decided {decision['at']} {decision['action']} by {decision['who']}{reason}{note}"
