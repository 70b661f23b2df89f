"""Admission: attempts to get out are refused, honest code is admitted, and every refusal has a place and advice."""

from pathlib import Path

import pytest

from flowlattice.language.admission import Refusal, admit, admit_files

ROOT = Path(__file__).parents[2]


def corpus(name: str) -> dict[str, str]:
    """Pieces of code by their headings (`### heading`)."""
    text = (Path(__file__).parent / "admission" / name).read_text(encoding="utf-8")
    pieces = (piece.partition("\n") for piece in text.split("### ")[1:])
    return {heading: code for heading, _, code in pieces}


HOSTILE = {
    # imports
    "os": "import os",
    "os as": "import os as json",
    "dotted": "import os.path",
    "from os": "from os import environ",
    "importlib": "from importlib import import_module",
    "ctypes": "import ctypes",
    "pickle": "from pickle import loads",
    "builtins": "import builtins",
    "inspect": "import inspect",
    "types": "from types import FunctionType, CodeType",
    "gc": "import gc",
    "weakref": "import weakref",
    "codecs": "import codecs",
    "logging": "import logging.handlers",
    "pydantic": "from pydantic import ImportString",
    "other kernel packages": "from flowlattice.sandbox import run",
    "kernel internals": "import flowlattice\nflowlattice.language.loading.load('x')",
    "kernel internals by name": "from flowlattice import language",
    "asyncio subprocess": "from asyncio import create_subprocess_shell",
    "asyncio streams": "import asyncio\nasyncio.open_connection('x', 1)",
    "everything": "from json import *",
    "inside a function": "def f():\n    import subprocess\n    subprocess.run('id')",
    "while type checking": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os",
    "outside the folder": "from ..secrets import key",
    "outside the folder, bare": "from .. import other",
    "below the folder": "from .lib.evil import run",
    "missing sibling": "from .nothing import x",
    "io": "from io import open",
    # modules of modules
    "statistics.sys": "import statistics\nstatistics.sys.modules",
    "json.codecs": "import json\njson.codecs.open('/etc/passwd')",
    "re.enum.sys": "import re\nre.enum.sys",
    "abc.sys": "import collections.abc\ncollections.abc.sys",
    "random._os": "import random\nrandom._os.system('id')",
    "from random _os": "from random import _os",
    "from statistics sys": "from statistics import sys",
    "textwrap.re": "import textwrap\ntextwrap.re.enum",
    "submodule never imported": "import urllib.parse\nurllib.request.urlopen('x')",
    "json.decoder": "import json\njson.decoder.scanner",
    "operator family": "from flowlattice.operators import text\ntext.Callable",
    "http module": "from flowlattice import http\nhttp.dataclass",
    "module in a variable": "import json\nm = json\nm.codecs",
    "module in a list": "import statistics\nmodules = [statistics]",
    "module as argument": "import json\nprint(json)",
    "module returned": "import json\ndef f():\n    return json",
    "module by default": "import json\ndef f(m=json):\n    return m.codecs",
    "module by walrus": "import json\n(m := json).codecs",
    "module in a comprehension": "import json\n[m.codecs for m in [json]]",
    "module matched": "import json\nmatch json:\n    case m:\n        m.codecs",
    "module behind a class name": "import json\nclass A:\n    json = json",
    "module behind a condition": "import json\nif input:\n    json = 1\njson.codecs",
    "module by function import": "def f():\n    import json\n    return json",
    "submodule as value": "import collections\nx = collections.abc",
    "module changed": "import json\njson.loads = print",
    "module attribute deleted": "import json\ndel json.loads",
    "class changed": "from decimal import Decimal\nDecimal.quantize = lambda *a: 1",
    "class changed by alias": "from flowlattice import Flow\nF = Flow\nF.connect = print",
    # builtins
    "eval": "eval('1')",
    "exec": "exec('import os')",
    "compile": "compile('1', '', 'eval')",
    "open": "open('/etc/passwd').read()",
    "import function": "__import__('os').system('id')",
    "builtins name": "__builtins__['eval']('1')",
    "getattr": "getattr(1, 'real')",
    "setattr": "setattr(print, 'x', 1)",
    "delattr": "delattr(print, 'x')",
    "vars": "vars()['x']",
    "globals": "globals()['x']",
    "locals": "locals()",
    "dir": "dir(1)",
    "input": "input()",
    "breakpoint": "breakpoint()",
    "memoryview": "memoryview(b'x').obj",
    "help": "help()",
    "exit": "exit()",
    "system exit": "raise SystemExit",
    "base exception": "try:\n    pass\nexcept BaseException:\n    pass",
    "builtin in a variable": "e = eval\ne('1')",
    "builtin as decorator": "@exec\ndef f():\n    pass",
    "builtin as argument": "list(map(eval, ['1']))",
    "builtin as default": "def f(run=exec):\n    run('1')",
    "builtin before it is shadowed": "eval('1')\neval = None",
    "builtin by a class body": "class A:\n    run = eval('1')\n    eval = None",
    "builtin declared but not bound": "class A:\n    eval: int\n    run = eval('1')",
    "builtin bound by global": "def f():\n    global open\n    open = 1\nopen('/etc/passwd')",
    "loader": "__loader__.load_module('os')",
    "spec": "__spec__.loader",
    "file": "print(__file__)",
    "type with a body": "type('X', (), {'__del__': print})",
    "type as value": "t = type\nt('X', (), {})",
    "type of type": "type(type(1))('X', (), {})",
    "type of a function, called": "type(lambda: 0)(1, 2)",
    "type as base": "class M(type):\n    pass",
    "super with arguments": "super(int, 1)",
    "super as value": "s = super",
    "hasattr computed": "hasattr(1, '__cla' + 'ss__')",
    "hasattr of a frame": "hasattr((i for i in ()), 'gi_frame')",
    # attributes
    "class": "().__class__.__base__.__subclasses__()",
    "mro": "int.mro()",
    "globals of a function": "(lambda: 0).__globals__",
    "code": "(lambda: 0).__code__",
    "generator frame": "(i for i in ()).gi_frame.f_builtins",
    "coroutine frame": "async def f(): pass\nf().cr_frame",
    "asynchronous generator frame": "async def f():\n    yield 1\nf().ag_frame",
    "traceback": "try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__.tb_frame.f_back",
    "traceback at exit": "class C:\n    def __exit__(self, kind, error, trace):\n        trace.tb_frame",
    "dict": "print.__self__.__dict__",
    "init globals": "class A:\n    def __init__(self): pass\nA.__init__.__globals__",
    "reduce": "(1).__reduce_ex__(4)",
    "dunder assignment": "def f(): pass\nf.__code__ = 1",
    "dunder of super": "class A:\n    def f(self):\n        super().__getattribute__('x')",
    "doc alias": "class A:\n    __class__ = int",
    "full width letters": "().__ｃlass__",
    "full width builtin": "ｅval('1')",
    "matched": "match 1:\n    case object(__class__=c):\n        c",
    "matched frame": "match (i for i in ()):\n    case object(gi_frame=f):\n        f",
    "private of another": "def f(flow):\n    flow._nodes",
    "private of another, called self": "def f(self):\n    return self._control",
    "mangled": "class A:\n    def f(self, o):\n        return o.__secret",
    "pydantic pickle": "from flowlattice import Record\nRecord.parse_raw(b'', allow_pickle=True)",
    "pydantic file": "from flowlattice import Record\nRecord.parse_file('/etc/passwd')",
    "pydantic types": "from flowlattice import Record\nRecord.model_rebuild(_types_namespace={})",
    # names
    "import as dunder": "import json as __builtins__",
    "from import as dunder": "from json import loads as __import__",
    "dunder parameter": "def f(__class__): pass",
    "dunder keyword": "dict(__class__=1)",
    "dunder function": "def __getattr__(name): pass",
    "dunder class": "class __loader__: pass",
    "dunder capture": "match 1:\n    case __builtins__: pass",
    "dunder exception": "try: pass\nexcept Exception as __builtins__: pass",
    "dunder global": "def f():\n    global __builtins__",
    "dunder text": "x = '__globals__'",
    "annotations of the module": "__annotations__['x'] = 1",
    # classes
    "metaclass": "class A(metaclass=print): pass",
    "hidden metaclass": "class A(**{'metaclass': print}): pass",
    "finaliser": "class A:\n    def __del__(self): pass",
    "subclass hook": "class A:\n    def __init_subclass__(cls): pass",
    "attribute hook": "class A:\n    def __getattribute__(self, name): pass",
    "reduce method": "class A:\n    def __reduce__(self): return print, ()",
    "class item": "class A:\n    def __class_getitem__(cls, item): pass",
    "descriptor": "class A:\n    def __set_name__(self, owner, name): pass",
    "new": "class A:\n    def __new__(cls): pass",
    # texts that are evaluated or followed
    "format": "'{0.__class__}'.format(1)",
    "format by index": "'{a[x].__globals__}'.format(a={})",
    "format nested": "'{0:{1.__class__}}'.format(1, 2)",
    "format frame": "'{0.gi_frame}'.format(i for i in ())",
    "format of a variable": "t = '{0.__cla' + 'ss__}'\nt.format(1)",
    "format of an f-string": "x = 'a'\nf'{{0.{x}}}'.format(1)",
    "format as value": "f = str.format\nf('{0.x}', 1)",
    "format mapped": "list(map(str.format, ['{0.x}'], [1]))",
    "format_map": "'{x.__class__}'.format_map({})",
    "formatter": "from string import Formatter",
    "formatter by attribute": "import string\nstring.Formatter()",
    "attrgetter": "from operator import attrgetter",
    "methodcaller": "import operator\noperator.methodcaller('x')",
    "update_wrapper": "from functools import update_wrapper",
    "wraps with names": "from functools import wraps\nwraps(print, ('__globals__',), ())",
    "wraps as value": "from functools import wraps\nw = wraps",
    "wraps by module": "import functools\nfunctools.wraps(print, updated=())",
    "make_dataclass": "from dataclasses import make_dataclass",
    "get_type_hints": "from typing import get_type_hints",
    "forward reference": "from typing import ForwardRef",
    "global_enum": "import enum\nenum.global_enum",
    "annotation text": 'def f(a: \'__import__("os").system("id")\'): pass',
    "annotation text, nested": "def f(a: list['print(1)']): pass",
    "annotation text, twice": "def f(a: 'list[\"eval(1)\"]'): pass",
    "annotation of a field": "from flowlattice import Record\nclass A(Record):\n    a: 'open(\"/etc/passwd\")'",
    "annotation computed": "def f(a: 'int' + ''): pass",
    "annotation called": "def f(a: str('print(1)')): pass",
    "annotation by a variable": "t = ''.join(['ev', 'al'])\ndef f(a: t): pass",
    "annotation by an alias": "t = list['print(1)']\ndef f(a: t): pass",
    "annotation by a parameter": "def f(t):\n    def g(a: t): pass",
    "annotation by a loop": "for t in ['print(1)']:\n    def g(a: t): pass",
    "annotation by a condition": "def f(a: int if 1 else 'print(1)'): pass",
    "annotation by an attribute": "class A:\n    t = 'print(1)'\ndef f(a: A.t): pass",
    "annotation returned": "def f() -> 'print(1)': pass",
    "annotation no expression": "def f(a: 'import os'): pass",
    "base with a text": "from typing import Generic\nclass A(Generic['print(1)']): pass",
    "type variable": "from typing import TypeVar\nT = TypeVar('T', bound='print(1)')",
    "new type": "from typing import NewType\nN = NewType('N', 'print(1)')",
    "named tuple of texts": "from typing import NamedTuple\nN = NamedTuple('N', [('a', 'print(1)')])",
    "typed dict of texts": "import typing\nD = typing.TypedDict('D', {'a': 'print(1)'})",
    # files
    "null": "x = 1\0",
    "no python": "POST /echo takes {v: string}",
    "shell": "rm -rf /",
    "newer syntax": "type X = 'print(1)'\n",
    "coding": "# coding: utf-7\nx = 1",
    "coding in the second line": "#!/usr/bin/python\n# -*- coding: latin-1 -*-\nx = 1",
    "unknown coding": "# coding: rot13\nvzcbeg bf",
    "too long": "x = 1\n" * 100_000,
    "deep": "x = " + "-" * 100_000 + "1",
    "deep brackets": "x = " + "(" * 5_000 + ")" * 5_000,
    "long chain": "x = " + "1 + " * 50_000 + "1",
    "lone surrogate": "x = '\ud800'",
    "bound without end": "".join(f"x = {n}\n" for n in range(1000)),
    "aliases without end": "from json import loads as x0\n"
    + "".join(f"x{n + 1} = x{n}\n" for n in range(2000))
    + "x2000.a = 1",
    "undefined": "x = nothing_of_this_name",
}

