"""Whether this machine and this installation are fit for flows, and for one flow: what `flows doctor` says.

Each check looks at one thing, changes nothing that stays, imports nothing heavy, and never raises for what it finds.
What is installed is in `installation`, what the machine offers in `machine`, what a flow needs in `needs`.
"""

from flowlattice.health.finding import Finding, Status, worst
from flowlattice.health.installation import installation
from flowlattice.health.machine import machine

__all__ = ["Finding", "Status", "installation", "machine", "worst"]
