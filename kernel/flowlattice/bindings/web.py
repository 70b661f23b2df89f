"""HTTP over the network with httpx, kept to the hosts that a binding declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx
from pydantic import JsonValue

from flowlattice.capabilities import HttpResponse
from flowlattice.engine.backends import NotSent
from flowlattice.engine.egress import check_egress
from flowlattice.engine.tracing import CARRIED
from flowlattice.errors import CallFailed, FailureKind

MAX_RESPONSE_BYTES: Final = 16 * 1_048_576
_MAX_REDIRECTS: Final = 5
_REDIRECTS = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.TEMPORARY_REDIRECT, 308})


class ResponseTooLarge(httpx.HTTPError):
    """An answer longer than `MAX_RESPONSE_BYTES`."""


_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_LASTING: Final[tuple[tuple[type[Exception], FailureKind], ...]] = (
    (httpx.DecodingError, "schema_mismatch"),
    (ResponseTooLarge, "permanent"),
)
"""What went wrong after a request left, and will again; all else may go well another time."""


@dataclass(frozen=True, kw_only=True)
class _Body:
    """What a request carries: JSON, or the fields of a form."""

    json: JsonValue
    form: dict[str, str] | None


class HttpxBackend:
    """One binding's requests.

    Redirects are followed for GET alone, each only to a host that the binding may reach; the answer to anything else
    is handed on as it is. Proxies of the environment are not used, so that a request goes where its URL says.

    Args:
        binding: The binding's name, for errors.
        headers: Sent with every request.
        timeout: For each request as a whole.
        egress: The hosts that the binding may reach at all; none for those that the flow declares.
        transport: What makes the connections; the network by default.
    """

    def __init__(
        self,
        binding: str,
        headers: Mapping[str, str],
        timeout: timedelta,
        egress: tuple[str, ...] | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._binding = binding
        self._egress = egress
        self._client = httpx.AsyncClient(
            headers=dict(headers),
            timeout=timeout.total_seconds(),
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

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
        """Send a request and return the answer, whatever its status.

        Raises:
            NotSent: There was no connection, or the request cannot be made.
            EgressDenied: A redirect leads to a host that the binding may not reach.
            CallFailed: The request left, and no whole answer came.
        """
        body = _Body(json=None if method in {"GET", "DELETE"} else json, form=None if form is None else dict(form))
        for _ in range(_MAX_REDIRECTS):
            response = await self._once(method, url, params, body, headers)
            location = response.headers.get("location")
            if method != "GET" or response.status not in _REDIRECTS or location is None:
                return response
            came_from, url, params = urlsplit(url), urljoin(url, location), None
            check_egress(self._binding, url, hosts)
            if urlsplit(url)[:2] != came_from[:2]:
                headers = {}  # a credential is for the host that it was given for
        raise CallFailed(self._binding, "permanent", f"more than {_MAX_REDIRECTS} redirects")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _once(
        self, method: str, url: str, params: Mapping[str, str] | None, body: _Body, headers: Mapping[str, str]
    ) -> HttpResponse:
        if self._egress is not None:
            check_egress(self._binding, url, self._egress)
        try:
            address = httpx.URL(url).copy_merge_params(dict(params or {}))
            request = self._client.build_request(
                method, address, json=body.json, data=body.form, headers={**CARRIED.get(), **headers}
            )
        except (httpx.InvalidURL, ValueError) as error:
            said = f"the request cannot be made ({type(error).__name__})"
            raise NotSent(self._binding, "permanent", said) from error
        try:
            response = await self._client.send(request, stream=True)
            try:
                content = await _read(response)
            finally:
                await response.aclose()
        except _UNSENT as error:
            said = f"no connection to {request.url.host} ({type(error).__name__})"
            raise NotSent(self._binding, "transient", said) from error
        except httpx.HTTPError as error:
            said = f"no whole answer from {request.url.host} ({type(error).__name__})"
            raise CallFailed(self._binding, _kind_of(error), said) from error
        lower = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(status=response.status_code, headers=lower, body=content)


def _kind_of(error: Exception) -> FailureKind:
    return next((kind for lasting, kind in _LASTING if isinstance(error, lasting)), "transient")


async def _read(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > MAX_RESPONSE_BYTES:
            raise ResponseTooLarge(f"the answer is longer than {MAX_RESPONSE_BYTES} bytes")
    return b"".join(parts)
