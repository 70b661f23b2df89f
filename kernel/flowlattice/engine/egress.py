"""Egress: a binding reaches the hosts that its flow declares, spelled as declared, and no others."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from flowlattice.errors import EgressDenied


def check_egress(binding: str, url: str, hosts: Iterable[str]) -> str:
    """The host of an absolute URL, if the binding may reach it.

    Hosts are compared as text, without case: an address written in another way (`2130706433`, `[::1]`) is another
    host, and user information before an `@` is never part of it. `host:port` allows one port; without a port only the
    scheme's own is allowed.

    Raises:
        EgressDenied: It may not, or the URL is not an absolute http(s) URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise EgressDenied(binding, "an invalid URL") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise EgressDenied(binding, host or "a URL that is not absolute http(s)")
    standard = port is None or port == (443 if parts.scheme == "https" else 80)
    allowed = {declared.lower() for declared in hosts}
    if (standard and host in allowed) or (port is not None and f"{host}:{port}" in allowed):
        return host
    raise EgressDenied(binding, host if standard else f"{host}:{port}")
