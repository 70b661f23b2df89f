"""Verifying a deployment: whether what its name stands for may be run, looked at before any of its code is loaded.

A trusted key signed an attestation; it is of these sources in this environment; every check that this version asks for
was passed; the policies allowed it and no waiver that they used has expired; and a person approved exactly that. Where
one of these cannot be shown, the deployment is not verified, and the reason ends with what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import flowlattice
from flowlattice.attestation import Attestation, attested
from flowlattice.deployments.model import Deployment, NotVerified, attested_part, deployed_parts
from flowlattice.errors import FlowlatticeError
from flowlattice.signing import Envelope, Keyring, NotTrusted, read_envelope

_CHECKS: Final = Path(flowlattice.__file__).parent / "certify" / "checks"

AGAIN: Final = "deploy it again: flows deploy PATH --approve"

Clock = Callable[[], datetime]


def required_checks() -> frozenset[str]:
    """The checks without which a certificate shows too little: all of this version's, each one a module of that name.

    They are listed, not imported: what verifies a flow need not be able to certify it.
    """
    return frozenset(file.stem for file in _CHECKS.glob("[!_]*.py"))


def utc_now() -> datetime:
    """The time by which waivers expire."""
    return datetime.now(UTC)


class Verifier:
    """Verifies deployments with the keys that a home folder trusts, which are read each time.

    Args:
        home: The folder of all state.
        clock: The time by which waivers expire.
    """

    def __init__(self, home: Path, clock: Clock = utc_now) -> None:
        self._home = home
        self._required = required_checks()
        self._clock = clock

    def verified(self, deployment: Deployment) -> Attestation:
        """What is attested of a deployment, if it holds.

        Raises:
            NotVerified: It does not; the text is one line with a remedy.
        """
        try:
            keyring = Keyring.of(self._home)
            found = attested(_envelope(deployment), keyring, self._clock(), required=self._required)
        except FlowlatticeError as error:
            raise NotVerified(_with_remedy(str(error))) from error
        except OSError as error:
            raise NotVerified(
                f"the trusted keys cannot be read ({error.strerror}); see to {self._home}/keys"
            ) from error
        wrong = _mismatch(deployment, found)
        if wrong is not None:
            raise NotVerified(f"{wrong}; {AGAIN}")
        return found


def _envelope(deployment: Deployment) -> Envelope:
    if deployment.attestation is None:
        raise NotTrusted(f"it was deployed without an attestation; {AGAIN}")
    return read_envelope(deployment.attestation.encode())


def _mismatch(deployment: Deployment, found: Attestation) -> str | None:
    """What of a deployment is not what was attested; none if all of it is."""
    if (found.flow, found.profile) != (deployment.name, deployment.profile):
        return f"what is attested is {found.flow} for {found.profile}, not {deployment.name} for {deployment.profile}"
    if found.source_digest != deployment.digest:
        return f"what is attested is the sources {found.source_digest[:12]}, not {deployment.digest[:12]}"
    if found.decision.environment != deployment.environment:
        return f"the policies decided for {found.decision.environment}, not for {deployment.environment}"
    approval, said = deployment.approval, found.approval
    if said is None or (said.digest, said.approved_by) != (approval.digest, approval.approved_by):
        return "the approval is not the one that was attested"
    wanted = deployed_parts(deployment.digest, deployment.environment, deployment.bindings)
    if not approval.has({**wanted, **attested_part(found)}):
        return "the approval is not of what is attested and of how it is bound"
    return None


def _with_remedy(reason: str) -> str:
    return reason if ";" in reason else f"{reason}; {AGAIN}"
