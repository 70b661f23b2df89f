"""What the site is asked for."""

from typing import Annotated

from flowlattice import Record, field

ADDRESS = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
"""What is an address to browsers, with a dot in its domain (HTML, valid e-mail address)."""


class PageRequest(Record, data="public"):
    slug: str


class ChangelogRequest(Record, data="public"):
    """`after` is the last release that the reader has: a browser says so when it comes back."""

    after: Annotated[str | None, field(header="Last-Event-ID")] = None


class Release(Record, data="public"):
    """An entry of the change log; `before` is the version that came before it, if any."""

    version: str
    day: str
    changes: list[str]
    before: str | None = None


class ContactForm(Record, data="pii"):
    name: Annotated[str, field(max_length=200, pattern=r"^[^\r\n]+$", reason="must be one line of 1 to 200 characters")]
    email: Annotated[str, field(max_length=254, pattern=ADDRESS, reason="must be an e-mail address")]
    message: Annotated[str, field(min_length=1, max_length=5000)]
