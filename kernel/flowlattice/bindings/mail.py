"""Mail over SMTP (RFC 5321) with the standard library, in a thread."""

from __future__ import annotations

import asyncio
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import make_msgid
from typing import Final

from pydantic import JsonValue

from flowlattice.bindings.entries import SmtpEntry
from flowlattice.engine.backends import NotSent
from flowlattice.errors import CallFailed, FailureKind

_TIMEOUT_S: Final = 20.0
# Replies of RFC 5321, 4.2.3.
_TAKEN: Final = 250
_WILL_GO: Final = frozenset({250, 251})
_GO_ON: Final = 354
_LAST_WORD: Final = 500


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
            NotSent: It cannot be made, there was no connection, or the server did not take it.
            CallFailed: The connection failed after all of it was handed over.
        """
        parts = value if isinstance(value, dict) else {}
        given = {name: str(part) for name, part in parts.items() if part is not None}
        try:
            letter = _Letter.of(self._message(given, headers))
        except Exception as error:  # the header parser raises whatever it likes
            raise self._not_sent("the message cannot be made", error) from error
        await asyncio.to_thread(self._deliver, letter)

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

    def _deliver(self, letter: _Letter) -> None:
        """Hand a message over. Until its last line is sent the server has not got it; what it says then decides."""
        server = self._connected()
        try:
            try:
                _begin(server, letter)
                server.send(letter.body)
            except OSError as error:  # which every error of smtplib is
                raise self._not_sent("refused", error) from error
            try:
                server.send(b".\r\n")
                code, said = server.getreply()
            except OSError as error:
                lost = f"{self._entry.host}: did not say whether it took the message ({type(error).__name__})"
                raise CallFailed(self._binding, "transient", lost) from error
            if code != _TAKEN:
                raise self._not_sent("refused", smtplib.SMTPDataError(code, said))
        finally:
            _leave(server)

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
            # The last line goes on its own, and at once.
            if server.sock is not None:
                server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if entry.tls == "start":
                server.starttls(context=secure)
            if entry.username is not None and entry.password is not None:
                server.login(entry.username, entry.password.read(self._binding))
        except OSError as error:
            server.close()
            raise self._not_sent("no login", error) from error
        return server

    def _not_sent(self, what: str, error: Exception) -> NotSent:
        said = f"{self._entry.host}: {what} ({type(error).__name__})"
        return NotSent(self._binding, _kind_of(error), said)


def _kind_of(error: Exception) -> FailureKind:
    """What sort of failure it is; replies from 500 on are the server's last word (RFC 5321, 4.2.1)."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return "auth"
        case smtplib.SMTPRecipientsRefused(recipients=dict() as refused):
            codes = [code for code, _ in refused.values()]
            return "permanent" if codes and min(codes) >= _LAST_WORD else "transient"
        case smtplib.SMTPResponseException(smtp_code=code):
            return "permanent" if code >= _LAST_WORD else "transient"
        case smtplib.SMTPNotSupportedError():
            return "permanent"
        case OSError():
            return "transient"
        case _:
            return "permanent"


@dataclass(frozen=True)
class _Letter:
    """A message as it is handed over; `wide` where an address has more than ASCII, which not every server takes."""

    sender: str
    to: str
    body: bytes
    wide: bool

    @classmethod
    def of(cls, message: EmailMessage) -> _Letter:
        [to] = message["To"].addresses
        sender = message["From"].addresses[0].addr_spec
        addresses = [to, *(message["Reply-To"].addresses if "Reply-To" in message else ())]
        wide = not "".join([sender, *(one.addr_spec for one in addresses)]).isascii()
        flat = message.as_bytes(policy=SMTPUTF8 if wide else SMTP)
        return cls(sender, to.addr_spec, re.sub(rb"(?m)^\.", b"..", flat), wide)


def _begin(server: smtplib.SMTP, letter: _Letter) -> None:
    server.ehlo_or_helo_if_needed()
    if letter.wide and not server.has_extn("smtputf8"):
        raise smtplib.SMTPNotSupportedError("the server takes no addresses beyond ASCII")
    code, said = server.mail(letter.sender, ("SMTPUTF8", "BODY=8BITMIME") if letter.wide else ())
    if code != _TAKEN:
        raise smtplib.SMTPSenderRefused(code, said, letter.sender)
    code, said = server.rcpt(letter.to)
    if code not in _WILL_GO:
        raise smtplib.SMTPRecipientsRefused({letter.to: (code, said)})
    code, said = server.docmd("DATA")
    if code != _GO_ON:
        raise smtplib.SMTPDataError(code, said)


def _leave(server: smtplib.SMTP) -> None:
    """Say so and hang up; what the server has to say to that changes nothing."""
    with suppress(OSError):
        server.putcmd("QUIT")
    server.close()
