"""The reader of one node: which functions were read already, with what they were given, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from types import FunctionType
from typing import Final

from pydantic import BaseModel

from flowlattice.language._body import Body
from flowlattice.language._classes import Method, operators
from flowlattice.language._findings import Cause, Misuse, Reading, Repeated, Url, Used
from flowlattice.language._loading import Initial, Loading, is_ours
from flowlattice.language._objects import implementations, knowledge, module_knowledge, unwrapped
from flowlattice.language._scope import Given, Scope
from flowlattice.language.annotations import arguments_within, without_metadata
from flowlattice.language.ports import Place
from flowlattice.language.purity import PURE, Known, unknown
from flowlattice.language.sources import SourceFiles
from flowlattice.lattice import Determinism, Effects

_MOST_WAYS: Final = 8
"""In how many ways of calling it a function is read; further ones count as if nothing was known of what it is given."""


class Reader:
    """Reads each function once for each way that it is called; `reading` collects what they do."""

    def __init__(self, sources: SourceFiles, vouched: frozenset[str]) -> None:
        self.sources = sources
        self.reading = Reading()
        self._vouched = vouched
        self._read: dict[object, dict[frozenset[object], Mapping[str, Given]]] = {}
        self._touched: set[type] = set()

    def root(self, function: Callable[..., object], place: Place) -> None:
        """Read the function of a node, and what its decorators wrapped."""
        for target in implementations(function):
            if not self.owns(target):
                name = getattr(target, "__qualname__", repr(target))
                self.add(knowledge(target) or unknown(f"calls {name}, which is not known to be pure"), place)
            for each in _layers(target):
                if self.owns(each):
                    self.function(each, place, is_root=True)

    def function(
        self,
        function: Callable[..., object],
        place: Place,
        given: Mapping[str, Given] | None = None,
        *,
        is_root: bool = False,
    ) -> None:
        """Read a function, if it was not read before with what it is given; `place` is where it is named."""
        given = given or {}
        ways = self._read.setdefault(function, {})
        way: frozenset[object] = frozenset((name, handed.key) for name, handed in given.items())
        if way in ways and not is_root:
            return
        if len(ways) >= _MOST_WAYS:
            way, given = frozenset(), {}
            if way in ways:
                return
        ways[way] = given  # kept, so that the identities in its key stay their own
        syntax = self.sources.function(function)
        if syntax is None or not isinstance(function, FunctionType):
            name = getattr(function, "__qualname__", repr(function))
            self.add(self.knowledge(function) or unknown(f"calls {name}, which cannot be read"), place)
        else:
            self.walk(Scope(function, syntax, self.sources, given), is_root=is_root)

    def walk(self, scope: Scope, *, is_root: bool) -> None:
        """Walk over the body of a function."""
        Body(self, scope, is_root=is_root).read()

    @cached_property
    def loading(self) -> Loading:
        """Reads what made the values that bodies read."""
        return Loading(_LoadingReader(self))

    def knowledge(self, target: object) -> Known | None:
        """What is known of calling an object that the flow does not define."""
        return knowledge(target)

    def knows(self, module: str) -> Known | None:
        """What is known of a module as a whole."""
        return module_knowledge(module)

    def method(self, method: Method, place: Place, given: Mapping[str, Given] | None = None) -> None:
        """Read a method, its first parameter being what it belongs to; what is no code of the flow's is passed over."""
        if self.owns(method.function):
            self.function(method.function, place, self.with_receiver(method, given))

    def with_receiver(self, method: Method, given: Mapping[str, Given] | None = None) -> dict[str, Given]:
        """What a method is given, its receiver too."""
        syntax = self.sources.function(method.function)
        first = [] if syntax is None else [*syntax.args.posonlyargs, *syntax.args.args][:1]
        return {**(given or {}), **({first[0].arg: method.receiver} if first and method.receiver is not None else {})}

    def touch(self, annotation: object, place: Place) -> None:
        """Read what operators do with objects of a type: nothing names that where it is run."""
        for kind in arguments_within(without_metadata(annotation)):
            if kind in self._touched:
                continue
            self._touched.add(kind)
            if not self.owns_class(kind):
                continue
            for method in operators(kind, self.sources):
                self.method(method, place)
            if issubclass(kind, BaseModel):
                for info in kind.model_fields.values():
                    self.touch(info.annotation, place)

    def owns(self, function: object) -> bool:
        """Whether a function was written in the flow."""
        return isinstance(function, FunctionType) and self.sources.owns(function.__code__.co_filename)

    def owns_class(self, kind: type) -> bool:
        """Whether a class was written in the flow."""
        return self.sources.class_(kind) is not None

    def vouches(self, *names: str) -> bool:
        """Whether the author vouches for something by one of these names, which is then noted."""
        found = next((name for name in names if name in self._vouched), None)
        if found is not None and found not in self.reading.vouched:
            self.reading.vouched.append(found)
        return found is not None

    def add(self, known: Known, place: Place) -> None:
        """Add a cause, unless there is nothing to say or it was said before."""
        if known.effects is Effects.PURE and known.determinism is Determinism.STRICT:
            return
        cause = Cause(effects=known.effects, determinism=known.determinism, because=known.because, place=place)
        self.reading.note(cause)

    def add_misuse(self, misuse: Misuse) -> None:
        """Add a misuse, unless it was found before."""
        if misuse not in self.reading.misuses:
            self.reading.misuses.append(misuse)

    def add_used(self, used: Used) -> None:
        """Add a method of a capability that is named."""
        self.reading.used.add(used)

    def add_repeated(self, repeated: Repeated) -> None:
        """Add a call that is made again until it succeeds, unless it was found before."""
        if repeated not in self.reading.repeated:
            self.reading.repeated.append(repeated)

    def add_url(self, url: Url) -> None:
        """Add a URL, unless it was found before."""
        if url not in self.reading.urls:
            self.reading.urls.append(url)


