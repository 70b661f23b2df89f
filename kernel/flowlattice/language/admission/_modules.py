"""Which modules a flow may import, and which of their names.

Pure modules, those whose nondeterminism the checker reports (random, time, uuid, secrets), and modules of capability
types that installed distributions announce (`capabilities.registry`). A module is allowed for its public names only,
never for the modules it happens to have imported itself.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Final

from flowlattice.capabilities import registry

KERNEL: Final = "flowlattice"
OPERATORS: Final = "flowlattice.operators"


@dataclass(frozen=True)
class _Allowed:
    """What of a module may be used: its public names, or only some, but never others."""

    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()


def _only(names: str) -> _Allowed:
    return _Allowed(only=frozenset(names.split()))


def _but(names: str) -> _Allowed:
    return _Allowed(never=frozenset(names.split()))


_ALL = _Allowed()

_STANDARD: Final[Mapping[str, _Allowed]] = {
    "__future__": _only("annotations"),
    "abc": _only("ABC abstractmethod"),
    "asyncio": _only("sleep"),  # the rest reaches sockets and processes
    "base64": _ALL,
    "binascii": _ALL,
    "bisect": _ALL,
    "calendar": _but("LocaleHTMLCalendar LocaleTextCalendar different_locale setfirstweekday"),
    "cmath": _ALL,
    "collections": _ALL,
    "collections.abc": _ALL,
    "contextlib": _only("asynccontextmanager contextmanager nullcontext suppress"),
    "copy": _only("copy deepcopy"),
    "csv": _only("DictReader QUOTE_ALL QUOTE_MINIMAL QUOTE_NONE QUOTE_NONNUMERIC reader"),  # dialects are shared state
    "dataclasses": _but("make_dataclass"),  # it evaluates texts as code
    "datetime": _ALL,
    "decimal": _ALL,
    "enum": _only("Enum Flag IntEnum IntFlag StrEnum auto member nonmember unique"),
    "fractions": _ALL,
    # update_wrapper copies attributes by name; `_rules` restricts wraps.
    "functools": _only(
        "cache cached_property cmp_to_key lru_cache partial partialmethod reduce singledispatch total_ordering wraps"
    ),
    "hashlib": _but("file_digest"),
    "heapq": _ALL,
    "hmac": _only("HMAC compare_digest digest new"),
    "html": _ALL,
    "itertools": _ALL,
    "json": _ALL,
    "math": _ALL,
    "numbers": _ALL,
    "operator": _but("attrgetter methodcaller"),  # they read attributes by name
    "random": _ALL,
    "re": _ALL,
    "secrets": _ALL,
    "statistics": _ALL,
    "string": _but("Formatter"),  # it follows attributes by name
    "textwrap": _ALL,
    "time": _only(
        "asctime ctime gmtime localtime mktime monotonic monotonic_ns perf_counter perf_counter_ns process_time "
        "process_time_ns sleep strftime strptime struct_time thread_time thread_time_ns time time_ns timezone tzname"
    ),
    "typing": _but(
        # they evaluate texts as code, or lead to objects that do
        "ForwardRef get_overloads get_type_hints clear_overloads evaluate_forward_ref no_type_check_decorator "
        "BinaryIO IO TextIO"
    ),
    "unicodedata": _ALL,
    "urllib.parse": _ALL,
    "uuid": _only("NAMESPACE_DNS NAMESPACE_OID NAMESPACE_URL NAMESPACE_X500 UUID uuid1 uuid3 uuid4 uuid5"),
    "zlib": _ALL,
    "zoneinfo": _only("ZoneInfo ZoneInfoNotFoundError"),
}

_CAPABILITIES = "a flow's code reaches the outside only through the capabilities in a node's signature"
_INSTEAD: Final[Mapping[str, str]] = {
    "httpx": "take a parameter of type HttpRead or HttpWrite",
    "requests": "take a parameter of type HttpRead or HttpWrite",
    "aiohttp": "take a parameter of type HttpRead or HttpWrite",
    "urllib": "take a parameter of type HttpRead or HttpWrite; urllib.parse may be imported",
    "http": "take a parameter of type HttpRead or HttpWrite, or import http from flowlattice",
    "socket": "take a parameter of type HttpRead or HttpWrite",
    "sqlite3": "take a parameter of type KvRead or KvWrite",
    "pydantic": "import Record and field from flowlattice",
    "logging": "return what is to be known in the record",
    "os": _CAPABILITIES,
    "sys": _CAPABILITIES,
    "io": _CAPABILITIES,
    "pathlib": _CAPABILITIES,
    "subprocess": _CAPABILITIES,
}


def may_import(module: str) -> bool:
    """Whether a module may be imported by this name."""
    return module in _STANDARD or module == KERNEL or _is_operators(module) or _is_admitted(module)


def allows(module: str, name: str) -> bool:
    """Whether `module.name` may be used; `module` may be imported or was found by `submodule`."""
    return name in _public(module) or submodule(module, name) is not None


def submodule(module: str, name: str) -> str | None:
    """The module that `module.name` is, if it is one that may be used."""
    dotted = f"{module}.{name}"
    if may_import(dotted):
        return dotted
    if module == KERNEL and name in _public(KERNEL):
        value = getattr(import_module(KERNEL), name)
        return value.__name__ if isinstance(value, ModuleType) else None
    return None


def instead(module: str) -> str:
    """What to do rather than import a module."""
    top = module.partition(".")[0]
    announced = registry.find(module)
    if announced is not None and announced.problem is not None:
        return announced.problem
    if top in _INSTEAD or top in sys.stdlib_module_names:
        return _INSTEAD.get(top, "use what flowlattice exports, its operators, or a pure module")
    return f"a file of the flow's own folder is imported with a dot, `from .{top} import …`; libraries are not"


def _public(module: str) -> frozenset[str]:
    if module not in _STANDARD and not _is_kernel(module):
        if _is_admitted(module):
            return frozenset(_own_names(import_module(module)))
        return frozenset()  # only on the way to a submodule, as urllib is to urllib.parse
    if module == OPERATORS:
        return frozenset({"NoValueError"})
    loaded = import_module(module)
    rule = _STANDARD.get(module, _ALL)
    if rule.only is not None:
        return rule.only
    names = getattr(loaded, "__all__", None) or _own_names(loaded)
    return frozenset(names) - rule.never


def _own_names(module: ModuleType) -> list[str]:
    """The public names of a module that does not list them; outside the standard library those that it defines."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and (module.__name__ in _STANDARD or str(getattr(value, "__module__", "")).startswith(module.__name__))
    ]


def _is_kernel(module: str) -> bool:
    return module == KERNEL or module.startswith(f"{KERNEL}.")


def _is_admitted(module: str) -> bool:
    announced = registry.find(module)
    return announced is not None and announced.problem is None


def _is_operators(module: str) -> bool:
    parent, _, family = module.rpartition(".")
    return module == OPERATORS or (parent == OPERATORS and family in import_module(OPERATORS).FAMILIES)
