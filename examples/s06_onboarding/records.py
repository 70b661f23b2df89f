"""Applications, what is kept of them, and what a reviewer sees."""

from typing import Annotated

from flowlattice import Record, field


class Document(Record, data="pii"):
    kind: Annotated[str, field(pattern="^[a-z_]{1,40}$")]
    content: Annotated[str, field(max_length=10_000_000, reason="must be base64 of at most 7 MB")]


class Application(Record, data="pii"):
    applicant_id: Annotated[str, field(pattern="^[A-Za-z0-9-]{1,64}$")]
    name: str
    email: str
    documents: Annotated[list[Document], field(min_length=1)]


class Captured(Record, data="pii"):
    applicant_id: str
    name: str
    email: str
    documents: list[str]


class DocCard(Record, data="pii"):
    applicant_id: str
    name: str
    documents: list[str]


class Account(Record, data="pii"):
    applicant_id: str
    name: str
    email: str
