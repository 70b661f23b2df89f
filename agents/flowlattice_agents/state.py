"""RunState: what the six agents share. Primitives and digests only; content lives in the run store."""

from __future__ import annotations

from typing import Literal, TypedDict

STATE_VERSION = 2

Outcome = Literal["deployed", "certified", "blocked", "needs_input", "refused", "failed"]


class GivenAnswer(TypedDict):
    """A reply to one of the PM's questions."""

    slot: str
    question: str
    text: str


class RunState(TypedDict, total=False):
    """One run. Every `*_digest` names an object of the run store.

    Attributes:
        version: The schema version of this state; a run of another version is not resumed.
        brief_digest: The brief, as it was given.
        spec_given: Whether the spec was given (`--spec`) rather than understood from a brief.
        arm: How the agents work; `six` unless arms are compared.
        edit_digest: The flow that is to be changed (`EditBase`); none for a new one.
        allowed_hosts: The hosts that the organisation allows; never what a brief claims.
        answers: Replies to questions so far.
        rounds: How often questions were asked so far.
        questions_digest: Questions that wait for a reply.
        assumptions_digest: What was assumed.
        spec_digest: The FlowSpec that is being built.
        written_digest: The flow file that a model wrote itself, where the flow has no spec.
        examples_digest: What a flow without a spec is tested against.
        disagreements_digest: Expectations of the Test agent that the spec does not meet, until they are settled.
        expected: Whether the Test agent has said what it expects of this spec.
        attempt: How often the Builder has built or fixed since the spec last changed.
        commit: The workspace's commit that holds the sources.
        source_digest: Digest of the flow's sources.
        ir_digest: The Flow IR.
        base_digest: The flow file's text that the diff is against; none for a new flow.
        named: What the flow was called when the Builder first looked; the folder is named so if nobody names another.
        found_digest: What the person's folder held when the Builder first looked.
        diagnostics_digest: What the checker reports about the sources.
        errors: How many of the diagnostics are errors.
        fixing_digest: The fix that the next compilation judges.
        fixes_digest: What became of each diagnostic.
        findings_digest: What certification found, where the Builder is to mend it.
        policy_digest: The Policy agent's decision.
        certificate_digest: The Test agent's report.
        before_ir_digest: The IR of the flow that the person's folder held; none if it held none that can be built.
        budget_digest: What the flow can cost at worst.
        impacts_digest: What each hunk of the change does to the certificate of the flow as it was.
        revision_digest: What a reviewer decided instead of approving: the text to go on with, and what is rejected.
        revised: Whether the sources are a reviewer's, not what the spec renders to.
        certified_digest: The proposal that was certified before the revision: what is gone back to if that breaks.
        rejections_digest: Hunks that reviewers rejected so far, with their words; for the Builder.
        broken_digest: What the last revision would have broken, in sentences.
        proposal_digest: The Optimizer's proposal that waits for a decision.
        optimized: Whether the Optimizer has had its say on this spec.
        approval_digest: The approval, bound to what was approved.
        deployment_digest: The deployment record with its probe.
        flow_path: Where the accepted flow lies in the person's tree.
        removed: What lay beside the flow, is not true of it any more, and was removed when it was written.
        outcome: Set when the run has ended.
        reason: One sentence on the outcome.
    """

    version: int
    brief_digest: str
    spec_given: bool
    arm: str
    edit_digest: str | None
    allowed_hosts: list[str]
    answers: list[GivenAnswer]
    rounds: int
    questions_digest: str | None
    assumptions_digest: str | None
    spec_digest: str | None
    written_digest: str | None
    examples_digest: str | None
    disagreements_digest: str | None
    expected: bool
    attempt: int
    commit: str | None
    source_digest: str | None
    ir_digest: str | None
    base_digest: str | None
    named: str
    found_digest: str | None
    diagnostics_digest: str | None
    errors: int
    fixing_digest: str | None
    fixes_digest: str | None
    findings_digest: str | None
    policy_digest: str | None
    certificate_digest: str | None
    before_ir_digest: str | None
    budget_digest: str | None
    impacts_digest: str | None
    revision_digest: str | None
    revised: bool
    certified_digest: str | None
    rejections_digest: str | None
    broken_digest: str | None
    proposal_digest: str | None
    optimized: bool
    approval_digest: str | None
    deployment_digest: str | None
    flow_path: str | None
    removed: list[str]
    outcome: Outcome | None
    reason: str | None
