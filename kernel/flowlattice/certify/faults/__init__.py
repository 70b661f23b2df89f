"""Services that fail: a real HTTP/1.1 server on the loopback which answers as a script says, and the ways to fail.

It lives in the trusted process and notes what it was asked for. A confined probe reaches it by the door of its sandbox
(`ThroughDoor`), whatever host a node names: encryption ends at the door.
"""

from flowlattice.certify.faults.kinds import ABROAD, FAULTS, FINE, Fault
from flowlattice.certify.faults.network import ThroughDoor
from flowlattice.certify.faults.script import Asked, Call, Script
from flowlattice.certify.faults.server import NUMBER, FaultServer

__all__ = ["ABROAD", "FAULTS", "FINE", "NUMBER", "Asked", "Call", "Fault", "FaultServer", "Script", "ThroughDoor"]
