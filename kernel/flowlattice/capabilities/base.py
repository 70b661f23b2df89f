"""What a capability type is: a protocol that states, once, what using it does to a node's promises.

A node asks for one by annotation, and may say more about it: `Annotated[AiRead, model("...", seed=7)]`. What it says is
a `Detail`; what a detail does to the promises stands beside the type that takes it, as its `refine`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pydantic import JsonValue

from flowlattice.lattice import Determinism, Effects

T = TypeVar("T", bound=type)

RetryOwner = Literal["orchestrator", "connector"]
Backend = Literal["http", "sqlite", "postgres", "kafka", "s3", "folder", "openai", "smtp", "secret", "local"]

_ATTRIBUTE = "__flowlattice_capability__"


class Detail:
    """What a node says further of a capability that it asks for, in `Annotated[Type, detail]`."""

    def facts(self) -> Mapping[str, JsonValue]:
        """What the IR keeps of it, by name."""
        raise NotImplementedError(f"{type(self).__name__} does not say its facts")


@dataclass(frozen=True, kw_only=True)
class Refined:
    """A capability as one node asks for it.

    Attributes:
        effects: What asking for it makes of the node.
        determinism: What asking for it makes of the node.
        facts: What its details say, for the IR.
        because: Why the promises are these, where details decide them: `the model x is not pinned`.
        vouched: What the author vouches for, where the promises rest on it.
        unfit: Details that the type does not take, as they are written.
    """

    effects: Effects
    determinism: Determinism
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    because: str = ""
    vouched: str = ""
    unfit: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What details make of a type's effects and determinism, why, and what the author vouches for to make it so."""

    effects: Effects
    determinism: Determinism
    because: str = ""
    vouched: str = ""


Refine = Callable[[Sequence[Detail]], Promise]


@dataclass(frozen=True, kw_only=True)
class CapabilityType:
    """The one statement of a capability type.

    Attributes:
        name: Its name in the IR, `http.write`.
        effects: What asking for it makes of a node.
        determinism: What asking for it makes of a node.
        networked: Whether it reaches hosts, which the flow then has to declare.
        retry_owner: Who retries its calls unless somebody decides otherwise; none where nothing is ever retried.
        idempotent_sink: Whether what it changes honours an idempotency key by contract, so that repeating a call with
            the same key changes nothing; none where it changes nothing.
        repeats: Its methods to which that does not apply: each call is an effect of its own, whatever the key.
        backends: Kinds of backend in `bindings.toml` that serve it; none where the host itself does.
        details: What a node may say further of it.
        refined: What those details make of effects and determinism; none where they change nothing.
    """

    name: str
    effects: Effects
    determinism: Determinism
    networked: bool = False
    retry_owner: RetryOwner | None = None
    idempotent_sink: bool | None = None
    repeats: tuple[str, ...] = ()
    backends: tuple[Backend, ...] = ()
    details: tuple[type[Detail], ...] = ()
    refined: Refine | None = None

    @property
    def needs_binding(self) -> bool:
        """Whether an environment has to bind it."""
        return bool(self.backends)

    def refine(self, metadata: Iterable[object]) -> Refined:
        """The capability as one node asks for it.

        Args:
            metadata: What stands beside the type in `Annotated`; what is no `Detail` is somebody else's.
        """
        details = [detail for detail in metadata if isinstance(detail, Detail)]
        fit = [detail for detail in details if isinstance(detail, self.details)]
        promise = (
            self.refined(fit)
            if self.refined is not None
            else Promise(effects=self.effects, determinism=self.determinism)
        )
        return Refined(
            effects=promise.effects,
            determinism=promise.determinism,
            facts={name: value for detail in fit for name, value in detail.facts().items()},
            because=promise.because,
            vouched=promise.vouched,
            unfit=tuple(repr(detail) for detail in details if detail not in fit),
        )


def capability(  # noqa: PLR0913 - the parts of the one statement
    name: str,
    *,
    effects: Effects,
    determinism: Determinism,
    networked: bool = False,
    retry_owner: RetryOwner | None = None,
    idempotent_sink: bool | None = None,
    repeats: Sequence[str] = (),
    backends: Sequence[Backend] = (),
    details: Sequence[type[Detail]] = (),
    refine: Refine | None = None,
) -> Callable[[T], T]:
    """Declare a protocol as a capability type that nodes ask for by annotation; `CapabilityType` says what is said."""
    stated = CapabilityType(
        name=name,
        effects=effects,
        determinism=determinism,
        networked=networked,
        retry_owner=retry_owner,
        idempotent_sink=idempotent_sink,
        repeats=tuple(repeats),
        backends=tuple(backends),
        details=tuple(details),
        refined=refine,
    )

    def declare(protocol: T) -> T:
        setattr(protocol, _ATTRIBUTE, stated)
        return protocol

    return declare


def capability_type(annotation: object) -> CapabilityType | None:
    """The statement of a capability type, or none if the annotation is not one."""
    declared = getattr(annotation, _ATTRIBUTE, None)
    return declared if isinstance(declared, CapabilityType) else None
