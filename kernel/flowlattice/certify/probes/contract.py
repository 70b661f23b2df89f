"""The sandboxed half of the contract check: a node alone, with the network of the check's server.

First each node is looked for an input on which it asks a service, and for answers on which it does well; then it is run
on that input against each fault. What the services were asked is not for this side to say: the server notes it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar, cast

from pydantic import JsonValue

from flowlattice.bindings.web import HttpxBackend
from flowlattice.capabilities import HttpResponse
from flowlattice.certify.alone import Alone, NotAlone, Outcome, alone, pinned_bindings
from flowlattice.certify.doubles import WatchedBindings
from flowlattice.certify.faults import NUMBER, ThroughDoor
from flowlattice.engine.attempts import PAUSE
from flowlattice.engine.backends import HttpBackend
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import load
from flowlattice.plausible import plausible
from flowlattice.record import Record
from flowlattice.sandbox import Door, DoorShut, Emit

R = TypeVar("R", bound=Record)

_INPUTS: Final = 12
_MOST_RUNS: Final = 48
_MOST_KEYS: Final = 12
_STATUSES: Final = (200, 201)
_USUAL: Final[Mapping[str, JsonValue]] = {"id": "id-1", "name": "Ada", "status": "ok", "ok": True}
"""What an answer holds where nothing says what it has to."""
_PATIENCE: Final = timedelta(seconds=10)


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """What each node does: `found` where no cases are given, else what it comes to in each of them."""
    given = cast("Mapping[str, JsonValue]", request)
    program = load(Path(str(given["path"])))
    ir, door = lower(program), Door()
    fixtures = [
        (Path(one.place.file).parent / name).read_bytes() for one in program.connectors for name in one.fixtures
    ]

    async def work() -> JsonValue:
        done: dict[str, JsonValue] = {}
        for name, told in cast("Mapping[str, Mapping[str, JsonValue]]", given["nodes"]).items():
            try:
                node = alone(program, ir, name)
                if "cases" not in told:
                    done[name] = await _Search(node, door, str(told["case"]), fixtures).found()
                else:
                    ways = _Ways([alone(program, ir, router) for router in _routers(ir, name)])
                    done[name] = [await _case(node, door, told["input"], case, ways) for case in _cases(told)]
            except NotAlone as error:
                done[name] = {"gap": str(error)}
        return done

    return asyncio.run(work())


def _cases(told: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    yield from cast("list[Mapping[str, JsonValue]]", told["cases"])


def _routers(ir: FlowIR, name: str) -> list[str]:
    """What chooses a way right behind a node."""
    ids = {edge.target_id for node in ir.nodes if node.name == name for edge in ir.outgoing(node.id)}
    return [node.name for node in ir.nodes if node.id in ids and node.kind in {"if", "switch"}]


@dataclass
class _Ways:
    """Which way the flow goes with what a node gives."""

    routers: list[Alone]
    known: dict[str, JsonValue] = field(default_factory=dict)

    async def of(self, output: JsonValue) -> JsonValue:
        """What each router says."""
        text = json.dumps(output)
        if text not in self.known:
            said: list[JsonValue] = []
            for router in self.routers:
                async with router.host() as host:
                    said.append((await host.run(output)).text)
            self.known[text] = said
        return self.known[text]


async def _case(node: Alone, door: Door, value: JsonValue, case: Mapping[str, JsonValue], ways: _Ways) -> JsonValue:
    """Run the node against a fault; then again, when the fault is over, if that says something."""
    name, seconds = str(case["name"]), case.get("timeout_s")
    timeout = timedelta(seconds=seconds) if isinstance(seconds, float) else _PATIENCE
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)
        await asyncio.sleep(0)

    token = PAUSE.set(pause)
    try:
        async with node.host(_Network(door, name, timeout, compares=bool(case["fails"]))) as host:
            outcome = await host.run(value)
            if case.get("again"):
                with suppress(DoorShut):
                    door.open(f"{name} heal")
                await host.run(value)
            goes = await ways.of(outcome.output) if outcome.failure is None else None
    finally:
        PAUSE.reset(token)
    return {"paused_s": sum(paused), "goes": goes, **_told(outcome)}


def _told(outcome: Outcome) -> dict[str, JsonValue]:
    failure = outcome.failure
    return {
        "came": json.dumps([outcome.output, [list(one) for one in outcome.aside]]),
        "aside": bool(outcome.aside),
        "type": None if failure is None else failure.type,
        "kind": None if failure is None else failure.kind,
    }


class _Network(WatchedBindings):
    """Pinned local doubles whose http backends are the real one, through the door."""

    def __init__(self, door: Door, case: str, timeout: timedelta, *, compares: bool = False) -> None:
        super().__init__(pinned_bindings())
        self._compares = compares
        self._door = door
        self._case = case
        self._timeout = timeout
        self._opened: list[HttpxBackend] = []

    def is_double(self, binding: str) -> bool:
        """Whether nothing stands there that could be pinned, as where all goes well."""
        return not self._compares

    def http(self, binding: str) -> HttpBackend:
        """The real backend."""
        made = HttpxBackend(binding, {}, self._timeout, transport=ThroughDoor(self._door, self._case))
        self._opened.append(made)
        return made

    async def close(self) -> None:
        """Close the connections too."""
        for backend in self._opened:
            await backend.close()
        await super().close()


@dataclass(frozen=True, kw_only=True)
class _Answer(HttpResponse):
    """An answer that is tried; what record is read from it is what it should have been.

    Attributes:
        is_fixture: Whether somebody gave its body.
        number: Which request it answers.
        given: The bodies that were good, by the numbers of requests.
    """

    is_fixture: bool = False
    number: int = 0
    given: dict[int, bytes] = field(default_factory=dict)

    def read(self, into: type[R]) -> R:
        """The record: that of a fixture, else one with plausible values in all its fields."""
        if self.is_fixture:
            return super().read(into)
        made = json.dumps(plausible(into.model_json_schema(by_alias=True))).encode()
        found = HttpResponse(status=self.status, body=made, binding=self.binding).read(into)
        self.given[self.number] = made
        return found


class _Tried(_Network):
    """The network with an answer that is tried in place of those that come."""

    def __init__(self, door: Door, case: str, answer: _Answer) -> None:
        super().__init__(door, case, _PATIENCE)
        self._answer = answer

    def http(self, binding: str) -> HttpBackend:
        """The real backend, its answers exchanged."""
        return _Exchanged(super().http(binding), self._answer)


@dataclass(frozen=True)
class _Exchanged:
    backend: HttpBackend
    answer: _Answer

    async def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        json: JsonValue,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str],
        hosts: tuple[str, ...],
    ) -> HttpResponse:
        came = await self.backend.send(method, url, params=params, json=json, form=form, headers=headers, hosts=hosts)
        number = int(came.headers[NUMBER.lower()])
        self.answer.given[number] = self.answer.body
        return replace(self.answer, headers=came.headers, number=number)


@dataclass
class _Search:
    """Looks for an input on which a node asks a service, and for answers on which it does well."""

    node: Alone
    door: Door
    case: str
    fixtures: list[bytes]
    usual: dict[str, JsonValue] = field(default_factory=lambda: dict(_USUAL))
    runs: int = 0
    why: str = "it asks no service on any of the inputs that were tried; record an input on which it does"

    async def found(self) -> JsonValue:
        """What was found, or the `gap`."""
        for value in self.node.inputs(_INPUTS):
            for status in _STATUSES:
                for fixture in (*self.fixtures, None):
                    if self.runs >= _MOST_RUNS:
                        return {"gap": self.why}
                    answer = await self._done_well(value, status, fixture)
                    if answer is not None:
                        return self._told(value, answer)
        return {"gap": self.why}

    def _told(self, value: JsonValue, answer: _Answer) -> JsonValue:
        bodies: dict[str, JsonValue] = {str(number): body.decode() for number, body in answer.given.items()}
        return {"input": value, "status": answer.status, "body": answer.body.decode(), "bodies": bodies}

    async def _done_well(self, value: JsonValue, status: int, fixture: bytes | None) -> _Answer | None:
        """The answer on which the node does well; what it misses in one of our own is put there."""
        for _ in range(_MOST_KEYS):
            body = json.dumps(self.usual).encode() if fixture is None else fixture
            answer = _Answer(status=status, body=body, is_fixture=fixture is not None)
            self.runs += 1
            async with self.node.host(_Tried(self.door, self.case, answer)) as host:
                outcome = await host.run(value)
            if not answer.given:
                return None
            failure = outcome.failure
            if failure is None and not outcome.aside:
                return answer
            self.why = (
                "it does well on no answer that was tried; read its answers with `answer.read(Record)`, or give its "
                "connector a fixture"
            )
            missed = None if failure is None or failure.type != "KeyError" else failure.text.strip("'")
            if fixture is not None or missed is None or missed in self.usual:
                return None
            self.usual[missed] = "id-1"
        return None
