"""flowlattice: flows are typed dataflow programs that are compiled, certified, reviewed and deployed.

This package exports what authors of flows write; tools use its subpackages. The names are in `_authoring` and are
imported when the first of them is asked for: a tool that needs none of them starts without them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from flowlattice._authoring import *  # noqa: F403 - all of them, and they are pinned by a test
    from flowlattice._authoring import __all__ as __all__
else:

    def __getattr__(name: str) -> object:
        from importlib.util import find_spec

        is_module = (name.startswith("__") and name != "__all__") or find_spec(f"{__name__}.{name}") is not None
        if is_module:  # `from flowlattice import commands` asks for the attribute before it imports the module
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module("flowlattice._authoring")
        if name != "__all__" and name not in module.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals().update({each: getattr(module, each) for each in module.__all__}, __all__=module.__all__)
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *__getattr__("__all__")})
