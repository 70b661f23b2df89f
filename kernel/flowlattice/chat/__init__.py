"""What the kernel and the agents know alike of chat models behind endpoints that speak OpenAI's protocol.

Counting tokens, prices, which options an endpoint takes, reading what it streams, what it says of failures. Who asks,
with which money, and what is done with an answer is up to them.
"""

from flowlattice.chat.base import AnswerSchema, Finish, Message, Question, Role, Usage
from flowlattice.chat.dialect import Dialect
from flowlattice.chat.endpoints import is_loopback
from flowlattice.chat.failures import Refused, one_line, retry_after, said_in
from flowlattice.chat.prices import FREE, Price, known_price
from flowlattice.chat.redaction import redact
from flowlattice.chat.stream import Answer, AnswerReader, Bounds, StreamEndless, StreamFailed, read_answer
from flowlattice.chat.tokens import TokenCounter, counter_for

__all__ = [
    "FREE",
    "Answer",
    "AnswerReader",
    "AnswerSchema",
    "Bounds",
    "Dialect",
    "Finish",
    "Message",
    "Price",
    "Question",
    "Refused",
    "Role",
    "StreamEndless",
    "StreamFailed",
    "TokenCounter",
    "Usage",
    "counter_for",
    "is_loopback",
    "known_price",
    "one_line",
    "read_answer",
    "redact",
    "retry_after",
    "said_in",
]
