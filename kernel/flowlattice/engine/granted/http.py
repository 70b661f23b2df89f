"""Grants of http.read, http.read_pinned and http.write."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from pydantic import JsonValue

from flowlattice.capabilities import Creds, HttpResponse
from flowlattice.chat import retry_after
from flowlattice.engine.backends import Bindings, HttpBackend, NotSent
from flowlattice.engine.egress import check_egress
from flowlattice.engine.granted.base import Grant, Granted
from flowlattice.engine.granted.creds import headers_of
from flowlattice.engine.run import Attempt
from flowlattice.errors import EgressDenied, PinBroken
from flowlattice.ir.model import CapabilityUse

_WAITING: Final = frozenset({429, 503})
"""Statuses whose `Retry-After` says when to ask again (RFC 6585 §4, RFC 9110 §15.6.4)."""
_LONGEST_ASKED_S: Final = 86_400.0


class GrantedHttp(Granted):
    """An http capability under one binding; which of them its type says, the methods check."""

    def __init__(self, use: CapabilityUse, backend: HttpBackend, attempt: Attempt) -> None:
        super().__init__(use, attempt)
        self._backend = backend

    async def _send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        auth: Creds | None,
        writes: bool,
        params: Mapping[str, str] | None = None,
        json: JsonValue = None,
        form: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        if form is not None and json is not None:
            raise ValueError("a request has one body: give json or form")
        host = check_egress(self._use.binding, url, self._use.egress)
        credential = headers_of(auth)
        key = self._attempt.next_key() if writes else None
        headers = {**credential, **({} if key is None else {"Idempotency-Key": key})}
        record = self._attempt.record
        name = method.lower()
        self._attempt.uncertain += writes
        try:
            response = await self._backend.send(
                method, url, params=params, json=json, form=form, headers=headers, hosts=self._use.egress
            )
        except (NotSent, EgressDenied):
            self._attempt.uncertain -= writes
            raise
        except BaseException:
            record(self._use.name, name, host, key=key, outcome="unknown")
            raise
        # A refusal (4xx) is an answer: nothing happened. Timeouts and conflicts may be answers to something that did.
        is_refusal = 400 <= response.status < 500 and response.status not in {408, 409, 425}
        if is_refusal:
            self._attempt.uncertain -= writes
        record(self._use.name, name, host, key=key, outcome="refused" if is_refusal else "done")
        asked = _asked(response) if response.status in _WAITING else None
        if asked is not None:
            self._attempt.retry_after = asked
        return replace(response, binding=self._use.binding, retry_after=asked)


class GrantedHttpRead(GrantedHttp):
    """`HttpRead`."""

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, auth: Creds | None = None
    ) -> HttpResponse:
        """GET an absolute URL."""
        return await self._send("GET", url, params=params, auth=auth, writes=False)


class GrantedHttpReadPinned(GrantedHttp):
    """`HttpReadPinned`; a double has nothing that could be pinned, so what it gives is not compared."""

    def __init__(self, use: CapabilityUse, backend: HttpBackend, attempt: Attempt, *, compares: bool) -> None:
        super().__init__(use, backend, attempt)
        self._compares = compares

    async def get(self, url: str, *, digest: str, auth: Creds | None = None) -> HttpResponse:
        """GET an absolute URL whose body has to be the pinned one.

        Raises:
            ValueError: The pin is neither a digest nor an entity tag.
            PinBroken: The answer is not what is pinned.
        """
        kind, _, wanted = digest.partition(":")
        if kind not in {"sha256", "etag"} or not wanted:
            raise ValueError(f'a pin is "sha256:" and a digest or "etag:" and a tag, not {digest!r}')
        response = await self._send("GET", url, auth=auth, writes=False)
        if self._compares:
            found = _found(kind, response)
            if found != digest:
                raise PinBroken(self._use.binding, digest, found)
        return response


class GrantedHttpWrite(GrantedHttp):
    """`HttpWrite`."""

    async def post(
        self,
        url: str,
        *,
        json: JsonValue = None,
        form: Mapping[str, str] | None = None,
        auth: Creds | None = None,
    ) -> HttpResponse:
        """POST a JSON body, or the fields of a form in its place, to an absolute URL.

        Raises:
            ValueError: It was given both.
        """
        return await self._send("POST", url, json=json, form=form, auth=auth, writes=True)

    async def put(self, url: str, *, json: JsonValue = None, auth: Creds | None = None) -> HttpResponse:
        """PUT a JSON body to an absolute URL."""
        return await self._send("PUT", url, json=json, auth=auth, writes=True)

    async def patch(self, url: str, *, json: JsonValue = None, auth: Creds | None = None) -> HttpResponse:
        """PATCH with a JSON body at an absolute URL."""
        return await self._send("PATCH", url, json=json, auth=auth, writes=True)

    async def delete(self, url: str, *, auth: Creds | None = None) -> HttpResponse:
        """DELETE an absolute URL."""
        return await self._send("DELETE", url, auth=auth, writes=True)


def read(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant http.read."""
    backend = bindings.http(use.binding)
    return lambda attempt: GrantedHttpRead(use, backend, attempt)


def read_pinned(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant http.read_pinned."""
    backend, compares = bindings.http(use.binding), not bindings.is_double(use.binding)
    return lambda attempt: GrantedHttpReadPinned(use, backend, attempt, compares=compares)


def write(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant http.write."""
    backend = bindings.http(use.binding)
    return lambda attempt: GrantedHttpWrite(use, backend, attempt)


def _asked(response: HttpResponse) -> timedelta | None:
    seconds = retry_after(response.headers, time.time())
    return None if seconds is None else timedelta(seconds=min(seconds, _LONGEST_ASKED_S))


def _found(kind: str, response: HttpResponse) -> str:
    """What the answer has where the pin is; an error page is what it is, not what was pinned."""
    if not response.ok:
        return f"status {response.status}"
    if kind == "etag":
        return f"etag:{response.headers.get('etag', '')}"
    return f"sha256:{hashlib.sha256(response.body).hexdigest()}"