HONEST = {
    "nothing": "",
    "echo": (ROOT / "examples" / "s01_echo" / "flow.py").read_text(encoding="utf-8"),
    "line ends": "x = 1\r\ny = x\r\n",
    "byte order mark": "\ufeffx = 1\n",
    "coding": "# -*- coding: utf-8 -*-\nx = 1\n",
    "invalid escape": "x = '\\d'\n",
    **corpus("honest.txt"),
}


def told(refusals: tuple[Refusal, ...]) -> list[str]:
    return [f"{r.file}:{r.line}:{r.column} {r.message}" for r in refusals]


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_attempts_to_get_out_are_refused(source, tmp_path):
    refusals = admit(source, str(tmp_path / "flow.py"))

    assert refusals
    for refusal in refusals:
        assert refusal.file == "flow.py"
        assert refusal.message
        assert (refusal.line, refusal.column) >= (1, 1)


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST.keys())
def test_honest_code_is_admitted(source, tmp_path):
    assert told(admit(source, str(tmp_path / "flow.py"))) == []


@pytest.mark.parametrize("flow", sorted(ROOT.glob("examples/*/flow.py")), ids=lambda path: path.parent.name)
def test_every_example_is_admitted(flow):
    assert told(admit(flow.read_bytes(), str(flow))) == []


