"""A digest as a short message to chat, push or webhook, through apprise; what it says comes from a template.

A template gets words that are already made harmless for its format, so that one written by the desk cannot forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review.digest import SEVERITIES
from review.outgoing import Outgoing, SendError
from review.plain import quiet, unlinked
from review.render import inert, stock_words, weblink

if TYPE_CHECKING:
    from jinja2 import Environment

    from config.schema.settings import Notice

SHIPPED = {"text": "notice.txt", "markdown": "notice.md", "html": "notice.html"}
HARMLESS: dict[str, Callable[[Any], str]] = {"text": quiet, "markdown": inert, "html": unlinked}


def send(out: Outgoing, notice: Notice, address: str | None, templates: Path) -> None:
    """Send the message. `address` is the apprise address. Raises SendError; the address, which is a secret, is never in it."""
    try:
        import apprise
    except ImportError as error:
        raise SendError(
            f"notice {notice.id}: apprise is not installed", "pip install 'chipwatch[notify]'", lasting=True
        ) from error
    if not address:
        raise SendError(
            f"notice {notice.id}: no address", f"set {notice.url_env} in the environment", lasting=True
        )
    body = message(out, notice, templates)
    asset = apprise.AppriseAsset(app_id="chipwatch", app_desc="chipwatch", app_url="", async_mode=False)
    service = apprise.Apprise(asset=asset)
    if not service.add(address):
        raise SendError(
            f"notice {notice.id}: apprise does not know such an address",
            f"see its list of services, then set {notice.url_env}",
            lasting=True,
        )
    with apprise.LogCapture(level=apprise.logging.WARNING, fmt="%(message)s") as log:
        sent = service.notify(title=quiet(out.headline), body=body, body_format=notice.format)
        said = log.getvalue()
    if not sent:
        words = unlinked(said.replace(address, "the address"))[:300] or "the service did not take it"
        raise SendError(f"notice {notice.id}: {words}")


def message(out: Outgoing, notice: Notice, templates: Path) -> str:
    """The text of the message. Raises SendError if the desk's template is missing or wrong."""
    from jinja2 import TemplateError

    try:
        text = (
            _environment(notice.format == "html", templates)
            .get_template(notice.template or SHIPPED[notice.format])
            .render(words(out, notice))
        )
    except (TemplateError, OSError) as error:
        where = f"template {notice.template or SHIPPED[notice.format]}"
        raise SendError(
            f"notice {notice.id}: {where}: {str(error) or type(error).__name__}",
            f"mend it in {templates}",
            lasting=True,
        ) from error
    return text.strip() + "\n"


@cache
def _environment(escape: bool, templates: Path) -> Environment:
    from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    loader = ChoiceLoader([FileSystemLoader(templates), PackageLoader("review", "templates")])
    return SandboxedEnvironment(
        loader=loader, autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def words(out: Outgoing, notice: Notice) -> dict[str, Any]:
    """What a template may use, all text harmless in the notice's format: `kind`, `headline`, `made`, `desk`, `alerts` (score,
    severity, title, chip, offer, place, stock, market, reasons, desk, listing), `more` (count), `troubled` (site, outcome, detail),
    and for a weekly summary `lines`."""
    safe = HARMLESS[notice.format]
    common = {
        "kind": out.kind,
        "headline": safe(out.headline),
        "made": out.made.isoformat(),
        "desk": out.model.desk,
    }
    if out.kind == "weekly":
        return {
            **common,
            "alerts": [],
            "more": 0,
            "troubled": [],
            "lines": [safe(line) for line in out.text.splitlines()],
        }
    digest = out.model
    high_enough = SEVERITIES[: SEVERITIES.index(notice.severity) + 1]
    chosen = [alert for alert in digest.alerts if alert.severity in high_enough]
    total = sum(digest.counts.get(severity, 0) for severity in high_enough)
    return {
        **common, "lines": [], "more": total - len(chosen[: notice.cap]),
        "alerts": [_alert(alert, digest.desk, safe) for alert in chosen[: notice.cap]],
        "troubled": [{"site": safe(s.site), "outcome": s.outcome or "never ran", "detail": safe(s.detail or "")} for s in digest.troubled],
    }  # fmt: skip


def _alert(alert: Any, desk: str, safe: Callable[[Any], str]) -> Mapping[str, Any]:
    return {
        "score": safe(alert.score_words), "severity": alert.severity, "title": safe(alert.title), "chip": safe(alert.chip_words), "offer": alert.kind_words,
        "place": safe(alert.place or "place not said"), "stock": stock_words(alert), "market": safe(alert.market_words),
        "reasons": [safe(reason) for reason in alert.reasons], "desk": alert.desk_link(desk) or "", "listing": weblink(alert.url) or "",
    }  # fmt: skip
