"""Serving other versions without losing a request: they are loaded beside what is served, and take over at once.

Connections are never touched. A version that cannot be loaded is one line in the log, and the one before it goes on.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from flowlattice.deployments import NotVerified
from flowlattice.engine import Runtime
from flowlattice.engine.threads import Threads
from flowlattice.errors import FlowlatticeError, UsageError
from flowlattice.hosts.logs import place_of
from flowlattice.hosts.versions import Source, Version
from flowlattice.hosts.web.app import WebApp

WATCH_S: Final = 0.5
"""How often a server looks whether there are other versions."""

LONGEST_LOAD_S: Final = 60.0
"""For how long a version may be loaded; a flow's code that never ends must not keep later versions away."""

T = TypeVar("T")

_log = logging.getLogger("flowlattice.web")


@dataclass(frozen=True)
class _Loaded:
    version: Version
    runtime: Runtime


class Swapper:
    """Keeps an application at the versions of a source.

    Args:
        app: The application.
        source: Where its versions come from.
    """

    def __init__(self, app: WebApp, source: Source) -> None:
        self._app = app
        self._source = source
        self._served: dict[str, _Loaded] = {}
        self._failed: dict[str, int] = {}
        self._refusals: list[tuple[Version, str]] = []
        self._stamp = source.stamp()
        self._turn = asyncio.Lock()
        self._loading = Threads(limit=8)  # one that never ends does not hold up the end of the process

    @property
    def doubles(self) -> tuple[str, ...]:
        """Bindings of what is served that local doubles stand in for."""
        return tuple(sorted({name for one in self._served.values() for name in one.runtime.doubles}))

    @property
    def numbers(self) -> dict[str, int]:
        """What is served: the number of its version by key."""
        return {key: one.version.number for key, one in self._served.items()}

    def start(self, numbers: Mapping[str, int] | None = None) -> None:
        """Load what is to be served first; what cannot be verified is left out, and `say_refused` says so.

        Args:
            numbers: What other processes serve already; by default what the source says.

        Raises:
            UsageError: There is nothing, or two flows want one route.
            NotVerified: What is deployed cannot be verified, none of it.
            FlowlatticeError: What loading a flow raises.
        """
        versions = self._source.versions() if numbers is None else self._source.exactly(numbers)
        if not versions and numbers is None:
            raise UsageError("nothing is deployed; flows deploy PATH deploys a flow")
        served = {one.key: _Loaded(one, runtime) for one in versions if (runtime := self._first(one)) is not None}
        if not served and numbers is None:
            version, reason = self._refusals[0]
            more = f" (and {len(versions) - 1} more: flows deployments)" if len(versions) > 1 else ""
            raise NotVerified(f"nothing that is deployed can be served{more}: {version.title}: {reason}")
        self._app.swap([one.runtime for one in served.values()])
        self._served = served

    def say_refused(self) -> None:
        """Log what was left out at the start; separate from it, since logs may be set up only then."""
        for version, reason in self._refusals:
            self._refused(version, reason)
        self._refusals.clear()

    def _first(self, version: Version) -> Runtime | None:
        try:
            return version.load()
        except NotVerified as error:
            self._refusals.append((version, _reason(error)))
            return None

    async def watch(self) -> None:
        """Look from time to time whether there are other versions, and serve them."""
        while True:
            await asyncio.sleep(WATCH_S)
            stamp = self._source.stamp()
            if stamp != self._stamp:
                self._stamp = stamp
                await self.refresh()

    async def refresh(self, *, again: bool = False, numbers: Mapping[str, int] | None = None) -> None:
        """Serve the versions that there are now.

        Args:
            again: Whether to try also those that could not be loaded before.
            numbers: What to serve exactly; by default what the source says.
        """
        async with self._turn:
            await self._refresh(again, numbers)

    async def _refresh(self, again: bool, numbers: Mapping[str, int] | None) -> None:
        read = self._source.versions if numbers is None else lambda: self._source.exactly(numbers)
        try:
            versions = await self._in_thread(read)
        except Exception as error:  # noqa: BLE001 - whatever is wrong there, what is served goes on
            _log.error("what there is to serve cannot be read (%s); what is served goes on", _reason(error))
            return
        loaded = [
            one
            for version in versions
            if self._is_new(version, again) and (one := await self._load(version)) is not None
        ]
        self._keep_only({version.key for version in versions})
        await self._take_over(loaded)

    def _is_new(self, version: Version, again: bool) -> bool:
        served = self._served.get(version.key)
        if served is not None and served.version.number == version.number:
            return False
        return again or self._failed.get(version.key) != version.number

    async def _load(self, version: Version) -> _Loaded | None:
        try:
            return _Loaded(version, await self._in_thread(version.load))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a new version, the one before it goes on
            self._refused(version, _reason(error))
            return None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        async with asyncio.timeout(LONGEST_LOAD_S):
            return await self._loading.call(work)

    def _keep_only(self, keys: set[str]) -> None:
        gone = [one for key, one in self._served.items() if key not in keys]
        if gone:
            self._serve({key: one for key, one in self._served.items() if key in keys})
        for one in gone:
            _log.info("%s is served no longer", one.version.title)

    async def _take_over(self, loaded: Iterable[_Loaded]) -> None:
        """Serve new versions; one that clashes with another's routes waits until the others had their turn."""
        waiting, clashes = list(loaded), dict[str, UsageError]()
        while waiting:
            for one in waiting:
                try:
                    self._serve({**self._served, one.version.key: one})
                except UsageError as error:
                    clashes[one.version.key] = error
                else:
                    clashes.pop(one.version.key, None)
                    self._failed.pop(one.version.key, None)
                    _log.info("%s is served from now on", one.version.title)
            left = [one for one in waiting if one.version.key in clashes]
            if len(left) == len(waiting):
                break
            waiting = left
        for one in waiting:
            self._refused(one.version, str(clashes[one.version.key]))
            await one.runtime.close()

    def _serve(self, served: dict[str, _Loaded]) -> None:
        self._app.swap([one.runtime for one in served.values()])
        self._served = served

    def _refused(self, version: Version, why: str) -> None:
        self._failed[version.key] = version.number
        goes_on = "what is served goes on" if version.key in self._served else "it is not served"
        why = why.removeprefix(f"{version.title}: ")
        _log.error("%s cannot be served (%s); %s", version.title, why, goes_on)


def _reason(error: Exception) -> str:
    """Why something could not be loaded; without the text of errors that are not made for people."""
    match error:
        case TimeoutError():
            return f"it was not loaded within {LONGEST_LOAD_S:g} s"
        case FlowlatticeError() | OSError() | sqlite3.Error():
            return " ".join(str(error).split())
        case _:
            return f"{type(error).__name__} at {place_of(error)}"
