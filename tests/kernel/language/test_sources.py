"""Lines and columns as Python counts them, functions by their code, and which files are a flow's own."""

import sys
from pathlib import Path

import flowlattice
from flowlattice.language.ports import Place
from flowlattice.language.sources import SourceFiles, decoded, lines_of


def loaded(folder, text):
    file = folder / "m.py"
    file.write_text(text, encoding="utf-8", newline="")
    names: dict = {}
    exec(compile(text, str(file), "exec"), names)
    return SourceFiles(folder), names


def test_lines_end_as_in_python():
    assert lines_of("a\r\nb\rc\nd\x0ce\x85f") == ["a", "b", "c", "d\x0ce\x85f"]


def test_decoding_knows_marks_and_cookies():
    assert decoded("\ufeffx = 1".encode()) == "x = 1"
    assert decoded("# coding: latin-1\nx = 'é'".encode("latin-1")).endswith("'é'")


def test_lambdas_on_one_line_are_told_apart(tmp_path):
    text = "a, b = (lambda x: x + 1), (lambda x: x * 2)\n"
    sources, names = loaded(tmp_path, text)
    assert [sources.function(names[name]).body.op.__class__.__name__ for name in "ab"] == ["Add", "Mult"]


def test_functions_of_one_name_are_told_apart(tmp_path):
    make = "def {}():\n    def f():\n        return {}\n    return f\n"
    text = make.format("one", 1) + make.format("two", 2) + "a, b = one(), two()\n"
    sources, names = loaded(tmp_path, text)
    assert [sources.function(names[name]).lineno for name in "ab"] == [2, 6]


def test_columns_are_characters(tmp_path):
    sources, _ = loaded(tmp_path, "x = 'éü'; y = 1\n")
    file = str(tmp_path / "m.py")
    place = sources.in_characters(Place(file, 1, 13, 1, 14))
    assert (place.column, place.end_column) == (11, 12)


def test_libraries_are_not_the_flows(tmp_path):
    sources = SourceFiles(tmp_path)
    assert sources.owns(str(tmp_path / "flow.py"))
    assert not sources.owns(str(tmp_path / ".venv" / "lib" / "site-packages" / "x.py"))
    assert not sources.owns(flowlattice.__file__)
    assert not SourceFiles(Path(flowlattice.__file__).parents[2]).owns(flowlattice.__file__)
    assert not sources.owns(str(sys.modules["re"].__file__))
    assert sources.function(len) is None
