"""Which addresses may be asked: http(s), listed hosts, public network addresses. The demo is on loopback and nowhere else."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from config.schema.sites import Site


MAX_LENGTH = 2083
"""Characters of an address: what browsers once took at most. Longer ones are traps that grow with every link."""


def hosts_of(site: Site, official: tuple[str, ...] = ()) -> frozenset[str]:
    """Host names of a site: of its start addresses, sitemaps, base address, and those it lists. `official` are the API's.

    A listed host may be written with a scheme or a port, as it is copied from a browser.
    """
    listed = [name if "//" in name else f"//{name}" for name in site.hosts]
    urls = [*site.start, *site.sitemap, *([site.base_url] if site.base_url else official), *listed]
    return frozenset(ascii_name(name) for name in (urlsplit(url).hostname for url in urls) if name)


def ascii_name(host: str) -> str:
    """A host as requests name it: in lower case, letters beyond ASCII written out (`müller.example` is xn--mller-kva.example)."""
    name = host.lower().rstrip(".")
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def refused(url: str, hosts: frozenset[str], *, loopback: bool) -> str | None:
    """Why an address may not be asked, or None. Names are checked again at resolution, see resolver.py."""
    if len(url) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    try:
        parts = urlsplit(url)
        return _refused(parts.scheme, parts.netloc, hosts, loopback)
    except ValueError:
        return "is no address"


@lru_cache(maxsize=1024)
def _refused(scheme: str, netloc: str, hosts: frozenset[str], loopback: bool) -> str | None:
    parts = SplitResult(scheme, netloc, "", "", "")
    host, _ = ascii_name(parts.hostname or ""), parts.port
    if parts.scheme not in ("http", "https"):
        return f"scheme {parts.scheme!r} is not read"
    if parts.username or parts.password:
        return "carries a login"
    if host not in hosts:
        return f"host {host!r} is not listed in the site file"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None if (not loopback or host == "localhost") else "a demo site is asked on this machine only"
    return address_refused(str(address), loopback=loopback)


def address_refused(address: str, *, loopback: bool) -> str | None:
    """Why a network address may not be asked: only public ones may, and for the demo only loopback."""
    ip = ipaddress.ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if mapped is not None:
        ip = mapped
    if loopback:
        return None if ip.is_loopback else f"{address} is not loopback"
    # is_global leaves out private, loopback, link-local (cloud metadata), shared and reserved ranges.
    return None if ip.is_global and not ip.is_multicast else f"{address} is no public address"