def test_everything_that_is_wrong_is_said_in_order():
    refusals = admit_files({"flow.py": "x = open('a')\nimport os\n\ny = eval('1')\n"})

    assert told(refusals) == [
        "flow.py:1:5 open may not be used in a flow",
        "flow.py:2:8 os may not be imported",
        "flow.py:4:5 eval may not be used in a flow",
    ]
    assert all(refusal.help for refusal in refusals)


def test_a_file_full_of_problems_is_told_the_first_hundred():
    assert len(admit_files({"flow.py": "type, " * 50_000})) == 100


def test_places_are_in_characters_and_end_exclusive():
    (refusal,) = admit_files({"flow.py": "größe = 'ä'; eval('ö')\n"})

    assert (refusal.line, refusal.column, refusal.end_line, refusal.end_column) == (1, 14, 1, 18)


def test_what_is_written_as_text_is_shown_where_the_text_stands():
    refusals = admit_files({"flow.py": "def f(\n    a: 'list[open]',\n): ...\n"})

    assert {(refusal.line, refusal.column) for refusal in refusals} == {(2, 8)}


def test_bytes_are_read_as_the_loader_reads_them():
    assert admit_files({"flow.py": b"\xef\xbb\xbfx = '\xc3\xa4'\n"}) == ()
    assert "not UTF-8" in admit_files({"flow.py": b"x = '\xe4'\n"})[0].message


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "records.py").write_text(
        "import json\nfrom .money import Cents\nclass Order: ...\nOrders = list[Order]\n"
        "name = 'print(1)'\n_own = Cents\n"
    )
    (tmp_path / "money.py").write_text("Cents = int\n")
    (tmp_path / "evil.py").write_text("import os\nclass Order: ...\n")
    (tmp_path / "by_way.py").write_text("from .evil import Order\n")
    return tmp_path


