"""What a flow's code may name: builtins, attributes and special methods. Data only; the rules are in `_rules`.

Names are allowed one by one. Attributes cannot be (records have their own), so the dangerous ones are refused: those
that lead from a value to the interpreter's own objects.
"""

from __future__ import annotations

import builtins
from typing import Final

BUILTINS: Final = frozenset(
    "abs aiter all anext any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod enumerate "
    "filter float format frozenset hasattr hash hex id int isinstance issubclass iter len list map max min next "
    "object oct ord pow print property range repr reversed round set slice sorted staticmethod str sum super tuple "
    "type zip Ellipsis NotImplemented".split()
) | frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, Exception) and not name.startswith("_")
)

# What can be named at module level without being defined there.
SPECIAL_NAMES: Final = frozenset({"__name__", "__doc__", "__debug__"})
ASSIGNABLE_SPECIAL_NAMES: Final = frozenset(
    {"__all__", "__author__", "__doc__", "__hash__", "__match_args__", "__slots__", "__version__"}
)
SPECIAL_ATTRIBUTES: Final = frozenset({"__doc__", "__members__", "__name__", "__qualname__"})
SPECIAL_TEXTS: Final = frozenset({"__main__", "__all__"})

SPECIAL_METHODS: Final = frozenset(
    f"__{name}__"
    for name in (
        "abs add aenter aexit aiter and anext await bool bytes call ceil complex contains delitem divmod enter eq exit "
        "float floor floordiv format ge getitem gt hash iadd iand ifloordiv imatmul imod imul index init int invert "
        "ior ipow isub iter itruediv ixor le len length_hint lshift lt matmul missing mod mul ne neg next or pos "
        "post_init pow radd rand rdivmod repr reversed rfloordiv rlshift rmatmul rmod rmul ror round rpow rrshift "
        "rshift rsub rtruediv rxor setitem str sub truediv trunc xor"
    ).split()
)

# Underscored, but public: what named tuples and enumerations document.
UNDERSCORED_ATTRIBUTES: Final = frozenset(
    "_asdict _fields _field_defaults _make _replace _missing_ _value_ _name_".split()
)

REFUSED_ATTRIBUTES: Final = frozenset(
    # from generators, coroutines, frames, tracebacks and functions to code and namespaces
    "ag_await ag_code ag_frame ag_running cr_await cr_code cr_frame cr_origin cr_running cr_suspended gi_code gi_frame "
    "gi_running gi_suspended gi_yieldfrom f_back f_builtins f_code f_generator f_globals f_lasti f_locals f_trace "
    "f_trace_lines f_trace_opcodes tb_frame tb_lasti tb_lineno tb_next co_argcount co_cellvars co_code co_consts "
    "co_exceptiontable co_filename co_firstlineno co_flags co_freevars co_lines co_names co_nlocals co_positions "
    "co_qualname co_stacksize co_varnames func_closure func_code func_defaults func_globals im_class im_func im_self "
    # of classes
    "mro "
    # of pydantic models: reading files, unpickling, and evaluating text as types
    "model_rebuild parse_file parse_raw update_forward_refs".split()
)

FORMAT_METHODS: Final = frozenset({"format", "format_map"})
