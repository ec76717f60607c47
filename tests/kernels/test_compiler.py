"""Laws of compiled loops: what they wrote before, they `recall`; and a part is compiled once."""

import ast
from pathlib import Path

import pytest

from minitorch_np import kernels
from minitorch_np.kernels.compiler import jit, part


def called(function: ast.FunctionDef, name: str) -> dict[str, int]:
    """The arrays that a function hands to another of this name, and the line of one such call."""
    return {
        call.args[0].id: call.lineno
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name
        and call.args and isinstance(call.args[0], ast.Name)
    }  # fmt: skip


def slices(function: ast.FunctionDef) -> dict[str, str]:
    """The names that a function gives to slices of arrays, and the arrays."""
    found: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            names, values = node.targets, [node.value]
            if isinstance(names[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
                names, values = names[0].elts, node.value.elts
            for name, value in zip(names, values):
                if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
                    found[ast.unparse(name)] = ast.unparse(value.value)
    return found


def broken(source: str) -> list[str]:
    """Where a function `read`s of an array that it `write`s as well, by that name or that of a
    slice: LLVM may do so before the writes of an earlier turn of a loop."""
    found: list[str] = []
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            whole = slices(function)
            written = {whole.get(name, name) for name in called(function, "write")}
            for name, at in called(function, "read").items():
                if whole.get(name, name) in written:
                    found.append(f"{name}, line {at}")
    return found


FILES = sorted(Path(kernels.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_was_written_is_recalled(path: Path) -> None:
    assert broken(path.read_text()) == []


def test_the_law_finds_what_breaks_it() -> None:
    head = "def f(a, out):\n    row, of = out[2:], a[1:]\n"
    assert broken(head + "    write(out, 0, read(a, 0) + read(row, 0))") == ["row, line 3"]
    assert broken(head + "    write(row, 0, read(row, 0))") == ["row, line 3"]
    assert broken(head + "    write(row, 0, read(of, 0) + recall(out, 0))") == []


@part
def line(slope: int, x: int) -> int:
    """A part that is called with numbers as they are spelled out below."""
    return slope * x + 1


@jit
def lines(x: int) -> int:
    """Calls it with one or both, and with none."""
    return line(2, x) + line(3, 4) + line(x, x)


def test_a_part_is_compiled_once_whatever_numbers_are_spelled_out() -> None:
    assert lines(5) == 11 + 13 + 26
    assert [[str(kind) for kind in kinds] for kinds in line.signatures] == [["int64", "int64"]]
