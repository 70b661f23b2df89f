"""Mail over SMTP (RFC 5321) with the standard library, in a thread."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Final

from pydantic import JsonValue

from flowlattice.bindings.entries import SmtpEntry
from flowlattice.engine.backends import NotSent

_TIMEOUT_S: Final = 20.0


class SmtpSender:
    """`Sender` of mail.send: one connection for each message.

    A message carries its idempotency key as its Message-ID, by which a mailbox can know one that arrives twice.
    """

    def __init__(self, binding: str, entry: SmtpEntry) -> None:
        self._binding = binding
        self._entry = entry

    async def send(self, target: str, value: JsonValue, headers: Mapping[str, str]) -> None:
        """Send a message.

        Raises:
            ValueError: An address or the subject cannot stand in a header.
            NotSent: There was no connection.
            smtplib.SMTPException: The server refused it, or something failed after it was handed over.
        """
        parts = value if isinstance(value, dict) else {}
        message = self._message({name: str(part) for name, part in parts.items() if part is not None}, headers)
        await asyncio.to_thread(self._deliver, message)

    def _message(self, parts: Mapping[str, str], headers: Mapping[str, str]) -> EmailMessage:
        message = EmailMessage()
        domain = self._entry.sender.rpartition("@")[2]
        key = headers.get("idempotency_key")
        message["Message-ID"] = make_msgid(domain=domain) if key is None else f"<{key}@{domain}>"
        message["From"] = self._entry.sender
        message["To"] = parts["to"]
        message["Subject"] = parts["subject"]
        if "reply_to" in parts:
            message["Reply-To"] = parts["reply_to"]
        message.set_content(parts["text"])
        return message

    def _deliver(self, message: EmailMessage) -> None:
        entry = self._entry
        secure = ssl.create_default_context()
        try:
            server = (
                smtplib.SMTP_SSL(entry.host, entry.port, timeout=_TIMEOUT_S, context=secure)
                if entry.tls == "whole"
                else smtplib.SMTP(entry.host, entry.port, timeout=_TIMEOUT_S)
            )
        except OSError as error:
            raise NotSent(f"binding {self._binding}: no connection ({type(error).__name__})") from error
        with server:
            if entry.tls == "start":
                server.starttls(context=secure)
            if entry.username is not None and entry.password is not None:
                server.login(entry.username, entry.password.read(self._binding))
            server.send_message(message)
