"""What the site is asked for."""

from typing import Annotated

from flowlattice import Record, field


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
    email: Annotated[str, field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", reason="must be an e-mail address")]
    message: Annotated[str, field(min_length=1, max_length=5000)]
