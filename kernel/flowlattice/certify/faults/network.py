"""The network of a confined probe: connections come by the door of its sandbox; encryption ends there."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable

import httpcore
import httpx

from flowlattice.sandbox import Door, DoorShut


class ThroughDoor(httpx.AsyncHTTPTransport):
    """A transport of httpx whose connections are those that the door gives for a case.

    Everything above is httpx's own: HTTP/1.1, timeouts, errors. Certificates of services are not looked at, since what
    answers is the parent.

    Args:
        door: The door.
        case: The case that connections are asked for, as the parent knows it.
    """

    def __init__(self, door: Door, case: str) -> None:
        nothing = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the usual one reads all certificates, for nobody here
        super().__init__(verify=nothing, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(ssl_context=nothing, network_backend=_Network(door, case))


class _Network(httpcore.AsyncNetworkBackend):
    def __init__(self, door: Door, case: str) -> None:
        self._door = door
        self._case = case

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[object] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            given = self._door.open(f"{self._case} {host}:{port}")  # the parent's loop answers at once
        except DoorShut as error:
            raise httpcore.ConnectError(str(error)) from error
        given.setblocking(False)
        return _Stream(given)


class _Stream(httpcore.AsyncNetworkStream):
    """A connected socket, used with the calls that a confined process may make: none that sets options."""

    def __init__(self, given: socket.socket) -> None:
        self._socket = given

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.get_running_loop().sock_recv(self._socket, max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().sock_sendall(self._socket, buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self._socket.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> object:
        return False if info == "is_readable" else None
