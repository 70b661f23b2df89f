"""Certification: evidence that a flow does what it says, gathered by running it in the sandbox.

One check, one module (`checks`). What comes out is a `Certificate`: data with a digest, to which an approval is bound.
"""

from flowlattice.certify.harness import certify, record
from flowlattice.certify.laboratory import Laboratory
from flowlattice.certify.model import Certificate, Check, Example, ExampleRequest, Sample
from flowlattice.certify.parts import parts_of
from flowlattice.certify.store import Certificates

__all__ = [
    "Certificate",
    "Certificates",
    "Check",
    "Example",
    "ExampleRequest",
    "Laboratory",
    "Sample",
    "certify",
    "parts_of",
    "record",
]