class _LoadingReader(Reader):
    """Reads what runs while the flow is loaded: what it changes then is the flow, and no effect of its nodes."""

    def __init__(self, outer: Reader) -> None:
        super().__init__(outer.sources, frozenset())
        self._outer = outer

    @property
    def loading(self) -> Loading:
        """The same: what is loaded for loading is loaded too."""
        return self._outer.loading

    def walk(self, scope: Scope, *, is_root: bool) -> None:
        """Walk over the body of a function that runs while loading."""
        Initial(self, scope, is_root=is_root).read()

    def knowledge(self, target: object) -> Known | None:
        """The same as ever, and what belongs to flows makes parts of one."""
        return PURE if is_ours(str(getattr(target, "__module__", ""))) else super().knowledge(target)

    def knows(self, module: str) -> Known | None:
        """The same for a module as a whole."""
        return PURE if is_ours(module) else super().knows(module)

    def vouches(self, *names: str) -> bool:
        """Whether the author vouches for something."""
        return self._outer.vouches(*names)

    def add(self, known: Known, place: Place) -> None:
        """Add a cause, unless it is about what the flow keeps, which loading is there to fill."""
        if not known.of_state:
            effects = Effects.PURE if known.effects is Effects.PURE else Effects.READ_ONLY
            self._outer.add(replace(known, effects=effects), place)

    def add_misuse(self, misuse: Misuse) -> None:
        """Loading has no capabilities."""

    def add_used(self, used: Used) -> None:
        """Loading has no capabilities."""

    def add_repeated(self, repeated: Repeated) -> None:
        """Loading has no capabilities."""

    def add_url(self, url: Url) -> None:
        """What is read of it counts where it is read."""


def _layers(function: object) -> Iterator[FunctionType]:
    """A function and what its decorators wrapped, from the outermost to the innermost."""
    while isinstance(function, FunctionType):
        yield function
        function = unwrapped(getattr(function, "__wrapped__", None))
