"""The decision about a flow: what the policies find, what is waived, and whether it may go on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import Field

from flowlattice.ir.digest import ir_digest
from flowlattice.ir.model import FlowIR
from flowlattice.policy.facts import Circumstances, facts_of
from flowlattice.policy.judging import Judgement, judge_all, plain
from flowlattice.policy.model import Bound, Finding, PolicyModel, Value
from flowlattice.policy.ruleset import Ruleset
from flowlattice.policy.waivers import Waiver

if TYPE_CHECKING:
    from flowlattice.check import Environment
    from flowlattice.diagnostics import Diagnostic


class Judged(Finding):
    """A finding, and what became of it.

    Attributes:
        waiver: What lets it pass; none if nothing does.
        lapsed: What was meant to and does not, each with the reason.
    """

    waiver: Waiver | None = None
    lapsed: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether it stops the flow."""
        return self.severity == "deny" and self.waiver is None


class Decision(PolicyModel):
    """What was decided, of what, and by what.

    Attributes:
        flow: The flow's name and version.
        ir_digest: BLAKE3 of its IR, hex.
        environment: Where it is to run.
        team: Whose overlay was asked for.
        layers: The layers that counted, `profile production`, `overlay payments`.
        policies: The ids of the policies.
        policies_digest: SHA-256 of what they and the settings say, hex.
        parameters: The values of their parameters, by policy and name.
        allowed_hosts: The organisation's list.
        bindings: What the environment binds.
        findings: What the policies found, waived or not.
    """

    flow: str
    ir_digest: str
    environment: str
    team: str | None = None
    layers: tuple[str, ...] = ()
    policies: tuple[str, ...]
    policies_digest: str
    parameters: dict[str, dict[str, Value]] = Field(default_factory=dict)
    allowed_hosts: tuple[str, ...] = ()
    bindings: dict[str, Bound] = Field(default_factory=dict)
    findings: tuple[Judged, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether nothing denies the flow that is not waived."""
        return not self.denials

    @property
    def denials(self) -> tuple[Judged, ...]:
        """The findings that stop it."""
        return tuple(finding for finding in self.findings if finding.blocks)

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers that were used, each once."""
        used = {found.waiver.id: found.waiver for found in self.findings if found.waiver is not None}
        return tuple(used.values())

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, hex."""
        return sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def waiver_of(self, diagnostic: Diagnostic) -> Waiver | None:
        """The waiver that lets a diagnostic pass: of a finding with its code, of its node if it names one."""
        for found in self.findings:
            named = diagnostic.node is None or diagnostic.node == found.subject
            if found.waiver is not None and found.code == diagnostic.code and named:
                return found.waiver
        return None


def decide(
    ruleset: Ruleset,
    ir: FlowIR,
    *,
    bindings: Environment | None = None,
    allowed_hosts: Sequence[str] = (),
    at: datetime,
) -> Decision:
    """What the policies say of a flow.

    Args:
        ruleset: The rules and waivers that hold.
        ir: The flow.
        bindings: What the environment binds; none for local doubles.
        allowed_hosts: The organisation's list of hosts.
        at: When, in UTC: waivers expire.
    """
    ruleset = ruleset.of(ir.name)
    return decided(ruleset, ir, judgements(ruleset, ir, bindings, allowed_hosts), bindings, allowed_hosts, at)


def judgements(
    ruleset: Ruleset, ir: FlowIR, bindings: Environment | None, allowed_hosts: Sequence[str]
) -> tuple[Judgement, ...]:
    """What each policy says of a flow, those too that hold or do not concern it; by the rules of that flow."""
    where = Circumstances(
        environment=ruleset.environment, bindings=_bound(bindings), allowed_hosts=tuple(sorted(allowed_hosts))
    )
    return tuple(judge_all(ruleset.policies, facts_of(plain(ir), where)))


def decided(  # noqa: PLR0913, PLR0917 - what was asked, what was said, and when
    ruleset: Ruleset,
    ir: FlowIR,
    said: Sequence[Judgement],
    bindings: Environment | None,
    allowed_hosts: Sequence[str],
    at: datetime,
) -> Decision:
    """The decision that follows from what the policies say, by the same rules."""
    return Decision(
        flow=f"{ir.name} {ir.version}",
        ir_digest=ir_digest(ir),
        environment=ruleset.environment,
        team=ruleset.team,
        layers=ruleset.layers,
        policies=tuple(policy.id for policy in ruleset.policies),
        policies_digest=ruleset.digest,
        parameters={
            p.id: {n: given.value for n, given in p.parameters.items()} for p in ruleset.policies if p.parameters
        },
        allowed_hosts=tuple(sorted(allowed_hosts)),
        bindings=dict(_bound(bindings)),
        findings=tuple(_judged(ruleset, ir.name, found, at) for one in said for found in one.findings),
    )


def _judged(ruleset: Ruleset, flow: str, found: Finding, at: datetime) -> Judged:
    """A finding with its waiver; one whose policy lets no waiver count says so."""
    of = (found.policy, flow, found.subject, at, ruleset.longest)
    waiver, policy = ruleset.waivers.active(*of), ruleset.policy(found.policy)
    if waiver is None:
        return Judged(**found.model_dump(), lapsed=ruleset.waivers.lapsed(*of))
    if policy is not None and not policy.waivable:
        why = f"waiver {waiver.id} does not count: {found.policy} cannot be waived"
        return Judged(**found.model_dump(), lapsed=(why,))
    return Judged(**found.model_dump(), waiver=waiver)


def _bound(environment: Environment | None) -> Mapping[str, Bound]:
    """What an environment binds, as rules see it."""
    if environment is None:
        return {}
    return {
        name: Bound(
            backend=backend,
            region=environment.regions.get(name),
            egress=environment.hosts.get(name),
            scopes=environment.scopes.get(name),
        )
        for name, backend in sorted(environment.backends.items())
    }
