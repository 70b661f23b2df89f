"""The door of a confined process: a socket over which it asks for connections, which its parent makes and hands in.

The process itself can make none: no system call that opens, connects or listens is allowed. It sends a line that says
what it wants to reach; the parent decides what that is, makes the connection and passes the socket (SCM_RIGHTS), or
refuses. So the only further call that the filter lets through is `recvmsg`, and only where there is a door. Sockets
made up front would need none, but somebody would have to know how many, and to refuse one could not depend on what it
is for.

Untrusted code that shares the process can ask as well: whatever the parent gives is given to it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final, TypeAlias

from flowlattice.sandbox._wire import printable

Opening: TypeAlias = Callable[[str], socket.socket | None]
"""What the parent does with a wish: the connected socket to hand in, which is the door's from then on; none refuses."""

PLACE: Final = 3
"""The descriptor that the door is in the process, behind standard input, output and error."""

_LONGEST_WISH: Final = 1024
_GIVEN, _REFUSED = b"+", b"-"


class DoorShut(ConnectionRefusedError):
    """The parent refused a connection, or is gone."""


class Door:
    """The process's end. One wish at a time; an answer comes as fast as the parent's loop turns."""

    def __init__(self) -> None:
        self._socket = socket.socket(fileno=PLACE)

    def open(self, wish: str) -> socket.socket:
        """A connection to what the wish says.

        Raises:
            DoorShut: It was refused.
        """
        self._socket.sendall(wish.encode("ascii", "backslashreplace") + b"\n")
        _, descriptors, _, _ = socket.recv_fds(self._socket, 1, 1)
        if not descriptors:
            raise DoorShut(f"no connection to {printable(wish)}")
        return socket.socket(fileno=descriptors[0])


class Doorkeeper:
    """The parent's end.

    Attributes:
        socket: Readable when something was asked.
    """

    def __init__(self, ours: socket.socket, opening: Opening) -> None:
        self.socket = ours
        self.socket.setblocking(False)
        self._opening = opening
        self._partial = b""

    def serve(self) -> int:
        """Answer what was asked.

        Returns:
            How many bytes came in; 0 where the door is shut for good.
        """
        try:
            chunk = self.socket.recv(_LONGEST_WISH)
            *wishes, self._partial = (self._partial + chunk).split(b"\n")
            for wish in wishes:
                self._answer(wish.decode("ascii", "backslashreplace"))
            if chunk and len(self._partial) <= _LONGEST_WISH:
                return len(chunk)
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # it is gone, or does not take what it asked for
            return 0
        return 0

    def _answer(self, wish: str) -> None:
        given = self._opening(wish)
        if given is None:
            self.socket.send(_REFUSED)
            return
        with given:
            socket.send_fds(self.socket, [_GIVEN], [given.fileno()])
