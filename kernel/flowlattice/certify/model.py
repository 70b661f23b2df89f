"""What certification takes and gives: examples in, a certificate out."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Verdict = Literal["passed", "failed", "not_applicable", "could_not_run"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExampleRequest(_Model):
    """A request: `path` may hold a query; `json_body` and `form` exclude each other."""

    method: str
    path: str
    json_body: JsonValue = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class Example(_Model):
    """A request and what must come back; JSON is matched as a subset, text as a whole, headers by name."""

    request: ExampleRequest
    status: int | None = None
    json_body: JsonValue = None
    text: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class Sample(_Model):
    """A request that was answered while certifying, to be asked again of the live host.

    Attributes:
        route: The route that it is for, `METHOD /path`.
        method: HTTP method.
        target: Path and query, percent-encoded.
        body: The body as it is sent; none for a request without one.
        content_type: The body's media type.
        headers: Further headers of the request.
        status: The certified status.
        answer: The certified body.
        repeats: Whether the answer must be the same again (every node behind the route is strict).
    """

    route: str = ""
    method: str
    target: str
    body: str | None = None
    content_type: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    status: int
    answer: str
    repeats: bool = True


class Part(_Model):
    """What a check says of one node or route.

    Attributes:
        name: `node:NAME`, `route:METHOD /path`, or `flow` for what holds for all of it.
        digest: Of all that the part depends on (see `parts_of`); empty where the harness is to fill it in.
        verdict: What the check found there.
        summary: One sentence.
        carried: The certificate that it was found in, as a digest; none where it was looked at in this run.
    """

    name: str
    digest: str = ""
    verdict: Verdict
    summary: str = ""
    carried: str | None = None


class Check(_Model):
    """One check and its evidence.

    Attributes:
        name: The check's name, also that of its module.
        verdict: A check that could not run is not a pass.
        summary: One sentence with the figures.
        failures: At most ten of what went wrong, each a sentence; never a value of a field that is not public.
        measured: Figures; times in ms.
        carried: Which parts are carried over, from which certificates, and why that is sound; none where none is.
        parts: What it says of each node and route that it looked at.
        fixtures: The smallest inputs that it failed on, to be kept and tried again.
    """

    name: str
    verdict: Verdict
    summary: str
    failures: tuple[str, ...] = ()
    measured: dict[str, JsonValue] = Field(default_factory=dict)
    carried: str | None = None
    parts: tuple[Part, ...] = ()
    fixtures: tuple[JsonValue, ...] = ()


class Line(_Model):
    """One line of a checklist, and what it rests on.

    Attributes:
        title: What has to hold.
        state: `open` where it does not, or where nothing shows that it does.
        evidence: Which check or which part of the flow says so, with the figures.
        later: Whether it is made when the flow is published, and stops nothing before.
    """

    title: str
    state: Literal["ticked", "not_applicable", "open"]
    evidence: str
    later: bool = False


class Checklist(_Model):
    """What has to hold before something is published or run: its lines in order."""

    title: str
    lines: tuple[Line, ...]


class Certificate(_Model):
    """The evidence for one digest of sources.

    Attributes:
        source_digest: The sources that were certified.
        flow: The flow's name and version.
        checks: All checks that were run.
        samples: A request for each route, with its answer; synthetic, made from the schemas or stated in the brief.
        protection: How the run was confined.
        environment: The environment that it was certified for; none: local doubles.
        base: Digest of the certificate that parts were carried over from; none for a whole certification.
        flowlattice: The version of flowlattice that ran the checks.
        harness: The version of the harness; evidence of another one is not carried over.
        decision: Digest of the policy decision that was evidence; none where no policies were asked.
        policies: Digest of the policies that the decision was made by; none where none were asked.
        parts: Digest of each node and route over all that it depends on, by the part's name.
        complete: Whether all checks of the harness were run, rather than some that were asked for.
        checklists: What has to hold before it is published, each line with its evidence.
    """

    source_digest: str
    flow: str
    checks: tuple[Check, ...]
    samples: tuple[Sample, ...] = ()
    protection: str
    environment: str | None = None
    base: str | None = None
    flowlattice: str = ""
    harness: str = ""
    decision: str | None = None
    policies: str | None = None
    parts: dict[str, str] = Field(default_factory=dict)
    complete: bool = False
    checklists: tuple[Checklist, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every check passed or does not apply."""
        return all(check.verdict in ("passed", "not_applicable") for check in self.checks)

    @property
    def open_lines(self) -> tuple[Line, ...]:
        """The lines of the checklists that nothing ticks, but for what is made when it is published."""
        lines = (line for checklist in self.checklists for line in checklist.lines)
        return tuple(line for line in lines if line.state == "open" and not line.later)

    @property
    def publishable(self) -> bool:
        """Whether it can be published: all checks were run and passed, and no line of a checklist is open."""
        return self.complete and self.passed and bool(self.checklists) and not self.open_lines

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, hex."""
        return sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def check(self, name: str) -> Check | None:
        """The check of that name, if it was run."""
        return next((check for check in self.checks if check.name == name), None)
