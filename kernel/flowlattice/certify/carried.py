"""Carrying over: what a certificate says of parts that did not change holds for the flow that is certified now.

Sound by digest: a part's digest covers all that it depends on (`parts`). Only what passed is carried over, per check
and part, and only between runs of one harness for one environment by the same policies. A check that names no parts is
run again as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Certificate, Check, Part, Sample
from flowlattice.certify.parts import FLOW

NODE, ROUTE = "node:", "route:"
ANEW: Final = frozenset({"policy", "budget"})
"""Checks that say what the organisation's rules of today make of a part, so that they are run again each time."""


@dataclass(frozen=True)
class Carried:
    """What is carried over into a certificate.

    Attributes:
        parts: The digests of the parts as they are now, by name.
        base: The certificate that evidence comes from; none where everything is to be found out.
    """

    parts: Mapping[str, str]
    base: Certificate | None

    @classmethod
    def over(
        cls,
        parts: Mapping[str, str],
        base: Certificate | None,
        *,
        harness: str,
        environment: str | None,
        policies: str | None,
    ) -> Carried:
        """What can be carried over from a certificate: nothing of another harness, environment, or set of policies."""
        here = (harness, environment, policies)
        same = base is not None and (base.harness, base.environment, base.policies) == here
        return cls(parts, base if same else None)

    def bench(self, check: str, whole: Bench) -> Bench:
        """What a check has left to look at."""
        known = {part.name for part in self._kept(check)}
        return replace(
            whole,
            nodes=tuple(node for node in whole.nodes if NODE + node not in known),
            routes=tuple(route for route in whole.routes if ROUTE + route not in known),
            flow=FLOW not in known,
        )

    def merged(self, check: Check) -> Check:
        """What a check found now, with the parts that are carried over."""
        fresh = tuple(part.model_copy(update={"digest": self.parts.get(part.name, "")}) for part in check.parts)
        found = {part.name for part in fresh}
        kept = tuple(part for part in self._kept(check.name) if part.name not in found)
        known = None if self.base is None else self.base.check(check.name)
        if not kept or known is None:
            return check.model_copy(update={"parts": fresh})
        told = known if check.verdict == "not_applicable" else check
        update: dict[str, object] = {"parts": (*kept, *fresh), "carried": self._note(kept)}
        if told is known:
            update |= {"verdict": "passed", "failures": (), "fixtures": ()}
        return told.model_copy(update=update)

    def unsampled(self, routes: Sequence[str]) -> tuple[str, ...]:
        """The routes for which there is no sample to carry over."""
        known = {sample.route for sample in self._samples()}
        return tuple(route for route in routes if route not in known)

    def samples(self, routes: Sequence[str], fresh: Sequence[Sample]) -> tuple[Sample, ...]:
        """The samples of all routes, in their order."""
        found = {sample.route: sample for sample in (*self._samples(), *fresh)}
        return tuple(found[route] for route in routes if route in found)

    def used(self, checks: Sequence[Check]) -> str | None:
        """Digest of the base, if anything in some checks is carried over."""
        return self.base.digest if self.base and any(check.carried for check in checks) else None

    def _samples(self) -> Iterator[Sample]:
        for sample in () if self.base is None else self.base.samples:
            if self._is_same(ROUTE + sample.route):
                yield sample

    def _kept(self, check: str) -> tuple[Part, ...]:
        """The parts of a check that are carried over, each with the certificate that it was found in."""
        known = None if self.base is None else self.base.check(check)
        if self.base is None or known is None or check in ANEW:
            return ()
        if any(part.name == FLOW for part in known.parts) and not self._is_same(FLOW):
            return ()
        sampled = {ROUTE + sample.route for sample in self.base.samples}  # one without was never shown to answer
        return tuple(
            part.model_copy(update={"carried": part.carried or self.base.digest})
            for part in known.parts
            if part.verdict == "passed"
            and self._is_same(part.name)
            and (not part.name.startswith(ROUTE) or part.name in sampled)
        )

    def _is_same(self, part: str) -> bool:
        return self.base is not None and part in self.parts and self.base.parts.get(part) == self.parts[part]

    def _note(self, kept: Sequence[Part]) -> str:
        named = ", ".join(dict.fromkeys(str(part.carried)[:12] for part in kept))
        count = f"{len(kept)} part{'s'[: len(kept) != 1]}"
        return f"{count} as certified in {named}: {UNCHANGED}"


UNCHANGED = "nothing that they reach by name, wiring, schema, store or path has changed"
