"""What became of a version after it was published: deprecated, yanked. Each event is signed, numbered, and names the
one before it; none is ever changed or taken away.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from flowlattice.attestation import canonical
from flowlattice.registry.errors import Damaged
from flowlattice.registry.store import Absent, Store
from flowlattice.signing import Envelope, Keyring, NotTrusted, SigningKey, read_envelope

PAYLOAD_TYPE: Final = "application/vnd.flowlattice.registry-event.v1+json"

Kind = Literal["deprecate", "yank"]
Status = Literal["published", "deprecated", "yanked"]
_LEADS_TO: Final[dict[Kind, Status]] = {"deprecate": "deprecated", "yank": "yanked"}


class Event(BaseModel):
    """Something that was decided about a version.

    Attributes:
        kind: What was decided.
        flow: The flow's name.
        version: The version.
        statement: The SHA-256 of the version's signed statement: the event is about that one, whatever its name.
        number: 1 for the first of the version.
        previous: The SHA-256 of the event before it; none for the first.
        reason: Why.
        by: Who decided.
        at: When.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    flow: str
    version: str
    statement: str
    number: int
    previous: str | None
    reason: str
    by: str
    at: AwareDatetime


class Events:
    """The events of one version.

    Args:
        store: Where they are kept.
        flow: The flow's name.
        version: The version.
        statement: The SHA-256 of the version's signed statement.
    """

    def __init__(self, store: Store, flow: str, version: str, statement: str) -> None:
        self._store, self._flow, self._version, self._statement = store, flow, version, statement
        self._folder = f"events/{flow}/{version}"

    def add(  # noqa: PLR0913 - what is decided, by whom and why
        self, kind: Kind, *, reason: str, by: str, at: datetime, key: SigningKey, keyring: Keyring
    ) -> Event:
        """Append an event; of several at once, each gets a number of its own.

        Raises:
            Damaged: The events that are there cannot be trusted.
        """
        while True:
            known = self.all(keyring)
            event = Event(
                kind=kind,
                flow=self._flow,
                version=self._version,
                statement=self._statement,
                number=len(known) + 1,
                previous=sha256(self._content(len(known))).hexdigest() if known else None,
                reason=reason,
                by=by,
                at=at,
            )
            signed = key.sign(canonical(event.model_dump(mode="json")), PAYLOAD_TYPE)
            if self._store.put(self._key(event.number), signed.to_json()):
                return event

    def all(self, keyring: Keyring) -> list[Event]:
        """All events in their order.

        Raises:
            Damaged: One is missing, changed, of another version, or signed by nobody who is trusted.
        """
        found: list[Event] = []
        previous: bytes | None = None
        for number, key in enumerate(self._store.keys(self._folder), 1):
            if key != self._key(number):
                raise Damaged(f"{self._title}: event {number} is missing; restore the registry from a copy")
            previous, content = self._content(number), previous
            event = self._opened(number, previous, keyring)
            if event.previous != (None if content is None else sha256(content).hexdigest()):
                raise Damaged(f"{self._title}: event {number} does not follow the one before it; restore from a copy")
            found.append(event)
        return found

    @property
    def _title(self) -> str:
        return f"{self._flow}@{self._version}"

    def _key(self, number: int) -> str:
        return f"{self._folder}/{number:06}"

    def _content(self, number: int) -> bytes:
        try:
            return self._store.get(self._key(number))
        except Absent as error:
            raise Damaged(f"{self._title}: event {number} is missing; restore the registry from a copy") from error

    def _opened(self, number: int, content: bytes, keyring: Keyring) -> Event:
        try:
            envelope: Envelope = read_envelope(content)
            event = Event.model_validate_json(keyring.opened(envelope, PAYLOAD_TYPE)[0])
        except (NotTrusted, ValidationError) as error:
            why = str(error) if isinstance(error, NotTrusted) else "it is no event that this version reads"
            raise Damaged(f"{self._title}: event {number} cannot be trusted: {why}") from error
        about = (event.flow, event.version, event.statement, event.number)
        if about != (self._flow, self._version, self._statement, number):
            raise Damaged(f"{self._title}: event {number} is one of something else; restore the registry from a copy")
        return event


def status_of(events: list[Event]) -> Status:
    """What the events make of a version: once yanked, it stays so."""
    kinds = {event.kind for event in events}
    return _LEADS_TO["yank"] if "yank" in kinds else _LEADS_TO["deprecate"] if kinds else "published"