@pytest.mark.parametrize(
    "source",
    [
        "from .records import Order, Orders\ndef f(a: Order, b: Orders, c: list['Orders']) -> None: ...",
        "from . import records\ndef f(a: records.Order) -> 'records.Orders': return [records.name]",
        "from .records import name, _own\nx = name + str(_own)",
        "from . import money, records as r\nx = r.Order, money.Cents",
    ],
)
def test_files_of_the_folder_may_be_imported(folder, source):
    assert told(admit(source, str(folder / "flow.py"))) == []


@pytest.mark.parametrize(
    ("source", "file", "message"),
    [
        ("from .evil import Order", "evil.py", "os may not be imported"),
        ("from . import evil", "evil.py", "os may not be imported"),
        ("from .by_way import Order", "evil.py", "os may not be imported"),
        ("from .records import json", "flow.py", "records.py defines no json"),
        ("from . import records\nrecords.json.codecs", "flow.py", "records.json may not be used"),
        ("from . import records\nx = records", "flow.py", "a module is not a value"),
        ("from . import records\nrecords.name = 1", "flow.py", "changes an object that others share"),
        ("from .records import nothing", "flow.py", "records.py defines no nothing"),
        ("from .records import __name__", "flow.py", "records.py defines no __name__"),
        ("from .records import name\ndef f(a: name): ...", "flow.py", "name is not seen to be a type"),
        ("from . import records\ndef f(a: records.name): ...", "flow.py", "records.name is not seen to be a type"),
        ("from .records import *", "flow.py", "import of everything"),
        ("import records", "flow.py", "records may not be imported"),
        ("from .records.inner import x", "flow.py", "leaves the flow's folder"),
    ],
)
def test_files_of_the_folder_are_read_like_the_flow(folder, source, file, message):
    refusals = admit(source, str(folder / "flow.py"))

    assert any(refusal.file == file and message in refusal.message for refusal in refusals), told(refusals)


def test_files_that_import_each_other_are_read_once():
    files = {
        "flow.py": "from .a import A\ndef f(x: A): ...\n",
        "a.py": "from .b import B\nA = list['B']\n",
        "b.py": "from .a import A\nB = dict[str, 'A']\n",
    }

    assert admit_files(files) == ()


def test_a_file_beside_it_that_is_no_python_is_refused(tmp_path):
    (tmp_path / "records.py").write_bytes(b"\xff\xfe")

    refusals = admit("from .records import x", str(tmp_path / "flow.py"))

    assert [refusal.file for refusal in refusals] == ["flow.py", "records.py"]


def test_advice_fits_what_was_tried(tmp_path):
    def advice(source):
        return admit(source, str(tmp_path / "flow.py"))[0].help

    assert "HttpRead" in advice("import httpx")
    assert "from flowlattice" in advice("from pydantic import BaseModel")
    assert "`from .records import …`" in advice("import records")
    assert "capabilities" in advice("open('a')")
