"""What goes wrong in a registry, each in one line with what to do next."""

from __future__ import annotations

from flowlattice.errors import FlowlatticeError


class RegistryError(FlowlatticeError):
    """Something that a registry cannot do or give."""


class Unpublished(RegistryError):
    """There is no such flow or version."""


class VersionTaken(RegistryError):
    """A version that is there already, with other content."""


class VersionTooLow(RegistryError):
    """A version that promises less change than there is."""


class Yanked(RegistryError):
    """A version that was withdrawn."""


class Damaged(RegistryError):
    """Something in the registry that is not what it was."""
