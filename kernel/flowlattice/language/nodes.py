"""`@node`: a function becomes a node; what it needs is in its signature, what can be derived is not written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

from flowlattice.language.batching import Batch
from flowlattice.language.caching import Cache
from flowlattice.language.identity import IdempotencyKey
from flowlattice.language.ports import Branch, Place, Step, calling_place
from flowlattice.lattice import Determinism, Effects

I = TypeVar("I")  # noqa: E741 - the field's usual name for an input type
O = TypeVar("O")  # noqa: E741 - the field's usual name for an output type
P = ParamSpec("P")

RetryOwner = Literal["orchestrator", "connector"]


@dataclass(frozen=True, kw_only=True)
class NodeOptions:
    """What an author may say about a node beyond its signature; `node` says what each means."""

    effects: Effects | None = None
    determinism: Determinism | None = None
    idempotency: IdempotencyKey | None = None
    honours_key: bool = False
    timeout: timedelta | None = None
    retry_owner: RetryOwner | None = None
    compensate: Node[Any, Any] | None = None
    cache: Cache | None = None
    batch: Batch | None = None
    concurrency: int | None = None
    vouch: tuple[str, ...] = ()


class Node(Step[I, O]):
    """A function in the graph. `function` is the plain function, for tests and for reuse."""

    def __init__(self, function: Callable[..., object], options: NodeOptions, place: Place, name: str = "") -> None:
        self.function = function
        self.options = options
        self.place = place
        self.name = name or function.__name__
        self.__doc__ = function.__doc__

    def side(self, name: str) -> Branch[I]:
        """Records that the node failed on, as it got them, where `flow.on_error` sends them: `DeadLetter(name)`."""
        return Branch(self, name)

    def named(self, name: str) -> Node[I, O]:
        """The same function as another node, since a name stands once in a flow."""
        return Node(self.function, self.options, calling_place(), name)


class _Decorator:
    """`@node(...)` with options; typed like the bare `@node`."""

    def __init__(self, options: NodeOptions, place: Place) -> None:
        self._options = options
        self._place = place

    @overload
    def __call__(self, function: Callable[Concatenate[I, P], AsyncIterator[O]]) -> Node[I, O]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[I, P], Coroutine[Any, Any, O]]) -> Node[I, O]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[I, P], O]) -> Node[I, O]: ...
    def __call__(self, function: Callable[..., object]) -> Node[Any, Any]:
        return Node(function, self._options, _definition(function, self._place))


class _Compensated(Generic[O]):
    """`@node(compensate=...)`: what the function returns is what the compensation takes."""

    def __init__(self, options: NodeOptions, place: Place) -> None:
        self._options = options
        self._place = place

    @overload
    def __call__(self, function: Callable[Concatenate[I, P], AsyncIterator[O]]) -> Node[I, O]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[I, P], Coroutine[Any, Any, O]]) -> Node[I, O]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[I, P], O]) -> Node[I, O]: ...
    def __call__(self, function: Callable[..., object]) -> Node[Any, Any]:
        return Node(function, self._options, _definition(function, self._place))


@overload
def node(function: Callable[Concatenate[I, P], AsyncIterator[O]], /) -> Node[I, O]: ...
@overload
def node(function: Callable[Concatenate[I, P], Coroutine[Any, Any, O]], /) -> Node[I, O]: ...
@overload
def node(function: Callable[Concatenate[I, P], O], /) -> Node[I, O]: ...
@overload
def node(
    *,
    effects: Effects | None = None,
    determinism: Determinism | None = None,
    idempotency: IdempotencyKey | None = None,
    honours_key: bool = False,
    timeout: timedelta | None = None,
    retry_owner: RetryOwner | None = None,
    compensate: None = None,
    cache: Cache | None = None,
    batch: Batch | None = None,
    concurrency: int | None = None,
    vouch: Sequence[str] = (),
) -> _Decorator: ...
@overload
def node(
    *,
    effects: Effects | None = None,
    determinism: Determinism | None = None,
    idempotency: IdempotencyKey | None = None,
    honours_key: bool = False,
    timeout: timedelta | None = None,
    retry_owner: RetryOwner | None = None,
    compensate: Node[O, Any],
    cache: Cache | None = None,
    batch: Batch | None = None,
    concurrency: int | None = None,
    vouch: Sequence[str] = (),
) -> _Compensated[O]: ...
def node(  # noqa: PLR0913 - one keyword per promise a node can make
    function: Callable[..., object] | None = None,
    /,
    *,
    effects: Effects | None = None,
    determinism: Determinism | None = None,
    idempotency: IdempotencyKey | None = None,
    honours_key: bool = False,
    timeout: timedelta | None = None,
    retry_owner: RetryOwner | None = None,
    compensate: Node[Any, Any] | None = None,
    cache: Cache | None = None,
    batch: Batch | None = None,
    concurrency: int | None = None,
    vouch: Sequence[str] = (),
) -> Node[Any, Any] | _Decorator | _Compensated[Any]:
    """Make a function a node.

    Its first parameter is the input, its return type the output, and every further parameter a capability by its
    annotation (or a `Context`). Effects and determinism are derived; to declare them is to confirm or to promise less.

    Args:
        function: The function, when used without arguments.
        effects: A claim, checked by EFFECT201.
        determinism: A claim, checked by DET301 and DET302.
        idempotency: What identifies the node's effect, `by("order_id")`.
        honours_key: That whom it writes to takes the key and does the same thing once, by contract.
        timeout: How long one attempt may take.
        retry_owner: Who retries it, the orchestrator or the connector.
        compensate: The node that undoes its effect; it takes what this one returned.
        cache: Where its results are kept, `Cache(by("id"), ttl=hours(1))`.
        batch: How many records may be taken together, `Batch(1000, within=ms(200))`.
        concurrency: How many records it may work on at once.
        vouch: Calls in the body, as they are written there, that cannot be resolved and that you say are pure.

    Raises:
        TypeError: A claim is no level.
    """
    place = calling_place()
    _refuse_unless_level("effects", effects, Effects)
    _refuse_unless_level("determinism", determinism, Determinism)
    if function is not None:
        return Node(function, NodeOptions(), _definition(function, place))
    options = NodeOptions(
        effects=effects,
        determinism=determinism,
        idempotency=idempotency,
        honours_key=honours_key,
        timeout=timeout,
        retry_owner=retry_owner,
        compensate=compensate,
        cache=cache,
        batch=batch,
        concurrency=concurrency,
        vouch=tuple(vouch),
    )
    return _Decorator(options, place) if compensate is None else _Compensated(options, place)


def _refuse_unless_level(what: str, claim: object, kind: type[Effects] | type[Determinism]) -> None:
    if claim is None or isinstance(claim, kind):
        return
    levels = [f"{kind.__name__}.{level.name}" for level in kind]
    meant = f"{kind.__name__}.{str(claim).upper()}"
    error = TypeError(f"the {what} of a node are {', '.join(levels)}, not {claim!r}"[:300])
    error.add_note(f"write {what}={meant}" if meant in levels else f"leave {what} out: what the body does is derived")
    raise error


def _definition(function: Callable[..., object], fallback: Place) -> Place:
    code = getattr(function, "__code__", None)
    if code is None:
        return fallback
    return Place(file=code.co_filename, line=code.co_firstlineno)
