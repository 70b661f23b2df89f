"""Grants of queue.publish, kafka.write and mail.send.

Their target in the run log is the queue, the topic, the host of the address.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from flowlattice.capabilities.queue import Message
from flowlattice.engine.backends import Bindings, Sender
from flowlattice.engine.granted.base import Grant, Granted
from flowlattice.engine.granted.letters import letter
from flowlattice.engine.run import Attempt
from flowlattice.ir.model import CapabilityUse


class GrantedSender(Granted):
    """A capability that sends something somewhere."""

    def __init__(self, use: CapabilityUse, backend: Sender, attempt: Attempt) -> None:
        super().__init__(use, attempt)
        self._backend = backend

    async def _send(self, method: str, target: str, value: object, **headers: str | None) -> None:
        plain: JsonValue = to_jsonable_python(value, by_alias=True)
        named = {name: text for name, text in headers.items() if text is not None}
        await self._change(
            method,
            target,
            lambda key: self._backend.send(
                target, plain, {**named, **({} if key is None else {"idempotency_key": key})}
            ),
        )


class GrantedQueuePublish(GrantedSender):
    """`QueuePublish`."""

    async def publish(self, queue: str, value: Message, *, delay: timedelta | None = None) -> None:
        """Publish a message, to be taken at once or after `delay`."""
        await self._send("publish", queue, value, delay_s=None if delay is None else str(delay.total_seconds()))


class GrantedKafkaWrite(GrantedSender):
    """`KafkaWrite`."""

    async def send(self, topic: str, value: Message, *, key: str) -> None:
        """Write a record; those with the same key stay in order."""
        await self._send("send", topic, value, key=key)


class GrantedMail(GrantedSender):
    """`Mail`. The run log has the host of an address alone: whom somebody writes to is personal data."""

    async def send(self, *, to: str, subject: str, text: str, reply_to: str | None = None) -> None:
        """Send a message of plain text to one address.

        Raises:
            InvalidInput: It cannot be a message; nothing has begun.
        """
        message = letter(to=to, subject=subject, text=text, reply_to=reply_to)
        await self._send("send", to.rpartition("@")[2], message)


def queue_publish(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant queue.publish."""
    backend = bindings.sender(use.binding, use.name)
    return lambda attempt: GrantedQueuePublish(use, backend, attempt)


def kafka_write(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant kafka.write."""
    backend = bindings.sender(use.binding, use.name)
    return lambda attempt: GrantedKafkaWrite(use, backend, attempt)


def mail(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant mail.send."""
    backend = bindings.sender(use.binding, use.name)
    return lambda attempt: GrantedMail(use, backend, attempt)
