"""Every public name of the engine has a docstring of 1 to 12 lines that says something.

Read off the syntax, so that it holds for files that nothing imports yet, and off the imported
namespace, for names that are made at run time.
"""

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minitorch_np"
LONGEST = 12
Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(name: str) -> bool:
    """Whether `name` is meant for others; dunders have the meaning Python gives them."""
    return not name.startswith("_")


def exempt(node: ast.AST) -> bool:
    """Whether `node` repeats a name documented beside it: an overload, a setter, a deleter."""
    marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", [])]
    return any(m.split(".")[-1] in ("overload", "setter", "deleter", "override") for m in marks)


def documented(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """(name, node) of every public class, function and method in `tree`."""
    for node in tree.body:
        if isinstance(node, ast.If | ast.Try):
            inner = ast.Module(body=node.body, type_ignores=[])
            yield from documented(inner, prefix)
        elif isinstance(node, Named) and public(node.name) and not exempt(node):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from documented(node, f"{prefix}{node.name}.")


def complaint(text: str | None) -> str | None:
    """What is wrong with a docstring, or None."""
    if not text or not text.strip():
        return "has no docstring"
    lines = len(text.strip().splitlines())
    return f"has a docstring of {lines} lines" if lines > LONGEST else None


def complaints(text: str) -> list[str]:
    """'name: what is wrong' for every public name of a file whose source is `text`."""
    tree = ast.parse(text)
    named: list[tuple[str, ast.AST]] = [("the module", tree), *documented(tree)]
    found = []
    for name, node in named:
        what = complaint(ast.get_docstring(node))
        # A module's page may say as much as it needs.
        if what and not (node is tree and "lines" in what):
            found.append(f"{name} {what}")
    return found


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_every_public_name_in_the_source(path):
    assert complaints(path.read_text()) == []


def test_every_public_name_in_the_namespace():
    torch = importlib.import_module(PACKAGE.name)
    missing = []
    for name in getattr(torch, "__all__", ()):
        value = getattr(torch, name)
        speaks = inspect.ismodule(value) or inspect.isclass(value) or inspect.isroutine(value)
        what = complaint(inspect.getdoc(value)) if speaks or callable(value) else None
        if what and not (inspect.ismodule(value) and "lines" in what):
            missing.append(f"{name} {what}")
    assert missing == []


@pytest.mark.parametrize(
    "text, expected",
    [
        ("x = 1", ["the module has no docstring"]),
        ('"""M."""\ndef f(): ...', ["f has no docstring"]),
        ('"""M."""\nclass C:\n    """C."""\n    def m(self): ...', ["C.m has no docstring"]),
        ('"""M."""\nclass C: ...', ["C has no docstring"]),
        ('"""M."""\ndef f():\n    """ """', ["f has no docstring"]),
        ('"""M."""\ndef f():\n    """' + "a\n" * 13 + '"""', ["f has a docstring of 13 lines"]),
        ('"""M."""\nif x:\n    def f(): ...', ["f has no docstring"]),
        ('"""M."""\ndef _f(): ...\nclass _C:\n    def m(self): ...', []),
        ('"""M."""\ndef f():\n    """F."""\n    def g(): ...', []),
        ('"""M."""\n@overload\ndef f(): ...\n@x.setter\ndef g(): ...', []),
    ],
)
def test_what_counts(text, expected):
    assert complaints(text) == expected
