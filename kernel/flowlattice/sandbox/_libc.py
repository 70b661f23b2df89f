"""Calling the C library by hand: raw system calls and `prctl`, with errno as OSError. Linux only."""

from __future__ import annotations

import ctypes
import os
from typing import TypeAlias

Argument: TypeAlias = "int | ctypes.Array[ctypes.c_char] | ctypes.Structure | None"


def syscall(number: int, *arguments: Argument) -> int:
    """Call the kernel.

    Raises:
        OSError: The kernel refused.
    """
    return _checked("syscall", number, *arguments)


def prctl(option: int, *arguments: int) -> int:
    """Change a setting of this process.

    Raises:
        OSError: The kernel refused.
    """
    return _checked("prctl", option, *arguments, *([0] * (4 - len(arguments))))


def _checked(name: str, *arguments: Argument) -> int:
    function = ctypes.CDLL(None, use_errno=True)[name]
    function.restype = ctypes.c_long
    result: int = function(*[_word(argument) for argument in arguments])
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}({arguments[0]}): {os.strerror(code)}")
    return result


def _word(argument: Argument) -> object:
    # Variadic arguments must have the width of a register, else their upper half is undefined.
    if isinstance(argument, int):
        return ctypes.c_long(argument)
    return ctypes.c_void_p(None) if argument is None else ctypes.byref(argument)
