"""After an incident: what the run log and the stores of keys say of a flow's effects.

Certification shows before it runs that a flow's effects happen once; this looks at what did happen.
"""

from flowlattice.certify.incident.evidence import Evidence, gathered
from flowlattice.certify.incident.findings import Finding, found

__all__ = ["Evidence", "Finding", "found", "gathered"]
