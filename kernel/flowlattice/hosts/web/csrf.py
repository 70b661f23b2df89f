"""Forms of other sites: what a browser says of where a request comes from (Fetch Metadata, RFC 6454).

A page of any site can make a browser send a form, with the cookies of the site that it goes to. Browsers say so, and
what they say no page can change; clients that are no browsers say nothing, and have no cookies that are not theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flowlattice.hosts.web import replies
from flowlattice.hosts.web.bodies import Refused
from flowlattice.plan import TriggerPlan

_OWN: Final = frozenset({b"same-origin", b"none"})  # `none`: a person typed the address


class SameSite:
    """Lets in what this site's own pages send, what the allowed origins' pages send, and what comes from no page."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def check(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Look at where a request comes from.

        Raises:
            Refused: From a page of another site (403).
        """
        site: set[bytes] = set()
        origin: set[bytes] = set()
        host = b""
        for name, value in headers:
            if name == b"sec-fetch-site":
                site.add(value)
            elif name == b"origin":
                origin.add(value)
            elif name == b"host":
                host = value.lower()
        if origin and origin <= self._origins:
            return
        # A browser that does not say `Sec-Fetch-Site` says `Origin`, at least with what is not a GET.
        own = site <= _OWN if site else all(one.lower().partition(b"://")[2] == host for one in origin)
        if not own:
            raise Refused(replies.OTHER_SITE)


def form_guard(trigger: TriggerPlan) -> SameSite | None:
    """What guards a route; none where no page can make a browser send it without asking first.

    JSON is among what pages can send where no media type is said, which counts as JSON here, so such requests are
    looked at, too; a request that says that it is JSON is not sent without asking, and is not looked at.
    """
    return SameSite(trigger.origins) if trigger.method in {"POST", "PUT", "PATCH"} else None
