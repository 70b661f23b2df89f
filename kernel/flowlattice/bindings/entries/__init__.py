"""What a binding can be bound to: one module for each kind of backend."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.entries.folder import FolderEntry
from flowlattice.bindings.entries.http import HttpEntry
from flowlattice.bindings.entries.kafka import KafkaEntry
from flowlattice.bindings.entries.local import LocalEntry
from flowlattice.bindings.entries.openai import OpenaiEntry
from flowlattice.bindings.entries.postgres import PostgresEntry
from flowlattice.bindings.entries.s3 import S3Entry
from flowlattice.bindings.entries.secret import SecretEntry
from flowlattice.bindings.entries.smtp import SmtpEntry
from flowlattice.bindings.entries.sqlite import SqliteEntry

__all__ = [
    "BaseEntry",
    "Entry",
    "FolderEntry",
    "HttpEntry",
    "KafkaEntry",
    "LocalEntry",
    "OpenaiEntry",
    "PostgresEntry",
    "S3Entry",
    "SecretEntry",
    "SmtpEntry",
    "SqliteEntry",
]

Entry: TypeAlias = Annotated[
    HttpEntry
    | SqliteEntry
    | PostgresEntry
    | KafkaEntry
    | S3Entry
    | FolderEntry
    | OpenaiEntry
    | SmtpEntry
    | SecretEntry
    | LocalEntry,
    Field(discriminator="backend"),
]
"""An entry of `bindings.toml`; its `backend` says which."""
