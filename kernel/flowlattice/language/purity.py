"""What is known of the functions that bodies call: data for the reader, no analysis here.

Anything that stands in no table is unknown, and unknown is best_effort and effectful.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flowlattice.capabilities import HttpResponse
from flowlattice.lattice import Determinism, Effects


@dataclass(frozen=True)
class Known:
    """What calling something does, and how to say so; `of_state` if that is about what the flow itself keeps."""

    effects: Effects
    determinism: Determinism
    because: str
    of_state: bool = False


def in_words(known: Known, spelled: str) -> Known:
    """The same knowledge, its words followed by what was written."""
    return Known(known.effects, known.determinism, f"{known.because} ({spelled})") if known.because else known


def unknown(because: str) -> Known:
    """What is known of code that cannot be read: nothing, so that all has to be expected."""
    return Known(Effects.EFFECTFUL, Determinism.BEST_EFFORT, because)


def nondeterministic(because: str) -> Known:
    """Reading something that other runs change."""
    return Known(Effects.READ_ONLY, Determinism.NONDETERMINISTIC, because, of_state=True)


def outside_change(what: str) -> Known:
    """Changing something that other runs see."""
    because = f"changes {what}, which lives outside the node"
    return Known(Effects.EFFECTFUL, Determinism.NONDETERMINISTIC, because, of_state=True)


PURE: Final = Known(Effects.PURE, Determinism.STRICT, "")
_CLOCK: Final = Known(Effects.READ_ONLY, Determinism.NONDETERMINISTIC, "reads the clock")
_RANDOM: Final = Known(Effects.READ_ONLY, Determinism.NONDETERMINISTIC, "draws randomness")
_HASH: Final = Known(Effects.PURE, Determinism.NONDETERMINISTIC, "depends on the process (hash seed or address)")
_ZONES: Final = Known(Effects.PURE, Determinism.STABLE, "depends on the installed time zone data")
ZONE: Final = Known(Effects.READ_ONLY, Determinism.BEST_EFFORT, "depends on the machine's time zone")
_ENVIRONMENT: Final = Known(Effects.READ_ONLY, Determinism.BEST_EFFORT, "reads the environment")
_OUTSIDE: Final = Known(Effects.EFFECTFUL, Determinism.BEST_EFFORT, "reaches outside the process")
_CONTEXT: Final = Known(Effects.EFFECTFUL, Determinism.BEST_EFFORT, "changes the state of its thread")

PURE_BUILTINS: Final = frozenset(
    "abs aiter all anext any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter "
    "float format frozenset hasattr hex int isinstance issubclass iter len list map max min next object oct ord "
    "pow property range repr reversed round set slice sorted str sum super tuple type zip staticmethod "
    "classmethod mappingproxy".split()
)

SPECIAL_BUILTINS: Final = {
    "hash": _HASH,
    "id": _HASH,
    "print": _OUTSIDE,
    "open": _OUTSIDE,
    "input": _OUTSIDE,
    "eval": _OUTSIDE,
    "exec": _OUTSIDE,
    "compile": _OUTSIDE,
    "__import__": _OUTSIDE,
    "breakpoint": _OUTSIDE,
}

PURE_MODULES: Final = frozenset(
    "_csv abc base64 binascii bisect blake2 calendar cmath collections contextlib copy csv dataclasses datetime "
    "decimal enum flowlattice.durations flowlattice.sizes fractions functools hashlib heapq hmac html itertools json "
    "math md5 numbers operator re sha1 sha2 sha256 sha3 sha512 statistics string textwrap types typing unicodedata "
    "urllib.parse zlib".split()
)

# Functions of otherwise pure modules that are not, and of modules that are what they are.
SPECIAL_FUNCTIONS: Final = {
    "datetime.datetime.now": _CLOCK,
    "datetime.datetime.today": _CLOCK,
    "datetime.datetime.utcnow": _CLOCK,
    "datetime.date.today": _CLOCK,
    "datetime.datetime.fromtimestamp": ZONE,
    "datetime.date.fromtimestamp": ZONE,
    "datetime.datetime.timestamp": ZONE,
    "datetime.datetime.astimezone": ZONE,
    "decimal.setcontext": _CONTEXT,
    "decimal.getcontext": _CONTEXT,
    "uuid.uuid1": _RANDOM,
    "uuid.uuid4": _RANDOM,
    "uuid.getnode": _ENVIRONMENT,
    "uuid.uuid3": PURE,
    "uuid.uuid5": PURE,
    "uuid.UUID": PURE,
    "asyncio.tasks.sleep": PURE,
    "asyncio.tasks.gather": PURE,
    "calendar.setfirstweekday": _CONTEXT,
    "flowlattice.language.invalid.require": PURE,
    "flowlattice.language.invalid.require_all": PURE,
    "statistics.NormalDist.samples": _RANDOM,
    "statistics.kde_random": _RANDOM,
    "time.strptime": PURE,
    "time.struct_time": PURE,
}

SPECIAL_MODULES: Final = {
    "time": _CLOCK,
    "_time": _CLOCK,
    "random": _RANDOM,
    "_random": _RANDOM,
    "secrets": _RANDOM,
    "zoneinfo": _ZONES,
    "locale": _ENVIRONMENT,
    "platform": _ENVIRONMENT,
    "os": _OUTSIDE,
    "posix": _OUTSIDE,
    "sys": _OUTSIDE,
    "io": _OUTSIDE,
    "_io": _OUTSIDE,
    "pathlib": _OUTSIDE,
    "socket": _OUTSIDE,
    "subprocess": _OUTSIDE,
    "threading": _OUTSIDE,
    "logging": _OUTSIDE,
    "urllib.request": _OUTSIDE,
    "http.client": _OUTSIDE,
    "httpx": _OUTSIDE,
    "requests": _OUTSIDE,
}

# Values of modules that are not what their modules are.
SPECIAL_VALUES: Final = {"os.environ": _ENVIRONMENT, "sys.argv": _ENVIRONMENT, "sys.maxsize": PURE}

# Methods that are not pure whatever they are called on; `astimezone` only without an argument.
SPECIAL_METHODS: Final = {"timestamp": ZONE, "astimezone": ZONE, "samples": _RANDOM}

# Methods of the values that flow through bodies: text, numbers, collections, dates, matches and records.
PURE_METHODS: Final = frozenset(
    name
    for kind in (str, bytes, int, float, list, dict, set, frozenset, tuple)
    for name in dir(kind)
    if not name.startswith("_")
) | frozenset(
    "isoformat strftime date time timetz replace weekday isoweekday isocalendar toordinal total_seconds utcoffset "
    "group groups groupdict start end span match search fullmatch findall finditer sub subn expand quantize "
    "normalize to_integral_value as_tuple is_nan is_finite copy_abs adjusted limit_denominator hexdigest digest "
    "most_common elements model_copy model_dump is_cancelled total rotate move_to_end appendleft popleft "
    "extendleft new_child dst tzname ctime compare sqrt exp ln log10 to_integral to_eng_string is_zero is_signed "
    "is_infinite is_normal same_quantum scaleb shift fma max_mag min_mag copy_sign copy_negate substitute "
    "safe_substitute get_identifiers is_valid wrap fill cdf pdf inv_cdf overlap quantiles zscore model_dump_json "
    "model_validate model_validate_json geturl itermonthdates itermonthdays monthdatescalendar monthdayscalendar "
    "_replace _asdict _make".split()
)

PURE_METHODS_OF: Final[Mapping[type, frozenset[str]]] = {HttpResponse: frozenset({"raise_for_status", "read"})}
"""Methods with names that say nothing by themselves, by the type that they are called on."""

MUTATORS: Final = frozenset(
    "append appendleft extend extendleft insert remove pop popleft popitem clear sort reverse rotate add discard "
    "update setdefault intersection_update difference_update symmetric_difference_update subtract move_to_end".split()
)

# Functions that change their first argument.
MUTATING_FUNCTIONS: Final = frozenset(
    "heappush heappop heapify heapreplace heappushpop insort insort_left insort_right setitem delitem iadd iand "
    "iconcat ior isub imul ixor setattr delattr next".split()
)

# Functions whose result does not depend on the order of what they are given.
ORDER_FREE: Final = frozenset("sorted set frozenset any all len min max bool isinstance type id hash".split())

# Methods whose result depends on the order of what they are given, and those of a set that give a set.
ORDERED_METHODS: Final = frozenset("join extend extendleft format fromkeys".split())
SET_METHODS: Final = frozenset("union intersection difference symmetric_difference copy".split())
