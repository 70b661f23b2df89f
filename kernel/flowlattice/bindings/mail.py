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
# By these the server says that it has not taken the message (RFC 5321, 4.2.1).
_REFUSED: Final = (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


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
            NotSent: There was no connection, or the server refused the message.
            smtplib.SMTPException: Something failed after it was begun to be handed over.
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
        with self._connected() as server:
            try:
                server.send_message(message)
            except _REFUSED as error:
                raise self._not_sent("refused", error) from error

    def _connected(self) -> smtplib.SMTP:
        """A server that is ready to take a message; whatever goes wrong until then, nothing was sent."""
        entry = self._entry
        secure = ssl.create_default_context()
        try:
            if entry.tls == "whole":
                server: smtplib.SMTP = smtplib.SMTP_SSL(entry.host, entry.port, timeout=_TIMEOUT_S, context=secure)
            else:
                server = smtplib.SMTP(entry.host, entry.port, timeout=_TIMEOUT_S)
        except OSError as error:
            raise self._not_sent("no connection", error) from error
        try:
            if entry.tls == "start":
                server.starttls(context=secure)
            if entry.username is not None and entry.password is not None:
                server.login(entry.username, entry.password.read(self._binding))
        except OSError as error:  # which every error of smtplib is
            server.close()
            raise self._not_sent("no login", error) from error
        return server

    def _not_sent(self, what: str, error: Exception) -> NotSent:
        return NotSent(f"binding {self._binding}: {what} ({type(error).__name__})")
